"""What must hold for every problem, tried on problems that hypothesis draws."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcalc.api import Trace
from tests.support import lstm
from tests.support.cells import CELLS, complex_step, random_cell
from tests.support.problems import Data, random_data

FEW = settings(max_examples=6, derandomize=True, deadline=None)
READOUTS = [("identity", "half-squared"), ("linear", "squared"), ("logistic", "cross-entropy")]


@st.composite
def problems(draw: st.DrawFn, features: int = 0, missing: bool = False) -> Data:
    """Distinct non-zero parameters, a non-zero start, a loss at every step (or all but one)."""
    readout, loss = draw(st.sampled_from(READOUTS))
    return random_data(
        draw(st.integers(0, 10**9)), features or draw(st.integers(1, 3)), draw(st.integers(3, 6)),
        readout, loss, missing,
    )  # fmt: skip


def gradients(trace: Trace) -> dict[str, float]:
    """Every gradient, summed over the windows of the only pass."""
    (one,) = trace.passes
    return {
        name: math.fsum(window.gradients[name] for window in one.windows)
        for name in one.windows[0].gradients
    }


def same(found: dict[str, float], expected: dict[str, float]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-10, abs=1e-14), name


@FEW
@given(problems())
def test_gradients_are_those_of_a_complex_step(data: Data) -> None:
    same(gradients(data.problem().run()), lstm.complex_step(data))


@FEW
@given(st.sampled_from(CELLS), st.integers(0, 10**9))
def test_the_gradients_of_any_cell_are_those_of_a_complex_step(cell: str, seed: int) -> None:
    data = random_cell(cell, seed, steps=3)
    same(gradients(data.problem().run()), complex_step(data))


@FEW
@given(st.sampled_from(CELLS), st.integers(0, 10**9), st.integers(1, 5))
def test_the_windows_of_any_cell_sum_to_full_bptt(cell: str, seed: int, k1: int) -> None:
    """Losses injected once, every window back to the start, no update in between."""
    scheme = f"[bptt]\nk1 = {k1}\nk2 = 5\nupdate = 'sequence'"
    whole = gradients(random_cell(cell, seed, steps=5).problem().run())
    split = gradients(random_cell(cell, seed, steps=5, more=scheme).problem().run())
    parameters = {name for name in whole if not name.endswith("0")}
    same({n: split[n] for n in parameters}, {n: whole[n] for n in parameters})


@FEW
@given(st.sampled_from(CELLS), st.integers(0, 10**9))
def test_no_cell_learns_from_targets_that_it_meets(cell: str, seed: int) -> None:
    data = random_cell(cell, seed, steps=4)
    trace = replace(data, target=list(map(float, data.problem().run()["y"]))).problem().run()
    assert trace.loss == 0.0
    assert set(map(abs, gradients(trace).values())) == {0.0}


@FEW
@given(problems(features=2))
def test_swapping_features_swaps_their_gradients(data: Data) -> None:
    swapped = replace(
        data,
        x=[row[::-1] for row in data.x],
        parameters={k: v[::-1] if isinstance(v, list) else v for k, v in data.parameters.items()},
    )
    turned = {"1": "2", "2": "1"}
    found = {
        name[:-1] + turned[name[-1]] if name.startswith("dW_") else name: value
        for name, value in gradients(swapped.problem().run()).items()
    }
    same(found, gradients(data.problem().run()))


@FEW
@given(problems())
def test_without_loss_there_is_no_gradient(data: Data) -> None:
    """Targets that the prediction meets: for the squared losses every derivative is 0."""
    if data.loss == "cross-entropy":
        data = replace(data, loss="squared")
    met = replace(data, target=list(map(float, data.problem().run()["y"])))
    trace = met.problem().run()
    assert trace.loss == 0.0
    assert set(map(abs, gradients(trace).values())) == {0.0}
    assert trace.final == trace.initial


@FEW
@given(problems())
def test_mean_is_the_sum_divided_by_the_number_of_losses(data: Data) -> None:
    total = gradients(data.problem().run())
    mean = gradients(replace(data, bptt='reduction = "mean"').problem().run())
    same({name: value * data.steps for name, value in mean.items()}, total)


@FEW
@given(problems())
def test_twice_the_loss_has_twice_the_gradient(data: Data) -> None:
    data = replace(data, readout=data.readout, loss="half-squared")
    half = gradients(data.problem().run())
    whole = gradients(replace(data, loss="squared").problem().run())
    same(whole, {name: 2 * value for name, value in half.items()})


@FEW
@given(problems(), st.floats(0.5, 2.0))
def test_scaling_an_input_against_its_weights_changes_nothing_else(data: Data, by: float) -> None:
    scaled = replace(
        data,
        x=[[value * by for value in row] for row in data.x],
        parameters={
            name: [w / by for w in value] if isinstance(value, list)
            else value / by if name.startswith("W_") else value
            for name, value in data.parameters.items()
        },
    )  # fmt: skip
    expected = {
        name: value * by if name.startswith("dW_") else value
        for name, value in gradients(data.problem().run()).items()
    }
    same(gradients(scaled.problem().run()), expected)


@FEW
@given(problems())
def test_turning_the_signs_of_the_state_turns_those_of_its_gradients(data: Data) -> None:
    """tanh is odd: -g, -c and -h follow from -W_g, -b_g, and U turned where it meets h."""
    data = replace(data, readout="identity", loss="half-squared")
    p = {name: value for name, value in data.parameters.items() if name not in ("V", "b_y")}
    odd = {"W_g", "b_g", "U_f", "U_i", "U_o"}

    def turned(value: float | list[float]) -> float | list[float]:
        return [-v for v in value] if isinstance(value, list) else -value

    data = replace(data, parameters=p)
    mirror = replace(
        data,
        parameters={name: turned(v) if name in odd else v for name, v in p.items()},
        initial={name: -value for name, value in data.initial.items()},
        target=[-value for value in data.target],
    )
    found = gradients(mirror.problem().run())
    expected = {
        name: -value if name[1:].rstrip("123") in odd or name in ("dh0", "dc0") else value
        for name, value in gradients(data.problem().run()).items()
    }
    same(found, expected)


@FEW
@given(problems())
def test_a_step_without_target_at_the_end_changes_nothing(data: Data) -> None:
    longer = replace(
        data, steps=data.steps + 1, x=[*data.x, data.x[0]], target=[*data.target, math.nan]
    )
    before, after = data.problem().run(), longer.problem().run()
    same(gradients(after), gradients(before))
    assert after.loss == before.loss
    assert list(after["h"][:-1]) == list(before["h"])


@FEW
@given(problems(missing=True), st.integers(1, 3))
def test_windows_without_updates_between_sum_to_full_bptt(data: Data, k1: int) -> None:
    """Each loss is injected once, and every window goes back to the start."""
    bptt = f'k1 = {k1}\nk2 = {data.steps}\nupdate = "sequence"'
    same(gradients(replace(data, bptt=bptt).problem().run()), gradients(data.problem().run()))


@FEW
@given(problems(), st.integers(2, 3))
def test_one_run_of_several_epochs_is_several_runs_of_one(data: Data, epochs: int) -> None:
    together = replace(data, update=f"epochs = {epochs}").problem().run()
    parameters = data.parameters
    for _ in range(epochs):
        final = replace(data, parameters=parameters).problem().run().final
        parameters = {
            name: [final[f"{name}{k}"] for k in range(1, len(value) + 1)]
            if isinstance(value, list) else final[name]
            for name, value in parameters.items()
        }  # fmt: skip
    assert together.final == final


@FEW
@given(problems())
def test_a_frozen_parameter_leaves_the_gradients_alone(data: Data) -> None:
    frozen = replace(data, frozen=["U_f", "b_o"]).problem().run()
    same(gradients(frozen), gradients(data.problem().run()))
    assert frozen.final["U_f"] == frozen.initial["U_f"]
