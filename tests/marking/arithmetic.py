"""Formulas as text, worked with numbers or with numbers that carry a bound of their error."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import numpy as np

Number = Any  # a float or a Dual
Rows = dict[str, list[Number]]
Weights = Callable[[str, int], Number]
Formula = Callable[[Rows, Weights, int, int, int, int], Number]


class Dual:
    """A number with its slopes by every rounding before it."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: float, slopes: np.ndarray) -> None:
        self.value, self.slopes = value, slopes

    def through(self, value: float, slope: float) -> Dual:
        return Dual(value, self.slopes * slope)

    def __add__(self, other: Number) -> Dual:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.slopes + other.slopes)
        return Dual(self.value + other, self.slopes)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slopes)

    def __sub__(self, other: Number) -> Dual:
        return self.__add__(-other)

    def __rsub__(self, other: Number) -> Dual:
        return (-self).__add__(other)

    def __mul__(self, other: Number) -> Dual:
        if isinstance(other, Dual):
            return Dual(
                self.value * other.value, self.slopes * other.value + other.slopes * self.value
            )
        return Dual(self.value * other, self.slopes * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Number) -> Dual:
        return self.__mul__(other**-1)

    def __rtruediv__(self, other: Number) -> Dual:
        return self.__pow__(-1).__mul__(other)

    def __pow__(self, power: float) -> Dual:
        return self.through(self.value**power, power * self.value ** (power - 1))


def plain(x: Number) -> float:
    """The number without its bound."""
    return float(x.value) if isinstance(x, Dual) else float(x)


def _function(value: Callable[[float], float], slope: Callable[[float, float], float]) -> Any:
    def apply(x: Number) -> Number:
        if isinstance(x, Dual):
            s = value(x.value)
            return x.through(s, slope(x.value, s))
        return value(x)

    return apply


def _sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


FUNCTIONS: dict[str, Any] = {
    "sigmoid": _function(_sigma, lambda _, s: s * (1 - s)),
    "tanh": _function(math.tanh, lambda _, s: 1 - s * s),
    "log": _function(math.log, lambda u, _: 1 / u),
    "exp": _function(math.exp, lambda _, s: s),
    "sqrt": _function(math.sqrt, lambda _, s: 1 / (2 * s)),
    "abs": _function(abs, lambda u, _: math.copysign(1.0, u)),
    "cosh": _function(math.cosh, lambda u, _: math.sinh(u)),
}


class UnreadableError(Exception):
    """A formula that this little language does not have."""


class _Code(ast.NodeTransformer):
    """Symbols become look-ups: rows by their step, everything else a parameter."""

    def __init__(self, rows: frozenset[str], backward: bool) -> None:
        self.rows, self.backward = rows, backward

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        assert isinstance(node.value, ast.Name)
        index = self.index(node.slice)
        return self.look_up(node.value.id, index)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in ("t", "first", "last", "n"):
            return node
        return self.look_up(node.id, "t")

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name)
        name, arguments = node.func.id, [self.visit(one) for one in node.args]
        if name in ("sum", "mean"):
            text = (
                f"sum(0 for t in range(first, last + 1)){'/(last + 1 - first)' * (name == 'mean')}"
            )
            call = _parsed(text)
            inner = call.left if isinstance(call, ast.BinOp) else call
            assert isinstance(inner, ast.Call) and isinstance(inner.args[0], ast.GeneratorExp)
            inner.args[0].elt = arguments[0]
            return call
        if name in ("identity", "stop"):
            found: ast.AST = arguments[0]
            return found
        if name not in FUNCTIONS:
            raise UnreadableError(name)
        return ast.Call(node.func, arguments, [])

    def look_up(self, name: str, index: str) -> ast.AST:
        if name in self.rows:
            return _parsed(f"rows[{name!r}][{index}]")
        # the weight of a step's equation: h[t] acts on the net inputs of t + 1
        later = self.backward and name[:2] in ("U_", "p_") and name != "p_o"
        name = name.removeprefix("own_")
        return _parsed(f"weights({name!r}, {index}{' + 1' * later})")

    def index(self, node: ast.expr) -> str:
        text = ast.unparse(node)
        known = {"t", "last", "first", "n", "T"}
        if any(isinstance(one, ast.Name) and one.id not in known for one in ast.walk(node)):
            raise UnreadableError(text)
        return text.replace("T", "n")


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@cache
def formula(text: str, rows: frozenset[str], backward: bool) -> Formula:
    """The function of (rows, weights, t, first, last, n) that a formula stands for."""
    try:
        tree = ast.parse(text.replace("^", "**"), mode="eval")
        tree = ast.fix_missing_locations(_Code(rows, backward).visit(tree))
    except (SyntaxError, AssertionError) as error:
        raise UnreadableError(text) from error
    body = ast.unparse(tree)
    code = f"lambda rows, weights, t, first, last, n: {body}"
    made: Formula = eval(code, dict(FUNCTIONS))  # only look-ups and arithmetic are left in it
    return made


def _decimal(x: float) -> Decimal:
    """The number as a calculator has it: without the noise of binary, so that halves are halves."""
    return Decimal(f"{x:.14g}")


@dataclass(frozen=True)
class Rounding:
    """How a person rounds: to significant figures, to decimals, or (neither) not at all."""

    figures: int | None = None
    decimals: int | None = None
    zeros: bool = True  # whether zeros at the end are written

    @property
    def name(self) -> str:
        if self.figures is not None:
            return f"{self.figures} figures"
        return f"{self.decimals} decimals" if self.decimals is not None else "17 figures"

    def exponent(self, x: float) -> int:
        """The power of ten of the last digit kept."""
        if self.decimals is not None:
            return -self.decimals
        digits = self.figures if self.figures is not None else 17
        return _decimal(x).adjusted() - digits + 1 if x else -digits

    def half(self, x: float) -> float:
        """Half a unit of the last digit; a nought kept to figures is exact."""
        if not x and self.decimals is None:
            return 0.0
        return 0.5 * 10.0 ** self.exponent(x)

    def text(self, x: float) -> str:
        """As it is written down: half a unit goes away from zero."""
        if self.figures is None and self.decimals is None:
            return repr(x)
        place = Decimal(1).scaleb(self.exponent(x))
        number = _decimal(x).quantize(place, ROUND_HALF_UP)
        text = f"{number:f}" if abs(number) >= Decimal("1e-5") or not number else f"{number:e}"
        if not self.zeros and "." in text and "e" not in text.lower():
            text = text.rstrip("0").rstrip(".")
        return "0" if text in ("-0", "") else text

    def value(self, x: float) -> float:
        """The number that the person goes on with."""
        return x if self.figures is None and self.decimals is None else float(self.text(x))


EXACT = Rounding()


def total(numbers: Sequence[Number]) -> Number:
    """The sum, also of no numbers."""
    result: Number = 0.0
    for one in numbers:
        result = result + one
    return result


def weights_of(p: Mapping[str, Number]) -> Weights:
    """Parameters that are the same at each step."""
    return lambda name, _t: p[name]
