"""What one CI file says: triggers, jobs, and the commands of their steps, for every provider in one shape.

The readers are in `ci_github`, `ci_azure`, `ci_gitlab`, `ci_cloud` and `ci_others`; here is which file goes to whom.
Each is imported when a file goes to it: hardly a project has more than one provider.
"""

from __future__ import annotations

import re

from prodcheck.extract.ci_model import Job, Pipeline, Step
from prodcheck.patterns import lazy_regex

__all__ = ["Job", "Pipeline", "Step", "extract", "provider_of", "wants"]

_YAML = r"\.ya?ml$"
_PATHS = (
    ("github", "/workflows/", r"(?:^|/)\.(?:github|gitea|forgejo)/workflows/[^/]+" + _YAML),
    ("github-action", "action", r"(?:^|/)action" + _YAML),
    ("gitlab", "gitlab", r"(?:^|/)(?:[^/]*\.)?gitlab-ci" + _YAML + r"|(?:^|/)\.gitlab(?:-ci)?/.*" + _YAML),
    ("jenkins", "enkins", r"(?:^|/)Jenkinsfile[^/]*$|\.jenkinsfile$|(?:^|/)\.?jenkins/.*\.groovy$"),
    ("circleci", ".circleci/", r"(?:^|/)\.circleci/[^/]+" + _YAML),
    ("travis", ".travis", r"(?:^|/)\.travis" + _YAML),
    ("bitbucket", "bitbucket", r"(?:^|/)bitbucket-pipelines" + _YAML),
    ("buildkite", "buildkite", r"(?:^|/)\.buildkite/.*" + _YAML + r"|(?:^|/)buildkite" + _YAML),
    ("drone", ".drone", r"(?:^|/)\.drone" + _YAML),
    ("woodpecker", ".woodpecker", r"(?:^|/)\.woodpecker(?:/.*)?" + _YAML),
    ("cloudbuild", "cloud", r"(?:^|/)[^/]*cloud-?build[^/]*\.(?:ya?ml|json)$|(?:^|/)\.?cloud-?build/.*" + _YAML),
    ("codebuild", "buildspec", r"(?:^|/)(?:[^/]*buildspec[^/]*|buildspecs?/[^/]+)" + _YAML),
    ("codecatalyst", ".codecatalyst/", r"(?:^|/)\.codecatalyst/workflows/[^/]+" + _YAML),
    ("appveyor", "appveyor", r"(?:^|/)\.?appveyor" + _YAML),
    ("cirrus", ".cirrus", r"(?:^|/)\.cirrus" + _YAML),
    ("semaphore", ".semaphore/", r"(?:^|/)\.semaphore/[^/]+" + _YAML),
    ("pre-commit.ci", ".pre-commit-config", r"(?:^|/)\.pre-commit-config" + _YAML),
)
"""Provider, what every path has that the pattern matches, and the pattern."""
_COMPILED = tuple((provider, sign, lazy_regex(pattern)) for provider, sign, pattern in _PATHS)
_AZURE_NAMED = lazy_regex(
    r"azure[-_]?pipelines?|(?:^|/)\.?(?:azure-?pipelines|azuredevops|pipelines|ado)/|devops", re.IGNORECASE
)
_AZURE_KEYS = lazy_regex(rb"^(?:stages|jobs|steps|extends):", re.MULTILINE)
_AZURE_STEPS = lazy_regex(rb"^[ \t]*(?:- )?(?:task|script|bash|pwsh|powershell|template):", re.MULTILINE)
_CLOUD_BUILD = lazy_regex(rb"\bname: ['\"]?(?:gcr\.io/|[\w.-]+-docker\.pkg\.dev/)", re.MULTILINE)
_GITLAB_TEXT = lazy_regex(rb"^  (?:script|extends|before_script):|^include:", re.MULTILINE)
_GITLAB_FOLDER = lazy_regex(r"(?:^|/)\.?(?:ci|gitlab|pipelines?|ci-templates|templates|jobs)/", re.IGNORECASE)


def provider_of(path: str) -> str:
    """The provider that a file's name tells, or an empty string."""
    for provider, sign, pattern in _COMPILED:
        if sign in path and pattern.search(path):
            return provider
    return ""


def wants(path: str) -> bool:
    return path.endswith((".yml", ".yaml")) or bool(provider_of(path))


def extract(path: str, data: bytes) -> Pipeline | None:
    """The pipeline in one file, or None when there is none. What is broken ends in its `problem`."""
    provider = provider_of(path)
    if provider:
        return _read(provider, path, data)
    if not path.endswith((".yml", ".yaml")):
        return None
    named = _AZURE_NAMED.search(path) is not None
    if named or (_AZURE_KEYS.search(data) and _AZURE_STEPS.search(data)):
        from prodcheck.extract import ci_azure

        found = ci_azure.pipeline(path, data, named)
        if found is not None:
            return found
    if _CLOUD_BUILD.search(data):
        from prodcheck.extract import ci_cloud

        if ci_cloud.is_cloud_build(data):
            return ci_cloud.cloud_build(path, data)
    if _GITLAB_FOLDER.search(path) and _GITLAB_TEXT.search(data):
        from prodcheck.extract import ci_gitlab

        return ci_gitlab.pipeline(path, data, main=False)
    return None


def _read(provider: str, path: str, data: bytes) -> Pipeline | None:
    """A file whose name tells the provider."""
    if provider in ("github", "github-action"):
        from prodcheck.extract import ci_github

        return (ci_github.workflow if provider == "github" else ci_github.action)(path, data)
    if provider == "gitlab":
        from prodcheck.extract import ci_gitlab

        main = path.rpartition("/")[2] in (".gitlab-ci.yml", ".gitlab-ci.yaml")
        return ci_gitlab.pipeline(path, data, main=main)
    if provider in ("jenkins", "cloudbuild", "codebuild", "codecatalyst"):
        from prodcheck.extract import ci_cloud

        return ci_cloud.READERS[provider](path, data)
    from prodcheck.extract import ci_others

    return ci_others.read(provider, path, data)
