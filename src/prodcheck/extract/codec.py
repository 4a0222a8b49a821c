"""Facts and reports as plain values and back: how they travel between processes and lie on disk.

The bytes are a pickle that may name nothing but the few types of plain values below. Reading it can therefore make
tuples, lists, texts, numbers and dates, and can run no code, whoever wrote it. What the values mean is decided by the
dataclasses at hand, never by the bytes.
"""

from __future__ import annotations

import datetime
import io
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from itertools import starmap
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from prodcheck.patterns import lazy_regex

_NAMED: Mapping[tuple[str, str], object] = {
    ("builtins", "Ellipsis"): ...,
    ("builtins", "complex"): complex,
    **{("datetime", kind.__name__): kind for kind in (
        datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone
    )},
}  # fmt: skip
"""What may stand in the bytes beside the values that pickle has an own code for: YAML and TOML have dates."""
_PLAIN = frozenset({
    type(None), type(...), bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset,
    datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone,
})  # fmt: skip


class NotPlain(ValueError):
    """Something that cannot be written, or bytes that are not what was written."""


class _Writer(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        """Called for everything that pickle has no own code for."""
        if type(value) in _PLAIN:
            return NotImplemented
        if isinstance(value, type) and value in _PLAIN:
            return NotImplemented
        raise NotPlain(f"{type(value).__name__} is no plain value")


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NAMED[module, name]
        except KeyError:
            raise NotPlain(f"names {module}.{name}") from None


def dumps(value: object) -> bytes:
    """Bytes of a plain value. Raises `NotPlain` for any other."""
    out = io.BytesIO()
    try:
        _Writer(out, protocol=5).dump(value)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as problem:
        raise NotPlain(str(problem)) from None
    return out.getvalue()


def loads(data: bytes, checked: bool = False) -> Any:
    """The plain value. Raises `NotPlain` for bytes that are not one; never runs or imports anything.

    What it takes of memory is in proportion to the bytes that are there, whatever sizes they claim: this is looked at
    before, unless they were `checked` or written here.
    """
    if not checked:
        check(data)
    try:
        return _Reader(io.BytesIO(data)).load()
    except NotPlain:
        raise
    except Exception as problem:  # broken bytes raise nearly everything
        raise NotPlain(type(problem).__name__) from None


_STEPS = lazy_regex(
    rb"(?:[.()\]}01NRaestu\x85-\x89\x8f-\x91\x93\x94]+|[Kh].|M..|[Jj].{4}|[G\x95].{8}|\x80.){1,1000}", re.DOTALL
)
"""Pickle's operations of a fixed size that `dumps` uses. Not among them: those that name a place in the memo, for which
pickle makes room up to that place."""
_COUNTED = {0x43: 1, 0x8C: 1, 0x8A: 1, 0x42: 4, 0x58: 4, 0x8B: 4, 0x8D: 8, 0x8E: 8}
"""Operations that are followed by a size and as many bytes (texts, bytes, large numbers), with the size's own size."""


def check(data: bytes) -> None:
    """Raise `NotPlain` for bytes with a part that would reach over their end: pickle makes room for it beforehand."""
    position, end = 0, len(data)
    steps = _STEPS.match
    while position < end:
        fixed = steps(data, position)
        if fixed:
            position = fixed.end()
            continue
        start = position + 1 + _COUNTED.get(data[position], end)
        position = start + int.from_bytes(data[position + 1 : start], "little")
    if position > end:
        raise NotPlain("is cut off, or not written here")


def pack(value: object, kind: Any) -> bytes:
    """Bytes of a value of the type `kind`: a dataclass, or an annotation made of dataclasses. Raises `NotPlain`."""
    way = _way(kind)
    try:
        return dumps(way.write(value) if way else value)
    except (AttributeError, TypeError, RecursionError) as problem:
        raise NotPlain(str(problem)) from None


def unpack(data: bytes, kind: Any) -> Any:
    """The value of the type `kind` that `pack` wrote. Raises `NotPlain`."""
    value, way = loads(data), _way(kind)
    try:
        return way.read(value) if way else value
    except Exception as problem:
        raise NotPlain(type(problem).__name__) from None


class _Way(NamedTuple):
    """How values of one type become plain and come back; None stands for those that are plain already.

    A class that knows better how has the methods `to_plain` and `from_plain`.
    """

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@cache
def _way(kind: Any) -> _Way | None:
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind)
    if hasattr(kind, "from_plain"):
        return _Way(kind.to_plain, kind.from_plain)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _Way(attrgetter("value"), kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        ways = [way for part in inner if part is not NoneType and (way := _way(part))]
        if not ways:
            return None
        if len(ways) > 1 or len(inner) != 2 or NoneType not in inner:
            raise NotPlain(f"{kind} may be several things")
        return _optional(ways[0])
    if origin is tuple and len(inner) == 2 and inner[1] is ...:
        return _several(inner[0])
    if origin is tuple and any(map(_way, inner)):
        raise NotPlain(f"{kind} mixes dataclasses with others")
    if origin is not None and issubclass(origin, Mapping) and len(inner) == 2:
        return _mapping(_way(inner[0]), _way(inner[1]))
    return None


def _optional(way: _Way) -> _Way:
    return _Way(
        lambda value: None if value is None else way.write(value),
        lambda value: None if value is None else way.read(value),
    )


def _several(kind: Any) -> _Way | None:
    way = _way(kind)
    if way is None:
        return None
    one = way
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return _Way(lambda values: tuple(map(one.write, values)), lambda rows: tuple(map(one.read, rows)))

    # Most of what there is are imports and definitions, which hold nothing nested: these two ways run in C.
    def write(values: Any) -> Any:
        return tuple(map(one.write if _nested(kind) else _values(kind), values))

    def read(rows: Any) -> Any:
        return tuple(map(one.read, rows)) if _nested(kind) else tuple(starmap(kind, rows))

    return _Way(write, read)


def _mapping(key: _Way | None, value: _Way | None) -> _Way | None:
    if key is None and value is None:
        return None
    same = _Way(lambda plain: plain, lambda plain: plain)
    keys, values = key or same, value or same
    return _Way(
        lambda found: {keys.write(k): values.write(v) for k, v in found.items()},
        lambda found: {keys.read(k): values.read(v) for k, v in found.items()},
    )


def _record(kind: Any) -> _Way:
    """A dataclass as the tuple of its fields. Which of them are nested is asked late: a class may hold itself."""

    def write(value: Any) -> Any:
        row = [*_values(kind)(value)]
        for place, way in _nested(kind).items():
            row[place] = way.write(row[place])
        return row

    def read(row: Any) -> Any:
        row = [*row]
        for place, way in _nested(kind).items():
            row[place] = way.read(row[place])
        return kind(*row)

    return _Way(write, read)


@cache
def _values(kind: Any) -> Callable[[Any], tuple[Any, ...]]:
    names = [field.name for field in fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


@cache
def _nested(kind: Any) -> Mapping[int, _Way]:
    """The fields of a dataclass that are not plain, by position."""
    hints = get_type_hints(kind)
    ways = ((place, _way(hints[field.name])) for place, field in enumerate(fields(kind)))
    return {place: way for place, way in ways if way}
