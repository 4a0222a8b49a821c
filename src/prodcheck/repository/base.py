"""The one protocol through which everything else sees an audited repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from prodcheck.model import GitState, Skipped
from prodcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One regular file of the repository.

    `path` is relative to the root, with `/`; bytes that are not UTF-8 are kept as surrogate escapes. `size` is in
    bytes. `blob` is the git object id when the file is known to be unchanged since it was added, else None.
    """

    path: str
    size: int
    blob: str | None = None
    tracked: bool = True


class Repository(Protocol):
    """A repository to audit. Implementations never follow a link out of the root and never run its code."""

    @property
    def name(self) -> str:
        """How a person calls it: `owner/name` from the remote, or the folder's name."""

    @property
    def root(self) -> str:
        """Where it is, for display."""

    @property
    def folder(self) -> str | None:
        """The folder below which `read` finds the files, so that other processes can; None when they are elsewhere."""

    @property
    def files(self) -> tuple[Entry, ...]:
        """All regular files, sorted by path."""

    @property
    def links(self) -> Mapping[str, str]:
        """Symbolic links: path to target as written. They are not followed."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was left out while listing (submodules, escaping links, device files), with the reason."""

    @property
    def git(self) -> GitState:
        """What version control says."""

    def read(self, path: str) -> bytes:
        """The bytes of one file of `files`. Raises `UnreadableFile` with a reason."""

    def close(self) -> None:
        """Let go of what reading holds open. Dropping the object does the same."""
