"""Where the gradient goes, held against complex steps of a forward pass written by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from cellcalc.studies.flow import flow, lags, verdicts
from cellcalc.views.flow import to_text
from tests.support.lstm import forward, parameters
from tests.support.problems import Data, random_data


def slope(data: Data, state: str, s: int, tau: int) -> float:
    """∂E[τ]/∂state[s] of the hand-written forward pass: run on from step s, moved by a little."""
    p, step = parameters(data), 1e-100j
    _, seen = forward(data, p, data.initial["h"], data.initial["c"])
    h, c = seen["h"][s - 1] + 0j, seen["c"][s - 1] + 0j
    if state == "c":
        c += step
        h = seen["o"][s - 1] * np.tanh(c)  # h of the same step follows c
    else:
        h += step
    if tau == s:
        y = p["V"] * h + p["b_y"]
        return complex((y - data.target[s - 1]) ** 2 / 2).imag / step.imag
    rest = replace(data, x=data.x[s:], target=data.target[s:], steps=data.steps - s)
    _, after = forward(rest, p, h, c)
    return complex(after["E"][tau - s - 1]).imag / step.imag


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_matrix_is_what_complex_steps_give(seed: int, missing: bool) -> None:
    data = random_data(seed, features=2, steps=6, missing=missing)
    problem = data.problem()
    found = flow(problem.specification, problem.model)
    assert len(found.losses) == (5 if missing else 6)
    for state in ("h", "c"):
        assert found.matrix[state].shape == (len(found.losses), 6)
        for row, tau in enumerate(found.losses):
            expected = [slope(data, state, s, tau) if s <= tau else 0.0 for s in range(1, 7)]
            assert found.matrix[state][row] == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("weights", ["current", "stored"])
@pytest.mark.parametrize("cell", ["lstm", "lstm-two-biases"])
def test_its_columns_add_up_to_the_backward_pass(cell: str, weights: str) -> None:
    data = random_data(3, steps=7, readout="logistic", loss="squared")
    if cell == "lstm-two-biases":
        data.parameters |= {f"r_{gate}": 0.1 + k / 7 for k, gate in enumerate("figo")}
    data.bptt = f'weights = "{weights}"'
    text = data.toml().replace('cell = "lstm"', f'cell = "{cell}"')
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    found, trace = flow(problem.specification, problem.model), problem.run()
    for state in ("h", "c"):
        assert found.matrix[state].sum(axis=0) == pytest.approx(trace[f"d{state}"], rel=1e-12)


def test_the_factor_is_the_forget_gate() -> None:
    problem = random_data(4, steps=5).problem()
    found = flow(problem.specification, problem.model)
    assert found.carousel == ("c", "fₜ₊₁")
    assert found.factor == pytest.approx(problem.run()["f"], rel=1e-14)


def test_the_decay_with_the_lag() -> None:
    """Each figure worked out anew from the matrix."""
    problem = random_data(5, steps=6).problem()
    found = flow(problem.specification, problem.model)
    f, sizes = problem.run()["f"], np.abs(found.matrix["c"])
    table = lags(found)
    assert [one.lag for one in table] == [0, 1, 2, 3, 4, 5]
    assert [one.pairs for one in table] == [6, 5, 4, 3, 2, 1]
    for one in table:
        rows = range(one.lag, 6)
        left = sum(sizes[t, t - one.lag] for t in rows) / sum(sizes[t, t] for t in rows)
        assert one.states["c"] == pytest.approx(left)
        spans = [math.prod(f[t - one.lag + 1 : t + 1]) for t in rows]
        assert one.product == pytest.approx(sum(spans) / len(spans))
        assert one.swept == 1


@pytest.mark.parametrize(
    ("bptt", "kept"),
    [
        ('scheme = "full"', {t: range(1, t + 1) for t in range(1, 7)}),
        ("k1 = 2\nk2 = 3", {1: [1], 2: [1, 2], 3: [2, 3], 4: [2, 3, 4], 5: [4, 5], 6: [4, 5, 6]}),
        ("k1 = 3\nk2 = 1", {1: [], 2: [], 3: [3], 4: [], 5: [], 6: [6]}),
        ('scheme = "naive-split(2)"', {1: [1], 2: [1, 2], 3: [3], 4: [3, 4], 5: [5], 6: [5, 6]}),
        ('scheme = "tail(4)"', {1: [], 2: [], 3: [3], 4: [3, 4], 5: [3, 4, 5], 6: [3, 4, 5, 6]}),
    ],
)  # fmt: skip
def test_what_a_truncation_cuts_off(bptt: str, kept: dict[int, list[int]]) -> None:
    data = random_data(6, steps=6)
    data.bptt = bptt
    problem = data.problem()
    found = flow(problem.specification, problem.model)
    rows = zip(found.losses, found.swept, strict=True)
    swept = {t: [int(s) + 1 for s in np.flatnonzero(row)] for t, row in rows}
    assert swept == {t: list(steps) for t, steps in kept.items()}
    sizes = np.abs(found.matrix["c"])
    lost = sum(
        sizes[t - 1, s - 1] for t in range(1, 7) for s in range(1, t + 1) if s not in kept[t]
    )
    assert found.cut_share("c") == pytest.approx(lost / sizes.sum())
    assert int(found.cut.sum()) == 21 - sum(map(len, kept.values()))


def test_a_loss_injected_by_several_windows_is_counted_each_time() -> None:
    data = random_data(6, steps=4)
    data.bptt = 'k1 = 1\nk2 = 4\ninject = "all"'
    problem = data.problem()
    assert flow(problem.specification, problem.model).swept.tolist() == [
        [4, 0, 0, 0],
        [3, 3, 0, 0],
        [2, 2, 2, 0],
        [1, 1, 1, 1],
    ]


@pytest.mark.parametrize(
    ("b_f", "word"), [(-3.0, "vanishes"), (5.0, "lasts")]
)  # a forget gate nearly closed, nearly open
def test_what_becomes_of_the_gradient_in_a_word(b_f: float, word: str) -> None:
    data = random_data(8, steps=8)
    data.parameters["b_f"] = b_f
    problem = data.problem()
    whole = flow(problem.specification, problem.model)
    found = {v.state: v for v in verdicts(whole, lags(whole))}
    assert found["c"].word == word
    after_one = lags(whole)[1].states["c"]
    assert found["c"].rate == pytest.approx((found["c"].left / after_one) ** (1 / 6))


def test_an_exploding_gradient_is_said_to_explode() -> None:
    """A recurrent weight of 25 on the candidate, all gates wide open, and all near 0."""
    gates = "".join(f"W_{k} = 0\nU_{k} = 0\nb_{k} = 9\n" for k in "fio")
    text = (
        f"[parameters]\n{gates}W_g = 0.001\nU_g = 25\nb_g = 0\n[[sequence]]\n"
        "x = [0.001, 0, 0]\ntarget = [nan, nan, 1]\n"
    )
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    found = flow(problem.specification, problem.model)
    (_, verdict) = verdicts(found, lags(found))
    assert (verdict.state, verdict.word, verdict.lag) == ("c", "explodes", 2)
    assert verdict.left > 500
    said = f"∂E/∂c explodes: over 2 steps it becomes {verdict.left:.3g} times as large"
    assert said in to_text(found, "title")
