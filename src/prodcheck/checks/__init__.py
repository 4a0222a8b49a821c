"""Named Python checks: what a rule needs and the words of the rule language cannot say.

A check is a plain function `(facts, params) -> Outcome`; a rule file names it with `python: {check: name, ...params}`.
The table below is the whole registration: nothing happens at import time, and a check is imported when it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from prodcheck.facts import Facts
from prodcheck.model import Outcome

Check = Callable[[Facts, Mapping[str, object]], Outcome]

CHECKS: Mapping[str, str] = {
    "bloated-notebook": "notebook_hygiene:bloated_notebook",
    "ci-does-not-run-tests": "ci:ci_does_not_run_tests",
    "ci-no-static-checks": "ci_static:static_checks",
    "config-in-code": "configuration:config_in_code",
    "data-not-versioned": "data:data_not_versioned",
    "deploy-without-gate": "deploy:deploy_gate",
    "environment-not-reproducible": "environment:environment_not_reproducible",
    "hardcoded-absolute-path": "paths:hardcoded_absolute_path",
    "hardcoded-secret": "secrets:hardcoded_secret",
    "large-file-in-git": "large_files:large_file_in_git",
    "logic-only-in-notebooks": "notebooks:logic_only_in_notebooks",
    "manual-runs-only": "operations:manual_runs_only",
    "model-not-packaged": "models:model_not_packaged",
    "model-not-versioned": "models:model_not_versioned",
    "no-ci": "ci:no_ci",
    "no-container": "containers:no_container",
    "no-data-validation": "data_validation:no_data_validation",
    "no-dependency-manifest": "dependencies:no_dependency_manifest",
    "no-drift-monitoring": "monitoring:no_drift_monitoring",
    "no-experiment-tracking": "tracking:no_experiment_tracking",
    "no-formatter": "tooling:no_formatter",
    "no-infrastructure-as-code": "provisioning:no_infrastructure_as_code",
    "no-integration-test": "test_depth:no_integration_test",
    "no-license": "license:no_license",
    "no-linter": "tooling:no_linter",
    "no-lockfile": "dependencies:no_lockfile",
    "no-pipeline-definition": "operations:no_pipeline_definition",
    "no-recognisable-layout": "modularity:no_recognisable_layout",
    "no-retraining-automation": "operations:no_retraining_automation",
    "no-secret-guardrail": "secret_guard:no_secret_guardrail",
    "no-tests": "tests:no_tests",
    "non-portable-requirements": "portability:non_portable_requirements",
    "not-version-controlled": "quality:not_version_controlled",
    "notebook-hidden-state": "notebook_hygiene:notebook_hidden_state",
    "readme-insufficient": "readme:readme_insufficient",
    "remote-code-trust": "code_safety:remote_code_trust",
    "repository-litter": "litter:repository_litter",
    "retrain-on-predict": "retraining:retrain_on_predict",
    "runtime-unspecified": "runtime:runtime_unspecified",
    "secret-file-committed": "secrets:secret_file_committed",
    "secret-in-notebook": "secrets:secret_in_notebook",
    "single-notebook-architecture": "notebooks:single_notebook_architecture",
    "thin-or-vacuous-tests": "test_depth:thin_or_vacuous_tests",
    "undeclared-import": "undeclared:undeclared_import",
    "unmodular-code": "modularity:unmodular_code",
    "unparsable-code": "parsing:unparsable_code",
    "unpinned-dependencies": "dependencies:unpinned_dependencies",
    "unsafe-deserialization": "deserialization:unsafe_deserialization",
}
"""Name of a check to its module and function."""


def load_check(name: str) -> Check:
    """The function of a check. Raises KeyError for a name that is not in the table."""
    module, _, function = CHECKS[name].partition(":")
    check: Check = getattr(import_module(f"prodcheck.checks.{module}"), function)
    return check
