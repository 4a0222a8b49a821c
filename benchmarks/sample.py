"""Draw findings and passes at random, to be judged by eye.

    python benchmarks/sample.py CHECKOUTS [--findings 100] [--passes 50] [--seed 20261125] [--skip FILE]

CHECKOUTS holds one folder per repository, named `owner__name`. Prints a Markdown table with one row per finding, then
one per pass of a practice rule, with room for a verdict. The same seed on the same checkouts draws the same rows.
`--skip` names an earlier sample; rows that are in it are not drawn again.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from prodcheck import audit
from prodcheck.model import Polarity, Report, Status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--findings", type=int, default=100)
    parser.add_argument("--passes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--skip", type=Path)
    options = parser.parse_args()
    seen = set(options.skip.read_text(encoding="utf-8").splitlines()) if options.skip else set()
    findings: list[str] = []
    passes: list[str] = []
    for folder in sorted(path for path in options.checkouts.iterdir() if path.is_dir()):
        report = audit(folder)
        name = folder.name.replace("__", "/")
        findings.extend(row for row in finding_rows(name, report) if row not in seen)
        passes.extend(row for row in pass_rows(name, report) if row not in seen)
    draw = random.Random(options.seed)
    for title, rows, number in (("Findings", findings, options.findings), ("Passes", passes, options.passes)):
        print(
            f"\n## {title}: {min(number, len(rows))} of {len(rows)}\n\n| repository | rule | where | what | verdict |"
        )
        print("|---|---|---|---|---|")
        print("\n".join(sorted(draw.sample(rows, min(number, len(rows))))))
    return 0


def finding_rows(name: str, report: Report) -> list[str]:
    """One row per finding that nobody suppressed."""
    return [
        _row(name, f.rule_id, str(f.location or "-"), f"{f.message} ({f.severity.value}, {f.confidence.value})")
        for f in report.open_findings
    ]


def pass_rows(name: str, report: Report) -> list[str]:
    """One row per practice rule that passed."""
    return [
        _row(name, r.rule.id, str(r.evidence[0].location or "-") if r.evidence else "-", f"pass: {r.reason}")
        for r in report.results
        if r.status is Status.PASS and r.rule.polarity is Polarity.PRACTICE
    ]


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|')[:160] for cell in cells)} |  |"


if __name__ == "__main__":
    sys.exit(main())
