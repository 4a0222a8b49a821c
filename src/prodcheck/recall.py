"""The report of the very same files, settings and rules, taken from the cache instead of being worked out again.

Facts of single files are kept by `extract`; this also saves what comes after them. A report is made to be shown and
holds no credential. It is taken only where everything that it depends on is known to be the same, and kept only when
the files were still the same after the audit as before it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from prodcheck.config import Config
from prodcheck.engine import TIME_SPENT
from prodcheck.errors import UnreadableFile
from prodcheck.extract import codec
from prodcheck.extract.cache import REPORT, Cache, code_version, key_of, squeeze
from prodcheck.extract.run import GAVE_UP
from prodcheck.model import Category, Matcher, Polarity, Report, Rule, Severity
from prodcheck.records import dataclass
from prodcheck.repository import Repository
from prodcheck.repository.worktree import blob_id, is_filtered
from prodcheck.rules import Ruleset

if TYPE_CHECKING:
    from prodcheck.baseline import Baseline

MOST_READ = 100_000_000
"""Bytes of files without an id of git that are read to see whether they are the same; with more, everything is."""


def key(repository: Repository, config: Config, ruleset: Ruleset, baseline: Baseline | None) -> bytes | None:
    """What names the report of this repository as it is; None when that cannot be told cheaply."""
    version = code_version()
    if version is None:
        return None
    filtered = is_filtered(repository)
    unknown = [entry for entry in repository.files if filtered or entry.blob is None]
    if sum(entry.size for entry in unknown) > MOST_READ:
        return None
    digest = hashlib.blake2b(digest_size=32)
    for entry in repository.files:
        content = entry.blob
        if filtered or content is None:
            try:
                content = blob_id(repository.read(entry.path))
            except UnreadableFile as problem:
                content = problem.reason
        line = f"{entry.path}\0{entry.size}\0{content}\0{entry.tracked}\0"
        digest.update(line.encode("utf-8", "surrogatepass"))
    about = (
        repository.name,
        repository.root,
        os.path.realpath(repository.root),
        repository.folder,
        tuple(repository.links.items()),
        repository.skipped,
        repository.git,
        config,
        baseline.text() if baseline else None,
    )
    return key_of(REPORT, version, _rules(ruleset), repr(about), digest.digest())


def _rules(ruleset: Ruleset) -> str:
    """All that the rules say. Sets have another order in every process: they are written sorted."""
    parts = [repr(ruleset.signatures)]
    for rule in ruleset.rules:
        parts += [repr(replace(rule, applies_to=frozenset(), cap=None)), repr(sorted(rule.applies_to))]
        parts += [repr((rule.cap.ceiling, sorted(rule.cap.kinds)))] if rule.cap else []
    return "\n".join(parts)


@dataclass(frozen=True)
class _Kept:
    """A report with its rules by name only."""

    report: Report
    rules: tuple[str, ...]


def recall(cache: Cache, name: bytes, ruleset: Ruleset) -> Report | None:
    """The report that was kept under a name, or None."""
    packed = cache.read([name]).get(name)
    if packed is None:
        return None
    try:
        kept: _Kept = codec.unpack(packed, _Kept)
        by_id = {rule.id: rule for rule in ruleset.rules}
        pairs = zip(kept.report.results, kept.rules, strict=True)
        return replace(kept.report, results=tuple(replace(result, rule=by_id[rule]) for result, rule in pairs))
    except (codec.NotPlain, KeyError, ValueError):
        return None


def is_settled(report: Report) -> bool:
    """False for a report that the next run may make otherwise: with an error of ours or with work that was given up."""
    given_up = any(file.reason.startswith(GAVE_UP) for file in report.skipped)
    return not (report.errors or given_up or any(result.reason == TIME_SPENT for result in report.results))


def remember(cache: Cache, name: bytes, report: Report) -> None:
    """Keep a report that is settled."""
    if not is_settled(report):
        return
    results = tuple(replace(result, rule=_NO_RULE) for result in report.results)
    kept = _Kept(replace(report, results=results), tuple(result.rule.id for result in report.results))
    try:
        cache.write(REPORT, {name: squeeze(codec.pack(kept, _Kept))})
    except codec.NotPlain:
        return


_NO_RULE = Rule(
    id="", title="", category=Category.STRUCTURE, severity=Severity.INFO, polarity=Polarity.DEFECT, effort_minutes=0,
    applies_to=frozenset(), applies_when={}, requires=(), message="", rationale="", remediation="", references=(),
    matcher=Matcher("", {}), examples=(),
)  # fmt: skip
"""Stands for the rule of a result while it lies in the cache."""
