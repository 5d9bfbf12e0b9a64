"""The sheet ``Step``: every quantity of one step, with that step's numbers put in, live."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import Lookup
from cellcalc.language.notation import Excel
from cellcalc.language.tree import ONE, Symbol, spelled_out, symbols
from cellcalc.model.model import Group, Quantity
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook import choice
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.choice import Choice
from cellcalc.workbook.layout import Layout, derived_rows
from cellcalc.workbook.livetext import number_formula, number_text, text_formula, text_value
from cellcalc.xlsx.cells import Cell, Row, Rows, letters, text_lines
from cellcalc.xlsx.page import link, set_up_page, set_widths, show_scientific

HEADINGS = ("symbol", "equation", "numbers", "value", "upstream", "local", "meaning")
WIDTHS = (15, 44, 48, 11, 11, 11, 42)
SYMBOL, EQUATION, NUMBERS, VALUE, UPSTREAM, LOCAL, MEANING = range(1, 8)
USED, USED_VALUE, USED_TEXT = 9, 10, 11  # the table of the numbers used, to the right
HEADING_ROW = choice.ROWS + 1


def step(book: Book) -> Iterator[Sheet]:
    """The sheet for the first pass."""
    maker = _Step(book.first)
    rows = list(maker.rows())
    yield Sheet("Step", Rows(rows, USED_TEXT, rows[-1].number), maker.set_up)


@dataclass(frozen=True)
class Entry:
    """One line of the sheet: a heading, or a quantity of the forward or the backward pass."""

    quantity: Quantity | None
    backward: bool
    title: str = ""


@dataclass
class _Numbers:
    """The numbers used by the equations: each symbol's row in the table on the right."""

    rows: dict[tuple[Symbol, bool], int] = field(default_factory=dict)

    def row(self, symbol: Symbol, backward: bool, parameters: frozenset[str]) -> int:
        # Only a parameter can be another number in the backward pass.
        key = (symbol, backward and symbol.name in parameters)
        return self.rows.setdefault(key, HEADING_ROW + 1 + len(self.rows))


class _Step:
    def __init__(self, layout: Layout) -> None:
        self.layout, self.model = layout, layout.model
        self.choice = Choice(layout)
        self.write = self.model.unicode()
        self.parameters = frozenset(layout.trace.initial)
        self.numbers = _Numbers()
        self.entries = list(self._entries())

    def _entries(self) -> Iterator[Entry]:
        yield Entry(None, False, sentence("part", "forward"))
        for quantity in self.model.forward:
            yield Entry(quantity, False)
        if self.layout.windows:
            yield Entry(None, True, sentence("part", "backward"))
            for quantity in derived_rows(self.model):
                yield Entry(quantity, True)

    def rows(self) -> Iterator[Row]:
        yield Row(1, [Cell(1, "title", sentence("step", "title"))], lines=2)
        yield Row(2, [Cell(1, "note", sentence("step", "note"))])
        yield from self.choice.rows()
        left = [self.line(entry) for entry in self.entries]
        right = dict(self.used())
        yield Row(HEADING_ROW, [*self.headings()])
        for number in range(HEADING_ROW + 1, max(HEADING_ROW + len(left), *right) + 1):
            place = number - HEADING_ROW - 1
            cells, lines = left[place] if place < len(left) else ([], 1)
            yield Row(number, [*cells, *right.get(number, [])], lines)

    def headings(self) -> Iterator[Cell]:
        for k, name in enumerate(HEADINGS, 1):
            yield Cell(k, "heading", sentence("step", name))
        for k, name in enumerate(("used", "value", "text"), USED):
            yield Cell(k, "heading", sentence("step", name))

    def line(self, entry: Entry) -> tuple[list[Cell], int]:
        quantity, backward = entry.quantity, entry.backward
        if quantity is None:
            group = "backward" if backward else "forward"
            cells = [Cell(k, f"{group}_heading") for k in range(2, MEANING + 1)]
            return [Cell(SYMBOL, f"{group}_heading", entry.title), *cells], 1
        cell = self.choice.backward_cell if backward else self.choice.forward_cell
        value = self.choice.backward_value() if backward else self.choice.forward_value()
        own = Symbol(quantity.symbol, 0)
        group = "forward" if not backward else "backward"
        style = f"{group}_path" if quantity.group is Group.PATH else f"{group}_symbol"
        equation = self.equation(quantity)
        live = self.live(quantity, backward, value)
        cells = [
            Cell(SYMBOL, style, self.model.label(quantity.symbol)),
            Cell(EQUATION, "text", equation),
            live,
            Cell(VALUE, "value", _finite(value(own)), cell(own)),
            *self.factors(quantity, backward, value),
            Cell(MEANING, "text", quantity.says),
        ]
        longest = str(live.value or "") + " " * 8  # other steps' numbers may be a little longer
        texts = (equation, longest, quantity.says)
        widths = (WIDTHS[EQUATION - 1], WIDTHS[NUMBERS - 1], WIDTHS[MEANING - 1])
        return cells, max(map(text_lines, texts, widths))

    def equation(self, quantity: Quantity) -> str:
        left = left_side(quantity, self.write)
        if quantity.formula is None:
            return f"{left} = {sentence('sheet', 'count')}"
        return f"{left} = {self.write(quantity.formula)}"

    def live(self, quantity: Quantity, backward: bool, value: Lookup) -> Cell:
        """The equation with the numbers of the step put in."""
        if quantity.formula is None or not symbols(quantity.formula):
            return Cell(NUMBERS, "live_text")
        features = self.model.features

        def cell(symbol: Symbol) -> str:
            return f"{letters(USED_TEXT)}{self.numbers.row(symbol, backward, self.parameters)}"

        text = text_formula(quantity.formula, cell, features)
        now = text_value(quantity.formula, lambda s: number_text(_finite(value(s))), features)
        return Cell(NUMBERS, "live_text", now, text)

    def factors(self, quantity: Quantity, backward: bool, value: Lookup) -> Iterator[Cell]:
        """Upstream and local factor of a derivative with a single path."""
        if len(quantity.terms) != 1:
            yield Cell(UPSTREAM, "factor")
            yield Cell(LOCAL, "factor")
            return
        (term,) = quantity.terms
        upstream = self.number_cell(term.upstream, backward)
        yield Cell(UPSTREAM, "factor", _finite(value(term.upstream)), upstream)
        local = spelled_out(term.local, self.model.features)
        text = "1"
        if local != ONE:
            text = Excel(cell=lambda s: self.number_cell(s, backward), cells=str)(local)
        now = evaluate(local, lambda symbol: _finite(value(symbol)))
        yield Cell(LOCAL, "factor", now, text)

    def number_cell(self, symbol: Symbol, backward: bool) -> str:
        return f"{letters(USED_VALUE)}{self.numbers.row(symbol, backward, self.parameters)}"

    def used(self) -> Iterator[tuple[int, list[Cell]]]:
        """The table of the numbers used: symbol, value, the value as text."""
        forward, backward = self.choice.forward_value(), None
        if self.layout.windows:
            backward = self.choice.backward_value()
        derived = {row.symbol for row in derived_rows(self.model)}
        for (symbol, of_window), row in self.numbers.rows.items():
            late = of_window or symbol.name in derived or symbol.shift == 1
            lookup, cell = (forward, self.choice.forward_cell)
            if late and backward is not None:
                lookup, cell = (backward, self.choice.backward_cell)
            value, here = _finite(lookup(symbol)), f"{letters(USED_VALUE)}{row}"
            yield (
                row,
                [
                    Cell(USED, "small", self.write(symbol)),
                    Cell(USED_VALUE, "small_number", value, cell(symbol)),
                    Cell(USED_TEXT, "small", number_text(value), number_formula(here)),
                ],
            )

    def set_up(self, sheet: Worksheet) -> None:
        labels = (self.model.label(e.quantity.symbol) for e in self.entries if e.quantity)
        longest = max(map(len, labels)) + 2
        set_widths(sheet, (max(WIDTHS[0], longest), *WIDTHS[1:]))
        set_widths(sheet, (3, 13, 11, 13), MEANING + 1)
        self.choice.set_up(sheet)
        sheet.freeze_panes = f"B{HEADING_ROW + 1}"
        set_up_page(sheet)
        sheet.print_title_rows = f"{HEADING_ROW}:{HEADING_ROW}"
        last = HEADING_ROW + len(self.entries)
        sheet.print_area = f"A1:{letters(MEANING)}{last}"
        show_scientific(sheet, f"D{HEADING_ROW + 1}:{letters(LOCAL)}{last}")
        for number, entry in enumerate(self.entries, HEADING_ROW + 1):
            if entry.quantity is not None:
                link(sheet, f"A{number}", self.place(entry.quantity.symbol, entry.backward))

    def place(self, symbol: str, backward: bool) -> str:
        """Where a quantity stands on the BPTT sheet."""
        rows = self.layout.windows[0].rows if backward else self.layout.rows
        return f"{self.layout.quoted}!B{rows[symbol]}"


def _finite(value: float) -> float:
    """A missing target counts as the empty cell that it is."""
    return 0.0 if math.isnan(value) else value
