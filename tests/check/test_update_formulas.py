"""Formulas for what a parameter becomes: right with any name of a setting, and slips named."""

from __future__ import annotations

import pytest

import cellcalc

PROBLEM = """
cell = "lstm"
readout = "linear"
loss = "half-squared"
[parameters]
random = {{seed = 5, scale = 0.8}}
[initial]
h = 0.2
c = -0.3
[[sequence]]
x = [0.7, -0.4, 1.2]
target = [0.4, 0.1, -0.6]
[update]
optimizer = "{optimizer}"
learning_rate = 0.1
"""
ADAM = "m_hat_W_f/(sqrt(v_hat_W_f) + {})"


def marked(optimizer: str, answer: str) -> cellcalc.Report:
    return cellcalc.loads(PROBLEM.format(optimizer=optimizer)).check(answer)


@pytest.mark.parametrize(
    ("optimizer", "answer"),
    [
        *(("adam", f"W_f = W_f - learning_rate*{ADAM.format(e)}") for e in ("epsilon", "ε", "eps")),
        ("adam", "W_f = W_f - η*" + ADAM.format("1e-8")),
        ("adam", "m_W_f = beta1*m_W_f + (1 - beta1)*dW_f"),
        ("adam", "v_W_f = β_2*v_W_f + (1 - β_2)*dW_f^2"),
        ("momentum", "v_W_f = μ*v_W_f + dW_f"),
        ("sgd", "W_f = W_f - ε*dW_f"),  # without an epsilon of its own it may be the rate
    ],
)
def test_a_setting_of_the_update_may_be_named(optimizer: str, answer: str) -> None:
    assert marked(optimizer, answer).ok


@pytest.mark.parametrize(
    ("optimizer", "answer", "says"),
    [
        ("sgd", "W_f = W_f + 0.1*dW_f", "up the gradient"),
        ("sgd", "W_f = W_f - dW_f", "the learning rate is missing"),
        ("sgd", "W_f = W_f - 0.01*dW_f", "multiplied in twice"),
        ("sgd", "W_f = dW_f", "the gradient was given"),
        ("sgd", "W_f = -0.1*dW_f", "the change was given"),
        ("sgd", "W_f = W_f - 0.1*dW_f/3", "divided by the number of steps"),
        ("adam", f"W_f = W_f + 0.1*{ADAM.format('epsilon')}", "up the gradient"),
        ("adam", "W_f = W_f - 0.1*m_hat_W_f/(v_hat_W_f + epsilon)", "root"),
    ],
)
def test_a_slip_in_an_update_is_named(optimizer: str, answer: str, says: str) -> None:
    report = marked(optimizer, answer)
    (slip,) = report.slips
    assert says in slip["says"]
    assert slip["symbol"] == answer.partition(" = ")[0]


def test_another_rule_gets_no_name() -> None:
    (slip,) = marked("sgd", "W_f = W_f - 0.1*dU_f").slips
    assert not slip["formula"]
