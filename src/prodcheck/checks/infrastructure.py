"""Checks of the category `infrastructure`: is the runtime an image, and are cloud resources declared in code?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.checks.containers import no_container
from prodcheck.checks.provisioning import no_infrastructure_as_code
from prodcheck.facts import Facts
from prodcheck.model import Outcome

CHECKS: Mapping[str, Callable[[Facts, Mapping[str, object]], Outcome]] = {
    "no-container": no_container,
    "no-infrastructure-as-code": no_infrastructure_as_code,
}
