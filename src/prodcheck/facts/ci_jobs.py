"""From CI files to the steps that really run: reusable workflows, actions, templates and includes put in place."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from prodcheck.extract.ci import Job, Pipeline, Step
from prodcheck.extract.ci_model import Pairs, expand
from prodcheck.model import Evidence, Location, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

GITLAB_STAGES = (".pre", "build", "test", "deploy", ".post")
"""The order of a pipeline that says none."""
MAX_DEPTH = 8
MAX_STEPS = 5_000
MAX_CALLS = 2_000
"""Templates, actions and references followed for one pipeline: they may multiply each other."""
_GITHUB_INPUT = lazy_regex(r"\$\{\{\s*inputs\.([\w-]+)\s*\}\}")
_AZURE_PARAMETER = lazy_regex(r"\$\{\{\s*parameters\.([\w-]+)\s*\}\}")
_LIKELY_TESTS = lazy_regex(r"(?:^|[/_-])(?:py|unit|run|ci)?-?tests?(?:ing)?(?:$|[/_-])|pytest|\btox\b", re.IGNORECASE)
_REPORTERS = lazy_regex(r"report|result|publish|summary|coverage|upload|junit|comment|annotat|split", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placed:
    """One step that runs: where it is written, in which job of which pipeline, when, and how one gets there."""

    step: Step
    path: str
    pipeline: str
    provider: str
    job: str
    triggers: frozenset[str]
    blocking: bool
    chain: tuple[Evidence, ...] = ()


@dataclass
class Jobs:
    """All placed steps, what could not be followed, and which jobs wait for which."""

    steps: list[Placed] = field(default_factory=list)
    unknown: list[Evidence] = field(default_factory=list)
    needs: dict[str, list[str]] = field(default_factory=dict)
    """`pipeline#job` to the jobs, or groups of jobs, it waits for."""


def hop(detail: str, path: str, line: int) -> Evidence:
    return Evidence(detail, Location(path, line), Strength.ENFORCED)


def place(pipelines: Mapping[str, Pipeline], roots: list[Pipeline]) -> Jobs:
    """The steps of all root pipelines, with what they call from other files of the tree."""
    jobs = Jobs()
    by_name = {p.name: p for p in roots if p.name}
    for root in roots:
        upstream = {t for name in root.upstream if name in by_name for t in by_name[name].triggers} - {"call"}
        root = replace(root, triggers=(root.triggers - {"other"}) | upstream) if upstream else root
        if root.triggers == {"call"}:
            continue
        for line, what in root.remote:
            jobs.unknown.append(hop(f"include of {what}", root.path, line))
        if root.provider == "gitlab":
            _gitlab(root, pipelines, jobs)
        else:
            _Walk(pipelines, jobs, root).pipeline(root, "", root.triggers, True, (), {}, ())
    return jobs


class _Walk:
    """Follows one root pipeline of GitHub, Azure or a provider without calls between files."""

    def __init__(self, pipelines: Mapping[str, Pipeline], jobs: Jobs, root: Pipeline) -> None:
        self.pipelines = pipelines
        self.jobs = jobs
        self.root = root
        self.calls = 0

    def pipeline(
        self,
        pipeline: Pipeline,
        prefix: str,
        triggers: frozenset[str],
        blocking: bool,
        chain: tuple[Evidence, ...],
        values: Mapping[str, str],
        waits: tuple[str, ...],
    ) -> None:
        values = {**dict(pipeline.parameters), **values}
        for job in pipeline.jobs:
            allowed = _meet(triggers, job.triggers)
            name = f"{prefix}{job.id}"
            self.jobs.needs[f"{self.root.path}#{name}"] = [*(f"{prefix}{n}" for n in job.needs), *waits]
            if job.disabled or not allowed:
                continue
            if job.uses:
                self.call(pipeline, job, name, allowed, blocking and job.blocking, chain, values)
            for step in job.steps:
                self.step(step, pipeline, name, allowed, blocking and job.blocking, chain, values, 0)

    def call(
        self,
        pipeline: Pipeline,
        job: Job,
        name: str,
        triggers: frozenset[str],
        blocking: bool,
        chain: tuple[Evidence, ...],
        values: Mapping[str, str],
    ) -> None:
        target = self.find(pipeline, job.uses)
        here = hop(f"uses {job.uses}", pipeline.path, job.line)
        self.calls += 1
        if target is None or len(chain) >= MAX_DEPTH or self.calls > MAX_CALLS:
            self.jobs.unknown.append(here)
            return
        waits = tuple(self.jobs.needs[f"{self.root.path}#{name}"])
        inner = dict(_put(job.inputs, values))
        self.pipeline(target, f"{name}/", triggers, blocking, (*chain, here), inner, waits)

    def find(self, pipeline: Pipeline, uses: str) -> Pipeline | None:
        """A workflow, action or template of this tree."""
        if pipeline.provider == "azure":
            if "@" in uses and not uses.endswith("@self"):
                return None
            name = uses.removesuffix("@self")
            path = name.lstrip("/") if name.startswith("/") else posixpath.join(posixpath.dirname(pipeline.path), name)
            return self.pipelines.get(posixpath.normpath(path)) or self.pipelines.get(name.lstrip("/"))
        if not uses.startswith("./"):
            return None
        path = posixpath.normpath(uses.partition("@")[0])
        for candidate in (path, f"{path}/action.yml", f"{path}/action.yaml"):
            if candidate in self.pipelines:
                return self.pipelines[candidate]
        return None

    def step(
        self,
        step: Step,
        pipeline: Pipeline,
        job: str,
        triggers: frozenset[str],
        blocking: bool,
        chain: tuple[Evidence, ...],
        values: Mapping[str, str],
        depth: int,
    ) -> None:
        if step.disabled or len(self.jobs.steps) >= MAX_STEPS:
            return
        azure = pipeline.provider == "azure"
        if values:
            (step,) = expand([step], [values], _AZURE_PARAMETER if azure else _GITHUB_INPUT)
        allowed = _meet(triggers, step.triggers)
        local = step.uses.startswith("template:") if azure else step.uses.startswith("./")
        if not local:
            if step.uses and not step.run and suspicious(step.uses):
                self.jobs.unknown.append(hop(f"uses {step.uses}", pipeline.path, step.line))
            if allowed:
                root = self.root
                placed = Placed(
                    step, pipeline.path, root.path, root.provider, job, allowed, blocking and step.blocking, chain
                )
                self.jobs.steps.append(placed)
            return
        uses = step.uses.removeprefix("template:")
        target = self.find(pipeline, uses)
        here = hop(f"{'template' if azure else 'uses'} {uses}", pipeline.path, step.line)
        self.calls += 1
        if target is None or depth >= MAX_DEPTH or self.calls > MAX_CALLS:
            if azure:
                self.jobs.unknown.append(here)
            return
        inner = {**dict(target.parameters), **dict(step.inputs)}
        for called in target.jobs:
            for child in called.steps:
                child = replace(child, env=step.env + child.env)
                self.step(child, target, job, allowed, blocking and step.blocking, (*chain, here), inner, depth + 1)


def _meet(triggers: frozenset[str], own: frozenset[str] | None) -> frozenset[str]:
    """Triggers of a part: its own as far as the whole has them. Pushing a tag is a push, too."""
    if own is None:
        return triggers
    return (triggers | {"tag"} if "push" in triggers else triggers) & own


def suspicious(uses: str) -> bool:
    """True for an action of somebody else whose name says that it runs tests: what it does is not in the tree."""
    from prodcheck.facts.ci_actions import command_for

    name = uses.partition("@")[0]
    if command_for("uses", uses, {}) is not None:
        return False
    return bool(_LIKELY_TESTS.search(name)) and not _REPORTERS.search(name)


def _put(inputs: Pairs, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in inputs:
        for pattern in (_GITHUB_INPUT, _AZURE_PARAMETER):
            value = pattern.sub(lambda m: values.get(m.group(1), m.group()), value)
        yield key, value


# GitLab -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    job: Job
    path: str


def _gitlab(root: Pipeline, pipelines: Mapping[str, Pipeline], jobs: Jobs, chain: tuple[Evidence, ...] = ()) -> None:
    """Jobs of the main file and its includes, with `extends` and `!reference` resolved across them."""
    if len(chain) >= MAX_DEPTH:
        return
    children = {job.uses for job in root.jobs if job.uses}
    files = _included(root, pipelines, jobs, children, set())
    sources: dict[str, _Source] = {}
    stages: tuple[str, ...] = ()
    for pipeline in files:  # the including file comes last and wins
        stages = pipeline.stages or stages
        for job in pipeline.jobs:
            job = replace(job, steps=tuple(replace(step, path=pipeline.path) for step in job.steps))
            known = sources.get(job.id)
            merged = _inherit(job, known.job) if known else job
            sources[job.id] = _Source(merged, pipeline.path)
    order = {stage: index for index, stage in enumerate(stages or GITLAB_STAGES)}
    effective: dict[str, Job] = {}
    budget = [MAX_STEPS]
    for name in sources:
        _extended(name, sources, effective)
    for name, job in effective.items():
        if job.hidden or job.disabled:
            continue
        triggers = frozenset({"push"}) if job.triggers is None else job.triggers
        earlier = [
            other
            for other, j in effective.items()
            if not j.hidden and order.get(j.stage or "test", 1) < order.get(job.stage or "test", 1)
        ]
        jobs.needs[f"{root.path}#{name}"] = [n for n in job.needs if n != "-"] if job.needs else earlier
        path = sources[name].path
        if job.uses:
            child = pipelines.get(job.uses.lstrip("/"))
            if child:
                _gitlab(child, pipelines, jobs, (*chain, hop(f"trigger {job.uses}", path, job.line)))
        sections = {step.section for step in job.steps}
        for step in job.steps:
            if step.section.startswith("default:") and step.section.partition(":")[2] in sections:
                continue
            for written in _references(step, effective, budget):
                if written.run and len(jobs.steps) < MAX_STEPS:
                    blocking = job.blocking and step.blocking
                    placed = Placed(written, written.path, root.path, "gitlab", name, triggers, blocking, chain)
                    jobs.steps.append(placed)


def _included(
    pipeline: Pipeline, pipelines: Mapping[str, Pipeline], jobs: Jobs, children: set[str], seen: set[str]
) -> list[Pipeline]:
    if pipeline.path in seen or len(seen) > 50:
        return []
    seen.add(pipeline.path)
    out: list[Pipeline] = []
    for line, target in pipeline.local_includes:
        if target in children:
            continue
        pattern = target.lstrip("/")
        paths = [p for p in pipelines if p == pattern or fnmatch.fnmatchcase(p, pattern)]
        if not paths:
            jobs.unknown.append(hop(f"include of {target}", pipeline.path, line))
        for path in paths:
            out += _included(pipelines[path], pipelines, jobs, children, seen)
            jobs.unknown += [hop(f"include of {what}", path, at) for at, what in pipelines[path].remote]
    return [*out, pipeline]


def _extended(name: str, sources: Mapping[str, _Source], done: dict[str, Job], depth: int = 0) -> Job:
    """A job with what it inherits; `done` keeps finished jobs, and jobs in progress as they are written."""
    if name in done or depth > MAX_DEPTH:
        return done.get(name, sources[name].job)
    job = done[name] = sources[name].job
    for parent in reversed(job.extends):  # the last one named wins
        if parent in sources:
            job = _inherit(job, _extended(parent, sources, done, depth + 1))
    done[name] = job
    return job


def _inherit(job: Job, parent: Job) -> Job:
    """A job with what it does not say itself taken from a parent."""
    own = {step.section for step in job.steps if not step.section.startswith("default:")}
    inherited = tuple(s for s in parent.steps if s.section not in own and not s.section.startswith("default:"))
    variables = dict(next((s.env for s in job.steps), ()))
    inherited = tuple(replace(s, env=tuple({**dict(s.env), **variables}.items())) for s in inherited)
    rank = {"before_script": 0, "default:before_script": 0, "script": 1, "after_script": 2, "default:after_script": 2}
    steps = tuple(sorted((*inherited, *job.steps), key=lambda s: rank.get(s.section, 1)))
    return replace(
        job,
        steps=steps,
        triggers=job.triggers if job.triggers is not None else parent.triggers,
        stage=job.stage or parent.stage,
        needs=job.needs or parent.needs,
        blocking=job.blocking and parent.blocking,
        environment=job.environment or parent.environment,
        uses=job.uses or parent.uses,
        disabled=job.disabled or (job.triggers is None and parent.disabled),
    )


def _references(step: Step, effective: Mapping[str, Job], budget: list[int], depth: int = 0) -> Iterator[Step]:
    """The steps that `!reference [job, section]` stands for; `budget` holds how many more may be looked at."""
    if not step.uses.startswith("!reference "):
        yield step
        return
    _, name, section = (*step.uses.split(" "), "", "")[:3]
    if depth > MAX_DEPTH or name not in effective:
        return
    for inner in effective[name].steps:
        budget[0] -= 1
        if inner.section == section and budget[0] > 0:
            yield from _references(inner, effective, budget, depth + 1)
