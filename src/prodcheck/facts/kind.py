"""What the repository is - library, training project, service ... - and how far it means to go.

Kind decides which rules apply, so it may rest only on what a repository is and never on a practice that it lacks. Each
kind collects points from signals a person can check; the kind with the most points wins, and what is doubtful goes to
the stricter one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from prodcheck.facts.kind_model import Signal
from prodcheck.facts.kind_signals import signals
from prodcheck.model import Evidence, Kind, Location, Project, Stage, Strength

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts

CLEAR = 2
"""Points by which the best kind must lead the next one."""
ENOUGH = 3
"""Points below which a kind is not believed."""


def build(facts: Facts) -> Project:
    """The project's kind and stage with the evidence for them; settings win over what is detected."""
    found = signals(facts)
    scores = _scores(found)
    kind = facts.config.kind or _primary(scores, found, facts)
    stage, why = _stage(kind, facts)
    chosen = [s for s in found if s.kind is kind and s.evidence is not None and s.points > 0]
    chosen.sort(key=lambda s: -s.points)
    evidence = tuple(dict.fromkeys(s.evidence for s in chosen if s.evidence))
    if kind is Kind.NOTEBOOKS and not evidence:
        evidence = (Evidence(f"{facts.code.notebook_share:.0%} of the code is in notebooks"),)
    seen = {e.location for e in evidence[:4]}
    why = tuple(e for e in why if e.location is None or e.location not in seen)
    secondary = tuple(k for k in Kind if k is not kind and k is not Kind.GENERIC and scores[k] >= ENOUGH)
    return Project(
        kind,
        facts.config.stage or stage,
        (*evidence[:4], *why) if not facts.config.stage else evidence[:4],
        secondary,
        "configured" if facts.config.kind else "detected",
        "configured" if facts.config.stage else "detected",
    )


def _scores(found: Iterable[Signal]) -> Mapping[Kind, int]:
    scores: dict[Kind, int] = defaultdict(int)
    for signal in found:
        scores[signal.kind] += signal.points
    return scores


_PUBLIC = frozenset("published classifiers docs-site nbdev".split())
"""Signals of a library that others are meant to install."""
_COURSE = frozenset("words chapters units badges".split())
"""Signals that tell a course from any repository with many folders."""


def _primary(scores: Mapping[Kind, int], found: Iterable[Signal], facts: Facts) -> Kind:
    """The kind with most points, held back by guards against the two mistakes that let a project off lightly."""
    scores = dict(scores)
    names = {s.name for s in found}
    training = scores.get(Kind.TRAINING, 0)
    if "published" not in names and ("layout" in names or ("train-entry" in names and training >= ENOUGH + CLEAR)):
        scores[Kind.LIBRARY] = 0  # a training project that happens to be installable
    if facts.code.trains and not names & _PUBLIC and scores.get(Kind.LIBRARY, 0) > ENOUGH:
        scores[Kind.LIBRARY] = ENOUGH  # packaged for its own use
    if len(names & _COURSE) < 1 or len([s for s in found if s.kind is Kind.COURSE]) < 2:
        scores[Kind.COURSE] = 0  # the word "tutorial" in a README makes no course, nor do many folders
    if training >= ENOUGH and scores.get(Kind.SERVICE, 0) <= training + CLEAR:
        scores[Kind.SERVICE] = min(scores.get(Kind.SERVICE, 0), training)  # it serves what it trains
    if "trains" not in names and "train-entry" not in names and scores.get(Kind.NOTEBOOKS, 0) >= ENOUGH:
        scores[Kind.TRAINING] = min(scores.get(Kind.TRAINING, 0), scores[Kind.NOTEBOOKS] - CLEAR)
    if "words" in names and "chapters" in names:
        scores[Kind.COURSE] += CLEAR
    if scores.get(Kind.COURSE, 0) >= scores.get(Kind.TRAINING, 0):
        scores[Kind.COURSE] = scores.get(Kind.COURSE, 0) + CLEAR  # what a course teaches looks like a project
    ranked = sorted(((k, p) for k, p in scores.items() if p), key=lambda item: (-item[1], list(Kind).index(item[0])))
    best = [(kind, points) for kind, points in ranked if points >= ENOUGH]
    if not best:
        analysis = facts.code.notebook_share > 0.5 and bool(facts.code.reads_data or facts.code.trains)
        return Kind.TRAINING if facts.code.trains else Kind.NOTEBOOKS if analysis else Kind.GENERIC
    close = [kind for kind, points in ranked if best[0][1] - points < CLEAR]
    if best[0][0] is Kind.LIBRARY and Kind.SERVICE in close and "published" not in names:
        return Kind.SERVICE
    # In doubt the stricter kind: a project that trains is asked more than one that only might be something else.
    return Kind.TRAINING if Kind.TRAINING in close and facts.code.trains else best[0][0]


def _stage(kind: Kind, facts: Facts) -> tuple[Stage, tuple[Evidence, ...]]:
    """Production when something is served, deployed, released or scheduled; prototype otherwise."""
    if kind is Kind.SERVICE:
        return Stage.PRODUCTION, ()
    for verb in ("deploy", "publish"):
        for command in facts.ci.having(verb):
            place = command.chain[0].location if command.chain else Location(command.pipeline)
            return Stage.PRODUCTION, (Evidence(f"CI runs {command.text[:60]}", place, Strength.ENFORCED),)
    for command in facts.ci.commands:
        if "schedule" in command.triggers and command.verbs & {"train", "score"}:
            place = command.chain[0].location if command.chain else Location(command.pipeline)
            return Stage.PRODUCTION, (Evidence(f"a schedule runs {command.text[:60]}", place, Strength.ENFORCED),)
    for use in facts.stack:
        if use.topic == "registry" and use.strength >= Strength.USED:
            return Stage.PRODUCTION, (Evidence(f"models are registered with {use.name}", use.evidence[0].location),)
    return Stage.PROTOTYPE, ()
