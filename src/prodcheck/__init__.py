"""prodcheck: the production-readiness linter for machine-learning repositories.

The public API is one function and the nouns it returns:

>>> from prodcheck import audit
>>> report = audit("path/to/repository")
>>> report.score.value, report.score.grade  # doctest: +SKIP
(38, 'F')

The names are resolved on first use, so that `prodcheck --version` stays as quick as Python itself.
"""

# Nothing is imported here, not even from the standard library: with `python -m prodcheck` the audited repository may be
# first on Python's path at this point (see `__main__`). Type checkers know the constant by its name.
TYPE_CHECKING = False

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


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
