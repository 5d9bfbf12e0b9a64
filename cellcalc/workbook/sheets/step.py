"""The sheet ``Step``: every quantity of one step, with that step's numbers put in, live."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import Lookup, WindowTrace, backward_values, forward_values
from cellcalc.language.notation import Binding, Excel, Text, Unicode
from cellcalc.language.tree import ONE, Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import Group, Quantity
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.layout import FIRST, Layout, column, derived_rows
from cellcalc.xlsx.cells import Cell, Row, Rows, absolute, letters, text_lines
from cellcalc.xlsx.page import drop_down, link, set_up_page, set_widths, show_scientific

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
        k1 = self.layout.pass_trace.schedule.scheme.k1
        text = f"MIN({n},{absolute(WINDOW_ROW, CHOSEN_VALUE)}*{k1})"
        cell = Cell(CHOSEN_VALUE, "whole", fires, text) if windows else Cell(CHOSEN_VALUE, "whole")
        yield self._row(FIRES_ROW, "fires", cell)
        before, text = self.step - 1, f"{self.t}-1"
        if self.layout.pass_trace.schedule.resets:
            before = 0 if before in self.layout.pass_trace.schedule.resets else before
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
        return forward_values(self.layout.pass_trace, self.step)

    def backward_value(self) -> Lookup:
        assert self.trace is not None
        return backward_values(self.layout.pass_trace, self.trace, self.step)

    def forward_cell(self, symbol: Symbol) -> str:
        """A formula for what a symbol of a forward equation stands for at the step chosen."""
        if symbol.name in self.layout.pass_trace.coefficients:
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
        if symbol.shift == -1 or symbol.name in self.layout.pass_trace.coefficients:
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


HEADINGS = ("symbol", "equation", "numbers", "value", "upstream", "local", "meaning")
WIDTHS = (15, 44, 48, 11, 11, 11, 42)
SYMBOL, EQUATION, NUMBERS, VALUE, UPSTREAM, LOCAL, MEANING = range(1, 8)
USED, USED_VALUE, USED_TEXT = 9, 10, 11  # the table of the numbers used, to the right
HEADING_ROW = ROWS + 1


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
            Cell(VALUE, "value", or_zero(value(own)), cell(own)),
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
        now = text_value(quantity.formula, lambda s: number_text(or_zero(value(s))), features)
        return Cell(NUMBERS, "live_text", now, text)

    def factors(self, quantity: Quantity, backward: bool, value: Lookup) -> Iterator[Cell]:
        """Upstream and local factor of a derivative with a single path."""
        if len(quantity.terms) != 1:
            yield Cell(UPSTREAM, "factor")
            yield Cell(LOCAL, "factor")
            return
        (term,) = quantity.terms
        upstream = self.number_cell(term.upstream, backward)
        yield Cell(UPSTREAM, "factor", or_zero(value(term.upstream)), upstream)
        local = spelled_out(term.local, self.model.features)
        text = "1"
        if local != ONE:
            text = Excel(cell=lambda s: self.number_cell(s, backward), cells=str)(local)
        now = evaluate(local, lambda symbol: or_zero(value(symbol)))
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
            value, here = or_zero(lookup(symbol)), f"{letters(USED_VALUE)}{row}"
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


_WIDE = Context(prec=400)  # digits: every float, written out
_MARK = re.compile("\x01([^\x01]*)\x01")
DECIMALS, MOST_DECIMALS = 4, 12
LONG = 10**9


def number_text(value: float) -> str:
    """A number as :func:`number_formula` writes it: whole, or with 4 decimals, or as many more as
    show four figures; a long one as 6.0221e23; in brackets when negative."""
    if not math.isfinite(value):
        return "?"
    size = abs(value)
    decimals, power = 0, ""
    if size >= LONG:
        exponent = math.floor(math.log10(size))
        size, decimals, power = size / 10.0**exponent, DECIMALS, f"e{exponent}"
    elif size != math.floor(size):
        decimals = min(MOST_DECIMALS, max(DECIMALS, 3 - math.floor(math.log10(size))))
    # A spreadsheet rounds the number as it is written: 0.099425 to 0.09943 although it lies below.
    place = Decimal(1).scaleb(-decimals)
    text = f"{Decimal(repr(size)).quantize(place, ROUND_HALF_UP, _WIDE):f}{power}"
    return f"(−{text})" if value < 0 else text


def number_formula(cell: str) -> str:
    """The same as a formula, of the number in a cell."""
    exponent = f"INT(LOG10(ABS({cell})))"
    decimals = f"MIN({MOST_DECIMALS},MAX({DECIMALS},3-{exponent}))"
    text = f"FIXED(ABS({cell}),IF({cell}=INT({cell}),0,{decimals}),TRUE)"
    long = f'FIXED(ABS({cell})/10^{exponent},{DECIMALS},TRUE)&"e"&{exponent}'
    text = f"IF(ABS({cell})<{LONG},{text},{long})"
    return f'IF({cell}<0,"(−","")&{text}&IF({cell}<0,")","")'


@dataclass(frozen=True, kw_only=True)
class _Marked(Unicode):
    """The maths with each symbol replaced by a mark that holds its text cell."""

    cell: Callable[[Symbol], str]
    features: int

    def __call__(self, expression: Expression) -> str:
        return super().__call__(spelled_out(expression, self.features))

    def symbol(self, symbol: Symbol) -> Text:
        return f"\x01{self.cell(symbol)}\x01", Binding.ATOM


def text_formula(expression: Expression, cell: Callable[[Symbol], str], features: int) -> str:
    """A formula that writes the expression with the texts of the cells in place of its symbols."""
    marked = _Marked(cell=cell, features=features)(expression)
    pieces = []
    for k, piece in enumerate(_MARK.split(marked)):
        if k % 2:
            pieces.append(piece)
        elif piece:
            pieces.append('"' + piece.replace('"', '""') + '"')
    return "&".join(pieces)


def text_value(expression: Expression, text: Callable[[Symbol], str], features: int) -> str:
    """What :func:`text_formula` gives, the text of each symbol being known."""
    marked = _Marked(cell=text, features=features)(expression)
    return "".join(_MARK.split(marked))
