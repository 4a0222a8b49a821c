"""The signals that speak for each kind of repository, with points and evidence that a person understands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from prodcheck.facts.paths import Role
from prodcheck.model import Evidence, Kind, Location, Strength

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts


@dataclass(frozen=True)
class Signal:
    """One reason to take the repository for a kind."""

    kind: Kind
    points: int
    name: str
    evidence: Evidence | None = None


def signals(facts: Facts) -> tuple[Signal, ...]:
    """Everything that speaks for any kind."""
    readme = _readme(facts)
    return (
        *_library(facts, readme),
        *_training(facts),
        *_service(facts),
        *_notebooks(facts),
        *_course(facts, readme),
        *_template(facts, readme),
    )


def _readme(facts: Facts) -> tuple[str, str]:
    """(path, text) of the README at the top, both empty without one."""
    for path in facts.files:
        if re.fullmatch(r"(?i)readme(?:\.(?:md|rst|txt|org|adoc))?", path):
            return path, facts.text(path)[:40_000]
    return "", ""


def _evidence(detail: str, path: str, line: int | None = None) -> Evidence:
    return Evidence(detail, Location(path, line) if path else None)


def _at(detail: str, evidence: Evidence) -> Evidence:
    """What a person would say about a place in the code; the call itself is on the line."""
    return Evidence(detail, evidence.location)


# Library

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
            calls = [c for c in file.python.calls if c.name in _SETUP]
            if calls:
                title = calls[0].keywords.get("name")
                found.append(_Package(path, calls[0].line, title if isinstance(title, str) else ""))
        elif name == "pyproject.toml" and file.document and file.document.find("build-system"):
            for key in ("project.name", "tool.poetry.name", "tool.flit.metadata.module"):
                title = file.document.get(key)
                if isinstance(title, str) and file.document.get("tool.poetry.package-mode") is not False:
                    found.append(_Package(path, file.document.lines.get(key), title))
                    break
    return sorted(found, key=lambda p: (p.path.count("/"), p.path, not p.name))


def _library(facts: Facts, readme: tuple[str, str]) -> Iterator[Signal]:
    packages = _packages(facts)
    if packages:
        first = packages[0]
        detail = f"builds the package {first.name}" if first.name else "builds a package"
        points = 3 if "/" not in first.path else 2
        yield Signal(Kind.LIBRARY, points, "package", _evidence(detail, first.path, first.line))
        text = facts.text(first.path)
        match = re.search(r"(?:Programming Language|Topic|Intended Audience) ::", text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            yield Signal(Kind.LIBRARY, 1, "classifiers", _evidence("has PyPI classifiers", first.path, line))
        if not facts.code.trains:
            yield Signal(Kind.LIBRARY, 2, "trains-nowhere", None)
        for name in dict.fromkeys(p.name for p in packages if p.name):
            badge = _published(name).search(readme[1])
            if badge:
                line = readme[1].count("\n", 0, badge.start()) + 1
                yield Signal(Kind.LIBRARY, 2, "published", _evidence("is installed from PyPI", readme[0], line))
                break
    for command in facts.ci.having("publish"):
        if not _TO_PYPI.search(command.text):
            continue
        place = command.chain[0].location if command.chain else Location(command.pipeline)
        evidence = Evidence(f"CI publishes it ({command.text[:40]})", place, Strength.ENFORCED)
        yield Signal(Kind.LIBRARY, 2, "published", evidence)
        break
    yield from _nbdev(facts)
    exporting = _exporting_package(facts)
    if exporting:
        yield Signal(Kind.LIBRARY, 1, "exports", _evidence("exports names of its package", exporting))
    for path in facts.files:
        if re.fullmatch(r"docs?/(?:source/|src/)?conf\.py|mkdocs\.ya?ml|\.?readthedocs\.ya?ml", path):
            yield Signal(Kind.LIBRARY, 1, "docs-site", _evidence("builds a documentation site", path))
            break


_TO_PYPI = re.compile(r"twine upload|gh-action-pypi-publish|TwineAuthenticate|(?:poetry|uv|pdm|hatch|flit|rye) publish")


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
            yield Signal(Kind.LIBRARY, 3, "nbdev", _evidence("is an nbdev library", path))
        elif path == "pyproject.toml" and document.find("tool.nbdev"):
            yield Signal(
                Kind.LIBRARY, 3, "nbdev", _evidence("is an nbdev library", path, document.lines.get("tool.nbdev"))
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

_ENTRY = re.compile(r"(?i)(?:train(?:er|ing)?[\w-]*|[\w-]+_train|fine_?tune[\w-]*)\.(?:py|ipynb)")
_SETTINGS = re.compile(r"params\.ya?ml|(?:conf|confs|config|configs)/.*\.(?:ya?ml|json|toml)")


def _training(facts: Facts) -> Iterator[Signal]:
    packages = {path.rpartition("/")[0] for path in facts.files if path.endswith("/__init__.py")}
    library = bool(_packages(facts))
    books = [b for b in facts.code.per_notebook if facts.role(b.path) is not Role.DOCS]
    trains = [e for e in facts.code.trains if e.location is not None]
    in_modules = [e for e in trains if e.location and not e.location.path.endswith(".ipynb")]
    entry = _train_entry(facts, packages if library else frozenset())
    if entry is not None:
        yield Signal(Kind.TRAINING, 3, "train-entry", entry)
    elif library and trains and all(e.location and _inside(e.location.path, packages) for e in in_modules):
        yield Signal(Kind.TRAINING, 1, "trains-inside", _at("trains a model", trains[0]))
    elif trains:
        many = not in_modules and len(books) >= MANY
        evidence = _at("trains a model", trains[0])
        yield Signal(Kind.TRAINING, 1 if many else 3, "trains-in-notebooks" if many else "trains", evidence)
    if facts.code.reads_data:
        yield Signal(Kind.TRAINING, 1, "reads-data", _at("reads data", facts.code.reads_data[0]))
    settings = next((path for path in facts.files if _SETTINGS.fullmatch(path)), "")
    if settings and trains:
        yield Signal(Kind.TRAINING, 1, "params", _evidence("holds training parameters", settings))
    project = next((p for p in facts.files if p.rpartition("/")[2] == "MLproject" and p.count("/") <= 1), "")
    if project:
        yield Signal(Kind.TRAINING, 2, "mlproject", _evidence("says how to run the training", project))
    models = [f for f in facts.data.data_files if f.model and facts.role(f.path) is Role.CODE]
    if models:
        yield Signal(Kind.TRAINING, 1, "artefact", _evidence("keeps a model", models[0].path))
    both = [n for n in books if n.stages.get("train")]
    if both and not library and len(books) < MANY:
        yield Signal(Kind.TRAINING, 3, "notebook", _evidence("is a notebook that trains", both[0].path))


MANY = 8
"""From this many notebooks on a repository may be a collection of them rather than a project."""


def _inside(path: str, packages: Collection[str]) -> bool:
    """True for files of an importable package, at any depth."""
    return any(str(parent) in packages for parent in PurePosixPath(path).parents)


def _train_entry(facts: Facts, packages: Collection[str]) -> Evidence | None:
    """A script or notebook for training that a person starts; modules of `packages` are a library's commands."""
    for path, file in sorted(facts.files.items(), key=lambda item: (item[0].count("/"), item[0])):
        if facts.role(path) is not Role.CODE or path.count("/") > _SHALLOW or _inside(path, packages):
            continue
        python = file.python or (file.notebook.python if file.notebook else None)
        if python is None or not _ENTRY.fullmatch(path.rpartition("/")[2]):
            continue
        if path.rpartition("/")[0] + "/__init__.py" in facts.files and not python.has_main_guard:
            continue  # a module of a package, not a script
        stages = facts.code.stages_by_file.get(path, {})
        if stages.get("train"):
            return _at("trains a model", stages["train"][0])
        if python.has_main_guard or "/" not in path:
            return _evidence("is a training script", path)
    return None


# Service

_SERVER = re.compile(
    r"(?mi)^\s*(?:CMD|ENTRYPOINT).*\b(?:uvicorn|gunicorn|hypercorn|flask|streamlit|tornado|waitress|tritonserver|bentoml|"
    r"torchserve|tensorflow_model_server|ray serve|vllm|mlflow models serve|litserve|serve)\b"
)
_MANIFESTS = frozenset("InferenceService SeldonDeployment RayService".split())


def _service(facts: Facts) -> Iterator[Signal]:
    served = [e for e in facts.code.serves if e.location is None or facts.role(e.location.path) is Role.CODE]
    if served:
        yield Signal(Kind.SERVICE, 3, "serves", _at("serves", served[0]))
    for path in facts.files:
        name = PurePosixPath(path).name.lower()
        if facts.role(path) is not Role.CODE:
            continue
        if name.startswith("dockerfile") or name.endswith(".dockerfile"):
            match = _SERVER.search(facts.text(path))
            if match:
                line = facts.text(path).count("\n", 0, match.start()) + 1
                yield Signal(Kind.SERVICE, 2, "container", _evidence("starts a server", path, line))
                break
    for path, file in facts.files.items():
        if file.document is None or facts.role(path) is not Role.CODE:
            continue
        kind = file.document.find("kind")
        name = PurePosixPath(path).name
        if (kind and kind[0] in _MANIFESTS) or name in ("bentofile.yaml", "cog.yaml", "serverless.yml"):
            yield Signal(Kind.SERVICE, 3, "manifest", _evidence("describes a deployment that serves", path))
            break
    for path, file in facts.files.items():
        if file.python and facts.role(path) is Role.CODE:
            names = {d.name for d in file.python.definitions}
            if {"model_fn", "predict_fn"} <= names or ({"init", "run"} <= names and "score" in path):
                yield Signal(Kind.SERVICE, 2, "contract", _evidence("is a scoring script", path))
                break


# Notebooks


def _notebooks(facts: Facts) -> Iterator[Signal]:
    books = facts.code.per_notebook
    if len(books) < MANY:
        return
    yield Signal(Kind.NOTEBOOKS, 2, "many", Evidence(f"{len(books)} notebooks"))
    if facts.code.notebook_share > 0.8:
        yield Signal(
            Kind.NOTEBOOKS, 1, "share", Evidence(f"{facts.code.notebook_share:.0%} of the code is in notebooks")
        )
        if not facts.code.persists_model and not facts.code.serves and not any(b.imports_own_modules for b in books):
            yield Signal(Kind.NOTEBOOKS, 2, "independent", None)
        if sum(bool(b.stages.get("load")) for b in books) > len(books) / 2:
            yield Signal(Kind.NOTEBOOKS, 1, "own-data", None)


# Course

_COURSE = re.compile(
    r"(?i)\b(?:courses?|coursera|lectures?|lessons?|tutorials?|workshops?|bootcamp|book|chapters?|exercises?|homeworks?|"
    r"assignments?|cookbook|zoomcamp|nanodegree|edition|o'reilly|packt|students|examples? gallery|curriculum)\b"
)
_NUMBERED = re.compile(
    r"(?i)(?:chapter|lesson|week|lecture|module|session|day|part|ch|s|unit|homework|hw|lab|assignment)[-_ ]?\d+.*|"
    r"\d{1,2}[-_. ].+|cohorts?|exercises?|solutions?|homeworks?|assignments?|lectures?|slides|tutorials?"
)
_MARKUP = re.compile(r"<[^>]*>|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)")
"""HTML tags, images and the targets of links: addresses are full of words that say nothing."""
_BADGE = re.compile(r"colab\.research\.google\.com|mybinder\.org/")


def _course(facts: Facts, readme: tuple[str, str]) -> Iterator[Signal]:
    places = []
    head = _MARKUP.sub(lambda m: " " * len(m[0]), readme[1][:4000])[:2500]
    match = _COURSE.search(head)
    if match:
        line = head.count("\n", 0, match.start()) + 1
        places.append(_evidence(f'says "{match[0]}"', readme[0], line))
    match = _COURSE.search(re.sub(r"[-_/]", " ", facts.repository.name))
    if match:
        places.append(Evidence(f'is called "{facts.repository.name}"'))
    tops = sorted({p.split("/")[0] for p in facts.files if "/" in p})
    usual = ("examples", "tutorial", "tutorials")  # any library has these
    named = [t for t in tops if _COURSE.search(re.sub(r"[-_]", " ", t)) and t.lower() not in usual]
    if named:
        places.append(Evidence(f"has a folder {named[0]}/"))
    if places:
        yield Signal(Kind.COURSE, 3 if len(places) > 1 else 1, "words", places[0])
    units = [p for p in _units(facts) if _NUMBERED.fullmatch(p)]
    if len(units) >= 3:
        detail = f"is divided into {units[0]}, {units[1]} and {len(units) - 2} more"
        many = len(units) >= MANY
        yield Signal(Kind.COURSE, 4 if many else 3, "chapters" if many else "units", Evidence(detail))
    badges = _BADGE.findall(readme[1])
    if len(badges) >= 3:
        yield Signal(Kind.COURSE, 1, "badges", _evidence(f"{len(badges)} links to Colab or Binder", readme[0]))
    shelves = {b.path.rpartition("/")[0] for b in facts.code.per_notebook if b.path.count("/") >= 2}
    if len(shelves) >= MANY and not any("/" not in b.path for b in facts.code.per_notebook):
        yield Signal(Kind.COURSE, 3, "gallery", Evidence(f"notebooks in {len(shelves)} folders, each on its own"))
    folders = {m.path.rpartition("/")[0] for m in facts.dependencies.manifests if "/" in m.path}
    if len(folders) >= MANY:
        yield Signal(Kind.COURSE, 3, "projects", Evidence(f"{len(folders)} folders with dependencies of their own"))


def _units(facts: Facts) -> list[str]:
    """Names of top-level folders, and of scripts and notebooks at the top, each once."""
    found: dict[str, None] = {}
    for path, file in facts.files.items():
        if "/" in path:
            found[path.split("/")[0]] = None
        elif file.python or file.notebook:
            found[path] = None
    return list(found)


# Template


_TEMPLATES = frozenset(["cookiecutter.json", "copier.yml", "copier.yaml", "databricks_template_schema.json"])
_TEMPLATE_WORDS = re.compile(r"(?i)\b(?:templates?|starters?|cookiecutter|boilerplate|scaffold|skeleton)\b")
_IS_TEMPLATE = re.compile(
    r"(?i)\b(?:an?|this|project|repository) (?:[\w-]+ ){0,3}(?:template|starter|boilerplate|scaffold)\b"
)


def _template(facts: Facts, readme: tuple[str, str]) -> Iterator[Signal]:
    rendered = facts.paths.of(Role.TEMPLATE)
    braces = [p for p in rendered if "{{" in p]
    makers = [p for p in facts.files if p.rpartition("/")[2] in _TEMPLATES and facts.role(p) is Role.CODE]
    if makers:
        yield Signal(Kind.TEMPLATE, 5, "template", _evidence("makes this a template", makers[0]))
    if braces:
        yield Signal(Kind.TEMPLATE, 5, "braces", _evidence("still has to be rendered", braces[0]))
    elif len(rendered) >= 5 and len(rendered) > len(facts.files) / 5:
        yield Signal(Kind.TEMPLATE, 5, "jinja", _evidence(f"is one of {len(rendered)} templates", rendered[0]))
    paragraphs = [p for p in re.split(r"\n\s*\n", _MARKUP.sub(" ", readme[1])) if p.strip()]
    if _TEMPLATE_WORDS.search(re.sub(r"[-_/]", " ", facts.repository.name.rpartition("/")[2])):
        yield Signal(Kind.TEMPLATE, 3, "name", Evidence(f'is called "{facts.repository.name}"'))
    elif any(_IS_TEMPLATE.search(paragraph) for paragraph in paragraphs[:3]):
        yield Signal(Kind.TEMPLATE, 3, "readme", _evidence("calls itself a template", readme[0]))
