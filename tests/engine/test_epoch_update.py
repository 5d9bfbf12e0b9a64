"""One update an epoch comes after all sequences, those that have no window among them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cellcalc.engine import batch
from tests.support import lstm
from tests.support.problems import random_data

EPOCHS = 3
FIRST = random_data(61, features=1, steps=4)
SECOND = random_data(62, features=1, steps=3)
NOTHING = [([[0.4], [-0.7], [0.9]], [math.nan] * 3), ([[-0.3], [0.8]], [math.nan] * 2)]
DATA = replace(
    FIRST,
    bptt='k1 = 2\nk2 = 3\nupdate = "epoch"\nreduction = "mean"',
    update=f'optimizer = "adam"\nepochs = {EPOCHS}',
)
BEHIND = replace(DATA, more=[(SECOND.x, SECOND.target), *NOTHING])


def cells(parameters: Mapping[str, float], x: list[list[float]]) -> list[float]:
    """The memory cell at each step of a sequence, by an LSTM that is written out."""
    data = replace(DATA, x=x, target=[0.0] * len(x))
    _, seen = lstm.forward(data, dict(parameters), DATA.initial["h"], DATA.initial["c"])
    return seen["c"]


def test_sequences_behind_the_last_window_run_with_what_the_epoch_began_with() -> None:
    trace = BEHIND.problem().run()
    for epoch in range(EPOCHS):
        own = trace.passes[4 * epoch : 4 * epoch + 4]
        assert all(one.before == own[0].before for one in own)
        for one, (x, _) in zip(own, [(DATA.x, 0), *BEHIND.more], strict=True):
            expected = cells(own[0].before, x)
            assert list(one.forward["c"][1:]) == pytest.approx(expected, rel=1e-13)
        assert own[1].after == (
            trace.passes[4 * epoch + 4].before if epoch + 1 < EPOCHS else trace.final
        )
        assert own[1].after != own[1].before


@pytest.mark.parametrize("place", range(3))
def test_where_they_stand_changes_nothing(place: int) -> None:
    """Nothing is updated within an epoch, so that the order of sequences does not matter."""
    more = [(SECOND.x, SECOND.target)]
    more[place:place] = NOTHING
    moved = replace(DATA, more=more).problem().run()
    assert moved.final == BEHIND.problem().run().final
    assert moved.memory == BEHIND.problem().run().memory


def test_a_batch_computes_the_same() -> None:
    problem = BEHIND.problem()
    trained = batch.train(problem.specification, problem.model, {"h": [DATA.initial["h"]] * 2})
    trace = problem.run()
    for name, value in trace.final.items():
        assert list(trained.parameters[name]) == pytest.approx([value] * 2, rel=1e-12)


def test_its_own_numbers_are_right_answers() -> None:
    problem = BEHIND.problem()
    trace = problem.run()
    lines = []
    for one in trace.passes[:8]:
        lines += [f"epoch = {one.epoch}", f"sequence = {one.sequence}"]
        lines += [f"c[{t}] = {one.forward['c'][t]!r}" for t in range(1, one.steps + 1)]
    for one in (one for one in trace.passes[:8] if one.windows):
        lines += [f"epoch = {one.epoch}", f"sequence = {one.sequence}"]
        for number, window in enumerate(one.windows, 1):
            lines += [f"window = {number}"]
            lines += [f"{name} = {v!r}" for name, v in window.gradients.items()]
    report = problem.check("\n".join(lines))
    assert {answer["verdict"] for answer in report.answers} == {"correct"}
