"""The door: a path, and perhaps a revision, become the right kind of repository, or an error that says what to do."""

from __future__ import annotations

import os
from collections.abc import Callable

from prodcheck.errors import RepositoryError, UnreadableFile, UsageError
from prodcheck.model import GitState
from prodcheck.repository import plain, state, worktree
from prodcheck.repository.base import Repository
from prodcheck.repository.exclude import without
from prodcheck.repository.git import Git, find_program


def open_repository(path: str, rev: str | None = None, exclude: tuple[str, ...] = ()) -> Repository:
    """The folder at `path` as it is on disk, or as it was at the git revision `rev`.

    `exclude` holds patterns as in `.gitignore`; matching files are left out. Raises `UsageError` for a path that is no
    readable folder or a revision that git does not know, `RepositoryError` for a bare repository without a revision.
    """
    return without(opening(path, rev)(), exclude)


def opening(path: str, rev: str | None = None) -> Callable[[], Repository]:
    """`open_repository` in two steps: git is asked here, and its answers are waited for when the result is called.

    What a program imports in between costs no time, as far as git takes as long.
    """
    path = path or "."
    _check_folder(path)
    if rev is None:
        return _open_folder(path)
    found = _open_commit(path, rev)
    return lambda: found


def merge_base(path: str, one: str, other: str) -> str | None:
    """The commit at which two revisions parted; None when they share none. Raises `UsageError` for an unknown one."""
    commits = [_open_commit(path, rev).git.commit or "" for rev in (one, other)]
    reply = Git(find_program() or "git", path).run("merge-base", *commits)
    return reply.out.decode().strip() if reply.ok else None


def _check_folder(path: str) -> None:
    try:
        os.listdir(path)
    except FileNotFoundError:
        raise UsageError(f"there is no folder `{path}`", "Check the spelling, or give the path of a folder.") from None
    except NotADirectoryError:
        parent = os.path.dirname(path) or "."
        raise UsageError(f"`{path}` is a file, not a folder", f"Audit the folder it is in: `{parent}`.") from None
    except (OSError, ValueError) as problem:
        why = (getattr(problem, "strerror", None) or str(problem)).lower()
        raise UsageError(f"`{path}` cannot be read: {why}", "Give a folder that you may list.") from None


def _open_folder(path: str) -> Callable[[], Repository]:
    program = find_program()
    if program is None:
        return lambda: _without_program(path)
    git = Git(program, path)
    known = plain.read(path)
    if known is None:
        return lambda: _located(git, path)
    asked = worktree.ask(git, known.remotes)
    return lambda: _work_tree(git, path, known.place, asked)


def _without_program(path: str) -> Repository:
    if state.git_marker(path) is None and not _is_git_dir(path):
        return worktree.without_git(path, state.without_git(path))
    return worktree.without_git(path, GitState("unknown", "git is not installed"))


def _located(git: Git, path: str) -> Repository:
    """A folder of which only git can tell what it is."""
    marker = state.git_marker(path)
    reply = git.run(*state.LOCATE)
    place = state.locate(reply)
    if place is None:
        if marker is None:
            return worktree.without_git(path, state.without_git(path))
        return worktree.without_git(path, GitState("unknown", state.why_not(reply)))
    if place.inside_git_dir or (place.bare and marker is None):
        raise _bare(path, place)
    if place.bare:
        return worktree.without_git(path, GitState("unknown", "git's settings say that there is no work tree"))
    return _work_tree(git, path, place, worktree.ask(git))


def _work_tree(git: Git, path: str, place: state.Place, asked: worktree.Asked) -> Repository:
    try:
        found = worktree.from_git(git, path, place, asked)
    except UnreadableFile as problem:
        return worktree.without_git(path, GitState("unknown", problem.reason))
    if found is None:
        ignored = GitState("none", "the repository around this folder ignores it", prefix=place.prefix)
        return worktree.without_git(path, ignored)
    return found


def _open_commit(path: str, rev: str) -> Repository:
    from prodcheck.repository.commit import from_revision

    program = find_program()
    if program is None:
        raise RepositoryError("a revision needs git, which is not installed", "Install git, or leave out --rev.")
    git = Git(program, path)
    reply = git.run(*state.LOCATE)
    place = state.locate(reply)
    if place is None:
        why = state.why_not(reply)
        raise RepositoryError(f"`{path}` has no revisions: {why}", "Leave out --rev to audit the folder as it is.")
    return from_revision(git, path, place, rev)


def _bare(path: str, place: state.Place) -> RepositoryError:
    if os.path.basename(place.git_dir) == ".git":
        return RepositoryError(
            f"`{path}` is git's own folder", f"Audit the folder around it: `{os.path.dirname(place.git_dir)}`."
        )
    return RepositoryError(f"`{path}` is a bare repository: it has no files to look at", "Name a revision: --rev HEAD.")


def _is_git_dir(path: str) -> bool:
    return all(os.path.lexists(os.path.join(path, name)) for name in ("HEAD", "objects", "refs"))
