"""A target that is missing is shown as missing, on the sheets of later epochs too."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from tests.support.problems import random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import book_of, read


def shown_as_none(sheet: Worksheet, row: int) -> set[str]:
    """The tests on which a cell of the row shows a dash."""
    return {
        rule.formula[0]
        for area in sheet.conditional_formatting
        for rule in area.rules
        if rule.dxf is not None
        and rule.dxf.numFmt is not None
        and rule.dxf.numFmt.formatCode == '"–"'
        and any(row in range(one.min_row, one.max_row + 1) for one in area.sqref.ranges)
    }


def test_a_missing_target_is_no_nought_in_the_second_epoch() -> None:
    data = replace(random_data(61, 1, 4, missing=True), update="epochs = 2")
    book = openpyxl.load_workbook(io.BytesIO(book_of(data)))
    rows = {
        name: next(r for r in range(1, 20) if book[name].cell(r, 2).value == "target")
        for name in ("BPTT", "BPTT 2")
    }
    first = f"F{rows['BPTT']}"
    assert shown_as_none(book["BPTT 2"], rows["BPTT 2"]) == {f"NOT(ISNUMBER(BPTT!{first}))"}


def test_a_target_that_is_taken_away_is_none_on_start() -> None:
    book = book_of(random_data(61, 1, 4))
    values = read(book)
    row = next(int(c[1:]) for (s, c), v in values.items() if s == "Start" and v == "targetₜ")
    given = next(int(c[1:]) for (s, c), v in values.items() if s == "BPTT" and v == "target")
    live = Live(book)
    live.set("BPTT", {f"G{given}": None})
    assert live.get("Start", f"C{row}") == "–"
    assert live.get("Start", f"B{row}") == values["Start", f"B{row}"]
