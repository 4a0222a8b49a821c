"""The way through, on small repositories in memory: what a person would see change when the repository changes."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import lru_cache

import pytest

from prodcheck._audit import audit_repository
from prodcheck.config import Config, Ignore
from prodcheck.extract.secrets.samples import sample
from prodcheck.model import Finding, Kind, Report, Severity, Status
from prodcheck.rules import Ruleset, load_ruleset
from prodcheck.testing import repository

TRAIN = """\
import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier


def train(path):
    frame = pd.read_csv(path)
    model = RandomForestClassifier(n_estimators=100)
    model.fit(frame.drop(columns="y"), frame["y"])
    joblib.dump(model, "model.joblib")


if __name__ == "__main__":
    train("data/train.csv")
"""
PROJECT: Mapping[str, object] = {
    "train.py": TRAIN,
    "features.py": {"lines": 200},
    "data/train.csv": {"size": 3_000_000},
    "README.md": "# Churn\n",
}
WORKFLOW = """\
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pip install -r requirements.txt
      - run: pytest
"""


@lru_cache
def ruleset() -> Ruleset:
    return load_ruleset()


def look(files: Mapping[str, object], config: Config | None = None, git: Mapping[str, object] | None = None) -> Report:
    return audit_repository(repository(files, git), config or Config(), ruleset())


def findings_of(report: Report, rule_id: str) -> list[Finding]:
    return [f for f in report.findings if f.rule_id == rule_id]


def test_no_rule_crashes_on_an_ordinary_project() -> None:
    report = look(PROJECT)
    assert report.errors == ()
    assert report.score.complete
    assert report.project.kind is Kind.TRAINING


FIRST_STEPS: dict[str, Mapping[str, object]] = {
    "a minimal test": {"tests/test_train.py": "from train import train\n\n\ndef test_it():\n    assert train\n"},
    "a CI workflow": {".github/workflows/ci.yml": WORKFLOW},
    "a CI workflow that tests nothing": {".github/workflows/ci.yml": WORKFLOW.replace("pytest", "echo ok")},
    "a bare manifest": {"requirements.txt": "pandas\nscikit-learn\njoblib\n"},
    "a pinned manifest": {"requirements.txt": "pandas==2.2.0\nscikit-learn==1.5.0\njoblib==1.4.0\n"},
    "an empty DVC set-up": {".dvc/config": "[core]\n"},
    "data under DVC": {
        ".dvc/config": "[core]\n    remote = s\n",
        "data/x.csv.dvc": "outs:\n- md5: 0123456789abcdef0123456789abcdef\n  path: x.csv\n",
    },
    "a Dockerfile": {"Dockerfile": "FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"},
}


@pytest.mark.parametrize("step", FIRST_STEPS)
@pytest.mark.parametrize("after", [None, *FIRST_STEPS])
def test_adopting_a_practice_never_lowers_the_score(step: str, after: str | None) -> None:
    before = {**PROJECT, **(FIRST_STEPS[after] if after else {})}
    if set(FIRST_STEPS[step]) & set(before):
        pytest.skip("replaces a file instead of adding one")
    assert look({**before, **FIRST_STEPS[step]}).score.value >= look(before).score.value


def test_an_unrelated_file_changes_nothing() -> None:
    one, two = look(PROJECT), look({**PROJECT, "notes.txt": "buy milk\n"})
    assert (one.score, [f.fingerprint for f in one.findings]) == (two.score, [f.fingerprint for f in two.findings])


def test_the_order_of_files_changes_nothing() -> None:
    backwards = dict(reversed(list(PROJECT.items())))
    assert look(PROJECT).results == look(backwards).results


def test_fingerprints_survive_moved_lines() -> None:
    leak = {"settings.py": "TOKEN = '${secret:huggingface}'\n"}
    moved = {"settings.py": "import os\n\n\nTOKEN = '${secret:huggingface}'\n"}
    one = findings_of(look({**PROJECT, **leak}), "hardcoded-secret")
    two = findings_of(look({**PROJECT, **moved}), "hardcoded-secret")
    assert [f.fingerprint for f in one] == [f.fingerprint for f in two] != []
    assert one[0].location != two[0].location


def test_a_live_looking_credential_caps_the_score() -> None:
    report = look({**PROJECT, **FIRST_STEPS["a pinned manifest"], "settings.py": "T = '${secret:huggingface}'\n"})
    assert report.result("hardcoded-secret").status is Status.FAIL
    assert report.score.value <= 39


def test_an_inline_ignore_with_a_reason_suppresses_and_stays_visible() -> None:
    line = "TOKEN = '${secret:huggingface}'  # prodcheck: ignore[hardcoded-secret] revoked, kept for the test\n"
    report = look({**PROJECT, "settings.py": line})
    assert report.result("hardcoded-secret").status is Status.PASS
    (finding,) = findings_of(report, "hardcoded-secret")
    assert finding.suppression is not None
    assert finding.suppression.reason == "revoked, kept for the test"
    assert finding not in report.open_findings
    assert report.unused_ignores == ()


def test_an_inline_ignore_without_a_reason_is_not_honoured_and_told() -> None:
    report = look(
        {**PROJECT, "settings.py": "TOKEN = '${secret:huggingface}'  # prodcheck: ignore[hardcoded-secret]\n"}
    )
    assert report.result("hardcoded-secret").status is Status.FAIL
    assert "gives no reason" in report.unused_ignores[0].source


@pytest.mark.parametrize("weaker", ["password = '${secret:password}'", "T = '${secret:github}'", "a = 1"])
def test_when_the_worst_hit_is_suppressed_the_score_is_that_of_the_others(weaker: str) -> None:
    leak = "TOKEN = '${secret:huggingface}'  # prodcheck: ignore[hardcoded-secret] revoked\n"
    both = look({**PROJECT, "settings.py": leak + weaker + "\n"}).result("hardcoded-secret")
    alone = look({**PROJECT, "settings.py": weaker + "\n"}).result("hardcoded-secret")
    assert (both.score, both.status, both.confidence) == (alone.score, alone.status, alone.confidence)
    assert len([f for f in both.findings if f.suppression is None]) == len(alone.findings)


def test_a_comment_on_its_own_line_speaks_for_the_next_line_only() -> None:
    text = "# prodcheck: ignore[hardcoded-secret] revoked\nA = '${secret:huggingface}'\nB = '${secret:github}'\n"
    found = findings_of(look({**PROJECT, "settings.py": text}), "hardcoded-secret")
    assert [(f.location.line if f.location else 0, f.suppression is not None) for f in found] == [(2, True), (3, False)]


def test_a_comment_inside_a_string_suppresses_nothing_and_is_not_called_unused() -> None:
    text = "A = '${secret:huggingface}'; B = '# prodcheck: ignore[hardcoded-secret] not a comment'\n"
    report = look({**PROJECT, "settings.py": text})
    assert report.result("hardcoded-secret").status is Status.FAIL
    assert report.unused_ignores == ()


def test_half_a_character_in_a_notebook_does_not_cost_the_report() -> None:
    source = f"x = '\ud83d'; token = '{sample('huggingface')}'"
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": 1}
    text = json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})
    book = {"base64": base64.b64encode(text.encode()).decode()}
    report = look({**PROJECT, "\udcff.ipynb": book})
    assert report.errors == ()
    assert report.result("secret-in-notebook").status is Status.FAIL


def test_a_cell_tag_suppresses_its_cell() -> None:
    cells = [
        {"code": "token = '${secret:huggingface}'", "tags": ["prodcheck-ignore"]},
        {"code": "token = '${secret:github}'"},
    ]
    found = findings_of(look({**PROJECT, "n.ipynb": {"notebook": cells}}), "secret-in-notebook")
    assert [(f.location.cell if f.location else 0, f.suppression is not None) for f in found] == [(1, True), (2, False)]


def test_a_rule_ignored_in_the_settings_leaves_the_score_and_shows_its_reason() -> None:
    ignored = Config(ignore=(Ignore("no-ci", "runs on an internal Jenkins"),))
    report = look(PROJECT, ignored)
    result = report.result("no-ci")
    assert result.status is Status.NOT_APPLICABLE
    assert "runs on an internal Jenkins" in result.reason
    assert report.score.value >= look(PROJECT).score.value


def test_an_ignore_of_a_rule_that_passes_is_reported_as_unused_and_does_not_change_the_score() -> None:
    with_ci = {**PROJECT, **FIRST_STEPS["a CI workflow"]}
    report = look(with_ci, Config(ignore=(Ignore("no-ci", "because"),)))
    assert report.score == look(with_ci).score
    assert [u.rule_id for u in report.unused_ignores] == ["no-ci"]


def test_gates() -> None:
    report = look(PROJECT, Config(fail_under=90, fail_on=Severity.MAJOR))
    assert not report.gate.passed
    assert "is under 90" in report.gate.reasons[0]
    assert "of severity major or worse" in report.gate.reasons[1]
    assert look(PROJECT, Config(fail_under=0)).gate.passed
    assert look(PROJECT).gate.passed


def test_the_kind_decides_what_applies_and_can_be_set() -> None:
    report = look(PROJECT, Config(kind=Kind.COURSE))
    assert report.project.kind is Kind.COURSE
    assert report.result("no-tests").status is Status.NOT_APPLICABLE
    assert "course" in report.result("no-tests").reason


def test_a_missing_prerequisite_blocks_and_folds_its_children() -> None:
    result = look(PROJECT).result("ci-does-not-run-tests")
    assert result.status is Status.BLOCKED
    assert result.blocked_by == "no-ci"
    assert result.findings == ()


def test_an_empty_repository_is_not_praised() -> None:
    report = look({"README.md": "# empty\n"})
    assert report.errors == ()
    assert report.score.grade in (None, "F", "D", "C")
