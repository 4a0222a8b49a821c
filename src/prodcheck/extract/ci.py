"""What one CI file says: triggers, jobs, and the commands of their steps, for every provider in one shape.

The readers are in `ci_github`, `ci_azure`, `ci_gitlab`, `ci_cloud` and `ci_others`; here is which file goes to whom.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from prodcheck.extract import ci_azure, ci_cloud, ci_github, ci_gitlab, ci_others
from prodcheck.extract.ci_model import Job, Pipeline, Step
from prodcheck.patterns import lazy_regex

__all__ = ["Job", "Pipeline", "Step", "extract", "provider_of", "wants"]

_YAML = r"\.ya?ml$"
_PATHS = (
    ("github", r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+" + _YAML),
    ("github-action", r"(?:^|/)action" + _YAML),
    ("gitlab", r"(?:^|/)(?:[^/]*\.)?gitlab-ci" + _YAML + r"|(?:^|/)\.gitlab(?:-ci)?/.*" + _YAML),
    ("jenkins", r"(?:^|/)Jenkinsfile[^/]*$|\.jenkinsfile$|(?:^|/)\.?jenkins/.*\.groovy$"),
    ("circleci", r"(?:^|/)\.circleci/[^/]+" + _YAML),
    ("travis", r"(?:^|/)\.travis" + _YAML),
    ("bitbucket", r"(?:^|/)bitbucket-pipelines" + _YAML),
    ("buildkite", r"(?:^|/)\.buildkite/.*" + _YAML + r"|(?:^|/)buildkite" + _YAML),
    ("drone", r"(?:^|/)\.drone" + _YAML),
    ("woodpecker", r"(?:^|/)\.woodpecker(?:/.*)?" + _YAML),
    ("cloudbuild", r"(?:^|/)[^/]*cloud-?build[^/]*\.(?:ya?ml|json)$|(?:^|/)\.?cloud-?build/.*" + _YAML),
    ("codebuild", r"(?:^|/)(?:[^/]*buildspec[^/]*|buildspecs?/[^/]+)" + _YAML),
    ("codecatalyst", r"(?:^|/)\.codecatalyst/workflows/[^/]+" + _YAML),
    ("appveyor", r"(?:^|/)\.?appveyor" + _YAML),
    ("cirrus", r"(?:^|/)\.cirrus" + _YAML),
    ("semaphore", r"(?:^|/)\.semaphore/[^/]+" + _YAML),
    ("pre-commit.ci", r"(?:^|/)\.pre-commit-config" + _YAML),
)
_COMPILED = tuple((provider, lazy_regex(pattern)) for provider, pattern in _PATHS)
_AZURE_KEYS = lazy_regex(rb"^(?:stages|jobs|steps|extends):", re.MULTILINE)
_AZURE_STEPS = lazy_regex(rb"^[ \t]*(?:- )?(?:task|script|bash|pwsh|powershell|template):", re.MULTILINE)
_CLOUD_BUILD = lazy_regex(rb"\bname: ['\"]?(?:gcr\.io/|[\w.-]+-docker\.pkg\.dev/)", re.MULTILINE)
_GITLAB_TEXT = lazy_regex(rb"^  (?:script|extends|before_script):|^include:", re.MULTILINE)
_GITLAB_FOLDER = lazy_regex(r"(?:^|/)\.?(?:ci|gitlab|pipelines?|ci-templates|templates|jobs)/", re.IGNORECASE)


def provider_of(path: str) -> str:
    """The provider that a file's name tells, or an empty string."""
    for provider, pattern in _COMPILED:
        if pattern.search(path):
            return provider
    return ""


def wants(path: str) -> bool:
    return path.endswith((".yml", ".yaml")) or bool(provider_of(path))


def extract(path: str, data: bytes) -> Pipeline | None:
    """The pipeline in one file, or None when there is none. What is broken ends in its `problem`."""
    provider = provider_of(path)
    if provider:
        reader = _READERS.get(provider)
        return reader(path, data) if reader else ci_others.read(provider, path, data)
    if not path.endswith((".yml", ".yaml")):
        return None
    if ci_azure.NAMED.search(path) or (_AZURE_KEYS.search(data) and _AZURE_STEPS.search(data)):
        found = ci_azure.pipeline(path, data)
        if found is not None:
            return found
    if _CLOUD_BUILD.search(data) and ci_cloud.is_cloud_build(data):
        return ci_cloud.cloud_build(path, data)
    if _GITLAB_FOLDER.search(path) and _GITLAB_TEXT.search(data):
        return ci_gitlab.pipeline(path, data, main=False)
    return None


def _gitlab(path: str, data: bytes) -> Pipeline | None:
    return ci_gitlab.pipeline(path, data, main=path.rpartition("/")[2] in (".gitlab-ci.yml", ".gitlab-ci.yaml"))


_READERS: dict[str, Callable[[str, bytes], Pipeline | None]] = {
    "github": ci_github.workflow,
    "github-action": ci_github.action,
    "gitlab": _gitlab,
    "jenkins": ci_cloud.jenkins,
    "cloudbuild": ci_cloud.cloud_build,
    "codebuild": ci_cloud.code_build,
    "codecatalyst": ci_cloud.code_catalyst,
}
