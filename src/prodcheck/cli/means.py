"""The options that say how the work is done, for every command that audits. None of them changes a result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

if TYPE_CHECKING:
    from prodcheck.extract.cache import Cache

F = TypeVar("F", bound=Callable[..., Any])


class Jobs(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number of processes, or `auto`, which is None."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value is None or value == "auto":
            return None
        if str(value).isdecimal() and 1 <= int(value) <= 1024:
            return int(value)
        return self.fail(f"{value!r} is neither `auto` nor a number from 1", param, ctx)


class Means(TypedDict):
    """What `audit` takes as `jobs` and `cache`."""

    jobs: int | None
    cache: Cache | None


def means_options(command: F) -> F:
    """Add the options to a command."""
    for option in (
        click.option(
            "--no-cache", is_flag=True, help="Neither use nor write what is kept between runs; see `prodcheck cache`."
        ),
        click.option("--cache-dir", metavar="DIR", help="The folder for it [env: PRODCHECK_CACHE_DIR]."),
        click.option(
            "--jobs",
            type=Jobs(),
            default="auto",
            metavar="N|auto",
            envvar="PRODCHECK_JOBS",
            help="Processes for a large repository; auto: as many as there are processors, at most 8.",
        ),
    ):
        command = option(command)
    return command


def means(options: dict[str, Any]) -> Means:
    """What the options mean."""
    return Means(jobs=options["jobs"], cache=None if options["no_cache"] else open_cache(options["cache_dir"]))


def open_cache(given: str | None) -> Cache | None:
    """The cache in the given folder, or in the usual one. None where there is no usual one."""
    from prodcheck.extract.cache import Cache, default_folder

    folder = Path(given) if given else default_folder()
    return Cache(folder.absolute()) if folder else None
