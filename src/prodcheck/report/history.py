"""One run as one line of JSON, for a file that only ever grows: the history that dashboards draw trends from.

Flat where a column is wanted, so that DuckDB, SQLite or a spreadsheet read it without unpacking. Two branches that both
added lines merge with `history.jsonl merge=union` in `.gitattributes`.
"""

from __future__ import annotations

import json

import prodcheck
from prodcheck.model import CategoryScore, Report, Severity, Status
from prodcheck.report.base import Options
from prodcheck.report.grouping import open_findings
from prodcheck.report.sanitize import portable
from prodcheck.score import SCORING_MODEL

SCHEMA_VERSION = 1


def render(report: Report, options: Options) -> str:
    """The row, with every key always present. Rows compare where `ruleset` and `scoring_model` are equal."""
    score, findings = report.score, report.open_findings
    row = {
        "schema_version": SCHEMA_VERSION,
        "time": report.started_at,
        "repository": portable(report.name),
        "root": portable(report.git.prefix or "."),
        "branch": None if report.git.branch is None else portable(report.git.branch),
        "commit": report.git.commit,
        "commit_time": report.git.commit_time,
        "dirty": report.git.dirty,
        "tool_version": prodcheck.__version__,
        "ruleset": report.ruleset,
        "scoring_model": SCORING_MODEL,
        "config_digest": report.config_digest,
        "kind": report.project.kind.value,
        "stage": report.project.stage.value,
        "score": score.value,
        "raw": score.raw,
        "grade": score.grade,
        "coverage": score.coverage,
        "cap_rule": score.cap[0] if score.cap else None,
        "complete": score.complete,
        "gate_passed": report.gate.passed,
        **{severity.value: sum(f.severity is severity for f in findings) for severity in Severity},
        "new": sum(f.baseline_state == "new" for f in findings),
        "suppressed": len(report.findings) - len(findings),
        "files": report.files,
        "duration_ms": report.duration_ms,
        "categories": [{"id": c.category.value, "score": c.score} for c in _categories(report)],
        "rules": [
            {"id": r.rule.id, "status": r.status.value, "findings": len(open_findings(r))}
            for r in sorted(report.results, key=lambda r: r.rule.id)
            if r.status is not Status.NOT_APPLICABLE
        ],
    }
    return json.dumps(row, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n"


def _categories(report: Report) -> list[CategoryScore]:
    return sorted(report.score.categories, key=lambda c: c.category.value)
