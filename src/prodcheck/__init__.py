"""prodcheck: the production-readiness linter for machine-learning repositories.

The public API is one function and the nouns it returns:

>>> from prodcheck import audit
>>> report = audit("path/to/repository")
>>> report.score.value, report.score.grade  # doctest: +SKIP
(38, 'F')

The names are resolved on first use, so that `prodcheck --version` stays as quick as Python itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Config", "ProdcheckError", "Report", "__version__", "audit"]

if TYPE_CHECKING:
    from prodcheck._audit import audit
    from prodcheck.config import Config
    from prodcheck.errors import ProdcheckError
    from prodcheck.model import Report

_HOMES = {
    "audit": "prodcheck._audit",
    "Config": "prodcheck.config",
    "ProdcheckError": "prodcheck.errors",
    "Report": "prodcheck.model",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
