"""Find credentials in one piece of text: prefilter, formats, names, filters, in that order of cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from prodcheck.extract.secrets import filters, keywords, plugins, prefilter
from prodcheck.extract.secrets.base import Match
from prodcheck.extract.secrets.contexts import ANYWHERE, BOUND, CONTEXTUAL, JWT, PRIVATE_KEY
from prodcheck.extract.secrets.formats import FORMATS, INSIDE, Format
from prodcheck.extract.secrets.keywords import Binding
from prodcheck.extract.secrets.verify import judge
from prodcheck.extract.words import Words
from prodcheck.model import Confidence
from prodcheck.patterns import lazy_regex

WINDOW = 1200
"""Bytes looked at around a hit. No pattern ever sees more, so a line of a megabyte costs no more than a short one."""
AFTER = 200
"""Bytes behind the literal of a format that begins in front of it."""
NAME = 16
"""Bytes in front of a match that a plugin of detect-secrets may want to see."""
MOST = 1000
"""Matches in one piece of text; whoever has more has a list of tokens, and knows it."""

_SHARED_LINK = lazy_regex(r"badge|wandb\.ai/|[?&]sv=")
"""Links that are made to be passed on, tokens and all: coverage badges, published reports."""
SHORTEST = 20
"""Characters of the shortest value that a provider's name proves."""
_KEY = lazy_regex(r"key|token|secret|passw|auth|login", re.IGNORECASE)
_LINK = lazy_regex(r"https?://[^\s\"'<>]{1,200}[?&][\w.-]{1,60}=$")
_GENERIC = ("Secret", "Password")
_RANK = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


@cache
def _prefixes() -> Mapping[bytes, tuple[tuple[bytes, Format, re.Pattern[bytes]], ...]]:
    """Formats that begin a run of token characters, by the first two of them."""
    table: dict[bytes, tuple[tuple[bytes, Format, re.Pattern[bytes]], ...]] = {}
    for form in (*FORMATS, JWT):
        for literal in (literal.encode() for literal in form.literals if literal not in INSIDE):
            table[literal[:2]] = (*table.get(literal[:2], ()), (literal, form, form.compiled()))
    return table


@cache
def _words(typed: bool) -> Mapping[bytes, tuple[tuple[Format, re.Pattern[bytes]], ...]]:
    """Words to look for, each with the formats that it may belong to, in what was typed or in what was printed."""
    table: dict[bytes, tuple[tuple[Format, re.Pattern[bytes]], ...]] = dict.fromkeys(keywords.WORDS, ())
    for form in (*FORMATS, *ANYWHERE, *(CONTEXTUAL if typed else ())):
        for literal in form.literals:
            if form not in FORMATS or literal in INSIDE:
                table[literal.encode()] = (*table.get(literal.encode(), ()), (form, form.compiled()))
    return table


@cache
def _search(typed: bool) -> Words:
    return Words(_words(typed))


@cache
def _bound() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((b.kind, lazy_regex(b.name), lazy_regex(b.value)) for b in BOUND)


def scan(data: bytes, path: str, *, names: bool = True, reading: str = "code") -> list[Match]:
    """Credentials in UTF-8 text, by offset, none inside another.

    `names` False, for what was printed and not typed, looks only for what is a credential anywhere and for values
    that a provider's name proves. `reading` is code, prose or configuration, see `keywords.binding`.
    """
    lower = data.lower()
    found: list[Match] = []
    prefixes = _prefixes()
    for at in prefilter.runs(data):
        for literal, form, pattern in prefixes.get(lower[at : at + 2], ()):
            if lower.startswith(literal, at):
                _add(found, _token(form, pattern, data, at))
        if len(found) >= MOST:
            break
    words = _words(names)
    for at, word in prefilter.hits(lower, _search(names)):
        for form, pattern in words[word]:
            _add(found, _token(form, pattern, data, at))
        if word in keywords.WORDS:
            _add(found, _named(data, at, word, path, reading) if names else _provider(data, at, word, reading))
        if len(found) >= MOST:
            break
    return merge(found)


def _add(found: list[Match], match: Match | None) -> None:
    if match is not None:
        found.append(match)


def merge(found: list[Match]) -> list[Match]:
    """Of matches in the same place the one that knows what it is, then the surest, then the longest."""
    kept: list[Match] = []
    for match in sorted(found, key=lambda m: (m.start, _RANK[m.confidence], -m.end, m.kind == "Secret")):
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
        elif _worth(match) < _worth(kept[-1]):
            kept[-1] = match
    return kept


def _worth(match: Match) -> tuple[bool, int]:
    return match.kind in _GENERIC, _RANK[match.confidence]


def _token(form: Format, pattern: re.Pattern[bytes], data: bytes, at: int) -> Match | None:
    """The token at a literal, if the whole format holds."""
    if form.before:
        around = pattern.finditer(data, max(0, at - form.before), at + AFTER)
        hit = next((m for m in around if m.start() <= at < m.end()), None)
    else:
        hit = pattern.match(data, at, at + WINDOW)
    if hit is None:
        return None
    group: str | int = "v" if "v" in pattern.groupindex else 0
    value = hit.group(group).decode("utf-8", "replace")
    confidence = judge(form, hit, value)
    if confidence is None:
        return None
    if form.plugin:
        text = data[max(0, hit.start() - NAME) : hit.end()].decode("utf-8", "replace")
        if not plugins.agrees(form.plugin, text, value):
            return None
    start = hit.start() if form is PRIVATE_KEY else hit.start(group)
    return Match(start, hit.end(group), value, form.kind, confidence)


def _named(data: bytes, at: int, word: bytes, path: str, reading: str) -> Match | None:
    """A literal bound to the secret-like name at an offset."""
    if not keywords.may_bind(data, at):
        return None
    bound = keywords.binding(data, at, word, reading)
    if bound is None:
        bare = reading == "code" and path.endswith(plugins.KNOWS_BARE)
        return _named_bare(data, at, word, path) if bare else None
    return _provided(bound) or _graded(bound)


def _provider(data: bytes, at: int, word: bytes, reading: str) -> Match | None:
    """A value that a provider's name proves."""
    if not keywords.may_bind(data, at):
        return None
    bound = keywords.binding(data, at, word, reading)
    return _provided(bound) if bound is not None else None


def _provided(bound: Binding) -> Match | None:
    if len(bound.value) < SHORTEST or not _KEY.search(bound.name) or not filters.is_secret_name(bound.name):
        return None
    if filters.is_fake_token(bound.value) or filters.is_public(bound.value) or filters.entropy(bound.value) < 3:
        return None
    for kind, name, value in _bound():
        if value.fullmatch(bound.value) and name.search(bound.before):
            return Match(bound.start, bound.end, bound.value, kind, Confidence.HIGH, bound.name)
    return None


def _graded(bound: Binding) -> Match | None:
    """A value that passes every filter."""
    if len(bound.value) < 4 or " " in bound.value:
        return None  # the commonest reasons, and the cheapest to see
    if not keywords.is_strong(bound.name) or not filters.is_secret_name(bound.name):
        return None
    if _SHARED_LINK.search(bound.before):
        return None
    confidence = filters.grade(bound.value, bound.name)
    if confidence is None:
        return None
    if _LINK.search(bound.before):
        confidence = Confidence.LOW  # most links that carry a token are made to be opened by others
    kind = "Password" if filters.PASSWORD_NAME.search(bound.name) else "Secret"
    return Match(bound.start, bound.end, bound.value, kind, confidence, bound.name)


def _named_bare(data: bytes, at: int, word: bytes, path: str) -> Match | None:
    """A value without quotes in code, where detect-secrets knows a language in which that is a literal."""
    bound = keywords.binding(data, at, word, "configuration")
    match = _graded(bound) if bound is not None else None
    if match is None or bound is None:
        return None
    line = bound.before + bound.value
    if not any(bound.value in value for value in plugins.keyword_values(path, line)):
        return None
    return Match(match.start, match.end, match.value, match.kind, Confidence.LOW, match.name)
