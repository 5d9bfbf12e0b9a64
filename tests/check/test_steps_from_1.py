"""Programs whose arrays count the steps from 1, behind a place of no step."""

from __future__ import annotations

import cellcalc
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict

PROBLEM = """
cell = "lstm"
loss = "half-squared"
[parameters]
W_f = 0.6
U_f = -0.2
b_f = 0.75
W_i = 0.35
U_i = 0.55
b_i = -0.1
W_g = -0.7
U_g = 0.4
b_g = 0.25
W_o = 0.5
U_o = -0.3
b_o = 0.05
[initial]
h = 0.1
c = 0.3
[[sequence]]
x = [0.7, -1.0, 1.5]
target = [0.2, 0.3, -0.15]
"""
PROGRAM = """
from math import exp, tanh
from numpy import zeros
T = 3
def sigmoid(z):
    return 1.0 / (1.0 + exp(-z))
x = [0, 0.7, -1.0, 1.5]
target = [0, 0.2, 0.3, -0.15]
W_f = 0.6; U_f = -0.2; b_f = 0.75
W_i = 0.35; U_i = 0.55; b_i = -0.1
W_g = -0.7; U_g = 0.4; b_g = 0.25
W_o = 0.5; U_o = -0.3; b_o = 0.05
f, i, g, o, c, h = (zeros((T + 1,)) for _ in range(6))
L = 0.0
h[0] = 0.1
c[0] = 0.3
for t in range(1, T + 1):
    f[t] = sigmoid(W_f * x[t] + U_f * h[t - 1] + b_f)
    i[t] = sigmoid(W_i * x[t] + U_i * h[t - 1] + b_i)
    g[t] = tanh(W_g * x[t] + U_g * h[t - 1] + b_g)
    o[t] = sigmoid(W_o * x[t] + U_o * h[t - 1] + b_o)
    c[t] = f[t] * c[t - 1] + i[t] * g[t]
    h[t] = o[t] * tanh(c[t])
    L += 0.5 * (h[t] - target[t]) * (h[t] - target[t])
dW_f = 0; dU_f = 0; db_f = 0; dW_i = 0; dU_i = 0; db_i = 0
dW_g = 0; dU_g = 0; db_g = 0; dW_o = 0; dU_o = 0; db_o = 0
dh_next = 0; dc_next = 0
for t in range(T, 0, -1):
    dh = h[t] - target[t] + dh_next
    tc = tanh(c[t])
    dc = dh * o[t] * (1 - tc * tc) + dc_next
    dz_f = dc * c[t - 1] * f[t] * (1 - f[t])
    dz_i = dc * g[t] * i[t] * (1 - i[t])
    dz_g = dc * i[t] * (1 - g[t] * g[t])
    dz_o = dh * tc * o[t] * (1 - o[t])
    dW_f += dz_f * x[t]
    dU_f += dz_f * h[t - 1]
    db_f += dz_f
    dW_i += dz_i * x[t]
    dU_i += dz_i * h[t - 1]
    db_i += dz_i
    dW_g += dz_g * x[t]
    dU_g += dz_g * h[t - 1]
    db_g += dz_g
    dW_o += dz_o * x[t]
    dU_o += dz_o * h[t - 1]
    db_o += dz_o
    dh_next = U_f * dz_f + U_i * dz_i + U_g * dz_g + U_o * dz_o
    dc_next = dc * f[t]
"""
RUN = cellcalc.loads(PROBLEM).run()


def marked(program: str) -> Report:
    return mark(RUN, read_answers(program.encode(), "lstm.py"))


def test_it_is_right_with_an_input_of_minus_one() -> None:
    report = marked(PROGRAM)
    assert report.count(Verdict.CORRECT) == len(report.marked) > 20
    assert not report.unreadable


def test_a_path_left_out_is_found_and_named() -> None:
    report = marked(PROGRAM.replace(" + U_g * dz_g + U_o", " + U_o"))
    (slip,) = report.slips
    assert slip.symbol == "dh"
    assert "z_g" in slip.says
