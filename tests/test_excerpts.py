"""Lines of code in reports: the right ones, and never a credential."""

from __future__ import annotations

import pytest

from prodcheck.model import Category, Location, Report, Status
from prodcheck.report.excerpts import WITHHELD, excerpts, redacted
from prodcheck.repository.memory import MemoryRepository
from prodcheck.testing import SECRETS, fill, notebook_bytes
from reports import finding, report, result, rule


def at(place: Location, category: Category = Category.QUALITY) -> Report:
    of = rule("bad-thing", category=category)
    return report(result(of, Status.FAIL, finding(of, "x", place)))


def shown(place: Location, files: dict[str, bytes], category: Category = Category.QUALITY) -> list[tuple[int, str]]:
    return list(excerpts(at(place, category), MemoryRepository(files)).get(place, ()))


CODE = b"import os\n\n\nclass A:\n    def f(self):\n        x = 1\n        return x\n"


def test_the_line_with_its_neighbours_without_the_indentation_they_share() -> None:
    assert shown(Location("a.py", 6), {"a.py": CODE}) == [(5, "def f(self):"), (6, "    x = 1"), (7, "    return x")]
    assert shown(Location("a.py", 1), {"a.py": CODE}) == [(1, "import os"), (2, "")]


def test_a_range_of_lines_but_not_a_whole_file() -> None:
    assert [n for n, _ in shown(Location("a.py", 4, end_line=6), {"a.py": CODE})] == [3, 4, 5, 6, 7]
    long = b"x\n" * 500
    assert len(shown(Location("a.py", 10, end_line=400), {"a.py": long})) == 6


def test_a_line_of_a_notebook_is_that_of_its_cell() -> None:
    book = notebook_bytes([{"markdown": "# Title"}, {"code": "import a\nimport b\nb.go()"}])
    place = Location("n.ipynb", 31, cell=2, cell_line=2)
    assert shown(place, {"n.ipynb": book}) == [(1, "import a"), (2, "import b"), (3, "b.go()")]


@pytest.mark.parametrize(
    ("place", "files"),
    [
        (Location("gone.py", 1), {"a.py": CODE}),
        (Location("a.py", 99), {"a.py": CODE}),
        (Location("a.py"), {"a.py": CODE}),
        (Location("b.bin", 1), {"b.bin": b"\0\1\2\n"}),
        (Location("n.ipynb", 1, cell=9, cell_line=1), {"n.ipynb": b"not json"}),
        (Location("n.ipynb", 1, cell=9, cell_line=1), {"n.ipynb": notebook_bytes(["x = 1"])}),
    ],
)
def test_what_cannot_be_shown_is_left_out(place: Location, files: dict[str, bytes]) -> None:
    assert shown(place, files) == []


@pytest.mark.parametrize("kind", SECRETS)
def test_no_kind_of_credential_is_shown(kind: str) -> None:
    value = fill(f"${{secret:{kind}}}")
    source = f'import os\npassword = "{value}"\nTOKEN = """{value}"""\nf(x)\n'
    for path in ("a.py", ".env", "config.yaml", "notes.md", "deploy.sh"):
        text = "\n".join(redacted(source, path))
        for part in value.split("\n"):
            # Of an address only the password is secret.
            secret = part.partition("://")[2].partition("@")[0].rpartition(":")[2] if "://" in part else part
            if not secret.startswith("-----"):
                assert not [i for i in range(len(secret) - 7) if secret[i : i + 8] in text], (path, text)


def test_a_line_that_a_rule_about_credentials_names_is_not_shown_at_all() -> None:
    files = {"a.py": b'a = 1\npassword = "short"\nb = 2\n'}
    assert shown(Location("a.py", 2), files, Category.SECRETS)[1] == (2, WITHHELD)


def test_nor_is_it_as_the_neighbour_of_another_finding() -> None:
    secret, other = rule("hardcoded-secret", category=Category.SECRETS), rule("config-in-code")
    place = Location("a.py", 3)
    made = report(
        result(secret, Status.FAIL, finding(secret, "x", Location("a.py", 2))),
        result(other, Status.FAIL, finding(other, "y", place)),
    )
    found = excerpts(made, MemoryRepository({"a.py": b'a = 1\npassword = "short"\nb = 2\n'}))
    assert found[place] == ((2, WITHHELD), (3, "b = 2"))


def test_what_merely_looks_random_is_masked_too() -> None:
    token = "Zx9" * 3 + "qW3rT7yU1iO5pA8sD2fG"
    [line] = redacted(f"use({token})", "a.py")
    assert token not in line and "characters)" in line
    [line] = redacted("from sklearn.model_selection import StratifiedGroupKFold", "a.py")
    assert line.endswith("StratifiedGroupKFold")


def test_control_characters_and_long_lines() -> None:
    first, second = redacted("x = '\x1b[31mred\u202e'\r\n" + "y" * 5000, "a.py")
    assert first == "x = 'red'"
    assert len(second) == 160
