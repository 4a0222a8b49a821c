"""The command line as a person uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("git", "detect_secrets", "rich", "jinja2", "yaml")


def prodcheck(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prodcheck", *args]
    return subprocess.run(command, cwd=cwd or ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text("import pandas as pd\n\nprint(pd.read_csv('x.csv'))\n")
    return tmp_path


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(option: str) -> None:
    code = (
        "import sys\nfrom prodcheck.cli import main\n"
        f"try:\n    main([{option!r}])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"loaded = [m for m in {HEAVY!r} if m in sys.modules]\nassert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "prodcheck" in done.stdout.lower()


def test_a_folder_is_audited_without_naming_a_command(project: Path) -> None:
    done = prodcheck(str(project))
    assert done.returncode == 0, done.stderr
    assert "/ 100" in done.stdout
    assert done.stderr == ""


def test_the_current_folder_is_the_default(project: Path) -> None:
    one, two = (prodcheck(*arguments, cwd=project).stdout.splitlines() for arguments in ([], ["."]))
    assert one[1:] == two[1:] != []  # the first line tells the time it took


def test_check_names_a_folder_that_is_called_like_a_command(tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "a.py").write_text("x = 1\n")
    assert "/ 100" in prodcheck("check", "stack", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--fail-under", "99"], 1),
        (["--min-score", "99"], 1),
        (["--fail-under", "0"], 0),
        (["--fail-on", "critical"], 1),
        (["--fail-under", "99", "--report-only"], 0),
    ],
)
def test_gates_decide_the_exit_code(project: Path, options: list[str], code: int) -> None:
    assert prodcheck(str(project), *options).returncode == code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-folder"], "no-such-folder"),
        (["stak"], "Did you mean the command `stack`?"),
        ([".", "--fail-under", "many"], "many"),
        ([".", "--kind", "libary"], "libary"),
        ([".", "--ignore", "no-test"], "Did you mean `no-tests`?"),
        ([".", "--select", "no-test"], "Did you mean `no-tests`?"),
        ([".", "--rev", "no-such-revision"], "no-such-revision"),
        ([".", "--rules", "no-such-folder"], "no such folder of rules"),
        ([".", "-o", "report.docx"], "cannot tell the format"),
        (["explain", "no-test"], "Did you mean `no-tests`?"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(arguments: list[str], said: str) -> None:
    done = prodcheck(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_wrong_setting_exits_with_2_and_names_the_right_one(project: Path) -> None:
    (project / "prodcheck.toml").write_text("fail-udner = 70\n")
    done = prodcheck(str(project))
    assert done.returncode == 2
    assert "prodcheck.toml: fail-udner: unknown setting" in done.stderr
    assert "Did you mean `fail-under`?" in done.stderr


def test_the_threshold_of_the_settings_holds(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.prodcheck]\nfail-under = 99\n")
    assert prodcheck(str(project)).returncode == 1
    assert prodcheck(str(project), "--fail-under", "1").returncode == 0


def test_one_scan_writes_several_reports(project: Path, tmp_path: Path) -> None:
    done = prodcheck(str(project), "-o", str(tmp_path / "r.json"), "-o", str(tmp_path / "r.txt"))
    assert "/ 100" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text())["schema_version"] == 1
    assert "/ 100" in (tmp_path / "r.txt").read_text(encoding="utf-8")


def test_json_on_stdout_is_json_and_nothing_else(project: Path) -> None:
    assert json.loads(prodcheck(str(project), "--format", "json").stdout)["schema_version"] == 1


def test_rules_list_show_explain_and_stack() -> None:
    listed = json.loads(prodcheck("rules", "list", "--format", "json").stdout)
    assert len(listed) == len(list((ROOT / "rules").glob("*/*.yaml"))) - len(
        list((ROOT / "rules/tools").glob("*.yaml"))
    )
    assert "no-tests" in prodcheck("rules", "list").stdout
    assert "How to fix it" in prodcheck("explain", "no-tests").stdout
    assert prodcheck("rules", "show", "no-tests").stdout.startswith("# no-tests")
    assert "pytest" in prodcheck("stack", str(ROOT)).stdout


def test_rules_test_runs_the_examples_of_a_folder(tmp_path: Path) -> None:
    rule = (ROOT / "tests" / "data" / "no-changelog.yaml").read_text()
    (tmp_path / "no-changelog.yaml").write_text(rule)
    done = prodcheck("rules", "test", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "2 passed, 0 failed\n")
    (tmp_path / "no-changelog.yaml").write_text(rule.replace("expect: fail", "expect: partial"))
    done = prodcheck("rules", "test", str(tmp_path))
    assert done.returncode == 1
    assert "expected partial, got fail" in done.stdout


def test_own_rules_run_beside_the_bundled_ones(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "no-changelog.yaml").write_text((ROOT / "tests" / "data" / "no-changelog.yaml").read_text())
    done = prodcheck(str(project), "--rules", str(folder), "--kind", "library", "--format", "json")
    rules = {rule["id"]: rule["status"] for rule in json.loads(done.stdout)["rules"]}
    assert rules["no-changelog"] == "fail"
    assert "no-tests" in rules
