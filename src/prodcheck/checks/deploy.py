"""The check `deploy-without-gate`: nothing is deployed or published unless tests passed."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.facts.ci import CiCommand, CiGraph
from prodcheck.model import Confidence, Evidence, Hit, Outcome

_OUT = frozenset({"deploy", "publish"})
_LESSER = frozenset({"lint", "type", "format"})


def deploy_gate(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """For every job that deploys or publishes: did tests have to pass before? The weakest job decides."""
    graph = facts.ci
    jobs: dict[tuple[str, str], CiCommand] = {}
    for command in graph.commands:
        if command.verbs & _OUT:
            jobs.setdefault((command.pipeline, command.job), command)
    if not jobs:
        return Outcome.not_applicable("nothing is deployed or published from CI")
    hits, evidence, worst = [], [], 1.0
    for command in jobs.values():
        score, why = _gate(command, graph)
        worst = min(worst, score)
        evidence.append(Evidence(f"{_short(command)}: {why}", command.chain[-1].location))
        if score < 1.0:
            hits.append(Hit(command.chain[-1].location, f"`{_short(command)}` {why}", identity=_short(command)))
    if worst < 0.5 and graph.unknown:
        return Outcome.unknown(f"CI uses what is not in this repository ({graph.unknown[0].detail})", tuple(evidence))
    open_jobs = len(hits)
    reason = f"{len(jobs) - open_jobs} of {len(jobs)} deploying or publishing jobs wait for tests"
    return Outcome(worst, tuple(evidence[:5]), tuple(hits), reason, Confidence.MEDIUM)


def _gate(command: CiCommand, graph: CiGraph) -> tuple[float, str]:
    """(score, what gates the job), best gate first."""
    before = _before(command, graph)
    if any("test" in c.verbs and c.blocking for c in before):
        return 1.0, "runs after the tests"
    tested = [
        c
        for c in graph.having("test")
        if c.blocking
        and c.triggers & {"push", "pull_request"}
        and command.pipeline not in graph.upstream.get(c.pipeline, ())  # tests that start after the deployment
        and command.job not in graph.needs.get(f"{c.pipeline}#{c.job}", ())
    ]
    if tested and "pull_request" not in command.triggers:
        return 0.7, "is not tied to the tests, which run in another job"
    if any(c.verbs & _LESSER and c.blocking for c in before):
        return 0.5, "runs after static checks only"
    elsewhere = [c for c in before if c.job != command.job]
    if any("build" in c.verbs for c in elsewhere):
        return 0.5, "runs after a build only"
    return 0.0, "runs whether or not tests pass"


def _before(command: CiCommand, graph: CiGraph) -> list[CiCommand]:
    """Commands that must have succeeded: earlier in the job, in jobs it needs, in pipelines that start this one."""
    needs = graph.needs.get(f"{command.pipeline}#{command.job}", frozenset())
    upstream = graph.upstream.get(command.pipeline, frozenset())
    place = graph.commands.index(command)
    found = []
    for index, other in enumerate(graph.commands):
        if other.pipeline in upstream or (
            other.pipeline == command.pipeline and (other.job in needs or (other.job == command.job and index < place))
        ):
            found.append(other)
    return found


def _short(command: CiCommand) -> str:
    return command.text if len(command.text) <= 60 else command.text[:57] + "..."
