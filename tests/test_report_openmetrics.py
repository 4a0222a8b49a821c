"""Metrics: valid for Prometheus and as OpenMetrics, with labels that nothing can break out of."""

from __future__ import annotations

import re

import prodcheck
from golden import Golden
from hostile_report import hostile
from prodcheck.model import GitState, Report, Score
from prodcheck.report import Options, render
from reports import report, rich

SAMPLE = re.compile(r'(?P<name>[a-z_]+)\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} (?P<value>-?[0-9.e+-]+)')


def samples(made: Report) -> dict[tuple[str, str], float]:
    """(name, labels without the repository) to value; every line has to be one that a scraper reads."""
    found: dict[tuple[str, str], float] = {}
    lines = render(made, "openmetrics", Options()).split("\n")
    assert lines[-2:] == ["# EOF", ""]
    declared = ""
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            declared = line.split(" ")[2]
            assert line == f"# TYPE {declared} gauge"
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match["name"] == declared  # the samples of a family stand together
            labels = re.sub(r'^repository="(?:[^"\\]|\\.)*",?', "", match["labels"])
            assert (match["name"], labels) not in found
            found[match["name"], labels] = float(match["value"])
    return found


def test_the_whole_report(golden: Golden) -> None:
    golden("report.prom", render(rich(), "openmetrics", Options()).replace(prodcheck.__version__, "VERSION"))


def test_the_numbers_are_those_of_the_report() -> None:
    made, found = rich(), samples(rich())
    assert found["prodcheck_score", ""] == made.score.value
    assert found["prodcheck_gate_passed", ""] == 0
    assert found["prodcheck_findings", 'severity="critical"'] == 2
    assert found["prodcheck_findings_suppressed", ""] == 1
    assert found["prodcheck_rules", 'status="blocked"'] == 2
    assert found["prodcheck_score_complete", ""] == 0
    assert found["prodcheck_run_timestamp_seconds", ""] == 1795514400
    assert found["prodcheck_rule_findings", 'category="quality",rule="repository-litter"'] == 17
    assert ("prodcheck_rule_score", 'category="infrastructure",rule="no-container"') not in found  # not judged


def test_what_is_not_known_is_absent_and_not_zero() -> None:
    found = samples(report(git=GitState(), score=Score(0.0, 0.0, None, 0.0), started_at=""))
    assert ("prodcheck_run_timestamp_seconds", "") not in found
    assert not any(name == "prodcheck_category_score" for name, _ in found)


def test_a_folder_of_a_repository_has_its_own_series() -> None:
    shown = render(report(git=GitState(prefix="services/a")), "openmetrics", Options())
    assert 'prodcheck_score{repository="acme/churn",root="services/a"}' in shown


def test_hostile_names_stay_inside_of_their_label() -> None:
    assert samples(hostile())["prodcheck_gate_passed", ""] == 0
