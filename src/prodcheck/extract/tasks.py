"""What task runners and scripts hold: named targets and the shell commands behind them.

Makefile, justfile, Taskfile, tox, nox, hatch, pdm, poe, pixi, mise, taskipy, Pipfile, package.json, Compose,
Dockerfile, hooks and plain scripts, all in one shape, so that the CI graph can follow `make check` to `pytest`.
"""

from __future__ import annotations

import ast

from prodcheck.extract import shell, tasks_python
from prodcheck.extract.tasks_model import Target, TaskFile
from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex

__all__ = ["Target", "TaskFile", "extract", "wants"]

MAX_BYTES = 1_000_000
_TOML = frozenset("pyproject.toml pixi.toml hatch.toml tox.toml pipfile mise.toml .mise.toml".split())
_TASKFILES = ("taskfile.yml", "taskfile.yaml", "taskfile.dist.yml", "taskfile.dist.yaml")
_COMPOSE = lazy_regex(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_CONTAINER = lazy_regex(r"(?:dockerfile|containerfile)(?:\..+)?|.+\.dockerfile")
_SCRIPTS = (".sh", ".bash", ".zsh", ".ksh", ".ps1", ".bat", ".cmd")
_SHEBANG = lazy_regex(rb"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:ba|z|da|k)?sh\b")
_WINDOWS = {"ps1": "pwsh", "bat": "cmd", "cmd": "cmd"}


def wants(path: str) -> bool:
    name = path.rpartition("/")[2]
    return path.lower().endswith(".py") or format_of(path) != "" or "." not in name


def format_of(path: str) -> str:
    """Which reader a path belongs to; empty when its name tells nothing."""
    name = path.rpartition("/")[2].lower()
    if name in ("makefile", "gnumakefile") or name.endswith(".mk") or name.startswith("makefile."):
        return "make"
    if name in ("justfile", ".justfile") or name.endswith(".just"):
        return "just"
    if name in ("tox.ini", "setup.cfg"):
        return "tox"
    if name in _TOML:
        return "toml"
    if name == "package.json":
        return "npm"
    if name in _TASKFILES:
        return "taskfile"
    if "compose" in name and _COMPOSE.fullmatch(name):
        return "compose"
    if name in (".pre-commit-config.yaml", ".pre-commit-config.yml"):
        return "pre-commit"
    if ("dockerfile" in name or "containerfile" in name) and _CONTAINER.fullmatch(name):
        return "container"
    return "script" if name.endswith(_SCRIPTS) else ""


def extract(path: str, data: bytes, tree: ast.Module | None = None) -> tuple[TaskFile, ...] | None:
    """The task files in one file (a pyproject.toml may hold several), or None when there are none.

    `tree` is the syntax tree of a Python module that has been parsed for its other facts.
    """
    if len(data) > MAX_BYTES:
        return None
    if path.lower().endswith(".py"):
        found = tasks_python.extract(path, data, tree)
        return (found,) if found else None
    format_ = format_of(path) or ("script" if _SHEBANG.match(data) else "")
    return _read(format_, path, data) or None


def _read(format_: str, path: str, data: bytes) -> tuple[TaskFile, ...]:
    if format_ in ("make", "just"):
        from prodcheck.extract import tasks_make

        return ((tasks_make.makefile if format_ == "make" else tasks_make.justfile)(path, decode(data)),)
    if format_ == "tox":
        from prodcheck.extract import tasks_tox

        return _some(tasks_tox.ini(path, decode(data)))
    if format_ in ("", "script"):
        return (_script(path, data),) if format_ else ()
    from prodcheck.extract import tasks_config

    if format_ == "toml":
        return tasks_config.toml(path, data)
    if format_ == "container":
        return _some(tasks_config.dockerfile(path, decode(data)))
    reader = {
        "npm": tasks_config.package_json,
        "taskfile": tasks_config.taskfile,
        "compose": tasks_config.compose,
        "pre-commit": tasks_config.pre_commit,
    }[format_]
    return _some(reader(path, data))


def _some(file: TaskFile | None) -> tuple[TaskFile, ...]:
    return (file,) if file is not None else ()


def _script(path: str, data: bytes) -> TaskFile:
    text = decode(data).replace("\r\n", "\n")
    kind = _WINDOWS.get(path.rpartition(".")[2].lower(), "bash")
    target = Target("", 1, ((1, text),), errexit=shell.sets_errexit(text), shell=kind)
    return TaskFile(path, "script", (target,), ("",))
