"""Metrics as text: OpenMetrics that is also Prometheus' own format, for a scrape, a push gateway or the node exporter.

Only gauges, and no time stamps: a metrics file says what is, and who reads it says when.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterable, Mapping

import prodcheck
from prodcheck.model import Report, Result, Severity, Status
from prodcheck.report.base import Options
from prodcheck.report.grouping import open_findings
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import counts
from prodcheck.score import SCORING_MODEL

Sample = tuple[Mapping[str, str], float | None]


def render(report: Report, options: Options) -> str:
    """One family a number, each sample labelled with the repository."""
    score, findings, number = report.score, report.open_findings, counts(report)
    where = {"repository": report.name, **({"root": report.git.prefix} if report.git.prefix else {})}
    families: list[tuple[str, str, Iterable[Sample]]] = [
        ("score", "Production readiness from 0 to 100.", [({}, score.value)]),
        ("score_raw", "The score before a cap holds it down.", [({}, score.raw)]),
        ("score_complete", "1 unless a rule of prodcheck failed.", [({}, score.complete)]),
        ("coverage_ratio", "Share of the rules' points that the repository was judged on.", [({}, score.coverage)]),
        (
            "category_score",
            "Score of one category; absent where nothing was judged.",
            [({"category": c.category.value}, c.score) for c in score.categories],
        ),
        (
            "findings",
            "Open findings by severity.",
            [({"severity": s.value}, sum(f.severity is s for f in findings)) for s in Severity],
        ),
        ("findings_new", "Open findings that are not in the baseline.", [({}, _new(report))]),
        ("findings_suppressed", "Findings not counted by decision.", [({}, len(report.findings) - len(findings))]),
        ("rules", "Rules by what became of them.", [({"status": s.value}, number[s]) for s in Status]),
        (
            "rule_score",
            "Score of one rule from 0 to 1; absent where it was not judged.",
            [({"category": r.rule.category.value, "rule": r.rule.id}, r.score) for r in _judged(report)],
        ),
        (
            "rule_findings",
            "Open findings of one rule.",
            [({"category": r.rule.category.value, "rule": r.rule.id}, len(open_findings(r))) for r in _judged(report)],
        ),
        ("gate_passed", "1 when every gate passed, or none is set.", [({}, report.gate.passed)]),
        ("files", "Files that were scanned.", [({}, report.files)]),
        ("run_duration_seconds", "Time that the run took.", [({}, report.duration_ms / 1000)]),
        ("run_timestamp_seconds", "When the run started.", [({}, _seconds(report.started_at))]),
        (
            "build_info",
            "What made these numbers. Scores compare where ruleset and scoring_model are equal.",
            [(_versions(report), 1)],
        ),
    ]
    lines: list[str] = []
    for name, meaning, samples in families:
        known = [(labels, value) for labels, value in samples if value is not None]
        shown = [_line(f"prodcheck_{name}", {**where, **labels}, value) for labels, value in known]
        if shown:
            lines += [f"# HELP prodcheck_{name} {meaning}", f"# TYPE prodcheck_{name} gauge", *shown]
    return "".join(f"{line}\n" for line in [*lines, "# EOF"])


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    told = ",".join(f'{key}="{escape(text)}"' for key, text in labels.items())
    return f"{name}{{{told}}} {float(value):.10g}"


def escape(text: str) -> str:
    """Value of a label."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _judged(report: Report) -> list[Result]:
    return sorted((r for r in report.results if r.status.judged), key=lambda r: r.rule.id)


def _new(report: Report) -> int:
    return sum(f.baseline_state == "new" for f in report.open_findings)


def _seconds(started: str) -> float | None:
    try:
        return calendar.timegm(time.strptime(started, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return None


def _versions(report: Report) -> dict[str, str]:
    return {
        "version": prodcheck.__version__,
        "ruleset": report.ruleset,
        "scoring_model": str(SCORING_MODEL),
        "kind": report.project.kind.value,
        "stage": report.project.stage.value,
        "grade": report.score.grade or "none",
        "branch": report.git.branch or "",
        "commit": report.git.commit or "",
    }
