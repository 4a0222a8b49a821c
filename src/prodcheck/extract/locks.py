"""Lock files, by regular expressions: they are generated and large, and only names and versions matter here."""

from __future__ import annotations

import json
import re

from prodcheck.extract.dependency import Manifest, Requirement, normalise
from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex

_TOML_PACKAGE = lazy_regex(
    r'^\[\[packages?\]\]\s*\n(?:(?!\[)[^\n]*\n)*?name\s*=\s*"([^"\n]+)"\s*\n(?:version\s*=\s*"([^"\n]*)")?',
    re.MULTILINE,
)
_CONDA_PACKAGE = lazy_regex(
    r"^- (?:name: (\S+)\n\s+version: ['\"]?([^'\"\s]+)|version: \S+\n\s+name: (\S+))", re.MULTILINE
)
_PIXI_NAMED = lazy_regex(r"^\s+name: ([\w.-]+)\s*\n\s+version: ['\"]?([^'\"\s]+)", re.MULTILINE)
_PIXI_URL = lazy_regex(
    r"/([A-Za-z0-9_][\w.-]*?)-(\d[^-/\s]*)-[^/\s]+\.(?:conda|tar\.bz2|whl)(?:#\S+)?\s*$", re.MULTILINE
)
_PYTHON = lazy_regex(r'^(?:requires-python|python-versions|requires_python)\s*=\s*"([^"\n]+)"', re.MULTILINE)

TOML_LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}


def format_of(path: str) -> str:
    """The kind of lock a path names; empty for anything else."""
    name = path.rpartition("/")[2]
    if name in TOML_LOCKS:
        return TOML_LOCKS[name]
    if re.match(r"pylock(?:\.[\w.-]+)?\.toml\Z", name):
        return "pylock"
    if name == "Pipfile.lock":
        return "pipenv"
    if name == "pixi.lock":
        return "pixi"
    if re.search(r"conda-lock(?:[.-][\w.-]+)?\.ya?ml\Z", name):
        return "conda-lock"
    return ""


def extract(path: str, data: bytes) -> Manifest:
    """The packages of one lock file; one with conflict markers, or with nothing in it, says so as its problem."""
    format = format_of(path)
    text = decode(data).replace("\r\n", "\n")
    if re.search(r"^<{7} ", text, re.MULTILINE):
        return Manifest(path, format, "lock", problem="holds unresolved merge conflicts")
    if format == "pipenv":
        return _pipenv(path, text)
    patterns = {"conda-lock": (_CONDA_PACKAGE,), "pixi": (_PIXI_NAMED, _PIXI_URL)}.get(format, (_TOML_PACKAGE,))
    found: dict[str, Requirement] = {}
    for pattern in patterns:
        line, position = 1, 0
        for match in pattern.finditer(text):
            line, position = line + text.count("\n", position, match.start()), match.start()
            name, version = next(g for g in match.groups() if g), match[2] or ""
            key = normalise(name)
            if key not in found:
                found[key] = Requirement(key, line, "exact", f"=={version}" if version else "")
    pythons = _PYTHON.findall(text)  # Poetry writes the project's own last, uv first
    python = (pythons[-1] if format == "poetry" else pythons[0]) if pythons else ""
    problem = "" if found else "holds no package"
    return Manifest(path, format, "lock", tuple(found.values()), python=python, problem=problem)


def _pipenv(path: str, text: str) -> Manifest:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return Manifest(path, "pipenv", "lock", problem="not valid JSON")
    found = []
    for section, group in (("default", ""), ("develop", "dev")):
        rows = tree.get(section) if isinstance(tree, dict) else None
        for name, value in rows.items() if isinstance(rows, dict) else ():
            version = value.get("version") if isinstance(value, dict) else None
            hashed = isinstance(value, dict) and bool(value.get("hashes"))
            found.append(Requirement(normalise(name), None, "exact", str(version or ""), group, hashed=hashed))
    return Manifest(path, "pipenv", "lock", tuple(found), problem="" if found else "holds no package")
