"""`prodcheck stack [PATH]`: which tools were recognised, how strongly, and where."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import click

from prodcheck.cli.means import means, means_options


@click.command()
@click.argument("path", default=".", required=False)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.option("-v", "--verbose", is_flag=True, help="Show all evidence, not only the strongest piece.")
@means_options
def stack(path: str, format_: str, verbose: bool, **how: Any) -> None:
    """Show which tools the repository at PATH uses, by topic, with the evidence.

    The strengths are declared (in a manifest), configured, used (imported or called) and enforced (run by CI, a hook
    or a schedule).
    """
    from prodcheck._audit import audit
    from prodcheck.report.json import stack_json
    from prodcheck.report.sanitize import plain

    report = audit(path, **means(how))
    if format_ == "json":
        click.echo(stack_json(report))
        return
    if not report.stack:
        click.echo("No tool was recognised.")
        return
    for topic, uses in groupby(report.stack, key=lambda use: use.topic):
        click.echo(click.style(topic, bold=True))
        for use in uses:
            shown = use.evidence if verbose else use.evidence[:1]
            for number, evidence in enumerate(shown):
                name, strength = (use.name, use.strength.label) if number == 0 else ("", "")
                place = f"{evidence.location} " if evidence.location else ""
                click.echo(f"  {name:28} {strength:10} {plain(place)}{plain(evidence.detail)}")
