"""The table of docs/security.md from the logs of fuzzing runs: `python fuzz/table.py LOGS`, one `<reader>.log` each."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_STATE = re.compile(r"^#(\d+)\t.* cov: (\d+) ", re.MULTILINE)
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)


def row(log: Path) -> tuple[str, int, int, int, int]:
    """(reader, inputs in all its runs, inputs a second of the last whole run, edges, inputs that broke something)."""
    text = log.read_text("utf-8", "replace")
    runs = text.split("INITED")[1:]
    numbers = [[int(count) for count, _ in _STATE.findall(run)] for run in runs]
    edges = max((int(found) for _, found in _STATE.findall(text)), default=0)
    done = _DONE.findall(text)
    rate = int(done[-1][0]) // max(1, int(done[-1][1])) if done else 0
    return log.stem, sum(max(run, default=0) for run in numbers), rate, edges, text.count("\nFOUND ")


def main() -> None:
    rows = sorted(row(log) for log in Path(sys.argv[1]).glob("*.log"))
    print("| reader | inputs | a second | edges |\n|---|---|---|---|")
    for name, count, rate, edges, found in rows:
        print(f"| {name} | {count:,} | {rate:,} | {edges:,} |{' found: ' + str(found) if found else ''}")
    print(f"\n{sum(one[1] for one in rows):,} in all", file=sys.stderr)


if __name__ == "__main__":
    main()
