"""The numbers of a program that is followed: what each is made of, and what it is worth.

They go in arrays of numpy like any other number. Nothing that is not known gives a value: it
raises :class:`NotFollowedError`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from cellcalc.language.tree import Call, Div, Expression, Neg, Pow, add, multiply, number

MOST_NODES = 600  # of the tree of one number
MOST_ELEMENTS = 20_000  # of an array
Doubt = tuple[int, str, int]  # a line, the name it gives a number to, and the element


class NotFollowedError(Exception):
    """Something that is not followed; what it would have given is not known."""


class Term:
    """A number: what it is made of, and what it is worth in several worlds of numbers.

    ``doubts`` are the lines in its making that gave something else than their names say, ``p`` is
    the sequence whose data it is made of.
    """

    __slots__ = ("doubts", "line", "p", "raw", "size", "tree", "turn", "values")

    def __init__(
        self,
        tree: Expression,
        values: tuple[float, ...],
        size: int = 1,
        raw: Term | None = None,
        turn: object = None,
        line: int = 0,
        doubts: frozenset[Doubt] = frozenset(),
        p: int | None = None,
    ) -> None:
        if size > MOST_NODES:
            raise NotFollowedError
        self.tree, self.values, self.size = tree, values, size
        self.raw = raw  # the same before it was called by a name
        self.turn, self.line = turn, line  # where it was; no turn where the name only says it
        self.doubts, self.p = doubts, p

    def bare(self) -> Term:
        """The number as it is called, without how it was made."""
        return Term(self.tree, self.values, self.size, doubts=self.doubts, p=self.p)

    def _with(self, other: object, make: Callable[..., Expression], value: Any, turn: bool) -> Any:
        if isinstance(other, bool) or not isinstance(other, Term | int | float):
            return NotImplemented
        theirs = other if isinstance(other, Term) else constant(float(other), len(self.values))
        a, b = (theirs, self) if turn else (self, theirs)
        try:
            values = tuple(map(value, a.values, b.values))
        except (ArithmeticError, ValueError) as error:
            raise NotFollowedError from error
        doubts = a.doubts | b.doubts if a.doubts or b.doubts else a.doubts
        p = a.p if b.p is None or (a.p is not None and a.p > b.p) else b.p
        return Term(make(a.tree, b.tree), values, a.size + b.size + 1, doubts=doubts, p=p)

    def __add__(self, other: object) -> Any:
        return self.bare() if _is_zero(other) else self._with(other, add, operator.add, False)

    def __radd__(self, other: object) -> Any:
        return self.bare() if _is_zero(other) else self._with(other, add, operator.add, True)

    def __sub__(self, other: object) -> Any:
        return self.bare() if _is_zero(other) else self._with(other, _less, operator.sub, False)

    def __rsub__(self, other: object) -> Any:
        return self._with(other, _less, operator.sub, True)

    def __mul__(self, other: object) -> Any:
        return 0.0 if _is_zero(other) else self._with(other, multiply, operator.mul, False)

    def __rmul__(self, other: object) -> Any:
        return 0.0 if _is_zero(other) else self._with(other, multiply, operator.mul, True)

    def __truediv__(self, other: object) -> Any:
        return self._with(other, Div, operator.truediv, False)

    def __rtruediv__(self, other: object) -> Any:
        return self._with(other, Div, operator.truediv, True)

    def __pow__(self, other: object) -> Any:
        return self._with(other, Pow, operator.pow, False)

    def __neg__(self) -> Term:
        values = tuple(-v for v in self.values)
        return Term(_negative(self.tree), values, self.size + 1, doubts=self.doubts, p=self.p)

    def __pos__(self) -> Term:
        return self

    def __float__(self) -> float:
        raise NotFollowedError  # it is more than that

    def __bool__(self) -> bool:
        raise NotFollowedError


def constant(value: float, worlds: int) -> Term:
    """A number as it is written."""
    return Term(number(value), (value,) * worlds)


def _is_zero(value: object) -> bool:
    return isinstance(value, int | float) and value == 0


def _negative(tree: Expression) -> Expression:
    return tree.operand if isinstance(tree, Neg) else Neg(tree)


def _less(a: Expression, b: Expression) -> Expression:
    return add(a, _negative(b))


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


ONE: Mapping[str, Callable[[float], float]] = {
    "tanh": math.tanh, "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "sigmoid": _logistic,
    "abs": abs,
}  # fmt: skip


def is_number(value: object) -> bool:
    """Whether it is one number, known or followed."""
    return isinstance(value, Term | int | float) and not isinstance(value, bool)


def each(value: Any, make: Callable[[Any], Any]) -> Any:
    """A function of one number, or of each in an array."""
    if isinstance(value, list | tuple):
        value = as_array(value)
    if isinstance(value, numpy.ndarray):
        made = numpy.empty(value.shape, dtype=object)
        for place, one in numpy.ndenumerate(value):
            made[place] = make(one)
        return made
    if not is_number(value):
        raise NotFollowedError
    return make(value)


def applied(name: str, value: Any) -> Any:
    """A function of the language's, of one number or of each in an array."""
    if isinstance(value, Term):
        try:
            values = tuple(map(ONE[name], value.values))
        except (ArithmeticError, ValueError) as error:
            raise NotFollowedError from error
        return Term(Call(name, value.tree), values, value.size + 1, doubts=value.doubts, p=value.p)
    if is_number(value):
        try:
            return ONE[name](float(value))
        except (ArithmeticError, ValueError) as error:
            raise NotFollowedError from error
    return each(value, lambda one: applied(name, one))


def _counted(value: Any, most: int) -> int:
    """How many numbers are in nested lists, counted no further than needed."""
    if not isinstance(value, list | tuple):
        return 1
    count = 0
    for one in value:
        count += _counted(one, most - count)
        if count > most:
            raise NotFollowedError
    return count


def as_array(value: Any) -> Any:
    """Nested lists as an array; a number stays one."""
    if isinstance(value, numpy.ndarray):
        return value
    if isinstance(value, range):
        value = list(value)
    _counted(value, MOST_ELEMENTS)
    if isinstance(value, list | tuple):
        parts = [as_array(one) for one in value]
        shapes = {numpy.shape(part) if isinstance(part, numpy.ndarray) else () for part in parts}
        if not parts:
            return numpy.empty(0, dtype=object)
        if len(shapes) != 1 or len(parts) > MOST_ELEMENTS:
            raise NotFollowedError
        made = numpy.empty((len(parts), *shapes.pop()), dtype=object)
        for k, part in enumerate(parts):
            made[k] = part
        return made
    if value is not None and not is_number(value):
        raise NotFollowedError
    return value


def filled(shape: Any, value: Any) -> Any:
    """An array of one value."""
    if isinstance(shape, numpy.ndarray):
        shape = tuple(shape)
    if numpy.prod(shape, dtype=float) > MOST_ELEMENTS:
        raise NotFollowedError
    made = numpy.empty(shape, dtype=object)
    made[...] = value
    return made


def single(value: Any) -> Any:
    """The number in an array of one, so that it is a number like any other."""
    return value.reshape(-1)[0] if isinstance(value, numpy.ndarray) and value.size == 1 else value


def total(values: Any) -> Any:
    """The sum of all."""
    whole: Any = 0.0
    for one in values.flat if isinstance(values, numpy.ndarray) else [values]:
        whole = whole + one
    return whole


def summed(values: Any, axis: Any = None, keep: bool = False) -> Any:
    """The sum, over an axis where one is said."""
    if not isinstance(values, numpy.ndarray):
        return values
    if axis is None:
        whole = total(values)
        return filled((1,) * values.ndim, whole) if keep else whole
    if not isinstance(axis, int):
        raise NotFollowedError
    moved = numpy.moveaxis(values, axis, -1)
    made = numpy.empty(moved.shape[:-1], dtype=object)
    for place in numpy.ndindex(*made.shape):
        made[place] = total(moved[place])
    if keep:
        return numpy.expand_dims(made, axis)
    return made if made.ndim else made[()]


def power(left: Any, right: Any) -> Any:
    """To a power that is a number."""
    if isinstance(right, bool) or not isinstance(right, int | float) or abs(right) > 50:
        raise NotFollowedError
    return each(left, lambda one: one**right)


def product(left: Any, right: Any) -> Any:
    """A matrix product, or that of two numbers."""
    left, right = as_array(left), as_array(right)
    if not isinstance(left, numpy.ndarray) or not isinstance(right, numpy.ndarray):
        return left * right
    return numpy.dot(left, right)
