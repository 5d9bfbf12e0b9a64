"""The derivative of one quantity by another: read, and judged by the cell's own equations."""

from __future__ import annotations

import pytest

from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from tests.support.lstm import backward, forward, parameters
from tests.support.problems import random_data

DATA = random_data(4, features=1, steps=3, readout="linear")
TRACE = DATA.problem().run()
_LOSS, SEEN = forward(DATA, parameters(DATA), DATA.initial["h"], DATA.initial["c"])
BACK = backward(DATA, parameters(DATA), SEEN)


def marked(text: str) -> Report:
    return mark(TRACE, entries_of_text(text))


RIGHT = [
    "∂c_t/∂f_t = c_{t-1}",
    "∂c_t/∂c_{t-1} = f_t",
    "∂c[t+1]/∂c[t] = f[t+1]",
    "∂h/∂o = tanh(c)",
    "∂h_t/∂c_t = o_t(1 - tanh²(c_t))",
    "df/dz_f = f(1-f)",
    "d g_t / d z_g,t = 1 - g_t^2",
    "∂z_f/∂W_f = x_t",
    "∂z_f/∂U_f = h_{t-1}",
    "∂z_f/∂b_f = 1",
    "∂z_f/∂h_{t-1} = U_f",
    "∂y_t/∂h_t = V",
    "∂E_t/∂y_t = y_t - target_t",
    "∂c_3/∂f_3 = c_2",
    "∂c_t/∂z_i,t = g_t i_t (1 - i_t)",
    r"$\\frac{\\partial c_t}{\\partial i_t} = \\tilde{c}_t$".replace("\\\\", "\\"),
]


@pytest.mark.parametrize("line", RIGHT)
def test_a_right_slope_is_correct(line: str) -> None:
    (found,) = marked(line).marked
    assert found.verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    "line",
    ["∂c_t/∂f_t = c_t", "∂c/∂i = i", "dg/dz_g = 1 - g", "∂h/∂o = c", "∂h/∂c = o(1 - tanh(c))",
     "df/dz_f = 1 - f", "∂z_f/∂U_f = h_t"],
)  # fmt: skip
def test_a_wrong_slope_is_wrong(line: str) -> None:
    (found,) = marked(line).marked
    assert found.verdict is Verdict.WRONG


@pytest.mark.parametrize(
    "line",
    ["∂h/∂W_f = x", "∂f/∂c = 0", "df/dz = f(1-f)", "∂c_3/∂f_3 = 0.2", "Since ∂c/∂f = c_prev holds",
     "∂c_3/∂c_1 = f_2 f_3", "c acts on h: ∂h_t/∂c_t = o_t; o acts on h: ∂h_t/∂o_t = tanh(c_t)"],
)  # fmt: skip
def test_what_has_no_one_meaning_is_passed_over(line: str) -> None:
    """A weight acts at all steps; a number at no certain step is of none."""
    report = marked(line)
    assert not report.marked
    assert not report.unreadable
    assert report.passed_over == 1


def test_a_chain_of_slopes_is_a_line_of_working() -> None:
    right = f"{BACK['df'][2]:.4f}"
    for chain in ("∂L/∂c_3 · ∂c_3/∂f_3", "dL/dc_3 * dc_3/df_3", "∂L/∂c_3 · ∂c_3/∂f_3 = dc_3 c_2"):
        (found,) = marked(f"∂L/∂f_3 = {chain} = {right}").marked
        assert found.verdict is Verdict.CORRECT, chain
    (found,) = marked(f"∂L/∂f_3 = ∂L/∂c_3 · ∂c_3/∂i_3 = {right}").marked
    assert found.verdict is Verdict.WRONG
    (found,) = marked("∂L/∂W_f = Σ_t ∂L/∂z_f,t · ∂z_f,t/∂W_f").marked
    assert found.verdict is Verdict.CORRECT


def test_in_the_language_itself_it_may_be_a_quotient() -> None:
    report = marked("q = 3\ndf[3] = dc[3]*dc[3]/df[3]")
    assert "which may be dc[3]*c[2] or dc[3]*dc[3]/df[3]" in report.unreadable[-1].why
