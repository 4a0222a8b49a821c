"""CI of the clouds, and Jenkins: Google Cloud Build, AWS CodeBuild and CodeCatalyst, Jenkinsfiles."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

from prodcheck.extract.ci_model import Job, Node, Pipeline, Step, root, script_steps
from prodcheck.extract.text import decode
from prodcheck.extract.yaml import load_all
from prodcheck.patterns import lazy_regex

_BOTH = frozenset({"push", "pull_request"})


def cloud_build(path: str, data: bytes) -> Pipeline | None:
    """Google Cloud Build: containers run one after the other. The trigger is on the server; a push is the usual one."""
    stream = load_all(data)
    top = root(stream)
    steps: list[Step] = []
    for node in top.get("steps"):
        text, line = _cloud_step(node)
        if text:
            blocking = node.get("allowFailure").value is not True
            directory = node.get("dir").text
            steps.append(Step(line, run=text, blocking=blocking, directory=directory, errexit=False))
    if not steps and not stream.problem:
        return None
    jobs = (Job("build", top.get("steps").line, tuple(steps)),) if steps else ()
    return Pipeline(path, "cloudbuild", triggers=frozenset({"push"}), jobs=jobs, problem=stream.problem)


def is_cloud_build(data: bytes) -> bool:
    """Tells a Cloud Build file of another name by its steps: containers with arguments, and nothing of Kubernetes."""
    top = root(load_all(data))
    steps = [node for node in top.get("steps") if node.is_map]
    images = [node for node in steps if "/" in node.get("name").text or "$" in node.get("name").text]
    keys = ("args", "entrypoint", "script")
    return bool(images) and not top.has("apiVersion") and any(node.has(key) for node in images for key in keys)


def _cloud_step(node: Node) -> tuple[str, int]:
    """Shell text of a step: its script, or its entry point with the arguments; `$$` is a dollar for the shell."""
    if node.get("script").text:
        return node.get("script").text, node.get("script").text_line
    arguments = node.get("args").strings()
    image = node.get("name").text.split("@")[0].split(":")[0]
    entry = node.get("entrypoint").text
    if entry.rpartition("/")[2] in ("bash", "sh") and len(arguments) > 1 and arguments[0].startswith("-"):
        inner = list(node.get("args"))[-1]
        prefix = "set -e\n" if "e" in arguments[0] else ""
        line = inner.text_line - prefix.count("\n")
        return prefix + inner.text.replace("$$", "$"), line
    programs = {"gcr.io/cloud-builders/docker": "docker", "gcr.io/cloud-builders/kubectl": "kubectl"}
    program = entry or programs.get(image) or image.rpartition("/")[2].replace("cloud-sdk", "gcloud")
    if image.startswith("gcr.io/kaniko"):
        return "docker build --push", node.line
    return " ".join([program, *(shlex.quote(a) for a in arguments)]).strip(), node.line


def code_build(path: str, data: bytes) -> Pipeline | None:
    """AWS CodeBuild. A failing command ends its phase; `finally` does not change the outcome."""
    stream = load_all(data)
    top = root(stream)
    steps: list[Step] = []
    for name, phase in top.get("phases").items():
        ignored = phase.get("on-failure").text.upper() == "CONTINUE" or name == "post_build_finally"
        commands = [(n.text_line, n.text) for n in phase.get("commands") if n.text]
        steps += script_steps(commands, Step(phase.line, blocking=not ignored, env=top.get("env", "variables").pairs()))
    if not steps:
        return Pipeline(path, "codebuild", problem=stream.problem) if stream.problem else None
    job = Job("build", top.get("phases").line, tuple(steps))
    return Pipeline(path, "codebuild", triggers=frozenset({"push"}), jobs=(job,), problem=stream.problem)


def code_catalyst(path: str, data: bytes) -> Pipeline | None:
    stream = load_all(data)
    top = root(stream)
    jobs = []
    for name, action in top.get("Actions").items():
        rows = [(n.get("Run").text_line, n.get("Run").text) for n in action.get("Configuration", "Steps")]
        steps = script_steps([row for row in rows if row[1]], Step(action.line))
        jobs.append(Job(name, action.line, steps, action.get("DependsOn").strings()))
    known = {"PUSH": "push", "PULLREQUEST": "pull_request", "SCHEDULE": "schedule"}
    triggers = frozenset(known.get(t.get("Type").text.upper(), "other") for t in top.get("Triggers")) or {"manual"}
    if not jobs:
        return None
    return Pipeline(path, "codecatalyst", triggers=frozenset(triggers), jobs=tuple(jobs), problem=stream.problem)


# Jenkins ------------------------------------------------------------------------------------------------------------

_STEP = lazy_regex(
    r"\b(sh|bat|powershell|pwsh)\b\s*\(?\s*(?:label\s*:\s*(?:'[^']*'|\"[^\"]*\")\s*,\s*)?(?:script\s*:\s*)?"
    r"('''|\"\"\"|'|\")"
)
_STAGE = lazy_regex(r"\bstage\s*\(?\s*['\"]([^'\"]+)['\"]")
MAX_JENKINS = 300_000
_TOKEN = lazy_regex(r"'''|\"\"\"|'|\"|/\*|//|\n|\\\\.?", re.DOTALL)


def _without_comments(text: str) -> str:
    """Groovy without comments, line for line, in one pass over its quotes."""
    out: list[str] = []
    place, quote = 0, ""
    while match := _TOKEN.search(text, place):
        word = match.group()
        out.append(text[place : match.end()])
        place = match.end()
        if quote:
            quote = "" if word == quote or (word == "\n" and len(quote) == 1) else quote
        elif word in ("/*", "//"):
            out[-1] = out[-1][: -len(word)]
            end = text.find("*/" if word == "/*" else "\n", place)
            end = len(text) if end < 0 else end + (2 if word == "/*" else 0)
            out.append("\n" * text.count("\n", place, end))
            place = end
        elif word[0] in "'\"":
            quote = word
    return "".join(out) + text[place:]


def jenkins(path: str, data: bytes) -> Pipeline | None:
    """A Jenkinsfile, declarative or scripted, read by patterns: `stage` and `sh` in the order of the text."""
    text = decode(data).replace("\r\n", "\n")
    text = _without_comments("\n".join(row[:2_000] for row in text[:MAX_JENKINS].split("\n")))
    if not re.search(r"\b(?:pipeline|node|stage)\b\s*(?:\(.*?\))?\s*\{|\bstage\s*\(|@Library|\bnode\b", text):
        return None
    marks: list[tuple[int, str, re.Match[str] | None]] = [(m.start(), m.group(1), None) for m in _STAGE.finditer(text)]
    marks += [(m.start(), m.group(1), m) for m in _STEP.finditer(text)]
    steps: dict[str, list[Step]] = {}
    lines: dict[str, int] = {}
    stage = "build"
    for position, name, match in sorted(marks, key=lambda mark: mark[0]):
        if match is None:
            stage = name
            lines.setdefault(stage, text.count("\n", 0, position) + 1)
            continue
        step = _jenkins_step(text, match)
        if step:
            lines.setdefault(stage, step.line)
            steps.setdefault(stage, []).append(step)
    jobs = []
    for index, (name, found) in enumerate(list(steps.items())[:200]):
        waits = tuple(list(steps)[:index])
        jobs.append(Job(name, lines[name], tuple(found), waits, triggers=_jenkins_when(text, name)))
    remote = [
        (text.count("\n", 0, m.start()) + 1, m.group(1)) for m in re.finditer(r"@Library\(\s*['\"]([^'\"]+)['\"]", text)
    ]
    triggers = set(_BOTH)
    if re.search(r"\bcron\s*\(", text):
        triggers.add("schedule")
    if not jobs and not remote:
        return Pipeline(path, "jenkins", triggers=frozenset(triggers))
    return Pipeline(path, "jenkins", triggers=frozenset(triggers), jobs=tuple(jobs), remote=tuple(remote))


def _jenkins_step(text: str, match: re.Match[str]) -> Step | None:
    quote, start = match.group(2), match.end()
    end = start
    while end < len(text) and not text.startswith(quote, end):
        end += 2 if text[end] == "\\" else 1
        if len(quote) == 1 and end < len(text) and text[end] == "\n":
            return None
    body = text[start:end]
    if quote in ('"', "'"):
        body = body.replace("\\" + quote, quote).replace("\\\\", "\\")
    tail = text[end : end + 80].split("\n", 1)[0]
    head = text[max(0, match.start() - 200) : match.start()]
    call = text[match.start() : end] + tail
    blocking = "returnStatus: true" not in call and not re.search(r"catchError\s*(?:\([^)]*\))?\s*\{[^}]*$", head)
    line = text.count("\n", 0, start) + 1
    # Jenkins starts `sh -xe`; a line of its own interpreter (#!) takes that away.
    shell = {"sh": "bash", "bat": "cmd"}.get(match.group(1), match.group(1))
    return Step(line, run=body, blocking=blocking, shell=shell, errexit=not body.lstrip().startswith("#!"))


def _jenkins_when(text: str, stage: str) -> frozenset[str] | None:
    """Triggers of a declarative stage with `when { branch / tag / changeRequest }`."""
    match = re.search(rf"stage\s*\(?\s*['\"]{re.escape(stage)}['\"]\s*\)?\s*\{{(.{{0,400}}?)\bsteps\b", text, re.DOTALL)
    block = match.group(1) if match else ""
    if not re.search(r"\bwhen\s*\{", block):
        return None
    if re.search(r"\bbuildingTag\b|\btag\s+['\"(]", block):
        return frozenset({"tag"})
    if re.search(r"\bchangeRequest\b", block):
        return frozenset({"pull_request"})
    return frozenset({"push", "schedule"}) if re.search(r"\bbranch\s+['\"]", block) else None


READERS: Mapping[str, Callable[[str, bytes], Pipeline | None]] = {
    "jenkins": jenkins,
    "cloudbuild": cloud_build,
    "codebuild": code_build,
    "codecatalyst": code_catalyst,
}
