"""Files and folders that are not what they seem, in one repository or under our hands while it is read.

Each case ends in a correct report, in bounded time and memory. `test_hostile.py` has the content of files,
`test_hostile_git.py` what is wrong with a repository's bookkeeping.
"""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import GitRepoFactory, write
from prodcheck import audit
from prodcheck.errors import ConfigError
from prodcheck.extract import run as extraction
from prodcheck.model import Status
from prodcheck.report import FORMATS, Options, render
from prodcheck.repository import disk
from test_hostile import TRAIN, look, reasons

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has none of these")

WITH_AND_WITHOUT_GIT = pytest.mark.parametrize("versioned", [True, False], ids=["git", "no git"])


@pytest.fixture
def folder(git_repo: GitRepoFactory, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Makes a folder with files, under git or not; what a test adds to it is not tracked."""

    def make(versioned: bool, files: dict[str, str | bytes] | None = None) -> Path:
        content = {"train.py": TRAIN, **(files or {})}
        return git_repo(content).path if versioned else write(tmp_path / "plain", content)

    yield make
    # Whoever cleans up after the tests may not get as deep as these folders are.
    for name in ("project", "plain"):
        subprocess.run(["rm", "-rf", str(tmp_path / name)], check=True)


# --- names -------------------------------------------------------------------------------------------------------

MARKUP = (
    "a\nb\r\nc.py", "::error file=x::y.py", "##vso[task.complete]x.py", "a|b|c.py", "<script>alert(1)<script>.py",
    "`x` $(y) %s %n {z} {{w}}.py", "'\"&;#.py", "\x1b[2J\x1b]0;x\x07.py", "\u202eyp.\u2066x\u2069.py", "\u200b.py",
    "[x](https:x).py", "*", "?", "[a]", "!x", " ", "\t", "~", "-", "@x", os.fsdecode(b"\xff\xfe.py"), "x" * 250 + ".py",
)  # fmt: skip


@WITH_AND_WITHOUT_GIT
def test_all_strange_names_in_every_format(versioned: bool, folder: Callable[..., Path]) -> None:
    token = "ghp_" + "x7Rk2mQ9" * 4 + "a1B2"
    report = look(folder(versioned, dict.fromkeys(MARKUP, f"token = '{token}'\nimport os, (\n")))
    assert report.files == len(MARKUP) + 1
    assert report.result("hardcoded-secret").status is Status.FAIL
    for name in FORMATS:
        text = render(report, name, Options())
        text.encode("utf-8")
        assert token not in text
        assert "<script>alert" not in text or name not in ("html", "markdown")
        assert "\x1b" not in text


@WITH_AND_WITHOUT_GIT
def test_paths_as_long_as_they_get(versioned: bool, folder: Callable[..., Path]) -> None:
    """15 folders of 250 characters can be read; the next one makes a path that no system call takes."""
    top = folder(versioned)
    here = os.open(top, os.O_RDONLY)
    for _ in range(18):
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(os.open("a.py", os.O_WRONLY | os.O_CREAT, dir_fd=below))
        os.close(here)
        here = below
    os.close(here)
    report = look(top)
    assert 14 <= report.files <= 17
    assert any("too long" in why for why in reasons(report).values()), reasons(report)


@WITH_AND_WITHOUT_GIT
def test_folders_inside_folders_without_an_end(versioned: bool, folder: Callable[..., Path]) -> None:
    top = folder(versioned)
    deep = str(top)
    for _ in range(1500):
        deep += "/a"
        os.mkdir(deep)  # noqa: PTH102
    Path(deep, "a.py").write_text("x = 1\n")
    assert look(top).files == 2
    if versioned:
        subprocess.run(["git", "add", "."], cwd=top, check=True)
        assert look(top).files == 2


# --- things that are no files ------------------------------------------------------------------------------------


def _device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero: reading it never ends
    except OSError as problem:
        pytest.skip(f"no device can be made here: {problem.strerror}")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        os.chdir(path.parent)  # the whole path is longer than a socket's may be
        door.bind(path.name)


THINGS = {"a named pipe": os.mkfifo, "a socket": _socket, "a device": _device}


@WITH_AND_WITHOUT_GIT
@pytest.mark.parametrize("kind", [*THINGS])
def test_pipes_sockets_and_devices(
    kind: str, versioned: bool, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top := folder(versioned))
    names = ["x.py", "pyproject.toml", "prodcheck.toml", "README.md", ".env", "nb.ipynb", "requirements.txt"]
    names += [] if versioned else [".gitignore"]
    for name in names:
        THINGS[kind](top / name)
    report = look(top)
    assert report.files == 1
    # git lists no untracked thing that is not a file; without git everything is told.
    assert set(reasons(report).values()) <= {kind}
    assert versioned or set(reasons(report)) == set(names)


def test_a_tracked_file_became_a_pipe(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN, "a.py": "x = 1\n"})
    (repo.path / "a.py").unlink()
    os.mkfifo(repo.path / "a.py")
    assert reasons(look(repo.path)) == {"a.py": "a named pipe"}


@WITH_AND_WITHOUT_GIT
def test_files_of_a_gigabyte(versioned: bool, folder: Callable[..., Path]) -> None:
    """They are sparse: nobody could tell them from real ones without reading them."""
    top = folder(versioned)
    names = ["data.csv", "x.py", "nb.ipynb", "pyproject.toml", "README.md", ".env", "Dockerfile", "model.pkl"]
    for name in names:
        with (top / name).open("wb") as file:
            file.truncate(10**9)
    limited = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))\n"
    code = f"{limited}from prodcheck import audit\nprint(len(audit('.').skipped), audit('.').files)"
    done = subprocess.run([sys.executable, "-c", code], cwd=top, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == [str(len(names)), str(len(names) + 1)], done.stderr
    if not versioned:
        with (top / ".gitignore").open("wb") as file:
            file.truncate(10**9)
        assert look(top).files == len(names) + 2


def test_settings_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """A gate that is silently not held would be worse than none."""
    top = write(tmp_path / "p", {"train.py": TRAIN})
    with (top / "prodcheck.toml").open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(ConfigError, match="cannot be read"):
        audit(top)


@WITH_AND_WITHOUT_GIT
def test_one_file_under_several_names(versioned: bool, folder: Callable[..., Path]) -> None:
    top = folder(versioned)
    for name in ("a.py", "b.py", "sub.py"):
        os.link(top / "train.py", top / name)
    report = look(top)
    assert (report.files, report.skipped) == (4, ())


@WITH_AND_WITHOUT_GIT
def test_a_repository_inside(versioned: bool, folder: Callable[..., Path]) -> None:
    top = folder(versioned)
    for name in ("inner", "deep/down/inner"):
        write(top / name, {"a.py": "x = 1\n"})
        subprocess.run(["git", "init", "-q"], cwd=top / name, check=True)
    report = look(top)
    assert report.files == 1
    assert set(reasons(report)) == {"inner", "deep/down/inner"}


# --- many --------------------------------------------------------------------------------------------------------


@WITH_AND_WITHOUT_GIT
def test_a_folder_with_very_many_files(versioned: bool, folder: Callable[..., Path]) -> None:
    """20,000 here; `benchmarks/crowded.py` measures 200,000."""
    top = folder(versioned)
    (top / "data").mkdir()
    for number in range(20_000):
        os.close(os.open(top / "data" / f"{number}.txt", os.O_WRONLY | os.O_CREAT))
    assert look(top).files == 20_001


# --- changes under our hands -------------------------------------------------------------------------------------


def _when_opened(monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[str], object]) -> None:
    """Change a file in the moment between its listing and its reading."""
    real = os.open
    done: list[str] = []

    def racing(path: Any, *args: Any, **kwargs: Any) -> int:
        if str(path).endswith(name) and not done:
            done.append(path)
            change(path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", racing)


def _replace(path: str, make: Callable[[str], object]) -> None:
    os.unlink(path)  # noqa: PTH108
    make(path)


def _link(path: str) -> None:
    Path(path).symlink_to("/etc/passwd")


CHANGES: dict[str, tuple[Callable[[str], object], str]] = {
    "became a link": (
        lambda p: _replace(p, _link),
        "became a link during the scan",
    ),
    "became a pipe": (lambda p: _replace(p, os.mkfifo), "is no longer a regular file"),
    "became a folder": (lambda p: _replace(p, os.mkdir), "is a directory"),
    "vanished": (os.unlink, "vanished during the scan"),
    "grew to a gigabyte": (lambda p: os.truncate(p, 10**9), "1000 MB, larger than any source file"),
    "grew to 6 MB": (lambda p: os.truncate(p, 6_000_000), "grew during the scan, to more than any source file has"),
}


@WITH_AND_WITHOUT_GIT
@pytest.mark.parametrize("change", [*CHANGES])
def test_a_file_that_changes_while_it_is_read(
    change: str, versioned: bool, folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    top = folder(versioned, {"aa.py": "x = 1\n"})
    act, reason = CHANGES[change]
    _when_opened(monkeypatch, "aa.py", act)
    report = look(top)
    assert reasons(report) == {"aa.py": reason}
    assert "root:" not in render(report, "json", Options())


def test_a_file_that_never_stops_growing_is_read_to_its_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.py"
    path.write_bytes(b"x = 1\n")
    real = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        status = real(descriptor)
        with path.open("ab") as file:
            file.write(b"y = 2\n")
        return status

    monkeypatch.setattr(os, "fstat", fstat)
    assert disk.read(str(path)) == b"x = 1\n"


def test_a_folder_that_may_not_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = write(tmp_path / "p", {"train.py": TRAIN, "locked/a.py": "x = 1\n"})
    real = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = look(top)
    assert (report.files, reasons(report)) == (1, {"locked": "cannot be listed: permission denied"})


def test_more_than_fits_into_memory_is_told(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str) -> bytes:
        raise disk.UnreadableFile("does not fit into memory")

    repo = git_repo({"a.py": "x = 1\n"})
    monkeypatch.setattr(disk, "read", full)
    assert reasons(look(repo.path)) == {"a.py": "does not fit into memory"}


BOMBS = {
    "values.ipynb": b'{"cells": [], "metadata": {"x": [' + b"[]," * 6_000_000 + b'0]}, "nbformat": 4}',
    "cells.ipynb": b'{"cells": [' + b'{"cell_type":"code","source":"x"},' * 30_000 + b'0], "nbformat": 4}',
    "code.ipynb": b'{"cells": [{"cell_type": "code", "source": "' + b"f(a)\\n" * 500_000 + b'"}], "nbformat": 4}',
    "calls.py": b"f(a)\n" * 900_000,
    "numbers.py": b"x = [" + b"1," * 2_000_000 + b"]\n",
    "setup.py": b"from setuptools import setup\nsetup(install_requires=[" + b"'a'," * 1_000_000 + b"])\n",
    "pyproject.toml": b"a." * 100_000 + b"a = 1\n",
    "uv.lock": b"x = {" + b"a." * 100_000 + b"a = 1}\n",
    "Pipfile": b"[" + b"a . " * 100_000 + b"a]\n",
}


@pytest.mark.parametrize("name", [*BOMBS])
def test_small_files_that_would_take_gigabytes(name: str, tmp_path: Path) -> None:
    """Their syntax trees and tables: every one of these took two gigabytes or more."""
    top = write(tmp_path / "p", {name: BOMBS[name]})
    code = (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))\n"
        "from prodcheck import audit\nr = audit('.')\nprint(r.files, len(r.errors), [s.reason for s in r.skipped])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=top, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("1 0 ["), done.stderr
    assert name in ("setup.py", "uv.lock", "Pipfile") or done.stdout.strip() != "1 0 []", done.stdout


def test_limits_fit_together() -> None:
    """What is listed may be read, and what may be read is not more than reading ever takes."""
    assert extraction.MAX_TEXT < extraction.MAX_NOTEBOOK <= disk.MOST
