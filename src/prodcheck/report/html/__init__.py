"""The report to look at: one file without scripts, fonts or pictures from elsewhere, to open, mail and print.

A Content-Security-Policy forbids everything but the styles inside. Whatever comes from the audited repository passes
through `plain` and Jinja2's escaping, without exception: `_environment` sees to that, not the templates.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import prodcheck
from prodcheck.errors import REPORT_IT
from prodcheck.model import Category, Finding, Report, Result, Severity, Status
from prodcheck.report.base import Options
from prodcheck.report.grouping import groups, projects
from prodcheck.report.html.chart import gauge, steps
from prodcheck.report.html.prose import names, prose, shorten
from prodcheck.report.json import CATEGORY_TITLES
from prodcheck.report.places import source_url
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import KIND_NAMES, count, counts, duration, effort, place, share, whole
from prodcheck.score import GRADES, SCORING_MODEL

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
FINDINGS = 10
"""Findings of one rule that are shown; the rest is counted."""
EVIDENCE = 4
ROWS = 100
"""Rows of a list of files; the JSON report has all of them."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
COLORS = {"A": "#1a7f37", "B": "#4d7c0f", "C": "#a16207", "D": "#c2410c", "F": "#c81e1e", None: "#57606a"}
"""Of the icon in the browser's tab; those of the page are in the style sheet."""


def render(report: Report, options: Options) -> str:
    """The report as one HTML file."""
    score = report.score
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            report_it=REPORT_IT,
            score=score,
            style=(FOLDER / "style.css").read_text(encoding="utf-8"),
            policy=POLICY,
            icon=COLORS[score.grade],
            gauge=gauge(score.value, score.raw),
            chart=steps(score.value, score.fix_first),
            groups=groups(report),
            projects=projects(report),
            severities=list(Severity),
            categories=[c for c in Category if any(r.rule.category is c for r in report.results)],
            titles=CATEGORY_TITLES,
            grades=GRADES,
            numbers=counts(report),
            tally={s: sum(f.severity is s for f in report.open_findings) for s in Severity},
            by_status={s: _with(report, s) for s in Status},
            met={c: sum(r.status is Status.PASS and r.rule.category is c for r in report.results) for c in Category},
            shown={g.result.rule.id for g in groups(report)},
            by_rule={r.rule.id: r for r in report.results},
            suppressed=[f for f in report.findings if f.suppression],
            known=sum(f.baseline_state != "new" for f in report.open_findings),
            kind=KIND_NAMES[report.project.kind],
            excerpts=options.excerpts,
            url=lambda location: source_url(report, location, options) if location else None,
            where=lambda rule_id: _where(report, rule_id),
            sentence=lambda finding: finding.message or finding.rule_id,
            version=prodcheck.__version__,
            scoring_model=SCORING_MODEL,
            limits={"findings": FINDINGS, "evidence": EVIDENCE, "rows": ROWS},
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        count=count, duration=duration, effort=effort, names=names, place=place, prose=prose, share=share, whole=whole
    )
    environment.tests["link"] = lambda url: isinstance(url, str) and url.startswith(("https://", "http://"))
    return environment


def _harmless(value: object) -> object:
    """What every expression of every template goes through before it is escaped."""
    if type(value) is not str:
        return value
    return plain(value) if value.startswith(("https://", "http://")) else shorten(plain(value))


def _with(report: Report, status: Status) -> list[Result]:
    order = list(Category)
    found = [r for r in report.results if r.status is status]
    return sorted(found, key=lambda r: (order.index(r.rule.category), r.severity.rank, r.rule.id))


def _where(report: Report, rule_id: str) -> str:
    """The place of a rule's first finding, or why there is none, for a line of "fix first"."""
    result = next((r for r in report.results if r.rule.id == rule_id), None)
    if result is None:
        return ""
    if result.status is Status.BLOCKED and result.blocked_by:
        return f"after {result.blocked_by}"
    found: list[Finding] = [f for f in result.findings if f.suppression is None and f.location]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{place(found[0].location)}{more}" if found else result.reason
