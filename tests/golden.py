"""Golden files: whole outputs kept under `tests/golden/` and compared byte for byte.

`pytest --update-golden` writes them anew; read the diff before you commit it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"

Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """A function `(file name, text)` that compares the text with the golden file."""

    def compare(name: str, text: str) -> None:
        path = FOLDER / name
        if request.config.getoption("--update-golden"):
            FOLDER.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert path.exists(), f"{path} is missing: run pytest --update-golden and look at it"
        assert text == path.read_bytes().decode(), f"{name} differs: run pytest --update-golden and look at the diff"

    return compare
