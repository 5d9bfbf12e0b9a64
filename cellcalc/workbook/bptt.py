"""The sheet ``BPTT``: the whole computation of one pass, every cell a live formula."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS, TARGET, Quantity
from cellcalc.resources import sentence
from cellcalc.views.table import heading, place_of
from cellcalc.views.worked import left_side
from cellcalc.workbook.backward import window_rows
from cellcalc.workbook.formulas import forward_formula
from cellcalc.workbook.layout import FIRST, TOTAL, TOTAL_LOSS, Layout, column
from cellcalc.workbook.parameters import parameter_rows
from cellcalc.workbook.rows import block_heading, labelled, over_steps
from cellcalc.xlsx.cells import Cell, Fill, Row, Rows, letters


def bptt_rows(sheet: Layout, *notes: str) -> Rows:
    """The rows of the sheet of one pass; ``notes`` stand below its title."""
    return Rows(_rows(sheet, notes), sheet.width, sheet.height)


def _rows(sheet: Layout, notes: Iterable[str]) -> Iterator[Row]:
    yield from _title(sheet, notes)
    yield from _inputs(sheet)
    yield from parameter_rows(sheet)
    yield from _Forward(sheet).rows()
    for window in sheet.windows:
        yield from window_rows(sheet, window)


def _title(sheet: Layout, notes: Iterable[str]) -> Iterator[Row]:
    title, *settings = heading(sheet.trace)
    if sheet.model.author is not None:
        settings.append(sentence("legend", "short", title=sheet.model.author.title))
    settings += notes
    yield Row(1, [Cell(1, "title", title + place_of(sheet.trace, sheet.one))], lines=2)
    yield Row(2, [Cell(1, "note", " · ".join(settings))])
    legend = [
        Cell(1, "legend_input", sentence("sheet", "legend_input")),
        Cell(2, "legend_input"),
        Cell(3, "note", sentence("sheet", "legend_formula")),
    ]
    yield Row(3, legend)


def _inputs(sheet: Layout) -> Iterator[Row]:
    note = sentence("sheet", "inputs_note")
    name = sentence("sheet", "inputs")
    yield block_heading(sheet, "input", sheet.headings["input"], name, note)
    for quantity in sheet.model.inputs:
        symbol = quantity.symbol
        cells = _input(sheet, symbol)
        yield labelled(sheet.rows[symbol], "input", symbol, quantity.says, cells)


def _input(sheet: Layout, symbol: str) -> Iterator[Cell | Fill]:
    """What was given, or (in later epochs) the cells where it was given."""
    values = sheet.one.forward[symbol][1:]
    gaps = any(map(math.isnan, values))
    if sheet.source is not sheet:
        given = [0.0 if math.isnan(value) else value for value in values]
        yield Fill(FIRST + 1, "number", given, lambda k: sheet.source.cell(symbol, k + 1, sheet))
    elif gaps:
        for t, value in enumerate(values, 1):
            yield Cell(column(t), "input", None if math.isnan(value) else value)
    else:
        yield Fill(FIRST + 1, "input", values)


class _Forward:
    def __init__(self, sheet: Layout) -> None:
        self.sheet, self.one = sheet, sheet.one
        self.write = sheet.model.unicode()

    def rows(self) -> Iterator[Row]:
        sheet = self.sheet
        name, note = sentence("sheet", "forward"), sentence("sheet", "forward_note")
        yield block_heading(sheet, "forward", sheet.headings["forward"], name, note, total=True)
        for quantity in sheet.model.forward:
            symbol = quantity.symbol
            assert quantity.formula is not None
            equation = f"{left_side(quantity, self.write)} = {self.write(quantity.formula)}"
            cells = self.cells(quantity)
            yield labelled(sheet.rows[symbol], "forward", symbol, equation, cells)
        if TOTAL_LOSS in sheet.rows:
            equation = f"{TOTAL_LOSS} = {self.write.total}{self.write(Symbol(LOSS, 0))}"
            losses = f"{letters(TOTAL)}{sheet.rows[LOSS]}"
            cell = Cell(TOTAL, "total", self.one.loss or 0.0, losses)
            yield labelled(sheet.rows[TOTAL_LOSS], "forward", TOTAL_LOSS, equation, [cell])

    def cells(self, quantity: Quantity) -> Iterator[Cell | Fill]:
        sheet, symbol = self.sheet, quantity.symbol
        values, n = self.one.forward[symbol], sheet.steps
        at = forward_formula(sheet, quantity)
        if symbol == LOSS and sheet.model.loss:
            losses = over_steps(sheet.rows[LOSS], 1, n)
            yield Cell(TOTAL, "total", self.one.loss or 0.0, f"SUM({losses})")
        if symbol in sheet.model.state:
            first = sheet.first
            given = None if first is sheet else first.cell(symbol, 0, sheet)
            yield Cell(FIRST, "number" if given else "input", values[0], given)
        numbers = values[1 : n + 1]
        if symbol == LOSS:  # a step without a target has none
            targets = self.one.forward[TARGET][1:]
            pairs = zip(numbers, targets, strict=True)
            numbers = [0.0 if math.isnan(target) else loss for loss, target in pairs]
        yield from at.fills(1, "number", numbers)
