"""How code is divided: functions, modules, and the folders of a project."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from operator import eq
from pathlib import PurePosixPath

from prodcheck.extract.python_model import Definition, PythonFacts
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role, folders_around
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

LONG_MODULE = 800
LONG_FUNCTION = 80
"""Statements; a screen holds about half as many."""
COMPLEX_FUNCTION = 20
"""Cyclomatic complexity, of a function that is not short as well: a table of cases is no tangle."""
LONG_SCRIPT = 150
"""Code lines outside functions in a module that cannot be imported without running them."""
COPIES = 3
"""Files that must share a block of code before it counts as copied about."""
SMALL_BESIDE = 5
"""A file with less than this fraction of the loose code of the worst one is not the problem."""
USUAL_SIZE = 2_500
"""Code lines up to which each large function or module weighs fully; in larger projects their density counts."""
_NO_LOGIC = lazy_regex(
    r"(?i)(?:^|/)(?:setup|conf|config\w*|settings|constants|__init__|__about__|versioneer|noxfile)\.py$|/dags/"
)


_TEST_FUNCTION = lazy_regex(r"(?:^|\.)_*test(?:_\w+)?$")


def unmodular_code(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Code in functions, classes and files of a size that can be reviewed, and not copied about."""
    modules = dict(_own_code(facts))
    lines = sum(total for _, _, total in modules.values())
    inside = sum(defined for _, defined, _ in modules.values())
    if not lines:
        return Outcome.not_applicable("no code of the project's own")
    share = inside / lines
    hits: list[Hit] = []
    for path, (python, defined, total) in modules.items():
        hits.extend(_oversized(facts, path, python, defined, total))
    copied_share, copied = _copies(modules)
    penalty = min(0.4, 0.1 * len(hits) * min(1.0, USUAL_SIZE / lines)) + 0.2 * min(1.0, copied_share / 0.1)
    score = min(1.0, max(0.0, (share - 0.2) / 0.4)) - penalty
    reason = f"{share:.0%} of {lines} lines of code are in functions and classes"
    if hits:
        reason += f", {len(hits)} {'is' if len(hits) == 1 else 'functions or modules are'} too large to review"
    if share < 0.6:
        hits.extend(_flat(facts, modules))
    hits.extend(copied)
    evidence = tuple(
        Evidence(f"{defined} of {total} lines of code in functions and classes", Location(path))
        for path, (_, defined, total) in sorted(modules.items(), key=lambda item: -item[1][2])[:3]
    )
    if score >= 0.9:
        score, hits = 1.0, []
    return Outcome(max(0.0, score), evidence, tuple(hits[:12]), reason, Confidence.MEDIUM)


def _own_code(facts: Facts) -> Iterable[tuple[str, tuple[PythonFacts, int, int]]]:
    """Path -> (facts, code lines in definitions, code lines) of modules and notebooks that hold logic."""
    for path, file in facts.files.items():
        if facts.role(path) is not Role.CODE or path in facts.code.twins or _NO_LOGIC.search(path):
            continue
        if file.python is not None and not file.python.problem and file.python.code_lines:
            if _is_table(file.python):
                continue
            yield path, (file.python, file.python.lines_in_definitions, file.python.code_lines)
        elif file.notebook is not None and not file.notebook.problem and file.notebook.code_lines:
            python, total = file.notebook.python, file.notebook.code_lines
            yield path, (python, min(python.lines_in_definitions, total), total)


def _oversized(facts: Facts, path: str, python: PythonFacts, defined: int, total: int) -> Iterable[Hit]:
    is_module = facts.files[path].python is not None
    if is_module and total > LONG_MODULE:
        yield Hit(Location(path), f"a module of {total} lines of code", Confidence.MEDIUM, identity="module")
    loose = total - defined - len(python.imports)
    if is_module and loose > LONG_SCRIPT and not python.has_main_guard:
        yield Hit(Location(path), f"{loose} lines run on import, outside any function", identity="script")
    for definition in python.definitions:
        if definition.kind != "function" or not _is_large(definition):
            continue
        if not _TEST_FUNCTION.search(definition.name):  # a module's own test is no code to be tested
            told = (
                f"{definition.name}() has {definition.statements} statements and {definition.complexity - 1} branches"
            )
            yield Hit(
                _place(facts, path, definition.line), told, Confidence.MEDIUM, identity=f"function {definition.name}"
            )


def _is_large(definition: Definition) -> bool:
    tangled = definition.complexity > COMPLEX_FUNCTION and definition.statements > LONG_FUNCTION / 2
    return definition.statements > LONG_FUNCTION or tangled


def _is_table(python: PythonFacts) -> bool:
    """Whether a module is data rather than code: long, hardly anything called, little but a helper or two defined."""
    lines = python.code_lines
    if lines <= 50 or python.lines_in_definitions >= lines / 4:
        return False
    return python.calls.column("scope").count("") < lines / 20


def _place(facts: Facts, path: str, line: int) -> Location:
    book = facts.files[path].notebook
    return book.locate(path, line) if book else Location(path, line)


def _flat(facts: Facts, modules: Mapping[str, tuple[PythonFacts, int, int]]) -> Iterable[Hit]:
    """The files with most code outside functions."""
    ranked = sorted(modules.items(), key=lambda item: item[1][1] - item[1][2])
    most = max((total - defined for _, defined, total in modules.values()), default=0)
    for path, (_, defined, total) in ranked[:5]:
        if total - defined > max(20, most / SMALL_BESIDE):
            yield Hit(
                Location(path), f"{total - defined} of {total} lines of code are outside functions", identity="flat"
            )


def _copies(modules: Mapping[str, tuple[PythonFacts, int, int]]) -> tuple[float, list[Hit]]:
    """Share of the code's blocks that are the same in several files, and one hit per group of files."""
    # A list of holders for each block would take much room, and so would all blocks in one sorted list of numbers.
    parts = [array("I") for _ in range(16)]
    for python, _, _ in modules.values():
        for block in memoryview(python.blocks).cast("I"):
            parts[block % 16].append(block)
    distinct = 0
    common: set[int] = set()
    for part in parts:
        every = sorted(part)
        distinct += len(every) - sum(map(eq, every, every[1:]))
        common |= {block for block, later in zip(every, every[COPIES - 1 :], strict=False) if block == later}
    holders: dict[int, list[str]] = {}
    for path, (python, _, _) in modules.items():
        for block in memoryview(python.blocks).cast("I"):
            if block in common:
                holders.setdefault(block, []).append(path)
    copied = len(holders)
    groups = Counter(map(tuple, holders.values()))
    hits = []
    for paths, count in groups.most_common(3):
        if count >= 2:  # one block alone may be a licence text or a table
            names = ", ".join(PurePosixPath(p).name for p in paths[1:3]) + (", ..." if len(paths) > 3 else "")
            hits.append(
                Hit(
                    Location(paths[0]),
                    f"shares {count * 4}+ lines with {len(paths) - 1} files ({names})",
                    identity="copy",
                )
            )
    return (copied / distinct if copied >= 2 else 0.0), hits


_KEDRO = lazy_regex(r"^\[tool\.kedro\]", re.MULTILINE)
_NOT_A_PACKAGE = lazy_regex(r"(?i)tests?|docs?|src|examples?\w*|benchmarks?|scripts|tools|notebooks|config|conf")
_CCDS_DATA = frozenset("data/raw data/interim data/processed data/external models notebooks references reports".split())
_CONFIG_FILE = lazy_regex(
    r"(?i)(?:^|/)(?:params|config\w*|parameters|hparams|settings|\.env\.(?:example|sample|template))\.(?:ya?ml|toml|ini|json|cfg)$"
    r"|(?:^|/)(?:conf|cfg|cfgs|config|configs|configuration|hydra_conf|hparams)/.*\.(?:ya?ml|toml|ini|json|cfg|gin|py|conf)$|\.gin$|(?:^|/)\.env\.\w+$"
)


def no_recognisable_layout(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Code, configuration, data, tests and documentation kept apart by a convention."""
    own = [path for path in facts.paths.own if facts.role(path) is not Role.TEMPLATE]
    known = _known_layout(facts, own)
    if known is not None:
        return Outcome(1.0, (known,), reason=known.detail)
    parts = _separation(facts, own)
    score = sum(points for points, good, _, _ in parts if good) / sum(points for points, _, _, _ in parts)
    hacks = _path_hacks(facts)
    if hacks:
        score = max(0.0, score - 0.2)
    modules = [p for p in own if p.endswith(".py") and facts.role(p) is Role.CODE]
    if 0 < len(modules) <= 6 and facts.code.python_lines > facts.code.notebook_lines:
        score = max(score, 0.6)
    lacking = [missing for _, good, _, missing in parts if not good]
    reason = "; ".join(lacking) if lacking else "code, configuration, data and documentation are apart"
    evidence = tuple(Evidence(found, None, Strength.CONFIGURED) for _, good, found, _ in parts if good)
    if score >= 0.95:
        return Outcome(1.0, evidence, reason=reason, confidence=Confidence.MEDIUM)
    hits = tuple(Hit(None, missing, Confidence.MEDIUM, identity=missing) for missing in lacking[:1] if not hacks)
    return Outcome(score, evidence, (*hits, *hacks), reason, Confidence.MEDIUM)


def _known_layout(facts: Facts, own: list[str]) -> Evidence | None:
    """A layout that has a name."""
    folders = {folder or "." for path in own for folder in folders_around(path)}
    files = set(own)
    packages = {p.rpartition("/")[0] for p in own if p.endswith("/__init__.py")}

    def named(name: str, place: str) -> Evidence:
        return Evidence(f"follows the layout of {name}", Location(place), Strength.CONFIGURED)

    if "pyproject.toml" in files and _KEDRO.search(facts.text("pyproject.toml")):
        return named("Kedro", "pyproject.toml")
    for path in own:
        if path.endswith("/pipeline_registry.py") and "conf/base" in folders:
            return named("Kedro", path)
    marks = sorted(_CCDS_DATA & folders)
    names = Counter(
        p.rpartition("/")[0] for p in own if p.endswith(("/config.py", "/dataset.py", "/features.py", "/plots.py"))
    )
    modelling = sorted(p for p in own if re.search(r"^[^/]+/(?:modeling|modelling)/(?:train|predict)\.py$", p))
    if len(marks) + max(names.values(), default=0) + len(modelling) >= 4 and (modelling or len(marks) >= 3):
        return named("Cookiecutter Data Science", (modelling or marks)[0])
    first = sorted(f for f in ("src/data", "src/features", "src/models", "src/visualization") if f in folders)
    if len(first) >= 3:
        return named("Cookiecutter Data Science", first[0])
    if ".project-root" in files and "configs" in folders and "src" in folders:
        return named("lightning-hydra-template", ".project-root")
    if ("databricks.yml" in files or "databricks.yaml" in files) and "resources" in folders:
        return named("Databricks asset bundles", "databricks.yml")
    if any(f == ".zen" or f.startswith(".zen/") for f in folders | files):
        return named("ZenML", ".zen")
    if {"data-science/src", "mlops"} <= folders:
        return named("Azure MLOps v2", "data-science/src")
    build = sorted(files & {"pyproject.toml", "setup.py", "setup.cfg"})
    source = sorted(p for p in packages if re.fullmatch(r"src/[^/]+", p))
    if len(source) > 1:
        return Evidence("keeps its packages in src", Location(f"{source[0]}/__init__.py"), Strength.CONFIGURED)
    if source:
        return Evidence(f"keeps its package in {source[0]}", Location(f"{source[0]}/__init__.py"), Strength.CONFIGURED)
    sizes = Counter(p.partition("/")[0] for p in own if p.endswith(".py") and facts.role(p) is Role.CODE)
    flat = [(sizes[p], p) for p in packages if "/" not in p and not _NOT_A_PACKAGE.fullmatch(p)]
    size, package = max(flat, default=(0, ""))
    scattered = sum("/" not in p and p.endswith(".ipynb") for p in own) > 2
    if size >= 4 and build and not scattered and size >= sum(sizes.values()) / 2:
        place = Location(f"{package}/__init__.py")
        return Evidence(f"keeps its code in the package {package}", place, Strength.CONFIGURED)
    return None


def _separation(facts: Facts, own: list[str]) -> list[tuple[float, bool, str, str]]:
    """(points, present, how that is told, how its lack is told) for each thing that should have its place.

    Tests count where there are some: that there are none is told by a rule of its own.
    """
    code = [p for p in own if p.endswith((".py", ".ipynb")) and facts.role(p) in (Role.CODE, Role.TEST)]
    at_root = [p for p in code if "/" not in p and p not in ("setup.py", "noxfile.py", "conftest.py")]
    scripts = [p for p in at_root if p.endswith(".py")]
    books = [p for p in at_root if p.endswith(".ipynb")]
    few = len(scripts) <= max(3, len(code) / 20) and len(books) <= 1
    apart = bool(code) and few and len(at_root) < len(code)
    tests = [p for p in own if facts.role(p) is Role.TEST and p.endswith(".py")]
    config = [p for p in own if _CONFIG_FILE.search(p) and not p.startswith((".github/", ".circleci/", ".vscode/"))]
    readme = next((p for p in own if re.fullmatch(r"(?i)readme(?:\.\w+)?", p)), None)
    documented = any(p.lower().startswith(("docs/", "doc/", "reports/", "references/")) for p in own) or (
        readme is not None and facts.files[readme].size >= 600
    )
    data = [f.path for f in facts.data.data_files if not f.pointer]
    loose = [path for path in data if "/" not in path and not path.endswith((".json", ".xml"))]
    placed = [(0.2, True, "tests have their own place", "")] if tests else []
    return [
        (0.3, apart, "code has its own folders", _told_root(len(at_root), len(code))),
        *placed,
        (0.2, bool(config), f"configuration is in {config[0]}" if config else "", "no configuration files"),
        (0.15, documented, "it is documented", "no documentation beyond a stub"),
        (0.15, not loose, "data has its own place", f"data lies in the root folder ({', '.join(loose[:2])})"),
    ]


def _told_root(at_root: int, code: int) -> str:
    if not code:
        return "no code files"
    if at_root == code:
        return (
            "the only code file is in the root folder" if code == 1 else f"all {code} code files are in the root folder"
        )
    return f"{at_root} of {code} code files are in the root folder"


_PATH_HACKS = ("sys.path.append", "sys.path.insert")


def _path_hacks(facts: Facts) -> list[Hit]:
    """`sys.path` changed so that modules of the project can be imported: one finding, at the first place."""
    places: list[Location] = []
    for path in facts.calls.named(_PATH_HACKS):
        file = facts.files[path]
        if file.python is None or facts.role(path) is not Role.CODE:
            continue
        places += [Location(path, call.line) for call in file.python.calls.named(_PATH_HACKS.__contains__)][:1]
    more = f", and {len(places) - 1} more files do" if len(places) > 1 else ""
    detail = f"changes sys.path to import its own modules{more}"
    return [Hit(places[0], detail, identity="sys.path")] if places else []
