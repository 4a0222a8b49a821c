"""What one dependency file says: requirements with their bounds and lines, for manifests and lock files of every tool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """One required distribution. `name` is normalised (PEP 503).

    `bound` is one of `exact` (==, ===, conda pin, URL or VCS with full commit or hash), `range` (bounded on both
    sides, ~=, ^), `lower` (only a lower bound), `other` (an upper bound or exclusion only), `none`.
    """

    name: str
    line: int | None
    bound: str
    specifier: str = ""
    group: str = ""
    """Empty for the main dependencies, else the extra, group or `dev`."""
    marker: str = ""
    hashed: bool = False
    raw: str = ""


@dataclass(frozen=True)
class Manifest:
    """One dependency file. `role` is `manifest`, `lock` or `both` (a compiled or frozen requirements file).

    `format` names the file format: requirements, pyproject, poetry, setup.py, setup.cfg, pipfile, conda, pixi, ...
    """

    path: str
    format: str
    role: str
    requirements: tuple[Requirement, ...] = ()
    includes: tuple[str, ...] = ()
    """Paths of `-r` and `-c` files, relative to the repository's root."""
    python: str = ""
    """The Python version it demands, as written."""
    project_name: str = ""
    build_backend: str = ""
    generated_by: str = ""
    dynamic: bool = False
    """True when dependencies exist but are computed (setup.py code, `dynamic = ["dependencies"]`)."""
    problem: str = ""


def wants(path: str) -> bool:
    raise NotImplementedError


def extract(path: str, data: bytes) -> tuple[Manifest, ...] | None:
    raise NotImplementedError
