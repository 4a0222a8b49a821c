"""Credentials that only the history still holds: deleted from the files, and yet in every clone.

Values are compared by a hash that exists only while an audit runs; what is kept is what `Secret` keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from prodcheck.errors import UnreadableFile
from prodcheck.extract import notebook, secrets
from prodcheck.extract.budget import OutOfTime, limited
from prodcheck.extract.run import MAX_NOTEBOOK, MAX_TEXT, Extraction, is_known_binary, seconds_for
from prodcheck.extract.secrets import Secret
from prodcheck.extract.secrets.files import reading
from prodcheck.extract.text import is_binary, is_lfs_pointer
from prodcheck.model import Skipped
from prodcheck.records import dataclass
from prodcheck.repository import Repository
from prodcheck.repository.walk import ignore_spec

if TYPE_CHECKING:
    from prodcheck.repository.history import History

MOST = 500
"""Different credentials that are told; whoever has more has a list of them, and knows it."""
PLACE = ".git"
"""Where the reports say that something of the history was not read."""


@dataclass(frozen=True)
class PastSecret:
    """A credential in an old version of a file: the commit that brought it in, and the day of that commit (UTC)."""

    path: str
    secret: Secret
    commit: str
    day: str
    digest: str = field(repr=False)
    """SHA-1 of the value, to compare with a `.secrets.baseline`. Weak values can be guessed from it: never shown."""


@dataclass(frozen=True)
class Past:
    """What the history holds. `origins` tells of a credential in the audited files since when it is there."""

    secrets: tuple[PastSecret, ...]
    origins: Mapping[Secret, PastSecret]
    versions: int
    """Old versions of files that were read."""


def with_history(extraction: Extraction, repository: Repository, exclude: tuple[str, ...] = ()) -> Extraction:
    """The extraction with the credentials of the history, and with what could not be read of it in `skipped`."""
    from prodcheck.repository.history import open_history

    history = open_history(repository.root)
    if isinstance(history, str):
        return replace(extraction, skipped=(*extraction.skipped, Skipped(PLACE, f"history not scanned: {history}")))
    now = _values_now(extraction, repository)
    found: dict[str, PastSecret] = {}
    origins: dict[Secret, PastSecret] = {}
    further: set[str] = set()
    for old in _old(history, _Wanted(exclude), {entry.blob for entry in repository.files if entry.blob}):
        if old.digest in now:
            for secret in now[old.digest]:
                origins.setdefault(secret, old)
        elif old.digest in found:
            # What somebody has allowed in one version is no leak in the others.
            if old.secret.allowed and not found[old.digest].secret.allowed:
                found[old.digest] = replace(found[old.digest], secret=old.secret)
        elif len(found) < MOST:
            found[old.digest] = old
        else:
            further.add(old.digest)
    if further:
        history.notes.reasons.append(f"{len(further):,} further credentials are not listed")
    days = {commit: history.day(commit) for commit in {o.commit for o in (*found.values(), *origins.values())}}
    past = Past(
        tuple(replace(old, day=days[old.commit]) for old in found.values()),
        {secret: replace(old, day=days[old.commit]) for secret, old in origins.items()},
        history.notes.read,
    )
    notes = tuple(Skipped(PLACE, f"history: {reason}") for reason in history.notes.reasons)
    return replace(extraction, past=past, skipped=(*extraction.skipped, *notes))


class _Wanted:
    """Whether an old version at a path is worth reading, by the same measures as the files of today."""

    def __init__(self, exclude: tuple[str, ...]) -> None:
        self._excluded: Callable[[str], bool] = ignore_spec(list(exclude)).match_file if exclude else lambda path: False

    def __call__(self, path: str) -> bool:
        return reading(path) is not None and not is_known_binary(path) and not self._excluded(path)


def _limit(path: str) -> int:
    return MAX_NOTEBOOK if notebook.wants(path) else MAX_TEXT


def _old(history: History, wanted: _Wanted, known: set[str]) -> Iterator[PastSecret]:
    """The credentials of every old version, oldest first. What takes too long to understand is noted."""
    late = 0
    for version, data in history.read(known, wanted, _limit):
        if is_binary(data) or is_lfs_pointer(data):
            continue
        try:
            found = limited(seconds_for(len(data)), lambda: _secrets(version.path, data))  # noqa: B023 - called at once
        except OutOfTime:
            late += 1
            continue
        for secret, digest in found:
            yield PastSecret(version.path, secret, version.commit, "", digest)
    history.notes.count(late, "took too long to understand")


def _secrets(path: str, data: bytes) -> list[tuple[Secret, str]]:
    book = notebook.extract(path, data) if notebook.wants(path) else None
    found = secrets.extract(path, data, book)
    return list(zip(found, secrets.hashes(path, data, book), strict=True)) if found else []


def _values_now(extraction: Extraction, repository: Repository) -> dict[str, list[Secret]]:
    """What the audited files hold, by the hash of the value. A file that is not tracked (any more) hides no leak."""
    now: dict[str, list[Secret]] = {}
    for path, file in extraction.files.items():
        if not file.secrets or not file.tracked:
            continue
        try:
            data = repository.read(path)
        except UnreadableFile:
            continue
        for secret, digest in zip(file.secrets, secrets.hashes(path, data, file.notebook), strict=False):
            now.setdefault(digest, []).append(secret)
    return now
