"""After any change of inputs every formula that has been overwritten is noticed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support import spreadsheets
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import LAMP, Grid, Live
from tests.support.spreadsheets import book_of

PROBLEMS: dict[str, Data] = {
    "gomez": GOMEZ,
    "tbptt": replace(random_data(43, 1, 4, missing=True), bptt='scheme = "tbptt(2,3)"'),
    "adam": replace(random_data(46, 1, 3), update='optimizer = "adam"', bptt="clip_norm = 0.1"),
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(1)
def test_every_overwritten_formula_is_noticed(name: str) -> None:
    book = book_of(PROBLEMS[name], ["Start", "Gradients", "Checks"])
    grid, stored = Grid(book), spreadsheets.read(book)
    weight = next(n for n in grid.names if n.startswith("W_f"))
    edit = {grid.names[weight]: 0.8125, grid.names["U_i"]: -0.5625, grid.names["b_o"]: 0.375}
    clean = Live(book)
    clean.set("BPTT", edit)
    assert clean.get("Checks", "D3") == 0 and clean.get(*LAMP) == "OK"
    cells = [c for s, c in spreadsheets.formula_cells(book) if s == "BPTT"]
    cells = [c for c in cells if int(re.sub("[A-Z]", "", c)) > 4]  # of the grid
    changed = [c for c in cells if clean.get("BPTT", c) != pytest.approx(stored["BPTT", c])]
    assert len(changed) > 60
    for cell in changed[::9]:  # each holds on to the number that it had when it was written
        live = Live(book)
        live.set("BPTT", {cell: stored["BPTT", cell]})
        assert live.get("Checks", "D3") == 0 or live.get("Checks", "B3") == "!!"
        live.set("BPTT", edit)
        assert float(str(live.get("Checks", "D3"))) >= 1, cell
        assert live.get("Checks", "B3") == "!!" and live.get(*LAMP) == "!!", cell
