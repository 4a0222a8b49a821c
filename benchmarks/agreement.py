"""How far prodcheck agrees with labels on real repositories.

    python benchmarks/agreement.py benchmarks/labels/dev.csv CHECKOUTS [--corrections FILE] [--json FILE]

CHECKOUTS holds one folder per repository, named `owner__name`, at the commit of the labels file. Prints, per label, the
agreement before and after the corrections (labels shown to be wrong, with the reason); the area under the curve with
which the score separates engineered repositories from others; and, per rule, how often it passed, failed, did not
apply or was undecided.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from prodcheck._audit import audit_repository, load_config
from prodcheck.extract.manifest import Manifest
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.model import Report, Status, Strength
from prodcheck.repository import open_repository
from prodcheck.rules import Ruleset, load_ruleset


@dataclass(frozen=True)
class Seen:
    """One repository: its report, and what prodcheck says about each label."""

    name: str
    report: Report
    facts: Facts


def _topic(seen: Seen, topic: str, least: Strength = Strength.DECLARED) -> bool:
    return any(use.topic == topic and use.strength >= least for use in seen.report.stack)


def _root_lists(seen: Seen) -> list[Manifest]:
    """Requirement and conda files near the root that are not for development: what the label was made from."""
    return [
        m
        for m in seen.facts.dependencies.manifests
        if m.format in ("requirements", "conda") and m.path.count("/") <= 1 and not any(r.group for r in m.requirements)
    ]


def _mostly_pinned(manifest: Manifest) -> bool:
    exact = sum(r.bound == "exact" for r in manifest.requirements)
    return 2 * exact >= len(manifest.requirements) > 0


LABELS: dict[str, Callable[[Seen], bool]] = {
    "has_ci": lambda s: bool(s.facts.ci.pipelines),
    "has_tests": lambda s: bool(s.facts.tests.items),
    "has_docker": lambda s: any(u.topic == "container" and u.tool.startswith("docker") for u in s.report.stack),
    "has_linter": lambda s: _topic(s, "linter") or _topic(s, "formatter") or _topic(s, "type-checker"),
    "has_precommit": lambda s: any(".pre-commit-config" in path for path in s.facts.files),
    "has_license": lambda s: s.report.result("no-license").status is Status.PASS,
    "has_data_versioning": lambda s: _topic(s, "data-versioning", Strength.CONFIGURED),
    "pinned_deps": lambda s: bool(s.facts.dependencies.locks) or any(_mostly_pinned(m) for m in _root_lists(s)),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--corrections", type=Path, default=Path(__file__).parent / "labels" / "corrections.csv")
    parser.add_argument("--json", type=Path, help="also write what was seen, one object per repository")
    options = parser.parse_args()
    rows = list(csv.DictReader(options.labels.open(encoding="utf-8")))
    fixed = {(r["repo"], r["label"]): r["is"] for r in csv.DictReader(options.corrections.open(encoding="utf-8"))}
    ruleset = load_ruleset()
    seen: dict[str, Seen] = {}
    for row in rows:
        folder = options.checkouts / row["repo"].replace("/", "__")
        if folder.is_dir():
            seen[row["repo"]] = look(row["repo"], folder, ruleset)
        else:
            print(f"no checkout of {row['repo']}", file=sys.stderr)
    agreement(rows, seen, fixed)
    separation(rows, seen)
    per_rule(seen.values())
    if options.json:
        options.json.write_text(json.dumps([_summary(s) for s in seen.values()], indent=1), encoding="utf-8")
    return 0


def look(name: str, folder: Path, ruleset: Ruleset) -> Seen:
    """Audit one checkout."""
    repository = open_repository(str(folder))
    config = load_config(repository)
    report = audit_repository(repository, config, ruleset)
    return Seen(name, report, Facts(repository, extract_all(repository), config, ruleset.signatures))


def agreement(rows: list[dict[str, str]], seen: dict[str, Seen], fixed: dict[tuple[str, str], str]) -> None:
    print(f"\n{'label':22} agree  corrected  disagreements left")
    for label, say in LABELS.items():
        raw = right = total = 0
        left = []
        for row in rows:
            one = seen.get(row["repo"])
            if one is None or row[label] not in ("True", "False"):
                continue
            total += 1
            said = str(say(one))
            raw += said == row[label]
            wanted = fixed.get((row["repo"], label), row[label])
            right += said == wanted
            if said != wanted:
                left.append(f"{row['repo']} (label {wanted}, prodcheck {said})")
        print(f"{label:22} {raw / total:5.3f}  {right / total:9.3f}  {'; '.join(left) or '-'}")


def separation(rows: list[dict[str, str]], seen: dict[str, Seen]) -> None:
    names = ("engineered", "not engineered", "not engineered, graded", "template", "notebook-dump")
    groups: dict[str, list[float]] = {name: [] for name in names}
    print(f"\n{'repository':52} {'kind':10} {'stage':10} score raw grade cov")
    for row in sorted(rows, key=lambda r: -(seen[r["repo"]].report.score.value if r["repo"] in seen else 0)):
        if row["repo"] not in seen:
            continue
        report = seen[row["repo"]].report
        s = report.score
        tag = {"Y": "+", "N": "-"}.get(row["engineered"], " ")
        print(
            f"{tag} {row['repo']:50} {report.project.kind.value:10} {report.project.stage.value:10} "
            f"{s.value:5} {s.raw:5} {s.grade or '-':2} {s.coverage:.2f} {row['kind']}"
        )
        if row["engineered"]:
            groups["engineered" if row["engineered"] == "Y" else "not engineered"].append(s.value)
        elif row["kind"] in groups:
            groups[row["kind"]].append(s.value)
        if row["engineered"] == "N" and s.grade is not None:
            groups["not engineered, graded"].append(s.value)
    for good, bad in (
        ("engineered", "not engineered"),
        ("engineered", "not engineered, graded"),
        ("template", "notebook-dump"),
    ):
        print(f"AUC {good} over {bad}: {auc(groups[good], groups[bad]):.3f}")


def auc(good: list[float], bad: list[float]) -> float:
    """Probability that a good one scores higher than a bad one; ties count half."""
    pairs = [(g, b) for g in good for b in bad]
    return sum((g > b) + 0.5 * (g == b) for g, b in pairs) / len(pairs) if pairs else float("nan")


def per_rule(seen: Iterable[Seen]) -> None:
    words = ["pass", "partial", "fail", "blocked", "not-applicable", "unknown", "error"]
    counts: dict[str, Counter[str]] = {}
    for one in seen:
        for result in one.report.results:
            counts.setdefault(result.rule.id, Counter())[result.status.value] += 1
    print(f"\n{'rule':32}" + "".join(f"{w:>15}" for w in words))
    for rule, counter in counts.items():
        print(f"{rule:32}" + "".join(f"{counter[w]:15}" for w in words))


def _summary(one: Seen) -> dict[str, object]:
    report = one.report
    return {
        "repo": one.name,
        "kind": report.project.kind.value,
        "score": report.score.value,
        "grade": report.score.grade,
        "labels": {label: say(one) for label, say in LABELS.items()},
        "rules": {r.rule.id: {"status": r.status.value, "reason": r.reason} for r in report.results},
        "findings": [f"{f.rule_id} {f.location}: {f.message}" for f in report.findings],
    }


if __name__ == "__main__":
    sys.exit(main())
