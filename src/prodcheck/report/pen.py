"""Drawing for the text report: colours, symbols, bars and columns, all computed from the options alone.

No rich here: the report looks the same on a terminal, in a pipe and in a CI log, and costs no import.
"""

from __future__ import annotations

import textwrap
import unicodedata

from prodcheck.model import Severity, Status
from prodcheck.patterns import lazy_regex
from prodcheck.report.base import Options
from prodcheck.report.sanitize import to_ascii

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_SEVERITY = {
    Severity.CRITICAL: "bold red",
    Severity.MAJOR: "yellow",
    Severity.MINOR: "cyan",
    Severity.INFO: "dim",
}
_GRADE = {"A": "green", "B": "green", "C": "yellow", "D": "yellow", "F": "red"}
_STATUS = {
    Status.PASS: ("✓", "+", "green"),
    Status.PARTIAL: ("◐", "~", "yellow"),
    Status.FAIL: ("✗", "x", "red"),
    Status.BLOCKED: ("⊘", "x", "red"),
    Status.NOT_APPLICABLE: ("–", "-", "dim"),
    Status.UNKNOWN: ("?", "?", "magenta"),
    Status.ERROR: ("!", "!", "bold red"),
}
NO_BREAK = "\u00a0"
"""A space at which a line is not broken, such as the one in `0.8 s`; it is printed as a plain one."""
MIN_WIDTH, MAX_WIDTH = 50, 110


_COLORS = lazy_regex(r"\x1b\[[0-9;]*m")


def cells(text: str) -> int:
    """Columns the text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def pad(text: str, width: int) -> str:
    """The text, filled with spaces to the width."""
    return text + " " * max(0, width - cells(text))


def _cut(text: str, width: int) -> str:
    kept, used = [], 0
    for char in text:
        used += cells(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept)


class Pen:
    """Draws within the limits of one set of options."""

    def __init__(self, options: Options) -> None:
        self.color = options.color
        self.unicode = options.unicode
        self._ellipsis = "…" if options.unicode else "~"
        self.width = max(MIN_WIDTH, min(options.width, MAX_WIDTH))

    @property
    def arrow(self) -> str:
        return "→" if self.unicode else "->"

    def shorten(self, text: str, width: int) -> str:
        """The text cut to the width at its end, with an ellipsis."""
        return text if cells(text) <= width else _cut(text, width - 1) + self._ellipsis

    def shorten_middle(self, text: str, width: int) -> str:
        """A path cut to the width in its middle: both the folder and the file's name stay recognisable."""
        if cells(text) <= width:
            return text
        tail = _cut(text[::-1], (width - 1) * 2 // 3)[::-1]
        return _cut(text, width - 1 - cells(tail)) + self._ellipsis + tail

    def paint(self, text: str, style: str) -> str:
        """The text in a style such as `bold red`."""
        if not (self.color and style and text):
            return text
        return f"\x1b[{';'.join(_CODES[word] for word in style.split())}m{text}\x1b[0m"

    def severity(self, text: str, severity: Severity) -> str:
        return self.paint(text, _SEVERITY[severity])

    def grade(self, text: str, grade: str | None) -> str:
        return self.paint(text, f"bold {_GRADE.get(grade or '', 'blue')}")

    def mark(self, status: Status) -> str:
        """The one-column symbol of a status."""
        symbol, plain, style = _STATUS[status]
        return self.paint(symbol if self.unicode else plain, style)

    def bar(self, share: float, width: int, style: str) -> str:
        """A bar filled to a share in 0..1."""
        filled = min(width, max(0, int(share * width + 0.5)))
        if share > 0 and filled == 0:
            filled = 1
        if share < 1 and filled == width:
            filled = width - 1
        full, empty = ("█", "░") if self.unicode else ("#", ".")
        return self.paint(full * filled, style) + self.paint(empty * (width - filled), "dim")

    def rule(self, title: str, note: str = "", style: str = "bold") -> str:
        """A heading across the page: title, line, note at the right."""
        line = "─" if self.unicode else "-"
        if cells(title) + cells(note) + 5 > self.width:
            note = ""
        length = self.width - cells(title) - cells(note) - (2 if note else 1)
        parts = [self.paint(title, style), self.paint(line * max(3, length), "dim")]
        return " ".join([*parts, self.paint(note, "dim")] if note else parts)

    def line(self) -> str:
        """A line across the page."""
        return self.paint(("─" if self.unicode else "-") * self.width, "dim")

    def fits(self, text: str, indent: int) -> bool:
        """Whether the text can be wrapped at this indent without breaking a word, such as an address."""
        return all(cells(word) <= self.width - indent for word in text.split())

    def wrap(self, text: str, indent: int, style: str = "", first: str = "") -> list[str]:
        """Lines of running text, each indented; `first` stands before the first line, inside the indent."""
        room = self.width - indent
        lines = textwrap.wrap(text, room, break_long_words=True, break_on_hyphens=False) or [""]
        lead = " " * (indent - cells(_COLORS.sub("", first))) + first
        return [(lead if i == 0 else " " * indent) + self.paint(line, style) for i, line in enumerate(lines)]

    def finish(self, lines: list[str]) -> str:
        """The page: no trailing spaces, one newline at the end, ASCII if nothing else can be shown."""
        text = "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
        text = text.replace(NO_BREAK, " ")
        if self.unicode:
            return text
        return "\n".join(to_ascii(line) for line in text.split("\n"))
