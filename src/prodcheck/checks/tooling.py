"""Whether a formatter and a linter look after the code, and whether anything makes sure that they run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prodcheck.facts import Facts
from prodcheck.facts.ci import CiCommand
from prodcheck.model import Evidence, Hit, Kind, Location, Outcome, Strength, ToolUse
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

CREDIT = {Strength.DECLARED: 0.5, Strength.CONFIGURED: 0.7, Strength.USED: 0.7, Strength.ENFORCED: 1.0}
"""What a linter or type checker is worth: one that nothing runs is forgotten within weeks."""
FORMATTER_CREDIT = {**CREDIT, Strength.DECLARED: 0.6, Strength.CONFIGURED: 0.6, Strength.USED: 0.6}
LAYOUT = 0.4
"""What a check of the layout is worth where a formatter is asked for: people still do its work by hand."""
OFF = 0.2
"""Credit of a linter that is told to report nothing."""

_HOW = {
    Strength.DECLARED: "is a dependency but has no settings and is not run by a hook or by CI",
    Strength.CONFIGURED: "is set up but not run by a hook or by CI",
    Strength.USED: "can be run by hand but is not run by a hook or by CI",
    Strength.ENFORCED: "is run by a hook or by CI",
}
_SERVICES = ("sonarqube", "code-climate", "deepsource", "codacy", "qodana", "trunk")
"""Hosted linters: a file in the repository is all that can be seen of them."""
_HINTS = ("typing-marker", "runtime-types")
"""Signs of type hints that are no type checker."""
_SYNTAX_ONLY = lazy_regex(r"--select[= ]?[\"']?(?:E9|F63|F7|F82|,)+[\"']?(?:\s|$)")


@dataclass(frozen=True)
class Use:
    """The best use of a topic: which tool, how strongly, where."""

    name: str
    strength: Strength
    evidence: tuple[Evidence, ...]
    tool: str = ""

    @property
    def reason(self) -> str:
        """The use as a clause: how far the tool is in place."""
        if self.tool in _SERVICES and self.strength is Strength.CONFIGURED:
            return f"{self.name} is set up; whether it runs cannot be seen here"
        if self.tool in _HINTS:
            return "there are type hints but no type checker"
        return f"{self.name} {_HOW[self.strength]}"


def no_formatter(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """How firmly an automatic formatter is in place."""
    best = _best(facts, "formatter", "format")
    if best is None:
        layout = next((u for u in facts.stack if u.tool == "pycodestyle" and u.strength is Strength.ENFORCED), None)
        if layout is not None:
            return Outcome(LAYOUT, layout.evidence[:2], reason="pycodestyle checks the layout, no formatter makes it")
        if ".editorconfig" in facts.files:
            place = Location(".editorconfig")
            return Outcome(OFF, (Evidence("editor settings", place),), reason="no formatter; only an .editorconfig")
        return Outcome(0.0, reason="no formatter is configured, declared or run")
    score = FORMATTER_CREDIT[best.strength]
    if best.strength is Strength.CONFIGURED and not _declared(facts, "formatter"):
        score = 0.5  # settings left from a template: nothing installs or runs the tool
    return Outcome(score, best.evidence, reason=best.reason)


def no_linter(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """How firmly a linter is in place; in libraries and services a fifth of it is for a type checker."""
    best = _best(facts, "linter", "lint")
    types = _best(facts, "type-checker", "type")
    linted = CREDIT[best.strength] if best else 0.0
    evidence = best.evidence if best else ()
    said = [best.reason if best else "no linter is configured, declared or run"]
    off = list(_switched_off(facts))
    if best and off:
        linted = OFF
        said = [f"{best.name} is told to report nothing ({off[0].location})"]
    elif best and best.strength is Strength.ENFORCED and _syntax_errors_only(facts):
        linted = CREDIT[Strength.CONFIGURED]
        said = [f"{best.name} looks for syntax errors only"]
    if facts.project.kind not in (Kind.LIBRARY, Kind.SERVICE):
        return Outcome(linted, evidence, tuple(off), said[0])
    checked = CREDIT[types.strength] if types else 0.0
    evidence += types.evidence if types else ()
    said.append(types.reason if types else "no type checker")
    score = 0.8 * linted + 0.2 * checked
    if score >= 0.9995:
        said = [f"{best.name if best else ''} and {types.name if types else ''} are run by a hook or by CI"]
    return Outcome(score, evidence, tuple(off), "; ".join(said))


def _best(facts: Facts, topic: str, verb: str) -> Use | None:
    """The strongest recognised tool of a topic, where a blocking command of CI counts like a hook."""
    found = (use for use in facts.stack if use.topic == topic)
    uses = sorted(found, key=lambda use: (use.tool in _HINTS, -use.strength))
    commands = facts.ci.having(verb)
    if uses and uses[0].strength is Strength.ENFORCED:
        if not commands or any(command.blocking for command in commands) or not _from_ci_only(uses[0].evidence):
            return _use(uses[0], uses[0].strength)
        return _use(uses[0], Strength.USED)  # CI runs it and ignores what it says
    if commands:
        command = next((one for one in commands if one.blocking), commands[0])
        return Use(
            uses[0].name if uses else _tool(command),
            Strength.ENFORCED if command.blocking else Strength.USED,
            (Evidence(f"CI runs {command.text[:60]}", _place(command), Strength.ENFORCED),),
        )
    return _use(uses[0], uses[0].strength) if uses else None


def _use(found: ToolUse, strength: Strength) -> Use:
    return Use(found.name, strength, found.evidence[:2], found.tool)


def _from_ci_only(evidence: Iterable[Evidence]) -> bool:
    strong = [e for e in evidence if e.strength is Strength.ENFORCED]
    return all(e.detail.startswith("CI runs") for e in strong)


def _declared(facts: Facts, topic: str) -> bool:
    uses = [use for use in facts.stack if use.topic == topic]
    return any(e.strength is not Strength.CONFIGURED for use in uses for e in use.evidence)


def _tool(command: CiCommand) -> str:
    return f"`{command.argv[0].rpartition('/')[2]}`" if command.argv else "a command"


def _place(command: CiCommand) -> Location:
    place = command.chain[-1].location if command.chain else None
    return place or Location(command.pipeline)


def _syntax_errors_only(facts: Facts) -> bool:
    """True when the linting that blocks selects nothing but syntax errors, as a starter workflow of GitHub does."""
    lints = [c for c in facts.ci.having("lint") if c.blocking and "--exit-zero" not in c.argv]
    linters = [use for use in facts.stack if use.topic == "linter"]
    hooks = any(evidence.detail.startswith("has id") for use in linters for evidence in use.evidence)
    return bool(lints) and not hooks and all(_SYNTAX_ONLY.search(c.text) for c in lints)


def _switched_off(facts: Facts) -> Iterable[Hit]:
    """Settings that leave a linter nothing to say."""
    for path, key in ((".flake8", "flake8"), ("setup.cfg", "flake8"), ("tox.ini", "flake8")):
        table = _table(facts, path, key)
        ignored = table.get("ignore", table.get("extend-ignore", ""))
        words = re.split(r"[\s,]+", str(ignored))
        if {"E", "F", "W"} <= set(words):
            yield Hit(Location(path), f"flake8 in {path} ignores E, F and W", identity="off")
    for path, key in (("pyproject.toml", "tool.ruff.lint"), ("ruff.toml", "lint"), (".ruff.toml", "lint")):
        table = _table(facts, path, key)
        if table.get("select") == [] and not table.get("extend-select"):
            yield Hit(Location(path), f"Ruff in {path} selects no rule", identity="off")


def _table(facts: Facts, path: str, key: str) -> Mapping[str, object]:
    file = facts.files.get(path)
    value: object = file.document.root if file and file.document else None
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
