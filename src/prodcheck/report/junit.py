"""JUnit XML: a rule is a test case, a category a test suite. GitLab, Azure DevOps, Jenkins and CircleCI read it.

The dialect is the one that pytest writes and Jenkins has a schema for, so that every reader knows it. A rule that fails
without points (severity info) is a passed test with a note: it must not turn a build yellow.
"""

from __future__ import annotations

from xml.etree import ElementTree

from prodcheck.errors import REPORT_IT
from prodcheck.model import Category, Finding, Report, Result, RunError, Severity, Status
from prodcheck.patterns import lazy_regex
from prodcheck.report.base import Options
from prodcheck.report.grouping import open_findings
from prodcheck.report.sanitize import plain
from prodcheck.report.wording import KIND_NAMES, place, sentence, whole

_INVALID = lazy_regex("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold, however they are escaped."""


def render(report: Report, options: Options) -> str:
    """The report as JUnit XML."""
    root = ElementTree.Element("testsuites", {"name": "prodcheck"})
    for category in Category:
        results = [r for r in report.results if r.rule.category is category]
        if results:
            root.append(_suite(category, sorted(results, key=lambda r: r.rule.id), report))
    told = [result.rule.id for result in report.results if result.status is Status.ERROR]
    failed = [error for error in report.errors if not any(rule in error.where for rule in told)]
    if failed:
        root.append(_files(failed))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(category: Category, results: list[Result], report: Report) -> ElementTree.Element:
    cases = [_case(result) for result in results]
    number = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")}
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": f"prodcheck.{category.value}",
            "tests": str(len(cases)),
            "failures": str(number["failure"]),
            "errors": str(number["error"]),
            "skipped": str(number["skipped"]),
            "time": f"{report.duration_ms / 1000 if category is first(report) else 0:.3f}",
            **({"timestamp": report.started_at.removesuffix("Z")} if report.started_at else {}),
        },
    )
    score = next((c.score for c in report.score.categories if c.category is category), None)
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (
        ("repository", xml(plain(report.name))),
        ("kind", KIND_NAMES[report.project.kind]),
        ("category score", "" if score is None else whole(score)),
        ("score", whole(report.score.value)),
        ("grade", report.score.grade or ""),
    ):
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    suite.extend(cases)
    return suite


def _files(failed: list[RunError]) -> ElementTree.Element:
    """The files in which prodcheck itself failed."""
    number = str(len(failed))
    about = {"name": "prodcheck.errors", "tests": number, "failures": "0", "errors": number, "skipped": "0"}
    suite = ElementTree.Element("testsuite", {**about, "time": "0.000"})
    for error in failed:
        name = {"classname": "prodcheck.errors", "name": xml(plain(error.where)), "time": "0.000"}
        _add(ElementTree.SubElement(suite, "testcase", name), "error", xml(plain(error.message)), REPORT_IT, "error")
    return suite


def first(report: Report) -> Category | None:
    """The category whose suite carries the time of the whole run: readers add the suites' times up."""
    return next((c for c in Category if any(r.rule.category is c for r in report.results)), None)


def _case(result: Result) -> ElementTree.Element:
    rule = result.rule
    attributes = {"classname": f"prodcheck.{rule.category.value}", "name": rule.id, "time": "0.000"}
    case = ElementTree.Element("testcase", attributes)
    findings = open_findings(result)
    why = xml(plain(result.reason))
    if result.status is Status.ERROR:
        _add(case, "error", why or "prodcheck failed in this rule", why, "error")
    elif result.status is Status.NOT_APPLICABLE:
        _add(case, "skipped", f"not applicable: {why}", "", "not-applicable")
    elif result.status is Status.UNKNOWN:
        _add(case, "skipped", f"undecided: {why}", "", "unknown")
    elif result.status is Status.BLOCKED:
        _add(case, "skipped", f"blocked: {why}", "", "blocked")
    elif result.status is Status.PASS:
        _note(case, "\n".join(xml(sentence(e)) for e in result.evidence) or why)
    elif findings and all(f.baseline_state != "new" for f in findings):
        _add(case, "skipped", f"known: {_count(findings)} in the baseline", "", "baseline")
    elif result.severity is Severity.INFO:
        _note(case, f"info, without points\n{_text(result, findings)}")
    else:
        told = xml(plain(findings[0].message)) if findings else why
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        _add(case, "failure", f"{told}{more}", _text(result, findings), result.severity.value)
    return case


def _count(findings: tuple[Finding, ...]) -> str:
    return f"{len(findings)} finding{'s' * (len(findings) != 1)}"


def _text(result: Result, findings: tuple[Finding, ...]) -> str:
    lines = [f"{result.rule.title.rstrip('.')}: {plain(result.reason)}" if result.reason else result.rule.title]
    for finding in findings:
        where = f"{place(finding.location)}: " if finding.location else ""
        known = " (known)" if finding.baseline_state != "new" else ""
        lines.append(f"{where}{plain(finding.message)}{known}")
    lines += ["", findings[0].remediation if findings else result.rule.remediation.strip(), result.rule.help_uri]
    return xml("\n".join(lines))


def _add(case: ElementTree.Element, tag: str, message: str, text: str, kind: str) -> None:
    ElementTree.SubElement(case, tag, {"message": message, "type": kind}).text = text or None


def _note(case: ElementTree.Element, text: str) -> None:
    if text:
        ElementTree.SubElement(case, "system-out").text = text


def xml(text: str) -> str:
    """The text without characters that XML cannot hold; the writer escapes the others."""
    return _INVALID.sub("\N{REPLACEMENT CHARACTER}", text)
