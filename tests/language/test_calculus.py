"""Derivatives: their value against complex steps, their form against a textbook's."""

from __future__ import annotations

import cmath
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cellcalc.language.calculus import differentiate
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.parser import parse
from cellcalc.language.tree import (
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
    symbols,
)

SMOOTH = {
    "sigmoid": lambda u: 1 / (1 + cmath.exp(-u)),
    "tanh": cmath.tanh,
    "exp": cmath.exp,
    "log": cmath.log,
    "sqrt": cmath.sqrt,
    "abs": lambda u: u if u.real > 0 else -u,
    "relu": lambda u: u if u.real > 0 else 0,
    "hardsigmoid": lambda u: u / 6 + 0.5 if abs(u.real) < 3 else float(u.real > 0),
    "hardsigmoid_slope": lambda u: complex(1 / 6 if abs(u.real) < 3 else 0.0),
    "softplus": lambda u: cmath.log(1 + cmath.exp(u)),
    "hard_sigmoid": lambda u: 0.2 * u + 0.5 if abs(u.real) < 2.5 else float(u.real > 0),
    "sign": lambda u: complex((u.real > 0) - (u.real < 0)),
    "step": lambda u: complex(u.real > 0),
    "hard_sigmoid_slope": lambda u: complex(0.2 if abs(u.real) < 2.5 else 0.0),
    "max": lambda u, a: u if u.real >= a.real else a,
    "min": lambda u, a: u if u.real <= a.real else a,
    "clip": lambda u, a, b: min((max((u, a), key=_real), b), key=_real),
    "inside": lambda u, a, b: complex(a.real <= u.real <= b.real),
}


def _real(number: complex) -> float:
    return number.real


def value(e: Expression, at: dict[Symbol, complex]) -> complex:
    """The value of a tree at complex numbers, written apart from cellcalc's own."""
    match e:
        case Number(number):
            return complex(number)
        case Symbol():
            return at[e]
        case Neg(operand):
            return -value(operand, at)
        case Add(terms):
            return sum((value(t, at) for t in terms), 0j)
        case Mul(factors):
            result = 1 + 0j
            for factor in factors:
                result *= value(factor, at)
            return result
        case Div(numerator, denominator):
            return value(numerator, at) / value(denominator, at)
        case Pow(base, exponent):
            return value(base, at) ** value(exponent, at)
        case Call(function, argument, others):
            return SMOOTH[function](*(value(e, at) for e in (argument, *others)))
    raise AssertionError(e)


A, B = Symbol("a", 0), Symbol("b", -1)
LEAVES = st.sampled_from([A, B, A, B, Number(2.0), Number(0.5), Number(1.0)])


def _grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    pair = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        pair.map(lambda terms: add(*terms)),
        pair.map(lambda factors: multiply(*factors)),
        st.builds(Neg, inner),
        st.builds(Div, inner, inner),
        st.builds(Pow, inner, st.sampled_from([Number(2.0), Number(3.0), A])),
        st.sampled_from(sorted(SMOOTH)).flatmap(lambda name: _calls(name, inner)),
    )


def _calls(name: str, inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    others = [inner] * len(FUNCTIONS[name].others)
    return st.builds(Call, st.just(name), inner, st.tuples(*others))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(tree=st.recursive(LEAVES, _grow, max_leaves=8), seed=st.integers(0, 10**6))
def test_derivatives_equal_complex_steps(tree: Expression, seed: int) -> None:
    generator = random.Random(seed)
    at = {A: complex(generator.uniform(0.3, 1.5)), B: complex(generator.uniform(0.3, 1.5))}
    step = 1e-30j
    try:
        moved = value(tree, {**at, A: at[A] + step})
        slope = value(differentiate(tree, A), at)
    except (ArithmeticError, ValueError):
        assume(False)
    # Off the real axis (log of a negative number) a complex step is no derivative.
    assume(abs(value(tree, at).imag) == 0 and abs(moved) < 1e6 and abs(slope) < 1e6)
    assert slope.real == pytest.approx(moved.imag / step.imag, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "by", "derivative"),
    [
        ("f*c[t-1] + i*g", "c[t-1]", "f"),
        ("f*c[t-1] + i*g", "i", "g"),
        ("W*x + U*h[t-1] + b", "h[t-1]", "U"),
        ("W*x + U*h[t-1] + b", "b", "1"),
        ("W*x + U*h[t-1] + b", "h", "0"),
        ("(y - target)**2/2", "y", "y - target"),
        ("(y - target)**2", "y", "2*(y - target)"),
        ("-(target*log(y) + (1 - target)*log(1 - y))", "y", "-target/y + (1 - target)/(1 - y)"),
        ("f*c[t-1] + (1 - f)*g", "f", "c[t-1] - g"),
        ("W_f @ x", "W_f3", "x3"),
        ("W_f @ x", "x2", "W_f2"),
        ("4*sigmoid(z) - 2", "z", "4*sigmoid(z)*(1 - sigmoid(z))"),
        ("stop(c)*p", "c", "0"),
        ("stop(c)*p", "p", "stop(c)"),
        ("abs(y - target)", "y", "sign(y - target)"),
        ("relu(z)", "z", "step(z)"),
        ("y**3/3", "y", "y**2"),
        ("y/4", "y", "1/4"),
        ("a/b", "b", "-a/b**2"),
        ("sqrt(a)", "a", "1/(2*sqrt(a))"),
        ("a + a", "a", "2"),
        ("u*h[t-1] + (1 - u)*g", "g", "1 - u"),
        ("(a - 1)*b", "b", "a - 1"),
        ("clip(c, -k, k)", "c", "inside(c, -k, k)"),
        ("clip(c, -k, k)", "k", "-step(-k - c)*(1 - step(-k - k)) + step(max(c, -k) - k)"),
        ("max(a, b)", "a", "1 - step(b - a)"),
        ("max(a, 0)", "a", "1 - step(-a)"),
        ("max(a, b)", "b", "step(b - a)"),
        ("min(2*a, b)", "a", "2*(1 - step(2*a - b))"),
        ("inside(a, b, 1)", "b", "0"),
    ],
)
def test_the_form_is_that_of_a_textbook(formula: str, by: str, derivative: str) -> None:
    symbol = parse(by)
    assert isinstance(symbol, Symbol)
    assert LANGUAGE(differentiate(parse(formula), symbol)) == derivative


@pytest.mark.parametrize(
    ("formula", "derivative"),
    [
        ("sigmoid(z)", "f*(1 - f)"),
        ("tanh(z)", "1 - f**2"),
        ("tanh(z/2)", "(1 - f**2)/2"),
        ("exp(z)", "f"),
    ],
)
def test_a_derivative_is_written_with_the_rows_own_value(formula: str, derivative: str) -> None:
    assert LANGUAGE(differentiate(parse(formula), Symbol("z"), Symbol("f"))) == derivative


def test_every_function_has_its_derivative() -> None:
    for name, function in FUNCTIONS.items():
        for rule in (function.derivative, *function.others):
            names = {s.name for s in symbols(parse(rule))}
            assert names <= {"s", *function.arguments}, name


def test_dot_products_differentiate_like_their_sum() -> None:
    tree = Dot(Symbol("W_f"), Symbol("x", 0))
    assert differentiate(tree, Symbol("W_f2")) == Symbol("x2", 0)
    assert differentiate(tree, Symbol("x2", 0)) == Symbol("W_f2")
    assert differentiate(tree, Symbol("x2", -1)) == Number(0.0)
    assert differentiate(tree, Symbol("W_g2")) == Number(0.0)
