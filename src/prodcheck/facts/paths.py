"""What each file is for, judged by its path alone, once for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache

from prodcheck.extract.installed import INSTALLED_PARTS
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass


class Role(str, Enum):
    CODE = "code"
    TEST = "test"
    DOCS = "docs"
    """Documentation, examples, tutorials, demos."""
    VENDORED = "vendored"
    """Somebody else's code or an environment, kept in the tree."""
    GENERATED = "generated"
    TEMPLATE = "template"
    """Belongs to a project that will be rendered from this one (`{{cookiecutter.name}}/...`)."""


VENDORED_PARTS = INSTALLED_PARTS | frozenset(
    "third_party third-party thirdparty vendor vendored _vendor extern external_libs submodules "
    ".ipynb_checkpoints".split()
)
TEST_PARTS = frozenset("test tests testing unittests unit_tests integration_tests e2e test_suite spec specs".split())
DOCS_PARTS = frozenset(
    "doc docs documentation example examples tutorial tutorials demo demos sample samples gallery cookbook "
    "cookbooks recipes guides example_dags egs".split()
)
_DOCS_NAME = lazy_regex(r"(?:versioned|translated)?[-_]?docs(?:[-_].*)?")
"""Folders such as `docs-website`, `docs_src` and `versioned_docs`."""
_TEMPLATE = lazy_regex(r"\{\{.*?\}\}|\{%.*?%\}|\.(?:jinja2?|j2|tmpl|mustache|cookiecutter)$")
_GENERATED = lazy_regex(
    r"(?:_pb2(?:_grpc)?\.pyi?|(?:^|/)_version\.py|\.min\.(?:js|css)|\.egg-info/.*|(?:^|/)(?:_build|dist)/.*|"
    r"(?:^|/)docs?/(?:.*/)?build/.*|(?:^|/)build/(?:lib|bdist|temp|html|doctrees|scripts-)[^/]*/.*|"
    r"(?:^|/)build/.*\.(?:o|so|dll|js|css|html|map|whl)|alembic/versions/.*|migrations/\d+_.*\.py)$"
)
"""A folder named `build` may also hold the scripts that build."""
_GENERATED_SIGNS = tuple("_pb2 _version.py .min. .egg-info/ _build/ dist/ build/ alembic/ migrations/".split())
"""One of these is in every path that the pattern matches: cheaper to look for."""
_TEMPLATE_SUFFIXES = tuple(".jinja .jinja2 .j2 .tmpl .mustache .cookiecutter".split())
_TEST_NAME = lazy_regex(r"(test_.*|.*_tests?)\.py$")


def classify(path: str) -> Role:
    """Role of a path relative to the repository's root.

    Directory names decide, whatever their case and surrounding spaces; the file's own name only for tests.
    """
    if ("{" in path or path.rstrip().endswith(_TEMPLATE_SUFFIXES)) and _TEMPLATE.search(path):
        return Role.TEMPLATE
    folder, _, name = path.rpartition("/")
    around = _of_folder(folder)
    name = name.strip().lower()
    if around is Role.VENDORED or name == "pyvenv.cfg":
        return Role.VENDORED
    if any(sign in path for sign in _GENERATED_SIGNS) and _GENERATED.search(path):
        return Role.GENERATED
    if around is Role.TEST or name == "conftest.py" or _TEST_NAME.match(name):
        return Role.TEST
    return around


@lru_cache(maxsize=10_000)
def _of_folder(folder: str) -> Role:
    """Role that a file has because of the folders it lies in: vendored, test, docs, or code."""
    parts = {part.strip().lower() for part in folder.split("/")}
    if parts & VENDORED_PARTS or "pyvenv.cfg" in parts:
        return Role.VENDORED
    if parts & TEST_PARTS:
        return Role.TEST
    if parts & DOCS_PARTS or any(_DOCS_NAME.fullmatch(part) for part in parts):
        return Role.DOCS
    return Role.CODE


@dataclass(frozen=True)
class Paths:
    """Roles of all files, and how to find some of them."""

    roles: Mapping[str, Role]

    def role(self, path: str) -> Role:
        return self.roles.get(path) or classify(path)

    def of(self, *roles: Role) -> tuple[str, ...]:
        """Paths that have one of the roles, sorted."""
        return tuple(path for path, role in self.roles.items() if role in roles)

    @property
    def own(self) -> tuple[str, ...]:
        """The project's own files: neither vendored nor generated."""
        return tuple(p for p, role in self.roles.items() if role not in (Role.VENDORED, Role.GENERATED))


def folders_around(path: str) -> Iterator[str]:
    """The folders around a file, innermost first, down to the root as an empty string."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def suffix_of(path: str) -> str:
    """The last suffix of a file's name with its dot, as it is written; empty for `.gitignore`, `Makefile` and `a.`."""
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return dot + suffix if stem and suffix else ""


def build(files: Iterable[str]) -> Paths:
    """Roles of all files. An environment is known by what it holds, whatever its folder is called."""
    paths = tuple(files)
    inside = tuple(found[1] for path in paths if (found := _ENVIRONMENT.fullmatch(path)))
    return Paths({p: Role.VENDORED if inside and p.startswith(inside) else classify(p) for p in paths})


_ENVIRONMENT = lazy_regex(r"((?:.*/)?[^/]+/)(?:pyvenv\.cfg|conda-meta/history|bin/activate|Scripts/activate\.bat)")
"""A file that only a virtual or Conda environment has, below the environment's own folder."""


class Glob:
    """A pattern for whole paths: `*` and `?` within a folder, `**` across folders, `{a,b}` alternatives, `[ab]`.

    A pattern without `/` matches the file's name in any folder, as in `.gitignore`. It is compiled only when a path
    holds all the plain text of it, which hardly any path does.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._compiled: re.Pattern[str] | None = None
        self._pieces = tuple(filter(None, _NOT_PLAIN.split(pattern.partition("{")[0])))

    def match(self, path: str) -> bool:
        """Whether the pattern matches a path as a whole."""
        for piece in self._pieces:
            if piece not in path:
                return False
        if self._compiled is None:
            self._compiled = re.compile(_translated(self._pattern), re.DOTALL)
        return self._compiled.match(path) is not None


_NOT_PLAIN = lazy_regex(r"\*+/?|\?|\[(?:.*?\])?")


def _translated(pattern: str) -> str:
    """A glob as a regular expression."""
    if "/" not in pattern:
        pattern = "**/" + pattern
    out, i, depth = "", 0, 0
    while i < len(pattern):
        char = pattern[i]
        if pattern.startswith("**/", i):
            out, i = out + "(?:[^/]+/)*", i + 3
            continue
        if pattern.startswith("**", i):
            out, i = out + ".*", i + 2
            continue
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[" and "]" in pattern[i:]:
            end = pattern.index("]", i)
            out, i = out + pattern[i : end + 1].replace("[!", "[^"), end
        elif char == "{":
            out, depth = out + "(?:", depth + 1
        elif char == "}" and depth:
            out, depth = out + ")", depth - 1
        elif char == "," and depth:
            out += "|"
        else:
            out += re.escape(char)
        i += 1
    return out.removeprefix("./") + r"\Z"
