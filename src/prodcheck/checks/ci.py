"""Checks of the category `ci`: is there CI, what does it run, and does anything get out without it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from prodcheck.extract.ci import Pipeline
from prodcheck.facts import Facts, ci_paths
from prodcheck.facts.ci import CiCommand, CiGraph
from prodcheck.model import Confidence, Evidence, Hit, Kind, Location, Outcome, Severity, Strength
from prodcheck.patterns import lazy_regex

ON_CHANGE = frozenset({"push", "pull_request"})
_WORK = frozenset(
    "test lint format format-write type build publish deploy train score validate-data monitor secret-scan provision "
    "smoke".split()
)
_TRIES = frozenset({"smoke", "train", "score"})
_HOUSEKEEPING = lazy_regex(
    r"(?:^|[\W_])(?:stale|label\w*|cla|dco|greet\w*|welcome|pages|links?|docs?|documentation|website|triage|assign\w*|"
    r"auto-?assign\w*|auto-?merge|lock|issues?|sponsors?|contributors?|no-response|mirror|sync|close|notify|comment|"
    r"stars?|snake|metrics|badges?|release-?drafter|changelog|todo|readme|moderat\w*|reminder)(?:[\W_]|$)",
    re.IGNORECASE,
)
_TRAVIS_ORG_END = "2021-06-15"
"""The day travis-ci.org stopped. A fixed day, so that the same tree gets the same verdict next year."""
_PYTHON_TESTS = lazy_regex(r"(?:pytest|py\.test|unittest|nose\w*|behave|nbdev|doctest|green|trial|robot)\b|python ")
_TESTLIKE = lazy_regex(r"\b(?:tests?|check|ci|verify|tox|nox|pytest)\b", re.IGNORECASE)


def no_ci(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """A CI system that runs on every change."""
    graph = facts.ci
    readable = [p for p in graph.pipelines if not p.problem or p.jobs]
    if not graph.pipelines:
        return _none_at_all(facts)
    if not readable:
        broken = graph.pipelines[0]
        return Outcome.unknown(f"{broken.path} cannot be read: {broken.problem}", _places(graph.pipelines))
    live = {p.path: _triggers(p, graph) for p in readable}
    changing = [p for p in readable if live[p.path] & ON_CHANGE]
    working = [p for p in changing if not _is_housekeeping(p, graph)]
    real = [p for p in working if p.provider != "pre-commit.ci"]
    if real:
        legacy = _legacy_travis(facts, real)
        if legacy:
            return Outcome(0.5, _places(real), (Hit(Location(real[0].path, 1)),), legacy, Confidence.MEDIUM)
        partly = _filtered(facts, {p.path for p in real})
        if partly:
            place = (Hit(Location(real[0].path, real[0].line)),)
            return Outcome(0.5, _places(real), place, f"CI runs {partly}", Confidence.MEDIUM)
        whole = [p for p in real if not _filtered(facts, {p.path})]
        if not whole:
            return Outcome(1.0, _places(real), reason=f"{len(real)} pipelines, one for each part of the code")
        if any(p.provider != "travis" for p in whole):  # whether an old file beside it still runs, nobody can see
            whole = [p for p in whole if p.provider != "travis"]
        return Outcome(1.0, _places(whole), reason=_on_every_change(whole, live))
    if working:
        reason = "only pre-commit.ci runs on changes, no CI of the project's own"
        return Outcome(0.7, _places(working), (Hit(Location(working[0].path, 1)),), reason)
    hit = (Hit(Location(readable[0].path, readable[0].line)),)
    if changing:
        return Outcome(0.2, _places(changing), hit, f"CI only does housekeeping ({_names(changing)})")
    started = sorted({t for triggers in live.values() for t in triggers} - {"call", "other"})
    if not started or started == ["manual"]:
        what = "started by hand" if started else "switched off"
        return Outcome(0.2, _places(readable), hit, f"CI is only {what} ({_names(readable)})")
    return Outcome(0.3, _places(readable), hit, f"CI never runs on a change, only on {', '.join(started)}")


def _none_at_all(facts: Facts) -> Outcome:
    if facts.project.kind is Kind.GENERIC and not facts.code.python_files and not facts.code.notebooks:
        return Outcome.not_applicable("no code that CI could check")
    if facts.git.prefix and not facts.config.standalone:
        return Outcome.unknown("CI lives at the top of the enclosing repository, which was not scanned")
    disabled = [p for p in facts.files if re.search(r"^\.github/workflows/.+\.ya?ml\.\w+$|^\.github/workflows-\w+/", p)]
    if disabled:
        return Outcome(0.2, (), (Hit(Location(disabled[0])),), f"the workflow is switched off ({disabled[0]})")
    if facts.ci.elsewhere:
        place = facts.ci.elsewhere[0].location
        where = place.path if place else ""
        return Outcome(0.0, reason=f"no CI configuration where a CI system reads it ({where} is not read)")
    softer = Severity.MINOR if facts.code.small_notebooks else None
    return Outcome(0.0, reason="no CI configuration", severity=softer)


def _triggers(pipeline: Pipeline, graph: CiGraph) -> frozenset[str]:
    """What starts at least one job that is not switched off; a called workflow has the triggers of its callers."""
    found: set[str] = set()
    for job in pipeline.jobs:
        if not job.disabled and not job.hidden:
            found |= pipeline.triggers if job.triggers is None else job.triggers
    if pipeline.upstream:
        found |= {t for c in graph.commands if c.pipeline == pipeline.path for t in c.triggers}
    if pipeline.provider == "gitlab" and (pipeline.local_includes or pipeline.remote):
        found |= {t for c in graph.commands if c.pipeline == pipeline.path for t in c.triggers}
        found |= {"push"} if pipeline.remote and not pipeline.jobs else set()
    return frozenset(found)


def _is_housekeeping(pipeline: Pipeline, graph: CiGraph) -> bool:
    """Stale bots, labels, pages: reaches no command that builds or checks anything, and is named accordingly."""
    mine = [c for c in graph.commands if c.pipeline == pipeline.path]
    if any(c.verbs & _WORK for c in mine):
        return False
    if any(e.location and e.location.path == pipeline.path for e in graph.unknown):
        return False
    name = f"{pipeline.name} {pipeline.path.rpartition('/')[2]}"
    return bool(_HOUSEKEEPING.search(name)) or any("docs" in c.verbs for c in mine)


def _legacy_travis(facts: Facts, pipelines: Iterable[Pipeline]) -> str:
    if any(p.provider != "travis" for p in pipelines) or not facts.git.commit_time:
        return ""
    if facts.git.commit_time >= _TRAVIS_ORG_END:
        return ""
    return "only a .travis.yml from before travis-ci.org stopped in June 2021"


_WHOLE = 0.75
"""Share of the code from which on a filter, or several that complete each other, leave out too little to matter."""


def _filtered(facts: Facts, pipelines: Collection[str]) -> str:
    """How little of the code starts pipelines that all have a filter on paths; empty when it is most of it."""
    reach = facts.ci.reach
    if not pipelines or any(path not in reach for path in pipelines):
        return ""
    total = len(ci_paths.modules(facts.files, facts.paths))
    reached = len(frozenset().union(*(reach[path] for path in pipelines)))
    if reached >= _WHOLE * total:
        return ""
    return f"only on changes of some paths, which hold {reached} of {total} Python files"


def _places(pipelines: Iterable[Pipeline]) -> tuple[Evidence, ...]:
    found = []
    for pipeline in list(pipelines)[:3]:
        detail = f"{pipeline.provider}: {', '.join(sorted(pipeline.triggers)) or 'no trigger'}"
        found.append(Evidence(detail, Location(pipeline.path, pipeline.line), Strength.ENFORCED))
    return tuple(found)


def _on_every_change(pipelines: list[Pipeline], live: Mapping[str, frozenset[str]]) -> str:
    events = ON_CHANGE & frozenset().union(*(live[p.path] for p in pipelines))
    when = "change" if len(events) > 1 else "pull request" if "pull_request" in events else "push"
    if len(pipelines) == 1:
        return f"{pipelines[0].path} runs on every {when}"
    return f"{len(pipelines)} pipelines run on every {when}"


def _names(pipelines: list[Pipeline]) -> str:
    names = [p.path.rpartition("/")[2] for p in pipelines]
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def ci_does_not_run_tests(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Tests that CI runs on every change, and whose failure it minds."""
    graph = facts.ci
    tests = graph.having("test")
    on_change = [c for c in tests if c.triggers & ON_CHANGE]
    blocking = [c for c in on_change if c.blocking]
    if blocking:
        best = min(
            blocking,
            key=lambda c: (
                bool(_filtered(facts, {c.pipeline})),
                not _PYTHON_TESTS.match(" ".join(c.argv)),
                len(c.chain),
            ),
        )
        stopped = _legacy_travis(facts, graph.pipelines)
        if stopped:  # a service that is gone runs nothing, however good its file
            reason = f"`{_short(best)}` is in CI, but that is {stopped}"
            return Outcome(0.5, best.chain, (Hit(best.chain[0].location, reason),), reason)
        partly = _filtered(facts, {c.pipeline for c in blocking})
        if partly:
            reason = f"CI runs `{_short(best)}` {partly}"
            return Outcome(0.5, best.chain, (Hit(best.chain[0].location, _short(best)),), reason, Confidence.MEDIUM)
        return Outcome(1.0, best.chain, reason=f"CI runs `{_short(best)}`{_through(best)}")
    if on_change:
        first = on_change[0]
        reason = f"CI runs `{_short(first)}` but ignores its failure"
        return Outcome(0.6, first.chain, (Hit(first.chain[-1].location, _short(first)),), reason)
    if not graph.pipelines and facts.git.prefix and not facts.config.standalone:
        return Outcome.unknown("CI lives at the top of the enclosing repository, which was not scanned")
    if tests:
        first = tests[0]
        when = ", ".join(sorted(first.triggers))
        reason = f"CI runs `{_short(first)}` only on {when}, not on every change"
        return Outcome(0.5, first.chain, (Hit(first.chain[0].location, _short(first)),), reason)
    if graph.unknown:
        where = graph.unknown[0]
        return Outcome.unknown(f"CI uses what is not in this repository ({where.detail})", graph.unknown[:3])
    broken = [p for p in graph.pipelines if p.problem]
    if broken:
        return Outcome.unknown(f"{broken[0].path} cannot be read: {broken[0].problem}")
    return _without_tests(graph)


def _without_tests(graph: CiGraph) -> Outcome:
    smoke = [c for c in graph.commands if c.verbs & _TRIES and c.triggers & ON_CHANGE and c.blocking]
    dangling = [e for e in graph.unresolved if _TESTLIKE.search(e.detail)]
    confidence = Confidence.MEDIUM if dangling else Confidence.HIGH
    if smoke:
        first = smoke[0]
        reason = f"CI only tries out `{_short(first)}`, it runs no tests"
        return Outcome(0.4, first.chain, (Hit(first.chain[0].location, _short(first)),), reason, confidence)
    place = next((p for p in graph.pipelines if p.triggers & ON_CHANGE), next(iter(graph.pipelines), None))
    hits = (Hit(Location(place.path, place.line)),) if place else ()
    number = len(graph.commands)
    reason = f"none of the {number} commands in CI runs a test" if number > 1 else "CI runs no test"
    if dangling:
        reason += f"; `{dangling[0].detail}` leads to nothing in this repository"
    return Outcome(0.0, (), hits, reason, confidence)


def _short(command: CiCommand) -> str:
    return command.text if len(command.text) <= 60 else command.text[:57] + "..."


def _through(command: CiCommand) -> str:
    hops = [e.detail for e in command.chain[:-1]]
    return f" through `{hops[0][:40]}`" if hops else ""
