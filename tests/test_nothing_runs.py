"""Nothing of an audited repository runs: every process, import and connection of every command, on a armed one.

Two witnesses: an audit hook of Python (`watched.py`), and strace where it is there, which also sees what git starts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import GitRepo, GitRepoFactory
from prodcheck.repository import git
from prodcheck.testing import notebook_bytes

WATCHED = Path(__file__).with_name("watched.py")
PLUMBING = frozenset(
    "rev-parse config cat-file ls-files ls-tree rev-list diff-index diff-tree merge-base check-ignore show-ref "
    "symbolic-ref".split()
)
"""What may be asked of git: none of these reads the work tree, runs a filter, a hook or a pager, or fetches."""
ARMED = "open('{canary}', 'a').write(__file__ + '\\n')\n"
SHADOWS = (
    "sitecustomize usercustomize yaml click git gitdb pathspec jinja2 detect_secrets json re subprocess signal "
    "threading multiprocessing concurrent sqlite3 tomllib dataclasses setup conftest noxfile tasks fabfile rules manage"
).split()
"""Modules of Python, of our libraries, and those that tools import from a project."""


def _trapped(git_repo: GitRepoFactory, canary: Path, script: Path) -> GitRepo:
    """A repository in which everything that could be run leaves a trace."""
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\ncat\n')
    script.chmod(0o755)
    armed, evil = ARMED.format(canary=canary), str(script)
    repo = git_repo({"train.py": "import pandas as pd\n", "gone.py": "x = 1\n"})
    repo.write(dict.fromkeys((f"{name}.py" for name in SHADOWS), armed))
    repo.write({f"{name}/__init__.py": armed for name in ("multiprocessing", "encodings", "importlib", "plugins")})
    repo.write(
        {
            "git": f"#!/bin/sh\ntouch {canary}\n", "sh": f"#!/bin/sh\ntouch {canary}\n",
            "git.exe": f"#!/bin/sh\ntouch {canary}\n",
            "model.pkl": f"cposix\nsystem\n(S'touch {canary}'\ntR.", "model.joblib": b"cposix\nsystem\n(S'id'\ntR.",
            "book.ipynb": notebook_bytes([{"code": f"!touch {canary}\n%run setup.py"}, {"code": armed}]),
            "Makefile": f"X := $(shell touch {canary})\ntest:\n\tpytest\n",
            "requirements.txt": "-e .\n-r requirements.txt\npandas==2.0.1\n",
            "setup.cfg": "[options]\ninstall_requires = file: requirements.txt\n",
            "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'setup'\nbackend-path = ['.']\n",
            "prodcheck.toml": "rules = ['rules']\n",
            "rules/local.yaml": RULE, "rules/local.py": armed, "rules/__init__.py": armed, "rules/conftest.py": armed,
            ".gitattributes": "* filter=evil diff=evil merge=evil text eol=crlf\n",
            ".env": "A=1\n", "src/a.py": "import os\n", "evil.pth": f"import os; os.system('touch {canary}')\n",
            ".github/workflows/ci.yml": "on: push\njobs: {t: {steps: [{run: 'pytest'}]}}\n",
        }
    )  # fmt: skip
    for name in ("git", "sh", "git.exe"):
        (repo.path / name).chmod(0o755)
    (repo.path / "gone.py").unlink()
    repo.commit()
    repo.write({"train.py": "import pandas as pd\nx = 1\n", "new.py": "y = 2\n"})
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "pre-auto-gc", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(script, hooks / hook)
    (repo.path.parent / "included").write_text(f"[core]\n\tfsmonitor = {evil}\n[alias]\n\tls-files = !{evil}\n")
    for key, value in {
        "core.fsmonitor": evil, "core.hooksPath": str(hooks), "core.pager": evil, "core.editor": evil,
        "core.sshCommand": evil, "core.askPass": evil, "core.gitProxy": evil, "core.alternateRefsCommand": evil,
        "credential.helper": f"!{evil}", "diff.external": evil, "diff.evil.command": evil, "diff.evil.textconv": evil,
        "filter.evil.clean": evil, "filter.evil.smudge": evil, "filter.evil.process": evil,
        "filter.evil.required": "true", "merge.evil.driver": evil, "gpg.program": evil, "log.showSignature": "true",
        "alias.ls-files": f"!{evil}", "alias.cat-file": f"!{evil}", "pager.ls-files": evil, "pager.config": evil,
        "sequence.editor": evil, "uploadpack.packObjectsHook": evil, "protocol.ext.allow": "always",
        "remote.origin.url": f"ext::{evil}", "remote.origin.promisor": "true", "remote.origin.uploadpack": evil,
        "include.path": str(repo.path.parent / "included"), "trace2.normalTarget": str(canary),
        "core.untrackedCache": "true", "submodule.recurse": "true", "fetch.recurseSubmodules": "true",
    }.items():  # fmt: skip
        repo.git("config", "--add", key, value)
    canary.unlink(missing_ok=True)  # making the repository ran some of them: the trap is armed
    return repo


RULE = """\
id: local
title: There is a readme
category: quality
severity: minor
polarity: practice
effort: 10m
applies_to: [library, training, service, notebooks, course, template, generic]
message: "{reason}"
rationale: Because.
remediation: Write one.
references: []
require:
  file: README.md
examples:
  - name: there
    expect: pass
    files: {README.md: "x"}
  - name: not there
    expect: fail
    files: {a.py: ""}
"""
COMMANDS = {
    "check": (".", "--format", "json"),
    "revision": (".", "--rev", "HEAD"),
    "older revision": (".", "--rev", "HEAD~1"),
    "history": (".", "--history"),
    "html": (".", "-o", "{out}/r.html", "-o", "{out}/r.sarif"),
    "hook": ("--hook", "train.py", "src/a.py", "book.ipynb", ".env", "model.pkl"),
    "diff": ("diff", "HEAD~1"),
    "baseline": ("baseline", "-o", "{out}/baseline.json"),
    "stack": ("stack", "."),
    "jobs": (".", "--jobs", "2", "--no-cache"),
    "rules": ("rules", "test", "rules"),
}


@pytest.fixture
def trapped(git_repo: GitRepoFactory, tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Runs a command in the trapped repository, and holds that nothing left a trace and no file changed."""
    canary = tmp_path / "canary"
    repo = _trapped(git_repo, canary, tmp_path / "evil.sh")
    (tmp_path / "out").mkdir()
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE")}
    env["PATH"] = os.pathsep.join([".", "", str(Path(sys.executable).parent), os.environ["PATH"]])

    def run(before: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, *(a.format(out=tmp_path / "out") for a in arguments)],
            cwd=repo.path, env=env, capture_output=True, text=True, timeout=240,
        )  # fmt: skip

    def snapshot() -> dict[str, tuple[int, bytes]]:
        files = (p for p in repo.path.rglob("*") if p.is_file())
        return {str(p.relative_to(repo.path)): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}

    held = snapshot()
    yield run
    assert not canary.exists(), canary.read_text()
    assert snapshot() == held


@pytest.mark.parametrize("command", [*COMMANDS])
def test_every_command_starts_git_alone_and_loads_its_own_code_alone(
    command: str, trapped: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    done = trapped([sys.executable, str(WATCHED), str(log)], *COMMANDS[command])
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    events: list[list[Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    inside = str(tmp_path / "project")
    started = 0
    for name, *arguments in events:
        if name == "subprocess.Popen":
            _check_call(arguments[0], arguments[1])
            started += 1
        elif name == "open":
            assert not _writes(arguments) or not str(arguments[0]).startswith(inside), arguments
        elif name in ("exec", "compile"):
            assert not (arguments and str(arguments[0]).startswith(inside)), f"{name} of {arguments}"
        elif name == "import":
            assert not any(str(a).startswith(inside) for a in arguments[1:2]), arguments
        else:
            assert name in ("marshal.load", "marshal.loads", "code.__new__"), f"{name} {arguments}"
    assert started or command in ("hook", "rules")


def _check_call(program: str, arguments: list[str]) -> None:
    """The git that PATH means, not one of the folder, with every setting off that could run something."""
    assert program == git.find_program(), program
    if arguments[1:] == ["version"]:  # GitPython asks when it is imported; the answer depends on no folder
        return
    hardened = git.options()
    assert arguments[1 : len(hardened) + 1] == hardened, arguments
    assert arguments[len(hardened) + 1] in PLUMBING, arguments
    if arguments[len(hardened) + 1] == "diff-index":
        assert "--cached" in arguments


def _writes(arguments: list[Any]) -> bool:
    mode, flags = [*arguments[1:], "0", "0"][:2]
    return any(c in mode for c in "wax+") or (flags.isdigit() and int(flags) & (os.O_WRONLY | os.O_RDWR) != 0)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("command", ["check", "history", "diff"])
def test_the_system_sees_the_same(
    command: str, trapped: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    log = tmp_path / "strace"
    installed = tmp_path / "prodcheck"
    installed.write_text("from prodcheck.cli import main\n\nmain()\n")  # what an installation makes of the entry point
    trace = ["strace", "-f", "-qq", "-s", "300", "-e", "trace=execve,execveat,socket,connect", "-o", str(log)]
    done = trapped([*trace, sys.executable, str(installed)], *COMMANDS[command])
    if "strace:" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode in (0, 1), done.stderr
    lines = [line for line in log.read_text().splitlines() if re.search(r"= \d+$", line)]
    programs = {m[1] for line in lines if (m := re.search(r'execve\("([^"]+)"', line))}
    assert programs <= {sys.executable, os.path.realpath(sys.executable), git.find_program()}
    assert not [line for line in lines if "AF_INET" in line or "connect(" in line]


def test_the_trap_works(git_repo: GitRepoFactory, tmp_path: Path) -> None:
    """Ordinary git and Python in the same folder do run what the tests above look for."""
    canary = tmp_path / "canary"
    repo = _trapped(git_repo, canary, tmp_path / "evil.sh")
    repo.git("ls-files", "--others")
    assert canary.exists()
    canary.unlink()
    subprocess.run([sys.executable, "-c", "import yaml"], cwd=repo.path, capture_output=True, timeout=60)
    assert canary.exists()
