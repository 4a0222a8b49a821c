"""Checks of the category `quality`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.facts import Facts
from prodcheck.model import Outcome

CHECKS: Mapping[str, Callable[[Facts, Mapping[str, object]], Outcome]] = {}
