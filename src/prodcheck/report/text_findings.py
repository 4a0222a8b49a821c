"""The findings, loudest first, one block per rule: where, what, and the next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prodcheck.model import Confidence, Finding, Report, Severity
from prodcheck.report.grouping import Group, groups
from prodcheck.report.pen import Pen, cells, pad
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import count, place

FOLD = 5
"""Findings of one rule that are shown; the rest is counted."""


def findings(report: Report, pen: Pen, verbose: bool = False) -> list[list[str]]:
    """One section per severity that has something to say. What a baseline knows is shown with `verbose` only."""
    shown = groups(report) if verbose or report.baseline is None else _new(report)
    sections = []
    for severity in Severity:
        group = [g for g in shown if g.severity is severity]
        if not group:
            continue
        style = {Severity.CRITICAL: "bold red", Severity.MAJOR: "bold yellow", Severity.MINOR: "bold cyan"}
        lines = [pen.rule(severity.value.upper(), count(len(group), "rule"), style.get(severity, "bold"))]
        for number, member in enumerate(group):
            lines += [""] * (number > 0)
            lines += _block(member, pen)
        sections.append(lines)
    return sections


def _new(report: Report) -> list[Group]:
    """The groups without what is known."""
    kept = []
    for group in groups(report):
        new = tuple(f for f in group.findings if f.baseline_state == "new")
        if new or not group.findings:
            severity = min((f.severity for f in new), key=lambda s: s.rank, default=group.severity)
            kept.append(replace(group, findings=new, severity=severity))
    return kept


def _block(group: Group, pen: Pen) -> list[str]:
    result, found, severity, rule = group.result, group.findings, group.severity, group.result.rule
    title = plain(rule.title)
    head = f"{pen.mark(result.status)} {pen.severity(plain(rule.id), severity)}"
    if 6 + cells(rule.id) + cells(title) <= pen.width:
        lines = [f"{head}  {title}"]
    else:
        lines = [head, *pen.wrap(title, 4)]
    if not found:
        lines += pen.wrap(plain(result.reason), 4)
    lines += _places(found[:FOLD], severity, pen)
    if len(found) > FOLD:
        lines.append(pen.paint(f"    … and {len(found) - FOLD:,} more, see --format json", "dim"))
    remedy = plain(found[0].remediation if found else rule.remediation)
    hint = f"prodcheck explain {plain(rule.id)}"
    lines += pen.wrap(remedy, 6, first=f"{pen.arrow} ")
    if cells(lines[-1]) + 3 + len(hint) <= pen.width:
        lines[-1] += "   " + pen.paint(hint, "dim")
    else:
        lines.append("      " + pen.paint(hint, "dim"))
    if group.blocks:
        lines += pen.wrap(f"blocks: {', '.join(map(plain, group.blocks))}", 6, "dim")
    return lines


def _places(found: Sequence[Finding], severity: Severity, pen: Pen) -> list[str]:
    names = [pen.shorten_middle(place(f.location), pen.width - 8) for f in found]
    told = [_message(f, severity) for f in found]
    column = max(map(cells, names), default=0)
    # Side by side while the messages keep at least half of the line, else below each other.
    beside = column <= pen.width // 2 - 6 and all(pen.fits(message, column + 6) for message in told)
    if len(set(told)) == 1 and len(found) > 1 and not any(f.location is None for f in found):
        lines = pen.wrap(told[0], 4)
        return lines + ["    " + pen.paint(name, "cyan") for name in names]
    lines = []
    for name, message in zip(names, told, strict=True):
        if not name:
            lines += pen.wrap(message, 4)
        elif beside:
            body = pen.wrap(message, 4 + column + 2)
            lines.append("    " + pen.paint(pad(name, column), "cyan") + "  " + body[0].lstrip())
            lines += body[1:]
        else:
            lines += ["    " + pen.paint(name, "cyan"), *pen.wrap(message, 6)]
    return lines


def _message(finding: Finding, shown_under: Severity) -> str:
    notes = ["known"] if finding.baseline_state != "new" else []
    if finding.severity is not shown_under:
        notes.append(finding.severity.value)
    if finding.confidence is not Confidence.HIGH:
        notes.append(f"{finding.confidence.value} confidence")
    return plain(finding.message) + (f" ({', '.join(notes)})" if notes else "")
