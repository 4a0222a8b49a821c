"""CPU time of the secret scan on real checkouts, beside its floor and its peers, in one run.

    python benchmarks/secrets_speed.py CHECKOUT [CHECKOUT ...] [--gitleaks PATH] [--detect-secrets]

The floor is what it takes to read the same bytes. Each scanner reports CPU seconds (user and system, children
included) and its number of findings. prodcheck runs as a process of its own, start of Python and the parsing of
notebooks included, and says how much of it is the scan alone; so do the peers.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = """
import sys, time
from pathlib import Path
from prodcheck.extract import notebook, secrets
from prodcheck.extract.run import MAX_TEXT, is_known_binary
from prodcheck.extract.text import is_binary
from prodcheck.facts.paths import Role, classify
found, scanning = 0, 0.0
for line in sys.stdin.buffer.read().split(b"\\0"):
    path = line.decode("utf-8", "surrogateescape")
    if not path or is_known_binary(path):
        continue
    file = Path(sys.argv[1], path)
    if file.is_symlink() or not file.is_file() or (file.stat().st_size > MAX_TEXT and not path.endswith(".ipynb")):
        continue
    data = file.read_bytes()
    if is_binary(data) or classify(path) in (Role.VENDORED, Role.GENERATED):
        continue
    book = notebook.extract(path, data) if path.endswith(".ipynb") else None
    start = time.process_time()
    found += sum(not secret.allowed for secret in secrets.extract(path, data, book))
    scanning += time.process_time() - start
print(f"{found}, scan alone {scanning:.2f} s")
"""
FLOOR = """
import sys
from pathlib import Path
total = 0
for line in sys.stdin.buffer.read().split(b"\\0"):
    file = Path(sys.argv[1], line.decode("utf-8", "surrogateescape"))
    if line and not file.is_symlink() and file.is_file():
        total += len(file.read_bytes())
print(total)
"""
DETECT_SECRETS = """
import os, sys
os.chdir(sys.argv[1])
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
found = 0
with default_settings():
    for line in sys.stdin.buffer.read().split(b"\\0"):
        path = line.decode("utf-8", "surrogateescape")
        if path and os.path.isfile(path) and not os.path.islink(path):
            found += sum(1 for _ in scan_file(path))
print(found)
"""


def cpu(command: list[str], data: bytes = b"") -> tuple[float, str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=data, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stdout.decode("utf-8", "replace").strip()


def gitleaks(binary: str, checkout: Path) -> tuple[float, str]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [binary, "dir", str(checkout), "--no-banner", "--exit-code", "0", "-f", "json", "-r", str(report)]
        seconds, _ = cpu(command)
        return seconds, str(len(json.loads(report.read_text()))) if report.exists() else "?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("--gitleaks", help="path of the gitleaks binary")
    parser.add_argument("--detect-secrets", action="store_true", help="also run detect-secrets' own scan; slow")
    options = parser.parse_args()
    print(f"{'checkout':32} {'MB':>7} {'floor':>7} {'prodcheck':>34} {'gitleaks':>16} {'detect-secrets':>16}")
    for checkout in options.checkouts:
        listed = subprocess.run(["git", "-C", str(checkout), "ls-files", "-z"], capture_output=True, check=True).stdout
        floor, size = cpu([sys.executable, "-c", FLOOR, str(checkout)], listed)
        cells = [cpu([sys.executable, "-c", OURS, str(checkout)], listed)]
        cells.append(gitleaks(options.gitleaks, checkout) if options.gitleaks else (0.0, ""))
        ran = options.detect_secrets
        cells.append(cpu([sys.executable, "-c", DETECT_SECRETS, str(checkout)], listed) if ran else (0.0, ""))
        texts = [f"{seconds:.2f} s ({found})" if found else "-" for seconds, found in cells]
        shown = f"{texts[0]:>35}{texts[1]:>17}{texts[2]:>17}"
        print(f"{checkout.name[:32]:32} {int(size) / 1e6:7.1f} {floor:6.2f}s{shown}", flush=True)


if __name__ == "__main__":
    main()
