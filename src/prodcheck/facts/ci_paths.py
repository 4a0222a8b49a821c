"""Which code starts a pipeline that listens to some paths only: a filter on `infra/**` guards no model code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prodcheck.extract.ci import Pipeline
from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Paths, Role


def reach(
    pipelines: Iterable[Pipeline], upstream: Mapping[str, frozenset[str]], files: Mapping[str, FileFacts], paths: Paths
) -> dict[str, frozenset[str]]:
    """For each pipeline with a filter, the code files whose change starts it; pipelines without one are left out.

    A pipeline that another one starts has the filter of that one.
    """
    pipelines = tuple(pipelines)
    narrow = {p.path: p.paths for p in pipelines if p.paths}
    if not narrow:
        return {}
    code = modules(files, paths)
    found = {path: frozenset(f for f in code if _matches(f, patterns)) for path, patterns in narrow.items()}
    for path, above in upstream.items():
        if path not in narrow and above and all(parent in found for parent in above):
            found[path] = frozenset().union(*(found[parent] for parent in above))
    return found if code else {}


def modules(files: Mapping[str, FileFacts], paths: Paths) -> list[str]:
    """The Python files of the project's own code: what a pipeline has to guard. Notebooks are rarely run by one."""
    return [path for path, file in files.items() if file.python and paths.role(path) is Role.CODE]


def _matches(path: str, patterns: Iterable[str]) -> bool:
    """GitHub's filter: patterns in their order, the last that matches decides, `!` takes back."""
    inside = False
    for pattern in patterns:
        if _regex(pattern.removeprefix("!")).fullmatch(path):
            inside = not pattern.startswith("!")
    return inside


def _regex(pattern: str) -> re.Pattern[str]:
    """`**/` any folders or none, `**` anything, `*` anything but a slash; the rest as it stands."""
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(words.get(part) or re.escape(part) for part in parts))
