"""Tests are counted as their runners would collect them, and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from prodcheck.checks.test_depth import no_integration_test, thin_or_vacuous_tests
from prodcheck.checks.tests import no_tests
from prodcheck.config import Config, Thresholds
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts
from prodcheck.facts import tests as test_facts
from prodcheck.model import Confidence
from prodcheck.repository.memory import MemoryRepository

PADDING = "".join(f"x_{i} = {i}\n" for i in range(150))


def facts_of(files: Mapping[str, str], config: Config | None = None) -> Facts:
    repository = MemoryRepository(files)
    return Facts(repository, extract_all(repository), config or Config(), ())


def collected(files: Mapping[str, str]) -> test_facts.Tests:
    return facts_of(files).tests


def names(files: Mapping[str, str]) -> list[str]:
    return [f"{item.location.path}::{item.name}" for item in collected(files).items]


def test_pytest_functions_and_methods() -> None:
    source = """
import pytest

def test_one():
    assert True

async def test_two():
    with pytest.raises(ValueError):
        raise ValueError

@pytest.fixture
def test_data():
    return 1

def helper():
    def test_nested():
        assert True

class TestThings:
    def test_three(self):
        pass

    def other(self):
        pass

class TestConfigured:
    def __init__(self):
        pass

    def test_never(self):
        assert True

class Product:
    def test_never(self):
        assert True
"""
    found = collected({"tests/test_a.py": source})
    assert [(i.name, i.asserts) for i in found.items] == [
        ("test_one", 1),
        ("test_two", 1),
        ("TestThings.test_three", 0),
    ]
    assert found.items[0].location.line == 4


def test_unittest_classes_at_any_remove() -> None:
    files = {
        "pkg/testing.py": "from unittest import TestCase\n\nclass Base(TestCase):\n    pass\n",
        "tests/run_all.py": "from pkg.testing import Base\n\nclass LayerCase(Base):\n    def testShape(self):\n"
        "        self.assertEqual(1, 1)\n\n    def helper(self):\n        pass\n",
    }
    items = collected(files).items
    assert [(i.name, i.runner) for i in items] == [("LayerCase.testShape", "unittest")]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"test.py": "def test(model):\n    return model.eval()\n"}, id="evaluation script"),
        pytest.param({"tools/test_net.py": "import argparse\n\ndef test_net(args):\n    return args\n"}, id="script"),
        pytest.param({"train_test_split.py": "def test_split():\n    return 1\n"}, id="a split"),
        pytest.param({"tests/__init__.py": ""}, id="empty package"),
        pytest.param(
            {"tests/conftest.py": "import pytest\n@pytest.fixture\ndef test_x():\n    return 1\n"}, id="fixture"
        ),
        pytest.param({"tests/data/test_set.csv": "a,b\n"}, id="data"),
        pytest.param({"vendor/lib/test_x.py": "def test_x():\n    assert 1\n"}, id="vendored"),
        pytest.param({"{{ cookiecutter.name }}/tests/test_x.py": "def test_x():\n    assert 1\n"}, id="template"),
        pytest.param(
            {"pkg/run.py": "from pkg import test_suite\n", "pkg/test_suite.py": "def test_all():\n    assert 1\n"},
            id="product module",
        ),
        pytest.param({"features/a.feature": "Feature: x\n  Scenario: a\n    Given b\n"}, id="feature without steps"),
        pytest.param({"tests/test_a.py": "# def test_a():\n#     assert 1\n"}, id="commented out"),
    ],
)
def test_what_is_no_test(files: dict[str, str]) -> None:
    assert names(files) == []


def test_a_test_beside_the_code_counts_when_it_asserts() -> None:
    files = {"model.py": "x = 1\n", "test_model.py": "from model import x\n\ndef test_x():\n    assert x == 1\n"}
    assert names(files) == ["test_model.py::test_x"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\npython_files = "check_*.py"\n'),
        ("pyproject.toml", '[tool.pytest]\npython_files = ["check_*.py"]\n'),
        ("setup.cfg", "[tool:pytest]\npython_files = check_*.py\n"),
        ("tox.ini", "[pytest]\npython_files = check_*.py other_*.py\n"),
        ("pytest.ini", "[pytest]\npython_files =\n    check_*.py\n"),
    ],
)
def test_configured_file_names(path: str, text: str) -> None:
    files = {"checks/check_a.py": "def test_a():\n    assert 1\n", path: text}
    assert names(files) == ["checks/check_a.py::test_a"]
    assert collected(files).configuration[0].location is not None


def test_doctests_count_when_they_are_switched_on() -> None:
    module = 'def double(x):\n    """Twice x.\n\n    >>> double(2)\n    4\n    """\n    return 2 * x\n'
    off = {"pkg/a.py": module, "setup.cfg": "[tool:pytest]\naddopts = -q\n"}
    on = {"pkg/a.py": module, "setup.cfg": "[tool:pytest]\naddopts = -q --doctest-modules\n"}
    assert names(off) == []
    assert names(on) == ["pkg/a.py::double"]


def test_other_runners() -> None:
    cells = [
        {"cell_type": "code", "source": "from fastcore.test import *\ntest_eq(1, 1)", "metadata": {}, "outputs": []}
    ]
    book = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    files = {
        "features/a.feature": "Feature: x\n  Scenario: first\n    Given b\n  Scenario Outline: second\n",
        "features/steps/a.py": "from behave import given\n",
        "robot/a.robot": "*** Settings ***\nLibrary  X\n*** Test Cases ***\nLogs In\n    Log  x\n",
        "tests/testthat/test-a.R": "test_that('it adds', {\n  expect_equal(1 + 1, 2)\n})\n",
        "settings.ini": "[DEFAULT]\nlib_name = x\nnbs_path = nbs\n",
        "nbs/01_core.ipynb": book,
    }
    assert sorted((i.runner, i.name) for i in collected(files).items) == [
        ("behave", "first"),
        ("behave", "second"),
        ("nbdev", "01_core"),
        ("robot", "Logs In"),
        ("testthat", "it adds"),
    ]


def test_lookalikes_are_named() -> None:
    outcome = no_tests(facts_of({"train.py": PADDING, "test.py": "print('evaluating')\n"}), {})
    assert outcome.score == 0
    assert "test.py is a script, not a test" in outcome.reason


def test_few_tests_earn_half() -> None:
    few = {"train.py": PADDING, "tests/test_a.py": "def test_a():\n    assert 1\n"}
    more = {**few, "tests/test_b.py": "def test_b():\n    assert 1\n\ndef test_c():\n    assert 1\n"}
    assert no_tests(facts_of(few), {}).score == 0.5
    outcome = no_tests(facts_of(more), {})
    assert outcome.score == 1
    assert outcome.reason == "3 tests in 2 files"
    assert str(outcome.evidence[0].location) == "tests/test_b.py:1"


def test_small_projects_need_none_and_the_limit_is_a_setting() -> None:
    files = {"train.py": PADDING}
    assert no_tests(facts_of(files), {}).score == 0
    high = Config(thresholds=Thresholds(small_project_lines=500))
    assert not no_tests(facts_of(files, high), {}).applicable


def test_tests_in_another_language_lower_the_confidence() -> None:
    files = {"train.py": PADDING, "tests/a_test.go": "package a\n"}
    assert no_tests(facts_of(files), {}).confidence is Confidence.MEDIUM


def test_modules_are_reached_by_name_relatively_and_through_the_package() -> None:
    module = "".join(f"x_{i} = {i}\n" for i in range(40))
    files = {
        "src/pkg/__init__.py": "from pkg.inner import x_1\n",
        "src/pkg/inner/__init__.py": "from .deep import x_1\n",
        "src/pkg/inner/deep.py": module,
        "src/pkg/direct.py": module,
        "src/pkg/tests/test_near.py": "from ..near import x_1\n\ndef test_x():\n    assert x_1\n",
        "src/pkg/near.py": module,
        "src/pkg/missed.py": module,
        "tests/test_a.py": "import pkg\nfrom pkg.direct import x_2\n\ndef test_a():\n    assert pkg.x_1 + x_2\n",
    }
    outcome = thin_or_vacuous_tests(facts_of(files), {})
    assert "tests import 3 of 4 modules" in outcome.reason


def test_switching_off_an_inherited_test_is_no_empty_test() -> None:
    source = "from mixins import Shared\n\nclass TestA(Shared):\n    def test_a(self):\n        pass\n"
    own = "class TestB:\n    def test_b(self):\n        pass\n"
    items = collected({"tests/test_a.py": source, "tests/test_b.py": own}).items
    assert [(i.name, i.skipped, i.trivial) for i in items] == [
        ("TestA.test_a", True, False),
        ("TestB.test_b", False, True),
    ]


def test_putting_a_network_into_training_mode_runs_no_training() -> None:
    model = "class Net:\n    def train(self):\n        return self\n\ndef train(data):\n    return data\n"
    main = "import torch\nfor x in data:\n    loss = net(x)\n    loss.backward()\n    optimizer.step()\n"
    files = {"net.py": model, "main.py": main + PADDING}
    mode = "from net import Net\n\ndef test_mode():\n    assert Net().train()\n"
    run = "import net\n\ndef test_run():\n    assert net.train(1)\n"
    assert no_integration_test(facts_of({**files, "tests/test_a.py": mode}), {}).score == 0
    assert no_integration_test(facts_of({**files, "tests/test_a.py": run}), {}).score == 1
