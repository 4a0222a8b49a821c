"""What git's index says about a folder, from the output of one `ls-files`."""

from __future__ import annotations

import os

from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

LIST = ("ls-files", "--stage", "--others", "--exclude-standard", "--debug", "-t", "-z")
"""Everything about the folder in one process: staged entries with their stat data, then what is untracked."""

_STAT = lazy_regex(
    rb"  ctime: (\d+):(\d+)\n  mtime: (\d+):(\d+)\n  dev: \d+\tino: (\d+)\n  uid: \d+\tgid: \d+\n"
    rb"  size: (\d+)\tflags: [0-9a-f]+\n"
)
_STAT_ANY = lazy_regex(rb"(?:  [a-z]+: [^\n\0]*\n)+")
"""`--debug` may change its format between versions of git; without the stat data nothing is taken to be unchanged."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One entry of the index. `stat` is (ctime, mtime, inode, size), times in nanoseconds, None when not known."""

    path: str
    mode: str
    oid: str
    skip_worktree: bool
    stat: tuple[int, int, int, int] | None

    def matches(self, stat: os.stat_result) -> bool:
        """True when the file on disk has the very stat data that it had when git last saw it."""
        return self.stat == (stat.st_ctime_ns, stat.st_mtime_ns, stat.st_ino & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries of the index and untracked paths below a folder. A path in conflict is listed once."""

    staged: tuple[Staged, ...]
    others: tuple[str, ...]
    conflicts: bool


def stays_inside(path: str) -> bool:
    """Whether a path is one that git itself would write. An index or a tree that somebody made by hand can hold others,
    which lead out of the folder or into `.git`."""
    marked = f"/{path.lower()}/"
    return not ("//" in marked or "/./" in marked or "/../" in marked or "/.git/" in marked)


def parse(out: bytes) -> Listing:
    """The answer to `LIST`. Names are bytes: those that are not UTF-8 become surrogate escapes."""
    staged: dict[str, Staged] = {}
    others: list[str] = []
    conflicts = False
    previous: tuple[str, str, str, bool] | None = None
    for chunk in out.split(b"\0"):
        stat = None
        if chunk.startswith(b"  ") and previous is not None:
            found = _STAT.match(chunk)
            if found:
                numbers = [int(group) for group in found.groups()]
                stat = (numbers[0] * 10**9 + numbers[1], numbers[2] * 10**9 + numbers[3], numbers[4], numbers[5])
            skip = found or _STAT_ANY.match(chunk)
            chunk = chunk[skip.end() :] if skip else chunk
        if previous is not None and stays_inside(previous[0]):
            staged.setdefault(previous[0], Staged(*previous, stat))
        previous = None
        if chunk.startswith(b"? "):
            others.append(os.fsdecode(chunk[2:]))
            continue
        head, tab, name = chunk.partition(b"\t")
        words = head.split(b" ")
        if not tab or len(words) != 4:
            continue
        conflicts = conflicts or words[3] != b"0"
        previous = (
            os.fsdecode(name),
            words[1].decode("ascii", "replace"),
            words[2].decode("ascii", "replace"),
            words[0] == b"S",
        )
    return Listing(tuple(staged.values()), tuple(others), conflicts)
