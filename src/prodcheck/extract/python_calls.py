"""The calls of one module, kept small: a large repository makes millions of them, and rules look at a few hundred.

One `Call` takes more than a hundred bytes of memory. Here all calls of a module lie together by column: each name once,
the rest in half the room, or packed in a sixth of it. `Call` objects are made for whoever goes through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from sys import intern
from typing import Any, NamedTuple

_NO_KEYWORDS: Mapping[str, object] = {}


class Call(NamedTuple):
    """One call. A tuple and no dataclass, because it is made in a third of the time.

    `name` is dotted with import aliases resolved (`pandas.read_csv`). A method on a variable whose constructor is
    known reads `sklearn.ensemble.RandomForestClassifier().fit`; an unknown receiver reads `?.fit`, a plain local name
    its name, a relative import keeps its dots (`.model.train`). `keywords` holds literal values; a keyword that is not
    a literal maps to `...` (Ellipsis), and `**options` is the key `**`. `text` is the first positional argument when
    it is a string literal. Text that looks like a credential is shortened to `…`. `scope` is the qualified name of the
    enclosing function.
    """

    name: str
    line: int
    keywords: Mapping[str, object] = _NO_KEYWORDS
    positional: int = 0
    text: str | None = None
    scope: str = ""
    argument: str = ""
    """The variable that the first positional argument is or begins with, such as `x_test` in `f(x_test[:9])`."""
    targets: tuple[str, ...] = ()
    """Names of the variables that the result is assigned to."""

    @property
    def method(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


Plain = tuple[tuple[str, ...], int, bytes]


class Calls:
    """The calls of one module in their order: can be counted and gone through, and equals the same calls.

    `names` has each name that is called, once, in the order in which they first appear. Going through all of
    them makes all of them: look at the names first, or ask for those that are `named` as wanted.
    """

    __slots__ = ("_count", "_held", "names")

    _held: tuple[tuple[Any, ...], ...] | bytes
    """Places of the names in `names`, then the other fields: as columns, or packed. Empty where there are no calls."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        columns = tuple(zip(*calls, strict=True))
        places: dict[str, int] = {}
        numbers = tuple([places.setdefault(name, len(places)) for name in columns[0]] if columns else ())
        self.names = tuple(map(intern, places))
        self._count = len(numbers)
        self._held = (numbers, *columns[1:]) if columns else b""

    def pack(self) -> None:
        """Take a third of the room from now on. What is asked of the calls then takes longer, but for their names."""
        if not isinstance(self._held, bytes):
            from prodcheck.extract import codec

            self._held = codec.dumps(self._held)

    def to_plain(self) -> Plain:
        """Plain values from which `from_plain` makes the same calls. Raises `codec.NotPlain`."""
        self.pack()
        assert isinstance(self._held, bytes)
        return self.names, self._count, self._held

    @classmethod
    def from_plain(cls, plain: Plain) -> Calls:
        """The calls that `to_plain` was asked of, packed."""
        from prodcheck.extract import codec

        calls = cls()
        names, calls._count, calls._held = plain
        if type(calls._count) is not int or calls._count < 0 or not isinstance(calls._held, bytes):
            raise TypeError("no packed calls")
        codec.check(calls._held)
        calls.names = tuple(map(intern, names))
        return calls

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Call]:
        numbers, *columns = self._columns()
        return map(Call, map(self.names.__getitem__, numbers), *columns)

    def named(self, wanted: Callable[[str], object]) -> Iterator[Call]:
        """The calls whose name is wanted, in their order; the others are not made."""
        chosen = {number for number, name in enumerate(self.names) if wanted(name)}
        if chosen:
            for number, *values in zip(*self._columns(), strict=True):
                if number in chosen:
                    yield Call(self.names[number], *values)

    def column(self, field: str) -> tuple[Any, ...]:
        """What all calls have in one field other than the name, in their order."""
        return self.columns(field)[0]

    def columns(self, *fields: str) -> tuple[tuple[Any, ...], ...]:
        """As `column` for several fields: packed calls are unpacked once for all of them."""
        columns = self._columns()
        return tuple([columns[Call._fields.index(field)] for field in fields])

    def _columns(self) -> tuple[tuple[Any, ...], ...]:
        if not self._count:
            return ((),) * len(Call._fields)
        if isinstance(self._held, bytes):
            from prodcheck.extract import codec

            columns: tuple[tuple[Any, ...], ...] = codec.loads(self._held, checked=True)
            if not self._fit(columns):
                raise codec.NotPlain("other calls than were counted")
            return columns
        return self._held

    def _fit(self, columns: tuple[tuple[Any, ...], ...]) -> bool:
        """Whether these columns are those of our calls: what comes from the cache may be anything."""
        try:
            if len(columns) != len(Call._fields) or {*map(len, columns)} != {self._count}:
                return False
            return {*map(type, columns[0])} == {int} and min(columns[0]) >= 0 and max(columns[0]) < len(self.names)
        except TypeError:
            return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calls) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Calls({list(self)!r})"
