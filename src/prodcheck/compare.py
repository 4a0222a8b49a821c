"""What changed between two audits of one project, by the same rules: score, findings, and what became of each rule."""

from __future__ import annotations

from prodcheck.model import Finding, Report, Rule, Status
from prodcheck.records import dataclass


@dataclass(frozen=True)
class Change:
    """A rule that ended in another status."""

    rule: Rule
    before: Status
    after: Status
    reason: str
    """Why, as the later audit says it."""


@dataclass(frozen=True)
class Comparison:
    """Two audits side by side; `base` is the earlier one."""

    base: Report
    head: Report
    new: tuple[Finding, ...]
    """Open findings that the base did not have open, loudest first."""
    fixed: tuple[Finding, ...]
    """Open findings of the base that occur no more, loudest first."""
    suppressed: tuple[Finding, ...]
    """Open findings of the base that somebody has suppressed since."""
    changes: tuple[Change, ...]
    """In the order of the rules."""

    @property
    def delta(self) -> float:
        """Points that the score rose by; negative when it fell. One decimal, as scores have."""
        return round(self.head.score.value - self.base.score.value, 1) + 0.0


def compare(base: Report, head: Report) -> Comparison:
    """Compare two audits. Findings are told apart by rule and fingerprint, so moved lines are no change."""
    before = {(f.rule_id, f.fingerprint) for f in base.open_findings}
    after = {(f.rule_id, f.fingerprint): f for f in head.findings}
    left = [f for f in base.open_findings if (f.rule_id, f.fingerprint) not in after]
    decided = [after[key] for f in base.open_findings if (key := (f.rule_id, f.fingerprint)) in after]
    statuses = {result.rule.id: result.status for result in base.results}
    return Comparison(
        base=base,
        head=head,
        new=tuple(f for f in head.open_findings if (f.rule_id, f.fingerprint) not in before),
        fixed=tuple(left),
        suppressed=tuple(f for f in decided if f.suppression is not None),
        changes=tuple(
            Change(result.rule, statuses[result.rule.id], result.status, result.reason)
            for result in head.results
            if statuses.get(result.rule.id, result.status) is not result.status
        ),
    )
