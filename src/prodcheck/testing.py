"""Run the examples inside rule files and tool signatures: the tests of a rule live where the rule lives."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from prodcheck.config import Config
from prodcheck.engine import run
from prodcheck.extract.run import extract_all
from prodcheck.extract.secrets.samples import KINDS, sample
from prodcheck.facts import Facts
from prodcheck.facts.signatures import Signature
from prodcheck.model import Example, GitState, Result, Rule
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass
from prodcheck.repository.memory import CLONED, MemoryRepository
from prodcheck.rules import Ruleset
from prodcheck.suppress import Suppressions

SECRETS = tuple(KINDS)
"""What may stand in `${secret:...}`; the token is assembled only when the example runs."""
_PLACEHOLDER = lazy_regex(r"\$\{secret:([\w-]+)\}")


@dataclass(frozen=True)
class ExampleResult:
    """How one example went. `problem` is empty when it went as expected."""

    owner: str
    example: str
    problem: str


def fill(text: str) -> str:
    """The text with every `${secret:KIND}` replaced by a made-up token of that kind."""
    return _PLACEHOLDER.sub(lambda match: sample(match[1]), text)


def file_bytes(content: object) -> bytes:
    """Bytes of one file of an example: plain text, or a mapping that says how to make it. Raises ValueError."""
    if isinstance(content, str):
        return fill(content).encode("utf-8", "surrogateescape")
    if content is None:
        return b""
    if isinstance(content, Mapping) and len(content) == 1:
        how, value = next(iter(content.items()))
        if how == "text":
            return fill(str(value)).encode()
        if how == "lines":
            return "".join(f"x_{i} = {i}\n" for i in range(1, int(str(value)) + 1)).encode()
        if how == "size":
            return (b"0123456789abcde\n" * (int(str(value)) // 16 + 1))[: int(str(value))]
        if how == "utf-16":
            return fill(str(value)).encode("utf-16")
        if how == "base64":
            return base64.b64decode(str(value))
        if how == "notebook" and isinstance(value, list):
            return notebook_bytes(value)
    raise ValueError(f"cannot make a file from {content!r}; write text, or one of text, lines, size, notebook, base64")


def notebook_bytes(cells: list[Any]) -> bytes:
    """A notebook file from a list of cells, each `{code: ...}` or `{markdown: ...}`.

    A code cell may have `outputs` (texts, or whole output mappings), `count` and `tags`. A plain string is a code cell.
    """
    made = []
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, str):
            cell = {"code": cell}
        source = fill(str(cell.get("code", cell.get("markdown", ""))))
        node: dict[str, Any] = {"metadata": {"tags": list(cell.get("tags", []))}, "source": source.splitlines(True)}
        if "code" in cell:
            outputs = [
                json.loads(fill(json.dumps(output)))
                if isinstance(output, Mapping)
                else {"output_type": "stream", "name": "stdout", "text": fill(str(output)).splitlines(True)}
                for output in cell.get("outputs", [])
            ]
            node.update(cell_type="code", execution_count=cell.get("count", number), outputs=outputs)
        else:
            node.update(cell_type="markdown")
        made.append(node)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(book, indent=1, ensure_ascii=False) + "\n").encode()


def repository(files: Mapping[str, object], git: Mapping[str, object] | None = None) -> MemoryRepository:
    """An in-memory repository from an example's files and what it says about git. Raises ValueError."""
    state = CLONED
    if git is not None:
        values: dict[str, Any] = dict(git)
        allowed = {f.name for f in fields(GitState)}
        for key in values:
            if key not in allowed:
                raise ValueError(f"git: unknown key {key!r}; allowed: {', '.join(sorted(allowed))}")
        if "remotes" in values:
            values["remotes"] = tuple((str(n), str(u)) for n, u in values["remotes"])
        base = CLONED if values.get("state", "ok") == "ok" else GitState()
        state = replace(base, **values)
    links = {path: str(c["link"]) for path, c in files.items() if isinstance(c, Mapping) and "link" in c}
    made = {path: file_bytes(content) for path, content in files.items() if path not in links}
    return MemoryRepository(made, git=state, links=links)


def run_example(rule: Rule, example: Example, ruleset: Ruleset) -> ExampleResult:
    """Run one rule, with its prerequisites, on one of its examples and compare."""
    try:
        result = result_of(rule, example, ruleset)
    except ValueError as problem:
        return ExampleResult(rule.id, example.name, str(problem))
    if result.status is not example.expect:
        said = f"expected {example.expect.value}, got {result.status.value}"
        found = "; ".join(f"{f.location or 'repository'}: {f.message}" for f in result.findings)
        return ExampleResult(
            rule.id, example.name, f"{said} ({result.reason or 'no reason'}){': ' * bool(found)}{found}"
        )
    places = {str(f.location) for f in result.findings} | {f.location.path for f in result.findings if f.location}
    lacking = [place for place in example.at if place not in places]
    if lacking:
        return ExampleResult(rule.id, example.name, f"no finding at {', '.join(lacking)}; found {sorted(places)}")
    return ExampleResult(rule.id, example.name, "")


def result_of(rule: Rule, example: Example, ruleset: Ruleset) -> Result:
    """The result of a rule on one of its examples. Raises ValueError for an example that cannot be made."""
    config = Config(kind=example.kind, stage=example.stage)
    repo = repository(example.files, example.git)
    extraction = extract_all(repo)
    if extraction.errors:
        raise ValueError(f"prodcheck failed on {extraction.errors[0].where}: {extraction.errors[0].message}")
    facts = Facts(repo, extraction, config, ruleset.signatures)
    needed = _with_requires(rule, ruleset)
    results, errors = run(needed, facts, Suppressions(config, facts.files))
    if errors:
        raise ValueError(f"{errors[0].where}: {errors[0].message}")
    return next(r for r in results if r.rule.id == rule.id)


def _with_requires(rule: Rule, ruleset: Ruleset) -> list[Rule]:
    found: dict[str, Rule] = {}

    def add(one: Rule) -> None:
        if one.id not in found:
            found[one.id] = one
            for needed in one.requires:
                parent = ruleset.rule(needed)
                if parent:
                    add(parent)

    add(rule)
    return list(found.values())


def run_signature_example(signature: Signature, number: int, ruleset: Ruleset) -> ExampleResult:
    """Recognise one tool in one of its own examples and compare the strength."""
    example = signature.examples[number]
    name = str(example.get("name", f"example {number + 1}"))
    owner = f"{signature.topic}/{signature.tool}"
    git = example.get("git")
    try:
        repo = repository(dict(_mapping(example["files"])), dict(_mapping(git)) if git else None)
    except ValueError as wrong:
        return ExampleResult(owner, name, str(wrong))
    facts = Facts(repo, extract_all(repo), Config(), ruleset.signatures)
    uses = {(use.topic, use.tool): use.strength.label for use in facts.stack}
    got = uses.get((signature.topic, signature.tool), "none")
    problem = "" if got == example["expect"] else f"expected {example['expect']}, got {got}"
    return ExampleResult(owner, name, problem)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping, not {value!r}")
    return value
