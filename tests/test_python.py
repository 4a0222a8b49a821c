"""Reading Python source: names behind variables, broken files, and what is counted."""

from __future__ import annotations

import sys
import warnings

import pytest

from prodcheck.extract import python
from prodcheck.extract.python import PythonFacts, extract, parse


def read(text: str | bytes, path: str = "a.py") -> PythonFacts:
    facts = python.read(path, text.encode() if isinstance(text, str) else text, whole=True)[0]
    assert facts is not None
    return facts


def names(text: str) -> list[str]:
    return [call.name for call in read(text).calls]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy as np\nnp.random.seed(1)", "numpy.random.seed"),
        ("from pandas import read_csv as rc\nrc('a')", "pandas.read_csv"),
        ("import a.b.c\na.b.c.d()", "a.b.c.d"),
        ("from . import model\nmodel.train()", ".model.train"),
        ("from ..lib.x import f\nf()", "..lib.x.f"),
        ("import tensorflow as tf\nk = tf.keras\nk.Model()", "tensorflow.keras.Model"),
        ("def f(model):\n    model.fit(1)", "?.fit"),
        ("import os\ndef f(os):\n    os.remove(1)", "?.remove"),
        ("spark.read.csv('a')", "spark.read.csv"),
        ("import x\nx = 3\nx.go()", "?.go"),
        ("try:\n    import lib\nexcept ImportError:\n    lib = None\nlib.go()", "lib.go"),
        ("super().fit(1)", "super().fit"),
    ],
)
def test_aliases_are_resolved(source: str, expected: str) -> None:
    assert expected in names(source)


MODELS = """
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import Pipeline, make_pipeline
"""


@pytest.mark.parametrize(
    "use",
    [
        "m = LogisticRegression()\nm.fit(x, y)",
        "m = LogisticRegression()\nn = m\nn.fit(x, y)",
        "LogisticRegression().fit(x, y)",
        "m = LogisticRegression().fit(x, y)\nm.fit(x)",
        "a, m = StandardScaler(), LogisticRegression()\nm.fit(x, y)",
        "m = None\nif z:\n    m = LogisticRegression()\nm.fit(x, y)",
        "m = z or LogisticRegression()\nm.fit(x, y)",
        "if (m := LogisticRegression()):\n    m.fit(x, y)",
        "def f(m: LogisticRegression):\n    m.fit(x, y)",
        "def build():\n    m = LogisticRegression()\n    return m\nbuild().fit(x, y)",
        "def build():\n    return LogisticRegression()\nm = build()\nm.fit(x, y)",
        "for m in [LogisticRegression()]:\n    m.fit(x, y)",
        "ms = {'a': LogisticRegression()}\nfor k, m in ms.items():\n    m.fit(x, y)",
        "ms = [('a', LogisticRegression())]\nfor i, (k, m) in enumerate(ms):\n    m.fit(x, y)",
        "ms = {'a': LogisticRegression()}\nms['a'].fit(x, y)",
        "[m.fit(x, y) for m in (LogisticRegression(),)]",
        "class A:\n  def f(self):\n    self.m.fit(1)\n  def __init__(self):\n    self.m = LogisticRegression()",
        "m = Pipeline([('s', StandardScaler()), ('m', LogisticRegression())])\nm.fit(x, y)",
        "make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)",
        "def late():\n    m.fit(x)\nm = LogisticRegression()",
        "m = LogisticRegression()\nm = m.set_params(C=1)\nm.fit(x)",
    ],
)
def test_a_method_knows_the_constructor_of_its_object(use: str) -> None:
    assert "sklearn.linear_model.LogisticRegression().fit" in names(MODELS + use)


@pytest.mark.parametrize(
    "use",
    [
        "m = LogisticRegression()\nm = other()\nm.fit(x, y)",
        "m = LogisticRegression()\ndef f(m):\n    m.fit(x)",
        "m = make_pipeline(StandardScaler())\nm.fit(x)",
        "s = StandardScaler()\ns.fit(x)",
        "def f():\n    m = LogisticRegression()\nm.fit(x)",
        "class A:\n    m = LogisticRegression()\nm.fit(x)",
    ],
)
def test_no_constructor_is_made_up(use: str) -> None:
    assert "sklearn.linear_model.LogisticRegression().fit" not in names(MODELS + use)


def test_a_long_chain_of_calls_is_read() -> None:
    source = "import pandas as pd\ndf = pd.read_csv('a')" + ".dropna()" * 700 + "\ndf.fillna(0)"
    assert "pandas.read_csv().dropna().fillna" in names(source)


def test_many_elifs_and_deep_additions_are_read() -> None:
    source = "if a: pass\n" + "".join(f"elif a == {i}: f{i}()\n" for i in range(2000))
    assert "f1999" in names(source)


def test_what_a_call_keeps_of_its_arguments() -> None:
    call = list(read("m = f(x_test[:9], C=-1.5, names=['a', 'b'], other=g(), **more)").calls)[-1]
    assert call.keywords == {"C": -1.5, "names": ("a", "b"), "other": ..., "**": ...}
    assert (call.argument, call.targets, call.positional) == ("x_test", ("m",), 1)
    assert next(iter(read("open('data.csv', 'r')").calls)).text == "data.csv"


def test_a_call_stands_on_the_line_of_its_method_and_in_its_function() -> None:
    facts = read("class A:\n    def f(self):\n        (df\n            .a()\n            .b())\n")
    assert [(call.line, call.scope) for call in facts.calls] == [(4, "A.f"), (5, "A.f")]


def test_nothing_that_looks_like_a_credential_is_kept() -> None:
    token = "hf_" + "aB3dE5" * 6
    facts = read(
        f"login('{token}')\nconnect(api_key='short-1')\nTOKEN = '{token}'\n"
        f"PATH = '/home/me/{token}/x'\nload(revision='{'0a1b' * 10}')"
    )
    assert token not in repr(facts)
    assert "short-1" not in repr(facts)
    assert list(facts.calls)[-1].keywords["revision"] == "0a1b" * 10


def test_imports_say_when_they_may_fail() -> None:
    facts = read(
        "import a\ntry:\n    import b\nexcept ImportError:\n    import c\nimport d\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import e\n"
        "import sys\nif sys.version_info >= (3, 11):\n    import f\nelse:\n    import g\n"
        "try:\n    import h\nexcept ValueError:\n    pass\ndef fun():\n    import i\n"
    )
    assert {item.module for item in facts.imports if item.optional} == {"b", "c", "e", "f"}
    assert {item.module: item.scope for item in facts.imports}["i"] == "fun"


def test_relative_imports_keep_their_level() -> None:
    facts = read("from ..a.b import c, d as e\nfrom . import f\n")
    assert [(i.module, i.level, i.names) for i in facts.imports] == [("a.b", 2, ("c", "d")), ("", 1, ("f",))]


def test_definitions() -> None:
    facts = read(
        "import pytest\nfrom keras import Model\n"
        "class Net(Model):\n"
        "    @pytest.mark.slow\n"
        "    def call(self, x, *, y=1):\n"
        "        assert x\n"
        "        if x and y:\n"
        "            self.assertEqual(1, 2)\n"
        "        with pytest.raises(ValueError):\n"
        "            pass\n"
        "def empty():\n    '''Doc.'''\n    ...\n"
    )
    found = {d.name: d for d in facts.definitions}
    assert found["Net"].bases == ("keras.Model",)
    call = found["Net.call"]
    assert (call.decorators, call.parameters, call.asserts) == (("pytest.mark.slow",), ("self", "x", "y"), 3)
    assert (call.statements, call.complexity, call.line, call.end_line) == (5, 3, 5, 10)
    assert found["empty"].trivial
    assert not call.trivial


def test_bodies_are_compared_without_comments_and_indentation() -> None:
    text = (
        "def a(x):\n    x = 1\n    y = 2  \n\n    return y\n"
        "class C:\n    def b(self):\n        x = 1\n        # why\n        y = 2\n        return y\n"
        "def c(x):\n    x = 1\n    y = 3\n    return y\n"
    )
    found = python.analyse(parse(text), text, digests=True).definitions
    one, two, three = (d.digest for d in found if d.kind == "function")
    assert one == two != three


def test_lines_are_counted_without_blanks_and_comments() -> None:
    facts = read("# comment\n\nx = 1\n\ndef f():\n    # why\n    return 2\n\nif __name__ == '__main__':\n    f()\n")
    assert (facts.code_lines, facts.lines_in_definitions, facts.has_main_guard) == (5, 2, True)


def test_constants_are_the_literals_at_the_top() -> None:
    facts = read("LR = 0.1\nNAMES = ['a']\nCFG = {'a': {'b': 1}}\nX = f()\nA: int = 3\ndef f():\n    B = 1\n")
    assert facts.constants == {"LR": (0.1, 1), "NAMES": (("a",), 2), "CFG": ({"a": {"b": 1}}, 3), "A": (3, 5)}


def test_environment_variables() -> None:
    facts = read(
        "import os\na = os.environ['A']\nb = os.getenv('B', '')\nc = os.environ.get('C')\nos.environ['D'] = '1'"
    )
    assert [name for name, _ in facts.environment] == ["A", "B", "C"]


def test_absolute_paths_of_literals_only() -> None:
    facts = read(
        '"""/home/doc/x"""\nA = "/home/ada/x"\nB = r"C:\\Users\\x"\nC = base + "/home/no/x"\nD = f"{base}/home/no/x"\n'
        'if a.startswith("/home/no"):\n    pass\n@app.get("/home/no")\ndef f():\n    return f"/home/yes/{a}"\n'
    )
    assert [text for text, _ in facts.paths] == ["/home/ada/x", "C:\\Users\\x", "/home/yes/"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("print 'hello'\n", "python2"),
        ("print x, y\n", "python2"),
        ("try:\n    f()\nexcept Error, e:\n    raise\n", "python2"),
        ("raise ValueError, 'no'\n", "python2"),
        ("x = 0777\n", "python2"),
        ("def f():\n\tif x:\n        y = 1\n\t\tz = 2\n", "python2"),
        ("import {{ cookiecutter.package }}.core\n", "template"),
        ("{% if a %}\nimport b\n{% endif %}\n", "template"),
        ("from ${package} import x\n", "template"),
        ("def f(:\n    pass\n", "broken"),
        ("x = (1,\n", "broken"),
        ("x = 1\0\n", "broken"),
    ],
)
def test_why_a_file_does_not_parse(text: str, kind: str) -> None:
    facts = read(text)
    assert facts.problem_kind == kind
    assert facts.problem
    assert facts.code_lines > 0


def test_syntax_of_a_newer_python_is_not_called_broken() -> None:
    facts = read("lazy import json\n")
    assert facts.problem_kind == "newer"
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in facts.problem
    generic = read("def first[T](items: list[T]) -> T:\n    return items[0]\n")
    assert generic.problem_kind == ("" if sys.version_info >= (3, 12) else "newer")


@pytest.mark.parametrize(
    "data", [b"(" * 200_000, b"-" * 200_000 + b"1", b"[" * 150 + b"]" * 150, b"a" + b".b()" * 50_000]
)
def test_hostile_nesting_ends_in_a_problem(data: bytes) -> None:
    assert extract("a.py", data) is not None


def test_encodings() -> None:
    assert next(iter(read("x = f('é')\n".encode("utf-8-sig")).calls)).text == "é"
    assert read(b"# -*- coding: latin-1 -*-\nx = f('\xe9')\n").problem == ""
    broken = read(b"x = f('\xe9')\n")
    assert "UTF-8" in broken.problem
    assert next(iter(broken.calls)).name == "f"
    assert next(iter(read("x = f(1)\n".encode("utf-16")).calls)).name == "f"
    assert read(b"# coding: no-such-thing\nx = 1\n").problem_kind == "broken"


def test_magics_in_an_exported_file_are_read_around_and_told() -> None:
    facts = read("import pandas as pd\n%matplotlib inline\n!pip install x\ndf = pd.read_csv('a.csv')\n")
    assert "magics" in facts.problem
    assert next(iter(facts.calls)).name == "pandas.read_csv"
    assert next(iter(facts.calls)).line == 4


@pytest.mark.parametrize(
    ("text", "flavour"),
    [
        ("# Databricks notebook source\nx = 1\n# COMMAND ----------\ny = 2\n", "databricks"),
        ("# %%\nx = 1\n# %% [markdown]\n# text\n", "percent"),
        ("#!/usr/bin/env python\n# coding: utf-8\n# In[1]:\nx = 1\n", "nbconvert"),
        ("# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py\n# ---\nx = 1\n", "jupytext"),
        ("import marimo\n# a\napp = marimo.App()\n", "marimo"),
        ("# only %% once\nx = 1\n", ""),
    ],
)
def test_notebooks_in_the_clothes_of_a_module(text: str, flavour: str) -> None:
    assert read(text).flavour == flavour


def test_warnings_about_audited_source_stay_silent_and_others_do_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read("x = '\\d'\nassert (1, 'always')\n1 is 1\n")
        parse("y = '\\q'\n")
        with pytest.raises(UserWarning):
            warnings.warn("ours", UserWarning, stacklevel=1)


def test_same_bytes_give_the_same_facts() -> None:
    source = b"import a\nclass B:\n    def c(self):\n        return a.d(1)\n"
    assert extract("a.py", source) == extract("a.py", source)


@pytest.mark.parametrize(
    ("body", "branches"),
    [
        ("if x == 1:\n        y = 1\n    elif x == 2:\n        y = 2\n    elif x == 3:\n        y = 3", 1),
        ("if x == 1:\n        y = 1\n    elif x == 2:\n        y = 2\n        z = 3", 2),
        ("y = [i for i in x]", 0),
        ("y = [i for i in x if i]", 1),
        ("for i in x:\n        if i and x:\n            y = 1", 3),
    ],
)
def test_tables_of_cases_and_comprehensions_are_no_branches(body: str, branches: int) -> None:
    definition = read(f"def f(x):\n    {body}\n").definitions[0]
    assert definition.complexity == branches + 1
