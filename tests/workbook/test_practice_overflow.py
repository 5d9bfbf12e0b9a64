"""Answers that overflow what a spreadsheet can compute: words on the sheet, no error value."""

from __future__ import annotations

import io

import pytest

import cellcalc
from tests.support.spreadsheets import book_of, by_formualizer, formula_cells, to_fill_in


@pytest.mark.parametrize("key", [False, True], ids=["sealed", "with key"])
@pytest.mark.parametrize("values", [(1e308, -1e308), (1e200, 3.0), (5e-324, -5e-324)])
@pytest.mark.cases(2)
def test_no_error_value_whatever_number_is_answered(key: bool, values: tuple[float, ...]) -> None:
    book = to_fill_in(book_of(cellcalc.load("two_step"), practice="all", key=key))
    sheet = book["Practice"]
    asked = [c for row in sheet.iter_rows() for c in row if not c.protection.locked and not c.value]
    for k, cell in enumerate(asked):
        cell.value = values[k % len(values)]
    file = io.BytesIO()
    book.save(file)
    cells = formula_cells(file.getvalue())
    found = by_formualizer(file.getvalue(), cells)
    seen = {cell: value for cell, value in found.items() if book[cell[0]].sheet_state == "visible"}
    assert len(asked) > 50 and seen
    assert [cell for cell, value in seen.items() if isinstance(value, dict)] == []
