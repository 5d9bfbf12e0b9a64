"""What a page, a picture or an experiment of many steps costs is bounded, or refused before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cellcalc
from cellcalc.engine import batch, effort
from cellcalc.errors import LimitError
from cellcalc.studies import surface
from cellcalc.views import table
from cellcalc.views.drawing import curves
from tests.support.problems import random_data

TEN = cellcalc.load("ten_steps")


@pytest.mark.parametrize("most", [1, 700, 10**9])
def test_losses_are_the_same_however_many_steps_are_held(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with sequences side by side, missing targets, and parameters that differ by step."""
    problem = cellcalc.loads(random_data(38, steps=7).toml())
    varied = {"U_f": np.linspace(-1, 1, 5), "W_o1": np.linspace(2, -1, 5)}
    monkeypatch.setattr(batch, "MOST_HELD", most)
    found = batch.losses(problem.specification, problem.model, varied)
    for k, column in enumerate(found.T):
        own = {name: float(values[k]) for name, values in varied.items()}
        alone = cellcalc.loads(random_data(38, steps=7).toml(), scheme="full")
        parameters = {**alone.specification.parameters, **own}
        run = cellcalc.Problem.of(replace(alone.specification, parameters=parameters)).run()
        assert column == pytest.approx([one.loss for one in run.passes], rel=1e-13)


@pytest.mark.parametrize(
    ("format", "limit"), [("text", "MOST_PRINTED"), ("html", "MOST_ON_A_PAGE")]
)
def test_a_page_of_too_many_values_is_refused(
    format: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = TEN.run()
    monkeypatch.setattr(table, limit, 200)
    with pytest.raises(LimitError, match="at most 200 values, found about"):
        table.render(trace, format)
    assert "dc" in table.render(trace, selection=table.select(trace, symbols="c,dc"))


def test_a_sweep_of_too_many_steps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = TEN.run()
    monkeypatch.setattr(effort, "MAX_SWEPT", 10 * 161)
    parts = (TEN.specification, TEN.model, trace)
    assert surface.surface(*parts, ["U_f"]).losses.shape == (161,)
    with pytest.raises(LimitError, match="each of 3,721 points counted"):
        surface.surface(*parts, ["U_f", "W_f"])


def test_an_experiment_of_too_many_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MAX_HELD", 1_000)
    with pytest.raises(LimitError, match="at most 1,000 numbers to keep"):
        list(TEN.experiment(schemes=["block(5)"], epochs=[1], seeds=1))


def test_a_picture_of_many_gradients_is_one_of_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same places and colours as its boxes."""
    pytest.importorskip("matplotlib", reason="there is no matplotlib")
    import matplotlib.pyplot as plt

    seen = []
    for most in (10**6, 3):
        monkeypatch.setattr(curves, "MOST_BOXES", most)
        figure, axes = plt.subplots()
        TEN.draw("gradients", ax=axes)
        (drawn,) = [*axes.collections, *axes.images]
        seen.append((axes.get_xlim(), axes.get_ylim(), np.asarray(drawn.get_array()).ravel()))
        plt.close(figure)
    assert seen[0][:2] == seen[1][:2]
    np.testing.assert_array_equal(seen[0][2], seen[1][2])
