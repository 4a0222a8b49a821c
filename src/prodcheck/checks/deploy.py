"""The check `deploy-without-gate`: nothing is deployed or published unless tests passed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.facts.ci import CiCommand, CiGraph
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome
from prodcheck.patterns import lazy_regex

_OUT = frozenset({"deploy", "publish"})
_LESSER = frozenset({"lint", "type", "format"})
_ON_CHANGE = frozenset({"push", "pull_request"})
_LOCAL_CLUSTER = lazy_regex(r"(?:kind (?:create|load)|minikube start|k3d cluster|microk8s|ct install|localstack)\b")
"""A cluster that the job makes for itself: what is deployed there is under test."""
_TRIAL = lazy_regex(r"test\.?pypi|^dvc push|localhost|127\.0\.0\.1|registry:5000", re.IGNORECASE)
"""Places that nobody installs from, and data that goes to its store."""
_INFRASTRUCTURE = lazy_regex(r"(?i)(?:^|[/_.-])(?:iac|infra(?:structure)?)(?:[/_.-]|$)")
_REMOTE = lazy_regex(r"deploy|release|publish|\bcd\b", re.IGNORECASE)

Job = tuple[str, str]


def deploy_gate(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """For every job that deploys or publishes: did tests have to pass before? The weakest job decides."""
    graph = facts.ci
    by_pipeline: dict[str, list[CiCommand]] = {}
    for command in graph.commands:
        by_pipeline.setdefault(command.pipeline, []).append(command)
    jobs = _jobs(by_pipeline)
    if not jobs:
        remote = [e for e in graph.unknown if _REMOTE.search(e.detail)]
        if remote:
            return Outcome.unknown(
                f"CI deploys by what is not in this repository ({remote[0].detail})", tuple(remote[:3])
            )
        return Outcome.not_applicable("nothing is deployed or published from CI")
    loose: dict[str, list[tuple[float, Location | None, str, str]]] = {}
    evidence, worst, waiting = [], 1.0, 0
    for command in jobs:
        score, why = _gate(command, graph, by_pipeline)
        place = _place(command, graph)
        worst = min(worst, score)
        waiting += score >= 1.0
        evidence.append(Evidence(f"{_short(command)}: {why}", place))
        if score < 1.0:
            loose.setdefault(command.pipeline, []).append((score, place, _short(command), why))
    if worst < 0.5 and graph.unknown:
        return Outcome.unknown(
            f"CI uses what is not in this repository ({graph.unknown[0].detail})", tuple(evidence[:5])
        )
    reason = f"{waiting} of {len(jobs)} deploying or publishing jobs wait for tests"
    hits = tuple(_in_one(jobs) for jobs in loose.values())
    return Outcome(worst, tuple(evidence[:5]), hits, reason, Confidence.MEDIUM)


def _in_one(jobs: list[tuple[float, Location | None, str, str]]) -> Hit:
    """The jobs of one pipeline as one finding, at the one with the weakest gate: one `needs:` line mends them all."""
    _, place, what, why = min(jobs, key=lambda job: job[0])
    places = {str(where) for _, where, _, _ in jobs}
    more = f"; {len(places) - 1} more job{'s' * (len(places) > 2)} of this pipeline likewise" if len(places) > 1 else ""
    return Hit(place, f"`{what}` {why}{more}", identity=what)


def _jobs(by_pipeline: Mapping[str, list[CiCommand]]) -> list[CiCommand]:
    """The first command of each job that brings something out to where others use it."""
    found: dict[Job, CiCommand] = {}
    for pipeline, commands in by_pipeline.items():
        trials = {c.job for c in commands if _LOCAL_CLUSTER.match(" ".join(c.argv))}
        infrastructure = _INFRASTRUCTURE.search(pipeline) is not None
        for command in commands:
            if infrastructure and "provision" in command.verbs:
                continue  # builds the place to run in, which the tests of the code say nothing about
            if command.verbs & _OUT and command.job not in trials and not _TRIAL.search(" ".join(command.argv)):
                found.setdefault((pipeline, command.job), command)
    return list(found.values())


def _gate(command: CiCommand, graph: CiGraph, by_pipeline: Mapping[str, list[CiCommand]]) -> tuple[float, str]:
    """(score, what gates the job), best gate first."""
    before = _before(command, graph, by_pipeline)
    if any("test" in c.verbs and c.blocking for c in before):
        return 1.0, "runs after the tests"
    tested = [
        c
        for c in graph.having("test")
        if c.blocking
        and c.triggers & _ON_CHANGE
        and command.pipeline not in graph.upstream.get(c.pipeline, ())  # tests that start after the deployment
        and command.job not in graph.needs.get(f"{c.pipeline}#{c.job}", ())
    ]
    if tested and "pull_request" not in command.triggers:
        return 0.7, "is not tied to the tests, which run in another job"
    if any(c.verbs & _LESSER and c.blocking for c in before):
        return 0.5, "runs after static checks only"
    if any("build" in c.verbs for c in before if c.job != command.job):
        return 0.5, "runs after a build only"
    return 0.0, "runs whether or not tests pass"


def _before(command: CiCommand, graph: CiGraph, by_pipeline: Mapping[str, list[CiCommand]]) -> list[CiCommand]:
    """Commands that must have succeeded: earlier in the job, in jobs it needs, in pipelines that start this one."""
    needs = graph.needs.get(f"{command.pipeline}#{command.job}", frozenset())
    upstream = graph.upstream.get(command.pipeline, frozenset())
    found = [other for path in sorted(upstream) for other in by_pipeline.get(path, [])]
    passed = False
    for other in by_pipeline[command.pipeline]:
        passed = passed or other is command
        if other.job in needs or (other.job == command.job and not passed):
            found.append(other)
    return found


def _place(command: CiCommand, graph: CiGraph) -> Location | None:
    """Where the job says it: the last hop that is in a CI file, since that is where a gate is added."""
    files = {p.path for p in graph.pipelines}
    places = [e.location for e in command.chain if e.location and e.location.path in files]
    return places[-1] if places else command.chain[0].location


def _short(command: CiCommand) -> str:
    return command.text if len(command.text) <= 60 else command.text[:57] + "..."
