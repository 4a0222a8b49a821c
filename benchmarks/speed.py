"""CPU time, wall time and memory of prodcheck beside two floors and three peers, on the same trees in one run.

    python benchmarks/speed.py FOLDER [--rounds N] [--only NAME] [--checkout PATH ...] [--generated] [--no-peers]

FOLDER keeps the pinned archives, the generated repositories and the environment into which prodcheck's wheel and the
peers are installed; it may be empty. Every figure is a whole process, its children included. In a round each program
runs once, one after the other, and ratios are taken within the round, so that a machine whose speed drifts does not
move them; what is printed is the median of the rounds. The table is Markdown, as `docs/performance.md` shows it.

Floors: *read* reads every tracked file; *parse* also parses every Python file once with `ast`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from archives import ARCHIVES, repository

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("detect-secrets==1.5.0", "ruff==0.17.6", "ml-project-doctor==0.1.1")

READ = """
import subprocess, sys
listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout
for line in filter(None, listed.split(b"\\0")):
    try:
        with open(line, "rb") as file:
            data = file.read()
    except OSError:
        continue
"""
PARSE = (
    READ.replace("import subprocess", "import ast, gc, subprocess, warnings", 1).replace(
        "listed =", "gc.disable()\nwarnings.simplefilter('ignore')\nlisted =", 1
    )
    + """    if line.endswith(b".py"):
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
"""
)


class Cost(NamedTuple):
    """What one process took, its children included: seconds of CPU and of wall time, and the largest peak in MB."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True)
class Program:
    """One line of the table; `prepare` runs before each measured run and is not measured."""

    name: str
    command: tuple[str, ...]
    prepare: Callable[[], object] = lambda: None
    once: bool = False
    """Run in the first round only: a program that takes minutes."""


def measure(command: Sequence[str], cwd: Path) -> Cost:
    """Run a command whose output nobody reads. Raises SystemExit when it cannot run or is killed."""
    clock = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - clock
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1e6))


def install(folder: Path, peers: bool) -> Path:
    """The `bin` folder of an environment with prodcheck's wheel, built from this tree, and the peers."""
    root = folder / "environment"
    binaries = root / ("Scripts" if os.name == "nt" else "bin")
    if not binaries.exists():
        venv.create(root, with_pip=True)
    pip = [str(binaries / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
    subprocess.run([*pip, str(ROOT), *(PEERS if peers else ())], check=True)
    return binaries


def programs(binaries: Path, scratch: Path, peers: bool, files: Sequence[str]) -> list[Program]:
    """Everything that is measured on one tree. `files` are those that the hook is given."""
    python, prodcheck = str(binaries / "python"), str(binaries / "prodcheck")
    cache = scratch / "cache"
    clear = lambda: shutil.rmtree(cache, ignore_errors=True)  # noqa: E731
    kept = ("--cache-dir", str(cache))
    check = (prodcheck, "check", ".", "--format", "json")
    found = [
        Program("read every file (floor)", (python, "-c", READ)),
        Program("read, and parse every Python file (floor)", (python, "-c", PARSE)),
        Program("prodcheck, cold, no cache", (*check, "--no-cache", "--jobs", "1")),
        Program("prodcheck, cold, two jobs", (*check, "--no-cache", "--jobs", "2")),
        Program("prodcheck, cold, filling the cache", (*check, *kept, "--jobs", "1"), clear),
        Program("prodcheck, warm", (*check, *kept, "--jobs", "1")),
        Program("prodcheck, hook on one file", (prodcheck, "check", "--hook", *files[:1])),
        Program("prodcheck, hook on ten files", (prodcheck, "check", "--hook", *files[:10])),
    ]
    if peers:
        found += [
            Program("ruff check", (str(binaries / "ruff"), "check", "--no-cache", "--isolated", "-q", ".")),
            Program("ml-project-doctor", (str(binaries / "ml-project-doctor"), "."), once=True),
            Program("detect-secrets scan", (str(binaries / "detect-secrets"), "scan", "."), once=True),
        ]
    return found


def compare(name: str, root: Path, found: Sequence[Program], rounds: int) -> None:
    """Measure every program on one tree and print the table."""
    costs: dict[str, list[Cost]] = {program.name: [] for program in found}
    for number in range(rounds):
        for program in found:
            if number == 0 or not program.once:
                program.prepare()
                costs[program.name].append(measure(program.command, root))
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=True).stdout
    paths = [root / os.fsdecode(line) for line in filter(None, listed.split(b"\0"))]
    size = sum(path.stat().st_size for path in paths if path.is_file())
    python = sum(path.suffix == ".py" for path in paths)
    print(f"\n### {name}: {len(paths):,} files, {python:,} of them Python, {size / 1e6:.1f} MB\n")
    print("| program | CPU s | wall s | peak MB | CPU, of reading and parsing | CPU, of prodcheck cold |")
    print("|---|--:|--:|--:|--:|--:|")
    floor, cold = costs[found[1].name], costs[found[2].name]
    for program in found:
        mine = costs[program.name]
        cpu, wall, peak = (statistics.median(values) for values in zip(*mine, strict=True))
        shares = f"{_ratio(mine, floor):.2f} | {_ratio(mine, cold):.2f}"
        print(f"| {program.name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} | {shares} |")
    faster = statistics.median(a.wall / b.wall for a, b in zip(cold, costs[found[3].name], strict=True))
    print(f"\nTwo jobs are {faster:.2f} times faster than one in wall time.", flush=True)


def _ratio(mine: Sequence[Cost], other: Sequence[Cost]) -> float:
    return statistics.median(a.cpu / b.cpu for a, b in zip(mine, other, strict=False))


def python_files(root: Path) -> list[str]:
    """Ten tracked Python files of ordinary size, as a commit would touch them."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "*.py"], capture_output=True, text=True, check=True)
    usual = [path for path in listed.stdout.splitlines() if 2_000 < (root / path).stat().st_size < 30_000]
    return usual[:: max(1, len(usual) // 10)][:10] or listed.stdout.splitlines()[:10]


def generated(folder: Path, number: int) -> Path:
    """The made-up repository of so many files."""
    root = folder / f"generated-{number}"
    if not (root / ".git" / "HEAD").exists():
        script = Path(__file__).with_name("generate_repository.py")
        subprocess.run([sys.executable, str(script), str(root), str(number)], check=True)
    return root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where archives, generated repositories and programs are kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="only the archive of this name; `none` for no archive")
    parser.add_argument("--checkout", type=Path, action="append", default=[], help="also measure on this git checkout")
    parser.add_argument("--generated", action="store_true", help="also generated repositories of 1k, 10k, 100k files")
    parser.add_argument("--no-peers", action="store_true", help="only prodcheck and the floors")
    options = parser.parse_args()
    folder = options.folder.resolve()
    binaries = install(folder, not options.no_peers)
    trees = [(f"{a.name} {a.version}", repository(a, folder)) for a in ARCHIVES if options.only in (None, a.name)]
    trees += [(path.name, path.resolve()) for path in options.checkout]
    if options.generated:
        trees += [(f"generated, {number:,} files", generated(folder, number)) for number in (1_000, 10_000, 100_000)]
    for name, root in trees:
        listed = programs(binaries, folder / "scratch", not options.no_peers, python_files(root))
        compare(name, root, listed, options.rounds)


if __name__ == "__main__":
    main()
