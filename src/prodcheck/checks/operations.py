"""Checks of the category `operations`: how work starts, in which order, how models are renewed and watched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prodcheck.facts import Facts
from prodcheck.facts.operations import DEMAND, EVENT, JOBS, PUSH, REGISTER, SCHEDULE, TRAIN, Trigger
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity, Stage, Strength
from prodcheck.patterns import lazy_regex

LIVE, ON_DEMAND, PAUSED, BY_HAND, SCRIPTED = 1.0, 0.6, 0.4, 0.4, 0.2
MANY = 3
"""Files that train, from which on a repository is a collection of experiments."""
SMALL = 300
"""Code lines up to which a single training script needs no pipeline."""


def manual_runs_only(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """The best way in which training, scoring or data work starts."""
    operations = facts.operations
    if not facts.code.trains and not operations.batch_scoring:
        return Outcome.not_applicable("nothing is trained or scored in batches here")
    jobs = [t for t in operations.triggers if t.work & JOBS]
    live = [t for t in jobs if t.active and t.how in (SCHEDULE, EVENT)]
    if live:
        return _found(LIVE, live, f"{_first(live)}")
    ready = [t for t in jobs if t.active and t.how in (PUSH, DEMAND)]
    if ready:
        return _found(ON_DEMAND, ready, f"{_first(ready)}; no schedule or event starts the work")
    if jobs:
        return _found(PAUSED, jobs, _first(jobs))
    ways = _one_command(facts)
    if ways:
        return _partly(BY_HAND, ways, f"{ways[0].detail} does the work, and a person has to start it")
    scripts = [e.evidence for e in operations.scripts]
    if scripts:
        return _partly(
            SCRIPTED, tuple(scripts[:4]), f"only a script, {scripts[0].location}, that a person has to start"
        )
    databricks = _databricks_notebook(facts)
    if databricks is not None:
        return Outcome.unknown("notebooks of Databricks are scheduled outside of the tree", (databricks,))
    remote = [e for e in facts.ci.unknown if re.search(r"train|score|pipeline", e.detail, re.IGNORECASE)]
    if remote:
        return Outcome.unknown(f"{remote[0].detail} is not in the tree", tuple(remote[:2]))
    place = operations.training_place or operations.batch_scoring[0].location
    reason = "training starts only when a person runs it" if facts.code.trains else "scoring starts only by hand"
    softer = Severity.MINOR if facts.code.small_notebooks else None
    return Outcome(0.0, hits=(Hit(place, reason, identity="manual"),), reason=reason, severity=softer)


def _one_command(facts: Facts, train: bool = False) -> tuple[Evidence, ...]:
    """What does the whole work when a person types one command: a task runner's target, or a pipeline definition."""
    operations = facts.operations
    entries = [e for e in operations.entries if not train or TRAIN in e.work]
    entries.sort(key=lambda e: (TRAIN not in e.work, -len(e.stages)))
    flows = sorted(operations.flows, key=lambda f: -f.steps)
    return tuple(dict.fromkeys([*(e.evidence for e in entries), *(f.evidence for f in flows)]))[:4]


def _first(triggers: Iterable[Trigger]) -> str:
    best = min(triggers, key=lambda t: (not t.certain, t.how != SCHEDULE))
    return best.evidence.detail


def _found(score: float, triggers: list[Trigger], reason: str) -> Outcome:
    ordered = sorted(triggers, key=lambda t: (not t.certain, t.how != SCHEDULE))
    evidence = tuple(dict.fromkeys(t.evidence for t in ordered))[:4]
    confidence = Confidence.HIGH if any(t.certain for t in triggers) else Confidence.MEDIUM
    if score >= LIVE:
        return Outcome(score, evidence, reason=reason, confidence=confidence)
    return Outcome(score, evidence, (Hit(evidence[0].location, reason, identity="partly"),), reason, confidence)


def _partly(score: float, evidence: tuple[Evidence, ...], reason: str) -> Outcome:
    return Outcome(score, evidence, (Hit(evidence[0].location, reason, identity="partly"),), reason)


def _databricks_notebook(facts: Facts) -> Evidence | None:
    for path, file in facts.files.items():
        if file.python is not None and file.python.flavour == "databricks" and facts.role(path) is Role.CODE:
            return Evidence("is a notebook of Databricks", Location(path, 1))
    return None


# Pipelines


_COMPUTES = frozenset("ray modal spark beam dask skypilot dstack outerbounds make just".split())
"""Tools that run work somewhere and say nothing about the order of steps."""
_NUMBERED = lazy_regex(r"(?:step|stage|part)?[-_ ]?\d+[a-z]?[-_. ]", re.IGNORECASE)


def no_pipeline_definition(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Steps from raw data to the model, declared with their order."""
    operations = facts.operations
    flows = operations.flows
    complete = [f for f in flows if f.complete]
    if complete:
        evidence = tuple(f.evidence for f in sorted(complete, key=lambda f: -f.steps)[:4])
        return Outcome(1.0, evidence, reason=evidence[0].detail)
    stages = operations.stage_files
    if len(stages) < 2 and facts.code.code_lines <= SMALL:
        return Outcome.not_applicable("a single short script has no steps to order")
    if flows:
        why = "with a single step" if flows[0].steps < 2 else "whose steps are not linked"
        return _partly(0.5, (flows[0].evidence,), f"a pipeline of {flows[0].system} {why}")
    ordered = [e for e in (*operations.entries, *operations.scripts) if len(e.stages) >= 2]
    if ordered:
        best = max(ordered, key=lambda e: len(e.stages))
        detail = f"runs {len(best.stages)} steps one after the other"
        reason = f"{best.command} {detail}; their inputs and outputs are not declared"
        return _partly(0.5, (Evidence(detail, best.evidence.location),), reason)
    if operations.sequences:
        first = operations.sequences[0]
        place = first.location.path if first.location else "a script"
        return _partly(0.5, (first,), f"{place} {first.detail}; their inputs and outputs are not declared")
    using = [u for u in facts.stack if u.topic == "orchestration" and u.strength >= Strength.USED]
    using = [u for u in using if u.tool not in _COMPUTES]
    if using:
        reason = f"{using[0].name} is used, and no pipeline of two linked steps was found"
        return _partly(0.5, using[0].evidence[:3], reason)
    numbered = [
        path for path in stages if re.match(r"(?:step|stage|part)?[-_ ]?\d+[a-z]?[-_. ]", path.rpartition("/")[2], re.I)
    ]
    if len(numbered) >= 2:
        evidence = tuple(Evidence("is numbered", Location(path)) for path in sorted(numbered)[:4])
        return _partly(0.3, evidence, f"{len(numbered)} files are only numbered ({numbered[0]})")
    if len(stages) > 1 and not operations.hands_over:
        return _alternatives(facts, stages)
    softer = None
    if len(stages) > 1:
        reason = (
            f"{len(stages)} scripts and notebooks hold steps on the way to a model, and nothing declares their order"
        )
        # Training before its evaluation, or many experiments side by side, is an order that nobody mistakes.
        several = len({e.location.path for e in facts.code.trains if e.location}) > MANY
        softer = Severity.MINOR if several or not operations.hands_data_over else None
    else:
        reason = "all steps from the data to the model are in one long file, and nothing declares them"
    hit = Hit(operations.training_place, reason, identity="pipeline")
    return Outcome(0.0, hits=(hit,), reason=reason, severity=softer)


def _alternatives(facts: Facts, stages: tuple[str, ...]) -> Outcome:
    """Files that each go all the way from the data to a model: there is no order among them, only inside each."""
    if facts.code.code_lines / len(stages) <= SMALL:
        return Outcome.not_applicable("each script goes from the data to a model by itself, and none is long")
    reason = f"{len(stages)} scripts and notebooks each hold all steps from the data to a model, and declare none"
    hit = Hit(facts.operations.training_place, reason, identity="pipeline")
    return Outcome(0.0, hits=(hit,), reason=reason, severity=Severity.MINOR)


# Retraining


def no_retraining_automation(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Whether a schedule, new data or drift starts training, and whether the new model is kept."""
    operations = facts.operations
    used = facts.project.stage is Stage.PRODUCTION or operations.serving or operations.scored_for_others
    if not used:
        return Outcome.not_applicable("a prototype whose predictions nobody uses yet")
    training = [t for t in operations.triggers if TRAIN in t.work]
    live = [t for t in training if t.active and t.how in (SCHEDULE, EVENT)]
    registers = any(REGISTER in operations.work.direct(flow.path) for flow in operations.flows)
    promoted = [t for t in live if REGISTER in t.work or (registers and not t.certain)]
    if promoted:
        return _found(1.0, promoted, _first(promoted))
    if live:
        return _found(0.6, live, f"{_first(live)}, and nothing publishes the new model")
    ready = [t for t in training if t.active]
    if ready:
        return _found(0.3, ready, f"{_first(ready)}; neither time nor new data starts a training")
    ways = tuple(t.evidence for t in training) + _one_command(facts, train=True)
    if ways:
        return _partly(
            0.3, ways[:4], f"{ways[0].detail} trains again when a person starts it; neither time nor new data does"
        )
    reason = "nothing trains the model again when time passes or data changes"
    hit = Hit(operations.training_place, reason, Confidence.MEDIUM, "retraining")
    return Outcome(0.0, hits=(hit,), reason=reason, confidence=Confidence.MEDIUM)
