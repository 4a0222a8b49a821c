"""Several processes: the same results as one, whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import GitRepoFactory, write
from prodcheck.extract import pool, run
from prodcheck.extract.run import FileFacts, extract_all, extract_file
from prodcheck.repository import open_repository
from prodcheck.repository.memory import MemoryRepository

FILES: dict[str, str | bytes] = {
    "broken.py": "def (:\n",
    "conf.yaml": "a: [1, 2026-01-02]\n",
    "model.bin": b"\0" * 2000,
}
FILES |= {f"pkg{i % 7}/m{i}.py": f"import m{i}\n\n\ndef f{i}(x):\n    return {i}\n" for i in range(60)}


@pytest.fixture(autouse=True)
def _even_for_little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MANY_FILES", 1)
    monkeypatch.setattr(pool, "LIGHTEST", 5_000)


@pytest.mark.parametrize("method", ("fork", "forkserver", "spawn"))
def test_any_number_of_processes_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    if method not in __import__("multiprocessing").get_all_start_methods():
        pytest.skip("not on this system")
    monkeypatch.setattr(pool, "start_method", lambda: method)
    repository = open_repository(str(write(tmp_path / "plain", FILES)))
    alone = extract_all(repository)
    for jobs in (2, 3) if method == "fork" else (2,):
        together = extract_all(repository, jobs=jobs)
        assert together == alone
        assert list(together.files) == list(alone.files)


@pytest.mark.parametrize("method", ("forkserver", "spawn"))
def test_a_new_interpreter_imports_nothing_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    if method not in __import__("multiprocessing").get_all_start_methods():
        pytest.skip("not on this system")
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n"
    names = ("multiprocessing", "pickle", "signal", "yaml", "sitecustomize")
    folder = write(tmp_path / "project", {**FILES, **{f"{name}.py": trap for name in names}})
    monkeypatch.chdir(folder)
    monkeypatch.setattr(pool, "start_method", lambda: method)
    found = extract_all(open_repository("."), jobs=2)
    assert not (tmp_path / "sprung").exists()
    assert found.errors == ()
    assert found.files["multiprocessing.py"].python is not None


def test_a_commit_is_read_here_and_understood_there(git_repo: GitRepoFactory) -> None:
    repo = git_repo(FILES)
    alone = extract_all(open_repository(str(repo.path), rev="HEAD"))
    assert extract_all(open_repository(str(repo.path), rev="HEAD"), jobs=2) == alone
    memory = MemoryRepository(FILES)
    assert extract_all(memory, jobs=2) == extract_all(memory)


def test_unreadable_files_are_told_as_ever(tmp_path: Path) -> None:
    repository = open_repository(str(write(tmp_path / "plain", FILES)))
    (tmp_path / "plain" / "broken.py").unlink()
    (tmp_path / "plain" / "conf.yaml").unlink()
    (tmp_path / "plain" / "conf.yaml").symlink_to("/etc/passwd")
    found = extract_all(repository, jobs=2)
    assert found == extract_all(repository)
    assert {one.path: one.reason for one in found.skipped} == {
        "broken.py": "vanished during the scan",
        "conf.yaml": "became a link during the scan",
    }


def dying(path: str, data: bytes, **about: object) -> FileFacts:
    if path in ("pkg3/m3.py", "pkg4/m11.py"):
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "pkg5/m5.py":
        raise ValueError("the content of a file")
    return extract_file(path, data, **about)  # type: ignore[arg-type]


def test_a_process_that_dies_costs_its_file_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = open_repository(str(write(tmp_path / "plain", FILES)))
    whole = extract_all(repository)
    monkeypatch.setattr(run, "extract_file", dying)
    monkeypatch.setattr(pool, "start_method", lambda: "fork")  # the others would not know of `dying`
    found = extract_all(repository, jobs=2)
    assert [(error.where, error.message) for error in found.errors] == [
        ("pkg3/m3.py", "the process that read this file ended: a crash, or not enough memory"),
        ("pkg4/m11.py", "the process that read this file ended: a crash, or not enough memory"),
        ("pkg5/m5.py", "ValueError while reading this file"),
    ]
    lost = {error.where for error in found.errors}
    assert {p: f for p, f in found.files.items() if p not in lost} == {
        p: f for p, f in whole.files.items() if p not in lost
    }
    assert all(found.files[path].python is None for path in lost)


def test_without_processes_one_does_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(jobs: int) -> None:
        raise OSError("no semaphores")

    repository = open_repository(str(write(tmp_path / "plain", FILES)))
    monkeypatch.setattr(pool, "_start", refuse)
    assert extract_all(repository, jobs=2) == extract_all(repository)


def test_little_work_starts_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MANY_FILES", 300)
    monkeypatch.setattr(pool, "spread", lambda *a: pytest.fail("started processes"))
    repository = open_repository(str(write(tmp_path / "plain", FILES)))
    assert extract_all(repository, jobs=4).files


def test_pieces_are_of_one_weight_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "LIGHTEST", 10)
    weights = [1, 1, 1, 500, 2, 3, 90, 4] * 20
    pieces = pool._pieces(list(enumerate(weights)), lambda item: item[1], 2)
    assert sorted(item for piece in pieces for item in piece) == list(enumerate(weights))
    sums = [sum(weight for _, weight in piece) for piece in pieces]
    assert sums == sorted(sums)
    target = sum(weights) // 32
    assert all(total <= target or len(piece) == 1 for total, piece in zip(sums, pieces, strict=True))


SLOW = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what runs in the background
import time
from prodcheck.extract import pool, run
run.MANY_FILES, pool.LIGHTEST = 1, 1
real = run.extract_file
def slow(path, data, **about):
    time.sleep(0.3)
    return real(path, data, **about)
run.extract_file = slow
from prodcheck.cli import main
print("go", flush=True)
main(["check", ".", "--jobs", "2", "--no-cache"])
"""


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(line) for line in listed.split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at processes with ps")
@pytest.mark.parametrize("how", (signal.SIGINT, signal.SIGKILL))
def test_an_interrupted_run_ends_clean(tmp_path: Path, how: signal.Signals) -> None:
    folder = write(tmp_path / "plain", FILES)
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(below := children(process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(below) == 2
    if how is signal.SIGINT:
        os.killpg(process.pid, how)  # as a terminal does
    else:
        process.kill()
    _, err = process.communicate(timeout=30)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in err
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in below)
