"""Facts of large repositories, whose equal parts are kept once."""

from __future__ import annotations

from prodcheck.extract import document
from prodcheck.extract.python import extract
from prodcheck.extract.run import CROWDED, extract_all
from prodcheck.extract.shared import Shared
from prodcheck.repository.memory import MemoryRepository

MODULE = b"from numpy import array, zeros\nA = 1\ndef f(frame, rows=3):\n    return zeros(rows)\n"


def test_equal_parts_become_one_object_and_stay_equal() -> None:
    shared = Shared()
    first, second = extract("a.py", MODULE), extract("b.py", MODULE + b"def g(frame, rows=3): pass\n")
    before = repr(second)
    shared.module(first)
    shared.module(second)
    assert repr(second) == before
    assert first.imports[0] is second.imports[0]
    assert first.constants is second.constants
    assert first.definitions[0].parameters is second.definitions[1].parameters


def test_values_of_different_types_are_not_taken_for_each_other() -> None:
    shared = Shared()
    facts = [extract("a.py", source) for source in (b"A = 1\n", b"A = True\n", b"A = 1.0\n")]
    for found in facts:
        shared.module(found)
    assert [type(found.constants["A"][0]) for found in facts] == [int, bool, float]


def test_a_tree_keeps_its_order_its_types_and_its_aliases() -> None:
    shared = Shared()
    text = b"base: &base {b: 1, a: [x, 1, true, {c: x}], 2: two}\nagain: *base\nlast: x\n"
    first, second = document.extract("a.yaml", text), document.extract("b.yaml", text)
    assert first is not None
    assert second is not None
    before = repr(second)
    shared.document(first)
    shared.document(second)
    assert repr(second) == before
    assert second.root["base"] is second.root["again"]  # type: ignore[index]
    assert next(iter(first.lines)) is next(iter(second.lines))


def test_large_repositories_have_the_facts_of_small_ones() -> None:
    files = {f"p{number}/m.py": MODULE + b"x = f(%d)\n" % number for number in range(CROWDED)}
    files["p0/conf.yaml"] = b"name: x\nsize: 3\n"
    large = extract_all(MemoryRepository(files)).files
    some = {path: data for path, data in files.items() if path.startswith("p0/")}
    small = extract_all(MemoryRepository(some)).files
    assert {path: large[path] for path in some} == dict(small)
