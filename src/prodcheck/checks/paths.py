"""Absolute paths that exist on one machine only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prodcheck.extract.text import split_lines
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Hit, Kind, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex

_MACHINE = lazy_regex(
    r"/home/|/Users/|/mnt/[a-z]|/media/|/scratch\d*/|/gpfs\d*/|/nfs\d*/|/data\d*/|[A-Za-z]:(?:/+\w|\\+\w[\w .-])|\\\\[\w.-]+\\\w|file:///|"
    r"/content/drive/|/kaggle/|/dbfs/FileStore/|/Workspace/Users/|/root/\w|/Volumes/"
)
_CONTAINER = lazy_regex(
    r"/home/(?:bentoml|model-server|ec2-user|jovyan|jupyter|runner|vscode|user|site|app|appuser|airflow|sagemaker-user|nonroot|vcap|"
    r"hadoop|spark|mambauser|docker|coder|mluser|mlflow|worker|node|default|ray|prefect|dagster|superset|nvs|azureuser)(?:/|$)|"
    r"/mnt/(?:data|azureml|batch|s3|models?|efs|nfs|input|output|blob\w*|vol\w*)(?:/|$)|/data\d*/?$|/root/\.|"
    r"file:///(?:tmp|opt|app|mlruns|var|usr|etc|lib)|/kaggle/(?:working|input|temp)/?$|/mnt/[a-z]{1,2}$|"
    r"(?i:[a-z]:[\\/]+(?:windows|program ?files|programdata|nvidia|users[\\/]+public|miniconda|mingw|msys|"
    r"python\d|te?mp)\b)"
)
"""Paths that an image or platform defines, so that they are the same on every machine."""
_PLACEHOLDER = lazy_regex(
    r"path[/_ ]?to|your[-_ ]|<[\w -]+>|\$\{?\w|\{\w*\}|%[sdr(]|\.\.\.|example\.|C:\\\\?$|XXX|foo/bar|user\.name|"
    r"[\\/](?:user_?name|me|you|yourname|someone|<user>)[\\/]",
    re.IGNORECASE,
)
_DATA_ROOT = lazy_regex(r"/data\d*/")
_FILE_LIKE = lazy_regex(r"\.\w{1,8}$|(?:/[\w.-]+){4}")
_NOT_A_PATH = lazy_regex(r"[\n*?|<>\"]|\(\?|\[\w|\\[dswb][+*?{]|\s{2}")
_DEPLOYMENT = lazy_regex(
    r"(?i)(?:^|/)(?:[\w.-]*dockerfile[\w.-]*|containerfile|(?:docker-)?compose[\w.-]*\.ya?ml|bentofile\.yaml|cog\.yaml|devcontainer\.json|\.gitpod\.ya?ml|"
    r"\.gitlab-ci\.yml|\.?appveyor\.ya?ml|\.travis\.yml|\.cirrus\.yml|azure-pipelines[\w.-]*\.ya?ml|buildspec[\w.-]*\.ya?ml|cloudbuild\.ya?ml|values[\w.-]*\.ya?ml|chart\.yaml|mlproject)$|"
    r"(?:^|/)(?:\.github|\.circleci|\.azure|\.azuredevops|k8s|kubernetes|helm|charts|manifests|deploy\w*|terraform|infra\w*|docker|ansible)/"
)
_CONFIG = lazy_regex(
    r"(?i)\.(?:ya?ml|toml|cfg|ini)$|(?:^|/)[\w.-]*(?:config|settings|params|cfg)[\w.-]*\.json$|(?:^|/)\.env[\w.]*$"
)
_MAIN_GUARD = lazy_regex(r"if\s*\(?\s*__name__\s*==")
MAX_CONFIG = 100_000
"""Bytes; larger YAML and JSON files are data."""
MAX_FILES = 8


def hardcoded_absolute_path(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Paths of one person's machine in code, notebooks and configuration: halves the score with every two files."""
    hits: list[Hit] = []
    weights: dict[str, float] = {}
    looked = 0
    # Where images are built, folders near the root are those of containers.
    mounted = any(re.search(r"(?i)(?:^|/)(?:dockerfile|containerfile)", path) for path in facts.files)
    library = facts.project.kind is Kind.LIBRARY
    for path, file in facts.files.items():
        role = facts.role(path)
        if role in (Role.VENDORED, Role.GENERATED, Role.TEMPLATE, Role.TEST):
            continue
        python = file.python or (file.notebook.python if file.notebook and not file.notebook.problem else None)
        if python is not None:
            looked += 1
            found = [(text, line) for text, line in python.paths if is_machine_path(text, mounted)]
            locate = file.notebook.locate if file.notebook else None
            places = [(text, locate(path, line) if locate else Location(path, line)) for text, line in found]
            weight = 1.0
        elif (
            file.document is not None
            and _CONFIG.search(path)
            and not _DEPLOYMENT.search(path)
            and file.size < MAX_CONFIG
        ):
            if _is_manifest(file.document.root):
                continue
            places = _in_config(facts, path)
            weight = 0.7
        else:
            continue
        # What a library's module does when it is run by itself is a demonstration: nobody's import reaches it.
        guard = _guard(facts.text(path)) if library and file.python is not None and places else None
        aside = role is Role.DOCS or (guard is not None and all(p.line and p.line in guard for _, p in places))
        if aside:
            weight /= 2
        if places:
            weights[path] = weight
            softer = Severity.MINOR if aside else None
            hits.extend(
                Hit(place, _shown(text), Confidence.HIGH if weight == 1.0 else Confidence.MEDIUM, text, softer)
                for text, place in places[:3]
            )
    if not looked:
        return Outcome.not_applicable("no code of the project's own")
    total = sum(weights.values())
    score = 0.0 if total >= MAX_FILES else 0.5 ** (total / 2)
    files = f"{len(weights)} file{'s' * (len(weights) != 1)}"
    reason = f"{files} with paths of one machine" if weights else "no path of one machine in the code"
    return Outcome(score, (), tuple(hits), reason)


def is_machine_path(text: str, mounted: bool = False) -> bool:
    """Whether a string literal is an absolute path that one machine has and another has not.

    `mounted` says that the project runs in containers, so that `/data` and `/mnt` may be theirs.
    """
    if not _MACHINE.match(text) or _CONTAINER.match(text) or _PLACEHOLDER.search(text) or _NOT_A_PATH.search(text):
        return False
    if mounted and text.startswith(("/data", "/mnt/")):
        return False
    if _DATA_ROOT.match(text):
        # `/data/...` may as well be a route of a web service: only what looks like a file or a deep folder counts.
        return bool(_FILE_LIKE.search(text))
    if text.startswith("/mnt/") and not re.match(r"/mnt/(?:[a-z]/|[^/]+/[^/]+/[^/]+/)", text):
        # A mount point near the root is as likely one of a container; deep folders and Windows drives are personal.
        return False
    head = re.match(r"(?:/\w+/|[A-Za-z]:[\\/]+|\\\\|file:///)", text)
    return head is not None and len(text) > head.end()


def _guard(text: str) -> range:
    """The lines under the main guard of a module; none when it has none."""
    lines = split_lines(text)
    first = next((number for number, line in enumerate(lines, start=1) if _MAIN_GUARD.match(line)), len(lines) + 1)
    inside = range(first + 1, len(lines) + 1)
    end = next((number for number in inside if re.match(r"[^\s#]", lines[number - 1])), len(lines) + 1)
    return range(first, end)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


_ROOTS = (
    "/home/",
    "/Users/",
    "/mnt/",
    "/media/",
    "/scratch/",
    "/gpfs/",
    "/data",
    "/content/",
    "/Volumes/",
    "/nfs/",
    ":\\",
)
"""One of these is in every path that is looked for."""


def _in_config(facts: Facts, path: str) -> list[tuple[str, Location]]:
    found = []
    text = facts.text(path)
    if not any(root in text for root in _ROOTS):
        return []
    for number, line in enumerate(text.split("\n"), start=1):
        body = line.split(" #")[0].strip()
        if body.startswith(("#", ";", "//")) or len(body) > 500:
            continue
        match = re.search(
            r"""(?:^|[\s"'=:\[,])((?:/(?:home|Users|mnt|media|scratch|gpfs|data\d*|content|Volumes|nfs)/|[A-Za-z]:\\)[^\s"',\]]+)""",
            body,
        )
        if match and is_machine_path(match[1]):
            found.append((match[1], Location(path, number)))
    return found


def _is_manifest(root: object) -> bool:
    """Whether a YAML tree is a manifest of an orchestrator, whose paths are those of containers."""
    first = root[0] if isinstance(root, list) and root else root
    if not isinstance(first, dict):
        return False
    return ("apiVersion" in first and "kind" in first) or "services" in first or "AWSTemplateFormatVersion" in first
