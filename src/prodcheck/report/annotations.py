"""What annotations of GitHub Actions and Azure Pipelines have in common: which findings fit into ten per level.

Both services keep ten errors and ten warnings (GitHub also ten notices) of a step and drop the rest without a word. So
the most severe come first, and the last place of a level says how many were left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodcheck.model import Finding, Report, Severity
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass
from prodcheck.report.grouping import groups

LIMIT = 10
"""Annotations of one level that a step may make."""
MESSAGE = 4_000
"""Characters of a message; GitHub cuts at 4,096."""


@dataclass(frozen=True)
class Level:
    """Annotations of one level: the findings that fit, and how many did not."""

    name: str
    findings: tuple[Finding, ...]
    left_out: int


def levels(report: Report, names: Mapping[Severity, str]) -> tuple[Level, ...]:
    """New open findings by level, most severe first; `names` gives the level of each severity.

    Each rule gets a place before any rule gets a second one: ten times the same says less than ten different things.
    """
    made = []
    for name in dict.fromkeys(names.values()):
        wanted = [
            (turn, finding)
            for group in groups(report)
            for turn, finding in enumerate(f for f in group.findings if f.baseline_state == "new")
            if names[finding.severity] == name
        ]
        wanted.sort(key=lambda pair: (pair[1].severity.rank, pair[0]))
        fits = len(wanted) if len(wanted) <= LIMIT else LIMIT - 1
        kept = tuple(sorted((f for _, f in wanted[:fits]), key=lambda f: f.sort_key))
        made.append(Level(name, kept, len(wanted) - fits))
    return tuple(made)


def cut(text: str) -> str:
    """A message that no service cuts in the middle of an escape."""
    return text if len(text) <= MESSAGE else text[: MESSAGE - 1] + "…"


_COMMAND = lazy_regex(r"^([^\S\n]*):(?=:)|#(?=#(?:vso)?\[)", re.MULTILINE | re.IGNORECASE)


def inert(text: str) -> str:
    """Text for a build log in which nothing is taken for a command: files may be called `::error::` or `##vso[x]`."""
    return _COMMAND.sub(lambda match: f"{match[1]}: " if match[1] is not None else "# ", text)
