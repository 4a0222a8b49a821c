"""Requirement files that install on the machine they were written on, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from prodcheck.extract.dependency import Manifest, Requirement, has_build, inside, url_bound
from prodcheck.facts import Facts, import_names
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity, Strength
from prodcheck.records import dataclass

_ALIASES = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "pytorch": "torch",
    "pil": "pillow",
    "cv2": "opencv-python",
    "opencv": "opencv-python",
    "yaml": "pyyaml",
    "dateutil": "python-dateutil",
    "imblearn": "imbalanced-learn",
    "crypto": "pycryptodome",
}
"""Names people write for a distribution that has another: pip finds nothing, a stub that fails, or somebody else's."""

_BACKPORTS = frozenset(
    "argparse pathlib enum34 typing futures uuid hashlib asyncio logging collections os sys re json time random math "
    "csv pickle sqlite3 tkinter datetime importlib itertools functools shutil glob string copy threading subprocess "
    "multiprocessing unittest urllib io ssl wave tempfile warnings abc operator".split()
)
"""Parts of the standard library: a distribution of that name is a backport for an old Python, or none at all."""

_ONE_SYSTEM = {
    **dict.fromkeys(("pywin32", "pypiwin32", "pywinpty", "wmi", "windows-curses"), "Windows"),
    **dict.fromkeys(("pyobjc", "pyobjc-core", "py2app"), "macOS"),
}
MINOR_GROUPS = frozenset("dev test docs lint".split())
_ANACONDA = frozenset(
    "anaconda-client anaconda-navigator anaconda-project conda conda-build conda-package-handling conda-verify "
    "navigator-updater menuinst spyder spyder-kernels conda-repo-cli conda-token _anaconda-depends".split()
)
_PIP = ("requirements", "constraints")
_FACTORS = {"file": 0.0, "encoding": 0.25, "prefix": 0.9}
"""What one kind of trouble leaves of the score; 0.5 for the kinds not listed."""
_MINOR_FACTOR = 0.9
"""The same for files of tests, documentation and development, whatever the kind."""


@dataclass(frozen=True)
class _Trouble:
    kind: str
    hit: Hit


def non_portable_requirements(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Lines of dependency files that another machine cannot install. Each kind of trouble halves the score."""
    deps = facts.dependencies
    manifests = [m for m in (*deps.manifests, *deps.constraints) if m.format != "script"]
    if not manifests:
        return Outcome.not_applicable("no dependency file")
    found: list[_Trouble] = []
    for manifest in manifests:
        rows = _troubles(facts, manifest)
        found += map(_softened, rows) if deps.group(manifest) in MINOR_GROUPS else rows
    found += _conflicts(facts)
    if not found:
        places = tuple(
            Evidence("no line ties it to one machine", Location(m.path), Strength.CONFIGURED) for m in manifests[:5]
        )
        return Outcome(1.0, places, reason="nothing in the dependency files ties them to one machine")
    score = 1.0
    main = {t.kind for t in found if t.hit.severity is not Severity.MINOR or t.kind == "prefix"}
    for kind in main:
        score *= _FACTORS.get(kind, 0.5)
    for _ in {t.kind for t in found} - main:
        score *= _MINOR_FACTOR
    hits = tuple(sorted((t.hit for t in found), key=lambda h: h.location.sort_key if h.location else ("", 0, 0, 0)))
    files = len({h.location.path for h in hits if h.location})
    reason = f"{len(hits)} line{'s' * (len(hits) != 1)} in {files} file{'s' * (files != 1)} may not install elsewhere"
    level = Confidence.HIGH if any(h.confidence is Confidence.HIGH for h in hits) else Confidence.MEDIUM
    return Outcome(round(score, 4), (), hits, reason, level)


def _softened(trouble: _Trouble) -> _Trouble:
    return replace(trouble, hit=replace(trouble.hit, severity=Severity.MINOR))


def _troubles(facts: Facts, manifest: Manifest) -> Iterator[_Trouble]:
    path = manifest.path
    if manifest.encoding.startswith("utf-16") or manifest.encoding.startswith("utf-32"):
        detail = f"{path} is {manifest.encoding.upper()[:6]}, which git shows as binary and few tools read"
        yield _Trouble("encoding", Hit(Location(path, 1), detail, identity="encoding"))
    for line, text in manifest.invalid:
        yield _Trouble("invalid", Hit(Location(path, line), f"no installer accepts `{text[:60]}`", identity=text))
    if manifest.prefix_line:
        detail = "`prefix:` names a folder on the machine that exported this file"
        yield _Trouble("prefix", Hit(Location(path, manifest.prefix_line), detail, severity=Severity.MINOR))
    for requirement in manifest.requirements:
        trouble = _line(facts, manifest, requirement)
        if trouble is not None:
            kind, detail = trouble
            yield _Trouble(kind, Hit(Location(path, requirement.line), detail, identity=f"{kind} {requirement.name}"))
    yield from _whole_file(manifest)


def _line(facts: Facts, manifest: Manifest, requirement: Requirement) -> tuple[str, str] | None:
    """(kind, detail) of what is wrong with one requirement."""
    name, url = requirement.name, requirement.url
    if url:
        return _address(facts, manifest, requirement)
    if requirement.marker:
        return None
    pip = manifest.format in _PIP or manifest.format in ("pyproject", "setup.py", "setup.cfg", "poetry", "pipfile")
    if pip and name in _ALIASES:
        return "alias", f"`{name}` is not what the index calls it: write `{_ALIASES[name]}`"
    if pip and name in _BACKPORTS:
        return "backport", f"`{name}` is part of Python and need not, or cannot, be installed"
    if name in _ONE_SYSTEM:
        return (
            "system",
            f"`{name}` exists for {_ONE_SYSTEM[name]} only: add a marker such as {_marker(_ONE_SYSTEM[name])}",
        )
    if pip and name == "pkg-resources" and requirement.specifier.replace(" ", "") == "==0.0.0":
        return "artefact", "`pkg-resources==0.0.0` is an artefact of `pip freeze` on Debian: no index has it"
    single = manifest.format in _PIP and re.match(r"=(?!=)", requirement.specifier) is not None
    if single and not _for_conda(facts, manifest):
        return "equals", f"`{requirement.raw}` has one `=`: pip wants `==`"
    if pip and name == "tensorflow-gpu" and not re.match(r"===?\s*(?:1|2\.(?:\d|1[01])\b)", requirement.specifier):
        return "alias", "`tensorflow-gpu` was withdrawn after 2.11: write `tensorflow`"
    return None


def _address(facts: Facts, manifest: Manifest, requirement: Requirement) -> tuple[str, str] | None:
    """What is wrong with where a requirement is taken from."""
    url, name = requirement.url, requirement.name
    if url.startswith("file:") or re.match(r"[/\\~]|[A-Za-z]:[\\/]", url):
        return "file", f"`{name}` is taken from a path on the machine that wrote this file"
    if url == "git" or re.match(r"(?:git|hg|svn|bzr)(?:\+|://)|git@", url):
        if re.match(r"git\+ssh|git@|ssh:", url):
            return "ssh", f"`{name}` needs somebody's SSH key to install"
        if requirement.bound == "none":
            return "vcs", f"`{name}` follows a branch: name a commit or tag"
        return None
    if re.search(r"\.(?:whl|zip|tar\.gz)\Z", url) and "://" not in url:
        place = inside(manifest.path, url)
        if place is None or place not in facts.files:
            return "wheel", f"`{url}` is not in the repository"
    if "://" in url and url_bound(url) == "none":
        return "vcs", f"`{name}` comes from an address that names no version"
    return None


def _marker(system: str) -> str:
    return f'`; sys_platform == "{"win32" if system == "Windows" else "darwin"}"`'


def _for_conda(facts: Facts, manifest: Manifest) -> bool:
    """True when the documentation gives the file to conda, which writes pins with one `=`."""
    name = re.escape(manifest.path.rpartition("/")[2])
    pattern = re.compile(rf"\b(?:conda|mamba)\b[^\n]*--file[ =]\S*{name}")
    readmes = [p for p in facts.files if p.lower().rpartition("/")[2].startswith("readme")]
    return any(pattern.search(facts.text(p)) for p in readmes)


def _whole_file(manifest: Manifest) -> Iterator[_Trouble]:
    """What a file as a whole says about where it came from."""
    path, rows = manifest.path, manifest.requirements
    builds = [r for r in rows if has_build(r)]
    if manifest.format.startswith("conda") and builds and manifest.role != "lock":
        detail = (
            f"{len(builds)} pins name a conda build, such as `{builds[0].raw[:50]}`, that exists for one system only"
        )
        yield _Trouble("build", Hit(Location(path, builds[0].line), detail, Confidence.MEDIUM, "build"))
    wheels = [r for r in rows if re.match(r"nvidia-[\w-]+-cu\d+\Z", r.name) and not r.marker]
    if wheels and manifest.format in _PIP and not any(r.name == "torch" for r in rows):
        detail = f"{len(wheels)} CUDA wheels such as `{wheels[0].name}` exist for one system only"
        yield _Trouble("cuda", Hit(Location(path, wheels[0].line), detail, Confidence.MEDIUM, "cuda"))
    leftovers = [r for r in rows if r.name in _ANACONDA]
    if len(leftovers) >= 3 and len(rows) > 100:
        detail = f"{len(rows)} lines list a whole Anaconda installation ({leftovers[0].name} ...), not this project"
        yield _Trouble("leftover", Hit(Location(path, leftovers[0].line), detail, Confidence.MEDIUM, "leftover"))
    yield from _twice(manifest)


def _twice(manifest: Manifest) -> Iterator[_Trouble]:
    """A distribution pinned to two versions in one requirements file: pip refuses."""
    if manifest.format not in _PIP or manifest.role != "manifest":
        return
    seen: dict[str, Requirement] = {}
    for requirement in manifest.requirements:
        if requirement.marker or requirement.bound != "exact" or requirement.url:
            continue
        first = seen.setdefault(requirement.name, requirement)
        if first.specifier != requirement.specifier:
            detail = f"`{requirement.raw}` contradicts line {first.line}, `{first.raw}`"
            hit = Hit(Location(manifest.path, requirement.line), detail, identity=f"twice {requirement.name}")
            yield _Trouble("conflict", hit)


def _conflicts(facts: Facts) -> Iterator[_Trouble]:
    """The same distribution pinned differently by two kinds of manifest of one project."""
    deps = facts.dependencies
    pins: dict[tuple[str, str], tuple[str, Manifest, Requirement]] = {}
    for manifest in deps.manifests:
        if deps.group(manifest) or manifest.role != "manifest":
            continue
        home = deps.homes.get(manifest.path, "")
        conda = manifest.format.startswith(("conda", "pixi"))
        for requirement in manifest.requirements:
            if requirement.bound != "exact" or requirement.url or requirement.group or requirement.marker:
                continue
            name = import_names.from_conda(requirement.name) if conda else requirement.name
            version = _version(requirement.specifier)
            other = pins.setdefault((home, name), (version, manifest, requirement))
            if other[1].format != manifest.format and not _agree(other[0], version):
                detail = f"`{name}` is {version} here and {other[0]} in {other[1].path}"
                hit = Hit(Location(manifest.path, requirement.line), detail, Confidence.MEDIUM, f"conflict {name}")
                yield _Trouble("conflict", hit)


def _version(specifier: str) -> str:
    """The version of a pin, without operator, build and local part."""
    match = re.search(r"\d[\w.!-]*", specifier)
    return match[0] if match else ""


def _agree(one: str, other: str) -> bool:
    """True when one version is the other, or its beginning: conda's `1.21` allows `1.21.4`."""
    a, b = one.split("."), other.split(".")
    size = min(len(a), len(b))
    return not one or not other or a[:size] == b[:size]
