"""The projects of a monorepo in the text report: who has what to do, before the findings themselves."""

from __future__ import annotations

from prodcheck.model import Report
from prodcheck.report import grouping
from prodcheck.report.pen import Pen, cells, pad

PROJECTS = 8
"""Projects that are shown."""
_COUNTS = 36
"""Columns that the counts may claim before long paths."""


def projects(report: Report, pen: Pen) -> list[str]:
    """Each project with its code lines and open findings, worst first; nothing unless there are several."""
    *inside, whole = grouping.projects(report) or [("", "", "")]
    if not inside:
        return []
    rows = [*inside[:PROJECTS], whole]
    numbers = max(len("lines"), *(len(number) for _, number, _ in rows))
    wide = min(max(len(told) for _, _, told in rows), _COUNTS)
    room = min(max(cells(name) for name, _, _ in rows), max(pen.width - wide - numbers - 6, len(grouping.WHOLE)))
    head = f"{pen.paint('Projects', 'bold')}{' ' * (room - 6)}"
    lines = [head + pen.paint(f"  {'lines':>{numbers}}  open findings", "dim")]
    for name, number, told in rows:
        if (name, number) == whole[:2] and len(inside) > PROJECTS:
            lines.append(pen.paint(f"  … and {len(inside) - PROJECTS:,} more, see --format json", "dim"))
        body = pen.wrap(told, room + numbers + 6)
        lines.append(f"  {pad(pen.shorten_middle(name, room), room)}  {number:>{numbers}}  {body[0].lstrip()}")
        lines += body[1:]
    return lines
