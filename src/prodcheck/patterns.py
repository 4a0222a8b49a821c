"""Regular expressions that are compiled when first used.

Compiling the several hundred patterns of the readers and checks costs as much as auditing a small project; most
projects meet only a part of them, `--help` and the hook hardly any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, AnyStr, Generic, TypeVar

T = TypeVar("T")


class _LazyPattern:
    """Stands for a compiled pattern: its methods are looked up there once and kept here."""

    def __init__(self, pattern: str | bytes, flags: int = 0) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:

    def lazy_regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """`re.compile`, but at the first use of the pattern. For patterns at module level."""

else:
    lazy_regex = _LazyPattern


class FirstWords(Generic[T]):
    """A table of many patterns, looked up by the first word of a text: the others need not be tried, nor compiled."""

    def __init__(self, rows: Iterable[tuple[str, T]]) -> None:
        """Takes pairs of a pattern and what it stands for."""
        self._given = rows
        self._rows: list[T] = []
        self._whole: dict[str, set[int]] = {}
        self._begun: dict[str, set[int]] = {}
        self._sizes: set[int] = set()
        self._known: dict[str, list[T]] = {}

    def of(self, text: str) -> list[T]:
        """What the patterns stand for that can match at the beginning of a text, in their order."""
        found = _WORD.match(text)
        word = found[0] if found else ""
        known = self._known.get(word)
        if known is None:
            if not self._rows:
                self._index()
            numbers = set(self._whole.get(word, ()))
            for size in self._sizes:
                numbers.update(self._begun.get(word[:size], ()))
            known = self._known[word] = [self._rows[number] for number in sorted(numbers)]
        return known

    def _index(self) -> None:
        """Sort the patterns by the word that they ask for whole, or by what a word has to begin with."""
        for number, (pattern, row) in enumerate(self._given):
            self._rows.append(row)
            for head in heads(pattern):
                found = _WORD.match(head)
                word = found[0] if found else ""
                table = self._begun if head == word else self._whole
                table.setdefault(word, set()).add(number)
        self._sizes = {len(begin) for begin in self._begun}


def heads(pattern: str) -> list[str]:
    """Plain texts, with one of which all that a pattern matches begins; an empty one where that cannot be told."""
    if "|" not in pattern:
        return _head(pattern)
    found = []
    start = depth = 0
    for token in _TOKEN.finditer(pattern):
        if token[0] == "|" and depth == 0:
            found += _head(pattern[start : token.start()])
            start = token.end()
        depth += (token[0] == "(") - (token[0] == ")")
    return found + _head(pattern[start:])


def _head(pattern: str) -> list[str]:
    """The heads of a pattern without alternatives, but for those of a group that it begins with."""
    depth = 0
    for token in _TOKEN.finditer(pattern) if pattern.startswith("(?:") else ():
        depth += (token[0] == "(") - (token[0] == ")")
        if depth == 0:
            inside, rest = heads(pattern[3 : token.start()]), pattern[token.end() :]
            if rest.startswith(("?", "*")):
                return inside + _head(rest[1:].removeprefix("?"))
            return [""] if rest.startswith("{") else inside
    plain = _PLAIN.match(pattern)
    head = plain[0] if plain else ""
    if pattern[len(head) :].startswith(_MAY_LACK):
        head = head[: -2 if head[-2:-1] == "\\" else -1]
    return [head.replace("\\", "")]


_WORD = lazy_regex(r"\w*")
_TOKEN = lazy_regex(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]")
_PLAIN = lazy_regex(r"(?:[^\\.^$*+?{}\[\]|()]|\\\W)*")
_MAY_LACK = ("?", "*", "{")
"""What stands behind a part of a pattern that need not be there."""
