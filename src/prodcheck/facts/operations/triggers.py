"""The noun of automation: something that starts work, and what that work is."""

from __future__ import annotations

from prodcheck.facts.operations.work import NOTHING, Works
from prodcheck.model import Evidence, Location, Strength
from prodcheck.records import dataclass

SCHEDULE, EVENT, PUSH, DEMAND = "schedule", "event", "push", "demand"


@dataclass(frozen=True)
class Trigger:
    """One way in which work starts. `how` is schedule, event (data, a webhook), push, or demand (a button)."""

    system: str
    how: str
    work: Works
    evidence: Evidence
    active: bool = True
    """False when it is paused, disabled, or its schedule is None."""
    certain: bool = True
    """False when what the target does is only known by its name."""
    files: tuple[str, ...] = ()
    """Own files that the target runs."""


def trigger(
    system: str,
    how: str,
    work: Works,
    detail: str,
    location: Location,
    *,
    active: bool = True,
    certain: bool = True,
    files: tuple[str, ...] = (),
) -> Trigger:
    """A trigger with its evidence."""
    strength = Strength.ENFORCED if active and how != DEMAND else Strength.CONFIGURED
    return Trigger(system, how, work or NOTHING, Evidence(detail, location, strength), active, certain, files)
