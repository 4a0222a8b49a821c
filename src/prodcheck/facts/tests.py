"""The tests that a test runner would collect, counted without running anything.

A file that is merely called `test.py` is an evaluation script in half of all deep-learning repositories, and a module
called `test_suite.py` may be the product of a validation library. What counts is what pytest, unittest and the others
would collect.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from prodcheck.extract.python import Definition, PythonFacts
from prodcheck.extract.run import FileFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts.paths import TEST_PARTS, Paths, Role, suffix_of
from prodcheck.model import Evidence, Location, Strength
from prodcheck.records import dataclass


@dataclass(frozen=True, slots=True)
class TestItem:
    """One collectable test. `runner` is pytest, unittest, doctest, behave, robot, nbdev, testthat."""

    name: str
    runner: str
    location: Location
    asserts: int = 0
    skipped: bool = False
    trivial: bool = False
    """The body is empty."""


@dataclass(frozen=True)
class Tests:
    items: tuple[TestItem, ...]
    configuration: tuple[Evidence, ...]
    """Where a test runner is configured."""
    lookalikes: tuple[Evidence, ...] = ()
    """Files named like tests that hold none, such as evaluation scripts called `test.py`."""

    @property
    def files(self) -> tuple[str, ...]:
        """Files that hold at least one test, sorted."""
        return tuple(sorted({item.location.path for item in self.items}))


@dataclass(frozen=True)
class _Collection:
    """How pytest is told to collect, with its defaults."""

    files: tuple[str, ...] = ("test_*.py", "*_test.py")
    classes: tuple[str, ...] = ("Test",)
    functions: tuple[str, ...] = ("test",)
    doctest: bool = False
    nbmake: bool = False
    found: tuple[Evidence, ...] = ()


def build(files: Mapping[str, FileFacts], paths: Paths, text: Callable[[str], str] = lambda path: "") -> Tests:
    """All tests of the repository's own files. `text` gives the text of a file, for formats that have no extractor."""
    collection = _collection(files, paths)
    imported = _imported_modules(files, paths)
    cases = _case_classes(files)
    stepped = _with_steps(files) if any(path.endswith(".feature") for path in files) else frozenset()
    items: list[TestItem] = []
    lookalikes: list[Evidence] = []
    for path, file in files.items():
        if paths.role(path) in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE):
            continue
        if file.python is not None:
            found = list(_collect(path, file.python, collection, imported, cases))
            items += found
            if not found and _looks_like_test(path):
                lookalikes.append(Evidence("is named like a test and holds none", Location(path)))
        elif path.endswith(".feature") and path.partition("/")[0] in stepped:
            items += _scenarios(path, text(path))
        elif path.endswith(".robot"):
            items += _robot_cases(path, text(path))
        elif path.endswith((".R", ".r")) and re.search(r"(?:^|/)tests/testthat/test[-_.][^/]*\.[rR]$", path):
            items += _testthat(path, text(path))
    if collection.doctest:
        items += _doctests(files, paths, text)
    items += _notebook_tests(files, paths, collection.nbmake)
    return Tests(tuple(items), collection.found, tuple(lookalikes))


def _collection(files: Mapping[str, FileFacts], paths: Paths) -> _Collection:
    """What the configuration files say about collection; several of them add up (a monorepo has one each)."""
    patterns, classes, functions = ["test_*.py", "*_test.py"], ["Test"], ["test"]
    doctest, nbmake, found = False, False, []
    for path, file in files.items():
        name = path.rpartition("/")[2]
        if file.document is None or name not in _CONFIGURATION or paths.role(path) is Role.VENDORED:
            continue
        for table in _CONFIGURATION[name]:
            place = file.document.find(table)
            if place is None or not isinstance(place[0], dict) or set(place[0]) == {"ini_options"}:
                continue
            found.append(Evidence(f"[{table}] configures pytest", Location(path, place[1]), Strength.CONFIGURED))
            settings = place[0]
            patterns += _words(settings.get("python_files"))
            classes += _words(settings.get("python_classes"))
            functions += _words(settings.get("python_functions"))
            options = " ".join(_words(settings.get("addopts")))
            doctest = doctest or "--doctest-modules" in options
            nbmake = nbmake or "--nbmake" in options
    return _Collection(tuple(patterns), tuple(classes), tuple(functions), doctest, nbmake, tuple(found))


_CONFIGURATION: Mapping[str, tuple[str, ...]] = {
    "pyproject.toml": ("tool.pytest.ini_options", "tool.pytest"),
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pytest.ini": ("pytest",),
    ".pytest.ini": ("pytest",),
    "tox.ini": ("pytest",),
    "setup.cfg": ("tool:pytest",),
}


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    return value.split() if isinstance(value, str) else []


def _looks_like_test(path: str) -> bool:
    """True for names that a reader takes for a test: `test.py`, `test_model.py`, `model_test.py`."""
    name = path.rpartition("/")[2]
    return re.match(r"(?:tests?|test_.*|.*_tests?)\.py$", name) is not None


def _in_test_folder(path: str) -> bool:
    return any(part.strip() in TEST_PARTS for part in path.lower().split("/")[:-1])


def _imported_modules(files: Mapping[str, FileFacts], paths: Paths) -> frozenset[str]:
    """Last parts of all modules that code outside tests imports: what the product itself is made of."""
    found: set[str] = set()
    for path, file in files.items():
        if file.python is None or paths.role(path) not in (Role.CODE, Role.DOCS):
            continue
        for item in file.python.imports:
            found.add(item.module.rpartition(".")[2])
            found.update(item.names)
    return frozenset(found)


_TEST_LIBRARIES = frozenset("pytest unittest unittest2 nose nose2 hypothesis absl.testing ward testslide".split())


def _collect(
    path: str, python: PythonFacts, collection: _Collection, imported: frozenset[str], cases: frozenset[str]
) -> Iterator[TestItem]:
    """The tests of one module, or none when it is a product module or a script that is merely named like one."""
    name = path.rpartition("/")[2]
    default = any(fnmatchcase(name, pattern) or fnmatchcase(path, pattern) for pattern in collection.files)
    folder = _in_test_folder(path)
    named = default or re.match(r"(?i)(?:tests?|test.*|.*tests?)\.py$", name) is not None
    testing = any(
        item.level == 0 and (item.module in _TEST_LIBRARIES or item.module.partition(".")[0] in _TEST_LIBRARIES)
        for item in python.imports
    )
    if not (named or folder or testing):
        return
    items = list(_items(path, python, collection, cases))
    unittests = [item for item in items if item.runner == "unittest"]
    if not named:
        # unittest runs any module it is given; pytest would not look at it.
        yield from unittests
        return
    asserting = any(item.asserts for item in items)
    product = name.removesuffix(suffix_of(name)) in imported and not folder
    if (
        unittests
        or (testing and not product)
        or (folder and default)
        or ((default or folder) and asserting and not product)
    ):
        yield from items


def _items(path: str, python: PythonFacts, collection: _Collection, cases: frozenset[str]) -> Iterator[TestItem]:
    classes = {d.name: d for d in python.definitions if d.kind == "class"}
    constructed = {d.name.rpartition(".")[0] for d in python.definitions if d.name.endswith(".__init__")}
    for definition in python.definitions:
        if definition.kind != "function":
            continue
        parent, _, name = definition.name.rpartition(".")
        owner = classes.get(parent)
        runner = "pytest"
        if parent:
            if owner is None:
                continue  # inside another function: nobody collects it
            if _is_case(owner, cases):
                runner = "unittest"
                if not name.startswith("test"):
                    continue
            elif parent in constructed or not _matches(parent.rpartition(".")[2], collection.classes):
                continue
        if runner == "pytest" and not _matches(name, collection.functions):
            continue
        if runner == "pytest" and name == "test" and not definition.asserts:
            continue  # `def test(model, loader)`: the evaluation loop
        decorators = definition.decorators + (owner.decorators if owner else ())
        if any(d.endswith(".fixture") or d == "fixture" for d in decorators):
            continue
        # An empty method may switch off an inherited test.
        inherits = owner is not None and any(not b.endswith(("TestCase", "object")) for b in owner.bases)
        trivial = definition.trivial and not inherits
        skipped = (definition.trivial and inherits) or any(d in _SKIPS or d.endswith("mark.skip") for d in decorators)
        place = Location(path, definition.line)
        yield TestItem(definition.name, runner, place, definition.asserts, skipped, trivial)


_SKIPS = frozenset(["pytest.mark.skip", "unittest.skip", "skip"])


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """pytest's rule for classes and functions: a prefix, or a glob."""
    return any(name.startswith(p) if "*" not in p and "?" not in p else fnmatchcase(name, p) for p in patterns)


def _is_case(definition: Definition, cases: frozenset[str]) -> bool:
    return any(base.rpartition(".")[2] in cases or base.endswith("TestCase") for base in definition.bases)


def _case_classes(files: Mapping[str, FileFacts]) -> frozenset[str]:
    """Names of all classes that are a `unittest.TestCase` at some remove, through classes of this repository."""
    bases: dict[str, set[str]] = {}
    for file in files.values():
        for d in file.python.definitions if file.python else ():
            if d.kind == "class":
                bases.setdefault(d.name.rpartition(".")[2], set()).update(b.rpartition(".")[2] for b in d.bases)
    found = {"IsolatedAsyncioTestCase", "AsyncTestCase", "TestCase"}
    grown = True
    while grown:
        new = {name for name, parents in bases.items() if name not in found and not found.isdisjoint(parents)}
        grown = bool(new)
        found |= new
    return frozenset(found)


def _with_steps(files: Mapping[str, FileFacts]) -> frozenset[str]:
    """Top folders with Python code that implements steps: a feature file without them runs nothing."""
    words = frozenset(("given", "when", "then", "step", "scenarios", "scenario"))
    return frozenset(
        path.partition("/")[0]
        for path, file in files.items()
        for item in (file.python.imports if file.python is not None else ())
        if item.module.partition(".")[0] in ("behave", "pytest_bdd", "radish") or not words.isdisjoint(item.names)
    )


def _scenarios(path: str, content: str) -> Iterator[TestItem]:
    for number, line in enumerate(split_lines(content), start=1):
        match = re.match(r"\s*(?:Scenario(?: Outline| Template)?|Example):\s*(.*)", line)
        if match:
            yield TestItem(match[1] or "scenario", "behave", Location(path, number), asserts=1)


def _robot_cases(path: str, content: str) -> Iterator[TestItem]:
    inside = False
    for number, line in enumerate(split_lines(content), start=1):
        if line.startswith("*"):
            inside = re.match(r"\*+ *(?:test cases?|tasks?)", line, re.IGNORECASE) is not None
        elif inside and line[:1].strip() and not line.startswith("#"):
            yield TestItem(line.strip(), "robot", Location(path, number), asserts=1)


def _testthat(path: str, content: str) -> Iterator[TestItem]:
    for number, line in enumerate(split_lines(content), start=1):
        match = re.match(r"""\s*test_that\(\s*["'](.*?)["']""", line)
        if match:
            yield TestItem(match[1], "testthat", Location(path, number), asserts=1)


def _doctests(files: Mapping[str, FileFacts], paths: Paths, text: Callable[[str], str]) -> Iterator[TestItem]:
    """One test per function, class or module whose docstring holds an example."""
    for path, file in files.items():
        if file.python is None or paths.role(path) is not Role.CODE:
            continue
        seen: set[str] = set()
        for number, line in enumerate(split_lines(text(path)), start=1):
            if line.lstrip().startswith(">>> "):
                around = [d for d in file.python.definitions if d.line <= number <= d.end_line]
                name = max(around, key=lambda d: d.line).name if around else "module"
                if name not in seen:
                    seen.add(name)
                    yield TestItem(name, "doctest", Location(path, number), asserts=1)


_NBDEV_CALLS = frozenset("test_eq test_ne test_close test_fail test_is test_stdout test_warns test_eq_type".split())


def _notebook_tests(files: Mapping[str, FileFacts], paths: Paths, nbmake: bool) -> Iterator[TestItem]:
    """Notebooks that are run as tests: all under nbmake, those with test calls in an nbdev project."""
    nbdev = any(
        file.document is not None
        and (
            (path.endswith("settings.ini") and file.document.find("DEFAULT.lib_name"))
            or (path.endswith("pyproject.toml") and file.document.find("tool.nbdev"))
        )
        for path, file in files.items()
    )
    if not nbdev and not nbmake:
        return
    for path, file in files.items():
        if file.notebook is None or paths.role(path) in (Role.VENDORED, Role.TEMPLATE):
            continue
        calls = list(file.notebook.python.calls.named(lambda name: name.rpartition(".")[2] in _NBDEV_CALLS))
        if nbmake or calls:
            place = file.notebook.locate(path, calls[0].line) if calls else Location(path)
            yield TestItem(PurePosixPath(path).stem, "nbdev", place, asserts=len(calls))
