"""Every symbol that a trace lists has values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cellcalc import load
from tests.support.cells import CELLS, random_cell

MORE = "[bptt]\nk1 = 2\nk2 = 3\n"


@pytest.mark.parametrize("weights", ["current", "stored"])
@pytest.mark.parametrize("cell", CELLS)
def test_every_listed_symbol_has_values(cell: str, weights: str) -> None:
    more = f'{MORE}weights = "{weights}"\n'
    trace = random_cell(cell, 2, features=2, steps=4, more=more).problem().run()
    assert len(set(trace.symbols)) == len(trace.symbols)
    for symbol in trace.symbols:
        values = trace[symbol]
        assert values.dtype == np.float64 and np.isfinite(values).all(), symbol
        derived = symbol in trace.passes[-1].windows[-1].backward
        steps = len(trace.passes[-1].windows[-1].steps) if derived else 4
        entering = symbol not in trace.model.quantities
        assert values.shape == (() if entering else (steps,)), symbol


def test_parameters_are_those_of_each_step() -> None:
    trace = random_cell("lstm", 2, features=2, steps=4, more=MORE).problem().run()
    windows = trace.passes[-1].windows
    before, between = windows[0].before["U_f"], windows[0].after["U_f"]
    assert before != between
    assert trace["U_f"].tolist() == [before, before, between, between]
    assert float(trace["dh0"]) == windows[-1].gradients["dh0"]


def test_coefficients_stay_as_they_are() -> None:
    trace = load("forget_bias").run()
    value = trace.specification.coefficients["forget_bias"]
    assert trace["forget_bias"].tolist() == [value] * trace.passes[-1].steps


def test_discarded_steps_have_no_derivatives() -> None:
    more = '[bptt]\nk1 = 5\nk2 = 5\ntail = "discard"\n'
    trace = random_cell("lstm", 2, steps=4, more=more).problem().run()
    assert trace["dc"].shape == (0,) and math.isnan(float(trace["dc0"]))
    assert trace["c"].shape == trace["U_f"].shape == (4,)


def test_a_symbol_that_there_is_not() -> None:
    trace = load("gomez").run()
    with pytest.raises(KeyError, match="no symbol dcc; did you mean dc"):
        trace["dcc"]
    with pytest.raises(KeyError, match="c was not kept, since the run was without detail"):
        load("gomez").run(detail=False)["c"]
    assert load("gomez").run(detail=False)["U_f"].shape == (2,)
