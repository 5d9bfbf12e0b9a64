"""The words of the flow: its rates run from lag 1 on, and stop and resets are named as causes."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

import cellcalc
from cellcalc.studies.flow import flow, lags, verdicts
from cellcalc.views.flow import to_text
from tests.support.command import Run
from tests.support.problems import random_data


def test_a_state_that_the_cell_cuts_does_not_vanish() -> None:
    problem = cellcalc.load("lstm_1997")
    found = flow(problem.specification, problem.model)
    words = {one.state: one.word for one in verdicts(found, lags(found))}
    assert words == {"h": "stopped", "c": "lasts"}
    text = to_text(found, "title")
    assert "∂E/∂h is cut off by the cell itself" in text
    assert "No gradient flows through stop(hₜ₋₁) in z_i, z_g, z_o." in text
    assert "vanishes" not in text


def test_a_cell_without_stop_says_nothing_of_it() -> None:
    problem = random_data(35, steps=5).problem()
    found = flow(problem.specification, problem.model)
    assert not found.stops and "stop" not in to_text(found, "title")


def test_the_rate_is_that_from_step_to_step() -> None:
    problem = random_data(36, steps=6).problem()
    found = flow(problem.specification, problem.model)
    listed = lags(found)
    for one in verdicts(found, listed):
        first, last = listed[1].states[one.state], listed[-1].states[one.state]
        assert one.left == last and one.rate == pytest.approx((last / first) ** (1 / 4))


def test_after_a_reset_only_pairs_within_a_piece_count() -> None:
    data = random_data(37, steps=7)
    reset = replace(data, bptt='scheme = "naive-split(3)"').problem()
    found = flow(reset.specification, reset.model)
    listed = lags(found)
    for lag in listed[3:]:
        assert all(math.isnan(value) for value in lag.states.values()) and math.isnan(lag.product)
    pieces = [(0, 3), (3, 6), (6, 7)]
    for state, matrix in found.matrix.items():
        for lag in (1, 2):
            pairs = [(t, t - lag) for a, b in pieces for t in range(a, b) if t - lag >= a]
            own = sum(abs(matrix[t, t]) for t, _ in pairs)
            left = sum(abs(matrix[t, s]) for t, s in pairs) / own
            assert listed[lag].states[state] == pytest.approx(left)
    assert {one.lag for one in verdicts(found, listed)} == {2}
    assert "goes back to the initial one after t = 3, 6" in " ".join(to_text(found, "").split())


def test_json_has_what_is_stopped(run: Run) -> None:
    data = json.loads(run("flow", "peephole_truncated", "-f", "json").stdout)
    assert data["stops"] == [
        {"of": "c[t-1]", "in": ["z_f", "z_i"]},
        {"of": "c[t]", "in": ["z_o"]},
    ]
    assert json.loads(run("flow", "gomez", "-f", "json").stdout)["stops"] == []
