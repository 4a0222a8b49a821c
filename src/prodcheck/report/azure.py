"""Azure Pipelines logging commands: findings in the run's list of issues, with file and line."""

from __future__ import annotations

from prodcheck.model import Finding, Report, Severity
from prodcheck.report.annotations import cut, levels
from prodcheck.report.base import Options
from prodcheck.report.places import anchor
from prodcheck.report.sanitize import plain, portable

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.MAJOR: "warning",
    Severity.MINOR: "warning",
    Severity.INFO: "warning",
}
"""Azure Pipelines knows no third level."""


def render(report: Report, options: Options) -> str:
    """At most ten errors and ten warnings, one command a line. An exit code other than 0 is what fails the task."""
    lines = []
    for level in levels(report, _LEVELS):
        lines += [_command(level.name, finding, report) for finding in level.findings]
        if level.left_out:
            more = f"… and {level.left_out:,} more findings; the other reports have all of them"
            lines.append(f"##vso[task.logissue type={level.name}]{data(more)}")
    return "".join(f"{line}\n" for line in lines)


def _command(level: str, finding: Finding, report: Report) -> str:
    place = anchor(report, finding)
    properties = {
        "type": level,
        "sourcepath": plain(portable(place.path)),
        "linenumber": str(place.line),
        "columnnumber": str(place.column or 1),
        "code": finding.rule_id,
    }
    told = "".join(f"{name}={value_of(value)};" for name, value in properties.items())
    cell = f" (cell {place.cell}, line {place.cell_line})" if place.cell and place.cell_line else ""
    return f"##vso[task.logissue {told}]{data(cut(f'{plain(finding.message)}{cell}. {plain(finding.remediation)}'))}"


def data(text: str) -> str:
    """Text behind the bracket of a logging command."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def value_of(text: str) -> str:
    """Value of a property of a logging command."""
    return data(text).replace(";", "%3B").replace("]", "%5D")
