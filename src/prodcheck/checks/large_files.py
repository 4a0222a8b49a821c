"""Large and binary files stored directly in git."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from prodcheck.facts import Facts
from prodcheck.facts.data import ARCHIVES, DATA_SUFFIXES, MODEL_SUFFIXES, suffix
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Hit, Location, Outcome, Severity
from prodcheck.patterns import lazy_regex

HUGE, LARGE, DATA = 50e6, 10e6, 1e6
"""Bytes: where GitHub warns, where a clone hurts, and where data should live elsewhere."""
TOTAL = 200e6
SHOWN = 20
_WRITTEN = lazy_regex(r"(?:\.lock|-lock\.json|\.lock\.hcl|lock\.ya?ml|\.min\.js|\.map)$")


def large_file_in_git(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Files that git keeps by content and should not: over 10 MB, or data and models over 1 MB."""
    found: list[tuple[int, str, float]] = []
    total = 0
    for path, file in facts.files.items():
        if not file.tracked or file.lfs_pointer or path.endswith(".ipynb") or _WRITTEN.search(path):
            continue
        known = suffix(path) in DATA_SUFFIXES | MODEL_SUFFIXES | ARCHIVES or (
            suffix(path) in ("json", "xml", "txt") and file.size > 2 * DATA
        )
        total += file.size if known else 0
        score = 0.0 if file.size > HUGE else 0.4 if file.size > LARGE else 0.6 if known and file.size > DATA else 1.0
        if score < 1.0:
            aside = facts.role(path) in (Role.TEST, Role.DOCS, Role.VENDORED)
            found.append((file.size, path, score + 0.2 if aside and score else score))
    if not found:
        return Outcome(1.0, reason="no large file")
    found.sort(reverse=True)
    hits = tuple(
        Hit(
            Location(path),
            f"{PurePosixPath(path).name} has {_megabytes(size)}",
            Confidence.HIGH,
            identity="large",
            severity=None if size > LARGE and score <= 0.4 else Severity.MINOR,
        )
        for size, path, score in found[:SHOWN]
    )
    worst = 0.0 if total > TOTAL else min(score for _, _, score in found)
    files = f"{len(found)} file{'s' * (len(found) != 1)}"
    return Outcome(worst, hits=hits, reason=f"{files}, the largest has {_megabytes(found[0][0])}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 9.5e6 else f"{size / 1e6:.1f} MB"
