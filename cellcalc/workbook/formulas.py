"""Equations as the formulas of a sheet's cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from cellcalc.language.keys import derivative_key, element_keys
from cellcalc.language.notation import Excel
from cellcalc.language.tree import ONE, Expression, Symbol, symbols
from cellcalc.model.model import LOSS, TARGET, Quantity
from cellcalc.workbook.layout import FIRST, Layout, WindowRows, column
from cellcalc.xlsx.cells import Fill, absolute, letters

_COLUMN = {-1: "{previous}", 0: "{this}", 1: "{next}"}


@dataclass(frozen=True)
class Formula:
    """A formula for any step: ``at(t)``.

    It is one formula filled right, but at the steps in ``breaks``: there it is not what the step
    before would be filled to.
    """

    at: Callable[[int], str]
    breaks: frozenset[int] = frozenset()

    def __call__(self, t: int) -> str:
        return self.at(t)

    def fills(self, first: int, style: str, values: Sequence[float]) -> Iterator[Fill]:
        """The cells from step ``first`` on, a fill for each stretch without a break."""
        stop = first + len(values)
        starts = [first, *sorted(t for t in self.breaks if first < t < stop), stop]
        for start, end in pairwise(starts):
            part = values[start - first : end - first]
            yield Fill(column(start), style, part, partial(self._from, start))

    def _from(self, start: int, k: int) -> str:
        return self.at(start + k)


def formula(
    sheet: Layout,
    expression: Expression,
    window: WindowRows | None = None,
    seen_on: str = "",
    at_reset: bool = False,
) -> Formula:
    """The expression as a formula for any step.

    A forward formula takes the parameters from its own column; that of a window takes them from
    the column in which the window fires, unless the equation itself says of which step they are.
    With ``seen_on`` ("Own!") every cell is that of another sheet laid out alike. ``at_reset`` tells
    that it is for the step after which the state goes back, whose own values do not go on: in
    their place are those that the next step begins with.
    """

    def place(symbol: Symbol) -> str:
        if symbol.name in sheet.pass_trace.coefficients:
            return seen_on + sheet.setting(symbol.name)
        row = (window.rows if window else {}).get(symbol.name) or sheet.rows[symbol.name]
        if symbol.shift is not None:
            return f"{seen_on}{_COLUMN[symbol.shift]}{row}"
        return seen_on + (absolute(row, window.parameters_at) if window else f"{{this}}{row}")

    def cell(symbol: Symbol) -> str:
        if symbol.name in sheet.pass_trace.coefficients:
            return f"SUM({place(symbol)})"
        return sheet.number(symbol.name, place(symbol))

    def cells(symbol: Symbol) -> str:
        elements = element_keys(symbol.name, sheet.model.features)
        first, last = (place(Symbol(name, symbol.shift)) for name in (elements[0], elements[-1]))
        return f"{first}:{last.removeprefix(seen_on)}"

    text = Excel(cell=cell, cells=cells)(sheet.model.computed(expression))
    resets = sheet.pass_trace.schedule.resets

    def at(t: int) -> str:
        before = f"${letters(FIRST)}$" if t - 1 in resets else letters(column(t - 1))
        this = f"${letters(FIRST)}$" if at_reset else letters(column(t))
        return text.format(previous=before, this=this, next=letters(column(t + 1)))

    apart = resets if "{previous}" in text else ()
    return Formula(at, frozenset(s for t in apart for s in (t + 1, t + 2)))


def forward_formula(sheet: Layout, quantity: Quantity, seen_on: str = "") -> Formula:
    """What stands in the cells of a forward row; a loss only where there is a target."""
    assert quantity.formula is not None
    at = formula(sheet, quantity.formula, seen_on=seen_on)
    if quantity.symbol != LOSS:
        return at
    there = f"{sheet.quoted}!" if seen_on else ""
    return Formula(lambda t: f"IF(ISNUMBER({there}{target(sheet, t)}),{at(t)},0)", at.breaks)


def backward_formula(
    sheet: Layout, quantity: Quantity, window: WindowRows, seen_on: str = ""
) -> Formula:
    """What stands in the cells of a row of a window.

    At the window's last step nothing flows back. Where the sequence goes on after it, the formula
    there leaves out what would: it would refer to steps that this window's update changes.
    """
    if quantity.formula is None:
        return _count(sheet, window, f"{sheet.quoted}!" if seen_on else "")
    at = formula(sheet, quantity.formula, window, seen_on)
    last = window.trace.last
    goes_on = last < sheet.steps or sheet.model.stored_weights
    if not goes_on or quantity.symbol not in sheet.model.leaving:
        return at
    at_last = formula(sheet, sheet.model.leaving[quantity.symbol], window, seen_on)
    return Formula(lambda t: at_last(t) if t == last else at(t), at.breaks | {last})


def entering_formula(
    sheet: Layout, quantity: Quantity, entering: Quantity, window: WindowRows
) -> str:
    """What stands in the column before a window, for the derivative of the state there.

    The whole formula is right there too, since the window's rows are empty in that column; but
    those of the state are not, and what refers to the column before would refer to another
    window's steps, or to the totals.
    """
    assert quantity.formula is not None and entering.formula is not None
    state = {derivative_key(name) for name in sheet.model.state}
    read = symbols(quantity.formula)
    partly = any(s.shift == -1 or (s.shift == 0 and s.name in state) for s in read)
    t = window.trace.first - 1
    reset = t in sheet.pass_trace.schedule.resets
    expression = entering.formula if partly or reset else quantity.formula
    return formula(sheet, expression, window, at_reset=reset)(t)


def _count(sheet: Layout, window: WindowRows, there: str) -> Formula:
    """How much each loss counts: 1, or a share of the mean, where the window injects it."""
    first, last = window.trace.window.injects_from, window.trace.last
    share = formula(sheet, ONE)(last)
    if sheet.trace.scheme.reduction == "mean":
        share = f"1/{counted(sheet, window, there)}"

    def at(t: int) -> str:
        return f"IF(ISNUMBER({there}{target(sheet, t)}),{share},0)" if t >= first else "0"

    return Formula(at, frozenset({first}))


MOST_RANGES = 100  # of targets that a formula counts; of more it has the number


def counted(sheet: Layout, window: WindowRows, there: str = "") -> str:
    """How many losses the mean is over into which the window's go, as a formula."""
    at_once = sheet.trace.scheme.update == "window"
    sheets = [sheet]
    if sheet.trace.scheme.update == "epoch":
        sheets = [s for s in sheet.all_sheets if s.pass_trace.epoch == sheet.pass_trace.epoch]
    ranges: list[tuple[Layout, int, int]] = []
    for one in sheets:
        for each in one.pass_trace.windows if not at_once else (window.trace,):
            first, last = each.window.injects_from, each.last
            if ranges and ranges[-1][0] is one and ranges[-1][2] == first - 1:
                first = ranges.pop()[1]
            ranges.append((one, first, last))
    if len(ranges) > MOST_RANGES:
        return str(window.trace.window.averaged)
    parts = []
    for one, first, last in ranges:
        place = there or ("" if one is sheet else f"{one.quoted}!")
        text = targets(one, first, last)
        parts.append(f"COUNT({text if '!' in text else place + text})")
    return parts[0] if len(parts) == 1 else f"({'+'.join(parts)})"


def targets(sheet: Layout, first: int, last: int) -> str:
    """The cells of the targets from one step to another, which may be on another sheet."""
    return f"{target(sheet, first, True)}:{target(sheet, last, True, False)}"


def target(sheet: Layout, t: int, fixed: bool = False, named: bool = True) -> str:
    """The cell in which the target of step t was put in, which may be on another sheet."""
    source = sheet.source
    row = source.rows[TARGET]
    reference = absolute(row, column(t)) if fixed else f"{letters(column(t))}{row}"
    return reference if source is sheet or not named else f"{source.quoted}!{reference}"


def rule_formula(expression: Expression, cells: Mapping[str, str]) -> str:
    """One of the optimizer's equations, given the cell of each symbol.

    Its settings are kept within bounds for which no denominator is 0.
    """

    def cell(symbol: Symbol) -> str:
        return cells[symbol.name]

    return Excel(cell=cell, cells=cell, guarded=False)(expression)
