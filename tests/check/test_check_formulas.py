"""Formulas are judged by what they mean, however they are written."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcalc.api import load
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Marked, Verdict
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import (
    Add,
    Div,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
)
from cellcalc.model.model import Quantity
from tests.support.problems import random_data

ONE = random_data(3, features=1, steps=3).problem().run()
TWO = load("gomez").run()


def judged(text: str, trace: object = ONE) -> Marked:
    report = mark(trace, entries_of_text(text))  # type: ignore[arg-type]
    assert not report.unreadable, report.unreadable
    (one,) = report.marked
    return one


RIGHT = """
dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]
dc[t] = dc[t+1]*f[t+1] + (1 - tanh_c[t]**2)*o[t]*dh[t]
dcₜ = dhₜ·oₜ·(1 − tanh²(cₜ)) + dcₜ₊₁·fₜ₊₁
dc_t = dh_t o_t (1-tanh(c_t)^2) + dc_{t+1} f_{t+1}
∂L/∂c_t = ∂L/∂h_t · o_t · tanh'(c_t) + ∂L/∂c_{t+1} ⊙ f_{t+1}
\\frac{\\partial L}{\\partial c_t} = dh_t*o_t*(1-\\tanh(c_t)^2) + \\frac{\\partial L}{\\partial c_{t+1}} \\cdot f_{t+1}
dc(t) = dh(t)*o(t)*(1 - tanh(c(t))^2) + dc(t+1)*f(t+1)
dc = dh*o*(1 - tanh_c^2) + dc_next*f_next
dc[t] = dh[t]*o[t]*(1 - tanh(c[t]))*(1 + tanh(c[t])) + dc[t+1]*sigmoid(z_f[t+1])
dz_f[t] = dc[t]*c[t-1]*f[t]*(1-f[t])
dz_f[t] = dc[t]*c_prev*σ'(z_f[t])
dz_f[t] = dc[t]*c[t-1]*σ(z_f[t])*(1-σ(z_f[t]))
dh[t] = V*dy[t] + U_f*dz_f[t+1] + U_i*dz_i[t+1] + U_g*dz_g[t+1] + U_o*dz_o[t+1]
dU_f = sum(dz_f[t]*h[t-1])
dU_f = Σₜ dz_fₜ·hₜ₋₁
dU_f = \\sum_{t=1}^{n} dz_f[t] h[t-1]
dU_f = dz_f[1]*h[0] + dz_f[2]*h[1] + dz_f[3]*h[2]
dU_f[t] = dz_f[t]*h[t-1]
db_f = sum(dz_f)
dW_f = mean(dz_f*x)*n
dc[3] = dh[3]*o[3]*(1 - tanh(c[3])**2)
dc[2] = dh[2]*o[2]*(1 - tanh(c[2])**2) + dh[3]*o[3]*(1 - tanh(c[3])**2)*f[3]
c[t] = f[t]*c[t-1] + i[t]*g[t]
c[2] = f[2]*(f[1]*c[0] + i[1]*g[1]) + i[2]*g[2]
z_f[t] = W_f*x[t] + U_f*h[t-1] + b_f
h[1] = sigmoid(W_o*x[1]+U_o*h[0]+b_o)*tanh(sigmoid(W_f*x[1]+U_f*h[0]+b_f)*c[0] + sigmoid(W_i*x[1]+U_i*h[0]+b_i)*tanh(W_g*x[1]+U_g*h[0]+b_g))
dy[t] = y[t] - target[t]
E[t] = 0.5*(y[t]-target[t])^2
L = sum(E)
L = E[1] + E[2] + E[3]
dc0 = dc[1]*f[1]
dh[0] = U_f*dz_f[1] + U_i*dz_i[1] + U_g*dz_g[1] + U_o*dz_o[1]
dV = Σ dy·h
"""  # noqa: E501


@pytest.mark.parametrize("text", RIGHT.strip().splitlines())
def test_the_same_formula_is_correct_however_it_is_written(text: str) -> None:
    assert judged(text).verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    "text",
    [
        "dW_f = Σ dz_f·x",
        "dW_f1 = dz_f[1]*x1[1] + dz_f[2]*x1[2]",
        "dW_f[2] = sum(dz_f[t]*x2[t])",
        "z_f[t] = W_f @ x[t] + U_f*h[t-1] + b_f",
        "z_f[t] = W_f*x[t] + U_f*h[t-1] + b_f",
        "z_f[t] = W_fᵀxₜ + U_f*h[t-1] + b_f",
        "dx1[t] = dz_f[t]*W_f1 + dz_i[t]*W_i1 + dz_g[t]*W_g1 + dz_o[t]*W_o1",
        "dx[t] = dz_f[t]*W_f + dz_i[t]*W_i + dz_g[t]*W_g + dz_o[t]*W_o",
    ],
)
def test_vectors_are_read_element_by_element(text: str) -> None:
    assert judged(text, TWO).verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    "text",
    [
        "dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2)",  # right at the last step only
        "dU_f = dz_f[2]*h[1] + dz_f[3]*h[2]",
        "dW_f = sum(dz_f[t]*x[t]*1.000001)",
        "dc[t] = 1e15 + dh[t] - 1e15",  # nearly cancels: not equal to anything by it
        "dy[t] = (y[t] - target[t])*(1 + 1e-12)",
        "dy[t] = .1*(10000 + y[t]) - 1000 - target[t]",
        "db_f = exp(exp(exp(dz_f[1]*1000)))",
        "db_f = 0",
        "L = sum(E)/n",
    ],
)
def test_another_formula_is_wrong_and_numbers_show_it(text: str) -> None:
    one = judged(text)
    assert one.verdict is Verdict.WRONG
    if one.counterexample is not None:
        assert one.counterexample.gives != one.counterexample.right


@pytest.mark.parametrize(
    "text",
    [
        "dy[t] = 1e15 + y[t] - target[t] - 1e15",
        "dy[t] = exp(700)*exp(-700)*(y[t] - target[t])",
        "dy[t] = (y[t] - target[t])*1e200*1e200/1e200/1e200",
        "dy[t] = (y[t]^2 - target[t]^2)/(y[t] + target[t])",
    ],
)
def test_overflow_and_cancellation_do_not_make_equal_formulas_unequal(text: str) -> None:
    assert judged(text).verdict is Verdict.CORRECT


def test_a_counterexample_comes_from_the_problem_where_it_shows_there() -> None:
    one = judged("dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2)")
    example = one.counterexample
    assert example is not None and example.own_problem and example.t in (1, 2)
    assert example.right == pytest.approx(ONE["dc"][example.t - 1], rel=1e-12)
    assert example.numbers[f"dh[{example.t}]"] == pytest.approx(ONE["dh"][example.t - 1])


def test_a_formula_that_is_right_for_this_problem_only_is_correct_and_says_so() -> None:
    # Gomez's example starts at zero, so that this is right there and nowhere else.
    one = judged("dU_f = dz_f[2]*h[1]", TWO)
    assert one.verdict is Verdict.CORRECT
    assert one.note == "right for this problem (uses h[0] = 0)"


def test_numbers_put_in_are_worked_out_and_judged() -> None:
    dh, o, tanh_c = (TWO[name][1] for name in ("dh", "o", "tanh_c"))
    right = f"dc[2] = {dh:.5f}*{o:.5f}*(1-{tanh_c:.5f}^2)"
    assert judged(right, TWO).verdict is Verdict.CORRECT
    assert judged(f"dc[2] = {dh:.5f}*{o:.5f}*{tanh_c:.5f}^2", TWO).verdict is Verdict.WRONG


ROWS = [row for row in ONE.model.quantities.values() if row.formula is not None]


def rewritten(e: Expression, choose: random.Random) -> Expression:
    """An equal formula: commuted, expanded, factored, with neutral factors and terms."""
    match e:
        case Add(terms):
            parts = [rewritten(term, choose) for term in terms]
            choose.shuffle(parts)
            return add(*parts)
        case Mul(factors):
            parts = [rewritten(factor, choose) for factor in factors]
            choose.shuffle(parts)
            sums = [k for k, part in enumerate(parts) if isinstance(part, Add)]
            if sums and choose.random() < 0.5:
                k = sums[0]
                rest = [*parts[:k], *parts[k + 1 :]]
                inner = parts[k]
                assert isinstance(inner, Add)
                return add(*(multiply(*rest, term) for term in inner.terms)) if rest else inner
            return multiply(*parts)
        case Neg(operand):
            return multiply(Neg(Number(1.0)), rewritten(operand, choose))
        case Pow(base, Number(2.0)):
            again = rewritten(base, choose)
            return multiply(again, again) if choose.random() < 0.5 else Pow(again, Number(2.0))
        case Symbol():
            pick = choose.random()
            if pick < 0.15:
                return Div(multiply(e, Number(3.0)), Number(3.0))
            return add(e, Number(2.0), Neg(Number(2.0))) if pick < 0.3 else e
        case _:
            return e


@given(st.sampled_from(ROWS), st.integers(0, 10**6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_rewritten_formulas_are_always_correct(row: Quantity, seed: int) -> None:
    assert row.formula is not None
    text = LANGUAGE(rewritten(row.formula, random.Random(seed)))
    assert judged(f"{row.symbol}[t] = {text}").verdict is Verdict.CORRECT, text
