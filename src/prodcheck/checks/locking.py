"""Is a project's whole environment locked, and is the lock a good one? Shared by several dependency checks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodcheck.extract.dependency import Manifest, normalise
from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts, import_names, once
from prodcheck.facts.paths import Role, folders_around
from prodcheck.model import Location
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

NOT_LOCKED = frozenset("python pip setuptools wheel".split())
FROZEN_FACTOR = 1.5
"""A file that pins this many times as many distributions as the code imports holds the indirect ones too."""


@dataclass(frozen=True)
class LockState:
    """One lock file, judged: `score` from 0 (useless) to 1 (whole, fresh and committed)."""

    manifest: Manifest
    score: float
    reason: str
    location: Location


@once
def main_manifests(facts: Facts) -> tuple[Manifest, ...]:
    """The manifests that declare what the project needs to run, not only to be developed, tested or documented."""
    deps = facts.dependencies
    found = []
    for manifest in deps.manifests:
        groups = {deps.group(manifest, r) for r in manifest.requirements if not r.optional}
        groups.update("extra" for r in manifest.requirements if r.optional)
        if not groups and (manifest.dynamic or manifest.includes):
            groups.add(deps.group(manifest))
        if groups - {"dev", "test", "docs", "lint", "build"}:
            found.append(manifest)
        elif not deps.importing and groups == {"docs"} and facts.role(manifest.path) is Role.DOCS:
            found.append(manifest)  # a collection of examples: their manifests are all there is
    return tuple(sorted(found, key=lambda m: (m.path.count("/"), m.path, m.format)))


def homes(facts: Facts) -> dict[str, list[Manifest]]:
    """The main manifests of each project in the repository, by its folder."""
    found: dict[str, list[Manifest]] = {}
    for manifest in main_manifests(facts):
        if manifest.format != "script":
            found.setdefault(facts.dependencies.homes.get(manifest.path, ""), []).append(manifest)
    return found


def sizes(facts: Facts, projects: Mapping[str, object]) -> dict[str, int]:
    """For each project, the number of its code files with third-party imports, those of projects inside it left out."""
    found = dict.fromkeys(projects, 0)
    for path in facts.dependencies.importing:
        home = next((folder for folder in folders_around(path) if folder in found), None)
        if home is not None:
            found[home] += 1
    return found


def above(home: str, folder: str) -> bool:
    """True when `home` is the folder or contains it."""
    return home == "" or folder == home or folder.startswith(home + "/")


def best_lock(facts: Facts, home: str, manifests: list[Manifest]) -> LockState | None:
    """The best lock of a project: its own, or the one of a workspace above it."""
    deps = facts.dependencies
    states = [
        judge(facts, lock, manifests, home)
        for lock in deps.locks
        if _may_lock(deps.homes.get(lock.path, ""), lock, home, manifests)
        and deps.group(lock) not in ("docs", "test", "dev", "lint")
    ]
    states += [s for s in (_frozen(facts, manifest, home) for manifest in manifests) if s is not None]
    return max(states, key=lambda s: (s.score, len(s.manifest.requirements)), default=None)


_OWN_FOLDER = frozenset(("poetry", "pdm", "pipenv", "nix"))
"""Managers whose lock holds one project; those of the others may hold a whole workspace."""


def _may_lock(place: str, lock: Manifest, home: str, manifests: list[Manifest]) -> bool:
    if lock.format in _OWN_FOLDER and manifests:
        folder = lock.path.rpartition("/")[0]
        formats = _WRITTEN_FOR.get(lock.format, ())
        return any(m.path.rpartition("/")[0] == folder and m.format in formats for m in manifests)
    return above(place, home)


def judge(facts: Facts, lock: Manifest, manifests: list[Manifest], home: str) -> LockState:
    """One lock file against the manifests of a project."""
    place = Location(lock.path)
    ignored = _ignored(facts, lock.path)
    file = facts.files.get(lock.path)
    if lock.problem:
        return LockState(lock, 0.0, f"{lock.path} {lock.problem}", place)
    if file is not None and not file.tracked and facts.git.state == "ok":
        why = f"is ignored by {ignored}" if ignored else "is not committed"
        return LockState(lock, 0.0, f"{lock.path} {why}", ignored or place)
    missing = [] if lock.role == "both" else _missing(facts, lock, manifests)
    if missing:
        names = ", ".join(missing[:4]) + (" ..." if len(missing) > 4 else "")
        return LockState(lock, 0.5, f"{lock.path} does not hold {names}: it is older than the manifest", place)
    count = len(lock.requirements)
    if lock.role == "both" and not _hashed(lock) and lock.generated_by in ("pip freeze", "conda list", "poetry", ""):
        return LockState(lock, 0.8, f"{lock.path} pins {count} distributions, without hashes", place)
    what = f"locks {count} distributions" if count else "locks the inputs"
    return LockState(lock, 1.0, f"{lock.path} {what}", place)


def _hashed(lock: Manifest) -> bool:
    return any(r.hashed for r in lock.requirements)


def _missing(facts: Facts, lock: Manifest, manifests: list[Manifest]) -> list[str]:
    """Direct dependencies of the manifests that the lock does not know."""
    known = {r.name for r in lock.requirements}
    if lock.format in ("conda-lock", "conda-explicit", "pixi"):
        known |= {import_names.from_conda(name) for name in known}
    known |= _own_names(facts) | NOT_LOCKED
    found = []
    for manifest in _locked_by(lock, manifests):
        for requirement in manifest.requirements:
            direct = not requirement.marker and not requirement.optional and not requirement.url.startswith(".")
            if direct and requirement.name not in known and requirement.group != "build":
                found.append(requirement.name)
    return sorted(set(found))


@once
def _own_names(facts: Facts) -> frozenset[str]:
    """Distributions that the repository holds itself, or that its modules look like."""
    deps = facts.dependencies
    return frozenset(map(normalise, deps.first_party)) | {m.project_name for m in (*deps.manifests, *deps.others)}


@once
def project_names(facts: Facts) -> frozenset[str]:
    """Names of the distributions that the repository's own manifests build."""
    deps = facts.dependencies
    return frozenset(m.project_name for m in (*deps.manifests, *deps.others) if m.project_name)


_WRITTEN_FOR = {
    "uv": ("pyproject",),
    "poetry": ("poetry", "pyproject"),
    "pdm": ("pyproject",),
    "pipenv": ("pipfile",),
    "pixi": ("pixi",),
    "conda-lock": ("conda",),
    "conda-explicit": ("conda",),
    "nix": ("nix",),
}


def _locked_by(lock: Manifest, manifests: list[Manifest]) -> list[Manifest]:
    """The manifests a lock is written for; another tool's manifest beside it may say something else."""
    formats = _WRITTEN_FOR.get(lock.format)
    folder = lock.path.rpartition("/")[0]
    return [
        m
        for m in manifests
        if formats is not None and m.format in formats and (m.path.rpartition("/")[0] == folder or lock.format == "uv")
    ]


def _frozen(facts: Facts, manifest: Manifest, home: str) -> LockState | None:
    """A requirements file that pins everything, and much more than the code imports: the output of `pip freeze`."""
    if manifest.role != "manifest" or manifest.format != "requirements":
        return None
    rows = [r for r in manifest.requirements if r.name not in NOT_LOCKED]
    if not rows or any(r.bound != "exact" for r in rows):
        return None
    direct = [p for p in facts.dependencies.third_party if not p.optional and p.role.value == "code"]
    if len(rows) < max(FROZEN_FACTOR * len(direct), 5):
        return None
    return LockState(
        manifest,
        0.8,
        f"{manifest.path} pins {len(rows)} distributions, without hashes",
        Location(manifest.path),
    )


def _ignored(facts: Facts, path: str) -> Location | None:
    """The line of a `.gitignore` that names a file; None when none does."""
    name = path.rpartition("/")[2]
    suffix = "*." + name.rpartition(".")[2]
    for place in (".gitignore", f"{path.rpartition('/')[0]}/.gitignore".lstrip("/")):
        if place in facts.files:
            for number, line in enumerate(split_lines(facts.text(place)), start=1):
                pattern = line.strip().lstrip("/")
                if pattern in (name, path, f"**/{name}", suffix):
                    return Location(place, number)
    return None


_LOCK_NAMES = lazy_regex(r"/?(?:(?:uv|poetry|pdm|Pipfile|pixi|conda)[.-]lock(?:\.ya?ml)?|(?:\*|requirements)\.lock)\Z")


_MANAGERS = {"uv": "pyproject", "poetry": "poetry", "pdm": "pyproject", "Pipfile": "pipfile", "pixi": "pixi"}


def ignored_locks(facts: Facts) -> list[tuple[Location, str]]:
    """Lines of `.gitignore` files that keep the lock of a manager in use out of the repository: (place, pattern)."""
    found = []
    formats = {m.format for m in facts.dependencies.manifests}
    for path in facts.files:
        if path.rpartition("/")[2] == ".gitignore":
            for number, line in enumerate(split_lines(facts.text(path)), start=1):
                pattern = line.strip().lstrip("/")
                manager = re.split(r"[.-]", pattern)[0]
                if _LOCK_NAMES.match(pattern) and _MANAGERS.get(manager, "") in formats | {""}:
                    found.append((Location(path, number), line.strip()))
    return found


def describe(manifest: Manifest) -> str:
    """What a manifest declares, in a few words."""
    count = len(manifest.requirements)
    if manifest.role == "lock":
        return f"locks {count} distributions"
    if count:
        return f"{manifest.format} declares {count} dependenc{'y' if count == 1 else 'ies'}"
    return f"{manifest.format} takes its dependencies from {listing(list(manifest.includes), 2) or 'code'}"


def listing(names: list[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")
