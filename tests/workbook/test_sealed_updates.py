"""An exercise on a run that is trained holds no answer in the rows of the update either."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellcalc.studies.exercise import exercise, sealed
from tests.support.problems import Data, random_data
from tests.support.spreadsheets import book_of, read


def trained(seed: int, bptt: str, update: str) -> Data:
    return replace(random_data(seed, 2, 5, "linear"), bptt=bptt, update=update)


BLOCKS = 'scheme = "block(2)"'
TRAINED = {
    "plain": trained(51, BLOCKS, ""),
    "momentum": trained(52, BLOCKS, 'optimizer = "momentum"'),
    "nesterov": trained(53, BLOCKS, 'optimizer = "nesterov"'),
    "adam": trained(54, BLOCKS, 'optimizer = "adam"'),
    "adagrad": trained(55, BLOCKS, 'optimizer = "adagrad"'),
    "value clipped": trained(56, f"{BLOCKS}\nclip_value = 5.0", ""),
    "norm clipped": trained(57, f"{BLOCKS}\nclip_norm = 50.0", 'optimizer = "momentum"'),
    "added up": trained(58, f'{BLOCKS}\nupdate = "sequence"', 'optimizer = "adam"'),
}


@pytest.mark.parametrize("asked", ["backward", "all", "dW_f1,dU_f"])
@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.cases(2)
def test_no_stored_number_is_a_gradient_asked_for(name: str, asked: str) -> None:
    data = TRAINED[name]
    contents = book_of(data, practice=asked, key=False)
    stored = [v for v in read(contents).values() if isinstance(v, float) and v]
    trace = data.problem().run()
    totals = [s for s in exercise(trace, sealed(trace, asked)).open if s.t is None and s.value]
    gradients = [spot for spot in totals if spot.window]
    assert gradients
    for spot in gradients:
        found = [v for v in stored if abs(v) == pytest.approx(abs(spot.value), rel=1e-9)]
        assert not found, spot.place


def test_no_two_weights_of_a_run_updated_on_the_way_tell_a_gradient_asked_for() -> None:
    data = TRAINED["plain"]
    trace = data.problem().run()
    asked = exercise(trace, sealed(trace, "backward")).open
    assert {spot.window for spot in asked} == {len(trace.passes[0].windows)}
    rows: dict[str, list[float]] = {}
    contents = book_of(data, practice="backward", key=False)
    for (sheet, cell), value in read(contents).items():
        if sheet == "Practice" and isinstance(value, float):
            rows.setdefault(cell.lstrip("ABCDEFGHIJKL"), []).append(value)
    told = {(b - a) / -data.learning_rate for row in rows.values() for a in row for b in row}
    for spot in asked:
        if spot.t is None and spot.value:
            assert not [v for v in told if v == pytest.approx(spot.value, rel=1e-6)], spot.place


def test_where_the_forward_pass_is_asked_for_no_weight_after_an_update_is_shown() -> None:
    data = TRAINED["plain"]
    trace = data.problem().run()
    for what in ("forward", "all", "y", "all,last"):
        asked = exercise(trace, sealed(trace, what)).open
        assert asked and {spot.t for spot in asked} <= {None, 0, 1, 2}, what
        assert {spot.window for spot in asked} <= {0, 1}
        contents = book_of(data, practice=what, key=False)
        stored = {v for (sheet, _), v in read(contents).items() if sheet == "Practice"}
        for window in trace.passes[0].windows:
            assert stored.isdisjoint(window.after.values()), what
