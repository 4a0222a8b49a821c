"""Credentials in one file: a byte-level prefilter, then detect-secrets' plugins and our own on candidate places only.

`extract` is pure and never lets a value out: a `Secret` holds its kind, its place and a mask.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter

from prodcheck.extract.notebook import NotebookFacts
from prodcheck.extract.secrets import allowed, files, notebook, stores
from prodcheck.extract.secrets.base import Match, Secret, mask
from prodcheck.extract.secrets.scan import merge, scan
from prodcheck.extract.text import decode, encoding_of
from prodcheck.model import Location

__all__ = ["Secret", "extract"]


def extract(path: str, data: bytes, book: NotebookFacts | None) -> tuple[Secret, ...]:
    """The credentials of one file, by line. `book` is its notebook, if it is one; an unreadable notebook is text."""
    if book is not None and not book.problem:
        return _numbered(
            [
                _secret(match, place, where, allowed.reason(text.split("\n"), index))
                for match, place, where, text, index in notebook.find(path, book)
            ]
        )
    how = files.reading(path)
    if how is None or files.is_encrypted(data):
        return ()
    if encoding_of(data) != "utf-8":
        data = decode(data).encode("utf-8", "replace")
    matches = scan(data, path, names=how.names and book is None, reading=how.style)
    matches = merge(matches + stores.credentials(path, data))
    if not matches:
        return ()
    starts = [0, *(m.end() for m in re.finditer(rb"\n", data))]
    where = "file" if files.holds_credentials(path) else "source"
    found = []
    for match in matches:
        index = bisect.bisect_right(starts, match.start) - 1
        around = [
            data[starts[i] : starts[i + 1] if i + 1 < len(starts) else len(data)][:2000].decode("utf-8", "replace")
            for i in range(max(0, index - 1), index + 1)
        ]
        place = Location(path, line=index + 1)
        found.append(_secret(match, place, where, allowed.reason(around, len(around) - 1)))
    return _numbered(found)


def _secret(match: Match, place: Location, where: str, allowed_by: str) -> Secret:
    return Secret(
        place, match.kind, mask(match.value), match.confidence, name=match.name, where=where, allowed=allowed_by
    )


def _numbered(secrets: list[Secret]) -> tuple[Secret, ...]:
    """The same secrets with their identity: kind, name and how many alike came before. Of many alike on a line, one."""
    seen: Counter[tuple[str, str]] = Counter()
    places = set()
    result = []
    for secret in secrets:
        place = (secret.location, secret.kind, secret.name, secret.where)
        if place in places:
            continue
        places.add(place)
        key = (secret.kind, secret.name)
        seen[key] += 1
        result.append(
            Secret(
                secret.location,
                secret.kind,
                secret.masked,
                secret.confidence,
                secret.name,
                secret.where,
                f"{secret.kind}:{secret.name}:{seen[key]}",
                secret.allowed,
            )
        )
    return tuple(result)
