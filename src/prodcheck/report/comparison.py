"""A comparison of two audits, as text and as JSON: what `prodcheck diff` shows."""

from __future__ import annotations

import json
from collections.abc import Iterable

from prodcheck.compare import Comparison
from prodcheck.model import Finding, Report, Status
from prodcheck.report.base import Options
from prodcheck.report.diff_types import DIFF_SCHEMA_VERSION, DiffJson, SideJson
from prodcheck.report.json import document
from prodcheck.report.json_types import FindingJson
from prodcheck.report.pen import Pen
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import count, place

FOLD = 20
"""Findings of one list that the text shows; the rest is counted."""


def text(comparison: Comparison, options: Options) -> str:
    """The comparison for a person."""
    pen = Pen(options)
    base, head = comparison.base.score, comparison.head.score
    delta = comparison.delta
    style = "bold red" if delta < 0 else "bold green" if delta > 0 else "bold"
    lines = [
        f"  {base.value:g} {base.grade or '–'} {pen.arrow} {head.value:g} {head.grade or '–'}   "
        + pen.paint(f"{delta:+g} points" if delta else "no change", style),
        pen.paint(f"  {_side(comparison.base)} {pen.arrow} {_side(comparison.head)}", "dim"),
        *_caveats(comparison),
    ]
    lines += _findings("NEW", comparison.new, pen, "bold red")
    lines += _findings("FIXED", comparison.fixed, pen, "bold green")
    lines += _findings("SUPPRESSED SINCE", comparison.suppressed, pen, "bold")
    if comparison.changes:
        lines += [
            "",
            pen.rule("RULES", f"{len(comparison.changes)} changed status", "bold"),
        ]
        for change in comparison.changes:
            reason = f" ({plain(change.reason)})" if change.reason and change.after is not Status.PASS else ""
            moved = f"{change.before.value} {pen.arrow} {change.after.value}"
            lines += pen.wrap(f"{plain(change.rule.id)}  {moved}{reason}", 4, first=f"{pen.mark(change.after)} ")
    return pen.finish(["", *lines])


def _caveats(comparison: Comparison) -> list[str]:
    """What makes the two scores hard to compare."""
    base, head = comparison.base, comparison.head
    found = []
    for word, before, after in (
        ("kind", base.project.kind.value, head.project.kind.value),
        ("stage", base.project.stage.value, head.project.stage.value),
    ):
        if before != after:
            found.append(f"  ! the {word} is another one: {before}, now {after}; other rules apply")
    if not (base.score.complete and head.score.complete):
        found.append("  ! a score is incomplete: prodcheck itself failed in part")
    return found


def _side(report: Report) -> str:
    if report.git.commit is None:
        return "the folder as it is"
    short = report.git.commit[:10]
    return f"{short} with changes" if report.git.dirty else short


def _findings(title: str, findings: tuple[Finding, ...], pen: Pen, style: str) -> list[str]:
    if not findings:
        return []
    lines = ["", pen.rule(title, count(len(findings), "finding"), style)]
    for finding in findings[:FOLD]:
        severity, rule = finding.severity.value, plain(finding.rule_id)
        room = pen.width - len(severity) - len(rule) - 5
        where = pen.shorten_middle(place(finding.location), room) if finding.location else ""
        lines.append(f"  {pen.severity(severity, finding.severity)} {rule}  {where}")
        lines += pen.wrap(plain(finding.message), 4)
    if len(findings) > FOLD:
        lines.append(pen.paint(f"    … and {len(findings) - FOLD:,} more, see --format json", "dim"))
    return lines


def as_json(comparison: Comparison) -> str:
    """The comparison for a machine; findings have the shape that they have in the JSON report."""
    base, head = document(comparison.base), document(comparison.head)

    def side(report: Report) -> SideJson:
        score = report.score
        return {
            "commit": report.git.commit,
            "dirty": report.git.dirty,
            "kind": report.project.kind.value,
            "stage": report.project.stage.value,
            "score": score.value,
            "grade": score.grade,
            "complete": score.complete,
        }

    def chosen(source: Iterable[FindingJson], wanted: tuple[Finding, ...]) -> list[FindingJson]:
        keys = {(f.rule_id, f.fingerprint) for f in wanted}
        return [f for f in source if (f["rule_id"], f["fingerprint"]) in keys]

    content: DiffJson = {
        "schema_version": DIFF_SCHEMA_VERSION,
        "tool": head["tool"],
        "repository": head["repository"]["name"],
        "base": side(comparison.base),
        "head": side(comparison.head),
        "delta": comparison.delta,
        "new": chosen(head["findings"], comparison.new),
        "fixed": chosen(base["findings"], comparison.fixed),
        "suppressed": chosen(head["findings"], comparison.suppressed),
        "rules": [
            {"id": c.rule.id, "before": c.before.value, "after": c.after.value, "reason": plain(c.reason)}
            for c in comparison.changes
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=True, allow_nan=False)
