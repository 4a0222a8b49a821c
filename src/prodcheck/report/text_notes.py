"""The lower half of the text report: what passed and why, what could not be decided, and what the run left out."""

from __future__ import annotations

from prodcheck.errors import REPORT_IT
from prodcheck.model import Evidence, Report, Result, Status
from prodcheck.report.pen import Pen, cells, pad
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import count, counts, place, whole

EVIDENCE = 4
"""Pieces of evidence that are shown for one rule under -v."""
SKIPPED = 20
"""Skipped files that are listed under -v."""


def passed(report: Report, pen: Pen) -> list[list[str]]:
    """Every rule that passed with its evidence, and every rule that does not apply with the reason."""
    sections = []
    good = [r for r in report.results if r.status is Status.PASS]
    if good:
        lines = [pen.rule("PASSED", count(len(good), "rule"), "bold green")]
        for result in good:
            lines += _passed(result, pen)
        sections.append(lines)
    other = [r for r in report.results if r.status is Status.NOT_APPLICABLE]
    if other:
        sections.append([pen.rule("NOT APPLICABLE", count(len(other), "rule")), *_table(other, pen)])
    return sections


def _passed(result: Result, pen: Pen) -> list[str]:
    head = f"{pen.mark(result.status)} {plain(result.rule.id)}"
    said, indent = plain(result.reason or result.rule.title), 4 + cells(result.rule.id)
    if pen.fits(said, indent):
        lines = pen.wrap(said, indent, "dim")
        lines[0] = f"{head}  {lines[0].lstrip()}"
    else:
        lines = [head, *pen.wrap(said, 4, "dim")]
    for evidence in result.evidence[:EVIDENCE]:
        lines += _evidence(evidence, result.reason, pen)
    if len(result.evidence) > EVIDENCE:
        lines.append(pen.paint(f"    … and {len(result.evidence) - EVIDENCE:,} more", "dim"))
    return lines


def _evidence(evidence: Evidence, told: str, pen: Pen) -> list[str]:
    name = pen.shorten_middle(place(evidence.location), pen.width - 8)
    # Neither the reason above nor the path at the left is worth saying twice.
    detail = "" if evidence.location and evidence.detail == told else plain(evidence.detail)
    if evidence.location:
        detail = detail.removeprefix(f"{plain(evidence.location.path)} ")
    if not name:
        return pen.wrap(detail, 4, "dim")
    if cells(name) + cells(detail) + 6 <= pen.width:
        return [f"    {pen.paint(name, 'cyan')}  {pen.paint(detail, 'dim')}"]
    return ["    " + pen.paint(name, "cyan"), *pen.wrap(detail, 6, "dim")]


def _table(results: list[Result], pen: Pen) -> list[str]:
    """Rule id and reason, side by side."""
    column = max(cells(r.rule.id) for r in results)
    lines = []
    for result in results:
        body = pen.wrap(plain(result.reason) or "no reason given", column + 4, "dim")
        lines.append(f"{pen.mark(result.status)} {pad(plain(result.rule.id), column)}  {body[0].lstrip()}")
        lines += body[1:]
    return lines


def notes(report: Report, pen: Pen, verbose: bool) -> list[list[str]]:
    """Errors, undecided rules, suppressions, unused ignores and skipped files: nothing is silent."""
    return [
        section
        for section in (
            _errors(report, pen),
            _undecided(report, pen),
            _known(report, pen, verbose),
            _suppressed(report, pen) if verbose else [],
            _unused(report, pen),
            _skipped(report, pen, verbose),
        )
        if section
    ]


def _errors(report: Report, pen: Pen) -> list[str]:
    failed = [r for r in report.results if r.status is Status.ERROR]
    told = {(e.where, e.message) for e in report.errors}
    told |= {(r.rule.id, r.reason) for r in failed if not any(r.rule.id in where for where, _ in told)}
    if not told:
        return []
    title = "ERRORS IN PRODCHECK" + (": THE SCORE IS INCOMPLETE" if not report.score.complete else "")
    lines = [pen.rule(title, "please report them", "bold red")]
    for where, message in sorted(told):
        lines += pen.wrap(f"{plain(where)}: {plain(message)}", 4, first=f"{'!'} ")
    return [*lines, *pen.wrap(REPORT_IT, 4, "dim")]


def _undecided(report: Report, pen: Pen) -> list[str]:
    unknown = [r for r in report.results if r.status is Status.UNKNOWN]
    return [pen.rule("UNDECIDED", "left out of the score"), *_table(unknown, pen)] if unknown else []


def _known(report: Report, pen: Pen, verbose: bool) -> list[str]:
    if report.baseline is None:
        return []
    known = sum(f.baseline_state != "new" for f in report.open_findings)
    told = f"{count(known, 'known finding')} in {plain(report.baseline)}"
    return pen.wrap(
        told + ("" if verbose or not known else " (-v shows them); they still count in the score"), 0, "dim"
    )


def _suppressed(report: Report, pen: Pen) -> list[str]:
    hidden = [f for f in report.findings if f.suppression]
    if not hidden:
        return []
    lines = [pen.rule("SUPPRESSED", count(len(hidden), "finding"))]
    for finding in hidden:
        assert finding.suppression is not None
        where = f" {place(finding.location)}" if finding.location else ""
        lines += pen.wrap(f"{plain(finding.rule_id)}{where}", 2)
        lines += pen.wrap(f"{plain(finding.suppression.reason)} ({plain(finding.suppression.source)})", 4, "dim")
    return lines


def _unused(report: Report, pen: Pen) -> list[str]:
    if not report.unused_ignores:
        return []
    lines = [pen.rule("UNUSED IGNORES", "remove them", "bold yellow")]
    for item in report.unused_ignores:
        lines += pen.wrap(f"{plain(item.source)}: {plain(item.rule_id)} suppresses nothing", 4, first="! ")
    return lines


def _skipped(report: Report, pen: Pen, verbose: bool) -> list[str]:
    skipped = report.skipped
    if not skipped:
        return []
    if not verbose:
        return [pen.paint(f"{count(len(skipped), 'file')} not read (-v says which and why)", "dim")]
    lines = [pen.rule("NOT READ", count(len(skipped), "file"))]
    for item in skipped[:SKIPPED]:
        name, reason = pen.shorten_middle(plain(item.path), pen.width - 4), plain(item.reason)
        beside = cells(name) + cells(reason) + 4 <= pen.width
        lines += [f"  {name}  {pen.paint(reason, 'dim')}"] if beside else [f"  {name}", *pen.wrap(reason, 4, "dim")]
    if len(skipped) > SKIPPED:
        lines.append(pen.paint(f"  … and {len(skipped) - SKIPPED:,} more, see --format json", "dim"))
    return lines


def summary(report: Report, pen: Pen, verbose: bool) -> list[str]:
    """How many rules ended in which way."""
    number = counts(report)
    suppressed = len(report.findings) - len(report.open_findings)
    parts = [
        (Status.PASS, f"{number[Status.PASS]} passed" + ("" if verbose else " (-v shows why)"), True),
        (Status.PARTIAL, f"{number[Status.PARTIAL]} partly", number[Status.PARTIAL] > 0),
        (Status.FAIL, f"{number[Status.FAIL]} failed", True),
        (Status.BLOCKED, f"{number[Status.BLOCKED]} blocked", number[Status.BLOCKED] > 0),
        (Status.NOT_APPLICABLE, f"{number[Status.NOT_APPLICABLE]} not applicable", True),
        (Status.UNKNOWN, f"{number[Status.UNKNOWN]} undecided", True),
        (Status.ERROR, count(number[Status.ERROR], "error"), number[Status.ERROR] > 0),
    ]
    told = [(f"{pen.mark(status)} {text}", cells(text) + 2) for status, text, show in parts if show]
    told.append((f"{suppressed} suppressed", cells(f"{suppressed} suppressed")))
    lines, used = [""], 0
    for text, width in told:
        gap = 3 if used else 0
        if used and used + gap + width > pen.width:
            lines.append("")
            used = gap = 0
        lines[-1] += " " * gap + text
        used += gap + width
    return [pen.line(), *lines]


def gate(report: Report, pen: Pen) -> list[str]:
    """Whether the run passed its gate, when one was set."""
    if not report.gate.passed:
        return [
            line
            for reason in report.gate.reasons or ("a gate was set",)
            for line in pen.wrap(f"gate failed: {plain(reason)}", 2, "bold red", first=f"{pen.mark(Status.FAIL)} ")
        ]
    limits = []
    if report.fail_under is not None:
        limits.append(f"score at least {whole(report.fail_under)}")
    if report.fail_on is not None:
        limits.append(f"no finding of severity {report.fail_on.value} or worse")
    return [f"{pen.mark(Status.PASS)} gate passed: {', '.join(limits)}"] if limits else []
