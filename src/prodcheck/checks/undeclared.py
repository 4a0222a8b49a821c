"""Third-party packages that code imports and no manifest of its project declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.checks import locking
from prodcheck.extract.dependency import normalise
from prodcheck.extract.python_model import Import
from prodcheck.extract.run import FileFacts
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts, import_names
from prodcheck.facts.companions import bringer
from prodcheck.facts.dependencies import BENCHMARK_PARTS, ImportedPackage
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Kind, Location, Outcome, Severity, Strength
from prodcheck.patterns import lazy_regex

_DEBUGGERS = frozenset("ipdb pudb debugpy pydevd pydevd_pycharm web_pdb remote_pdb".split())
"""Packages that nobody should declare: the import is what has to go."""
_INSTALLING = lazy_regex(r"\b(?:install(?:ed|ing|ation)?|require(?:s|ments|d)?)\b", re.IGNORECASE)
_TOOL_FOLDERS = frozenset("scripts script tools tool ci dev bin".split())
"""Folders at the top that hold a library's own tools."""


def undeclared_import(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Third-party packages that code imports and no manifest of its project declares."""
    deps = facts.dependencies
    needed = [p for p in deps.third_party if not p.optional and p.role is Role.CODE]
    if not needed:
        return Outcome.not_applicable("the code imports the standard library only")
    if not locking.main_manifests(facts):
        reason = f"no manifest declares any of the {len(needed)} imported packages"
        return Outcome(0.0, reason=reason, needs="no-dependency-manifest")
    open_ended = [m for m in deps.manifests if m.dynamic and not m.includes]
    if open_ended:
        return Outcome.unknown(f"{open_ended[0].path} computes its dependencies")
    hits: list[Hit] = []
    asides: dict[str, list[ImportedPackage]] = {}
    companions: list[tuple[ImportedPackage, list[Location], str]] = []
    lacking, judged = 0.0, 0
    covered = deps.covered(locking.main_manifests(facts))
    beside = facts.code.python_lines > facts.code.notebook_lines
    for package in needed:
        if package.lazy and facts.project.kind is Kind.LIBRARY:
            continue  # a feature for those who have the package
        places = [p for p in package.places if _is_judged(facts, p.path) and covered(p.path)]
        if not places:
            continue
        judged += 1
        missing = [p for p in places if not any(deps.provided(module, p.path) for module in package.modules)]
        if not missing:
            continue
        along = _comes_along(facts, package, missing)
        lacking += 0.5 if along else 1.0
        if along:
            companions.append((package, missing, along))
        elif beside and all(facts.files[p.path].notebook is not None for p in missing):
            asides.setdefault(missing[0].path, []).append(package)
        else:
            hits.append(_undeclared(package, missing, _told(facts, package)))
    if not judged:
        return Outcome.not_applicable("no code that is shipped belongs to a manifest")
    count = len(hits) + len(companions) + sum(len(packages) for packages in asides.values())
    hits += _companions(companions)
    hits += [_in_notebook(path, packages) for path, packages in asides.items()]
    reason = f"{count} of {judged} imported packages are not declared" if hits else f"all {judged} are declared"
    read = [*locking.main_manifests(facts), *(m for m in deps.locks if m.role == "lock")]
    evidence = tuple(Evidence(locking.describe(m), Location(m.path), Strength.CONFIGURED) for m in read)
    return Outcome(round(1 - lacking / judged, 4), evidence, tuple(hits), reason, Confidence.MEDIUM)


def _comes_along(facts: Facts, package: ImportedPackage, missing: list[Location]) -> str:
    """What brings an undeclared package along wherever it is missing: a declared one, or the image of a platform."""
    deps = facts.dependencies
    names = {normalise(name) for name in package.distributions}
    found = ""
    for place in missing:
        declared = {
            import_names.from_conda(r.name) if m.format.startswith(("conda", "pixi")) else r.name
            for m in (*deps.manifests, *deps.locks)
            if deps.covers(m, place.path)
            for r in m.requirements
        } | set(deps.installs.get(place.path, ()))
        found = bringer(names, declared) or (names & _IMAGES and _runs_on_image(facts, place.path)) or ""
        if not found:
            return ""
    return found


_IMAGES = frozenset("xgboost scikit-learn torch tensorflow mxnet pandas numpy scipy joblib pyspark".split())
"""What the images of SageMaker are made for, and what they all hold."""


def _runs_on_image(facts: Facts, path: str) -> str:
    """The image of SageMaker, where a program of the repository hands the file to it."""
    name = path.rpartition("/")[2]
    for other, file in facts.files.items():
        uses = other != path and any(item.module.split(".")[0] == "sagemaker" for item in _imports(file))
        if uses and name in facts.text(other):
            return "an image of SageMaker"
    return ""


def _imports(file: FileFacts) -> tuple[Import, ...]:
    return file.source.imports if file.source else ()


def _in_notebook(path: str, packages: list[ImportedPackage]) -> Hit:
    """What only a notebook beside the modules imports, as one finding: the modules run without it."""
    first = min((p for package in packages for p in package.places.within(path)), key=lambda p: p.sort_key)
    names = locking.listing([f"`{package.module}`" for package in packages], 3)
    verb = "are" if len(packages) > 1 else "is"
    detail = f"{names} {verb} imported in this notebook only"
    return Hit(first, detail, Confidence.MEDIUM, f"notebook {path}", Severity.MINOR)


def _told(facts: Facts, package: ImportedPackage) -> Location | None:
    """Where a README tells people to install an undeclared package by hand, such as one of two builds of TensorFlow."""
    names = {package.module.partition(".")[0], *package.distributions}
    word = re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, sorted(names)))})(?:-(?:gpu|cpu))?(?![\w/-])", re.I)
    for path in facts.files:
        if "/" not in path and path.lower().startswith(("readme", "install")):
            for number, line in enumerate(split_lines(facts.text(path)), start=1):
                if _INSTALLING.search(line) and word.search(line):
                    return Location(path, number)
    return None


def _companions(found: list[tuple[ImportedPackage, list[Location], str]]) -> Iterator[Hit]:
    """All packages that only come along with declared ones, as one finding at the one most used."""
    if not found:
        return
    package, places, _ = max(found, key=lambda item: (len(item[1]), item[0].module))
    names = locking.listing([f"`{p.module}`" for p, _, _ in sorted(found, key=lambda i: -len(i[1]))], 3)
    bringing = locking.listing(list(dict.fromkeys(a if " " in a else f"`{a}`" for _, _, a in found)), 2)
    verb = "are imported and only come" if len(found) > 1 else "is imported and only comes"
    detail = f"{names} {verb} along with {bringing}"
    yield Hit(places[0], detail, Confidence.MEDIUM, f"companion {package.module}", Severity.MINOR)


def _undeclared(package: ImportedPackage, missing: list[Location], told: Location | None = None) -> Hit:
    top = package.module.partition(".")[0]
    name = package.distributions[0]
    also = f" and in {len(missing) - 1} more" if len(missing) > 1 else ""
    if top in _DEBUGGERS:
        detail = f"`{top}`, a debugger that was left in, is imported here{also}"
        return Hit(missing[0], detail, Confidence.MEDIUM, package.module, Severity.MINOR)
    # It fails those who use that function, or did not read that line, and not everybody.
    softer = Severity.MINOR if package.lazy or told else None
    also += f"; only {told} tells people to install it" if told else ""
    if not import_names.is_known(top):
        absent = "" if told else "; it is neither declared nor in the tree"
        detail = f"`{package.module}` is imported here{also}{absent}"
        return Hit(missing[0], detail, Confidence.LOW, package.module, softer)
    called = f" (distribution `{name}`)" if name != normalise(package.module) else ""
    level = Confidence.LOW if package.lazy else Confidence.MEDIUM
    return Hit(missing[0], f"`{package.module}`{called} is imported here{also}", level, package.module, softer)


def _is_judged(facts: Facts, path: str) -> bool:
    """True for the project's own code.

    Benchmarks have needs of their own, and so has what a library does not ship: scripts beside its package, and the
    notebooks that demonstrate it.
    """
    if facts.role(path) is not Role.CODE or BENCHMARK_PARTS & set(path.lower().split("/")):
        return False
    return facts.project.kind is not Kind.LIBRARY or is_shipped(facts, path)


def is_shipped(facts: Facts, path: str) -> bool:
    """True for a module of a package, of the `src` folder, or at the root."""
    if path.partition("/")[0] in _TOOL_FOLDERS:
        return False
    folder = path.rpartition("/")[0]
    if not folder and any(p.count("/") == 1 and p.endswith("/__init__.py") for p in facts.files):
        return False  # a script beside the package
    packaged = f"{folder}/__init__.py" in facts.files or path.startswith("src/") or not folder
    return packaged and not path.endswith(".ipynb")
