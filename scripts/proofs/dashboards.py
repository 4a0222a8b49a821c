"""Run every recipe of docs/dashboards.md with the program it is for, and fail when one gives nothing.

DuckDB, Datasette, sqlite-utils, JSONata, jq, promtool and a Prometheus server. Everything happens on this machine's
loopback address. The history holds rows that earlier versions wrote (`tests/data/reports/`), too.
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

from tools import BIN, ROOT, main_of, node_module, program, proved

PAGE = ROOT / "docs" / "dashboards.md"
OLD = ROOT / "tests" / "data" / "reports"
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WEEKS = 6


def main() -> None:
    """Recipes, then Prometheus."""
    for name in ("jq", "promtool", "prometheus", "node", "datasette", "sqlite-utils"):
        program(name)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "work")
        shutil.copytree(ROOT / "examples" / "notebook-only", folder)
        past(folder / "history.jsonl")
        problems = []
        for language, text in blocks:
            if language in RECIPES:
                problem = recipe(language, text, folder)
                problems.append(problem)
                if not problem:
                    proved(f"{language}: {text.strip().splitlines()[0]}")
        configurations = [text for language, text in blocks if language == "yaml"]
        problems += prometheus(folder, configurations, [text for language, text in blocks if language == "promql"])
    for problem in filter(None, problems):
        print(f"FAILED: {problem}")
    if any(problems):
        sys.exit(1)


def past(path: Path) -> None:
    """Six weeks of history of the ten repositories that the tests rank."""
    from prodcheck.report import Options, render
    from test_archetypes import reports

    now = datetime.now(timezone.utc)
    with path.open("w", encoding="utf-8") as file:
        for old in sorted(OLD.glob("*.jsonl")):
            file.write(old.read_text(encoding="utf-8"))
        for week in range(WEEKS, 0, -1):
            when = (now - timedelta(weeks=week)).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name, report in reports().items():
                file.write(render(replace(report, name=f"acme/{name}", started_at=when), "history", Options()))


def recipe(language: str, text: str, folder: Path) -> str:
    """Run one block; what went wrong, or nothing."""
    try:
        said = RECIPES[language](text, folder)
    except Exception as problem:  # whatever a recipe does, the others are tried as well
        said = f"{type(problem).__name__}: {problem}"
    return f"--- {language}\n{text}\n{said}" if said else ""


def bash(text: str, folder: Path) -> str:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "-euo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


def sql(text: str, folder: Path) -> str:
    import duckdb

    os.chdir(folder)
    connection = duckdb.connect()
    for statement in filter(None, (part.strip() for part in text.split(";"))):
        rows = connection.execute(statement).fetchall()
        if not rows:
            return f"no rows: {statement}"
    written = [name for name in re.findall(r"TO '([^']+)'", text) if not Path(folder, name).stat().st_size]
    return f"empty: {written}" if written else ""


def jsonata(text: str, folder: Path) -> str:
    code = (
        "const fs = require('fs'), jsonata = require('jsonata');"
        "jsonata(process.argv[1]).evaluate(JSON.parse(fs.readFileSync('history.json'))).then("
        "r => console.log(JSON.stringify(r)))"
    )
    environment = {**os.environ, "NODE_PATH": str(node_module("jsonata").parent)}
    done = subprocess.run(
        ["node", "-e", code, text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return rows(done.stdout, done.stderr)


def jq(text: str, folder: Path) -> str:
    done = subprocess.run(["jq", f"[{text}]", "history.json"], cwd=folder, capture_output=True, text=True, check=False)
    return rows(done.stdout, done.stderr)


RECIPES = {"bash": bash, "sql": sql, "jsonata": jsonata, "jq": jq}


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
            for text in queries:
                if ask(text):
                    proved(f"promql: {text.strip()}")
                else:
                    problems.append(f"--- promql\n{text}\nno result")
            old = ask(f"count_over_time(prodcheck_score[{WEEKS + 1}w])")
            if sum(int(float(series["value"][1])) >= WEEKS for series in old) < 5:
                problems.append(f"--- history\nthe filled-in weeks are not there: {old}")
            else:
                proved(f"the history is in Prometheus: {len(old)} series")
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
    main_of(main)
