"""The upper half of the text report: verdict, categories and what to fix first - the part that fits on a screenshot."""

from __future__ import annotations

from prodcheck.model import CategoryScore, Report, Severity, Status
from prodcheck.report.pen import Pen, cells, pad
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import KIND_NAMES, count, counts, duration, effort, place, sentence, share, whole

BAR = 24
"""Columns of a category's bar, where there is room."""
EVIDENCE = 3
"""Pieces of evidence for the kind of project that are shown."""


WHY_LINES = 3
"""Lines that the evidence for the kind may take."""


def head(report: Report, pen: Pen) -> list[str]:
    """What was audited, the score, and what explains it."""
    project, score = report.project, report.score
    name = plain(report.name)
    told = [
        name,
        KIND_NAMES[project.kind],
        project.stage.value,
        f"{count(report.files, 'file')} in {duration(report.duration_ms)}",
    ]
    lines = [*pen.wrap(" · ".join(told), 0), *_why(report, pen), ""]
    lines[0] = lines[0].replace(name, pen.paint(name, "bold"), 1)
    number = pen.grade(f"{whole(score.value):>4}", score.grade) + pen.paint(" / 100", "dim")
    letter = pen.grade(score.grade, score.grade) if score.grade else pen.paint("not graded", "bold")
    # Without a letter the colours would be a verdict, too.
    style = _style(score.value) if score.grade else "blue"
    bar = pen.bar(score.value / 100, pen.width - 16 - cells(score.grade or "not graded"), style)
    lines.append(f"{number}  {letter}  {bar}")
    return lines + pen.wrap(" · ".join(_binds(report)), 2)


def _why(report: Report, pen: Pen) -> list[str]:
    project = report.project
    if project.kind_source != "detected":
        return pen.wrap(f"kind {project.kind_source}, stage {project.stage_source}", 2, "dim")
    ending = "not so? say --kind or --stage"
    reasons = [sentence(e) for e in project.evidence[:EVIDENCE]]
    while True:
        lines = pen.wrap(" · ".join([*(["; ".join(reasons)] if reasons else []), ending]), 2, "dim")
        if len(lines) <= WHY_LINES or len(reasons) <= 1:
            return lines
        reasons.pop()


def _binds(report: Report) -> list[str]:
    score = report.score
    told = []
    if score.cap:
        told.append(f"raw {whole(score.raw)}, held at {score.cap[1]} by {plain(score.cap[0])}")
    if not score.complete:
        told.append("score incomplete: see the errors below")
    judged = [c for c in score.categories if c.score is not None]
    if judged and (weakest := min(judged, key=lambda c: (c.score or 0.0, -c.possible))).score != 100:
        told.append(f"weakest: {weakest.category.value} {whole(weakest.score or 0.0)}")
    judged_on = f"judged on {share(score.coverage)} of the rules"
    if score.grade is None:
        judged_on = f"hygiene only: {judged_on}, too few for a letter"
    return [*told, judged_on]


def _style(score: float) -> str:
    return "green" if score >= 70 else "yellow" if score >= 40 else "red"


def categories(report: Report, pen: Pen) -> list[str]:
    """One bar per category."""
    if not report.score.categories:
        return []
    passed = {
        c.category: sum(r.status is Status.PASS for r in report.results if r.rule.category is c.category)
        for c in report.score.categories
    }
    return [_category(c, passed[c.category], pen) for c in report.score.categories]


def _category(item: CategoryScore, passed: int, pen: Pen) -> str:
    name = pad(item.category.value, 14)
    width = min(BAR, pen.width - 42)
    if item.score is None:
        empty = "nothing applies" if item.not_applicable == item.rules else "undecided"
        return f"  {name}  {' ' * width}    {'–'}  {pen.paint(empty, 'dim')}"
    bar = pen.bar(item.score / 100, width, _style(item.score))
    judged = item.rules - item.not_applicable
    note = pen.paint(f"{passed} of {count(judged, 'rule')} met", "dim")
    return f"  {name}  {bar}  {whole(item.score):>3}  {note}"


def fix_first(report: Report, pen: Pen) -> list[str]:
    """At most five steps with place, effort and the score before and after."""
    steps = report.score.fix_first[:5]
    if not steps:
        return []
    decimals = any(whole(s.score_after) == whole(s.score_after - s.gain) for s in steps)

    def show(score: float) -> str:
        return f"{max(score, 0.0):.1f}" if decimals else whole(score)

    scores = [f"{show(s.score_after - s.gain)} {pen.arrow} {show(s.score_after)}" for s in steps]
    efforts = [effort(s.effort_minutes) for s in steps]
    names = [plain(s.rule_id) for s in steps]
    wide = [max(map(cells, column)) for column in (names, [*efforts, "effort"], [*scores, "score"])]
    room = pen.width - sum(wide) - 11
    right = f"{'effort':>{wide[1]}}  {'score':>{wide[2]}}"
    lines = [pen.paint("Fix first", "bold") + pen.paint(f"{right:>{pen.width - 9}}", "dim")]
    for number, (step, name) in enumerate(zip(steps, names, strict=True), start=1):
        where = pad(_where(report, step.rule_id, room, pen), room)
        lines.append(
            f"  {number}  {pen.paint(pad(name, wide[0]), 'bold')}  {pen.paint(where, 'dim')}"
            f"  {efforts[number - 1]:>{wide[1]}}  {scores[number - 1]:>{wide[2]}}"
        )
    return lines


def _where(report: Report, rule_id: str, room: int, pen: Pen) -> str:
    result = next((r for r in report.results if r.rule.id == rule_id), None)
    if result is None:
        return ""
    if result.status is Status.BLOCKED and result.blocked_by:
        return pen.shorten(f"after {plain(result.blocked_by)}", room)
    places = [place(f.location) for f in result.findings if f.suppression is None and f.location]
    if not places:
        return pen.shorten(plain(result.reason), room)
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    return pen.shorten_middle(places[0], room - len(more)) + more


def one_line(report: Report, pen: Pen) -> str:
    """The verdict alone, for `-q`."""
    score = report.score
    verdict = f"{whole(score.value)} / 100 {score.grade or 'not graded'}"
    told = [f"{plain(report.name)}: {pen.grade(verdict, score.grade)}"]
    loud = [
        f"{n} {severity.value}"
        for severity in Severity
        if severity is not Severity.INFO and (n := sum(f.severity is severity for f in report.open_findings))
    ]
    told.append(", ".join(loud) or "nothing found")
    if score.cap:
        told.append(f"held at {score.cap[1]} by {plain(score.cap[0])}")
    if not score.complete:
        told.append(f"score incomplete ({count(counts(report)[Status.ERROR], 'error')})")
    if not report.gate.passed:
        told.append(f"gate failed: {'; '.join(map(plain, report.gate.reasons))}")
    return " · ".join(told)
