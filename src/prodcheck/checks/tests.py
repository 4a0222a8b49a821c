"""Checks of the category `tests`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Outcome, Severity

FEW = 3
"""Fewer tests than this are a beginning, not a suite."""


def no_tests(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Automated tests that a runner would collect."""
    least = facts.config.thresholds.small_project_lines
    if facts.code.code_lines < least:
        return Outcome.not_applicable(f"{facts.code.code_lines} lines of code, fewer than {least}")
    running = [item for item in facts.tests.items if not item.skipped]
    if running:
        counts = Counter(item.location.path for item in running)
        first = {item.location.path: item.location for item in reversed(running)}
        evidence = tuple(
            Evidence(f"{number} test{'s' * (number != 1)}", first[path]) for path, number in counts.most_common(3)
        )
        total = len(running)
        reason = f"{total} test{'s' * (total != 1)} in {len(counts)} file{'s' * (len(counts) != 1)}"
        return Outcome(1.0 if total >= FEW else 0.5, evidence, reason=reason)
    unread = [
        path
        for path, file in facts.files.items()
        if facts.role(path) is Role.TEST and file.python is not None and file.python.problem
    ]
    if unread:
        return Outcome.unknown(f"{unread[0]} is named like a test and cannot be parsed")
    files = facts.code.python_files + facts.code.notebooks
    reason = f"no test function in {files} file{'s' * (files != 1)} of code"
    if facts.tests.items:
        reason = f"all {len(facts.tests.items)} tests are skipped"
    elif facts.tests.lookalikes:
        place = facts.tests.lookalikes[0].location
        reason += f"; {place.path if place else ''} is a script, not a test"
    softer = Severity.MAJOR if facts.code.small_notebooks else None
    return Outcome(0.0, facts.tests.lookalikes[:3], reason=reason, confidence=_confidence(facts), severity=softer)


def _confidence(facts: Facts) -> Confidence:
    """Tests in other languages are not read, so their presence leaves room for doubt."""
    other = (".go", ".rs", ".cpp", ".cc", ".java", ".scala", ".jl", ".ts", ".js")
    for path in facts.files:
        if facts.role(path) is Role.TEST and path.endswith(other):
            return Confidence.MEDIUM
    return Confidence.HIGH
