"""The sheet ``Unrolled``: the whole computation as a picture, time to the right.

A column a step. Each state has a lane: its value, on the way to the next step, over its gradient,
on the way back. The backward pass that it shows is its own, below the picture: that of the window
and of the losses chosen, so that one loss can be seen running back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import backward_values
from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import Excel
from cellcalc.language.tree import ZERO, Expression, Symbol, rename, spelled_out
from cellcalc.model.model import (
    COUNTED,
    LOSS,
    PREDICTION,
    TARGET,
    Quantity,
    is_gate,
    is_squashed,
    sum_of,
)
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import gist, sentence
from cellcalc.views.text import columns
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.digits import Working, fixed_text
from cellcalc.workbook.layout import (
    Layout,
    title_of,
)
from cellcalc.workbook.moment import (
    DIGITS_ROW,
    FIRST_ROW,
    LAST_ROW,
    LOSS_ROW,
    LOSSES_ROW,
    NOTICE_ROW,
    SCALE_ROW,
    STEP_ROW,
    STRIP_ROW,
    SWEPT_ROW,
    Moment,
)
from cellcalc.xlsx.cells import Cell, Row, Rows, absolute, letters
from cellcalc.xlsx.page import (
    DECIMALS,
    fold,
    grey_where,
    longest,
    look_where,
    set_up_page,
    set_widths,
    shade_by_tens,
    shade_gates,
    show_digits,
)
from cellcalc.xlsx.styles import BEHIND, CUT, FOCUS, NEGATIVES, NUMBER_DECIMALS, POSITIVES

TITLE = "Unrolled"
SLOTS = 12  # steps shown side by side
LEAST_SLOTS = 10  # whose width the choice of moment and the chart take
MOST_STEPS = 60  # with a backward pass of the sheet's own
MOST_INPUTS, MOST_GATES = 4, 8
MOST_SAID = 18  # columns of a label's words
EQUATION_ROW, LINE_ROW, TIME_ROW = 5, 6, 8
LABEL = 1
VALUE_WIDTH, GAP_WIDTH, LABEL_WIDTH = 8.7, 2.6, 21
TABLE = 40  # the column of the numbers of the line worked out, and of those drawn: off the picture


def unrolled(book: Book) -> Iterator[Sheet]:
    """The sheet for the first pass."""
    maker = _Unrolled(book.seen, book.moment)
    rows = list(maker.rows())
    width = max(row.width for row in rows)
    yield Sheet(title_of(TITLE), Rows(rows, width, rows[-1].number), maker.set_up)


def slot(k: int) -> int:
    """The column of the k-th place along the lanes; 0 is the state before the first step shown."""
    return 2 + 2 * k


def at_step(t: int) -> str:
    """The letters of the column of a step in the backward pass of the sheet's own."""
    return letters(slot(t))


@dataclass(frozen=True)
class Lane:
    """A state, and the rows of its value and its gradient."""

    symbol: str
    value: int
    gradient: int


class _Unrolled:
    def __init__(self, layout: Layout, moment: Moment) -> None:
        self.layout, self.moment, self.model = layout, moment, layout.model
        self.pass_trace = layout.pass_trace
        self.n = layout.steps
        self.slots = min(self.n, SLOTS)
        self.windowed = self.n > SLOTS
        self.learns = bool(layout.windows)
        self.write = self.model.unicode()
        number = TIME_ROW
        self.losses: dict[str, int] = {}
        for name in self._loss_rows():
            number += 1
            self.losses[name] = number
        self.lanes: list[Lane] = []
        states = self.model.state
        output = self.model.cell.output
        for state in sorted(states, key=lambda name: name != output):
            number += 2 if self.losses or self.lanes else 1
            self.lanes.append(Lane(state, number, number + 1))
            number += int(self.learns)
        road = self.model.carousel
        self.road = road if road and road[0] in states else None
        self.road_row = number + 1 if self.road else 0
        number += int(self.road is not None)
        shown = [q for q in self.model.forward if is_gate(q) or is_squashed(q)]
        shown = [q for q in shown if q.symbol not in states][:MOST_GATES]
        self.gates = {q.symbol: number + k for k, q in enumerate(shown, 1)}
        number += len(shown) + 1
        inputs = [q.symbol for q in self.model.inputs if q.symbol != TARGET][:MOST_INPUTS]
        self.inputs = {name: number + k for k, name in enumerate(inputs, 1)}
        number += len(inputs)
        self.charts_row = number + 2
        self.data_row = self.charts_row + 16  # right of the picture
        self.own = self.learns and self.n <= MOST_STEPS
        self.work_row = self.data_row + 3  # below what is drawn: hidden rows are not
        self.working = Working(TIME_ROW, TABLE, moment.work(DIGITS_ROW), self.model.features)

    def _loss_rows(self) -> list[str]:
        """The rows above the lanes: the loss, and its derivative by what is predicted."""
        if not self.learns:
            return [PREDICTION] if PREDICTION in self.layout.rows else []
        by_prediction = derivative_key(PREDICTION)
        derived = {row.symbol for row in self.model.backward}
        return [TARGET, LOSS, *([by_prediction] if by_prediction in derived else [])]

    # The steps shown.

    @property
    def start(self) -> int:
        """The step before the first one shown, at first."""
        if not self.windowed:
            return 0
        return max(0, min(self.n - SLOTS, self.moment.step - SLOTS // 2))

    def time(self, k: int) -> str:
        """The cell with the step of a place."""
        return f"{letters(slot(k))}${TIME_ROW}"

    def step_of(self, k: int) -> int:
        return self.start + k

    def times(self) -> Row:
        step = self.moment.work(STEP_ROW)
        cells = [Cell(LABEL, "time", sentence("unrolled", "time"))]
        for k in range(self.slots + 1):
            text = None
            if self.windowed:
                text = f"{letters(slot(k - 1))}{TIME_ROW}+1"
                if k == 0:
                    text = f"MAX(0,MIN({self.n - SLOTS},{step}-{SLOTS // 2}))"
            cells.append(Cell(slot(k), "time", float(self.step_of(k)), text))
            if k < self.slots:
                cells.append(Cell(slot(k) + 1, "time"))
        return Row(TIME_ROW, cells)

    def given(self, symbol: str, k: int) -> str:
        """A cell of the BPTT sheet: at the step of a place."""
        if not self.windowed:
            return f"{self.layout.quoted}!{self.layout.cell(symbol, k)}"
        return self.moment.index(symbol, f"{self.time(k)}+1")

    # The backward pass of the sheet's own.

    @cached_property
    def derived(self) -> list[Quantity]:
        return list(self.model.backward) if self.learns else []

    @cached_property
    def work_rows(self) -> dict[str, int]:
        return {row.symbol: self.work_row + 2 + k for k, row in enumerate(self.derived)}

    @cached_property
    def parameter_rows(self) -> dict[str, int]:
        first = self.work_row + 2 + len(self.derived) + 1
        return {name: first + k for k, name in enumerate(self.layout.trace.initial)}

    def work_cell(self, symbol: Symbol, t: int) -> str:
        """The cell of a symbol in an equation of that backward pass, at step t."""
        name, at = symbol.name, t + (symbol.shift or 0)
        if name in self.work_rows:
            return f"{at_step(at)}{self.work_rows[name]}"
        if name in self.pass_trace.coefficients:
            return self.layout.setting_elsewhere(name)
        if name in self.parameter_rows and symbol.shift is None:
            return absolute(self.parameter_rows[name], 2)
        if name in self.parameter_rows:
            fires = self.moment.work(LAST_ROW)
            return self.moment.index(name, f"MIN({at},{fires})+1")
        if symbol.shift == -1 and at in self.pass_trace.schedule.resets:
            at = 0
        return self.layout.number(name, f"{self.layout.quoted}!{self.layout.cell(name, at)}")

    def work_formula(self, quantity: Quantity, t: int) -> str:
        first, last = (self.moment.work(row) for row in (FIRST_ROW, LAST_ROW))
        if quantity.symbol == COUNTED:
            loss = self.moment.work(LOSS_ROW)
            chosen = self.moment.in_window(COUNTED, str(t + 1))
            return f"IF(AND({t}>={first},{t}<={last}),IF({loss}=0,{chosen},IF({loss}={t},1,0)),0)"
        assert quantity.formula is not None
        state = quantity.derivative_of in self.model.state
        if t == 0 and not state:
            return "0"
        inside = f"AND({t}>={first},{t}<={last})"
        if not state:
            return f"IF({inside},{self.excel(quantity.formula, t)},0)"
        # Into the state before the window comes only what flows back from its first step.
        entering = {row.symbol: row.formula for row in self.model.entering}
        formula = entering[quantity.symbol] or ZERO
        if t in self.pass_trace.schedule.resets:  # what enters is the initial state, not step t's
            formula = rename(formula, lambda s: Symbol(s.name, -t) if s.shift == 0 else s)
        before = self.excel(formula, t)
        whole = self.excel(quantity.formula, t) if t else "0"
        return f"IF({inside},{whole},IF({t}={first}-1,{before},0))"

    def excel(self, formula: Expression, t: int) -> str:
        """An equation of that backward pass at step t."""
        return Excel(cell=lambda s: self.work_cell(s, t), cells=str)(
            spelled_out(formula, self.model.features)
        )

    def value(self, symbol: str, t: int) -> float:
        """The value of a derived row in the window chosen at first; 0 where it does not sweep."""
        trace = self.moment.trace
        assert trace is not None
        if t == trace.first - 1:
            return trace.entering.get(symbol, 0.0)
        return trace.backward[symbol][t - trace.first] if t in trace.steps else 0.0

    def work(self) -> Iterator[Row]:
        title = sentence("unrolled", "work")
        yield Row(self.work_row, [Cell(LABEL, "section", title)])
        steps = range(self.n + 2)
        heading = [Cell(LABEL, "heading", sentence("unrolled", "time"))]
        heading += [Cell(slot(t), "heading_number", float(t)) for t in steps]
        yield Row(self.work_row + 1, heading, outline=1)
        for quantity in self.derived:
            cells = [Cell(LABEL, "plain_label", self.write(Symbol(quantity.symbol, 0)))]
            for t in steps:
                beyond = t > self.n
                text = "0" if beyond else self.work_formula(quantity, t)
                value = 0.0 if beyond else self.value(quantity.symbol, t)
                cells.append(Cell(slot(t), "heat", value, text))
            yield Row(self.work_rows[quantity.symbol], cells, outline=1)
        trace = self.moment.trace
        assert trace is not None
        fires = f"{self.moment.work(LAST_ROW)}+1"
        for name, row in self.parameter_rows.items():
            label = Cell(LABEL, "plain_label", self.write(Symbol(name)))
            text = self.moment.index(name, fires)
            yield Row(row, [label, Cell(2, "heat", trace.before[name], text)], outline=1)

    def gradient(self, symbol: str, k: int) -> str:
        """The cell of a gradient at the step of a place."""
        if not self.own:
            return self.moment.in_window(symbol, f"{self.time(k)}+1")
        row = self.work_rows[symbol]
        if not self.windowed:
            return f"{at_step(k)}{row}"
        return self.own_index(row, self.time(k))

    def own_index(self, row: int, step: str) -> str:
        """A cell of the backward pass of the sheet's own, at a step that a formula gives."""
        return f"INDEX({absolute(row, slot(0))}:{absolute(row, slot(self.n + 1))},1,2*({step})+1)"

    # The picture.

    def rows(self) -> Iterator[Row]:
        rows: dict[int, list[Cell]] = {}

        def put(number: int, *cells: Cell) -> None:
            rows.setdefault(number, []).extend(cells)

        title = sentence("unrolled", "title", title=self.layout.trace.specification.title)
        put(1, Cell(LABEL, "title", title))
        put(2, *self.legend())
        put(STRIP_ROW, *self.moment.strip(TITLE))
        put(NOTICE_ROW, self.moment.notice())
        for number, cell in self.worked():
            put(number, cell)
        put(TIME_ROW, *self.times().cells)
        for name, row in self.losses.items():
            put(row, *self.loss_row(name))
        for number, lane in enumerate(self.lanes):
            if number or self.losses:
                put(lane.value - 1, *self.between())
            put(lane.value, *self.values(lane))
            if self.learns:
                put(lane.gradient, *self.gradients(lane))
        if self.road:
            put(self.road_row, *self.factors(self.road[1]))
        for symbol, row in self.gates.items():
            put(row, *self.gate(symbol))
        for symbol, row in self.inputs.items():
            put(row, *self.input(symbol))
        if self.learns:
            for made in self.data():
                put(made.number, *made.cells)
        if self.own:
            for made in self.work():
                put(made.number, *made.cells)
        for row, cells in self.working.cells():
            put(row, *cells)
        for row, cells in self.moment.rows(TITLE):
            put(row, *cells)
        work = range(self.work_row + 1, max(rows) + 1) if self.own else range(0)
        for number in sorted(rows):
            cells = sorted(rows[number], key=lambda cell: cell.column)
            lines = 2 if number == 1 else 1
            folded = number in work
            shut = self.own and number == self.work_row
            yield Row(number, cells, lines, int(folded), hidden=folded, collapsed=shut)

    def legend(self) -> list[Cell]:
        """The strip of colours."""
        words = sentence("unrolled", "legend" if self.learns else "legend_forward")
        return [Cell(LABEL, "note", words)]

    def worked(self) -> Iterator[tuple[int, Cell]]:
        """The gradient of the road at the step in focus, worked out."""
        state = self.road[0] if self.road else self.model.cell.output
        if state not in self.model.state:
            state = self.model.state[0]
        if not self.learns:
            quantity = self.model.quantities[state]
        else:
            quantity = self.model.quantities[derivative_key(state)]
        assert quantity.formula is not None
        equation = f"{left_side(quantity, self.write)} = {self.write(quantity.formula)}"
        yield EQUATION_ROW, Cell(LABEL, "worked", equation)
        line, value, table = self.working, self.value_now, self.table
        place = table(Symbol(quantity.symbol, 0))
        outcome = value(Symbol(quantity.symbol, 0))
        cell = line.line(
            LINE_ROW, quantity.formula, table, value, (place, outcome)
        )  # fmt: skip
        left = left_side(quantity, self.write)
        text, now = f'"{left} = "&{cell.formula}', f"{left} = {cell.value}"
        if self.learns:
            swept = f"{self.moment.work(SWEPT_ROW)}=1"
            cut = sentence("unrolled", "not_swept")
            text = f'IF({swept},{text},"{cut}")'
            trace = self.moment.trace
            assert trace is not None
            now = now if self.moment.step in trace.steps else cut
        yield LINE_ROW, Cell(LABEL, "worked_bold", now, text)

    def value_now(self, symbol: Symbol) -> float:
        if not self.learns:
            return or_zero(self.moment.forward_value()(symbol))
        return or_zero(self.moment.backward_value()(symbol))

    def table(self, symbol: Symbol) -> int:
        """The row of a number of the line worked out."""
        if not self.learns:
            text = self.moment.forward_cell(symbol)
        elif self.own and symbol.name in self.work_rows:
            row = self.work_rows[symbol.name]
            at = f"{self.moment.work(STEP_ROW)}+{symbol.shift or 0}"
            text = self.own_index(row, at)
        else:
            text = self.moment.backward_cell(symbol)
        return self.working.number(symbol, self.write(symbol), text, self.value_now(symbol))

    def loss_row(self, name: str) -> Iterator[Cell]:
        derived = name in self.work_rows
        style = "gradient_label" if derived else "plain_label"
        label = self.write(Symbol(name, 0))
        if not derived:
            label = sentence("unrolled", "loss" if name == LOSS else "target", symbol=label)
        yield Cell(LABEL, style, label)
        for k in range(1, self.slots + 1):
            t = self.step_of(k)
            if derived:
                yield self.gradient_cell(name, k, "loss_value")
                continue
            target = self.given(TARGET, k) if TARGET in self.layout.rows else ""
            value = self.pass_trace.forward[name][t]
            text = self.given(name, k)
            if target:
                text = f'IF(ISNUMBER({target}),{text},"–")'
                if not self.pass_trace.counted(t):
                    yield Cell(slot(k), "loss_value", "–", text)
                    continue
            yield Cell(slot(k), "given_value" if name == TARGET else "loss_value", value, text)

    def between(self) -> Iterator[Cell]:
        for k in range(1, self.slots + 1):
            yield Cell(slot(k), "both_arrows", "▲▼" if self.learns else "▲")

    def label(self, symbol: str) -> str:
        says = gist(gist(self.model.quantities[symbol].says, ","))
        written = self.write(Symbol(symbol, 0))
        return f"{says}  {written}" if columns(says) <= MOST_SAID else written

    def values(self, lane: Lane) -> Iterator[Cell]:
        yield Cell(LABEL, "lane_label", self.label(lane.symbol))
        values = self.pass_trace.forward[lane.symbol]
        for k in range(self.slots + 1):
            value = values[self.step_of(k)]
            yield Cell(slot(k), "state_value", value, self.given(lane.symbol, k))
            if k < self.slots:
                yield Cell(slot(k) + 1, "forward_arrow", "▶")

    def gradients(self, lane: Lane) -> Iterator[Cell]:
        symbol = derivative_key(lane.symbol)
        yield Cell(LABEL, "gradient_label", self.write(Symbol(symbol, 0)))
        for k in range(self.slots + 1):
            yield self.gradient_cell(symbol, k, "state_gradient")
            if k < self.slots:
                yield Cell(slot(k) + 1, "backward_arrow", "◀")

    def gradient_cell(self, symbol: str, k: int, style: str) -> Cell:
        """A gradient, or nothing where the window does not sweep."""
        first, last = (self.moment.work(row) for row in (FIRST_ROW, LAST_ROW))
        t, time = self.step_of(k), self.time(k)
        state = symbol in {derivative_key(name) for name in self.model.state}
        least = f"{first}-1" if state else first
        text = f'IF(AND({time}>={least},{time}<={last}),{self.gradient(symbol, k)},"")'
        trace = self.moment.trace
        assert trace is not None
        inside = trace.first - state <= t <= self.moment.fires
        return Cell(slot(k), style, self.value(symbol, t) if inside else "", text)

    def factors(self, local: Expression) -> Iterator[Cell]:
        """What a gradient is multiplied by on the road, between two steps."""
        local = spelled_out(local, self.model.features)
        words = sentence("unrolled", "road", factor=self.write(local))
        yield Cell(LABEL, "plain_label", words)
        last = self.moment.trace.last if self.moment.trace else self.n

        for k in range(self.slots):
            t = self.step_of(k)

            def cell(symbol: Symbol, k: int = k) -> str:
                if symbol.name in self.pass_trace.coefficients:
                    return self.layout.setting_elsewhere(symbol.name)
                if symbol.shift is None:
                    at = f"{self.moment.work(LAST_ROW)}+1" if self.learns else "2"
                    return self.moment.index(symbol.name, at)
                return self.given(symbol.name, k + symbol.shift)

            text = Excel(cell=cell, cells=str)(local)
            lookup = self._factor_value(t, last)
            shown = f"×{fixed_text(evaluate(local, lookup), 2)}"
            yield Cell(slot(k) + 1, "road", shown, f'"×"&FIXED({text},2,TRUE)')

    def _factor_value(self, t: int, last: int):  # type: ignore[no-untyped-def]
        pass_trace = self.pass_trace

        def value(symbol: Symbol) -> float:
            if symbol.name in pass_trace.coefficients:
                return pass_trace.coefficients[symbol.name]
            if symbol.name in pass_trace.before:
                parameters = pass_trace.parameters_at(last)
                return (self.moment.trace.before if self.moment.trace else parameters)[symbol.name]
            return or_zero(pass_trace.forward[symbol.name][t + (symbol.shift or 0)])

        return value

    def gate(self, symbol: str) -> Iterator[Cell]:
        yield Cell(LABEL, "plain_label", self.label(symbol))
        for k in range(1, self.slots + 1):
            value = self.pass_trace.forward[symbol][self.step_of(k)]
            yield Cell(slot(k), "gate_value", value, self.given(symbol, k))

    def input(self, symbol: str) -> Iterator[Cell]:
        yield Cell(LABEL, "plain_label", self.label(symbol))
        for k in range(1, self.slots + 1):
            value = self.pass_trace.forward[symbol][self.step_of(k)]
            yield Cell(slot(k), "given_value", value, self.given(symbol, k))

    # The chart: from this step's own loss, and along the road.

    @property
    def drawn(self) -> str:
        """The state whose gradient is drawn."""
        return self.road[0] if self.road else self.lanes[0].symbol

    def data(self) -> Iterator[Row]:
        symbol = derivative_key(self.drawn)
        quantity = self.model.quantities[symbol]
        later = spelled_out(
            sum_of(tuple(t for t in quantity.terms if t.later)), self.model.features
        )
        heading = [Cell(TABLE, "heading", sentence("unrolled", "data"))]
        heading += [
            Cell(TABLE + k, "heading_number", float(self.step_of(k)), self.time(k))
            for k in range(1, self.slots + 1)
        ]
        yield Row(self.data_row, heading)
        first, last = (self.moment.work(row) for row in (FIRST_ROW, LAST_ROW))
        trace = self.moment.trace
        assert trace is not None
        own, road = [], []
        for k in range(1, self.slots + 1):
            t = self.step_of(k)
            inside = f"AND({self.time(k)}>={first},{self.time(k)}<={last})"
            if self.own and not self.windowed:
                text = Excel(cell=lambda s, t=t: self.work_cell(s, t), cells=str)(later)  # type: ignore[misc]
            else:
                text = self.along(later, k)
            value = 0.0
            if t in trace.steps:
                value = evaluate(later, backward_values(self.pass_trace, trace, t))
            road.append(Cell(TABLE + k, "heat", value, f"IF({inside},{text},0)"))
            place = f"{letters(TABLE + k)}{self.data_row + 2}"
            total = self.value(symbol, t) if t in trace.steps else 0.0
            whole = f"IF({inside},{self.gradient(symbol, k)},0)-{place}"
            own.append(Cell(TABLE + k, "heat", total - value, whole))
        words = {"symbol": self.write(Symbol(symbol, 0))}
        yield Row(
            self.data_row + 1,
            [Cell(TABLE, "plain_label", sentence("unrolled", "own", **words)), *own],
        )
        yield Row(
            self.data_row + 2,
            [Cell(TABLE, "plain_label", sentence("unrolled", "along", **words)), *road],
        )

    def along(self, later: Expression, k: int) -> str:
        """What comes along the road, where the step of a place is a formula."""

        def cell(symbol: Symbol) -> str:
            at = f"{self.time(k)}+{1 + (symbol.shift or 0)}"
            if symbol.name in self.work_rows:
                if not self.own:
                    return self.moment.in_window(symbol.name, at)
                return self.own_index(self.work_rows[symbol.name], f"{at}-1")
            if symbol.name in self.pass_trace.coefficients:
                return self.layout.setting_elsewhere(symbol.name)
            fires = f"{self.moment.work(LAST_ROW)}+1"
            if symbol.name in self.layout.trace.initial:
                at = fires if symbol.shift is None else f"MIN({at},{fires})"
            return self.layout.number(symbol.name, self.moment.index(symbol.name, at))

        return Excel(cell=cell, cells=str)(later)

    # The look.

    def set_up(self, sheet: Worksheet) -> None:
        last = max(slot(self.slots), slot(LEAST_SLOTS))
        set_widths(sheet, (LABEL_WIDTH,))
        set_widths(sheet, (VALUE_WIDTH, GAP_WIDTH) * max(self.slots + 1, LEAST_SLOTS), 2)
        self.moment.set_up(sheet, TITLE)
        sheet.freeze_panes = f"B{TIME_ROW + 1}"
        if self.slots >= SLOTS - 1:  # all of them on a first screen
            sheet.sheet_view.zoomScale = 85
        set_up_page(sheet)
        sheet.page_setup.fitToHeight = 1
        sheet.print_area = f"A1:{letters(last)}{self.data_row - 1}"
        fold(sheet)
        self.rules(sheet)
        if self.learns:
            self.chart(sheet)

    def rules(self, sheet: Worksheet) -> None:
        end = letters(slot(self.slots))
        step = self.moment.work(STEP_ROW)
        first_value = f"B${TIME_ROW}"
        whole = f"B{TIME_ROW}:{end}{max([*self.inputs.values(), *self.gates.values()])}"
        here = f"ISNUMBER({first_value}),{first_value}={step}"
        if self.moment.passes and self.moment.passes.lengths:
            # Behind the end of a sequence that is shorter than another.
            last, bottom = self.moment.last_step, max(self.inputs.values(), default=TIME_ROW)
            behind = f"AND(ISNUMBER({first_value}),{first_value}>{last})"
            arrow = f"AND(ISNUMBER(A${TIME_ROW}),A${TIME_ROW}>={last})"
            area = f"B{TIME_ROW}:{end}{bottom}"
            look_where(sheet, area, f"OR({behind},{arrow})", BEHIND, BEHIND)
        if self.learns:
            first, fires, scale = (
                self.moment.work(row) for row in (FIRST_ROW, LAST_ROW, SCALE_ROW)
            )
            gradient_rows = [lane.gradient for lane in self.lanes]
            gradient_rows += [r for name, r in self.losses.items() if name in self.work_rows]
            for row in gradient_rows:
                area = f"B{row}:{end}{row}"
                cell = f"B{row}"
                # What the window cuts off stands just before it.
                cut = f"AND(ISNUMBER({cell}),{first_value}={first}-1,{first}>1)"
                grey_where(sheet, area, cut, longest(VALUE_WIDTH, DECIMALS))
            areas = [f"B{row}:{end}{row}" for row in sorted(gradient_rows)]
            digits = self.moment.work(DIGITS_ROW)
            shade_by_tens(sheet, areas, scale, VALUE_WIDTH, DECIMALS, digits)
            if len(self.layout.windows) > 1:
                top, bottom = TIME_ROW, max(lane.gradient for lane in self.lanes)
                # The gap before the first step swept: the cut.
                area = f"C{top}:{end}{bottom}"
                test = f"AND(D${TIME_ROW}={first},{first}>1,B${TIME_ROW}={first}-1)"
                look_where(sheet, area, test, ink="FFFFFF", fill=CUT, bold=True)
                outside = (
                    f"AND(ISNUMBER({first_value}),OR({first_value}<{first},{first_value}>{fires}))"
                )
                look_where(sheet, f"B{TIME_ROW}:{end}{TIME_ROW}", outside, fill="A6A6A6")
            if LOSS in self.losses:
                row = self.losses[LOSS]
                chosen = self.moment.work(LOSS_ROW)
                starts = self.moment.work(LOSSES_ROW)
                inside = f"AND({first_value}>={starts},{first_value}<={fires})"
                test = f"AND(ISNUMBER(B{row}),IF({chosen}=0,{inside},{first_value}={chosen}))"
                look_where(sheet, f"B{row}:{end}{row}", test, dotted=True, bold=True)
        look_where(sheet, f"B{TIME_ROW}:{end}{TIME_ROW}", f"AND({here})", "FFFFFF", FOCUS)
        body = f"B{TIME_ROW + 1}:{whole.partition(':')[2]}"
        most = longest(VALUE_WIDTH, DECIMALS)
        look_where(sheet, body, f"AND({here})", ink=FOCUS, bold=True, most=most)
        for symbol, row in self.gates.items():
            low = 0.0 if is_gate(self.model.quantities[symbol]) else -1.0
            shade_gates(sheet, f"B{row}:{end}{row}", low=low)
        shown = [*self.losses.values(), *self.gates.values()]
        shown += [row for lane in self.lanes for row in (lane.value, lane.gradient)]
        digits = self.moment.work(DIGITS_ROW)
        put_in = [*self.inputs.values(), *(r for name, r in self.losses.items() if name == TARGET)]
        for row in put_in:
            show_digits(sheet, f"B{row}:{end}{row}", digits, VALUE_WIDTH, given=True)
        if self.learns and self.own:  # the backward pass of the sheet's own, folded below
            rows = [*self.work_rows.values(), *self.parameter_rows.values()]
            area = f"B{min(rows)}:{letters(slot(self.n + 1))}{max(rows)}"
            show_digits(sheet, area, digits, VALUE_WIDTH, NUMBER_DECIMALS)
        show_digits(sheet, f"B{TIME_ROW + 1}:{end}{max(shown)}", digits, VALUE_WIDTH)

    def chart(self, sheet: Worksheet) -> None:
        drawing = BarChart()
        drawing.type, drawing.grouping, drawing.overlap = "col", "stacked", 100
        symbol = self.write(Symbol(derivative_key(self.drawn), 0))
        drawing.title = sentence("unrolled", "chart", symbol=symbol)
        drawing.width, drawing.height = 25, 7.5
        data = Reference(sheet, TABLE, self.data_row + 1, TABLE + self.slots, self.data_row + 2)
        drawing.add_data(data, from_rows=True, titles_from_data=True)
        drawing.set_categories(
            Reference(sheet, TABLE + 1, self.data_row, TABLE + self.slots, self.data_row)
        )
        for series, colour in zip(drawing.series, (POSITIVES[0], NEGATIVES[0]), strict=True):
            series.graphicalProperties.solidFill = colour
            series.invertIfNegative = False
        drawing.x_axis.title = sentence("unrolled", "time")
        drawing.x_axis.delete = drawing.y_axis.delete = False
        drawing.x_axis.tickLblPos = "low"
        drawing.gapWidth = 60
        if drawing.legend is not None:
            drawing.legend.position = "b"
        sheet.add_chart(drawing, f"A{self.charts_row}")
