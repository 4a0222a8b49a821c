"""`prodcheck diff BASE [PATH]`: two audits by the same rules and settings, without a checkout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from prodcheck.cli.means import means, means_options


@click.command()
@click.argument("base")
@click.argument("path", default=".", required=False)
@click.option("--head", metavar="REV", help="Compare this revision, not the folder as it is on disk.")
@click.option("--merge-base", is_flag=True, help="Compare with the commit at which this branch left BASE.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.option("--fail-on-drop", is_flag=True, help="Exit 1 when the score is lower than that of BASE.")
@means_options
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the text.")
def diff(
    base: str, path: str, head: str | None, merge_base: bool, format_: str, fail_on_drop: bool, color: str, **how: Any
) -> int:
    """Say what changed since the git revision BASE: the score, new and fixed findings, and rules.

    Both sides are judged by the settings and rules of now, so that a difference comes from the repository.
    """
    from prodcheck._audit import audit, load_config, load_rules_of
    from prodcheck.cli.check import terminal
    from prodcheck.compare import compare
    from prodcheck.report.comparison import as_json, text
    from prodcheck.repository import open_repository

    now = open_repository(path, rev=head)
    config = replace(load_config(now), baseline=None, new_only=False)
    ruleset = load_rules_of(config, Path(path))
    before = _fork(path, base, head or "HEAD") if merge_base else base
    found = compare(
        audit(path, rev=before, config=config, ruleset=ruleset, **means(how)),
        audit(now, config=config, ruleset=ruleset, **means(how)),
    )
    shown = as_json(found) if format_ == "json" else text(found, terminal({"color": color}, 0))
    click.echo(shown.rstrip("\n"), color=True)
    dropped = found.delta < 0
    if fail_on_drop and (found.base.errors or found.head.errors):
        return 3
    return 1 if fail_on_drop and dropped else 0


def _fork(path: str, base: str, head: str) -> str:
    """The commit at which two revisions parted. Raises `UsageError` when they have nothing in common."""
    from prodcheck.repository.open import merge_base

    found = merge_base(path, base, head)
    if found is None:
        raise click.UsageError(f"`{base}` and `{head}` have no commit in common (in a shallow clone: fetch more of it)")
    return found
