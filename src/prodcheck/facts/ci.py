"""The CI command graph: which commands CI really runs, on which triggers, and through which files it gets there."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.extract.ci import Pipeline
from prodcheck.extract.run import FileFacts
from prodcheck.facts import ci_paths
from prodcheck.facts.ci_jobs import place
from prodcheck.facts.ci_model import CiCommand, CiGraph
from prodcheck.facts.ci_resolve import Resolver
from prodcheck.facts.paths import Paths, Role
from prodcheck.model import Evidence, Location, Strength
from prodcheck.patterns import lazy_regex

__all__ = ["CiCommand", "CiGraph", "build"]

_ROOT_ONLY = {
    "github": lazy_regex(r"\.(?:github|gitea|forgejo)/workflows/[^/]+"),
    "gitlab": lazy_regex(r"\.gitlab-ci\.ya?ml"),
    "circleci": lazy_regex(r"\.circleci/[^/]+"),
    "travis": lazy_regex(r"\.travis\.ya?ml"),
    "bitbucket": lazy_regex(r"bitbucket-pipelines\.ya?ml"),
    "appveyor": lazy_regex(r"\.?appveyor\.ya?ml"),
    "cirrus": lazy_regex(r"\.cirrus\.ya?ml"),
    "semaphore": lazy_regex(r"\.semaphore/[^/]+"),
    "drone": lazy_regex(r"\.drone\.ya?ml"),
    "woodpecker": lazy_regex(r"\.woodpecker(?:\.ya?ml|/.+)"),
    "buildkite": lazy_regex(r"\.buildkite/.+|buildkite\.ya?ml"),
    "pre-commit.ci": lazy_regex(r"\.pre-commit-config\.ya?ml"),
}
"""Providers that read their file at one place only; the others are told a path on the server."""


def build(files: Mapping[str, FileFacts], paths: Paths) -> CiGraph:
    """The graph of one repository."""
    known = {path: facts.pipeline for path, facts in files.items() if facts.pipeline is not None}
    referenced = _referenced(known)
    live: list[Pipeline] = []
    elsewhere: list[Evidence] = []
    for path, pipeline in known.items():
        if pipeline.helper or (pipeline.provider == "azure" and path in referenced):
            continue
        if _read_by_provider(path, pipeline, paths):
            live.append(pipeline)
        else:
            elsewhere.append(Evidence(f"{pipeline.provider} file", Location(path, 1), Strength.CONFIGURED))
    jobs = place(known, live)
    resolver = Resolver(files, paths)
    for placed in jobs.steps:
        resolver.step(placed)
    names = {p.name: p.path for p in live if p.name}
    upstream = {p.path: frozenset(names[n] for n in p.upstream if n in names) for p in live if p.upstream}
    commands = tuple(dict.fromkeys(resolver.commands))
    unknown = tuple(dict.fromkeys(jobs.unknown))
    unresolved = tuple(dict.fromkeys(resolver.unresolved))
    return CiGraph(
        tuple(live),
        commands,
        unknown,
        tuple(elsewhere),
        _closure(jobs.needs),
        upstream,
        unresolved,
        ci_paths.reach(live, upstream, files, paths),
    )


def _read_by_provider(path: str, pipeline: Pipeline, paths: Paths) -> bool:
    only = _ROOT_ONLY.get(pipeline.provider)
    if only is not None:
        return only.fullmatch(path) is not None
    return paths.role(path) in (Role.CODE, Role.GENERATED)  # `build/` is a usual place for pipelines


def _referenced(pipelines: Mapping[str, Pipeline]) -> set[str]:
    """Files that others use as a template, whatever they look like by themselves."""
    import posixpath

    found = set()
    for path, pipeline in pipelines.items():
        for _, target in pipeline.local_includes:
            name = target.removesuffix("@self")
            found.add(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)).lstrip("/"))
            found.add(name.lstrip("/"))
    return found


def _closure(needs: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    """For every job all jobs it waits for, directly or not; a need may name a whole group (`build` for `build/x`)."""
    by_pipeline: dict[str, list[str]] = {}
    for key in needs:
        pipeline, _, job = key.partition("#")
        by_pipeline.setdefault(pipeline, []).append(job)
    closed: dict[str, frozenset[str]] = {}
    for key in needs:
        pipeline = key.partition("#")[0]
        seen: set[str] = set()
        todo = list(needs[key])
        while todo and len(seen) < 2_000:
            name = todo.pop()
            for job in by_pipeline[pipeline]:
                if job not in seen and (job == name or job.startswith(f"{name}/")):
                    seen.add(job)
                    todo += needs[f"{pipeline}#{job}"]
        closed[key] = frozenset(seen)
    return closed
