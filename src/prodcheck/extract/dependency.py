"""What all readers of dependency files share: the nouns, names, and how tightly a requirement is bound."""

from __future__ import annotations

import posixpath
import re

from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

_SEPARATORS = lazy_regex(r"[-_.]+")
_CLAUSE = lazy_regex(r"(===|==|~=|!=|<=|>=|<|>|\^|~|=)\s*([^\s,;|()]+)")
_CREDENTIALS = lazy_regex(r"(?<=//)[^/@\s]+@")
_COMMIT = lazy_regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z", re.IGNORECASE)
_VERSION_TAG = lazy_regex(r"[vV]?\d+(?:\.\d+)+\S*\Z")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One required distribution. `name` is normalised (PEP 503).

    `bound` is one of `exact` (==, ===, conda pin, URL or VCS with full commit or hash), `range` (bounded on both
    sides, ~=, ^), `lower` (only a lower bound), `other` (an upper bound or exclusion only), `none`.
    """

    name: str
    line: int | None
    bound: str
    specifier: str = ""
    group: str = ""
    """Empty for the main dependencies, else the extra, group or `dev`."""
    marker: str = ""
    hashed: bool = False
    raw: str = ""
    """The requirement as written, without credentials."""
    url: str = ""
    """Where it is taken from when that is not an index: a URL without credentials, or a path."""
    editable: bool = False
    optional: bool = False
    """True for an extra that users may leave out, as opposed to a group that developers install."""
    conda: bool = False
    """True when conda installs it, under conda's name."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One dependency file. `role` is `manifest`, `lock` or `both` (a compiled or frozen requirements file).

    `format` names the file format: requirements, constraints, pyproject, poetry, setup.py, setup.cfg, pipfile, conda,
    pixi, script (PEP 723), ... and for locks uv, poetry, pdm, pylock, pipenv, conda-lock, pixi, conda-explicit.
    """

    path: str
    format: str
    role: str
    requirements: tuple[Requirement, ...] = ()
    includes: tuple[str, ...] = ()
    """Paths of `-r` and `-c` files, relative to the repository's root."""
    python: str = ""
    """The Python version it demands, as written."""
    project_name: str = ""
    build_backend: str = ""
    generated_by: str = ""
    """The tool that wrote the file, such as `pip-compile`, `uv` or `pip freeze`."""
    dynamic: bool = False
    """True when dependencies exist but are computed (setup.py code, `dynamic = ["dependencies"]`)."""
    problem: str = ""
    constraints: tuple[str, ...] = ()
    """The part of `includes` that only narrows versions (`-c`)."""
    local: tuple[str, ...] = ()
    """Folders of the repository that it installs (`-e .`), relative to the root; the root is `.`."""
    invalid: tuple[tuple[int, str], ...] = ()
    """Lines that no installer would accept: (line, text without credentials)."""
    options: tuple[tuple[int, str], ...] = ()
    """Index and find-links options: (line, text without credentials)."""
    encoding: str = "utf-8"
    python_line: int | None = None
    prefix_line: int | None = None
    """Line of a conda `prefix:`, the path on the machine that exported the environment."""
    channels: tuple[str, ...] = ()


def normalise(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return _SEPARATORS.sub("-", name.strip()).lower().strip("-")


def has_build(requirement: Requirement) -> bool:
    """True for a conda pin that names a build too, `numpy=1.21=py39_0`: it exists for one system only."""
    return requirement.conda and re.match(r"={1,2}[^=\s]+=[^=\s]+\Z", requirement.specifier) is not None


def bound_of(specifier: str) -> str:
    """How tightly a version specifier of pip, Poetry or PDM binds: exact, range, lower, other or none."""
    text = specifier.strip().strip("()").strip()
    if text in ("", "*", "latest", "any"):
        return "none"
    lower = upper = other = False
    for operator, version in _CLAUSE.findall(text):
        wild = "*" in version
        if version == "*":
            continue
        if operator == "===" or (operator in ("==", "=") and not wild):
            return "exact" if "||" not in text else "range"
        if operator in ("==", "=", "~=", "^", "~"):
            lower = upper = True
        elif operator in (">=", ">"):
            lower = True
        elif operator in ("<", "<="):
            upper = True
        else:
            other = True
    if lower and upper:
        return "range"
    if lower:
        return "lower"
    if upper or other:
        return "other"
    return "none"


def url_bound(url: str) -> str:
    """How tightly a direct reference binds: a commit, a hash or an archive is exact, a version tag a range."""
    if "#sha256=" in url or "&sha256=" in url or "#md5=" in url:
        return "exact"
    bare = url.partition("#")[0]
    if not re.match(r"(?:git|hg|svn|bzr)(?:\+|://)|git@", bare):
        return (
            "exact"
            if re.search(r"\.(?:whl|zip|tar\.gz|tgz|tar\.bz2)\Z", bare) and "/archive/" not in bare
            else (_archive_bound(bare))
        )
    path = bare.rpartition("/")[2]
    reference = path.partition("@")[2] if "@" in path else _branch_with_slash(bare)
    if _COMMIT.match(reference):
        return "exact"
    return "range" if _VERSION_TAG.match(reference) else "none"


def _archive_bound(url: str) -> str:
    """`/archive/<ref>.zip` of a forge: as good as the reference it names."""
    reference = re.search(r"/archive/(?:refs/tags/|refs/heads/)?(.+?)\.(?:zip|tar\.gz)\Z", url)
    if reference is None:
        return "none"
    if _COMMIT.match(reference[1]):
        return "exact"
    return "range" if _VERSION_TAG.match(reference[1]) else "none"


def _branch_with_slash(url: str) -> str:
    """The reference of `git+https://host/owner/repo.git@feature/x`; empty without one."""
    return url.rpartition(".git@")[2] if ".git@" in url else ""


def name_of_url(url: str) -> str:
    """The distribution a direct reference most likely holds; empty when the URL does not tell."""
    egg = re.search(r"[#&]egg=([A-Za-z0-9][\w.-]*)", url)
    if egg:
        return normalise(egg[1])
    bare = url.partition("#")[0].rstrip("/")
    last = bare.rpartition("/")[2]
    if last.endswith(".whl"):
        return normalise(last.partition("-")[0])
    if re.match(r"(?:git|hg|svn|bzr)(?:\+|://)|git@", bare):
        last = (bare.partition(".git@")[0] if ".git@" in bare else bare).rpartition("/")[2].partition("@")[0]
        return normalise(last.removesuffix(".git"))
    archive = re.match(r"(.+?)-\d[^/]*\.(?:zip|tar\.gz|tgz|tar\.bz2)\Z", last)
    if archive:
        return normalise(archive[1])
    forge = re.search(r"https?://[^/]+/[^/]+/([^/]+)/archive/", bare)
    return normalise(forge[1]) if forge else ""


def without_credentials(text: str) -> str:
    """Text with the user part of every URL masked: nothing secret is ever kept."""
    return _CREDENTIALS.sub("***@", text) if "@" in text else text


def inside(path: str, target: str) -> str | None:
    """`target`, as written in the file `path`, relative to the repository's root; None when it leaves the tree."""
    if not target or target.startswith(("/", "~", "\\")) or "://" in target or re.match(r"[A-Za-z]:", target):
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.replace("\\", "/")))
    return None if joined == ".." or joined.startswith("../") else joined
