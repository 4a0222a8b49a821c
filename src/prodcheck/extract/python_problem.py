"""Why a text is not Python that this interpreter can parse: an older or newer Python, a template, or just broken."""

from __future__ import annotations

import re
import sys

from prodcheck.patterns import lazy_regex

PROBLEMS = {
    "python2": "is Python 2",
    "template": "is a template, not Python yet",
    "newer": f"may need a Python newer than {sys.version_info.major}.{sys.version_info.minor}",
    "broken": "does not parse",
}
_PYTHON2 = lazy_regex(
    r"""^[ \t]*(?:print[ \t]+(?:["'\w%]|>>)|exec[ \t]+["'\w]|raise[ \t]+\w+[ \t]*,)
    |^[ \t]*except[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:
    |\bexcept[ \t]+\([\w., ]+\)[ \t]*,[ \t]*\w+[ \t]*:|<>|\bur["']|`\w+`|(?<![\w.])0[0-7]+L?\b(?!\.)""",
    re.MULTILINE | re.VERBOSE,
)
_BRACES = lazy_regex(r"\{[{%]|<%|\$\{")
_F_STRING = lazy_regex(r"(?<!\w)[fF]([\"']).*?\1")
_TEMPLATE = lazy_regex(r"\{\{[\w.|'\s\"()-]+\}\}|\{%-?\s*\w[^\n]{0,300}?%\}|<%=?\s*\w+|\$\{\w+\}")
_NEWER = (
    ((3, 11), lazy_regex(r"^[ \t\f]*except\s*\*", re.MULTILINE)),
    (
        (3, 12),
        lazy_regex(
            r"^[ \t\f]*type\s+\w+(?:\[[^\]]{0,500}\])?\s*=|^[ \t\f]*(?:async\s+)?(?:def|class)\s+\w+\[", re.MULTILINE
        ),
    ),
    (
        (3, 14),
        lazy_regex(r"(?<!\w)[tT][rR]?[\"']|^[ \t\f]*except\s+[\w.]+\s*,\s*[\w.]+(?:\s*,\s*[\w.]+)*\s*:", re.MULTILINE),
    ),
    ((3, 15), lazy_regex(r"^lazy\s+(?:import|from)\b", re.MULTILINE)),
)


def problem_kind(text: str, message: str) -> str:
    """Which kind of unparsable text this is: `python2`, `template`, `newer` or `broken`."""
    if _BRACES.search(text) and _TEMPLATE.search(_F_STRING.sub("", text)):
        return "template"
    if _PYTHON2.search(text) or "inconsistent use of tabs" in message or "Missing parentheses" in message:
        return "python2"
    if sys.version_info < (3, 12) and message.startswith("f-string"):
        return "newer"
    for version, pattern in _NEWER:
        if sys.version_info < version and pattern.search(text):
            return "newer"
    return "broken"
