"""Which functions of a module mention what it imports from libraries of which everything matters.

`from sklearn.metrics import f1_score` makes two functions of a module matter, not the other twenty. A name goes from
one function to the next in few ways: an attribute of the same class, what a function returns, a closure, a variable of
the module. So with a function that mentions the name, everything inside it, its whole class, and whoever calls it
matter as well; and where the name stands outside of functions, in a line that may give it to a variable, all of the
module does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prodcheck.patterns import lazy_regex

PART = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
"""Bytes that are part of a name."""
_DOT = ord(".")
_STATEMENT = lazy_regex(rb"[ ]*(?:from[ ]+[\w.]+[ ]+import[ ]*(?:\(([^()]*)\)|([^\n(]*))|import[ ]+([^\n]*))")
_COMMENT = lazy_regex(rb"#[^\n]*")
_BINDING = lazy_regex(rb"\s*(\w+)(?:\.\w+)*(?:\s+as\s+(\w+))?\s*")
_BINDS_NOTHING = lazy_regex(rb"[ ]*(?:class |@|#)|(?!(?:with|for|if|elif|while|async|await)\b)[\w.]+\(")
"""A line outside of functions that gives no other name to what it mentions."""
_NAME = lazy_regex(rb"(?:def|class)[ ]+(\w+)")


class Import(NamedTuple):
    """An import statement: its offsets, and the names that it binds."""

    start: int
    end: int
    names: frozenset[bytes]


def import_at(data: bytes, start: int) -> Import | None:
    """The import statement that begins with the line at an offset; None when it does not tell the names it binds."""
    found = _STATEMENT.match(data, start)
    if found is None:
        return None
    names = set()
    for part in _COMMENT.sub(b"", found[found.lastindex or 0]).rstrip(b", \n").split(b","):
        binding = _BINDING.fullmatch(part)
        if binding is None:  # `*`, or more than a plain statement
            return None
        names.add(binding[2] or binding[1])
    return Import(start, found.end(), frozenset(names))


class Spans:
    """Stretches of a text; those inside another one do not count."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        for start, end in spans:
            if end > start and (not self.ends or start >= self.ends[-1]):
                self.starts.append(start)
                self.ends.append(end)

    def number(self, at: int) -> int:
        """The number of the stretch that an offset is in; -1 for none."""
        number = bisect_right(self.starts, at) - 1
        return number if number >= 0 and at < self.ends[number] else -1

    def __contains__(self, at: int) -> bool:
        return self.number(at) >= 0


def places(data: bytes, name: bytes) -> Iterator[int]:
    """Where a name stands, but for attributes that are called so."""
    at = data.find(name)
    while at >= 0:
        end = at + len(name)
        if (not at or (data[at - 1] not in PART and data[at - 1] != _DOT)) and data[end : end + 1] not in _PARTS:
            yield at
        at = data.find(name, end)


_PARTS = frozenset(bytes([part]) for part in PART)


def binds_nothing(data: bytes, at: int) -> bool:
    """Whether the line of an offset gives no other name to what it mentions."""
    return _BINDS_NOTHING.match(data, data.rfind(b"\n", 0, at) + 1) is not None


def name_at(data: bytes, at: int) -> bytes:
    """The name of the function or class that begins at an offset."""
    found = _NAME.match(data, at)
    return found[1] if found else b""
