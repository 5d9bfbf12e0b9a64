"""The sheet ``Practice``: the BPTT grid to be filled in, judged as you type; and what it needs.

Each open cell has a mark to the right of the grid: right, right given the answers before it, or
wrong. The marks colour the answers, and add up to a score; a hint tells the next step only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import backward_values, forward_values
from cellcalc.errors import OptionError, did_you_mean
from cellcalc.language.arithmetic.floats import rounded
from cellcalc.language.tree import Symbol
from cellcalc.model.model import COUNTED, LOSS, Group, Quantity
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.formulas import backward_formula, formula, forward_formula
from cellcalc.workbook.layout import (
    EQUATION,
    FIRST,
    TITLE_ROWS,
    TOTAL,
    TOTAL_LOSS,
    Layout,
    WindowRows,
    column,
    derived_rows,
)
from cellcalc.workbook.sheets.bptt import EQUATION_WIDTH, bptt_rows
from cellcalc.workbook.sheets.step import text_formula, text_value
from cellcalc.xlsx.cells import MAX_FORMULA, Cell, Row, Rows, absolute, letters
from cellcalc.xlsx.page import drop_down, fill_where, set_up_page, set_width, set_widths
from cellcalc.xlsx.styles import BAD, FAIR, GOOD

RIGHT, CARRIED, WRONG, NO_NUMBER = "✓", "~", "✗", "?"
FIGURES, HINT, SCORE = absolute(2, 2), absolute(3, 2), absolute(2, FIRST)
LEVELS = ("off", "where", "equation", "numbers", "value")


def practice(book: Book) -> Iterator[Sheet]:
    """The sheet to fill in, and the hidden ones that judge it; nothing unless asked for."""
    if not book.practice:
        return
    asked = exercise(book.first, book.practice)
    maker = _Practice(asked, paper=book.blank)
    yield maker.sheet()
    if not book.blank:
        yield from maker.helpers()


class _Practice:
    def __init__(self, asked: Exercise, paper: bool) -> None:
        self.exercise, self.layout, self.paper = asked, asked.layout, paper
        self.quoted = asked.layout.quoted
        self.rows_of = list(bptt_rows(asked.layout).rows)
        # The marks stand to the right of the grid, with an empty column between.
        self.shift = self.layout.width + 2 - TOTAL

    def sheet(self) -> Sheet:
        width = self.layout.width if self.paper else self.layout.width + self.shift
        rows = Rows(self.rows(), width, self.layout.height)
        return Sheet("Practice", rows, self.set_up)

    def rows(self) -> Iterator[Row]:
        yield from self.top()
        for row in self.rows_of[TITLE_ROWS:]:
            cells = [self.shown(cell, row.number) for cell in row.cells]
            if not self.paper:
                cells += [self.mark(spot) for spot in self.exercise.open if spot.row == row.number]
            yield replace(row, parts=sorted(cells, key=lambda cell: cell.column), outline=0)

    def top(self) -> Iterator[Row]:
        title = self.layout.trace.specification.title
        yield Row(1, [Cell(1, "title", sentence("practice", "title", title=title))], lines=2)
        if self.paper:
            yield Row(2, [Cell(1, "note", sentence("practice", "paper"))])
            yield Row(3, [Cell(1, "note", sentence("practice", "name"))])
            return
        total = len(self.exercise.open)
        marks = self.marks()
        score = f'COUNTIF({marks},"{RIGHT}")+COUNTIF({marks},"{CARRIED}")'
        yield Row(
            2,
            [
                Cell(1, "label", sentence("practice", "figures")),
                Cell(2, "choice", 3),
                Cell(EQUATION, "paragraph", sentence("practice", "note")),
                Cell(TOTAL, "label", sentence("practice", "score")),
                Cell(FIRST, "flag", f"0 / {total}", f'({score})&" / {total}"'),
            ],
            lines=2,
        )
        yield Row(
            3,
            [
                Cell(1, "label", sentence("practice", "hint")),
                Cell(2, "choice", LEVELS[0]),
                Cell(EQUATION, "paragraph", "", self.hint()),
            ],
            lines=4,
        )

    def hint(self) -> str:
        """The first open cell that is not right yet: where it is, then more of it as asked."""
        last = len(self.exercise.open) + 1
        flags, place = f"Hints!$B$2:$B${last}", f"MATCH(1,Hints!$B$2:$B${last},0)"
        columns = ",".join(f"INDEX(Hints!${k}$2:${k}${last},{place})" for k in "CDEF")
        names = "+".join(f'{k}*({HINT}="{name}")' for k, name in enumerate(LEVELS))
        done = sentence("practice", "done")
        return f'IF({names}=0,"",IF(COUNTIF({flags},1)=0,"{done}",CHOOSE({names},{columns})))'

    def shown(self, cell: Cell, row: int) -> Cell:
        """A cell of the grid: open, hidden, or what is given."""
        spot = self.exercise.covered.get(f"{letters(cell.column)}{row}")
        if spot is not None:
            return Cell(cell.column, "answer" if spot.open else "note")
        if cell.style == "input" and cell.value is None:  # a missing target stays missing
            return Cell(cell.column, "number")
        if cell.column < TOTAL or not isinstance(cell.value, int | float):
            return cell
        is_parameter = row in {self.layout.rows[n] for n in self.layout.trace.initial}
        if self.exercise.hides_update and is_parameter and cell.column == self.layout.width:
            return Cell(cell.column, "note")
        if cell.style.endswith("_step"):
            return cell
        style = "number" if cell.style == "input" else cell.style
        if self.paper:
            return Cell(cell.column, style, cell.value)
        return Cell(cell.column, style, cell.value, f"{self.quoted}!{letters(cell.column)}{row}")

    def mark(self, spot: Spot) -> Cell:
        """How an answer is judged; nothing as long as there is none."""
        answer = spot.cell
        key, follow = f"{self.quoted}!{answer}", f"Follow!{answer}"
        judged = (
            f'IF(ABS({answer}-{key})<={_tolerance(key)},"{RIGHT}",'
            f'IF(ABS({answer}-{follow})<={_tolerance(follow)},"{CARRIED}","{WRONG}"))'
        )
        text = f'IF(ISBLANK({answer}),"",IF(ISNUMBER({answer}),{judged},"{NO_NUMBER}"))'
        return Cell(spot.column + self.shift, "mark", "", text)

    def marks(self) -> str:
        first = absolute(TITLE_ROWS + 1, TOTAL + self.shift)
        return f"{first}:{absolute(self.layout.height, self.layout.width + self.shift)}"

    def helpers(self) -> Iterator[Sheet]:
        """The hidden grids, and the list of hints."""
        last = len(self.exercise.open) + 1
        size = (self.layout.width, self.layout.height)
        yield Sheet("Own", Rows(self.own(), *size), _no_set_up, hidden=True)
        yield Sheet("Follow", Rows(self.follow(), *size), _no_set_up, hidden=True)
        yield Sheet("Hints", Rows(self.hints(), 6, last), _no_set_up, hidden=True)

    def own(self) -> Iterator[Row]:
        """The person's answers, or what follows from them, or what is given."""
        for row in self.rows_of[TITLE_ROWS:]:
            cells = []
            for cell in row.cells:
                if cell.column < TOTAL or not isinstance(cell.value, int | float):
                    continue
                place = f"{letters(cell.column)}{row.number}"
                spot = self.exercise.covered.get(place)
                text = f"{self.quoted}!{place}"
                if spot is not None:
                    text = f"Follow!{place}"
                    if spot.open:
                        text = f"IF(ISNUMBER(Practice!{place}),Practice!{place},{text})"
                cells.append(Cell(cell.column, "number", float(cell.value), text))
            if cells:
                yield Row(row.number, cells)

    def follow(self) -> Iterator[Row]:
        """What each open or hidden cell must be, given the answers before it."""
        by_row: dict[int, list[Spot]] = {}
        for spot in self.exercise.spots:
            by_row.setdefault(spot.row, []).append(spot)
        for number, spots in sorted(by_row.items()):
            ordered = sorted(spots, key=lambda spot: spot.column)
            yield Row(number, [Cell(s.column, "number", s.value, s.follow) for s in ordered])

    def hints(self) -> Iterator[Row]:
        """For each open cell whether it is still to be done, and what can be said of it."""
        titles = ("", "", *LEVELS[1:])
        yield Row(1, [Cell(k, "small", title) for k, title in enumerate(titles, 1)])
        for number, spot in enumerate(self.exercise.open, 2):
            mark = f"Practice!{letters(spot.column + self.shift)}{spot.row}"
            todo = f'IF(OR({mark}="{RIGHT}",{mark}="{CARRIED}"),0,1)'
            equation = self.equation(spot)
            text, now = self.with_numbers(spot, equation, number)
            value = f'E{number}&" = "&FIXED(Follow!{spot.cell},6,TRUE)'
            yield Row(
                number,
                [
                    Cell(1, "small", spot.cell),
                    Cell(2, "small", 1.0, todo),
                    Cell(3, "small", spot.label),
                    Cell(4, "small", equation),
                    Cell(5, "small", now, text or None),
                    Cell(6, "small", f"{now} = {rounded(spot.value, 6) + 0.0:.6f}", value),
                ],
            )

    def equation(self, spot: Spot) -> str:
        quantity = spot.quantity
        if quantity is None or quantity.formula is None:
            return spot.label
        write = self.layout.model.unicode(step=spot.t)
        if spot.t is None:
            write = self.layout.model.unicode()
            return f"{write(Symbol(spot.symbol))} = {write.total}{write(quantity.formula)}"
        return f"{left_side(quantity, write)} = {write(quantity.formula)}"

    def with_numbers(self, spot: Spot, equation: str, row: int) -> tuple[str, str]:
        """The equation with the person's own numbers, as a formula and as it is at first.

        ``row`` is the row of the hint.

        The equation by itself where there are no numbers, or too many for a formula.
        """
        quantity, t, window = spot.quantity, spot.t, spot.window
        if quantity is None or quantity.formula is None or t is None:
            return "", equation
        layout, features = self.layout, self.layout.model.features
        value = forward_values(layout.pass_trace, t)
        if window is not None:
            value = backward_values(layout.pass_trace, window.trace, t)

        def cell(symbol: Symbol) -> str:
            place = formula(layout, symbol, window, OWN)(t)
            return f'IF({place}<0,"(−"&FIXED(-{place},4,TRUE)&")",FIXED({place},4,TRUE))'

        def number(symbol: Symbol) -> str:
            now = value(symbol)
            if window is not None and t + (symbol.shift or 0) > window.trace.last:
                now = window.trace.after.get(symbol.name, now)  # as the next column has it
            now = or_zero(now)
            size = f"{rounded(abs(now), 4):.4f}"  # as FIXED rounds
            return f"(−{size})" if now < 0 else size

        start = f"{equation} = "
        text = f'D{row}&" = "&'
        text += text_formula(quantity.formula, cell, features)
        if len(text) > MAX_FORMULA:
            return "", equation
        return text, start + text_value(quantity.formula, number, features)

    def set_up(self, sheet: Worksheet) -> None:
        layout = self.layout
        set_widths(sheet, (11, 15, EQUATION_WIDTH, 11))
        set_width(sheet, 12, FIRST, layout.width)
        sheet.freeze_panes = f"{letters(FIRST)}{TITLE_ROWS + 2}"
        set_up_page(sheet, pages_wide=-(-(layout.steps + 2) // 10))
        sheet.print_title_rows = f"{TITLE_ROWS + 1}:{TITLE_ROWS + 1}"
        sheet.print_title_cols = f"A:{letters(TOTAL)}"
        corner = f"{letters(layout.width)}{layout.height}"
        sheet.print_area = f"A1:{corner}"
        if self.paper:
            return
        set_widths(sheet, (3,), layout.width + 1)
        set_width(sheet, 5, layout.width + 2, layout.width + self.shift)
        first = f"{letters(TOTAL)}{TITLE_ROWS + 1}"
        mark = f"{letters(TOTAL + self.shift)}{TITLE_ROWS + 1}"
        for sign, colours in {RIGHT: GOOD, CARRIED: FAIR, WRONG: BAD, NO_NUMBER: BAD}.items():
            fill_where(sheet, f"{first}:{corner}", f'{mark}="{sign}"', colours)
        levels = ",".join(LEVELS)
        title, prompt = sentence("practice", "hint"), sentence("practice", "hint_note")
        drop_down(sheet, HINT.replace("$", ""), f'"{levels}"', title, prompt)
        title, prompt = sentence("practice", "figures"), sentence("practice", "figures_note")
        drop_down(sheet, FIGURES.replace("$", ""), '"2,3,4,5,6"', title, prompt)
        sheet.protection.sheet = True  # without a password: it guards against slips, not people


def _tolerance(cell: str) -> str:
    """Half a unit of the last significant figure asked for, and a little more."""
    exponent = f"INT(LOG10(ABS({cell})))+1-{FIGURES}"
    return f"IF({cell}=0,10^-{FIGURES},0.51*10^({exponent}))"


def _no_set_up(sheet: Worksheet) -> None:
    sheet.sheet_view.showGridLines = True


PARTS = ("forward", "backward", "all")
OWN = "Own!"


@dataclass(frozen=True)
class Spot:
    """A cell that is left open, or hidden because it would give an answer away.

    ``label`` says which it is ("dc, t = 2"); ``follow`` is its equation as a formula over the
    sheet ``Own``; ``value`` the true value. ``t`` is None for a total.
    """

    row: int
    column: int
    symbol: str
    label: str
    follow: str
    value: float
    quantity: Quantity | None
    window: WindowRows | None
    t: int | None
    open: bool

    @property
    def cell(self) -> str:
        return f"{letters(self.column)}{self.row}"


@dataclass(frozen=True)
class Exercise:
    """An exercise on the first pass: the symbols to be worked out."""

    layout: Layout
    symbols: frozenset[str]

    @cached_property
    def spots(self) -> list[Spot]:
        """The cells that are open or hidden, in the order of computation."""
        return [*self._forward(), *(s for w in self.layout.windows for s in self._window(w))]

    @cached_property
    def open(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.open]

    @cached_property
    def covered(self) -> dict[str, Spot]:
        """The open and hidden cells by place."""
        return {spot.cell: spot for spot in self.spots}

    @property
    def hides_update(self) -> bool:
        """Whether the updated parameters would give gradients away."""
        return any(symbol.startswith("d") for symbol in self.symbols)

    def _forward(self) -> Iterator[Spot]:
        layout, one = self.layout, self.layout.pass_trace
        chosen = [q for q in layout.model.forward if q.symbol in self.symbols]
        for t in range(1, layout.steps + 1):
            for quantity in chosen:
                symbol = quantity.symbol
                value = one.forward[symbol][t]
                if value == value:  # a step without a target has no loss to work out
                    follow = forward_formula(layout, quantity, OWN)(t)
                    yield self._spot(layout.rows[symbol], t, quantity, None, follow, value)
        if LOSS in self.symbols and TOTAL_LOSS in layout.rows:
            losses = f"SUM({OWN}{letters(column(1))}{layout.rows[LOSS]}"
            losses += f":{letters(column(layout.steps))}{layout.rows[LOSS]})"
            for name, is_open in ((LOSS, False), (TOTAL_LOSS, True)):
                row, total = layout.rows[name], one.loss or 0.0
                label = f"{name}, total"
                yield Spot(row, TOTAL, name, label, losses, total, None, None, None, is_open)

    def _window(self, window: WindowRows) -> Iterator[Spot]:
        layout, trace = self.layout, window.trace
        hidden = {p.symbol for s in self.symbols for p in layout.model.paths.get(s, ())}
        for t in reversed(trace.steps):
            for quantity in derived_rows(layout.model):
                symbol = quantity.symbol
                is_open = symbol in self.symbols and quantity.group is not Group.GRADIENT
                if is_open or symbol in self.symbols | hidden:
                    value = trace.backward[symbol][t - trace.first]
                    follow = backward_formula(layout, quantity, window, OWN)(t)
                    row = window.rows[symbol]
                    yield self._spot(row, t, quantity, window, follow, value, is_open)
        yield from self._entering(window, hidden)
        for quantity in layout.model.gradients:
            if quantity.symbol in self.symbols:
                row, symbol = window.rows[quantity.symbol], quantity.symbol
                cells = f"{letters(column(trace.first))}{row}:{letters(column(trace.last))}{row}"
                follow, value = f"SUM({OWN}{cells})", trace.gradients[symbol]
                label = self._label(window, f"{symbol}, total")
                yield Spot(row, TOTAL, symbol, label, follow, value, quantity, window, None, True)

    def _entering(self, window: WindowRows, hidden: set[str]) -> Iterator[Spot]:
        """The derivatives of the state before the window; their paths are hidden."""
        t = window.trace.first - 1
        for entering in self.layout.model.entering:
            symbol = entering.symbol
            if symbol in self.symbols | hidden and entering.formula is not None:
                follow = formula(self.layout, entering.formula, window, OWN)(t)
                value = window.trace.entering[symbol]
                is_open = symbol in self.symbols
                row = window.rows[symbol]
                yield self._spot(row, t, entering, window, follow, value, is_open)

    def _spot(
        self,
        row: int,
        t: int,
        quantity: Quantity,
        window: WindowRows | None,
        follow: str,
        value: float,
        is_open: bool = True,
    ) -> Spot:
        label = f"{quantity.symbol}, t = {t}"
        if window is not None:
            label = self._label(window, label)
        place, symbol = column(t), quantity.symbol
        return Spot(row, place, symbol, label, follow, value, quantity, window, t, is_open)

    def _label(self, window: WindowRows, text: str) -> str:
        return f"{text} (window {window.number})" if len(self.layout.windows) > 1 else text


def exercise(layout: Layout, text: str) -> Exercise:
    """The exercise that a person asks for: "backward", "all", or symbols such as "c,dc".

    Raises :class:`~cellcalc.errors.OptionError` for a symbol that cannot be worked out.
    """
    model = layout.model
    forward = [q.symbol for q in model.forward]
    backward = [q.symbol for q in (*model.backward, *model.gradients)] if layout.windows else []
    parts: dict[str, Sequence[str]] = {
        "forward": forward,
        "backward": [symbol for symbol in backward if symbol != COUNTED],
    }
    parts["all"] = [*parts["forward"], *parts["backward"]]
    known = [*PARTS, *forward, *backward]
    chosen: list[str] = []
    for name in (word.strip() for word in text.split(",")):
        if name not in known:
            found = f'"{name}"{did_you_mean(name, known)}'
            expected = "forward, backward, all, or symbols that are computed"
            raise OptionError("--practice", expected, found)
        chosen += parts.get(name, (name,))
    if not chosen:
        raise OptionError("--practice", "forward, since there is no backward pass", f'"{text}"')
    return Exercise(layout, frozenset(chosen))
