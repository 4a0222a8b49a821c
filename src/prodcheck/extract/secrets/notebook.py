"""Credentials in a notebook: in what people typed, in what was printed, and in the metadata."""

from __future__ import annotations

from prodcheck.extract.notebook import NotebookFacts
from prodcheck.extract.secrets.base import Match
from prodcheck.extract.secrets.scan import scan
from prodcheck.model import Location


def find(path: str, notebook: NotebookFacts) -> list[tuple[Match, Location, str, str, int]]:
    """(match, place, where, text it is in, index of its line in that text) for sources and text outputs.

    In outputs only token formats count: what a program prints is full of `token: value` that nobody has typed.
    """
    found: list[tuple[Match, Location, str, str, int]] = []
    for cell in notebook.cells:
        pieces = [("source", cell.source, cell.lines)]
        pieces += [("output", output.text, output.lines) for output in cell.outputs]
        for where, text, lines in pieces:
            if not text:
                continue
            data = text.encode("utf-8", "replace")
            shell = cell.magic in ("bash", "sh", "writefile", "env") or cell.kind == "raw"
            for match in scan(data, "cell.py", names=where == "source", reading="configuration" if shell else "code"):
                index = data.count(b"\n", 0, match.start)
                raw = lines[index] if index < len(lines) else None
                cell_line = index + 1 if where == "source" else None
                place = Location(path, line=raw, cell=cell.index, cell_line=cell_line)
                found.append((match, place, where, text, index))
    return found
