"""Checks of the category `structure`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.checks import configuration, modularity, notebook_hygiene, notebooks, paths, retraining
from prodcheck.facts import Facts
from prodcheck.model import Outcome

CHECKS: Mapping[str, Callable[[Facts, Mapping[str, object]], Outcome]] = {
    "single-notebook-architecture": notebooks.single_notebook_architecture,
    "logic-only-in-notebooks": notebooks.logic_only_in_notebooks,
    "bloated-notebook": notebook_hygiene.bloated_notebook,
    "unmodular-code": modularity.unmodular_code,
    "no-recognisable-layout": modularity.no_recognisable_layout,
    "config-in-code": configuration.config_in_code,
    "hardcoded-absolute-path": paths.hardcoded_absolute_path,
    "retrain-on-predict": retraining.retrain_on_predict,
    "notebook-hidden-state": notebook_hygiene.notebook_hidden_state,
}
