"""Records are frozen dataclasses to whoever uses them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import pytest

from cellcalc.records import record


@record
class Plain:
    """With a default, a list of its own, and something that is not compared."""

    a: int
    b: tuple[int, ...] = (1,)
    c: list[int] = field(default_factory=list, compare=False)

    @cached_property
    def twice(self) -> int:
        return 2 * self.a


@dataclass(frozen=True)
class Usual:
    a: int
    b: tuple[int, ...] = (1,)
    c: list[int] = field(default_factory=list, compare=False)


@record(slots=True)
class Small:
    a: int
    b: float = 0.5


@record(kw_only=True)
class Named(Plain):
    d: str

    def __repr__(self) -> str:
        return "named"


def test_it_is_what_a_frozen_dataclass_is() -> None:
    one, usual = Plain(3, c=[1]), Usual(3, c=[1])
    assert repr(one) == repr(usual).replace("Usual", "Plain")
    assert asdict(one) == asdict(usual)
    assert [f.name for f in fields(one)] == ["a", "b", "c"]
    assert one == Plain(3) and hash(one) == hash(Plain(3))
    assert one != Plain(4) and one != usual
    assert replace(one, a=5) == Plain(5)
    assert Plain(1).c is not Plain(1).c
    assert one.twice == 6
    match one:
        case Plain(a, b):
            assert (a, b) == (3, (1,))


@pytest.mark.parametrize("one", [Plain(1), Small(1), Named(a=1, d="x")])
def test_nothing_of_it_can_be_changed(one: Any) -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'a'"):
        one.a = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'a'"):
        del one.a
    assert one.a == 1


@pytest.mark.parametrize("one", [Plain(1), Small(1, 2.5), Named(a=1, d="x")])
def test_it_is_pickled_and_copied(one: Any) -> None:
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one)):
        assert other == one and type(other) is type(one)


def test_slots_leave_no_room_for_more() -> None:
    assert not hasattr(Small(1), "__dict__")
    assert Small(1) == Small(1, 0.5) and len({Small(1), Small(1)}) == 1


def test_arguments_are_those_of_the_fields() -> None:
    with pytest.raises(TypeError, match="'a'"):
        Plain()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Named(1, (1,), [], "x")  # type: ignore[misc]
    assert repr(Named(a=1, d="x")) == "named"
