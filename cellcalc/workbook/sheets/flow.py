"""The sheet ``Flow``: how much each loss depends on each earlier cell, as a live heat map.

A loss reaches the state at s through the state at s + 1 alone, so that

    ∂E[τ]/∂p[s] = sum over the states q of ∂E[τ]/∂q[s+1] * K[q→p](s)

where K, the share of p in q one step later, is the backward pass of two steps with d q[s+1] = 1.
Those backward passes, and that of a loss within its own step, are worked out below the matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.errors import OptionError
from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import Excel, Unicode
from cellcalc.language.tree import Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import COUNTED, LOSS
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.layout import FIRST, Layout, column
from cellcalc.workbook.sheets.charts import Chart, Line, draw, size
from cellcalc.xlsx.cells import Cell, Row, Rows, absolute, letters
from cellcalc.xlsx.page import grey_where, set_up_page, set_widths, shade_gradients, show_scientific

MOST_STEPS = 30  # of the matrices, which have a cell for each pair of steps
LABEL, FROM, CUT = 1, 2, 3  # columns
K1_ROW, K2_ROW, SHARES = 3, 4, 5


def flow_sheet(book: Book) -> Iterator[Sheet]:
    """The sheet; none without a loss in the steps that it shows.

    Raises :class:`~cellcalc.errors.OptionError` where parameters or the state are changed on the
    way, or losses injected otherwise than once: it shows one unrolled network.
    """
    layout = book.first
    scheme, windows = layout.pass_trace.schedule.scheme, layout.pass_trace.schedule.windows
    changed = any(w.resets or (w.updates and w.fires_at < layout.steps) for w in windows)
    if changed or scheme.inject != "new" or scheme.tail != "flush":
        expected = "a scheme such as full, without updates on the way, with the sheet Flow"
        raise OptionError("--sheets", expected, scheme.name)
    maker = _Flow(layout)
    if maker.losses:
        rows = list(maker.rows())
        width = max(cell.column for row in rows for cell in row.cells)
        yield Sheet("Flow", Rows(rows, width, rows[-1].number), maker.set_up)


class _Flow:
    def __init__(self, layout: Layout) -> None:
        self.layout, self.model, self.pass_trace = layout, layout.model, layout.pass_trace
        self.work = Working(layout)
        self.steps = min(layout.steps, MOST_STEPS)
        has = layout.trace.specification.sequences[layout.pass_trace.sequence - 1].has_target
        self.losses = [t for t in range(1, self.steps + 1) if has[t - 1]]
        self.states = self.model.state
        self.number = SHARES + len(self.states) - 1  # the last row taken
        self.matrices = {state: self._take(len(self.losses) + 2) for state in self.states}
        self.data = self._take(len(self.states) + 3)
        for block in (LOSS, *self.states):
            self.work.blocks[block] = self._take(self.work.height(block))

    def _take(self, height: int) -> int:
        """The first row of a block so high, with an empty row above it."""
        first = self.number + 2
        self.number = first + height - 1
        return first

    def rows(self) -> Iterator[Row]:
        scheme = self.pass_trace.schedule.scheme
        shown = self.steps < self.layout.steps
        note = sentence("flow_sheet", "note_first" if shown else "note", steps=self.steps)
        yield Row(1, [Cell(1, "title", sentence("flow_sheet", "title"))], lines=2)
        yield Row(2, [Cell(1, "note", note)])
        for row, name, value in ((K1_ROW, "k1", scheme.k1), (K2_ROW, "k2", scheme.k2)):
            label = Cell(LABEL, "label", sentence("flow_sheet", name))
            yield Row(row, [label, Cell(FROM, "pick", value)])
        for row, state in enumerate(self.states, SHARES):
            yield self.share(row, state)
        for state in self.states:
            yield from self.matrix(state)
        yield from self.decay()
        for block in self.work.blocks:
            yield from self.working(block)

    def swept_from(self, loss: int) -> int:
        scheme, n = self.pass_trace.schedule.scheme, self.layout.steps
        k1, k2 = scheme.k1 or n, scheme.k2 or n
        return max(1, min(n, (loss + k1 - 1) // k1 * k1) - k2 + 1)

    def area(self, state: str) -> str:
        first = self.matrices[state] + 2
        last = first + len(self.losses) - 1
        return f"{step_column(1)}{first}:{step_column(self.steps)}{last}"

    def share(self, row: int, state: str) -> Row:
        first = self.matrices[state] + 2
        cut = f"{letters(CUT)}{first}:{letters(CUT)}{first + len(self.losses) - 1}"
        area = self.area(state)
        text = f'SUM({cut})/MAX(SUMIF({area},">0")-SUMIF({area},"<0"),1E-300)'
        pairs = [(loss, s) for loss in self.losses for s in range(1, loss + 1)]
        whole = sum(abs(self.work.entry(state, *pair)) for pair in pairs)
        lost = sum(abs(self.work.entry(state, t, s)) for t, s in pairs if s < self.swept_from(t))
        label = Cell(LABEL, "label", sentence("flow_sheet", "share", state=state))
        return Row(row, [label, Cell(FROM, "percent", lost / max(whole, 1e-300), text)])

    def matrix(self, state: str) -> Iterator[Row]:
        top, n = self.matrices[state], self.layout.steps
        title = sentence("flow_sheet", "matrix", state=state)
        yield Row(top, [Cell(1, "section", title)])
        names = ("loss", "from", "cut")
        heading = [
            Cell(k, "heading", sentence("flow_sheet", name)) for k, name in enumerate(names, 1)
        ]
        steps = range(1, self.steps + 1)
        yield Row(top + 1, [*heading, *(Cell(BEFORE + s, "heading_number", s) for s in steps)])
        for row, loss in enumerate(self.losses, top + 2):
            k1, k2 = f"MAX(1,{absolute(K1_ROW, FROM)})", absolute(K2_ROW, FROM)
            fires = f"MIN({n},INT(({letters(LABEL)}{row}+{k1}-1)/{k1})*{k1})"
            start = self.swept_from(loss)
            here = f"{step_column(1)}{row}:{step_column(loss)}{row}"
            ruler = f"{step_column(1)}${top + 1}:{step_column(loss)}${top + 1}"
            lost = sum(
                abs(self.work.entry(state, loss, s)) for s in range(1, loss + 1) if s < start
            )
            cut = "-".join(  # the sizes: what is positive less what is negative
                f'SUMIFS({here},{here},"{sign}0",{ruler},"<"&{letters(FROM)}{row})' for sign in "><"
            )
            cells = [
                Cell(LABEL, "heading_number", loss),
                Cell(FROM, "whole", start, f"MAX(1,{fires}-{k2}+1)"),
                Cell(CUT, "heat", lost, cut),
            ]
            for s in range(1, loss + 1):
                text = self.entry_formula(state, row, loss, s)
                cells.append(Cell(BEFORE + s, "heat", self.work.entry(state, loss, s), text))
            yield Row(row, cells)

    def entry_formula(self, state: str, row: int, loss: int, s: int) -> str:
        if s == loss:
            return f"{step_column(s)}{self.work.place(LOSS, f'd{state}', 0)}"
        terms = []
        for q in self.states:
            later = f"{step_column(s + 1)}{self.matrices[q] + row - self.matrices[state]}"
            terms.append(f"{later}*{step_column(s)}{self.work.place(q, f'd{state}', 0)}")
        return "+".join(terms)

    def decay(self) -> Iterator[Row]:
        """The last loss's derivatives by size, and the carousel's product beside them."""
        loss = self.losses[-1]
        row = len(self.losses) + 1
        yield Row(self.data, [Cell(1, "section", sentence("flow_sheet", "decay", loss=loss))])
        steps = range(1, loss + 1)
        heading = Cell(1, "heading", sentence("charts", "step"))
        yield Row(self.data + 1, [heading, *(Cell(1 + s, "heading_number", s) for s in steps)])
        for number, line in enumerate(self.lines(loss, row), self.data + 2):
            cells = [Cell(1, "label", line.label)]
            cells += [Cell(1 + s, "heat", v, text) for s, (text, v) in enumerate(line.cells, 1)]
            yield Row(number, cells)

    def lines(self, loss: int, row: int) -> Iterator[Line]:
        for state in self.states:
            places = [f"{step_column(s)}{self.matrices[state] + row}" for s in range(1, loss + 1)]
            cells = tuple(
                size(place, self.work.entry(state, loss, s)) for s, place in enumerate(places, 1)
            )
            yield Line(sentence("flow_sheet", "size", state=state, loss=loss), cells)
        if self.model.carousel is None:
            return
        local = spelled_out(self.model.carousel[1], self.model.features)
        number = self.data + 2 + len(self.states)
        found, product = [("1", 1.0)], 1.0
        for s in range(loss - 1, 0, -1):
            product *= evaluate(local, lambda symbol, s=s: self._forward(symbol, s))  # type: ignore[misc]
            reference = Excel(
                cell=lambda symbol, s=s: self.work.cell(LOSS, symbol, 0, s),  # type: ignore[misc]
                cells=lambda symbol: symbol.name,
            )(local)
            found.append((f"{letters(2 + s)}{number}*({reference})", product))
        written = Unicode(derivatives=self.model.derivatives)(local)
        yield Line(sentence("charts", "product", factor=written), tuple(reversed(found)))

    def _forward(self, symbol: Symbol, s: int) -> float:
        for given in (self.pass_trace.coefficients, self.pass_trace.before):
            if symbol.name in given:
                return given[symbol.name]
        return self.pass_trace.forward[symbol.name][s + (symbol.shift or 0)]

    def working(self, block: str) -> Iterator[Row]:
        top, is_loss = self.work.blocks[block], block == LOSS
        name = "working_loss" if is_loss else "working_state"
        yield Row(top, [Cell(1, "section", sentence("flow_sheet", name, state=block))])
        steps = self.losses if is_loss else list(range(1, self.steps))
        seed = sentence(
            "flow_sheet", "seed" if is_loss else "seed_later", symbol=derivative_key(block)
        )
        yield Row(
            top + 1, [Cell(1, "label", seed), *(Cell(BEFORE + t, "whole", 1.0) for t in steps)]
        )
        wanted = [] if is_loss else [(name, 1) for name in self.work.later]
        for symbol, late in [*wanted, *((name, 0) for name in self.work.own)]:
            row = self.work.place(block, symbol, late)
            expression = self.work.formula(block, symbol, late)
            when = "t+1" if late else "t"
            cells = [Cell(LABEL, "label", f"{symbol}[{when}]")]
            for t in steps:
                text = Excel(
                    cell=lambda s, late=late, t=t: self.work.cell(block, s, late, t),  # type: ignore[misc]
                    cells=lambda s: s.name,
                )(expression)
                value = self.work.value(block, symbol, late, t)
                cells.append(Cell(BEFORE + t, "heat", value, text))
            yield Row(row, cells)

    def set_up(self, sheet: Worksheet) -> None:
        set_widths(sheet, (28, 12, 12, *(9,) * self.steps))
        for state in self.states:
            area = self.area(state)
            first = area.partition(":")[0]
            top = self.matrices[state] + 1
            test = f"AND(ISNUMBER({first}),{step_column(1)}${top}<$B{top + 1})"
            grey_where(sheet, area, test)
            shade_gradients(sheet, area)
            show_scientific(sheet, area)
        loss = self.losses[-1]
        if loss > 1:
            has_product = self.model.carousel is not None
            lines = (Line("", ()),) * (len(self.states) + has_product)
            steps = Line("", (("", 0.0),) * loss)
            title = sentence("flow_sheet", "decay", loss=loss)
            chart = Chart(title, sentence("charts", "step"), steps, lines, logarithmic=True)
            drawing = draw(sheet, chart, self.data + 1)
            sheet.add_chart(drawing, f"{letters(BEFORE + max(self.steps, 4) + 2)}{K1_ROW}")
        sheet.freeze_panes = "B3"
        set_up_page(sheet)


BEFORE = 3  # step t stands in the column after this by t


def step_column(t: int) -> str:
    """The letters of the column of step t."""
    return letters(BEFORE + t)


class Working:
    """The rows of the blocks, their formulas and values; ``blocks`` is where each begins."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.model, self.pass_trace = layout, layout.model, layout.pass_trace
        self.states = self.model.state
        self.parameters = layout.windows[0].parameters_at if layout.windows else column(1)
        self.derived = {row.symbol: row for row in self.model.backward if row.formula is not None}
        ends = [derivative_key(state) for state in self.states]
        self.own = self._needed(ends)  # rows of a step, from its loss to its states
        reads = {s.name for end in self.own for s in self._symbols(end) if s.shift == 1}
        self.later = [name for name in self._needed(sorted(reads)) if name not in ends]
        self.blocks: dict[str, int] = {}
        self.value: Callable[[str, str, int, int], float] = cache(self._value)
        self.entry: Callable[[str, int, int], float] = cache(self._entry)

    def height(self, block: str) -> int:
        """How many rows a block has, its title and its seed among them."""
        return len(self.own) + 2 + (0 if block == LOSS else len(self.later))

    def _symbols(self, name: str) -> list[Symbol]:
        formula = self.derived[name].formula
        assert formula is not None
        return list(symbols(spelled_out(formula, self.model.features)))

    def _needed(self, ends: list[str]) -> list[str]:
        """The rows of one step that lead to the given ones, in the order of computation."""
        wanted, found = list(ends), set[str]()
        while wanted:
            name = wanted.pop()
            if name in self.derived and name not in found:
                found.add(name)
                if self.derived[name].derivative_of not in self.states or name in ends:
                    wanted += [s.name for s in self._symbols(name) if s.shift == 0]
        return [name for name in self.derived if name in found]

    def place(self, block: str, name: str, late: int) -> int:
        """The row of a derivative in a block; ``late`` 1 for the step after the column's."""
        first = self.blocks[block] + 2
        if block == LOSS:
            return first + self.own.index(name)
        if late:
            return first + self.later.index(name)
        return first + len(self.later) + self.own.index(name)

    def formula(self, block: str, name: str, late: int) -> Expression:
        """What a derivative is there: at the last step nothing flows back from beyond it."""
        row = self.derived[name]
        assert row.formula is not None
        ends = block == LOSS or late
        found = self.model.leaving.get(name, row.formula) if ends else row.formula
        return spelled_out(found, self.model.features)

    def seed(self, block: str, name: str, late: int) -> float | None:
        """The derivative that a block is given instead of working it out; None for others."""
        if name == COUNTED:
            return 1.0 if block == LOSS else 0.0
        if late and self.derived[name].derivative_of in self.states:
            return 1.0 if name == derivative_key(block) else 0.0
        return None

    def cell(self, block: str, symbol: Symbol, late: int, t: int) -> str:
        """The cell of a symbol in an equation of the block, in the column of step t."""
        name, shift = symbol.name, symbol.shift or 0
        if name in self.model.derivatives:
            seed = self.seed(block, name, late + shift)
            if seed is not None:
                here = f"{step_column(t)}{self.blocks[block] + 1}"
                return here if seed else "0"
            return f"{step_column(t)}{self.place(block, name, late + shift)}"
        if name in self.pass_trace.coefficients:
            return f"{self.layout.quoted}!{absolute(self.layout.rows[name], FIRST)}"
        if name in self.pass_trace.before:
            return f"{self.layout.quoted}!{absolute(self.layout.rows[name], self.parameters)}"
        return f"{self.layout.quoted}!{self.layout.cell(name, t + late + shift)}"

    def _value(self, block: str, name: str, late: int, t: int) -> float:
        def value(symbol: Symbol) -> float:
            shift = symbol.shift or 0
            if symbol.name in self.model.derivatives:
                seed = self.seed(block, symbol.name, late + shift)
                return self.value(block, symbol.name, late + shift, t) if seed is None else seed
            for given in (self.pass_trace.coefficients, self.pass_trace.before):
                if symbol.name in given:
                    return given[symbol.name]
            return or_zero(self.pass_trace.forward[symbol.name][t + late + shift])

        return evaluate(self.formula(block, name, late), value)

    def _entry(self, state: str, loss: int, s: int) -> float:
        """∂E[loss]/∂state[s]."""
        if s == loss:
            return self.value(LOSS, derivative_key(state), 0, s)
        return sum(
            self.entry(q, loss, s + 1) * self.value(q, derivative_key(state), 0, s)
            for q in self.states
        )
