"""GitLab Code Quality: the fields that GitLab documents, for each open finding one."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from golden import Golden
from hostile_report import NAMES, hostile
from prodcheck.model import GitState, Report, Status
from prodcheck.report import Options, render
from reports import finding, report, result, rich, rule

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation asks of a custom Code Quality report."""


def issues(made: Report) -> list[Any]:
    found = json.loads(render(made, "gitlab", Options()))
    Draft202012Validator(SCHEMA).validate(found)
    assert isinstance(found, list)
    return found


def test_the_whole_report(golden: Golden) -> None:
    golden("gitlab.json", render(rich(), "gitlab", Options()))


def test_every_open_finding_is_an_issue_with_its_own_fingerprint() -> None:
    found = issues(rich())
    assert len(found) == len(rich().open_findings)
    assert len({f["fingerprint"] for f in found}) == len(found)  # GitLab drops what it has seen before
    assert "no-lockfile" not in {f["check_name"] for f in found}  # suppressed


def test_nothing_found_is_an_empty_list() -> None:
    assert issues(report()) == []


def test_paths_count_from_the_top_of_the_git_repository() -> None:
    of = rule("no-tests")
    made = report(result(of, Status.FAIL, finding(of, "x")), git=GitState(prefix="sub"), anchor="setup.py")
    assert issues(made)[0]["location"] == {"path": "sub/setup.py", "lines": {"begin": 1}}


def test_hostile_names_are_text() -> None:
    found = issues(hostile())
    assert len([f for f in found if f["check_name"] == "repository-litter"]) == len(NAMES)
    assert all("\n" not in f["description"] and "\x1b" not in f["description"] for f in found)
    assert "caf%E9 100%25.py" in {f["location"]["path"] for f in found}
