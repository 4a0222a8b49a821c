"""The shape in which task runners, scripts and hooks say what they run."""

from __future__ import annotations

from prodcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One named target. `commands` are (line, shell text); `needs` names targets that run before it."""

    name: str
    line: int
    commands: tuple[tuple[int, str], ...] = ()
    needs: tuple[str, ...] = ()
    directory: str = ""
    errexit: bool = False
    """Whether a command of several lines stops at its first failure."""
    factors: tuple[str, ...] = ()
    """tox: for each command the condition on the environment's name, empty for none."""
    shell: str = "bash"
    labels: tuple[str, ...] = ()
    """pre-commit: the git hooks it belongs to, empty for all. nox: its tags."""


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The targets of one file.

    `runner` is make, just, task, tox, nox, hatch, pdm, poe, taskipy, rye, pixi, npm, pipenv, invoke, compose, docker,
    pre-commit, entry-point, python or script. `default` names what runs when nothing is asked for.
    """

    path: str
    runner: str
    targets: tuple[Target, ...] = ()
    default: tuple[str, ...] = ()
    problem: str = ""
    includes: tuple[str, ...] = ()
    """Further files of the same kind, relative to this one's folder."""

    def target(self, name: str) -> Target | None:
        """The target of that name, or None."""
        return next((target for target in self.targets if target.name == name), None)
