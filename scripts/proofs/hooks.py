"""Prove the hooks with the real thing: pre-commit and prek install this repository's last commit and guard commits."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import clone, environment, main_of, program, proved

TOKEN = "hf_" + "QkZrTnWbXyLpVdGsHm" + "JcRtUeAoIfSqNwBz"
"""Looks like a token; made up, and in two pieces so that no scanner takes this file for a leak."""
CLEAN = "import json\n\n\ndef load(path: str) -> dict:\n    with open(path) as file:\n        return json.load(file)\n"
LEAK = f'TOKEN = "{TOKEN}"\n'
CONFIG = """\
repos:
  - repo: {tool}
    rev: v-proof
    hooks:
      - id: prodcheck
      - id: prodcheck-repo
        args: [--fail-under, "{least}"]
"""


class Project:
    """A git repository that uses the hooks."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self.path, self.environment = path, environment
        path.mkdir()
        self.run("git", "init", "--quiet", "--initial-branch=main")

    def run(self, *command: str | Path, code: int | None = 0, says: str = "") -> str:
        """Run a command here. Stops the proof when it ends in another way, or does not say what it should."""
        done = subprocess.run([str(c) for c in command], cwd=self.path, env=self.environment, capture_output=True,
                              text=True, encoding="utf-8", errors="replace")  # fmt: skip
        output = done.stdout + done.stderr
        if (code is not None and done.returncode != code) or says not in output:
            sys.exit(f"FAILED: {' '.join(map(str, command))}: exit code {done.returncode}, not {code}; "
                     f"should say {says!r}:\n{output}")  # fmt: skip
        return output

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def head(self) -> str:
        return self.run("git", "rev-parse", "--verify", "--quiet", "HEAD", code=None).strip()


def main() -> None:
    program("pre-commit"), program("prek")
    with tempfile.TemporaryDirectory(prefix="prodcheck-hooks-") as folder:
        work = Path(folder)
        tool = clone(work / "prodcheck", "v-proof")
        own = {"PRE_COMMIT_HOME": work / "pre-commit", "PREK_HOME": work / "prek", "PRE_COMMIT_COLOR": "never"}
        project = Project(work / "project", {**environment(), **{name: str(value) for name, value in own.items()}})
        manifest(project, tool)
        try_repo(project, tool)
        commits(project, tool)
        pushes(project, tool, work)
        with_prek(project)


def manifest(project: Project, tool: Path) -> None:
    for name in ("pre-commit", "prek"):
        project.run(program(name), "validate-manifest", tool / ".pre-commit-hooks.yaml")
    proved("pre-commit and prek accept the manifest")


def try_repo(project: Project, tool: Path) -> None:
    project.write("load.py", CLEAN)
    project.write("leak.py", LEAK)
    project.run("git", "add", "load.py", "leak.py")
    for name in ("pre-commit", "prek"):
        said = project.run(program(name), "try-repo", tool, "prodcheck", "--all-files", code=1, says="leak.py:1:")
        assert TOKEN not in said, "the token itself was printed"
        assert "load.py" not in said
        proved(f"{name} try-repo: stops at a token, prints no secret, says nothing of a clean file")
    project.run("git", "rm", "-q", "--cached", "leak.py")
    (project.path / "leak.py").unlink()


def commits(project: Project, tool: Path) -> None:
    project.write(".pre-commit-config.yaml", CONFIG.format(tool=tool.as_posix(), least=100))
    project.run(program("pre-commit"), "install", "--hook-type", "pre-commit", "--hook-type", "pre-push")
    project.run("git", "add", ".pre-commit-config.yaml")
    project.run("git", "commit", "-m", "Begin", says="Passed")
    before = project.head()
    project.write("leak.py", LEAK)
    project.run("git", "add", "leak.py")
    project.run("git", "commit", "-m", "Leak", code=1, says="hardcoded-secret")
    assert project.head() == before
    proved("git commit: a clean one is made, one with a token is not")
    project.write("leak.py", "TOKEN = None\n")  # not staged: the commit would still hold the token
    project.run("git", "commit", "-m", "Leak", code=1, says="hardcoded-secret")
    assert project.head() == before
    project.run("git", "add", "leak.py")
    project.write("leak.py", LEAK)  # the other way round: only the work tree has it
    project.run("git", "commit", "-m", "No leak", says="Passed")
    assert project.head() != before
    assert (project.path / "leak.py").read_text() == LEAK
    proved("partially staged files: what is staged decides, what is not stays as it was")
    project.write("prodcheck.toml", 'exclude = ["leak.py"]\n')
    project.run("git", "add", "prodcheck.toml", "leak.py")
    project.run("git", "commit", "-m", "Exclude", says="Passed")
    proved("excluded files are left alone, also when the hook is given them")
    environment = next((Path(project.environment["PRE_COMMIT_HOME"])).glob("repo*/py_env-*"))
    prodcheck = environment / ("Scripts" if os.name == "nt" else "bin") / "prodcheck"
    project.write("prodcheck.toml", "")
    project.run(prodcheck, "baseline")
    project.write("prodcheck.toml", 'baseline = "prodcheck-baseline.txt"\n')
    project.write("leak.py", "# moved\n\n" + LEAK)
    project.run("git", "add", "--all")
    project.run("git", "commit", "-m", "Accept", says="Passed")
    project.write("leak.py", LEAK + LEAK.replace("Qk", "Wv").replace("TOKEN", "OTHER"))
    project.run("git", "commit", "-a", "-m", "Another", code=1, says="leak.py:2:")
    project.run("git", "checkout", "--quiet", "HEAD", "--", ".")
    proved("accepted findings pass, also moved; another token in the same file does not")


def pushes(project: Project, tool: Path, work: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", work / "remote.git"], check=True)
    project.run("git", "remote", "add", "origin", work / "remote.git")
    project.run("git", "push", "--quiet", "origin", "main", code=1, says="score")
    project.write(".pre-commit-config.yaml", CONFIG.format(tool=tool.as_posix(), least=0))
    project.run("git", "commit", "-a", "-m", "Ask less", says="Passed")
    project.run("git", "push", "origin", "main", says="Passed")
    proved("git push: stopped below --fail-under, made otherwise")
    project.run(program("pre-commit"), "run", "--hook-stage", "manual", "prodcheck-repo", says="Passed")
    proved("the whole repository by hand: pre-commit run --hook-stage manual prodcheck-repo")


def with_prek(project: Project) -> None:
    project.run(program("prek"), "run", "--all-files", says="Passed")
    project.write("key.py", LEAK)
    project.run("git", "add", "key.py")
    project.run(program("prek"), "run", code=1, says="key.py:1:")
    project.run(program("prek"), "run", "--hook-stage", "pre-push", "prodcheck-repo", "--all-files", says="Passed")
    project.run("git", "config", "--unset", "core.hooksPath", code=None)
    project.run(program("prek"), "install", "--overwrite")
    before = project.head()
    project.run("git", "commit", "-m", "Leak", code=1, says="hardcoded-secret")
    assert project.head() == before
    proved("prek: passes clean files, stops a commit with a token, audits the repository before a push")


if __name__ == "__main__":
    main_of(main)
