"""Markdown for a job summary or a comment on a pull request: the verdict, what to fix first, the findings folded.

A comment on GitHub holds 65,536 characters and a job summary a mebibyte, and what is larger is not cut but refused. So
the whole stays below the smaller of the two: the least severe findings are left out first, and the report says so.

What comes from the repository is text and never markup: a file may be called `</details>` or `@everyone`.
"""

from __future__ import annotations

import re

import prodcheck
from prodcheck.errors import REPORT_IT
from prodcheck.model import Evidence, Finding, Location, Report, Result, Severity, Status
from prodcheck.patterns import lazy_regex
from prodcheck.report.base import Options
from prodcheck.report.grouping import Group, groups, projects
from prodcheck.report.places import source_url
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import KIND_NAMES, count, counts, duration, effort, place, share, whole

MARK = "<!-- prodcheck-report -->"
"""First line, by which a comment is found again to be replaced by that of a later run."""
LIMIT = 60_000
"""Bytes of the whole."""
FOLD = 5
"""Findings of one rule that are shown; the rest is counted."""

PROJECTS = 20
"""Projects of a monorepo that are shown."""
LONGEST = 600
"""Characters of one message."""

_MARKUP = lazy_regex(
    r"(?P<list>^\s*\d*[-+.)=])"  # means something at the start of a line only
    r"|(?P<link>://|www(?=\.)|[@#])"  # addresses, people and issues become links without any markup
    r"|(?P<html>[&<>|])"
    r"|(?P<markup>[\\`*\[\]~$]|(?<![^\W_])_|_(?![^\W_]))",
    re.IGNORECASE,
)
_NAME = lazy_regex(r"(?<![`\\])`([^`|]+)`(?!`)")
"""A name that one of our messages puts into backticks."""
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_JOINER = "\u2060"
"""A character without width, behind which a name is no mention and an address no link."""
_BAR = 10
_ICONS = {"A": "🟢", "B": "🟢", "C": "🟡", "D": "🟠", "F": "🔴", None: "⚪"}
_SEVERITIES = {Severity.CRITICAL: "🔴", Severity.MAJOR: "🟠", Severity.MINOR: "🟡", Severity.INFO: "🔵"}


def render(report: Report, options: Options) -> str:
    """The report as Markdown of GitHub's flavour, in at most `LIMIT` bytes."""
    head = [MARK, *_head(report), _categories(report), _fix_first(report, options), _projects(report)]
    tail = [_rest(report), _foot(report)]
    shown, room = [], LIMIT - _size([*head, *tail]) - 300
    # What a baseline knows comes last, and is left out first.
    everything = sorted(groups(report), key=_known)
    for number, group in enumerate(everything):
        above = everything[number - 1] if number else None
        heading = [] if above and _heading(above) == _heading(group) else [_heading(group)]
        block = _group(group, report, options)
        room -= _size([*heading, block])
        if room < 0:
            left = len(everything) - number
            shown.append(f"{count(left, 'more rule')} with findings left out here; the other reports have them.")
            break
        shown += [*heading, block]
    return "\n\n".join(part for part in [*head, *shown, *tail] if part) + "\n"


def _size(parts: list[str]) -> int:
    return sum(len(part.encode("utf-8", "replace")) + 2 for part in parts)


def text(value: str) -> str:
    """One line of text in which nothing is markup, a link, or the mention of a person; `names` are code spans."""
    parts = _NAME.split(_cut(plain(value)))
    return "".join(code(part) if number % 2 else _MARKUP.sub(_escape, part) for number, part in enumerate(parts))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if match["list"]:
        return f"{found[:-1]}\\{found[-1]}"
    if match["link"]:
        return found + _JOINER
    return _ENTITIES.get(found, f"\\{found}")


def code(value: str, table: bool = False) -> str:
    """Text from the repository as a code span, in which only the bar of a table has to be escaped."""
    value = _cut(plain(value)).replace("|", "\\|" if table else "|") or " "
    ticks = "`" * (max((len(run) for run in re.findall("`+", value)), default=0) + 1)
    pad = " " if value.startswith("`") or value.endswith("`") else ""
    return f"{ticks}{pad}{value}{pad}{ticks}"


def _head(report: Report) -> list[str]:
    score, project = report.score, report.project
    letter = f"{score.grade} · " if score.grade else "not graded · "
    parts = [f"## {_ICONS[score.grade]} prodcheck: {letter}{whole(score.value)} / 100"]
    told = []
    if score.cap:
        told.append(f"raw {whole(score.raw)}, **held at {score.cap[1]}** by {_rule(report, score.cap[0])}")
    if not score.complete:
        told.append("**score incomplete**: a rule of prodcheck failed")
    told.append(f"judged on {share(score.coverage)} of the rules")
    if report.baseline is not None:
        known = sum(f.baseline_state != "new" for f in report.open_findings)
        told.append(f"{count(len(report.open_findings) - known, 'new finding')}, {known} known")
    parts.append(
        f"**{text(report.name)}** · {KIND_NAMES[project.kind]} · {project.stage.value} · "
        f"{count(report.files, 'file')} in {duration(report.duration_ms)} · {' · '.join(told)}".replace("\u00a0", " ")
    )
    if not report.gate.passed:
        reasons = "".join(f"\n> - {text(reason)}" for reason in report.gate.reasons)
        parts.append(f"> [!CAUTION]\n> **Gate failed**{reasons}")
    elif report.fail_under is not None or report.fail_on is not None:
        limits = [f"score at least {whole(report.fail_under)}"] if report.fail_under is not None else []
        limits += [f"no finding of severity {report.fail_on.value} or worse"] if report.fail_on else []
        parts.append(f"✅ Gate passed: {', '.join(limits)}")
    return parts


def _rule(report: Report, rule_id: str) -> str:
    found = next((r.rule.help_uri for r in report.results if r.rule.id == rule_id), None)
    return f"[{rule_id}]({found})" if found else text(rule_id)


def _categories(report: Report) -> str:
    rows = ["| category | score | | rules met |", "|---|--:|---|---|"]
    for item in report.score.categories:
        mine = [r for r in report.results if r.rule.category is item.category]
        met = sum(r.status is Status.PASS for r in mine)
        if item.score is None:
            empty = "nothing applies" if item.not_applicable == item.rules else "undecided"
            rows.append(f"| {item.category.value} | – | | {empty} |")
            continue
        full = round(item.score / 100 * _BAR)
        bar = "█" * full + "░" * (_BAR - full)
        rows.append(
            f"| {item.category.value} | {whole(item.score)} | `{bar}` | {met} of {item.rules - item.not_applicable} |"
        )
    return "\n".join(rows) if len(rows) > 2 else ""


def _fix_first(report: Report, options: Options) -> str:
    steps = report.score.fix_first
    if not steps:
        return ""
    rows = ["### Fix first", "", "| | rule | where | effort | score |", "|--:|---|---|--:|--:|"]
    for number, step in enumerate(steps, start=1):
        before, after = f"{max(step.score_after - step.gain, 0):.1f}", f"{step.score_after:.1f}"
        rows.append(
            f"| {number} | {_rule(report, step.rule_id)} | {_where(report, step.rule_id, options)} "
            f"| {effort(step.effort_minutes)} | {before} → **{after}** |"
        )
    return "\n".join(rows)


def _projects(report: Report) -> str:
    rows = projects(report)
    if not rows:
        return ""
    shown = [f"| {code(path, table=True)} | {lines} | {found} |" for path, lines, found in rows[:-1][:PROJECTS]]
    if len(rows) - 1 > PROJECTS:
        shown.append(f"| … and {len(rows) - 1 - PROJECTS:,} more | | |")
    shown.append(f"| {rows[-1][0]} | | {rows[-1][2]} |")
    return "\n".join(["### Projects", "", "| folder | code lines | open findings |", "|---|--:|---|", *shown])


def _where(report: Report, rule_id: str, options: Options) -> str:
    result = next((r for r in report.results if r.rule.id == rule_id), None)
    if result is None:
        return ""
    if result.status is Status.BLOCKED and result.blocked_by:
        return f"after {text(result.blocked_by)}"
    places = [f.location for f in result.findings if f.suppression is None and f.location]
    if not places:
        return text(result.reason)
    more = f" +{len(places) - 1}" if len(places) > 1 else ""
    return _place(places[0], report, options, table=True) + more


def _place(location: Location, report: Report, options: Options, table: bool = False) -> str:
    url = source_url(report, location, options)
    shown = code(str(location), table)
    return f"[{shown}]({url})" if url else shown


def _known(group: Group) -> bool:
    return bool(group.findings) and all(f.baseline_state != "new" for f in group.findings)


def _heading(group: Group) -> str:
    return "### Known" if _known(group) else f"### {_SEVERITIES[group.severity]} {group.severity.value}"


def _group(group: Group, report: Report, options: Options) -> str:
    rule, found = group.result.rule, group.findings
    gain = report.score.gains.get(rule.id, 0.0)
    notes = [count(len(found), "finding")] if found else []
    notes += [f"+{gain:.1f} points when fixed"] if gain >= 0.05 else []
    summary = f"<summary><b>{_html(rule.id)}</b> {_html(rule.title)}{' · '.join(['', *notes])}</summary>"
    lines = [f"- {_finding(f, group.severity, report, options)}" for f in found[:FOLD]]
    if len(found) > FOLD:
        lines.append(f"- … and {len(found) - FOLD:,} more")
    if not found:
        lines.append(f"- {text(group.result.reason)}")
    parts = [
        "<details>" if group.severity.rank or _known(group) else "<details open>",
        summary,
        "",
        "\n".join(lines),
        "",
    ]
    parts += [f"**What to do.** {rule.remediation.strip()}", ""]
    if group.blocks:
        parts += [f"Blocks: {', '.join(map(text, group.blocks))}", ""]
    return "\n".join([*parts, f"[Why, and examples]({rule.help_uri})", "", "</details>"])


def _html(value: str) -> str:
    """Text inside an HTML element; what is markup in Markdown is so there as well."""
    escaped = plain(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[\\`*_\[\]~$@]", lambda m: f"&#{ord(m[0])};", escaped)


def _finding(finding: Finding, shown_under: Severity, report: Report, options: Options) -> str:
    notes = [finding.severity.value] if finding.severity is not shown_under else []
    notes += [f"{finding.confidence.value} confidence"] if finding.confidence.value != "high" else []
    notes += ["known"] if finding.baseline_state != "new" else []
    told = text(finding.message) + (f" ({', '.join(notes)})" if notes else "")
    return f"{_place(finding.location, report, options)} {told}" if finding.location else told


def _rest(report: Report) -> str:
    """What is not a finding: undecided rules, suppressions, unused ignores, our errors. Nothing is silent."""
    number = counts(report)
    hidden = [f for f in report.findings if f.suppression]
    lines = [f"- **error** {text(e.where)}: {text(e.message)}" for e in report.errors]
    if lines:
        told, _, address = REPORT_IT.rpartition(" ")
        lines.append(f"- {told} <{address}>")
    lines += [f"- undecided: {text(r.rule.id)}: {text(r.reason)}" for r in _with(report, Status.UNKNOWN)]
    lines += [f"- suppressed: {_suppressed(f)}" for f in hidden]
    lines += [f"- unused ignore: {text(u.rule_id)} in {code(u.source)}" for u in report.unused_ignores]
    if report.skipped:
        lines.append(f"- {count(len(report.skipped), 'file')} not read")
    summary = (
        f"{number[Status.PASS]} passed · {number[Status.PARTIAL]} partly · {number[Status.FAIL]} failed · "
        f"{number[Status.BLOCKED]} blocked · {number[Status.NOT_APPLICABLE]} not applicable · "
        f"{number[Status.UNKNOWN]} undecided · {len(hidden)} suppressed"
    )
    passed = [f"- {text(r.rule.id)}{_evidence(r)}" for r in _with(report, Status.PASS)]
    parts = ["---", summary]
    parts += _folded("Not in the score, and notes", lines) + _folded(count(len(passed), "rule") + " passed", passed)
    return "\n\n".join(parts)


def _folded(title: str, lines: list[str], limit: int = 60) -> list[str]:
    if not lines:
        return []
    more = [f"- … and {len(lines) - limit:,} more"] if len(lines) > limit else []
    body = "\n".join([*lines[:limit], *more])
    return [f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"]


def _with(report: Report, status: Status) -> list[Result]:
    return sorted((r for r in report.results if r.status is status), key=lambda r: r.rule.id)


def _suppressed(finding: Finding) -> str:
    assert finding.suppression is not None
    where = f" {code(str(finding.location))}" if finding.location else ""
    return f"{text(finding.rule_id)}{where}: {text(finding.suppression.reason)} ({code(finding.suppression.source)})"


def _evidence(result: Result) -> str:
    seen: list[Evidence] = [e for e in result.evidence if e.location][:1]
    if seen and seen[0].location:
        return f": {code(place(seen[0].location))} {text(seen[0].detail)}"
    return f": {text(result.reason)}" if result.reason else ""


def _foot(report: Report) -> str:
    commit = f" · {report.git.commit[:10]}" if report.git.commit else ""
    return (
        f"<sub>prodcheck {prodcheck.__version__} · ruleset {text(report.ruleset)}{commit} · {report.started_at}</sub>"
    )
