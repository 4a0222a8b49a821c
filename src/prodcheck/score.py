"""The arithmetic: results to a score, its caps, its grade, and what to fix first. Pure, and provably monotone.

A practice rule worth `p` points earns `p*s` of `p`. A defect rule earns `p*s/4` of `p*(1 - 0.75*s)`: a clean defect
rule counts a quarter, or an empty repository would be praised for having no bugs. In both cases what is earned never
falls, and what is possible never rises, when `s` improves; so fixing anything never lowers the score.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from prodcheck.model import (
    Category,
    CategoryScore,
    Confidence,
    FixStep,
    Kind,
    Polarity,
    Result,
    Score,
    Status,
)
from prodcheck.records import dataclass

SCORING_MODEL = 1
"""Number of this arithmetic. It changes when the same results would give another score."""
GRADES = ((85.0, "A"), (70.0, "B"), (55.0, "C"), (40.0, "D"), (0.0, "F"))
MIN_COVERAGE = 0.4
"""Below this share of the rules' points no letter is given."""
STEPS = 5


@dataclass(frozen=True)
class Item:
    """What the arithmetic needs to know of one judged rule."""

    id: str
    points: int
    practice: bool
    score: float
    ceiling: int | None = None
    """The cap that holds while `score` is 0, if any."""
    requires: tuple[str, ...] = ()
    effort_minutes: int = 60
    own: float | None = None
    """The score a blocked rule takes once nothing blocks it."""

    @property
    def parts(self) -> tuple[float, float]:
        """(earned, possible) points."""
        if self.practice:
            return self.points * self.score, float(self.points)
        return self.points * self.score / 4, self.points * (1 - 0.75 * self.score)


def raw_score(items: Iterable[Item]) -> float:
    """100 * earned / possible; 0 when nothing was judged."""
    parts = [item.parts for item in items]
    possible = math.fsum(p for _, p in parts)
    return 100 * math.fsum(e for e, _ in parts) / possible if possible else 0.0


def cap_of(items: Iterable[Item], raw: float) -> tuple[str, int] | None:
    """The lowest ceiling that holds, when it is lower than the raw score."""
    holding = [(i.ceiling, i.id) for i in items if i.ceiling is not None and i.score <= 0.0005]
    if not holding:
        return None
    ceiling, rule_id = min(holding)
    return (rule_id, ceiling) if ceiling < raw else None


def final_score(items: Iterable[Item]) -> float:
    """The raw score, held down by the cap that binds."""
    items = list(items)
    raw = raw_score(items)
    cap = cap_of(items, raw)
    return float(cap[1]) if cap else raw


def grade(value: float) -> str:
    """The letter of a score in 0..100."""
    return next(letter for least, letter in GRADES if value >= least)


def fix(items: Mapping[str, Item], rule_id: str) -> dict[str, Item]:
    """The items after one rule is fixed: it scores 1, and what it alone blocked scores what it has."""
    after = dict(items)
    after[rule_id] = replace(items[rule_id], score=1.0, own=None)
    changed = True
    while changed:
        changed = False
        for item in list(after.values()):
            if item.own is not None and not _blocked(after, item):
                after[item.id] = replace(item, score=max(item.score, item.own), own=None)
                changed = True
    return after


def _blocked(items: Mapping[str, Item], item: Item) -> bool:
    return any(n in items and items[n].score <= 0.2 for n in item.requires)


def fix_first(items: Mapping[str, Item], steps: int = STEPS) -> tuple[FixStep, ...]:
    """What to fix first: what binds a cap, then live credentials and their like, then points per root of effort.

    Prerequisites come before what builds on them.
    """
    current = dict(items)
    found: list[FixStep] = []
    while len(found) < steps:
        before = final_score(current.values())
        cap = cap_of(current.values(), raw_score(current.values()))
        best: tuple[tuple[bool, bool, float], str, float] | None = None
        for item in sorted(current.values(), key=lambda i: i.id):
            if item.score >= 0.9995 or item.points == 0 or _blocked(current, item):
                continue
            after = fix(current, item.id)
            # A cap may hide the gain of everything else; the raw gain still tells what is worth doing.
            gain = raw_score(after.values()) - raw_score(current.values())
            binds = bool(cap and (cap[0] == item.id or _needed_for(current, cap[0], item.id)))
            # A leaked credential waits for nobody, even where the score is so low that its cap does not bind.
            urgent = item.ceiling is not None and not item.practice
            rank = (binds, urgent, gain / math.sqrt(max(item.effort_minutes, 1) / 60))
            if best is None or rank > best[0]:
                best = (rank, item.id, final_score(after.values()))
        if best is None:
            break
        current = fix(current, best[1])
        after_score = round_down(best[2])
        effort = items[best[1]].effort_minutes
        found.append(FixStep(best[1], round(after_score - round_down(before), 1), effort, after_score))
    return tuple(found)


def _needed_for(items: Mapping[str, Item], rule_id: str, candidate: str) -> bool:
    """True when the candidate is a missing prerequisite of the rule."""
    item = items.get(rule_id)
    return bool(item and candidate in item.requires and candidate in items and items[candidate].score <= 0.2)


def round_down(value: float) -> float:
    """One decimal, never up: 84.97 is not yet an 85."""
    return math.floor(value * 10 + 1e-9) / 10


def items_of(results: Iterable[Result], kind: Kind) -> dict[str, Item]:
    """The judged results as items. Caps need high confidence and a plain failure."""
    items = {}
    for result in results:
        if not result.status.judged or result.score is None:
            continue
        rule, cap = result.rule, result.rule.cap
        holds = (
            cap is not None
            and result.confidence is Confidence.HIGH
            and result.status in (Status.FAIL, Status.BLOCKED)
            and (not cap.kinds or kind in cap.kinds)
        )
        items[rule.id] = Item(
            id=rule.id,
            points=result.points,
            practice=rule.polarity is Polarity.PRACTICE,
            score=result.score,
            ceiling=cap.ceiling if cap is not None and holds else None,
            requires=rule.requires,
            effort_minutes=rule.effort_minutes,
            own=result.own_score if result.status is Status.BLOCKED else None,
        )
    return items


def score(results: Iterable[Result], kind: Kind) -> Score:
    """The score of one audit. The order of the results does not matter."""
    results = sorted(results, key=lambda r: r.rule.id)
    items = items_of(results, kind)
    raw = raw_score(items.values())
    cap = cap_of(items.values(), raw)
    value = float(cap[1]) if cap else raw
    everything = sum(r.points for r in results)
    coverage = sum(i.points for i in items.values()) / everything if everything else 0.0
    gains = {i.id: round(final_score(fix(items, i.id).values()) - value, 2) for i in items.values() if i.score < 0.9995}
    return Score(
        value=round_down(value),
        raw=round_down(raw),
        grade=grade(round_down(value)) if coverage >= MIN_COVERAGE else None,
        coverage=round(coverage, 4),
        cap=cap,
        categories=tuple(_category(c, results, items) for c in Category if any(r.rule.category is c for r in results)),
        fix_first=fix_first(items),
        gains=gains,
        points={i.id: i.parts for i in items.values()},
        complete=not any(r.status is Status.ERROR for r in results),
    )


def _category(category: Category, results: list[Result], items: Mapping[str, Item]) -> CategoryScore:
    mine = [r for r in results if r.rule.category is category]
    judged = [items[r.rule.id] for r in mine if r.rule.id in items]
    parts = [item.parts for item in judged]
    return CategoryScore(
        category=category,
        score=round_down(raw_score(judged)) if any(possible for _, possible in parts) else None,
        earned=round(math.fsum(e for e, _ in parts), 4),
        possible=round(math.fsum(p for _, p in parts), 4),
        rules=len(mine),
        failed=sum(r.status in (Status.FAIL, Status.BLOCKED) for r in mine),
        not_applicable=sum(r.status is Status.NOT_APPLICABLE for r in mine),
    )
