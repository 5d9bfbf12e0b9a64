"""Net inputs that a cell's equations have no row for get one where its own value matters.

With ``h = 2*tanh((W @ x + U*h[t-1])/2)`` the slope needs the net input once more. Whoever runs
the chain rule over stored activations with today's weights has that value in store, as of its own
time; worked out again from the equation it would be one of today's weights, and the cell would
mean something else than the same cell with a row ``z_h = W @ x + U*h[t-1]``. And whoever works by
hand writes it down, rounded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.parser import parse
from cellcalc.language.tree import (
    ONE,
    Add,
    Call,
    Div,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    children,
    is_constant,
    multiply,
    symbols,
)
from cellcalc.problems.templates import Equation, Template
from cellcalc.resources import gist, sentence

PASSED_ON = ("stop", "identity")  # functions that hand their argument on as it is


def with_net_inputs(
    part: Template, taken: Collection[str], by_hand: bool = False, always: Collection[str] = ()
) -> Template:
    """A cell or readout in which each net input has a row.

    Parameters
    ----------
    part : Template
        Its equations, in the order of computation.
    taken : collection of str
        Names that mean something else.
    by_hand : bool
        Also those that no derivative needs, as of ``h = tanh(W @ x)``, whose slope is 1 - h²; by
        hand they are written down all the same.
    always : collection of str
        What has a row for its net input though its slope needs none.

    Returns
    -------
    Template
        The same object where nothing is missing.
    """
    equations: list[Equation] = []
    names = set(taken)
    for equation in part.equations:
        finder = _Finder(equation, part.parameters, names)
        formula = finder.outermost(equation.formula, by_hand or equation.symbol in always)
        equations += [*finder.rows(), replace(equation, formula=formula)]
        names.update(finder.found.values())
    if len(equations) == len(part.equations):
        return part
    return replace(part, equations=tuple(equations))


class _Finder:
    """Takes the net inputs out of one equation."""

    def __init__(
        self, equation: Equation, parameters: Collection[str], taken: Collection[str]
    ) -> None:
        self.equation, self.parameters, self.taken = equation, parameters, taken
        self.found: dict[Expression, str] = {}

    def rows(self) -> Iterator[Equation]:
        says = sentence(
            "quantity", "net_input", of=gist(self.equation.says) or self.equation.symbol
        )
        for formula, name in self.found.items():
            yield Equation(name, formula, says)

    def outermost(self, formula: Expression, by_hand: bool) -> Expression:
        """The formula without its net inputs; a function whose slope is in its value has none."""
        if isinstance(formula, Call) and not by_hand and _slope_in_value(formula.function):
            return Call(formula.function, self.without(formula.argument, False), formula.others)
        return self.without(formula, False)

    def without(self, e: Expression, needed: bool) -> Expression:
        """The expression with symbols for net inputs; ``needed``: some slope has its value."""
        if needed and self.is_net(e):
            inner = self.without(e, False)
            name = self.found.setdefault(inner, self.name())
            return Symbol(name, 0)
        match e:
            case Neg(operand):
                return Neg(self.without(operand, needed))
            case Add(terms):
                return add(*(self.without(term, needed) for term in terms))
            case Mul(factors):
                scaled = sum(not is_constant(factor) for factor in factors) > 1
                return multiply(*(self.without(factor, needed or scaled) for factor in factors))
            case Div(numerator, denominator):
                scaled = not is_constant(denominator)
                upper = self.without(numerator, needed or scaled)
                return Div(upper, self.without(denominator, True))
            case Pow(base, exponent):
                return Pow(self.without(base, exponent != ONE), self.without(exponent, True))
            case Call(function, argument, others):
                inside = needed or function not in PASSED_ON
                rest = tuple(self.without(other, inside) for other in others)
                return Call(function, self.without(argument, inside), rest)
            case _:
                return e

    def is_net(self, e: Expression) -> bool:
        """Whether it is more than a symbol or a function's value, and parameters act in it.

        Of z/2 the net input is z, of -2*z too; 1 - sigmoid(z) is a matter of that function's value.
        """
        match e:
            case Number() | Symbol() | Call() | Neg():
                return False
            case Div(_, denominator) if is_constant(denominator):
                return False
            case Mul(factors) if sum(not is_constant(factor) for factor in factors) == 1:
                return False
        return self.has_weight(e)

    def has_weight(self, e: Expression) -> bool:
        """Whether a parameter stands in it, and not only within a function."""
        if isinstance(e, Symbol):
            return e.name in self.parameters
        opaque = isinstance(e, Call) and e.function not in PASSED_ON
        return not opaque and any(map(self.has_weight, children(e)))

    def name(self) -> str:
        """A name that nothing else has: ``z_h``, and where there are several ``z_h_2``."""
        plain = f"z_{self.equation.symbol}"
        taken, number = {*self.taken, *self.found.values()}, 1
        while (name := plain if number == 1 else f"{plain}_{number}") in taken:
            number += 1
        return name


def _slope_in_value(function: str) -> bool:
    """Whether a function's derivative is written in its value alone, as 1 - s**2."""
    row = FUNCTIONS[function]
    read = {symbol.name for symbol in symbols(parse(row.derivative))}
    return not row.others and "u" not in read
