"""Credentials in a notebook: in what people typed, in what was printed, and in the metadata."""

from __future__ import annotations

from collections.abc import Iterator

from prodcheck.extract.notebook import Cell, NotebookFacts
from prodcheck.extract.secrets import allowed
from prodcheck.extract.secrets.base import Match
from prodcheck.extract.secrets.scan import scan
from prodcheck.model import Location

METADATA = 4000
"""Bytes of one piece of metadata that are looked at: hosted services keep tokens there, and little else is long."""
_SHELL = frozenset("bash sh env writefile script system cmd".split())
_KEY = b'"metadata"'
_ENDS = (b'"outputs"', b'"source"', b'"widgets"', b'"output_type"', b'"cell_type"', b'"nbformat"')


def find(path: str, data: bytes, notebook: NotebookFacts) -> Iterator[tuple[Match, Location, str, str]]:
    """(match, place, where, allowed by) for the sources and text outputs of all cells, then for the metadata.

    In outputs and metadata only what is a credential anywhere counts: what a program prints is full of
    `token: value` that nobody has typed. Images and the state of widgets are never looked at.
    """
    for cell in notebook.cells:
        yield from _in_cell(path, cell)
    yield from _in_metadata(path, data)


def _in_cell(path: str, cell: Cell) -> Iterator[tuple[Match, Location, str, str]]:
    pieces = [("source", cell.source, cell.lines)]
    pieces += [("output", output.text, output.lines) for output in cell.outputs]
    reading = {"markdown": "prose", "raw": "configuration"}.get(cell.kind, "code")
    if cell.magic in _SHELL:
        reading = "configuration"
    for where, text, lines in pieces:
        data = text.encode("utf-8", "replace")
        for match in scan(data, "cell.py", names=where == "source", reading=reading):
            index = data.count(b"\n", 0, match.start)
            raw = lines[index] if index < len(lines) else None
            cell_line = index + 1 if where == "source" else None
            place = Location(path, line=raw, cell=cell.index, cell_line=cell_line)
            yield match, place, where, allowed.reason(text.split("\n"), index)


def _in_metadata(path: str, data: bytes) -> Iterator[tuple[Match, Location, str, str]]:
    at = data.find(_KEY)
    while at >= 0:
        piece = data[at : at + METADATA]
        ends = [end for end in (piece.find(mark, len(_KEY)) for mark in (*_ENDS, _KEY)) if end >= 0]
        piece = piece[: min(ends, default=len(piece))]
        if len(piece) > 40:  # longer than `"metadata": {}`
            for match in scan(piece, path, names=False):
                line = data.count(b"\n", 0, at + match.start) + 1
                yield match, Location(path, line=line), "metadata", ""
        at = data.find(_KEY, at + len(_KEY))
