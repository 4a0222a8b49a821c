"""Reporters: a report in, text out. The table below is the whole registration.

A reporter is imported when it is asked for: who reads the text report does not pay for XML and templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from prodcheck.model import Report
from prodcheck.records import dataclass
from prodcheck.report.base import SYMBOLS, Options, Reporter

__all__ = ["FORMATS", "SYMBOLS", "Format", "Options", "Reporter", "format_of", "render", "reporter"]


@dataclass(frozen=True)
class Format:
    """One format: the module whose `render` writes it, and how its files are called."""

    module: str
    meaning: str
    suffixes: tuple[str, ...] = ()
    """Endings of a file name that mean this format."""
    also: tuple[str, ...] = ()
    """Endings that files of this format may have as well, but that mean another one."""
    grows: bool = False
    """True when a new run is added to the file instead of replacing it."""


FORMATS: Mapping[str, Format] = {
    "text": Format("text", "for people: verdict, what to fix first, findings", (".txt",), (".log",)),
    "json": Format("json", "for programs: everything, schema version 1", (".json",)),
    "sarif": Format("sarif", "for code scanning: SARIF 2.1.0", (".sarif", ".sarif.json"), (".json",)),
    "markdown": Format("markdown", "for job summaries and comments on pull requests", (".md", ".markdown")),
    "html": Format("html", "for people: one file to open, share and print", (".html", ".htm")),
    "junit": Format("junit", "for test reports: a rule is a test", (".xml",)),
    "github": Format("github", "annotations of GitHub Actions", (), (".txt", ".log")),
    "gitlab": Format("gitlab", "Code Quality of GitLab", (), (".json",)),
    "azure": Format("azure", "issues of an Azure Pipelines run", (), (".txt", ".log")),
    "badge": Format("badge", "endpoint badge of shields.io", (), (".json",)),
    "openmetrics": Format("openmetrics", "metrics for Prometheus and its like", (".prom", ".om"), (".txt",)),
    "history": Format("history", "one line of JSON a run, for trends", (".jsonl", ".ndjson"), grows=True),
}
"""Every format by the name that `--format` takes."""


def reporter(format_: str) -> Reporter:
    """The function that writes one of `FORMATS`. Raises KeyError for another name."""
    found: Reporter = import_module(f"prodcheck.report.{FORMATS[format_].module}").render
    return found


def render(report: Report, format_: str, options: Options) -> str:
    """A report in one of `FORMATS`. Raises KeyError for another name."""
    return reporter(format_)(report, options)


def format_of(name: str) -> str | None:
    """The format that a file's name means by its ending, the longest ending first; None when it means none."""
    lower = name.lower()
    endings = [(suffix, format_) for format_, f in FORMATS.items() for suffix in f.suffixes if lower.endswith(suffix)]
    return max(endings, key=lambda pair: len(pair[0]))[1] if endings else None
