"""A few files of a folder as a repository: what a hook is given, without a look at anything else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from prodcheck.model import GitState, Skipped
from prodcheck.repository import disk
from prodcheck.repository.base import Entry, Repository
from prodcheck.repository.exclude import without
from prodcheck.repository.worktree import WorkTree


def some_files(root: str, paths: Iterable[str], exclude: tuple[str, ...] = ()) -> Repository:
    """These files of the folder `root`, as tracked ones. What is no regular file, or behind a link, is `skipped`."""
    folders = disk.Folders(root)
    entries, skipped = [], []
    for path in sorted(set(paths)):
        parts = path.split("/")
        if os.path.isabs(path) or ".." in parts or not folders.real(path.rpartition("/")[0]):
            skipped.append(Skipped(path, "not a file of this folder"))
            continue
        try:
            status = os.lstat(os.path.join(root, path))
        except (OSError, ValueError):
            skipped.append(Skipped(path, "no such file"))
            continue
        if stat.S_ISREG(status.st_mode):
            entries.append(Entry(path, status.st_size))
        else:
            skipped.append(Skipped(path, disk.kind_of(status.st_mode)))
    name = os.path.basename(os.path.abspath(root))
    found = WorkTree(root, name, entries, {}, skipped, GitState("unknown", "not asked"))
    return without(found, exclude)
