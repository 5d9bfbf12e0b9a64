"""The loss over a grid of parameters is what a run with these parameters gives."""

from __future__ import annotations

import numpy as np
import pytest

from cellcalc.studies.surface import surface
from tests.api.test_problem import PARAMETERS, X, Y, problem


@pytest.mark.parametrize(
    "more", [{}, {"reduction": "mean"}, {"x": np.stack([X, -X]), "target": np.stack([Y, -Y])}]
)
def test_each_point_is_the_loss_of_a_run(more: dict[str, object]) -> None:
    p = problem(**more)
    found = surface(p.specification, p.model, p.run(), ("U_f", "b_o"), 0.7)
    assert found.losses.shape == (len(found.axes[1]), len(found.axes[0]))
    for row, column in ((0, 0), (3, 40), (60, 17)):
        changed = PARAMETERS | {"U_f": found.axes[0][column], "b_o": found.axes[1][row]}
        run = problem(parameters=changed, update="epoch", **more).run()
        expected = sum(one.loss or 0.0 for one in run.passes)
        assert found.losses[row, column] == pytest.approx(expected, rel=1e-12)


def test_one_parameter_is_a_curve_around_its_own_value() -> None:
    p = problem()
    trace = p.run()
    found = surface(p.specification, p.model, trace, ("U_f",), 0.5)
    assert found.at == (PARAMETERS["U_f"],)
    middle = len(found.axes[0]) // 2
    assert found.axes[0][middle] == pytest.approx(PARAMETERS["U_f"])
    assert found.losses[middle] == pytest.approx(trace.loss)


def test_the_way_of_training_lies_on_the_picture() -> None:
    p = problem(epochs=40, learning_rate=0.4)
    trace = p.run()
    found = surface(p.specification, p.model, trace)
    assert found.path.shape == (41, 2)
    assert found.path[-1].tolist() == [trace.final[name] for name in found.names]
    for k, axis in enumerate(found.axes):
        assert axis[0] < found.path[:, k].min() and found.path[:, k].max() < axis[-1]
    sizes = {name: abs(trace.passes[0].windows[0].gradients[f"d{name}"]) for name in trace.initial}
    assert set(found.names) == set(sorted(sizes, key=lambda name: -sizes[name])[:2])
