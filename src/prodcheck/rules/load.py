"""All rules and signatures of an audit: the bundled ones, and those of further folders.

An installed prodcheck has the bundled ones in compiled form (see `compiled`); a checkout reads the YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from prodcheck.facts.signatures import Signature
from prodcheck.model import Category, Rule
from prodcheck.records import dataclass


@dataclass(frozen=True)
class Ruleset:
    """All rules, sorted by category and id, and all tool signatures."""

    rules: tuple[Rule, ...]
    signatures: tuple[Signature, ...]

    def rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == rule_id), None)


def rules_folder() -> Path:
    """The bundled `rules/`: inside the package in a wheel, beside `src/` in an editable install."""
    packaged = Path(__file__).parent.parent / "_rules"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "rules"


def load_ruleset(extra: Sequence[Path] = (), *, examples: bool = False) -> Ruleset:
    """The bundled rules and signatures, then those of further folders. Raises `RuleError`.

    Without `examples` the bundled ones may lack theirs, which only the tests and the documentation look at.
    """
    bundled = rules_folder()
    found = None if examples else _compiled(bundled)
    rules, signatures = found or _from_yaml(bundled)
    for folder in extra:
        more = _from_yaml(folder)
        rules += more[0]
        signatures += more[1]
    if extra or not found:
        _check_together(rules)
    order = list(Category)
    rules.sort(key=lambda r: (order.index(r.category), r.severity.rank, r.id))
    return Ruleset(tuple(rules), tuple(signatures))


def load_file_rules(extra: Sequence[Path] = ()) -> list[Rule]:
    """Only the rules with `scope: file`, without looking at the others: a hook is to be quick. Raises `RuleError`."""
    from prodcheck.rules import compiled

    bundled = rules_folder()
    known = compiled.read(bundled)
    folders = [*extra] if known else [bundled, *extra]
    found = compiled.rules(known, scope="file") if known else []
    if folders:
        from prodcheck.rules import read

        for folder in folders:
            found += read.load_file_rules(folder)
    return found


def _compiled(folder: Path) -> tuple[list[Rule], list[Signature]] | None:
    from prodcheck.rules import compiled

    known = compiled.read(folder)
    return (compiled.rules(known), compiled.signatures(known)) if known else None


def _from_yaml(folder: Path) -> tuple[list[Rule], list[Signature]]:
    from prodcheck.rules import read

    return read.load_rules(folder), read.load_signatures(folder)


def _check_together(rules: Iterable[Rule]) -> None:
    """Raise for an id that is there twice, or a prerequisite that is not there."""
    from prodcheck.config import nearest
    from prodcheck.errors import RuleError

    by_id: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in by_id:
            raise RuleError(
                f"{rule.source}: id: `{rule.id}` is already defined in {by_id[rule.id].source}",
                "Give the rule another id (and file name).",
            )
        by_id[rule.id] = rule
    for rule in rules:
        for needed in rule.requires:
            if needed not in by_id:
                raise RuleError(f"{rule.source}: requires: there is no rule `{needed}`", nearest(needed, list(by_id)))
