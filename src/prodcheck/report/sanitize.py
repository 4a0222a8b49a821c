"""Make text from an audited repository harmless: a file name must not move the cursor or turn the reading order."""

from __future__ import annotations

import re
import unicodedata

from prodcheck.patterns import lazy_regex

_ESCAPES = lazy_regex(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|\x9b[0-?]*[ -/]*[@-~]"  # the same, as one C1 character
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS ...: titles, links
    r"|\x1b[ -/]*[0-~]?"  # any other escape
)
_HARMFUL = frozenset(("Cc", "Cf", "Zl", "Zp"))
"""Control, format (bidirectional overrides, zero-width, tags) and line separator characters."""
_ASCII = str.maketrans(
    {
        "…": "...",
        "–": "-",
        "—": "-",
        "−": "-",
        "·": "-",
        "•": "*",
        "→": "->",
        "←": "<-",
        "≥": ">=",
        "≤": "<=",
        "×": "x",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "\u00a0": " ",
    }
)


def plain(text: str) -> str:
    """One line without escape sequences, control and bidirectional characters.

    Bytes of a file name that are not UTF-8 (surrogate escapes) are shown as `\\xff`, white space of any kind as one
    space.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", text)
    text = re.sub(r"[\t\n\v\f\r\x85\u2028\u2029]+", " ", text)
    return "".join(_visible(c) for c in text)


def _visible(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return "" if unicodedata.category(char) in _HARMFUL else char


def to_ascii(text: str) -> str:
    """The text for a stream that cannot show more than ASCII; nothing is lost, foreign letters become escapes."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def portable(text: str) -> str:
    """Text for a machine: bytes that are not UTF-8 percent-encoded, everything else as it is.

    A literal `%` is encoded too in text that holds such bytes, so that decoding gives the file name back.
    """
    if text.isascii() or not any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return text
    return "".join(_percent(c) for c in text)


def _percent(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"%{code - 0xDC00:02X}"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return "%25" if char == "%" else char
