"""The functions of the language over numbers and over arrays."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cellcalc.language.arithmetic.arrays
from cellcalc.language.arithmetic import floats


@pytest.mark.parametrize("name", cellcalc.language.arithmetic.arrays.__all__)
def test_functions_over_arrays_agree_with_those_of_numbers(name: str) -> None:
    """Also where a number is huge, 0 or not finite: arrays neither warn nor differ."""
    points = [-1e308, -800.0, -3.7, -2.5, -1.0, -0.2, -0.0, 0.0, 1e-310, 0.4, 1.0, 2.5, 5.0, 710.0,
              1e308, math.inf, -math.inf, math.nan]  # fmt: skip
    scalar, array = getattr(floats, name), getattr(cellcalc.language.arithmetic.arrays, name)
    with np.errstate(all="ignore"):
        if name in ("divide", "power"):
            seconds = [-1.0, 0.0, 0.5, 2.0, 3.0, -2.0]
            # numpy takes the root of -inf where ** gives inf: neither is a number one computes with
            pairs = [(a, b) for a in points for b in seconds if (a, b) != (-math.inf, 0.5)]
            if name == "divide":
                pairs += [(b, a) for a, b in pairs if abs(a) > 1e-300]
            expected = [scalar(a, b) for a, b in pairs]
            whole = array(*np.array(pairs).T)
            each = [array(np.array([a]), b)[0] for a, b in pairs]
            assert each == pytest.approx(expected, rel=1e-14, nan_ok=True)
        elif name in ("clip", "inside"):
            triples = [(p, a, b) for p in points for a, b in ((-1.0, 0.4), (2.5, -3.0))]
            expected, whole = [scalar(*t) for t in triples], array(*np.array(triples).T)
        elif name in ("max", "min", "complement", "log_complement", "log_logistic"):
            doubles = [(p, a) for p in points for a in points]
            expected, whole = [scalar(*d) for d in doubles], array(*np.array(doubles).T)
        else:
            points = [p for p in points if name != "sqrt" or p != -math.inf]
            expected, whole = [scalar(p) for p in points], array(np.array(points))
    assert whole == pytest.approx(expected, rel=1e-14, nan_ok=True)


def test_every_function_that_a_source_calls_is_there_for_arrays() -> None:
    assert {*cellcalc.language.arithmetic.arrays.__all__, "rounded"} == set(floats.__all__)


@pytest.mark.parametrize("a", [-1.0, 0.5, 2.0])
@pytest.mark.parametrize("u", [-2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
def test_the_clipping_functions_are_those_of_numpy(u: float, a: float) -> None:
    assert floats.clip(u, a, a + 1) == np.clip(u, a, a + 1)
    assert floats.max(u, a) == np.maximum(u, a) and floats.min(u, a) == np.minimum(u, a)
    assert math.isnan(floats.clip(math.nan, -1.0, 1.0))
