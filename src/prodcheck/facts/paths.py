"""What each file is for, judged by its path alone, once for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import PurePosixPath

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


VENDORED_PARTS = frozenset(
    "node_modules site-packages dist-packages .venv venv virtualenv .tox .nox .eggs third_party third-party "
    "thirdparty vendor vendored _vendor extern external_libs submodules bower_components .ipynb_checkpoints".split()
)
TEST_PARTS = frozenset("test tests testing unittests unit_tests integration_tests e2e test_suite spec specs".split())
DOCS_PARTS = frozenset(
    "doc docs documentation example examples tutorial tutorials demo demos sample samples gallery cookbook "
    "cookbooks recipes guides example_dags".split()
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


def classify(path: str) -> Role:
    """Role of a path relative to the repository's root.

    Directory names decide, whatever their case and surrounding spaces; the file's own name only for tests.
    """
    if _TEMPLATE.search(path):
        return Role.TEMPLATE
    parts = [part.strip().lower() for part in PurePosixPath(path).parts]
    folders = set(parts[:-1])
    if folders & VENDORED_PARTS or "pyvenv.cfg" in parts:
        return Role.VENDORED
    if _GENERATED.search(path):
        return Role.GENERATED
    name = parts[-1] if parts else ""
    if folders & TEST_PARTS or name == "conftest.py" or re.match(r"(test_.*|.*_tests?)\.py$", name):
        return Role.TEST
    if folders & DOCS_PARTS or any(_DOCS_NAME.fullmatch(folder) for folder in folders):
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


def build(files: Iterable[str]) -> Paths:
    """Roles of all files. An environment is known by what it holds, whatever its folder is called."""
    paths = tuple(files)
    inside = tuple(found[1] for path in paths if (found := _ENVIRONMENT.fullmatch(path)))
    return Paths({p: Role.VENDORED if inside and p.startswith(inside) else classify(p) for p in paths})


_ENVIRONMENT = lazy_regex(r"((?:.*/)?[^/]+/)(?:pyvenv\.cfg|conda-meta/history|bin/activate|Scripts/activate\.bat)")
"""A file that only a virtual or Conda environment has, below the environment's own folder."""


def glob(pattern: str) -> re.Pattern[str]:
    """A compiled pattern for whole paths: `*` and `?` within a folder, `**` across folders, `{a,b}` alternatives.

    A pattern without `/` matches the file's name in any folder, as in `.gitignore`.
    """
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
    return re.compile(out.removeprefix("./") + r"\Z", re.DOTALL)
