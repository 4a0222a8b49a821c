"""How much the tests cover and assert, and whether one of them runs the whole."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping

from prodcheck.checks.undeclared import is_shipped
from prodcheck.extract.python_model import Import, PythonFacts
from prodcheck.facts import Facts
from prodcheck.facts.dependencies import BENCHMARK_PARTS
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Kind, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

MODULE_LINES = 30
"""Code lines from which on a module is expected to be imported by some test."""
BROAD, VOLUME, LEAST_VOLUME = 0.6, 0.3, 0.05
"""Share of modules, and lines of test per line of code, from which on there is nothing to add."""
ENOUGH = 0.85
"""A suite this good is not complained about."""


def thin_or_vacuous_tests(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Breadth, volume and substance of the tests, and whether coverage is measured, weighed 4:3:2:1."""
    least = facts.config.thresholds.small_project_lines
    if facts.code.code_lines < least:
        return Outcome.not_applicable(f"{facts.code.code_lines} lines of code, fewer than {least}")
    items = facts.tests.items
    modules = _modules(facts)
    covered, behind = _reached(facts, modules)
    missed = [path for path in modules.values() if path not in covered]
    # What runs only because a tested module imports it is half tested.
    breadth = (len(covered) + 0.5 * len(behind)) / len(modules) if modules else 1.0
    ratio = facts.code.test_lines / facts.code.python_lines if facts.code.python_lines else 0.0
    asserting = sum(1.0 if i.asserts and not i.skipped else 0.0 if i.skipped or i.trivial else 0.5 for i in items)
    substance = asserting / len(items) if items else 0.0
    measured = _coverage(facts)
    score = (
        0.4 * min(1.0, breadth / BROAD)
        + 0.3 * min(1.0, max(0.0, ratio - LEAST_VOLUME) / (VOLUME - LEAST_VOLUME))
        + 0.2 * substance
        + 0.1 * bool(measured)
    )
    further = f" and through them {len(behind)} more" if behind else ""
    reason = (
        f"tests import {len(modules) - len(missed)} of {len(modules)} modules{further}, {ratio * 100:.0f} lines of "
        f"test for 100 of code, {substance:.0%} of the tests assert something, "
        f"coverage is {'' if measured else 'not '}measured"
    )
    hits: list[Hit] = []
    if breadth < BROAD:
        largest = sorted((p for p in missed if p not in behind), key=lambda p: -_lines(facts, p))[:5]
        hits += [
            Hit(Location(p), f"no test reaches {p} ({_lines(facts, p)} lines)", Confidence.MEDIUM) for p in largest
        ]
    hits += [
        Hit(i.location, f"{i.name} asserts nothing", Confidence.MEDIUM, identity=i.name)
        for i in items
        if i.trivial and not i.skipped
    ][:5]
    evidence = tuple(Evidence(f"{i.name} asserts", i.location) for i in items if i.asserts)[:3] + measured
    return Outcome(1.0 if score >= ENOUGH else score, evidence, tuple(hits), reason, Confidence.MEDIUM)


def _lines(facts: Facts, path: str) -> int:
    python = facts.files[path].python
    return python.code_lines if python else 0


def _modules(facts: Facts) -> dict[str, str]:
    """Dotted name to path of the modules that tests should reach."""
    found = {}
    library = facts.project.kind is Kind.LIBRARY
    for path, file in facts.files.items():
        if file.python is None or facts.role(path) is not Role.CODE or file.python.code_lines < MODULE_LINES:
            continue
        if library and not is_shipped(facts, path):
            continue
        if path.rpartition("/")[2] not in _NO_MODULES and not BENCHMARK_PARTS & set(path.lower().split("/")):
            found[_dotted(path)] = path
    return found


_NO_MODULES = frozenset(["setup.py", "conftest.py", "noxfile.py", "conf.py", "fabfile.py", "tasks.py"])
_PYTEST_FILES = frozenset(["pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini"])


def _dotted(path: str) -> str:
    name = path.removesuffix(".py").removesuffix("/__init__") if path.endswith(".py") else path
    return _bare(name.replace("/", "."))


_SOURCE = ("src.", "python.", "lib.")
"""Folders of source code; a test may name them (`from src.model import fit`) or not."""


def _bare(name: str) -> str:
    return name.partition(".")[2] if name.startswith(_SOURCE) else name


def _reached(facts: Facts, modules: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """Paths of modules that a test imports, by name or through what a package exports; and of those that only the
    modules so reached import."""
    packages = {
        _dotted(path): file.python
        for path, file in facts.files.items()
        if file.python is not None and path.endswith("/__init__.py") and facts.role(path) is Role.CODE
    }
    paths = {
        _dotted(path): path
        for path, file in facts.files.items()
        if file.python is not None and facts.role(path) is Role.CODE
    }
    paths.update(modules)
    endings: dict[str, list[str]] = {}  # without the whole names, which would take as much room again
    for name in paths.keys() | packages.keys():
        ending = name
        while ending := ending.partition(".")[2]:
            endings.setdefault(ending, []).append(name)

    registering = _imports_by_name(facts)

    def follow(waiting: list[str], reached: set[str], deep: bool) -> None:
        while waiting:
            name = _bare(waiting.pop())
            for known in (name, *endings.get(name, ())):
                if known in reached or not (known in packages or known in paths):
                    continue
                reached.add(known)
                if known in packages:
                    waiting += _exported(known, packages[known])
                    if deep and registering:
                        waiting += _registered(facts, paths.get(known, ""), packages[known])
                elif known in paths:
                    waiting += _used(facts, paths[known], registering) if deep else _reexported(facts, paths[known])

    direct: set[str] = set()
    named = {name for path, python in _test_modules(facts) for name in _names(path, python.imports)}
    named.update(_configured(facts))
    follow(list(named), direct, deep=False)
    every: set[str] = set()
    follow(list(named), every, deep=True)
    covered = {modules[name] for name in direct if name in modules}
    return covered, {modules[name] for name in every if name in modules} - covered


def _test_modules(facts: Facts) -> Iterator[tuple[str, PythonFacts]]:
    for path, file in facts.files.items():
        if file.python is not None and facts.role(path) is Role.TEST:
            yield path, file.python


def _test_module(facts: Facts, path: str) -> PythonFacts | None:
    """The module at a path, when it is there for tests."""
    return facts.files[path].python if facts.role(path) is Role.TEST else None


_CONFIG_GLOB = lazy_regex(r"""["']/?([\w./-]*\*[\w./*-]*\.ya?ml)["']""")
_CONFIG_CLASS = lazy_regex(r"^\s*-?\s*(?:class|_target_|class_path)\s*:\s*[\"']?(\w+(?:\.\w+)+)", re.MULTILINE)


def _configured(facts: Facts) -> Iterator[str]:
    """What the configuration files name that a test goes through one by one: `glob("conf/models/*.yaml")`; all
    that name a class where a test composes them with Hydra."""
    hydra = any(item.module.split(".")[0] == "hydra" for _, python in _test_modules(facts) for item in python.imports)
    for path in facts.files if hydra else ():
        if path.endswith((".yaml", ".yml")) and facts.role(path) is Role.CODE:
            for name in _CONFIG_CLASS.findall(facts.text(path)):
                yield from (name, name.rpartition(".")[0])
    for test, _ in _test_modules(facts):
        content = facts.text(test)
        for pattern in dict.fromkeys(_CONFIG_GLOB.findall(content) if ".y" in content else ()):
            # A bare `*.yaml` says nothing about the folder it is looked for in.
            for path in fnmatch.filter(facts.files, pattern) if "/" in pattern else ():
                for name in _CONFIG_CLASS.findall(facts.text(path)):
                    yield from (name, name.rpartition(".")[0])


def _names(path: str, imports: Iterable[Import]) -> Iterator[str]:
    """Dotted names of everything that the imports of a file may mean."""
    here = _dotted(path).split(".")
    for item in imports:
        module = item.module
        if item.level:
            parents = here[: -item.level]
            module = ".".join([*parents, module] if module else parents)
        if module:
            yield module
        for name in item.names:
            yield f"{module}.{name}" if module else name


def _exported(package: str, python: PythonFacts) -> Iterator[str]:
    """Modules of its own that a package's `__init__` imports."""
    for item in python.imports:
        if item.level == 1:
            base = f"{package}.{item.module}" if item.module else package
        elif item.level == 0 and _bare(item.module).split(".")[0] == package.split(".")[0]:
            base = item.module
        else:
            continue
        yield base
        yield from (f"{base}.{name}" for name in item.names)


def _reexported(facts: Facts, path: str) -> Iterator[str]:
    """Modules whose names a module makes its own: by `from ... import *`, or from a private module beside it."""
    python = facts.files[path].python
    for item in python.imports if python else ():
        private = item.level == 1 and item.module.startswith("_")
        if item.names == ("*",) or private:
            yield from _names(path, (item,))


def _used(facts: Facts, path: str, registering: bool) -> Iterator[str]:
    """Everything that a module imports, by name or, where the project imports by a computed name, by a table."""
    python = facts.files[path].python
    yield from _names(path, python.imports if python else ())
    if registering:
        yield from _registered(facts, path, python)


_DOTTED_TEXT = lazy_regex(r"(\w+(?:\.\w+)+)(?::\w+)?")


def _imports_by_name(facts: Facts) -> bool:
    """Whether the project imports modules whose names it computes or keeps in a table."""
    return any(
        facts.role(path) is Role.CODE
        for name in ("importlib.import_module", "pkgutil.iter_modules")
        for path in facts.calls.named((name,))
    )


def _registered(facts: Facts, path: str, python: PythonFacts | None) -> Iterator[str]:
    """What `importlib.import_module` may bring in: the modules a registry names, or all that lie beside it."""
    if python is None:
        return
    # Taking the text apart at its quotes is quicker than looking for them with a pattern.
    for piece in facts.text(path).replace("'", '"').split('"')[1:-1]:
        found = _DOTTED_TEXT.fullmatch(piece) if "." in piece else None
        if found:
            yield found[1]
    here = any(name.rpartition(".")[2] in ("import_module", "iter_modules") for name in python.calls.names)
    folder = path.rpartition("/")[0]
    if here and path.endswith("/__init__.py"):
        yield from (_dotted(p) for p in facts.files if p.startswith(folder + "/") and p.endswith(".py"))


def _coverage(facts: Facts) -> tuple[Evidence, ...]:
    """Where coverage is measured: a configuration, an option of pytest, or a command of CI."""
    for use in facts.stack:
        if use.tool == "coverage" and use.strength >= Strength.CONFIGURED:
            return use.evidence[:1]
    for command in facts.ci.commands:
        if re.search(r"(?:^| )--cov\b|\bcoverage run\b|\bcodecov\b", command.text):
            return (Evidence("CI measures coverage", command.chain[0].location if command.chain else None),)
    for path, file in facts.files.items():
        if file.document is not None and path.rpartition("/")[2] in _PYTEST_FILES:
            for key in ("tool.pytest.ini_options.addopts", "tool:pytest.addopts", "pytest.addopts"):
                found = file.document.find(key)
                if found and "--cov" in str(found[0]):
                    return (Evidence("pytest measures coverage", Location(path, found[1]), Strength.CONFIGURED),)
    return ()


_CLIENTS = lazy_regex(
    r"(?:fastapi|starlette)\.testclient\.TestClient|httpx\.AsyncClient|.*\.test_client|.*\.test_cli_runner|"
    r"(?:click|typer)\.testing\.CliRunner\(\)\.invoke|runpy\.run_(?:path|module)|streamlit\.testing\..*|"
    r"gradio_client\.Client|aiohttp\.test_utils\..*|django\.test\.Client"
)
_HARNESSES = lazy_regex(
    r"(?:.*\.)?(?:KedroSession\.create|SequentialRunner|materialize|execute_in_process|prefect_test_harness|"
    r"DockerContainer|DockerCompose|mock_aws)|kedro\..*\.run|testcontainers\..*|moto\.\w+|metaflow\.Runner"
)
_PROCESSES = lazy_regex(r"subprocess\.(?:run|call|check_call|check_output|Popen)|os\.system")
_REQUESTS = lazy_regex(r"(?:requests|httpx)\.(?:get|post|put|request)|urllib\.request\.urlopen")
_LOCAL = lazy_regex(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)\b")
"""A service that the test, or what starts it, has brought up on this machine."""
_ENTRIES = frozenset("main train train_model run_training run_pipeline training_loop fit_model run_experiment".split())
_NAMED = lazy_regex(r"(?i)(?:^|[/_-])(?:integration|e2e|end_?to_?end|end2end|smoke|functional|acceptance|pipeline)")


def no_integration_test(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """A test that runs the pipeline or the service end to end, or CI that runs the real entry point."""
    least = facts.config.thresholds.small_project_lines
    if facts.code.code_lines < least:
        return Outcome.not_applicable(f"{facts.code.code_lines} lines of code, fewer than {least}")
    if not facts.code.trains and not facts.code.serves:
        return Outcome.not_applicable("nothing is trained or served here")
    strong = [*_end_to_end(facts), *_in_ci(facts)]
    if strong:
        return Outcome(1.0, tuple(strong[:3]), reason=strong[0].detail, confidence=Confidence.MEDIUM)
    dags = _calls(facts, re.compile(r"airflow\.(?:models\.)?(?:dagbag\.)?DagBag"), "loads the DAGs")
    weak = [
        *dags,
        *(Evidence("is named like an integration test", Location(p)) for p in facts.tests.files if _NAMED.search(p)),
    ]
    fits = [
        e
        for path in facts.tests.files
        for stages in [facts.code.stages_by_file.get(path, {})]
        if stages.get("train") and (stages.get("evaluate") or stages.get("predict"))
        for e in stages["train"][:1]
    ]
    if fits and not weak:
        reason = "tests fit a model and look at what it says, and none runs the whole training"
        return Outcome(0.5, tuple(fits[:3]), reason=reason, confidence=Confidence.MEDIUM)
    if weak:
        reason = "a test by name, and no run of the whole found in it"
        return Outcome(0.5, tuple(weak[:3]), reason=reason, confidence=Confidence.MEDIUM)
    what = "the training" if facts.code.trains else "the service"
    return Outcome(0.0, reason=f"no test runs {what} from start to end", confidence=Confidence.MEDIUM)


def _end_to_end(facts: Facts) -> Iterator[Evidence]:
    yield from _calls(facts, _CLIENTS, "calls the application")
    for evidence in _calls(facts, _HARNESSES, "runs the pipeline"):
        if "prefect_test_harness" not in evidence.detail or _starts_flow(facts, evidence.location):
            yield evidence
    yield from _calls(facts, _PROCESSES, "runs a program")
    for evidence in _calls(facts, _REQUESTS, "asks the running service"):
        if evidence.location and _LOCAL.search(facts.text(evidence.location.path)):
            yield evidence
    first_party = facts.dependencies.first_party
    tested = set(facts.tests.files)
    for path in facts.calls.files_of(_ENTRIES):
        python = _test_module(facts, path)
        for call in python.calls if python and path in tested else ():
            top = call.name.partition(".")[0]
            own = top in first_party or call.name.startswith(".")
            # `model().train()` switches a network into its training mode.
            if own and call.method in _ENTRIES and call.method != call.name and "()" not in call.name:
                yield Evidence(f"runs {call.name}", Location(path, call.line))


def _starts_flow(facts: Facts, location: Location | None) -> bool:
    """Whether a test calls a flow of the project: Prefect's harness alone runs nothing."""
    flows = {
        definition.name
        for path, file in facts.files.items()
        if file.python is not None and facts.role(path) is Role.CODE
        for definition in file.python.definitions
        if any(d.rpartition(".")[2] == "flow" for d in definition.decorators)
    }
    file = facts.files.get(location.path) if location else None
    names = file.python.calls.names if file is not None and file.python is not None else ()
    return any(name.rpartition(".")[2] in flows for name in names)


def _calls(facts: Facts, pattern: re.Pattern[str], detail: str) -> Iterator[Evidence]:
    for path in facts.calls.files(pattern):
        python = _test_module(facts, path)
        for call in python.calls.named(pattern.fullmatch) if python else ():
            yield Evidence(f"{detail} ({call.name})", Location(path, call.line))


def _in_ci(facts: Facts) -> Iterator[Evidence]:
    """CI that trains or scores for a change: `python train.py --epochs 1`, `dvc repro`, `mlflow run .`."""
    for command in facts.ci.commands:
        if command.verbs & {"train", "score"} and command.triggers & {"push", "pull_request"}:
            place = command.chain[0].location if command.chain else Location(command.pipeline)
            yield Evidence(f"CI runs {command.text[:60]}", place, Strength.ENFORCED)
