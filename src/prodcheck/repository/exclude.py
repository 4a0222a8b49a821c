"""A repository without the files that the settings exclude."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.model import GitState, Skipped
from prodcheck.repository.base import Entry, Repository
from prodcheck.repository.walk import ignore_spec


def without(repository: Repository, patterns: tuple[str, ...]) -> Repository:
    """A repository without the files that patterns as in `.gitignore` match."""
    return Excluding(repository, patterns) if patterns else repository


class Excluding:
    """Another repository, seen without what patterns as in `.gitignore` match."""

    def __init__(self, inner: Repository, patterns: tuple[str, ...]) -> None:
        spec = ignore_spec(list(patterns))
        self._inner = inner
        self.files: tuple[Entry, ...] = tuple(e for e in inner.files if not spec.match_file(e.path))
        self.links: Mapping[str, str] = {p: t for p, t in inner.links.items() if not spec.match_file(p)}
        self.skipped: tuple[Skipped, ...] = tuple(s for s in inner.skipped if not spec.match_file(s.path))

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def root(self) -> str:
        return self._inner.root

    @property
    def folder(self) -> str | None:
        return self._inner.folder

    @property
    def git(self) -> GitState:
        return self._inner.git

    def read(self, path: str) -> bytes:
        """The bytes of one file of `files`. Raises `UnreadableFile` with a reason."""
        return self._inner.read(path)

    def close(self) -> None:
        self._inner.close()
