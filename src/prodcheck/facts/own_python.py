"""Which file a Python command line names, and whether running it runs tests."""

from __future__ import annotations

import posixpath
from collections.abc import Container

from prodcheck.extract.python import PythonFacts
from prodcheck.patterns import lazy_regex

_RUNNERS = frozenset(
    "unittest.main unittest.TextTestRunner pytest.main nose.main nose.run nose.runmodule doctest.testmod absltest.main "
    "absl.testing.absltest.main tensorflow.test.main".split()
)
_NAMED = lazy_regex(r"test_|run_?tests?|.*_tests?\.py")


def module_path(files: Container[str], name: str, directory: str) -> str:
    """The file of `python -m name` started in a directory, or an empty string when it is not the project's own."""
    relative = name.replace(".", "/")
    for base in (directory, posixpath.join(directory, "src"), "", "src"):
        for suffix in (f"{relative}.py", f"{relative}/__main__.py", f"{relative}/__init__.py"):
            path = posixpath.join(base, suffix)
            if path in files:
                return path
    return ""


def is_test_script(path: str, facts: PythonFacts | None) -> bool:
    """Whether running a file runs tests: it starts a test runner, or is named like tests and asserts.

    A `test.py` that evaluates a model is none.
    """
    if facts is None:
        return False
    if any(name in _RUNNERS for name in facts.calls.names):
        return True
    asserts = any(d.asserts and d.name.startswith("test") for d in facts.definitions)
    return asserts and facts.has_main_guard and _NAMED.match(path.rpartition("/")[2]) is not None
