"""Decisions already taken for other scanners, written next to the value."""

from __future__ import annotations

from collections.abc import Sequence

from prodcheck.patterns import lazy_regex

_SAME_LINE = lazy_regex(
    r"(?i)(pragma:\s*(?:allow|white)list\s+secret|gitleaks:allow|betterleaks:allow|trufflehog:ignore|\bnosec\b)"
)
_NEXT_LINE = lazy_regex(r"(?i)^\s*(?:#|//|/\*|'|--|<!--|;)\s*(pragma:\s*(?:allow|white)list\s+nextline\s+secret)")


def reason(lines: Sequence[str], index: int) -> str:
    """The comment that allows what stands on a line, or an empty string."""
    if not 0 <= index < len(lines):
        return ""
    same = _SAME_LINE.search(lines[index])
    if same:
        return same.group(1)
    above = _NEXT_LINE.search(lines[index - 1]) if index else None
    return above.group(1) if above else ""
