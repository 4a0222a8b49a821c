"""The signals that speak for each kind of repository, with points and evidence that a person understands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from prodcheck.facts.kind_collections import course, notebooks, template
from prodcheck.facts.kind_model import MANY, Signal, at, evidence
from prodcheck.facts.paths import Role, folders_around
from prodcheck.model import Evidence, Kind, Location, Strength
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts


def signals(facts: Facts) -> tuple[Signal, ...]:
    """Everything that speaks for any kind."""
    readme = _readme(facts)
    library = tuple(_library(facts, readme))
    points = sum(s.points for s in library if s.name != "trains-nowhere")
    solid = points >= SOLID or any(s.name == "published" for s in library)
    return (
        *library,
        *_training(facts, solid),
        *_service(facts),
        *notebooks(facts),
        *course(facts, readme),
        *template(facts, readme),
    )


def _readme(facts: Facts) -> tuple[str, str]:
    """(path, text) of the README at the top, both empty without one."""
    for path in facts.files:
        if re.fullmatch(r"(?i)readme(?:\.(?:md|rst|txt|org|adoc))?", path):
            return path, facts.text(path)[:40_000]
    return "", ""


# Library

SOLID = 5
"""Points from which on a library is more than a project with a `setup.py`."""
_GENERIC = frozenset("src source code app main project model models ml package lib my_package mypackage".split())
"""Names that nobody would install: the package of a project's own code."""
_SHALLOW = 2
"""Folders above a file that still counts as part of the project itself."""


@dataclass(frozen=True)
class _Package:
    """An installable project: where it is declared, and its name when that is a literal."""

    path: str
    line: int | None
    name: str


_SETUP = frozenset(["setuptools.setup", "distutils.core.setup", "skbuild.setup", "numpy.distutils.core.setup"])


def _packages(facts: Facts) -> list[_Package]:
    """Installable projects, shallowest first; those in examples, tests and templates are left out."""
    found = []
    for path, file in facts.files.items():
        name = path.rpartition("/")[2]
        if path.count("/") > _SHALLOW or facts.role(path) is not Role.CODE:
            continue
        if name == "setup.py" and file.python:
            calls = list(file.python.calls.named(_SETUP.__contains__))
            if calls:
                title = calls[0].keywords.get("name")
                found.append(_Package(path, calls[0].line, title if isinstance(title, str) else ""))
        elif name == "setup.cfg" and file.document and path.removesuffix("cfg") + "py" not in facts.files:
            title = file.document.get("metadata.name")
            if isinstance(title, str):
                found.append(_Package(path, file.document.lines.get("metadata.name"), title))
        elif name == "pyproject.toml" and file.document and file.document.find("build-system"):
            for key in ("project.name", "tool.poetry.name", "tool.flit.metadata.module"):
                title = file.document.get(key)
                if isinstance(title, str) and file.document.get("tool.poetry.package-mode") is not False:
                    found.append(_Package(path, file.document.lines.get(key), title))
                    break
    return sorted(found, key=lambda p: (p.path.count("/"), p.path, not p.name))


def _library(facts: Facts, readme: tuple[str, str]) -> Iterator[Signal]:
    packages = [p for p in _packages(facts) if p.name.lower() not in _GENERIC]
    if packages:
        first = packages[0]
        detail = f"builds the package {first.name}" if first.name else "builds a package"
        points = 3 if "/" not in first.path else 2
        yield Signal(Kind.LIBRARY, points, "package", evidence(detail, first.path, first.line))
        text = facts.text(first.path)
        match = re.search(r"(?:Programming Language|Topic|Intended Audience) ::", text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            yield Signal(Kind.LIBRARY, 1, "classifiers", evidence("has PyPI classifiers", first.path, line))
        served = any(e.location and facts.role(e.location.path) is Role.CODE for e in facts.code.serves)
        if not facts.code.trains and not served:
            yield Signal(Kind.LIBRARY, 2, "trains-nowhere", None)
        for name in dict.fromkeys(p.name for p in packages if p.name):
            badge = _published(name).search(readme[1])
            if badge:
                line = readme[1].count("\n", 0, badge.start()) + 1
                yield Signal(Kind.LIBRARY, 2, "published", evidence("is installed from PyPI", readme[0], line))
                break
    for command in facts.ci.having("publish"):
        if not _TO_PYPI.search(command.text):
            continue
        place = command.chain[0].location if command.chain else Location(command.pipeline)
        publishing = Evidence(f"CI publishes it ({command.text[:40]})", place, Strength.ENFORCED)
        yield Signal(Kind.LIBRARY, 2, "published", publishing)
        break
    yield from _nbdev(facts)
    exporting = _exporting_package(facts)
    if exporting:
        yield Signal(Kind.LIBRARY, 1, "exports", evidence("exports names of its package", exporting))
    for path in facts.files:
        if re.fullmatch(r"docs?/(?:source/|src/)?conf\.py|mkdocs\.ya?ml|\.?readthedocs\.ya?ml", path):
            yield Signal(Kind.LIBRARY, 1, "docs-site", evidence("builds a documentation site", path))
            break


_TO_PYPI = lazy_regex(r"twine upload|gh-action-pypi-publish|TwineAuthenticate|(?:poetry|uv|pdm|hatch|flit|rye) publish")


def _published(name: str) -> re.Pattern[str]:
    """What a README says about a distribution that is on PyPI: a badge, a link, an install command."""
    spelled = "[-_.]+".join(re.escape(part) for part in re.split(r"[-_.]+", name))
    return re.compile(
        rf"(?:pypi\.(?:org|python\.org)/(?:project|pypi)/|badge\.fury\.io/py/|img\.shields\.io/pypi/\w+/|"
        rf"pip3? install (?:-U |--upgrade )?['\"]?){spelled}\b",
        re.IGNORECASE,
    )


def _nbdev(facts: Facts) -> Iterator[Signal]:
    for path, file in facts.files.items():
        if file.document is None or "/" in path:
            continue
        document = file.document
        if path == "settings.ini" and document.find("DEFAULT.lib_name") and document.find("DEFAULT.nbs_path"):
            yield Signal(Kind.LIBRARY, 3, "nbdev", evidence("is an nbdev library", path))
        elif path == "pyproject.toml" and document.find("tool.nbdev"):
            yield Signal(
                Kind.LIBRARY, 3, "nbdev", evidence("is an nbdev library", path, document.lines.get("tool.nbdev"))
            )


def _exporting_package(facts: Facts) -> str:
    """A top-level package whose `__init__.py` imports from its own modules."""
    for path, file in facts.files.items():
        if file.python and re.fullmatch(r"(?:src/|python/|lib/)?[a-z]\w*/__init__\.py", path):
            package = path.split("/")[-2]
            if facts.role(path) is Role.CODE and any(
                item.level or item.module.split(".")[0] == package for item in file.python.imports
            ):
                return path
    return ""


# Training

_ENTRY = lazy_regex(r"(?i)(?:train(?:er|ing)?[\w-]*|[\w-]+_train|fine_?tune[\w-]*)\.(?:py|ipynb)")
_SETTINGS = lazy_regex(r"params\.ya?ml|(?:conf|confs|config|configs)/.*\.(?:ya?ml|json|toml)")


_LAYOUTS = frozenset("cookiecutter-data-science-v1 cookiecutter-data-science-v2 kedro-layout lightning-hydra".split())


def _training(facts: Facts, library: bool) -> Iterator[Signal]:
    """`library` says that the repository is solidly one: training inside its package is then what it offers."""
    packages = {path.rpartition("/")[0] for path in facts.files if path.endswith("/__init__.py")}
    books = [b for b in facts.code.per_notebook if facts.role(b.path) is not Role.DOCS]
    trains = [e for e in facts.code.trains if e.location is not None]
    in_modules = [e for e in trains if e.location and not e.location.path.endswith(".ipynb")]
    entry = _train_entry(facts, packages if library else frozenset())
    if entry is not None:
        aside = library and entry.location is not None and "/" in entry.location.path
        yield Signal(Kind.TRAINING, 1 if aside else 3, "train-aside" if aside else "train-entry", entry)
    elif library and trains and all(e.location and _inside(e.location.path, packages) for e in in_modules):
        yield Signal(Kind.TRAINING, 1, "trains-inside", at("trains a model", trains[0]))
    elif trains:
        many = not in_modules and len(books) >= MANY
        name = "trains-in-notebooks" if many else "trains"
        yield Signal(Kind.TRAINING, 1 if many else 3, name, at("trains a model", trains[0]))
    if facts.code.reads_data:
        yield Signal(Kind.TRAINING, 1, "reads-data", at("reads data", facts.code.reads_data[0]))
    settings = next((path for path in facts.files if _SETTINGS.fullmatch(path)), "")
    if settings and trains:
        yield Signal(Kind.TRAINING, 1, "params", evidence("holds training parameters", settings))
    project = next((p for p in facts.files if p.rpartition("/")[2] == "MLproject" and p.count("/") <= 1), "")
    if project:
        yield Signal(Kind.TRAINING, 2, "mlproject", evidence("says how to run the training", project))
    for use in facts.stack:
        if use.topic == "layout" and use.tool in _LAYOUTS and use.strength >= Strength.USED:
            yield Signal(Kind.TRAINING, 3, "layout", Evidence(f"follows {use.name}", use.evidence[0].location))
            break
    models = [f for f in facts.data.data_files if f.model and facts.role(f.path) is Role.CODE]
    if models:
        yield Signal(Kind.TRAINING, 1, "artefact", evidence("keeps a model", models[0].path))
    both = [n for n in books if n.stages.get("train")]
    if both and not library and len(books) < MANY:
        yield Signal(Kind.TRAINING, 3, "notebook", evidence("is a notebook that trains", both[0].path))


def _inside(path: str, packages: Collection[str]) -> bool:
    """True for files of an importable package, at any depth."""
    return any((folder or ".") in packages for folder in folders_around(path))


def _train_entry(facts: Facts, packages: Collection[str]) -> Evidence | None:
    """A script or notebook for training that a person starts; modules of `packages` are a library's commands."""
    for path, file in sorted(facts.files.items(), key=lambda item: (item[0].count("/"), item[0])):
        if facts.role(path) is not Role.CODE or path.count("/") > _SHALLOW or _inside(path, packages):
            continue
        python = file.source
        if python is None or not _ENTRY.fullmatch(path.rpartition("/")[2]):
            continue
        if path.rpartition("/")[0] + "/__init__.py" in facts.files and not python.has_main_guard:
            continue  # a module of a package, not a script
        stages = facts.code.stages_by_file.get(path, {})
        if stages.get("train"):
            return at("trains a model", stages["train"][0])
        if python.has_main_guard or "/" not in path:
            return evidence("is a training script", path)
    return None


# Service

_SERVER = lazy_regex(
    r"(?mi)^\s*(?:CMD|ENTRYPOINT).*\b(?:uvicorn|gunicorn|hypercorn|flask|streamlit|tornado|waitress|tritonserver|bentoml|"
    r"torchserve|tensorflow_model_server|ray serve|vllm|mlflow models serve|litserve|serve)\b"
)
_MANIFESTS = frozenset("InferenceService SeldonDeployment RayService".split())


def _service(facts: Facts) -> Iterator[Signal]:
    served = [e for e in facts.code.serves if e.location is None or facts.role(e.location.path) is Role.CODE]
    if served:
        yield Signal(Kind.SERVICE, 3, "serves", at("serves", served[0]))
    for path in facts.files:
        if facts.role(path) is not Role.CODE:
            continue
        name = path.rpartition("/")[2].lower()
        if name.startswith("dockerfile") or name.endswith(".dockerfile"):
            match = _SERVER.search(facts.text(path))
            if match:
                line = facts.text(path).count("\n", 0, match.start()) + 1
                yield Signal(Kind.SERVICE, 2, "container", evidence("starts a server", path, line))
                break
    for path, file in facts.files.items():
        if file.document is None or facts.role(path) is not Role.CODE:
            continue
        kind = file.document.find("kind")
        name = path.rpartition("/")[2]
        if (kind and str(kind[0]) in _MANIFESTS) or name in ("bentofile.yaml", "cog.yaml", "serverless.yml"):
            yield Signal(Kind.SERVICE, 3, "manifest", evidence("describes a deployment that serves", path))
            break
    for path, file in facts.files.items():
        if file.python and facts.role(path) is Role.CODE:
            names = {d.name for d in file.python.definitions}
            if {"model_fn", "predict_fn"} <= names or ({"init", "run"} <= names and "score" in path):
                yield Signal(Kind.SERVICE, 2, "contract", evidence("is a scoring script", path))
                break
