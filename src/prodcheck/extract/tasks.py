"""What task runners and scripts hold: named targets and the shell commands behind them.

Makefile, justfile, Taskfile, tox, nox, hatch, pdm, poe, pixi, mise, taskipy, Pipfile, package.json, Compose,
Dockerfile, hooks and plain scripts, all in one shape, so that the CI graph can follow `make check` to `pytest`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from prodcheck.extract import shell, tasks_config, tasks_make, tasks_python, tasks_tox
from prodcheck.extract.tasks_model import Target, TaskFile
from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex

__all__ = ["Target", "TaskFile", "extract", "wants"]

MAX_BYTES = 1_000_000
_SCRIPT = lazy_regex(r"\.(?:sh|bash|zsh|ksh|ps1|bat|cmd)$", re.IGNORECASE)
_SHEBANG = lazy_regex(rb"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:ba|z|da|k)?sh\b")
_WINDOWS = {"ps1": "pwsh", "bat": "cmd", "cmd": "cmd"}


def wants(path: str) -> bool:
    name = path.rpartition("/")[2]
    return path.lower().endswith(".py") or _reader(path) is not None or "." not in name


def extract(path: str, data: bytes, tree: ast.Module | None = None) -> tuple[TaskFile, ...] | None:
    """The task files in one file (a pyproject.toml may hold several), or None when there are none.

    `tree` is the syntax tree of a Python module that has been parsed for its other facts.
    """
    if len(data) > MAX_BYTES:
        return None
    if path.lower().endswith(".py"):
        found = tasks_python.extract(path, data, tree)
        return (found,) if found else None
    reader = _reader(path)
    if reader is None:
        return (_script(path, data),) if _SHEBANG.match(data) else None
    return reader(path, data) or None


def _reader(path: str) -> Callable[[str, bytes], tuple[TaskFile, ...]] | None:
    name = path.rpartition("/")[2]
    lower = name.lower()
    if lower in ("makefile", "gnumakefile") or lower.endswith(".mk") or lower.startswith("makefile."):
        return lambda p, d: (tasks_make.makefile(p, decode(d)),)
    if lower in ("justfile", ".justfile") or lower.endswith(".just"):
        return lambda p, d: (tasks_make.justfile(p, decode(d)),)
    if lower in ("tox.ini", "setup.cfg"):
        return lambda p, d: _some(tasks_tox.ini(p, decode(d)))
    if lower in ("pyproject.toml", "pixi.toml", "hatch.toml", "tox.toml", "pipfile", "mise.toml", ".mise.toml"):
        return tasks_config.toml
    if lower == "package.json":
        return lambda p, d: _some(tasks_config.package_json(p, d))
    if re.fullmatch(r"taskfile(?:\.dist)?\.ya?ml", lower):
        return lambda p, d: _some(tasks_config.taskfile(p, d))
    if re.fullmatch(r"(?:docker-)?compose[\w.-]*\.ya?ml", lower):
        return lambda p, d: _some(tasks_config.compose(p, d))
    if re.fullmatch(r"\.pre-commit-config\.ya?ml", lower):
        return lambda p, d: _some(tasks_config.pre_commit(p, d))
    if re.fullmatch(r"(?:dockerfile|containerfile)(?:\..+)?|.+\.dockerfile", lower):
        return lambda p, d: _some(tasks_config.dockerfile(p, decode(d)))
    if _SCRIPT.search(lower):
        return lambda p, d: (_script(p, d),)
    return None


def _some(file: TaskFile | None) -> tuple[TaskFile, ...]:
    return (file,) if file is not None else ()


def _script(path: str, data: bytes) -> TaskFile:
    text = decode(data).replace("\r\n", "\n")
    kind = _WINDOWS.get(path.rpartition(".")[2].lower(), "bash")
    target = Target("", 1, ((1, text),), errexit=shell.sets_errexit(text), shell=kind)
    return TaskFile(path, "script", (target,), ("",))
