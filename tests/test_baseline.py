"""Accepted findings: what the file holds, what stays known, and what the gates make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import GitRepo, GitRepoFactory, write
from prodcheck import audit
from prodcheck.baseline import Baseline, Entry, accept, parse
from prodcheck.cli import main
from prodcheck.errors import ConfigError
from prodcheck.model import Status
from prodcheck.testing import fill

LEAK = fill('import os\n\nTOKEN = "${secret:huggingface}"\n')
ANOTHER = fill('KEY = "${secret:openai}"\n')


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture
def project(git_repo: GitRepoFactory) -> GitRepo:
    return git_repo({"train.py": LEAK, "README.md": "# Churn\n"})


@pytest.fixture
def file(project: GitRepo) -> Path:
    """A baseline of the project."""
    assert run("baseline", project.path) == 0
    return project.path / "prodcheck-baseline.txt"


def test_the_file_holds_sorted_lines_without_numbers_of_lines(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert lines == sorted(lines)
    rule, path, fingerprint = next(line for line in lines if line.startswith("hardcoded-secret")).split(" ")
    assert (rule, path) == ("hardcoded-secret", "train.py")
    assert len(fingerprint) == 20
    assert fill("${secret:huggingface}") not in file.read_text()


def test_what_is_accepted_stays_known_when_lines_move(
    project: GitRepo, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write({"train.py": "# a note\n\n\n" + LEAK})
    gate = ["check", project.path, "--baseline", file, "--new-only", "--fail-on", "info"]
    assert run(*gate) == 0
    assert "known findings in" in capsys.readouterr().out
    project.write({"serve.py": LEAK})
    assert run(*gate) == 1
    out = capsys.readouterr().out
    assert "serve.py" in out
    assert "new findings of severity info or worse" in out


def test_a_baseline_never_changes_the_score_and_its_file_is_no_finding(project: GitRepo, file: Path) -> None:
    before = audit(project.path)
    project.write({"prodcheck.toml": 'baseline = "prodcheck-baseline.txt"\n'})
    project.commit()
    after = audit(project.path)
    assert after.score.value == before.score.value
    assert {f.baseline_state for f in after.open_findings} == {"unchanged"}
    assert after.baseline == "prodcheck-baseline.txt"


def test_the_score_gate_stays(project: GitRepo, file: Path) -> None:
    assert run("check", project.path, "--baseline", file, "--new-only", "--fail-on", "info", "--fail-under", "99") == 1


def test_the_json_report_tells_new_from_known(project: GitRepo, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project.write({"serve.py": ANOTHER})
    capsys.readouterr()
    run("check", project.path, "--baseline", file, "--format", "json")
    report = json.loads(capsys.readouterr().out)
    states = {(f["path"], f["baseline_state"]) for f in report["findings"] if f["rule_id"] == "hardcoded-secret"}
    assert states == {("train.py", "unchanged"), ("serve.py", "new")}
    assert report["config"]["baseline"] == str(file)
    assert report["summary"]["new"] == sum(f["baseline_state"] == "new" for f in report["findings"]) > 0


def test_update_adds_and_keeps_prune_removes_and_adds_nothing(project: GitRepo, file: Path) -> None:
    first = set(file.read_text().splitlines())
    project.write({"train.py": "print(1)\n", "serve.py": ANOTHER})
    assert run("baseline", project.path, "--update") == 0
    second = set(file.read_text().splitlines())
    assert second > first
    assert run("baseline", project.path, "--prune") == 0
    third = file.read_text()
    assert "hardcoded-secret serve.py" in third
    assert "hardcoded-secret train.py" not in third


def test_check_fails_only_when_an_entry_is_no_longer_needed(
    project: GitRepo, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write({"serve.py": ANOTHER})
    assert run("baseline", project.path, "--check") == 0
    project.write({"train.py": "print(1)\n"})
    text = file.read_text()
    assert run("baseline", project.path, "--check") == 1
    assert "no longer occurs: hardcoded-secret train.py" in capsys.readouterr().out
    assert file.read_text() == text


def test_a_file_that_exists_is_not_overwritten(project: GitRepo, file: Path) -> None:
    text = file.read_text()
    project.write({"serve.py": ANOTHER})
    assert run("baseline", project.path) == 2
    assert file.read_text() == text


def test_suppressed_findings_are_not_accepted_as_well(git_repo: GitRepoFactory) -> None:
    line = LEAK.rstrip("\n") + "  # prodcheck: ignore[hardcoded-secret] a published test key\n"
    project = git_repo({"train.py": line})
    assert "hardcoded-secret" not in {e.rule_id for e in accept(audit(project.path).open_findings)}


def test_a_rule_that_cannot_decide_this_time_keeps_its_entries(project: GitRepo) -> None:
    report = audit(project.path)
    known = Baseline("b", accept(report.open_findings))
    undecided = [replace(r, status=Status.UNKNOWN, findings=()) for r in report.results]
    assert known.gone(undecided) == ()
    passed = [replace(r, status=Status.PASS, findings=()) for r in report.results]
    assert known.gone(passed) == known.entries != ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--new-only", "--fail-on", "minor"], "new-only needs a baseline"),
        (["--baseline", "no-such-file"], "no-such-file"),
        (["--baseline", "BASELINE", "--new-only"], "new-only needs fail-on"),
    ],
)
def test_a_gate_that_could_never_fail_is_an_error(
    project: GitRepo, file: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", project.path, *(str(file) if o == "BASELINE" else o for o in options)) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["gone.txt", "../outside.txt", "/etc/hostname"])
def test_settings_name_only_files_of_the_repository(
    project: GitRepo, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project.path.parent, {"outside.txt": "hardcoded-secret a.py 0123456789abcdef0123\n"})
    project.write({"prodcheck.toml": f'baseline = "{name}"\n'})
    assert run("check", project.path) == 2
    assert "is not a file of this repository" in capsys.readouterr().err


def test_a_merge_conflict_is_told_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"b\.txt:2: not a line"):
        parse("# head\n<<<<<<< HEAD\nno-tests . 0123456789abcdef0123\n", "b.txt")


def test_the_lines_of_two_branches_merge(git_repo: GitRepoFactory) -> None:
    """Two branches that accept different things, far enough apart: git merges them without a conflict."""
    lines = [Entry("hardcoded-secret", f"file{n:02}.py", f"{n:020x}") for n in range(0, 40, 2)]
    project = git_repo({"b.txt": Baseline("b", lines).text()})
    for branch, number in (("one", 3), ("two", 31)):
        project.git("checkout", "-q", "-b", branch, "main")
        more = [*lines, Entry("hardcoded-secret", f"file{number:02}.py", f"{number:020x}")]
        project.commit({"b.txt": Baseline("b", more).text()})
    project.git("merge", "-q", "-m", "Merge", "one")
    assert len(parse((project.path / "b.txt").read_text(), "b").entries) == len(lines) + 2


PATHS = st.text(st.characters(blacklist_categories=()), min_size=1, max_size=30)


@given(st.lists(st.tuples(PATHS, st.integers(0, 2**80 - 1)), max_size=8))
def test_any_path_survives_the_file(found: list[tuple[str, int]]) -> None:
    from prodcheck.baseline import _printable

    entries = [Entry("no-tests", _printable(path), f"{number:020x}") for path, number in found]
    written = Baseline("b", entries)
    text = written.text().encode("utf-8").decode("utf-8")
    assert {e.key for e in parse(text, "b").entries} == {e.key for e in written.entries}


def test_what_is_said_of_the_whole_project_stays_known_when_its_counts_change(git_repo: GitRepoFactory) -> None:
    step = "import pandas as pd\n\nprint(pd.read_csv('x.csv'))\n"
    project = git_repo({"train.py": LEAK, "serve.py": step})
    known = Baseline("b", accept(audit(project.path).open_findings))
    project.commit({"train_again.py": step})
    layout = [f for f in audit(project.path).open_findings if f.rule_id == "no-recognisable-layout"]
    assert [f.message for f in layout if "3 code files" in f.message]
    assert all(known.knows(f) for f in layout)
