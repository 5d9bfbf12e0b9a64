"""Each experiment on Start does what it says, in every example and scheme."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

import cellcalc
from cellcalc.resources import read_toml
from cellcalc.workbook.layout import lay_out
from cellcalc.workbook.sheets.start import fitting, weights
from tests.support import spreadsheets
from tests.support.oracles import sample
from tests.support.sheets import Live
from tests.support.spreadsheets import book_of

EXAMPLES = sorted(path.stem for path in Path("examples").glob("*.toml"))
SCHEMES = {"ten_steps": ["full", "tbptt(1,3)", "naive-split(3)", "per-error(2)", "forum-last(2,4)"]}
CASES = [(name, None) for name in EXAMPLES if name not in ("statquest", "tuning", "echo")]
CASES += [(name, scheme) for name, schemes in SCHEMES.items() for scheme in schemes]


@pytest.mark.parametrize(("name", "scheme"), sample(CASES, 4))
def test_each_experiment_does_what_it_says(name: str, scheme: str | None) -> None:
    problem = cellcalc.load(name, scheme) if scheme else cellcalc.load(name)
    trace = problem.run()
    found = fitting(lay_out(trace)[0])
    book = book_of(problem, ["Start"])
    typed = {e["do"]: e["to"] for e in read_toml("templates/guide.toml")["experiment"]}
    for experiment in found:
        live = Live(book)
        assert live.get("BPTT", experiment.place) == pytest.approx(experiment.before)
        value = typed[experiment.words["do"]]
        live.set("BPTT", {experiment.cell: None if value == "" else float(value)})
        got = float(str(live.get("BPTT", experiment.place)))
        if experiment.words["expect"] == "zero":
            assert got == 0.0
        assert got == pytest.approx(experiment.after, rel=1e-9, abs=1e-14)
    assert found or not trace.passes[0].windows


def test_weights_are_a_matrix_of_gates_and_kinds() -> None:
    table = weights(cellcalc.load("gomez").model)
    assert list(table) == ["z_f", "z_i", "z_g", "z_o"]
    assert table["z_g"] == {"W1": "W_g1", "W2": "W_g2", "U": "U_g", "b": "b_g"}
    names = [n for row in table.values() for n in row.values()]
    assert sorted(names) == sorted(cellcalc.load("gomez").run().initial)


@pytest.mark.parametrize("name", ["gru_reset_after", "peephole", "carousel", "statquest_step"])
def test_every_parameter_stands_once_in_the_matrix(name: str) -> None:
    problem = cellcalc.load(name)
    table = weights(problem.model)
    names = [n for row in table.values() for n in row.values()]
    assert sorted(names) == sorted(problem.run().initial)


def test_what_goes_in_is_linked_to_the_cells_that_can_be_changed() -> None:
    live = Live(book_of(cellcalc.load("gomez"), ["Start"]))
    cells = {v: c for (s, c), v in spreadsheets.read(book_of(cellcalc.load("gomez"), ["Start"]),
             formulas=True).items() if s == "Start" and str(v).startswith("=BPTT!")}  # fmt: skip
    for formula, cell in list(cells.items())[:20]:
        place = re.sub(".*!", "", str(formula))
        if place[0] == "E":
            live.set("BPTT", {place: 0.625})
            assert live.get("Start", cell) == 0.625
    assert math.isfinite(float(str(live.get("BPTT", "D40") or 0)))
