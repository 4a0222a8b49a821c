"""Decisions of people, applied to hits before they count: the configuration's ignores and inline comments.

Every suppression carries a reason and stays visible; one that suppresses nothing is reported.
"""

from __future__ import annotations

from collections.abc import Mapping

from prodcheck.config import Config, Ignore
from prodcheck.extract.ignores import InlineIgnore
from prodcheck.extract.run import FileFacts
from prodcheck.facts.paths import Glob
from prodcheck.model import Hit, Location, Suppression, UnusedIgnore


class Suppressions:
    """All suppressions of one audit; remembers which ones were of use."""

    def __init__(self, config: Config, files: Mapping[str, FileFacts]) -> None:
        self._config = config.ignore
        self._inline = {path: file.ignores for path, file in files.items() if file.ignores}
        self._used: set[tuple[str, object]] = set()

    def whole_rule(self, rule_id: str) -> Suppression | None:
        """A decision not to count a rule anywhere. Asked only when the rule has something to say."""
        for ignore in self._config:
            if ignore.rule == rule_id and not ignore.paths:
                self._used.add((rule_id, ignore))
                return Suppression(ignore.reason, ignore.source)
        return None

    def of(self, rule_id: str, hit: Hit) -> Suppression | None:
        """The decision that covers one hit, or None."""
        if hit.location is None:
            return None
        for ignore in self._config:
            if ignore.rule == rule_id and any(Glob(p).match(hit.location.path) for p in ignore.paths):
                self._used.add((rule_id, ignore))
                return Suppression(ignore.reason, ignore.source)
        for inline in self._inline.get(hit.location.path, ()):
            if inline.reason and (rule_id in inline.rules or "*" in inline.rules) and _covers(inline, hit.location):
                self._used.add((hit.location.path, inline))
                return Suppression(inline.reason, _place(hit.location.path, inline))
        return None

    def unused(self, ran: frozenset[str]) -> tuple[UnusedIgnore, ...]:
        """Suppressions of rules that ran (`ran`), and suppressed nothing."""
        found = [_unused(i) for i in self._config if i.rule in ran and (i.rule, i) not in self._used]
        for path, ignores in self._inline.items():
            for inline in ignores:
                if inline.cell is not None and "*" in inline.rules and inline.line is None:
                    continue  # a cell tag says "leave this cell alone", not "there is something here"
                known = [rule for rule in inline.rules if rule in ran or rule == "*"]
                if known and (path, inline) not in self._used:
                    source = _place(path, inline) + ("" if inline.reason else " (it gives no reason)")
                    found.append(UnusedIgnore(", ".join(known), source))
        return tuple(sorted(found, key=lambda u: (u.source, u.rule_id)))


def _unused(ignore: Ignore) -> UnusedIgnore:
    return UnusedIgnore(ignore.rule, ignore.source)


def _place(path: str, inline: InlineIgnore) -> str:
    return str(Location(path, inline.line, cell=inline.cell, cell_line=inline.cell_line))


def _covers(inline: InlineIgnore, location: Location) -> bool:
    if inline.cell is not None:
        if inline.cell != location.cell:
            return False
        if inline.line is None and inline.cell_line is None:
            return True
        here, wanted = inline.cell_line, location.cell_line
    else:
        here, wanted = inline.line, location.line
    if here is None or wanted is None:
        return False
    return wanted == here or (inline.next_line and wanted == here + 1)
