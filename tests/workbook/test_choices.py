"""No choice gives an error value, whatever is typed into it; nor does a practice sheet."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import openpyxl
import pytest

from cellcalc.check.assignments import assignment
from cellcalc.workbook import build_workbook
from tests.support import spreadsheets
from tests.support.problems import GOMEZ, random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import book_of

ODD = [0, -3, 99, 2.5, "six", None, True, 1e15]


def errors(live: Live, cells: list[tuple[str, str]]) -> list[tuple[str, str]]:
    values = {cell: live.get(*cell) for cell in cells}
    return [c for c, v in values.items() if isinstance(v, dict) or re.match("#|Err:", str(v))]


def try_all(contents: bytes, leave_out: str = "") -> int:
    """Type odd things into every unlocked cell but those of a sheet; how many cells there are."""
    live, formulas = Live(contents), spreadsheets.formula_cells(contents)
    book = openpyxl.load_workbook(io.BytesIO(contents))
    open_cells = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if not cell.protection.locked and sheet.title != leave_out
    ]
    for sheet, cell, value in open_cells:
        for odd in ODD:
            live.set(sheet, {cell: odd})
            assert not errors(live, formulas), (sheet, cell, odd)
        live.set(sheet, {cell: value})
    return len(open_cells)


@pytest.mark.parametrize("name", ["full", "missing"])
@pytest.mark.cases(1)
def test_no_choice_on_a_study_sheet_gives_an_error(name: str) -> None:
    gaps = random_data(91, 2, 4, missing=True)
    data = GOMEZ if name == "full" else replace(gaps, bptt='scheme = "tbptt(2,3)"')
    # Inputs on BPTT take numbers only; test_large_numbers tries those.
    assert try_all(book_of(data), leave_out="BPTT") >= 8


@pytest.mark.parametrize("level", [1, 3, 4])
@pytest.mark.parametrize("key", [False, True])
@pytest.mark.cases(2)
def test_nothing_typed_into_a_practice_sheet_gives_an_error(level: int, key: bool) -> None:
    trace = GOMEZ.problem().run()
    file = io.BytesIO()
    build_workbook(trace, file, key=key, assignment=assignment(trace, "dc,dW_f1", level))
    assert try_all(file.getvalue(), leave_out="BPTT") >= 1
