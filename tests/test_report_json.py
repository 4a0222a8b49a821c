"""The JSON report: the contract with dashboards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from golden import Golden
from prodcheck.model import Category, GitState, Location, RunError, Score, Severity, Skipped, Status, Suppression
from prodcheck.report import Options, render
from prodcheck.report.json import CATEGORY_TITLES, document, stack_json
from prodcheck.report.json_schema import schema, tables
from reports import finding, report, result, rich, rule

SCHEMA_FILE = Path(__file__).parent.parent / "docs" / "report.schema.json"

KEYS = {
    "": "schema_version tool run repository project config scan score gate summary categories rules findings fix_first "
    "stack errors",
    "tool": "name version ruleset scoring_model",
    "run": "started_at duration_ms exit_code ci",
    "repository": "name branch commit commit_time dirty root",
    "project": "kind stage evidence",
    "config": "path digest fail_under fail_on baseline",
    "scan": "files bytes skipped",
    "scan.skipped.0": "path reason",
    "score": "value raw grade coverage cap",
    "gate": "passed reasons",
    "summary": "critical major minor info total new suppressed",
    "categories.0": "id title score points_earned points_possible rules failed not_applicable",
    "rules.0": "id title category severity status score points_earned points_possible gain effort_minutes evidence "
    "reason help_uri",
    "findings.0": "rule_id category severity confidence message path line column end_line cell cell_line fingerprint "
    "baseline_state suppression remediation",
    "fix_first.0": "rule_id gain effort_minutes score_after",
    "stack.0": "topic tool strength evidence",
    "stack.0.evidence.0": "path line detail",
    "errors.0": "where message",
}


def parsed(*results: Any, options: Options | None = None, **changes: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(report(*results, **changes), "json", options or Options()))
    return loaded


def validate(data: object) -> None:
    Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(data)


def test_the_whole_report(golden: Golden) -> None:
    golden("report.json", render(rich(), "json", Options()).replace(_version(), "VERSION"))


def _version() -> str:
    import prodcheck

    return prodcheck.__version__


@pytest.mark.parametrize("where", KEYS)
def test_exactly_the_keys_of_schema_version_1(where: str) -> None:
    node: Any = json.loads(render(rich(), "json", Options()))
    for part in filter(None, where.split(".")):
        node = node[int(part)] if part.isdigit() else node[part]
    assert list(node) == KEYS[where].split()


def test_the_schema_itself_is_valid_and_the_file_is_up_to_date() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize(
    "made",
    [
        rich(),
        report(),
        report(git=GitState()),
        report(score=Score(0.0, 0.0, None, 0.0)),
        report(score=Score(39.0, 90.0, "F", 1.0, cap=("x", 39)), fail_under=70.0, fail_on=Severity.MAJOR),
    ],
)
def test_reports_satisfy_the_schema(made: Any) -> None:
    validate(document(made))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("schema_version",), 2),
        (("score", "value"), 101),
        (("score", "grade"), "E"),
        (("rules", 0, "status"), "failed"),
        (("findings", 0, "line"), 0),
        (("run", "started_at"), "2026-11-24T10:00:00+01:00"),
    ],
)
def test_the_schema_refuses_what_is_wrong(where: tuple[Any, ...], value: object) -> None:
    data: Any = json.loads(render(rich(), "json", Options()))
    node = data
    for part in where[:-1]:
        node = node[part]
    node[where[-1]] = value
    assert not Draft202012Validator(schema()).is_valid(data)


def test_a_missing_key_is_refused() -> None:
    data = json.loads(render(rich(), "json", Options()))
    for key in list(data):
        assert not Draft202012Validator(schema()).is_valid({k: v for k, v in data.items() if k != key})


def test_arrays_are_sorted_whatever_the_order_of_the_input() -> None:
    results = rich().results
    forwards = render(report(*results), "json", Options())
    assert render(report(*reversed(results)), "json", Options()) == forwards
    data = json.loads(forwards)
    for key in ("categories", "rules"):
        assert [r["id"] for r in data[key]] == sorted(r["id"] for r in data[key])


def test_all_nine_categories_are_there_even_without_rules() -> None:
    ids = [c["id"] for c in parsed()["categories"]]
    assert ids == sorted(c.value for c in Category)
    assert set(CATEGORY_TITLES) == set(Category)
    assert {c["score"] for c in parsed()["categories"]} == {None}


def test_the_grade_is_null_when_there_is_none() -> None:
    assert parsed(score=Score(80.0, 80.0, None, 0.2))["score"] == {
        "value": 80.0,
        "raw": 80.0,
        "grade": None,
        "coverage": 0.2,
        "cap": None,
    }


def test_names_that_are_not_utf8_are_percent_encoded_and_come_back() -> None:
    from urllib.parse import unquote_to_bytes

    of, raw = rule("bad-thing"), b"data/100%\xff.csv"
    path = raw.decode("utf-8", "surrogateescape")
    data = parsed(result(of, Status.FAIL, finding(of, path, Location(path))), skipped=(Skipped(path, "unreadable"),))
    assert data["findings"][0]["path"] == "data/100%25%FF.csv"
    assert unquote_to_bytes(data["scan"]["skipped"][0]["path"]) == raw
    validate(data)


def test_other_names_stay_as_they_are() -> None:
    of = rule("bad-thing")
    data = parsed(result(of, Status.FAIL, finding(of, "x", Location("größe/100%.py"))))
    assert data["findings"][0]["path"] == "größe/100%.py"


def test_the_text_is_ascii_so_that_no_terminal_can_be_moved_by_it() -> None:
    of = rule("bad-thing")
    hostile = "a\x1b[2J\x9b1m\u202e\ud800"
    shown = render(report(result(of, Status.FAIL, finding(of, hostile, Location(hostile)))), "json", Options())
    assert shown.isascii()
    assert "\x1b" not in shown
    assert shown.endswith("}\n")
    validate(json.loads(shown))


def test_suppressed_findings_are_kept_with_the_reason_and_not_counted() -> None:
    of = rule("no-lockfile")
    hidden = finding(of, "none", suppression=Suppression("the image is the lock", "prodcheck.toml"))
    data = parsed(result(of, Status.PASS, hidden))
    assert data["findings"][0]["suppression"] == {"reason": "the image is the lock", "source": "prodcheck.toml"}
    assert data["summary"]["total"] == 0
    assert data["summary"]["suppressed"] == 1


def test_the_exit_code_is_the_gates_unless_the_command_line_says_otherwise() -> None:
    failed = rich()
    assert document(failed)["run"]["exit_code"] == 1
    assert document(failed, Options(exit_code=0))["run"]["exit_code"] == 0
    assert document(report())["run"]["exit_code"] == 0
    assert document(report(), Options(ci="github-actions"))["run"]["ci"] == "github-actions"


def test_rules_that_were_not_judged_have_no_score() -> None:
    by_id = {r["id"]: r for r in json.loads(render(rich(), "json", Options()))["rules"]}
    assert by_id["no-container"]["score"] is None
    assert by_id["no-pipeline-definition"]["score"] is None
    assert by_id["no-ci"]["score"] == 1.0


def test_errors_are_listed() -> None:
    assert parsed(errors=(RunError("b", "x"), RunError("a", "y")))["errors"] == [
        {"where": "a", "message": "y"},
        {"where": "b", "message": "x"},
    ]


def test_the_stack_alone_is_the_stack_of_the_report() -> None:
    assert json.loads(stack_json(rich())) == document(rich())["stack"]


def test_the_documentation_has_a_table_for_every_object() -> None:
    shown = tables()
    for name in schema()["$defs"]:
        assert f"### {name}\n" in shown
