"""Arithmetic for marking: one function a formula, over numbers, arrays, or numbers with errors.

An :class:`Amount` is a number with what could be off about it: its first-order dependence on each
source of rounding, so that errors which cancel do cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from cellcalc.language.arithmetic import arrays, floats
from cellcalc.language.arithmetic.decimals import FLOATS
from cellcalc.language.calculus import derivatives
from cellcalc.language.functions import ARGUMENTS, FUNCTIONS
from cellcalc.language.tree import Add, Call, Div, Expression, Mul, Neg, Number, Pow, Symbol

Run = Callable[[Sequence[Any]], Any]  # a formula: from the values of its symbols to its own


class Amount:
    """A number, and how it changes with each source of error, to first order."""

    __slots__ = ("error", "value")
    # So that numpy leaves mixed operations to this class.
    __array_ufunc__: ClassVar[None] = None

    def __init__(self, value: float, error: Any) -> None:
        self.value, self.error = value, error

    def bound(self) -> float:
        """How far off the number can be at most."""
        return float(np.abs(self.error).sum())

    def scaled(self, value: float, slope: float) -> Amount:
        return Amount(value, self.error * slope)

    def with_other(self, other: Amount, value: float, own: float, others: float) -> Amount:
        return Amount(value, self.error * own + other.error * others)

    def __neg__(self) -> Amount:
        return self.scaled(-self.value, -1.0)

    def __add__(self, other: Any) -> Amount:
        if isinstance(other, Amount):
            return self.with_other(other, self.value + other.value, 1.0, 1.0)
        return self.scaled(self.value + other, 1.0)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Amount:
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> Amount:
        return self.__neg__().__add__(other)

    def __mul__(self, other: Any) -> Amount:
        if isinstance(other, Amount):
            return self.with_other(other, self.value * other.value, other.value, self.value)
        return self.scaled(self.value * other, other)

    __rmul__ = __mul__


def plain(value: Any) -> Any:
    """The number of an amount."""
    return value.value if isinstance(value, Amount) else value


@cache
def formula(expression: Expression) -> tuple[tuple[Symbol, ...], Run]:
    """The symbols of an expression, and a function that works it out from their values.

    The values may be numbers, arrays, or amounts, or some of each. ``W @ x`` must have been
    spelled out.
    """
    places: dict[Symbol, int] = {}
    run = _run(expression, places)
    return tuple(places), run


def _run(e: Expression, places: dict[Symbol, int]) -> Run:
    match e:
        case Number(number):
            return lambda _: number
        case Symbol():
            place = places.setdefault(e, len(places))
            return lambda values: values[place]
        case Neg(operand):
            inner = _run(operand, places)
            return lambda values: -inner(values)
        case Add(terms):
            return _folded([_run(term, places) for term in terms], lambda a, b: a + b)
        case Mul(factors):
            return _folded([_run(factor, places) for factor in factors], lambda a, b: a * b)
        case Div(numerator, denominator):
            return _called("divide", [_run(numerator, places), _run(denominator, places)])
        case Pow(base, exponent):
            return _called("power", [_run(base, places), _run(exponent, places)])
        case Call(name, argument, others):
            parts = [_run(part, places) for part in (argument, *others)]
            return parts[0] if name == "stop" else _called(name, parts)
    raise ValueError("W @ x has to be spelled out first")


def _folded(parts: list[Run], both: Callable[[Any, Any], Any]) -> Run:
    if len(parts) == 2:
        left, right = parts
        return lambda values: both(left(values), right(values))
    first, *others = parts

    def folded(values: Sequence[Any]) -> Any:
        result = first(values)
        for other in others:
            result = both(result, other(values))
        return result

    return folded


def _called(name: str, parts: list[Run]) -> Run:
    function = applied(name)
    if len(parts) == 1:
        (only,) = parts
        return lambda values: function(only(values))
    return lambda values: function(*(part(values) for part in parts))


@cache
def applied(name: str) -> Callable[..., Any]:
    """A function of the language, or ``divide`` or ``power``, of whatever it is given."""
    operators = {"divide": FLOATS.divide, "power": FLOATS.power}
    of_numbers = operators.get(name) or FLOATS.functions[name]
    of_arrays = getattr(arrays, name)

    def function(*arguments: Any) -> Any:
        kinds = [type(argument) for argument in arguments]
        if Amount in kinds:
            return _of_amounts(name, arguments)
        if np.ndarray in kinds:
            return of_arrays(*arguments)
        return of_numbers(*arguments)

    return function


def _of_amounts(name: str, arguments: Sequence[Any]) -> Amount:
    numbers = [plain(argument) for argument in arguments]
    value = applied(name)(*numbers)
    result: Amount | None = None
    for place, argument in enumerate(arguments):
        if isinstance(argument, Amount):
            slope = _slope(name, place)(value, *numbers)
            part = argument.scaled(value, slope)
            if result is not None:
                part = result.with_other(part, value, 1.0, 1.0)
            result = part
    assert result is not None
    return result


def _slope_above(_value: float, _above: float, below: float) -> float:
    return floats.divide(1.0, below)


def _slope_below(value: float, _above: float, below: float) -> float:
    return -floats.divide(value, below)


def _slope_of_base(_value: float, base: float, exponent: float) -> float:
    return exponent * floats.power(base, exponent - 1.0)


def _slope_of_exponent(value: float, base: float, _exponent: float) -> float:
    return value * floats.log(base)


@cache
def _slope(name: str, place: int) -> Callable[..., float]:
    """The derivative of a function by one of its arguments, from its value and its arguments."""
    if name == "divide":
        return _slope_below if place else _slope_above
    if name == "power":
        return _slope_of_exponent if place else _slope_of_base
    symbols, run = formula(derivatives(name)[place])
    names = ["s", *ARGUMENTS[: len(FUNCTIONS[name].arguments)]]
    places = [names.index(symbol.name) for symbol in symbols]
    return lambda *values: float(run([values[place] for place in places]))
