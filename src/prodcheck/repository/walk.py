"""The files of a folder that git cannot list: a walk that obeys `.gitignore` and leaves out installed packages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from prodcheck.errors import UnreadableFile
from prodcheck.model import Skipped
from prodcheck.repository import disk

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    Rules = tuple[tuple[str, GitIgnoreSpec], ...]
    """Ignore rules with the folder (ending with `/`, or empty) that their patterns are relative to, outermost first."""

INSTALLED = frozenset(
    "node_modules site-packages .venv venv .tox .nox .eggs __pycache__ .mypy_cache .ruff_cache .pytest_cache "
    ".ipynb_checkpoints .hypothesis .cache".split()
)
"""Folders that tools make and no project keeps; with git they are ignored by `.gitignore` in practice."""
BY_A_TOOL = "made by a tool, not part of the project"
ENVIRONMENT = frozenset(("pyvenv.cfg", "conda-meta"))
"""A folder with one of these is an environment, whatever it is called."""
BOOKKEEPING = frozenset((".git", ".hg", ".svn", ".jj", ".bzr", "_darcs", ".pijul"))


class Walk:
    """One walk over a folder. Fills `paths`, `links` and `skipped`, all unsorted."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: list[tuple[str, int]] = []
        """(path, size in bytes)"""
        self.links: dict[str, str] = {}
        self.skipped: list[Skipped] = []

    def run(self) -> Walk:
        pending: list[tuple[str, Rules]] = [("", ())]
        while pending:
            folder, rules = pending.pop()
            try:
                with os.scandir(os.path.join(self.root, folder)) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as problem:
                self.skipped.append(
                    Skipped(folder or ".", f"cannot be listed: {(problem.strerror or 'error').lower()}")
                )
                continue
            names = {entry.name for entry in entries}
            if folder and ".git" in names:
                self.skipped.append(Skipped(folder, "a repository of its own, audit it separately"))
                continue
            if folder and names & ENVIRONMENT:
                self.skipped.append(Skipped(folder, "an environment of installed packages"))
                continue
            if ".gitignore" in names:
                rules = (*rules, *self._read_rules(folder))
            for entry in entries:
                if entry.name == ".git":  # also as a file, which leads to the real one
                    continue
                path = f"{folder}/{entry.name}" if folder else entry.name
                self._visit(entry, path, rules, pending)
        return self

    def _visit(
        self,
        entry: os.DirEntry[str],
        path: str,
        rules: Rules,
        pending: list[tuple[str, Rules]],
    ) -> None:
        try:
            if entry.is_symlink():
                if not ignored(path, rules):
                    self.links[path] = os.readlink(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name in BOOKKEEPING or ignored(path + "/", rules):
                    return
                if entry.name in INSTALLED:
                    self.skipped.append(Skipped(path, BY_A_TOOL))
                    return
                pending.append((path, rules))
            elif ignored(path, rules):
                return
            elif entry.is_file(follow_symlinks=False):
                self.files.append((path, entry.stat(follow_symlinks=False).st_size))
            else:
                self.skipped.append(Skipped(path, disk.kind_of(entry.stat(follow_symlinks=False).st_mode)))
        except OSError as problem:
            self.skipped.append(Skipped(path, (problem.strerror or "cannot be read").lower()))

    def _read_rules(self, folder: str) -> list[tuple[str, GitIgnoreSpec]]:
        try:
            text = disk.read(os.path.join(self.root, folder, ".gitignore")).decode("utf-8", "replace")
        except UnreadableFile:
            return []
        return [(folder + "/" if folder else "", ignore_spec(text.splitlines()))]


def tool_folders(paths: Iterable[str]) -> Callable[[str], str | None]:
    """A function that tells the outermost folder above a path that a tool made, judged by all these paths."""
    made: dict[str, str | None] = {"": None}
    for path in paths:
        parts = path.split("/")
        for position, name in enumerate(parts[1:], start=1):
            if name in ENVIRONMENT:
                folder = "/".join(parts[:position])
                made[folder] = folder

    def outermost(folder: str) -> str | None:
        unknown = []
        while folder not in made:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        found = made[folder]
        for below in reversed(unknown):
            found = found or (below if below.rpartition("/")[2] in INSTALLED else None)
            made[below] = found
        return found

    return lambda path: outermost(path.rpartition("/")[0])


def ignore_spec(lines: list[str]) -> GitIgnoreSpec:
    """Patterns as in `.gitignore`. A line that is no pattern is left out, as git does."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        good = []
        for line in lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:
                continue
            good.append(line)
        return GitIgnoreSpec.from_lines(good)


def ignored(path: str, rules: Rules) -> bool:
    """Whether a path (a folder ends with `/`) is ignored: the nearest `.gitignore` that says something decides."""
    for prefix, spec in reversed(rules):
        verdict = spec.check_file(path.removeprefix(prefix)).include
        if verdict is not None:
            return verdict
    return False
