"""What the project's own code does: loads data, trains, evaluates, predicts, saves models, serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths
from prodcheck.model import Evidence


@dataclass(frozen=True)
class NotebookCode:
    """What one notebook does. `stages` maps load, prepare, train, evaluate, predict, persist, configure to evidence."""

    path: str
    stages: Mapping[str, tuple[Evidence, ...]]
    code_lines: int
    imports_own_modules: bool = False
    parameterised: bool = False


@dataclass(frozen=True)
class Code:
    """Totals and stages. The stage tuples hold evidence from outside tests, docs and vendored files, first seen first."""

    python_files: int
    notebooks: int
    python_lines: int
    """Code lines of own `.py` files outside tests, without blanks and comments."""
    test_lines: int
    notebook_lines: int
    trains: tuple[Evidence, ...]
    predicts: tuple[Evidence, ...]
    serves: tuple[Evidence, ...]
    reads_data: tuple[Evidence, ...]
    persists_model: tuple[Evidence, ...]
    per_notebook: tuple[NotebookCode, ...]
    stages_by_file: Mapping[str, Mapping[str, tuple[Evidence, ...]]]
    """The same stages for every own Python file."""

    @property
    def code_lines(self) -> int:
        """Code lines in modules and notebooks together."""
        return self.python_lines + self.notebook_lines

    @property
    def notebook_share(self) -> float:
        """Share in 0..1 of the code lines that live in notebooks; 0 without code."""
        return self.notebook_lines / self.code_lines if self.code_lines else 0.0


def build(files: Mapping[str, FileFacts], paths: Paths) -> Code:
    raise NotImplementedError
