"""The backward passes behind the sheet ``Flow``: of a loss in its own step, of each state by one.

Each is a block of rows with a column for each step. In the block of a loss dE is 1; in that of a
state q the derivative of q one step later is 1, and of the other states 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from cellcalc.engine.codegen import evaluate
from cellcalc.language.tree import Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import LOSS
from cellcalc.workbook.layout import FIRST, Layout, column
from cellcalc.xlsx.cells import absolute, letters

BEFORE = 3  # step t stands in the column after this by t


def step_column(t: int) -> str:
    """The letters of the column of step t."""
    return letters(BEFORE + t)


class Working:
    """The rows of the blocks, their formulas and values; ``blocks`` is where each begins."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.model, self.one = layout, layout.model, layout.one
        self.states = self.model.state
        self.parameters = layout.windows[0].parameters_at if layout.windows else column(1)
        self.derived = {row.symbol: row for row in self.model.backward if row.formula is not None}
        ends = [f"d{state}" for state in self.states]
        self.own = self._needed(ends)  # rows of a step, from its loss to its states
        reads = {s.name for end in self.own for s in self._symbols(end) if s.shift == 1}
        self.later = [name for name in self._needed(sorted(reads)) if name not in ends]
        self.blocks: dict[str, int] = {}
        self.value: Callable[[str, str, int, int], float] = cache(self._value)
        self.entry: Callable[[str, int, int], float] = cache(self._entry)

    def height(self, block: str) -> int:
        """How many rows a block has, its title and its seed among them."""
        return len(self.own) + 2 + (0 if block == LOSS else len(self.later))

    def _symbols(self, name: str) -> list[Symbol]:
        formula = self.derived[name].formula
        assert formula is not None
        return list(symbols(spelled_out(formula, self.model.features)))

    def _needed(self, ends: list[str]) -> list[str]:
        """The rows of one step that lead to the given ones, in the order of computation."""
        wanted, found = list(ends), set[str]()
        while wanted:
            name = wanted.pop()
            if name in self.derived and name not in found:
                found.add(name)
                if name[1:] not in self.states or name in ends:
                    wanted += [s.name for s in self._symbols(name) if s.shift == 0]
        return [name for name in self.derived if name in found]

    def place(self, block: str, name: str, late: int) -> int:
        """The row of a derivative in a block; ``late`` 1 for the step after the column's."""
        first = self.blocks[block] + 2
        if block == LOSS:
            return first + self.own.index(name)
        if late:
            return first + self.later.index(name)
        return first + len(self.later) + self.own.index(name)

    def formula(self, block: str, name: str, late: int) -> Expression:
        """What a derivative is there: at the last step nothing flows back from beyond it."""
        row = self.derived[name]
        assert row.formula is not None
        ends = block == LOSS or late
        found = self.model.leaving.get(name, row.formula) if ends else row.formula
        return spelled_out(found, self.model.features)

    def seed(self, block: str, name: str, late: int) -> float | None:
        """The derivative that a block is given instead of working it out; None for others."""
        if name == f"d{LOSS}":
            return 1.0 if block == LOSS else 0.0
        if late and name[1:] in self.states:
            return 1.0 if name == f"d{block}" else 0.0
        return None

    def cell(self, block: str, symbol: Symbol, late: int, t: int) -> str:
        """The cell of a symbol in an equation of the block, in the column of step t."""
        name, shift = symbol.name, symbol.shift or 0
        if name in self.model.derivatives:
            seed = self.seed(block, name, late + shift)
            if seed is not None:
                here = f"{step_column(t)}{self.blocks[block] + 1}"
                return here if seed else "0"
            return f"{step_column(t)}{self.place(block, name, late + shift)}"
        if name in self.one.coefficients:
            return f"{self.layout.quoted}!{absolute(self.layout.rows[name], FIRST)}"
        if name in self.one.before:
            return f"{self.layout.quoted}!{absolute(self.layout.rows[name], self.parameters)}"
        return f"{self.layout.quoted}!{self.layout.cell(name, t + late + shift)}"

    def _value(self, block: str, name: str, late: int, t: int) -> float:
        def value(symbol: Symbol) -> float:
            shift = symbol.shift or 0
            if symbol.name in self.model.derivatives:
                seed = self.seed(block, symbol.name, late + shift)
                return self.value(block, symbol.name, late + shift, t) if seed is None else seed
            for given in (self.one.coefficients, self.one.before):
                if symbol.name in given:
                    return given[symbol.name]
            number = self.one.forward[symbol.name][t + late + shift]
            return 0.0 if math.isnan(number) else number

        return evaluate(self.formula(block, name, late), value)

    def _entry(self, state: str, loss: int, s: int) -> float:
        """∂E[loss]/∂state[s]."""
        if s == loss:
            return self.value(LOSS, f"d{state}", 0, s)
        return sum(
            self.entry(q, loss, s + 1) * self.value(q, f"d{state}", 0, s) for q in self.states
        )
