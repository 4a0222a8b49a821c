"""The `dataclass` of prodcheck against the one of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from prodcheck import records
from prodcheck.model import Evidence, Location


def family(dataclass: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """The same three classes, made by one of the two decorators."""

    @dataclass(frozen=True)
    class Point:
        """Has an optional value and a hidden one."""

        x: int
        y: int = 2
        secret: str = dataclasses.field(default="s", repr=False)

        @property
        def sum(self) -> int:
            return self.x + self.y

    @dataclass(frozen=True)
    class Named(Point):
        """Inherits, changes a default, takes one value by name only, and makes another."""

        y: int = 5
        notes: Mapping[str, int] = dataclasses.field(default_factory=dict)
        name: str = dataclasses.field(default="n", kw_only=True)

        def __str__(self) -> str:
            return self.name

    @dataclass
    class Counter:
        """May change."""

        label: str
        seen: list[int] = dataclasses.field(default_factory=list)

    return Point, Named, Counter


OURS, THEIRS = family(records.dataclass), family(dataclasses.dataclass)
CALLS = [
    (0, (1,), {}),
    (0, (1, 3), {"secret": "t"}),
    (0, (), {"y": 1, "x": 0}),
    (1, (1,), {}),
    (1, (1, 2, "s", {"a": 1}), {"name": "m"}),
    (2, ("a",), {}),
    (2, ("a", [1]), {}),
]


@pytest.mark.parametrize(("which", "args", "kwargs"), CALLS)
def test_instances_have_the_same_values_and_the_same_text(
    which: int, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    fresh, theirs = family(records.dataclass)[which], THEIRS[which](*args, **kwargs)
    for _ in range(records._FEW + 2):  # the last ones are made by a compiled `__init__`
        ours = fresh(*args, **kwargs)
        assert vars(ours) == vars(theirs)
        assert repr(ours) == repr(theirs)
        assert str(ours) == str(theirs)


@pytest.mark.parametrize(
    ("which", "args", "kwargs"),
    [(0, (), {}), (0, (1, 2, "s", 4), {}), (0, (1,), {"z": 1}), (0, (1,), {"x": 1}), (1, (1, 2, "s", {}, "n"), {})],
)
def test_wrong_calls_are_refused(which: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    for classes in (OURS, THEIRS):
        for _ in range(2):  # the first call is the one that makes the function
            with pytest.raises(TypeError, match=r"__init__\(\)"):
                classes[which](*args, **kwargs)


@pytest.mark.parametrize("classes", [OURS, THEIRS], ids=["ours", "theirs"])
def test_equality_and_hashes_are_those_of_the_values(classes: tuple[Any, Any, Any]) -> None:
    point, named, counter = classes
    assert point(1) == point(1, 2) != point(2)
    assert hash(point(1)) == hash(point(1, 2))
    assert len({point(1), point(1, 2), point(3)}) == 2
    assert point(1, 5) != named(1, 5)
    assert point(1) != (1, 2, "s")
    assert counter("a") == counter("a") != counter("a", [1])
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter("a"))


@pytest.mark.parametrize("classes", [OURS, THEIRS], ids=["ours", "theirs"])
def test_frozen_ones_stay_as_they_are(classes: tuple[Any, Any, Any]) -> None:
    point = classes[0](1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    counter = classes[2]("a")
    counter.label = "b"
    assert counter.label == "b"
    assert classes[2]("a").seen is not counter.seen


@pytest.mark.parametrize("classes", [OURS, THEIRS], ids=["ours", "theirs"])
def test_replace_and_fields_of_the_standard_library_work(classes: tuple[Any, Any, Any]) -> None:
    _, named, counter = classes
    assert [f.name for f in dataclasses.fields(named)] == ["x", "y", "secret", "notes", "name"]
    assert dataclasses.replace(named(1, notes={"a": 1}), y=7) == named(1, 7, "s", {"a": 1})
    assert dataclasses.asdict(counter("a", [1])) == {"label": "a", "seen": [1]}
    assert dataclasses.is_dataclass(named)


def test_slots_save_room_and_change_nothing_else() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Place:
        """Has a default, and one that is made."""

        path: str
        line: int = 1
        notes: Mapping[str, int] = dataclasses.field(default_factory=dict)

        @property
        def name(self) -> str:
            return self.path.rpartition("/")[2]

    @records.dataclass(frozen=True, slots=True)
    class Marked(Place):
        """Inherits."""

        mark: str = "!"

    place = Place("a/b")
    assert not hasattr(place, "__dict__")
    assert repr(place) == f"{Place.__qualname__}(path='a/b', line=1, notes={{}})"
    assert (place.name, Place.__module__, Place.__doc__) == ("b", __name__, "Has a default, and one that is made.")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.line = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.other = 2  # type: ignore[attr-defined]
    assert dataclasses.replace(place, line=7) == Place("a/b", 7) != Place("a/b")
    assert [(f.name, f.default) for f in dataclasses.fields(Place)][:2] == [("path", dataclasses.MISSING), ("line", 1)]
    marked = dataclasses.replace(Marked("a/b", mark="?"), line=3)
    assert not hasattr(marked, "__dict__")
    assert marked == Marked("a/b", 3, {}, "?") != Place("a/b", 3)


def test_copies_and_pickles_equal_the_original() -> None:
    evidence = Evidence("a test", Location("a.py", 3))
    assert copy.copy(evidence) == copy.deepcopy(evidence) == pickle.loads(pickle.dumps(evidence)) == evidence
