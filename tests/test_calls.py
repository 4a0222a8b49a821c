"""The calls of a module, which are kept by column or packed, against plain tuples of them."""

from __future__ import annotations

import pytest

from prodcheck.extract import codec
from prodcheck.extract.python import extract
from prodcheck.extract.python_calls import Call, Calls

SOURCE = """
import pandas as pd
def load(path):
    frame, rest = pd.read_csv(path, sep=";", dtype={"a": (1, 2.5, None)}, **more), 1
    return frame.dropna(how=mode)
print("déjà vu", load("a.csv"))
print()
"""
EXPECTED = (
    Call("load", 6, {}, 1, "a.csv"),
    Call("print", 6, {}, 2, "déjà vu"),
    Call("print", 7),
)


def made(packed: bool) -> Calls:
    calls = extract("a.py", SOURCE.encode()).calls
    if packed:
        calls.pack()
    return calls


@pytest.mark.parametrize("packed", [False, True])
def test_calls_come_back_as_they_were(packed: bool) -> None:
    calls = made(packed)
    assert len(calls) == 5
    assert tuple(call for call in calls if not call.scope) == EXPECTED
    inside = next(call for call in calls if call.name == "pandas.read_csv")
    assert inside.keywords == {"sep": ";", "dtype": {"a": (1, 2.5, None)}, "**": ...}
    assert (inside.scope, inside.argument, inside.method) == ("load", "path", "read_csv")
    assert calls == Calls(tuple(calls)) != Calls(tuple(calls)[1:])


@pytest.mark.parametrize("packed", [False, True])
def test_names_are_there_once_and_choose_calls(packed: bool) -> None:
    calls = made(packed)
    assert sorted(calls.names) == sorted({call.name for call in calls})
    assert tuple(calls.named("print".__eq__)) == EXPECTED[1:]
    assert list(calls.named(lambda name: False)) == []
    assert calls.column("text") == tuple(call.text for call in calls)


@pytest.mark.parametrize("packed", [False, True])
def test_calls_travel(packed: bool) -> None:
    calls = made(packed)
    data = codec.pack(calls, Calls)
    assert codec.unpack(data, Calls) == calls == made(False)


def test_a_module_without_calls() -> None:
    calls = extract("a.py", b"x = 1\n").calls
    calls.pack()
    assert not calls
    assert (list(calls), calls.names, calls.column("text")) == ([], (), ())
    assert codec.unpack(codec.pack(calls, Calls), Calls) == calls == Calls()
