"""The lamp tells of every formula that was typed over, on whichever sheet it stands."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.support import spreadsheets
from tests.support.oracles import sample
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import LAMP, Live
from tests.support.spreadsheets import book_of

GAPS = random_data(47, 1, 4, missing=True)
PROBLEMS: dict[str, Data] = {
    "gomez": GOMEZ,
    "tbptt": replace(GAPS, bptt='scheme = "tbptt(2,3)"'),
    "adam": replace(
        random_data(48, 2, 3), update='optimizer = "adam"\nepochs = 3', bptt="clip_norm = 0.1"
    ),
}
TITLES = {"Start", "Unrolled", "Step", "Windows", "Gradients"}


@pytest.mark.parametrize("name", sample(PROBLEMS, 1))
@pytest.mark.cases(1, thorough=3)
def test_a_number_typed_over_any_formula_puts_out_the_lamp(name: str) -> None:
    book = book_of(PROBLEMS[name])
    formulas = spreadsheets.read(book, formulas=True)
    live = Live(book)
    live.set("BPTT", {spreadsheets.defined_names(book)["U_i"].split("!")[1].replace("$", ""): 0.5})
    assert live.get("Checks", "D3") == 0
    cells = [c for c in spreadsheets.formula_cells(book) if c != LAMP]
    assert {sheet for sheet, _ in cells} >= TITLES
    for sheet, cell in cells[5 :: len(cells) // 8]:
        if sheet == "Checks" and cell[0] != "B":  # which say what is found
            continue
        live.set(sheet, {cell: 7.25})
        assert live.get(*LAMP) == "!!", (sheet, cell)
        row, column = int(re.sub("[A-Z]", "", cell)), re.sub("[0-9]", "", cell)
        number = sum((ord(a) - 64) * 26**k for k, a in enumerate(reversed(column)))
        live.book.set_formula(sheet, row, number, formulas[sheet, cell])
    live.book.evaluate_all()
    assert live.get("Checks", "D3") == 0
