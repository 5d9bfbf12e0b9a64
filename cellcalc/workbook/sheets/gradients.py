"""The sheet ``Gradients``: every gradient by two ways, which step taught it, and a lesson on ε.

Beside the gradient by backpropagation stands the slope of the loss by forward mode: for each
parameter, how every quantity of the forward pass moves as the parameter does. It has nothing in
common with the backward pass, and is as exact; so it checks every gradient at once. What a
parameter moved by ε gives is a lesson by itself, on which nothing depends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import compile_expression
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, forward_values
from cellcalc.language.calculus import differentiate
from cellcalc.language.keys import derivative_key, element_keys
from cellcalc.language.notation import Excel
from cellcalc.language.tree import ONE, ZERO, Expression, Symbol, rename, spelled_out, symbols
from cellcalc.model.model import COUNTED, LOSS
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import FAILURE, Book, Sheet
from cellcalc.workbook.digits import DIGITS, MORE_DIGITS
from cellcalc.workbook.formulas import Formula, target
from cellcalc.workbook.layout import (
    EQUATION,
    FIRST,
    SYMBOL,
    Layout,
    column,
    sheet_of,
    title_of,
)
from cellcalc.workbook.moment import DIGITS_ROW, SCALE_ROW, Moment
from cellcalc.workbook.sheets.bptt import over_steps
from cellcalc.xlsx.cells import Cell, Fill, Row, Rows, absolute, letters, literal
from cellcalc.xlsx.page import (
    BETWEEN,
    drop_down,
    flag,
    fold,
    scale_to,
    set_up_page,
    set_width,
    set_widths,
    shade_by_tens,
    show_digits,
    show_scientific,
)
from cellcalc.xlsx.styles import NUMBER_DECIMALS

TITLE = "Gradients"
EPSILON, TOLERANCE, NOISE = 1e-5, 1e-6, 1e-9
PART_WIDTH = 10  # characters of the column of a step, and of the narrowest one
MOST_MOVES = 20_000  # cells of forward mode
MOST_ACROSS, MOST_BESIDE = 12, 4  # steps across on a printed page; beside the table
MOST_PARTS, MOST_WINDOWS = 40, 60  # steps shown, and windows that are added up for them
TABLE = 4  # the row of the table's heading
NAME, BPTT, EXACT, DIFFERENCE, ERROR, RESULT, PARTS = 1, 2, 3, 4, 5, 6, 8
CHOSEN, SIZE, UPPER, LOWER, NUMERIC, ANALYTIC, APART = range(7)  # rows of the lesson, from its top
VALUE, NOTE = 2, 3  # columns of the lesson
START, UP, DOWN, MARK = 4, 5, 6, 7  # columns of the parameters as they are moved


def gradients(book: Book) -> Iterator[Sheet]:
    """The sheet for the first pass; none where there is nothing to learn."""
    if book.seen.windows:
        maker = _Gradients(book.seen, book.moment if book.has_moment else None)
        rows = list(maker.rows())
        width = max(row.width for row in rows)
        yield Sheet(title_of(TITLE), Rows(rows, width, rows[-1].number), maker.set_up)


def is_exact(layout: Layout) -> bool:
    """Whether the windows' gradients add up to the derivative of the loss that they count.

    They do when each goes back to where its state comes from, and nothing is updated in between.
    """
    schedule = layout.pass_trace.schedule
    starts = {0, *schedule.resets}
    whole = all(window.first - 1 in starts for window in schedule.windows)
    return whole and not updates_on_the_way(layout)


def updates_on_the_way(layout: Layout) -> bool:
    """Whether parameters change before the last step of the pass."""
    return any(w.updates and w.fires_at < layout.steps for w in layout.pass_trace.schedule.windows)


def results(layout: Layout) -> tuple[str, list[str]] | None:
    """The cells that say whether each gradient is right, and what each says as it is written.

    None where forward mode would take too many cells.
    """
    maker = _Gradients(layout)
    if not maker.moves:
        return None
    first, last = absolute(maker.first, RESULT), absolute(maker.last, RESULT)
    return f"{sheet_of(TITLE)}!{first}:{last}", [maker.result(name) for name in maker.names]


def forward_mode(layout: Layout) -> dict[str, tuple[str, float]] | None:
    """For each parameter the cell of its slope by forward mode, and its value; None as above."""
    maker = _Gradients(layout)
    if not maker.moves:
        return None
    places = {
        name: f"{sheet_of(TITLE)}!{absolute(row, EXACT)}"
        for row, name in enumerate(maker.names, maker.first)
    }
    return {name: (place, maker.slope(name)) for name, place in places.items()}


class Moves:
    """Forward mode: for each parameter the rows of how each forward quantity moves with it."""

    def __init__(self, layout: Layout, first_row: int, base: Rerun | None, title: str) -> None:
        self.layout, self.model, self.base = layout, layout.model, base
        self.names = list(layout.trace.initial)
        self.quantities = [q for q in self.model.forward if q.formula is not None]
        self.title = title
        self.rows: dict[tuple[str, str], int] = {}
        row = first_row
        for name in self.names:
            row += 1  # a heading
            for quantity in self.quantities:
                self.rows[name, quantity.symbol] = row
                row += 1
        self.last_row = row - 1
        self.locals = {q.symbol: list(self._locals(q.symbol)) for q in self.quantities}

    def _locals(self, symbol: str) -> Iterator[tuple[Symbol, Expression]]:
        """The partial derivatives of an equation by what moves in it."""
        formula = self.model.quantities[symbol].formula
        assert formula is not None
        formula = spelled_out(formula, self.model.features)
        moving = {q.symbol for q in self.quantities} | set(self.names)
        for used in symbols(formula):
            if used.name in moving:
                local = differentiate(formula, used, value=Symbol(symbol, 0))
                if local != ZERO:
                    yield used, local

    def value_cell(self, symbol: Symbol, t: int) -> str:
        """The cell of a value of the forward pass, as this sheet names it."""
        layout, at = self.layout, t + (symbol.shift or 0)
        if symbol.shift == -1 and at in layout.pass_trace.schedule.resets:
            at = 0
        if symbol.name in layout.pass_trace.coefficients:
            return layout.setting_elsewhere(symbol.name)
        if symbol.name in layout.trace.initial:
            return layout.first_value(symbol.name)
        if self.base is not None and symbol.name in self.base.rows:
            return f"{letters(column(at))}{self.base.rows[symbol.name]}"
        place = f"{layout.quoted}!{letters(column(at))}{layout.rows[symbol.name]}"
        return layout.number(symbol.name, place)

    def formula(self, name: str, symbol: str, t: int) -> str:
        """How a quantity moves at step t: the local factors times how what it is made of moves."""
        terms = []
        resets = self.layout.pass_trace.schedule.resets
        for used, local in self.locals[symbol]:
            written = Excel(cell=lambda s: self.value_cell(s, t), cells=str)(local)
            if used.name in self.names:
                if used.name == name:
                    terms.append(written if not written.startswith("-") else f"({written})")
                continue
            at = t + (used.shift or 0)
            if at == 0 or (used.shift == -1 and at in resets):
                continue  # the initial state stays
            moves = f"{letters(column(at))}{self.rows[name, used.name]}"
            terms.append(moves if local == ONE else f"({written})*{moves}")
        text = "+".join(terms) or "0"
        if symbol == LOSS:
            given = f"{self.layout.quoted}!{target(self.layout, t)}"
            text = f"IF(ISNUMBER({given}),{text},0)"
        return text

    @cached_property
    def values(self) -> dict[tuple[str, str], list[float]]:
        """What the formulas give, for t = 0 … n."""
        layout = self.layout
        pass_trace = self.base.pass_trace if self.base is not None else layout.pass_trace
        n, resets = layout.steps, layout.pass_trace.schedule.resets
        found = {key: [0.0] * (n + 1) for key in self.rows}
        made = {}
        for symbol, pairs in self.locals.items():
            for used, local in pairs:
                names = {s: f"s{k}" for k, s in enumerate(symbols(local))}
                renamed = rename(local, lambda s, n=names: Symbol(n[s]))  # type: ignore[misc]
                made[symbol, used] = compile_expression(renamed), names
        for t in range(1, n + 1):
            value = forward_values(pass_trace, t)
            for symbol, pairs in self.locals.items():
                if symbol == LOSS and not layout.pass_trace.counted(t):
                    continue
                for used, _ in pairs:
                    function, names = made[symbol, used]
                    factor = function({key: or_zero(value(s)) for s, key in names.items()})
                    if used.name in self.names:
                        found[used.name, symbol][t] += factor
                        continue
                    at = t + (used.shift or 0)
                    if used.shift == -1 and at in resets:
                        continue
                    for name in self.names:
                        found[name, symbol][t] += factor * found[name, used.name][at]
        return found

    def block(self) -> Iterator[Row]:
        n = self.layout.steps
        write = self.model.unicode()
        for name in self.names:
            heading = self.rows[name, self.quantities[0].symbol] - 1
            words = sentence("gradients", "moves", symbol="…", parameter=self.model.label(name))
            yield Row(
                heading,
                [
                    Cell(1, "forward_heading", words),
                    *(Cell(k, "forward_heading") for k in range(2, FIRST)),
                    Fill(column(0), "forward_step", range(n + 1)),
                ],
                outline=1,
                hidden=True,
            )
            for quantity in self.quantities:
                symbol = quantity.symbol
                label = f"∂{write(Symbol(symbol, 0))}/∂{self.model.label(name)}"
                values = self.values[name, symbol][1:]

                def at(k: int, name: str = name, symbol: str = symbol) -> str:
                    return self.formula(name, symbol, k + 1)

                cells: list[Cell | Fill] = [
                    Cell(1, "forward_group"),
                    Cell(SYMBOL, "forward_path", symbol),
                    Cell(EQUATION, "small", label),
                    Fill(column(1), "number", values, at, alike=False),
                ]
                yield Row(self.rows[name, symbol], cells, outline=1, hidden=True)


class _Gradients:
    def __init__(self, layout: Layout, moment: Moment | None = None) -> None:
        self.moment = moment
        self.layout, self.trace, self.model = layout, layout.trace, layout.model
        self.names = list(layout.trace.initial)
        self.chosen = self.names[0]
        self.first, self.last = TABLE + 1, TABLE + len(self.names)
        self.lesson = self.last + 5
        self.table = self.lesson + APART + 3  # the parameters as they are moved
        self.count_row = self.table + len(self.names) + 2
        base_at = self.count_row + 2
        first_values = {n: absolute(self.table + 1 + k, START) for k, n in enumerate(self.names)}
        self.base: Rerun | None = None
        if updates_on_the_way(layout):
            self.base = Rerun(layout, base_at, first_values, layout.pass_trace.before)
            base_at = self.base.last_row + 2
        size = len(self.names) * len(self.model.forward) * layout.steps
        self.moves = Moves(layout, base_at, self.base, TITLE) if size <= MOST_MOVES else None
        after = self.moves.last_row + 2 if self.moves else base_at
        up = {n: absolute(self.table + 1 + k, UP) for k, n in enumerate(self.names)}
        down = {n: absolute(self.table + 1 + k, DOWN) for k, n in enumerate(self.names)}
        self.values = {
            sign: {
                n: v + sign * EPSILON * (n == self.chosen)
                for n, v in layout.pass_trace.before.items()
            }
            for sign in (1, -1)
        }
        self.up = Rerun(layout, after, up, self.values[1])
        self.down = Rerun(layout, self.up.last_row + 2, down, self.values[-1])
        self.exact = is_exact(layout)

    def rows(self) -> Iterator[Row]:
        title = self.trace.specification.title
        look = list(self.look())
        yield Row(1, [Cell(1, "title", sentence("gradients", "title", title=title)), *look], 2)
        note = sentence("gradients", "note" if self.moves else "note_large")
        yield Row(2, [Cell(1, "note", note)])
        if not self.exact:
            yield Row(3, [Cell(1, "notice", sentence("gradients", "truncated_note"))])
        yield self.heading()
        for row, name in enumerate(self.names, self.first):
            yield Row(row, list(self.parameter(row, name)))
        yield from self.check()
        words = sentence("gradients", "working")
        yield Row(self.table - 1, [Cell(1, "section", words)], collapsed=True)
        yield from self.moved()
        yield self.counts()
        if self.base is not None:
            yield from self.base.block(sentence("gradients", "start"))
        if self.moves is not None:
            yield from self.moves.block()
        yield from self.up.block(sentence("rerun", "up"))
        yield from self.down.block(sentence("rerun", "down"))

    @property
    def look_at(self) -> int:
        """The column beyond all others that has the scale of colours, and after it the digits."""
        return max(column(self.layout.steps), PARTS + self.parts) + 3

    def look(self) -> Iterator[Cell]:
        """What the rules read, from where it is chosen; they see their own sheet only."""
        if self.moment is not None:
            scale, digits = (
                f"{self.moment.sheet}!{self.moment.work(row)}" for row in (SCALE_ROW, DIGITS_ROW)
            )
            yield Cell(self.look_at, "small_number", self.moment.scale, scale)
            now, text = float(DIGITS + MORE_DIGITS), f"{digits}+{MORE_DIGITS}"
            yield Cell(self.look_at + 1, "small_number", now, text)

    def heading(self) -> Row:
        names = {NAME: "parameter", BPTT: "bptt"}
        if self.moves:
            names |= {EXACT: "exact", DIFFERENCE: "difference", ERROR: "error", RESULT: "result"}
        cells = [Cell(k, "heading", sentence("gradients", name)) for k, name in names.items()]
        for t in range(1, self.parts + 1):
            text = sentence("gradients", "step_part", t=t)
            cells.append(Cell(PARTS + t - 1, "heading", text))
        cells.append(Cell(PARTS + self.parts, "heading", sentence("gradients", "meaning")))
        return Row(TABLE, cells, lines=2)

    @property
    def parts(self) -> int:
        few = len(self.layout.windows) <= MOST_WINDOWS
        return min(self.layout.steps, MOST_PARTS) if few else 0

    def parameter(self, row: int, name: str) -> Iterator[Cell]:
        layout, quoted, symbol = self.layout, self.layout.quoted, derivative_key(name)
        yield Cell(NAME, "parameter_symbol", name)
        totals = "+".join(f"{quoted}!{w.total(symbol)}" for w in layout.windows[:400])
        whole = self.total(name)
        yield Cell(BPTT, "total", whole, totals)
        if self.moves is not None:
            yield from self.compared(row, name, whole)
        for t in range(1, self.parts + 1):
            sweeping = [w for w in layout.windows if t in w.trace.steps]
            places = [f"{quoted}!{letters(column(t))}{w.rows[symbol]}" for w in sweeping]
            value = sum(w.trace.backward[symbol][t - w.trace.first] for w in sweeping)
            yield Cell(PARTS + t - 1, "heat", value, "+".join(places) or "0")
        yield Cell(PARTS + self.parts, "note", self.model.quantities[name].says)

    def compared(self, row: int, name: str, whole: float) -> Iterator[Cell]:
        """The slope by forward mode, and how far the gradient is from it."""
        assert self.moves is not None
        n, exact = self.layout.steps, self.slope(name)
        counted = over_steps(self.count_row, 1, n)
        text = f"SUMPRODUCT({counted},{over_steps(self.moves.rows[name, LOSS], 1, n)})"
        yield Cell(EXACT, "total", exact, text)
        a, b = f"{letters(BPTT)}{row}", f"{letters(EXACT)}{row}"
        yield Cell(DIFFERENCE, "exponent", whole - exact, f"{a}-{b}")
        larger = f"MAX(ABS({a}),ABS({b}),1E-300)"
        size = max(abs(whole), abs(exact), 1e-300)
        text = f"ABS({letters(DIFFERENCE)}{row})/{larger}"
        yield Cell(ERROR, "exponent", abs(whole - exact) / size, text)
        gap = f"ABS({letters(DIFFERENCE)}{row})"
        limit = f"{literal(TOLERANCE)}*{larger}+{literal(NOISE)}"
        text = f'IF({gap}<={limit},"OK","{self.otherwise}")'
        yield Cell(RESULT, "flag", self.result(name), text)

    @property
    def otherwise(self) -> str:
        """What is said of a gradient that is not the slope."""
        return FAILURE if self.exact else sentence("gradients", "truncated")

    def result(self, name: str) -> str:
        """What is said of a gradient beside its slope."""
        whole, exact = self.total(name), self.slope(name)
        size = max(abs(whole), abs(exact), 1e-300)
        return "OK" if abs(whole - exact) <= TOLERANCE * size + NOISE else self.otherwise

    def slope(self, name: str) -> float:
        """The slope of the losses that the windows count, by forward mode."""
        assert self.moves is not None
        moves = self.moves.values[name, LOSS][1:]
        return sum(c * m for c, m in zip(self.count_values(), moves, strict=True))

    # The lesson on ε.

    def check(self) -> Iterator[Row]:
        counts, n = self.count_values(), self.layout.steps
        top = self.lesson
        value = {k: absolute(top + k, VALUE) for k in range(CHOSEN, APART + 1)}
        sums = [
            sum(c * e for c, e in zip(counts, rerun.losses(), strict=True))
            for rerun in (self.up, self.down)
        ]
        numeric = (sums[0] - sums[1]) / (2 * EPSILON)
        analytic = self.total(self.chosen)
        yield Row(top - 2, [Cell(1, "section", sentence("gradients", "lesson"))])
        yield Row(top - 1, [Cell(1, "note", sentence("gradients", "lesson_note"))])
        yield self.line(CHOSEN, "chosen", Cell(VALUE, "choice", self.chosen))
        yield self.line(SIZE, "size", Cell(VALUE, "choice", EPSILON))
        for k, rerun, name in ((UPPER, self.up, "upper"), (LOWER, self.down, "lower")):
            counted = over_steps(self.count_row, 1, n)
            text = f"SUMPRODUCT({counted},{over_steps(rerun.rows[LOSS], 1, n)})"
            yield self.line(k, name, Cell(VALUE, "number", sums[k - UPPER], text))
        size = f"IF(ISNUMBER({value[SIZE]}),MAX(ABS({value[SIZE]}),1E-300),1)"
        text = f"({value[UPPER]}-{value[LOWER]})/(2*{size})"
        yield self.line(NUMERIC, "numeric", Cell(VALUE, "total", numeric, text))
        last = self.table + len(self.names)
        marks = f"{absolute(self.table + 1, MARK)}:{absolute(last, MARK)}"
        text = f"SUMPRODUCT({marks},{self.column(BPTT)})"
        yield self.line(ANALYTIC, "analytic", Cell(VALUE, "total", analytic, text))
        text = f"{value[NUMERIC]}-{value[ANALYTIC]}"
        note = "" if self.exact else "apart_truncated_note"
        yield self.line(APART, "apart", Cell(VALUE, "exponent", numeric - analytic, text), note)

    def line(self, k: int, name: str, cell: Cell, note: str = "") -> Row:
        label = Cell(1, "label", sentence("gradients", name))
        words = sentence("gradients", note or f"{name}_note")
        return Row(self.lesson + k, [label, cell, Cell(NOTE, "note", words)])

    def moved(self) -> Iterator[Row]:
        """The parameters as the two runs have them."""
        titles = {NAME: "parameter", START: "first_value", UP: "moved_up", DOWN: "moved_down"}
        titles[MARK] = "moves_mark"
        cells = [Cell(k, "heading", sentence("gradients", name)) for k, name in titles.items()]
        yield Row(self.table, cells, outline=1, hidden=True)
        chosen, size = (absolute(self.lesson + k, VALUE) for k in (CHOSEN, SIZE))
        for row, name in enumerate(self.names, self.table + 1):
            start = f"{letters(START)}{row}"
            moved = f"IF(ISNUMBER({size}),{size},0)*{letters(MARK)}{row}"
            given = self.layout.first_value(name)
            yield Row(
                row,
                [
                    Cell(NAME, "parameter_symbol", name),
                    Cell(START, "number", self.layout.pass_trace.before[name], given),
                    Cell(UP, "number", self.values[1][name], f"{start}+{moved}"),
                    Cell(DOWN, "number", self.values[-1][name], f"{start}-{moved}"),
                    Cell(
                        MARK,
                        "small_number",
                        float(name == self.chosen),
                        f"IF(EXACT({letters(NAME)}{row},{chosen}),1,0)",
                    ),
                ],
                outline=1,
                hidden=True,
            )

    def column(self, number: int) -> str:
        """The cells of a column of the table."""
        return f"{absolute(self.first, number)}:{absolute(self.last, number)}"

    def total(self, name: str) -> float:
        """The gradients of all windows added up."""
        return sum(window.trace.gradients[derivative_key(name)] for window in self.layout.windows)

    def counts(self) -> Row:
        """How often the windows count each loss, taken together."""
        quoted = self.layout.quoted
        cells = [
            Cell(1, "backward_group"),
            Cell(SYMBOL, "backward_symbol", COUNTED),
            Cell(3, "small", sentence("gradients", "counts")),
        ]
        for t, value in enumerate(self.count_values(), 1):
            sweeping = [w for w in self.layout.windows if t in w.trace.steps]
            places = [f"{quoted}!{letters(column(t))}{w.rows[f'd{LOSS}']}" for w in sweeping]
            cells.append(Cell(column(t), "number", value, "+".join(places) or "0"))
        return Row(self.count_row, cells, outline=1, hidden=True)

    def count_values(self) -> list[float]:
        values = [0.0] * self.layout.steps
        for window in self.layout.windows:
            for t, count in zip(window.trace.steps, window.trace.backward[COUNTED], strict=True):
                values[t - 1] += count
        return values

    def set_up(self, sheet: Worksheet) -> None:
        set_widths(sheet, (20, 14, 14, 12, 13, 12, PART_WIDTH))
        set_width(sheet, PART_WIDTH, PARTS, PARTS + self.parts - 1)
        title, prompt = sentence("gradients", "chosen"), sentence("gradients", "chosen_note")
        cell = f"{letters(VALUE)}{self.lesson + CHOSEN}"
        drop_down(sheet, cell, self.column(NAME), title, prompt)
        flag(sheet, f"{letters(RESULT)}{self.first}:{letters(RESULT)}{self.last}")
        if self.parts:
            area = f"{letters(PARTS)}{self.first}:{letters(PARTS + self.parts - 1)}{self.last}"
            fixed = f"{absolute(self.first, PARTS)}:{absolute(self.last, PARTS + self.parts - 1)}"
            scale = f"MAX(MAX({fixed}),-MIN({fixed}),1E-300)"
            if self.moment is not None:
                scale, digits = (absolute(1, self.look_at + k) for k in range(2))
                for k in range(2):
                    sheet.column_dimensions[letters(self.look_at + k)].hidden = True
                numbers = f"{letters(BPTT)}{self.first}:{letters(EXACT)}{self.last}"
                shade_by_tens(sheet, [area], scale, PART_WIDTH - BETWEEN, NUMBER_DECIMALS, digits)
                # From the empty column before: another area than that of the colours.
                parts = f"{letters(PARTS - 1)}{self.first}:{area.partition(':')[2]}"
                for part in (numbers, parts):
                    show_digits(sheet, part, digits, PART_WIDTH - BETWEEN, NUMBER_DECIMALS)
            else:
                shade_by_tens(sheet, [area], scale, PART_WIDTH, NUMBER_DECIMALS, "")
        sheet.freeze_panes = f"B{TABLE + 1}"
        fold(sheet)
        set_up_page(sheet)
        meaning = PARTS + self.parts
        sheet.column_dimensions[letters(meaning)].width = 50
        if self.parts > MOST_ACROSS:  # the table by itself, then so many steps a page
            scale_to(sheet, [20, *[PART_WIDTH] * MOST_ACROSS])
            sheet.print_title_cols = f"A:{letters(NAME)}"
            areas = [f"A1:{letters(PARTS + MOST_BESIDE - 1)}{self.lesson + APART}"]
            for k in range(PARTS + MOST_BESIDE, meaning, MOST_ACROSS):
                end = letters(min(k + MOST_ACROSS, meaning) - 1)
                areas.append(f"{letters(k)}{TABLE}:{end}{self.last}")
            sheet.print_area = ",".join(areas)
        else:
            sheet.print_area = f"A1:{letters(meaning)}{self.lesson + APART}"
        last = self.down.last_row
        width = letters(max(column(self.layout.steps), PARTS + self.parts))
        show_scientific(sheet, f"C{self.first}:{width}{last}")


_COLUMN = {-1: "{previous}", 0: "{this}"}


class Rerun:
    """A block of forward rows that begins at a row.

    ``parameters`` gives the cell of each parameter, ``values`` what stands there.
    """

    def __init__(
        self,
        layout: Layout,
        first_row: int,
        parameters: Mapping[str, str],
        values: Mapping[str, float],
    ) -> None:
        self.layout, self.model = layout, layout.model
        self.parameters, self.values = parameters, values
        self.rows = {q.symbol: first_row + k for k, q in enumerate(self.model.forward, 1)}
        self.heading = first_row

    @property
    def last_row(self) -> int:
        return max(self.rows.values())

    @cached_property
    def pass_trace(self) -> PassTrace:
        """What the parameters lead to."""
        return self._run(self.values)

    def losses(self) -> list[float]:
        """The loss of each step; 0 where there is no target."""
        return list(map(or_zero, self.pass_trace.forward[LOSS][1:]))

    def block(self, title: str) -> Iterator[Row]:
        """The rows, folded."""
        steps, one = self.layout.steps, self.pass_trace
        heading: list[Cell | Fill] = [
            Cell(1, "forward_heading", title),
            *(Cell(k, "forward_heading") for k in (2, 3, 4)),
            Fill(column(0), "forward_step", range(steps + 1)),
        ]
        yield Row(self.heading, heading, outline=1, hidden=True)
        write = self.model.unicode()
        for quantity in self.model.forward:
            symbol = quantity.symbol
            assert quantity.formula is not None
            text = f"{left_side(quantity, write)} = {write(quantity.formula)}"
            cells = [
                Cell(1, "forward_group"),
                Cell(SYMBOL, "forward_symbol", symbol),
                Cell(EQUATION, "small", text),
                *self._cells(symbol, one),
            ]
            yield Row(self.rows[symbol], cells, outline=1, hidden=True)

    def _cells(self, symbol: str, pass_trace: PassTrace) -> Iterator[Cell | Fill]:
        values = pass_trace.forward[symbol]
        if symbol in self.model.state:
            given = self.layout.cell(symbol, 0)
            yield Cell(FIRST, "number", values[0], f"SUM({self.layout.quoted}!{given})")
        quantity = self.model.quantities[symbol]
        assert quantity.formula is not None
        text = Excel(cell=self._cell, cells=self._cells_of)(quantity.formula)
        resets = self.layout.pass_trace.schedule.resets

        def at(t: int) -> str:
            reset = t - 1 in resets
            previous = f"${letters(FIRST)}$" if reset else letters(column(t - 1))
            formula = text.format(previous=previous, this=letters(column(t)))
            if symbol == LOSS:
                given = f"{self.layout.quoted}!{target(self.layout, t)}"
                formula = f"IF(ISNUMBER({given}),{formula},0)"
            return formula

        numbers = list(map(or_zero, values[1:]))
        apart = frozenset(s for t in resets for s in (t + 1, t + 2))
        yield from Formula(at, apart).fills(1, "number", numbers)

    def _cell(self, symbol: Symbol) -> str:
        if symbol.name in self.layout.pass_trace.coefficients:
            return self.layout.setting_elsewhere(symbol.name)
        return self.layout.number(symbol.name, self._place(symbol))

    def _place(self, symbol: Symbol) -> str:
        if symbol.name in self.parameters:
            return self.parameters[symbol.name]
        place = _COLUMN[symbol.shift or 0]
        if symbol.name in self.rows:
            return f"{place}{self.rows[symbol.name]}"
        return f"{self.layout.quoted}!{place}{self.layout.rows[symbol.name]}"

    def _cells_of(self, vector: Symbol) -> str:
        names = element_keys(vector.name, self.model.features)
        first, last = (self._place(Symbol(n, vector.shift)) for n in (names[0], names[-1]))
        return f"{first}:{last.partition('!')[2] or last}"

    def _run(self, values: Mapping[str, float]) -> PassTrace:
        specification = self.layout.trace.specification
        alone = replace(
            specification,
            parameters=values,
            sequences=(self.layout.sequence,),
            scheme=replace(specification.scheme, update="sequence"),
            update=replace(specification.update, epochs=1),
        )
        return run_model(alone, self.model).passes[0]
