"""One pass over each file: modules are parsed once, and installed packages not at all."""

from __future__ import annotations

import builtins
import sys
from collections import Counter
from pathlib import Path

import pytest

from prodcheck._audit import audit_repository
from prodcheck.config import Config
from prodcheck.extract import python
from prodcheck.extract.python_expressions import nodes_of
from prodcheck.extract.run import extract_file
from prodcheck.extract.tasks_python import extract as commands_of
from prodcheck.facts.paths import Role, classify
from prodcheck.model import Report
from prodcheck.rules import load_ruleset
from prodcheck.testing import repository

SETUP = """\
import subprocess
from setuptools import setup
subprocess.check_call(["make"])
setup(name="churn", version="1.0", install_requires=["pandas>=2"])
"""
TRAIN = (
    "import pandas as pd\nfrom sklearn.svm import SVC\nSVC().fit(pd.read_csv('a.csv'), [1])  # prodcheck: ignore[x] y\n"
)
TEST = "import unittest\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n        assert 1\nunittest.main()\n"


def audit(files: dict[str, object]) -> Report:
    ruleset = load_ruleset()
    return audit_repository(repository(files), Config(), ruleset)


def test_every_module_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: Counter[str] = Counter()

    def counting(source: object, *args: object, **kwargs: object) -> object:
        parsed[source.decode() if isinstance(source, bytes) else str(source)] += 1
        return real(source, *args, **kwargs)  # type: ignore[call-overload]

    real = builtins.compile
    modules = {"setup.py": SETUP, "train.py": TRAIN, "tests/test_it.py": TEST, "noxfile.py": "import nox\n"}
    monkeypatch.setattr(builtins, "compile", counting)
    report = audit({**modules})
    monkeypatch.undo()
    assert report.files == len(modules)
    assert {text: parsed[text] for text in modules.values()} == dict.fromkeys(modules.values(), 1)


@pytest.mark.parametrize(
    "path", ["venv/lib/python3.11/site-packages/a.py", "app/node_modules/b/setup.py", ".tox/py311/c.ipynb"]
)
def test_what_is_installed_is_not_looked_into(path: str) -> None:
    file = extract_file(path, b"import os\nos.system('pytest')\nPASSWORD = 'kR8s2LmQ9vT4xW7z'\n")
    assert (file.python, file.notebook, file.manifests, file.tasks, file.secrets) == (None, None, (), (), ())
    assert classify(path) is Role.VENDORED  # or its size and kind would count for the project


def test_copied_code_is_parsed_because_own_tests_may_derive_from_its_classes() -> None:
    base = "import unittest\nclass Base(unittest.TestCase):\n    pass\n"
    own = "from third_party.base import Base\nclass Own(Base):\n    def test_it(self):\n        self.fail()\n"
    result = audit({"third_party/base.py": base, "tests/check.py": own, "pad.py": {"lines": 100}}).result("no-tests")
    assert "tests/check.py" in [e.location.path for e in result.evidence if e.location]
    unknown = audit({"tests/check.py": own, "pad.py": {"lines": 100}}).result("no-tests")
    assert "tests/check.py" not in [e.location.path for e in unknown.evidence if e.location]


def test_an_installed_package_changes_nothing_but_that_it_is_there() -> None:
    project: dict[str, object] = {"train.py": TRAIN, "requirements.txt": "pandas==2.0.1\n"}
    installed = {"venv/lib/python3.11/site-packages/p/__init__.py": "def broken(:\n", "venv/lib/x.py": TRAIN}
    alone, beside = audit(project), audit({**project, **installed})
    assert beside.skipped == alone.skipped
    assert [r.status for r in beside.results] == [r.status for r in alone.results]


def test_commands_are_found_in_a_tree_that_somebody_else_parsed() -> None:
    data = b"import os\ndef lint():\n    os.system('ruff check .')\n"
    assert commands_of("run.py", data, python.parse(data)) == commands_of("run.py", data)
    assert commands_of("run.py", b"x = 1\n", python.parse(data)) is None  # nothing in its bytes runs anything


def test_nodes_are_those_of_the_standard_library_in_its_order() -> None:
    import ast

    leaves = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.alias, ast.type_ignore)
    for name in ("typing", "dataclasses", "contextlib", "enum", "argparse", "tarfile"):
        source = Path(str(sys.modules.get(name, __import__(name)).__file__)).read_text("utf-8")
        tree = python.parse(source)
        wanted = [node for node in ast.walk(tree) if not isinstance(node, leaves)]
        assert nodes_of(tree) == wanted
        outside = [node for node in nodes_of(tree, into=False) if isinstance(node, ast.FunctionDef)]
        assert outside
        inner = {id(n) for f in outside for s in f.body for n in ast.walk(s)}
        assert not any(id(node) in inner for node in nodes_of(tree, into=False))
