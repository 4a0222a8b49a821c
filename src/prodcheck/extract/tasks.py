"""What task runners and scripts hold: named targets and the shell commands behind them.

Makefile, justfile, Taskfile, tox, nox, hatch, pdm, poe, pixi, taskipy, Pipfile, package.json and plain scripts, all in one shape, so that
the CI graph can follow `make check` to `tox` to `pytest`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One named target. `commands` are (line, shell text); `needs` names targets that run before it."""

    name: str
    line: int
    commands: tuple[tuple[int, str], ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskFile:
    """The targets of one file. `runner` is make, just, task, tox, nox, hatch, pdm, poe, pixi, npm, pipenv, script."""

    path: str
    runner: str
    targets: tuple[Target, ...] = ()
    default: tuple[str, ...] = ()
    problem: str = ""
