"""Every symbol that a trace lists has values."""

from __future__ import annotations

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
    windows = trace.passes[-1].windows
    for symbol in trace.symbols:
        values = trace[symbol]
        assert values.dtype == np.float64
        if symbol not in trace.model.quantities:
            assert values.shape == (2,) and np.isfinite(values).all(), symbol
        elif symbol in windows[-1].backward:
            assert values.shape == (2, 4), symbol
            for row, window in zip(values, windows, strict=True):
                swept = [t for t, v in enumerate(row, 1) if np.isfinite(v)]
                assert swept == list(window.steps), symbol
        else:
            assert values.shape == (4,) and np.isfinite(values).all(), symbol


def test_parameters_are_those_of_each_step() -> None:
    trace = random_cell("lstm", 2, features=2, steps=4, more=MORE).problem().run()
    windows = trace.passes[-1].windows
    before, between = windows[0].before["U_f"], windows[0].after["U_f"]
    assert before != between
    assert trace["U_f"].tolist() == [before, before, between, between]
    assert trace["dh0"].tolist() == [window.gradients["dh0"] for window in windows]


def test_coefficients_stay_as_they_are() -> None:
    trace = load("forget_bias").run()
    value = trace.specification.coefficients["forget_bias"]
    assert trace["forget_bias"].tolist() == [value] * trace.passes[-1].steps


def test_discarded_steps_have_no_derivatives() -> None:
    more = '[bptt]\nk1 = 5\nk2 = 5\ntail = "discard"\n'
    trace = random_cell("lstm", 2, steps=4, more=more).problem().run()
    assert trace["dc"].shape == (0, 4) and trace["dc0"].shape == (0,)
    assert trace["c"].shape == trace["U_f"].shape == (4,)


def test_a_symbol_that_there_is_not() -> None:
    trace = load("gomez").run()
    with pytest.raises(KeyError, match="no symbol dcc; did you mean dc"):
        trace["dcc"]
    with pytest.raises(KeyError, match="c was not kept, since the run was without detail"):
        load("gomez").run(detail=False)["c"]
    assert load("gomez").run(detail=False)["U_f"].shape == (2,)
