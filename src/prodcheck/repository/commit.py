"""A commit as a repository: read straight from git's objects, without a checkout."""

from __future__ import annotations

import os
import posixpath
import weakref
from collections.abc import Iterable

from prodcheck.errors import RepositoryError, UnreadableFile, UsageError
from prodcheck.model import GitState, Skipped
from prodcheck.records import dataclass
from prodcheck.repository import disk, state
from prodcheck.repository.base import Entry
from prodcheck.repository.git import Batch, Git
from prodcheck.repository.listing import stays_inside
from prodcheck.repository.worktree import repository_name

NOT_HERE = "its content is not in this clone"
LONGEST_PATH = 10_000
"""Bytes. No system follows a longer link, and the object may be a gigabyte."""


class Commit:
    """The files of one commit. `close()` ends the git process that reads them; so does dropping the object."""

    def __init__(self, git: Git, root: str, name: str, tree: Tree, git_state: GitState) -> None:
        self.root = root
        self.name = name
        self.git = git_state
        self.files = tuple(sorted(tree.files.values(), key=lambda entry: entry.path))
        self.links = dict(sorted(tree.links.items()))
        self.skipped = tuple(sorted(tree.skipped, key=lambda one: one.path))
        self._blobs = {entry.path: entry.blob for entry in self.files}
        self._missing = tree.missing
        self._git = git
        self._batch: Batch | None = None

    @property
    def folder(self) -> str | None:
        """Nowhere: the files are among git's objects."""
        return None

    def read(self, path: str) -> bytes:
        """The bytes of one file of `files`. Raises `UnreadableFile` with a reason."""
        blob = self._blobs.get(path)
        if blob is None:
            raise UnreadableFile("no such file")
        if blob in self._missing:
            raise UnreadableFile(NOT_HERE)
        if self._batch is None:
            self._batch = self._git.batch()
            self._finalizer = weakref.finalize(self, self._batch.close)
        return self._batch.read(blob)

    def close(self) -> None:
        """End the reading process. Reading again starts a new one."""
        if self._batch is not None:
            self._finalizer()
            self._batch = None


@dataclass
class Tree:
    """What `ls-tree` lists below a folder."""

    files: dict[str, Entry]
    links: dict[str, str]
    skipped: list[Skipped]
    missing: frozenset[str]
    """Ids of objects that a partial clone does not have."""


def from_revision(git: Git, root: str, place: state.Place, rev: str) -> Commit:
    """The commit that `rev` names. Raises `UsageError` when there is none, `RepositoryError` when it cannot be read."""
    commit, time, branch = resolve(git, place, rev)
    remotes = state.remotes_of(git.run(*state.REMOTES))
    tree = read_tree(git, commit, place.prefix, remotes.partial)
    tracked = len(tree.files) + len(tree.links) + sum("submodule" in one.reason for one in tree.skipped)
    folders = _folders([*tree.files, *tree.links])
    tree.skipped += disk.links_skipped(tree.links, lambda path: _link_problem(path, tree, folders))
    git_state = GitState(
        state="ok",
        branch=branch,
        commit=commit,
        commit_time=time or None,
        dirty=False,
        shallow=place.shallow,
        remotes=remotes.urls,
        prefix=place.prefix,
        tracked=tracked,
    )
    return Commit(git, root, repository_name(root, git_state), tree, git_state)


def resolve(git: Git, place: state.Place, rev: str) -> tuple[str, str, str | None]:
    """(commit id, UTC time, branch if the revision names one) of a revision. Raises `UsageError`."""
    found = _with_gitpython(git, place, rev) or _with_plumbing(git, rev)
    if found is None:
        shallow = " This is a shallow clone: `git fetch --unshallow` brings the older commits." if place.shallow else ""
        raise UsageError(f"git knows no revision `{rev}`", f"Give a branch, a tag, a commit or HEAD~1.{shallow}")
    if rev in ("HEAD", "@"):
        return (*found, state.branch_of(git, place.git_dir))
    is_branch = not rev.startswith("-") and git.run("show-ref", "--verify", "--quiet", f"refs/heads/{rev}").ok
    return (*found, rev if is_branch else None)


def _with_gitpython(git: Git, place: state.Place, rev: str) -> tuple[str, str] | None:
    """Resolve with GitPython's own object reader, which starts no process. None when it cannot tell.

    It cannot read SHA-256 repositories nor understand every way to write a revision; git itself is asked then.
    """
    # On import GitPython asks the first git of PATH for its version; PATH may lead into the audited folder.
    os.environ.setdefault("GIT_PYTHON_GIT_EXECUTABLE", git.program)
    from git import Repo
    from git.db import GitDB

    try:
        repo = Repo(place.git_dir, odbt=GitDB, expand_vars=False)
    except Exception:  # it raises many kinds; every one means that git must be asked
        return None
    try:
        commit = repo.commit(rev)
        return commit.hexsha, state.utc(commit.committed_date)
    except Exception:
        return None
    finally:
        repo.close()


def _with_plumbing(git: Git, rev: str) -> tuple[str, str] | None:
    if not rev or "\0" in rev:
        return None
    reply = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", rev)
    if not reply.ok:
        return None
    return state.commit_of(git.run("cat-file", "--batch", feed=reply.out.strip() + b"^{commit}\n"))


def read_tree(git: Git, commit: str, prefix: str, partial: bool) -> Tree:
    """All files of a commit below `prefix`, with sizes. Raises `RepositoryError`."""
    reply = git.run("ls-tree", "-r", "-z", "--full-tree", commit)
    if not reply.ok:
        raise RepositoryError(
            f"the files of commit {commit[:12]} cannot be listed: {reply.error}",
            "Fetch the whole commit, then try again.",
        )
    start = os.fsencode(prefix) + b"/" if prefix else b""
    tree = Tree({}, {}, [], _missing(git, commit) if partial else frozenset())
    blobs: list[tuple[str, str, str]] = []
    for line in reply.out.split(b"\0"):
        head, tab, name = line.partition(b"\t")
        if not tab or not name.startswith(start):
            continue
        words = head.decode("ascii", "replace").split(" ")
        if len(words) != 3:
            raise RepositoryError(
                f"git lists the files of commit {commit[:12]} in a way that is not understood",
                "Report this with the output of `git --version`.",
            )
        mode, _, oid = words
        path = os.fsdecode(name[len(start) :])
        if not stays_inside(path):
            tree.skipped.append(Skipped(path, "not a name that a file can have"))
        elif mode == "160000":
            tree.skipped.append(Skipped(path, "a submodule, audit it separately"))
        else:
            blobs.append((path, mode, oid))
    sizes = _sizes(git, [oid for _, _, oid in blobs if oid not in tree.missing])
    links = [(path, oid) for path, mode, oid in blobs if mode == "120000"]
    for path, mode, oid in blobs:
        if mode != "120000":
            tree.files[path] = Entry(path, sizes.get(oid, 0), oid)
    if links:
        batch = git.batch()
        try:
            for path, oid in links:
                try:
                    if oid in tree.missing:
                        raise UnreadableFile(NOT_HERE)
                    if sizes.get(oid, 0) > LONGEST_PATH:
                        raise UnreadableFile("no path is that long")
                    tree.links[path] = os.fsdecode(batch.read(oid))
                except UnreadableFile as problem:
                    tree.skipped.append(Skipped(path, f"a link, but {problem.reason}"))
        finally:
            batch.close()
    return tree


def _missing(git: Git, commit: str) -> frozenset[str]:
    """Ids that a partial clone lacks, found without fetching: a plain question for one of them ends the process."""
    reply = git.run("rev-list", "--objects", "--no-object-names", "--missing=print", "--max-count=1", commit)
    return frozenset(line[1:].decode("ascii", "replace") for line in reply.out.split(b"\n") if line.startswith(b"?"))


def _sizes(git: Git, oids: list[str]) -> dict[str, int]:
    """Sizes in bytes by object id. One that is not there is left out: its reading will say so."""
    feed = "".join(f"{oid}\n" for oid in oids).encode()
    reply = git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer", feed=feed)
    found: dict[str, int] = {}
    for line in reply.out.split(b"\n"):
        oid, _, size = line.partition(b" ")
        if size.isdigit():
            found[oid.decode("ascii", "replace")] = int(size)
    return found


def _link_problem(path: str, tree: Tree, folders: frozenset[str]) -> str | None:
    """As for links on disk, but judged by what the commit holds."""
    goal = path
    for _ in range(40):  # as many links as Linux follows
        parts = goal.split("/")
        tops = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        link = next((top for top in tops if top in tree.links), None)
        if link is None:
            return None if goal in tree.files or goal in folders else "a broken link"
        target = tree.links[link]
        if target.startswith("/") or target[1:2] == ":":
            return "a link that leads out of the repository"
        goal = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, goal[len(link) + 1 :]))
        if goal == ".." or goal.startswith("../"):
            return "a link that leads out of the repository"
    return "a broken link"


def _folders(paths: Iterable[str]) -> frozenset[str]:
    found = {"."}
    for path in paths:
        while "/" in path and (path := path.rpartition("/")[0]) not in found:
            found.add(path)
    return frozenset(found)
