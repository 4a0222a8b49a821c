"""Reports made by hand: what the reporters are tested with, independent of rules and readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from prodcheck.model import (
    Cap,
    Category,
    Confidence,
    Evidence,
    Finding,
    Gate,
    GitState,
    Kind,
    Location,
    Matcher,
    Polarity,
    Project,
    Report,
    Result,
    Rule,
    RunError,
    Severity,
    Skipped,
    Stage,
    Status,
    Strength,
    Suppression,
    ToolUse,
    UnusedIgnore,
)
from prodcheck.score import score


def rule(rule_id: str, **changes: Any) -> Rule:
    """A rule, major and about tests unless told otherwise."""
    plain = Rule(
        id=rule_id,
        title=f"Title of {rule_id}",
        category=Category.TESTS,
        severity=Severity.MAJOR,
        polarity=Polarity.PRACTICE,
        effort_minutes=30,
        applies_to=frozenset(Kind),
        applies_when={},
        requires=(),
        message="{detail}",
        rationale="It matters.",
        remediation="Do something about it.",
        references=(),
        matcher=Matcher("file", {"path": "x"}),
        examples=(),
    )
    return replace(plain, **changes)


def finding(of: Rule, message: str, location: Location | None = None, **changes: Any) -> Finding:
    """A finding of a rule."""
    plain = Finding(
        rule_id=of.id,
        category=of.category,
        severity=of.severity,
        confidence=Confidence.HIGH,
        message=message,
        location=location,
        fingerprint=f"{of.id}:{location or message}",
        remediation=of.remediation,
    )
    return replace(plain, **changes)


def result(of: Rule, status: Status, *findings: Finding, **changes: Any) -> Result:
    """A result of a rule; its score follows from the status."""
    scores: Mapping[Status, float | None] = {
        Status.PASS: 1.0,
        Status.PARTIAL: 0.5,
        Status.FAIL: 0.0,
        Status.BLOCKED: 0.0,
    }
    plain = Result(rule=of, status=status, score=scores.get(status), severity=of.severity, findings=findings)
    return replace(plain, **changes)


def report(*results: Result, **changes: Any) -> Report:
    """A report on `results` for a training project."""
    kind = changes.get("project", PROJECT).kind
    plain = Report(
        name="acme/churn",
        root=".",
        project=PROJECT,
        git=GitState(
            state="ok",
            branch="main",
            commit="2f1c" * 10,
            commit_time="2026-10-01T08:00:00Z",
            dirty=True,
            remotes=(("origin", "https://github.com/acme/churn"),),
        ),
        results=results,
        score=score(results, kind),
        gate=Gate(True),
        stack=(),
        files=214,
        bytes=1_234_567,
        skipped=(),
        unused_ignores=(),
        errors=(),
        config_path=None,
        config_digest="",
        fail_under=None,
        fail_on=None,
        ruleset="2026.11",
        started_at="2026-11-24T10:00:00Z",
        duration_ms=812,
    )
    return replace(plain, **changes)


PROJECT = Project(
    kind=Kind.TRAINING,
    stage=Stage.PROTOTYPE,
    evidence=(
        Evidence("calls sklearn.ensemble.RandomForestClassifier().fit", Location("train.py", 41)),
        Evidence("a model is written", Location("train.py", 57)),
    ),
)


def rich() -> Report:
    """A report in which everything occurs that a reporter must show."""
    secret = rule(
        "secret-in-notebook",
        title="Notebooks hold no credentials, neither typed nor printed",
        category=Category.SECRETS,
        severity=Severity.CRITICAL,
        polarity=Polarity.DEFECT,
        cap=Cap(39),
        remediation="Revoke the token at the provider, then read it from the environment.",
    )
    tests = rule(
        "no-tests",
        title="Code is covered by automated tests",
        severity=Severity.CRITICAL,
        effort_minutes=480,
        remediation="Write a first test for the function that prepares the features, and run it with `pytest`.",
    )
    thin = rule("thin-or-vacuous-tests", title="Tests assert something", requires=("no-tests",))
    in_ci = rule("ci-does-not-run-tests", title="CI runs the tests", category=Category.CI, requires=("no-tests",))
    pinned = rule(
        "unpinned-dependencies",
        title="Dependencies are pinned",
        category=Category.DEPENDENCIES,
        effort_minutes=10,
        remediation="Pin every requirement to the version that you have tested.",
    )
    litter = rule(
        "repository-litter",
        title="Caches and editor files stay out of version control",
        category=Category.QUALITY,
        severity=Severity.MINOR,
        polarity=Polarity.DEFECT,
        effort_minutes=10,
        remediation="Remove the files from version control and list them in `.gitignore`.",
    )
    card = rule("no-model-card", title="A model card exists", category=Category.QUALITY, severity=Severity.INFO)
    ci = rule("no-ci", title="The project has continuous integration", category=Category.CI)
    lock = rule("no-lockfile", title="A lock file fixes the environment", category=Category.DEPENDENCIES)
    airflow = rule("no-pipeline-definition", title="Steps form a pipeline", category=Category.OPERATIONS)
    container = rule("no-container", title="The project runs in a container", category=Category.INFRASTRUCTURE)
    crash = rule("bloated-notebook", title="Notebooks stay small", category=Category.STRUCTURE)
    versioned = rule("data-not-versioned", title="Data is versioned", category=Category.DATA)
    workflow = Location(".github/workflows/ci.yml", 3)
    return report(
        result(
            secret,
            Status.FAIL,
            finding(
                secret,
                "Hugging Face token hf_A… (37 characters)",
                Location("notebooks/model.ipynb", 88, cell=2, cell_line=6),
            ),
            finding(
                secret,
                "password assigned to `db_password` (9 characters)",
                Location("notebooks/explore.ipynb", 12, cell=1, cell_line=2),
                confidence=Confidence.MEDIUM,
                severity=Severity.MAJOR,
            ),
        ),
        result(
            tests, Status.FAIL, finding(tests, "No test function in 214 files"), reason="no test function in 214 files"
        ),
        result(thin, Status.BLOCKED, blocked_by="no-tests", reason="blocked by no-tests"),
        result(in_ci, Status.BLOCKED, blocked_by="no-tests", reason="blocked by no-tests"),
        result(
            pinned,
            Status.PARTIAL,
            finding(pinned, "3 of 17 requirements pinned exactly", Location("requirements.txt")),
            score=3 / 17,
            reason="3 of 17 requirements pinned exactly (requirements.txt)",
        ),
        result(
            litter,
            Status.FAIL,
            *(finding(litter, "Python's cache", Location(f"src/churn/__pycache__/m{i:02}.pyc")) for i in range(17)),
        ),
        result(
            card,
            Status.FAIL,
            finding(card, "No model card"),
            reason="no model card",
        ),
        result(
            ci,
            Status.PASS,
            evidence=(Evidence("workflow `ci` runs on push and pull_request", workflow, Strength.ENFORCED),),
            reason="GitHub Actions",
        ),
        result(
            lock,
            Status.PASS,
            finding(
                lock,
                "No lock file",
                suppression=Suppression("the platform team builds the image", "prodcheck.toml"),
            ),
        ),
        result(airflow, Status.NOT_APPLICABLE, reason="a library has no pipeline of its own"),
        result(container, Status.UNKNOWN, reason="the Dockerfile is a template"),
        result(crash, Status.ERROR, reason="KeyError in bloated-notebook"),
        result(versioned, Status.PASS, evidence=(Evidence("tracks data/raw", Location("data/raw.dvc", 1)),)),
        skipped=(Skipped("data/big.csv", "812 MB, larger than any source file"), Skipped("vendor/lib", "submodule")),
        unused_ignores=(UnusedIgnore("no-license", "prodcheck.toml"),),
        errors=(RunError("bloated-notebook", "KeyError in bloated-notebook"),),
        stack=(
            ToolUse(
                "ci",
                "github-actions",
                "GitHub Actions",
                Strength.ENFORCED,
                (Evidence("workflow `ci`", workflow, Strength.ENFORCED),),
            ),
        ),
        fail_under=70.0,
        gate=Gate(False, ("score 13.2 is below 70",)),
    )
