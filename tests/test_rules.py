"""Every example in every rule file and tool signature is a test of its own."""

from __future__ import annotations

from functools import lru_cache

import pytest

from prodcheck.facts.signatures import Signature
from prodcheck.model import Example, Rule
from prodcheck.rules import Ruleset, load_ruleset
from prodcheck.testing import run_example, run_signature_example


@lru_cache
def ruleset() -> Ruleset:
    return load_ruleset(examples=True)


@pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(r, e, id=f"{r.id}: {e.name}") for r in ruleset().rules for e in r.examples],
)
def test_rule_example(rule: Rule, example: Example) -> None:
    assert run_example(rule, example, ruleset()).problem == ""


@pytest.mark.parametrize(
    ("signature", "number"),
    [
        pytest.param(s, n, id=f"{s.topic}/{s.tool}: {n + 1}")
        for s in ruleset().signatures
        for n in range(len(s.examples))
    ],
)
def test_signature_example(signature: Signature, number: int) -> None:
    assert run_signature_example(signature, number, ruleset()).problem == ""


@pytest.mark.parametrize("rule", [pytest.param(r, id=r.id) for r in ruleset().rules])
def test_a_rule_says_what_to_do_and_where_to_read_more(rule: Rule) -> None:
    assert rule.source == f"rules/{rule.category.value}/{rule.id}.yaml"
    assert "```" in rule.remediation, "a remediation has a block to copy"
    assert rule.references
    assert len(rule.title) <= 90
