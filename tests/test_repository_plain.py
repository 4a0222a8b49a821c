"""An ordinary repository is read with two git processes, and its files say the same as git does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import GitRepo, GitRepoFactory
from prodcheck.cli import main
from prodcheck.repository import Repository, open_repository, plain
from prodcheck.repository.git import Git

FILES = {"train.py": "x = 1\n", "src/TREE": "TREE\0\0\0\0\0\0001 1\n" + "a" * 20, "data/a.csv": "a,b\n"}


def leave(repo: GitRepo) -> None:
    """Change nothing."""


def settings(text: str) -> Callable[[GitRepo], None]:
    def change(repo: GitRepo) -> None:
        with (repo.path / ".git" / "config").open("a") as file:
            file.write(text)

    return change


def stage(repo: GitRepo) -> None:
    repo.write({"train.py": "x = 2\n"})
    repo.git("add", "train.py")


def stage_and_go_back(repo: GitRepo) -> None:
    stage(repo)
    repo.git("reset", "--quiet", "--hard")


def remove_from_index(repo: GitRepo) -> None:
    repo.git("rm", "--quiet", "--cached", "train.py")


CHANGES = {
    "as committed": leave,
    "edited": lambda repo: repo.write({"train.py": "x = 22\n"}),
    "staged": stage,
    "staged and taken back": stage_and_go_back,
    "removed from the index": remove_from_index,
    "intent to add": lambda repo: (repo.write({"new.py": ""}), repo.git("add", "-N", "new.py")),
    "detached": lambda repo: repo.git("checkout", "--quiet", "--detach"),
    "packed references": lambda repo: repo.git("pack-refs", "--all"),
    "another branch": lambda repo: repo.git("checkout", "--quiet", "-b", "feature/x"),
    "a remote": lambda repo: repo.git("remote", "add", "origin", "https://me:secret@github.com/acme/churn.git"),
    "two remotes": lambda repo: [repo.git("remote", "add", n, f"git@host.org:acme/{n}.git") for n in ("up", "origin")],
    "a partial clone": lambda repo: repo.git("config", "remote.origin.promisor", "true"),
    "a submodule's address": lambda repo: repo.git("config", "submodule.lib.url", "https://github.com/acme/lib"),
    "included settings": settings("[include]\n\tpath = other\n"),
    "quotes": settings('[remote "a"]\n\turl = "https://github.com/acme/quoted"\n'),
    "on one line": settings('[remote "a"] url = https://github.com/acme/line\n'),
    "a comment behind": settings('[remote "a"]\n\turl = https://github.com/acme/x # old\n'),
    "old style": settings("[remote.a]\n\turl = https://github.com/acme/dotted\n"),
    "an alias": settings('[alias]\n\tst = status --short\n\tquoted = "!echo a"\n'),
    "a work tree elsewhere": lambda repo: repo.git("config", "core.worktree", str(repo.path / "src")),
    "a head that is none": lambda repo: (repo.path / ".git" / "HEAD").write_text("nonsense\n"),
    "no settings": lambda repo: (repo.path / ".git" / "config").unlink(),
    "no index": lambda repo: (repo.path / ".git" / "index").unlink(),
    "a torn index": lambda repo: (repo.path / ".git" / "index").write_bytes(b"DIRC\0\0\0\2"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_files_say_what_git_says(
    git_repo: GitRepoFactory, change: Callable[[GitRepo], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo(FILES)
    change(repo)
    read = open_repository(str(repo.path))
    monkeypatch.setattr("prodcheck.repository.plain.read", lambda root: None)
    monkeypatch.setattr("prodcheck.repository.worktree.tree_of_index", lambda git_dir: None)
    asked = open_repository(str(repo.path))
    assert _all(read) == _all(asked)


def _all(repository: Repository) -> tuple[object, ...]:
    return (repository.name, repository.git, repository.files, repository.links, repository.skipped)


def count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are run from now on."""
    run: list[str] = []
    spawn = Git._spawn

    def counted(self: Git, args: tuple[str, ...], *more: Any, **options: Any) -> object:
        run.append(args[0])
        return spawn(self, args, *more, **options)

    monkeypatch.setattr(Git, "_spawn", counted)
    return run


def test_an_audit_starts_git_twice(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = git_repo({**FILES, "prodcheck.toml": 'exclude = ["data/"]\n'})
    run = count(monkeypatch)
    with pytest.raises(SystemExit) as end:
        main(["check", str(repo.path), "--format", "json", "--no-cache"])
    assert end.value.code == 0
    assert '"data/a.csv"' not in capsys.readouterr().out
    assert sorted(run) == ["cat-file", "ls-files"]


def test_what_is_staged_takes_a_third_process(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo(FILES)
    stage(repo)
    run = count(monkeypatch)
    assert open_repository(str(repo.path)).git.dirty
    assert sorted(run) == ["cat-file", "diff-index", "ls-files"]


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_index_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, one: bytes, other: bytes) -> None:
    folder = tmp_path_factory.mktemp("index")
    (folder / "index").write_bytes(b"DIRC" + one + b"TREE" + other)
    found = plain.tree_of_index(str(folder))
    assert found is None or len(found) == 40


def test_a_linked_work_tree_is_left_to_git(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo(FILES)
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert plain.read(str(repo.path)) is not None
    assert plain.read(str(tmp_path / "side")) is None
    assert open_repository(str(tmp_path / "side")).git.branch == "side"
