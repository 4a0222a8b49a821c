"""What is counted in the body of a function that the parser does not see: enough to know that it is not large."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from prodcheck.patterns import lazy_regex

SHORT, LONG = 20, 80
"""Lines of code, and statements. A short body is no rule's business; a longer one is none unless it has many branches
or is longer than any rule likes."""
MANY_BRANCHES = 20
_ROUNDS = 40
"""Brackets in brackets that are looked through."""
_BRANCHES = (b" if ", b"elif ", b" for ", b" while ", b"except", b" and ", b" or ", b"case ")
_TRIVIAL = lazy_regex(
    rb"(?:[ ]*(?:#[^\n]*)?\n)*[ ]*(?:pass\b|\.\.\.|[\d\"'(]|[rbuRBU]{1,2}[\"']|None\b|True\b|False\b|\Z)"
)
_LINE = lazy_regex(rb"\n[ ]*[^\s#)\]}]")
_COMPOUND = lazy_regex(rb"[ ]*(?:if|elif|else|for|while|with|try|except|finally|async)\b.*:[ ]*[^\s#]")
_COMMENT = lazy_regex(rb"#[^\n]*")
_HASH = ord("#")
_ROUND = bytes.maketrans(b"[{]}", b"(())")
_NO_BRACKETS = bytes(byte for byte in range(256) if chr(byte) not in "()[]{}\n")


class Body(NamedTuple):
    """What is known of a body that was left out."""

    asserts: int
    statements: int
    """About so many: in a short body, its lines."""
    complexity: int
    """At most."""


def measured(data: bytes, start: int, end: int, asserts: int) -> Body | None:
    """What is counted in a body behind its docstring, by offsets; None for one that is long, or has many branches, or
    hardly anything."""
    code = data[start:end]
    if _TRIVIAL.match(code + b"\n") or b";" in code or code.rstrip().endswith(b"\\"):
        return None
    statements = code.count(b"\n") + 1
    if statements > SHORT:
        statements = len(_LINE.findall(data, start - 1, end))
    complexity = 1
    if statements > SHORT:
        complexity += sum(map(code.count, _BRANCHES))
        if statements > LONG / 2:
            statements = _statements(code)
        if statements > LONG or complexity > MANY_BRANCHES:
            return None
    if not (_is_paired(code) or _is_paired(_COMMENT.sub(b"", code))):
        return None  # a bracket or quote in a string, or a mistake that the parser has to see
    return Body(asserts, statements, complexity)


def _is_paired(code: bytes) -> bool:
    """Whether there are as many opening as closing brackets, and quotes of either kind come in twos."""
    brackets = all(code.count(opening) == code.count(closing) for opening, closing in (b"()", b"[]", b"{}"))
    return brackets and not any(code.count(quote) % 2 for quote in b"\"'")


def _statements(code: bytes) -> int:
    """Statements in a body, those on the line of another one counted too; a bracket in a string may confuse it."""
    brackets = code.translate(_ROUND, _NO_BRACKETS)
    size = rounds = 0
    while size != len(brackets) and rounds < _ROUNDS:  # what is opened and closed on one line
        size, rounds = len(brackets), rounds + 1
        brackets = brackets.replace(b"()", b"")
    depths = accumulate((line.count(b"(") - line.count(b")") for line in brackets.split(b"\n")), initial=0)
    lines = [line for line, depth in zip(code.split(b"\n"), depths, strict=False) if depth <= 0]
    lines = [line for line in lines if (text := line.lstrip(b" ")) and text[0] != _HASH]
    return len(lines) + sum(1 for line in lines if _COMPOUND.match(line))
