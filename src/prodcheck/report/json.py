"""The report for machines: schema version 1, the same bytes for the same tree (times aside)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import prodcheck
from prodcheck.model import Category, CategoryScore, Evidence, Finding, Report, Result, Severity
from prodcheck.report import json_types as types
from prodcheck.report.base import Options
from prodcheck.report.sanitize import portable
from prodcheck.report.wording import by_severity, count
from prodcheck.score import SCORING_MODEL

CATEGORY_TITLES: dict[Category, str] = {
    Category.STRUCTURE: "Structure and notebooks",
    Category.SECRETS: "Secrets and model supply chain",
    Category.TESTS: "Tests and validation",
    Category.DEPENDENCIES: "Dependencies and environment",
    Category.CI: "Continuous integration and delivery",
    Category.DATA: "Data, experiments and models",
    Category.OPERATIONS: "Operations, retraining and monitoring",
    Category.INFRASTRUCTURE: "Infrastructure and serving",
    Category.QUALITY: "Code quality, documentation and hosting",
}


def render(report: Report, options: Options) -> str:
    """The report as JSON text. Pure ASCII, so that no terminal or encoding can change it."""
    return json.dumps(document(report, options), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def document(report: Report, options: Options | None = None) -> types.ReportJson:
    """The report as plain lists, dictionaries and scalars."""
    options = options or Options()
    gate_code = 0 if report.gate.passed else 1
    return {
        "schema_version": types.SCHEMA_VERSION,
        "tool": {
            "name": "prodcheck",
            "version": prodcheck.__version__,
            "ruleset": report.ruleset,
            "scoring_model": SCORING_MODEL,
        },
        "run": {
            "started_at": report.started_at,
            "duration_ms": report.duration_ms,
            "exit_code": gate_code if options.exit_code is None else options.exit_code,
            "ci": options.ci,
        },
        "repository": {
            "name": portable(report.name),
            "branch": _maybe(report.git.branch),
            "commit": report.git.commit,
            "commit_time": report.git.commit_time,
            "dirty": report.git.dirty,
            "root": portable(report.git.prefix.rstrip("/") or "."),
        },
        "project": {
            "kind": report.project.kind.value,
            "stage": report.project.stage.value,
            "evidence": [*_evidence(report.project.evidence), *_projects(report)],
        },
        "config": {
            "path": _maybe(report.config_path),
            "digest": report.config_digest,
            "fail_under": report.fail_under,
            "fail_on": report.fail_on.value if report.fail_on else None,
            "baseline": _maybe(report.baseline),
        },
        "scan": {
            "files": report.files,
            "bytes": report.bytes,
            "skipped": [
                {"path": portable(s.path), "reason": portable(s.reason)}
                for s in sorted(report.skipped, key=lambda s: (s.path, s.reason))
            ],
        },
        "score": {
            "value": report.score.value,
            "raw": report.score.raw,
            "grade": report.score.grade,
            "coverage": report.score.coverage,
            "cap": {"rule": report.score.cap[0], "ceiling": report.score.cap[1]} if report.score.cap else None,
        },
        "gate": {"passed": report.gate.passed, "reasons": [portable(r) for r in report.gate.reasons]},
        "summary": _summary(report),
        "categories": [_category(c, report) for c in sorted(Category, key=lambda c: c.value)],
        "rules": [_rule(r, report) for r in sorted(report.results, key=lambda r: r.rule.id)],
        "findings": [_finding(f) for f in report.findings],
        "fix_first": [
            {
                "rule_id": s.rule_id,
                "gain": s.gain,
                "effort_minutes": s.effort_minutes,
                "score_after": s.score_after,
            }
            for s in report.score.fix_first
        ],
        "stack": [
            {"topic": t.topic, "tool": t.tool, "strength": t.strength.label, "evidence": _evidence(t.evidence)}
            for t in sorted(report.stack, key=lambda t: (t.topic, t.tool))
        ],
        "errors": [
            {"where": portable(e.where), "message": portable(e.message)}
            for e in sorted(report.errors, key=lambda e: (e.where, e.message))
        ],
    }


def _maybe(text: str | None) -> str | None:
    return None if text is None else portable(text)


def _evidence(evidence: Iterable[Evidence]) -> list[types.EvidenceJson]:
    return [
        {
            "path": portable(e.location.path) if e.location else None,
            "line": e.location.line if e.location else None,
            "detail": portable(e.detail),
        }
        for e in evidence
    ]


def _projects(report: Report) -> list[types.EvidenceJson]:
    """The projects of a monorepo: what version 1 has no key for is told as evidence, the folder as its path."""
    return [
        {
            "path": portable(p.path or "."),
            "line": None,
            "detail": f"project of its own, {count(p.code_lines, 'code line')}, findings: {by_severity(p.findings)}",
        }
        for p in report.projects
    ]


def _summary(report: Report) -> types.SummaryJson:
    findings, number = report.open_findings, dict.fromkeys(Severity, 0)
    for finding in findings:
        number[finding.severity] += 1
    return {
        "critical": number[Severity.CRITICAL],
        "major": number[Severity.MAJOR],
        "minor": number[Severity.MINOR],
        "info": number[Severity.INFO],
        "total": len(findings),
        "new": sum(f.baseline_state == "new" for f in findings),
        "suppressed": len(report.findings) - len(findings),
    }


def _category(category: Category, report: Report) -> types.CategoryJson:
    nothing = CategoryScore(category, None, 0.0, 0.0, 0, 0, 0)
    item = next((c for c in report.score.categories if c.category is category), nothing)
    return {
        "id": category.value,
        "title": CATEGORY_TITLES[category],
        "score": item.score,
        "points_earned": item.earned,
        "points_possible": item.possible,
        "rules": item.rules,
        "failed": item.failed,
        "not_applicable": item.not_applicable,
    }


def _rule(result: Result, report: Report) -> types.RuleJson:
    rule = result.rule
    earned, possible = report.score.points.get(rule.id, (0.0, 0.0))
    return {
        "id": rule.id,
        "title": rule.title,
        "category": rule.category.value,
        "severity": result.severity.value,
        "status": result.status.value,
        "score": result.score if result.status.judged else None,
        "points_earned": earned,
        "points_possible": possible,
        "gain": report.score.gains.get(rule.id, 0.0),
        "effort_minutes": rule.effort_minutes,
        "evidence": _evidence(result.evidence),
        "reason": portable(result.reason),
        "help_uri": rule.help_uri,
    }


def _finding(finding: Finding) -> types.FindingJson:
    place = finding.location
    return {
        "rule_id": finding.rule_id,
        "category": finding.category.value,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": portable(finding.message),
        "path": portable(place.path) if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_line": place.end_line if place else None,
        "cell": place.cell if place else None,
        "cell_line": place.cell_line if place else None,
        "fingerprint": finding.fingerprint,
        "baseline_state": finding.baseline_state,
        "suppression": (
            {"reason": portable(finding.suppression.reason), "source": portable(finding.suppression.source)}
            if finding.suppression
            else None
        ),
        "remediation": finding.remediation,
    }


def stack_json(report: Report) -> str:
    """The recognised tools alone, as in the report's `stack`."""
    return json.dumps(document(report)["stack"], indent=2, ensure_ascii=True) + "\n"
