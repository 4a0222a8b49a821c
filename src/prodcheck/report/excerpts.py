"""A few lines of code around each finding, for reports that people read. No credential may be in them.

Three nets, one behind the other, because a report is mailed around: a line that a rule about credentials points at is
not shown at all; what the secret scanner finds in the rest is masked; and so is whatever merely looks like a token,
although the scanner has reasons to think that it is none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from prodcheck.errors import UnreadableFile
from prodcheck.extract import notebook
from prodcheck.extract.secrets import files
from prodcheck.extract.secrets.base import mask
from prodcheck.extract.secrets.scan import scan
from prodcheck.extract.text import decode, is_binary
from prodcheck.model import Category, Location, Report
from prodcheck.patterns import lazy_regex
from prodcheck.report.base import Excerpt
from prodcheck.report.grouping import open_findings
from prodcheck.report.sanitize import plain
from prodcheck.repository import Repository

PER_RULE = 10
"""Findings of one rule that get an excerpt: as many as the report shows."""
AROUND = 1
"""Lines before and after the place."""
LONGEST = 6
"""Lines of one excerpt."""
WIDTH = 160
"""Characters of a line; what is longer is data, or minified."""
LARGEST = 2_000_000
"""Bytes of a file that is read again."""
WITHHELD = "(not shown: a credential is on this line)"

_TOKEN = lazy_regex(rb"(?<![0-9A-Za-z])(?:[0-9a-f]{32,}|[0-9A-F]{32,}|[A-Za-z0-9+/_=-]{24,})(?![0-9A-Za-z])")
_KEY = lazy_regex(rb"-----BEGIN [^\n-]*PRIVATE KEY.*?(?:-----END [^\n]*|\Z)", re.DOTALL)
_INTERLEAVED = lazy_regex(rb"[A-Za-z][0-9]+[A-Za-z]")
_MIXED = tuple(map(lazy_regex, (rb"[a-z]", rb"[A-Z]", rb"[0-9]")))


def excerpts(report: Report, repository: Repository) -> dict[Location, Excerpt]:
    """Lines around the places of open findings; nothing for files that cannot be read or are no text."""
    places: dict[str, set[Location]] = {}
    secret = {_line(f.location) for f in report.findings if f.category is Category.SECRETS and f.location}
    for result in report.results:
        for finding in open_findings(result)[:PER_RULE]:
            place = finding.location
            if place and (place.cell_line or (place.cell is None and place.line)):
                places.setdefault(place.path, set()).add(place)
    known = {entry.path: entry.size for entry in repository.files}
    found: dict[Location, Excerpt] = {}
    for path, wanted in sorted(places.items()):
        if known.get(path, LARGEST) < LARGEST:
            found.update(_of_file(path, repository, wanted, secret))
    return found


def _line(place: Location) -> tuple[str, int | None, int | None]:
    """Identity of a line: in a notebook, of the line in its cell."""
    return (place.path, place.cell, place.cell_line if place.cell is not None else place.line)


def _of_file(
    path: str, repository: Repository, wanted: set[Location], secret: set[tuple[str, int | None, int | None]]
) -> Iterator[tuple[Location, Excerpt]]:
    try:
        data = repository.read(path)
    except UnreadableFile:
        return
    if is_binary(data):
        return
    book = notebook.extract(path, data) if notebook.wants(path) else None
    sources: dict[int | None, str] = {None: decode(data)}
    if book:
        sources = {cell.index: cell.source for cell in book.cells}
    lines = {cell: redacted(sources[cell], path) for cell in {w.cell for w in wanted} if cell in sources}
    for place in wanted:
        text, number = lines.get(place.cell, []), _line(place)[2]
        if number is None or not 1 <= number <= len(text):
            continue
        first = max(1, number - AROUND)
        last = max(place.end_line or number, number) if place.cell is None else number
        shown = range(first, min(last + AROUND, first + LONGEST - 1, len(text)) + 1)
        hidden = {n for n in shown if (path, place.cell, n) in secret}
        # Lines keep their indentation against each other, and lose what they have in common.
        common = min((len(t) - len(t.lstrip()) for n in shown if n not in hidden and (t := text[n - 1])), default=0)
        yield place, tuple((n, WITHHELD if n in hidden else text[n - 1][common:]) for n in shown)


def redacted(source: str, path: str) -> list[str]:
    """The lines of a source, each fit to be shown: credentials masked, control characters gone, not too long."""
    data = source.encode("utf-8", "replace")
    starts = [0, *(m.end() for m in re.finditer(rb"\n", data))]
    kept = [bytearray(line) for line in data.split(b"\n")]
    for start, end in reversed(_spans(data, path)):
        first, last = bisect_right(starts, start) - 1, bisect_right(starts, max(end - 1, start)) - 1
        for row in range(first, last + 1):
            begin, stop = max(start - starts[row], 0), min(end - starts[row], len(kept[row]))
            if begin < stop:
                value = kept[row][begin:stop].decode("utf-8", "replace")
                kept[row][begin:stop] = (mask(value) if first == last else "…").encode()
    lines = [_fit(line.decode("utf-8", "replace")) for line in kept]
    return lines[:-1] if data.endswith(b"\n") else lines


def _spans(data: bytes, path: str) -> list[tuple[int, int]]:
    """What must not be shown, in order, none overlapping another."""
    how = files.reading(path)
    spans = [(m.start, m.end) for m in scan(data, path, reading=how.style if how else "code")]
    spans += [m.span() for m in _KEY.finditer(data)]
    spans += [m.span() for m in _TOKEN.finditer(data) if _looks_random(m[0])]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _looks_random(value: bytes) -> bool:
    if len(set(value)) <= 8:
        return False
    if re.fullmatch(rb"[0-9a-fA-F]+", value):
        return True
    return all(kind.search(value) for kind in _MIXED) and _INTERLEAVED.search(value) is not None


def _fit(line: str) -> str:
    # Indentation says what belongs together; `plain` would make one space of it.
    body = line.rstrip().expandtabs(4)
    text = " " * (len(body) - len(body.lstrip(" "))) + plain(body.lstrip(" "))
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
