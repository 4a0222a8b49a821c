"""The table of docs/security.md from the logs of fuzzing: `python fuzz/table.py LOGS...`, folders of `<reader>.log`.

Runs that are appended to one log, and logs of one reader in several folders, are added up.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

_STATE = re.compile(r"^#(\d+)\t.* cov: (\d+) ", re.MULTILINE)
_RATE = re.compile(r"^#(\d+)\t.* exec/s: (\d+) ", re.MULTILINE)


def runs(log: Path) -> list[tuple[int, int, int]]:
    """(inputs, inputs a second, edges) of each run in a log."""
    found = []
    for text in log.read_text("utf-8", "replace").split("INITED")[1:]:
        states = [(int(count), int(edges)) for count, edges in _STATE.findall(text)]
        if states:
            rate = max((int(count), int(rate)) for count, rate in [("0", "0"), *_RATE.findall(text)])[1]
            found.append((max(states)[0], rate, max(edges for _, edges in states)))
    return found


def main() -> None:
    readers: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for folder in sys.argv[1:]:
        for log in Path(folder).glob("*.log"):
            readers[log.stem] += runs(log)
    rows = sorted((-sum(one[0] for one in all_), name, all_) for name, all_ in readers.items() if all_)
    print("| reader | inputs in all | in the longest run | a second | edges |\n|---|---|---|---|---|")
    for total, name, all_ in rows:
        longest = max(all_)
        print(f"| {name} | {-total:,} | {longest[0]:,} | {longest[1]:,} | {max(one[2] for one in all_):,} |")
    print(f"\n{-sum(one[0] for one in rows):,} in all", file=sys.stderr)


if __name__ == "__main__":
    main()
