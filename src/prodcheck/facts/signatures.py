"""How one ecosystem tool is recognised: the data of `rules/tools/`, typed."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.model import Strength
from prodcheck.records import dataclass


@dataclass(frozen=True)
class Mark:
    """One way to recognise a tool, and the strength of evidence it gives.

    `what` is file, key, text, dependency, import, call, define (a function or class at the top of a module), command,
    remote, lfs-pointer or flavour (of a Python file); `pattern` is its argument. A call may ask for an argument:
    `wandb.Artifact(type=dataset)`, `*.option("versionAsOf")`. `files` limits any mark to paths (a glob); `also` is a
    further condition on the same file (a regular expression).
    """

    what: str
    pattern: str
    strength: Strength
    files: str = ""
    also: str = ""


@dataclass(frozen=True)
class Signature:
    """One tool of one topic."""

    topic: str
    tool: str
    name: str
    marks: tuple[Mark, ...]
    url: str = ""
    examples: tuple[Mapping[str, object], ...] = ()
    source: str = ""
    line: int = 0
