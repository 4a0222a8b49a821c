"""What the lines of a Python file say before it is parsed: how many hold code, copied blocks, exported notebooks."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from sys import byteorder

from prodcheck.patterns import lazy_regex

WINDOW = 12
"""Code lines in a block that counts as a copy when it is found elsewhere."""
_NOT_LOGIC = ("import ", "from ", '"""')
_SPREAD = 0x9E3779B1
_MASK = 0xFFFFFFFF


def code_flags(lines: Sequence[str]) -> list[bool]:
    """For each stripped line, whether it holds code: neither blank nor only a comment."""
    return [bool(line) and line[0] != "#" for line in lines]


def blocks(lines: Sequence[str]) -> bytes:
    """Fingerprints of runs of `WINDOW` stripped code lines, imports and brackets left out; four bytes each, sorted.

    Only fingerprints divisible by four are kept: which ones is the same in every file, so that a copied block of some
    length is still found at a quarter of the memory.
    """
    sums = []
    for line in lines:
        if len(line) > 2 and line[0] != "#" and not line.startswith(_NOT_LOGIC):
            sums.append(zlib.crc32(line.encode("utf-8", "replace")))
    if len(sums) < WINDOW:
        return b""
    top = pow(_SPREAD, WINDOW - 1, _MASK + 1)
    value = 0
    for number in sums[:WINDOW]:
        value = (value * _SPREAD + number) & _MASK
    kept = set() if value % 4 else {value}
    for old, new in zip(sums, sums[WINDOW:], strict=False):
        value = ((value - old * top) * _SPREAD + new) & _MASK
        if not value % 4:
            kept.add(value)
    return b"".join([number.to_bytes(4, byteorder) for number in sorted(kept)])


def digest(lines: Sequence[str]) -> int:
    """Fingerprint of some stripped lines that does not see blank lines and comments; 0 below three lines."""
    code = [line for line in lines if line and line[0] != "#"]
    return zlib.crc32("\n".join(code).encode("utf-8", "replace")) if len(code) >= 3 else 0


_CELL_MARK = lazy_regex(r"^# ?%%", re.MULTILINE)
_EXPORT_MARK = lazy_regex(r"^# In ?\[[ \d]*\]:", re.MULTILINE)
_JUPYTEXT = lazy_regex(r"^#\s+jupytext:", re.MULTILINE)


def flavour(text: str) -> str:
    """How a `.py` file that is a notebook at heart is written; empty for a plain module."""
    if text.startswith("# Databricks notebook source"):
        return "databricks"
    if "# " not in text:
        return ""
    if "# In" in text and _EXPORT_MARK.search(text):
        return "nbconvert"
    if "jupytext:" in text[:2000] and _JUPYTEXT.search(text[:2000]):
        return "jupytext"
    if "%%" in text and len(_CELL_MARK.findall(text)) >= 2:
        return "percent"
    if "marimo.App(" in text:
        return "marimo"
    return ""
