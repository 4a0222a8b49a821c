"""What a user installs: the wheel carries the rules, and an editable install finds the same ones."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import prodcheck
from prodcheck.rules import compiled
from prodcheck.rules.read import load_rules, load_signatures

ROOT = Path(__file__).parent.parent
FILES = sorted(path.relative_to(ROOT / "rules").as_posix() for path in (ROOT / "rules").rglob("*.yaml"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built the way a release is: through the source distribution, so that nothing is lacking in it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_rule_file_and_the_type_marker(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    packaged = sorted(n.removeprefix("prodcheck/_rules/") for n in names if n.startswith("prodcheck/_rules/"))
    assert packaged == sorted([*FILES, "compiled.json"])
    assert "prodcheck/py.typed" in names


@pytest.mark.slow
def test_the_wheel_holds_the_rules_compiled_from_its_own_files(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    text = (tmp_path / "prodcheck" / "_rules" / "compiled.json").read_text(encoding="utf-8")
    assert text == compiled.dump(load_rules(ROOT / "rules"), load_signatures(ROOT / "rules"))


@pytest.mark.slow
def test_an_installed_wheel_lists_as_many_rules_as_the_folder_holds(wheel: Path, tmp_path: Path) -> None:
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), str(wheel)]
    assert subprocess.run(install, check=False).returncode == 0
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import prodcheck; from prodcheck.cli import main\n"
        f"assert prodcheck.__file__.startswith({str(tmp_path)!r}), prodcheck.__file__\n"
        "main(['rules', 'list', '--format', 'json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == len([name for name in FILES if not name.startswith("tools/")])


def test_the_public_api_is_typed_and_small() -> None:
    assert (Path(prodcheck.__file__).parent / "py.typed").exists()
    assert set(prodcheck.__all__) == {"Config", "ProdcheckError", "Report", "__version__", "audit"}
    assert callable(prodcheck.audit)
    with pytest.raises(AttributeError):
        _ = prodcheck.no_such_name


def test_audit_returns_a_report(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    report = prodcheck.audit(tmp_path)
    assert isinstance(report, prodcheck.Report)
    assert 0 <= report.score.value <= 100


def test_audit_raises_its_own_error_for_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(prodcheck.ProdcheckError, match="nowhere"):
        prodcheck.audit(tmp_path / "nowhere")
