"""The nouns of the CI command graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from prodcheck.extract.ci import Pipeline
from prodcheck.model import Evidence
from prodcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class CiCommand:
    """One leaf command that CI reaches.

    `verbs` are among test, lint, format, format-write, type, build, publish, deploy, train, score, validate-data,
    monitor, secret-scan, provision, install, smoke, docs. `chain` leads from the CI step to the leaf: one evidence per
    hop, each with file and line.
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
    elsewhere: tuple[Evidence, ...] = ()
    """CI files where no provider reads them: in examples, templates, sub-folders."""
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """`pipeline#job` to all jobs of that pipeline that must have succeeded before it starts."""
    upstream: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Pipeline to the pipelines whose success starts it."""
    unresolved: tuple[Evidence, ...] = ()
    """Commands of task runners and scripts that lead to nothing in the tree."""
    reach: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Pipeline with a filter on paths to the code files whose change starts it; the others run on every change."""

    def having(self, verb: str) -> tuple[CiCommand, ...]:
        return tuple(c for c in self.commands if verb in c.verbs)
