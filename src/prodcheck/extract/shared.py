"""Equal parts of many files' facts, kept once: a hundred thousand files say much the same.

`import numpy as np` stands on the same line of many modules, their functions have the same parameters, their settings
the same keys. What came from another process shares not even its names with anything.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

from prodcheck.extract import codec
from prodcheck.extract.document import Document
from prodcheck.extract.python_model import Import, PythonFacts

T = TypeVar("T")

_set = object.__setattr__
"""The records are frozen, but new: whoever will read them has not seen them yet."""


class Shared:
    """Remembers values, and puts the first of equal ones in the place of the others."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def one(self, value: T) -> T:
        """The value that was known first of those that equal this one."""
        known: T = self._known.setdefault(value, value)
        return known

    @staticmethod
    def same(record: object, **values: object) -> None:
        """Put values that are there anyway in the place of equal ones in a record."""
        for field, value in values.items():
            if getattr(record, field) == value:
                _set(record, field, value)

    def module(self, python: PythonFacts) -> None:
        """Share what a module has in common with those before it."""
        _set(python, "imports", tuple([self._import(item) for item in python.imports]))
        for definition in python.definitions:
            for field in ("name", "decorators", "bases", "parameters"):
                _set(definition, field, self.one(getattr(definition, field)))
        with suppress(codec.NotPlain):
            # Not by their own equality: 1 equals True.
            _set(python, "constants", self._known.setdefault(codec.dumps(python.constants), python.constants))

    def document(self, document: Document) -> None:
        """Share the texts of a configuration file."""
        _set(document, "lines", {self.one(key): line for key, line in document.lines.items()})
        self._tree(document.root)

    def _import(self, item: Import) -> Import:
        known: Import | None = self._known.get(item)
        if known is not None:
            return known
        _set(item, "module", self.one(item.module))
        _set(item, "names", self.one(item.names))
        return self.one(item)

    def _tree(self, root: object) -> None:
        """Texts in a tree of dicts and lists; parts that stand in several places of it are looked at once."""
        seen: set[int] = set()
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if id(node) in seen or not isinstance(node, dict | list):
                continue
            seen.add(id(node))
            if isinstance(node, list):
                node[:] = [self.one(item) if type(item) is str else item for item in node]
                waiting += node
                continue
            items = list(node.items())
            node.clear()
            for key, value in items:
                node[self.one(key) if type(key) is str else key] = self.one(value) if type(value) is str else value
            waiting += node.values()
