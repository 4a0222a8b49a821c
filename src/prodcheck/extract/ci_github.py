"""GitHub Actions (also Gitea and Forgejo): workflows and composite actions."""

from __future__ import annotations

import re
from dataclasses import replace

from prodcheck.extract.ci_model import Job, Node, Pairs, Pipeline, Step, combinations, expand, root
from prodcheck.extract.yaml import load_all
from prodcheck.patterns import lazy_regex

_MATRIX = lazy_regex(r"\$\{\{\s*(?:matrix|env)\.([\w.-]+)\s*\}\}")
_EVENTS = {
    "push": "push",
    "pull_request": "pull_request",
    "pull_request_target": "pull_request",
    "merge_group": "pull_request",
    "release": "tag",
    "schedule": "schedule",
    "workflow_dispatch": "manual",
    "workflow_call": "call",
}
_PR_TYPES = frozenset({"opened", "synchronize", "reopened", "ready_for_review", "edited"})


def workflow(path: str, data: bytes) -> Pipeline | None:
    """One file of `.github/workflows`; None when it holds no jobs and no problem."""
    stream = load_all(data)
    top = root(stream)
    if not top.get("jobs").is_map:
        if stream.problem:
            return Pipeline(path, "github", problem=stream.problem)
        return None
    triggers, upstream = _triggers(top.get("on"))
    context = _Context(top)
    return Pipeline(
        path,
        "github",
        name=top.get("name").text,
        triggers=triggers,
        jobs=tuple(_job(name, node, context, triggers) for name, node in top.get("jobs").items() if node.is_map),
        problem=stream.problem,
        parameters=_defaults(top.get("on", "workflow_call", "inputs")),
        upstream=upstream,
        line=top.get("on").line,
        paths=_paths(top.get("on")),
    )


def action(path: str, data: bytes) -> Pipeline | None:
    """A composite action; None for actions in other languages."""
    top = root(load_all(data))
    runs = top.get("runs")
    if not runs.get("steps").is_list:
        return None
    steps = tuple(step for node in runs.get("steps") if node.is_map for step in _steps(node, _Context(top), None))
    job = Job("action", runs.line, steps)
    return Pipeline(
        path,
        "github-action",
        name=top.get("name").text,
        jobs=(job,),
        helper=True,
        parameters=_defaults(top.get("inputs")),
    )


def _defaults(inputs: Node) -> Pairs:
    return tuple((name, node.get("default").text) for name, node in inputs.items())


def _triggers(on: Node) -> tuple[frozenset[str], tuple[str, ...]]:
    """Triggers, and the names of workflows that start this one."""
    found: set[str] = set()
    upstream: tuple[str, ...] = ()
    events = dict(on.items()) if on.is_map else {name: on.get(name) for name in on.strings()}
    for event, options in events.items():
        if event == "push" and options.is_map:
            branches = any(options.has(key) for key in ("branches", "branches-ignore"))
            tags = any(options.has(key) for key in ("tags", "tags-ignore"))
            found |= {"tag"} if tags and not branches else {"push", "tag"} if tags else {"push"}
        elif event in ("pull_request", "pull_request_target") and options.get("types").exists:
            found.add("pull_request" if _PR_TYPES & set(options.get("types").strings()) else "other")
        elif event == "workflow_run":
            upstream = options.get("workflows").strings()
            found.add("other")
        else:
            found.add(_EVENTS.get(event, "other"))
    return frozenset(found), upstream


def _paths(on: Node) -> tuple[str, ...]:
    """Path filters of a workflow that runs on changes; empty when one of its events lets every change through."""
    changes = [on.get(event) for event in ("push", "pull_request", "pull_request_target") if on.has(event)]
    filters = [options.get("paths").strings() if options.is_map else () for options in changes]
    return tuple(dict.fromkeys(p for each in filters for p in each)) if all(filters) else ()


class _Context:
    """Defaults that a workflow or job gives to its steps."""

    def __init__(self, top: Node, parent: _Context | None = None) -> None:
        run = top.get("defaults", "run")
        self.shell: str = run.get("shell").text or (parent.shell if parent else "")
        self.directory: str = run.get("working-directory").text or (parent.directory if parent else "")
        self.env: dict[str, str] = {**(parent.env if parent else {}), **dict(top.get("env").pairs())}
        self.windows = "windows" in " ".join(top.get("runs-on").strings()).lower()


def _job(name: str, node: Node, parent: _Context, triggers: frozenset[str]) -> Job:
    context = _Context(node, parent)
    allowed = restrict(node.get("if").text, triggers)
    steps = tuple(step for child in node.get("steps") if child.is_map for step in _steps(child, context, triggers))
    environment = node.get("environment")
    matrix = _matrix(node.get("strategy", "matrix"))
    return Job(
        name,
        node.line,
        expand(steps, [{**context.env, **values} for values in matrix or [{}]], _MATRIX),
        needs=node.get("needs").strings(),
        uses=node.get("uses").text,
        blocking=node.get("continue-on-error").value is not True,
        disabled=allowed is not None and not allowed,
        triggers=allowed,
        environment=environment.text or environment.get("name").text,
        inputs=node.get("with").pairs(),
    )


def _steps(node: Node, context: _Context, triggers: frozenset[str] | None) -> tuple[Step, ...]:
    run, uses = node.get("run"), node.get("uses")
    if not run.text and not uses.text:
        return ()
    shell = node.get("shell").text or context.shell or ("pwsh" if context.windows else "")
    name = shell.split()[0].rpartition("/")[2] if shell else "bash"
    allowed = restrict(node.get("if").text, triggers) if triggers is not None else None
    disabled = (allowed is not None and not allowed) or _never(node.get("if").text)
    step = Step(
        node.line,
        uses=uses.text,
        inputs=node.get("with").pairs(),
        blocking=node.get("continue-on-error").value is not True,
        disabled=disabled,
        directory=node.get("working-directory").text or context.directory,
        env=tuple({**context.env, **dict(node.get("env").pairs())}.items()),
        triggers=allowed,
    )
    if uses.text:
        return (replace(step, directory=node.get("working-directory").text),)
    custom = "{0}" in shell
    return (
        replace(
            step,
            line=run.text_line,
            run=run.text,
            shell=name if name in ("pwsh", "powershell", "cmd", "python") else "bash",
            # The bare default is `bash -e`, the word `bash` adds pipefail, a template is taken as it is written.
            errexit=bool(re.search(r"\s-\w*e", shell)) if custom else name in ("bash", "sh"),
            pipefail="pipefail" in shell if custom else shell == "bash",
        ),
    )


def _matrix(node: Node) -> list[dict[str, str]]:
    """Combinations of the job's matrix; entries of `include` extend those they match, or stand alone."""
    axes: dict[str, list[str]] = {}
    nested: dict[str, list[dict[str, str]]] = {}
    for name, values in node.items():
        if name in ("include", "exclude"):
            continue
        plain = [value.text for value in values if not value.is_map]
        if values.is_list and plain:
            axes[name] = plain
        nested[name] = [_flat(value, name) for value in values if value.is_map]
    rows = combinations(axes) if axes else []
    for entries in nested.values():
        rows = [{**row, **entry} for row in rows or [{}] for entry in entries][:60] if entries else rows
    for extra in node.get("include"):
        added = _flat(extra, "")
        keys = [key for key in added if key in axes]
        matches = [row for row in rows if keys and all(row.get(key) == added[key] for key in keys)]
        for row in matches:
            row.update(added)
        if not matches:
            rows.append(added)
    return rows


def _flat(node: Node, prefix: str) -> dict[str, str]:
    """Scalars of a nested mapping under dotted names."""
    out: dict[str, str] = {}
    for key, value in node.items():
        name = f"{prefix}.{key}" if prefix else key
        if value.is_map:
            out.update(_flat(value, name))
        elif not value.is_list:
            out[name] = value.text
    return out


_BRANCH = lazy_regex(r"github\.ref(?:_name)?\s*==\s*'|startsWith\(\s*github\.ref\s*,\s*'refs/heads")
_TAG = lazy_regex(
    r"^startsWith\(\s*github\.(?:event\.)?ref\s*,\s*'refs/tags|github\.ref_type\s*==\s*'tag'|^github\.event\.release"
)


def restrict(condition: str, triggers: frozenset[str]) -> frozenset[str] | None:
    """Triggers that an `if:` lets through; None when it says nothing about them."""
    if not condition:
        return None
    if _never(condition):
        return frozenset()
    if "call" in triggers:  # a reusable workflow sees the event of its caller
        triggers = triggers | {"push", "pull_request", "tag", "schedule", "manual", "other"}
    text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", condition.strip(), flags=re.DOTALL)
    allowed: set[str] = set()
    restricted = False
    for part in re.split(r"\|\|", text.replace("\n", " ")):
        inner = set(triggers | {"push", "tag", "pull_request"})
        for atom in part.split("&&"):
            choice = _atom(atom.strip(" ()"), atom)
            if choice is not None:
                restricted = True
                inner &= choice
        allowed |= inner
    if not restricted:
        return None
    # A tag push is a push to GitHub: keep `tag` where the workflow listens to pushes without a filter.
    return frozenset(allowed & (triggers | ({"tag"} if "push" in triggers else set())))


def _atom(atom: str, raw: str) -> frozenset[str] | None:
    everything = frozenset({"push", "pull_request", "tag", "schedule", "manual", "call", "other"})
    event = re.search(r"github\.event_name\s*(==|!=)\s*['\"](\w+)['\"]", atom)
    if event:
        named = frozenset({_EVENTS.get(event.group(2), "other")})
        if "push" in named:
            named |= {"tag"}
        return named if event.group(1) == "==" else everything - named
    if raw.strip(" (").startswith("!"):
        return None
    if _TAG.search(atom):
        return frozenset({"tag"})
    return everything - {"pull_request"} if _BRANCH.search(atom) else None


def _never(condition: str) -> bool:
    return condition.replace("${{", "").replace("}}", "").strip().lower() in ("false", "0", "never()")
