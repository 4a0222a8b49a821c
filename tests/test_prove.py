"""`scripts/prove.py`: what cannot be had or does not fit into the time is said to be skipped, never silently passed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
sys.path += [str(SCRIPTS), str(SCRIPTS / "proofs")]

import prove  # noqa: E402
import tools  # noqa: E402


def counts(tally: prove.Tally) -> tuple[int, int, int]:
    return tally.passed, tally.failed, tally.skipped


@pytest.mark.parametrize(
    ("code", "output", "expected"),
    [
        (0, "ok  one\nok  two\nskipped  three: no browser\n", (2, 0, 1)),
        (1, "ok  one\nFAILED: two\n  why\n", (1, 1, 0)),
        (1, "ok  one\nTraceback (most recent call last):\n", (1, 1, 0)),  # it ended, and said nothing of a failure
        (None, "ok  one\nskipped  reports: stopped", (1, 0, 1)),
    ],
)
def test_what_a_proof_says_is_counted(code: int | None, output: str, expected: tuple[int, int, int]) -> None:
    tally = prove.Tally()
    tally.add("x", 1, code, output)
    assert counts(tally) == expected


def proof(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "x.py").write_text(text)
    (folder / "python").symlink_to(sys.executable)
    monkeypatch.setattr(prove, "HERE", folder)
    monkeypatch.setattr(tools, "BIN", folder)


@pytest.mark.skipif(sys.platform == "win32", reason="the proofs run on Linux")
def test_a_proof_is_stopped_when_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    proof(tmp_path, monkeypatch, "import time\nprint('ok  begun', flush=True)\ntime.sleep(60)\n")
    tally, begin = prove.Tally(), time.monotonic()
    prove.run("x", begin + 6, tally)
    assert counts(tally) == (1, 0, 1)
    prove.run("x", begin + 7, tally)  # too late to begin
    assert counts(tally) == (1, 0, 2)
    assert "not run" in capsys.readouterr().out
    assert time.monotonic() - begin < 30


@pytest.mark.skipif(sys.platform == "win32", reason="the proofs run on Linux")
def test_a_proof_that_hangs_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proof(tmp_path, monkeypatch, "import time\ntime.sleep(60)\n")
    monkeypatch.setattr(prove, "LIMIT", 1)
    tally = prove.Tally()
    prove.run("x", time.monotonic() + 100, tally)
    assert counts(tally) == (0, 1, 0)


def test_a_missing_tool_skips_the_proof(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    tools.main_of(lambda: tools.proved(str(tools.program("no-such-browser"))))
    assert capsys.readouterr().out.startswith("skipped  ")


def test_one_package_that_is_gone_does_not_cost_the_others(tmp_path: Path) -> None:
    code = "import pathlib, sys; 'gone' in sys.argv and sys.exit(1); [pathlib.Path(n).touch() for n in sys.argv[1:]]"
    files = [str(tmp_path / "a"), "gone", str(tmp_path / "b")]
    assert tools._each([sys.executable, "-c", code], files) == ["gone: exit code 1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_every_proof_is_run_by_the_one_command() -> None:
    helpers = {"tools"}
    assert {path.stem for path in (SCRIPTS / "proofs").glob("*.py")} - helpers == set(prove.PROOFS)
