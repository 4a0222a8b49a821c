"""The targets of all task files, by runner and folder, and what a command line starts of them."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Mapping
from dataclasses import field

from prodcheck.extract.run import FileFacts
from prodcheck.extract.tasks import Target, TaskFile
from prodcheck.facts.unwrap import Argv
from prodcheck.records import dataclass

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Call:
    """A target that is run, with the directory it runs in and the words after its name."""

    file: TaskFile
    target: Target
    directory: str
    arguments: Argv = ()
    environment: str = ""
    """tox: the name of the environment, which conditions on factors look at."""
    ignored: bool = False
    """The runner was told to ignore failures."""


@dataclass(frozen=True)
class Rewritten:
    """The command line stands for another one, run in `directory`."""

    argv: Argv
    directory: str


Found = tuple[Call | Rewritten, ...]


def join(directory: str, path: str) -> str:
    """A path seen from a directory, relative to the repository's root; `..` above it stays visible."""
    joined = posixpath.normpath(posixpath.join(directory or ".", path or "."))
    return "" if joined == "." else joined.lstrip("/")


class Tasks:
    """All task files of the repository, by runner and folder."""

    def __init__(self, files: Mapping[str, FileFacts]) -> None:
        self.by_folder: dict[tuple[str, str], list[TaskFile]] = {}
        self.by_path: dict[tuple[str, str], TaskFile] = {}
        for path, facts in files.items():
            for task in facts.tasks:
                self.by_folder.setdefault((task.runner, posixpath.dirname(path)), []).append(task)
                self.by_path[(task.runner, path)] = task
        self.entry_points = {
            target.name: (file, target)
            for (runner, _), tasks in self.by_folder.items()
            if runner == "entry-point"
            for file in tasks
            for target in file.targets
        }
        self.images: dict[str, str] = {}
        """Tags of images built so far, to the Dockerfile they were built from."""

    def here(self, runner: str, directory: str) -> TaskFile | None:
        """The runner's file in a folder."""
        found = self.by_folder.get((runner, directory), [])
        main = [f for f in found if not f.path.endswith(".mk")]
        return (main or found or [None])[0]  # type: ignore[list-item]

    def above(self, runner: str, directory: str) -> TaskFile | None:
        """The runner's file in a folder or the nearest one above."""
        while True:
            found = self.here(runner, directory)
            if found or not directory:
                return found
            directory = posixpath.dirname(directory)

    def with_includes(self, file: TaskFile, directory: str, depth: int = 0) -> TaskFile:
        targets = list(file.targets)
        for include in file.includes:
            pattern = join(directory, include)
            for (runner, path), other in self.by_path.items():
                if runner == "make" and depth < 3 and path != file.path and fnmatch.fnmatchcase(path, pattern):
                    inner = self.with_includes(other, directory, depth + 1)
                    targets += [_at(t, inner.path) for t in inner.targets if file.target(t.name) is None]
        return TaskFile(file.path, "make", tuple(targets), file.default)

    def image(self, file: TaskFile, stage: str) -> Found:
        target = file.target(stage) or file.target(file.default[0])
        return (Call(file, target, posixpath.dirname(file.path)),) if target else ()


@dataclass(frozen=True)
class _Placed(Target):
    """A target of an included file, which knows where it came from."""

    path: str = field(default="", kw_only=True)


def _at(target: Target, path: str) -> Target:
    if isinstance(target, _Placed):
        return target
    return _Placed(target.name, target.line, target.commands, target.needs, path=path)


def path_of(call: Call) -> str:
    """The file a target is written in."""
    return call.target.path if isinstance(call.target, _Placed) else call.file.path


def applies(factor: str, environment: str) -> bool:
    """Whether a tox condition such as `py38-django,!lint` holds for an environment."""
    if not factor or not environment or "$" in environment:
        return True
    have = set(environment.split("-"))
    for group in factor.replace(" ", "").split(","):
        parts = group.split("-")
        if all((p[1:] not in have) if p.startswith("!") else (p in have) for p in parts):
            return True
    return False
