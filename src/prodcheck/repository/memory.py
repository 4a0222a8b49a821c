"""A repository made of a dictionary: rule examples and tests."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.errors import UnreadableFile
from prodcheck.model import GitState, Skipped
from prodcheck.repository.base import Entry

CLONED = GitState(
    state="ok",
    branch="main",
    commit="0" * 40,
    commit_time="2026-01-01T00:00:00Z",
    dirty=False,
    remotes=(("origin", "https://github.com/acme/project"),),
)
"""The state of an ordinary clone, used where an example says nothing about git."""


class MemoryRepository:
    """Files given as a mapping of path to text or bytes."""

    def __init__(
        self,
        files: Mapping[str, str | bytes],
        git: GitState = CLONED,
        name: str = "memory",
        links: Mapping[str, str] | None = None,
    ) -> None:
        self._files = {p: c.encode() if isinstance(c, str) else c for p, c in files.items()}
        self.git = git
        self.name = name
        self.root = "."
        self.folder: str | None = None
        self.links: Mapping[str, str] = links or {}
        self.skipped: tuple[Skipped, ...] = ()

    @property
    def files(self) -> tuple[Entry, ...]:
        return tuple(Entry(path, len(data)) for path, data in sorted(self._files.items()))

    def read(self, path: str) -> bytes:
        try:
            return self._files[path]
        except KeyError:
            raise UnreadableFile("no such file") from None

    def close(self) -> None:
        """Nothing is held open."""
