"""Azure DevOps Pipelines: pipelines and the templates they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from prodcheck.extract.ci_model import Includes, Job, Node, Pairs, Pipeline, Step, expand, root
from prodcheck.extract.yaml import load_all
from prodcheck.patterns import lazy_regex

_BODY = ("steps", "jobs", "stages", "extends")
_STARTS = ("trigger", "pr", "schedules", "pool")
_KEYS = frozenset(
    "name trigger pr schedules pool resources variables parameters stages jobs steps extends strategy container "
    "services workspace appendCommitMessageToRunName lockBehavior timeoutInMinutes continueOnError dependsOn "
    "condition".split()
)
_VARIABLE = lazy_regex(r"\$\(([\w.]+)\)")
_SHELLS = {"script": "bash", "bash": "bash", "pwsh": "pwsh", "powershell": "powershell"}


def pipeline(path: str, data: bytes, named: bool) -> Pipeline | None:
    """One file; None when its keys are not those of Azure Pipelines. `named` says that its path speaks of them."""
    stream = load_all(data)
    top = root(stream)
    if not any(top.get(key).is_list or (key == "extends" and top.get(key).is_map) for key in _BODY):
        return Pipeline(path, "azure", problem=stream.problem) if stream.problem and named else None
    if not _is_azure(top):
        return None
    includes = Includes()
    jobs = tuple(_body(top, includes, "", ()))
    resources = any(top.get("resources").has(key) for key in ("repositories", "pipelines", "containers", "webhooks"))
    starts = resources or any(top.has(key) for key in _STARTS)
    return Pipeline(
        path,
        "azure",
        name=top.get("name").text,
        triggers=_triggers(top),
        jobs=jobs,
        remote=tuple(includes.remote),
        local_includes=tuple(includes.local),
        problem=stream.problem,
        helper=not starts and not re.search(r"azure[-_]?pipelines?[^/]*\.ya?ml$", path, re.IGNORECASE),
        parameters=_parameters(top.get("parameters")),
        line=top.get("trigger").line if top.has("trigger") else 1,
    )


def _is_azure(top: Node) -> bool:
    """Tells Azure Pipelines from other files with `steps:` or `jobs:` by the words of their steps."""
    if any(key not in _KEYS and not key.startswith("${{") for key, _ in top.items()):
        return False
    if top.get("extends").is_map and top.get("extends", "template").text:
        return True
    words = {"task", "script", "bash", "pwsh", "powershell", "template", "checkout", "download", "publish"}
    containers = {"job", "deployment", "template", "stage"}
    for key in ("steps", "jobs", "stages"):
        for item in top.get(key):
            keys = {k for k, _ in item.items()}
            if key == "steps" and keys & words and not keys & {"run", "uses", "image"}:
                return True
            if key != "steps" and (keys & containers or any(k.startswith("${{") for k in keys)):
                return True
    return False


def _triggers(top: Node) -> frozenset[str]:
    found: set[str] = set()
    trigger, pr = top.get("trigger"), top.get("pr")
    if trigger.text != "none":
        tags, branches = trigger.get("tags").exists, trigger.get("branches").exists
        found |= {"tag"} if tags and not branches else {"push", "tag"} if tags else {"push"}
    # Without `pr:` GitHub still validates pull requests, Azure Repos does not: only what is written counts.
    if top.has("pr") and pr.text != "none":
        found.add("pull_request")
    if top.get("schedules").is_list:
        found.add("schedule")
    for source in top.get("resources", "pipelines"):
        if source.has("trigger") and source.get("trigger").text != "none":
            found.add("other")
    return frozenset(found or {"manual"})


def _parameters(node: Node) -> Pairs:
    if node.is_map:
        return node.pairs()
    return tuple((p.get("name").text, p.get("default").text) for p in node if p.get("name").text)


def _flatten(node: Node) -> Iterator[Node]:
    """Items of a list, with the bodies of `${{ if }}:` and `${{ each }}:` put in their place."""
    for item in node:
        keys = [key for key, _ in item.items()]
        if keys and all(key.startswith("${{") for key in keys):
            for key in keys:
                yield from _flatten(item.get(key))
        else:
            yield item


def _body(node: Node, includes: Includes, prefix: str, needs: tuple[str, ...]) -> Iterator[Job]:
    """Jobs of a pipeline, stage or template, whichever of the three levels it is written at."""
    if node.get("extends").is_map:
        yield _template(node.get("extends"), includes, prefix, needs)
    if node.get("steps").is_list:
        steps = tuple(_steps(node.get("steps"), includes, node))
        yield Job(prefix + (node.get("job").text or "job"), node.get("steps").line, steps, needs)
    for job in _flatten(node.get("jobs")):
        yield from _job(job, includes, prefix, needs, node)
    previous: tuple[str, ...] = ()
    for stage in _flatten(node.get("stages")):
        name = stage.get("stage").text
        depends = _depends(stage, "") if stage.has("dependsOn") else previous
        if stage.get("template").text:
            yield _template(stage, includes, "", depends)
            continue
        disabled = _condition(stage.get("condition").text)
        for inner in _body(stage, includes, f"{name}/", depends):
            yield replace(
                inner,
                triggers=inner.triggers if disabled is None else disabled,
                disabled=inner.disabled or disabled == frozenset(),
            )
        previous = (name,)


def _depends(node: Node, prefix: str) -> tuple[str, ...]:
    return tuple(prefix + name for name in node.get("dependsOn").strings())


def _template(node: Node, includes: Includes, prefix: str, needs: tuple[str, ...]) -> Job:
    target = node.get("template")
    _note(target, includes)
    return Job(
        f"{prefix}{target.text}", target.line, uses=target.text, needs=needs, inputs=node.get("parameters").pairs()
    )


def _note(target: Node, includes: Includes) -> None:
    remote = "@" in target.text and not target.text.endswith("@self")
    (includes.remote if remote else includes.local).append((target.line, target.text))


def _job(node: Node, includes: Includes, prefix: str, needs: tuple[str, ...], parent: Node) -> Iterator[Job]:
    own = needs + _depends(node, prefix)
    if node.get("template").text:
        yield _template(node, includes, prefix, own)
        return
    name = node.get("job").text or node.get("deployment").text or "job"
    steps = list(_steps(node.get("steps"), includes, node, parent))
    for strategy in ("runOnce", "rolling", "canary"):
        phases = node.get("strategy", strategy)
        for phase in ("preDeploy", "deploy", "routeTraffic", "postRouteTraffic"):
            steps += _steps(phases.get(phase, "steps"), includes, node, parent)
        steps += _steps(phases.get("on", "success", "steps"), includes, node, parent)
    environment = node.get("environment")
    allowed = _condition(node.get("condition").text)
    legs = [
        {**dict(leg.pairs()), **{k.upper(): v for k, v in leg.pairs()}}
        for _, leg in node.get("strategy", "matrix").items()
    ]
    if legs:
        steps = [replace(s, env=(*s.env, *leg.items())) for leg in legs[:40] for s in expand(steps, [leg], _VARIABLE)]
    yield Job(
        f"{prefix}{name}",
        node.line,
        tuple(dict.fromkeys(steps)),
        needs=own,
        blocking=node.get("continueOnError").value is not True,
        disabled=allowed == frozenset(),
        triggers=allowed,
        environment=environment.text or environment.get("name").text,
    )


def _variables(*nodes: Node) -> dict[str, str]:
    out: dict[str, str] = {}
    for node in reversed(nodes):
        variables = node.get("variables")
        pairs = (
            variables.pairs() if variables.is_map else [(v.get("name").text, v.get("value").text) for v in variables]
        )
        out.update({name: value for name, value in pairs if name and value})
    return out


def _steps(steps: Node, includes: Includes, *owners: Node) -> Iterator[Step]:
    variables = _variables(*owners)
    env = tuple((name.upper().replace(".", "_"), value) for name, value in variables.items())
    for node in _flatten(steps):
        if not node.is_map:
            continue
        made = _step(node, includes)
        if made is None:
            continue
        allowed = _condition(node.get("condition").text)
        step = replace(
            made,
            blocking=node.get("continueOnError").value is not True,
            disabled=node.get("enabled").value is False or allowed == frozenset(),
            env=env + node.get("env").pairs(),
            triggers=allowed,
        )
        yield from expand([step], [variables], _VARIABLE)


def _step(node: Node, includes: Includes) -> Step | None:
    if node.get("template").text:
        _note(node.get("template"), includes)
        return Step(node.line, uses="template:" + node.get("template").text, inputs=node.get("parameters").pairs())
    for key, shell in _SHELLS.items():
        body = node.get(key)
        if body.text:
            # Azure starts no shell with -e: only the last command of a script decides.
            directory = node.get("workingDirectory").text
            return Step(body.text_line, run=body.text, shell=shell, directory=directory, errexit=False)
    task = node.get("task").text
    if not task:
        return None
    inputs = node.get("inputs")
    step = Step(node.line, uses=task, inputs=inputs.pairs(), directory=inputs.get("workingDirectory").text)
    name = task.partition("@")[0].lower()
    shells = {"powershell": "powershell", "azurepowershell": "powershell", "pythonscript": "python"}
    for key in ("script", "inlineScript", "Inline"):
        body = inputs.get(key)
        if body.text and inputs.get("targetType").text.lower() != "filepath":
            shell = shells.get(name, "bash")
            return replace(step, line=body.text_line, run=body.text, uses="", shell=shell, errexit=False)
    path = inputs.get("filePath").text or inputs.get("scriptPath").text
    if path:
        arguments = inputs.get("arguments").text or inputs.get("args").text
        program = {"pythonscript": "python", "powershell": "pwsh"}.get(name, "bash")
        return replace(step, run=f"{program} {path} {arguments}".strip(), uses="", errexit=True)
    return step


def _condition(text: str) -> frozenset[str] | None:
    """Triggers that a `condition:` lets through; None when it says nothing about them."""
    flat = text.replace(" ", "").lower()
    if flat in ("false", "never()", "eq(1,0)"):
        return frozenset()
    if "startswith(variables['build.sourcebranch'],'refs/tags" in flat and "not(startswith" not in flat:
        return frozenset({"tag"})
    if "eq(variables['build.reason'],'pullrequest')" in flat and "not(eq" not in flat:
        return frozenset({"pull_request"})
    if (
        "ne(variables['build.reason'],'pullrequest')" in flat
        or "eq(variables['build.sourcebranch'],'refs/heads/" in flat
    ):
        return frozenset({"push", "schedule", "manual"})
    if "eq(variables['build.reason'],'schedule')" in flat:
        return frozenset({"schedule"})
    return None
