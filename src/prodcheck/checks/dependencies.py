"""Checks of the category `dependencies`: declared, pinned, locked, and complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from prodcheck.checks import locking
from prodcheck.extract.dependency import Manifest, Requirement
from prodcheck.facts import Facts, import_names
from prodcheck.facts.dependencies import ImportedPackage
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Kind, Location, Outcome, Severity, Strength

_PACKAGE_FORMATS = ("setup.py", "setup.cfg", "pyproject", "poetry")
_MINOR_GROUPS = frozenset("dev test docs lint typing types style ci quality pre-commit profile build".split())
NEARLY_ALL = 0.9
"""Share of the files from which on those without a manifest are an oversight."""
MINOR_WEIGHT = 0.3
"""What a requirement of the development, test or documentation environment counts."""
_APPLICATION = {"exact": 1.0, "range": 0.5, "lower": 0.25, "other": 0.25, "none": 0.0}
_LIBRARY = {"exact": 0.5, "range": 1.0, "lower": 1.0, "other": 0.3, "none": 0.3}


def no_dependency_manifest(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Whether code that imports third-party packages is covered by a manifest that a machine can read."""
    deps = facts.dependencies
    needed = needed_packages(facts)
    if not needed:
        return Outcome.not_applicable("the code imports the standard library only")
    names = locking.listing([p.distributions[0] for p in sorted(needed, key=lambda p: (-p.count, p.module))])
    manifests = locking.main_manifests(facts)
    role = needed[0].role
    files = sorted({path for package in needed for path in package.places.paths if facts.role(path) is role})
    covered = deps.covered(manifests)
    bare = [path for path in files if not covered(path)]
    if manifests:  # else what a notebook installs is the only, and poor, list there is
        bare = [path for path in bare if not _installs_itself(facts, path, needed)]
    evidence = tuple(Evidence(locking.describe(m), Location(m.path), Strength.CONFIGURED) for m in manifests)
    if not bare:
        return Outcome(1.0, evidence, reason=_covering(manifests))
    first = min((p for package in needed for p in package.places.within(bare[0])), key=lambda p: p.sort_key)
    hit = Hit(first, f"imports {names}", identity="manifest")
    if manifests:
        share = (len(files) - len(bare)) / len(files)
        floor = 0.5 if deps.prose else 0.0
        reason = f"{len(bare)} of {len(files)} files with third-party imports belong to no manifest, such as {bare[0]}"
        softer = Severity.MAJOR if facts.project.kind is Kind.COURSE else None  # each of its parts stands alone
        if share >= NEARLY_ALL:
            hit = Hit(first, f"imports {names}", identity="manifest", severity=Severity.MINOR)
        return Outcome(max(share, floor), evidence + deps.prose, (hit,), reason, Confidence.MEDIUM, severity=softer)
    broken = [m for m in deps.others if m.problem and m.role == "manifest"]
    if broken:
        return Outcome.unknown(f"{broken[0].path}: {broken[0].problem}")
    if deps.manifests:
        found = tuple(Evidence(locking.describe(m), Location(m.path), Strength.DECLARED) for m in deps.manifests)
        return Outcome(0.5, found, (hit,), f"only development dependencies are declared; the code imports {names}")
    if deps.prose:
        reason = f"dependencies are only told in prose ({deps.prose[0].location}); the code imports {names}"
        return Outcome(0.5, deps.prose, (hit,), reason)
    return Outcome(0.0, (), (hit,), f"no file declares what the code imports: {names}")


def _installs_itself(facts: Facts, path: str, needed: list[ImportedPackage]) -> bool:
    """Whether a notebook begins with `pip install` of all that it imports."""
    installs = facts.dependencies.installs.get(path, ())
    imported = [p for p in needed if path in p.places.paths]
    return bool(installs) and all(
        any(import_names.provides(name, module) for name in installs for module in package.modules)
        for package in imported
    )


def _covering(manifests: Iterable[Manifest]) -> str:
    places = [m.path for m in manifests]
    return f"declared in {locking.listing(list(dict.fromkeys(places)), 3)}"


def needed_packages(facts: Facts) -> list[ImportedPackage]:
    """Third-party packages the project cannot do without: of its code, or of its examples if it has nothing else."""
    found = [p for p in facts.dependencies.third_party if not p.optional]
    code = [p for p in found if p.role is Role.CODE]
    return code or [p for p in found if p.role is Role.DOCS]


def unpinned_dependencies(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """How tightly the requirements bind, by what the project is: exact for an application, bounded for a library."""
    if not needed_packages(facts):
        return Outcome.not_applicable("the code imports the standard library only")
    projects = locking.homes(facts)
    if not projects:
        reason = "no manifest lists requirements whose versions could be pinned"
        return Outcome(0.0, reason=reason, needs="no-dependency-manifest")
    library = _is_library(facts)
    earned = possible = 0.0
    exact = total = 0
    hits: list[Hit] = []
    evidence: list[Evidence] = []
    files: list[str] = []
    for home, manifests in sorted(projects.items()):
        lock = locking.best_lock(facts, home, manifests)
        if lock is not None and lock.score >= 0.8:
            evidence.append(Evidence(lock.reason, lock.location, Strength.CONFIGURED))
            count = sum(len(_relevant(facts, m)) for m in manifests) or 1
            earned, possible, exact, total = earned + count, possible + count, exact + count, total + count
            continue
        packaged = _is_packaged(home, projects, manifests)
        # Beside what is shipped, or inside a library, a list of requirements serves one experiment.
        aside = packaged or (library and bool(home) and "" in projects)
        judged = _judge(facts, home, library or packaged)
        earned, possible = earned + judged.earned, possible + judged.possible
        exact, total = exact + judged.exact, total + judged.total
        files += judged.files
        hits += [replace(hit, severity=Severity.MINOR) for hit in judged.hits] if aside else judged.hits
    if not total:
        return Outcome.unknown("the requirements are computed, not written down")
    if not files:
        return Outcome(1.0, tuple(evidence), reason=evidence[0].detail if evidence else "all requirements are locked")
    where = locking.listing(list(dict.fromkeys([*files, *(e.location.path for e in evidence if e.location)])), 2)
    word = "have a lower bound and leave room" if library else "are pinned exactly"
    reason = f"{exact} of {total} requirements {word} ({where})"
    evidence += [Evidence(reason, Location(path), Strength.CONFIGURED) for path in dict.fromkeys(files[:3])]
    return Outcome(round(earned / possible, 4), tuple(evidence), tuple(hits), reason)


def _is_library(facts: Facts) -> bool:
    """True for what is installed beside other packages: a library, or a package without machine learning."""
    deps = facts.dependencies
    packaged = any(m.build_backend for m in (*deps.manifests, *deps.others))
    return facts.project.kind is Kind.LIBRARY or (facts.project.kind is Kind.GENERIC and packaged)


class _Judged:
    """Sums over the requirements of one project."""

    def __init__(self) -> None:
        self.earned = self.possible = 0.0
        self.exact = self.total = 0
        self.files: list[str] = []
        self.hits: list[Hit] = []


def _judge(facts: Facts, home: str, library: bool) -> _Judged:
    """Requirements of one project, each distribution once: the tightest of its bounds counts."""
    deps = facts.dependencies
    here = [m for m in deps.manifests if deps.homes.get(m.path, "") == home and m.format != "script"]
    if library:
        packaged = [m for m in here if m.format in _PACKAGE_FORMATS]
        included = {path for m in packaged for path in m.includes}
        here = [m for m in here if m in packaged or m.path in included] or here
    scale = _LIBRARY if library else _APPLICATION
    narrowing = [m for m in deps.constraints if locking.above(deps.homes.get(m.path, ""), home)]
    pins = {r.name: r for m in narrowing for r in m.requirements}
    best: dict[str, tuple[float, float, Requirement, Manifest]] = {}
    for manifest in here:
        for requirement in _relevant(facts, manifest):
            group = deps.group(manifest, requirement)
            weight = MINOR_WEIGHT if group in _MINOR_GROUPS else 1.0
            pinned = pins.get(requirement.name, requirement)
            # Nobody else installs what only documents or tests a library: there an exact version is as good.
            scales = (_LIBRARY, _APPLICATION) if library and group in _MINOR_GROUPS else (scale,)
            value = max(each[bound] for each in scales for bound in (requirement.bound, pinned.bound))
            old = best.get(requirement.name)
            if old is None or (weight, value) > (old[1], old[0]):
                best[requirement.name] = (value, weight, requirement, manifest)
    judged = _Judged()
    for value, weight, _, _ in best.values():
        judged.earned, judged.possible = judged.earned + value * weight, judged.possible + weight
        judged.exact, judged.total = judged.exact + (value >= 1.0), judged.total + 1
    judged.files = [m.path for m in here if m.requirements]
    judged.hits = _loose(best, library)
    return judged


def _loose(best: Mapping[str, tuple[float, float, Requirement, Manifest]], library: bool) -> list[Hit]:
    """One hit for each file with loose requirements, at the first of them."""
    by_file: dict[str, list[Requirement]] = {}
    main: set[str] = set()
    for value, weight, requirement, manifest in best.values():
        if value < 1.0:
            by_file.setdefault(manifest.path, []).append(requirement)
            main.update({manifest.path} if weight == 1.0 else ())
    hits = []
    for path, rows in sorted(by_file.items()):
        rows.sort(key=lambda r: r.line or 0)
        details = []
        for want, some in (
            ("no exact version for", [] if library else rows),
            ("no lower bound for", [r for r in rows if library and r.bound != "exact"]),
            ("an exact version, which breaks other packages, for", [r for r in rows if library and r.bound == "exact"]),
        ):
            details += [f"{want} {locking.listing([r.name for r in some])}"] if some else []
        softer = None if path in main else Severity.MINOR
        hits.append(Hit(Location(path, rows[0].line), "; ".join(details), identity=path, severity=softer))
    return hits


def _relevant(facts: Facts, manifest: Manifest) -> list[Requirement]:
    """Requirements whose version matters: neither packaging tools nor the project itself."""
    own = locking.project_names(facts)
    return [
        r
        for r in manifest.requirements
        if r.name not in locking.NOT_LOCKED and r.name not in own and r.group != "build"
    ]


def _is_packaged(home: str, projects: Mapping[str, object], manifests: list[Manifest]) -> bool:
    """Whether a folder is a package of its own beside the project that contains it."""
    formats = {m.format for m in manifests}
    return bool(home and "" in projects and formats) and formats <= {"setup.py", "setup.cfg"}


def no_lockfile(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Whether the whole environment, indirect dependencies included, is locked, and the lock fresh and committed."""
    needed = needed_packages(facts)
    if not needed:
        return Outcome.not_applicable("the code imports the standard library only")
    if not locking.homes(facts) and not facts.dependencies.locks and not locking.ignored_locks(facts):
        return Outcome(0.0, reason="nothing is declared that could be locked", needs="no-dependency-manifest")
    projects = locking.homes(facts) or {"": []}
    files = locking.sizes(facts, projects)
    evidence: list[Evidence] = []
    hits: list[Hit] = []
    bare: list[str] = []
    reasons: list[tuple[float, str]] = []
    weights: list[tuple[float, int]] = []
    weighed = {home: files[home] or (0 if any(files.values()) else 1) for home in sorted(projects)}
    judged = [home for home, weight in weighed.items() if weight]
    # A package inside a larger repository is installed by others too: what runs it is locked above it.
    for home in [home for home in judged if not _is_packaged(home, projects, projects[home])] or judged:
        manifests, weight = projects[home], weighed[home]
        lock = locking.best_lock(facts, home, manifests)
        if lock is None:
            where = f" in {home}/" if home else ""
            reasons.append((0.0, f"no lock file{where}"))
            weights.append((0.0, weight))
            if manifests:
                bare.append(manifests[0].path)
            continue
        reasons.append((lock.score, lock.reason))
        weights.append((lock.score, weight))
        evidence.append(Evidence(lock.reason, lock.location, Strength.CONFIGURED))
        if lock.score < 1.0:
            hits.append(Hit(lock.location, lock.reason, identity=home))
    if bare:
        more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
        hits.insert(0, Hit(Location(bare[0]), f"no lock file covers {bare[0]}{more}", identity=""))
    score = sum(s * w for s, w in weights) / sum(w for _, w in weights)
    worst = min(reasons)
    if worst[0] == 0.0:
        for place, pattern in locking.ignored_locks(facts)[:1]:
            hits = [Hit(place, f"`{pattern}` keeps the lock file out of the repository", identity="ignored")]
            return Outcome(round(score, 4), tuple(evidence), tuple(hits), f"{place} ignores the lock file")
    return Outcome(round(score, 4), tuple(evidence), tuple(hits), worst[1])
