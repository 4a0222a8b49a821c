"""Configuration files as plain trees with the line of every key: TOML, INI, YAML, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Document:
    """One configuration file.

    `root` is made of dicts, lists and scalars; `lines` maps dotted keys (`tool.black.line-length`) to lines. A YAML
    stream with several documents has a list as root. `problem` says why it could not be read.
    """

    format: str
    root: object = None
    lines: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""

    def get(self, key: str) -> object:
        """The value at a dotted key, or None."""
        value = self.root
        for part in key.split("."):
            if not isinstance(value, dict) or part not in value:
                return None
            value = value[part]
        return value
