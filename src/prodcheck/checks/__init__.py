"""Named Python checks: what a rule needs and the words of the rule language cannot say.

A check is a plain function `(facts, params) -> Outcome`; a rule file names it with `python: {check: name, ...params}`.
The table below is the whole registration: nothing happens at import time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prodcheck.checks import (
    ci,
    code_safety,
    data,
    dependencies,
    infrastructure,
    operations,
    quality,
    secrets,
    structure,
    tests,
)
from prodcheck.facts import Facts
from prodcheck.model import Outcome

Check = Callable[[Facts, Mapping[str, object]], Outcome]

CHECKS: Mapping[str, Check] = {
    **structure.CHECKS,
    **secrets.CHECKS,
    **tests.CHECKS,
    **dependencies.CHECKS,
    **ci.CHECKS,
    **data.CHECKS,
    **code_safety.CHECKS,
    **operations.CHECKS,
    **infrastructure.CHECKS,
    **quality.CHECKS,
}
