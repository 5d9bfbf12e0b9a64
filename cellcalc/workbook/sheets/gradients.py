"""The sheet ``Gradients``: each window's gradients and updates, and a live numerical check.

For the parameter chosen, the forward pass is run twice more, with that parameter moved by ε to
either side: the difference of the losses over 2ε must be the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace
from cellcalc.language.keys import derivative_key, element_keys
from cellcalc.language.notation import Excel
from cellcalc.language.tree import Call, Symbol, walk
from cellcalc.model.model import COUNTED, LOSS
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.formulas import Formula, target
from cellcalc.workbook.layout import EQUATION, FIRST, SYMBOL, TOTAL, Layout, column
from cellcalc.workbook.sheets.bptt import EQUATION_WIDTH, over_steps
from cellcalc.xlsx.cells import Cell, Fill, Row, Rows, absolute, letters, literal, text_lines
from cellcalc.xlsx.page import drop_down, flag, set_up_page, set_width, set_widths, show_scientific

EPSILON, TOLERANCE, NOISE = 1e-5, 1e-6, 1e-9
LABEL, VALUE, NOTE = 1, 2, 3  # columns of the check
CHOSEN, SIZE, UPPER, LOWER, NUMERIC, ANALYTIC, DIFFERENCE, ERROR, FLAG = range(4, 13)  # its rows
TABLE = FLAG + 2  # the row of the table's heading
NAME, START, ROLE, MOVED_UP, MOVED_DOWN, SUM, WINDOWS = range(1, 8)  # columns of the table
MOST_WINDOWS = 20  # shown in the table, two columns each


def gradients(book: Book) -> Iterator[Sheet]:
    """The sheet for the first pass; none where there is nothing to learn."""
    if book.first.windows:
        maker = _Gradients(book.first)
        rows = list(maker.rows())
        width = max(row.width for row in rows)
        yield Sheet("Gradients", Rows(rows, width, rows[-1].number), maker.set_up)


def is_exact(layout: Layout) -> bool:
    """Whether the windows' gradients add up to the derivative of the loss that they count.

    They do when each goes back to where its state comes from, nothing is updated in between, and
    the cell itself does not cut the gradient off.
    """
    formulas = [quantity.formula for quantity in layout.model.forward if quantity.formula]
    if any(isinstance(e, Call) and e.function == "stop" for f in formulas for e in walk(f)):
        return False
    schedule = layout.pass_trace.schedule
    starts = {0, *schedule.resets}
    whole = all(window.first - 1 in starts for window in schedule.windows)
    return whole and (len(schedule.windows) == 1 or schedule.scheme.update == "sequence")


def numerical_flag() -> str:
    """The cell of the sheet that says whether the check holds."""
    return absolute(FLAG, VALUE)


def numerical_result(layout: Layout) -> str:
    """What that cell says in the workbook as it is written."""
    cells = [cell for row in _Gradients(layout).rows() if row.number == FLAG for cell in row.cells]
    return str(next(cell.value for cell in cells if cell.column == VALUE))


class _Gradients:
    def __init__(self, layout: Layout) -> None:
        self.layout, self.trace = layout, layout.trace
        self.names = list(layout.trace.initial)
        self.chosen = self.names[0]
        self.first = TABLE + 1
        self.last = TABLE + len(self.names)
        self.count_row = self.last + 3
        up = {n: absolute(self.first + k, MOVED_UP) for k, n in enumerate(self.names)}
        down = {n: absolute(self.first + k, MOVED_DOWN) for k, n in enumerate(self.names)}
        self.up = Rerun(layout, self.count_row + 2, up)
        self.down = Rerun(layout, self.up.last_row + 2, down)
        self.values = {
            sign: {
                n: v + sign * EPSILON * (n == self.chosen)
                for n, v in layout.pass_trace.before.items()
            }
            for sign in (1, -1)
        }

    def rows(self) -> Iterator[Row]:
        above = sentence("rerun", "up"), self.values[1]
        below = sentence("rerun", "down"), self.values[-1]
        upper, lower = list(self.up.block(*above)), list(self.down.block(*below))
        yield Row(1, [Cell(1, "title", sentence("gradients", "title"))], lines=2)
        yield Row(2, [Cell(1, "note", sentence("gradients", "note"))])
        yield from self.check(_loss(upper, self.up), _loss(lower, self.down))
        yield from self.table()
        yield self.counts()
        yield from upper
        yield from lower

    def check(self, upper: list[float], lower: list[float]) -> Iterator[Row]:
        counts = self.count_values()
        sums = [
            sum(c * e for c, e in zip(counts, losses, strict=True)) for losses in (upper, lower)
        ]
        numeric = (sums[0] - sums[1]) / (2 * EPSILON)
        analytic = self.total(self.chosen)
        difference = numeric - analytic
        size = max(abs(numeric), abs(analytic), 1e-12)
        value = {row: absolute(row, VALUE) for row in range(CHOSEN, FLAG + 1)}
        gap = f"ABS({value[DIFFERENCE]})"
        larger = f"MAX(ABS({value[NUMERIC]}),ABS({value[ANALYTIC]}),1E-12)"
        names, totals = (self.column(k) for k in (NAME, SUM))
        yield self.line(CHOSEN, "chosen", Cell(VALUE, "choice", self.chosen))
        yield self.line(SIZE, "size", Cell(VALUE, "choice", EPSILON))
        for row, sum_, rerun, name in (
            (UPPER, sums[0], self.up, "upper"),
            (LOWER, sums[1], self.down, "lower"),
        ):
            n = self.layout.steps
            counted = over_steps(self.count_row, 1, n)
            text = f"SUMPRODUCT({counted},{over_steps(rerun.rows[LOSS], 1, n)})"
            yield self.line(row, name, Cell(VALUE, "number", sum_, text))
        text = f"({value[UPPER]}-{value[LOWER]})/(2*{value[SIZE]})"
        yield self.line(NUMERIC, "numeric", Cell(VALUE, "total", numeric, text))
        text = f"INDEX({totals},MATCH({value[CHOSEN]},{names},0))"
        yield self.line(ANALYTIC, "analytic", Cell(VALUE, "total", analytic, text))
        text = f"{value[NUMERIC]}-{value[ANALYTIC]}"
        exact = is_exact(self.layout)
        name = "difference" if exact else "truncation"
        yield self.line(DIFFERENCE, name, Cell(VALUE, "exponent", difference, text))
        text = f"{gap}/{larger}"
        yield self.line(ERROR, "error", Cell(VALUE, "exponent", abs(difference) / size, text))
        good = abs(difference) <= TOLERANCE * size + NOISE
        otherwise = "!!" if exact else sentence("gradients", "truncated")
        text = f'IF({gap}<={literal(TOLERANCE)}*{larger}+{literal(NOISE)},"OK","{otherwise}")'
        cell = Cell(VALUE, "flag", "OK" if good else otherwise, text)
        yield self.line(FLAG, "flag" if exact else "flag_truncated", cell)

    def line(self, row: int, name: str, cell: Cell) -> Row:
        label = Cell(LABEL, "label", sentence("gradients", name))
        return Row(row, [label, cell, Cell(NOTE, "note", sentence("gradients", f"{name}_note"))])

    def column(self, number: int) -> str:
        """The cells of a column of the table."""
        return f"{absolute(self.first, number)}:{absolute(self.last, number)}"

    def table(self) -> Iterator[Row]:
        shown = self.layout.windows[:MOST_WINDOWS]
        titles = [
            sentence("gradients", f"column_{k}")
            for k in ("name", "start", "role", "up", "down", "sum")
        ]
        for window in shown:
            words = {"number": window.number, "last": window.trace.last}
            titles.append(sentence("gradients", "column_window", **words))
            titles.append(sentence("gradients", "column_after", **words))
        yield Row(TABLE, [Cell(k, "heading", title) for k, title in enumerate(titles, 1)], lines=2)
        for row, name in enumerate(self.names, self.first):
            yield Row(row, list(self.parameter(row, name)))

    def parameter(self, row: int, name: str) -> Iterator[Cell]:
        layout, quoted = self.layout, self.layout.quoted
        pass_trace = layout.pass_trace
        yield Cell(NAME, "parameter_symbol", name)
        yield Cell(START, "number", pass_trace.before[name], f"{quoted}!{layout.cell(name, 0)}")
        yield Cell(ROLE, "note", layout.model.quantities[name].says)
        moved = f"{absolute(SIZE, VALUE)}*({letters(NAME)}{row}={absolute(CHOSEN, VALUE)})"
        start = f"{letters(START)}{row}"
        yield Cell(MOVED_UP, "number", self.values[1][name], f"{start}+{moved}")
        yield Cell(MOVED_DOWN, "number", self.values[-1][name], f"{start}-{moved}")
        first, last = layout.windows[0].heading, layout.height
        symbols = f"{quoted}!{absolute(first, SYMBOL)}:{absolute(last, SYMBOL)}"
        totals = f"{quoted}!{absolute(first, TOTAL)}:{absolute(last, TOTAL)}"
        text = f'SUMIF({symbols},"d"&{letters(NAME)}{row},{totals})'
        yield Cell(SUM, "total", self.total(name), text)
        for k, window in enumerate(layout.windows[:MOST_WINDOWS]):
            trace, symbol = window.trace, derivative_key(name)
            place = WINDOWS + 2 * k
            text = f"{quoted}!{window.total(symbol)}"
            yield Cell(place, "number", trace.gradients[symbol], text)
            t = min(trace.last + 1, layout.steps + 1)
            after = (
                layout.pass_trace.parameters_at(t)[name]
                if t <= layout.steps
                else pass_trace.after[name]
            )
            yield Cell(place + 1, "number", after, f"{quoted}!{layout.cell(name, t)}")

    def total(self, name: str) -> float:
        """The gradients of all windows added up."""
        return sum(window.trace.gradients[derivative_key(name)] for window in self.layout.windows)

    def counts(self) -> Row:
        """How often the windows count each loss, taken together."""
        quoted = self.layout.quoted
        cells = [
            Cell(1, "backward_group"),
            Cell(SYMBOL, "backward_symbol", COUNTED),
            Cell(3, "backward_equation", sentence("gradients", "counts")),
        ]
        for t, value in enumerate(self.count_values(), 1):
            sweeping = [w for w in self.layout.windows if t in w.trace.steps]
            places = [f"{quoted}!{letters(column(t))}{w.rows[f'd{LOSS}']}" for w in sweeping]
            cells.append(Cell(column(t), "number", value, "+".join(places) or "0"))
        return Row(self.count_row, cells)

    def count_values(self) -> list[float]:
        values = [0.0] * self.layout.steps
        for window in self.layout.windows:
            for t, count in zip(window.trace.steps, window.trace.backward[COUNTED], strict=True):
                values[t - 1] += count
        return values

    def set_up(self, sheet: Worksheet) -> None:
        set_widths(sheet, (20, 13, EQUATION_WIDTH, 11))
        set_width(sheet, 11, FIRST, column(self.layout.steps))
        source = self.column(NAME)
        title, prompt = sentence("gradients", "chosen"), sentence("gradients", "chosen_note")
        drop_down(sheet, f"{letters(VALUE)}{CHOSEN}", source, title, prompt)
        flag(sheet, absolute(FLAG, VALUE).replace("$", ""))
        set_up_page(sheet, pages_wide=-(-(self.layout.steps + 2) // 10))
        last = self.down.last_row
        width = letters(max(column(self.layout.steps), WINDOWS + 1))
        show_scientific(sheet, f"D{self.first}:{width}{last}")


def _loss(rows: list[Row], rerun: Rerun) -> list[float]:
    """The loss of each step of a rerun."""
    (row,) = (row for row in rows if row.number == rerun.rows[LOSS])
    return [float(cell.value or 0.0) for cell in row.cells if cell.column > FIRST]


_COLUMN = {-1: "{previous}", 0: "{this}"}


class Rerun:
    """A block of forward rows that begins at a row; ``parameters`` gives the cell of each."""

    def __init__(self, layout: Layout, first_row: int, parameters: Mapping[str, str]) -> None:
        self.layout, self.model = layout, layout.model
        self.parameters = parameters
        self.rows = {q.symbol: first_row + k for k, q in enumerate(self.model.forward, 1)}
        self.heading = first_row

    @property
    def last_row(self) -> int:
        return max(self.rows.values())

    def block(self, title: str, values: Mapping[str, float]) -> Iterator[Row]:
        """The rows, with the values that the given parameters lead to."""
        steps, one = self.layout.steps, self._run(values)
        heading: list[Cell | Fill] = [
            Cell(1, "forward_heading", title),
            *(Cell(k, "forward_heading") for k in (2, 3, 4)),
            Fill(column(0), "forward_step", range(steps + 1)),
        ]
        yield Row(self.heading, heading)
        write = self.model.unicode()
        for quantity in self.model.forward:
            symbol = quantity.symbol
            assert quantity.formula is not None
            text = f"{left_side(quantity, write)} = {write(quantity.formula)}"
            cells = [
                Cell(1, "forward_group"),
                Cell(SYMBOL, "forward_symbol", symbol),
                Cell(EQUATION, "forward_equation", text),
                *self._cells(symbol, one),
            ]
            yield Row(self.rows[symbol], cells, text_lines(text, EQUATION_WIDTH))

    def _cells(self, symbol: str, pass_trace: PassTrace) -> Iterator[Cell | Fill]:
        values = pass_trace.forward[symbol]
        if symbol in self.model.state:
            given = self.layout.cell(symbol, 0)
            yield Cell(FIRST, "number", values[0], f"{self.layout.quoted}!{given}")
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
        if symbol.name in self.parameters:
            return self.parameters[symbol.name]
        if symbol.name in self.layout.pass_trace.coefficients:
            return f"{self.layout.quoted}!{self.layout.setting(symbol.name)}"
        place = _COLUMN[symbol.shift or 0]
        if symbol.name in self.rows:
            return f"{place}{self.rows[symbol.name]}"
        return f"{self.layout.quoted}!{place}{self.layout.rows[symbol.name]}"

    def _cells_of(self, vector: Symbol) -> str:
        names = element_keys(vector.name, self.model.features)
        first, last = (self._cell(Symbol(n, vector.shift)) for n in (names[0], names[-1]))
        return f"{first}:{last.partition('!')[2] or last}"

    def _run(self, values: Mapping[str, float]) -> PassTrace:
        specification = self.layout.trace.specification
        alone = replace(
            specification,
            parameters=values,
            sequences=(specification.sequences[self.layout.pass_trace.sequence - 1],),
            scheme=replace(specification.scheme, update="sequence"),
            update=replace(specification.update, epochs=1),
        )
        return run_model(alone, self.model).passes[0]
