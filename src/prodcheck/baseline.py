"""Recorded debt: the findings that a project had accepted when it began to use prodcheck.

A baseline is a plain text file: one line per finding, sorted, without line numbers. So a review shows what was
accepted, git merges the changes of two branches line by line, and moved code stays known. It never changes the score.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from prodcheck.errors import ConfigError, UnreadableFile
from prodcheck.model import Finding, Result, Status
from prodcheck.patterns import lazy_regex
from prodcheck.repository import Repository

FILE_NAME = "prodcheck-baseline.txt"
"""Where `prodcheck baseline` writes to when nothing says otherwise."""
NEW, KNOWN = "new", "unchanged"
"""The values of `Finding.baseline_state`."""
HEADER = (
    "# Findings that this project has accepted: rule, file, fingerprint. Written by `prodcheck baseline`.\n"
    "# Remove lines as you fix things (`prodcheck baseline --prune`); the score counts all of them.\n"
)
WHOLE = "."
"""Stands for the repository where a finding has no file."""
_LINE = lazy_regex(r"(?P<rule>[a-z][a-z0-9-]*) (?P<path>.+) (?P<fingerprint>[0-9a-f]{16,64})")
_UNDECIDED = (Status.ERROR, Status.UNKNOWN, Status.BLOCKED)


@dataclass(frozen=True, order=True)
class Entry:
    """One accepted finding. `path` is for people: the fingerprint covers it."""

    rule_id: str
    path: str
    fingerprint: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.rule_id, self.fingerprint)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.path} {self.fingerprint}"


class Baseline:
    """The accepted findings, and the file that they were read from."""

    def __init__(self, path: str, entries: Iterable[Entry] = ()) -> None:
        self.path = path
        self.entries = tuple(sorted({entry.key: entry for entry in entries}.values()))
        self._keys = {entry.key for entry in self.entries}

    def knows(self, finding: Finding) -> bool:
        """True for a finding that was accepted."""
        return (finding.rule_id, finding.fingerprint) in self._keys

    def mark(self, results: Iterable[Result]) -> tuple[Result, ...]:
        """The same results, with the state of every finding filled in."""
        return tuple(
            replace(
                result,
                findings=tuple(replace(f, baseline_state=KNOWN if self.knows(f) else NEW) for f in result.findings),
            )
            for result in results
        )

    def gone(self, results: Iterable[Result]) -> tuple[Entry, ...]:
        """Entries whose finding no longer occurs.

        A rule that did not run, or could not decide this time, says nothing about its entries.
        """
        by_rule = {result.rule.id: result for result in results}
        present = {(f.rule_id, f.fingerprint) for result in by_rule.values() for f in result.findings}
        return tuple(
            entry
            for entry in self.entries
            if entry.rule_id in by_rule and by_rule[entry.rule_id].status not in _UNDECIDED and entry.key not in present
        )

    def text(self) -> str:
        """The file's content."""
        return HEADER + "".join(f"{entry}\n" for entry in self.entries)


def accept(findings: Iterable[Finding]) -> tuple[Entry, ...]:
    """Entries for findings that nobody has suppressed."""
    return tuple(
        Entry(f.rule_id, _printable(f.location.path) if f.location else WHOLE, f.fingerprint)
        for f in findings
        if f.suppression is None
    )


def parse(text: str, path: str) -> Baseline:
    """A baseline from the text of its file. Raises `ConfigError` naming the line that is none."""
    entries = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ConfigError(
                f"{path}:{number}: not a line of a baseline",
                "Lines are `rule path fingerprint`. After a merge conflict keep the lines of both sides.",
            )
        entries.append(Entry(match["rule"], match["path"], match["fingerprint"]))
    return Baseline(path, entries)


def load(repository: Repository, path: str) -> Baseline:
    """The baseline that the settings name, from the repository itself. Raises `ConfigError` when it is not there."""
    try:
        data = repository.read(path.replace("\\", "/").removeprefix("./"))
    except UnreadableFile:
        raise ConfigError(
            f"baseline: `{path}` is not a file of this repository",
            "Write it with `prodcheck baseline`, commit it, and name it relative to the audited folder.",
        ) from None
    return parse(data.decode("utf-8", "replace"), path)


def _printable(path: str) -> str:
    """A path that fits on its line: what cannot be printed is percent-encoded."""
    return "".join(c if c.isprintable() else "".join(f"%{byte:02X}" for byte in _bytes(c)) for c in path)


def _bytes(char: str) -> bytes:
    # A byte of a name that is not UTF-8 gives that byte back; other lone surrogates come from Windows or from JSON.
    return char.encode("utf-8", "surrogateescape" if 0xDC80 <= ord(char) <= 0xDCFF else "surrogatepass")
