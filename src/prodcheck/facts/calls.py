"""Which files call what: one pass over all calls, so that a check looks only into the files that concern it.

A large repository makes a quarter of a million calls of fifteen thousand names, and thirty checks ask about some of
them. Matching names instead of calls, and reading only the files that have such a name, is what keeps that cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from prodcheck.extract.run import FileFacts


class Calls:
    """The names that modules and notebooks call, and the files that do."""

    def __init__(self, files: Mapping[str, FileFacts]) -> None:
        self._sources = {path: python for path, file in files.items() if (python := file.source) is not None}
        self._by_name: dict[str, list[str]] = {}
        for path, python in self._sources.items():
            for name in python.calls.names:
                self._by_name.setdefault(name, []).append(path)
        self._by_method: dict[str, list[str]] = {}
        for name in self._by_name:
            self._by_method.setdefault(name.rpartition(".")[2], []).append(name)
        self._files: dict[re.Pattern[str] | frozenset[str], tuple[str, ...]] = {}

    def files(self, pattern: re.Pattern[str]) -> tuple[str, ...]:
        """Files that make a call whose whole name matches, sorted."""
        if pattern not in self._files:
            self._files[pattern] = self.where(pattern.fullmatch)
        return self._files[pattern]

    def files_of(self, methods: frozenset[str]) -> tuple[str, ...]:
        """Files that make a call whose name is, or ends with the part, one of these, sorted."""
        if methods not in self._files:
            names = (name for method in methods for name in self._by_method.get(method, ()))
            self._files[methods] = self.named(names)
        return self._files[methods]

    def names(self, method: str) -> Collection[str]:
        """Names of which this is the last part."""
        return self._by_method.get(method, ())

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """Files that make a call of one of these names, sorted."""
        return tuple(sorted({path for name in names for path in self._by_name.get(name, ())}))

    @cached_property
    def _by_argument(self) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
        """Files by the texts that they call something with, and by the keywords."""
        by_text: dict[str, list[str]] = {}
        by_keyword: dict[str, list[str]] = {}
        for path, python in self._sources.items():
            texts, keywords = python.calls.columns("text", "keywords")
            for text in set(texts):
                if text:
                    by_text.setdefault(text, []).append(path)
            for keyword in {word for words in keywords if words for word in words}:
                by_keyword.setdefault(keyword, []).append(path)
        return by_text, by_keyword

    def saying(self, wanted: Callable[[str], object]) -> tuple[str, ...]:
        """Files that make a call whose first argument is a wanted text, sorted."""
        by_text, _ = self._by_argument
        return tuple(sorted({path for text, paths in by_text.items() if wanted(text) for path in paths}))

    def giving(self, keywords: Iterable[str]) -> frozenset[str]:
        """Files that make a call with one of these keyword arguments."""
        _, by_keyword = self._by_argument
        return frozenset(path for keyword in keywords for path in by_keyword.get(keyword, ()))

    def where(self, wanted: Callable[[str], object]) -> tuple[str, ...]:
        """Files that make a call whose name is wanted, sorted."""
        return self.named(name for name in self._by_name if wanted(name))
