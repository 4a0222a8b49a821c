"""`prodcheck cache`: what is kept between runs, and where; remove it."""

from __future__ import annotations

import click

from prodcheck.cli.means import open_cache


@click.group(invoke_without_command=True)
@click.option("--cache-dir", metavar="DIR", help="The folder [env: PRODCHECK_CACHE_DIR; else the user's cache].")
@click.pass_context
def cache(ctx: click.Context, cache_dir: str | None) -> None:
    """Show or remove what prodcheck keeps between runs: facts of files and whole reports, and no credential.

    Nothing depends on it: where it cannot be used, the work is done anew.
    """
    ctx.obj = open_cache(cache_dir)
    if ctx.obj is None:
        raise click.UsageError("there is no folder for it: set PRODCHECK_CACHE_DIR, or give --cache-dir")
    if ctx.invoked_subcommand is None:
        ctx.invoke(info)


@cache.command()
@click.pass_obj
def info(kept: object) -> None:
    """Say where it is, how large, and whether it can be used."""
    from prodcheck.extract.cache import MOST_BYTES, MOST_DAYS, Cache

    assert isinstance(kept, Cache)
    found = kept.info()
    click.echo(f"file     {found.path}")
    click.echo(
        f"size     {found.bytes / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB, and {MOST_DAYS} days without use"
    )
    click.echo(f"facts    of {found.files:,} file{'s' * (found.files != 1)}")
    click.echo(f"reports  {found.reports:,}")
    click.echo(f"usable   {'no: ' + found.problem if found.problem else 'yes'}")


@cache.command()
@click.pass_obj
def clear(kept: object) -> int:
    """Remove the file."""
    from prodcheck.extract.cache import Cache

    assert isinstance(kept, Cache)
    freed = kept.clear()
    if kept.problem:
        click.echo(f"{kept.path} cannot be removed: {kept.problem}", err=True)
        return 1
    click.echo(f"{freed / 1e6:.1f} MB removed." if freed else "There was nothing to remove.")
    return 0


@cache.command("dir")
@click.pass_obj
def folder(kept: object) -> None:
    """Print the folder, for scripts that keep it between CI runs."""
    from prodcheck.extract.cache import Cache

    assert isinstance(kept, Cache)
    click.echo(str(kept.path.parent))
