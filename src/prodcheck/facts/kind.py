"""What the repository is - library, training project, service ... - and how far it means to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prodcheck.model import Project

if TYPE_CHECKING:
    from prodcheck.facts.facts import Facts


def build(facts: Facts) -> Project:
    raise NotImplementedError
