"""JUnit XML: a rule is a test case; nothing from a repository can break the document."""

from __future__ import annotations

from xml.etree import ElementTree

from golden import Golden
from hostile_report import NAMES, hostile
from prodcheck.model import Location, Report, Severity, Status
from prodcheck.report import Options, render
from reports import finding, report, result, rich, rule


def parsed(made: Report) -> ElementTree.Element:
    return ElementTree.fromstring(render(made, "junit", Options()))


def case(made: Report, rule_id: str) -> ElementTree.Element:
    found = parsed(made).find(f".//testcase[@name='{rule_id}']")
    assert found is not None
    return found


def test_the_whole_report(golden: Golden) -> None:
    golden("report.junit.xml", render(rich(), "junit", Options()))


def test_the_counts_of_a_suite_are_those_of_its_cases() -> None:
    suites = parsed(rich()).findall("testsuite")
    assert [s.get("name") for s in suites][:2] == ["prodcheck.structure", "prodcheck.secrets"]
    assert sum(int(s.get("tests", "")) for s in suites) == len(rich().results)
    for suite in suites:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(sum(c.find(tag) is not None for c in cases))
    assert sum(float(s.get("time", "")) for s in suites) == 0.812


def test_each_status_is_what_a_reader_of_test_reports_expects() -> None:
    made = rich()
    failure = case(made, "secret-in-notebook").find("failure")
    assert failure is not None and failure.text is not None
    assert failure.get("type") == "critical"
    assert "notebooks/model.ipynb cell 2:6" in failure.text
    assert "Revoke the token" in failure.text
    for rule_id, word in (
        ("no-pipeline-definition", "not applicable: a library has no pipeline of its own"),
        ("no-container", "undecided: the Dockerfile is a template"),
        ("ci-does-not-run-tests", "blocked: blocked by no-tests"),
    ):
        skipped = case(made, rule_id).find("skipped")
        assert skipped is not None and skipped.get("message") == word
    assert case(made, "bloated-notebook").find("error") is not None
    passed = case(made, "no-ci")
    assert [child.tag for child in passed] == ["system-out"]
    assert ".github/workflows/ci.yml:3" in (passed.findtext("system-out") or "")


def test_what_has_no_points_does_not_fail_a_build() -> None:
    assert [child.tag for child in case(rich(), "no-model-card")] == ["system-out"]


def test_a_rule_with_nothing_but_known_findings_does_not_fail_a_build() -> None:
    of = rule("bad-thing")
    old = finding(of, "x", Location("a.py", 1), baseline_state="unchanged")
    assert case(report(result(of, Status.FAIL, old)), "bad-thing").find("failure") is None
    assert case(report(result(of, Status.FAIL, old, finding(of, "y"))), "bad-thing").find("failure") is not None


def test_hostile_names_are_text() -> None:
    root = parsed(hostile())  # does not parse when a character is not allowed
    text = "".join(root.itertext()) + "".join(v for e in root.iter() for v in e.attrib.values())
    assert "<script>alert(1)</script>" in text
    assert "\x1b" not in text and "\x00" not in text and "\u202e" not in text
    assert not any(0xD800 <= ord(c) <= 0xDFFF or ord(c) in (0xFFFE, 0xFFFF) for c in text)
    assert {e.tag for e in root.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped", "error", "system-out"
    }  # fmt: skip
    assert len(NAMES) < len(root.findall(".//testcase"))


def test_severities_are_the_types_of_failures() -> None:
    for severity in (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR):
        of = rule("bad-thing", severity=severity)
        failure = case(report(result(of, Status.FAIL, finding(of, "x"))), "bad-thing").find("failure")
        assert failure is not None and failure.get("type") == severity.value
