"""GitLab Code Quality: the JSON that a merge request's widget and its diff read (`artifacts: reports: codequality`)."""

from __future__ import annotations

import json

from prodcheck.model import Finding, Report, Severity
from prodcheck.report.base import Options
from prodcheck.report.places import anchor
from prodcheck.report.sanitize import plain, portable

_SEVERITY = {
    Severity.CRITICAL: "blocker",
    Severity.MAJOR: "major",
    Severity.MINOR: "minor",
    Severity.INFO: "info",
}


def render(report: Report, options: Options) -> str:
    """The open findings as a Code Quality report. GitLab itself tells new ones from those of the target branch."""
    return json.dumps([_issue(f, report) for f in report.open_findings], indent=2, ensure_ascii=True) + "\n"


def _issue(finding: Finding, report: Report) -> dict[str, object]:
    place = anchor(report, finding)
    cell = f" (cell {place.cell})" if place.cell is not None else ""
    return {
        "description": f"{plain(finding.message) or finding.rule_id}{cell}",
        "check_name": finding.rule_id,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITY[finding.severity],
        "location": {"path": portable(place.path), "lines": {"begin": place.line}},
    }
