"""A failure of prodcheck itself, in one rule or one file: told, with what to do about it, and never a quiet score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import write
from prodcheck.cli import main
from prodcheck.errors import REPORT_IT
from prodcheck.model import Result, Rule

FILES = {"train.py": "import pandas\n\nprint(pandas)\n", "odd.py": "x = 1\n", "requirements.txt": "pandas==2.3.3\n"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write(tmp_path / "project", FILES)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(params=["a rule", "a reader"])
def place(request: pytest.FixtureRequest, project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What fails, by the name under which it is told."""
    if request.param == "a rule":
        from prodcheck import engine

        judge = engine._attempt

        def attempt(rule: Rule, *known: Any) -> Result:
            if rule.id == "no-ci":
                raise KeyError("secret of the repository")
            return judge(rule, *known)

        monkeypatch.setattr(engine, "_attempt", attempt)
        return "no-ci"
    from prodcheck.extract import run

    extract = run.extract_file

    def extract_file(path: str, data: bytes, **known: Any) -> run.FileFacts:
        if path == "odd.py":
            raise KeyError("secret of the repository")
        return extract(path, data, **known)

    monkeypatch.setattr(run, "extract_file", extract_file)
    return "odd.py"


def check(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["check", *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


def test_it_is_told_with_a_hint_and_the_exit_code_is_3(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 3
    out = " ".join(capsys.readouterr().out.split())
    assert "KeyError" in out
    assert place in out
    assert "score incomplete" in out
    assert REPORT_IT in out
    assert "secret of the repository" not in out


def test_keep_going_judges_by_the_rest(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--keep-going") == 0
    assert check("--keep-going", "--fail-under", "1") == 0
    assert check("--keep-going", "--fail-under", "100") == 1
    assert "KeyError" in capsys.readouterr().out


def test_a_gate_is_not_passed_on_half_a_score(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--fail-under", "1", "--format", "json") == 3
    report = json.loads(capsys.readouterr().out)
    assert report["gate"]["passed"] is False
    assert [place in error["where"] for error in report["errors"]] == [True]
    assert report["run"]["exit_code"] == 3
    assert check("--report-only", "--fail-under", "1") == 0


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "markdown", "html", "junit", "badge"])
def test_every_report_that_has_room_names_it(
    format_: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("--format", format_) == 3
    out = capsys.readouterr().out
    assert ("incomplete" if format_ == "badge" else place) in out


def test_the_next_run_does_not_take_the_half_report_from_the_cache(
    place: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check() == 3
    monkeypatch.undo()
    monkeypatch.chdir(project)
    assert check() == 0


def test_the_hook_too(place: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if place == "no-ci":
        pytest.skip("not a rule about one file")
    assert check("--hook", "odd.py") == 3
    assert REPORT_IT in capsys.readouterr().err
    assert check("--hook", "--keep-going", "odd.py") == 0
