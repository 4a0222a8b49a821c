"""What git would say of an ordinary repository, read from its files: each question to git costs a process.

Only what is certain is told: anything unusual (linked work trees, extensions, included settings, quotes) is `None`, and
git is asked.
"""

from __future__ import annotations

import os
import stat

from prodcheck.errors import UnreadableFile
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass
from prodcheck.repository import disk
from prodcheck.repository.state import Place, Remotes, remotes_of_pairs


@dataclass(frozen=True)
class Plain:
    """An ordinary repository of which the folder is the top."""

    place: Place
    remotes: Remotes


def read(root: str) -> Plain | None:
    """The repository whose top is a folder; None when git has to be asked."""
    git_dir = os.path.join(os.path.realpath(root), ".git")
    try:
        if not all(stat.S_ISDIR(os.lstat(os.path.join(git_dir, name)).st_mode) for name in ("", "objects", "refs")):
            return None
        if any(os.path.lexists(os.path.join(git_dir, name)) for name in ("commondir", "shallow", "config.worktree")):
            return None
        if not _HEAD.match(disk.read(os.path.join(git_dir, "HEAD"))):
            return None
        settings = _settings(disk.read(os.path.join(git_dir, "config")))
    except (OSError, ValueError, UnreadableFile):
        return None
    if settings is None or any(_UNUSUAL.match(key) and value not in _USUAL.get(key, ()) for key, value in settings):
        return None
    return Plain(Place(git_dir, "", False, False, False), remotes_of_pairs(settings))


_HEAD = lazy_regex(rb"(?:ref: refs/heads/[^\s]+|[0-9a-f]{40})\s*\Z")
_SECTION = lazy_regex(r'\s*\[([A-Za-z0-9-]+)(?: "([^"\\\]]*)")?\]\s*\Z')
_SETTING = lazy_regex(r"\s*([A-Za-z][A-Za-z0-9-]*) *= *([^\s\"\\#;]*)\s*\Z")
_UNUSUAL = lazy_regex(r"include|extensions\.|core\.(?:bare|worktree|repositoryformatversion)\Z")
_USUAL = {"core.bare": ("false",), "core.repositoryformatversion": ("0",)}


def _settings(data: bytes) -> list[tuple[str, str]] | None:
    """(dotted key, value) of a settings file in its order; None when it is written in a way that takes a real parser.

    Values with blanks are left out, which no setting that matters here has.
    """
    found: list[tuple[str, str]] = []
    section = ""
    for line in os.fsdecode(data).split("\n"):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        head = _SECTION.match(line)
        if head:
            section = head[1].lower() + (f".{head[2]}" if head[2] is not None else "")
            if section.startswith("include"):
                return None
            continue
        setting = _SETTING.match(line)
        if setting and section:
            found.append((f"{section}.{setting[1].lower()}", setting[2]))
        elif not section or not _HARMLESS.match(section):
            return None
    return found


_HARMLESS = lazy_regex(r"(?:branch|user|color|alias|diff|merge|pull|push|lfs|filter)(?:\.|\Z)")
"""Sections in which anything may be written: nothing here asks for them."""


def tree_of_index(git_dir: str) -> str | None:
    """Id of the tree that the index would make when committed, where git has noted it there; else None."""
    path = os.path.join(git_dir, "index")
    try:
        data = disk.read(path) if os.lstat(path).st_size <= _LARGEST else b""
    except (OSError, UnreadableFile):
        return None
    return noted_tree(data)


def noted_tree(data: bytes) -> str | None:
    """Id of the tree that is noted in the bytes of an index."""
    place = end = len(data) - _HASH
    for _ in range(_TRIES):
        place = data.rfind(b"TREE", 0, place)
        noted = _ROOT.match(data, place + 8) if place >= 0 else None
        if noted and _leads_to_end(data, place, end):
            return noted[1].hex()
    return None


_HASH = 20
_LARGEST = 100_000_000
"""Bytes. A million files make about as much."""
_TRIES = 10
"""Places with the name of the extension, from the end, and extensions after each."""
_ROOT = lazy_regex(rb"\0\d+ \d+\n([\0-\xff]{20})")
"""The noted tree of the top folder; one that was changed since has a negative number of entries."""


def _leads_to_end(data: bytes, place: int, end: int) -> bool:
    """Whether extensions, each with its size, follow each other from here to the checksum: it is no name of a file."""
    for _ in range(_TRIES):
        if place >= end:
            break
        place += 8 + int.from_bytes(data[place + 4 : place + 8], "big")
    return place == end
