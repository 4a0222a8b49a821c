"""Literals bound to a secret-like name, and passwords inside URLs: what only their surroundings give away."""

from __future__ import annotations

import re
from dataclasses import dataclass

LITERALS: tuple[bytes, ...] = tuple(
    word.encode()
    for word in (
        "passw passphrase pwd _pass secret token credential api_key apikey api-key access_key accesskey access-key "
        "auth_key authkey private_key privatekey account_key accountkey encryption_key signing_key "
        "connection_string connectionstring conn_str authorization key= key\": key':"
    ).split()
) + (b"key = ",)

_BEFORE = re.compile(rb"[A-Za-z0-9_.\-$]{0,60}\Z")
_NAME_END = (
    rb"(?P<rest>[A-Za-z0-9_\-]{0,40})(?:\\{0,2}[\"'`])?\]?[ \t]{0,16}"
    rb"(?::[ \t]{0,4}[A-Za-z_][A-Za-z0-9_.\[\]|, ]{0,40}?[ \t]{0,4}(?==[^=]))?"
    rb"(?P<op>:=|=>|={1,3}|!==?|:|,|\()[ \t]{0,16}"
)
_WRAPPED = rb"(?:(?:SecretStr|Secret|str|String|bytes)\(|\(|@|[rbuRBU]{1,2}(?=[\"']))?"
_QUOTED = re.compile(
    _NAME_END + _WRAPPED + rb"(?P<q>\\{0,2}(?:\"\"\"|'''|[\"'`]))(?P<v>(?:(?!(?P=q))(?:\\.|[^\r\n\\])){1,256})(?P=q)"
)
_BARE = re.compile(_NAME_END.replace(rb"|,|\(", rb"") + rb"(?P<v>[^\s\"'`,;(){}\[\]<>#]{4,200})(?=[\s,;\"'#]|\Z)")


@dataclass(frozen=True)
class Binding:
    """`name` = `value`; `start` is the byte offset of the value, `before` the text of the line in front of it."""

    name: str
    value: str
    start: int
    end: int
    before: str


def binding(data: bytes, at: int, quotes_optional: bool) -> Binding | None:
    """The name around offset `at` and the literal bound to it, if there is one on the same line."""
    stop = at + 1200
    match = _QUOTED.match(data, at, stop)
    if match is None and quotes_optional:
        match = _BARE.match(data, at, stop)
    if match is None:
        return None
    head = _BEFORE.search(data[max(0, at - 60) : at])
    name = (head.group() if head else b"") + data[at : match.end("rest")]
    line_start = max(data.rfind(b"\n", max(0, at - 200), at) + 1, at - 200, 0)
    return Binding(
        name.decode("utf-8", "replace").lstrip("-.$"),
        match.group("v").decode("utf-8", "replace"),
        match.start("v"),
        match.end("v"),
        data[line_start : match.start("v")].decode("utf-8", "replace"),
    )


_STRONG = re.compile(
    r"(?i)passw|pwd|passphrase|_pass|secret|token|credential|api[_-]?key|access[_-]?key|auth_?key|private_?key|account_?key|"
    r"encryption_?key|signing_?key|connection_?string|conn_str|authorization"
)


def is_strong_word(name: str) -> bool:
    """True for names that say by themselves that a credential follows; a plain `key` does not."""
    return bool(_STRONG.search(name))
