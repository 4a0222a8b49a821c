"""Make the picture in the README, `docs/images/report.svg`, from a real run: `python scripts/picture.py`.

The colours of the terminal report become an SVG by rich's export. The picture is not compared in the tests: it shows
how long the run took.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "examples/notebook-only"
WIDTH = 84
LINES = 46
"""The upper part of the report: verdict, categories, what to fix first and the loudest findings."""
THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (201, 209, 217),
    ],
)


def main() -> None:
    command = [sys.executable, "-m", "prodcheck", EXAMPLE, "--color", "always"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    lines = run.stdout.rstrip("\n").split("\n")
    shown = lines[:LINES] + (["", f"\x1b[2m(… {len(lines) - LINES} more lines)\x1b[0m"] if len(lines) > LINES else [])
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join([f"\x1b[2m$\x1b[0m prodcheck {EXAMPLE}", "", *shown])))
    path = ROOT / "docs" / "images" / "report.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = console.export_svg(title="prodcheck", theme=THEME, unique_id="report")
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)  # a picture loads nothing from elsewhere
    path.write_text("\n".join(line.rstrip() for line in picture.split("\n")), encoding="utf-8")


if __name__ == "__main__":
    main()
