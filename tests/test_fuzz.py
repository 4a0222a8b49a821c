"""Every reader on made-up input: words of its format and what is odd in any, in any order. More in `fuzz/`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mutate
import readers
import seeds

GLUE = (b"\n", b"\n  ", b"\n    ", b"\n- ", b": ", b" = ", b" ", b'"', b"'", b"[", b"]", b"{", b"}", b",", b"x", b"1")


@pytest.mark.parametrize("name", readers.READERS)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_input_is_read_within_the_contract(name: str, data: st.DataObject) -> None:
    reader = readers.READERS[name]
    path = data.draw(st.sampled_from(reader.paths))
    words = st.sampled_from([*seeds.words(reader), *mutate.ODD])
    pieces = data.draw(st.lists(words | st.sampled_from(GLUE) | st.binary(max_size=4), max_size=40))
    readers.check(reader, path, b"".join(pieces))


@pytest.mark.parametrize("name", readers.READERS)
def test_changed_examples_are_read_within_the_contract(name: str, example_seeds: dict[str, list[bytes]]) -> None:
    reader, texts = readers.READERS[name], example_seeds[name]
    mutator = mutate.Mutator(seeds.words(reader), texts, lambda data, longest: data[::-1][:longest])
    for number in range(40):
        text = mutator(b"\0" + texts[number * 7 % len(texts)], 2_000, number)
        path = reader.paths[number % len(reader.paths)]
        readers.check(reader, path, text[1:])


@pytest.fixture(scope="module")
def example_seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[bytes]]:
    folder = tmp_path_factory.mktemp("seeds")
    made = list(seeds.examples())
    return {name: seeds.write(reader, folder / name, made, 2_000) for name, reader in readers.READERS.items()}


def test_the_fuzzer_knows_the_words_of_every_reader() -> None:
    assert set(seeds.SOURCES) == set(readers.READERS)
    assert all(seeds.words(reader) for reader in readers.READERS.values())


def test_a_real_file_stands_for_the_part_that_reads_it() -> None:
    ci = readers.READERS["ci-others"]
    assert ci.paths[ci.stands_for("sub/.travis.yml") or 0] == ".travis.yml"
    assert ci.stands_for("Jenkinsfile") is None
    assert readers.READERS["python"].stands_for("a/b/train.py") == 0


def test_the_contract_is_not_empty(tmp_path: Path) -> None:
    from prodcheck.extract.tasks_model import TaskFile
    from prodcheck.model import Location

    for wrong in (
        TaskFile("a", "make", problem="two\nlines"),
        TaskFile("a", "make", problem="\x1b[31mred"),
        Location("a", line=9),
        object(),
    ):
        with pytest.raises(AssertionError):
            readers.well_formed((wrong,), lines=3)
