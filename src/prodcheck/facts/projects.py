"""Which projects a repository holds, so that the team that owns one of several sees which findings are its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from prodcheck.extract.dependency import Manifest
from prodcheck.extract.run import FileFacts
from prodcheck.facts.dependencies import SUPPORT_PARTS, Dependencies
from prodcheck.facts.paths import Paths, Role
from prodcheck.model import Finding, Severity, SubProject
from prodcheck.records import dataclass

_PACKAGE_FORMATS = frozenset("pyproject poetry setup.py setup.cfg".split())
_ONE_FILE_ONLY = frozenset(("script", "image"))
"""Dependencies that a single module states for itself."""
_COMPILERS = frozenset("pip-compile uv pdm rye poetry".split())
_NO_CODE = frozenset(("setup.py", "__init__.py"))
"""Modules that say nothing about whether a folder does something."""


@dataclass(frozen=True)
class Projects:
    """The projects of a monorepo by path, the root among them when it is one. Empty for a repository that is one."""

    all: tuple[SubProject, ...] = ()

    def attribute(self, path: str) -> SubProject | None:
        """The project that a file or folder belongs to: the one with the deepest folder around it.

        None outside of all projects, and when the repository is no monorepo.
        """
        by_path = {project.path: project for project in self.all}
        return next((by_path[folder] for folder in _around(path) if folder in by_path), None)

    def count(self, findings: Iterable[Finding]) -> tuple[SubProject, ...]:
        """The projects with the number of their findings. One without a place belongs to the repository as a whole."""
        numbers = {project.path: dict.fromkeys(Severity, 0) for project in self.all}
        for finding in findings if numbers else ():
            project = self.attribute(finding.location.path) if finding.location else None
            if project is not None:
                numbers[project.path][finding.severity] += 1
        return tuple(replace(project, findings=numbers[project.path]) for project in self.all)


def build(files: Mapping[str, FileFacts], paths: Paths, dependencies: Dependencies, twins: Iterable[str]) -> Projects:
    """The projects of a repository; `twins` are exported copies of notebooks, which count no lines."""
    manifests = _manifests(files, paths, dependencies)
    lines: dict[str, int] = defaultdict(int)
    alive: set[str] = set()
    copies = frozenset(twins)
    for path, file in files.items():
        number = _code_lines(file) if paths.role(path) is Role.CODE and path not in copies else 0
        home = next((folder for folder in _around(path) if folder in manifests), None)
        if number and home is not None:
            lines[home] += number
            if path.rpartition("/")[2] not in _NO_CODE:
                alive.add(home)
    if len(alive) < 2:
        return Projects()
    return Projects(tuple(SubProject(home, manifests[home], lines[home]) for home in sorted(alive)))


def _around(path: str) -> Iterator[str]:
    """A path and the folders around it, innermost first, down to the root as an empty string."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _manifests(files: Mapping[str, FileFacts], paths: Paths, dependencies: Dependencies) -> dict[str, str]:
    """Folder of each possible project to the manifest that tells most about what it is."""
    found: dict[str, tuple[bool, int, str]] = {}
    for manifest in (*dependencies.manifests, *dependencies.others):
        home = _home(manifest, dependencies)
        if home is None or not _makes_a_project(manifest, dependencies) or paths.role(manifest.path) is not Role.CODE:
            continue
        if _is_part(home, files):
            continue
        rank = (manifest.format not in _PACKAGE_FORMATS, manifest.path.count("/"), manifest.path)
        found[home] = min(found.get(home, rank), rank)
    return {home: rank[2] for home, rank in found.items()}


def _home(manifest: Manifest, dependencies: Dependencies) -> str | None:
    """Folder of the project that a manifest makes; None for a list in a folder that has no code.

    A package has a name and is at home where it stands; a list of requirements may lie in a folder for such lists.
    """
    folder = manifest.path.rpartition("/")[0]
    home = folder if manifest.project_name else dependencies.homes.get(manifest.path, "")
    between = folder.removeprefix(home).strip("/").lower()
    return home if all(part in SUPPORT_PARTS for part in between.split("/") if part) else None


def _makes_a_project(manifest: Manifest, dependencies: Dependencies) -> bool:
    """Whether a manifest lists what a project needs to run; a list of tools, or of one script's needs, makes none.

    Neither does what a compiler wrote: it stands where its source is, or resolves a project elsewhere in the tree.
    """
    if manifest.format in _ONE_FILE_ONLY or manifest.generated_by in _COMPILERS or dependencies.group(manifest):
        return False
    return manifest in dependencies.manifests or bool(manifest.project_name)


def _is_part(folder: str, files: Mapping[str, FileFacts]) -> bool:
    """True for a folder inside a package, and for a saved model with the environment it was made in."""
    if not folder:
        return False
    above = folder.rpartition("/")[0]
    inside = f"{folder}/__init__.py" in files and bool(above) and f"{above}/__init__.py" in files
    return inside or f"{folder}/MLmodel" in files


def _code_lines(file: FileFacts) -> int:
    if file.notebook is not None and not file.notebook.problem:
        return file.notebook.code_lines
    return file.python.code_lines if file.python is not None else 0
