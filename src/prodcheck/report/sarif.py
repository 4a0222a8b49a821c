"""SARIF 2.1.0 for code scanning: GitHub, Azure DevOps, GitLab, editors, warnings-ng.

What GitHub requires and wants decides what is in it: rules with texts of at most 1,024 characters, one location per
result, a fingerprint, at most 25,000 results (the most severe are kept, and the run says that some were left out).
`security-severity` stands on rules about credentials and untrusted code only: it turns a rule into a security alert.
"""

from __future__ import annotations

import json
from typing import Any

import prodcheck
from prodcheck.model import Category, Confidence, Finding, Location, Report, Result, Rule, Severity
from prodcheck.report.base import Options
from prodcheck.report.places import anchor, quote
from prodcheck.report.sanitize import plain, portable
from prodcheck.score import SCORING_MODEL

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/prodcheck/prodcheck"
RESULTS = 25_000
"""Results that GitHub accepts in one run."""
TEXT = 1_024
"""Characters of a description that GitHub accepts."""
TAGS = 20
ROOT = "%SRCROOT%"
_LEVEL = {Severity.CRITICAL: "error", Severity.MAJOR: "warning", Severity.MINOR: "note", Severity.INFO: "note"}
_PROBLEM = {
    Severity.CRITICAL: "error",
    Severity.MAJOR: "warning",
    Severity.MINOR: "recommendation",
    Severity.INFO: "recommendation",
}
_SECURITY = {Severity.CRITICAL: "9.5", Severity.MAJOR: "7.5", Severity.MINOR: "4.5", Severity.INFO: "2.0"}
_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}


def render(report: Report, options: Options) -> str:
    """The report as a SARIF log of one run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, options)]}
    return json.dumps(log, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _run(report: Report, options: Options) -> dict[str, Any]:
    findings = report.findings[:RESULTS]
    ordered = sorted(report.results, key=lambda r: r.rule.id)
    index = {result.rule.id: position for position, result in enumerate(ordered)}
    # All or none: one result without the property says that nobody knows whether it was suppressed.
    suppressed = any(f.suppression for f in findings)
    known = report.baseline is not None or any(f.baseline_state != "new" for f in findings)
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "prodcheck",
                "fullName": "prodcheck, the production-readiness linter for machine learning",
                "version": prodcheck.__version__,
                "semanticVersion": prodcheck.__version__,
                "informationUri": HOME,
                "rules": [_rule(result) for result in ordered],
            }
        },
        "automationDetails": {"id": f"prodcheck/{quote(report.git.prefix) or 'repository'}/"},
        "invocations": [_invocation(report, options, len(report.findings) - len(findings))],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The top of the git repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(f, report, index[f.rule_id], suppressed, known) for f in findings],
        "properties": {
            "score": report.score.value,
            "grade": report.score.grade,
            "ruleset": report.ruleset,
            "scoringModel": SCORING_MODEL,
            "kind": report.project.kind.value,
            "stage": report.project.stage.value,
        },
    }
    provenance = _provenance(report)
    if provenance:
        run["versionControlProvenance"] = [provenance]
    return run


def _invocation(report: Report, options: Options, left_out: int) -> dict[str, Any]:
    code = options.exit_code if options.exit_code is not None else int(not report.gate.passed)
    notes = [
        {"level": "error", "message": {"text": _cut(f"{plain(e.where)}: {plain(e.message)}")}} for e in report.errors
    ]
    if left_out:
        notes.append(
            {
                "level": "warning",
                "message": {"text": f"{left_out} less severe findings are left out: a run holds {RESULTS} results."},
            }
        )
    return {
        "executionSuccessful": not report.errors,
        "exitCode": code,
        **({"startTimeUtc": report.started_at} if report.started_at else {}),
        "toolExecutionNotifications": notes,
    }


def _provenance(report: Report) -> dict[str, Any]:
    url = dict(report.git.remotes).get("origin", "")
    if not url.startswith(("https://", "http://")):
        return {}
    found = {"repositoryUri": quote_url(url), "mappedTo": {"uriBaseId": ROOT}}
    if report.git.commit:
        found["revisionId"] = report.git.commit
    if report.git.branch:
        found["branch"] = portable(report.git.branch)
    return found


def quote_url(url: str) -> str:
    """An address with whatever may not stand in one percent-encoded."""
    return "".join(c if c.isascii() and c.isprintable() and c not in ' <>"{}|\\^`' else quote(c) for c in url)


def _rule(result: Result) -> dict[str, Any]:
    rule = result.rule
    tags = ["production-readiness", "machine-learning", rule.category.value]
    properties: dict[str, Any] = {
        "tags": [*tags, "security"][:TAGS] if _security(rule) else tags,
        "precision": _PRECISION[result.confidence],
        "problem.severity": _PROBLEM[result.severity],
    }
    if _security(rule):
        properties["security-severity"] = _SECURITY[result.severity]
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": _cut(_sentence(rule.title))},
        "fullDescription": {"text": _cut(" ".join(rule.rationale.split("```")[0].split()) or _sentence(rule.title))},
        "help": {"text": _help(rule, "\n\n"), "markdown": _help(rule, "\n\n", "**", "## ")},
        "helpUri": rule.help_uri,
        "defaultConfiguration": {"level": _LEVEL[result.severity]},
        "properties": properties,
    }


def _security(rule: Rule) -> bool:
    return rule.category is Category.SECRETS


def _help(rule: Rule, gap: str, strong: str = "", heading: str = "") -> str:
    parts = [f"{strong}{_sentence(rule.title)}{strong}", rule.rationale.strip(), f"{heading}How to fix it"]
    parts += [rule.remediation.strip(), "\n".join(f"- {reference}" for reference in rule.references)]
    return gap.join(part for part in parts if part)


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _result(finding: Finding, report: Report, rule: int, suppressed: bool, known: bool) -> dict[str, Any]:
    place = anchor(report, finding)
    result: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": message(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place.path), "uriBaseId": ROOT},
                    "region": _region(place),
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
        "properties": {"confidence": finding.confidence.value, "severity": finding.severity.value},
    }
    if known:
        result["baselineState"] = "new" if finding.baseline_state == "new" else "unchanged"
    if suppressed:
        result["suppressions"] = _suppressions(finding, report)
    return result


def message(finding: Finding) -> str:
    """The finding in words, with the notebook cell; nothing in it can become a link."""
    place = finding.location
    where = ""
    if place and place.cell is not None:
        where = f" (cell {place.cell}" + (f", line {place.cell_line})" if place.cell_line else ")")
    return _cut((plain(finding.message) or finding.rule_id).replace("](", "] (") + where)


def _region(place: Location) -> dict[str, int]:
    start = place.line or 1
    column = place.column or 1
    region = {"startLine": start, "startColumn": column, "endLine": max(place.end_line or start, start)}
    if region["endLine"] == start:
        region["endColumn"] = column + 1
    return region


def _suppressions(finding: Finding, report: Report) -> list[dict[str, Any]]:
    if finding.suppression is None:
        return []
    # A decision in the settings names the file alone; a comment names the file and the line.
    outside = finding.suppression.source in (report.config_path, "prodcheck.toml", "pyproject.toml")
    return [
        {
            "kind": "external" if outside else "inSource",
            "status": "accepted",
            "justification": f"{plain(finding.suppression.reason)} ({plain(finding.suppression.source)})",
        }
    ]
