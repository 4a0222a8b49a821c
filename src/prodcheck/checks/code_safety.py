"""Code that is fetched at run time: models of a hub with code in them, `torch.hub`, `curl | sh`, branches of git."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from prodcheck.checks.deserialization import is_fetch, origins_of
from prodcheck.extract.python_model import Call, PythonFacts
from prodcheck.extract.run import FileFacts
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

PINNED, TOOLING, LOOSE, SERVED = 0.7, 0.6, 0.3, 0.0
"""Scores: a fixed revision, a well-known installer in a build, a moving target, a moving target in what serves."""

_COMMIT = lazy_regex(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT_COMMIT = lazy_regex(r"[0-9a-f]{7,64}")
_PIPED = lazy_regex(
    r"(?:\b(?:curl|wget)\b(?P<args>[^|;&\n]{0,500})\|\s*(?:(?:sudo|env)\s+(?:-\S+\s+|\w+=\S*\s+)*)?(?:\S*/)?"
    r"(?P<shell>(?:ba|z|da|k)?sh|(?:python[\d.]*|perl|ruby|node)(?=\s*(?:-(?:\s|$)|[;&|)\"'\n]|$)))\b"
    r"|\b(?:ba|z|da|k)?sh\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)\b(?P<args2>[^)\n]{0,500})\))"
)
_INSTALLERS = lazy_regex(
    r"astral\.sh|rustup\.rs|get\.docker\.com|deb\.nodesource\.com|rpm\.nodesource\.com|install\.python-poetry\.org|"
    r"raw\.githubusercontent\.com/(?:python-poetry/poetry|nvm-sh/nvm|pdm-project|pypa/get-pip|Homebrew/install|"
    r"helm/helm|k3d-io/k3d|aquasecurity/trivy|anchore/\w+|golangci/golangci-lint|pdm-project/\w+|rye-up|kubernetes-sigs|"
    r"terraform-linters|infracost|tj/n|earthly|fluxcd|k3s-io|nextflow-io)|pdm-project\.org|pdm\.fming\.dev|bootstrap\.pypa\.io|"
    r"pixi\.sh|micro\.mamba\.pm|sh\.rustup\.rs|get\.helm\.sh|packages\.microsoft\.com|aka\.ms|get\.k3s\.io|"
    r"get\.pulumi\.com|ollama\.(?:com|ai)|install\.duckdb\.org|cli\.github\.com|codecov\.io|cli\.codecov\.io|"
    r"uploader\.codecov\.io|deno\.land|bun\.sh|get\.pnpm\.io|rye\.astral\.sh|mise\.run|get\.sdkman\.io|nixos\.org|"
    r"install\.determinate\.systems|just\.systems|taskfile\.dev|get\.modular\.com|get-\w+\.nextflow\.io|"
    r"get\.nextflow\.io|dl\.google\.com|sdk\.cloud\.google\.com|get\.airbyte\.com|fly\.io|get\.skaffold\.dev|"
    r"nvidia\.github\.io|install\.lunarvim|starship\.rs|get\.jetify\.com|get\.jetpack\.io|download\.docker\.com|"
    r"install\.citusdata\.com|packagecloud\.io|storage\.googleapis\.com/pub/gsutil|databricks/setup-cli|"
    r"dvc\.org|get\.dagger\.io|dl\.dagger\.io|semgrep\.dev|install\.goreleaser\.com|railway\.app|get\.anchore\.io"
)
"""Hosts of official installers, whose own documentation says to pipe them into a shell."""
_GIT_INSTALL = lazy_regex(r"\bpip[\d.]*\s+install\b[^\n;&|]{0,500}?(git\+(?:https?|ssh|git)://[^\s\"';&|]+)")
_TRUST_OPTION = lazy_regex(r"--trust[-_]remote[-_]code\b(?![= ](?:false|0|no)\b)", re.IGNORECASE)
_STARTS = lazy_regex(
    r"torch\.hub\.load|(?:builtins\.)?(?:exec|eval)|runpy\.run_path|os\.(?:system|popen)|subprocess\.\w+|"
    r"get_ipython\(\)\.system"
)
"""Calls that can start code from elsewhere; `trust_remote_code` is a keyword of any call."""
_COMMENT = lazy_regex(r"^\s*(?:#|//|rem\b|::)", re.IGNORECASE)
_PRINTED = lazy_regex(r"\s*@?(?:echo|printf|print)\s+(?:-\w+\s+)*(?:\"[^\"]*\"|'[^']*'|[^|]*)\s*$")
"""A line that only prints: a pipe inside the quotes is text."""
_SCRIPTS = frozenset("script make just task docker npm compose poe invoke".split())


@dataclass(frozen=True)
class _Found:
    """One place that runs code from elsewhere."""

    score: float
    hit: Hit


def remote_code_trust(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Code fetched at run time: is it a fixed revision, and does it run where predictions are served?"""
    serving = frozenset(e.location.path for e in facts.code.serves if e.location)
    found: list[_Found] = []
    refused: list[Evidence] = []
    trusting = facts.calls.giving(["trust_remote_code"])
    starting = frozenset(facts.calls.files(_STARTS))
    for path, file in facts.files.items():
        if facts.role(path) not in (Role.CODE,):
            continue
        python = file.source
        if python is not None:
            for call in python.calls if path in trusting else ():
                if call.keywords.get("trust_remote_code") is False:
                    refused.append(Evidence(f"{call.method}(trust_remote_code=False)", _place(path, file, call.line)))
            if path in trusting or path in starting:
                found.extend(_in_python(path, file, python, path in serving))
        if file.notebook is not None:
            found.extend(_in_cells(path, file))
        found.extend(_in_scripts(path, file, facts))
    found.extend(_in_ci(facts))
    own = _own_address(facts)
    if own is not None:  # a project that installs itself trusts nobody else
        found = [item for item in found if not own.search(item.hit.detail)]
    if not found:
        if refused:
            return Outcome(1.0, tuple(refused[:5]), reason="remote code is refused explicitly")
        return Outcome.not_applicable("nothing runs code that it fetches at run time")
    worst = min(f.score for f in found)
    places = f"{len(found)} place{'s' * (len(found) != 1)}"
    reason = f"{places} run{'s' * (len(found) == 1)} code fetched at run time"
    hits = _grouped(sorted(found, key=lambda f: f.score))
    confidence = min((f.hit.confidence for f in found if f.score == worst), key=list(Confidence).index)
    return Outcome(worst, tuple(refused[:3]), hits, reason, confidence)


def _own_address(facts: Facts) -> re.Pattern[str] | None:
    """What a `git+` address of the audited repository itself looks like; None without a known remote."""
    found = [re.search(r"[/@]([\w.-]+)[:/]([^:\s]+?)(?:\.git)?/?$", url) for _, url in facts.git.remotes]
    names = [rf"{re.escape(match[1])}[:/]{re.escape(match[2])}" for match in found if match]
    return re.compile(rf"git\+\S*[/@](?:{'|'.join(names)})(?:\.git)?(?=[@\s,]|$)", re.I) if names else None


def _grouped(found: Iterable[_Found]) -> tuple[Hit, ...]:
    """One hit per file for what is told quietly: the same line is often repeated in every job of a workflow."""
    loud: list[Hit] = []
    quiet: dict[tuple[str, float], list[Hit]] = {}
    for item in found:
        if item.hit.severity is None or item.hit.location is None:
            loud.append(item.hit)
        else:
            quiet.setdefault((item.hit.location.path, item.score), []).append(item.hit)
    for group in quiet.values():
        more = f" ({len(group)} such lines in this file)" if len(group) > 1 else ""
        loud.append(replace(group[0], detail=group[0].detail + more, identity=group[0].detail))
    return tuple(dict.fromkeys(loud))


def _place(path: str, file: FileFacts, line: int) -> Location:
    return file.locate(line)


def _in_python(path: str, file: FileFacts, python: PythonFacts, serves: bool) -> Iterator[_Found]:
    calls = tuple(python.calls)
    for index, call in enumerate(calls):
        if "trust_remote_code" not in call.keywords and not _STARTS.fullmatch(call.name):
            continue
        found = _trusting(call) or _hub(call) or _executed(calls, index) or _installed(call) or _shell(call)
        if found is None:
            continue
        score, detail, severity = found
        if serves and score == LOOSE:
            score, detail = SERVED, f"{detail}, in code that serves"
        place = _place(path, file, call.line)
        yield _Found(score, Hit(place, detail, Confidence.HIGH, f"{call.name}:{call.text or ''}", severity))


Verdict = tuple[float, str, Severity | None]


def _trusting(call: Call) -> Verdict | None:
    """`trust_remote_code=True`: the model's repository may run anything, on the day it changes."""
    if call.keywords.get("trust_remote_code") is not True:
        return None
    name = f" {call.text}" if call.text else ""
    if call.text and call.text.startswith((".", "/", "~")):
        return PINNED, f"{call.method} runs the code that lies beside the model{name}", Severity.INFO
    revision = call.keywords.get("code_revision", call.keywords.get("revision"))
    if isinstance(revision, str) and _SHORT_COMMIT.fullmatch(revision):
        return PINNED, f"{call.method} runs code of the hub{name} at a fixed commit", Severity.MINOR
    if revision is ...:
        return PINNED, f"{call.method} runs code of the hub{name} at the revision it is given", Severity.MINOR
    return LOOSE, f"{call.method} runs whatever code the hub{name} holds that day", None


_OFFICIAL_HUBS = lazy_regex(r"(?:pytorch/\w+|facebookresearch/\w+|NVIDIA/\w+)(?::.*)?")


def _hub(call: Call) -> Verdict | None:
    if call.name != "torch.hub.load" or call.keywords.get("source") == "local":
        return None
    if not call.text:
        return None  # a path or repository that somebody passes
    _, _, reference = call.text.partition(":")
    if _COMMIT.fullmatch(reference):
        return PINNED, f"torch.hub.load runs code of {call.text[:60]} at a fixed commit", Severity.MINOR
    return LOOSE, f"torch.hub.load runs whatever code {call.text[:60]} holds that day", None


def _executed(calls: Sequence[Call], index: int) -> Verdict | None:
    """`exec(requests.get(url).text)`."""
    call = calls[index]
    if call.name not in ("exec", "eval", "builtins.exec", "builtins.eval", "runpy.run_path"):
        return None
    if any(is_fetch(c) and c.name != "input" for c in origins_of(calls, index)):
        return SERVED, f"{call.name} runs what it has just downloaded", None
    return None


def _installed(call: Call) -> Verdict | None:
    """`pip install git+https://...` started from Python."""
    if not re.fullmatch(r"os\.(?:system|popen)|subprocess\.\w+|get_ipython\(\)\.system", call.name) or not call.text:
        return None
    return _git_install(call.text)


def _shell(call: Call) -> Verdict | None:
    if not re.fullmatch(r"os\.(?:system|popen)|subprocess\.\w+", call.name) or not call.text:
        return None
    return _pipe(call.text)


def _git_install(text: str) -> Verdict | None:
    match = _GIT_INSTALL.search(text)
    if match is None:
        return None
    url = match[1].partition("#")[0]
    reference = url.rpartition("/")[2].partition("@")[2]
    if _SHORT_COMMIT.fullmatch(reference):
        return None
    shown = re.sub(r"//[^/@]*@", "//", url)[:80]
    if re.match(r"v?\d+(?:\.\d+)+", reference):
        return PINNED, f"pip installs {shown}, a tag that can be moved", Severity.MINOR
    return LOOSE, f"pip installs whatever {shown} holds that day", Severity.MINOR


def _pipe(text: str) -> Verdict | None:
    match = _PIPED.search(text)
    if match is None:
        return None
    given = match["args"] or match["args2"] or ""
    if re.search(r"localhost|127\.0\.0\.1|0\.0\.0\.0", given):
        return None
    address = re.search(r"https?://[^\s\"'|)<>]+", given)
    shown = re.sub(r"//[^/@]*@", "//", address[0])[:80] if address else "a download"
    shell = match["shell"] or "sh"
    if address and _INSTALLERS.search(address[0]):
        return TOOLING, f"{shown} is piped into {shell}: an official installer, never the same twice", Severity.MINOR
    if address and _COMMIT.search(address[0]):
        return PINNED, f"{shown} is piped into {shell} at a fixed commit", Severity.MINOR
    return LOOSE, f"{shown} is piped into {shell}", None


def _in_cells(path: str, file: FileFacts) -> Iterator[_Found]:
    """Shell lines of notebooks: `!curl ... | sh`, `%pip install git+...`."""
    assert file.notebook is not None
    for cell in file.notebook.cells:
        if cell.kind != "code":
            continue
        shell_cell = cell.magic in ("bash", "sh", "script", "shell")
        for number, line in enumerate(cell.source.split("\n"), start=1):
            text = line.strip()
            if not (shell_cell or text.startswith(("!", "%pip", "%sx", "%system"))) or text.startswith("#"):
                continue
            found = _pipe(text) or _git_install(text.lstrip("!%"))
            if found is not None:
                raw = cell.lines[number - 1] if number <= len(cell.lines) else None
                place = Location(path, raw, cell=cell.index, cell_line=number)
                score, detail, severity = found
                yield _Found(score, Hit(place, detail, Confidence.HIGH, detail, severity))


def _in_scripts(path: str, file: FileFacts, facts: Facts) -> Iterator[_Found]:
    """Shell scripts, Makefiles, Dockerfiles, Compose files."""
    for task in file.tasks:
        if task.runner not in _SCRIPTS:
            continue
        for target in task.targets:
            for line, text in target.commands:
                yield from _in_text(path, line, text)


def _in_text(path: str, first: int, text: str, ci: bool = False) -> Iterator[_Found]:
    """Lines of shell text. What CI installs from a branch is a choice of what to test against, and not looked at."""
    joined = re.sub(r"\\\r?\n", lambda m: " \x00", text)  # continued lines are one command; marks keep the count
    line = first
    for piece in joined.split("\n"):
        plain = piece.replace("\x00", " ")
        if not _COMMENT.match(plain) and not _PRINTED.match(plain):
            found = _pipe(plain) or (None if ci else _git_install(plain)) or _option(plain)
            if found is not None:
                score, detail, severity = found
                if severity is Severity.MINOR and score == LOOSE:
                    score = TOOLING  # a build that installs a moving branch is no run of the project
                yield _Found(score, Hit(Location(path, line), detail, Confidence.HIGH, detail, severity))
        line += 1 + piece.count("\x00")


def _option(text: str) -> Verdict | None:
    """`vllm serve ... --trust-remote-code`."""
    if not _TRUST_OPTION.search(text):
        return None
    revision = re.search(r"--(?:code-)?revision[= ]+(\S+)", text)
    if revision and _SHORT_COMMIT.fullmatch(revision[1]):
        return PINNED, "--trust-remote-code with a fixed revision", Severity.MINOR
    if re.search(r"\b(?:vllm|sglang|text-generation-launcher|serve|api_server|tritonserver|lmdeploy)\b", text):
        return SERVED, "--trust-remote-code: the server runs whatever code the hub holds that day", None
    return LOOSE, "--trust-remote-code runs whatever code the hub holds that day", None


def _in_ci(facts: Facts) -> Iterator[_Found]:
    """Steps of CI that pipe a download into a shell."""
    for pipeline in facts.ci.pipelines:
        for job in pipeline.jobs:
            for step in job.steps:
                if step.run and not step.disabled:
                    yield from _in_text(pipeline.path, step.line, step.run, ci=True)
