"""The block of a backward window: derivatives, their paths, gradients, and what the update uses."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cellcalc.engine.schedule import ranges
from cellcalc.model.model import Group, Quantity
from cellcalc.problems.updates import NORM_MARGIN, clip_factor
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook.formulas import backward_formula, entering_formula
from cellcalc.workbook.layout import (
    EQUATION,
    FACTOR,
    GROUP,
    NORM,
    SYMBOL,
    TOTAL,
    Layout,
    WindowRows,
    clipped,
    column,
    derived_rows,
    free_parameters,
    gathered,
    gathers,
)
from cellcalc.workbook.rows import block_heading, labelled, over_steps
from cellcalc.xlsx.cells import Cell, Fill, Row, literal


def window_rows(sheet: Layout, window: WindowRows) -> Iterator[Row]:
    """All rows of one window."""
    return _Window(sheet, window).all()


class _Window:
    def __init__(self, sheet: Layout, window: WindowRows) -> None:
        self.sheet, self.window, self.trace = sheet, window, window.trace
        self.scheme = sheet.trace.scheme
        self.free = free_parameters(sheet.trace)
        self.write = sheet.model.unicode()

    def all(self) -> Iterator[Row]:
        yield self.heading()
        model = self.sheet.model
        entering = {row.symbol: row for row in model.entering}
        flowing = {t.upstream.name for q in model.backward for t in q.terms if t.later}
        for quantity in derived_rows(model):
            if quantity.symbol == model.gradients[0].symbol:
                yield self.gradient_heading()
            cells = list(self.cells(quantity, entering.get(quantity.symbol)))
            if quantity.symbol in flowing:
                cells.append(Cell(column(self.trace.last + 1), "edge", 0))
            yield self.row(quantity, cells)
        yield from self.gathered()
        yield from self.clipped()

    def heading(self) -> Row:
        several = len(self.sheet.windows) > 1
        name, note = sentence("sheet", "backward"), sentence("sheet", "backward_note")
        if several:
            losses = ranges(self.trace.window.losses) or "–"
            name = f"{name} {self.window.number}"
            note = sentence("sheet", "window_note", last=self.trace.last, losses=losses)
        return block_heading(self.sheet, "backward", self.window.heading, name, note, total=True)

    def gradient_heading(self) -> Row:
        """What the gradients' rows are folded under."""
        name, note = sentence("sheet", "gradients"), sentence("sheet", "gradients_note")
        cells = [
            Cell(GROUP, "gradient_heading", name),
            Cell(SYMBOL, "gradient_heading"),
            Cell(EQUATION, "gradient_note", note),
            *(Cell(k, "gradient_note") for k in range(TOTAL, self.sheet.width + 1)),
        ]
        return Row(self.window.gradients, cells)

    def row(self, quantity: Quantity, cells: list[Cell | Fill]) -> Row:
        symbol = quantity.symbol
        group = "gradient" if symbol.partition("_via_")[0] in self.trace.gradients else "backward"
        left = left_side(quantity, self.write)
        right = sentence("sheet", "count")
        if quantity.formula is not None:
            right = self.write(quantity.formula)
        detail = quantity.group is Group.PATH
        outline = detail + (group == "gradient")
        row = self.window.rows[symbol]
        return labelled(row, group, symbol, f"{left} = {right}", cells, detail, outline)

    def cells(self, quantity: Quantity, entering: Quantity | None) -> Iterator[Cell | Fill]:
        trace, symbol = self.trace, quantity.symbol
        style = "path" if quantity.group is Group.PATH else "number"
        if symbol in trace.gradients:
            steps = over_steps(self.window.rows[symbol], trace.first, trace.last)
            yield Cell(TOTAL, "total", trace.gradients[symbol], f"SUM({steps})")
        if entering is not None:
            text = entering_formula(self.sheet, quantity, entering, self.window)
            yield Cell(column(trace.first - 1), style, trace.entering[symbol], text)
        at = backward_formula(self.sheet, quantity, self.window)
        yield from at.fills(trace.first, style, trace.backward[symbol])

    def gathered(self) -> Iterator[Row]:
        """Gradients added up over the windows since the last update."""
        number = self.window.number
        for name in self.free if gathers(self.sheet.trace) else ():
            symbol = gathered(name)
            text = self.window.total(f"d{name}")
            if self.scheme.update == "sequence" and number > 1:
                text = f"{self.sheet.windows[number - 2].total(symbol)}+{text}"
            yield self.update_row(symbol, "gathered", self.trace.summed[f"d{name}"], text)

    def clipped(self) -> Iterator[Row]:
        """The norm of the gradient, the factor that bounds it, and the gradients bounded."""
        window, scheme, names = self.window, self.scheme, [gathered(n) for n in self.free]
        if NORM in window.rows:
            cells = ":".join((window.total(names[0]), window.total(names[-1])))
            norm = math.hypot(*self.trace.summed.values())
            yield self.update_row(NORM, "norm", norm, f"SQRT(SUMSQ({cells}))")
            limit, margin = self.sheet.setting("clip_norm"), literal(NORM_MARGIN)
            text = f"MIN(1,{limit}/({window.total(NORM)}+{margin}))"
            yield self.update_row(FACTOR, "factor", clip_factor(scheme, self.trace.summed), text)
        for name in self.free:
            symbol = clipped(name)
            if symbol in window.rows:
                source = gathered(name) if gathers(self.sheet.trace) else f"d{name}"
                text = window.total(source)
                if FACTOR in window.rows:
                    text += f"*{window.total(FACTOR)}"
                if scheme.clip_value is not None:
                    bound = self.sheet.setting("clip_value")
                    text = f"MAX(-{bound},MIN({bound},{text}))"
                yield self.update_row(symbol, "clipped", self.trace.used[f"d{name}"], text)

    def update_row(self, symbol: str, says: str, value: float, text: str) -> Row:
        cells = [Cell(TOTAL, "total", value, text)]
        row = self.window.rows[symbol]
        return labelled(row, "gradient", symbol, sentence("sheet", says), cells, outline=1)
