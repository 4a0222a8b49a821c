"""Credentials in a notebook: in what people typed, in what was printed, and in the metadata."""

from __future__ import annotations

from collections.abc import Iterator

from prodcheck.extract.notebook import Cell, NotebookFacts
from prodcheck.extract.secrets import allowed
from prodcheck.extract.secrets.base import Match
from prodcheck.extract.secrets.scan import scan
from prodcheck.model import Location
from prodcheck.patterns import lazy_regex

METADATA = 4000
"""Bytes of one piece of metadata that are looked at: hosted services keep tokens there, and little else is long."""
_SHELL = frozenset("bash sh env writefile script system cmd".split())
_KEY = b'"metadata"'
_PARTS = lazy_regex(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')


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
        at += len(_KEY)
        piece = _object(data[at : at + METADATA])
        if len(piece) > 30:
            for match in scan(piece, path, names=False):
                line = data.count(b"\n", 0, at + match.start) + 1
                yield match, Location(path, line=line), "metadata", ""
        at = data.find(_KEY, at)


def _object(text: bytes) -> bytes:
    """The JSON object that a text begins with, up to the state of widgets if it holds any."""
    depth = 0
    for part in _PARTS.finditer(text):
        if part[0] == b"{":
            depth += 1
        elif part[0] == b"}":
            depth -= 1
        if depth <= 0 or part[0] == b'"widgets"':
            return text[: part.end()]
    return text
