"""A folder on disk as a repository: tracked files and untracked ones that are not ignored."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

from prodcheck.errors import UnreadableFile
from prodcheck.model import GitState, Skipped
from prodcheck.records import dataclass
from prodcheck.repository import disk, state
from prodcheck.repository.base import Entry, Repository
from prodcheck.repository.git import Call, Git
from prodcheck.repository.listing import LIST, Listing, Staged, parse
from prodcheck.repository.plain import tree_of_index
from prodcheck.repository.walk import BY_A_TOOL, Walk, tool_folders

INDEX_DIFF = ("diff-index", "--cached", "--quiet", "--ignore-submodules=all", "--no-ext-diff", "HEAD", "--", ".")
"""Compares two lists of object ids; without `--cached` it would read the work tree and run its filters."""
MOST_HASHED = 5_000_000
"""Bytes that may be hashed to tell a file that was merely touched from a changed one."""


class WorkTree:
    """The files of a folder as they are on disk now."""

    def __init__(
        self,
        root: str,
        name: str,
        files: Iterable[Entry],
        links: Mapping[str, str],
        skipped: Iterable[Skipped],
        git: GitState,
    ) -> None:
        self.root = root
        self.name = name
        self.files = tuple(sorted(files, key=lambda entry: entry.path))
        self.links = dict(sorted(links.items()))
        self.skipped = tuple(sorted(skipped, key=lambda one: one.path))
        self.git = git

    @property
    def folder(self) -> str | None:
        """Where the files are on disk."""
        return self.root

    def read(self, path: str) -> bytes:
        """The bytes of one file of `files`. Raises `UnreadableFile` with a reason."""
        place = bisect_left(self.files, path, key=attrgetter("path"))
        if place == len(self.files) or self.files[place].path != path:
            raise UnreadableFile("no such file")
        return disk.read(os.path.join(self.root, path))

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class _Found:
    """What the index and the disk say together."""

    files: dict[str, Entry]
    links: dict[str, str]
    skipped: list[Skipped]
    changed: bool = False
    touched: list[tuple[str, Staged, int]] | None = None
    """Files that have the old size but other stat data: changed, or merely copied."""


class Asked(NamedTuple):
    """What git is asked about a work tree, and has not answered yet."""

    listing: Call
    head: Call
    remotes: Call | state.Remotes
    """Remotes where they are known already."""


def ask(git: Git, remotes: state.Remotes | None = None) -> Asked:
    return Asked(
        git.start(*LIST),
        git.start("cat-file", "--batch", feed=b"HEAD\n"),
        git.start(*state.REMOTES) if remotes is None else remotes,
    )


def from_git(git: Git, root: str, place: state.Place, asked: Asked) -> WorkTree | None:
    """The work tree below `root`. None when git ignores the folder as a whole: then nothing in it is versioned.

    Raises `UnreadableFile` when git cannot list its own index.
    """
    listed, head, remotes = asked.listing.reply(), asked.head.reply(), asked.remotes
    if not isinstance(remotes, state.Remotes):
        remotes = state.remotes_of(remotes.reply())
    if not listed.ok:
        raise UnreadableFile(state.why_not(listed))
    if head.code < 0:
        raise UnreadableFile(state.why_not(head))
    listing = parse(listed.out)
    if not listing.staged and not listing.others and place.prefix and _ignored(git, root):
        return None
    found = _look(root, listing, place.git_dir)
    found.skipped += _unlistable(listed.stderr)
    found.skipped += disk.links_skipped(found.links, lambda path: disk.link_problem(root, path))
    git_state = state.with_commit(
        GitState(
            branch=state.branch_of(git, place.git_dir),
            shallow=place.shallow,
            remotes=remotes.urls,
            prefix=place.prefix,
            tracked=len(listing.staged),
        ),
        state.commit_of(head),
    )
    staged = _staged(git, place, state.tree_of(head)) if git_state.commit else bool(listing.staged)
    git_state = replace(git_state, dirty=_dirty(root, listing, found, staged))
    return WorkTree(root, repository_name(root, git_state), found.files.values(), found.links, found.skipped, git_state)


def _staged(git: Git, place: state.Place, tree: str) -> bool | None:
    """Whether the index differs from the commit's tree, which git has noted in it unless something was staged."""
    if tree and tree == tree_of_index(place.git_dir):
        return False
    return {0: False, 1: True}.get(git.run(*INDEX_DIFF).code)


def without_git(root: str, git_state: GitState) -> WorkTree:
    """The files of a folder by a walk, where git is absent or of no use."""
    walk = Walk(root).run()
    skipped = walk.skipped + disk.links_skipped(walk.links, lambda path: disk.link_problem(root, path))
    files = [Entry(path, size) for path, size in walk.files]
    return WorkTree(root, repository_name(root, git_state), files, walk.links, skipped, git_state)


def repository_name(root: str, git_state: GitState) -> str:
    """How a person calls it: `owner/name` from the remote, with the folder inside it, or the folder's name."""
    remote = state.name_from(git_state.remotes)
    if remote is None:
        return os.path.basename(os.path.realpath(root)) or root
    return f"{remote}/{git_state.prefix}" if git_state.prefix else remote


def _ignored(git: Git, root: str) -> bool:
    """True when the folder has something in it that git hides."""
    try:
        return bool(os.listdir(root)) and git.run("check-ignore", "--quiet", ".").code == 0
    except OSError:
        return False


def _look(root: str, listing: Listing, git_dir: str) -> _Found:
    """Compare the index with the disk, by stat alone."""
    found = _Found({}, {}, [], changed=listing.conflicts, touched=[])
    folders = disk.Folders(root)
    written = _index_time(git_dir)
    absent: list[str] = []
    for entry in listing.staged:
        if entry.mode == "160000":
            found.skipped.append(Skipped(entry.path, "a submodule, audit it separately"))
            continue
        status = _lstat(found, root, entry.path, folders)
        if status is None:
            if entry.skip_worktree:
                absent.append(entry.path)
            else:
                found.changed = True  # deleted: it is no longer part of what is audited
            continue
        _add(found, root, entry.path, status, entry, written)
    made_by_tool = tool_folders(listing.others)
    left_out: set[str] = set()
    for path in listing.others:
        folder = made_by_tool(path)
        if folder is not None:
            left_out.add(folder)  # an environment that nobody has told git to ignore
            continue
        if path.endswith("/"):
            found.skipped.append(Skipped(path.rstrip("/"), "a repository of its own, audit it separately"))
            continue
        status = _lstat(found, root, path, folders)
        if status is not None:
            found.changed = True
            _add(found, root, path, status, None, written)
    found.skipped += [Skipped(folder, BY_A_TOOL) for folder in left_out]
    found.skipped += _not_checked_out(absent, folders)
    return found


def _lstat(found: _Found, root: str, path: str, folders: disk.Folders) -> os.stat_result | None:
    """Status of a file whose way leads through real folders; None when there is none or a folder is in its place.

    One that may be there but cannot be reached, such as below a folder that is locked, is `skipped`.
    """
    try:
        status = os.lstat(os.path.join(root, path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as problem:
        found.skipped.append(Skipped(path, (getattr(problem, "strerror", None) or "cannot be read").lower()))
        return None
    return status if folders.real(path.rpartition("/")[0]) and not stat.S_ISDIR(status.st_mode) else None


def _add(found: _Found, root: str, path: str, status: os.stat_result, entry: Staged | None, written: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        try:
            found.links[path] = os.readlink(os.path.join(root, path))
        except OSError:
            return
        found.changed = found.changed or (entry is not None and entry.mode != "120000")
        return
    if not stat.S_ISREG(status.st_mode):
        found.skipped.append(Skipped(path, disk.kind_of(status.st_mode)))
        return
    blob = None
    if entry is not None:
        # Written in the very moment the index was: git itself would look at the content then.
        if entry.matches(status) and status.st_mtime_ns < written:
            blob = entry.oid
        elif entry.stat is None or entry.stat[3] in (0, status.st_size & 0xFFFFFFFF):
            assert found.touched is not None
            found.touched.append((path, entry, status.st_size))
        else:
            found.changed = True
    found.files[path] = Entry(path, status.st_size, blob, tracked=entry is not None)


def _index_time(git_dir: str) -> int:
    try:
        return os.stat(os.path.join(git_dir, "index")).st_mtime_ns
    except OSError:
        return 0


def _not_checked_out(absent: list[str], folders: disk.Folders) -> list[Skipped]:
    """One entry for each topmost folder, or file in a folder that exists, that a sparse checkout leaves out."""
    counts: dict[str, int] = {}
    for path in absent:
        top = path
        while "/" in top and not folders.real(top.rpartition("/")[0]):
            top = top.rpartition("/")[0]
        counts[top] = counts.get(top, 0) + 1
    return [
        Skipped(path, "not checked out (sparse checkout)" + (f", {number} files" if number > 1 else ""))
        for path, number in counts.items()
    ]


def _unlistable(stderr: str) -> list[Skipped]:
    """Folders that git could not open while it looked for untracked files."""
    found = []
    for line in stderr.splitlines():
        text = line.removeprefix("warning: could not open directory '")
        if text != line:
            path, ends, why = text.rpartition("': ")
            if not ends:  # git cuts its messages off
                path, why = text, "its path is too long"
            found.append(Skipped(path.rstrip("/"), f"cannot be listed: {why.lower()}"))
    return found


def _dirty(root: str, listing: Listing, found: _Found, staged: bool | None) -> bool | None:
    """Whether the folder differs from its commit; None when only reading all of it would tell."""
    if found.changed or staged:
        return True
    touched = found.touched or []
    if staged is None or sum(size for _, _, size in touched) > MOST_HASHED:
        return None
    if any(entry.path.rpartition("/")[2] == ".gitattributes" for entry in listing.staged) and touched:
        return None  # filters may make the file differ from what git keeps of it
    for path, entry, _ in touched:
        try:
            data = disk.read(os.path.join(root, path))
        except UnreadableFile:
            return None
        if entry.oid not in (blob_id(data, entry.oid), blob_id(data.replace(b"\r\n", b"\n"), entry.oid)):
            return True
    return False


def is_filtered(repository: Repository) -> bool:
    """True where a program may have changed what git keeps of a file on the way to the disk, to the same size even.

    Line endings and Git LFS change the size, which tells; a filter of one's own may not.
    """
    return repository.folder is not None and any(
        _names_filter(repository, entry.path) for entry in repository.files if entry.path.endswith(".gitattributes")
    )


def _names_filter(repository: Repository, path: str) -> bool:
    try:
        text = repository.read(path)
    except UnreadableFile:
        return True
    return text.count(b"filter=") > text.count(b"filter=lfs")


def blob_id(data: bytes, like: str = "") -> str:
    """The id that git gives this content, with the hash function of the id `like`."""
    import hashlib

    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()
