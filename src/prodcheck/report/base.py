"""What every reporter is: a pure function from a report and display options to text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prodcheck.model import Report


@dataclass(frozen=True)
class Options:
    """How to show a report. The command line finds out (terminal, `NO_COLOR`, encoding); a reporter never looks."""

    width: int = 80
    """Columns of the text report."""
    color: bool = False
    unicode: bool = True
    """False when the stream cannot print characters beyond ASCII."""
    verbose: bool = False
    """Show also what passed, what does not apply and what was left out, each with its reason."""
    quiet: bool = False
    """Show the verdict only."""
    exit_code: int | None = None
    """What the command will exit with, when that is not what the gate says (`--report-only`)."""
    ci: str | None = None
    """Name of the CI system that runs prodcheck, such as `github-actions`; None outside of CI."""


SYMBOLS = "✓◐✗⊘–·→…█░─"
"""Characters of the text report beyond ASCII: a stream that cannot encode them wants `unicode=False`."""

Reporter = Callable[[Report, Options], str]
