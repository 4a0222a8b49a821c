"""What ready-made actions, tasks, orbs and plugins do, by the table in `ci_actions.tsv`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from prodcheck.patterns import FirstWords, lazy_regex

_SCRIPT_INPUTS = ("run", "command", "cmd")
_PLACEHOLDER = lazy_regex(r"(?:(-[\w-]+):)?\{([\w-]+)(?:\?([^}]*))?\}")


@lru_cache(maxsize=1)
def _table() -> FirstWords[tuple[str, re.Pattern[str], str]]:
    rows = []
    for line in Path(__file__).with_name("ci_actions.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, pattern, *command = line.split("\t")
            row = (kind, lazy_regex(rf"(?:{pattern})(?![\w-])"), command[0] if command else "")
            rows.append((pattern, row))
    return FirstWords(rows)


def command_for(kind: str, name: str, inputs: Mapping[str, str]) -> str | None:
    """The command an action stands for, empty when it is known to do nothing of interest; None when it is not known."""
    plain = name.partition("@")[0].lower()
    for row_kind, pattern, command in _table().of(plain):
        if row_kind == kind and pattern.match(plain):
            return _fill(command, inputs)
    return None


def script_for(inputs: Mapping[str, str]) -> str:
    """Shell text that an action is asked to run, as the retry and display wrappers are."""
    return next((inputs[name] for name in _SCRIPT_INPUTS if inputs.get(name)), "")


def _fill(command: str, inputs: Mapping[str, str]) -> str:
    """The template with inputs put in; an option whose value is missing goes with it."""
    words: list[str] = []
    for word in command.split(" "):
        match = _PLACEHOLDER.fullmatch(word)
        if not match:
            words.append(word)
            continue
        option, name, when_on = match.groups()
        value = " ".join(inputs.get(name, "").split())
        if when_on is not None:
            value = when_on if value and value.lower() != "false" else ""
        words += [w for w in (option, value) if w] if value else []
    return " ".join(words)
