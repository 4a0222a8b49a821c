"""SARIF: what GitHub's code scanning requires, and what a hostile repository must not achieve in it."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

import prodcheck
from golden import Golden
from hostile_report import NAMES, hostile
from prodcheck.model import Category, Evidence, GitState, Location, Report, Severity, Status, Suppression
from prodcheck.report import Options, render, sarif
from reports import finding, report, result, rich, rule


def run_of(made: Report, options: Options | None = None) -> Any:
    return json.loads(render(made, "sarif", options or Options()))["runs"][0]


def place_of(found: Any) -> tuple[str, Any]:
    physical = found["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]


def test_the_whole_report(golden: Golden) -> None:
    golden("report.sarif", render(rich(), "sarif", Options()).replace(prodcheck.__version__, "VERSION"))


def test_what_github_requires_is_there() -> None:
    log = json.loads(render(rich(), "sarif", Options()))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    run = run_of(rich())
    assert run["tool"]["driver"]["name"] == "prodcheck"
    for of in run["tool"]["driver"]["rules"]:
        for key in ("shortDescription", "fullDescription", "help"):
            assert of[key]["text"]
        assert of["properties"]["problem.severity"] in ("error", "warning", "recommendation")
        assert of["properties"]["precision"] in ("very-high", "high", "medium", "low")
    for found in run["results"]:
        assert run["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["message"]["text"]
        uri, region = place_of(found)
        assert uri and not uri.startswith("/")
        assert region["startLine"] >= 1 and region["startColumn"] >= 1 and region["endLine"] >= region["startLine"]
        assert found["partialFingerprints"]["primaryLocationLineHash"]


def test_only_rules_about_credentials_are_security_alerts() -> None:
    for of in run_of(rich())["tool"]["driver"]["rules"]:
        security = of["id"] == "secret-in-notebook"
        assert ("security-severity" in of["properties"]) == security
        assert ("security" in of["properties"]["tags"]) == security
    [of] = [r for r in run_of(rich())["tool"]["driver"]["rules"] if r["id"] == "secret-in-notebook"]
    assert float(of["properties"]["security-severity"]) >= 9.0  # shown as critical


def test_a_notebook_finding_has_the_line_in_the_file_and_the_cell_in_the_text() -> None:
    first = next(r for r in run_of(rich())["results"] if r["ruleId"] == "secret-in-notebook")
    assert place_of(first) == (
        "notebooks/model.ipynb",
        {"startLine": 88, "startColumn": 1, "endLine": 88, "endColumn": 2},
    )
    assert first["message"]["text"].endswith("(cell 2, line 6)")


def test_a_finding_about_the_whole_repository_is_anchored_to_a_real_file() -> None:
    of = rule("no-tests")
    without = result(of, Status.FAIL, finding(of, "none"))
    assert place_of(run_of(report(without, anchor="pyproject.toml"))["results"][0])[0] == "pyproject.toml"
    near = replace(without, evidence=(Evidence("no file"), Evidence("a manifest", Location("app/setup.py", 7))))
    uri, region = place_of(run_of(report(near, anchor="pyproject.toml"))["results"][0])
    assert (uri, region["startLine"]) == ("app/setup.py", 1)


def test_paths_count_from_the_top_of_the_git_repository() -> None:
    of = rule("no-tests")
    made = report(
        result(of, Status.FAIL, finding(of, "none"), finding(of, "here", Location("src/a.py", 2))),
        git=GitState(state="ok", prefix="services/churn api"),
        anchor="pyproject.toml",
    )
    uris = {place_of(r)[0] for r in run_of(made)["results"]}
    assert uris == {"services/churn%20api/pyproject.toml", "services/churn%20api/src/a.py"}
    assert run_of(made)["automationDetails"]["id"] == "prodcheck/services/churn%20api/"


def test_a_name_that_is_not_utf8_comes_back_when_it_is_decoded() -> None:
    of, raw = rule("bad-thing"), b"caf\xe9 100%.py"
    uri, _ = place_of(
        run_of(report(result(of, Status.FAIL, finding(of, "x", Location(raw.decode("utf-8", "surrogateescape"))))))[
            "results"
        ][0]
    )
    assert unquote_to_bytes(uri) == raw


def test_suppressed_findings_are_kept_with_their_reason_and_all_results_say_so_or_none() -> None:
    results = run_of(rich())["results"]
    assert all("suppressions" in r for r in results)
    [hidden] = [r for r in results if r["suppressions"]]
    assert hidden["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "the platform team builds the image (prodcheck.toml)",
        }
    ]
    of = rule("bad-thing")
    assert "suppressions" not in run_of(report(result(of, Status.FAIL, finding(of, "x"))))["results"][0]
    inline = finding(of, "x", Location("a.py", 3), suppression=Suppression("a sample", "a.py:3"))
    assert run_of(report(result(of, Status.PASS, inline)))["results"][0]["suppressions"][0]["kind"] == "inSource"


def test_the_most_severe_results_are_kept_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 3)
    of, loud = rule("minor-thing", severity=Severity.MINOR), rule("loud-thing", severity=Severity.CRITICAL)
    made = report(
        result(of, Status.FAIL, *(finding(of, f"{i}") for i in range(5))),
        result(loud, Status.FAIL, finding(loud, "a"), finding(loud, "b")),
    )
    run = run_of(made)
    assert [r["ruleId"] for r in run["results"]] == ["loud-thing", "loud-thing", "minor-thing"]
    assert "4 less severe findings" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_long_texts_are_cut_to_what_github_accepts() -> None:
    of = rule("bad-thing", title="t" * 3000, rationale="r" * 3000)
    run = run_of(report(result(of, Status.FAIL, finding(of, "m" * 9000))))
    described = run["tool"]["driver"]["rules"][0]
    assert len(described["shortDescription"]["text"]) <= 1024
    assert len(described["fullDescription"]["text"]) <= 1024
    assert len(run["results"][0]["message"]["text"]) <= 1024
    assert len(described["properties"]["tags"]) <= 20


def test_our_own_failures_are_notifications() -> None:
    call = run_of(rich(), Options(exit_code=3))["invocations"][0]
    assert call["executionSuccessful"] is False
    assert call["exitCode"] == 3
    assert "KeyError" in call["toolExecutionNotifications"][0]["message"]["text"]


def test_the_state_against_a_baseline_is_told_only_when_there_is_one() -> None:
    of = rule("bad-thing")
    new, old = finding(of, "new"), finding(of, "old", baseline_state="unchanged")
    assert "baselineState" not in run_of(report(result(of, Status.FAIL, new)))["results"][0]
    states = {
        r["message"]["text"]: r["baselineState"] for r in run_of(report(result(of, Status.FAIL, new, old)))["results"]
    }
    assert states == {"new": "new", "old": "unchanged"}


def test_hostile_names_are_text_and_no_links() -> None:
    shown = render(hostile(), "sarif", Options())
    assert shown.isascii()
    run = json.loads(shown)["runs"][0]
    found = [r for r in run["results"] if r["ruleId"] == "repository-litter"]
    assert len(found) == len(NAMES)
    for one in found:
        assert "](" not in one["message"]["text"]
        assert not {unicodedata.category(c) for c in one["message"]["text"]} & {"Cc", "Cf", "Cs", "Zl"}
        uri = place_of(one)[0]
        assert uri.isascii() and not set(uri) & set(' "<>\\^`{|}')


def test_every_category_but_one_is_no_security_alert() -> None:
    for category in Category:
        of = rule("bad-thing", category=category)
        [shown] = run_of(report(result(of, Status.PASS)))["tool"]["driver"]["rules"]
        assert ("security-severity" in shown["properties"]) == (category is Category.SECRETS)
