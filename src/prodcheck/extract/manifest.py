"""What one dependency file says: requirements with bounds and lines, for manifests and locks of every tool."""

from __future__ import annotations

import ast
import re

from prodcheck.extract import build_files, locks, requirements
from prodcheck.extract.dependency import Manifest, Requirement, normalise
from prodcheck.patterns import lazy_regex

__all__ = ["Manifest", "Requirement", "extract", "normalise", "wants"]

_REQUIREMENTS = lazy_regex(
    r"(?:.*[-_.])?(?:requ\w{3,9}ts?|requirement|reqs?|requires)(?:[-_.].*)?\.(?:txt|in|lock|pip)\Z|requirements\Z",
    re.IGNORECASE,
)
_CONSTRAINTS = lazy_regex(r"(?:.*[-_.])?constraints?(?:[-_.].*)?\.(?:txt|in)\Z", re.IGNORECASE)
_EXPLICIT = lazy_regex(
    r"(?:conda[-_.].*\.lock|(?:conda[-_.]?)?spec[-_.]?(?:file|list)?.*\.txt|.*explicit.*\.txt)\Z", re.IGNORECASE
)
_CONDA = lazy_regex(r"(?:.*[-_.])?(?:environments?|conda|env)(?:[-_.].*)?\.ya?ml\Z", re.IGNORECASE)
_FOLDERS = frozenset("requirements requirement reqs".split())
_PLATFORM_YAML = frozenset(
    "MLproject python_env.yaml python_env.yml cog.yaml bentofile.yaml config.yaml databricks.yml databricks.yaml "
    "meta.yaml anaconda-project.yml anaconda-project.yaml".split()
)


def format_of(path: str) -> str:
    """Which reader a path belongs to; empty when it is no dependency file."""
    folder, _, name = path.rpartition("/")
    if name.endswith(".py"):
        return "setup.py" if name == "setup.py" else "script"
    if locks.format_of(path):
        return "lock"
    if name in ("pyproject.toml", "setup.cfg", "Pipfile", "pixi.toml"):
        return name
    if name in build_files.NIX_FILES or name == "flake.lock":
        return "nix"
    if name in build_files.BUILD_FILES:
        return "build"
    if _CONSTRAINTS.match(name):
        return "constraints"
    if _EXPLICIT.match(name):
        return "explicit"
    listed = folder.rpartition("/")[2].lower() in _FOLDERS and name.endswith((".txt", ".in"))
    if _REQUIREMENTS.match(name) or listed:
        return "requirements"
    if _CONDA.match(name) or name in _PLATFORM_YAML:
        return "conda"
    return ""


def wants(path: str) -> bool:
    return format_of(path) != ""


def extract(path: str, data: bytes, tree: ast.Module | None = None) -> tuple[Manifest, ...] | None:
    """The dependency manifests of one file; None when it holds none.

    Most files give one. A `pyproject.toml` may give several, one for each tool that declares dependencies of its own.
    `tree` is the syntax tree of a Python module that has been parsed for its other facts.
    """
    found = _read(format_of(path), path, data, tree)
    return found or None


def _read(format: str, path: str, data: bytes, tree: ast.Module | None) -> tuple[Manifest, ...]:
    if format == "script" and b"# /// script" not in data:
        return ()
    if format in ("script", "pyproject.toml", "pixi.toml", "Pipfile"):
        from prodcheck.extract import pyproject

        return pyproject.READERS[format](path, data)
    if format == "setup.py":
        from prodcheck.extract import setuptools

        return setuptools.extract_py(path, data, tree)
    if format == "setup.cfg":
        from prodcheck.extract import setuptools

        return setuptools.extract_cfg(path, data)
    if format == "lock":
        return (locks.extract(path, data),)
    if format == "nix":
        return (build_files.extract_nix_lock if path.endswith(".lock") else build_files.extract_nix)(path, data)
    if format == "build":
        return build_files.extract_build(path, data)
    if format == "conda":
        from prodcheck.extract import conda

        return conda.extract(path, data)
    if format == "explicit" and b"@EXPLICIT" not in data:
        return ()
    manifest = requirements.extract(path, data, "constraints" if format == "constraints" else "requirements")
    return (manifest,) if manifest is not None else ()
