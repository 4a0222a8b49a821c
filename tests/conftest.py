"""What several test modules need: repositories on disk, made by the real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

# The same inputs on every run: a change is judged by what it does, not by the luck of the draw. To look for new cases,
# run `pytest --hypothesis-profile=search`.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile("steady")

pytest_plugins = ["golden"]

GitRepoFactory = Callable[..., "GitRepo"]

IDENTITY = {
    "GIT_AUTHOR_NAME": "A. U. Thor",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_COMMITTER_NAME": "A. U. Thor",
    "GIT_COMMITTER_EMAIL": "author@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05 +0100",
    "GIT_COMMITTER_DATE": "2026-01-02T03:04:05 +0100",
}


class GitRepo:
    """A git repository in a temporary folder. Commits always have the same author and the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *args: str, feed: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        """Run git here and give what it printed. Raises `CalledProcessError` when it fails."""
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            input=feed,
            capture_output=True,
            check=True,
            env={**os.environ, **IDENTITY, **(env or {})},
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, with the folders above them."""
        write(self.path, files)

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "Change something") -> str:
        """Write files, commit everything that is not ignored, and give the commit's id."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see neither the settings nor the repositories of the person or CI job that runs them."""
    for name in [*os.environ]:
        if name.startswith("GIT_") or name in ("CI", "GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("PRODCHECK_CACHE_DIR", str(tmp_path / "prodcheck-cache"))
    monkeypatch.delenv("PRODCHECK_JOBS", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def git_repo(tmp_path: Path) -> GitRepoFactory:
    """Makes repositories: `git_repo({"train.py": "..."})` has one commit, `git_repo()` none."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    def make(
        files: Mapping[str, str | bytes] | None = None, name: str = "project", init: tuple[str, ...] = ()
    ) -> GitRepo:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        repo = GitRepo(folder)
        repo.git("init", "--quiet", "--initial-branch=main", *init)
        if files is not None:
            repo.commit(files)
        return repo

    return make
