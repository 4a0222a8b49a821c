"""The bundled rules and tool signatures as JSON: what an installed prodcheck reads in place of a hundred YAML files.

The file is made when the wheel is built (`hatch_build.py`), from the YAML that goes into the same wheel: it cannot be
out of date, and no generated file is in the repository. It leaves the examples out, which are five sixths of the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prodcheck.facts.signatures import Mark, Signature
from prodcheck.model import Cap, Category, Kind, Matcher, Polarity, Rule, Severity, Strength

FILE_NAME = "compiled.json"

Compiled = Mapping[str, list[dict[str, Any]]]


def dump(rules: Iterable[Rule], signatures: Iterable[Signature]) -> str:
    """The text of the file."""
    content = {
        "rules": [vars(rule) | {"examples": ()} for rule in rules],
        "signatures": [vars(signature) | {"examples": (), "marks": _rows(signature)} for signature in signatures],
    }
    return json.dumps(content, default=_plain, ensure_ascii=False, separators=(",", ":")) + "\n"


def _rows(signature: Signature) -> list[tuple[object, ...]]:
    """Marks as rows, which are read in half the time: there are more than a thousand."""
    return [(mark.what, mark.pattern, mark.strength, mark.files, mark.also) for mark in signature.marks]


def _plain(value: object) -> object:
    """Sets as sorted lists, our nouns as their fields; enums are texts or numbers already."""
    return sorted(value) if isinstance(value, frozenset) else vars(value)


def read(folder: Path) -> Compiled | None:
    """The content of the file in a folder of rules; None when it is not there, as in a checkout."""
    try:
        text = (folder / FILE_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    content: Compiled = json.loads(text)
    return content


def rules(compiled: Compiled, scope: str | None = None) -> list[Rule]:
    """The rules, or those of one scope."""
    return [_rule(row) for row in compiled["rules"] if scope in (None, row["scope"])]


def signatures(compiled: Compiled) -> list[Signature]:
    strengths = {strength.value: strength for strength in Strength}
    found = []
    for row in compiled["signatures"]:
        marks = [Mark(what, pattern, strengths[value], *rest) for what, pattern, value, *rest in row["marks"]]
        found.append(Signature(**{**row, "examples": (), "marks": tuple(marks)}))
    return found


def _rule(row: Mapping[str, Any]) -> Rule:
    special = {
        "category": Category(row["category"]),
        "severity": Severity(row["severity"]),
        "polarity": Polarity(row["polarity"]),
        "applies_to": frozenset(map(Kind, row["applies_to"])),
        "requires": tuple(row["requires"]),
        "references": tuple(row["references"]),
        "matcher": _matcher(row["matcher"]),
        "examples": (),
        "cap": row["cap"] and Cap(row["cap"]["ceiling"], frozenset(map(Kind, row["cap"]["kinds"]))),
    }
    return Rule(**{**row, **special})


def _matcher(row: Mapping[str, Any]) -> Matcher:
    return Matcher(row["word"], row["args"], tuple(map(_matcher, row["children"])), row["line"])
