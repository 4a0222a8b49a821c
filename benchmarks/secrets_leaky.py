"""Risk lines of leaky-repo (https://github.com/Plazmaz/leaky-repo) that are covered.

    python benchmarks/secrets_leaky.py CHECKOUT

Its own list says how many risky lines each file has; a file counts at most as many findings as it has such lines.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from prodcheck.extract import secrets
from prodcheck.extract.text import is_binary


def main() -> None:
    root = Path(sys.argv[1])
    risky = covered = files = 0
    with (root / ".leaky-meta" / "secrets.csv").open(newline="") as stream:
        rows = [row for row in csv.reader(stream) if len(row) == 3 and row[1].strip().isdigit()]
    for path, risk, _ in rows:
        data = (root / path).read_bytes()
        lines = set() if is_binary(data) else {s.location.line for s in secrets.extract(path, data, None)}
        risky += int(risk)
        covered += min(int(risk), len(lines))
        files += bool(lines) and int(risk) > 0
        print(f"{min(int(risk), len(lines)):3} of {risk:>2}  {path}")
    print(f"{covered} of {risky} risk lines, {files} of {sum(int(r[1]) > 0 for r in rows)} files")


if __name__ == "__main__":
    main()
