"""The forward pass once more, on another sheet, with parameters of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace
from cellcalc.language.notation import Excel
from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS
from cellcalc.problems.sequences import feature_names
from cellcalc.views.worked import left_side
from cellcalc.workbook.formulas import Formula, target
from cellcalc.workbook.layout import EQUATION, FIRST, SYMBOL, Layout, column
from cellcalc.workbook.rows import EQUATION_WIDTH
from cellcalc.xlsx.cells import Cell, Fill, Row, letters, text_lines

_COLUMN = {-1: "{previous}", 0: "{this}"}


class Rerun:
    """A block of forward rows that begins at a row; ``parameters`` gives the cell of each."""

    def __init__(self, layout: Layout, first_row: int, parameters: Mapping[str, str]) -> None:
        self.layout, self.model = layout, layout.model
        self.parameters = parameters
        self.rows = {q.symbol: first_row + k for k, q in enumerate(self.model.forward, 1)}
        self.heading = first_row

    @property
    def last_row(self) -> int:
        return max(self.rows.values())

    def block(self, title: str, values: Mapping[str, float]) -> Iterator[Row]:
        """The rows, with the values that the given parameters lead to."""
        steps, one = self.layout.steps, self._run(values)
        heading: list[Cell | Fill] = [
            Cell(1, "forward_heading", title),
            *(Cell(k, "forward_heading") for k in (2, 3, 4)),
            Fill(column(0), "forward_step", range(steps + 1)),
        ]
        yield Row(self.heading, heading)
        write = self.model.unicode()
        for quantity in self.model.forward:
            symbol = quantity.symbol
            assert quantity.formula is not None
            text = f"{left_side(quantity, write)} = {write(quantity.formula)}"
            cells = [
                Cell(1, "forward_group"),
                Cell(SYMBOL, "forward_symbol", symbol),
                Cell(EQUATION, "forward_equation", text),
                *self._cells(symbol, one),
            ]
            yield Row(self.rows[symbol], cells, text_lines(text, EQUATION_WIDTH))

    def _cells(self, symbol: str, one: PassTrace) -> Iterator[Cell | Fill]:
        values = one.forward[symbol]
        if symbol in self.model.state:
            given = self.layout.cell(symbol, 0)
            yield Cell(FIRST, "number", values[0], f"{self.layout.quoted}!{given}")
        quantity = self.model.quantities[symbol]
        assert quantity.formula is not None
        text = Excel(cell=self._cell, cells=self._cells_of)(quantity.formula)
        resets = self.layout.one.schedule.resets

        def at(t: int) -> str:
            reset = t - 1 in resets
            previous = f"${letters(FIRST)}$" if reset else letters(column(t - 1))
            formula = text.format(previous=previous, this=letters(column(t)))
            if symbol == LOSS:
                given = f"{self.layout.quoted}!{target(self.layout, t)}"
                formula = f"IF(ISNUMBER({given}),{formula},0)"
            return formula

        numbers = [0.0 if math.isnan(value) else value for value in values[1:]]
        apart = frozenset(s for t in resets for s in (t + 1, t + 2))
        yield from Formula(at, apart).fills(1, "number", numbers)

    def _cell(self, symbol: Symbol) -> str:
        if symbol.name in self.parameters:
            return self.parameters[symbol.name]
        if symbol.name in self.layout.one.coefficients:
            return f"{self.layout.quoted}!{self.layout.setting(symbol.name)}"
        place = _COLUMN[symbol.shift or 0]
        if symbol.name in self.rows:
            return f"{place}{self.rows[symbol.name]}"
        return f"{self.layout.quoted}!{place}{self.layout.rows[symbol.name]}"

    def _cells_of(self, vector: Symbol) -> str:
        names = feature_names(vector.name, self.model.features)
        first, last = (self._cell(Symbol(n, vector.shift)) for n in (names[0], names[-1]))
        return f"{first}:{last.partition('!')[2] or last}"

    def _run(self, values: Mapping[str, float]) -> PassTrace:
        specification = self.layout.trace.specification
        alone = replace(
            specification,
            parameters=values,
            sequences=(specification.sequences[self.layout.one.sequence - 1],),
            scheme=replace(specification.scheme, update="sequence"),
            update=replace(specification.update, epochs=1),
        )
        return run_model(alone, self.model).passes[0]
