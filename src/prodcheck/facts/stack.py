"""Which ecosystem tools the repository uses, and how strong the evidence is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.extract.run import FileFacts
from prodcheck.facts.ci import CiGraph
from prodcheck.facts.dependencies import Dependencies
from prodcheck.facts.paths import Paths
from prodcheck.facts.signatures import Signature
from prodcheck.model import GitState, ToolUse


def build(
    files: Mapping[str, FileFacts],
    paths: Paths,
    dependencies: Dependencies,
    ci: CiGraph,
    git: GitState,
    signatures: tuple[Signature, ...],
    text: Callable[[str], str],
) -> tuple[ToolUse, ...]:
    raise NotImplementedError
