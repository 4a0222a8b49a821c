"""Bad, broken and malicious input, through the public function and the command line.

Every case has to end in a clear status or message: no traceback, nothing executed, nothing left out in silence, and
JSON that is still valid.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import GitRepo, GitRepoFactory, write
from prodcheck import audit
from prodcheck.errors import ConfigError, RepositoryError, UnreadableFile, UsageError
from prodcheck.model import Report, Status
from prodcheck.report import Options, render
from prodcheck.testing import notebook_bytes

TRAIN = "import pandas as pd\n\nframe = pd.read_csv('data.csv')\n"


def look(path: Path | str, **options: Any) -> Report:
    """Audit, and hold the report against what holds for every input: no error of ours, valid JSON, harmless text."""
    report = audit(path, **options)
    assert report.errors == ()
    assert not [r.rule.id for r in report.results if r.status is Status.ERROR]
    text = render(report, "json", Options())
    text.encode("utf-8")
    assert json.loads(text)["schema_version"] == 1
    shown = render(report, "text", Options(verbose=True))
    shown.encode("utf-8")
    assert not [c for c in shown if c != "\n" and not c.isprintable()]
    return report


def reasons(report: Report) -> dict[str, str]:
    """What was left out, and why."""
    return {one.path: one.reason for one in report.skipped}


def run(*args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "prodcheck", *args],
        cwd=cwd,
        env=dict(env or os.environ),
        capture_output=True,
        text=True,
        timeout=120,
    )


def complains(*args: str, about: str, cwd: Path | None = None) -> None:
    """The command ends with 2, one line that names the trouble and one that helps, and no traceback."""
    done = run(*args, cwd=cwd)
    assert done.returncode == 2, done.stderr
    assert about in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


# --- folders that are none ---------------------------------------------------------------------------------------


def test_an_empty_folder(tmp_path: Path) -> None:
    report = look(write(tmp_path / "empty", {}))
    assert (report.files, report.skipped) == (0, ())
    assert report.score.grade in (None, "F")
    assert report.result("not-version-controlled").status is Status.FAIL


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder") as problem:
        audit(tmp_path / "nowhere")
    assert problem.value.hint
    complains(str(tmp_path / "nowhere"), about="there is no folder")


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"train.py": TRAIN})
    with pytest.raises(UsageError, match="is a file") as problem:
        audit(tmp_path / "train.py")
    assert str(tmp_path) in problem.value.hint
    complains("train.py", about="is a file", cwd=tmp_path)


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "\udcff/nowhere", ""])
def test_paths_that_no_system_has(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if path:
        with pytest.raises(UsageError):
            audit(path)
    else:
        assert audit("").files == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no permissions of this kind")
def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _deny(monkeypatch, "listdir", "locked")
    write(tmp_path / "locked", {"a.py": ""})
    with pytest.raises(UsageError, match="permission denied"):
        audit(tmp_path / "locked")


def _deny(monkeypatch: pytest.MonkeyPatch, function: str, part: str) -> None:
    """Make one function of `os` refuse what has `part` in its path: root may read everything otherwise."""
    real: Callable[..., Any] = getattr(os, function)

    def refuse(path: Any, *args: Any, **kwargs: Any) -> Any:
        if part in os.fsdecode(path):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, function, refuse)


# --- git in every state ------------------------------------------------------------------------------------------


def test_no_git_program(git_repo: GitRepoFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo({"train.py": TRAIN, ".gitignore": "*.csv\n", "readme.md": ""})
    repo.write({"data.csv": "1,2\n"})
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    report = look(repo.path)
    result = report.result("not-version-controlled")
    assert (result.status, result.reason) == (Status.UNKNOWN, "git is not installed")
    assert report.files == 3
    with pytest.raises(RepositoryError, match="git, which is not installed"):
        audit(repo.path, rev="HEAD")
    plain = write(tmp_path / "plain", {"train.py": TRAIN})
    assert look(plain).result("not-version-controlled").status is Status.FAIL


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root may give files away")
def test_a_repository_of_another_user(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN})
    repo.git("remote", "add", "origin", "https://github.com/acme/churn")
    for path in (repo.path, *repo.path.rglob("*")):
        os.lchown(path, 12345, 12345)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        repo.git("status")
    assert b"dubious ownership" in refused.value.stderr
    for rev in (None, "HEAD"):
        report = look(repo.path, rev=rev)
        assert report.git.state == "ok"
        assert report.result("not-version-controlled").status is Status.PASS


def test_a_shallow_clone(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": TRAIN})
    repo.commit({"a.py": ""})
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    report = look(tmp_path / "shallow")
    assert report.git.shallow is True
    assert report.result("not-version-controlled").status is Status.PASS
    with pytest.raises(UsageError) as problem:
        audit(tmp_path / "shallow", rev="HEAD~1")
    assert "--unshallow" in problem.value.hint


def test_a_bare_repository(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": TRAIN})
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare.git"))
    with pytest.raises(RepositoryError, match="bare"):
        audit(tmp_path / "bare.git")
    complains(str(tmp_path / "bare.git"), about="--rev HEAD")
    assert look(tmp_path / "bare.git", rev="HEAD").files == 1


def test_a_repository_without_a_commit(git_repo: GitRepoFactory) -> None:
    repo = git_repo()
    repo.write({"train.py": TRAIN})
    report = look(repo.path)
    assert report.files == 1
    result = report.result("not-version-controlled")
    assert (result.status, result.score) == (Status.PARTIAL, 0.5)
    with pytest.raises(UsageError, match="no revision `HEAD`"):
        audit(repo.path, rev="HEAD")


def test_submodules(git_repo: GitRepoFactory) -> None:
    inner = git_repo({"lib.py": TRAIN}, name="inner")
    repo = git_repo({"train.py": TRAIN})
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "lib")
    repo.commit()
    report = look(repo.path)
    assert "submodule" in reasons(report)["lib"]
    assert look(repo.path / "lib").files == 1  # a submodule can be audited by itself


@pytest.mark.parametrize("damage", ["index", "HEAD", "config", "objects", "packed"])
def test_a_damaged_repository(git_repo: GitRepoFactory, damage: str) -> None:
    repo = git_repo({"train.py": TRAIN})
    inside = repo.path / ".git"
    if damage == "packed":
        repo.git("gc", "-q")
        for pack in (inside / "objects/pack").glob("*.pack"):
            pack.chmod(stat.S_IWUSR | stat.S_IRUSR)
            pack.write_bytes(b"PACK" + b"\0" * 100)
    elif damage == "objects":
        shutil.rmtree(inside / "objects")
        (inside / "objects").mkdir()
    else:
        (inside / damage).write_bytes(b"\xff\xfe garbage \x00\n[[[")
    report = look(repo.path)
    assert report.files == 1
    assert report.git.state in ("unknown", "unborn")
    if damage in ("index", "HEAD", "config"):
        assert report.result("not-version-controlled").status is Status.UNKNOWN


# --- files that are none -----------------------------------------------------------------------------------------


def test_links_broken_escaping_and_in_circles(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    write(tmp_path, {"outside.py": "password = 'not ours to read'\n"})
    repo = git_repo({"train.py": TRAIN})
    for name, target in {
        "broken.py": "nowhere.py",
        "out.py": "../outside.py",
        "circle": ".",
        "loop.py": "loop.py",
    }.items():
        (repo.path / name).symlink_to(target)
    for folder in (repo.path, _without_git(repo, tmp_path / "plain")):
        report = look(folder)
        assert report.files == 1
        assert reasons(report) == {
            "broken.py": "a broken link", "loop.py": "a broken link",
            "out.py": "a link that leads out of the repository",
        }  # fmt: skip


def _without_git(repo: GitRepo, target: Path) -> Path:
    shutil.copytree(repo.path, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    return target


def test_the_audited_folder_may_itself_be_a_link(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    repo = git_repo({"train.py": TRAIN})
    (tmp_path / "alias").symlink_to(repo.path)
    assert look(tmp_path / "alias").files == 1


def test_an_unreadable_file(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo({"train.py": TRAIN, "private.py": "x = 1\n"})
    _deny(monkeypatch, "open", "private.py")
    report = look(repo.path)
    assert reasons(report) == {"private.py": "permission denied"}
    assert report.files == 2


def test_a_file_that_vanishes_while_it_is_read(git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = git_repo({"a.py": "x = 1\n", "train.py": TRAIN})
    real = os.open

    def racing(path: Any, *args: Any, **kwargs: Any) -> int:
        if str(path).endswith("a.py"):
            Path(path).unlink()
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", racing)
    assert reasons(look(repo.path)) == {"a.py": "vanished during the scan"}


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_pipes_and_sockets_do_not_make_us_wait(tmp_path: Path) -> None:
    write(tmp_path / "p", {"train.py": TRAIN})
    os.mkfifo(tmp_path / "p" / "pipe.py")
    assert reasons(look(tmp_path / "p")) == {"pipe.py": "a named pipe"}


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "p", {"model.ipynb/train.py": TRAIN, "pyproject.toml/x.py": "", "ci.yml/y.py": ""})
    assert look(folder).files == 3


NAMES = [
    "new\nline.py", "tab\there.py",
    'quo"te.py', "it's.py", "back\\slash.py", "\x1b[2J\x1b]0;owned\x07.py", "\x07bell.py",
    "\u202egnp.py", "<img src=x onerror=alert(1)>.py", "$(touch canary).py", "`touch canary`.py", "; touch canary;.py",
    "--help", "-rf", "%s%n.py", "{reason}.py", "a\r.py", " .py", "CON.py", "..py", "ünï©ode.py", "x" * 240 + ".py",
]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows none of these names")
@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"bad\xff\xfename.py")])
def test_strange_file_names(git_repo: GitRepoFactory, name: str) -> None:
    # The file does not parse and holds a token, so that its name gets into findings.
    token = "ghp_" + "x7Rk2mQ9" * 4 + "a1B2"
    repo = git_repo({name: f"token = '{token}'\n", name + ".ipynb": "{"})
    for rev in (None, "HEAD"):
        report = look(repo.path, rev=rev)
        assert report.files == 2
        assert token not in render(report, "json", Options()) + render(report, "text", Options(verbose=True))
    assert {p.name for p in repo.path.iterdir()} == {".git", name, name + ".ipynb"}  # no canary


# --- text in every encoding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin1.py", "# café\nx = 'é'\n".encode("latin-1")),
        ("declared.py", "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1")),
        ("wrong.py", b"# -*- coding: no-such-codec -*-\nx = 1\n"),
        ("bom.py", b"\xef\xbb\xbfimport os\n"),
        ("utf16.py", "import os\n".encode("utf-16")),
        ("utf16be.py", "import os\n".encode("utf-16-be")),
        ("utf32.py", "import os\n".encode("utf-32")),
        ("odd.py", "import os\n".encode("utf-16")[:-1]),
        ("nul.py", b"import os\x00\n"),
        ("random.py", bytes(range(256)) * 4),
        ("controls.py", b"x = 1\x0c\x1a\x1b[31m\r\r\n"),
        ("surrogate.py", "x = '\ud83d'\n".encode("utf-8", "surrogatepass")),
        ("long.py", b"x = '" + b"a" * 3_000_000 + b"'\n"),
        ("huge.py", b"x = 1\n" * 1_000_000),
        ("deep.py", b"x = " + b"(" * 5000 + b")" * 5000 + b"\n"),
        ("chain.py", b"x = " + b"-" * 100_000 + b"1\n"),
        ("sum.py", b"x = " + b"1+" * 50_000 + b"1\n"),
        ("if.py", b"".join(b" " * i + b"if x:\n" for i in range(200)) + b" " * 200 + b"pass\n"),
        ("digits.py", b"x = " + b"9" * 10_000 + b"\n"),
        ("empty.py", b""),
        ("requirements.txt", "pandas==2.0\nscikit-learn==1.5\n".encode("utf-16")),
        (".env", "A=1\n".encode("utf-16")),
        ("pyproject.toml", "[project]\nname = 'é'\n".encode("latin-1")),
        (".gitignore", b"\xff\xfe*\x00.\x00c\x00"),
        ("README.md", bytes(range(128, 256))),
        (".github/workflows/ci.yml", "on: push\njobs: {}\n".encode("utf-16")),
        ("Makefile", b"test:\n\tpytest \xff\n"),
    ],
)
def test_text_in_any_encoding(git_repo: GitRepoFactory, name: str, content: bytes) -> None:
    report = look(git_repo({name: content, "train.py": TRAIN}).path)
    assert report.files == 2
    assert report.git.state == "ok"


def test_a_pinned_requirements_file_in_utf16_is_read(git_repo: GitRepoFactory) -> None:
    """PowerShell's `pip freeze > requirements.txt` writes UTF-16."""
    repo = git_repo({"requirements.txt": "pandas==2.0.1\r\n".encode("utf-16"), "train.py": TRAIN})
    report = look(repo.path)
    assert report.result("unpinned-dependencies").status is Status.PASS
    assert report.result("no-dependency-manifest").status is Status.PASS


def test_a_setting_file_in_another_encoding(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"prodcheck.toml": "kind = 'library'\n".encode("utf-16"), "train.py": TRAIN})
    assert look(repo.path).project.kind.value == "library"


# --- notebooks ---------------------------------------------------------------------------------------------------

GOOD = notebook_bytes(
    [{"markdown": "# Title"}, {"code": "import pandas as pd\npd.read_csv('x.csv')", "outputs": ["1"]}]
)


def _book(**changes: Any) -> bytes:
    book = json.loads(GOOD)
    for key, value in changes.items():
        if value is None:
            book.pop(key)
        else:
            book[key] = value
    return json.dumps(book).encode()


def _cell(**changes: Any) -> bytes:
    cell = json.loads(GOOD)["cells"][1]
    cell.update(changes)
    return _book(cells=[cell])


def _old(version: int) -> bytes:
    cells = [{"cell_type": "code", "input": ["import os\n"], "prompt_number": 1, "outputs": [], "language": "python"}]
    return json.dumps(
        {"nbformat": version, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    ).encode()


LFS = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:"
    + b"4d7a214614ab2935c943f9e0ff69d22e" * 2
    + b"\nsize 12345\n"
)
MERGE = b"<<<<<<< HEAD\n" + GOOD + b"=======\n" + GOOD + b">>>>>>> other\n"

BROKEN_NOTEBOOKS: dict[str, bytes] = {
    "empty": b"",
    "only white space": b" \n\n",
    "LFS pointer": LFS,
    "HTML page": b"<!DOCTYPE html>\n<html><head><title>x</title></head></html>\n",
    "truncated": GOOD[: len(GOOD) // 2],
    "trailing comma": GOOD.rstrip()[:-1] + b",}",
    "merge conflict": MERGE,
    "top level list": b"[]",
    "top level null": b"null",
    "top level number": b"42",
    "cells is a mapping": _book(cells={}),
    "nested 200,000 deep": b"[" * 200_000 + b"]" * 200_000,
    "binary": bytes(range(256)) * 8,
}
ODD_NOTEBOOKS: dict[str, bytes] = {
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "NaN": _cell(metadata={"score": float("nan")}),
    "lone surrogate": _cell(source=["x = '\ud83d'\n"]),
    "Latin-1": GOOD.replace(b"Title", "caf\xe9".encode("latin-1")),
    "nbformat 3": _old(3),
    "nbformat 2": _old(2),
    "source is null": _cell(source=None),
    "source is a number": _cell(source=7),
    "source holds numbers": _cell(source=["x = 1\n", 7, None]),
    "cells are strings": _book(cells=["x"]),
    "no cells": _book(cells=None),
    "no metadata": _book(metadata=None),
    "metadata is a list": _book(metadata=[]),
    "outputs is null": _cell(outputs=None),
    "outputs are strings": _cell(outputs=["text"]),
    "output data is a list": _cell(outputs=[{"output_type": "display_data", "data": []}]),
    "execution count is text": _cell(execution_count="one"),
    "tags is a number": _cell(metadata={"tags": 3}),
    "duplicate keys": GOOD.replace(b'"nbformat": 4', b'"nbformat": 3, "nbformat": 4'),
    "R": _book(metadata={"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}}),
    "a kernel that is no mapping": _book(metadata={"kernelspec": "python3"}),
    "code that does not parse": _cell(source=["def f(:\n"]),
    "magics": _cell(source=["%%bash\n", "rm -rf /tmp/canary\n"]),
    "huge number": _book(nbformat_minor=10**400),
    "10 MB image": _cell(
        outputs=[{"output_type": "display_data", "data": {"image/png": base64.b64encode(b"\0" * 7_500_000).decode()}}]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*BROKEN_NOTEBOOKS])
def test_a_broken_notebook_is_told(git_repo: GitRepoFactory, name: str) -> None:
    repo = git_repo({"model.ipynb": BROKEN_NOTEBOOKS[name], "train.py": TRAIN})
    report = look(repo.path)
    assert report.files == 2
    found = {f.location.path for f in report.findings if f.location}
    assert "model.ipynb" in {*reasons(report), *found}, f"nothing says that {name} could not be read"


@pytest.mark.parametrize("name", [*ODD_NOTEBOOKS])
def test_an_odd_notebook_is_read(git_repo: GitRepoFactory, name: str) -> None:
    report = look(git_repo({"model.ipynb": ODD_NOTEBOOKS[name]}).path)
    assert report.files == 1
    assert "model.ipynb" not in reasons(report)


@pytest.mark.parametrize("name", ["byte order mark", "UTF-16", "NaN", "Latin-1", "no metadata"])
def test_the_code_of_an_odd_notebook_is_seen(git_repo: GitRepoFactory, name: str) -> None:
    """A notebook that Jupyter opens counts as code: without a manifest, its import of pandas is told."""
    report = look(git_repo({"model.ipynb": ODD_NOTEBOOKS[name]}).path)
    assert report.result("no-dependency-manifest").status is Status.FAIL


# --- configuration and CI files ----------------------------------------------------------------------------------

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
HOSTILE_YAML = {
    "50,000 nested brackets": "on: " + "[" * 50_000 + "]" * 50_000,
    "50,000 open brackets": "[" * 50_000,
    "20,000 open mappings": "{a: " * 20_000,
    "50,000 nested block lists": "- " * 50_000 + "x",
    "duplicate keys": "on: push\njobs: {}\njobs: {test: {runs-on: x, steps: [{run: pytest}]}}\njobs: {}\n",
    "a tag that makes Python objects": "on: push\njobs: !!python/object/apply:os.system ['touch canary']\n",
    "unknown tags": "on: !Ref push\njobs: !Sub {a: !GetAtt b.c}\n",
    "alias bomb": BOMB,
    "alias to itself": "on: push\njobs: &a {a: *a}\n",
    "alias that is nowhere": "on: *nowhere\n",
    "template": "on: {{ cookiecutter.event }}\njobs: {% if x %}\n",
    "several documents": "on: push\n---\njobs: {}\n---\n",
    "not a mapping": "- 1\n- 2\n",
    "a number": "42\n",
    "empty": "",
    "tabs": "on:\n\tpush\n",
    "control characters": "on: \x01push\n",
    "complex keys": "? [a, b]\n: {c: d}\n? {e: f}\n: g\n",
    "jobs are a list": "on: push\njobs: [a, b]\n",
    "steps are text": "on: push\njobs: {t: {runs-on: x, steps: pytest}}\n",
    "run is a mapping": "on: push\njobs: {t: {runs-on: x, steps: [{run: {a: b}}, null, 3, [x]]}}\n",
    "million-character line": "on: push\njobs: {t: {steps: [{run: 'echo " + "a" * 1_000_000 + "'}]}}\n",
    "scripts without an end": "on: push\njobs: {t: {steps: [{run: \"echo 'x\"}, {run: '$(('}, {run: 'cat <<EOF'}]}}\n",
}  # fmt: skip
PLACES = (
    ".github/workflows/ci.yml",
    "azure-pipelines.yml",
    ".gitlab-ci.yml",
    "environment.yml",
    "dvc.yaml",
    "conf.yaml",
)


@pytest.mark.parametrize("name", [*HOSTILE_YAML])
def test_hostile_yaml(git_repo: GitRepoFactory, name: str) -> None:
    repo = git_repo({**dict.fromkeys(PLACES, HOSTILE_YAML[name]), "train.py": TRAIN})
    report = look(repo.path)
    assert report.files == len(PLACES) + 1
    assert report.result("ci-does-not-run-tests").status is not Status.PASS
    assert not (repo.path / "canary").exists()


@pytest.mark.parametrize("name", ["50,000 nested brackets", "alias that is nowhere", "tabs", "control characters"])
def test_yaml_that_cannot_be_read_is_told(git_repo: GitRepoFactory, name: str) -> None:
    report = look(git_repo({"conf.yaml": HOSTILE_YAML[name], "train.py": TRAIN}).path)
    assert "conf.yaml" in reasons(report)


def test_a_workflow_that_cannot_be_read_is_not_called_missing(git_repo: GitRepoFactory) -> None:
    repo = git_repo({".github/workflows/ci.yml": HOSTILE_YAML["50,000 nested brackets"], "train.py": TRAIN})
    report = look(repo.path)
    assert report.result("no-ci").status is not Status.FAIL
    assert report.result("ci-does-not-run-tests").status not in (Status.FAIL, Status.PASS)


HOSTILE_TOML = {
    "invalid": "[project\nname = \n",
    "duplicate keys": "[project]\nname = 'a'\nname = 'b'\n",
    "a template": "[project]\nname = '{{ cookiecutter.name }}'\n{% if x %}\n",
    "nested 10,000 deep": "x = " + "[" * 10_000 + "]" * 10_000,
    "wrong shapes": "project = 3\ntool = []\n",
    "wrong shapes inside": "[project]\nname = 3\ndependencies = 'pandas'\noptional-dependencies = [1]\n[tool]\n"
    "poetry = 7\npytest = []\nuv = 'x'\n[build-system]\nrequires = 5\n",
    "lists of nonsense": "[project]\ndependencies = ['', '===', 3, ['x'], {a = 1}, '-r x', 'a b c']\n",
    "binary": "\x00\x01\x02",
    "merge conflict": "<<<<<<< HEAD\n[project]\n=======\n[tool]\n>>>>>>> x\n",
}


@pytest.mark.parametrize("name", [*HOSTILE_TOML])
def test_hostile_toml(git_repo: GitRepoFactory, name: str) -> None:
    names = ("pyproject.toml", "Pipfile", "poetry.lock", "uv.lock", "pixi.toml", "sub/pyproject.toml")
    repo = git_repo({**dict.fromkeys(names, HOSTILE_TOML[name]), "train.py": TRAIN})
    report = look(repo.path)
    assert report.files == len(names) + 1
    assert report.result("no-lockfile").status is not Status.PASS


HOSTILE_INI = {
    "key without a value, continued": "[flake8]\nmax-line-length = 100\nexclude\n    build\n    dist\n[mypy]\nstrict\n",
    "continued before any key": "[metadata]\n    name = x\n",
    "no section": "name = x\n",
    "duplicates": "[a]\nx = 1\nx = 2\n[a]\ny = 1\n",
    "interpolation": "[options]\ninstall_requires = %(nothing)s\n    ${x}\n",
    "default section": "[DEFAULT]\na = 1\n[x]\n",
    "brackets": "[[[\n]]]\n[]\n[a]b]\nx = [\n",
    "binary": "[a]\nx = \x00\x01\n",
}


@pytest.mark.parametrize("name", [*HOSTILE_INI])
def test_hostile_ini(git_repo: GitRepoFactory, name: str) -> None:
    names = ("setup.cfg", "tox.ini", "pytest.ini", "mypy.ini", ".flake8", "conf/x.cfg", ".coveragerc", "Pipfile")
    assert look(git_repo({**dict.fromkeys(names, HOSTILE_INI[name]), "train.py": TRAIN}).path).files == len(names) + 1


@pytest.mark.parametrize("name", ["invalid", "duplicate keys", "nested 10,000 deep"])
def test_toml_that_cannot_be_read_is_told(git_repo: GitRepoFactory, name: str) -> None:
    report = look(git_repo({"pyproject.toml": HOSTILE_TOML[name], "train.py": TRAIN}).path)
    assert "pyproject.toml" in reasons(report)


@pytest.mark.parametrize(
    "text", ["kind = ", "kind = 'nonsense'", "knd = 'library'", "exclude = [" + "[" * 5000 + "]" * 5000 + "]"]
)
def test_broken_settings_are_an_error_and_not_a_default(git_repo: GitRepoFactory, text: str) -> None:
    repo = git_repo({"prodcheck.toml": text, "train.py": TRAIN})
    with pytest.raises(ConfigError, match=r"prodcheck\.toml"):
        audit(repo.path)
    complains(str(repo.path), about="prodcheck.toml")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "setup.py",
            "import os\nos.system('touch canary')\nopen('canary', 'w')\nfrom setuptools import setup\nsetup()\n",
        ),
        ("conftest.py", "open('canary', 'w').close()\n"),
        ("model.pkl", b"cposix\nsystem\n(S'touch canary'\ntR."),
        ("noxfile.py", "import pathlib\npathlib.Path('canary').touch()\n"),
        ("Makefile", "X := $(shell touch canary)\ntest:\n\ttouch canary\n"),
        ("setup.cfg", "[options]\ninstall_requires = file: /etc/passwd\n"),
        ("requirements.txt", "-r ../../../../../../../../etc/passwd\n-r requirements.txt\n-r /etc/hostname\n"),
        ("package.json", '{"scripts": {"test": "touch canary"}, "x": ' + "[" * 50_000 + "]" * 50_000 + "}"),
        ("Pipfile.lock", "[" * 100_000),
        ("tox.ini", "[tox]\nenvlist = {" * 1000),
        ("Dockerfile", "FROM x\nRUN touch canary\nHEALTHCHECK CMD \\\n" + "\\\n" * 10_000),
        (
            ".pre-commit-config.yaml",
            "repos: [{repo: local, hooks: [{id: x, entry: touch canary, language: system}]}]\n",
        ),
        ("sitecustomize.py", "open('canary', 'w').close()\n"),
        ("pandas.py", "open('canary', 'w').close()\n"),
        ("yaml.py", "open('canary', 'w').close()\n"),
        ("git.py", "open('canary', 'w').close()\n"),
    ],
)
def test_nothing_of_the_repository_is_run(git_repo: GitRepoFactory, name: str, content: str | bytes) -> None:
    repo = git_repo({name: content, "train.py": TRAIN})
    report = look(repo.path)
    assert report.files == 2
    done = run("--format", "json", cwd=repo.path)  # stands in the repository, as a person would
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["score"]
    assert not (repo.path / "canary").exists()
    assert "root:" not in done.stdout


# --- git settings that name commands -----------------------------------------------------------------------------


def test_commands_in_the_settings_of_the_audited_repository_are_not_run(
    git_repo: GitRepoFactory, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    script = tmp_path / "evil.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
    script.chmod(0o755)
    repo = git_repo(
        {"train.py": TRAIN, "data.csv": "1\n", "sub/a.py": "", ".gitattributes": "* filter=evil diff=evil merge=evil\n"}
    )
    repo.git("remote", "add", "origin", "https://github.com/acme/churn")
    repo.write({"train.py": TRAIN + "\n", "untracked.py": ""})  # so that a filter would have something to do
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "pre-auto-gc", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(script, hooks / hook)
    evil = str(script)
    for key, value in {
        "core.fsmonitor": evil, "core.hooksPath": str(hooks), "core.pager": evil, "pager.ls-files": evil,
        "pager.log": evil, "core.editor": evil, "core.sshCommand": evil, "core.askPass": evil, "core.gitProxy": evil,
        "core.alternateRefsCommand": evil, "credential.helper": f"!{evil}", "diff.external": evil,
        "diff.evil.command": evil, "diff.evil.textconv": evil, "filter.evil.clean": evil, "filter.evil.smudge": evil,
        "filter.evil.process": evil, "filter.evil.required": "true", "merge.evil.driver": evil, "gpg.program": evil,
        "log.showSignature": "true", "alias.ls-files": f"!{evil}", "alias.rev-parse": f"!{evil}",
        "sequence.editor": evil, "interactive.diffFilter": evil, "uploadpack.packObjectsHook": evil,
        "protocol.ext.allow": "always", "remote.origin.promisor": "true", "remote.origin.url": f"ext::{evil}",
        "remote.origin.uploadpack": evil, "remote.origin.vcs": "evil", "core.untrackedCache": "true",
        "trace2.normalTarget": str(canary), "extensions.partialClone": "origin",
    }.items():  # fmt: skip
        repo.git("config", key, value)
    repo.git("config", "core.repositoryFormatVersion", "1")
    if canary.exists():
        canary.unlink()  # making the repository ran some of them: the trap is armed
    for options in ({}, {"rev": "HEAD"}, {"rev": "HEAD~1"}, {"rev": "main"}):
        try:
            look(repo.path, **options)
        except UsageError:
            assert options == {"rev": "HEAD~1"}
    assert not canary.exists(), canary.read_text()


def test_the_trap_of_the_test_above_works(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    """Plain `git ls-files` does run the command: without this the test above might prove nothing."""
    canary, script = tmp_path / "canary", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    repo = git_repo({"train.py": TRAIN})
    repo.git("config", "core.fsmonitor", str(script))
    repo.git("ls-files", "--others")
    assert canary.exists()
    canary.unlink()
    look(repo.path)
    assert not canary.exists()


def test_missing_objects_of_a_promisor_are_not_fetched(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    canary, script = tmp_path / "canary", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    source = git_repo({"train.py": TRAIN, "old.py": "x = 1\n"}, name="source")
    (source.path / "old.py").unlink()
    source.commit()
    source.git("config", "uploadpack.allowFilter", "true")
    clone = GitRepo(tmp_path / "clone")
    source.git("clone", "-q", "--filter=blob:none", f"file://{source.path}", str(clone.path))
    clone.git("config", "protocol.ext.allow", "always")
    clone.git("config", "remote.origin.url", f"ext::{script} %S")
    clone.git("config", "core.sshCommand", str(script))
    report = look(clone.path, rev="HEAD~1")
    assert reasons(report)["old.py"] == "its content is not in this clone"
    assert not canary.exists()
    for url in (
        f"file://{source.path}",
        str(source.path),
        "ssh://host/x",
        "https://127.0.0.1:9/x",
        "git://127.0.0.1:9/x",
    ):
        clone.git("config", "remote.origin.url", url)
        assert "old.py" in reasons(look(clone.path, rev="HEAD~1"))
    assert not canary.exists()


def test_a_work_tree_setting_does_not_lead_elsewhere(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"private.py": "x = 1\n"})
    repo = git_repo({"train.py": TRAIN})
    repo.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    report = look(repo.path)
    assert report.files == 1
    assert report.git.state in ("ok", "unknown")
    repo.git("config", "core.worktree", "/")
    assert look(repo.path).files == 1


def test_a_git_program_in_the_audited_folder_is_not_run(
    git_repo: GitRepoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo({"train.py": TRAIN, "git": "#!/bin/sh\ntouch canary\n"})
    (repo.path / "git").chmod(0o755)
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", os.environ["PATH"]]))
    look(".")
    look(".", rev="HEAD")
    assert not (repo.path / "canary").exists()


def test_the_repository_is_left_as_it_was(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN, "a.py": ""})
    (repo.path / "a.py").touch()  # stale stat data, which an ordinary git command would write back to the index

    def snapshot() -> dict[str, tuple[int, bytes]]:
        return {
            str(p.relative_to(repo.path)): (p.stat().st_mtime_ns, p.read_bytes())
            for p in sorted(repo.path.rglob("*"))
            if p.is_file()
        }

    before = snapshot()
    look(repo.path)
    look(repo.path, rev="HEAD")
    assert snapshot() == before


def test_two_audits_say_the_same(git_repo: GitRepoFactory) -> None:
    repo = git_repo({"train.py": TRAIN, "b/c.py": "", "a.ipynb": GOOD, "bad.ipynb": "{", "x.yml": "["})

    def text() -> str:
        data = json.loads(render(audit(repo.path), "json", Options()))
        data["run"] = None
        return json.dumps(data)

    assert text() == text()


def test_content_that_is_gone_when_asked_for_again() -> None:
    from prodcheck.repository.memory import MemoryRepository

    with pytest.raises(UnreadableFile, match="no such file"):
        MemoryRepository({}).read("a.py")
