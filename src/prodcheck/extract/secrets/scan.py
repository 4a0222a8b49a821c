"""Find credentials in one piece of text: prefilter, formats, names, filters, in that order of cost."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from functools import cache

from prodcheck.extract.secrets import filters, keywords, plugins, prefilter
from prodcheck.extract.secrets.base import Match
from prodcheck.extract.secrets.formats import BOUND, FORMATS, JWT, PRIVATE_KEY, URL_CREDENTIALS, Format
from prodcheck.model import Confidence

WINDOW = 1200
"""Bytes looked at around a hit. No pattern ever sees more, so a line of a megabyte costs no more than a short one."""


@cache
def _tables() -> tuple[
    Mapping[bytes, tuple[tuple[Format, re.Pattern[bytes]], ...]], tuple[bytes, ...], tuple[bytes, ...]
]:
    """Formats by literal, the literals of tokens, and those of everything."""
    by_literal: dict[bytes, tuple[tuple[Format, re.Pattern[bytes]], ...]] = {}
    for form in (*FORMATS, PRIVATE_KEY, JWT, URL_CREDENTIALS):
        entry = (form, form.compiled())
        for literal in form.literals:
            by_literal[literal.encode()] = (*by_literal.get(literal.encode(), ()), entry)
    tokens = tuple(by_literal)
    return by_literal, tokens, tuple(dict.fromkeys((*tokens, *keywords.LITERALS)))


@cache
def _bound() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((b.kind, re.compile(b.name), re.compile(b.value)) for b in BOUND)


_KEYWORDS = frozenset(keywords.LITERALS)


def scan(data: bytes, path: str, *, names: bool = True, quotes_optional: bool = False) -> list[Match]:
    """Credentials in UTF-8 text, by offset, none inside another.

    `names` False looks for token formats only; `quotes_optional` True reads `name: value` without quotes, as in
    configuration files.
    """
    by_literal, tokens, everything = _tables()
    found: list[Match] = []
    for at, literal in prefilter.hits(data, everything if names else tokens):
        for form, pattern in by_literal.get(literal, ()):
            match = _token(form, pattern, data, at)
            if match is not None:
                found.append(match)
        if names and literal in _KEYWORDS:
            match = _named(data, at, literal, quotes_optional)
            if match is not None:
                found.append(match)
    return _without_overlaps(found)


def _without_overlaps(found: list[Match]) -> list[Match]:
    """The surest match of each place."""
    rank = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}
    kept: list[Match] = []
    for match in sorted(found, key=lambda m: (rank[m.confidence], m.start - m.end, m.start)):
        if all(match.end <= other.start or other.end <= match.start for other in kept):
            kept.append(match)
    return sorted(kept, key=lambda m: m.start)


def _token(form: Format, pattern: re.Pattern[bytes], data: bytes, at: int) -> Match | None:
    """The token at a literal, if the whole format holds."""
    if form.before:
        first = max(0, at - form.before)
        hit = next((m for m in pattern.finditer(data, first, at + WINDOW) if m.start() <= at < m.end()), None)
    else:
        hit = pattern.match(data, at, at + WINDOW)
    if hit is None:
        return None
    group: str | int = "v" if "v" in pattern.groupindex else 0
    value = hit.group(group).decode("utf-8", "replace")
    text = hit.group().decode("utf-8", "replace")
    kind, confidence = form.kind, form.confidence
    if form is PRIVATE_KEY:
        if not _is_private_key(value):
            return None
        if "ENCRYPTED" in text[:120]:
            confidence = Confidence.MEDIUM
    elif form is JWT:
        verdict = _jwt(value)
        if verdict is None:
            return None
        confidence = verdict
    elif form is URL_CREDENTIALS:
        verdict = _url(hit)
        if verdict is None:
            return None
        confidence = verdict
    elif filters.is_public(value) or filters.is_fake_token(value) or filters.entropy(value) < form.entropy:
        return None
    if form.plugin and not plugins.agrees(form.plugin, text, value):
        return None
    start = hit.start() if form is PRIVATE_KEY else hit.start(group)
    return Match(start, hit.end(group), value, kind, confidence)


def _is_private_key(body: str) -> bool:
    letters = re.sub(r"\\+[nr]|[^A-Za-z0-9+/=]", "", body)
    return len(letters) >= 64 and filters.entropy(letters) >= 4.0


def _decoded(part: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _jwt(token: str) -> Confidence | None:
    """How much a JSON web token matters: one that never expires most, one made for the public not at all."""
    head, payload = (_decoded(part) for part in token.split(".")[:2])
    if not isinstance(head, dict) or not isinstance(payload, dict) or not ("alg" in head or "typ" in head):
        return None
    if payload.get("name") == "John Doe" or payload.get("role") == "anon":
        return None
    return Confidence.MEDIUM


_LOCAL_HOST = re.compile(r"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker)")
_EXAMPLE_HOST = re.compile(r"(?i)example|^(?:host|hostname|server|ip|your|my)(?:[\W_]|name$|$)|<")


def _url(hit: re.Match[bytes]) -> Confidence | None:
    user, value, host = (hit.group(g).decode("utf-8", "replace") for g in ("user", "v", "host"))
    if _EXAMPLE_HOST.search(host) or re.search(r"[{}$<>%*]", user) or value.lower() == user.lower():
        return None
    confidence = filters.grade(value, "password")
    remote = "." in host and not _LOCAL_HOST.search(host)
    return confidence if confidence is None or remote else Confidence.LOW


def _named(data: bytes, at: int, literal: bytes, quotes_optional: bool) -> Match | None:
    """A literal bound to the secret-like name at an offset."""
    bound = keywords.binding(data, at, literal, quotes_optional)
    if bound is None:
        return None
    if not filters.is_fake_token(bound.value) and not filters.is_public(bound.value):
        for kind, name, value in _bound():
            if value.fullmatch(bound.value) and name.search(bound.before) and filters.entropy(bound.value) >= 3:
                return Match(bound.start, bound.end, bound.value, kind, Confidence.HIGH, bound.name)
    if not keywords.is_strong(bound.name):
        return None
    if not filters.is_secret_name(bound.name):
        return None
    confidence = filters.grade(bound.value, bound.name)
    if confidence is None:
        return None
    kind = "Password" if filters.PASSWORD_NAME.search(bound.name) else "Secret"
    return Match(bound.start, bound.end, bound.value, kind, confidence, bound.name)
