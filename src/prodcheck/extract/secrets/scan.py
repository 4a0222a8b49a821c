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
from prodcheck.extract.secrets.formats import BASIC_HEADER, BOUND, CONTEXTUAL, FORMATS, JWT, PRIVATE_KEY, URL_CREDENTIALS, Format
from prodcheck.model import Confidence

WINDOW = 1200
"""Bytes looked at around a hit. No pattern ever sees more, so a line of a megabyte costs no more than a short one."""


@cache
def _tables() -> tuple[Mapping[bytes, tuple[tuple[Format, re.Pattern[bytes]], ...]], tuple[bytes, ...], tuple[bytes, ...]]:
    """Formats by literal, the literals of tokens that prove themselves, and the literals of everything."""
    by_literal: dict[bytes, tuple[tuple[Format, re.Pattern[bytes]], ...]] = {}
    tokens: tuple[bytes, ...] = ()
    for forms in ((*FORMATS, PRIVATE_KEY, JWT), CONTEXTUAL):
        for form in forms:
            entry = (form, form.compiled())
            for literal in form.literals:
                by_literal[literal.encode()] = (*by_literal.get(literal.encode(), ()), entry)
        tokens = tokens or tuple(by_literal)
    return by_literal, tokens, tuple(dict.fromkeys((*by_literal, *keywords.LITERALS)))


@cache
def _bound() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((b.kind, re.compile(b.name), re.compile(b.value)) for b in BOUND)


_KEYWORDS = frozenset(keywords.LITERALS)


def scan(data: bytes, path: str, *, names: bool = True, quotes_optional: bool = False) -> list[Match]:
    """Credentials in UTF-8 text, by offset, none inside another.

    `names` False looks only for tokens that prove themselves; `quotes_optional` True reads `name: value` without quotes, as in
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
    confidence = _judge(form, hit, value)
    if confidence is None:
        return None
    if form.plugin and not plugins.agrees(form.plugin, hit.group().decode("utf-8", "replace"), value):
        return None
    start = hit.start() if form is PRIVATE_KEY else hit.start(group)
    return Match(start, hit.end(group), value, form.kind, confidence)


def _judge(form: Format, hit: re.Match[bytes], value: str) -> Confidence | None:
    """How sure a match of a format is a live credential; None when it is none."""
    if form is PRIVATE_KEY:
        return form.confidence if _is_private_key(value, hit) else None
    if form is JWT:
        return form.confidence if _is_private_jwt(value) else None
    if form is BASIC_HEADER:
        return _basic(value)
    if form is URL_CREDENTIALS:
        return _url(hit)
    if form.graded:
        return filters.grade(value, form.graded)
    if filters.is_public(value) or filters.is_fake_token(value) or filters.entropy(value) < form.entropy:
        return None
    return form.confidence


def _is_private_key(body: str, hit: re.Match[bytes]) -> bool:
    """A whole key, not encrypted: an ellipsis, a placeholder or prose ends the body of an example early."""
    if b"ENCRYPTED" in hit["gap"]:
        return False
    if len(body) < 780 and hit["after"] and not hit["after"].startswith((b"-----", b"\\", b"<", b"`", b"}", b"]", b")", b";")):
        return False
    letters = re.sub(r"\\+[nr]|[^A-Za-z0-9+/=]", "", body)
    return len(letters) >= 60 and filters.entropy(letters) >= 4.0


def _decoded(part: str) -> object:
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None


def _is_private_jwt(token: str) -> bool:
    """False for what does not decode, for the example of jwt.io, and for tokens made for browsers."""
    head, payload = (_decoded(part) for part in token.split(".")[:2])
    if not isinstance(head, dict) or not isinstance(payload, dict) or not ("alg" in head or "typ" in head):
        return False
    return payload.get("name") != "John Doe" and payload.get("role") != "anon"


def _basic(value: str) -> Confidence | None:
    """`user:password` in base64."""
    try:
        user, colon, password = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii").partition(":")
    except (ValueError, binascii.Error):
        return None
    if not colon or not (user + password).isprintable():
        return None
    return filters.grade(password, "password")


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
