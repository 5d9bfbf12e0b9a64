"""The sheet ``BPTT``: the whole computation of one pass, every cell a live formula."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from cellcalc.explain import left_side
from cellcalc.expression import Expression, Symbol
from cellcalc.model import LOSS, TARGET, Group, Quantity, update_rule
from cellcalc.notation import Excel, Unicode
from cellcalc.table import heading
from cellcalc.trace import PassTrace, Trace
from cellcalc.wording import sentence
from cellcalc.workbook.cells import Cell, Row, Rows, absolute, letters, text_lines
from cellcalc.workbook.layout import (
    EQUATION,
    FIRST,
    GROUP,
    RATE,
    SYMBOL,
    TOTAL,
    TOTAL_LOSS,
    Layout,
    WindowRows,
    cell_formula,
    column,
    derived_rows,
    formula,
    reads_previous,
)

EQUATION_WIDTH = 46  # characters; longer equations are wrapped


def bptt_rows(trace: Trace, one: PassTrace, layout: Layout) -> Rows:
    """The rows of the sheet of one pass."""
    return Rows(_Sheet(trace, one, layout).rows(), layout.width, layout.height)


class _Sheet:
    def __init__(self, trace: Trace, one: PassTrace, layout: Layout) -> None:
        self.trace, self.one, self.layout = trace, one, layout
        self.model, self.n = trace.model, one.steps
        self.write = Unicode(derivatives=self.model.derivatives)

    def rows(self) -> Iterator[Row]:
        yield from self.title()
        yield from self.inputs()
        yield from self.parameters()
        yield from self.forward()
        for window in self.layout.windows:
            yield from self.backward(window)

    def title(self) -> Iterator[Row]:
        lines = heading(self.trace)
        yield Row(1, [Cell(1, "title", lines[0])], lines=2)
        yield Row(2, [Cell(1, "note", " · ".join(lines[1:]))])
        legend = [
            Cell(1, "legend_input", sentence("sheet", "legend_input")),
            Cell(2, "legend_input"),
            Cell(3, "note", sentence("sheet", "legend_formula")),
        ]
        yield Row(3, legend)

    def heading(self, group: str, row: int, name: str, total: str = "") -> Row:
        """The row that begins a block: its name, ``t``, and the step numbers."""
        dark, step = f"{group}_heading", f"{group}_step"
        cells = [
            Cell(GROUP, dark, sentence("sheet", name)),
            Cell(SYMBOL, dark, "t"),
            Cell(EQUATION, f"{group}_note", sentence("sheet", f"{name}_note")),
            Cell(TOTAL, step, sentence("sheet", total) if total else None),
            *(Cell(column(t), step, t) for t in range(self.n + 2)),
        ]
        return Row(row, cells)

    def row(
        self,
        number: int,
        group: str,
        symbol: str,
        equation: str,
        cells: Iterable[Cell],
        path: bool = False,
    ) -> Row:
        labels = [
            Cell(GROUP, f"{group}_group", "path" if path else group),
            Cell(SYMBOL, f"{group}_path" if path else f"{group}_symbol", symbol),
            Cell(EQUATION, f"{group}_equation", equation),
        ]
        lines = text_lines(equation, EQUATION_WIDTH)
        return Row(number, [*labels, *sorted(cells, key=lambda cell: cell.column)], lines)

    def inputs(self) -> Iterator[Row]:
        layout = self.layout
        yield self.heading("input", layout.headings["input"], "inputs")
        for quantity in self.model.inputs:
            values = self.one.forward[quantity.symbol]
            cells = (
                Cell(column(t), "input", None if math.isnan(values[t]) else values[t])
                for t in range(1, self.n + 1)
            )
            number = layout.rows[quantity.symbol]
            yield self.row(number, "input", quantity.symbol, quantity.says, cells)

    def parameters(self) -> Iterator[Row]:
        layout, update = self.layout, self.trace.specification.update
        yield self.heading("parameter", layout.headings["parameter"], "parameters")
        for quantity in self.model.parameters:
            rule = update_rule(update.optimizer, quantity.symbol)
            name = self.write(Symbol(quantity.symbol))
            equation = f"{name} ← {self.write(rule.formula)}"
            if not self.one.windows or quantity.symbol in update.frozen:
                equation = quantity.says
            cells = self.parameter(quantity.symbol, rule.formula)
            yield self.row(
                layout.rows[quantity.symbol], "parameter", quantity.symbol, equation, cells
            )
        if RATE in layout.rows:
            cell = [Cell(FIRST, "input", update.learning_rate)]
            says = sentence("sheet", "learning_rate")
            yield self.row(layout.rows[RATE], "parameter", RATE, says, cell)

    def parameter(self, name: str, rule: Expression) -> Iterator[Cell]:
        """The value at each step: the one before, or the updated one after a window has fired."""
        row, fired = self.layout.rows[name], {w.trace.fires_at: w for w in self.layout.windows}
        value = self.one.before[name]
        yield Cell(FIRST, "input", value)
        for t in range(1, self.n + 2):
            window = fired.get(t - 1)
            previous = f"{letters(column(t - 1))}{row}"
            if window is None or name in self.trace.specification.update.frozen:
                yield Cell(column(t), "number", value, previous)
            else:
                value = window.trace.after[name]
                yield Cell(column(t), "total", value, self.updated(rule, name, previous, window))

    def updated(self, rule: Expression, name: str, previous: str, window: WindowRows) -> str:
        cells = {
            name: previous,
            f"d{name}": absolute(window.rows[f"d{name}"], TOTAL),
            RATE: absolute(self.layout.rows[RATE], FIRST),
        }
        return Excel(cell=lambda s: cells[s.name], cells=lambda s: cells[s.name])(rule)

    def forward(self) -> Iterator[Row]:
        layout = self.layout
        yield self.heading("forward", layout.headings["forward"], "forward", "total")
        for quantity in self.model.forward:
            symbol = quantity.symbol
            cells = self.forward_cells(quantity)
            yield self.row(layout.rows[symbol], "forward", symbol, self.equation(quantity), cells)
        if TOTAL_LOSS in layout.rows:
            losses = layout.rows[LOSS]
            total = f"{letters(TOTAL)}{losses}"
            cell = [Cell(TOTAL, "total", self.one.loss or 0.0, total)]
            equation = f"{TOTAL_LOSS} = {self.write.total}{self.write(Symbol(LOSS, 0))}"
            yield self.row(layout.rows[TOTAL_LOSS], "forward", TOTAL_LOSS, equation, cell)

    def forward_cells(self, quantity: Quantity) -> Iterator[Cell]:
        symbol, n = quantity.symbol, self.n
        values = self.one.forward[symbol]
        at = cell_formula(self.layout, quantity)
        if symbol == LOSS:
            yield Cell(TOTAL, "total", self.one.loss or 0.0, self.sum(self.layout.rows[LOSS], 1, n))
        if symbol in self.model.state:
            yield Cell(FIRST, "input", values[0])
        for t in range(1, n + 1):
            missing = symbol == LOSS and math.isnan(self.one.forward[TARGET][t])
            yield Cell(column(t), "number", 0.0 if missing else values[t], at(t))

    def sum(self, row: int, first: int, last: int) -> str:
        return f"SUM({letters(column(first))}{row}:{letters(column(last))}{row})"

    def equation(self, quantity: Quantity) -> str:
        left = left_side(quantity, self.write)
        if quantity.formula is None:
            return f"{left} = {sentence('sheet', 'count')}"
        return f"{left} = {self.write(quantity.formula)}"

    def backward(self, window: WindowRows) -> Iterator[Row]:
        yield self.heading("backward", window.heading, "backward", "total")
        entering = {row.symbol: row for row in self.model.entering}
        flowing = {t.upstream.name for q in self.model.backward for t in q.terms if t.later}
        for quantity in derived_rows(self.model):
            symbol = quantity.symbol
            path = quantity.group is Group.PATH
            parts = symbol in window.trace.gradients
            whole = symbol.partition("_via_")[0]
            group = "gradient" if whole in window.trace.gradients else "backward"
            cells = [*self.derived_cells(quantity, window, entering.get(symbol))]
            if parts:
                first, last = window.trace.first, window.trace.last
                total = self.sum(window.rows[symbol], first, last)
                cells.append(Cell(TOTAL, "total", window.trace.gradients[symbol], total))
            if symbol in flowing:
                cells.append(Cell(column(window.trace.last + 1), "edge", 0))
            equation = self.equation(quantity)
            yield self.row(window.rows[symbol], group, symbol, equation, cells, path)

    def derived_cells(
        self, quantity: Quantity, window: WindowRows, entering: Quantity | None
    ) -> Iterator[Cell]:
        trace = window.trace
        style = "path" if quantity.group is Group.PATH else "number"
        at = cell_formula(self.layout, quantity, window)
        if entering is not None:
            t = trace.first - 1
            whole = quantity.formula
            assert whole is not None and entering.formula is not None
            # The whole formula is right here too, since the window's rows are empty in this
            # column; but what refers to the column before would refer to the totals.
            first = formula(self.layout, entering.formula, window) if reads_previous(whole) else at
            yield Cell(column(t), style, trace.entering[quantity.symbol], first(t))
        values = trace.backward[quantity.symbol]
        for t, value in zip(trace.steps, values, strict=True):
            yield Cell(column(t), style, value, at(t))
