"""What the project depends on: declared, locked, and imported."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property, lru_cache

from prodcheck.extract import requirements
from prodcheck.extract.dependency import Manifest, Requirement, inside
from prodcheck.extract.python import Import
from prodcheck.extract.run import FileFacts
from prodcheck.facts import import_names, install_prose
from prodcheck.facts.brought import Brought
from prodcheck.facts.first_party import Modules
from prodcheck.facts.paths import DOCS_PARTS, TEST_PARTS, Paths, Role, folders_around
from prodcheck.model import Evidence, Location
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

_CODE_ROLES = (Role.CODE, Role.TEST, Role.DOCS)
SUPPORT_PARTS = frozenset(
    "requirements requirement reqs deps dependencies env envs environment environments conda conda_envs docker "
    "dockerfiles container containers deploy deployment binder .binder .devcontainer .github ci .ci .circleci build "
    "build_tools devtools tools scripts setup install installation docs doc tests test config configs conf infra "
    "recipe conda-recipe conda.recipe .conda etc misc python_env".split()
)
"""Folders whose manifest describes the project above them."""
BENCHMARK_PARTS = frozenset(("benchmark", "benchmarks"))
_IMAGE_BUILDERS = frozenset(("modal", "bentoml"))
_INSTALLING = frozenset(("pip_install", "uv_pip_install", "python_packages"))
_BUILD_SCRIPTS = frozenset("setup.py noxfile.py fabfile.py versioneer.py conanfile.py SConstruct ez_setup.py".split())
"""Scripts that run before, or beside, the environment of the project."""
_DEVELOPER_TOOLS = frozenset(
    "black flake8 isort pre-commit pylint ruff mypy pytest pytest-cov pytest-xdist coverage tox nox autopep8 yapf "
    "bandit pip pip-tools setuptools wheel build twine sphinx mkdocs commitizen pyright ipdb codecov".split()
)
"""A file that lists nothing else is for developing the project, whatever its name."""
_ALWAYS_THERE = frozenset(("setuptools", "pip"))
_NO_DEPENDENCY = import_names.STDLIB | _ALWAYS_THERE
_SPARK = frozenset(("pyspark", "delta"))
_DATABRICKS = "# Databricks notebook source"
_WRITEFILE = lazy_regex(r"\s*%%(?:writefile|file)\s+(?:-a\s+)?(\S+)\.py\b")


class Places:
    """Places of imports by file and line, of which a large repository has hundreds of thousands: each is made into a
    `Location` when asked for."""

    def __init__(self, parts: Iterable[Places] = ()) -> None:
        self._files: list[FileFacts] = []
        self._lines = array("Q")
        for part in parts:
            self._files += part._files
            self._lines += part._lines

    def add(self, file: FileFacts, line: int) -> None:
        """One more place: a line of the file's `source`."""
        self._files.append(file)
        self._lines.append(line)

    def __iter__(self) -> Iterator[Location]:
        return (file.locate(line) for file, line in zip(self._files, self._lines, strict=True))

    @property
    def paths(self) -> Iterator[str]:
        return (file.path for file in self._files)

    def within(self, path: str) -> Iterator[Location]:
        """Those in one file."""
        return (file.locate(line) for file, line in zip(self._files, self._lines, strict=True) if file.path == path)


@dataclass(frozen=True, slots=True)
class ImportedPackage:
    """One third-party top-level module that own code imports.

    `distributions` are the normalised distribution names that provide it (`cv2` has several); the module's own name
    when none is known.
    """

    module: str
    distributions: tuple[str, ...]
    location: Location
    optional: bool
    count: int
    role: Role = Role.CODE
    """What the file at `location` is for: `code` when any code imports it, else `test` or `docs`."""
    places: Places = field(default_factory=Places)
    """One location for each file that imports it and cannot do without, code first."""
    modules: tuple[str, ...] = ()
    """The dotted modules as imported."""
    lazy: bool = False
    """True when it is only imported inside functions, or in the demonstration at the end of a module: a part of the
    project that not everybody uses."""


@dataclass(frozen=True)
class Dependencies:
    """All of it. `manifests` hold at least one requirement or say that they compute them."""

    manifests: tuple[Manifest, ...]
    locks: tuple[Manifest, ...]
    third_party: tuple[ImportedPackage, ...]
    first_party: frozenset[str]
    declared: Mapping[str, tuple[Location, ...]]
    """Normalised distribution name to the places that declare it, locks left out."""
    prose: tuple[Evidence, ...]
    """`pip install x` in README, Dockerfile or notebook cells: half a declaration."""
    homes: Mapping[str, str] = field(default_factory=dict)
    """Path of a manifest or lock to the folder of the project it describes; empty for the root."""
    constraints: tuple[Manifest, ...] = ()
    """Files that only narrow versions."""
    others: tuple[Manifest, ...] = ()
    """Dependency files that declare nothing: tool configuration only, empty, or unreadable."""
    installs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Notebook to the distributions that it installs itself."""
    importing: Mapping[str, int] = field(default_factory=dict)
    """Own code file to the number of third-party packages it cannot do without."""

    def covers(self, manifest: Manifest, path: str) -> bool:
        """True when a manifest describes the project that a file belongs to."""
        if manifest.format == "script":
            return manifest.path == path
        home = self.homes.get(manifest.path, "")
        return home == "" or path.startswith(home + "/")

    def covered(self, manifests: Iterable[Manifest]) -> Callable[[str], bool]:
        """A function that tells whether any of some manifests describes the project that a file belongs to."""
        several = tuple(manifests)
        alone = frozenset(m.path for m in several if m.format == "script")
        homes = frozenset(self.homes.get(m.path, "") for m in several if m.format != "script")

        @lru_cache(maxsize=10_000)
        def is_in_one(folder: str) -> bool:
            return folder in homes or any(above in homes for above in folders_around(folder))

        return lambda path: path in alone or is_in_one(path.rpartition("/")[0])

    def group(self, manifest: Manifest, requirement: Requirement | None = None) -> str:
        """What a requirement is for: empty for running the project, else `dev`, `test`, `docs`, an extra ..."""
        own = requirement.group if requirement is not None else ""
        if own or manifest.format not in _LISTS:
            return own
        return self._list_groups.get(manifest.path, "")

    @cached_property
    def _list_groups(self) -> Mapping[str, str]:
        """Path of each plain list of requirements to what its name, or its being a list of tools, says it is for."""
        every = (*self.manifests, *self.locks, *self.constraints, *self.others)
        return {m.path: group_of(m.path) or _tools(m) for m in every if m.format in _LISTS}

    @cached_property
    def _brought(self) -> tuple[Brought, ...]:
        return tuple(Brought(manifest) for manifest in (*self.manifests, *self.locks))

    @cached_property
    def _providers(self) -> dict[str, Callable[[str], bool]]:
        return {}

    def provided(self, module: str, path: str) -> bool:
        """True when a manifest or lock that covers a file brings a distribution that provides a module.

        A distribution nobody knows, such as a company's own, gets the benefit of the doubt when its name or address
        holds the module's.
        """
        if any(import_names.provides(name, module) for name in self.installs.get(path, ())):
            return True
        if module not in self._providers:
            self._providers[module] = self.covered(b.manifest for b in self._brought if b.provides(module))
        return self._providers[module](path)


_LISTS = ("requirements", "conda")


def _tools(manifest: Manifest) -> str:
    """`dev` for a list of nothing but tools."""
    tools_only = manifest.requirements and all(r.name in _DEVELOPER_TOOLS for r in manifest.requirements)
    return "dev" if tools_only and not manifest.includes else ""


def group_of(path: str) -> str:
    """The group that a requirements file's name or folder tells: dev, test, docs, lint ...; empty for the main one."""
    folder, _, name = path.lower().rpartition("/")
    words = set(re.split(r"[^a-z0-9]+", name))
    for group, names in _GROUPS.items():
        if words & names:
            return group
    parts = set(folder.split("/"))
    for group, folders in (("test", TEST_PARTS), ("docs", DOCS_PARTS), ("dev", BENCHMARK_PARTS)):
        if parts & folders:
            return group
    return ""


_GROUPS = {
    "dev": {"dev", "develop", "development", "local", "contrib", "contributing"},
    "test": {"test", "tests", "testing"},
    "docs": {"doc", "docs", "rtd", "readthedocs"},
    "lint": {"lint", "linting", "style", "ci", "mypy", "typing", "format", "formatting", "precommit", "build"},
}


def build(files: Mapping[str, FileFacts], paths: Paths, text: Callable[[str], str]) -> Dependencies:
    """Everything about dependencies, from the facts of all files; `text` reads a file that no extractor wanted."""
    own: list[Manifest] = [
        manifest
        for path, facts in files.items()
        if paths.role(path) not in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE)
        for manifest in facts.manifests
    ]
    own = _without_scripts_of(own, paths)
    own += _in_code(files, paths)
    own += _included(own, files, text)
    manifests, locks, constraints, others = _sorted_out(own)
    names = {normalise_module(m.project_name) for m in own if m.project_name} | set(_submodules(files, text))
    names |= set(_written(files))
    modules = Modules(files, names)
    third_party, importing = _third_party(files, paths, modules, text)
    with_code = {folder for path in importing for folder in folders_around(path)}
    homes = {m.path: _home(m.path, with_code) for m in (*manifests, *locks, *constraints, *others)}
    declared: dict[str, list[Location]] = defaultdict(list)
    for manifest in manifests:
        conda = manifest.format.startswith(("conda", "pixi", "anaconda"))
        for requirement in manifest.requirements:
            place = Location(manifest.path, requirement.line)
            for name in {requirement.name, import_names.from_conda(requirement.name) if conda else requirement.name}:
                declared[name].append(place)
    prose = install_prose.find(files, paths, text, {m.project_name for m in own})
    return Dependencies(
        manifests=tuple(manifests),
        locks=tuple(locks),
        third_party=third_party,
        first_party=modules.top_level,
        declared={name: tuple(places) for name, places in sorted(declared.items())},
        prose=prose,
        installs=install_prose.by_notebook(files),
        homes=homes,
        constraints=tuple(constraints),
        others=tuple(others),
        importing=importing,
    )


def normalise_module(name: str) -> str:
    """The module a distribution of this name usually holds."""
    return name.replace("-", "_")


def _without_scripts_of(own: list[Manifest], paths: Paths) -> list[Manifest]:
    """Script blocks of tests and examples say nothing about the project."""
    return [m for m in own if m.format not in ("script", "setup.py") or paths.role(m.path) == Role.CODE]


def _in_code(files: Mapping[str, FileFacts], paths: Paths) -> Iterator[Manifest]:
    """Images that code describes: `modal.Image.debian_slim().pip_install("torch")`, BentoML's `python_packages`."""
    for path, facts in files.items():
        module = facts.python
        if module is None or paths.role(path) is not Role.CODE:
            continue
        if not any(item.module.partition(".")[0] in _IMAGE_BUILDERS for item in module.imports):
            continue
        calls = [c for c in module.calls if c.name.rpartition(".")[2] in _INSTALLING]
        rows = [r for c in calls if c.text and (r := requirements.parse(c.text, c.line)) is not None]
        files_named = [c for c in module.calls if c.name.endswith("pip_install_from_requirements") and c.text]
        includes = [p for c in files_named if (p := inside(path, c.text or "")) is not None]
        if calls or includes:
            unknown = any(c.positional > 1 or not c.text for c in calls)
            yield Manifest(path, "image", "manifest", tuple(rows), tuple(includes), dynamic=unknown)


def _included(own: list[Manifest], files: Mapping[str, FileFacts], text: Callable[[str], str]) -> list[Manifest]:
    """Requirements files that others include and that no extractor took for one, such as `-r base.list`."""
    known = {m.path for m in own}
    waiting = [path for m in own for path in m.includes]
    found: list[Manifest] = []
    while waiting:
        path = waiting.pop()
        if path in known or path not in files or files[path].manifests:
            continue
        known.add(path)
        manifest = requirements.extract(path, text(path).encode())
        if manifest is not None:
            found.append(manifest)
            waiting += manifest.includes
    return found


def _sorted_out(own: list[Manifest]) -> tuple[list[Manifest], list[Manifest], list[Manifest], list[Manifest]]:
    """(manifests, locks, constraints, the rest), each sorted by path."""
    narrowing = {path for m in own for path in m.constraints}
    included = {path for m in own for path in set(m.includes) - set(m.constraints)}
    telling = {m.path for m in own if m.requirements or m.dynamic}
    manifests, locks, constraints, others = [], [], [], []
    for manifest in sorted(own, key=lambda m: (m.path, m.format)):
        narrows = manifest.format == "constraints" or manifest.path in narrowing
        if manifest.role == "lock":
            locks.append(manifest)
        elif narrows and manifest.path not in included:
            constraints.append(manifest)
        elif _declares(manifest, telling):
            manifests.append(manifest)
            if manifest.role == "both":
                locks.append(manifest)
        else:
            others.append(manifest)
    return manifests, locks, constraints, others


def _declares(manifest: Manifest, telling: Collection[str]) -> bool:
    if manifest.requirements:
        return True
    if manifest.includes:
        return any(path in telling for path in manifest.includes)
    return manifest.dynamic


def _home(path: str, with_code: Collection[str]) -> str:
    """Folder of the project a manifest describes: its own, or the one above when it holds no code."""
    around = (f for f in folders_around(path) if f in with_code and f.rpartition("/")[2].lower() not in SUPPORT_PARTS)
    return next(around, "")


def _submodules(files: Mapping[str, FileFacts], text: Callable[[str], str]) -> Iterator[str]:
    """Folder names of git submodules: code that is there at run time and not in this tree."""
    if ".gitmodules" in files:
        for match in re.finditer(r"^\s*path\s*=\s*(\S+)", text(".gitmodules"), re.MULTILINE):
            yield match[1].rstrip("/").rpartition("/")[2].replace("-", "_")


def _written(files: Mapping[str, FileFacts]) -> Iterator[str]:
    """Modules that a notebook writes itself, with `%%writefile`."""
    for facts in files.values():
        for cell in facts.notebook.cells if facts.notebook is not None else ():
            match = _WRITEFILE.match(cell.source) if cell.kind == "code" else None
            if match:
                yield match[1].rpartition("/")[2]


def _third_party(
    files: Mapping[str, FileFacts], paths: Paths, modules: Modules, text: Callable[[str], str]
) -> tuple[tuple[ImportedPackage, ...], dict[str, int]]:
    """Third-party packages of own code, and how many of them each code file needs."""
    found: dict[str, _Seen] = defaultdict(_Seen)
    importing: dict[str, int] = {}
    for path, facts in files.items():
        role = paths.role(path)
        if role not in _CODE_ROLES or path.rpartition("/")[2] in _BUILD_SCRIPTS:
            continue
        needed: set[str] = set()
        for item in _imports(facts):
            if not _is_third_party(item, path, facts, modules):
                continue
            package = import_names.package_of(item.module)
            if package in _SPARK and _has_spark(path, facts, text):
                continue
            aside = bool(item.scope) or (item.main and _is_in_package(path, files))
            found[package].add(item, facts, role, aside)
            if not item.optional:
                needed.add(package)
        if role is Role.CODE and needed:
            importing[path] = len(needed)
    return tuple(seen.package(package) for package, seen in sorted(found.items())), importing


def _is_in_package(path: str, files: Mapping[str, FileFacts]) -> bool:
    """True for a module that others import: what it does as a script is a demonstration of itself."""
    return f"{path.rpartition('/')[0]}/__init__.py" in files


class _Seen:
    """What the imports of one package say together, of which a large repository has hundreds of thousands."""

    def __init__(self) -> None:
        self.count = 0
        self.lazy = True
        self.modules: set[str] = set()
        self.first: tuple[bool, int, tuple[str, int, int, int]] | None = None
        self.place: tuple[Location, Import, Role] | None = None
        self.places = tuple(Places() for _ in _CODE_ROLES)
        self.latest: Location | None = None

    def add(self, item: Import, file: FileFacts, role: Role, aside: bool) -> None:
        """One more import. `aside` when it only runs at times."""
        rank = _CODE_ROLES.index(role)
        location = file.locate(item.line)
        self.count += 1
        self.lazy = self.lazy and aside
        self.modules.add(item.module)
        order = (item.optional, rank, location.sort_key)
        if self.first is None or order < self.first:
            self.first, self.place = order, (location, item, role)
        # Files come one after the other, by path, and imports by line.
        if not item.optional and (self.latest is None or self.latest.path != location.path):
            self.places[rank].add(file, item.line)
            self.latest = location

    def package(self, name: str) -> ImportedPackage:
        """The package, after its last import."""
        assert self.place is not None
        location, first, role = self.place
        return ImportedPackage(
            module=name,
            distributions=import_names.distributions(first.module),
            location=location,
            optional=first.optional,
            count=self.count,
            role=role,
            places=Places(self.places),
            modules=tuple(sorted(self.modules)),
            lazy=self.lazy,
        )


def _imports(facts: FileFacts) -> tuple[Import, ...]:
    if facts.notebook is not None and facts.notebook.language != "python":
        return ()
    return facts.source.imports if facts.source is not None else ()


def _has_spark(path: str, facts: FileFacts, text: Callable[[str], str]) -> bool:
    """True for a file that runs where Spark is part of the platform: Databricks, AWS Glue, Fabric."""
    if any(import_names.is_platform(item.module) for item in _imports(facts)):
        return True
    if facts.notebook is not None:
        return any("dbutils." in cell.source for cell in facts.notebook.cells)
    head = text(path)
    return head.startswith(_DATABRICKS) or "dbutils." in head


def _is_third_party(item: Import, path: str, facts: FileFacts, modules: Modules) -> bool:
    top = item.module.partition(".")[0]
    if item.level or not top or top in _NO_DEPENDENCY or top.startswith("__"):
        return False
    if top.endswith(("_pb2", "_pb2_grpc")) and not import_names.is_known(top):
        return False  # generated from a `.proto` file when the project is built
    if top in import_names.PLATFORM_TOPS:
        dotted = (item.module, *(f"{item.module}.{name}" for name in item.names))
        if any(import_names.is_platform(module) for module in dotted):
            return False
    if facts.notebook is not None and top in ("IPython", "ipykernel"):
        return False  # every kernel brings it
    if modules.is_own(item, path):
        return False
    return top not in import_names.GENERIC
