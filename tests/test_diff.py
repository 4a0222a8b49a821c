"""`prodcheck diff`: what changed between two revisions, without a checkout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conftest import GitRepo, GitRepoFactory
from prodcheck.cli import main
from prodcheck.testing import fill

LEAK = fill('import os\n\nTOKEN = "${secret:huggingface}"\n')
CLEAN = 'import os\n\nTOKEN = os.environ["TOKEN"]\n'
MOVED = "# a note\n\n" + LEAK


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in arguments])
    assert isinstance(end.value.code, int)
    return end.value.code


@pytest.fixture
def project(git_repo: GitRepoFactory) -> GitRepo:
    """Three commits: a leak; the leak, moved; no leak and a license."""
    project = git_repo({"train.py": LEAK, "README.md": "# Churn\n"})
    project.commit({"train.py": MOVED})
    project.commit({"train.py": CLEAN, "LICENSE": "MIT License\n\nCopyright (c) 2026 A. U. Thor\n"})
    return project


def compared(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    capsys.readouterr()
    assert run("diff", *arguments, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_what_was_fixed_and_what_it_brought(project: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "HEAD~2", project.path)
    assert found["fixed"][0]["rule_id"] == "hardcoded-secret"
    assert found["new"] == []
    assert found["delta"] == round(found["head"]["score"] - found["base"]["score"], 1) > 0
    assert any((r["id"], r["before"], r["after"]) == ("hardcoded-secret", "fail", "pass") for r in found["rules"])


def test_moved_lines_are_no_change(project: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "HEAD~2", project.path, "--head", "HEAD~1")
    assert (found["delta"], found["new"], found["fixed"], found["rules"]) == (0, [], [], [])
    assert found["base"]["commit"] == project.git("rev-parse", "HEAD~2")
    assert found["head"]["commit"] == project.git("rev-parse", "HEAD~1")


def test_the_other_direction_is_a_drop(project: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["diff", "HEAD", project.path, "--head", "HEAD~1"]
    assert run(*arguments) == 0
    out = capsys.readouterr().out
    assert "NEW" in out
    assert "train.py:5" in out
    assert run(*arguments, "--fail-on-drop") == 1
    assert run("diff", "HEAD~1", project.path, "--fail-on-drop") == 0
    assert run("diff", "HEAD", project.path, "--fail-on-drop") == 0


def test_the_folder_as_it_is_counts_and_nothing_is_checked_out(
    project: GitRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write({"serve.py": LEAK})
    before = project.git("status", "--porcelain", "--ignored"), project.git("rev-parse", "HEAD")
    found = compared(capsys, "HEAD", project.path)
    assert [f["path"] for f in found["new"] if f["rule_id"] == "hardcoded-secret"] == ["serve.py"]
    assert found["head"]["dirty"] is True
    assert (project.git("status", "--porcelain", "--ignored"), project.git("rev-parse", "HEAD")) == before


def test_a_finding_that_was_suppressed_is_not_told_as_fixed(
    project: GitRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit({"train.py": LEAK.rstrip("\n") + "  # prodcheck: ignore[hardcoded-secret] a published test key\n"})
    found = compared(capsys, "HEAD~3", project.path)
    assert "hardcoded-secret" not in [f["rule_id"] for f in found["fixed"]]
    assert [f["suppression"]["reason"] for f in found["suppressed"]] == ["a published test key"]


def test_both_sides_are_judged_by_the_settings_of_now(project: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    project.commit({"prodcheck.toml": 'select = ["no-license"]\nbaseline = "gone.txt"\n'})
    found = compared(capsys, "HEAD~1", project.path)
    assert found["delta"] == 0
    assert found["rules"] == []


def test_merge_base_leaves_out_what_happened_on_the_other_branch(
    git_repo: GitRepoFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    project = git_repo({"train.py": LEAK})
    project.git("checkout", "-q", "-b", "work")
    project.commit({"other.py": "x = 1\n"})
    project.git("checkout", "-q", "main")
    project.commit({"train.py": CLEAN})
    project.git("checkout", "-q", "work")
    assert "hardcoded-secret" in [f["rule_id"] for f in compared(capsys, "main", project.path)["new"]]
    assert "hardcoded-secret" not in [
        f["rule_id"] for f in compared(capsys, "main", project.path, "--merge-base")["new"]
    ]


def test_unknown_revisions_and_folders_without_git_are_told(
    project: GitRepo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("diff", "no-such-branch", project.path) == 2
    assert "no-such-branch" in capsys.readouterr().err
    assert run("diff", "--", "--output=x", project.path) == 2
    (tmp_path / "plain").mkdir()
    assert run("diff", "HEAD", tmp_path / "plain") == 2
    assert "has no revisions" in capsys.readouterr().err


def test_branches_without_a_common_commit(project: GitRepo, capsys: pytest.CaptureFixture[str]) -> None:
    project.git("checkout", "-q", "--orphan", "island")
    project.commit({"a.py": "x = 1\n"})
    assert run("diff", "main", project.path, "--merge-base") == 2
    assert "no commit in common" in capsys.readouterr().err


def test_the_text_fits_into_80_columns_and_colour_moves_nothing(
    project: GitRepo, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "a_package_with_a_long_name/and_a_module_with_a_name_that_is_longer_than_most.py"
    project.commit({name: LEAK, "requirements.txt": "numpy\n"})
    shown = []
    for color in ("never", "always"):
        assert run("diff", "HEAD~1", project.path, "--color", color) == 0
        shown.append(re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out))
    assert "hardcoded-secret" in shown[0]
    assert max(len(line) for line in shown[0].splitlines()) <= 80
    assert shown[0] == shown[1]
