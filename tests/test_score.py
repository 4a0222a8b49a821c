"""The promises of the score, as properties over made-up results."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodcheck.model import Cap, Category, Confidence, Kind, Matcher, Polarity, Result, Rule, Severity, Status
from prodcheck.score import Item, final_score, fix, fix_first, grade, items_of, raw_score, round_down, score


@st.composite
def items(draw: st.DrawFn) -> dict[str, Item]:
    """Up to eight judged rules; a rule may require earlier ones, and is blocked while one of them is missing."""
    made: dict[str, Item] = {}
    for number in range(draw(st.integers(1, 8))):
        name = f"r{number}"
        requires = tuple(draw(st.sets(st.sampled_from(sorted(made)), max_size=2))) if made else ()
        blocked = any(made[n].score <= 0.2 for n in requires)
        own = draw(st.floats(0, 1))
        made[name] = Item(
            id=name,
            points=draw(st.sampled_from([10, 5, 2, 0])),
            practice=draw(st.booleans()),
            score=0.0 if blocked else own,
            ceiling=draw(st.sampled_from([None, None, 39, 54, 69, 84])),
            requires=requires,
            effort_minutes=draw(st.sampled_from([10, 30, 120, 480])),
            own=own if blocked else None,
        )
    return made


@given(items())
def test_the_score_is_between_0_and_100(made: dict[str, Item]) -> None:
    assert 0 <= final_score(made.values()) <= raw_score(made.values()) <= 100 + 1e-9


@given(items(), st.data())
def test_fixing_anything_never_lowers_the_score(made: dict[str, Item], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(made)))
    after = fix(made, name)
    assert raw_score(after.values()) >= raw_score(made.values()) - 1e-9
    assert final_score(after.values()) >= final_score(made.values()) - 1e-9


@given(items(), st.data())
def test_improving_a_rule_a_little_never_lowers_the_score(made: dict[str, Item], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(made)))
    better = data.draw(st.floats(made[name].score, 1))
    after = {**made, name: replace(made[name], score=better)}
    assert raw_score(after.values()) >= raw_score(made.values()) - 1e-9
    assert final_score(after.values()) >= final_score(made.values()) - 1e-9


@given(items())
def test_fix_first_is_short_respects_prerequisites_and_never_goes_down(made: dict[str, Item]) -> None:
    steps = fix_first(made)
    assert len(steps) <= 5
    current = dict(made)
    last = round_down(final_score(made.values()))
    for step in steps:
        assert all(current[needed].score > 0.2 for needed in made[step.rule_id].requires)
        current = fix(current, step.rule_id)
        assert step.score_after == round_down(final_score(current.values())) >= last
        assert step.gain == pytest.approx(step.score_after - last, abs=0.051)
        last = step.score_after


@given(st.lists(st.sampled_from(["pass", "fail", "partial", "unknown", "not-applicable"]), min_size=1, max_size=8))
def test_the_order_of_results_does_not_matter(words: list[str]) -> None:
    results = [_result(f"rule-{i}", Status(word)) for i, word in enumerate(words)]
    assert score(results, Kind.TRAINING) == score(reversed(results), Kind.TRAINING)


def _result(
    rule_id: str,
    status: Status,
    *,
    severity: Severity = Severity.MAJOR,
    polarity: Polarity = Polarity.PRACTICE,
    cap: Cap | None = None,
    confidence: Confidence = Confidence.HIGH,
) -> Result:
    rule = Rule(
        id=rule_id,
        title="t",
        category=Category.TESTS,
        severity=severity,
        polarity=polarity,
        effort_minutes=30,
        applies_to=frozenset(Kind),
        applies_when={},
        requires=(),
        message="m",
        rationale="r",
        remediation="Do it.",
        references=(),
        matcher=Matcher("file", {}),
        examples=(),
        cap=cap,
    )
    value = {"pass": 1.0, "fail": 0.0, "partial": 0.5, "blocked": 0.0}.get(status.value)
    return Result(rule, status, value, severity, confidence=confidence, own_score=value)


def test_a_clean_defect_rule_counts_a_quarter() -> None:
    practice_missing = _result("a", Status.FAIL)
    defect_clean = _result("b", Status.PASS, polarity=Polarity.DEFECT)
    assert score([practice_missing, defect_clean], Kind.TRAINING).raw == pytest.approx(20.0)


def test_an_unknown_or_not_applicable_rule_leaves_the_score_and_lowers_coverage() -> None:
    passed = _result("a", Status.PASS)
    for status in (Status.UNKNOWN, Status.NOT_APPLICABLE):
        total = score([passed, _result("b", status)], Kind.TRAINING)
        assert total.value == 100
        assert total.coverage == 0.5


def test_no_letter_below_forty_percent_coverage() -> None:
    results = [_result("a", Status.PASS), _result("b", Status.NOT_APPLICABLE), _result("c", Status.NOT_APPLICABLE)]
    total = score(results, Kind.COURSE)
    assert total.grade is None
    assert total.value == 100


def test_a_cap_holds_the_score_down_and_is_named() -> None:
    results = [*(_result(f"a{i}", Status.PASS) for i in range(9)), _result("leak", Status.FAIL, cap=Cap(39))]
    total = score(results, Kind.TRAINING)
    assert total.raw == 90
    assert (total.value, total.grade, total.cap) == (39, "F", ("leak", 39))
    assert total.fix_first[0].rule_id == "leak"
    assert total.fix_first[0].score_after == 100


@pytest.mark.parametrize(
    ("status", "confidence", "kind"),
    [
        (Status.FAIL, Confidence.MEDIUM, Kind.LIBRARY),
        (Status.PARTIAL, Confidence.HIGH, Kind.LIBRARY),
        (Status.FAIL, Confidence.HIGH, Kind.TRAINING),
    ],
)
def test_a_cap_needs_a_plain_failure_high_confidence_and_its_kind(
    status: Status, confidence: Confidence, kind: Kind
) -> None:
    cap = Cap(39, frozenset({Kind.LIBRARY}))
    results = [*(_result(f"a{i}", Status.PASS) for i in range(9)), _result("b", status, cap=cap, confidence=confidence)]
    assert score(results, kind).cap is None


def test_an_error_of_ours_makes_the_score_incomplete_and_changes_nothing_else() -> None:
    passed, failed = _result("a", Status.PASS), _result("b", Status.FAIL)
    without = score([passed, failed], Kind.TRAINING)
    with_error = score([passed, failed, _result("c", Status.ERROR)], Kind.TRAINING)
    assert not with_error.complete
    assert with_error.value == without.value


@pytest.mark.parametrize(
    ("value", "letter"), [(100, "A"), (85, "A"), (84.9, "B"), (70, "B"), (55, "C"), (40, "D"), (39.9, "F")]
)
def test_grades(value: float, letter: str) -> None:
    assert grade(value) == letter


def test_a_score_is_never_rounded_up_to_the_next_letter() -> None:
    assert round_down(84.99) == 84.9


def test_blocked_rules_count_as_zero() -> None:
    assert items_of([_result("a", Status.BLOCKED)], Kind.TRAINING)["a"].parts == (0.0, 5.0)
