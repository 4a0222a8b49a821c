"""Hand reports to the tools that read them, and fail when one of them complains.

    python3 scripts/prove.py reports [--keep FOLDER] [PATH...]

Reports are made of the two examples, of ten well-known kinds of repository (`tests/test_archetypes.py`), of a report in
which everything occurs, of one that is hostile, and of every repository PATH that is named. Then

- SARIF goes through Microsoft's multitool with the rules of GitHub,
- JUnit XML through the schema of Jenkins (as pytest ships it),
- annotations and the job summary through a runner of GitHub Actions (act),
- commands for Azure Pipelines through the parser of its own library for tasks,
- Markdown through GitHub's own renderer (cmark-gfm), GitLab's report through what its documentation asks,
- metrics through promtool and a strict OpenMetrics parser,
- HTML through Chromium in light and dark, on a phone, printed and without scripts, and through axe-core,
- and the Content-Security-Policy is tried out on a page that breaks it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from tools import FOLDER, ROOT, Missing, environment, node_module, program

sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

FORMATS = {
    "json": ".json",
    "sarif": ".sarif",
    "junit": ".xml",
    "github": ".github.txt",
    "azure": ".azure.txt",
    "markdown": ".md",
    "gitlab": ".gitlab.json",
    "openmetrics": ".prom",
    "html": ".html",
    "history": ".jsonl",
    "badge": ".badge.json",
}


def run(command: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    """A command with its output."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def slug(name: str) -> str:
    """A name for a file."""
    return re.sub(r"\W+", "-", name)


def make(folder: Path, paths: Iterable[Path]) -> list[str]:
    """Write all reports, and give their names."""
    from hostile_report import hostile
    from prodcheck.report import Options, render
    from reports import rich
    from test_archetypes import reports

    made = {"everything": rich(), "hostile": hostile()}
    made |= {slug(name): report for name, report in reports().items()}
    for name, report in made.items():
        for format_, suffix in FORMATS.items():
            text = render(report, format_, Options(ci="github-actions"))
            (folder / f"{name}{suffix}").write_bytes(text.encode())
    names = list(made)
    for path in [ROOT / "examples" / "notebook-only", ROOT / "examples" / "churn-service", *paths]:
        names.append(path.name)
        outputs = [f"{format_}:{folder / (path.name + suffix)}" for format_, suffix in FORMATS.items()]
        words = [word for output in outputs for word in ("-o", output)]
        done = run([sys.executable, "-m", "prodcheck", "check", path, "-q", *words])
        if done.returncode:
            raise SystemExit(f"prodcheck failed on {path}: {done.stderr}")
    return names


def sarif(folder: Path, names: list[str]) -> list[str]:
    multitool = node_module("@microsoft/sarif-multitool-linux") / "Sarif.Multitool"
    multitool.chmod(0o755)
    broken = folder / "broken.sarif"
    broken.write_text('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{}]}]}')
    files = [folder / f"{name}.sarif" for name in names]
    command = [multitool, "validate", *files, broken, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    done = run(command, env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    said = [line for line in done.stdout.splitlines() if re.search(r": (error|warning) \w+:", line)]
    if not any("broken.sarif" in line for line in said):
        return [f"the multitool finds nothing wrong with a broken file: {done.stdout}{done.stderr}"]
    return [line for line in said if "broken.sarif" not in line]


def junit(folder: Path, names: list[str]) -> list[str]:
    import xmlschema

    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pytest"]
    if not list(FOLDER.glob("pytest-*.tar.gz")):
        run([*pip, "--dest", FOLDER, f"pytest=={version('pytest')}"], env=environment())
    source = next(FOLDER.glob("pytest-*.tar.gz"), None)
    if source is None:
        raise Missing("the source of pytest, which holds the schema, cannot be downloaded")
    with tarfile.open(source) as archive:
        member = next(m for m in archive.getmembers() if m.name.endswith("/junit-10.xsd"))
        file = archive.extractfile(member)
        assert file is not None
        schema = xmlschema.XMLSchema(file.read().decode())
    return [f"{n}: {error}" for n in names for error in schema.iter_errors(str(folder / f"{n}.xml"))]


def actions(folder: Path, names: list[str]) -> list[str]:
    place = folder / "actions"
    (place / ".github" / "workflows").mkdir(parents=True)
    steps = "".join(
        f"      - run: cat '{folder / name}.github.txt' && cat '{folder / name}.md' >> \"$GITHUB_STEP_SUMMARY\"\n"
        for name in names
    )
    workflow = f"on: push\njobs:\n  show:\n    runs-on: ubuntu-latest\n    steps:\n{steps}"
    (place / ".github" / "workflows" / "show.yml").write_text(workflow)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "Show"]):
        run(["git", *command], cwd=place)
    home = {**environment(), "HOME": str(place / "home"), "XDG_CACHE_HOME": str(place / "cache")}
    command = [program("act"), "push", "-P", "ubuntu-latest=-self-hosted", "--json", "--no-cache-server"]
    done = run(command, cwd=place, env=home)
    records = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    problems = [] if done.returncode == 0 else [f"act failed: {done.stderr[-500:]}"]
    for number, name in enumerate(names):
        mine = [r for r in records if r.get("stepID") == [str(number)] and "command" in r]
        seen = [r for r in mine if r["command"] in ("error", "warning", "notice")]
        lines = (folder / f"{name}.github.txt").read_text(encoding="utf-8").splitlines()
        if len(seen) != len(lines):
            problems.append(f"{name}: {len(lines)} annotations were written, {len(seen)} were read")
        for level in ("error", "warning", "notice"):
            if sum(r["command"] == level for r in seen) > 10:
                problems.append(f"{name}: more than ten annotations of level {level}")
        others = {r["command"] for r in mine} - {"error", "warning", "notice", "summary"}
        problems += [f"{name}: the command {other} was injected" for other in sorted(others)]
        problems += [
            f"{name}: an annotation has the properties {sorted(r['kvPairs'])}"
            for r in seen
            if not set(r["kvPairs"]) <= {"file", "line", "endLine", "col", "title"}
        ]
    return problems


def azure(folder: Path, names: list[str]) -> list[str]:
    """What Microsoft's own parser reads must be the commands that were meant, and nothing else."""
    code = (
        "const { commandFromString: read } = require('azure-pipelines-task-lib/taskcommand');"
        "const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(line => line);"
        "console.log(JSON.stringify(lines.map(line => read(line))))"
    )
    settings = {**os.environ, "NODE_PATH": str(node_module("azure-pipelines-task-lib").parent)}
    problems = []
    for name in names:
        text = (folder / f"{name}.azure.txt").read_text(encoding="utf-8")
        done = run([program("node"), "-e", code], input=text, env=settings)
        if done.returncode:
            problems.append(f"{name}: {done.stderr[-300:]}")
            continue
        commands = json.loads(done.stdout)
        if len(commands) != len(text.splitlines()):
            problems.append(f"{name}: {len(text.splitlines())} lines, {len(commands)} commands")
        document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        rules = {finding["rule_id"] for finding in document["findings"]}
        for command in commands:
            properties, message = command["properties"], command["message"]
            known = {"type", "sourcepath", "linenumber", "columnnumber", "code"}
            if command["command"] != "task.logissue" or not set(properties) <= known or not message.strip():
                problems.append(f"{name}: read as {command}")
            if properties.get("code", next(iter(rules), "")) not in rules:
                problems.append(f"{name}: a rule {properties['code']} does not exist")
            if not properties.get("linenumber", "1").isdigit() or properties["type"] not in ("error", "warning"):
                problems.append(f"{name}: read as {properties}")
    return problems


def markdown(folder: Path, names: list[str]) -> list[str]:
    cmark, problems = program("cmark-gfm"), []
    extensions = [w for e in ("table", "strikethrough", "autolink", "tagfilter", "tasklist") for w in ("-e", e)]
    for name in names:
        source = folder / f"{name}.md"
        page = run([cmark, "--unsafe", *extensions, source]).stdout
        if source.stat().st_size > 65_536:
            problems.append(f"{name}: {source.stat().st_size} bytes, too much for a comment")
        if page.count("<details") != page.count("</details>"):
            problems.append(f"{name}: a part is not closed")
        if re.search(r"<(script|img|iframe|h1)\b", page):
            problems.append(f"{name}: an element was injected")
        links = re.findall(r'href="([^"]*)"', page)
        problems += [f"{name}: leads to {link}" for link in links if not re.match(r"https://(?!evil)", link)]
    return problems


def gitlab(folder: Path, names: list[str]) -> list[str]:
    from jsonschema import Draft202012Validator

    from test_report_gitlab import SCHEMA

    problems = []
    for name in names:
        issues = json.loads((folder / f"{name}.gitlab.json").read_text())
        problems += [f"{name}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(issues)]
        if len({issue["fingerprint"] for issue in issues}) != len(issues):
            problems.append(f"{name}: two issues have one fingerprint")
    return problems


def openmetrics(folder: Path, names: list[str]) -> list[str]:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    problems = []
    for name in names:
        text = (folder / f"{name}.prom").read_text(encoding="utf-8")
        try:
            families = {family.name for family in text_string_to_metric_families(text)}
        except ValueError as problem:
            problems.append(f"{name}: {problem}")
            continue
        if "prodcheck_score" not in families:
            problems.append(f"{name}: there is no score among {families}")
    promtool = program("promtool")
    for name in names:
        done = run([promtool, "check", "metrics"], input=(folder / f"{name}.prom").read_text(encoding="utf-8"))
        if done.returncode or done.stderr.strip():
            problems.append(f"{name}: {done.stderr}{done.stdout}")
    return problems


def browser(folder: Path, names: list[str]) -> list[str]:
    # The policy has to bite: a page with a script, a picture and a frame of its own must make no request.
    page = (folder / "everything.html").read_text(encoding="utf-8")
    attack = (
        '<script>document.title="run"</script><iframe src="https://evil.example/"></iframe>'
        '<img src="https://evil.example/x.png" onerror="alert(1)">'
    )
    (folder / "attack.html").write_text(page.replace("<main>", f"<main>{attack}"), encoding="utf-8")
    settings = {**os.environ, "NODE_PATH": str(node_module("axe-core").parent), "CHROMIUM": str(program("chromium"))}
    shots = folder / "pictures"
    shots.mkdir(exist_ok=True)
    command = [program("node"), ROOT / "scripts" / "proofs" / "page.js", shots]
    blocked = run([*command, folder / "attack.html"], env=settings)
    problems = []
    if "Content Security Policy" not in blocked.stdout or "(light): dialog" in blocked.stdout:
        problems.append(f"the policy does not stop an attack: {blocked.stdout}{blocked.stderr}")
    from test_archetypes import reports

    alike = {slug(name) for name in reports()}  # the examples look the same, and a browser is slow
    pages = [folder / f"{name}.html" for name in names if name not in alike]
    with ThreadPoolExecutor(max_workers=2) as pool:
        for done in pool.map(lambda half: run([*command, *half], env=settings), (pages[::2], pages[1::2])):
            problems += (done.stdout + done.stderr).splitlines()
    return problems


def main() -> int:
    """0 when no tool complains."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave reports and pictures in FOLDER")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a repository to report on as well")
    options = parser.parse_args()
    checks: tuple[Callable[[Path, list[str]], list[str]], ...] = (
        sarif,
        junit,
        actions,
        azure,
        markdown,
        gitlab,
        openmetrics,
        browser,
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        names = make(folder, [path.resolve() for path in options.paths])
        bad = 0
        for check in checks:
            try:
                problems = check(folder, names)
            except Missing as missing:
                print(f"skipped  {check.__name__}: {missing}", flush=True)
                continue
            bad += bool(problems)
            print(f"{'FAILED:' if problems else 'ok '} {check.__name__}: {len(names)} reports", flush=True)
            for problem in problems[:40]:
                print(f"  {problem}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
