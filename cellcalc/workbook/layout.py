"""Where everything stands on a BPTT sheet: a row for each quantity, a column for each step.

Column A group, B symbol, C equation, D total, and from E on t = 0, 1, …, n, n+1. The blocks follow
one another: inputs, parameters, forward, and one for each backward window; each begins with a row
that has ``t`` in B and the step numbers from E on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from cellcalc.expression import ONE, Expression, Symbol, symbols
from cellcalc.model import LOSS, TARGET, Model, Quantity
from cellcalc.notation import Excel
from cellcalc.series import feature_names
from cellcalc.trace import PassTrace, WindowTrace
from cellcalc.workbook.cells import absolute, letters

GROUP, SYMBOL, EQUATION, TOTAL, FIRST = 1, 2, 3, 4, 5  # columns; FIRST is t = 0
TITLE_ROWS = 3
TOTAL_LOSS, RATE = "L", "learning_rate"


def column(t: int) -> int:
    """The column of step t."""
    return FIRST + t


@dataclass(frozen=True)
class WindowRows:
    """The rows of one backward window: its heading and each derivative."""

    trace: WindowTrace
    heading: int
    rows: dict[str, int]

    @property
    def parameters_at(self) -> int:
        """The column whose parameters the backward pass uses: where the window fires."""
        return column(self.trace.fires_at)


@dataclass
class Layout:
    """The rows of one sheet. ``headings`` are those of the first three blocks."""

    model: Model
    steps: int
    headings: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    windows: list[WindowRows] = field(default_factory=list)
    height: int = TITLE_ROWS

    @property
    def width(self) -> int:
        """The last column: that of t = n+1."""
        return column(self.steps + 1)

    def block(self, name: str, symbols_: list[str]) -> None:
        self.headings[name] = self.next_row()
        for symbol in symbols_:
            self.rows[symbol] = self.next_row()
        self.next_row()  # an empty one between blocks

    def next_row(self) -> int:
        self.height += 1
        return self.height


def lay_out(model: Model, one: PassTrace) -> Layout:
    """Give every quantity of one pass its row."""
    layout = Layout(model, one.steps)
    layout.block("input", [row.symbol for row in model.inputs])
    rate = [RATE] if model.loss else []
    layout.block("parameter", [*(row.symbol for row in model.parameters), *rate])
    total = [TOTAL_LOSS] if model.loss else []
    layout.block("forward", [*(row.symbol for row in model.forward), *total])
    for trace in one.windows:
        window = WindowRows(trace, layout.next_row(), {})
        for quantity in derived_rows(model):
            window.rows[quantity.symbol] = layout.next_row()
        layout.windows.append(window)
        layout.next_row()
    layout.height -= 1  # no empty row at the end
    return layout


def derived_rows(model: Model) -> list[Quantity]:
    """The rows of a backward window, each path row beneath the row it belongs to."""
    rows: list[Quantity] = []
    for quantity in (*model.backward, *model.gradients):
        rows += [quantity, *model.paths_of(quantity)]
    return rows


Formula = Callable[[int], str]
_COLUMN = {-1: "{previous}", 0: "{this}", 1: "{next}"}


def formula(layout: Layout, expression: Expression, window: WindowRows | None = None) -> Formula:
    """The expression as an Excel formula: a function of the step t.

    A forward formula takes the parameters from its own column; that of a window takes them from
    the column in which the window fires.
    """

    def cell(symbol: Symbol) -> str:
        if symbol.shift is None:
            return parameter(layout.rows[symbol.name])
        row = (window.rows if window else {}).get(symbol.name) or layout.rows[symbol.name]
        return f"{_COLUMN[symbol.shift]}{row}"

    def cells(symbol: Symbol) -> str:
        elements = feature_names(symbol.name, layout.model.features)
        ends = [cell(Symbol(name, symbol.shift)) for name in (elements[0], elements[-1])]
        return ":".join(ends)

    def parameter(row: int) -> str:
        return absolute(row, window.parameters_at) if window else f"{{this}}{row}"

    text = Excel(cell=cell, cells=cells)(expression)

    def at(t: int) -> str:
        previous, this, following = (letters(column(t + k)) for k in (-1, 0, 1))
        return text.format(previous=previous, this=this, next=following)

    return at


def cell_formula(layout: Layout, quantity: Quantity, window: WindowRows | None = None) -> Formula:
    """What stands in the cells of a row: its equation; a loss only where there is a target."""
    if quantity.formula is not None and quantity.symbol != LOSS:
        return formula(layout, quantity.formula, window)
    there = formula(layout, quantity.formula or ONE)
    target = layout.rows[TARGET]
    return lambda t: f"IF(ISNUMBER({letters(column(t))}{target}),{there(t)},0)"


def reads_previous(expression: Expression) -> bool:
    """Whether a formula refers to the step before, for which the first column has no cell."""
    return any(symbol.shift == -1 for symbol in symbols(expression))


_REFERENCE = re.compile(
    r"([A-Za-z]{1,3})([0-9]+)|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*|(?i:TRUE|FALSE)"
)


def defined_name(symbol: str, taken: set[str]) -> str:
    """A name for a cell: the symbol, with an underscore where a spreadsheet reads a reference.

    ``W1`` would be a cell, ``R`` a row; names that differ only in case would be the same.
    """
    name = symbol
    while _REFERENCE.fullmatch(name) or name.casefold() in taken:
        name += "_"
    taken.add(name.casefold())
    return name
