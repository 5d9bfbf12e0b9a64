"""The engine against code that it had no part in: a hand-written LSTM and complex steps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cellcalc
from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from tests.support import lstm
from tests.support.problems import random_data

READOUTS_AND_LOSSES = [
    ("identity", "half-squared"),
    ("identity", "squared"),
    ("linear", "half-squared"),
    ("linear", "squared"),
    ("logistic", "half-squared"),
    ("logistic", "cross-entropy"),
]
SIZES = [(features, steps) for features in (1, 2, 3, 4) for steps in (1, 2, 3, 5, 8)]


@pytest.mark.parametrize(("readout", "loss"), READOUTS_AND_LOSSES)
@pytest.mark.parametrize(("features", "steps"), SIZES)
def test_every_value_equals_the_hand_written_lstm(
    readout: str, loss: str, features: int, steps: int
) -> None:
    data = random_data(1, features, steps, readout, loss)
    trace = data.problem().run()
    p = lstm.parameters(data)
    total, seen = lstm.forward(data, p, data.initial["h"], data.initial["c"])
    expected = lstm.backward(data, p, seen)
    assert trace.loss == pytest.approx(total, rel=1e-12)
    for symbol, values in seen.items():
        np.testing.assert_allclose(trace[symbol], values, rtol=1e-12, err_msg=symbol)
    for symbol, value in expected.items():
        got = trace.gradients[symbol] if symbol in trace.gradients else trace[symbol]
        np.testing.assert_allclose(got, value, rtol=1e-12, atol=1e-300, err_msg=symbol)
    assert set(trace.gradients) <= set(expected)


@pytest.mark.parametrize(("readout", "loss"), READOUTS_AND_LOSSES)
@pytest.mark.parametrize(("features", "steps"), SIZES)
def test_gradients_equal_complex_steps(readout: str, loss: str, features: int, steps: int) -> None:
    data = random_data(2, features, steps, readout, loss)
    gradients = data.problem().run().gradients
    slopes = lstm.complex_step(data)
    assert gradients.keys() == slopes.keys()
    for symbol, slope in slopes.items():
        assert gradients[symbol] == pytest.approx(slope, rel=1e-12), symbol


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    features=st.integers(1, 4),
    steps=st.integers(1, 8),
    kind=st.sampled_from(READOUTS_AND_LOSSES),
    missing=st.booleans(),
)
def test_any_problem_agrees_with_complex_steps(
    seed: int, features: int, steps: int, kind: tuple[str, str], missing: bool
) -> None:
    data = random_data(seed, features, steps, *kind, missing=missing)
    trace = data.problem().run()
    if all(math.isnan(t) for t in data.target):
        assert trace.loss is None
        return
    for symbol, slope in lstm.complex_step(data).items():
        # A sum of several paths may cancel; what is left is then right to the sum's own scale.
        scale = float(np.abs(trace[symbol]).max()) if symbol not in ("dh0", "dc0") else 0.0
        assert trace.gradients[symbol] == pytest.approx(slope, rel=1e-12, abs=1e-13 * scale), symbol


def test_the_paths_of_a_sum_add_up_to_it() -> None:
    trace = random_data(3, 3, 5).problem().run()
    for symbol, rows in trace.model.paths.items():
        total = sum(trace[row.symbol] for row in rows)
        np.testing.assert_allclose(total, trace[symbol], rtol=1e-12, atol=1e-15, err_msg=symbol)


def test_each_gradient_is_the_sum_of_its_steps() -> None:
    trace = random_data(4, 2, 6).problem().run()
    for row in trace.model.gradients:
        assert trace.gradients[row.symbol] == pytest.approx(trace[row.symbol].sum(), rel=1e-12)


def test_the_update_goes_down_the_gradient_and_frozen_parameters_stay() -> None:
    data = random_data(5, 2, 4)
    data.learning_rate, data.frozen = 0.25, ["W_i", "U_o"]
    trace = data.problem().run()
    for name, before in trace.initial.items():
        stays = name in ("W_i1", "W_i2", "U_o")
        expected = before if stays else before - 0.25 * trace.gradients[f"d{name}"]
        assert trace.final[name] == pytest.approx(expected, rel=1e-15), name


def test_a_step_without_target_has_no_loss_but_passes_gradients_on() -> None:
    data = random_data(6, 2, 4)
    data.target[1] = math.nan
    trace = data.problem().run()
    assert math.isnan(trace["E"][1])
    assert trace["dE"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert trace["dy"][1] == 0.0
    assert trace["dh"][1] == pytest.approx(
        sum(trace[f"dh_via_z_{k}"][1] for k in "figo"), rel=1e-12
    )
    assert trace.passes[0].windows[0].window.losses == (1, 3, 4)


def test_without_targets_there_is_a_forward_pass_only() -> None:
    text = random_data(7).toml()
    lines = [line for line in text.splitlines() if not line.startswith("target")]
    trace = Problem.of(read_specification("\n".join(lines), "x.toml", Path())).run()
    assert trace.loss is None and trace.gradients == {} and trace.initial == trace.final
    assert trace.passes[0].windows == () and len(trace["h"]) == 4
    with pytest.raises(KeyError, match="no symbol dh"):
        trace["dh"]


def test_epochs_and_sequences_go_on_from_the_parameters_reached() -> None:
    data = random_data(8, 1, 3)
    data.update, data.more = "epochs = 2", [([[0.5]], [0.25])]
    trace = data.problem().run()
    assert [(one.epoch, one.sequence) for one in trace.passes] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for earlier, later in zip(trace.passes, trace.passes[1:], strict=False):
        assert later.before == earlier.windows[-1].after
    assert trace.final == trace.passes[-1].windows[-1].after


@pytest.mark.parametrize("z", [-1000.0, 1000.0])
def test_saturated_gates_give_finite_values(z: float) -> None:
    data = random_data(9, 1, 3)
    for gate in "figo":
        data.parameters[f"b_{gate}"] = z
    trace = data.problem().run()
    assert trace.first_not_finite() is None
    assert trace["f"][0] in (1.0, pytest.approx(0.0, abs=1e-300))


def test_an_exploding_value_is_inf_and_named_not_an_exception() -> None:
    data = random_data(10, 1, 3)
    data.parameters["V"] = 1e200
    trace = data.problem().run()
    assert trace.loss == math.inf
    assert trace.first_not_finite() == ("E", 1)


def test_cross_entropy_of_a_certain_prediction_is_finite() -> None:
    data = random_data(11, 1, 3, "logistic", "cross-entropy")
    data.parameters |= {"V": 500.0, "b_y": 500.0}
    data.target = [1.0, 0.0, 1.0]
    trace = data.problem().run()
    assert trace.first_not_finite() is None


def test_trace_shows_itself_as_html_tables() -> None:
    html = cellcalc.load("gomez").run()._repr_html_()
    assert html.startswith("<h3>Backpropagating an LSTM")
    assert html.count("<table>") == 4 and "dh_via_z_f" in html


def test_arrays_by_symbol_have_one_number_a_step() -> None:
    trace = cellcalc.load("gomez").run()
    for symbol in ("x1", "z_f", "c", "E", "dh", "dc_via_c", "dW_f1"):
        assert trace[symbol].shape == (2,) and trace[symbol].dtype == np.float64
    with pytest.raises(KeyError, match="no symbol dcc; did you mean dc"):
        trace["dcc"]
