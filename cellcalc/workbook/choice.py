"""The cells of a study sheet in which a step and a window are chosen, and what they point at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import Lookup, WindowTrace, backward_values, forward_values
from cellcalc.language.tree import Symbol
from cellcalc.resources import sentence
from cellcalc.workbook.layout import FIRST, Layout, column
from cellcalc.xlsx.cells import Cell, Row, absolute, letters
from cellcalc.xlsx.page import drop_down

STEP_ROW, WINDOW_ROW, FIRES_ROW, BEFORE_ROW = 3, 4, 5, 6
ROWS = BEFORE_ROW + 1  # the first free row below, with an empty one between
LABEL, CHOSEN_VALUE, NOTE = 1, 2, 3  # columns


@dataclass(frozen=True)
class Choice:
    """A choice of step and window on a study sheet, over the first BPTT sheet."""

    layout: Layout

    @property
    def step(self) -> int:
        """The step chosen at first: the one before the last, from which both ways can be seen.

        Where no window sweeps that one, the first step of the last window.
        """
        step, windows = max(1, self.layout.steps - 1), self.layout.windows
        if windows and not any(step in window.trace.steps for window in windows):
            return windows[-1].trace.first
        return step

    @property
    def window(self) -> int:
        """The window chosen at first, from 0: the first that sweeps the step."""
        windows = self.layout.windows
        return next((k for k, w in enumerate(windows) if self.step in w.trace.steps), 0)

    @property
    def trace(self) -> WindowTrace | None:
        windows = self.layout.windows
        return windows[self.window].trace if windows else None

    @property
    def t(self) -> str:
        return absolute(STEP_ROW, CHOSEN_VALUE)

    def rows(self) -> Iterator[Row]:
        """The two choices, and the two numbers that follow from them."""
        n, windows = self.layout.steps, self.layout.windows
        yield self._row(STEP_ROW, "step", Cell(CHOSEN_VALUE, "choice", self.step), last=n)
        style = "choice" if len(windows) > 1 else "whole"
        chosen = Cell(CHOSEN_VALUE, style, self.window + 1 if windows else None)
        name = {0: "no_window", 1: "only_window"}.get(len(windows), "window")
        yield self._row(WINDOW_ROW, name, chosen, last=len(windows))
        fires = self.trace.last if self.trace else n
        k1 = self.layout.one.schedule.scheme.k1
        text = f"MIN({n},{absolute(WINDOW_ROW, CHOSEN_VALUE)}*{k1})"
        cell = Cell(CHOSEN_VALUE, "whole", fires, text) if windows else Cell(CHOSEN_VALUE, "whole")
        yield self._row(FIRES_ROW, "fires", cell)
        before, text = self.step - 1, f"{self.t}-1"
        if self.layout.one.schedule.resets:
            before = 0 if before in self.layout.one.schedule.resets else before
            text = f"IF(MOD({self.t}-1,{k1})=0,0,{self.t}-1)"
        yield self._row(BEFORE_ROW, "before", Cell(CHOSEN_VALUE, "whole", before, text))

    def _row(self, number: int, name: str, value: Cell, last: int = 0) -> Row:
        label = Cell(LABEL, "label", sentence("choice", name))
        return Row(
            number,
            [label, value, Cell(NOTE, "note", sentence("choice", f"{name}_note", last=last))],
        )

    def set_up(self, sheet: Worksheet) -> None:
        """The drop-downs: the steps and the windows there are."""
        layout = self.layout
        header = layout.headings["input"]
        first, last = letters(column(1)), letters(column(layout.steps))
        source = f"{layout.quoted}!${first}${header}:${last}${header}"
        prompt = sentence("choice", "step_note", last=layout.steps)
        drop_down(sheet, self.t.replace("$", ""), source, sentence("choice", "step"), prompt)
        if len(layout.windows) > 1:
            count = len(layout.windows)
            prompt = sentence("choice", "window_note", last=count)
            cell = f"{letters(CHOSEN_VALUE)}{WINDOW_ROW}"
            source = f"{layout.quoted}!${first}${header}:${letters(column(count))}${header}"
            drop_down(sheet, cell, source, sentence("choice", "window"), prompt)

    def forward_value(self) -> Lookup:
        return forward_values(self.layout.one, self.step)

    def backward_value(self) -> Lookup:
        assert self.trace is not None
        return backward_values(self.layout.one, self.trace, self.step)

    def forward_cell(self, symbol: Symbol) -> str:
        """A formula for what a symbol of a forward equation stands for at the step chosen."""
        if symbol.name in self.layout.one.coefficients:
            return f"{self.layout.quoted}!{self.layout.setting(symbol.name)}"
        if symbol.shift == -1:
            return self._index(symbol.name, f"{absolute(BEFORE_ROW, CHOSEN_VALUE)}+1")
        return self._index(symbol.name, f"{self.t}+1")

    def backward_cell(self, symbol: Symbol) -> str:
        """The same for a symbol of an equation of the window chosen."""
        fires = f"{absolute(FIRES_ROW, CHOSEN_VALUE)}+1"
        at = f"{self.t}+{1 + (symbol.shift or 0)}"
        if symbol.name in self.layout.trace.initial:
            return self._index(symbol.name, fires if symbol.shift is None else f"MIN({at},{fires})")
        if symbol.name in self.layout.windows[0].rows:
            return self._in_window(symbol.name, at)
        if symbol.shift == -1 or symbol.name in self.layout.one.coefficients:
            return self.forward_cell(symbol)
        return self._index(symbol.name, at)

    def _index(self, symbol: str, place: str) -> str:
        row = self.layout.rows[symbol]
        return f"INDEX({self._area(row, row)},1,{place})"

    def _in_window(self, symbol: str, place: str) -> str:
        """The windows' blocks follow one another at equal distances."""
        windows = self.layout.windows
        first, last = windows[0].rows[symbol], windows[-1].rows[symbol]
        row = "1"
        if len(windows) > 1:
            distance = windows[1].heading - windows[0].heading
            row = f"1+({absolute(WINDOW_ROW, CHOSEN_VALUE)}-1)*{distance}"
        return f"INDEX({self._area(first, last)},{row},{place})"

    def _area(self, first: int, last: int) -> str:
        layout = self.layout
        corner = absolute(last, layout.width)
        return f"{layout.quoted}!{absolute(first, FIRST)}:{corner}"
