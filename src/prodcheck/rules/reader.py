"""A strict reader of YAML mappings: every error names the file, the line and the key, and the nearest right word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NoReturn, TypeVar

from prodcheck.config import nearest
from prodcheck.errors import RuleError
from prodcheck.extract.yaml import load_all

E = TypeVar("E", bound=Enum)


class Reader:
    """One YAML file with a mapping at its top. Keys are addressed by dotted path."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        stream = load_all(data)
        self.lines = stream.lines
        if stream.problem:
            raise RuleError(f"{name}: {stream.problem}", "Fix the YAML.")
        for key, line in stream.duplicates:
            raise RuleError(f"{name}:{line}: {key}: this key is there twice", "Remove one of them.")
        root = stream.documents[0] if stream.documents else None
        if len(stream.documents) != 1 or not isinstance(root, dict):
            raise RuleError(f"{name}:1: must hold exactly one YAML mapping", "See docs/writing-rules.md.")
        self.root: Mapping[str, object] = root

    def line(self, key: str) -> int:
        """Line of a dotted key, or of the nearest key above it."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key.rpartition(".")[0]
        return 1

    def fail(self, key: str, message: str, hint: str = "") -> NoReturn:
        raise RuleError(f"{self.name}:{self.line(key)}: {key}: {message}", hint)

    def check_keys(self, mapping: Mapping[str, object], at: str, allowed: Iterable[str], needed: Iterable[str]) -> None:
        """Raise for a key that is not allowed, or one that is lacking."""
        allowed = list(allowed)
        for key in mapping:
            if key not in allowed:
                self.fail(f"{at}.{key}" if at else str(key), "unknown key", nearest(str(key), allowed))
        for key in needed:
            if key not in mapping:
                self.fail(at or self.name, f"lacks the key `{key}`")

    def mapping(self, value: object, at: str) -> Mapping[str, object]:
        if not isinstance(value, dict):
            self.fail(at, "must be a mapping")
        return value

    def items(self, value: object, at: str) -> list[object]:
        if not isinstance(value, list):
            self.fail(at, "must be a list")
        return value

    def text(self, value: object, at: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.fail(at, "must be a text that is not empty")
        return value.strip("\n")

    def texts(self, value: object, at: str) -> tuple[str, ...]:
        return tuple(self.text(item, f"{at}.{i}") for i, item in enumerate(self.items(value, at)))

    def enum(self, value: object, at: str, choices: type[E]) -> E:
        words = [str(choice.value) for choice in choices]
        if value not in words:
            self.fail(at, f"{value!r} is not allowed", nearest(str(value), words))
        return choices(value)

    def boolean(self, value: object, at: str) -> bool:
        if not isinstance(value, bool):
            self.fail(at, "must be true or false")
        return value

    def integer(self, value: object, at: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(at, "must be a whole number")
        return value
