"""The derived backward pass, row by row, as a textbook writes it."""

from __future__ import annotations

import pytest

import cellcalc
from cellcalc.engine.optimizer import rules
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import symbols
from cellcalc.model.by_hand import by_hand
from cellcalc.model.derivation import build
from cellcalc.model.model import Group, Model
from cellcalc.problems import templates


def lstm(features: int = 1, readout: str = "identity", loss: str = "half-squared") -> Model:
    parts = (("cells", "lstm"), ("readouts", readout), ("losses", loss))
    return build(*(templates.load(*part) for part in parts), features)


TEXTBOOK = {
    "z_f": "W_f*x[t] + U_f*h[t-1] + b_f",
    "z_i": "W_i*x[t] + U_i*h[t-1] + b_i",
    "z_g": "W_g*x[t] + U_g*h[t-1] + b_g",
    "z_o": "W_o*x[t] + U_o*h[t-1] + b_o",
    "f": "sigmoid(z_f[t])",
    "i": "sigmoid(z_i[t])",
    "g": "tanh(z_g[t])",
    "o": "sigmoid(z_o[t])",
    "c": "f[t]*c[t-1] + i[t]*g[t]",
    "tanh_c": "tanh(c[t])",
    "h": "o[t]*tanh_c[t]",
    "y": "h[t]",
    "E": "(y[t] - target[t])**2/2",
    "dy": "dE[t]*(y[t] - target[t])",
    "dh": "dy[t] + dz_f[t+1]*U_f + dz_i[t+1]*U_i + dz_g[t+1]*U_g + dz_o[t+1]*U_o",
    "dh_via_y": "dy[t]",
    "dh_via_z_f": "dz_f[t+1]*U_f",
    "dh_via_z_i": "dz_i[t+1]*U_i",
    "dh_via_z_g": "dz_g[t+1]*U_g",
    "dh_via_z_o": "dz_o[t+1]*U_o",
    "dtanh_c": "dh[t]*o[t]",
    "dc": "dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]",
    "dc_via_tanh_c": "dtanh_c[t]*(1 - tanh_c[t]**2)",
    "dc_via_c": "dc[t+1]*f[t+1]",
    "do": "dh[t]*tanh_c[t]",
    "dg": "dc[t]*i[t]",
    "di": "dc[t]*g[t]",
    "df": "dc[t]*c[t-1]",
    "dz_o": "do[t]*o[t]*(1 - o[t])",
    "dz_g": "dg[t]*(1 - g[t]**2)",
    "dz_i": "di[t]*i[t]*(1 - i[t])",
    "dz_f": "df[t]*f[t]*(1 - f[t])",
    "dx": "dz_f[t]*W_f + dz_i[t]*W_i + dz_g[t]*W_g + dz_o[t]*W_o",
    "dx_via_z_f": "dz_f[t]*W_f",
    "dx_via_z_i": "dz_i[t]*W_i",
    "dx_via_z_g": "dz_g[t]*W_g",
    "dx_via_z_o": "dz_o[t]*W_o",
    **{f"dW_{k}": f"dz_{k}[t]*x[t]" for k in "figo"},
    **{f"dU_{k}": f"dz_{k}[t]*h[t-1]" for k in "figo"},
    **{f"db_{k}": f"dz_{k}[t]" for k in "figo"},
}


def test_every_row_of_the_lstm_is_that_of_the_textbook() -> None:
    rows = {s: LANGUAGE(q.formula) for s, q in lstm().quantities.items() if q.formula}
    assert rows == TEXTBOOK


def test_what_enters_the_window() -> None:
    model = lstm()
    entering = {row.symbol: LANGUAGE(row.formula) for row in model.entering if row.formula}
    assert entering["dc"] == entering["dc_via_c"] == "dc[t+1]*f[t+1]"
    assert entering["dh"] == (
        "dz_f[t+1]*U_f + dz_i[t+1]*U_i + dz_g[t+1]*U_g + dz_o[t+1]*U_o"
    )  # fmt: skip
    assert entering["dh_via_y"] == entering["dc_via_tanh_c"] == "0"


@pytest.mark.parametrize(
    ("readout", "loss", "rows"),
    [
        ("linear", "squared", {
            "dy": "dE[t]*2*(y[t] - target[t])",
            "dh_via_y": "dy[t]*V",
            "dV": "dy[t]*h[t]",
            "db_y": "dy[t]",
        }),
        ("logistic", "cross-entropy", {
            "dy": "dE[t]*(-target[t]/y[t] + (1 - target[t])/(1 - y[t]))",
            "dz_y": "dy[t]*y[t]*(1 - y[t])",
            "dh_via_z_y": "dz_y[t]*V",
            "dV": "dz_y[t]*h[t]",
            "db_y": "dz_y[t]",
        }),
    ],
)  # fmt: skip
def test_readouts_and_losses(readout: str, loss: str, rows: dict[str, str]) -> None:
    quantities = lstm(1, readout, loss).quantities
    for symbol, text in rows.items():
        formula = quantities[symbol].formula
        assert formula is not None and LANGUAGE(formula) == text


def test_features_are_written_out_up_to_four_and_then_as_a_product() -> None:
    formulas = {m: lstm(m).quantities["z_f"].formula for m in (2, 4, 5)}
    texts = {m: LANGUAGE(formula) for m, formula in formulas.items() if formula}
    assert texts[2] == "W_f1*x1[t] + W_f2*x2[t] + U_f*h[t-1] + b_f"
    assert texts[4].count("*x") == 4
    assert texts[5] == "W_f @ x[t] + U_f*h[t-1] + b_f"
    five = lstm(5).quantities
    assert [s for s in five if s.startswith("dW_f")] == [f"dW_f{k}" for k in range(1, 6)]
    assert LANGUAGE(five["dW_f5"].formula or formulas[2]) == "dz_f[t]*x5[t]"  # type: ignore[arg-type]


def test_every_row_is_computed_after_what_it_uses() -> None:
    model = lstm(3, "logistic", "cross-entropy")
    known = {q.symbol for q in (*model.inputs, *model.parameters)}
    for row in (*model.forward, *model.backward, *model.gradients):
        for symbol in symbols(row.formula) if row.formula else ():
            assert symbol.name in known or symbol.shift in (-1, 1), (row.symbol, symbol)
        known.add(row.symbol)


def test_every_row_says_what_it_means() -> None:
    says = {s: q.says for s, q in lstm(2).quantities.items()}
    assert all(says.values())
    assert says["x2"] == "input, feature 2"
    assert says["W_i2"] == "weight of x₂,ₜ in z_i (input gate, net input)"
    assert says["U_g"] == "weight of hₜ₋₁ in z_g (candidate, net input)"
    assert says["b_o"] == "bias in z_o (output gate, net input)"
    assert says["dc"] == "how the loss changes with c (memory cell)"
    assert says["dc_via_c"] == "through c of the next step, times fₜ₊₁"
    assert says["dc_via_tanh_c"] == "through tanh_c of the same step, times 1 − tanh_c,ₜ²"
    assert says["dW_f1"] == "this step's part of the gradient of W_f1"
    logistic = lstm(1, "logistic").quantities
    assert logistic["b_y"].says == "bias in z_y (prediction, net input)"


def test_rows_belong_to_groups() -> None:
    model = lstm(2)
    groups = {s: q.group for s, q in model.quantities.items()}
    assert groups["x1"] is Group.INPUT and groups["W_f1"] is Group.PARAMETER
    assert groups["c"] is Group.FORWARD and groups["dc"] is Group.BACKWARD
    assert groups["dc_via_c"] is Group.PATH and groups["dW_f1"] is Group.GRADIENT
    assert model.derivatives == {s for s in groups if s.startswith("d") and "_via_" not in s}


def test_by_hand_what_is_used_once_is_worked_in_one_go() -> None:
    rows = by_hand(lstm()).quantities
    texts = {s: LANGUAGE(q.formula) for s, q in rows.items() if q.formula}
    assert texts["dz_g"] == "dc[t]*i[t]*(1 - g[t]**2)"
    assert texts["dz_f"] == "dc[t]*c[t-1]*f[t]*(1 - f[t])"
    assert texts["dz_o"] == "dh[t]*tanh_c[t]*o[t]*(1 - o[t])"
    assert texts["dc"] == "dh[t]*o[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]"
    assert texts["dU_f"] == "dz_f[t]*h[t-1]"


def test_the_update_is_the_optimizers_equation() -> None:
    expected = {
        "sgd": {"W_f2": "W_f2 - learning_rate*dW_f2"},
        "momentum": {
            "v_W_f2": "momentum*v_W_f2 + dW_f2",
            "W_f2": "W_f2 - learning_rate*v_W_f2",
        },
        "adam": {
            "m_W_f2": "beta1*m_W_f2 + (1 - beta1)*dW_f2",
            "v_W_f2": "beta2*v_W_f2 + (1 - beta2)*dW_f2**2",
            "m_hat_W_f2": "m_W_f2/(1 - beta1**k)",
            "v_hat_W_f2": "v_W_f2/(1 - beta2**k)",
            "W_f2": "W_f2 - learning_rate*m_hat_W_f2/(sqrt(v_hat_W_f2) + epsilon)",
        },
    }
    for name, texts in expected.items():
        equations = rules(templates.load("optimizers", name), "W_f2")
        assert {e.symbol: LANGUAGE(e.formula) for e in equations} == texts


def test_a_cell_of_ones_own_gets_its_backward_pass(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "cec.toml").write_text(
        """
output = "h"
[parameters]
W = "input"
[state]
c = 0.0
[[equation]]
symbol = "c"
formula = "c[t-1] + W @ x"
[[equation]]
symbol = "h"
formula = "tanh(c)"
"""
    )
    (tmp_path / "p.toml").write_text(
        "cell = 'cec.toml'\n[parameters]\nW = 0.5\n[initial]\nc = 0.25\n"
        "[[sequence]]\nx = [1, 2, 3]\ntarget = [0.1, 0.2, 0.3]\n"
    )
    problem = cellcalc.load(tmp_path / "p.toml")
    rows = {s: LANGUAGE(q.formula) for s, q in problem.model.quantities.items() if q.formula}
    assert rows["dc"] == "dh[t]*(1 - h[t]**2) + dc[t+1]"
    assert rows["dW"] == "dc[t]*x[t]"
    trace = problem.run()
    step = 1e-6

    def loss(w: float) -> float:
        text = (tmp_path / "p.toml").read_text().replace("W = 0.5", f"W = {w!r}")
        (tmp_path / "q.toml").write_text(text)
        value = cellcalc.load(tmp_path / "q.toml").run().loss
        assert value is not None
        return value

    slope = (loss(0.5 + step) - loss(0.5 - step)) / (2 * step)
    assert trace.gradients["dW"] == pytest.approx(slope, rel=1e-8)
