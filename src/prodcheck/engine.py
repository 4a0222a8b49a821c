"""Run the rules: decide what applies, judge, suppress, and turn hits into findings."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.extract.secrets.redact import redact
from prodcheck.facts import Facts
from prodcheck.matchers import holds, judge
from prodcheck.model import (
    Confidence,
    Finding,
    Hit,
    Kind,
    Outcome,
    Polarity,
    Result,
    Rule,
    RunError,
    Severity,
    Stage,
    Status,
    Suppression,
)
from prodcheck.suppress import Suppressions

SECONDS = 120.0
"""Processor time that all rules of an audit may take together ..."""
SECONDS_PER_FILE = 0.005
"""... and what each file adds. Rules take about a fiftieth of that."""
MISSING = 0.2
"""A prerequisite with at most this score counts as missing: what builds on it is blocked."""

_WHY_NOT = {
    "has_python": "no Python code",
    "has_notebooks": "no notebooks",
    "has_third_party_imports": "no third-party imports",
    "trains": "no model is trained here",
    "predicts": "nothing is predicted here",
    "serves": "nothing is served here",
    "reads_data": "no data is read here",
    "persists_model": "no model is saved here",
    "code_lines": "too little code",
    "python_lines": "too little Python code",
    "code_files": "too few files of code",
}
TIME_SPENT = "the time for judging this repository was spent"
"""Why a rule is undecided that had no time left."""


def run(
    rules: Iterable[Rule], facts: Facts, suppressions: Suppressions
) -> tuple[tuple[Result, ...], tuple[RunError, ...]]:
    """Results of all rules in the order given, and our own crashes.

    Prerequisites are judged first, whatever the order. Once the time for all is spent, the rule under way and those
    after it are undecided: what a rule left half done must not mislead the next one.
    """
    ordered = list(rules)
    by_id = {rule.id: rule for rule in ordered}
    results: dict[str, Result] = {}
    errors: list[RunError] = []
    until = time.process_time() + SECONDS + SECONDS_PER_FILE * len(facts.files)

    def judged(rule: Rule) -> Result:
        nonlocal until
        left = until - time.process_time()
        if left > 0:
            try:
                return _redacted(limited(left, lambda: _run_rule(rule, facts, suppressions, results, errors)))
            except OutOfTime:
                until = 0.0  # not left to the clock, which is finer than the timer
        return Result(rule, Status.UNKNOWN, None, rule.severity, reason=TIME_SPENT)

    def visit(rule: Rule, above: frozenset[str]) -> None:
        if rule.id in results:
            return
        for needed in rule.requires:
            if needed in by_id and needed not in above:
                visit(by_id[needed], above | {rule.id})
        results[rule.id] = judged(rule)

    for rule in ordered:
        visit(rule, frozenset())
    return tuple(results[rule.id] for rule in ordered), tuple(errors)


def _redacted(result: Result) -> Result:
    """The same result without credentials: any message may quote the repository."""
    return replace(
        result,
        reason=redact(result.reason),
        evidence=tuple(replace(e, detail=redact(e.detail)) for e in result.evidence),
        findings=tuple(replace(f, message=redact(f.message)) for f in result.findings),
    )


def _run_rule(
    rule: Rule, facts: Facts, suppressions: Suppressions, results: Mapping[str, Result], errors: list[RunError]
) -> Result:
    severity = rule.severity
    if rule.info_in_prototype and facts.project.stage is Stage.PROTOTYPE:
        severity = Severity.INFO
    try:
        return _attempt(rule, severity, facts, suppressions, results)
    except Exception as crash:
        # A crash of one rule must not cost the whole report; it is shown and makes the score incomplete.
        errors.append(RunError(f"rule {rule.id}", f"{type(crash).__name__} in this rule"))
        return Result(rule, Status.ERROR, None, severity, reason=f"prodcheck failed: {type(crash).__name__}")


def _attempt(
    rule: Rule, severity: Severity, facts: Facts, suppressions: Suppressions, results: Mapping[str, Result]
) -> Result:
    why_not = _why_not_applicable(rule, facts)
    if why_not:
        return Result(rule, Status.NOT_APPLICABLE, None, severity, reason=why_not)
    outcome = _with_gaps(judge(rule.matcher, facts, rule.polarity), rule, facts)
    if outcome.severity is not None and outcome.severity.rank > severity.rank:
        severity = outcome.severity
    missing = _missing(rule, results) or (outcome.needs if outcome.needs in results else None)
    if missing:
        own = outcome.score if outcome.score is not None else 0.0
        return Result(
            rule, Status.BLOCKED, 0.0, severity, outcome.evidence, (), f"needs {missing} first", own_score=own,
            blocked_by=missing, confidence=results[missing].confidence,
        )  # fmt: skip
    if outcome.score is None:
        status = Status.UNKNOWN if outcome.applicable else Status.NOT_APPLICABLE
        return Result(rule, status, None, severity, outcome.evidence, (), outcome.reason)
    return _judged(rule, severity, outcome, suppressions)


def _with_gaps(outcome: Outcome, rule: Rule, facts: Facts) -> Outcome:
    """A file whose reading was given up may hold what a defect rule looks for: without it nothing is found clean."""
    if rule.polarity is Polarity.DEFECT and outcome.score == 1.0 and not outcome.hits and facts.given_up:
        others = f" and {len(facts.given_up) - 1} more" if len(facts.given_up) > 1 else ""
        return Outcome.unknown(f"{facts.given_up[0]}{others} took too long to understand", outcome.evidence)
    return outcome


def _why_not_applicable(rule: Rule, facts: Facts) -> str:
    kind = facts.project.kind
    if kind not in rule.applies_to:
        return f"not asked of {_A[kind]}"
    failed = holds(facts, rule.applies_when)
    return _WHY_NOT.get(failed, f"{failed} does not hold") if failed else ""


_A = {
    Kind.LIBRARY: "a library",
    Kind.TRAINING: "a training project",
    Kind.SERVICE: "a service",
    Kind.NOTEBOOKS: "a collection of notebooks",
    Kind.COURSE: "a course or examples gallery",
    Kind.TEMPLATE: "a template",
    Kind.GENERIC: "a repository without machine learning",
}


def _missing(rule: Rule, results: Mapping[str, Result]) -> str | None:
    """The first prerequisite that is missing. One that does not apply, or is undecided, blocks nothing."""
    for needed in rule.requires:
        result = results.get(needed)
        if result is not None and result.status.judged and (result.score or 0.0) <= MISSING:
            return result.blocked_by or needed
    return None


def _judged(rule: Rule, severity: Severity, outcome: Outcome, suppressions: Suppressions) -> Result:
    score = min(1.0, max(0.0, outcome.score or 0.0))
    if outcome.confidence is Confidence.LOW:
        score = max(score, 0.5)  # a guess never counts as a plain failure
    confidence, hits = outcome.confidence, outcome.hits
    if score >= 1.0:
        hits = tuple(hit for hit in hits if hit.score is not None)  # what is told although it takes no points
    covered: dict[int, Suppression] = {}
    whole = suppressions.whole_rule(rule.id) if score < 1.0 or hits else None
    for position, hit in enumerate(hits):
        decision = whole or suppressions.of(rule.id, hit)
        if decision:
            covered[position] = decision
    if covered and not whole:
        remaining = [hit for position, hit in enumerate(hits) if position not in covered]
        if not remaining:
            score = 1.0
        elif (worst := _worst(remaining)) is not None:
            score = max(worst, 0.5) if outcome.confidence is Confidence.LOW else worst
        elif score > 0.0:
            score = 1.0 - (1.0 - score) * len(remaining) / len(hits)
        if remaining and rule.polarity is Polarity.DEFECT:
            confidence = min((h.confidence for h in remaining), key=list(Confidence).index)
    status = Status.PASS if score >= 0.9995 else Status.FAIL if score <= 0.0005 else Status.PARTIAL
    if status is Status.PASS and len(covered) < len(hits):
        status = Status.PARTIAL
    loud = severity
    if status is Status.PARTIAL and score >= 0.5 and rule.polarity is Polarity.PRACTICE:
        loud = _softer(severity)  # half the practice is there: say so more quietly than its absence
    findings: tuple[Finding, ...] = ()
    if hits or (outcome.score is not None and outcome.score < 0.9995):
        shown = hits or (Hit(None, outcome.reason, outcome.confidence, identity="repository"),)
        findings = _findings(rule, loud, outcome, shown, covered, whole)
    if whole and status is not Status.PASS:
        return Result(rule, Status.NOT_APPLICABLE, None, severity, outcome.evidence, findings,
                      f"ignored: {whole.reason}", confidence)  # fmt: skip
    return Result(
        rule, status, score, severity, outcome.evidence, findings, outcome.reason, confidence, own_score=score
    )


def _worst(hits: list[Hit]) -> float | None:
    """The score that the worst of some hits leaves; None when single hits do not decide."""
    scores = [hit.score for hit in hits]
    return min((s for s in scores if s is not None), default=None) if None not in scores else None


def _softer(severity: Severity) -> Severity:
    order = list(Severity)
    return order[min(order.index(severity) + 1, order.index(Severity.MINOR))] if severity.points > 2 else severity


def _spoken(hit: Hit, severity: Severity) -> Severity:
    """How loudly one hit is told: what is not sure is never told loudly."""
    loud = hit.severity or severity
    return max(loud, Severity.MINOR, key=lambda s: s.rank) if hit.confidence is Confidence.LOW else loud


def _findings(
    rule: Rule,
    severity: Severity,
    outcome: Outcome,
    hits: tuple[Hit, ...],
    covered: Mapping[int, Suppression],
    whole: Suppression | None,
) -> tuple[Finding, ...]:
    import hashlib

    seen: dict[str, int] = {}
    found = []
    for position, hit in enumerate(hits):
        path = hit.location.path if hit.location else ""
        key = f"{rule.id}\0{path}\0{' '.join(_identity(hit).split())}"
        seen[key] = seen.get(key, 0) + 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")).hexdigest()
        found.append(
            Finding(
                rule_id=rule.id,
                category=rule.category,
                severity=_spoken(hit, severity),
                confidence=hit.confidence,
                message=_message(rule.message, hit.detail or outcome.reason, outcome.reason),
                location=hit.location,
                fingerprint=digest[:20],
                remediation=first_sentence(rule.remediation),
                suppression=whole or covered.get(position),
            )
        )
    return tuple(sorted(found, key=lambda f: f.sort_key))


def _identity(hit: Hit) -> str:
    """What makes a hit the same one next time: of the whole repository's hits, the words without the counts."""
    words = hit.identity or hit.detail
    return words if hit.location else re.sub(r"\d+", "#", words)


def _message(template: str, detail: str, reason: str) -> str:
    # Not str.format: a repository's file names may hold braces.
    text = re.sub(r"\{(detail|reason)\}", lambda m: detail if m[1] == "detail" else reason, template)
    return " ".join(text.split())


def first_sentence(remediation: str) -> str:
    """The remediation's first paragraph, on one line."""
    return " ".join(remediation.split("```")[0].split("\n\n")[0].split())
