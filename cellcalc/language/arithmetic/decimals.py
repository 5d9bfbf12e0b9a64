"""Working out an equation in any arithmetic: floats as the engine has them, or 60 digits.

Whether two formulas are the same is decided in decimal arithmetic, in which nothing overflows and
differences of nearly equal numbers keep their digits.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from cellcalc.language.arithmetic import floats
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.tree import (
    Add,
    Call,
    Div,
    Dot,
    Edge,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
)

DIGITS = 60
CONTEXT = decimal.Context(prec=DIGITS, Emax=10**9, Emin=-(10**9), traps=[])
# Over the steps of the window, or over those from a first to a last one; only in answers.
SUM, MEAN = "sum", "mean"
LAST_STEP = "T"  # the window's last step, in the limits of a sum
MOST_TERMS = 2_000  # of a sum with limits; no problem that is worked out by hand has more

Value = Any  # a number of the arithmetic in use


class Numbers(Protocol):
    """Where the numbers of an equation come from."""

    @property
    def swept(self) -> Sequence[int]: ...

    def value(self, name: str, t: int) -> Value: ...

    def before(self, name: str, t: int) -> Value: ...

    def at(self, name: str, step: int | Edge) -> Value: ...

    def fixed(self, name: str) -> Value: ...


Work = Callable[[Numbers, int], Value]


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are made, and what the operations that are not operators do with them."""

    number: Callable[[float], Value]
    functions: Mapping[str, Callable[..., Value]]
    divide: Callable[[Any, Any], Value]
    power: Callable[[Any, Any], Value]


def _decimal(value: float) -> Decimal:
    # The decimal that the float was meant to be: 0.1 and not 0.1000000000000000055…
    return Decimal(repr(float(value)))


def _sigmoid(u: Decimal) -> Decimal:
    return CONTEXT.divide(Decimal(1), CONTEXT.add(1, CONTEXT.exp(-u)))


def _tanh(u: Decimal) -> Decimal:
    return CONTEXT.subtract(CONTEXT.multiply(2, _sigmoid(2 * u)), 1)


def _divide(a: Decimal, b: Decimal) -> Decimal:
    return CONTEXT.divide(a, b or Decimal("1e-300"))


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > 10_000 or (base == 0 and exponent < 0):
        # Such powers are no textbook's and would take for ever, or have a value by convention.
        return _decimal(floats.power(float(base), float(exponent)))
    return CONTEXT.power(base, exponent)


def _softplus(u: Decimal) -> Decimal:
    return max(u, Decimal(0)) + CONTEXT.ln(1 + CONTEXT.exp(-abs(u)))


_EXACT: Mapping[str, Callable[..., Decimal]] = {
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "exp": lambda u: CONTEXT.exp(min(u, Decimal(709))),
    "log": lambda u: CONTEXT.ln(max(u, Decimal("1e-300"))),
    "sqrt": CONTEXT.sqrt,
    "abs": abs,
    "relu": lambda u: max(u, Decimal(0)),
    "hard_sigmoid": lambda u: min(max(u / 5 + Decimal("0.5"), Decimal(0)), Decimal(1)),
    "stop": lambda u: u,
    "sign": lambda u: Decimal((u > 0) - (u < 0)),
    "step": lambda u: Decimal(u > 0),
    "hard_sigmoid_slope": lambda u: Decimal("0.2") if abs(u) <= Decimal("2.5") else Decimal(0),
    "hardsigmoid": lambda u: min(max(u / 6 + Decimal("0.5"), Decimal(0)), Decimal(1)),
    "hardsigmoid_slope": lambda u: Decimal(1) / 6 if abs(u) < 3 else Decimal(0),
    "softplus": _softplus,
    "complement": lambda u, _a: 1 - u,
    "log_logistic": lambda _u, a: -_softplus(-a),
    "log_complement": lambda _u, a: -_softplus(a),
    "clip": lambda u, low, high: min(max(u, low), high),
    "inside": lambda u, low, high: Decimal(low <= u <= high),
    "max": lambda u, a: max(u, a),
    "min": lambda u, a: min(u, a),
}

FLOATS = Arithmetic(
    float,
    {name: getattr(floats, name, None) or (lambda u: u) for name in FUNCTIONS},
    floats.divide,
    floats.power,
)
DECIMALS = Arithmetic(
    _decimal,
    {name: _EXACT[name] for name in FUNCTIONS},
    _divide,
    _power,
)


def work(expression: Expression, arithmetic: Arithmetic) -> Work:
    """A function that works the expression out for a step.

    Symbols with a time index are asked for by name and step, those without by name. ``W @ x`` must
    have been spelled out.
    """

    def again(e: Expression) -> Work:
        return work(e, arithmetic)

    match expression:
        case Number(number):
            constant = arithmetic.number(number)
            return lambda _numbers, _t: constant
        case Symbol():
            return _lookup(expression)
        case Neg(operand):
            inner = again(operand)
            return lambda numbers, t: -inner(numbers, t)
        case Add(terms):
            return _sum([again(term) for term in terms])
        case Mul(factors):
            return _product([again(factor) for factor in factors])
        case Div(numerator, denominator):
            upper, lower, divide = again(numerator), again(denominator), arithmetic.divide
            return lambda numbers, t: divide(upper(numbers, t), lower(numbers, t))
        case Pow(base, exponent):
            foot, height, power = again(base), again(exponent), arithmetic.power
            return lambda numbers, t: power(foot(numbers, t), height(numbers, t))
        case Call("sum" | "mean" as name, argument, others):
            limits = [again(limit) for limit in others]
            return _over_time(again(argument), limits, name == MEAN, arithmetic)
        case Call(name, argument, ()):
            inner, function = again(argument), arithmetic.functions[name]
            return lambda numbers, t: function(inner(numbers, t))
        case Call(name, argument, others):
            parts, function = [again(argument), *map(again, others)], arithmetic.functions[name]
            return lambda numbers, t: function(*(part(numbers, t) for part in parts))
        case Dot():
            raise ValueError("W @ x has to be spelled out first")


def _lookup(symbol: Symbol) -> Work:
    name, shift, step = symbol.name, symbol.shift, symbol.step
    if step is not None:
        return lambda numbers, _t: numbers.at(name, step)
    if shift is None:
        return lambda numbers, _t: numbers.fixed(name)
    if shift < 0:
        return lambda numbers, t: numbers.before(name, t + shift + 1)
    return lambda numbers, t: numbers.value(name, t + shift)


def _sum(terms: list[Work]) -> Work:
    first, *others = terms

    def added(numbers: Numbers, t: int) -> Value:
        total = first(numbers, t)
        for term in others:
            total = total + term(numbers, t)
        return total

    return added


def _product(factors: list[Work]) -> Work:
    first, *others = factors

    def multiplied(numbers: Numbers, t: int) -> Value:
        result = first(numbers, t)
        for factor in others:
            result = result * factor(numbers, t)
        return result

    return multiplied


def _over_time(inner: Work, limits: Sequence[Work], mean: bool, arithmetic: Arithmetic) -> Work:
    def added(numbers: Numbers, t: int) -> Value:
        steps: Sequence[int] = numbers.swept
        if limits:
            low, high = (_whole(limit(numbers, t)) for limit in limits)
            if low is None or high is None or high - low >= MOST_TERMS:
                return arithmetic.number(float("nan"))
            steps = range(low, high + 1)
        values = [inner(numbers, step) for step in steps]
        total = sum(values[1:], start=values[0]) if values else arithmetic.number(0.0)
        return arithmetic.divide(total, arithmetic.number(float(len(values)))) if mean else total

    return added


def _whole(limit: Value) -> int | None:
    """The step that a limit names; none where it names no step."""
    size = float(limit)
    return int(size) if size == size and size.is_integer() and abs(size) < 1e9 else None
