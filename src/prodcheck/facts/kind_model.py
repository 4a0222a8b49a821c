"""The nouns of kind detection: a signal, and evidence in words that a person would use."""

from __future__ import annotations

from prodcheck.model import Evidence, Kind, Location
from prodcheck.records import dataclass

MANY = 8
"""From this many notebooks, chapters or projects on a repository may be a collection of them."""


@dataclass(frozen=True)
class Signal:
    """One reason to take the repository for a kind."""

    kind: Kind
    points: int
    name: str
    evidence: Evidence | None = None


def evidence(detail: str, path: str, line: int | None = None) -> Evidence:
    return Evidence(detail, Location(path, line) if path else None)


def at(detail: str, seen: Evidence) -> Evidence:
    """What a person would say about a place in the code; the call itself is on the line."""
    return Evidence(detail, seen.location)
