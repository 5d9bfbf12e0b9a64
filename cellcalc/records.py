"""Immutable records: what ``@dataclass(frozen=True)`` makes, in a third of the time.

A command such as ``table`` loads fifty of them before it prints anything, and a dataclass compiles
six functions each, one by one: a sixth of the time until the first line stands there. Here they
are compiled at once, and those that need no compiling are shared. Records are dataclasses for
whoever asks: ``fields``, ``replace``, ``asdict``, ``match`` and type checkers take them as such.

>>> @record
... class Point:
...     x: float
...     y: float = 0.0
>>> Point(1.0), Point(1.0) == Point(1.0, 0.0), hash(Point(2.0)) == hash(Point(2.0))
(Point(x=1.0, y=0.0), True, True)
>>> Point(1.0).x = 2.0
Traceback (most recent call last):
    ...
dataclasses.FrozenInstanceError: cannot assign to field 'x'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_ABSENT: Any = object()


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(*, kw_only: bool = False, slots: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def record(
    cls: type[T] | None = None, /, *, kw_only: bool = False, slots: bool = False
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class an immutable record of its annotated fields, compared by their values.

    Parameters
    ----------
    cls : type, optional
        The class; left out where options are given.
    kw_only : bool, optional
        Whether its fields are given by name only.
    slots : bool, optional
        Whether its instances have no dictionary: small, but without cached properties.

    Returns
    -------
    type
        The class, or with ``slots`` another one like it.
    """

    def made(cls: type[T]) -> type[T]:
        cls.__doc__ = cls.__doc__ or f"{cls.__name__}."  # for which a dataclass takes its time
        own = dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        if slots:
            own = _slotted(own)
        for name, function in _compiled(own).items():
            _put(own, name, function)
        for name in ("__repr__", "__setattr__", "__delattr__", *(["__reduce__"] if slots else [])):
            _put(own, name, _Shared.__dict__[name])
        return own

    return made if cls is None else made(cls)


def _put(cls: type, name: str, function: Any) -> None:
    if name not in cls.__dict__ or (name == "__hash__" and cls.__dict__[name] is None):
        setattr(cls, name, function)


def _slotted(cls: type[T]) -> type[T]:
    names = [one.name for one in fields(cls)]  # type: ignore[arg-type]
    inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
    body = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in (*names, "__dict__", "__weakref__")
    }
    body["__slots__"] = tuple(name for name in names if name not in inherited)
    made: type[T] = type(cls)(cls.__name__, cls.__bases__, body)  # type: ignore[misc]
    made.__qualname__ = cls.__qualname__
    return made


def _compiled(cls: type) -> dict[str, Any]:
    """The functions that depend on the fields, from one source."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_ABSENT": _ABSENT}
    positional, named = ["self"], list[str]()
    lines: list[str] = []
    for one in fields(cls):
        value, argument = one.name, one.name
        if one.default_factory is not MISSING:
            scope[f"_made_{one.name}"] = one.default_factory
            value = f"_made_{one.name}()" + (
                f" if {one.name} is _ABSENT else {one.name}" if one.init else ""
            )
            argument += "=_ABSENT"
        elif one.default is not MISSING:
            scope[f"_usual_{one.name}"] = one.default
            value = value if one.init else f"_usual_{one.name}"
            argument += f"=_usual_{one.name}"
        elif not one.init:
            continue
        lines.append(f"  _set(self, {one.name!r}, {value})")
        if one.init:
            (named if one.kw_only else positional).append(argument)
    if hasattr(cls, "__post_init__"):
        lines.append("  self.__post_init__()")
    compared = [one.name for one in fields(cls) if one.compare]
    mine, others = (
        "".join(f"{whose}.{name}, " for name in compared) for whose in ("self", "other")
    )
    given = ", ".join([*positional, *(["*", *named] if named else [])])
    source = "\n".join(
        [
            f"def __init__({given}):",
            *(lines or ["  pass"]),
            "def __eq__(self, other):",
            "  if other.__class__ is not self.__class__: return NotImplemented",
            f"  return ({mine}) == ({others})",
            "def __hash__(self):",
            f"  return hash(({mine}))",
        ]
    )
    made: dict[str, Any] = {}
    exec(source, scope, made)
    for name, function in made.items():
        function.__qualname__ = f"{cls.__qualname__}.{name}"
        function.__module__ = cls.__module__
    made["__init__"].__annotations__ = {one.name: one.type for one in fields(cls) if one.init} | {
        "return": None
    }
    return made


class _Shared:
    """What all records have alike."""

    def __repr__(self) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in _fields(self) if one.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:  # of those with slots: to be pickled and copied
        return self.__class__, tuple(getattr(self, one.name) for one in _fields(self))


def _fields(one: Any) -> tuple[Field[Any], ...]:
    return fields(one)
