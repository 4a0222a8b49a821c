"""The time that a file or a rule may take: whatever spends it ends as "not known", never as a pass, never as a hang."""

from __future__ import annotations

import re
import signal
import threading
import time
from typing import Any

import pytest

from conftest import GitRepoFactory
from prodcheck import audit
from prodcheck.errors import RepositoryError
from prodcheck.extract import python, run
from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.facts import Facts
from prodcheck.model import Outcome, Status
from prodcheck.report import Options, render

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer for processor time here")

TRAIN = "import pandas as pd\n\nframe = pd.read_csv('data.csv')\n"
FOR_EVER = re.compile(r"(?:a|a|aa)+$"), "a" * 100 + "b"


def spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("work", [spin, lambda: FOR_EVER[0].match(FOR_EVER[1])], ids=["loop", "expression"])
def test_work_without_an_end_is_ended(work) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(OutOfTime):
        limited(0.1, work)


def test_the_exception_cannot_be_swallowed() -> None:
    def survives() -> None:
        while True:
            try:
                spin()
            except BaseException:
                if len(caught) == 2:
                    raise
                caught.append(1)

    caught: list[int] = []
    with pytest.raises(OutOfTime):
        limited(0.1, survives)
    assert len(caught) == 2


def test_work_that_ends_leaves_no_timer_behind() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    assert limited(0.05, lambda: 7) == 7
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    with pytest.raises(OutOfTime):
        limited(0.05, spin)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGVTALRM) is before


def test_the_outer_limit_holds_after_an_inner_one() -> None:
    def both() -> None:
        limited(5.0, lambda: None)
        limited(5.0, spin)

    with pytest.raises(OutOfTime):
        limited(0.1, both)


def test_what_is_spent_inside_is_spent_outside() -> None:
    def often() -> None:
        for _ in range(100):
            limited(5.0, lambda: sum(range(10**6)))

    with pytest.raises(OutOfTime):
        limited(0.1, often)


def test_waiting_costs_nothing() -> None:
    assert limited(0.05, lambda: time.sleep(0.3)) is None


def test_another_thread_works_without_a_limit() -> None:
    got: list[int] = []
    thread = threading.Thread(target=lambda: got.append(limited(0.01, lambda: sum(range(10**6)))))
    thread.start()
    thread.join()
    assert got == [sum(range(10**6))]


def test_a_file_that_takes_too_long_is_told_and_nothing_is_called_clean(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = python.read
    monkeypatch.setattr(python, "read", lambda path, data: spin() if path == "slow.py" else real(path, data))
    monkeypatch.setattr(run, "SECONDS", 0.2)
    repo = git_repo({"slow.py": "x = 1\n", "train.py": TRAIN, "requirements.txt": "pandas==2.0.1\n"})
    report = audit(repo.path)
    assert [(s.path, s.reason) for s in report.skipped] == [("slow.py", "not understood within 0 seconds")]
    assert (report.errors, report.files) == ((), 3)
    secrets = report.result("hardcoded-secret")
    assert (secrets.status, secrets.reason) == (Status.UNKNOWN, "slow.py took too long to understand")
    assert report.result("not-version-controlled").status is Status.PARTIAL  # what does not depend on the file
    assert "slow.py" in render(report, "text", Options())
    monkeypatch.setattr(python, "read", real)
    assert audit(repo.path).result("hardcoded-secret").status is Status.PASS


def test_an_old_version_that_takes_too_long_is_told(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    from prodcheck.extract import secrets

    repo = git_repo({"old.py": "old = 1\n"})
    repo.commit({"old.py": "new = 1\n"})
    real = secrets.extract
    monkeypatch.setattr(
        secrets, "extract", lambda path, data, book=None: spin() if b"old" in data else real(path, data, book)
    )
    monkeypatch.setattr(run, "SECONDS", 0.2)
    report = audit(repo.path, history=True)
    assert [s.reason for s in report.skipped] == ["history: 1 old version of files took too long to understand"]


def test_a_rule_that_takes_too_long_is_undecided_and_so_are_those_after_it(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prodcheck import engine

    monkeypatch.setattr(engine, "SECONDS", 0.3)
    monkeypatch.setattr(engine, "SECONDS_PER_FILE", 0.0)

    real, asked = engine.judge, []

    def slow(*args: Any) -> Outcome:
        asked.append(1)
        return spin() if len(asked) == 3 else real(*args)  # type: ignore[func-returns-value]

    monkeypatch.setattr(engine, "judge", slow)
    report = audit(git_repo({"README.md": "# churn\n", "train.py": TRAIN}).path)
    late = [r.rule.id for r in report.results if r.reason == "the time for judging this repository was spent"]
    assert len(asked) == 3
    assert len(late) > 20
    assert {report.result(id_).status for id_ in late} == {Status.UNKNOWN}
    assert report.errors == ()


def test_a_repository_that_cannot_be_understood_in_time_is_a_clear_error(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prodcheck import _audit

    monkeypatch.setattr(_audit, "SECONDS", 0.2)
    monkeypatch.setattr(Facts, "project", property(lambda self: spin()))
    with pytest.raises(RepositoryError, match="not understood within") as problem:
        audit(git_repo({"train.py": TRAIN}).path)
    assert "exclude" in problem.value.hint
