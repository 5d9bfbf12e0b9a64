"""The tree that every equation is: nodes, and the few ways of walking and moving one.

    Expression
    ├── Number(value)                 0.5; never negative
    ├── Symbol(name, shift, step)     U_f, h[t-1], c[2]
    ├── Dot(weights, inputs)          W_f @ x, the sum over the inputs
    ├── Neg(operand)                  -y
    ├── Add(terms)                    a + b - c, flat
    ├── Mul(factors)                  a*b*c, flat
    ├── Div(numerator, denominator)   a/b
    ├── Pow(base, exponent)           e**2
    └── Call(function, argument, others)   sigmoid(z), clip(u, low, high)

Trees are immutable and compare by structure. They are kept in one canonical shape, by building
sums and products with :func:`add` and :func:`multiply` (flat) and numbers with :func:`number`
(never negative), so that reading back what was printed gives an equal tree.

>>> U, h, b = Symbol("U_f"), Symbol("h", -1), Symbol("b_f")
>>> tree = add(Dot(Symbol("W_f"), Symbol("x", 0)), multiply(U, h), b)
>>> [symbol.name for symbol in symbols(tree)]
['W_f', 'x', 'U_f', 'h', 'b_f']
>>> add(add(b, U), b) == add(b, U, b)
True
>>> shifted(multiply(U, h), 1)
Mul(factors=(Symbol(name='U_f', shift=None, step=None), Symbol(name='h', shift=0, step=None)))
>>> shifted(Symbol("c", step=2), 1).step  # a certain step stays where it is
2
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

from cellcalc.records import record

End = Literal["first", "last"]  # of a window


@record(slots=True)
class Number:
    """A literal; not negative, so that ``-2`` has one shape only: ``Neg(Number(2))``."""

    value: float


@record(slots=True)
class Edge:
    """The first or the last step of a window, or the one so many steps from it."""

    end: End
    offset: int = 0

    def __str__(self) -> str:
        return self.end + (f"{self.offset:+d}" if self.offset else "")


@record(slots=True)
class Symbol:
    """A quantity at step ``t + shift``, or at the certain step ``step``, whatever t is.

    Both are None for what does not vary with time. Equations of a model have no certain steps:
    these stand in what people write down by hand.
    """

    name: str
    shift: int | None = None
    step: int | Edge | None = None

    @property
    def has_time(self) -> bool:
        """Whether it is meant at a step, be it t or a certain one."""
        return self.shift is not None or self.step is not None


@record(slots=True)
class Dot:
    """``W @ x``: the sum over features of weight times input."""

    weights: Symbol
    inputs: Symbol


@record(slots=True)
class Neg:
    """The opposite of something."""

    operand: Expression


@record(slots=True)
class Add:
    """A flat sum of two or more terms; a subtraction is a :class:`Neg` term."""

    terms: tuple[Expression, ...]


@record(slots=True)
class Mul:
    """A flat product of two or more factors."""

    factors: tuple[Expression, ...]


@record(slots=True)
class Div:
    """A quotient."""

    numerator: Expression
    denominator: Expression


@record(slots=True)
class Pow:
    """Something to the power of something else."""

    base: Expression
    exponent: Expression


@record(slots=True)
class Call:
    """A function of its argument, and ``others`` beside it in ``clip(u, low, high)`` and the like.

    The functions are the rows of :mod:`cellcalc.language.functions`.
    """

    function: str
    argument: Expression
    others: tuple[Expression, ...] = ()


Expression = Number | Symbol | Dot | Neg | Add | Mul | Div | Pow | Call

ZERO, ONE, TWO = Number(0.0), Number(1.0), Number(2.0)


def number(value: float) -> Expression:
    """A literal of either sign."""
    return Neg(Number(-value)) if value < 0 else Number(value)


def add(*terms: Expression) -> Expression:
    """The flat sum of ``terms`` (at least one); nothing is simplified."""
    flat: list[Expression] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Add) else (term,))
    return flat[0] if len(flat) == 1 else Add(tuple(flat))


def multiply(*factors: Expression) -> Expression:
    """The flat product of ``factors`` (at least one); nothing is simplified."""
    flat: list[Expression] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Mul) else (factor,))
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))


def children(expression: Expression) -> tuple[Expression, ...]:
    """The operands of a node, left to right."""
    return _CHILDREN[expression.__class__](expression)


# A table and a list of what is left in place of patterns and generators: marking walks millions of
# trees, and these two are where it spends its time.
_CHILDREN: Mapping[type, Callable[[Any], tuple[Expression, ...]]] = {
    Number: lambda _: (),
    Symbol: lambda _: (),
    Dot: lambda e: (e.weights, e.inputs),
    Neg: lambda e: (e.operand,),
    Add: lambda e: e.terms,
    Mul: lambda e: e.factors,
    Div: lambda e: (e.numerator, e.denominator),
    Pow: lambda e: (e.base, e.exponent),
    Call: lambda e: (e.argument, *e.others),
}


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node, parents before children, left to right."""
    left = [expression]
    while left:
        node = left.pop()
        yield node
        left.extend(_CHILDREN[node.__class__](node)[::-1])


def symbols(expression: Expression) -> tuple[Symbol, ...]:
    """Each distinct symbol, in order of first appearance."""
    found: dict[Symbol, None] = {}
    left = [expression]
    while left:
        node = left.pop()
        if isinstance(node, Symbol):
            found[node] = None
        else:
            left.extend(_CHILDREN[node.__class__](node)[::-1])
    return tuple(found)


def is_constant(expression: Expression) -> bool:
    """Whether no symbol occurs in it."""
    return not symbols(expression)


def rebuilt(
    expression: Expression, replacement: Callable[[Expression], Expression | None]
) -> Expression:
    """The tree with each node replaced for which ``replacement`` gives another; from the root."""

    def again(e: Expression) -> Expression:
        if (new := replacement(e)) is not None:
            return new
        match e:
            case Number() | Symbol() | Dot():
                return e
            case Neg(operand):
                return Neg(again(operand))
            case Add(terms):
                return add(*map(again, terms))
            case Mul(factors):
                return multiply(*map(again, factors))
            case Div(numerator, denominator):
                return Div(again(numerator), again(denominator))
            case Pow(base, exponent):
                return Pow(again(base), again(exponent))
            case Call(function, argument, others):
                return Call(function, again(argument), tuple(map(again, others)))

    return again(expression)


def rename(expression: Expression, new: Callable[[Symbol], Symbol]) -> Expression:
    """The tree with each symbol replaced by another symbol, also within ``W @ x``."""

    def replacement(e: Expression) -> Expression | None:
        match e:
            case Symbol():
                return new(e)
            case Dot(weights, inputs):
                return Dot(new(weights), new(inputs))
        return None

    return rebuilt(expression, replacement)


def shifted(expression: Expression, steps: int) -> Expression:
    """The same equation ``steps`` later: ``h[t-1]`` becomes ``h[t]`` for ``steps = 1``.

    Parameters
    ----------
    expression : Expression
        Any tree; symbols without time and at certain steps stay as they are.
    steps : int
        By how many steps later; negative for earlier.

    Returns
    -------
    Expression
    """

    def move(symbol: Symbol) -> Symbol:
        if symbol.shift is None:
            return symbol
        return Symbol(symbol.name, symbol.shift + steps, symbol.step)

    return rename(expression, move) if steps else expression


def spelled_out(expression: Expression, features: int) -> Expression:
    """The tree with each ``W @ x`` written as W1*x1 + W2*x2 + …, or W*x for a single feature."""

    def element(symbol: Symbol, feature: int) -> Symbol:
        return replace(symbol, name=f"{symbol.name}{feature}") if features > 1 else symbol

    def products(dot: Dot) -> Expression:
        return add(
            *(
                multiply(element(dot.weights, k), element(dot.inputs, k))
                for k in range(1, features + 1)
            )
        )

    return rebuilt(expression, lambda e: products(e) if isinstance(e, Dot) else None)
