"""`dataclass`, at a seventh of the cost of importing it: use it as the one of the standard library.

The standard decorator compiles six functions for a frozen class. With the more than a hundred classes of prodcheck that
was two thirds of its start-up. Here a class compiles one function, `__init__`, and only after a few instances; all
classes share the functions for comparing, hashing and printing. `replace` and `fields` of `dataclasses` work as ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, *, frozen: bool = False, slots: bool = False) -> object:
        """The decorator; `@dataclass` or `@dataclass(frozen=True)`, with `slots=True` for what there are thousands of:
        an instance then takes a third less room."""
        return _prepared(cls, frozen, slots) if cls else lambda cls: _prepared(cls, frozen, slots)


_UNSET = object()
_FEW = 8
"""Instances that are made without a compiled `__init__`: compiling takes as long as twenty of them."""


def _prepared(cls: type, frozen: bool, slots: bool) -> type:
    defaults: dict[str, object] = {}
    for base in reversed(cls.__mro__[1:]):
        defaults.update(base.__dict__.get("_defaults", {}))
    defaults.update((name, cls.__dict__.get(name, _UNSET)) for name in cls.__annotations__)
    written = cls
    if slots:
        cls = _with_slots(cls)
    own = cls.__dict__
    methods: dict[str, object] = {
        "_defaults": defaults,
        "_values": attrgetter(*defaults),
        "__init__": _first_init(cls, defaults, frozen),
        "__eq__": _equal,
        "__hash__": _hash if frozen else None,
        "__repr__": _repr,
        "__dataclass_fields__": _Standard(cls, written, "__dataclass_fields__"),
        "__dataclass_params__": _Standard(cls, written, "__dataclass_params__"),
    }
    if frozen:
        methods |= {"__setattr__": _no_assignment, "__delattr__": _no_assignment}
    if slots:
        methods |= {"__getstate__": _state, "__setstate__": _set_state}
    for name, method in methods.items():
        if name not in own or (name == "__hash__" and own[name] is None):
            setattr(cls, name, method)
    return cls


def _with_slots(cls: type) -> type:
    """The class, made once more with a fixed place for each field. Its methods must not use `super()`."""
    names = tuple(cls.__annotations__)
    left_out = ("__dict__", "__weakref__", *names)
    body = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    return type(cls)(cls.__name__, cls.__bases__, body | {"__slots__": names, "__qualname__": cls.__qualname__})


def _first_init(cls: Any, defaults: Mapping[str, object], frozen: bool) -> Callable[..., None]:
    left = 0 if any(getattr(default, "kw_only", False) is True for default in defaults.values()) else _FEW

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        nonlocal left
        left -= 1
        if left < 0 or not _filled(self, defaults, args, kwargs):
            cls.__init__ = _init(cls, defaults, frozen)
            cls.__init__(self, *args, **kwargs)

    return __init__


def _filled(
    record: object, defaults: Mapping[str, Any], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bool:
    """Give an instance its values; False where the call is wrong, which the compiled function tells better."""
    first = dict(zip(defaults, args))  # noqa: B905 - too few and too many are both seen below
    values = {**defaults, **first, **kwargs}
    if len(first) < len(args) or len(values) > len(defaults) or not first.keys().isdisjoint(kwargs):
        return False
    for name, value in values.items():
        if value.__class__ is dataclasses.Field:
            make: Any = value.default_factory
            value = value.default if make is dataclasses.MISSING else make()
        if value is _UNSET or value is dataclasses.MISSING:
            return False
        object.__setattr__(record, name, value)
    return True


def _init(cls: type, defaults: Mapping[str, object], frozen: bool) -> Callable[..., None]:
    """The `__init__` that the standard library would make."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_UNSET": _UNSET}
    head, keywords, body = ["self"], ["*"], []
    for name, default in defaults.items():
        value, arguments = name, head
        if isinstance(default, dataclasses.Field):
            arguments = keywords if default.kw_only is True else head
            if default.default_factory is not dataclasses.MISSING:
                scope[f"_make_{name}"] = default.default_factory
                value = f"_make_{name}() if {name} is _UNSET else {name}"
                default = None
            else:
                default = _UNSET if default.default is dataclasses.MISSING else default.default
        if value != name:
            arguments.append(f"{name}=_UNSET")
        elif default is _UNSET:
            arguments.append(name)
        else:
            scope[f"_default_{name}"] = default
            arguments.append(f"{name}=_default_{name}")
        body.append(f"    _set(self, {name!r}, {value})" if frozen else f"    self.{name} = {value}")
    arguments = [*head, *(keywords if keywords[1:] else ())]
    exec(f"def __init__({', '.join(arguments)}):\n" + "\n".join(body), scope)
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


class _Standard:
    """What `dataclasses.replace` and `fields` look for, made by the standard library when they do.

    It reads the class as it was written: in one with slots the defaults are gone.
    """

    def __init__(self, owner: type, written: type, name: str) -> None:
        self.owner = owner
        self.written = written
        self.name = name

    def __get__(self, instance: object, cls: type) -> object:
        dataclasses.dataclass(init=False, repr=False, eq=False)(self.written)
        found = self.written.__dict__[self.name]
        setattr(self.owner, self.name, found)
        return found


def _equal(self: Any, other: Any) -> Any:
    return self._values(self) == self._values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._values(self))


def _repr(self: Any) -> str:
    values = [f"{name}={getattr(self, name)!r}" for name in _shown(self.__class__)]
    return f"{self.__class__.__qualname__}({', '.join(values)})"


@cache
def _shown(cls: Any) -> list[str]:
    """The fields that `repr` shows."""
    return [name for name, default in cls._defaults.items() if getattr(default, "repr", True) is not False]


def _state(self: Any) -> list[object]:
    return [getattr(self, name) for name in self._defaults]


def _set_state(self: Any, state: list[object]) -> None:
    for name, value in zip(self._defaults, state, strict=True):
        object.__setattr__(self, name, value)


def _no_assignment(self: object, name: str, value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r}")
