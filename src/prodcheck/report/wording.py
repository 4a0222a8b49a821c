"""Numbers and places in words, the same in every part of the text report."""

from __future__ import annotations

import math
from collections.abc import Mapping

from prodcheck.model import Evidence, Kind, Location, Report, Severity, Status
from prodcheck.report.pen import NO_BREAK
from prodcheck.report.sanitize import plain

KIND_NAMES = {
    Kind.LIBRARY: "library",
    Kind.TRAINING: "training project",
    Kind.SERVICE: "service",
    Kind.NOTEBOOKS: "notebook collection",
    Kind.COURSE: "course or gallery of examples",
    Kind.TEMPLATE: "project template",
    Kind.GENERIC: "general project, no machine learning seen",
}


def whole(score: float) -> str:
    """A score without decimals, rounded down: 84.9 is not yet an 85."""
    return str(math.floor(score + 1e-9))


def share(value: float) -> str:
    """A share in 0..1 as a percentage, rounded down."""
    return f"{math.floor(value * 100 + 1e-9)}{NO_BREAK}%"


def effort(minutes: int) -> str:
    """Minutes of work as a person says them."""
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes / 60
    if hours < 8:
        return f"{hours:g} h"
    days = hours / 8
    return "1 day" if days == 1 else f"{days:g} days"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 rule`, `2 rules`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(milliseconds: int) -> str:
    """How long the run took."""
    return f"{milliseconds}{NO_BREAK}ms" if milliseconds < 100 else f"{milliseconds / 1000:.1f}{NO_BREAK}s"


def place(location: Location | None) -> str:
    """A location, fit to print."""
    return plain(str(location)) if location else ""


def sentence(evidence: Evidence) -> str:
    """`train.py:3 calls fit`."""
    return f"{place(evidence.location)} {plain(evidence.detail)}".strip()


def by_severity(findings: Mapping[Severity, int]) -> str:
    """`3 critical, 2 major`; `none` without any."""
    return ", ".join(f"{n:,} {severity.value}" for severity in Severity if (n := findings.get(severity, 0))) or "none"


def counts(report: Report) -> dict[Status, int]:
    """Number of rules per status."""
    return {status: sum(r.status is status for r in report.results) for status in Status}
