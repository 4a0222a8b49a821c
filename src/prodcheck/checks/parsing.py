"""Whether the code can be read at all: files that no current Python parses, notebooks that Jupyter cannot open."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Hit, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex

_DELIBERATE = lazy_regex(
    r"(?:^|/)(?:data|testdata|test_data|test-data|fixtures?|resources?|cases|snippets|samples?|corpus|snapshots?|inputs?|"
    r"invalid|broken|bad|syntax_errors?)/",
    re.IGNORECASE,
)
"""Folders of tests that hold broken code on purpose."""


def unparsable_code(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Share of the project's own Python files and notebooks that cannot be parsed."""
    good, newer, hits = 0, [], []
    for path, file in facts.files.items():
        role = facts.role(path)
        if role in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE) or (role is Role.TEST and _DELIBERATE.search(path)):
            continue
        softer = Severity.MINOR if role in (Role.DOCS, Role.TEST) else None
        if file.notebook is not None:
            if file.notebook.problem_kind in ("", "lfs-pointer"):
                good += file.notebook.problem_kind == ""
            else:
                place = Location(path)
                hits.append(Hit(place, f"{path} {file.notebook.problem}", identity="notebook", severity=softer))
        elif file.python is not None:
            kind = file.python.problem_kind
            if not kind or kind == "too-deep" or "notebook magics" in file.python.problem:
                good += 1
            elif kind == "newer":
                newer.append(path)
            elif kind != "template":
                place = Location(path, line=file.python.problem_line)
                hits.append(Hit(place, f"{path} {file.python.problem}", identity=kind, severity=softer))
    total = good + len(hits)
    if not total:
        if newer:
            return Outcome.unknown(f"{newer[0]} may need a newer Python than the one prodcheck runs on")
        return Outcome.not_applicable("no Python code")
    if not hits:
        return Outcome(1.0, reason=f"{total} of {total} Python files and notebooks parse")
    score: float = 0.5 ** (len(hits) / max(1.0, total / 20))
    return Outcome(score, hits=tuple(hits), reason=f"{len(hits)} of {total} Python files and notebooks do not parse")
