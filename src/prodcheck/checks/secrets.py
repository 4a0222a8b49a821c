"""Checks of the category `secrets`: credentials in code, in notebooks, and in files that exist to hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prodcheck.errors import UnreadableFile
from prodcheck.extract import secrets as extraction
from prodcheck.extract.notebook import wants
from prodcheck.extract.secrets import Secret
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity
from prodcheck.records import dataclass

if TYPE_CHECKING:
    from prodcheck.extract.past import PastSecret

_WHERE = {"output": " in an output", "metadata": " in the metadata"}
_PLACES = {Role.TEST: " of a test", Role.DOCS: " of documentation or an example", Role.TEMPLATE: " of a template"}
_SCORES = {Confidence.HIGH: 0.0, Confidence.MEDIUM: 0.5, Confidence.LOW: 0.75}
_PAST_SCORES = {Confidence.HIGH: 0.0, Confidence.MEDIUM: 1.0, Confidence.LOW: 1.0}
"""A live-looking token is as leaked in the history as in the files, until it is revoked. What only its name or place
makes suspicious is told, and takes no points from files that no longer hold it."""


def hardcoded_secret(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Credentials in text files that are neither notebooks nor made to hold credentials."""
    found = [f for f in _found(facts) if f.secret.where == "source" and facts.files[f.path].notebook is None]
    past = [f for f in _past(facts) if f.secret.where == "source" and not wants(f.path)]
    if not facts.named("has_notebooks"):
        past += [f for f in _past(facts) if wants(f.path)]  # the rule about notebooks is not asked when none is left
    return _judge(facts, found + past, f"no credential in {_count(len(facts.files), 'file')}{_and_past(facts)}")


def secret_in_notebook(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Credentials in the sources, outputs and metadata of notebooks."""
    notebooks = [path for path, file in facts.files.items() if file.notebook is not None]
    if not notebooks:
        return Outcome.not_applicable("no notebooks")
    found = [f for f in _found(facts) if facts.files[f.path].notebook is not None]
    found += [f for f in _past(facts) if wants(f.path)]
    return _judge(facts, found, f"no credential in {_count(len(notebooks), 'notebook')}{_and_past(facts)}")


def secret_file_committed(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Files whose purpose is to hold credentials, judged by what they hold."""
    found = [f for f in _found(facts) if f.secret.where == "file" and facts.files[f.path].notebook is None]
    past = [f for f in _past(facts) if f.secret.where == "file" and not wants(f.path)]
    tracked = [f for f in found if facts.files[f.path].tracked]
    outcome = _judge(facts, tracked + past, f"no tracked file holds credentials{_and_past(facts)}")
    holding = {f.path for f in found}
    local = sorted(path for path in holding if not facts.files[path].tracked)
    notes = [Evidence(f"{path} holds credentials and is not tracked yet", Location(path)) for path in local]
    notes += [
        Evidence(f"{path} is tracked and holds no credential", Location(path))
        for path, file in facts.files.items()
        if path.rpartition("/")[2] == ".env" and file.tracked and path not in holding
    ]
    return replace(outcome, evidence=(*outcome.evidence, *notes))


@dataclass(frozen=True)
class _Found:
    path: str
    secret: Secret
    past: PastSecret | None = None
    """Set when only the history holds it."""


def _found(facts: Facts) -> list[_Found]:
    """Every secret outside vendored and generated files."""
    left_out = (Role.VENDORED, Role.GENERATED)
    return [
        _Found(path, secret)
        for path, file in facts.files.items()
        if file.secrets and facts.role(path) not in left_out
        for secret in file.secrets
    ]


def _past(facts: Facts) -> list[_Found]:
    """Every secret of the history that is in no audited file, outside vendored and generated files."""
    past = facts.extraction.past
    left_out = (Role.VENDORED, Role.GENERATED)
    return [
        _Found(old.path, old.secret, old)
        for old in (past.secrets if past else ())
        if facts.role(old.path) not in left_out
    ]


def _and_past(facts: Facts) -> str:
    past = facts.extraction.past
    return f" and {_count(past.versions, 'old version')} of files" if past else ""


def _judge(facts: Facts, found: list[_Found], clean: str) -> Outcome:
    """One outcome from the secrets of a rule: the surest of them decides."""
    if not found:
        return Outcome(1.0, reason=clean)
    found = _with_decisions(facts, found)
    allowed = tuple(
        Evidence(f"{f.secret.kind} allowed by {f.secret.allowed}", f.secret.location) for f in found if f.secret.allowed
    )
    hits = tuple(_hit(facts, f) for f in found if not f.secret.allowed)
    if not hits:
        return Outcome(1.0, allowed, reason=f"{clean} but {_count(len(allowed), 'allowed one')}")
    score = min(hit.score or 0.0 for hit in hits)
    surest = min((hit.confidence for hit in hits if hit.score == score), key=list(Confidence).index)
    return Outcome(score, allowed, hits, _sum([f for f in found if not f.secret.allowed]), surest)


def _sum(found: list[_Found]) -> str:
    now, past = [f for f in found if not f.past], [f for f in found if f.past]
    told = [f"{_count(len(now), 'credential')} in {_count(len({f.path for f in now}), 'file')}"] if now else []
    if past:
        told.append(f"{len(past)} in the history" if now else f"{_count(len(past), 'credential')} in the history only")
    return ", ".join(told)


def _hit(facts: Facts, found: _Found) -> Hit:
    secret, role = found.secret, facts.role(found.path)
    tracked = found.past is not None or facts.files[found.path].tracked
    confidence = _confidence(secret, role, tracked)
    name = f" in `{secret.name}`" if secret.name else ""
    where = _WHERE.get(secret.where, "")
    place = _PLACES.get(role, "") if confidence is not secret.confidence else ""
    detail = f"{secret.kind}{name}{where}{place}: {secret.masked}"
    if found.past is not None:
        return _past_hit(found.past, detail, confidence)
    origins = facts.extraction.past.origins if facts.extraction.past else {}
    origin = f", since {_commit(origins[secret])}" if secret in origins else ""
    return Hit(
        secret.location,
        f"{detail}{origin}{'' if tracked else ', not committed yet'}",
        confidence,
        identity=secret.identity,
        severity=Severity.MINOR if confidence is Confidence.LOW else None,
        score=_SCORES[confidence],
    )


def _past_hit(past: PastSecret, detail: str, confidence: Confidence) -> Hit:
    """A hit without a line: what stands there now is something else."""
    score = _PAST_SCORES[confidence]
    then = str(past.secret.location).removeprefix(past.path).lstrip(" :")
    line = "" if not then else f"{then} of " if "cell" in then else f"line {then} of "
    return Hit(
        Location(past.path),
        f"{detail}, in the history: {line}{_commit(past)} brought it in, no audited file holds it any more",
        confidence,
        identity=f"history:{past.commit}:{past.secret.identity}",
        severity=Severity.MINOR if score else None,
        score=score,
    )


def _commit(past: PastSecret) -> str:
    return f"commit {past.commit[:7]}" + (f" of {past.day}" if past.day else "")


def _confidence(secret: Secret, role: Role, tracked: bool) -> Confidence:
    """Softer where credentials are made up on purpose, and for what is not in the repository yet.

    A token with the right format in a test may still be a live one, so it stays a finding, but sets no ceiling. Keys
    and passwords of tests are fixtures.
    """
    confidence = secret.confidence
    if confidence is Confidence.HIGH and (role is Role.TEST or not tracked):
        confidence = Confidence.LOW if secret.kind == "Private key" and role is Role.TEST else Confidence.MEDIUM
    elif confidence is Confidence.MEDIUM and role in (Role.TEST, Role.DOCS, Role.TEMPLATE):
        confidence = Confidence.LOW
    return confidence


def _with_decisions(facts: Facts, found: list[_Found]) -> list[_Found]:
    """The same secrets, those marked that a baseline of another scanner knows."""
    ignored = _gitleaks_ignores(facts)
    baseline = _detect_secrets_baseline(facts)
    if not ignored and not baseline:
        return found
    digests = {path: _digests(facts, path) for path in {f.path for f in found if not f.past} if path in baseline}
    result = []
    for f in found:
        reason = f.secret.allowed
        if not reason and (f.path, f.secret.location.line) in ignored:
            reason = ".gitleaksignore"
        known, lines = baseline.get(f.path, (frozenset(), frozenset()))
        digest = f.past.digest if f.past else digests.get(f.path, {}).get(f.secret, "-")
        if not reason and (digest in known or (f.secret.location.line in lines and not f.past)):
            reason = ".secrets.baseline"
        result.append(replace(f, secret=replace(f.secret, allowed=reason)))
    return result


def _digests(facts: Facts, path: str) -> dict[Secret, str]:
    try:
        data = facts.repository.read(path)
    except UnreadableFile:
        return {}
    file = facts.files[path]
    return dict(zip(file.secrets, extraction.hashes(path, data, file.notebook), strict=False))


def _gitleaks_ignores(facts: Facts) -> frozenset[tuple[str, int]]:
    """(path, line) of the fingerprints in `.gitleaksignore`: `file:rule:line`, or the same after a commit id."""
    if ".gitleaksignore" not in facts.files:
        return frozenset()
    places = set()
    for line in facts.text(".gitleaksignore").splitlines():
        parts = line.split("#", 1)[0].strip().rsplit(":", 2)
        if len(parts) == 3 and parts[2].isdigit():
            commit, colon, rest = parts[0].partition(":")
            is_commit = colon and len(commit) >= 7 and set(commit) <= set("0123456789abcdef")
            places.add((rest if is_commit else parts[0], int(parts[2])))
    return frozenset(places)


def _detect_secrets_baseline(facts: Facts) -> dict[str, tuple[frozenset[str], frozenset[int]]]:
    """Path to (SHA-1 of the values, lines) that `.secrets.baseline` knows and nobody has confirmed as real."""
    if ".secrets.baseline" not in facts.files:
        return {}
    try:
        results = json.loads(facts.text(".secrets.baseline")).get("results", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    found = {}
    for path, entries in results.items() if isinstance(results, dict) else ():
        known = [e for e in _mappings(entries) if e.get("is_secret") is not True]
        digests = frozenset(str(e.get("hashed_secret")) for e in known)
        lines = frozenset(line for e in known if isinstance(line := e.get("line_number"), int))
        found[str(path).replace("\\", "/").removeprefix("./")] = (digests, lines)
    return found


def _mappings(items: object) -> Iterable[Mapping[str, object]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
