"""Derivatives of equations, in the form in which a textbook writes them.

:func:`differentiate` applies the rules of calculus; :func:`total`, :func:`product` and
:func:`opposite` are the smart counterparts of the plain constructors: they leave out zeros and
ones, put numbers together and move signs outwards, but never reorder terms or factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import isfinite
from types import MappingProxyType

from cellcalc.language.functions import ARGUMENTS, FUNCTIONS
from cellcalc.language.parser import parse
from cellcalc.language.tree import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Dot,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
    number,
    rebuilt,
)


def differentiate(
    expression: Expression,
    symbol: Symbol,
    value: Expression | None = None,
    slopes: Mapping[str, Expression] = MappingProxyType({}),
) -> Expression:
    """The partial derivative of an expression, simplified.

    Parameters
    ----------
    expression : Expression
        What is differentiated.
    symbol : Symbol
        The quantity that it is differentiated by, at one time shift. A weight or an input of one
        feature (``W_f2``, ``x2``) is an element of ``W_f @ x``.
    value : Expression, optional
        What holds the expression's own value: with ``f[t]`` the derivative of
        ``f[t] = sigmoid(z_f[t])`` is ``f[t]*(1 - f[t])``, as a textbook has it.
    slopes : mapping of str to Expression, optional
        Derivatives of functions, in ``u`` (the argument) and ``s`` (the value), that are used in
        place of the true ones: what somebody takes them for.

    Returns
    -------
    Expression
        The derivative; :data:`~cellcalc.language.tree.ZERO` where the symbol does not occur.

    Examples
    --------
    >>> from cellcalc.language.notation import LANGUAGE
    >>> from cellcalc.language.parser import parse
    >>> LANGUAGE(differentiate(parse("o[t]*tanh(c[t])"), Symbol("c", 0)))
    'o[t]*(1 - tanh(c[t])**2)'
    """

    def slope(e: Expression) -> Expression:
        return differentiate(e, symbol, slopes=slopes)

    match expression:
        case Number():
            return ZERO
        case Symbol():
            return ONE if expression == symbol else ZERO
        case Dot(weights, inputs):
            return _element(weights, inputs, symbol) or _element(inputs, weights, symbol) or ZERO
        case Neg(operand):
            return opposite(slope(operand))
        case Add(terms):
            return total(*map(slope, terms))
        case Mul(factors):
            return total(
                *(
                    product(*factors[:k], slope(factor), *factors[k + 1 :])
                    for k, factor in enumerate(factors)
                )
            )
        case Div(numerator, denominator):
            return total(
                product(slope(numerator), Div(ONE, denominator)),
                opposite(
                    product(slope(denominator), Div(numerator, raised(denominator, Number(2.0))))
                ),
            )
        case Pow(base, exponent):
            return total(
                product(exponent, raised(base, total(exponent, Neg(ONE))), slope(base)),
                product(value or expression, Call("log", base), slope(exponent)),
            )
        case Call(function, argument, others):
            arguments = (argument, *others)
            put_in: dict[Expression, Expression] = {Symbol("s"): value or expression}
            put_in |= {Symbol(name): e for name, e in zip(ARGUMENTS, arguments, strict=False)}
            own = slopes.get(function)
            given = derivatives(function) if own is None else (own, *derivatives(function)[1:])
            rules = zip(given, map(slope, arguments), strict=True)
            parts = [product(_tidy(rebuilt(rule, put_in.get)), d) for rule, d in rules if d != ZERO]
            return total(*parts) if len(parts) > 1 else parts[0] if parts else ZERO


@cache
def derivatives(function: str) -> tuple[Expression, ...]:
    """The derivatives of a function of the language by each argument, in ``u`` … and ``s``."""
    row = FUNCTIONS[function]
    return tuple(map(parse, (row.derivative, *row.others)))


def _element(vector: Symbol, other: Symbol, symbol: Symbol) -> Symbol | None:
    """The partner of ``symbol`` in the sum, if it is an element of ``vector``: x2 for W_f2."""
    feature = symbol.name.removeprefix(vector.name)
    is_element = symbol.name.startswith(vector.name) and feature.isdecimal()
    if not is_element or symbol.shift != vector.shift:
        return None
    return Symbol(other.name + feature, other.shift)


def _tidy(expression: Expression) -> Expression:
    """The expression without a 0 in a sum: step(z) for step(z - 0)."""

    def without(e: Expression) -> Expression | None:
        zeros = (ZERO, Neg(ZERO))
        if isinstance(e, Add) and any(term in zeros for term in e.terms):
            return total(*(_tidy(term) for term in e.terms))
        return None

    return rebuilt(expression, without)


def total(*terms: Expression) -> Expression:
    """The sum without its zeros, its plain numbers added up in the place of the first."""
    kept: list[Expression] = []
    constant, place = 0.0, 0
    for term in _flat(terms):
        match term:
            case Number(value) | Neg(Number(value)):
                place = place if constant else len(kept)
                constant += value if isinstance(term, Number) else -value
            case _:
                kept.append(term)
    if constant or not kept:
        kept.insert(place, number(constant))
    return add(*kept)


def _flat(terms: tuple[Expression, ...]) -> tuple[Expression, ...]:
    return tuple(t for term in terms for t in (term.terms if isinstance(term, Add) else (term,)))


def opposite(expression: Expression) -> Expression:
    """The expression with the other sign; a sum changes the sign of each term."""
    match expression:
        case Number(0.0):
            return ZERO
        case Neg(operand):
            return operand
        case Add(terms):
            return add(*map(opposite, terms))
        case _:
            return Neg(expression)


def product(*factors: Expression) -> Expression:
    """The product without its ones: numbers in front, sign outside, one fraction bar at most."""
    upper: list[Expression] = []
    lower: list[Expression] = []
    negative = _gather(factors, upper, lower)
    top, upper = _numbers_out(upper)
    bottom, lower = _numbers_out(lower)
    if top == 0.0:
        return ZERO
    if bottom and (top / bottom).is_integer():
        top, bottom = top / bottom, 1.0
    result = _multiplied(top, upper)
    if lower or bottom != 1.0:
        result = Div(result, _multiplied(bottom, lower))
    return Neg(result) if negative else result


def _gather(
    factors: tuple[Expression, ...], upper: list[Expression], lower: list[Expression]
) -> bool:
    """Sort flat factors into numerator and denominator; whether the sign is negative."""
    negative = False
    for factor in factors:
        match factor:
            case Neg(operand):
                negative ^= not _gather((operand,), upper, lower)
            case Mul(inner):
                negative ^= _gather(inner, upper, lower)
            case Div(numerator, denominator):
                negative ^= _gather((numerator,), upper, lower)
                negative ^= _gather((denominator,), lower, upper)
            case _:
                upper.append(factor)
    return negative


def _numbers_out(factors: list[Expression]) -> tuple[float, list[Expression]]:
    constant = 1.0
    others = []
    for factor in factors:
        if isinstance(factor, Number) and isfinite(constant * factor.value):
            constant *= factor.value
        else:
            others.append(factor)
    return constant, others


def _multiplied(constant: float, factors: list[Expression]) -> Expression:
    if constant == 1.0 and factors:
        return multiply(*factors)
    return multiply(Number(constant), *factors)


def raised(base: Expression, exponent: Expression) -> Expression:
    """The power, with exponents 0 and 1 written out."""
    if exponent == ZERO:
        return ONE
    return base if exponent == ONE else Pow(base, exponent)
