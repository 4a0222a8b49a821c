"""Precision and recall of the secret rules on CredData (https://github.com/Samsung/CredData), built at run time.

CredData labels lines of public repositories; nothing of it is kept here. Give it a checkout of CredData and clones of
its source repositories (any layout: the template names them), and it lays out the labelled files under a working
folder, replaces the true values by CredData's own script, and scores prodcheck and, if they are installed, its peers:

    python benchmarks/secrets_creddata.py --creddata ../CredData --clones '../clones/{owner}/{name}' --work /tmp/cred

CredData's script needs the package `pybase62` in the interpreter given with `--python`. A clone may be bare, but must
hold the commit that CredData's `snapshot.json` names. A true row is a span of lines labelled T, with the categories
UUID, Nonce, Salt and S3 bucket left out; precision is strict: a finding on a line without a label counts as false.
"""

from __future__ import annotations

import argparse
import binascii
import csv
import hashlib
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DEVELOPMENT = (
    "docker/docker-py duo-labs/cloudmapper tiangolo/full-stack-fastapi-postgresql oracle/docker-images "
    "byt3bl33d3r/CrackMapExec nats-io/nats-server boto/boto3 request/request aws/chalice requests/requests-oauthlib "
    "SerpentAI/SerpentAI CTFd/CTFd juice-shop/juice-shop elastic/rally spotify/luigi encode/starlette "
    "anthropics/claude-cookbooks perplexityai/api-cookbook iterative/dvc"
).split()
"""The repositories that detection is tuned on. All others are for the final judgement only."""
LEFT_OUT = {"UUID", "Nonce", "Salt", "AWS S3 Bucket"}


@dataclass(frozen=True)
class Span:
    """Labelled lines of one file; `truth` is T, F or X."""

    path: str
    first: int
    last: int
    truth: str
    category: str


@dataclass(frozen=True)
class Found:
    path: str
    line: int
    level: str = "high"
    what: str = ""


def git(repository: str, *arguments: str, data: bytes | None = None) -> bytes:
    return subprocess.run(["git", "-C", repository, *arguments], input=data, capture_output=True, check=True).stdout


def build(creddata: Path, clones: str, work: Path, python: str, wanted: Iterable[str]) -> None:
    """Lay out the labelled files of the wanted repositories under `work`, once."""
    if (work / "map.json").exists():
        return
    snapshot = json.loads((creddata / "snapshot.json").read_text())
    wanted = {name.lower() for name in wanted}
    (work / "meta").mkdir(parents=True, exist_ok=True)
    originals: dict[str, str] = {}
    for repo_id, url in snapshot.items():
        owner, name = url.rstrip("/").split("/")[-2:]
        if f"{owner}/{name}".lower() not in wanted:
            continue
        new_id = f"{binascii.crc32(binascii.unhexlify(repo_id)):08x}"
        with (creddata / "meta" / f"{new_id}.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        clone, commit = clones.format(owner=owner, name=name), repo_id[:40]
        by_id = {}
        for line in git(clone, "ls-tree", "-r", "-z", commit).split(b"\0"):
            if line:
                meta, _, path = line.partition(b"\t")
                by_id[hashlib.sha256(path).hexdigest()[:8]] = (
                    meta.split()[2].decode(),
                    path.decode("utf-8", "replace"),
                )
        kept, missing = [], set()
        for row in rows:
            place = by_id.get(row["FileID"])
            if place is None:
                missing.add(row["FileID"])
                continue
            target = work / row["FilePath"]
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(git(clone, "cat-file", "blob", place[0]))
            originals[row["FilePath"]] = f"{owner}__{name}/{place[1]}"
            kept.append(row)
        with (work / "meta" / f"{new_id}.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(kept)
        print(f"{owner}/{name}: {len(kept)} rows, {len(missing)} files missing", file=sys.stderr)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import obfuscate_creds as o; o.obfuscate_creds('meta', 'data', 0)"
    )
    subprocess.run([python, "-c", script, str(creddata.resolve())], cwd=work, check=True, capture_output=True)
    (work / "map.json").write_text(json.dumps(originals, indent=1, sort_keys=True))


def labels(work: Path) -> list[Span]:
    spans = []
    for file in sorted((work / "meta").glob("*.csv")):
        with file.open(newline="") as stream:
            for row in csv.DictReader(stream):
                if set(row["Category"].split(":")) & LEFT_OUT and row["GroundTruth"] == "T":
                    continue
                spans.append(
                    Span(
                        row["FilePath"], int(row["LineStart"]), int(row["LineEnd"]), row["GroundTruth"], row["Category"]
                    )
                )
    return spans


def score(spans: list[Span], found: list[Found]) -> dict[str, float]:
    """Strict precision by finding, recall by distinct true span, and their harmonic mean."""
    true = {(s.path, s.first, s.last) for s in spans if s.truth == "T"}
    lines: dict[tuple[str, int], set[tuple[str, int, int]]] = defaultdict(set)
    for span in true:
        for line in range(span[1], span[2] + 1):
            lines[span[0], line].add(span)
    distinct = {(f.path, f.line) for f in found}
    good = [key for key in distinct if key in lines]
    covered = set().union(*(lines[key] for key in good)) if good else set()
    precision = len(good) / len(distinct) if distinct else 1.0
    recall = len(covered) / len(true) if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "found": len(distinct),
        "false": len(distinct) - len(good),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def ours(work: Path, renamed: bool = False) -> list[Found]:
    """What prodcheck's extractor finds, file by file, under the files' original names unless `renamed`."""
    from prodcheck.extract import notebook, secrets
    from prodcheck.extract.text import is_binary
    from prodcheck.facts.paths import Role, classify

    found = []
    for path, original in sorted(json.loads((work / "map.json").read_text()).items()):
        data = (work / path).read_bytes()
        name = path.split("/", 2)[2] if renamed else original.split("/", 1)[1]
        if is_binary(data) or len(data) > 5_000_000 or classify(name) in (Role.VENDORED, Role.GENERATED):
            continue
        book = None
        if name.endswith(".ipynb"):
            book = notebook.extract(name, data)
        for secret in secrets.extract(name, data, book):
            if secret.location.line and not secret.allowed:
                found.append(Found(path, secret.location.line, secret.confidence.value, f"{secret.kind} {secret.name}"))
    return found


def detect_secrets(work: Path) -> list[Found]:
    """What detect-secrets finds with its default plugins and filters."""
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with default_settings():
        return [
            Found(path, secret.line_number)
            for path in json.loads((work / "map.json").read_text())
            for secret in scan_file(str(work / path))
        ]


def gitleaks(work: Path, binary: str) -> list[Found]:
    """What gitleaks finds with its default rules."""
    report = work / "gitleaks.json"
    command = [binary, "dir", "data", "--no-banner", "--exit-code", "0", "-f", "json", "-r", str(report)]
    subprocess.run(command, cwd=work, check=True, capture_output=True)
    return [Found(item["File"], item["StartLine"]) for item in json.loads(report.read_text())]


def betterleaks(work: Path, binary: str) -> list[Found]:
    """What betterleaks finds with its default rules; it asks no provider unless told to."""
    report = work / "betterleaks.json"
    command = [binary, "data", "--no-banner", "--silent", "--exit-code", "0", "-o", str(report)]
    subprocess.run(command, cwd=work, check=True, capture_output=True)
    places = [item["location"] for item in json.loads(report.read_text())["findings"]]
    return [Found(place["path"], place["start_line"]) for place in places]


def kingfisher(work: Path, binary: str) -> list[Found]:
    """What kingfisher finds with its default rules, every occurrence, without asking a provider."""
    report = work / "kingfisher.json"
    command = [binary, "scan", "--no-validate", "--no-dedup", "--no-update-check", "--format", "json"]
    done = subprocess.run([*command, "-o", str(report), "data"], cwd=work, capture_output=True)
    if done.returncode not in (0, 200, 205):  # 200 and 205: something was found
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    places = [item["finding"] for item in json.loads(report.read_text())["findings"]]
    return [Found(place["path"].removeprefix("./"), place["line"]) for place in places]


def show(title: str, spans: list[Span], found: list[Found]) -> None:
    s = score(spans, found)
    print(
        f"{title:20} {s['found']:5.0f} found {s['false']:5.0f} false  precision {s['precision']:.3f}  "
        f"recall {s['recall']:.3f}  F1 {s['f1']:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--creddata", type=Path, required=True)
    parser.add_argument("--clones", required=True, help="path template with {owner} and {name}")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--renamed", action="store_true", help="scan under CredData's anonymous file names")
    parser.add_argument("--detect-secrets", action="store_true", help="score detect-secrets on the same files")
    parser.add_argument("--gitleaks", help="path of the gitleaks binary, to score it on the same files")
    parser.add_argument("--betterleaks", help="path of the betterleaks binary")
    parser.add_argument("--kingfisher", help="path of the kingfisher binary")
    parser.add_argument("--false", action="store_true", help="list the false findings")
    parser.add_argument("--missed", action="store_true", help="list the missed lines")
    options = parser.parse_args()
    build(options.creddata, options.clones, options.work, options.python, DEVELOPMENT)
    spans = labels(options.work)
    start = time.process_time()
    found = ours(options.work, options.renamed)
    seconds = time.process_time() - start
    for title, chosen in (
        ("all", found),
        ("high", [f for f in found if f.level == "high"]),
        ("medium", [f for f in found if f.level == "medium"]),
        ("low", [f for f in found if f.level == "low"]),
    ):
        show(f"prodcheck, {title}", spans, chosen)
    if options.detect_secrets:
        show("detect-secrets", spans, detect_secrets(options.work))
    for peer in (gitleaks, betterleaks, kingfisher):
        binary = getattr(options, peer.__name__)
        if binary:
            show(peer.__name__, spans, peer(options.work, binary))
    print(f"{len({(s.path, s.first, s.last) for s in spans if s.truth == 'T'})} true spans, {seconds:.1f} s CPU")
    if options.false or options.missed:
        details(options.work, spans, found, options.false, options.missed)


def details(work: Path, spans: list[Span], found: list[Found], false: bool, missed: bool) -> None:
    originals = json.loads((work / "map.json").read_text())
    by_line: dict[tuple[str, int], set[str]] = defaultdict(set)
    for span in spans:
        for line in range(span.first, span.last + 1):
            by_line[span.path, line].add(f"{span.truth} {span.category}")
    lines = {path: (work / path).read_bytes().decode("utf-8", "replace").split("\n") for path in originals}
    if false:
        for f in sorted(found, key=lambda f: (f.path, f.line)):
            marks = by_line[f.path, f.line]
            if not any(mark.startswith("T") for mark in marks):
                text = lines[f.path][f.line - 1].strip()[:160]
                print(f"FALSE {f.level:6} {f.what[:40]:40} {sorted(marks)} {originals[f.path]}:{f.line} | {text}")
    if missed:
        hit = {(f.path, f.line) for f in found}
        seen = set()
        counts: Counter[str] = Counter()
        for span in spans:
            key = (span.path, span.first, span.last)
            if span.truth != "T" or key in seen or any((span.path, n) in hit for n in range(span.first, span.last + 1)):
                continue
            seen.add(key)
            counts[span.category] += 1
            text = lines[span.path][span.first - 1].strip()[:160]
            print(f"MISSED {span.category} {originals[span.path]}:{span.first} | {text}")
        for category, number in counts.most_common():
            print(f"  {number:4} {category}")


if __name__ == "__main__":
    main()
