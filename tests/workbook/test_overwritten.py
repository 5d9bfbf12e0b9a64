"""A formula that was overwritten shows red in its own place, and no other cell does."""

from __future__ import annotations

import io
from dataclasses import replace

import formualizer
import openpyxl
import pytest
from openpyxl.formatting.formatting import ConditionalFormattingList

import cellcalc
from tests.support.oracles import sample
from tests.support.problems import GOMEZ, random_data
from tests.support.spreadsheets import book_of, defined_names, formula_cells

RED = "00F4B6B6"
PROBLEMS = {
    "gomez": GOMEZ,
    "tbptt": replace(random_data(81, 1, 5), bptt='scheme = "tbptt(2,3)"'),
    "missing": random_data(82, 2, 4, "linear", "squared", missing=True),
}


def red(contents: bytes, edits: dict[str, float | str]) -> set[str]:
    """The cells of BPTT that are red when some have been typed over, by formualizer.

    It knows no rules, so each rule stands as a formula beside the grid.
    """
    book = openpyxl.load_workbook(io.BytesIO(contents))
    sheet = book["BPTT"]
    rules = {}
    for area in sheet.conditional_formatting:
        for rule in area.rules:
            if rule.dxf and rule.dxf.fill and rule.dxf.fill.bgColor.rgb == RED:
                rules[str(area.sqref)] = rule.formula[0]
    asked = {}
    row = 500
    for area, text in rules.items():
        first = area.partition(":")[0]
        translate = openpyxl.formula.translate.Translator(f"={text}", first).translate_formula
        cells = sheet[area] if ":" in area else ((sheet[area],),)
        for cell in cells[0]:
            row += 1
            # The formula as it is filled to the cell; it does not depend on where it stands.
            sheet.cell(row, 60).value = translate(cell.coordinate)
            asked[row] = cell.coordinate
    for cell, value in edits.items():
        sheet[cell].value = value
    for page in book:  # the rules have been read, and openpyxl is slow to write them
        page.conditional_formatting = ConditionalFormattingList()
    file = io.BytesIO()
    book.save(file)
    live = formualizer.load_workbook_bytes(file.getvalue())
    live.evaluate_all()
    return {cell for row, cell in asked.items() if live.get_value("BPTT", row, 60) is True}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(2)
def test_nothing_is_red_at_first_nor_when_inputs_change(name: str) -> None:
    book = book_of(PROBLEMS[name])
    assert red(book, {}) == set()
    rate = defined_names(book)["learning_rate"].replace("$", "").removeprefix("BPTT!")
    assert red(book, {rate: 0.75, "F5": -1.25, "E10": 3.5}) == set()


@pytest.mark.parametrize("name", sample(PROBLEMS, 2))
@pytest.mark.cases(1)
def test_the_cell_that_was_overwritten_is_red(name: str) -> None:
    book = book_of(PROBLEMS[name])
    cells = [cell for sheet, cell in formula_cells(book) if sheet == "BPTT" and cell[0] in "DEFGH"]
    cells = [cell for cell in cells if cell[1:].isdigit() and int(cell[1:]) > 4]
    for cell in cells[:: max(1, len(cells) // 3)]:
        assert red(book, {cell: 7.25, "F5": -1.25}) == {cell}, cell
    assert red(book, {cells[-1]: "oops"}) == {cells[-1]}


def test_the_rules_stay_few() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(cellcalc.load("ten_steps"))))
    rules = sum(len(area.rules) for area in book["BPTT"].conditional_formatting)
    assert rules < 1200
