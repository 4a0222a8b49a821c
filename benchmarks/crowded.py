"""What a folder with very many entries costs, with git and without: processor time and peak memory of an audit.

    python benchmarks/crowded.py [ENTRIES ...]

The tests do the same with 20,000 entries and measure nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

AUDIT = """
import resource, sys, time
from prodcheck import audit
report = audit(sys.argv[1])
own, git = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
cpu = own.ru_utime + own.ru_stime + git.ru_utime + git.ru_stime
print(f"{report.files} {cpu:.2f} {own.ru_maxrss / 1024:.0f} {git.ru_maxrss / 1024:.0f}")
"""


def main() -> None:
    print("| entries | git | CPU s | µs an entry | peak MB | peak MB of git |")
    print("|---:|---|---:|---:|---:|---:|")
    for number in [int(argument) for argument in sys.argv[1:]] or [20_000, 200_000]:
        with tempfile.TemporaryDirectory() as made:
            top = Path(made)
            (top / "data").mkdir()
            for name in range(number):
                os.close(os.open(top / "data" / f"{name}.txt", os.O_WRONLY | os.O_CREAT))
            for state in ("none", "untracked", "committed"):
                _prepare(top, state)
                done = subprocess.run(
                    [sys.executable, "-c", AUDIT, made], capture_output=True, text=True, check=True, env=_environment()
                )
                files, cpu, peak, git = done.stdout.split()
                assert int(files) == number
                print(
                    f"| {number:,} | {state} | {cpu} | {float(cpu) / number * 1e6:.0f} | {peak} | {git} |", flush=True
                )


def _prepare(top: Path, state: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    if state == "untracked":
        subprocess.run(["git", "init", "-q"], cwd=top, check=True)
    elif state == "committed":
        subprocess.run(["git", "add", "."], cwd=top, check=True)
        subprocess.run(["git", *who, "commit", "-q", "-m", "Add files"], cwd=top, check=True)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("GIT_") and k != "CI"}


if __name__ == "__main__":
    main()
