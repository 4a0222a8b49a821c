"""Run every recipe of docs/dashboards.md with the program it is for, and fail when one gives nothing.

    python scripts/validate_dashboards.py

DuckDB, Datasette and sqlite-utils come from PyPI and JSONata from npm, into a temporary folder. jq and prometheus (with
promtool) are Debian's; they have to be installed. Everything happens on this machine's loopback address.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dashboards.md"
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WEEKS = 6


def main() -> int:
    """0 when every recipe gave something."""
    missing = [name for name in ("jq", "promtool", "prometheus", "npm") if shutil.which(name) is None]
    if missing:
        print(f"not installed: {', '.join(missing)} (Debian: jq prometheus npm)")
        return 1
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder, tools = Path(temporary, "work"), Path(temporary, "tools")
        shutil.copytree(ROOT / "examples" / "notebook-only", folder)
        install(tools)
        past(folder / "history.jsonl")
        problems = [p for language, text in blocks if (p := recipe(language, text, folder, tools))]
        configurations = [text for language, text in blocks if language == "yaml"]
        problems += prometheus(folder, configurations, [text for language, text in blocks if language == "promql"])
    for problem in problems:
        print(problem)
    number = sum(language != "text" for language, _ in blocks)
    print(f"{number - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


def install(tools: Path) -> None:
    """What PyPI and npm have."""
    python = [sys.executable, "-m", "pip", "install", "--quiet", "--target", tools / "python"]
    for command in (
        [*python, "duckdb", "pytz", "datasette", "sqlite-utils"],
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", tools, "jsonata"],
    ):
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
    sys.path.append(str(tools / "python"))


def past(path: Path) -> None:
    """Six weeks of history of the ten repositories that the tests rank."""
    from prodcheck.report import Options, render
    from test_archetypes import reports

    now = datetime.now(timezone.utc)
    with path.open("w", encoding="utf-8") as file:
        for week in range(WEEKS, 0, -1):
            when = (now - timedelta(weeks=week)).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name, report in reports().items():
                file.write(render(replace(report, name=f"acme/{name}", started_at=when), "history", Options()))


def recipe(language: str, text: str, folder: Path, tools: Path) -> str:
    """Run one block; what went wrong, or nothing."""
    kinds = {"bash": bash, "sql": sql, "jsonata": jsonata, "jq": jq}
    if language not in kinds:
        return ""
    try:
        said = kinds[language](text, folder, tools)
    except Exception as problem:  # whatever a recipe does, the others are tried as well
        said = f"{type(problem).__name__}: {problem}"
    return f"--- {language}\n{text}\n{said}" if said else ""


def bash(text: str, folder: Path, tools: Path) -> str:
    path = os.pathsep.join([str(tools / "python" / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{tools / 'python'}"}
    command = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


def sql(text: str, folder: Path, tools: Path) -> str:
    import duckdb

    os.chdir(folder)
    connection = duckdb.connect()
    for statement in filter(None, (part.strip() for part in text.split(";"))):
        rows = connection.execute(statement).fetchall()
        if not rows:
            return f"no rows: {statement}"
    written = [name for name in re.findall(r"TO '([^']+)'", text) if not Path(folder, name).stat().st_size]
    return f"empty: {written}" if written else ""


def jsonata(text: str, folder: Path, tools: Path) -> str:
    code = (
        "const fs = require('fs'), jsonata = require('jsonata');"
        "jsonata(process.argv[1]).evaluate(JSON.parse(fs.readFileSync('history.json'))).then("
        "r => console.log(JSON.stringify(r)))"
    )
    environment = {**os.environ, "NODE_PATH": str(tools / "node_modules")}
    done = subprocess.run(
        ["node", "-e", code, text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return rows(done.stdout, done.stderr)


def jq(text: str, folder: Path, tools: Path) -> str:
    done = subprocess.run(["jq", f"[{text}]", "history.json"], cwd=folder, capture_output=True, text=True, check=False)
    return rows(done.stdout, done.stderr)


def rows(stdout: str, stderr: str) -> str:
    """Whether the output is a list of rows with the columns of a trend."""
    found = json.loads(stdout) if stdout else []
    if len(found) <= WEEKS or not {"time", "repository", "score"} <= set(found[0]):
        return f"no rows: {stdout[:500]} {stderr}"
    return ""


def prometheus(folder: Path, configurations: list[str], queries: list[str]) -> list[str]:
    """Scrape the metrics file with a real server that also holds the filled-in history, and ask every query."""
    scrape, alerts = configurations
    (folder / "alerts.yml").write_text(alerts)
    checked = subprocess.run(
        ["promtool", "check", "rules", "alerts.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    problems = [f"--- alerts\n{checked.stdout}{checked.stderr}"] if checked.returncode else []
    with served(folder) as files:
        port = free_port()
        settings = scrape.replace("files.example.org:8000", f"127.0.0.1:{files}").replace("5m", "1s")
        (folder / "prometheus.yml").write_text(f"rule_files: [alerts.yml]\n{settings}")
        command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=1y"]
        server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            ask = partial(query, f"http://127.0.0.1:{port}")
            for _ in range(60):
                if ask("prodcheck_findings"):  # the history holds a score of now already
                    break
                time.sleep(0.5)
            problems += [f"--- promql\n{text}\nno result" for text in queries if not ask(text)]
            old = ask(f"count_over_time(prodcheck_score[{WEEKS + 1}w])")
            if sum(int(float(series["value"][1])) >= WEEKS for series in old) < 5:
                problems.append(f"--- history\nthe filled-in weeks are not there: {old}")
        finally:
            server.terminate()
            server.wait(timeout=20)
    return problems


def query(address: str, text: str) -> list[dict[str, list[str]]]:
    """Result of an instant query, empty while the server is not up."""
    url = f"{address}/api/v1/query?{urllib.parse.urlencode({'query': text.strip()})}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found: list[dict[str, list[str]]] = json.load(answer)["data"]["result"]
            return found
    except OSError:
        return []


class Quiet(SimpleHTTPRequestHandler):
    """Files without a log."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Serve a folder on the loopback address; gives the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
