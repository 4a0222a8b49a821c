"""CI as a trigger: which schedules, events, pushes and buttons of CI reach training, scoring or data work.

Nearly every schedule in CI is housekeeping, and most training in CI only tests that the code runs. So the command that
is reached must be such work, with more than an epoch of it, in a job that is not about testing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prodcheck.extract.ci import Pipeline
from prodcheck.facts.ci_model import CiCommand
from prodcheck.facts.operations.triggers import DEMAND, EVENT, PUSH, SCHEDULE, Trigger, trigger
from prodcheck.facts.operations.work import DATA, JOBS, MONITOR, REGISTER, Work
from prodcheck.model import Location
from prodcheck.patterns import lazy_regex

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts

_PROVIDERS = {
    "github": "GitHub Actions", "azure": "Azure Pipelines", "gitlab": "GitLab CI", "jenkins": "Jenkins",
    "circleci": "CircleCI", "codebuild": "CodeBuild", "cloudbuild": "Cloud Build", "bitbucket": "Bitbucket Pipelines",
}  # fmt: skip
_TESTING = lazy_regex(
    r"(?<![a-z])(?:tests?|testing|lint|checks?|smoke|nightly|benchmarks?|examples?|docs?)(?![a-z])", re.I
)
_KEEPS = lazy_regex(
    r"\b(?:git (?:push|commit)|dvc (?:push|exp push)|aws s3 (?:cp|sync)|gsutil|gcloud storage|azcopy|az storage|"
    r"az ml model|hf upload|huggingface-cli upload|docker push|mlflow|wandb artifact|gh release|cml)\b"
)
"""Commands that keep what a job has made."""
_KEEPING_ACTIONS = lazy_regex(
    r"upload-artifact|git-auto-commit|add-and-commit|create-pull-request|push-changes|ghaction-github-pages|setup-cml|"
    r"PublishPipelineArtifact|PublishBuildArtifacts|s3-sync|upload-cloud-storage",
    re.IGNORECASE,
)


def find(facts: Facts, work: Work) -> Iterator[Trigger]:
    """Triggers of CI, one for each command that is reached and each way in which it starts."""
    pipelines = {p.path: p for p in facts.ci.pipelines}
    by_job: dict[tuple[str, str], list[CiCommand]] = {}
    for command in facts.ci.commands:
        by_job.setdefault((command.pipeline, command.job), []).append(command)
    for (path, job), commands in by_job.items():
        pipeline = pipelines.get(path)
        system = _PROVIDERS.get(pipeline.provider if pipeline else "", pipeline.provider if pipeline else "CI")
        keeps = _keeps(pipeline, job, commands)
        tested = any("test" in c.verbs for c in commands) or bool(_TESTING.search(f"{path.rpartition('/')[2]} {job}"))
        for command in commands:
            done = work.of_command(command)
            if not done & (JOBS | {MONITOR}):
                continue
            ways = _ways(command)
            if tested and not keeps and not done & {REGISTER}:
                continue  # training as a test of the code
            if keeps:
                done = done | {REGISTER}
            place = command.chain[-1].location if command.chain else Location(path)
            for how, word in ways:
                # What CI does to data on a push is building, not operating.
                if how in (PUSH, DEMAND) and not done & (JOBS - {DATA}):
                    continue
                detail = f"{system} runs {_short(command.text)} {word}"
                files = tuple(work.scripts(command.argv))
                yield trigger(system, how, done, detail, place or Location(path), files=files)
    yield from _handed_on(facts, work)


def _ways(command: CiCommand) -> list[tuple[str, str]]:
    found = []
    if "schedule" in command.triggers:
        found.append((SCHEDULE, "on a schedule"))
    if "other" in command.triggers:
        found.append((EVENT, "on an event"))
    if command.triggers & {"push", "tag", "pull_request"}:
        found.append((PUSH, "on push" if command.triggers & {"push", "tag"} else "on pull requests"))
    if command.triggers & {"manual", "call"} or not found:
        found.append((DEMAND, "on demand"))
    return found


def _short(text: str) -> str:
    """The first line of a command, in a report's width."""
    line = text.strip().split("\n")[0].rstrip("\\ ")
    return f"`{line if len(line) <= 60 else line[:57] + '...'}`"


def _keeps(pipeline: Pipeline | None, job: str, commands: list[CiCommand]) -> bool:
    """Whether a job keeps what it makes: an artefact, a commit, an upload."""
    if any(c.verbs & {"publish", "deploy"} or _KEEPS.search(c.text) for c in commands):
        return True
    for candidate in pipeline.jobs if pipeline else ():
        if candidate.id == job or job.endswith(f"/{candidate.id}"):
            return any(_KEEPING_ACTIONS.search(step.uses) for step in candidate.steps)
    return False


def _handed_on(facts: Facts, work: Work) -> Iterator[Trigger]:
    """Reusable workflows of somebody else that are given a pipeline definition of this tree to run."""
    for pipeline in facts.ci.pipelines:
        for job in pipeline.jobs:
            if not job.uses or job.uses.startswith("./"):
                continue
            for _, value in job.inputs:
                file = facts.files.get(value.removeprefix("./"))
                if file is None or file.document is None or not re.search(r"pipeline|job", job.uses, re.IGNORECASE):
                    continue
                done = work.of_document(file.path)
                if done & (JOBS - {DATA}):
                    how = (
                        SCHEDULE if "schedule" in pipeline.triggers else PUSH if "push" in pipeline.triggers else DEMAND
                    )
                    system = _PROVIDERS.get(pipeline.provider, pipeline.provider)
                    detail = f"{system} hands {value} to {job.uses.partition('@')[0].rpartition('/')[2]}"
                    yield trigger(system, how, done, detail, Location(pipeline.path, job.line), certain=False)
