"""Credentials in one file: a byte-level prefilter, then detect-secrets' plugins and our own on candidate places only.

`extract` is pure and never lets a value out: a `Secret` holds its kind, its place and a mask.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from prodcheck.extract.notebook import NotebookFacts
from prodcheck.extract.secrets import allowed, files, notebook, stores
from prodcheck.extract.secrets.base import Match, Secret, mask
from prodcheck.extract.secrets.scan import merge, scan
from prodcheck.extract.text import decode, encoding_of
from prodcheck.model import Location

__all__ = ["Secret", "extract", "hashes"]

LINE = 2000
"""Bytes of a line that are looked at for a comment which allows the value."""


def extract(path: str, data: bytes, book: NotebookFacts | None) -> tuple[Secret, ...]:
    """The credentials of one file, by line. `book` is its notebook, if it is one; an unreadable notebook is text."""
    return tuple(secret for secret, _ in _found(path, data, book))


def hashes(path: str, data: bytes, book: NotebookFacts | None) -> tuple[str, ...]:
    """SHA-1 of each value that `extract` finds, in the same order: how a `.secrets.baseline` records decisions.

    They are compared and forgotten. Weak values can be guessed back from their hash, so it must never be stored.
    """
    import hashlib

    return tuple(hashlib.sha1(value.encode("utf-8", "replace")).hexdigest() for _, value in _found(path, data, book))


def _found(path: str, data: bytes, book: NotebookFacts | None) -> Iterator[tuple[Secret, str]]:
    """Each credential with its value. Of several alike on one line, the first.

    The identity is kind, name and how many alike came before: the same when lines move, and no hash to be guessed.
    """
    if book is not None and not book.problem:
        places = notebook.find(path, data, book)
    else:
        places = _in_text(path, data, names=book is None)
    seen: Counter[str] = Counter()
    lines: set[tuple[Location, str, str]] = set()
    for match, location, where, allowed_by in places:
        line = (location, match.kind, match.name)
        if line in lines:
            continue
        lines.add(line)
        identity = f"{match.kind}:{match.name}"
        seen[identity] += 1
        secret = Secret(location, match.kind, mask(match.value), match.confidence, match.name, where)
        yield replace(secret, identity=f"{identity}:{seen[identity]}", allowed=allowed_by), match.value


def _in_text(path: str, data: bytes, names: bool) -> Iterator[tuple[Match, Location, str, str]]:
    how = files.reading(path)
    if how is None or files.is_encrypted(data):
        return
    if encoding_of(data) != "utf-8":
        data = decode(data).encode("utf-8", "replace")
    matches = scan(data, path, names=how.names and names, reading=how.style)
    matches = merge(matches + stores.credentials(path, data))
    if not matches:
        return
    starts = [0, *(m.end() for m in re.finditer(rb"\n", data))]
    where = "file" if files.holds_credentials(path) else "source"
    for match in matches:
        index = bisect.bisect_right(starts, match.start) - 1
        around = [data[start : start + LINE].split(b"\n", 1)[0] for start in starts[max(0, index - 1) : index + 1]]
        lines = [line.decode("utf-8", "replace") for line in around]
        yield match, Location(path, line=index + 1), where, allowed.reason(lines, len(lines) - 1)
