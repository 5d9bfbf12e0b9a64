"""Every cell that ships, against complex steps through its equations."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.cells import CELLS, complex_step, evaluated, random_cell

KINDS = [  # readout, loss, features
    ("identity", "half-squared", 2),
    ("linear", "squared", 1),
    ("linear-no-bias", "absolute", 3),
    ("logistic", "cross-entropy", 4),
]


def close(got: float, expected: float, scale: float) -> bool:
    """Equal to 1e-12 of the value, or of the terms that it is the sum of, which may cancel."""
    return abs(got - expected) <= 1e-12 * max(abs(expected), scale)


@pytest.mark.parametrize(("readout", "loss", "features"), KINDS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_derived_gradients_equal_complex_steps(
    cell: str, readout: str, loss: str, features: int
) -> None:
    data = random_cell(cell, 1, features, 4, readout, loss)
    trace = data.problem().run()
    total, seen = evaluated(data)
    assert trace.loss == pytest.approx(total.real, rel=1e-13)
    for symbol, values in seen.items():
        np.testing.assert_allclose(trace[symbol], np.real(values), rtol=1e-12, err_msg=symbol)
    slopes = complex_step(data)
    assert trace.gradients.keys() == slopes.keys()
    for symbol, slope in slopes.items():
        scale = 0.0 if symbol.endswith("0") else float(np.abs(trace[symbol]).max())
        assert close(trace.gradients[symbol], slope, scale), symbol


@pytest.mark.parametrize("cell", ["lstm-clip", "lstm-hard", "lstm-hard-keras3"])
def test_the_problems_reach_the_bounds_and_keep_within_them(cell: str) -> None:
    trace = random_cell(cell, 1, 2, 4).problem().run()
    bounds, values = (0.35, -0.35), list(trace["c"])
    if cell != "lstm-clip":
        bounds, values = (0.0, 1.0), [v for gate in "fio" for v in trace[gate]]
    assert 0 < sum(value in bounds for value in values) < len(values)
