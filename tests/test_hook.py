"""The hook: rules about single files, on the files of a commit, without a look at the rest."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import write
from prodcheck.cli import main
from prodcheck.rules.load import load_file_rules, load_ruleset
from prodcheck.testing import fill

LEAK = fill('import os\n\nTOKEN = "${secret:huggingface}"\n')
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "source": ["x = 1\n"], "outputs": [], "metadata": {}, "execution_count": 1},
            {"cell_type": "code", "source": [LEAK], "outputs": [], "metadata": {}, "execution_count": 2},
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write(tmp_path / "project", {"leak.py": LEAK, "clean.py": "x = 1\n", "broken.py": "def f(:\n"})
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert isinstance(end.value.code, int)
    return end.value.code


def test_only_the_given_files_are_looked_at(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--hook", "clean.py") == 0
    assert capsys.readouterr().out == ""
    assert run("check", "--hook", "clean.py", "leak.py") == 1
    out = capsys.readouterr().out
    assert out.startswith("leak.py:3: critical hardcoded-secret: ")
    assert fill("${secret:huggingface}") not in out


def test_softer_findings_are_told_and_stop_only_when_asked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--hook", "broken.py") == 0
    assert "broken.py:1: major unparsable-code" in capsys.readouterr().out
    assert run("check", "--hook", "--fail-on", "major", "broken.py") == 1
    assert run("check", "--hook", "--fail-on", "major", "--report-only", "broken.py") == 0


def test_a_notebook_is_told_by_cell(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"model.ipynb": NOTEBOOK})
    assert run("check", "--hook", "model.ipynb") == 1
    assert "cell 2:3 critical secret-in-notebook" in capsys.readouterr().out


def test_what_the_settings_say_holds(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"prodcheck.toml": 'exclude = ["leak.py"]\n'})
    assert run("check", "--hook", "leak.py", "clean.py") == 0
    write(
        project, {"prodcheck.toml": '[[ignore]]\nrule = "hardcoded-secret"\nreason = "public"\npaths = ["leak.py"]\n'}
    )
    assert run("check", "--hook", "leak.py") == 0
    write(project, {"prodcheck.toml": "fail-undr = 3\n"})
    assert run("check", "--hook", "clean.py") == 2
    assert "Did you mean `fail-under`?" in capsys.readouterr().err


def test_inline_ignores_hold(project: Path) -> None:
    write(project, {"leak.py": LEAK.rstrip("\n") + "  # prodcheck: ignore[hardcoded-secret] published by the vendor\n"})
    assert run("check", "--hook", "leak.py") == 0


def test_findings_have_the_identity_that_the_audit_gives_them(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("baseline") == 0
    write(project, {"prodcheck.toml": 'baseline = "prodcheck-baseline.txt"\n', "leak.py": "# moved\n" + LEAK})
    assert run("check", "--hook", "leak.py") == 0
    assert "(known)" in capsys.readouterr().out
    write(project, {"leak.py": LEAK + fill('OTHER = "${secret:openai}"\n')})
    assert run("check", "--hook", "leak.py") == 1


def test_files_that_are_gone_or_links_or_hostile_do_no_harm(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "link.py").symlink_to("leak.py")
    assert run("check", "--hook", "gone.py", "link.py", "clean.py") == 0
    assert run("check", "--hook") == 0
    name = "a\x1b[31mb\n.py"
    write(project, {name: LEAK})
    assert run("check", "--hook", name) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len([line for line in out.splitlines() if "hardcoded-secret:" in line]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("leak.py", "--fail-under", "50"), "--fail-under is about a whole repository"),
        (("leak.py", "--format", "json"), "--format is about a whole repository"),
        (("leak.py", "."), "is a folder"),
        (("leak.py", "../outside.py"), "is not below the current folder"),
    ],
)
def test_wrong_use_is_told(
    project: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project.parent, {"outside.py": "x = 1\n"})
    assert run("check", "--hook", *arguments) == 2
    assert said in capsys.readouterr().err


def test_it_loads_the_rules_with_the_scope_file_and_no_other() -> None:
    wanted = [rule.id for rule in load_ruleset().rules if rule.scope == "file"]
    assert sorted(rule.id for rule in load_file_rules()) == sorted(wanted)
    assert {"hardcoded-secret", "secret-in-notebook", "secret-file-committed", "notebook-hidden-state"} <= set(wanted)


def test_neither_git_nor_anything_heavy_is_used(project: Path) -> None:
    code = (
        "import sys, subprocess\n"
        "def no(*a, **k): raise AssertionError('a process was started')\n"
        "subprocess.Popen.__init__ = no\n"
        "from prodcheck.cli import main\n"
        "try:\n    main(['check', '--hook', 'clean.py'])\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "loaded = [m for m in ('git', 'rich', 'jinja2', 'importlib.metadata') if m in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_many_files_take_little_time(project: Path) -> None:
    names = [f"m{number}.py" for number in range(500)]
    write(project, {name: f"import json\n\n\ndef f{name[:-3]}(x):\n    return json.dumps(x)\n" for name in names})
    started = time.process_time()
    assert run("check", "--hook", *names) == 0
    assert time.process_time() - started < 10
