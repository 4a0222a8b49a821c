"""Files that are tracked and should not be: what tools generate, and versions kept by renaming."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Hit, Location, Outcome
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass


@dataclass(frozen=True)
class Litter:
    """One kind of it: what it is called, and how its paths look."""

    id: str
    name: str
    pattern: re.Pattern[str]


def _kind(id_: str, name: str, pattern: str) -> Litter:
    return Litter(id_, name, lazy_regex(pattern))


KINDS = (
    _kind("bytecode", "compiled Python", r"(?:^|/)__pycache__/|\.py[co]$"),
    _kind("checkpoints", "Jupyter's checkpoints", r"(?:^|/)\.ipynb_checkpoints/"),
    _kind("desktop", "files of the desktop", r"(?:^|/)(?:\.DS_Store|Thumbs\.db|desktop\.ini)$"),
    _kind(
        "package",
        "built packages",
        r"(?:^|/)[^/]+\.egg-info/|^build/(?:lib|bdist[^/]*|temp[^/]*)/|(?:^|/)dist/[^/]+(?:\.whl|\.tar\.gz)$",
    ),
    _kind(
        "runs",
        "records of training runs",
        r"(?:^|/)(?:mlruns/\d+/|wandb/(?:offline-)?run-|lightning_logs/version_|catboost_info/)"
        r"|(?:^|/)events\.out\.tfevents\.|(?:^|/)outputs/\d{4}-\d\d-\d\d/",
    ),
    _kind("coverage", "coverage reports", r"(?:^|/)(?:\.coverage(?:\.[\w.-]+)?|htmlcov/.*)$"),
    _kind("editor", "settings of one person's editor", r"(?:^|/)\.(?:idea|spyproject)/|\.(?:swp|swo|iml)$"),
    _kind("logs", "log files", r"(?:^|/)(?:[^/]+\.log(?:\.\d+)?|nohup\.out)$"),
)
_RENAMED = lazy_regex(
    r"(?P<stem>.+?)(?:[-_ ]+(?:copy|backup|bak|old|final|orig)(?:[-_ ]?\d+)?|-Copy\d+| \(\d+\)|[-_]v\d+)"
    r"\.(?:py|ipynb)$",
    re.IGNORECASE,
)
_LEFTOVER = lazy_regex(
    r"(?:^|/)(?:Untitled\d*\.ipynb|[^/]+-Copy\d+\.ipynb|[^/]+ \(\d+\)\.(?:py|ipynb)"
    r"|[^/]+\.(?:py|ipynb)\.(?:bak|old|orig|save))$"
)
_UNNAMED = lazy_regex(r"(?:^|/)Untitled\d*\.ipynb\Z")
_PYTHON_IGNORED = lazy_regex(r"__pycache__|\*\.py\[|\*\.pyc|\*\.py\[cod\]")
_PROJECT_IGNORED = lazy_regex(
    r"\.env\b|\bvenv|\bdata\b|models?/|\.ipynb_checkpoints|mlruns|wandb|\*\.(?:csv|pkl|h5|pt|pth|ckpt|log)|logs?/"
    r"|outputs?/|dist/|build/|\.idea|\.vscode|\.DS_Store|\.cache|egg-info",
)


def repository_litter(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """0.4 for a `.gitignore` that knows Python and the project, 0.6 less 0.1 for each kind of litter tracked."""
    if facts.git.state == "unborn" or facts.git.tracked == 0:
        return Outcome.unknown("nothing is tracked yet")
    tracked = [path for path, file in facts.files.items() if file.tracked]
    hits = [hit for kind in KINDS if (hit := _hit(kind.id, kind.name, _of_kind(facts, tracked, kind)))]
    named = _versions_by_name(facts, tracked)
    unnamed = [path for path in named if _UNNAMED.search(path)]
    copies = "versions kept by renaming" if len(unnamed) < len(named) else ""
    label = " and ".join(filter(None, (copies, "notebooks without a name" if unnamed else "")))
    renamed = _hit("versions", label, [p for p in named if p not in unnamed] + unnamed)
    if renamed:
        hits.append(renamed)
    ignored, forgets, evidence = _gitignore(facts)
    score = ignored + max(0.0, 0.6 - 0.1 * len(hits))
    lacks = f"a .gitignore without {' and '.join(forgets)}" if forgets else ""
    if ignored == 0.0:
        lacks = "no .gitignore keeps generated files out"
    said = [lacks] if lacks else []
    if hits:
        said.append(f"{len(hits)} kind{'s' * (len(hits) != 1)} of generated or left-over files tracked")
    if lacks:
        hits.append(Hit(None if ignored == 0.0 else Location(".gitignore"), lacks, identity="gitignore"))
    return Outcome(score, evidence, tuple(hits), " and ".join(said) or "nothing generated is tracked")


def _of_kind(facts: Facts, tracked: list[str], kind: Litter) -> list[str]:
    found = [path for path in tracked if kind.pattern.search(path)]
    if kind.id in ("logs", "runs", "package"):  # tests and examples may need such a file
        found = [path for path in found if facts.role(path) not in (Role.TEST, Role.DOCS, Role.TEMPLATE)]
    return found


def _versions_by_name(facts: Facts, tracked: list[str]) -> list[str]:
    """Code kept as `train_old.py` beside `train.py`. Inside a package `_v2` names an architecture, not a version."""
    names = set(tracked)
    found = []
    for path in tracked:
        if facts.role(path) is not Role.CODE:
            continue
        if _LEFTOVER.search(path):
            found.append(path)
            continue
        match = _RENAMED.fullmatch(path)
        if match is None:
            continue
        folder = path.rpartition("/")[0]
        in_package = (f"{folder}/__init__.py" if folder else "__init__.py") in names
        suffix = path.rpartition(".")[2]
        if not in_package and f"{match['stem']}.{suffix}" in names:
            found.append(path)
    return found


def _hit(id_: str, name: str, paths: list[str]) -> Hit | None:
    if not paths:
        return None
    which = f"`{paths[0]}`" if len(paths) == 1 else f"{len(paths)} files, such as `{paths[0]}`"
    return Hit(Location(paths[0]), f"tracked litter, {name}: {which}", identity=id_)


def _gitignore(facts: Facts) -> tuple[float, list[str], tuple[Evidence, ...]]:
    """Credit for the ignore rules at the top, what they forget, and where they are.

    Below the top of a repository they are inherited.
    """
    if ".gitignore" not in facts.files:
        return (0.4 if facts.git.prefix else 0.0), [], ()
    text = facts.text(".gitignore")
    forgets = []
    if any(file.python is not None for file in facts.files.values()) and not _PYTHON_IGNORED.search(text):
        forgets.append("Python's caches (__pycache__)")
    if not _PROJECT_IGNORED.search(text):
        forgets.append("environments, data or outputs")
    evidence = (Evidence("ignore rules", Location(".gitignore")),)
    return (0.2 if forgets else 0.4), forgets, evidence
