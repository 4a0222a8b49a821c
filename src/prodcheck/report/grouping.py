"""Findings in the order in which a person should read them: by severity, one group per rule, blocked rules folded.

Every format that shows findings to people takes them from here, so that none tells another story.
"""

from __future__ import annotations

from prodcheck.model import Category, Finding, Report, Result, Severity, Status
from prodcheck.records import dataclass
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import by_severity

WHOLE = "repository as a whole"


@dataclass(frozen=True)
class Group:
    """One rule that is not met: its open findings, and the rules that cannot be met before it.

    `findings` is empty for a rule that fails without pointing anywhere; `result.reason` says what is wrong then.
    """

    result: Result
    findings: tuple[Finding, ...]
    severity: Severity
    """That of the loudest finding."""
    blocks: tuple[str, ...]


def groups(report: Report) -> tuple[Group, ...]:
    """All rules with something to say, loudest first, in the order of the categories."""
    folded = _folded(report)
    found = []
    for result in report.results:
        findings = open_findings(result)
        if findings or (result.status in (Status.FAIL, Status.PARTIAL) and not result.findings):
            severity = min((f.severity for f in findings), key=_rank, default=result.severity)
            found.append(Group(result, findings, severity, folded.get(result.rule.id, ())))
    order = list(Category)
    return tuple(sorted(found, key=lambda g: (g.severity.rank, order.index(g.result.rule.category), g.result.rule.id)))


def open_findings(result: Result) -> tuple[Finding, ...]:
    """Findings of one rule that nobody has suppressed, loudest first; none of a rule that waits for another."""
    if result.status is Status.BLOCKED:
        return ()
    return tuple(sorted((f for f in result.findings if f.suppression is None), key=lambda f: f.sort_key))


def projects(report: Report) -> tuple[tuple[str, str, str], ...]:
    """The projects of a monorepo as rows of folder, code lines and open findings, worst first.

    The last row, without a number of lines, is the repository as a whole: findings around the projects, and those
    without a place, such as a missing CI configuration. Nothing for a repository that is one project.
    """
    if not report.projects:
        return ()
    ranked = sorted(report.projects, key=lambda p: ([-p.findings.get(severity, 0) for severity in Severity], p.path))
    rest = {
        severity: sum(f.severity is severity for f in report.open_findings)
        - sum(p.findings.get(severity, 0) for p in ranked)
        for severity in Severity
    }
    rows = [(plain(p.path) or ".", f"{p.code_lines:,}", by_severity(p.findings)) for p in ranked]
    return (*rows, (WHOLE, "", by_severity(rest)))


def _rank(severity: Severity) -> int:
    return severity.rank


def _folded(report: Report) -> dict[str, tuple[str, ...]]:
    """Per failing rule, the rules that are blocked by it, directly or through another blocked one."""
    by_id = {r.rule.id: r for r in report.results}
    folded: dict[str, tuple[str, ...]] = {}
    for result in report.results:
        if result.status is not Status.BLOCKED:
            continue
        parent, seen = result.blocked_by, {result.rule.id}
        while parent in by_id and by_id[parent].status is Status.BLOCKED and parent not in seen:
            seen.add(parent)
            parent = by_id[parent].blocked_by
        folded[parent or ""] = tuple(sorted((*folded.get(parent or "", ()), result.rule.id)))
    return folded
