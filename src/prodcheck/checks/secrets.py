"""Checks of the category `secrets`: credentials in code, in notebooks, and in files that exist to hold them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from prodcheck.checks.secret_guard import no_secret_guardrail
from prodcheck.errors import UnreadableFile
from prodcheck.extract import secrets as extraction
from prodcheck.extract.secrets import Secret
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Location, Outcome, Severity

_WHERE = {"output": " in an output", "metadata": " in the metadata"}
_PLACES = {Role.TEST: " of a test", Role.DOCS: " of documentation or an example", Role.TEMPLATE: " of a template"}
_SCORES = {Confidence.HIGH: 0.0, Confidence.MEDIUM: 0.5, Confidence.LOW: 0.75}


def hardcoded_secret(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Credentials in text files that are neither notebooks nor made to hold credentials."""
    found = [f for f in _found(facts) if f.secret.where == "source" and facts.files[f.path].notebook is None]
    return _judge(facts, found, f"no credential in {_count(len(facts.files), 'file')}")


def secret_in_notebook(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Credentials in the sources, outputs and metadata of notebooks."""
    notebooks = [path for path, file in facts.files.items() if file.notebook is not None]
    if not notebooks:
        return Outcome.not_applicable("no notebooks")
    found = [f for f in _found(facts) if facts.files[f.path].notebook is not None]
    return _judge(facts, found, f"no credential in {_count(len(notebooks), 'notebook')}")


def secret_file_committed(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Files whose purpose is to hold credentials, judged by what they hold."""
    found = [f for f in _found(facts) if f.secret.where == "file" and facts.files[f.path].notebook is None]
    outcome = _judge(facts, [f for f in found if facts.files[f.path].tracked], "no tracked file holds credentials")
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


def _found(facts: Facts) -> list[_Found]:
    """Every secret outside vendored and generated files."""
    left_out = (Role.VENDORED, Role.GENERATED)
    return [
        _Found(path, secret)
        for path, file in facts.files.items()
        if file.secrets and facts.role(path) not in left_out
        for secret in file.secrets
    ]


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
    surest = min((hit.confidence for hit in hits), key=list(Confidence).index)
    places = len({hit.location.path for hit in hits if hit.location})
    reason = f"{_count(len(hits), 'credential')} in {_count(places, 'file')}"
    return Outcome(_SCORES[surest], allowed, hits, reason, surest)


def _hit(facts: Facts, found: _Found) -> Hit:
    secret, role, tracked = found.secret, facts.role(found.path), facts.files[found.path].tracked
    confidence = _confidence(secret, role, tracked)
    name = f" in `{secret.name}`" if secret.name else ""
    where = _WHERE.get(secret.where, "")
    place = _PLACES.get(role, "") if confidence is not secret.confidence else ""
    committed = "" if tracked else ", not committed yet"
    return Hit(
        secret.location,
        f"{secret.kind}{name}{where}{place}: {secret.masked}{committed}",
        confidence,
        identity=secret.identity,
        severity=Severity.MINOR if confidence is Confidence.LOW else None,
    )


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
    digests = {path: _digests(facts, path) for path in {f.path for f in found} if path in baseline}
    result = []
    for f in found:
        reason = f.secret.allowed
        if not reason and (f.path, f.secret.location.line) in ignored:
            reason = ".gitleaksignore"
        known, lines = baseline.get(f.path, (frozenset(), frozenset()))
        if not reason and (digests.get(f.path, {}).get(f.secret, "-") in known or f.secret.location.line in lines):
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


CHECKS: Mapping[str, Callable[[Facts, Mapping[str, object]], Outcome]] = {
    "hardcoded-secret": hardcoded_secret,
    "secret-in-notebook": secret_in_notebook,
    "secret-file-committed": secret_file_committed,
    "no-secret-guardrail": no_secret_guardrail,
}
