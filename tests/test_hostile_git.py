"""Repositories whose bookkeeping is wrong, missing or malicious, and callers that point git elsewhere.

Each case ends in a correct report or a clear error, in bounded time; nothing outside the audited folder is read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from conftest import GitRepo, GitRepoFactory, write
from prodcheck import audit
from prodcheck.errors import RepositoryError, UsageError
from prodcheck.model import Status
from prodcheck.report import Options, render
from prodcheck.repository import git as git_calls
from prodcheck.repository import history
from test_hostile import TRAIN, look, reasons, run

TOKEN = "ghp_" + "x7Rk2mQ9" * 4 + "a1B2"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and modes")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_calls, "TIMEOUT", 2.0)


# --- `.git` is not what it should be ------------------------------------------------------------------------------


def _outside(tmp_path: Path, git_repo: GitRepoFactory) -> Path:
    return git_repo({"secret.py": f"token = '{TOKEN}'\n"}, name="outside").path / ".git"


DOT_GIT: dict[str, Callable[[Path, Path], object]] = {
    "nowhere": lambda p, outside: p.write_text("gitdir: /nowhere/at/all\n"),
    "relative": lambda p, outside: p.write_text("gitdir: ../../../../../../nowhere\n"),
    "itself": lambda p, outside: p.write_text("gitdir: .git\n"),
    "its own folder": lambda p, outside: p.write_text("gitdir: .\n"),
    "a device": lambda p, outside: p.write_text("gitdir: /dev/zero\n"),
    "another user's": lambda p, outside: p.write_text("gitdir: /root/.git\n"),
    "garbage": lambda p, outside: p.write_bytes(os.urandom(100_000)),
    "a gigabyte": lambda p, outside: _sparse(p),
    "empty": lambda p, outside: p.write_text(""),
    "an empty folder": lambda p, outside: p.mkdir(),
    "a pipe": lambda p, outside: os.mkfifo(p),
    "a link to nowhere": lambda p, outside: p.symlink_to("nowhere"),
    "a link to itself": lambda p, outside: p.symlink_to(".git"),
    "a folder of folders": lambda p, outside: [
        (p / n).mkdir(parents=True) for n in ("HEAD", "objects", "refs", "index")
    ],
}


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**9)


@pytest.mark.parametrize("kind", [*DOT_GIT])
def test_a_git_folder_that_is_none(kind: str, git_repo: GitRepoFactory, tmp_path: Path) -> None:
    top = write(tmp_path / "p", {"train.py": TRAIN})
    DOT_GIT[kind](top / ".git", tmp_path)
    report = look(top)
    assert report.files == 1
    assert report.result("not-version-controlled").status is not Status.PASS
    with pytest.raises(RepositoryError):
        audit(top, rev="HEAD")


@pytest.mark.parametrize("how", ["file", "link"])
def test_a_git_folder_of_another_repository(how: str, git_repo: GitRepoFactory, tmp_path: Path) -> None:
    """As in a linked work tree. Only what is in the folder is audited; what git lists elsewhere is not looked for."""
    other = _outside(tmp_path, git_repo)
    top = write(tmp_path / "p", {"train.py": TRAIN})
    if how == "file":
        (top / ".git").write_text(f"gitdir: {other}\n")
    else:
        (top / ".git").symlink_to(other)
    report = look(top)
    assert report.files == 1
    assert report.result("hardcoded-secret").status is Status.PASS


def test_a_linked_work_tree(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": TRAIN})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    report = look(tmp_path / "linked")
    assert (report.git.state, report.git.branch, report.files) == ("ok", "side", 1)
    shutil.rmtree(repo.path)
    assert look(tmp_path / "linked").git.state == "unknown"


def test_a_bare_repository_hidden_in_the_tree(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    """Files that look like a bare repository can be committed, with settings that name commands."""
    canary, script = tmp_path / "canary", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    repo = git_repo({"train.py": TRAIN})
    inner = repo.path / "docs"
    repo.git("init", "-q", "--bare", str(inner))
    GitRepo(inner).git("config", "core.bare", "false")
    GitRepo(inner).git("config", "core.worktree", str(inner))
    GitRepo(inner).git("config", "core.fsmonitor", str(script))
    assert look(repo.path).git.state == "ok"
    for folder in (inner, inner / "refs"):
        with suppress(RepositoryError):  # it says that this is no work tree
            look(folder)
    assert not canary.exists()


# --- the index -----------------------------------------------------------------------------------------------------


def _index(entries: list[tuple[bytes, int]], oid: bytes, number: int | None = None) -> bytes:
    """An index as git writes it, of (path, mode)."""
    made = b"DIRC" + struct.pack(">LL", 2, len(entries) if number is None else number)
    for path, mode in entries:
        entry = (
            struct.pack(">10L", 0, 0, 0, 0, 0, 0, mode, 0, 0, 0) + oid + struct.pack(">H", min(len(path), 0xFFF)) + path
        )
        made += entry + b"\0" * (8 - len(entry) % 8)
    return made + hashlib.sha1(made, usedforsecurity=False).digest()


ESCAPES = [
    b"../outside.py",
    b"sub/../../outside.py",
    b"./train.py",
    b"/etc/passwd",
    b".git/config",
    b"link/outside.py",
    b"a//b.py",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_an_index_that_names_files_elsewhere(path: bytes, git_repo: GitRepoFactory, tmp_path: Path) -> None:
    write(tmp_path, {"outside.py": f"token = '{TOKEN}'\n"})
    repo = git_repo({"train.py": TRAIN, "sub/a.py": "x = 1\n"})
    (repo.path / "link").symlink_to(tmp_path)
    oid = bytes.fromhex(repo.git("rev-parse", "HEAD:train.py"))
    (repo.path / ".git/index").write_bytes(_index([(path, 0o100644), (b"train.py", 0o100644)], oid))
    report = look(repo.path)
    assert {f.path for f in report.skipped if f.path == "outside.py"} == set()
    assert report.result("hardcoded-secret").status is Status.PASS
    assert "root:" not in render(report, "json", Options())
    assert report.files == 2
    assert not [f for f in report.findings if f.location and ".." in f.location.path]


@pytest.mark.parametrize("number", [2**32 - 1, 2**31, 10**6])
def test_an_index_that_claims_to_be_huge(number: int, git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    (repo.path / ".git/index").write_bytes(_index([(b"train.py", 0o100644)], b"\1" * 20, number))
    report = look(repo.path)
    assert (report.files, report.git.state) == (1, "unknown")


def test_a_large_index(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    oid = bytes.fromhex(repo.git("rev-parse", "HEAD:train.py"))
    entries = [(b"data/%06d.txt" % number, 0o100644) for number in range(50_000)]
    (repo.path / ".git/index").write_bytes(_index([*entries, (b"train.py", 0o100644)], oid))
    report = look(repo.path)
    assert (report.files, report.git.tracked, report.git.dirty) == (1, 50_001, True)


@pytest.mark.parametrize("mode", [0o120000, 0o160000, 0o040000, 0o777777, 0])
def test_an_index_with_an_odd_mode(mode: int, git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN, "a.py": "x = 1\n"})
    oid = bytes.fromhex(repo.git("rev-parse", "HEAD:a.py"))
    (repo.path / ".git/index").write_bytes(_index([(b"a.py", mode), (b"train.py", 0o100644)], oid))
    assert look(repo.path).files in (1, 2)


# --- HEAD, references, settings ------------------------------------------------------------------------------------

HEADS = {
    "detached": "{commit}\n", "a branch that is not there": "ref: refs/heads/gone\n", "no reference": "ref: \n",
    "out of the folder": "ref: ../../../../etc/passwd\n", "a circle": "ref: HEAD\n",
    "an unknown commit": "1" * 40 + "\n",
    "long": "ref: refs/heads/" + "a/" * 50_000 + "b\n", "control characters": "ref: refs/heads/\x1b[2J\n", "empty": "",
    "a blob": "{blob}\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", [*HEADS])
def test_heads(kind: str, git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    made = HEADS[kind].format(commit=repo.git("rev-parse", "HEAD"), blob=repo.git("rev-parse", "HEAD:train.py"))
    (repo.path / ".git/HEAD").write_text(made)
    report = look(repo.path)
    assert report.files == 1
    assert (report.git.state == "ok") == (kind == "detached")
    assert report.git.branch is None or kind in ("a branch that is not there", "long")


@pytest.mark.parametrize(
    "text",
    [
        "garbage\n", f"# pack-refs with: peeled\n{'1' * 40} refs/heads/x\n^{'2' * 40}\n", "\0" * 1000,
        "".join(f"{'1' * 40} refs/tags/{number}\n" for number in range(20_000)),
    ],
    ids=["garbage", "unknown objects", "NUL", "many"],
)  # fmt: skip
def test_packed_references(text: str, git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    (repo.path / ".git/packed-refs").write_text(text)
    report = look(repo.path, history=True)
    assert report.files == 1
    assert report.git.state in ("ok", "unknown", "unborn")


SETTINGS = {
    "an include that waits": "[include]\n\tpath = {pipe}\n",
    "an include of a device": "[include]\n\tpath = /dev/zero\n",
    "an include of itself": "[include]\n\tpath = config\n",
    "an include that depends": "[includeIf \"gitdir:**\"]\n\tpath = {evil}\n",
    "a list of ignored files that waits": "[core]\n\texcludesFile = {pipe}\n",
    "attributes that wait": "[core]\n\tattributesFile = {pipe}\n",
    "a future format": "[core]\n\trepositoryFormatVersion = 99\n",
    "unknown extensions": "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tevil = true\n",
    "bare": "[core]\n\tbare = true\n",
    "alternates": "[core]\n\talternateRefsCommand = {evil}\n\talternateRefsPrefixes = refs/\n",
    "a long line": "[core]\n\tx = " + "a" * 5_000_000 + "\n",
    "many sections": "".join(f"[remote \"{n}\"]\n\turl = https://x.example/{n}\n" for n in range(20_000)),
    "control characters": "[remote \"\x1b[2J\"]\n\turl = https://user:{token}@x.example/\x07\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", [*SETTINGS])
@pytest.mark.usefixtures("impatient")
def test_settings(kind: str, git_repo: GitRepoFactory, tmp_path: Path) -> None:
    canary, script, pipe = tmp_path / "canary", tmp_path / "evil.sh", tmp_path / "pipe"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n[core]\n\tfsmonitor = {script}\n")
    script.chmod(0o755)
    os.mkfifo(pipe)
    repo = git_repo({"train.py": TRAIN})
    text = SETTINGS[kind].replace("{evil}", str(script)).replace("{pipe}", str(pipe)).replace("{token}", TOKEN)
    with (repo.path / ".git/config").open("a") as file:
        file.write(text)
    report = look(repo.path)
    assert report.files == 1
    assert TOKEN not in render(report, "json", Options())
    assert not canary.exists()


@pytest.mark.parametrize("name", ["HEAD", "config", "index", "info/exclude"])
@pytest.mark.usefixtures("impatient")
def test_pipes_in_the_git_folder(name: str, git_repo: GitRepoFactory) -> None:
    """git itself waits for whoever writes into them; it is ended, and the folder is read without it."""
    repo = git_repo({"train.py": TRAIN})
    path = repo.path / ".git" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    report = look(repo.path)
    assert report.files == 1
    assert report.git.state in ("unknown", "ok", "unborn")


# --- callers that point git elsewhere --------------------------------------------------------------------------------


def test_variables_of_a_hook_do_not_lead_elsewhere(
    git_repo: GitRepoFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a hook git sets these, about the repository of the hook; others may be set by anybody."""
    canary, script = tmp_path / "canary", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    other = git_repo({"other.py": TRAIN, "more.py": TRAIN}, name="other").path
    repo = git_repo({"train.py": TRAIN})
    for name, value in {
        "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"), "GIT_COMMON_DIR": str(other / ".git"), "GIT_PREFIX": "x/",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other / ".git/objects"), "GIT_NAMESPACE": "x",
        "GIT_EXEC_PATH": str(other),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": str(script),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{script}'", "GIT_EXTERNAL_DIFF": str(script),
        "GIT_PAGER": str(script),
        "GIT_SSH_COMMAND": str(script), "GIT_ASKPASS": str(script), "GIT_CONFIG": "/x",
        "GIT_LITERAL_PATHSPECS": "1", "GIT_QUARANTINE_PATH": str(tmp_path), "GIT_ATTR_SOURCE": "HEAD",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for rev in (None, "HEAD"):
        report = look(repo.path, rev=rev)
        assert (report.files, report.git.state) == (1, "ok")
    assert look(repo.path, history=True).files == 1
    assert not canary.exists()


def test_a_hook_audits_the_commit_under_way(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": TRAIN})
    hook = repo.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\n{sys.executable} -P -m prodcheck . --format json > {tmp_path}/report.json\n".replace(
            " -P", " -P" if sys.version_info >= (3, 11) else ""
        )
    )
    hook.chmod(0o755)
    repo.write({"new.py": "x = 1\n"})
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "Add a file")
    assert '"files": 2' in (tmp_path / "report.json").read_text()


# --- objects ---------------------------------------------------------------------------------------------------------


def _bomb(repo: GitRepo, levels: int = 12) -> str:
    """A commit of a few kilobytes that holds 10**levels files."""
    blob = repo.git("hash-object", "-w", "--stdin", feed=b"x = 1\n")
    tree = repo.git("mktree", feed="".join(f"100644 blob {blob}\tf{n}.py\n" for n in range(10)).encode())
    for _ in range(levels - 1):
        tree = repo.git("mktree", feed="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)).encode())
    commit = repo.git("commit-tree", tree, "-m", "Grow")
    repo.git("update-ref", "refs/heads/bomb", commit)
    return commit


def test_a_commit_with_more_files_than_there_is_room_for(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo({"train.py": TRAIN})
    commit = _bomb(repo)
    monkeypatch.setattr(git_calls, "MOST", 5_000_000)
    with pytest.raises(RepositoryError, match="more than 5 MB"):
        audit(repo.path, rev=commit)
    repo.git("symbolic-ref", "HEAD", "refs/heads/bomb")
    report = look(repo.path)  # the index and the disk are as they were
    assert (report.files, report.git.branch) == (1, "bomb")
    for module, name, value in ((git_calls, "MEMORY", 100_000_000), (history, "LISTING", 0.5)):
        monkeypatch.setattr(module, name, value)
        report = look(repo.path, history=True)
        assert any("not all listed" in s.reason or "too large" in s.reason for s in report.skipped)


def test_a_link_as_long_as_a_book(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    blob = repo.git("hash-object", "-w", "--stdin", feed=b"a" * 20_000_000)
    repo.git("update-index", "--add", "--cacheinfo", f"120000,{blob},link.py")
    repo.git("commit", "-q", "-m", "Add a link")
    report = look(repo.path, rev="HEAD")
    assert reasons(report) == {"link.py": "a link, but no path is that long"}


@pytest.mark.parametrize("name", [b"..", b".git", b"a\nb.py", b"\x1b[2J.py", b"\xff.py", b"x" * 5000 + b".py"])
def test_trees_with_names_that_no_disk_would_take(name: bytes, git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    blob = bytes.fromhex(repo.git("hash-object", "-w", "--stdin", feed=f"token = '{TOKEN}'\n".encode()))
    raw = b"100644 " + name + b"\0" + blob
    tree = repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", feed=raw)
    commit = repo.git("commit-tree", tree, "-m", "Add odd names")
    report = look(repo.path, rev=commit)
    assert (report.files, len(report.skipped)) == ((0, 1) if name in (b"..", b".git") else (1, 0))
    assert TOKEN not in render(report, "json", Options())


@pytest.mark.parametrize(
    "text",
    [
        "tree {tree}\n\n", "tree {tree}\nauthor\ncommitter\n\nx", "garbage", "",
        "tree {tree}\nauthor A <a> 99999999999999999999 +0000\ncommitter A <a> 99999999999999999999 +0000\n\nx",
        "tree " + "1" * 40 + "\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nx",
        "tree {tree}\nparent " + "2" * 40 + "\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n" + "x" * 5_000_000,
    ],
    ids=["no people", "no times", "garbage", "empty", "a time without end", "no tree", "a long message"],
)  # fmt: skip
def test_commits_that_are_not_well_formed(text: str, git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    made = text.format(tree=repo.git("rev-parse", "HEAD^{tree}")).encode()
    commit = repo.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", feed=made)
    (repo.path / ".git/refs/heads/main").write_text(commit + "\n")
    for options in ({}, {"history": True}, {"rev": "HEAD"}):
        try:
            assert look(repo.path, **options).files == 1
        except (RepositoryError, UsageError):
            assert "rev" in options


def test_objects_of_a_partial_clone_are_never_fetched(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    source = git_repo({"train.py": TRAIN, "old.py": f"token = '{TOKEN}'\n"}, name="source")
    (source.path / "old.py").unlink()
    source.commit()
    source.git("config", "uploadpack.allowFilter", "true")
    for kind in ("blob:none", "tree:0"):
        clone = GitRepo(tmp_path / kind.replace(":", "-"))
        source.git("clone", "-q", f"--filter={kind}", f"file://{source.path}", str(clone.path))
        for there in (True, False):
            if not there:
                source.path.rename(tmp_path / "gone")
            before = sorted((clone.path / ".git/objects").rglob("*"))
            report = look(clone.path, history=True)
            assert report.files == 1
            assert any("history" in s.reason for s in report.skipped), "an incomplete history must not look clean"
            assert sorted((clone.path / ".git/objects").rglob("*")) == before
        (tmp_path / "gone").rename(source.path)


def test_objects_that_may_not_be_read(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    for path in (repo.path / ".git/objects").rglob("*"):
        if path.is_file():
            path.chmod(stat.S_IWUSR)
            path.write_bytes(b"\0" * 50)
    assert look(repo.path).files == 1
    done = run(str(repo.path), "--rev", "HEAD")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_two_programs_at_once(git_repo: GitRepoFactory) -> None:
    """Another git at work holds the lock of the index; nobody waits for it, and nobody breaks it."""
    repo = git_repo({"train.py": TRAIN})
    (repo.path / ".git/index.lock").touch()
    assert look(repo.path).git.state == "ok"
    assert (repo.path / ".git/index.lock").exists()
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("add", ".")
