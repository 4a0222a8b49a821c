"""The history row: one line a run, the same keys for ever."""

from __future__ import annotations

import json
from typing import Any

import prodcheck
from golden import Golden
from hostile_report import hostile
from prodcheck.model import GitState, Report
from prodcheck.report import Options, render
from reports import report, rich

KEYS = (
    "schema_version time repository root branch commit commit_time dirty tool_version ruleset scoring_model "
    "config_digest kind stage score raw grade coverage cap_rule complete gate_passed critical major minor info new "
    "suppressed files duration_ms categories rules"
).split()


def row(made: Report) -> dict[str, Any]:
    shown = render(made, "history", Options())
    assert shown.endswith("\n") and shown.count("\n") == 1
    assert shown.isascii()
    loaded: dict[str, Any] = json.loads(shown)
    return loaded


def test_the_whole_row(golden: Golden) -> None:
    golden("history.jsonl", render(rich(), "history", Options()).replace(prodcheck.__version__, "VERSION"))


def test_every_key_is_always_there() -> None:
    for made in (rich(), report(), report(git=GitState()), hostile()):
        assert list(row(made)) == KEYS


def test_the_numbers_are_those_of_the_report() -> None:
    made, found = rich(), row(rich())
    assert (found["score"], found["grade"]) == (made.score.value, made.score.grade)
    assert (found["critical"], found["minor"], found["suppressed"]) == (2, 17, 1)
    assert found["new"] == len(made.open_findings)
    assert found["gate_passed"] is False and found["complete"] is False
    rules = {r["id"]: r for r in found["rules"]}
    assert rules["repository-litter"] == {"id": "repository-litter", "status": "fail", "findings": 17}
    assert rules["no-lockfile"]["findings"] == 0  # suppressed
    assert "no-pipeline-definition" not in rules  # does not apply


def test_rows_of_many_runs_are_a_file_of_lines() -> None:
    lines = (render(rich(), "history", Options()) + render(hostile(), "history", Options())).splitlines()
    assert [json.loads(line)["schema_version"] for line in lines] == [1, 1]
