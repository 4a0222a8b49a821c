"""CircleCI: jobs, reusable commands with parameters, workflows with their order and filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from prodcheck.extract.ci_model import Job, Node, Read, Step, combinations, expand
from prodcheck.patterns import lazy_regex

_BOTH = frozenset({"push", "pull_request"})
_PARAMETER = lazy_regex(r"<<\s*(?:parameters|matrix)\.([\w-]+)\s*>>")
MAX_COMMANDS = 500
"""Reusable commands put into one job: they may multiply each other."""
_KNOWN_ORBS = lazy_regex(r"(?:circleci|codecov|aws|gcp|slack|heroku|kubernetes|docker|azure|sonarcloud)")
"""Orbs whose jobs are known, or that run nothing of interest."""


def read(top: Node) -> Read:
    """The jobs that the workflows call, with the parameters they are given."""
    triggers = _BOTH
    remote = [(n.line, n.text) for _, n in top.get("orbs").items() if n.text and not _KNOWN_ORBS.match(n.text)]
    workflows = [(n, w) for n, w in top.get("workflows").items() if w.is_map and w.get("jobs").is_list]
    commands = dict(top.get("commands").items())
    jobs: list[Job] = []
    if not workflows:
        plain = [(name, node) for name, node in top.get("jobs").items() if node.is_map]
        jobs = [_job(name, node, commands, {}, (), None) for name, node in plain]
        return jobs, triggers, remote
    for workflow, node in workflows:
        scheduled = any(t.get("schedule").exists for t in node.get("triggers"))
        base = frozenset({"schedule"}) if scheduled else None
        for item in node.get("jobs"):
            for name, options in item.items() if item.is_map else [(item.text, item)]:
                jobs += _call(workflow, name, options, top, commands, base)
    return jobs, triggers, remote


def _call(
    workflow: str, name: str, options: Node, top: Node, commands: Mapping[str, Node], base: frozenset[str] | None
) -> Iterator[Job]:
    definition = top.get("jobs", name)
    needs = tuple(f"{workflow}/{n}" for n in options.get("requires").strings())
    given = options.get("name").text or name
    if options.get("type").text == "approval":
        yield Job(f"{workflow}/{given}", options.line, needs=needs, triggers=base)
        return
    filters = options.get("filters")
    allowed = base
    if filters.get("tags").exists and filters.get("branches", "ignore").exists:
        allowed = frozenset({"tag"})
    if not definition.is_map:  # a job of an orb
        step = Step(options.line, uses=name, inputs=options.pairs())
        yield Job(f"{workflow}/{given}", options.line, (step,), needs, triggers=allowed)
        return
    matrix = {key: list(value.strings()) for key, value in options.get("matrix", "parameters").items()}
    for values in combinations(matrix) if matrix else [{}]:
        inputs = {key: _put(text, values) for key, text in options.pairs()}
        job = _job(given, definition, commands, {**inputs, **values}, needs, allowed)
        yield replace(job, id=f"{workflow}/{given}")


def _put(text: str, values: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda match: values.get(match.group(1), match.group()), text)


def _job(
    name: str, node: Node, commands: Mapping[str, Node], values: Mapping[str, str], needs: tuple[str, ...],
    triggers: frozenset[str] | None,
) -> Job:  # fmt: skip
    defaults = {key: value.get("default").text for key, value in node.get("parameters").items()}
    directory = node.get("working_directory").text
    env = node.get("environment").pairs()
    steps = _steps(node.get("steps"), commands, {**defaults, **values}, [MAX_COMMANDS])
    inside = "" if directory.startswith(("~", "/")) else directory
    steps = [replace(s, directory=s.directory or inside, env=env + s.env) for s in steps]
    return Job(name, node.line, tuple(steps), needs, triggers=triggers)


def _steps(
    steps: Node, commands: Mapping[str, Node], values: Mapping[str, str], budget: list[int], depth: int = 0
) -> list[Step]:
    """Steps with reusable commands put in; `budget` holds how many more of them may be."""
    out: list[Step] = []
    for item in steps:
        for name, body in item.items() if item.is_map else [(item.text, item)]:
            if name == "run":
                command = body if body.text else body.get("command")
                if command.text and body.get("when").text != "on_fail":
                    directory = body.get("working_directory").text
                    out.append(Step(command.text_line, run=command.text, directory=directory, pipefail=True))
            elif name in ("when", "unless"):
                out += _steps(body.get("steps"), commands, values, budget, depth)
            elif name in commands and depth < 6 and budget[0] > 0:
                budget[0] -= 1
                command = commands[name]
                defaults = {key: value.get("default").text for key, value in command.get("parameters").items()}
                given = {**defaults, **(dict(body.pairs()) if item.is_map else {})}
                out += _steps(command.get("steps"), commands, given, budget, depth + 1)
            elif "/" in name:
                out.append(Step(item.line, uses=name, inputs=body.pairs() if item.is_map else ()))
    return list(expand(out, [values], _PARAMETER))
