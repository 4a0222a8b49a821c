"""Dependencies in the languages of other build systems: Nix expressions, and BUILD files of Pants and Bazel.

Neither is evaluated. A Nix expression that asks for Python packages is known to declare dependencies, not which; a
BUILD file is read as far as it lists requirements as literals.
"""

from __future__ import annotations

import re

from prodcheck.extract import requirements
from prodcheck.extract.dependency import Manifest
from prodcheck.extract.text import decode
from prodcheck.patterns import lazy_regex

_NIX_PYTHON = lazy_regex(
    r"\bpython\d*\.withPackages|\bpython\d*Packages\b|poetry2nix|uv2nix|pyproject-nix|mach-nix|dream2nix"
)
_REQUIREMENTS = lazy_regex(r"\bpython_requirement\s*\(|\bpython_requirements\s*\(|\brequirement\s*\(\s*\"")
_LITERAL = lazy_regex(r"\"([A-Za-z][\w.-]*(?:\[[\w,-]*\])?\s*(?:[=<>~!]=?[^\"]*)?)\"")
NIX_FILES = ("flake.nix", "shell.nix", "default.nix")
BUILD_FILES = ("BUILD", "BUILD.bazel", "BUILD.pants")


def extract_nix(path: str, data: bytes) -> tuple[Manifest, ...]:
    """A manifest that computes its dependencies; nothing for an expression without Python packages."""
    if not _NIX_PYTHON.search(decode(data)):
        return ()
    return (Manifest(path, "nix", "manifest", dynamic=True),)


def extract_nix_lock(path: str, data: bytes) -> tuple[Manifest, ...]:
    problem = "" if b'"nodes"' in data else "holds no input"
    return (Manifest(path, "nix", "lock", problem=problem),)


def extract_build(path: str, data: bytes) -> tuple[Manifest, ...]:
    """Requirements of a BUILD file; `python_requirements()` takes them from the requirements file beside it."""
    text = decode(data)
    if not _REQUIREMENTS.search(text):
        return ()
    found = []
    for block in re.finditer(r"\brequirements\s*=\s*\[([^\]]*)\]|\brequirement\s*\(\s*(\"[^\"]+\")", text):
        for literal in _LITERAL.finditer(block[1] or block[2] or ""):
            line = text.count("\n", 0, block.start()) + 1
            requirement = requirements.parse(literal[1], line)
            if requirement is not None:
                found.append(requirement)
    folder = path.rpartition("/")[0]
    beside = f"{folder}/requirements.txt".lstrip("/")
    includes = (beside,) if "python_requirements(" in text.replace(" ", "") else ()
    return (Manifest(path, "build", "manifest", tuple(found), includes, dynamic=bool(includes)),)
