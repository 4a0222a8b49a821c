"""GitHub Actions workflow commands: findings as annotations on the changed lines.

`-o "markdown:$GITHUB_STEP_SUMMARY"` beside it gives the job summary, where all findings have room.
"""

from __future__ import annotations

from prodcheck.model import Finding, Report, Severity
from prodcheck.report.annotations import cut, levels
from prodcheck.report.base import Options
from prodcheck.report.places import anchor
from prodcheck.report.sanitize import plain, portable

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.MAJOR: "warning",
    Severity.MINOR: "notice",
    Severity.INFO: "notice",
}


def render(report: Report, options: Options) -> str:
    """At most ten errors, ten warnings and ten notices, one command a line."""
    lines = []
    for level in levels(report, _LEVELS):
        lines += [_command(level.name, finding, report) for finding in level.findings]
        if level.left_out:
            more = f"… and {level.left_out:,} more; the job summary and the other reports have all of them"
            lines.append(f"::{level.name} title=prodcheck::{data(more)}")
    return "".join(f"{line}\n" for line in lines)


def _command(level: str, finding: Finding, report: Report) -> str:
    place = anchor(report, finding)
    properties = {
        "file": plain(portable(place.path)),
        "line": str(place.line),
        "endLine": str(place.end_line) if place.end_line else "",
        "col": str(place.column) if place.column else "",
        "title": f"prodcheck {finding.rule_id}",
    }
    told = ",".join(f"{name}={value_of(value)}" for name, value in properties.items() if value)
    cell = f" (cell {place.cell}, line {place.cell_line})" if place.cell and place.cell_line else ""
    return f"::{level} {told}::{data(cut(f'{plain(finding.message)}{cell}. {plain(finding.remediation)}'))}"


def data(text: str) -> str:
    """Text after the second `::` of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value_of(text: str) -> str:
    """Value of a property of a workflow command."""
    return data(text).replace(":", "%3A").replace(",", "%2C")
