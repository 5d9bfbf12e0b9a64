"""The parameter block: rows of the time grid that change where an update happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise

from cellcalc.language.tree import Symbol
from cellcalc.problems.updates import COUNT, memory, rules
from cellcalc.resources import sentence
from cellcalc.workbook.formulas import rule_formula
from cellcalc.workbook.layout import (
    FIRST,
    Layout,
    WindowRows,
    clipped,
    clips,
    column,
    free_parameters,
    gathered,
    gathers,
    memory_names,
    setting_values,
)
from cellcalc.workbook.rows import block_heading, labelled
from cellcalc.xlsx.cells import Cell, Fill, Row


def parameter_rows(sheet: Layout) -> Iterator[Row]:
    """The parameters, the optimizer's state for each, and on the first sheet its settings."""
    note = sentence("sheet", "parameters_note")
    heading = sheet.headings["parameter"]
    yield block_heading(sheet, "parameter", heading, sentence("sheet", "parameters"), note)
    yield from _Parameters(sheet).rows()
    settings = setting_values(sheet.trace) if sheet.first is sheet else {}
    roles = {row.symbol: row.says for row in sheet.model.coefficients}
    for name, value in settings.items():
        says = roles.get(name) or sentence("setting", name)
        cells = [Cell(FIRST, "input", value)]
        yield labelled(sheet.rows[name], "parameter", name, says, cells)


class _Parameters:
    def __init__(self, sheet: Layout) -> None:
        self.sheet, self.trace = sheet, sheet.trace
        self.update = sheet.trace.specification.update
        self.write = sheet.model.unicode()
        # An update follows its window, or (once for all windows) the end of the sequence.
        once = sheet.trace.scheme.update == "sequence"
        self.fired = {
            sheet.steps if once else window.trace.last: window
            for window in sheet.windows
            if window.trace.used
        }
        self.free = set(free_parameters(self.trace)) if sheet.model.loss else set()
        self.start = {
            memory(own, name): value
            for name in self.free
            for own, value in self.update.optimizer.state.items()
        }

    def rows(self) -> Iterator[Row]:
        names = [*self.trace.initial, *memory_names(self.trace)]
        equations = {
            rule.symbol: rule
            for name in self.trace.initial
            for rule in rules(self.update.optimizer, name)
        }
        for name in names:
            if name in equations and (name in self.free or name in self.start):
                right = self.write(equations[name].formula)
                says = f"{self.write(Symbol(name))} ← {right}"
            elif name == COUNT:
                says = sentence("sheet", "updates")
            else:
                says = self.sheet.model.quantities[name].says
            yield labelled(self.sheet.rows[name], "parameter", name, says, self.cells(name))

    def cells(self, name: str) -> Iterator[Cell | Fill]:
        """The value at each step: the one before, or a new one after a window has fired."""
        sheet = self.sheet
        value = self.first_value(name)
        if sheet.before is None:
            yield Cell(FIRST, "input" if name in self.trace.initial else "edge", value)
        else:
            ends = sheet.before.cell(name, sheet.before.steps + 1, sheet)
            yield Cell(FIRST, "number", value, ends)
        whole = "count" if name == COUNT else ""
        fired = sorted(self.fired) if self.changes(name) else []
        for start, end in pairwise([0, *fired, sheet.steps + 1]):
            if start in self.fired and self.changes(name):
                window = self.fired[start]
                value, text = self.new_values(window)[name], self.updated(name, start + 1, window)
                yield Cell(column(start + 1), whole or "total", value, text)
                start += 1
            kept = partial(self.before, name, start)
            yield Fill(column(start + 1), whole or "number", [value] * (end - start), kept)

    def before(self, name: str, start: int, k: int) -> str:
        """The cell of the step before the k-th one after ``start``: the parameter stays."""
        return self.sheet.cell(name, start + k)

    def changes(self, name: str) -> bool:
        return name in self.free or name in self.start or name == COUNT

    def first_value(self, name: str) -> float:
        """The value that the sheet begins with."""
        one = self.sheet.one
        start = {**self.start, COUNT: float(one.updates)}
        return {**start, **one.memory, **one.before}[name]

    def new_values(self, window: WindowRows) -> Mapping[str, float]:
        trace = window.trace
        return {**trace.memory_after, **trace.after, COUNT: float(trace.update)}

    def updated(self, name: str, t: int, window: WindowRows) -> str:
        """The formula of the optimizer's equation for one row after a window has fired."""
        sheet = self.sheet
        if name == COUNT:
            return f"{sheet.cell(COUNT, t - 1)}+1"
        owner = next(p for p in self.free if name in (p, *self.memory_of(p)))
        cells = {key: sheet.setting(key) for key in self.update.settings}
        cells[f"d{owner}"] = window.total(self.used_gradient(owner))
        if COUNT in sheet.rows:
            cells[COUNT] = sheet.cell(COUNT, t)
        for symbol in (owner, *self.memory_of(owner)):
            cells[symbol] = sheet.cell(symbol, t - 1)
        for rule in rules(self.update.optimizer, owner):
            if rule.symbol == name:
                return rule_formula(rule.formula, cells)
            cells[rule.symbol] = sheet.cell(rule.symbol, t)
        raise AssertionError(f"no rule for {name}")

    def memory_of(self, parameter: str) -> list[str]:
        return [memory(own, parameter) for own in self.update.optimizer.state]

    def used_gradient(self, parameter: str) -> str:
        """The row of the window that holds the gradient as the update uses it."""
        if clips(self.trace):
            return clipped(parameter)
        return gathered(parameter) if gathers(self.trace) else f"d{parameter}"
