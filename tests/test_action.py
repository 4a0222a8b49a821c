"""The Action and the hooks as files: what `scripts/prove.py` runs for real."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from prodcheck.cli.check import check
from prodcheck.cli.output import plan
from prodcheck.report import FORMATS

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("action", ROOT / "scripts" / "action.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_expression_is_part_of_a_command() -> None:
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_every_input_is_used_and_every_output_is_written(script: ModuleType) -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", str(STEPS)))
    assert used == set(ACTION["inputs"])
    source = Path(str(script.__file__)).read_text(encoding="utf-8")
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.audit.outputs.{name} }}}}"
        assert f'"{name}": ' in source


def test_every_format_that_makes_a_file_can_be_asked_for(script: ModuleType) -> None:
    assert set(script.SUFFIXES) == set(FORMATS) - {"github", "azure"}  # those two are for the log


def test_the_command_is_one_that_prodcheck_takes(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {
        "PRODCHECK_PATH": "--report-only",
        "PRODCHECK_FAIL_UNDER": "60",
        "PRODCHECK_FAIL_ON": "critical",
        "PRODCHECK_BASELINE": "known.txt",
        "PRODCHECK_NEW_ONLY": "true",
        "PRODCHECK_FORMATS": "html, junit\nhistory",
        "PRODCHECK_SARIF_FILE": "out.json",
        "PRODCHECK_ANNOTATIONS": "true",
        "PRODCHECK_SUMMARY": "true",
        "PRODCHECK_COMMENT": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    command, files = script.arguments(tmp_path)
    context = check.make_context("check", command[1:])
    assert context.params["paths"] == ("--report-only",)  # a folder with an unlucky name, not an option
    assert (context.params["fail_under"], context.params["report_only"]) == (60, False)
    written = plan(context.params["output"], None)
    assert written.stdout == "text"
    assert [t.format for t in written.files] == [
        "json",
        "html",
        "junit",
        "history",
        "sarif",
        "github",
        *["markdown"] * 2,
    ]
    assert files["comment"].parent == tmp_path


@pytest.mark.parametrize(
    ("name", "value"), [("FORMATS", "pdf"), ("NEW_ONLY", "maybe"), ("VERSION", "--index-url=http://x")]
)
def test_wrong_inputs_end_the_step(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(f"PRODCHECK_{name}", value)
    with pytest.raises(SystemExit) as end:
        script.install(tmp_path) if name == "VERSION" else script.arguments(tmp_path)
    assert end.value.code == 2
    assert capsys.readouterr().out.startswith("::error title=prodcheck::")


def test_the_hooks_call_prodcheck_with_options_it_has() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in hooks} == {"prodcheck", "prodcheck-repo"}
    for hook in hooks:
        program, command, *options = hook["entry"].split()
        assert (program, command) == ("prodcheck", "check")
        files = ["a.py", "b.py"] if hook.get("pass_filenames", True) else []
        context = check.make_context("check", [*options, *files])
        assert context.params["hook"] is bool(files)
