"""Where reports go: `-o FILE`, `--format`, stdout. One scan writes them all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from prodcheck.records import dataclass
from prodcheck.report import FORMATS, format_of

STDOUT = "-"


@dataclass(frozen=True)
class Target:
    """A report to write: its format, and the file or `-`."""

    format: str
    path: str


@dataclass(frozen=True)
class Plan:
    """What `-o` and `--format` ask for: the files, and the format of stdout."""

    files: tuple[Target, ...]
    stdout: str

    @property
    def formats(self) -> frozenset[str]:
        return frozenset({self.stdout, *(target.format for target in self.files)})


def plan(outputs: Iterable[str], wish: str | None) -> Plan:
    """The files to write and what goes to stdout. Raises `UsageError` where a format cannot be told.

    `wish` is `--format`. As in other linters it names the format of the `-o` file, where that file can hold it; stdout
    then keeps the text. Otherwise it is the format of stdout.
    """
    files, taken = [], False
    for name in outputs:
        target = _explicit(name) or _by_name(name, wish)
        files.append(target)
        taken = taken or (target.format == wish and ":" not in name)
    return Plan(tuple(files), "text" if wish is None or taken else wish)


def _explicit(name: str) -> Target | None:
    """`FORMAT:FILE`."""
    word, colon, path = name.partition(":")
    if not colon or len(word) < 2 or not word.isalpha():  # one letter is a drive of Windows
        return None
    if word not in FORMATS:
        from prodcheck.config import nearest

        raise click.UsageError(f"-o {name}: there is no format `{word}`. {nearest(word, list(FORMATS))}")
    if not path:
        raise click.UsageError(f"-o {name}: no file is named behind the colon")
    return Target(word, path)


def _by_name(name: str, wish: str | None) -> Target:
    means = format_of(name)
    if wish is not None and means != wish:
        fits = name.lower().endswith(FORMATS[wish].also) if FORMATS[wish].also else False
        if fits or means is None:
            return Target(wish, name)
    if means is None:
        known = sorted(suffix for format_ in FORMATS.values() for suffix in format_.suffixes)
        raise click.UsageError(
            f"-o {name}: cannot tell the format. Write FORMAT:{name}, or end the name in one of {', '.join(known)}"
        )
    return Target(means, name)


def emit(text: str) -> None:
    """A report for programs on stdout: in UTF-8 and with plain line ends, whatever the terminal would like."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def save(target: Target, text: str) -> None:
    """Write one report. Raises `UsageError` when that cannot be done."""
    if target.path == STDOUT:
        emit(text)
        return
    # The job summary of GitHub Actions is a file that all commands of a step add to.
    grows = FORMATS[target.format].grows or target.path == os.environ.get("GITHUB_STEP_SUMMARY")
    path = Path(target.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if grows else "wb") as file:
            file.write(text.encode("utf-8", "replace"))
    except OSError as problem:
        raise click.UsageError(f"-o {target.path}: cannot write: {problem.strerror}") from None
