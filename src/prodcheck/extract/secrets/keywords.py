"""Literals bound to a secret-like name: what only the name gives away."""

from __future__ import annotations

import re

from prodcheck.patterns import lazy_regex
from prodcheck.records import dataclass

WORDS = frozenset((b"pass", b"pwd", b"_pw", b"secret", b"token", b"key"))
"""What a name must contain, in lower case, to be looked at."""

_STRONG = lazy_regex(
    r"passw|passphrase|pwd|(?:^|[_\-.\d]|(?<=[a-z]))pass$|_pw$|secret|token|"
    r"(?:api|access|consumer|auth|private|account|encryption|signing|subscription|client|app|shared|storage|service|"
    r"master|admin|license|cognitive|vision|speech|translator|cosmos|maps|weather|fernet)[_-]?key|nkey",
    re.IGNORECASE,
)
_WORD = lazy_regex(rb"[a-z]+|[A-Z]+|[A-Z][a-z]+")
_NAME = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-$"
_ARGUMENT = lazy_regex(rb"\([ \t]{0,8}[rbuRBU]?[\"'`]\Z")
_NAME_END = (
    rb"(?P<rest>[A-Za-z0-9_\-]{0,40})(?:\\{0,2}[\"'`])?\]?[ \t]{0,16}"
    rb"(?::[ \t]{0,4}[A-Za-z_][A-Za-z0-9_.\[\]|, ]{0,40}?[ \t]{0,4}(?==[^=]))?"
)
_OPERATOR = rb"(?P<op>:=|=>|={1,3}|!==?|:|,|\()[ \t]{0,16}"
_WRAPPED = rb"(?:(?:SecretStr|Secret|str|String|bytes)\(|\(|@|[rbuRBU]{1,2}(?=[\"']))?"
_QUOTED = lazy_regex(
    _NAME_END
    + _OPERATOR
    + _WRAPPED
    + rb"(?P<q>\\{0,2}(?:\"\"\"|'''|[\"'`]))(?P<v>(?:(?!(?P=q))(?:\\.|[^\r\n\\])){1,256})(?P=q)"
)
_BARE = lazy_regex(
    _NAME_END
    + rb"(?P<op>:=|={1,2}|:)[ \t]{0,16}(?P<v>[^\s\"'`,;(){}\[\]<>#][^\s\"'`,;(){}\[\]<>]{3,200})(?=[\s,;\"'}]|\Z)"
)
_BINDS = lazy_regex(
    rb"[A-Za-z0-9_\-]{0,40}(?:\\{0,2}[\"'`])?\]?[ \t]{0,16}"
    rb"(?:[:=]|(?:!==?|[,(])[ \t]{0,16}" + _WRAPPED + rb"\\{0,2}[\"'`])"
)
"""What every pattern here but that of an option asks for."""
_OPTION = lazy_regex(
    rb"(?P<rest>[A-Za-z0-9_\-]{0,40})(?P<op> )(?P<q>[\"']?)(?P<v>[^\s\"'`,;(){}\[\]<>&|]{4,200})(?P=q)"
)
_INLINE = lazy_regex(
    rb"(?P<rest>[A-Za-z0-9_]{0,40})(?P<op>=)"
    rb"(?P<v>[^\s\"'`,;(){}\[\]<>#&|=][^\s\"'`,;(){}\[\]<>&|]{3,200})(?=[\s,;\"'&)`\\]|\Z)"
)
_CONSTANT = lazy_regex(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class Binding:
    """`name` = `value`; `start` is the byte offset of the value, `before` the text of the line in front of it."""

    name: str
    value: str
    start: int
    end: int
    before: str


def may_bind(data: bytes, at: int) -> bool:
    """False when nothing can be bound to the name around an offset: a first look, for most words are no names."""
    if _BINDS.match(data, at, at + 1200):
        return True
    before = data[max(0, at - 60) : at]
    return b"--" in before or (data.startswith(b"token", at) and before.endswith(b"auth"))


def binding(data: bytes, at: int, word: bytes, reading: str) -> Binding | None:
    """The name around offset `at` and the literal bound to it, if there is one on the same line.

    `reading` says where values may stand without quotes: in `configuration` everywhere, in `prose` after `NAME=`, in
    `code` only after `NAME=` inside a string, as in the environment of a process or a URL.
    """
    stop = at + 1200
    match = _QUOTED.match(data, at, stop)
    if match is None and reading == "configuration":
        match = _BARE.match(data, at, stop)
    inline = option = False
    if match is None:
        match = _INLINE.match(data, at, stop)
        inline = match is not None
    if match is None:
        match = _OPTION.match(data, at, stop)
        option = match is not None
    if match is None or not _is_word(data, at, word):
        return None
    head = data[max(0, at - 60) : at]
    before = head[len(head.rstrip(_NAME)) :]
    if match["op"] == b"," and not _ARGUMENT.search(data[max(0, at - len(before) - 12) : at - len(before)]):
        return None  # one of many strings in a list, not a name with its value
    name = before + data[at : match.end("rest")]
    if match["op"] == b"(":
        name = name.rpartition(b".")[2]  # of a call, the function alone says what it takes
    if option and not before.startswith(b"--") and (before + data[at : match.end("rest")]) != b"authtoken":
        return None
    previous = data[max(0, at - len(before) - 1) : at - len(before)]
    if inline and reading == "code" and not _is_environment(name.decode("utf-8", "replace"), previous):
        return None
    line_start = max(data.rfind(b"\n", max(0, at - 200), at) + 1, at - 200, 0)
    return Binding(
        name.decode("utf-8", "replace").lstrip("-.$"),
        match["v"].decode("utf-8", "replace"),
        match.start("v"),
        match.end("v"),
        data[line_start : match.start("v")].decode("utf-8", "replace"),
    )


def _is_environment(name: str, previous: bytes) -> bool:
    """True for `NAME=value` as in a shell or a URL's query, which in code stands inside a string."""
    return bool(_CONSTANT.fullmatch(name)) or previous in (b"?", b"&", b";", b'"', b"'", b"`", b"\\")


def _is_word(data: bytes, at: int, word: bytes) -> bool:
    """True when the word is written as one or as part of one, not across two as in `VidTokEncoder`."""
    return bool(_WORD.fullmatch(data[at : at + len(word)])) or not word.isalpha()


def is_strong(name: str) -> bool:
    """True for names that say by themselves that a credential follows; a plain `key` does not."""
    return bool(_STRONG.search(name))
