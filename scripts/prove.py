"""Prove that prodcheck works with the real thing on the other end: hooks, CI services, browsers, dashboards.

    python3 scripts/prove.py                      all proofs, two at a time
    python3 scripts/prove.py --strict             the same; a proof that had to be skipped is a failure
    python3 scripts/prove.py NAME [ARGUMENTS]     one proof (its file in scripts/proofs/ says what it shows)

Installs what it needs (see `scripts/proofs/tools.py`). The hooks, the Action and the walk of the README use the last
*commit*. What cannot be had on this machine, or does not fit into the time, is reported as skipped.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent / "proofs"
sys.path.append(str(HERE))  # last: a proof may be called like a module of the tests

import tools  # noqa: E402

PROOFS = ("action", "reports", "hooks", "walk", "pipelines", "dashboards")
"""The longest first, so that two at a time end together."""
BUDGET = 720
"""Seconds for everything."""
LIMIT = 420
"""Seconds for one proof: one that takes longer hangs."""


class Tally:
    """Counts what was shown, and prints whole proofs: two of them run at a time."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()

    def add(self, name: str, seconds: float, code: int | None, output: str) -> None:
        """One proof that ended with this exit code; without one it was not run, or stopped when the time was up."""
        with self.lock:
            print(f"\n$ prove {name}" + (f"  ({seconds:.0f} s)" if seconds else ""))
            print(output.rstrip(), flush=True)
            lines = output.splitlines()
            failed = sum(line.startswith("FAILED") for line in lines)
            self.passed += sum(line.startswith("ok  ") for line in lines)
            self.skipped += sum(line.startswith("skipped  ") for line in lines)
            self.failed += failed or bool(code)


def run(name: str, deadline: float, tally: Tally) -> None:
    """One proof in a process of its own, until it ends or the time is up."""
    left = deadline - time.monotonic()
    if left < 5:
        tally.add(name, 0, None, f"skipped  {name}: not run, {BUDGET} s for all proofs are over")
        return
    begin = time.monotonic()
    command = [tools.BIN / "python", HERE / f"{name}.py"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, encoding="utf-8", errors="replace", start_new_session=True)  # fmt: skip
    try:
        output, code = process.communicate(timeout=min(left, LIMIT))[0], process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output = process.communicate()[0]
        if left < LIMIT:
            output, code = f"{output}\nskipped  {name}: stopped, {BUDGET} s for all proofs are over", None
        else:
            output, code = f"{output}\nFAILED: {name} took more than {LIMIT} s", 1
    tally.add(name, time.monotonic() - begin, code, output)


def main() -> int:
    """0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strict", action="store_true", help="what is skipped counts as failed")
    parser.add_argument("name", nargs="?", choices=PROOFS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    begin = time.monotonic()
    problems = tools.install()
    for problem in problems:
        print(f"not installed: {problem}")
    print(f"tools installed in {time.monotonic() - begin:.0f} s", flush=True)
    if options.name:
        return subprocess.run([tools.BIN / "python", HERE / f"{options.name}.py", *options.arguments]).returncode
    tally = Tally()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name in PROOFS:
            pool.submit(run, name, begin + BUDGET, tally)
    print(f"\nproofs took {time.monotonic() - begin:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or (options.strict and tally.skipped) else 0


if __name__ == "__main__":
    sys.exit(main())
