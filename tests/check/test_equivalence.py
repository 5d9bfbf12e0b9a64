"""Formulas against the true ones: equal, equal in this problem only, true but empty, or other."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cellcalc.api import Problem, Trace, load
from cellcalc.check.answers import Answer, entries_of_text, read
from cellcalc.check.equivalence import FormulaMarker
from cellcalc.check.report import Marked, Verdict
from cellcalc.check.search import Search
from cellcalc.check.world import Equations, setting_of
from cellcalc.language.tree import Call, Expression, Neg, Number, Symbol, add, number, rename
from tests.support.problems import random_data

ONE = random_data(3, features=1, steps=3)
BLOCKS = replace(random_data(4, features=1, steps=6), bptt='scheme = "block(3)"')
FACTS = random_data(5, features=1, steps=3)
FACTS.x, FACTS.target = [[1.0], [1.0], [1.0]], [0.6, 0.25, -0.3]
FACTS.initial = {"h": 0.0, "c": 0.4}
FACTS.parameters["U_f"] = 0.25
MEAN = replace(random_data(6, features=1, steps=3), bptt='reduction = "mean"')
TRACES = {
    "one": ONE.problem().run(),
    "two": load("gomez").run(),
    "blocks": BLOCKS.problem().run(),
    "facts": FACTS.problem().run(),
    "mean": MEAN.problem().run(),
}


# Names that answers may use, and stand-ins by which this test has them read.
STAND_INS = {"learning_rate": ("dE", 1), "v_W_f": ("dE", 2)}
_SUM = re.compile(r"SUM\[(.*?)\.\.(.*?)\] (.*)")


def _limit(text: str) -> Expression:
    stem, sign, rest = text.partition("-") if "T" in text else (text, "", "")
    if stem == "T":
        return add(Symbol("T"), Neg(Number(float(rest)))) if sign else Symbol("T")
    return number(float(stem))


def answer_of(text: str, trace: Trace) -> Answer:
    """One formula, read; ``SUM[1..T] body`` becomes a sum with these limits."""
    left, _, right = text.partition(" = ")
    limits = _SUM.fullmatch(right)
    if limits:
        right = f"sum({limits[3]})"
    for name, (key, step) in STAND_INS.items():
        right = right.replace(name, f"{key}[{step}]")
    steps = trace.passes[0].steps
    sheet = read(entries_of_text(f"{left} = {right}"), trace.model, steps, None)
    assert not sheet.unreadable
    (answer,) = sheet.answers
    assert answer.formulas is not None
    (key, formula), *others = answer.formulas.items()
    assert not others
    if limits:
        assert isinstance(formula, Call)
        formula = Call("sum", formula.argument, (_limit(limits[1]), _limit(limits[2])))
    back = {Symbol(key, step=step): Symbol(name) for name, (key, step) in STAND_INS.items()}
    formula = rename(formula, lambda s: back.get(s, s))
    return replace(answer, formulas={key: formula})


def judged(text: str, name: str = "one", window: int = 1, trace: Trace | None = None) -> Marked:
    """The verdict on one formula."""
    trace = trace or TRACES[name]
    answer = answer_of(text, trace)
    one = trace.passes[0]
    swept = one.windows[window - 1]
    search = Search(trace.model, Equations(trace.model))
    setting = setting_of(trace.model, one, swept)
    marker = FormulaMarker(setting, search, None, window, trace, swept)
    return next(marker.mark([answer]))


EQUAL = """
one: dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]
one: dc[t] = dc[t+1]*sigmoid(z_f[t+1]) + dtanh_c[t]*(1 - tanh_c[t])*(1 + tanh_c[t])
one: dc[t] = dc_via_tanh_c[t] + dc_via_c[t]
one: dc[t] = dh[t]*o[t]*4/(exp(c[t]) + exp(-c[t]))^2 + dc[t+1]*f[t+1]
one: dz_f[t] = dc[t]*c[t-1]*f[t]*(1-f[t])
one: dz_f[t] = df[t]*f[t] - df[t]*f[t]^2
one: dz_f[t] = df[t]*exp(-z_f[t])/(1 + exp(-z_f[t]))^2
one: dh[t] = V*dy[t] + U_f*dz_f[t+1] + U_i*dz_i[t+1] + U_g*dz_g[t+1] + U_o*dz_o[t+1]
one: dy[t] = y[t] - target[t]
one: E[t] = (target[t] - y[t])^2/2
one: h[t] = o[t]*(exp(2*c[t]) - 1)/(exp(2*c[t]) + 1)
one: y[t] = V*h[t] + b_y
one: y[t] = V*o[t]*tanh(c[t]) + b_y
one: c[t] = f[t]*c[t-1] + i[t]*g[t]
one: c[3] = f[3]*(f[2]*c[1] + i[2]*g[2]) + i[3]*g[3]
one: dU_f = sum(dz_f[t]*h[t-1])
one: dU_f = sum(dU_f[t])
one: dU_f = dz_f[1]*h[0] + dz_f[2]*h[1] + dz_f[3]*h[2]
one: dU_f = SUM[1..T] dz_f[t]*h[t-1]
one: dU_f = SUM[0..T-1] dz_f[t+1]*h[t]
one: dU_f = SUM[0..T] dz_f[t+1]*h[t]
one: dU_f = SUM[1..3] dz_f[t]*h[t-1]
one: dU_f = SUM[0..2] dz_f[t+1]*h[t]
one: db_f = n*mean(dz_f)
one: dW_f[t] = dz_f[t]*x[t]
one: L = sum(E)
one: L = E[1] + E[2] + E[3]
one: dc0 = dc[1]*f[1]
one: dc[3] = dh[3]*o[3]*(1 - tanh(c[3])^2)
one: W_f = W_f - 0.1*dW_f
one: W_f = W_f - dW_f/10
one: U_f = U_f - 0.1*sum(dz_f[t]*h[t-1])
blocks: dU_f = dz_f[1]*h[0] + dz_f[2]*h[1] + dz_f[3]*h[2]
blocks: dU_f = SUM[1..T] dz_f[t]*h[t-1]
blocks: dc[3] = dh[3]*o[3]*(1 - tanh(c[3])^2)
blocks: dU_f = SUM[1..3] dz_f[t]*h[t-1]
blocks@2: dU_f = SUM[4..6] dz_f[t]*h[t-1]
blocks@2: dU_f = dz_f[4]*h[3] + dz_f[5]*h[4] + dz_f[6]*h[5]
blocks@2: dc[4] = dh[4]*o[4]*(1 - tanh(c[4])^2) + dc[5]*f[5]
mean: dy[t] = (y[t] - target[t])/n
"""

OF_THIS_PROBLEM = """
facts: dy[1] = y[1] - 0.6: target[1] = 0.6
facts: E[2] = (y[2] - 0.25)^2/2: target[2] = 0.25
facts: z_f[t] = W_f + U_f*h[t-1] + b_f: x = 1
facts: z_f[1] = W_f*x[1] + b_f: h[0] = 0
facts: z_i[1] = W_i + b_i: x = 1, h[0] = 0
facts: dW_f = sum(dz_f): x = 1
facts: dU_f = dz_f[2]*h[1] + dz_f[3]*h[2]: h[0] = 0
facts: dU_f = SUM[2..T] dz_f[t]*h[t-1]: h[0] = 0
facts: dU_f = SUM[2..3] dz_f[t]*h[t-1]: h[0] = 0
facts: c[1] = f[1]*0.4 + i[1]*g[1]: c[0] = 0.4
facts: dz_f[1] = dc[1]*0.4*f[1]*(1-f[1]): c[0] = 0.4
facts: z_f[t] = W_f*x[t] + 0.25*h[t-1] + b_f: U_f = 0.25
facts: db_f = 3*mean(dz_f): n = 3
two: z_f[1] = W_f1 + 2*W_f2 + b_f: x1[1] = 1, x2[1] = 2, h[0] = 0
mean: dy[t] = (y[t] - target[t])/3: n = 3
"""

EMPTY = """
one: c[t] = c[t]
one: dU_f = dU_f
one: dU_f = 2*dU_f - dU_f
two: h[t] = y[t]
one: h[t] = (y[t] - b_y)/V
one: o[t] = h[t]/tanh(c[t])
one: z_f[t] = log(f[t]/(1 - f[t]))
one: dc[t] = dg[t]/i[t]
one: dh[t] = dtanh_c[t]/o[t]
one: dc[2] = dg[2]/i[2]
one: c[1] = (c[2] - i[2]*g[2])/f[2]
one: dU_f[t] = dU_f[t]
"""

UNEQUAL = """
one: dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2)
one: dc[t] = dc[t+1]*f[t+1]
one: dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t]
one: dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t]*f[t+1]
one: dc[t] = dh[t]*o[t]*(1 - tanh(tanh(c[t]))^2) + dc[t+1]*f[t+1]
one: dz_f[t] = dc[t]*c[t]*f[t]*(1-f[t])
one: dz_f[t] = dc[t]*c[t-1]*f[t]
one: dy[t] = target[t] - y[t]
one: dy[t] = 2*(y[t] - target[t])
one: dy[1] = y[1] - 0.6
one: h[t] = o[t]*c[t]
one: h[t] = y[t]
one: dU_f = sum(dz_f[t]*h[t])
one: dU_f = SUM[2..T] dz_f[t]*h[t-1]
one: dU_f = SUM[2..3] dz_f[t]*h[t-1]
one: dU_f = SUM[1..T-1] dz_f[t]*h[t-1]
one: dU_f = SUM[0..T] dz_f[t]*h[t-1]
one: dU_f = SUM[1..T] dz_f[t+1]*h[t]
one: dU_f = dz_f[2]*h[1] + dz_f[3]*h[2]
one: dW_f = sum(dz_f)
one: z_f[t] = W_f + U_f*h[t-1] + b_f
one: z_f[1] = W_f*x[1] + b_f
one: db_f = mean(dz_f)
one: db_f = 0*n
one: dU_f = 0*dU_f
one: W_f = W_f + 0.1*dW_f
one: W_f = W_f - dW_f
one: W_f = W_f
one: W_f = 0.1*dW_f
facts: dy[2] = y[2] - 0.6
facts: dU_f = SUM[3..T] dz_f[t]*h[t-1]
facts: dU_i = sum(dz_i[t]*h[t])
blocks: dU_f = SUM[1..6] dz_f[t]*h[t-1]
blocks: dU_f = SUM[1..4] dz_f[t]*h[t-1]
blocks: dU_f = dz_f[1]*h[0] + dz_f[2]*h[1] + dz_f[3]*h[2] + dz_f[4]*h[3]
blocks: dc[3] = dh[3]*o[3]*(1 - tanh(c[3])^2) + dc[4]*f[4]
blocks@2: dU_f = SUM[1..3] dz_f[t]*h[t-1]
blocks@2: dU_f = SUM[1..6] dz_f[t]*h[t-1]
mean: dy[t] = y[t] - target[t]
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def split(line: str) -> tuple[str, int, str]:
    """The problem, the window, and the formula."""
    name, _, formula = line.partition(": ")
    name, _, window = name.partition("@")
    return name, int(window or 1), formula


def test_there_are_enough_pairs() -> None:
    assert len(lines(EQUAL)) + len(lines(OF_THIS_PROBLEM)) + len(lines(EMPTY)) >= 60
    assert len(lines(UNEQUAL)) >= 30


@pytest.mark.parametrize("line", lines(EQUAL))
def test_an_equal_formula_is_correct(line: str) -> None:
    name, window, formula = split(line)
    one = judged(formula, name, window)
    assert (one.verdict, "this problem" in one.note) == (Verdict.CORRECT, False)


@pytest.mark.parametrize("line", lines(OF_THIS_PROBLEM))
def test_a_formula_may_use_the_problems_own_facts_and_is_told_which(line: str) -> None:
    name, window, formula = split(line)
    formula, _, facts = formula.partition(": ")
    one = judged(formula, name, window)
    assert one.verdict is Verdict.CORRECT
    assert one.note == f"right for this problem (uses {facts})"


@pytest.mark.parametrize("line", lines(EMPTY))
def test_a_formula_that_uses_what_it_defines_says_nothing(line: str) -> None:
    name, window, formula = split(line)
    one = judged(formula, name, window)
    assert one.verdict is Verdict.WRONG
    assert one.note.startswith("this says nothing: ")


@pytest.mark.parametrize("line", lines(UNEQUAL))
def test_another_formula_is_wrong(line: str) -> None:
    name, window, formula = split(line)
    one = judged(formula, name, window)
    assert one.verdict is Verdict.WRONG
    assert "says nothing" not in one.note


@pytest.mark.parametrize(
    ("update", "right", "wrong"),
    [
        ("momentum", "W_f = W_f - learning_rate*v_W_f", "W_f = W_f - learning_rate*dW_f*2"),
        ("sgd", "W_f = W_f - learning_rate*dW_f", "W_f = W_f + learning_rate*dW_f"),
    ],
)
def test_a_formula_of_an_update_is_held_against_the_optimizer(
    update: str, right: str, wrong: str
) -> None:
    problem = replace(ONE, update=f'optimizer = "{update}"').problem()
    assert judged_in(right, problem).verdict is Verdict.CORRECT
    assert judged_in(wrong, problem).verdict is Verdict.WRONG


def judged_in(text: str, problem: Problem) -> Marked:
    return judged(text, trace=problem.run())
