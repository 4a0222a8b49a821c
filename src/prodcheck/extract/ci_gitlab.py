"""GitLab CI: the main file and the files it includes. Inheritance across files is resolved where all are known."""

from __future__ import annotations

import re
from dataclasses import replace

from prodcheck.extract.ci_model import Includes, Job, Node, Pairs, Pipeline, Step, combinations, root, script_steps
from prodcheck.extract.yaml import load_all
from prodcheck.patterns import lazy_regex

_GLOBAL = frozenset(
    "default include stages variables workflow image services cache before_script after_script types spec".split()
)
_SECTIONS = ("before_script", "script", "after_script")
_SECURITY = lazy_regex(
    r"(?:Security|SAST|Secret-Detection|Dependency-Scanning|Container-Scanning|License|Code-Quality)"
)
_REFS = {
    "merge_requests": "pull_request",
    "external_pull_requests": "pull_request",
    "tags": "tag",
    "schedules": "schedule",
    "web": "manual",
    "api": "other",
    "triggers": "other",
    "pipelines": "other",
    "branches": "push",
    "pushes": "push",
}
_SOURCES = {
    "merge_request_event": "pull_request",
    "external_pull_request_event": "pull_request",
    "push": "push",
    "schedule": "schedule",
    "web": "manual",
}


def pipeline(path: str, data: bytes, main: bool) -> Pipeline | None:
    """One file; None when it holds nothing of GitLab CI. `main` is the file that GitLab itself starts from."""
    stream = load_all(data)
    for index, document in enumerate(stream.documents):  # a `spec:` header may come first
        if isinstance(document, dict) and "spec" not in document:
            prefix = str(index) if len(stream.documents) > 1 else ""
            return _pipeline(path, Node(stream, document, prefix), main, stream.problem)
    if main and (stream.problem or isinstance(root(stream).value, dict)):
        return Pipeline(path, "gitlab", problem=stream.problem, helper=not main)
    return None


def _pipeline(path: str, top: Node, main: bool, problem: str) -> Pipeline | None:
    includes = Includes()
    _includes(top.get("include"), includes)
    jobs = tuple(
        _job(name, node, top) for name, node in top.items() if name not in _GLOBAL and node.is_map and _is_job(node)
    )
    if not jobs and not includes.local and not includes.remote and not main:
        return None
    stages = top.get("stages").strings()
    for job in jobs:
        if job.uses:
            includes.local.append((job.line, job.uses))
    workflow = _rules(top.get("workflow", "rules"))
    triggers = frozenset(t for job in jobs if not job.hidden for t in (job.triggers or {"push"}))
    if workflow is not None:
        triggers = frozenset(workflow)
    return Pipeline(
        path,
        "gitlab",
        triggers=triggers,
        jobs=jobs,
        remote=tuple(includes.remote),
        local_includes=tuple(includes.local),
        problem=problem,
        helper=not main,
        stages=(".pre", *stages, ".post") if stages else (),
    )


def _is_job(node: Node) -> bool:
    return any(node.has(key) for key in ("script", "extends", "trigger", "run", "stage", *_SECTIONS))


def _includes(node: Node, includes: Includes) -> None:
    for item in node:
        if not item.is_map:
            target = item.text
            (includes.remote if "://" in target else includes.local).append((item.line, target))
            continue
        if item.get("local").text:
            includes.local.append((item.line, item.get("local").text))
        for kind in ("project", "remote", "component"):
            if item.get(kind).text:
                files = ", ".join(item.get("file").strings())
                includes.remote.append((item.line, f"{item.get(kind).text} {files}".strip()))
        template = item.get("template").text
        if template and not _SECURITY.search(template):
            includes.remote.append((item.line, template))


def _job(name: str, node: Node, top: Node) -> Job:
    env = {**dict(top.get("variables").pairs()), **dict(node.get("variables").pairs())}
    template = Step(node.line, env=tuple(env.items()), pipefail=True)
    steps: list[Step] = []
    for section in _SECTIONS:
        body = node.get(section)
        if not node.has(section) and section != "script" and name[:1] != ".":
            inherit = node.get("inherit", "default").value is not False
            default = top.get("default", section)
            body = (default if default.exists else top.get(section)) if inherit else body
            # An inherited default gives way to what `extends` brings: it is kept under its own section name.
            steps += _section(body, replace(template, section=f"default:{section}", blocking=section != "after_script"))
            continue
        if node.has(section):
            blocking = section != "after_script"
            steps += _section(body, replace(template, section=section, blocking=blocking)) or [
                replace(template, section=section, line=body.line)
            ]
    for axes in node.get("parallel", "matrix"):
        values = {key: list(value.strings()) for key, value in axes.items()}
        rows: list[Pairs] = [tuple(row.items()) for row in combinations(values)]
        steps = [replace(s, env=s.env + row) for row in rows for s in steps][:400] if values else steps
        break
    triggers, manual = _job_triggers(node)
    allow = node.get("allow_failure")
    child = node.get("trigger", "include")
    return Job(
        name,
        node.line,
        tuple(steps),
        needs=_needs(node.get("needs")),
        uses=child.text or child.get("local").text or next((c.get("local").text for c in child if c.is_map), ""),
        blocking=allow.value is False or (allow.value is not True and not manual),
        disabled=node.get("when").text == "never" or (triggers is not None and not triggers),
        triggers=triggers,
        environment=node.get("environment").text or node.get("environment", "name").text,
        extends=node.get("extends").strings(),
        hidden=name.startswith("."),
        stage=node.get("stage").text or ("" if node.get("extends").exists else "test"),
    )


def _needs(node: Node) -> tuple[str, ...]:
    """Explicit needs; `("-",)` for an empty list, which means: do not wait for earlier stages."""
    if not node.exists:
        return ()
    return tuple(n.text or n.get("job").text for n in node if n.text or n.get("job").text) or ("-",)


def _section(node: Node, template: Step) -> list[Step]:
    """A script: lines, nested lists, and `!reference [job, script]`, which is resolved later."""
    out: list[Step] = []
    pending: list[tuple[int, str]] = []

    def flush() -> None:
        out.extend(script_steps(pending, template))
        pending.clear()

    def visit(item: Node) -> None:
        if item.tag == "!reference":
            flush()
            out.append(replace(template, line=item.line, uses="!reference " + " ".join(item.strings())))
        elif item.is_list:
            for child in item:
                visit(child)
        elif item.text:
            pending.append((item.text_line, item.text))

    if node.exists:
        visit(node)
    flush()
    return out


def _job_triggers(node: Node) -> tuple[frozenset[str] | None, bool]:
    """The job's triggers (None: the default, every push), and whether a person has to start it."""
    when = node.get("when").text
    rules = _rules(node.get("rules"))
    if rules is not None:
        manual = rules == {"manual"}
        return frozenset(rules), manual
    if when == "manual":
        return frozenset({"manual"}), True
    only, rejected = _refs(node.get("only")), _refs(node.get("except"))
    if only:
        return frozenset(only - rejected), False
    return (frozenset({"push", "tag"} - rejected) if rejected & {"push", "tag"} else None), False


def _refs(node: Node) -> set[str]:
    refs = node.get("refs") if node.is_map else node
    return {_REFS.get(ref, "push") for ref in refs.strings()}


def _rules(node: Node) -> set[str] | None:
    if not node.is_list:
        return None
    found: set[str] = set()
    for rule in node:
        if rule.tag == "!reference" or not rule.is_map:
            found.add("push")
            continue
        when = rule.get("when").text
        if when == "never":
            continue
        if when == "manual":
            found.add("manual")
            continue
        found |= _condition(rule.get("if").text)
    return found


def _condition(text: str) -> set[str]:
    if not text:
        return {"push", "pull_request"}
    found = {
        _SOURCES.get(source, "other") for source in re.findall(r"\$CI_PIPELINE_SOURCE\s*==\s*['\"](\w+)['\"]", text)
    }
    if re.search(r"\$CI_COMMIT_TAG(?!\s*==\s*null)", text) and not re.search(r"!\s*\$CI_COMMIT_TAG", text):
        found.add("tag")
    if "$CI_MERGE_REQUEST" in text:
        found.add("pull_request")
    if re.search(r"\$CI_COMMIT_(?:BRANCH|REF_NAME|REF_SLUG)|\$CI_DEFAULT_BRANCH", text) and not found:
        found.add("push")
    return found or {"other"}
