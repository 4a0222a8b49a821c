"""The CI command graph: which commands CI really runs, on which triggers, and through which files it gets there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prodcheck.extract.ci import Pipeline
from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths
from prodcheck.model import Evidence


@dataclass(frozen=True)
class CiCommand:
    """One leaf command that CI reaches.

    `verbs` are among test, lint, format, type, build, publish, deploy, train, score, validate-data, monitor,
    secret-scan, provision, install, smoke. `chain` leads from the CI step to the leaf: one evidence per hop, each
    with file and line.
    """

    text: str
    argv: tuple[str, ...]
    verbs: frozenset[str]
    chain: tuple[Evidence, ...]
    triggers: frozenset[str]
    blocking: bool
    pipeline: str
    job: str


@dataclass(frozen=True)
class CiGraph:
    """All pipelines, the leaf commands they reach, and what could not be followed."""

    pipelines: tuple[Pipeline, ...]
    commands: tuple[CiCommand, ...]
    unknown: tuple[Evidence, ...]
    """Remote workflows, templates and orbs: what they run is not in the tree."""

    def having(self, verb: str) -> tuple[CiCommand, ...]:
        return tuple(c for c in self.commands if verb in c.verbs)


def build(files: Mapping[str, FileFacts], paths: Paths) -> CiGraph:
    raise NotImplementedError
