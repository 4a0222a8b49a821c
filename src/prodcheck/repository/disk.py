"""Reading from disk without following a link: not out of the folder, not anywhere."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping

from prodcheck.errors import UnreadableFile
from prodcheck.model import Skipped

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a device or pipe that took the file's place must not make us wait
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


MOST = 100_000_000
"""Bytes of the largest file that is ever read. Callers know better limits; this one holds for what grew since they
looked, and for the files that nobody listed."""


def read(path: str) -> bytes:
    """Bytes of a regular file. Raises `UnreadableFile` for anything else, in words for the report."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as problem:
        raise UnreadableFile(_words(problem)) from None
    try:
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFile("is no longer a regular file")
            if status.st_size > MOST:
                raise UnreadableFile(f"{status.st_size / 1e6:.0f} MB, larger than any source file")
            return file.read(status.st_size)  # and no more: it may be growing, or have no end
    except (OSError, MemoryError) as problem:
        raise UnreadableFile(_words(problem)) from None


def _words(problem: OSError | MemoryError) -> str:
    if isinstance(problem, MemoryError):
        return "does not fit into memory"
    if problem.errno == errno.ENOENT:
        return "vanished during the scan"
    if problem.errno in (errno.ELOOP, errno.EMLINK):
        return "became a link during the scan"
    return (problem.strerror or "cannot be read").lower()


def kind_of(mode: int) -> str:
    """What a thing that is no file, folder or link is called."""
    for test, name in (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return name
    return "not a regular file"


class Folders:
    """Tells whether the way to a path leads through real folders only, asking the disk once per folder."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._real: dict[str, bool] = {"": True}

    def real(self, folder: str) -> bool:
        """True when `folder` (relative, `/`) and all above it up to the root are folders and not links."""
        unknown = []
        while folder not in self._real:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        found = self._real[folder]
        for below in reversed(unknown):
            found = found and self._is_folder(below)
            self._real[below] = found
        return found

    def _is_folder(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(os.lstat(os.path.join(self.root, path)).st_mode)
        except (OSError, ValueError):
            return False


def link_problem(root: str, path: str) -> str | None:
    """Why a link cannot stand for a file of the repository: broken, or out of the folder. None for one that can."""
    top = os.path.realpath(root)
    target = os.path.realpath(os.path.join(root, path))
    if target != top and not target.startswith(top.rstrip(os.sep) + os.sep):
        return "a link that leads out of the repository"
    return None if os.path.lexists(target) and not os.path.islink(target) else "a broken link"


def links_skipped(links: Mapping[str, str], problem: Callable[[str], str | None]) -> list[Skipped]:
    """One entry for each link that leads nowhere or out."""
    found = []
    for path in links:
        why = problem(path)
        if why:
            found.append(Skipped(path, why))
    return found
