"""What the history of a repository holds beside the audited files: each blob once, with where and when it came in.

A credential that was deleted is still in every clone. Everything here is asked of git's plumbing, hardened as all
calls are, and whatever cannot be read is told in `notes`: a history that is only half here must not look clean.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Iterator

from prodcheck.errors import UnreadableFile
from prodcheck.records import dataclass
from prodcheck.repository import state
from prodcheck.repository.git import Git, find_program

SECONDS = 300.0
"""Time that reading a history may take. The versions that come after it are counted, not read."""
LISTING = 600.0
"""Time that telling what the commits changed may take: trees can hold each other so that it would never end."""
CHUNK = 500
"""Blobs whose sizes are asked for at once."""
REFS = ("--branches", "--remotes", "--tags", "HEAD")
"""What others can get by cloning: no stash, no notes, no commit that only the reflog knows."""


@dataclass(frozen=True)
class Version:
    """One content that a file had. `commit` brought it in; `path` is relative to the audited folder."""

    path: str
    blob: str
    commit: str


@dataclass
class Notes:
    """What could not be looked at, filled while the history is read."""

    reasons: list[str]
    read: int = 0
    """Versions that were read."""

    def count(self, number: int, what: str) -> None:
        if number:
            self.reasons.append(f"{number:,} old version{'s' if number != 1 else ''} of files {what}")


class History:
    """The commits that branches and tags of a repository lead to. Close it after reading."""

    def __init__(self, git: Git, place: state.Place) -> None:
        self._git = git
        self._prefix = os.fsencode(place.prefix) + b"/" if place.prefix else b""
        self._until = time.monotonic() + SECONDS
        self.notes = Notes([])
        if place.shallow:
            self.notes.reasons.append("a shallow clone lacks older commits; `git fetch --unshallow` gets them")

    def read(
        self, known: Container[str], wanted: Callable[[str], bool], limit: Callable[[str], int]
    ) -> Iterator[tuple[Version, bytes]]:
        """Every blob that is not `known` and has a `wanted` path, once, oldest first, with its bytes.

        `limit` is the number of bytes up to which a path is read. Ends early, with a note, when time runs out.
        """
        missing = self._missing()
        counts = dict.fromkeys(("absent", "large", "late"), 0)
        for chunk in _chunks(self._versions(known, wanted)):
            if time.monotonic() > self._until:
                counts["late"] += len(chunk)
                continue
            here = [version for version in chunk if version.blob not in missing]
            counts["absent"] += len(chunk) - len(here)
            yield from self._contents(here, limit, counts)
        self.notes.count(counts["absent"], "have no content in this clone")
        self.notes.count(counts["large"], "are larger than any source file")
        self.notes.count(counts["late"], f"were not read within {SECONDS:.0f} seconds")

    def day(self, commit: str) -> str:
        """The day of a commit in UTC, `YYYY-MM-DD`; empty when it cannot be told."""
        found = state.commit_of(self._git.run("cat-file", "--batch", feed=f"{commit}\n".encode()))
        return found[1][:10] if found else ""

    def _contents(
        self, versions: list[Version], limit: Callable[[str], int], counts: dict[str, int]
    ) -> Iterator[tuple[Version, bytes]]:
        feed = "".join(f"{version.blob}\n" for version in versions).encode()
        reply = self._git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer", feed=feed)
        sizes = dict(line.split(b" ", 1) for line in reply.out.splitlines() if line.count(b" ") == 1)
        batch = self._git.batch()
        try:
            for version in versions:
                size = sizes.get(version.blob.encode(), b"")
                if not size.isdigit():
                    counts["absent"] += 1
                elif int(size) > limit(version.path):
                    counts["large"] += 1
                elif time.monotonic() > self._until:
                    counts["late"] += 1
                else:
                    try:
                        data = batch.read(version.blob)
                    except UnreadableFile:
                        counts["absent"] += 1
                        continue
                    self.notes.read += 1
                    yield version, data
        finally:
            batch.close()

    def _versions(self, known: Container[str], wanted: Callable[[str], bool]) -> Iterator[Version]:
        """What each commit, oldest first, added to all its parents: merges bring in only what is new in them."""
        commits = self._git.run("rev-list", "--reverse", "--topo-order", *REFS)
        if not commits.ok:
            self.notes.reasons.append(f"its commits cannot be listed: {state.why_not(commits)}")
            return
        seen: set[str] = set()
        commit = ""
        with tempfile.TemporaryFile() as feed:
            feed.write(commits.out)
            feed.seek(0)
            fields = self._git.stream(
                "diff-tree",
                "--stdin",
                "--root",
                "-r",
                "-c",
                "--no-renames",
                "-z",
                "--no-abbrev",
                "--raw",
                stdin=feed,
                seconds=LISTING,
            )
            for field in fields:
                if not field.startswith(b":"):
                    commit = field.decode("ascii", "replace")
                    continue
                name = next(fields, b"")
                parents = len(field) - len(field.lstrip(b":"))
                words = field.split()
                if len(words) < 2 * parents + 2:
                    self.notes.reasons.append("git described a change in a way that is not understood")
                    return
                mode, blob = words[parents], words[2 * parents + 1].decode("ascii", "replace")
                if not mode.startswith(b"100") or blob in seen or not name.startswith(self._prefix):
                    continue
                path = os.fsdecode(name[len(self._prefix) :])
                if blob in known or not wanted(path):
                    continue
                seen.add(blob)
                yield Version(path, blob, commit)
            if fields.late:
                self.notes.reasons.append(f"what its commits changed was not all listed in {LISTING:.0f} seconds")
            elif fields.failed:
                self.notes.reasons.append(
                    "git could not compare all commits: parts of them are not in this clone, or too large"
                )

    def _missing(self) -> frozenset[str]:
        """Ids that a partial clone lacks: a plain question for one of them would end the process."""
        if not state.remotes_of(self._git.run(*state.REMOTES)).partial:
            return frozenset()
        reply = self._git.run("rev-list", "--objects", "--no-object-names", "--missing=print", *REFS)
        return frozenset(
            line[1:].decode("ascii", "replace") for line in reply.out.split(b"\n") if line.startswith(b"?")
        )


def open_history(root: str) -> History | str:
    """The history of the repository that a folder is in, or why there is none."""
    program = find_program()
    if program is None:
        return "git is not installed"
    git = Git(program, root)
    reply = git.run(*state.LOCATE)
    place = state.locate(reply)
    if place is None:
        return state.why_not(reply)
    if not git.run("rev-parse", "--verify", "--quiet", "HEAD").ok:
        return "there is no commit yet"
    return History(git, place)


def _chunks(versions: Iterable[Version]) -> Iterator[list[Version]]:
    chunk: list[Version] = []
    for version in versions:
        chunk.append(version)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
