"""What every reporter is: a pure function from a report and display options to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from prodcheck.model import Location, Report
from prodcheck.records import dataclass

Excerpt = tuple[tuple[int, str], ...]
"""Lines of a file or notebook cell: number and text."""


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
    excerpts: Mapping[Location, Excerpt] = field(default_factory=dict)
    """Lines of code around places, for formats that show some. No credential is in them."""


SYMBOLS = "✓◐✗⊘–·→…█░─"
"""Characters of the text report beyond ASCII: a stream that cannot encode them wants `unicode=False`."""

Reporter = Callable[[Report, Options], str]
