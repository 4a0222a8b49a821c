"""`prodcheck baseline`: record what a project accepts for now, so that gates may ask for no more of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from prodcheck.cli.means import means, means_options

if TYPE_CHECKING:
    from prodcheck.baseline import Baseline


@click.command()
@click.argument("path", default=".", required=False)
@click.option(
    "-o", "--output", metavar="FILE", help="The file; else the one that the settings name, or prodcheck-baseline.txt."
)
@click.option("--update", is_flag=True, help="Also accept the findings that the file does not know yet.")
@click.option("--prune", is_flag=True, help="Remove entries whose finding no longer occurs; accept nothing new.")
@click.option("--check", "verify", is_flag=True, help="Write nothing; exit 1 when --prune would remove something.")
@means_options
def baseline(path: str, output: str | None, update: bool, prune: bool, verify: bool, **how: Any) -> int:
    """Write the findings of the repository at PATH to a file of accepted ones.

    The file has one line per finding and no line numbers: it survives moved code, and merges of branches. It never
    changes the score. `prodcheck check --baseline FILE --new-only --fail-on minor` then fails on new findings only.
    """
    from prodcheck._audit import audit, load_config
    from prodcheck.baseline import FILE_NAME, Baseline, accept
    from prodcheck.repository import open_repository

    if verify and (update or prune):
        raise click.UsageError("--check writes nothing: leave out --update and --prune")
    repository = open_repository(path)
    config = load_config(repository)
    file = Path(output) if output else Path(path) / (config.baseline or FILE_NAME)
    shown = os.fspath(file)
    old = read_baseline(file) if file.exists() else None
    if old is None and (update or prune or verify):
        raise click.UsageError(f"there is no `{shown}` yet: run `prodcheck baseline` once without an option")
    if old is not None and not (update or prune or verify):
        raise click.UsageError(f"`{shown}` exists: --update accepts new findings too, --prune removes fixed ones")
    report = audit(repository, config=replace(config, baseline=None, new_only=False), **means(how))
    found = accept(report.open_findings)
    if old is None:
        return _save(file, Baseline(shown, found), f"{_count(len(found))} accepted.")
    gone = old.gone(report.results)
    if verify:
        for entry in gone:
            click.echo(f"no longer occurs: {entry}")
        told = f"{shown}: {_count(len(gone))} no longer there, remove: prodcheck baseline --prune"
        click.echo(told if gone else f"{shown}: all {_count(len(old.entries))} still there.")
        return 1 if gone else 0
    known = {entry.key for entry in old.entries}
    added = [entry for entry in found if update and entry.key not in known]
    removed = set(gone) if prune else set()
    new = Baseline(shown, [*(entry for entry in old.entries if entry not in removed), *added])
    return _save(file, new, f"{_count(len(new.entries))} accepted, {len(added)} added, {len(removed)} removed.")


def read_baseline(file: Path) -> Baseline:
    """The baseline in a file. Raises `UsageError` when there is none to read, `ConfigError` for a wrong line."""
    from prodcheck.baseline import parse

    try:
        return parse(file.read_text(encoding="utf-8", errors="replace"), os.fspath(file))
    except OSError as problem:
        raise click.UsageError(f"the baseline `{file}` cannot be read: {(problem.strerror or '').lower()}") from None


def _save(file: Path, content: Baseline, told: str) -> int:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content.text(), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise click.UsageError(f"`{file}` cannot be written: {(problem.strerror or '').lower()}") from None
    click.echo(f"{file}: {told}")
    return 0


def _count(number: int) -> str:
    return f"{number} finding{'s' * (number != 1)}"
