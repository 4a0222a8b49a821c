"""Checks of the category `structure`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.checks import notebook_hygiene, notebooks
from prodcheck.facts import Facts
from prodcheck.model import Outcome

CHECKS: Mapping[str, Callable[[Facts, Mapping[str, object]], Outcome]] = {
    "single-notebook-architecture": notebooks.single_notebook_architecture,
    "logic-only-in-notebooks": notebooks.logic_only_in_notebooks,
    "bloated-notebook": notebook_hygiene.bloated_notebook,
    "notebook-hidden-state": notebook_hygiene.notebook_hidden_state,
}
