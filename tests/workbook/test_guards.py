"""Once edited until it explodes, a workbook of ordinary numbers shows words, and nothing false."""

from __future__ import annotations

import math

import pytest

from cellcalc.api import Problem
from cellcalc.workbook.guards import Words
from cellcalc.workbook.layout import lay_out
from tests.support.problems import random_data
from tests.support.sheets import Live, same
from tests.support.spreadsheets import book_of, formula_cells, read

WORD = "too large"


@pytest.mark.parametrize("sheets", [("Checks",), pytest.param((), marks=pytest.mark.cases(0))])
@pytest.mark.parametrize(("weight", "value"), [("V", 1e200), ("W_f", 1e308)])
@pytest.mark.cases(1)
def test_no_cell_has_an_error_value_and_each_number_is_right(
    sheets: tuple[str, ...], weight: str, value: float
) -> None:
    data = random_data(10, 1, 3, "linear", "half-squared")
    before, after = data.problem().run(), None
    book = book_of(data, sheets)
    live = Live(book)
    cells = formula_cells(book)
    place = lay_out(before)[0].cell(weight, 0)
    live.set("BPTT", {place: value})
    found = {cell: live.get(*cell) for cell in cells}
    assert not [cell for cell, shown in found.items() if isinstance(shown, dict)]
    data.parameters[weight] = value
    after = Problem.of(data.problem().specification).run()
    layout = lay_out(after)[0]
    for symbol in ("y", "E", "c", "dc", "dz_f"):
        rows = layout.windows[0].rows if symbol.startswith("d") else layout.rows
        for t, expected in enumerate(after[symbol], 1):
            shown = found.get(("BPTT", f"{layout.cell('c', t)[0]}{rows[symbol]}"))
            if math.isfinite(expected):
                assert shown == WORD or shown == pytest.approx(expected, rel=1e-9), symbol
            else:
                assert shown == WORD, symbol
    words = [cell for cell, shown in found.items() if shown == WORD and cell[0] == "BPTT"]
    assert bool(words) == (weight == "V")
    assert (live.get("Checks", "D3") == 0.0) == (not words)  # and the lamp says so
    live.set("BPTT", {place: float(before.passes[0].before[weight])})
    stored = read(book)
    for cell in cells:
        assert same(live.get(*cell), stored.get(cell)), cell


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("F39", "F39"),
        ("BPTT!F39", "BPTT!F39"),
        ("IF(ISNUMBER(F7),1,0)", "IF(ISNUMBER(F7),1,0)"),
        ("Start!$EA$8+1", "Start!$EA$8+1"),
        ("F33*E37", 'IFERROR(F33*E37,"too large")'),
        ("SUM(F41:G41)", 'IFERROR(SUMPRODUCT(F41:G41+0),"too large")'),
        ("SUM(F41:G41,F50)", 'IFERROR(SUM(F41:G41,F50),"too large")'),
        ("SUMPRODUCT(E1:E2,F1:F2)", 'IFERROR(SUMPRODUCT(E1:E2*F1:F2),"too large")'),
        ("SQRT(SUMSQ(D1:D4))", 'IFERROR(SQRT(SUMPRODUCT(D1:D4*D1:D4)),"too large")'),
        ("1/(1+EXP(-MAX(F29,-700)))", 'IFERROR(1/(1+EXP(-MAX(F29+0,-700))),"too large")'),
        ("MAX(-D1,MIN(D1,D2))", 'IFERROR(MAX(-D1,MIN(D1+0,D2+0)),"too large")'),
        ("MAX($EA$8,$EA$8-1)*F2", 'IFERROR(MAX($EA$8,$EA$8-1)*F2,"too large")'),
        ('IFERROR(F2/F3,"–")', 'IFERROR(F2/F3,"–")'),
        ('IFERROR(F2,"(")*IFERROR(F3,")")', 'IFERROR(IFERROR(F2,"(")*IFERROR(F3,")"),"too large")'),
        ("1" * 60 + "!", 'IFERROR(' + "1" * 60 + '!,"too large")'),
    ],
)  # fmt: skip
def test_a_formula_that_can_fail_has_a_word_and_reads_no_word_as_nothing(
    formula: str, expected: str
) -> None:
    assert Words(WORD).formula(formula) == expected
