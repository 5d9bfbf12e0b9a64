"""The sheet ``Step``: one step of the cell, as a picture and worked out line by line.

Above, the cell as textbooks draw it, laid out from a file or (a cell of one's own) by stages: each
box with its value and its gradient. Below, a row a quantity: forward on the left, backward on the
right, each with its numbers put in. At the end this step's share of each parameter's gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import ceil

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import Lookup
from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import Excel
from cellcalc.language.tree import ONE, Symbol, spelled_out, symbols
from cellcalc.model.model import TARGET, Group, Quantity, is_gate, is_squashed
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.views.derivation import start_of_chain
from cellcalc.views.picture import Arrow, Picture, picture
from cellcalc.views.stages import Place
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.digits import MOST_CHARACTERS, Working
from cellcalc.workbook.layout import (
    Layout,
    sheet_of,
    title_of,
)
from cellcalc.workbook.moment import (
    DIGITS_ROW,
    NOTICE_ROW,
    SCALE_ROW,
    STEP_ROW,
    STRIP_ROW,
    SWEPT_ROW,
    Moment,
)
from cellcalc.workbook.sheets.start import weights
from cellcalc.xlsx.cells import Cell, Row, Rows, letters, text_lines
from cellcalc.xlsx.connectors import ROW_PIXELS, Line, Point
from cellcalc.xlsx.page import (
    DECIMALS,
    link,
    set_up_page,
    set_widths,
    shade_by_tens,
    shade_gates,
    show_digits,
)

TITLE = "Step"
PICTURE_ROW = 6
BOX_WIDTH, GAP_WIDTH, FIRST_WIDTH = 12, 3.4, 13
STAGE_GAP = 5.4  # where lines run between stages
NUMBER_WIDTHS = 10, 10, 11.5, 9, 9, 9
LEAST_WIDTH = 9
SCREEN = 162  # characters across a first screen of 1366 pixels
LOWEST = 32  # the row below the picture that is on the first screen
BOXES = 8  # columns of boxes that the table below uses
# Columns of the table: forward on the left, backward on the right.
SYMBOL, LINES, LINES_END, VALUE = 1, 2, 7, 8
BACK_SYMBOL, BACK_LINES, BACK_LINES_END, BACK_VALUE, UPSTREAM, LOCAL = 10, 11, 16, 18, 19, 20
FORWARD_WIDTH, BACKWARD_WIDTH = 45.0, 45.0  # characters of the merged lines
TABLE = 26  # the first column of the numbers used


def step(book: Book) -> Iterator[Sheet]:
    """The sheet for the first pass."""
    maker = _Step(book.seen, book.moment)
    rows = list(maker.rows())
    width = max(row.width for row in rows)
    lines = tuple(maker.drawn.lines())
    yield Sheet(title_of(TITLE), Rows(rows, width, rows[-1].number), maker.set_up, lines=lines)


def lines_of(book: Book) -> dict[str, tuple[str, str]]:
    """For each symbol the cell of its equation with the numbers of the step, and what it says."""
    maker = _Step(book.seen, book.moment)
    found = {}
    for number, entry in enumerate(maker.entries, maker.heading + 1):
        cells, _ = maker.entry(number, entry)
        for quantity, column in ((entry.forward, LINES), (entry.backward, BACK_LINES)):
            if quantity is not None:
                (cell,) = (cell for cell in cells if cell.column == column)
                found[quantity.symbol] = (
                    f"{sheet_of(TITLE)}!{letters(column)}{number}",
                    str(cell.value),
                )
    return found


@dataclass(frozen=True)
class Entry:
    """A line of the table: a forward quantity, a row of the backward pass, or both."""

    forward: Quantity | None
    backward: Quantity | None


class _Step:
    def __init__(self, layout: Layout, moment: Moment) -> None:
        self.layout, self.moment, self.model = layout, moment, layout.model
        self.write = self.model.unicode()
        self.learns = bool(layout.windows)
        self.parameters = frozenset(layout.trace.initial)
        self.drawn = Drawing(self, picture(self.model))
        self.heading = self.drawn.last + 3
        self.working = Working(self.heading, TABLE, moment.work(DIGITS_ROW), self.model.features)
        self.entries = list(self._entries())
        self.shares = self.heading + len(self.entries) + 3

    def _entries(self) -> Iterator[Entry]:
        """A row a forward quantity, its derivative beside it, and the paths of that below."""
        derived = {q.derivative_of: q for q in self.model.backward} if self.learns else {}
        for quantity in (*self.model.forward, *self.model.inputs):
            backward = derived.pop(quantity.symbol, None)
            forward = quantity if quantity.group is Group.FORWARD else None
            if forward is None and backward is None:
                continue
            yield Entry(forward, backward)
            for path in self.model.paths_of(backward) if backward else ():
                yield Entry(None, path)
        for quantity in derived.values():
            yield Entry(None, quantity)

    def rows(self) -> Iterator[Row]:
        rows: dict[int, list[Cell]] = {}
        lines: dict[int, int] = {1: 2}

        def put(number: int, *cells: Cell) -> None:
            rows.setdefault(number, []).extend(cells)

        put(
            1,
            Cell(
                1, "title", sentence("step", "title", title=self.layout.trace.specification.title)
            ),
        )
        put(2, Cell(1, "note", sentence("step", "note" if self.learns else "forward_note")))
        put(STRIP_ROW, *self.moment.strip(TITLE))
        put(NOTICE_ROW, self.moment.notice())
        for (row, _), cell in sorted(self.drawn.cells().items()):
            put(row, cell)
        for row, cell in self.drawn.beside():
            put(row, cell)
        put(self.heading - 1, *self.titles())
        put(self.heading, *self.headings())
        for number, entry in enumerate(self.entries, self.heading + 1):
            cells, lines[number] = self.entry(number, entry)
            put(number, *cells)
        for number, shares in self.share_rows():
            put(number, *shares)
        for number, helper in self.working.cells():
            put(number, *helper)
        for number, work in self.moment.rows(TITLE):
            put(number, *work)
        for number in sorted(rows):
            cells = sorted(rows[number], key=lambda cell: cell.column)
            yield Row(number, cells, lines.get(number, 1))

    def titles(self) -> Iterator[Cell]:
        yield Cell(SYMBOL, "section", sentence("step", "forward"))
        if self.learns:
            yield Cell(BACK_SYMBOL, "section", sentence("step", "backward"))

    def headings(self) -> Iterator[Cell]:
        names = {SYMBOL: "symbol", LINES: "lines", VALUE: "value"}
        if self.learns:
            names |= {
                BACK_SYMBOL: "symbol", BACK_LINES: "lines", BACK_VALUE: "value",
                UPSTREAM: "upstream", LOCAL: "local",
            }  # fmt: skip
        last = LOCAL if self.learns else VALUE
        for place in range(1, last + 1):
            text = sentence("step", names[place]) if place in names else None
            if place not in (VALUE + 1,):
                yield Cell(place, "heading", text)
        texts = ("used", "value", "exponent", "text", "longer", "full", "shown", "shown")
        for k, name in enumerate(texts):
            yield Cell(TABLE + k, "small", sentence("step", name))

    def entry(self, number: int, entry: Entry) -> tuple[list[Cell], int]:
        cells: list[Cell] = []
        lines = 1
        if entry.forward is not None:
            found, lines = self.forward(number, entry.forward)
            cells += found
        if entry.backward is not None:
            found, more = self.backward(number, entry.backward)
            cells, lines = cells + found, max(lines, more)
        return cells, lines

    def forward(self, number: int, quantity: Quantity) -> tuple[list[Cell], int]:
        value = self.moment.forward_value()
        own = Symbol(quantity.symbol, 0)
        equation = self.equation(quantity)
        text, now = self.worked(number, quantity, False)
        if text:
            text, now = self.with_target(quantity, text, now)
        cells = [
            Cell(SYMBOL, "forward_symbol", self.model.label(quantity.symbol)),
            *self.two_lines(LINES, LINES_END, equation, text, now),
            Cell(VALUE, "cell_value", or_zero(value(own)), self.moment.forward_cell(own)),
        ]
        return cells, self.lines(equation, now, FORWARD_WIDTH)

    def with_target(self, quantity: Quantity, text: str, now: str) -> tuple[str, str]:
        """The line of an equation; of one with the target, words where there is none."""
        assert quantity.formula is not None
        if all(symbol.name != TARGET for symbol in symbols(quantity.formula)):
            return text, now
        missing = sentence("step", "no_target")
        target = self.moment.index(TARGET, f"{self._step}+1")
        there = self.layout.pass_trace.counted(self.moment.step)
        return f'IF(ISNUMBER({target}),{text},"{missing}")', now if there else missing

    @property
    def _step(self) -> str:
        return self.moment.work(STEP_ROW)

    def backward(self, number: int, quantity: Quantity) -> tuple[list[Cell], int]:
        value = self.moment.backward_value()
        own = Symbol(quantity.symbol, 0)
        equation = self.equation(quantity)
        text, now = self.worked(number, quantity, True)
        swept, trace = self.moment.work(SWEPT_ROW), self.moment.trace
        assert trace is not None
        inside, cut = self.moment.step in trace.steps, sentence("step", "not_swept")
        if text:
            text, now = self.with_target(quantity, text, now)
            text, now = f'IF({swept}=1,{text},"{cut}")', now if inside else cut
        style = "backward_path" if quantity.group is Group.PATH else "backward_symbol"
        place = self.moment.backward_cell(own)
        label = self.model.label(quantity.symbol)
        if quantity.path_of and self.model.author is None:
            label = sentence("step", "via", symbol=self.model.label(quantity.via))
        shown: float | str = or_zero(value(own)) if inside else "–"
        cells = [
            Cell(BACK_SYMBOL, style, label),
            *self.two_lines(BACK_LINES, BACK_LINES_END, equation, text, now),
            Cell(BACK_LINES_END + 1, "text"),
            Cell(BACK_VALUE, "cell_value", shown, f'IF({swept}=1,{place},"–")'),
            *self.factors(quantity, value),
        ]
        return cells, self.lines(equation, now, BACKWARD_WIDTH)

    def two_lines(
        self, first: int, last: int, equation: str, text: str, now: str
    ) -> Iterator[Cell]:
        """The equation, and below it in the same (merged) cell its numbers."""
        if text:
            quoted = equation.replace('"', '""')
            yield Cell(first, "text", f"{equation}\n= {now}", f'"{quoted}"&CHAR(10)&"= "&{text}')
        else:
            yield Cell(first, "text", equation)
        for place in range(first + 1, last + 1):
            yield Cell(place, "text")

    def lines(self, equation: str, now: str, width: float) -> int:
        # Other steps' numbers may be a little longer.
        second = text_lines("= " + now + " " * 6, int(width)) if now else 0
        return text_lines(equation, int(width)) + second

    def equation(self, quantity: Quantity) -> str:
        left = left_side(quantity, self.write)
        if quantity.formula is None:
            share = start_of_chain(self.layout.trace.scheme.reduction).term
            return f"{left} = {sentence('sheet', 'count', share=share)}"
        return f"{left} = {self.write(quantity.formula)}"

    def worked(self, number: int, quantity: Quantity, backward: bool) -> tuple[str, str]:
        """The equation with the numbers of the step put in: a formula, and what it gives now."""
        if quantity.formula is None or not symbols(quantity.formula):
            return "", ""
        lookup = self.moment.backward_value() if backward else self.moment.forward_value()

        def row(symbol: Symbol) -> int:
            return self.number(symbol, backward)

        def value(symbol: Symbol) -> float:
            return or_zero(lookup(symbol))

        own = Symbol(quantity.symbol, 0)
        place = row(own)
        # The helper cells of the backward line stand to the right of those of the forward one.
        cell = self.working.line(
            number, quantity.formula, row, value, (place, value(own)), place=int(backward)
        )
        if len(cell.formula or "") > MOST_CHARACTERS:  # of very many inputs
            return "", ""
        return str(cell.formula), str(cell.value)

    def number(self, symbol: Symbol, backward: bool) -> int:
        """The row of a number used; only a parameter can be another one in the backward pass."""
        derived = symbol.name in self.moment.layout.windows[0].rows if self.learns else False
        late = self.learns and (
            derived or symbol.shift == 1 or (backward and symbol.name in self.parameters)
        )
        lookup = self.moment.backward_value() if late else self.moment.forward_value()
        cell = self.moment.backward_cell if late else self.moment.forward_cell
        label = self.write(symbol)
        value = or_zero(lookup(symbol))
        return self.working.number((symbol, late), label, cell(symbol), value)

    def factors(self, quantity: Quantity, value: Lookup) -> Iterator[Cell]:
        """Upstream and local factor of a derivative with a single path."""
        if len(quantity.terms) != 1:
            yield Cell(UPSTREAM, "factor")
            yield Cell(LOCAL, "factor")
            return
        (term,) = quantity.terms

        def cell(symbol: Symbol) -> str:
            return self.working.value_cell(self.number(symbol, True))

        yield Cell(UPSTREAM, "factor", or_zero(value(term.upstream)), cell(term.upstream))
        local = spelled_out(term.local, self.model.features)
        text = "1" if local == ONE else Excel(cell=cell, cells=str)(local)
        yield Cell(LOCAL, "factor", evaluate(local, lambda s: or_zero(value(s))), text)

    # This step's share of each parameter's gradient.

    def share_rows(self) -> Iterator[tuple[int, list[Cell]]]:
        if not self.learns:
            return
        number = self.shares
        yield number - 1, [Cell(SYMBOL, "section", sentence("step", "shares"))]
        names = {1: "parameter", 2: "gradient_of", 4: "share", 6: "window_total", 8: "part"}
        yield (
            number,
            [
                Cell(k, "heading", sentence("step", names[k]) if k in names else None)
                for k in range(1, 9)
            ],
        )
        value, trace = self.moment.backward_value(), self.moment.trace
        assert trace is not None
        swept = self.moment.work(SWEPT_ROW)
        for row, quantity in enumerate(self.model.gradients, number + 1):
            symbol = quantity.symbol
            share = self.moment.backward_cell(Symbol(symbol, 0))
            total = self.moment.in_window(symbol, "1", total=True)
            now = value(Symbol(symbol, 0)) if self.moment.step in trace.steps else 0.0
            whole = trace.gradients[symbol]
            part = f"IF(F{row}=0,0,D{row}/F{row})"
            name = quantity.derivative_of
            yield (
                row,
                [
                    Cell(1, "parameter_symbol", self.model.label(name)),
                    Cell(2, "text", self.write(Symbol(symbol))),
                    Cell(4, "cell_value", now, f"IF({swept}=1,{share},0)"),
                    Cell(6, "cell_value", whole, total),
                    Cell(8, "percent_plain", now / whole if whole else 0.0, part),
                ],
            )

    @cached_property
    def widths(self) -> tuple[float, ...]:
        """Those of the columns: of boxes and gaps in turn, and of numbers in the table."""
        gap = GAP_WIDTH if self.drawn.picture.arrows else STAGE_GAP
        widths = [FIRST_WIDTH, *[BOX_WIDTH, gap] * max(BOXES + 1, self.drawn.columns)]
        first, end = self.drawn.weights_at, self.drawn.weights_at + len(self.drawn.kinds)
        widths += [GAP_WIDTH] * (max(end, BACK_VALUE + len(NUMBER_WIDTHS)) - len(widths))
        widths[BACK_VALUE - 1 : BACK_VALUE - 1 + len(NUMBER_WIDTHS)] = NUMBER_WIDTHS
        # The weights stand beside the cell.
        widths[first - 1 : end] = (max(width, LEAST_WIDTH) for width in widths[first - 1 : end])
        return tuple(widths)

    def set_up(self, sheet: Worksheet) -> None:
        set_widths(sheet, self.widths)
        set_widths(sheet, (12, 11, 9, 12, 12, 20, *[11] * 8), TABLE)
        zoom = 90 if self.heading <= LOWEST else 80  # the picture whole
        across = sum(self.widths[: self.drawn.weights_at + len(self.drawn.kinds)])
        sheet.sheet_view.zoomScale = min(zoom, int(100 * SCREEN / across))
        self.moment.set_up(sheet, TITLE)
        sheet.freeze_panes = f"A{NOTICE_ROW + 1}"
        set_up_page(sheet, pages_high=-(-len(self.entries) // ENTRIES_A_PAGE) + 1)
        last = self.shares + len(self.model.gradients) if self.learns else self.shares - 3
        right = letters(max(LOCAL if self.learns else VALUE, self.drawn.reaches))
        sheet.print_area = f"A1:{right}{last}"
        for first, end in ((LINES, LINES_END), (BACK_LINES, BACK_LINES_END + 1)):
            if first == LINES or self.learns:
                sheet.merge_cells(
                    start_row=self.heading, end_row=self.heading, start_column=first, end_column=end
                )
        for number, entry in enumerate(self.entries, self.heading + 1):
            if entry.forward is not None:
                sheet.merge_cells(
                    start_row=number, end_row=number, start_column=LINES, end_column=LINES_END
                )
                link(sheet, f"A{number}", self.place(entry.forward.symbol, False))
            if entry.backward is not None:
                end = BACK_LINES_END + 1
                sheet.merge_cells(
                    start_row=number, end_row=number, start_column=BACK_LINES, end_column=end
                )
                cell = f"{letters(BACK_SYMBOL)}{number}"
                link(sheet, cell, self.place(entry.backward.symbol, True))
        first, end = self.heading + 1, self.heading + len(self.entries)
        digits = self.moment.work(DIGITS_ROW)
        show_digits(sheet, f"{letters(VALUE)}{first}:{letters(VALUE)}{end}", digits, BOX_WIDTH)
        if self.learns:
            scale = self.moment.work(SCALE_ROW)
            area = f"{letters(BACK_VALUE)}{first}:{letters(BACK_VALUE)}{end}"
            narrow = min(self.widths[BACK_VALUE - 1 : LOCAL])
            shade_by_tens(sheet, [area], scale, narrow, DECIMALS, digits)
            show_digits(
                sheet, f"{letters(BACK_VALUE)}{first}:{letters(LOCAL)}{end}", digits, narrow
            )
            show_digits(sheet, f"D{self.shares + 1}:F{last}", digits, BOX_WIDTH)
        self.drawn.set_up(sheet, digits)

    def place(self, symbol: str, backward: bool) -> str:
        """Where a quantity stands on the BPTT sheet."""
        rows = self.layout.windows[0].rows if backward else self.layout.rows
        return f"{self.layout.quoted}!B{rows[symbol]}"


BOX_ROWS = 3  # label, value, gradient
LABEL_AT, VALUE_AT, GRADIENT_AT = 0, 1, 2
ENTRIES_A_PAGE = 40  # lines of the table on a printed page, after that of the picture
MOST_GATES, MOST_KINDS = 10, 6  # of the table of weights
LEFT, RIGHT, UP, DOWN = "◀", "▶", "▲", "▼"


class Drawing:
    """The picture of the cell on the sheet's grid."""

    def __init__(self, sheet: _Step, drawn: Picture) -> None:
        self.sheet, self.picture = sheet, drawn
        self.moment, self.model = sheet.moment, sheet.model
        rows = max(box.place[0] for box in drawn.boxes)
        self.columns = max(box.place[1] for box in drawn.boxes) + 2
        self.last = PICTURE_ROW + ceil(rows * (BOX_ROWS + 1)) + BOX_ROWS - 1
        self.right = 1 + 2 * self.columns
        self.merged: list[tuple[int, int]] = []
        self.weights_at = max(BACK_VALUE, 2 * self.columns)  # after the last arrow
        self.weights = dict(islice(weights(self.model).items(), MOST_GATES))
        kinds = dict.fromkeys(kind for row in self.weights.values() for kind in row)
        self.kinds = list(kinds)[:MOST_KINDS]

    @property
    def reaches(self) -> int:
        """The last column of the picture, and of the weights beside it."""
        return max(self.right, self.weights_at + len(self.kinds)) if self.kinds else self.right

    @staticmethod
    def corner(place: Place) -> tuple[int, int]:
        """The sheet's row and column of the top of a box."""
        row, column = place
        return PICTURE_ROW + round(row * (BOX_ROWS + 1)), 2 + column * 2

    def cells(self) -> dict[tuple[int, int], Cell]:
        """The cells of the picture by row and column, without what stands beside it."""
        across: set[tuple[int, int]] = set()
        upright: set[tuple[int, int]] = set()
        heads: dict[tuple[int, int], str] = {}
        for arrow in self.picture.arrows:
            self.line(arrow, across, upright, heads)
        placed: dict[tuple[int, int], Cell] = {}
        for row, column in across | upright:
            text = "│" if (row, column) in upright else None
            style = "wire" if (row, column) in across else "arrow"
            placed[row, column] = Cell(column, style, text)
        for (row, column), head in heads.items():
            placed[row, column] = Cell(column, "arrow", head)
        for box in self.picture.boxes:
            for row, cell in self.box(box.place, box.symbol, box.text, box.before, box.source):
                placed[row, cell.column] = cell
        self.merged = [
            (row, column)
            for (row, column), cell in placed.items()
            if cell.style == "operation" or heads.get((row, column)) in (RIGHT, LEFT)
        ]
        return placed

    def lines(self) -> Iterator[Line]:
        """The lines of a cell laid out by stages, drawn over the sheet.

        From box to box in the middle of the values; on a lane of its own past a stage.
        """
        for wire in self.picture.wires:
            (top, left), (bottom, right) = self.corner(wire.start), self.corner(wire.end)
            middle = ROW_PIXELS // 2
            if wire.down:
                start = Point(top + BOX_ROWS, 0, left, self.width(left) // 2)
                end = Point(bottom, 0, right, self.width(right) // 2)
                yield Line(start, end, head=True)
                continue
            from_row = top + VALUE_AT if wire.leaves else top
            to_row = bottom + VALUE_AT if wire.arrives else bottom
            if wire.start == wire.end:  # past a stage
                yield Line(Point(top, middle, left, 0), Point(top, middle, left + 1, 0))
            else:
                start = Point(from_row, middle, left + 1, 0)
                yield Line(start, Point(to_row, middle, right, 0), head=wire.arrives)

    def width(self, column: int) -> int:
        """The pixels of a column of boxes."""
        return round(7 * self.sheet.widths[column - 1] + 5)

    def beside(self) -> Iterator[tuple[int, Cell]]:
        """The weights at the step, a row a gate, to the right of the picture."""
        if not self.kinds:
            return
        first = self.weights_at
        title = Cell(first, "plain_label", sentence("step", "weights"))
        heads = (Cell(k, "node_label", kind) for k, kind in enumerate(self.kinds, first + 1))
        for cell in (title, *heads):
            yield PICTURE_ROW, cell
        value = self.moment.forward_value()
        for row, (symbol, names) in enumerate(self.weights.items(), PICTURE_ROW + 1):
            yield row, Cell(first, "lane_label", self.sheet.write(Symbol(symbol, 0)))
            for k, kind in enumerate(self.kinds, first + 1):
                if kind in names:
                    own = Symbol(names[kind])
                    place = self.moment.forward_cell(own)
                    yield row, Cell(k, "node_value", value(own), place)

    def box(
        self, place: Place, name: str, text: str, before: bool, source: str
    ) -> Iterator[tuple[int, Cell]]:
        top, column = self.corner(place)
        if not name:
            yield top + VALUE_AT, Cell(column, "operation", text)
            return
        shift = -1 if before else 0
        symbol, derived = Symbol(name, shift), Symbol(derivative_key(name), shift)
        label = self.sheet.write(symbol)
        yield top + LABEL_AT, Cell(column, "node_label", label)
        value = or_zero(self.moment.forward_value()(symbol))
        text = self.moment.forward_cell(symbol)
        yield top + VALUE_AT, Cell(column, "node_value", value, text)
        layout = self.moment.layout
        if self.sheet.learns and derived.name in layout.windows[0].rows:
            yield top + GRADIENT_AT, self.gradient(column, derived)
        else:
            yield top + GRADIENT_AT, Cell(column, "node_gradient")
        if source:
            yield top + BOX_ROWS, Cell(column, "swatch_text", source)

    def gradient(self, column: int, symbol: Symbol) -> Cell:
        """The gradient in a box: nothing where the window does not sweep."""
        trace, t = self.moment.trace, self.moment.step + (symbol.shift or 0)
        assert trace is not None
        text = self.moment.backward_cell(symbol)
        swept = self.moment.work(SWEPT_ROW)
        value: float | str = "–"
        if self.moment.step in trace.steps:
            value = trace.entering.get(symbol.name, 0.0)
            if t >= trace.first:
                value = trace.backward[symbol.name][t - trace.first]
        return Cell(column, "node_gradient", value, f'IF({swept}=1,{text},"–")')

    def line(
        self,
        arrow: Arrow,
        across: set[tuple[int, int]],
        upright: set[tuple[int, int]],
        heads: dict[tuple[int, int], str],
    ) -> None:
        """Put an arrow into the cells that it runs through.

        Along a row it is the line below the cells with the values, so that it is whole; its head
        and the signs of operations stand on that line, in two cells merged.
        """
        (top, left), (bottom, right) = self.corner(arrow.start), self.corner(arrow.end)
        if top == bottom:
            step = 1 if right > left else -1
            row, before = top + VALUE_AT, right - step
            goes_on = not self.has_box(arrow.end) and self.goes_on(arrow.end)
            stop = right + step if goes_on else before
            across |= {(row, column) for column in range(left + step, stop, step)}
            if not goes_on:
                heads[row, before] = RIGHT if step > 0 else LEFT
            return
        up = bottom < top
        first = self.edge(arrow.start, top, up)
        last = self.edge(arrow.end, bottom, not up)
        step = -1 if up else 1
        upright |= {(row, left) for row in range(first, last, step)}
        heads[last, left] = UP if up else DOWN

    def edge(self, place: Place, top: int, above: bool) -> int:
        """The row next to a place, above it or below, in which a line begins or ends."""
        kind = next((box for box in self.picture.boxes if box.place == place), None)
        if kind is None:  # a line, which is the lower edge of the cells with the values
            return top + (VALUE_AT if above else GRADIENT_AT)
        if not above:
            return top + BOX_ROWS
        return top - 1 if kind.symbol else top + LABEL_AT

    def has_box(self, place: Place) -> bool:
        return any(box.place == place for box in self.picture.boxes)

    def goes_on(self, place: Place) -> bool:
        """Whether another arrow begins where a line ends without a box."""
        return any(arrow.start == place for arrow in self.picture.arrows)

    def set_up(self, sheet: Worksheet, digits: str) -> None:
        scale = self.moment.work(SCALE_ROW)
        for row, column in self.merged:
            sheet.merge_cells(
                start_row=row, end_row=row + 1, start_column=column, end_column=column
            )
        if self.kinds:
            last = PICTURE_ROW + len(self.weights)
            end = f"{letters(self.weights_at + len(self.kinds))}{last}"
            area = f"{letters(self.weights_at + 1)}{PICTURE_ROW + 1}:{end}"
            show_digits(
                sheet,
                area,
                digits,
                min(self.sheet.widths[self.weights_at : self.weights_at + len(self.kinds)]),
            )
        shaded: list[tuple[int, int]] = []
        for box in self.picture.boxes:
            quantity = self.model.quantities.get(box.symbol)
            if quantity is None:
                continue
            top, column = self.corner(box.place)
            cell = f"{letters(column)}{top + VALUE_AT}"
            if is_gate(quantity):
                shade_gates(sheet, cell)
            elif is_squashed(quantity):
                shade_gates(sheet, cell, low=-1.0)
            if self.sheet.learns:
                shaded.append((top + GRADIENT_AT, column))
        narrow = min(self.sheet.widths[1 : 2 * self.columns : 2])
        if shaded:  # the empty cell at the corner is the one that the rules are written for
            areas = [f"A{PICTURE_ROW}", *(f"{letters(c)}{row}" for row, c in sorted(shaded))]
            shade_by_tens(sheet, areas, scale, narrow, DECIMALS, digits)
        area = f"B{PICTURE_ROW}:{letters(self.right)}{self.last}"
        show_digits(sheet, area, digits, narrow)
