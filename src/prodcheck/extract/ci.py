"""What one CI file says: triggers, jobs, and the commands of their steps, for every provider in one shape."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step. `run` is shell text (its first line is file line `line`); `uses` names an action, template or orb."""

    line: int
    run: str = ""
    uses: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    blocking: bool = True
    """False when the CI ignores the step's failure."""
    disabled: bool = False
    shell: str = "bash"
    directory: str = ""


@dataclass(frozen=True)
class Job:
    """One job. `uses` names a reusable workflow or remote template that holds its steps."""

    id: str
    line: int
    steps: tuple[Step, ...] = ()
    needs: tuple[str, ...] = ()
    uses: str = ""
    blocking: bool = True
    disabled: bool = False
    triggers: frozenset[str] | None = None
    """The job's own triggers when they differ from the pipeline's."""
    environment: str = ""


@dataclass(frozen=True)
class Pipeline:
    """One CI file. `triggers` are among push, pull_request, tag, schedule, manual, call, other.

    `remote` lists (line, what) of includes that are not in the tree, so that nobody takes silence for absence.
    """

    path: str
    provider: str
    name: str = ""
    triggers: frozenset[str] = frozenset()
    jobs: tuple[Job, ...] = ()
    remote: tuple[tuple[int, str], ...] = ()
    local_includes: tuple[tuple[int, str], ...] = ()
    problem: str = ""
