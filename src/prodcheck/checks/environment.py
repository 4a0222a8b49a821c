"""Can another person make the environment: an isolated one, with a documented command, and none of it committed?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from prodcheck.checks.runtime import is_dockerfile, place_of
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Strength
from prodcheck.patterns import lazy_regex

ISOLATED = lazy_regex(
    r"python3?(?:\.\d+)? -m venv|\bvirtualenv\s+(?!--(?:version|help))\S+|\bmkvirtualenv\b|\bpyenv virtualenv\b|"
    r"\buv (?:sync|venv)\b|\bpoetry (?:install|sync)\b|\bpdm (?:install|sync)\b|\bpipenv (?:install|sync)\b|"
    r"\b(?:conda|mamba|micromamba) (?:env )?create\b|\bconda-lock install\b|\bpixi (?:install|run|shell)\b|"
    r"\bhatch (?:env|run|shell|test)\b|\brye sync\b|\bnix (?:develop|build)\b|\bnix-shell\b|"
    r"\bdocker (?:build|run|pull)\b|\bdocker[- ]compose (?:up|build|run)\b|\bmake (?:\w*env|create[-_]environment)\b"
)
"""Commands that make an isolated environment."""
_TOOLS = tuple(
    "python virtualenv mkvirtualenv pyenv uv poetry pdm pipenv conda mamba micromamba pixi hatch rye nix docker "
    "make".split()
)
"""How each of these commands begins."""
_FOREIGN_IMAGE = lazy_regex(r"\bdocker (?:run|pull)\b")
"""Starts an image that somebody else may have built, such as a database."""
_SUDO = lazy_regex(r"\bsudo\s+(?:-\w+\s+)*pip3?\s+install")
_DOCS = lazy_regex(
    r"(?:readme|contributing|install|setup|getting[-_]?started)[\w-]*(?:\.(?:md|rst|txt|org|markdown))?\Z",
    re.I,
)
_TASKS = lazy_regex(
    r"(?:makefile|gnumakefile|justfile|taskfile\.ya?ml|(?:setup|install|bootstrap)\.sh|tasks\.py)\Z", re.I
)
MAX_DEPTH = 2
"""Folders above a page or task file that still describes the project, not one example in it."""
_DESCRIBING = ("conda", "pixi", "pipfile", "poetry", "hatch", "cog", "azureml", "mlproject", "python_env", "script")
_INSTALLS = lazy_regex(
    r"\b(?:install|sync|create)\b[^\n]*(?:requirement|\.toml|environment|\.ya?ml|\s\.(?:\s|\[|$)|\bpoetry)"
)
_DIRENV = lazy_regex(r"layout (?:python|pyenv|poetry)|use (?:nix|flake)")
_FOREIGN = (Role.VENDORED, Role.GENERATED, Role.TEMPLATE, Role.TEST)


def environment_not_reproducible(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Whether a documented command makes an isolated environment, and none is committed."""
    committed = _committed(facts)
    if committed:
        hit = Hit(Location(committed), f"{committed} belongs to a virtual environment", identity="committed")
        return Outcome(0.0, (), (hit,), f"a virtual environment is committed ({committed})")
    found = dict(reversed([*_ways(facts)]))  # the first of each kind
    evidence = tuple(found[kind] for kind in sorted(found))
    # Who wrote one command down has done what the rule asks for; other ways need each other.
    told = any(kind in found and not _FOREIGN_IMAGE.search(found[kind].detail) for kind in ("docs", "tasks"))
    score = 1.0 if told else min(1.0, 0.5 * len(found))
    sudo = _sudo(facts)
    if sudo is not None:
        hit = Hit(sudo, "`sudo pip install` changes the system's own Python", identity="sudo")
        return Outcome(max(0.0, score - 0.3), evidence, (hit,), f"{sudo} installs with sudo, outside any environment")
    if not found:
        return Outcome(0.0, reason="no command or file makes an isolated environment", confidence=Confidence.MEDIUM)
    reason = "; ".join(e.detail for e in evidence[:2])
    if set(found) == {"part"} and facts.role(evidence[0].location.path if evidence[0].location else "") is Role.DOCS:
        return Outcome(0.0, reason="no command or file makes an isolated environment", confidence=Confidence.MEDIUM)
    if score < 1.0:
        foreign = "docs" in found or "tasks" in found
        reason += (
            ", which makes no environment from this project"
            if foreign
            else ", and no README or Makefile names a command that makes an environment"
        )
        hit = Hit(evidence[0].location, reason, Confidence.MEDIUM, "environment")
        return Outcome(score, evidence, (hit,), reason, Confidence.MEDIUM)
    return Outcome(score, evidence, reason=reason)


def _committed(facts: Facts) -> str:
    """A tracked file that only an environment has; empty when there is none."""
    for path, file in facts.files.items():
        inside = path.endswith(("conda-meta/history", "/bin/activate", "/Scripts/activate.bat", "/Scripts/activate"))
        if file.tracked and (inside or path.endswith("pyvenv.cfg") or "/site-packages/" in f"/{path}"):
            return path
    return ""


def _ways(facts: Facts) -> Iterator[tuple[str, Evidence]]:
    """(kind, evidence) of everything that makes an isolated environment."""
    deps = facts.dependencies
    for lock in deps.locks:
        if lock.role == "lock" and not lock.problem:
            yield "lock", Evidence(f"{lock.path} can be installed as it is", Location(lock.path), Strength.CONFIGURED)
    for manifest in deps.manifests:
        if manifest.format in _DESCRIBING and facts.role(manifest.path) is Role.CODE:
            detail = f"{manifest.path} describes an environment"
            yield "manifest", Evidence(detail, Location(manifest.path), Strength.CONFIGURED)
    for path in facts.files:
        if facts.role(path) not in _FOREIGN:
            yield from _ways_of(facts, path)
    for command in facts.ci.commands:
        match = ISOLATED.search(command.text)
        if match and command.chain:
            place = command.chain[-1].location
            yield "ci", Evidence(f"CI runs `{' '.join(match[0].split())}`", place, Strength.ENFORCED)


def _ways_of(facts: Facts, path: str) -> Iterator[tuple[str, Evidence]]:
    """What one file, judged by its name, does for an environment."""
    name = path.rpartition("/")[2]
    place = Location(path)
    if name in ("tox.ini", "noxfile.py"):
        yield "runner", Evidence(f"{path} makes environments for its tasks", place, Strength.CONFIGURED)
    elif name in ("devcontainer.json", ".devcontainer.json") or path.startswith((".binder/", "binder/")):
        yield "container", Evidence(f"{path} describes an environment", place, Strength.CONFIGURED)
    elif is_dockerfile(path):
        if _INSTALLS.search(facts.text(path)):
            yield "container", Evidence(f"{path} installs the dependencies", place, Strength.CONFIGURED)
    elif name in ("flake.nix", "shell.nix", "default.nix"):
        yield "manifest", Evidence(f"{path} describes an environment", place, Strength.CONFIGURED)
    elif name == ".gitpod.yml":
        match = next(isolating(facts.text(path)), None)
        if match:
            detail = f"{path} says `{' '.join(match[0].split())}`"
            yield "tasks", Evidence(detail, place_of(path, facts.text(path), match), Strength.CONFIGURED)
    elif name == ".envrc":
        if _DIRENV.search(facts.text(path)):
            yield "direnv", Evidence(f"{path} makes an environment", place, Strength.CONFIGURED)
    elif _DOCS.match(name) or _TASKS.match(name):
        text = facts.text(path)
        found = list(isolating(text))
        match = next((m for m in found if not _FOREIGN_IMAGE.search(m[0])), found[0] if found else None)
        if match:
            detail = f"{path} says `{' '.join(match[0].split())}`"
            kind = "tasks" if _TASKS.match(name) else "docs"
            if path.count("/") > MAX_DEPTH:
                kind, detail = "part", f"{detail} for its own folder"
            yield kind, Evidence(detail, place_of(path, text, match), Strength.CONFIGURED)


def isolating(text: str) -> Iterator[re.Match[str]]:
    """What `ISOLATED.finditer` finds, tried only where the name of a tool stands: pages are long, and tools rare."""
    places: set[int] = set()
    for tool in _TOOLS:
        place = text.find(tool)
        while place >= 0:
            places.add(place)
            place = text.find(tool, place + 1)
    end = 0
    for place in sorted(places):
        match = ISOLATED.match(text, place) if place >= end else None
        if match:
            end = match.end()
            yield match


def _sudo(facts: Facts) -> Location | None:
    for path in facts.files:
        own = facts.role(path) in (Role.CODE, Role.DOCS) and path.count("/") <= MAX_DEPTH
        if own and _DOCS.match(path.rpartition("/")[2]):
            text = facts.text(path)
            match = _SUDO.search(text)
            if match:
                return place_of(path, text, match)
    return None
