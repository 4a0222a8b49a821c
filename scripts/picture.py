"""Make the picture in the README, `docs/images/report.svg`, from a real run: `python scripts/picture.py`.

A small writer of its own: text is placed column by column and bars are drawn as rectangles, so that the picture looks
the same whatever fonts a browser has. It is not compared in the tests, because it shows how long the run took.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "examples/notebook-only"
LINES = 44
"""The upper part of the report: verdict, categories, what to fix first and the loudest findings."""
COLUMNS = 80
CELL, LINE, SIZE, MARGIN, TOP = 8.4, 19, 14, 18, 44
"""Pixels: width of a character, height of a line, size of the font, space around, space above."""
COLORS = {
    "": "#c9d1d9",
    "2": "#6e7681",
    "31": "#ff7b72",
    "32": "#56d364",
    "33": "#e3b341",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#56d4dd",
}
EMPTY = "#21262d"
STYLE = f"""text {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
  font-size: {SIZE}px; white-space: pre; }}"""


def spans(line: str) -> Iterator[tuple[int, str, str, bool]]:
    """(column, text, colour, bold) of the parts of a line with ANSI colours, cut at wide gaps."""
    column, color, bold = 0, COLORS[""], False
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b"):
            codes = part[2:-1].split(";")
            bold = "1" in codes
            color = next((COLORS[c] for c in codes if c in COLORS), COLORS[""])
            continue
        for piece in re.findall(r" {2,}|█+|░+|─+|(?:[^ █░─]| (?! ))+| ", part):
            yield column, piece, color, bold
            column += len(piece)


def element(column: int, row: int, text: str, color: str, bold: bool) -> str:
    """One part of a line as SVG."""
    x, y, width = MARGIN + column * CELL, TOP + row * LINE, len(text) * CELL
    if text[0] in "█░":
        fill = color if text[0] == "█" else EMPTY
        return f'<rect x="{x:.1f}" y="{y - 11}" width="{width:.1f}" height="13" fill="{fill}"/>'
    if text[0] == "─":
        return f'<rect x="{x:.1f}" y="{y - 5}" width="{width:.1f}" height="1" fill="{color}"/>'
    weight = ' font-weight="bold"' if bold else ""
    size = f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x:.1f}" y="{y}" fill="{color}"{weight} {size}>{escape(text, quote=False)}</text>'


def picture(lines: list[str]) -> str:
    """An SVG of a terminal that shows the lines."""
    width, height = MARGIN * 2 + COLUMNS * CELL, TOP + len(lines) * LINE + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img">',
        f"<title>prodcheck {EXAMPLE}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#0d1117"/>',
        *(
            f'<circle cx="{MARGIN + 4 + 18 * i}" cy="18" r="5" fill="{color}"/>'
            for i, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
    ]
    for row, line in enumerate(lines):
        for column, text, color, bold in spans(line):
            start = len(text) - len(text.lstrip(" "))
            if text.strip():
                parts.append(element(column + start, row, text.strip(" "), color, bold))
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Run prodcheck on the example and write the picture."""
    command = [sys.executable, "-m", "prodcheck", EXAMPLE, "--color", "always"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    lines = run.stdout.rstrip("\n").split("\n")
    if len(lines) > LINES:
        lines = [*lines[:LINES], "", f"\x1b[2m… {len(lines) - LINES} more lines\x1b[0m"]
    path = ROOT / "docs" / "images" / "report.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture([f"\x1b[2m$\x1b[0m prodcheck {EXAMPLE}", "", *lines]), encoding="utf-8")


if __name__ == "__main__":
    main()
