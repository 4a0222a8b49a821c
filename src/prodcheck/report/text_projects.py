"""The projects of a monorepo in the text report: who has what to do, before the findings themselves."""

from __future__ import annotations

from prodcheck.model import Report, Severity
from prodcheck.report.pen import Pen, cells, pad
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import by_severity

PROJECTS = 8
"""Projects that are shown."""
WHOLE = "repository as a whole"
"""Findings in no project: in the files around them, or without a place, such as a missing CI configuration."""
_COUNTS = 36
"""Columns that the counts may claim before long paths."""
_LEAST = len(WHOLE)


def projects(report: Report, pen: Pen) -> list[str]:
    """Each project with its code lines and open findings, worst first; nothing unless there are several."""
    if not report.projects:
        return []
    ranked = sorted(report.projects, key=lambda p: ([-p.findings.get(severity, 0) for severity in Severity], p.path))
    rows = [(plain(p.path) or ".", f"{p.code_lines:,}", by_severity(p.findings)) for p in ranked[:PROJECTS]]
    around = {
        severity: sum(f.severity is severity for f in report.open_findings)
        - sum(p.findings.get(severity, 0) for p in ranked)
        for severity in Severity
    }
    rows.append((WHOLE, "", by_severity(around)))
    numbers = max(len("lines"), *(len(number) for _, number, _ in rows))
    wide = min(max(len(told) for _, _, told in rows), _COUNTS)
    room = min(max(cells(name) for name, _, _ in rows), max(pen.width - wide - numbers - 6, _LEAST))
    head = f"{pen.paint('Projects', 'bold')}{' ' * (room - 6)}"
    lines = [head + pen.paint(f"  {'lines':>{numbers}}  open findings", "dim")]
    for name, number, told in rows:
        body = pen.wrap(told, room + numbers + 6)
        lines.append(f"  {pad(pen.shorten_middle(name, room), room)}  {number:>{numbers}}  {body[0].lstrip()}")
        lines += body[1:]
    if len(ranked) > PROJECTS:
        more = f"  … and {len(ranked) - PROJECTS:,} more, see --format json"
        lines.insert(len(lines) - 1, pen.paint(more, "dim"))
    return lines
