"""Reporters: a report in, text out. The table below is the whole registration."""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.model import Report
from prodcheck.report.base import SYMBOLS, Options, Reporter
from prodcheck.report.json import render as render_json
from prodcheck.report.text import render as render_text

__all__ = ["FORMATS", "SYMBOLS", "Options", "Reporter", "render"]

FORMATS: Mapping[str, Reporter] = {
    "text": render_text,
    "json": render_json,
}
"""Every format by the name that `--format` takes."""


def render(report: Report, format_: str, options: Options) -> str:
    """A report in one of `FORMATS`. Raises KeyError for another name."""
    return FORMATS[format_](report, options)
