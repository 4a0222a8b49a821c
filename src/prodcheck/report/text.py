"""The report a person reads: verdict, what to fix first, findings, and what else there is to know."""

from __future__ import annotations

from prodcheck.model import Report
from prodcheck.report.base import Options
from prodcheck.report.pen import Pen
from prodcheck.report.text_findings import findings
from prodcheck.report.text_head import categories, fix_first, head, one_line
from prodcheck.report.text_notes import gate, notes, passed, summary
from prodcheck.report.text_projects import projects


def render(report: Report, options: Options) -> str:
    """The report as text; with `quiet` the verdict line only."""
    pen = Pen(options)
    if options.quiet:
        return pen.finish([one_line(report, pen)])
    sections = [
        head(report, pen),
        categories(report, pen),
        fix_first(report, pen),
        projects(report, pen),
        *findings(report, pen, options.verbose),
        *(passed(report, pen) if options.verbose else []),
        *notes(report, pen, options.verbose),
        summary(report, pen, options.verbose) + gate(report, pen),
    ]
    lines: list[str] = []
    for section in sections:
        if section:
            lines += ["", *section]
    return pen.finish(lines)
