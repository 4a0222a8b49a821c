"""Prove the GitHub Action with act, which runs workflows as GitHub does, here on this machine without containers.

A few workflow runs with several steps each: pushes and pull requests, above and below the threshold, as `uses: ./` and
as `uses: OWNER/REPOSITORY@TAG`. Annotations, summary and outputs are what act saw of them, comments what arrived at a
stand-in for GitHub's API on the loopback address. actionlint, zizmor and the schemas of check-jsonschema read
`action.yml`, the examples under `docs/ci/` and this repository's own workflow.
"""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools import ROOT, Missing, clone, commit, environment, main_of, program, proved

TOKEN = "hf_" + "QkZrTnWbXyLpVdGsHm" + "JcRtUeAoIfSqNwBz"
"""Looks like a token; made up, and in two pieces so that no scanner takes this file for a leak."""
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"
SETUP_PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c"
HEAD = f"""\
on: [push, pull_request]
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT}
"""
STEP = """\
      - uses: {action}
        id: {id}
        continue-on-error: {tolerant}
        with:
{inputs}
      - if: always()
        env:
          OUTPUTS: ${{{{ toJSON(steps.{id}.outputs) }}}}
          OUTCOME: ${{{{ steps.{id}.outcome }}}}
          REPORTS: ${{{{ steps.{id}.outputs.report-directory }}}}
          SARIF: ${{{{ steps.{id}.outputs.sarif-file }}}}
        run: |
          echo "OUTCOME {id} $OUTCOME"
          echo "FILES {id} $(test -z "$REPORTS" || find "$REPORTS" -type f | tr '\\n' ' ')"
          test -z "$SARIF" || grep -c '"version": *"2.1.0"' "$SARIF"
          echo "OUTPUTS {id} $(printf '%s' "$OUTPUTS" | tr -d '\\n')"
"""
PULL_REQUEST = {"pull_request": {"number": 7, "head": {"ref": "b"}, "base": {"ref": "main"}}}


@dataclass
class Step:
    """What one use of the action did."""

    outcome: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    files: str = ""
    """The reports that were there before act removed its workspace."""
    annotations: list[tuple[str, str, str]] = field(default_factory=list)
    """(level, file, message)."""
    summary: str = ""


@dataclass
class Run:
    """What one workflow run did: its exit code, its steps, and everything that was said."""

    code: int
    steps: dict[str, Step]
    log: str


class Api(http.server.ThreadingHTTPServer):
    """The part of GitHub's API that the comment needs, on the loopback interface."""

    def __init__(self, *, forbidden: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.comments: list[dict[str, Any]] = []
        self.forbidden = forbidden
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def options(self, event: Path) -> tuple[str, ...]:
        """What act must be told to use it on a pull request."""
        return (
            "-e",
            str(event),
            "--env",
            f"GITHUB_API_URL=http://127.0.0.1:{self.server_port}",
            "-s",
            "GITHUB_TOKEN=x",
        )


class Answers(http.server.BaseHTTPRequestHandler):
    server: Api

    def reply(self, code: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.reply(200, self.server.comments)

    def do_POST(self) -> None:
        if self.server.forbidden:
            self.reply(403, {"message": "Resource not accessible by integration"})
            return
        self.server.comments.append({"id": len(self.server.comments) + 1, **self.body()})
        self.reply(201, self.server.comments[-1])

    def do_PATCH(self) -> None:
        comment = self.server.comments[int(self.path.rpartition("/")[2]) - 1]
        comment.update(self.body())
        self.reply(200, comment)

    def body(self) -> dict[str, Any]:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(content, dict)
        return content

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


def use(id: str, *, action: str = "acme/prodcheck@v1", tolerant: bool = True, **inputs: str) -> str:
    """Two steps of a workflow: the action with these inputs, and one that tells its outputs."""
    lines = "\n".join(f"          {name.replace('_', '-')}: {json.dumps(value)}" for name, value in inputs.items())
    return STEP.format(id=id, action=action, tolerant=str(tolerant).lower(), inputs=lines)


class Act:
    """Runs workflows in repositories whose only content is a small project with a token in it."""

    def __init__(self, work: Path) -> None:
        self.program, self.work = program("act"), work
        self.source = clone(work / "prodcheck", "v1")
        for name in (".git", "benchmarks", "docs", "examples", "tests"):  # act copies everything once a step
            shutil.rmtree(self.source / name)
        self.stub = work / "setup-python"
        self.stub.mkdir()
        (self.stub / "action.yml").write_text(
            "name: stub\ndescription: stub\ninputs: {python-version: {description: x}}\n"
            'runs: {using: composite, steps: [{shell: bash, run: "true"}]}\n'
        )
        commit(self.stub)

    def run(self, name: str, steps: str, *more: str, event: str = "push", own: bool = False) -> Run:
        """Run the workflow with these steps; `own` puts the action's repository into the project."""
        project = self.work / name
        if own:
            clone(project)
            subprocess.run(["rm", "-rf", project / ".git"], check=True)
        for path, text in {
            "train.py": f'TOKEN = "{TOKEN}"\n',
            "sub/a.py": "x = 1\n",
            ".github/workflows/audit.yml": HEAD + steps,
        }.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")
        commit(project)
        home = self.work / f"{name}-home"
        home.mkdir()
        command = [self.program, event, "-P", "ubuntu-latest=-self-hosted", "--json", "--no-cache-server"]
        command += ["-W", ".github/workflows/audit.yml", "--local-repository", f"acme/prodcheck@v1={self.source}"]
        command += ["--local-repository", f"{SETUP_PYTHON}={self.stub}", *more]
        done = subprocess.run(
            command, cwd=project, env={**environment(), "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")},
            capture_output=True, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        return read(done)


def read(done: subprocess.CompletedProcess[str]) -> Run:
    """A run from the records that act writes."""
    steps: dict[str, Step] = defaultdict(Step)
    for line in done.stdout.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        command, message = record.get("command"), str(record.get("msg", ""))
        step = steps[str((record.get("stepID") or [""])[0])]
        if command in ("error", "warning", "notice"):
            place = record.get("kvPairs") or {}
            step.annotations.append((command, place.get("file", ""), str(record.get("arg", message))))
        elif command == "summary":
            step.summary += str(record.get("content", message))
        elif message.startswith(("OUTPUTS ", "FILES ", "OUTCOME ")):
            what, id_, value = message.split(" ", 2)
            if what == "OUTPUTS":
                steps[id_].outputs = json.loads(value)
            elif what == "FILES":
                steps[id_].files = value
            else:
                steps[id_].outcome = value.strip()
    return Run(done.returncode, steps, done.stdout + done.stderr)


def check(what: str, run: Run, *facts: object) -> None:
    """One proof: all facts hold, or the proof stops here with the log."""
    if not all(facts):
        which = next(number for number, fact in enumerate(facts, start=1) if not fact)
        steps = "\n".join(f"{name}: {step}"[:1500] for name, step in run.steps.items())
        sys.exit(f"FAILED: {what}: fact {which}\n{run.log[-6000:]}\n{steps}")
    proved(what)


def linters() -> None:
    """What static checkers say, without the network."""
    examples, own = ROOT / "docs" / "ci", ROOT / ".github" / "workflows" / "ci.yml"
    schema = ("check-jsonschema", "--regex-variant", "nonunicode", "--builtin-schema")
    for name, *words in (
        (*schema, "vendor.github-actions", ROOT / "action.yml"),
        (*schema, "vendor.github-workflows", examples / "github.yml"),
        (*schema, "vendor.github-workflows", own),
        (*schema, "vendor.gitlab-ci", examples / "gitlab-ci.yml"),
        (*schema, "vendor.azure-pipelines", examples / "azure-pipelines.yml"),
        ("actionlint", examples / "github.yml"),
        ("actionlint", own),
        ("zizmor", "--offline", "--quiet", ROOT / "action.yml"),
    ):
        try:
            command = [program(str(name)), *words]
        except Missing as missing:
            print(f"skipped  {name} {words[-1].name}: {missing}", flush=True)  # type: ignore[union-attr]
            continue
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            sys.exit(f"FAILED: {name} {words[-1]}\n{done.stdout}{done.stderr}")
        proved(f"{name} {Path(words[-1]).name}")


def above(act: Act) -> None:
    """A push that passes, or goes on in spite of a broken limit."""
    hostile = '$(touch owned)"; touch owned #'
    run = act.run("above", "".join((
        use("all", fail_under="0", sarif_file="out/prodcheck.sarif", formats="html, junit", tolerant=False),
        use("low", fail_on="critical"),
        use("quiet", annotations="false", summary="false", python_version="3.13"),
        use("hostile", path=hostile),
        use("sub", fail_under="0", working_directory="sub", path="."),
    )))  # fmt: skip
    step = run.steps["all"]
    score = float(step.outputs.get("score") or "nan")
    check("a push above the threshold passes", run, run.code == 0, step.outcome == "success",
          step.outputs.get("passed") == "true", 0 <= score <= 39,
          step.outputs.get("critical") not in (None, "0"))  # fmt: skip
    check("the token is an annotation on its line, without the token", run,
          ("error", "train.py") in [a[:2] for a in step.annotations], TOKEN not in run.log)  # fmt: skip
    check("the summary of the run holds the report", run, "hardcoded-secret" in step.summary)
    check("all reports come from one run", run, "/prodcheck.json" in step.files, "/prodcheck.html" in step.files,
          "/prodcheck.junit.xml" in step.files,
          step.outputs.get("sarif-file", "").endswith("/out/prodcheck.sarif"))  # fmt: skip
    step = run.steps["low"]
    check("outputs are there for a job that goes on after a broken limit", run, step.outcome == "failure",
          step.outputs.get("passed") == "false", step.outputs.get("findings") not in (None, "0"))  # fmt: skip
    step = run.steps["quiet"]
    check("without limits nothing fails; annotations and summary can be switched off", run, step.outcome == "success",
          not [a for a in step.annotations if a[1]], not step.summary)  # fmt: skip
    check("text of an input is never run", run, run.steps["hostile"].outcome == "failure",
          not list(act.work.rglob("owned")))  # fmt: skip
    step = run.steps["sub"]
    check("working-directory moves everything", run, step.outcome == "success", step.outputs.get("critical") == "0")
    check("the action is installed once a job", run, run.log.count('"arg":"Install prodcheck"') == 1)


def below(act: Act) -> None:
    """A push that fails."""
    run = act.run("below", use("low", fail_under="90", tolerant=False))
    step = run.steps["low"]
    check("a push below the threshold fails, with its report", run, run.code != 0, step.outcome == "failure",
          step.outputs.get("passed") == "false", "hardcoded-secret" in step.summary)  # fmt: skip


def itself(act: Act) -> None:
    run = act.run("own", use("own", action="./", fail_under="0", tolerant=False), own=True)
    check("uses: ./ works in the action's own repository", run, run.code == 0, run.steps["own"].outcome == "success",
          run.steps["own"].outputs.get("passed") == "true")  # fmt: skip


def pull_request(act: Act) -> None:
    """Comments."""
    event = act.work / "event.json"
    event.write_text(json.dumps(PULL_REQUEST))
    api = Api()
    twice = "".join(use(name, comment="true", fail_under="0", tolerant=False) for name in ("first", "second"))
    run = act.run("pull-request", twice, *api.options(event), event="pull_request")
    check("two runs on a pull request keep one comment", run, run.code == 0, len(api.comments) == 1,
          "hardcoded-secret" in api.comments[0]["body"])  # fmt: skip


def fork(act: Act) -> None:
    """A pull request that may not write."""
    event = act.work / "fork.json"
    event.write_text(json.dumps(PULL_REQUEST))
    api = Api(forbidden=True)
    steps = use("comment", comment="true", fail_under="0") + use("low", comment="true", fail_under="90", tolerant=False)
    run = act.run("fork", steps, *api.options(event), event="pull_request")
    step = run.steps["comment"]
    check("without the permission, as on a fork, there is a warning and no failure", run, step.outcome == "success",
          any(level == "warning" and "HTTP 403" in text for level, _, text in step.annotations))  # fmt: skip
    check("a pull request below the threshold fails", run, run.code != 0, run.steps["low"].outcome == "failure",
          run.steps["low"].outputs.get("passed") == "false")  # fmt: skip


def main() -> None:
    linters()
    with tempfile.TemporaryDirectory(prefix="prodcheck-action-") as folder:
        act = Act(Path(folder))
        with ThreadPoolExecutor(max_workers=2) as pool:
            for proof in [pool.submit(proof, act) for proof in (above, pull_request, fork, below, itself)]:
                proof.result()


if __name__ == "__main__":
    main_of(main)
