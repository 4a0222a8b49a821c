"""Every secret finding in some checkouts, masked, to be judged by eye: real, made up, or a false alarm.

    python benchmarks/secrets_findings.py CHECKOUT [CHECKOUT ...]

Runs the rules' own checks, so that what is lowered in tests and left out in vendored files is so here too. No value
is printed: look at the place.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prodcheck.checks.secrets import hardcoded_secret, secret_file_committed, secret_in_notebook
from prodcheck.config import Config
from prodcheck.extract import notebook, secrets
from prodcheck.extract.run import MAX_TEXT, Extraction, FileFacts, is_known_binary
from prodcheck.extract.text import is_binary, is_lfs_pointer
from prodcheck.facts import Facts
from prodcheck.repository import open_repository

CHECKS = (hardcoded_secret, secret_in_notebook, secret_file_committed)


def facts(checkout: Path) -> Facts:
    """Facts of one checkout as far as the secret rules need them."""
    repository = open_repository(str(checkout))
    files, total = {}, 0
    for entry in repository.files:
        book = None
        found: tuple[secrets.Secret, ...] = ()
        large = entry.size > MAX_TEXT and not notebook.wants(entry.path)
        if not large and not is_known_binary(entry.path):
            data = repository.read(entry.path)
            total += len(data)
            if not is_binary(data) and not is_lfs_pointer(data):
                book = notebook.extract(entry.path, data) if notebook.wants(entry.path) else None
                found = secrets.extract(entry.path, data, book)
        files[entry.path] = FileFacts(entry.path, entry.size, tracked=entry.tracked, notebook=book, secrets=found)
    return Facts(repository, Extraction(files, (), (), total), Config(), ())


def main() -> None:
    total, number, capped = 0, 0, 0
    for checkout in map(Path, sys.argv[1:]):
        made = facts(checkout)
        total += made.extraction.bytes
        for check in CHECKS:
            outcome = check(made, {})
            capped += outcome.score == 0.0
            for hit in outcome.hits:
                number += 1
                print(f"{hit.confidence.value:6}  {checkout.name}  {hit.location}  {hit.detail}")
    print(f"{number} findings, {capped} rules that cap a score, {total / 1e6:.1f} MB, {len(sys.argv) - 1} checkouts")


if __name__ == "__main__":
    main()
