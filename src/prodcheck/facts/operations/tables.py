"""Tables beside the code: one system a line, so that a new one needs no code."""

from __future__ import annotations

from pathlib import Path


def rows(name: str) -> list[tuple[str, ...]]:
    """Lines of a tab-separated file in this folder, comments left out; `-` stands for an empty column."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple("" if column == "-" else column for column in line.split("\t")) for line in lines]
