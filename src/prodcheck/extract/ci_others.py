"""The smaller YAML formats, one function each.

Travis, Bitbucket, Buildkite, Drone, Woodpecker, AppVeyor, Cirrus, Semaphore and pre-commit.ci.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from prodcheck.extract import ci_circle
from prodcheck.extract.ci_model import Job, Node, Pairs, Pipeline, Read, Step, root, script_steps
from prodcheck.extract.yaml import load_all

_BOTH = frozenset({"push", "pull_request"})


def read(provider: str, path: str, data: bytes) -> Pipeline | None:
    """One file of a provider; None when it holds no job and no problem."""
    stream = load_all(data)
    jobs: list[Job] = []
    triggers: frozenset[str] = _BOTH
    remote: list[tuple[int, str]] = []
    for index, document in enumerate(stream.documents):
        if isinstance(document, dict):
            top = Node(stream, document, str(index) if len(stream.documents) > 1 else "")
            more, triggers, unknown = _READERS[provider](top)
            jobs += more
            remote += unknown
    if not jobs and not remote and not stream.problem:
        return None
    return Pipeline(
        path,
        provider,
        triggers=triggers if not jobs else frozenset(t for j in jobs for t in (j.triggers or triggers)),
        jobs=tuple(jobs),
        remote=tuple(remote),
        problem=stream.problem,
        helper=provider == "buildkite" and not _is_buildkite(root(stream)),
    )


def _lines(node: Node) -> Iterator[tuple[int, str]]:
    """Script lines of a string or of a list of strings, nested lists included."""
    for item in node:
        if item.is_list:
            yield from _lines(item)
        elif item.text:
            yield item.text_line, item.text


# Travis -------------------------------------------------------------------------------------------------------------

_TRAVIS_PHASES = "before_install install before_script script after_success after_script before_deploy".split()
_TRAVIS_DEPLOY = {
    "pypi": "twine upload",
    "heroku": "heroku deploy",
    "releases": "gh release create",
    "pages": "mkdocs gh-deploy",
}


def _travis(top: Node) -> Read:
    includes = top.get("jobs", "include") if top.get("jobs").exists else top.get("matrix", "include")
    env = _travis_env(top.get("env"))
    steps = tuple(_travis_steps(top, top, env))
    jobs = []
    extra = [node for node in includes if node.is_map]
    own = not extra or top.get("env").exists or any(top.get(key).is_list for key in ("python", "os"))
    if own or not any(node.has("script") or node.has("env") for node in extra):
        jobs.append(Job("build", top.get("script").line if top.has("script") else 1, steps, triggers=_travis_if(top)))
    stages: dict[str, list[str]] = {}
    for index, node in enumerate(extra):
        name = node.get("name").text or node.get("stage").text or f"job {index + 1}"
        stage = node.get("stage").text or (list(stages)[-1] if stages else "test")
        waits = tuple(job for other, names in stages.items() if other != stage for job in names)
        own_steps = tuple(_travis_steps(node, top, [*env[:1], *_travis_env(node.get("env"))] or env))
        jobs.append(Job(f"{name} #{index + 1}", node.line, own_steps, waits, triggers=_travis_if(node)))
        stages.setdefault(stage, []).append(f"{name} #{index + 1}")
    return jobs, _BOTH, []


def _travis_if(node: Node) -> frozenset[str] | None:
    condition = node.get("if").text
    if "type = cron" in condition or "type IN (cron" in condition:
        return frozenset({"schedule"})
    if "type = pull_request" in condition:
        return frozenset({"pull_request"})
    return frozenset({"tag"}) if re.search(r"tag IS present|^tag =~", condition) else None


def _travis_env(node: Node) -> list[Pairs]:
    """Environments of the build matrix, each line one."""
    found: list[Pairs] = []
    for item in [*node.get("global"), *node.get("matrix"), *node.get("jobs")] if node.is_map else list(node):
        text = item.text
        if text:
            found.append(tuple(re.findall(r"(\w+)=(?:[\"']?)([^\"'\s]*)", text)))
        elif item.is_map and not item.has("secure"):
            found.append(item.pairs())
    if node.is_map and not found:
        found.append(node.pairs())
    return found


def _travis_steps(node: Node, top: Node, env: list[Pairs]) -> Iterator[Step]:
    """Every line of a phase runs; `after_*` never fails a build."""
    for values in env[:20] or [()]:
        for phase in _TRAVIS_PHASES:
            body = node.get(phase) if node.has(phase) else top.get(phase)
            blocking = not phase.startswith("after")
            template = Step(body.line, blocking=blocking, env=values, errexit=False)
            # A failing line of `script` does not stop the next, but it fails the build: each is a script of its own.
            for line, text in _lines(body):
                first = re.match(r"cd\s", text)
                yield from script_steps([(line, text)], replace(template, errexit=bool(first)))
    for deploy in [*(node.get("deploy") if node.has("deploy") else top.get("deploy"))]:
        text = _TRAVIS_DEPLOY.get(deploy.get("provider").text, deploy.get("script").text)
        if text:
            yield Step(deploy.line, run=text, triggers=frozenset({"tag" if deploy.get("on", "tags").value else "push"}))


# Bitbucket, Buildkite, Drone, Woodpecker ----------------------------------------------------------------------------


def _bitbucket(top: Node) -> Read:
    jobs: list[Job] = []
    kinds = {"default": "push", "branches": "push", "pull-requests": "pull_request", "tags": "tag", "custom": "manual"}
    for section, trigger in kinds.items():
        body = top.get("pipelines", section)
        groups = [("default", body)] if section == "default" else list(body.items())
        for name, steps in groups:
            previous: tuple[str, ...] = ()
            for index, node in enumerate(_bitbucket_steps(steps)):
                job = f"{section}/{name}/{index}"
                script = [*_lines(node.get("script"))]
                pipes = [
                    Step(item.line, uses=item.get("pipe").text) for item in node.get("script") if item.get("pipe").text
                ]
                made = script_steps(script, Step(node.line))
                manual = node.get("trigger").text == "manual"
                triggers = frozenset({"manual" if manual else trigger})
                jobs.append(Job(job, node.line, (*made, *pipes), previous, triggers=triggers))
                previous = (*previous, job)
    return jobs, _BOTH, []


def _bitbucket_steps(node: Node) -> Iterator[Node]:
    for item in node:
        if item.get("step").is_map:
            yield item.get("step")
        for key in ("parallel", "stage"):
            inner = item.get(key)
            yield from _bitbucket_steps(inner.get("steps") if inner.is_map else inner)


def _is_buildkite(top: Node) -> bool:
    words = {"command", "commands", "plugins", "wait", "block", "label", "group", "trigger"}
    return any(item.text == "wait" or {k for k, _ in item.items()} & words for item in top.get("steps"))


def _buildkite(top: Node) -> Read:
    jobs: list[Job] = []
    before: tuple[str, ...] = ()
    current: tuple[str, ...] = ()

    def visit(steps: Node) -> None:
        nonlocal before, current
        for node in steps:
            if node.text == "wait" or node.has("wait") or node.has("block"):
                before, current = (*before, *current), ()
            elif node.get("steps").is_list:
                visit(node.get("steps"))
            elif node.is_map:
                name = node.get("key").text or node.get("label").text or f"step {len(jobs) + 1}"
                body = node.get("commands") if node.has("commands") else node.get("command")
                steps_ = script_steps(_lines(body), Step(node.line))
                blocking = node.get("soft_fail").value in (None, False)
                needs = node.get("depends_on").strings() or before
                jobs.append(Job(name, node.line, steps_, needs, blocking=blocking))
                current = (*current, name)

    visit(top.get("steps"))
    return jobs, _BOTH, []


_DRONE_EVENTS = {
    "push": "push",
    "pull_request": "pull_request",
    "tag": "tag",
    "cron": "schedule",
    "custom": "manual",
    "manual": "manual",
}


def _drone_triggers(node: Node) -> frozenset[str] | None:
    events = node.get("event")
    names = (events.get("include") if events.is_map else events).strings()
    if not names:
        return None
    return frozenset(_DRONE_EVENTS.get(name, "other") for name in names)


def _drone(top: Node) -> Read:
    """One document of a Drone file is one pipeline."""
    allowed = _drone_triggers(top.get("trigger"))
    name = top.get("name").text or "default"
    if top.get("kind").exists and top.get("kind").text != "pipeline":
        return [], _BOTH, []
    steps = top.get("steps") if top.has("steps") else top.get("pipeline")
    return _container_jobs(steps, name, allowed, top.get("depends_on").strings()), _BOTH, []


def _woodpecker(top: Node) -> Read:
    when = top.get("when")
    allowed: frozenset[str] | None = None
    for condition in when:
        allowed = (allowed or frozenset()) | (_drone_triggers(condition) or _BOTH)
    steps = top.get("steps") if top.has("steps") else top.get("pipeline")
    return _container_jobs(steps, "pipeline", allowed, ()), _BOTH, []


def _container_jobs(steps: Node, name: str, allowed: frozenset[str] | None, needs: tuple[str, ...]) -> list[Job]:
    """Steps that run one after the other, each in a container: one job."""
    made: list[Step] = []
    items = [node for _, node in steps.items()] if steps.is_map else list(steps)
    for node in items:
        when = node.get("when")
        own: frozenset[str] | None = None
        for condition in when if when.is_list else [when]:
            own = (own or frozenset()) | (_drone_triggers(condition) or frozenset()) or None
        if own is not None and allowed is not None:
            own &= allowed
        blocking = node.get("failure").text != "ignore"
        template = Step(node.line, blocking=blocking, triggers=own)
        made += script_steps(_lines(node.get("commands")), template)
        if not node.has("commands") and node.get("image").text:
            uses = node.get("image").text.partition(":")[0]
            made.append(replace(template, uses=uses, inputs=node.get("settings").pairs()))
    return [Job(name, steps.line, tuple(made), needs, triggers=allowed)] if made else []


# AppVeyor, Cirrus, Semaphore, pre-commit.ci -------------------------------------------------------------------------


def _appveyor(top: Node) -> Read:
    steps: list[Step] = []
    for phase in "init install before_build build_script after_build before_test test_script after_test".split():
        for item in top.get(phase):
            shells = {"cmd": "cmd", "ps": "powershell", "sh": "bash", "pwsh": "pwsh"}
            found = [(shell, item.get(key)) for key, shell in shells.items() if item.get(key).text]
            for shell, body in found or ([("cmd", item)] if item.text else []):
                steps.append(Step(body.text_line, run=body.text, shell=shell))
    if not steps:
        return [], _BOTH, []
    values = [item.pairs() for item in top.get("environment", "matrix") if item.is_map]
    steps = [replace(s, env=env) for env in values[:20] or [()] for s in steps]
    line = top.get("test_script").line if top.has("test_script") else 1
    return [Job("build", line, tuple(steps))], _BOTH, []


def _cirrus(top: Node) -> Read:
    jobs: list[Job] = []
    for name, node in top.items():
        if name != "task" and not name.endswith("_task"):
            continue
        steps: list[Step] = []
        for key, body in node.items():
            if key == "script" or key.endswith("_script"):
                steps += script_steps(_lines(body), Step(body.line))
        title = node.get("alias").text or node.get("name").text or name.removesuffix("_task")
        blocking = node.get("allow_failures").value is not True
        jobs.append(Job(title, node.line, tuple(steps), node.get("depends_on").strings(), blocking=blocking))
    return jobs, _BOTH, []


def _semaphore(top: Node) -> Read:
    jobs: list[Job] = []
    previous: tuple[str, ...] = ()
    for block in top.get("blocks"):
        name = block.get("name").text or f"block {len(jobs) + 1}"
        prologue = [*_lines(top.get("global_job_config", "prologue", "commands"))]
        prologue += _lines(block.get("task", "prologue", "commands"))
        needs = block.get("dependencies").strings() if block.has("dependencies") else previous
        for job in block.get("task", "jobs"):
            lines = [*prologue, *_lines(job.get("commands"))]
            title = f"{name}/{job.get('name').text or len(jobs)}"
            env = tuple((v.get("name").text, v.get("value").text) for v in job.get("env_vars"))
            jobs.append(Job(title, job.line, script_steps(lines, Step(job.line, env=env)), needs))
        previous = (name,)
    return jobs, _BOTH, []


def _pre_commit_ci(top: Node) -> Read:
    """The hosted service, where the file says that it is used."""
    if not top.get("ci").is_map or not top.get("repos").is_list:
        return [], _BOTH, []
    skipped = ",".join(top.get("ci", "skip").strings())
    line = top.get("ci").line
    step = Step(line, run="pre-commit run --all-files", env=(("SKIP", skipped),))
    return [Job("pre-commit.ci", line, (step,))], _BOTH, []


_READERS: Mapping[str, Callable[[Node], Read]] = {
    "travis": _travis,
    "circleci": ci_circle.read,
    "bitbucket": _bitbucket,
    "buildkite": _buildkite,
    "drone": _drone,
    "woodpecker": _woodpecker,
    "appveyor": _appveyor,
    "cirrus": _cirrus,
    "semaphore": _semaphore,
    "pre-commit.ci": _pre_commit_ci,
}
