"""Leaving out bodies of functions that no rule asks about: what is left must tell rules the same."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodcheck.checks import code_safety, containers, deserialization, monitoring, provisioning, retraining, test_depth
from prodcheck.checks import configuration as settings_check
from prodcheck.config import Config
from prodcheck.extract import python, python_bodies, python_outline, python_words
from prodcheck.extract.python import PythonFacts
from prodcheck.extract.run import extract_all
from prodcheck.facts import Facts, apis, data_calls
from prodcheck.facts.operations import build, pipelines, schedules, work
from prodcheck.facts.signatures import Mark, Signature
from prodcheck.matchers import find_call
from prodcheck.model import Strength
from prodcheck.repository import open_repository
from prodcheck.rules import load_ruleset

SOURCES = Path(sysconfig.get_paths()["purelib"])
PACKAGES = ("click", "yaml", "jinja2", "pathspec", "detect_secrets", "git", "_pytest", "hypothesis", "mypy")


def _modules() -> Iterator[Path]:
    """Modules that people wrote: ours, and those of the packages that the tests need."""
    yield from sorted((Path(__file__).parent.parent / "src").rglob("*.py"))
    yield from sorted(Path(__file__).parent.glob("*.py"))
    for package in PACKAGES:
        yield from sorted((SOURCES / package).rglob("*.py"))[:150]


def _large(facts: PythonFacts) -> set[str]:
    """Functions that a rule calls large, by the limits of `unmodular-code`."""
    return {
        d.name
        for d in facts.definitions
        if d.statements > python_bodies.LONG
        or (d.complexity > python_bodies.MANY_BRANCHES and d.statements > python_bodies.LONG / 2)
    }


def _comparable(facts: PythonFacts) -> PythonFacts:
    """The facts without what is known only about."""
    definitions = tuple(replace(d, statements=0, complexity=0) for d in facts.definitions)
    return replace(facts, definitions=definitions, calls=(), left_out=0)


def test_real_modules_tell_the_same_in_part_as_as_a_whole() -> None:
    left, bodies = 0, 0
    for path in _modules():
        data = path.read_bytes()
        part, whole = python.extract(str(path), data), python.read(str(path), data, whole=True)[0]
        if not part.left_out:
            assert part == whole, path
            continue
        left += 1
        bodies += part.left_out
        assert _comparable(part) == _comparable(whole), path
        assert _large(part) == _large(whole), path
        every = {(c.line, c.name): c for c in whole.calls}
        assert all(every[call.line, call.name] for call in part.calls), path
        missed = {c.name for c in whole.calls} - {c.name for c in part.calls}
        # A name can be missed only where it is a method of something else: `self.fit` is none of a model.
        assert not {name for name in missed if _asked_for(name)}, path
    assert left > 200 and bodies > 2_000


def _asked_for(name: str) -> bool:
    """Whether a rule may ask for this name in any module."""
    method = name.rpartition(".")[2]
    return (
        method in python_words.CALLED
        or method.endswith(python_words.ENDINGS)
        or method.startswith(python_words.BEGINNINGS)
        or python_words.all_of_it_matters(name)
    )


def _patterns() -> Iterator[str]:
    """Every pattern for the name of a call that a check or fact has."""
    tables = (apis.LOAD, apis.FETCH, apis.TOY, apis.PREPARE, apis.PREPARE_WEAK, apis.TRAIN, apis.EVALUATE)
    for table in (*tables, apis.EVALUATE_NAMES, apis.PREDICT, apis.PERSIST, apis.SERVE, apis.SERVE_UI):
        yield from (apis._written_out(pattern) for pattern in table)
    lazy = (
        *(settings_check._READERS, monitoring._LIBRARIES, monitoring._CLOUD, monitoring._STATISTICS, monitoring._LLM),
        *(monitoring._LLM_CLIENT, provisioning._CREATES, work._STORES, work._REGISTERS, work._FETCHES, build._WRITES),
        *(test_depth._CLIENTS, test_depth._HARNESSES, test_depth._PROCESSES, test_depth._REQUESTS),
        *(deserialization._PICKLES, deserialization._SAFE, deserialization._WRITERS, code_safety._STARTS),
        *(retraining._LOAD, *(pattern for pattern, _ in containers._CODE_IMAGES)),
    )
    yield from (pattern.pattern for pattern in lazy)
    yield data_calls.PUBLIC.pattern
    # What is known by its text or keyword is looked for by these.
    known = [r"(?:.*)\Z", r"(?:.*\.scan)\Z"]
    yield from (sign.name.pattern for sign in data_calls._SIGNS if sign.name.pattern not in known)
    for system in pipelines._systems():
        yield rf"{system.module}\.(?:{system.step.pattern})"
    for schedule in schedules._signs():
        yield from (rf"{re.escape(module)}\.(?:{schedule.name.pattern})" for module in schedule.needs)


WORDS = re.compile(r"[\w.()?]+")
METHODS = sorted(
    {
        *apis.PREPARE_METHODS, *apis.PREPARE_WEAK_METHODS, *apis.TRAIN_METHODS, *apis.EVALUATE_METHODS,
        *apis.PREDICT_METHODS, *apis.PERSIST_METHODS, *data_calls._METHODS, *retraining._DELIVERS, *test_depth._ENTRIES,
        "fit", "partial_fit", "score", "generate", "train", "save", "backward", "step", "eval", "no_grad",
        "inference_mode", "apply_gradients", "minimize",
    }
)  # fmt: skip


@pytest.mark.parametrize("method", [m for m in METHODS if "." not in m and m != "scan"])
def test_a_method_that_a_check_asks_for_keeps_its_body(method: str) -> None:
    assert python_words.may_matter(f"?.{method}")


@pytest.mark.parametrize("pattern", sorted(set(_patterns())), ids=lambda pattern: pattern[:60])
def test_a_name_that_a_check_asks_for_keeps_its_body(pattern: str) -> None:
    verbose = re.VERBOSE if "\n" in pattern else 0
    plain = re.compile(pattern.replace(r"\Z", ""), verbose | re.ASCII)

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(plain, fullmatch=True))
    def check(name: str) -> None:
        if WORDS.fullmatch(name):
            assert python_words.may_matter(name), name

    check()


def test_calls_that_signatures_ask_for_keep_their_body() -> None:
    marks = [m for s in load_ruleset([]).signatures for m in s.marks if m.what == "call"]
    assert len(marks) > 100
    assert not sorted(mark.pattern for mark in marks if not python_words.may_matter(mark.pattern))


COLD = '''
import math


class Shape:
    """A shape."""

    def __init__(self, side: float) -> None:
        self.side = side

    def area(self) -> float:
        """How large it is; `model.fit(x)` in a text is no call."""
        squared = math.pow(self.side, 2)
        # the comment that ends a body
        return squared

    # and one behind it


def test_area() -> None:
    from math import isclose

    shape = Shape(2)
    assert isclose(shape.area(), 4)
'''


def _cut(source: str, path: str = "shapes.py") -> PythonFacts:
    return python.extract(path, source.encode())


def test_a_body_without_a_word_that_rules_ask_for_is_left_out() -> None:
    facts = _cut(COLD)
    assert facts.left_out == 3
    assert not [call.name for call in facts.calls]
    whole = python.read("shapes.py", COLD.encode(), whole=True)[0]
    assert [(d.name, d.line, d.end_line, d.asserts) for d in facts.definitions] == [
        (d.name, d.line, d.end_line, d.asserts) for d in whole.definitions
    ]
    assert facts.imports == whole.imports
    assert facts.lines_in_definitions == whole.lines_in_definitions


@pytest.mark.parametrize(
    "statement",
    [
        "torch.load(path)",
        "torch.load (path)",
        "model.fit(x, y)",
        "open('data.csv').read()",
        "path = '/home/me/data'",
        "path = 'C:\\\\data'",
        "key = os.environ['KEY']",
        "build_and_train(model)(Trainer(model))",
        "text = \"\"\"\n  def f():\n\"\"\"",
        "if x:\n        import pandas",
        "from pickle import load as restore_it",
        "raise ValueError, 'old'",
        "print 'old'",
        "x = 1; y = 2",
        "pass",
    ],
)  # fmt: skip
def test_a_body_that_may_matter_or_is_not_plain_stays(statement: str) -> None:
    source = f"import os\n\n\ndef run(path, x, y, model):\n    {statement}\n    return x\n"
    assert not _cut(source).left_out


@pytest.mark.parametrize(
    "first",
    ["import ray", "from flask import Flask", "import mmdet", "pipe = pipeline('x')", "import subprocess"],
)
def test_a_module_with_what_matters_everywhere_is_read_whole(first: str) -> None:
    assert not _cut(f"{first}\n{COLD}").left_out


MENTIONS = """
import math

import mlflow
from sklearn.model_selection import (
    GridSearchCV as Search,  # a comment, with a comma
    cross_val_score,
)


def far(x):
    x = math.sin(x)
    return x


def build(x):
    print(x)
    search = Search(x)
    return search


def uses(x):
    built = build(x)
    return built.transform(x)


class Run:
    def __init__(self, x):
        print(x)
        self.found = Search(x)

    def other(self, x):
        print(x)
        return self.found.transform(x)


class Cold:
    def other(self, x):
        x = math.tan(x)
        return x


def annotated(x: Search):
    print(x)
    return x.transform(x)


def around(x):
    from sklearn import svm

    def inside():
        print(x)
        return svm.thing(x)

    return inside


def farther(x):
    x = math.cos(x)
    return x
"""


def _names(facts: PythonFacts) -> set[str]:
    return {call.name for call in facts.calls}


def test_functions_that_mention_nothing_of_a_library_are_left_out() -> None:
    facts = _cut(MENTIONS)
    assert facts.left_out == 3  # far, farther, Cold.other
    whole = python.read("shapes.py", MENTIONS.encode(), whole=True)[0]
    assert _names(whole) - _names(facts) == {"math.sin", "math.cos", "math.tan"}
    assert "sklearn.model_selection.GridSearchCV().transform" in _names(facts)


@pytest.mark.parametrize(
    "line",
    [
        "from sklearn import *",
        "import os; import sklearn",
        "from sklearn import svm; classifier = svm",
        "from sklearn import svm\nclassifier = svm.SVC()",
        "from sklearn import svm\nif True:\n    classifier = svm.SVC()",
        "from sklearn import svm\nclassifiers = [\n    svm.SVC(),\n]",
        "from sklearn import svm\nclass Base:\n    classifier = svm.SVC()",
        "from sklearn import svm\nwith svm.context() as classifier:\n    pass",
        "from sklearn import " + ", ".join(f"part_{n}" for n in range(90)),
    ],
)
def test_a_module_that_gives_a_library_other_names_is_read_whole(line: str) -> None:
    assert not _cut(f"{line}\n{COLD}").left_out


@pytest.mark.parametrize(
    "line",
    [
        "import mlflow\nmlflow.autolog()",
        "import glob, mlflow as tracker\n# tracker is not used",
        "from mlflow.pyfunc import PythonModel\nclass Served(PythonModel):\n    pass",
        "try:\n    import mlflow\nexcept ImportError:\n    print(1)",
    ],
)
def test_a_library_that_is_hardly_used_keeps_no_body(line: str) -> None:
    assert _cut(f"{line}\n{COLD}").left_out == 3


def test_a_library_that_is_used_everywhere_is_not_looked_for() -> None:
    used = "\n\n".join(f"def f{n}(x):\n    print(x)\n    return mlflow.log(x)\n" for n in range(9))
    assert not _cut(f"import mlflow\n\n\n{used}\n{COLD}").left_out


def test_another_name_for_what_rules_ask_for_is_seen() -> None:
    source = "from torch import load as fetch\n\n\ndef get(path):\n    found = fetch(path)\n    print(found)\n"
    assert [call.name for call in _cut(source).calls] == ["torch.load", "print"]


def test_what_an_object_is_made_of_stays_with_what_is_done_with_it() -> None:
    source = (
        "from .nets import Net\n\n\nclass Run:\n    def __init__(self):\n        net = Net()\n        self.net = net\n"
        "        self.n = 1\n\n    def go(self, x):\n        print(x)\n        self.net.fit(x)\n        return x\n"
    )
    assert ".nets.Net().fit" in [call.name for call in _cut(source).calls]


def test_what_a_function_returns_is_known_to_who_calls_it() -> None:
    source = (
        "from .nets import Net\n\n\ndef build(n):\n    print(n)\n    net = Net()\n    return net\n\n\n"
        "def go(x):\n    print(x)\n    return build(3).fit(x)\n"
    )
    assert ".nets.Net().fit" in [call.name for call in _cut(source).calls]


def test_a_module_that_does_not_parse_is_told_so() -> None:
    broken = COLD + "\n\ndef last(x):\n    y = (x +\n    z = 1\n    return y\n"
    assert _cut(broken).problem_kind == "broken"
    assert _cut(COLD + "\nprint 'old'\n").problem_kind == "python2"


@pytest.mark.parametrize(
    "statement",
    ["y = math.pow(x, 2", "y = x]", "y = 'x", 'y = "x', "%matplotlib inline", "!ls", "{% if x %}", "y = x <> 2"],
)
def test_a_mistake_that_can_be_seen_is_left_to_the_parser(statement: str) -> None:
    broken = COLD.replace("squared = math.pow(self.side, 2)\n", f"{statement}\n        squared = 4\n")
    assert _cut(broken).problem


def test_steps_of_a_training_matter_where_there_is_one() -> None:
    steps = "def check(model, x):\n    model.eval()\n    print(x)\n    return model(x)\n"
    assert _cut(steps, "layers.py").left_out == 1
    assert not _cut(steps, "predict.py").left_out
    trains = steps + "\n\ndef learn(loss, optimizer):\n    loss.backward()\n    optimizer.step()\n    return loss\n"
    assert [call.method for call in _cut(trains, "layers.py").calls if call.method == "eval"] == ["eval"]


def test_a_long_or_branching_body_is_counted_exactly() -> None:
    long = "def long(x):\n" + "".join(f"    x = math.sin(x + {n})\n" for n in range(90)) + "    return x\n"
    branching = "def branching(x):\n" + "    if x and x > 1:\n        x = x - 1\n" * 25 + "    return x\n"
    facts = _cut(f"import math\n\n\n{long}\n\n{branching}")
    assert {d.name: (d.statements, d.complexity) for d in facts.definitions} == {
        "long": (91, 1),
        "branching": (51, 51),
    }


@pytest.mark.parametrize(
    "hostile",
    [
        "".join(" " * depth + f"def f{depth}():\n" for depth in range(900)),
        "def f():\n    x = 1\n" + "    #" + "#" * 200_000 + "\n    return 2\n",
        "def f():\n    " + "import a, " * 50_000 + "b\n",
        "def f(\n" * 20_000,
        "def f():\n    self.x, " + "self.y, " * 50_000 + "\n",
        'def f():\n    """' + '"""\n' * 20_000,
        "def f():\n" + "    except " * 40_000 + "\n",
        "".join(f"import sklearn as a{n}\n" for n in range(20_000)) + "def f():\n    print(1)\n    return 2\n",
        "from sklearn import (a, " * 20_000 + "\ndef f():\n    print(1)\n    return 2\n",
        "import mlflow\ndef f0():\n    return mlflow.x\n"
        + "".join(f"def f{n}():\n    print(1)\n    return f{n - 1}()\n" for n in range(1, 20_000)),
    ],
    ids=["nested", "comment", "imports", "heads", "attributes", "quotes", "words", "libraries", "names", "chain"],
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    from prodcheck.extract.budget import limited

    limited(5, lambda: python_outline.skeleton("f.py", hostile.encode()))


def test_rules_and_signatures_of_users_find_calls_in_what_was_left_out(tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_text(COLD)
    repository = open_repository(tmp_path)
    extraction = extract_all(repository)
    shapes = extraction.files["shapes.py"].python
    assert shapes is not None and shapes.left_out == 3
    facts = Facts(repository, extraction, Config(), ())
    assert [str(place.location) for place in find_call(facts, {"name": "math.pow"})] == ["shapes.py:13"]
    mark = Mark("call", "math.pow", Strength.USED)
    facts = Facts(repository, extraction, Config(), (Signature("monitoring", "powers", "Powers", (mark,)),))
    assert [str(e.location) for use in facts.stack for e in use.evidence] == ["shapes.py:13"]
