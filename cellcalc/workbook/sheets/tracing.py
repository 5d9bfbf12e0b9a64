"""The trace on the BPTT sheet that is shown: what a number is made of, and what uses it.

A symbol is chosen on top; the step is the one in focus. To the right of the grid stands for each
row which rows read it, at which distance in time, and which it reads: rules colour the cells by
these texts, so that the trace follows from the formulas of any cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.language.tree import spelled_out, symbols
from cellcalc.model.model import Group, Quantity
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book
from cellcalc.workbook.digits import DIGITS, MORE_DIGITS
from cellcalc.workbook.layout import FIRST, TITLE_ROWS, TOTAL, Layout, derived_rows
from cellcalc.workbook.moment import DIGITS_ROW, SCALE_ROW, Moment
from cellcalc.workbook.sheets.bptt import STEP_WIDTH, Look
from cellcalc.workbook.sheets.step import lines_of
from cellcalc.xlsx.cells import Cell, Remade, Row, Rows, absolute, letters
from cellcalc.xlsx.page import drop_down, link, longest, look_where
from cellcalc.xlsx.styles import NUMBER_DECIMALS, TRACED, USED, USES

CHOICE_ROW, TEXT_ROW = 2, 3
NOTES = (CHOICE_ROW,)  # rows whose text to the left of the choice takes two lines
SYMBOL_AT, STEP_AT = FIRST + 1, FIRST + 3  # columns
MOST_CELLS = 30_000  # that rules look at
LOOK_ROW, BEYOND = 2, 3  # of the scale and the digits: the row, and how far beyond the grid


def has_look(book: Book, layout: Layout) -> bool:
    """Whether the sheet of a pass follows the choice of digits, and has the scale of colours."""
    return book.has_moment and layout.width * layout.height <= MOST_CELLS


def look_of(layout: Layout) -> Look:
    """The cells beyond the grid in which the sheet of a pass has them."""
    first = layout.width + BEYOND
    scale, digits, last = (
        absolute(LOOK_ROW, first), absolute(LOOK_ROW, first + 1), absolute(LOOK_ROW + 1, first)
    )  # fmt: skip
    return Look(scale, digits, first, last if layout.taken is not None else "")


def with_look(moment: Moment, layout: Layout, rows: Rows) -> Rows:
    """The rows of the sheet of a pass with the scale and the digits, from where they are chosen."""
    first = layout.width + BEYOND
    scale = f"{moment.sheet}!{moment.work(SCALE_ROW)}"
    digits = f"{moment.sheet}!{moment.work(DIGITS_ROW)}+{MORE_DIGITS}"
    cells = [Cell(first + 1, "small_number", float(DIGITS + MORE_DIGITS), digits)]
    if layout.windows:
        cells.insert(0, Cell(first, "small_number", moment.scale, scale))
    ends = []
    if layout.taken is not None:
        there = f"{moment.sheet}!{moment.last_step}"
        text = there if "$" in there else None
        ends = [Cell(first, "small_number", float(moment.last), text)]

    def made() -> Iterator[Row]:
        for row in rows.rows:
            more = {LOOK_ROW: cells, LOOK_ROW + 1: ends}.get(row.number, [])
            yield replace(row, parts=[*row.parts, *more]) if more else row

    return Rows(Remade(made), first + 1, rows.height)


def has_trace(book: Book, layout: Layout) -> bool:
    """Whether the sheet of a pass has the trace: the one shown elsewhere, if it is no huge one."""
    return has_look(book, layout) and layout is book.seen and layout.width > STEP_AT


def traced(book: Book, layout: Layout, rows: Rows) -> Rows:
    """The rows of the sheet with the choice, and what the rules read."""
    tracing = Tracing(book, layout)
    return Rows(Remade(lambda: tracing.rows(rows)), tracing.last, rows.height)


class Tracing:
    def __init__(self, book: Book, layout: Layout) -> None:
        self.book, self.layout, self.model = book, layout, layout.model
        self.moment: Moment = book.moment
        self.reads_at = layout.width + BEYOND  # columns
        self.used_at, self.window_at = self.reads_at + 1, self.reads_at + 2
        self.flag_at, self.text_at, self.number_at = (self.reads_at + k for k in (4, 5, 6))
        self.last = self.number_at
        derived = derived_rows(self.model) if layout.windows else []
        self.quantities = [*self.model.forward, *derived]
        self.listed = [q for q in self.quantities if q.formula is not None]
        self.chosen = self._chosen()
        self.reads: dict[str, list[str]] = {}
        self.used: dict[str, list[str]] = {}
        for quantity in self.listed:
            assert quantity.formula is not None
            for symbol in symbols(spelled_out(quantity.formula, self.model.features)):
                shift = "p" if symbol.shift is None else str(symbol.shift)
                if symbol.shift is None and quantity.group is Group.FORWARD:
                    shift = "0"
                self.reads.setdefault(quantity.symbol, []).append(f"{symbol.name}:{shift}")
                self.used.setdefault(symbol.name, []).append(f"{quantity.symbol}:{shift}")

    def _chosen(self) -> Quantity:
        """The symbol traced at first: the gradient of the road, or the output."""
        road = self.model.carousel
        wanted = f"d{road[0]}" if road else self.model.cell.output
        return next((q for q in self.listed if q.symbol == wanted), self.listed[-1])

    @property
    def symbol_cell(self) -> str:
        return absolute(CHOICE_ROW, SYMBOL_AT)

    @property
    def step_cell(self) -> str:
        return absolute(CHOICE_ROW, STEP_AT)

    def rows(self, rows: Rows) -> Iterator[Row]:
        extra = dict(self.extra())
        seen = 0
        for row in rows.rows:
            seen = row.number
            if seen in NOTES:  # as wide as the columns up to the choice
                first, *others = row.parts
                assert isinstance(first, Cell)
                if seen == CHOICE_ROW:
                    first = replace(first, style="paragraph")
                row = replace(row, parts=[first, *others], lines=2)
            more = extra.pop(row.number, [])
            if more:
                cells = sorted([*row.parts, *more], key=lambda part: part.column)
                row = replace(row, parts=cells)
            yield row
        for number in sorted(n for n in extra if n > seen):
            yield Row(number, extra[number])

    def extra(self) -> Iterator[tuple[int, list[Cell]]]:
        cells: dict[int, list[Cell]] = {}
        for number, cell in self._cells():
            cells.setdefault(number, []).append(cell)
        yield from cells.items()

    def _cells(self) -> Iterator[tuple[int, Cell]]:
        moment = self.moment
        yield CHOICE_ROW, Cell(SYMBOL_AT - 1, "strip_label", sentence("trace", "symbol"))
        yield CHOICE_ROW, Cell(SYMBOL_AT, "choice", self.chosen.symbol)
        yield CHOICE_ROW, Cell(STEP_AT - 1, "strip_label", sentence("trace", "step"))
        there = f"{moment.sheet}!{moment.work_step}"
        yield CHOICE_ROW, Cell(STEP_AT, "repeated", float(moment.step), there)
        yield CHOICE_ROW, Cell(STEP_AT + 1, "swatch_text", sentence("trace", "legend"))
        yield from self._list()
        first, last = TITLE_ROWS + 2, self.layout.height
        flags, texts, numbers = (
            f"{absolute(first, k)}:{absolute(last, k)}"
            for k in (self.flag_at, self.text_at, self.number_at)
        )
        place = f"SUMPRODUCT({flags},{numbers})"
        none = sentence("trace", "none")
        text = f'IF(SUM({flags})=0,"{none}",INDEX({texts},{place}))'
        yield TEXT_ROW, Cell(FIRST, "worked", self._text(self.chosen)[0], text)
        for number, symbol, of_window in self._places():
            for column, found in ((self.reads_at, self.reads), (self.used_at, self.used)):
                names = found.get(symbol, [])
                yield number, Cell(column, "small", f"|{'|'.join(names)}|" if names else "|")
            yield number, Cell(self.window_at, "small_number", float(of_window))
        if self.layout.windows:
            window = f"{moment.sheet}!{moment.work_window}"
            fires = f"{moment.sheet}!{moment.work_last}"
            yield 1, Cell(self.reads_at, "small_number", float(moment.window + 1), window)
            yield 1, Cell(self.used_at, "small_number", float(moment.fires), fires)

    def _places(self) -> Iterator[tuple[int, str, int]]:
        """Every row of a quantity: its number, its symbol, its window (0 for none)."""
        for symbol, row in self.layout.rows.items():
            yield row, symbol, 0
        for window in self.layout.windows:
            for symbol, row in window.rows.items():
                if symbol in self.model.quantities:
                    yield row, symbol, window.number

    def _list(self) -> Iterator[tuple[int, Cell]]:
        """Beside each symbol that can be chosen whether it is, and its equation with its numbers.

        Nothing stands beside the headings of blocks, where readers look for step numbers.
        """
        derived = self.layout.windows[0].rows if self.layout.windows else {}
        for quantity in self.listed:
            number = self.layout.rows.get(quantity.symbol) or derived[quantity.symbol]
            flag = float(quantity is self.chosen)
            text = f"IF(EXACT($B{number},{self.symbol_cell}),1,0)"
            yield number, Cell(self.flag_at, "small_number", flag, text)
            yield number, Cell(self.number_at, "small_number", float(number - TITLE_ROWS - 1))
            value, place = self._text(quantity)
            yield number, Cell(self.text_at, "small", value, place or None)

    def _text(self, quantity: Quantity) -> tuple[str, str]:
        """The equation, with its numbers where the sheet Step has them; and where."""
        lines = self.lines
        if quantity.symbol in lines:
            place, value = lines[quantity.symbol]
            return value.replace("\n", " "), f'SUBSTITUTE({place},CHAR(10)," ")'
        write = self.model.unicode()
        assert quantity.formula is not None
        return f"{left_side(quantity, write)} = {write(quantity.formula)}", ""

    @cached_property
    def lines(self) -> dict[str, tuple[str, str]]:
        """The lines of the sheet Step by symbol, if there is one: their cells and texts."""
        return lines_of(self.book) if self.book.has("Step") else {}

    def set_up(self, sheet: Worksheet) -> None:
        for row in NOTES:
            sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=TOTAL)
        source = self.moment.trace_list
        title, prompt = sentence("trace", "symbol"), sentence("trace", "prompt")
        drop_down(sheet, self.symbol_cell.replace("$", ""), source, title, prompt)
        step = self.step_cell.replace("$", "")
        link(
            sheet, step, f"{self.moment.sheet}!{self.moment.chosen('focus_step')}".replace("$", "")
        )
        for column in range(self.reads_at - 1, self.last + 1):
            sheet.column_dimensions[letters(column)].hidden = True
        top = TITLE_ROWS + 1
        area = f"{letters(FIRST)}{top + 1}:{letters(self.layout.width)}{self.layout.height}"
        time, number = f"{letters(FIRST)}${top}", top + 1
        window = f"${letters(self.window_at)}{number}"
        seen = f"${letters(self.window_at)}{number}=0"
        if self.layout.windows:
            seen = f"OR({seen},{window}={absolute(1, self.reads_at)})"
        here, q, t = f"ISNUMBER({window}),{seen}", self.symbol_cell, self.step_cell
        itself = f"AND({here},EXACT($B{number},{q}),{time}={t})"
        used = f"${letters(self.used_at)}{number}"
        reads = f"${letters(self.reads_at)}{number}"
        made_of = f'ISNUMBER(FIND("|"&{q}&":"&({time}-{t})&"|",{used}))'
        if self.layout.windows:
            parameter = f'ISNUMBER(FIND("|"&{q}&":p|",{used})),{time}={absolute(1, self.used_at)}'
            made_of = f"OR({made_of},AND({parameter}))"
        uses = f'ISNUMBER(FIND("|"&{q}&":"&({t}-{time})&"|",{reads}))'
        tests = (itself, f"AND({here},{made_of})", f"AND({here},{uses})")
        most = longest(STEP_WIDTH, NUMBER_DECIMALS)
        for test, fill in zip(tests, (TRACED, USES, USED), strict=True):
            look_where(sheet, area, test, fill=fill, bold=True, most=most)
