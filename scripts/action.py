"""The steps of the GitHub Action (`action.yml`): install prodcheck, audit once, write every report, tell the outputs.

    python -I scripts/action.py audit|comment

Standard library only: it runs before anything is installed. All inputs arrive as environment variables, so that no
text of a pull request is ever part of a command line that a shell reads.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

MARKER = "<!-- prodcheck-report -->"
"""Hidden in the comment, so that the next run finds it again."""
COMMENT_LIMIT = 65_000
"""Characters; GitHub refuses a body of more than 65,536."""
OLDEST = (3, 10)
SUFFIXES = {
    "json": "prodcheck.json",
    "sarif": "prodcheck.sarif",
    "markdown": "prodcheck.md",
    "html": "prodcheck.html",
    "junit": "prodcheck.junit.xml",
    "gitlab": "prodcheck.gitlab.json",
    "badge": "prodcheck.badge.json",
    "openmetrics": "prodcheck.prom",
    "history": "prodcheck.history.jsonl",
    "text": "prodcheck.txt",
}
"""File names of the reports that the input `formats` may ask for."""


def setting(name: str) -> str:
    """One input of the action, empty when it was not given."""
    return os.environ.get(f"PRODCHECK_{name}", "").strip()


def wanted(name: str) -> bool:
    """An input that is a yes or no. Raises `SystemExit` for anything else."""
    word = setting(name).lower()
    if word not in ("", "true", "false"):
        fail(f"{name.lower().replace('_', '-')} must be true or false")
    return word == "true"


def fail(message: str) -> None:
    """End the step with an annotation."""
    print(f"::error title=prodcheck::{message}")
    sys.exit(2)


def install(folder: Path) -> Path:
    """prodcheck in a virtual environment that later steps of the job use again; the path of its command."""
    version = setting("VERSION")
    if version and not re.fullmatch(r"\d[\w.+!-]*", version):
        fail("version must be a version number, such as 1.2.0")
    what = f"prodcheck=={version}" if version else os.environ["PRODCHECK_SOURCE"]
    key = hashlib.sha256(f"{what}\0{sys.executable}\0{sys.version}".encode()).hexdigest()[:12]
    environment = folder / f"prodcheck-environment-{key}"
    bin_ = environment / ("Scripts" if os.name == "nt" else "bin")
    program = bin_ / ("prodcheck.exe" if os.name == "nt" else "prodcheck")
    whole = environment / "installed"  # written last: an installation that was cut off is not used
    if whole.exists():
        return program
    print("::group::Install prodcheck")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = bin_ / ("python.exe" if os.name == "nt" else "python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([*pip, what], check=True)
    whole.touch()
    print("::endgroup::", flush=True)
    return program


def audit() -> int:
    """One scan for everything. The gate's verdict is an output; only what stopped the scan fails this step."""
    if sys.version_info < OLDEST:
        fail(f"prodcheck needs Python {OLDEST[0]}.{OLDEST[1]} or newer: set the input python-version")
    temporary = Path(os.environ["RUNNER_TEMP"])
    reports = temporary / f"prodcheck-{uuid.uuid4().hex[:8]}" / "reports"
    reports.mkdir(parents=True)
    command, files = arguments(reports)
    program = install(temporary)
    here = Path(os.environ["GITHUB_WORKSPACE"]) / (setting("WORKING_DIRECTORY") or ".")
    code = subprocess.run([str(program), *command], cwd=here).returncode
    document = reports / SUFFIXES["json"]
    if not document.exists():
        return code or 3
    report = json.loads(document.read_text(encoding="utf-8"))
    summary = report["summary"]
    outputs = {
        "exit-code": code,
        "score": f"{report['score']['value']:g}",
        "grade": report["score"]["grade"] or "",
        "passed": str(code == 0).lower(),
        "findings": summary["total"],
        "new": summary["new"],
        "critical": summary["critical"],
        "major": summary["major"],
        "report-json": document,
        "report-directory": reports,
        "sarif-file": here / setting("SARIF_FILE") if setting("SARIF_FILE") else "",
        "comment-file": files.get("comment", ""),
    }
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        for name, value in outputs.items():
            end = f"end-{uuid.uuid4().hex}"  # a value with line breaks must not be able to set another output
            file.write(f"{name}<<{end}\n{value}\n{end}\n")
    return 0


def arguments(reports: Path) -> tuple[list[str], dict[str, Path]]:
    """What prodcheck is called with, and the files that later steps need."""
    command = ["check"]
    files: dict[str, Path] = {}
    for name in ("fail-under", "fail-on", "baseline"):
        value = setting(name.upper().replace("-", "_"))
        if value:
            command.append(f"--{name}={value}")
    if wanted("NEW_ONLY"):
        command.append("--new-only")
    formats = ["json", *re.split(r"[\s,]+", setting("FORMATS"))]
    for format_ in dict.fromkeys(filter(None, formats)):
        if format_ not in SUFFIXES:
            fail(f"formats: unknown format; known are {', '.join(SUFFIXES)}")
        command += ["-o", f"{format_}:{reports / SUFFIXES[format_]}"]
    if setting("SARIF_FILE"):
        command += ["-o", f"sarif:{setting('SARIF_FILE')}"]
    if wanted("ANNOTATIONS"):
        command += ["-o", "github:-"]
    if wanted("SUMMARY") and os.environ.get("GITHUB_STEP_SUMMARY"):
        command += ["-o", f"markdown:{os.environ['GITHUB_STEP_SUMMARY']}"]
    if wanted("COMMENT"):
        files["comment"] = reports / "comment.md"
        command += ["-o", f"markdown:{files['comment']}"]
    return [*command, "--", setting("PATH") or "."], files


def comment() -> int:
    """Write the report below the pull request, in place of the one of the last run. Never fails the job."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = (event.get("pull_request") or {}).get("number")
    if not isinstance(number, int):
        print("Not a pull request: nothing to comment on.")
        return 0
    text = Path(os.environ["PRODCHECK_COMMENT_FILE"]).read_text(encoding="utf-8")
    if len(text) > COMMENT_LIMIT:
        text = text[:COMMENT_LIMIT].rpartition("\n")[0] + "\n\n… cut; the summary of the workflow run has all of it.\n"
    body = {"body": text if text.startswith(MARKER) else f"{MARKER}\n{text}"}
    issues = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        last = find_comment(f"{issues}/{number}/comments")
        if last is None:
            call("POST", f"{issues}/{number}/comments", body)
        else:
            call("PATCH", f"{issues}/comments/{last}", body)
    except urllib.error.HTTPError as problem:
        print(f"::warning title=prodcheck::No comment written (HTTP {problem.code}): it needs pull-requests: write, "
              "which pull requests from forks do not get. The summary of this run has the report.")  # fmt: skip
    except OSError as problem:
        print(f"::warning title=prodcheck::No comment written: {type(problem).__name__}")
    return 0


def find_comment(path: str) -> int | None:
    """The id of our comment, among the first thousand of the pull request."""
    for page in range(1, 11):
        found = call("GET", f"{path}?per_page=100&page={page}")
        for item in found:
            if str(item.get("body", "")).startswith(MARKER):
                return int(item["id"])
        if len(found) < 100:
            break
    return None


def call(method: str, path: str, body: object = None) -> list[dict[str, object]]:
    """One request to GitHub's API."""
    request = urllib.request.Request(
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ.get('PRODCHECK_TOKEN', '')}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        found = json.loads(reply.read() or b"[]")
    return found if isinstance(found, list) else []


if __name__ == "__main__":
    sys.exit({"audit": audit, "comment": comment}[sys.argv[1]]())
