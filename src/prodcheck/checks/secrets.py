"""Checks of the category `secrets`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.extract.secrets import Secret
from prodcheck.facts import Facts
from prodcheck.facts.paths import Role
from prodcheck.model import Confidence, Evidence, Hit, Outcome, Severity

_SOFT_ROLES = (Role.TEST, Role.DOCS, Role.TEMPLATE)


def hardcoded_secret(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Credentials in text files that are neither notebooks nor made to hold credentials."""
    found = [(p, s) for p, s in _all(facts) if facts.files[p].notebook is None and s.where != "file"]
    return _judge(facts, found, f"no credential in {len(facts.files)} files")


def secret_in_notebook(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Credentials in the sources, outputs and metadata of notebooks."""
    notebooks = [path for path, file in facts.files.items() if file.notebook is not None]
    if not notebooks:
        return Outcome.not_applicable("no notebooks")
    found = [(p, s) for p, s in _all(facts) if facts.files[p].notebook is not None]
    return _judge(facts, found, f"no credential in {_count(len(notebooks), 'notebook')}")


def secret_file_committed(facts: Facts, params: Mapping[str, object]) -> Outcome:
    """Files whose purpose is to hold credentials, judged by what they hold."""
    found = [(p, s) for p, s in _all(facts) if s.where == "file" and facts.files[p].notebook is None]
    tracked = [(p, s) for p, s in found if facts.files[p].tracked]
    outcome = _judge(facts, tracked, "no file with credentials is tracked")
    local = sorted({p for p, _ in found if not facts.files[p].tracked})
    notes = tuple(Evidence(f"{path} holds credentials and is not tracked") for path in local)
    return Outcome(outcome.score, outcome.evidence + notes, outcome.hits, outcome.reason, outcome.confidence)


def _all(facts: Facts) -> list[tuple[str, Secret]]:
    """Every secret outside vendored and generated files, with the path of its file."""
    return [
        (path, secret)
        for path, file in facts.files.items()
        for secret in file.secrets
        if facts.role(path) not in (Role.VENDORED, Role.GENERATED)
    ]


def _judge(facts: Facts, found: list[tuple[str, Secret]], clean: str) -> Outcome:
    """One outcome from the secrets of a rule: the surest of them decides."""
    allowed = tuple(Evidence(f"{s.kind} allowed by `{s.allowed}`", s.location) for _, s in found if s.allowed)
    hits = tuple(_hit(facts, path, secret) for path, secret in found if not secret.allowed)
    if not hits:
        return Outcome(1.0, allowed, reason=clean)
    counts = {level: sum(h.confidence is level for h in hits) for level in Confidence}
    if counts[Confidence.HIGH]:
        score, level = 0.0, Confidence.HIGH
    elif counts[Confidence.MEDIUM]:
        score, level = 0.5, Confidence.MEDIUM
    else:
        score, level = 0.75, Confidence.LOW
    places = len({h.location.path for h in hits if h.location})
    reason = f"{_count(len(hits), 'credential')} in {_count(places, 'file')}"
    return Outcome(score, allowed, hits, reason, level)


def _hit(facts: Facts, path: str, secret: Secret) -> Hit:
    confidence = secret.confidence
    if confidence is Confidence.MEDIUM and facts.role(path) in _SOFT_ROLES:
        confidence = Confidence.LOW
    where = {"output": " in an output", "metadata": " in the metadata"}.get(secret.where, "")
    name = f" in `{secret.name}`" if secret.name else ""
    return Hit(
        secret.location,
        f"{secret.kind}{name}{where}: {secret.masked}",
        confidence,
        identity=secret.identity,
        severity=Severity.MINOR if confidence is Confidence.LOW else None,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


CHECKS: Mapping[str, Callable[[Facts, Mapping[str, object]], Outcome]] = {
    "hardcoded-secret": hardcoded_secret,
    "secret-in-notebook": secret_in_notebook,
    "secret-file-committed": secret_file_committed,
}
