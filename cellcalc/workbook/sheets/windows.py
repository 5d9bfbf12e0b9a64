"""The sheet ``Windows``: truncation, and how far back each loss reaches, as a live heat map.

The triangle has the derivative of each loss by the state at each earlier step; what a truncation
does not sweep is struck out. Beside the windows of the scheme stands what full BPTT gives: for each
state step by step, and for all parameters with the angle between the two.

A loss reaches the state at s through the state at s + 1 alone, so that

    ∂E[τ]/∂p[s] = sum over the states q of ∂E[τ]/∂q[s+1] * K[q→p](s)

where K, the share of p in q one step later, is the backward pass of two steps with d q[s+1] = 1.
Those backward passes, and that of a loss within its own step, are worked out below the matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import Excel, Unicode
from cellcalc.language.tree import Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import COUNTED, LOSS, TARGET
from cellcalc.problems.sequences import or_zero
from cellcalc.resources import sentence
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.charts import Chart, Line, draw, size
from cellcalc.workbook.digits import MORE_DIGITS
from cellcalc.workbook.layout import (
    FIRST,
    Layout,
    title_of,
)
from cellcalc.workbook.moment import (
    DIGITS_ROW,
    NOTICE_ROW,
    SCALE_ROW,
    STEP_ROW,
    STRIP_ROW,
    WORK,
    Moment,
)
from cellcalc.workbook.sheets.gradients import (
    Rerun,
    forward_mode,
    updates_on_the_way,
)
from cellcalc.xlsx.cells import Cell, Row, Rows, absolute, letters
from cellcalc.xlsx.page import (
    BETWEEN,
    PAGE,
    fold,
    grey_where,
    longest,
    look_where,
    scale_to,
    set_up_page,
    set_widths,
    shade_by_tens,
    show_digits,
    whole_numbers,
)
from cellcalc.xlsx.styles import FOCUS, NUMBER_DECIMALS
from cellcalc.xlsx.writer import LINE_HEIGHT

TITLE = "Windows"
MOST_STEPS = 30  # of the matrices, which have a cell for each pair of steps
MOST_WINDOWS = 40  # that are listed
LABEL, FROM, CUT = 1, 2, 3  # columns
WIDTHS, STEP_WIDTH = (30, 12, 12), 9  # of the columns before the steps, and of those
MOST_ACROSS = 16  # steps across on a printed page
# Columns off the picture: how often each loss is counted, and how far back by the scheme itself.
COUNTS, OWN = WORK + 20, WORK + 21
K1_ROW, K2_ROW, SHARES = 6, 7, 8


def windows(book: Book) -> Iterator[Sheet]:
    """The sheet of the first pass; none without a loss in the steps that it shows."""
    if not book.seen.windows:
        return
    maker = _Windows(book.seen, book.moment, book.has("Gradients"))
    if maker.losses:
        rows = list(maker.rows())
        width = max(row.width for row in rows)
        yield Sheet(title_of(TITLE), Rows(rows, width, rows[-1].number), maker.set_up)


class _Windows:
    def __init__(self, layout: Layout, moment: Moment, with_gradients: bool) -> None:
        self.layout, self.model, self.moment = layout, layout.model, moment
        self.pass_trace = layout.pass_trace
        self.base: Rerun | None = None
        if updates_on_the_way(layout):
            first = {name: layout.first_value(name) for name in layout.trace.initial}
            self.base = Rerun(layout, 0, first, layout.pass_trace.before)
        self.work = Working(layout, self.base)
        self.full = forward_mode(layout) if with_gradients else None
        self.steps = min(layout.steps, MOST_STEPS)
        self.several = bool(moment.passes and moment.passes.several)
        sequences = layout.trace.specification.sequences if self.several else (layout.sequence,)
        has = [(*s.has_target, *[False] * (self.steps - s.steps)) for s in sequences]
        self.losses = [t for t in range(1, self.steps + 1) if any(there[t - 1] for there in has)]
        always = [t for t in self.losses if all(there[t - 1] for there in has)]
        self.last_loss = max(always or self.losses, default=0)
        if self.several:
            self.work.counts = lambda t: float(self.pass_trace.counted(t))
        self.states = self.model.state
        self.listed = layout.windows[:MOST_WINDOWS]
        self.number = SHARES + len(self.states) - 1  # the last row taken
        self.matrices = {state: self._take(len(self.losses) + 2) for state in self.states}
        several = len(layout.windows) > 1
        height = len(self.listed) + 4
        self.beside = {state: self._take(height) for state in self.states} if several else {}
        self.table = self._take(len(layout.trace.initial) + 4) if several else 0
        self.data = self._take(len(self.states) + 3)
        self.chart_row = self.number + 2
        self.number += 18
        self.folded = self.number + 2
        self.number += 1
        for block in (LOSS, *self.states):
            self.work.blocks[block] = self._take(self.work.height(block))
        if self.base is not None:
            top = self._take(len(self.model.forward) + 1)
            self.base.heading = top
            self.base.rows = {q.symbol: top + k for k, q in enumerate(self.model.forward, 1)}

    @property
    def lengths(self) -> tuple[int, int]:
        """k1 and k2 of the scheme; the whole sequence where it has none."""
        scheme, n = self.pass_trace.schedule.scheme, self.layout.steps
        return scheme.k1 or n, scheme.k2 or n

    def _take(self, height: int) -> int:
        """The first row of a block so high, with an empty row above it."""
        first = self.number + 2
        self.number = first + height - 1
        return first

    def rows(self) -> Iterator[Row]:
        rows = {row.number: row for row in self._rows()}
        moment = dict(self.moment.rows(TITLE))
        for number in sorted({*rows, *moment}):
            row = rows.get(number, Row(number, []))
            cells = sorted([*row.cells, *moment.get(number, [])], key=lambda cell: cell.column)
            folded = number > self.folded
            shut = number == self.folded
            yield replace(row, parts=cells, outline=int(folded), hidden=folded, collapsed=shut)

    def _rows(self) -> Iterator[Row]:
        shown = self.steps < self.layout.steps
        note = sentence("flow_sheet", "note_first" if shown else "note", steps=self.steps)
        title = sentence("flow_sheet", "title", title=self.layout.trace.specification.title)
        yield Row(1, [Cell(1, "title", title)], lines=2)
        yield Row(2, [Cell(1, "note", note)])
        yield Row(STRIP_ROW, self.moment.strip(TITLE))
        yield Row(NOTICE_ROW, [self.moment.notice()])
        k1, k2 = self.lengths
        for row, name, value in ((K1_ROW, "k1", k1), (K2_ROW, "k2", k2)):
            label = Cell(LABEL, "label", sentence("flow_sheet", name))
            beside = self.note(row, name)
            yield Row(row, [label, Cell(FROM, "pick", float(value)), beside])
        for row, state in enumerate(self.states, SHARES):
            yield self.share(row, state)
        for state in self.states:
            yield from self.matrix(state)
        for state in self.beside:
            yield from self.windows_beside(state)
        if self.table:
            yield from self.parameters()
        yield from self.decay()
        yield Row(self.folded, [Cell(1, "section", sentence("gradients", "working"))])
        for block in self.work.blocks:
            yield from self.working(block)
        if self.base is not None:
            yield from self.base.block(sentence("gradients", "start"))

    def windows_beside(self, state: str) -> Iterator[Row]:
        """The derivative of a state in each window, in full BPTT, and what is missing."""
        top, symbol = self.beside[state], derivative_key(state)
        write = self.model.unicode()
        title = sentence("flow_sheet", "beside", symbol=write(Symbol(symbol, 0)))
        yield Row(top, [Cell(1, "section", title)])
        heading = [Cell(1, "heading", sentence("flow_sheet", "window"))]
        heading += [Cell(k, "heading", None) for k in (FROM, CUT)]
        heading += [Cell(BEFORE + s, "heading_number", s) for s in range(1, self.steps + 1)]
        yield Row(top + 1, heading)
        kept = [0.0] * (self.steps + 1)
        quoted = self.layout.quoted
        for row, window in enumerate(self.listed, top + 2):
            trace = window.trace
            words = {"number": window.number, "first": trace.first, "last": trace.last}
            cells = [Cell(1, "label", sentence("flow_sheet", "sweeps", **words))]
            for t in trace.steps:
                if t <= self.steps:
                    value = trace.backward[symbol][t - trace.first]
                    kept[t] += value
                    place = f"{quoted}!{letters(FIRST + t)}{window.rows[symbol]}"
                    cells.append(Cell(BEFORE + t, "heat", value, place))
            yield Row(row, cells)
        row = top + 2 + len(self.listed)
        first, last = self.matrices[state] + 2, self.matrices[state] + 1 + len(self.losses)
        full, gap = [], []
        for s in range(1, self.steps + 1):
            at = step_column(s)
            whole = sum(
                self.counted(t)[1] * self.work.entry(state, t, s) for t in self.losses if t >= s
            )
            counts = f"{absolute(first, COUNTS)}:{absolute(last, COUNTS)}"
            text = f"SUMPRODUCT({counts},{at}{first}:{at}{last})"
            full.append(Cell(BEFORE + s, "heat", whole, text))
            windows = f"SUM({at}{top + 2}:{at}{row - 1})"
            gap.append(Cell(BEFORE + s, "heat", whole - kept[s], f"{at}{row}-{windows}"))
        yield Row(row, [Cell(1, "label", sentence("flow_sheet", "full")), *full])
        yield Row(row + 1, [Cell(1, "label", sentence("flow_sheet", "missing")), *gap])

    def counted(self, t: int) -> tuple[str, float]:
        """How much the windows count the loss of a step, taken together."""
        sweeping = [w for w in self.layout.windows if t in w.trace.steps]
        at = letters(FIRST + t)
        places = [f"{self.layout.quoted}!{at}{w.rows[COUNTED]}" for w in sweeping]
        value = sum(w.trace.backward[COUNTED][t - w.trace.first] for w in sweeping)
        return "+".join(places) or "0", value

    def parameters(self) -> Iterator[Row]:
        """The gradients of all windows added up beside the full one, and the angle between."""
        top, names = self.table, list(self.layout.trace.initial)
        quoted, listed = self.layout.quoted, self.layout.windows[:400]
        yield Row(top, [Cell(1, "section", sentence("flow_sheet", "parameters"))])
        titles = ["parameter", "sum"] + (["slope", "missing"] if self.full else [])
        heading = [
            Cell(k, "heading", sentence("flow_sheet", title)) for k, title in enumerate(titles, 1)
        ]
        shown = self.listed[:MOST_STEPS]
        heading += [
            Cell(
                BEFORE + 2 + k, "heading", sentence("flow_sheet", "window_number", number=w.number)
            )
            for k, w in enumerate(shown)
        ]
        yield Row(top + 1, heading)
        sums, slopes = [], []
        for row, name in enumerate(names, top + 2):
            symbol = derivative_key(name)
            total = sum(w.trace.gradients[symbol] for w in listed)
            sums.append(total)
            text = "+".join(f"{quoted}!{w.total(symbol)}" for w in listed)
            cells = [Cell(1, "parameter_symbol", name), Cell(2, "total", total, text)]
            if self.full:
                place, slope = self.full[name]
                slopes.append(slope)
                cells.append(Cell(3, "total", slope, place))
                cells.append(Cell(4, "heat", slope - total, f"C{row}-B{row}"))
            for k, window in enumerate(shown):
                value = window.trace.gradients[symbol]
                place = f"{quoted}!{window.total(symbol)}"
                cells.append(Cell(BEFORE + 2 + k, "heat", value, place))
            yield Row(row, cells)
        if self.full:
            a, b = (f"{k}{top + 2}:{k}{top + 1 + len(names)}" for k in "BC")
            lengths = f"MAX(SQRT(SUMSQ({a})*SUMSQ({b})),1E-300)"
            angle_of = f"ACOS(MAX(-1,MIN(1,SUMPRODUCT({a},{b})/{lengths})))*180/PI()"
            text = f'IFERROR({angle_of},"{sentence("sheet", "too_large")}")'
            length = max(math.sqrt(_dot(sums, sums) * _dot(slopes, slopes)), 1e-300)
            angle = math.degrees(math.acos(max(-1.0, min(1.0, _dot(sums, slopes) / length))))
            label = Cell(1, "label", sentence("flow_sheet", "angle"))
            cells = [label, Cell(2, "degrees", angle, text)]
            yield Row(top + 2 + len(names), cells)

    def swept_from(self, loss: int) -> int:
        """The first step to which a window takes the loss back; after it where none counts it."""
        windows = self.pass_trace.schedule.windows
        sweeping = [w.first for w in windows if w.injects_from <= loss <= w.fires_at]
        return min(sweeping, default=loss + 1)

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
            k1, k2 = (
                f"IF(ISNUMBER({cell}),MAX(1,INT({cell})),{n})"
                for cell in (absolute(K1_ROW, FROM), absolute(K2_ROW, FROM))
            )
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
            # As long as k1 and k2 are those of the scheme, so is how it treats ends and losses.
            typed = (absolute(K1_ROW, FROM), absolute(K2_ROW, FROM))
            same = ",".join(f"{cell}={k}" for cell, k in zip(typed, self.lengths, strict=True))
            own = f"{letters(OWN)}{row}"
            cells = [
                Cell(LABEL, "heading_number", loss),
                Cell(FROM, "whole", start, f"IF(AND({same}),{own},MAX(1,{fires}-{k2}+1))"),
                Cell(CUT, "heat", lost, cut),
            ]
            for s in range(1, loss + 1):
                text = self.entry_formula(state, row, loss, s)
                cells.append(Cell(BEFORE + s, "heat", self.work.entry(state, loss, s), text))
            text, value = self.counted(loss)
            cells.append(Cell(COUNTS, "small_number", value, text))
            cells.append(Cell(OWN, "small_number", float(start)))
            yield Row(row, cells)

    def note(self, row: int, name: str) -> Cell:
        """What a length means, or that another one than what was typed is taken."""
        n, cell = self.layout.steps, absolute(row, FROM)
        note = sentence("flow_sheet", f"{name}_note", last=n)
        taken = f"IF(ISNUMBER({cell}),MIN({n},MAX(1,INT({cell}))),{n})"
        before, after = sentence("flow_sheet", "no_length", last=n, taken="\x01").split("\x01")
        wrong = f'"{before}"&{taken}&"{after}"'
        text = f'IF({taken}=IF(ISNUMBER({cell}),{cell},0),"{note}",{wrong})'
        return Cell(CUT, "note", note, text)

    def target(self, t: int) -> str:
        """The cell with the target of a step."""
        return f"{self.layout.quoted}!{self.layout.cell(TARGET, t)}"

    def entry_formula(self, state: str, row: int, loss: int, s: int) -> str:
        if s == loss:
            return f"{step_column(s)}{self.work.place(LOSS, f'd{state}', 0)}"
        if s in self.pass_trace.schedule.resets:
            return "0"
        terms = []
        for q in self.states:
            later = f"{step_column(s + 1)}{self.matrices[q] + row - self.matrices[state]}"
            terms.append(f"{later}*{step_column(s)}{self.work.place(q, f'd{state}', 0)}")
        return "+".join(terms)

    def decay(self) -> Iterator[Row]:
        """The last loss's derivatives by size, and the carousel's product beside them."""
        loss = self.last_loss
        row = self.losses.index(loss) + 2
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
        return self.work.run.forward[symbol.name][s + (symbol.shift or 0)]

    def working(self, block: str) -> Iterator[Row]:
        top, is_loss = self.work.blocks[block], block == LOSS
        name = "working_loss" if is_loss else "working_state"
        yield Row(top, [Cell(1, "section", sentence("flow_sheet", name, state=block))])
        steps = self.losses if is_loss else list(range(1, self.steps))
        seed = sentence(
            "flow_sheet", "seed" if is_loss else "seed_later", symbol=derivative_key(block)
        )
        seeds = [Cell(BEFORE + t, "whole", 1.0) for t in steps]
        if is_loss and self.several:  # another sequence may have no target there
            counts = self.work.counts
            seeds = [
                Cell(BEFORE + t, "whole", counts(t), f"IF(ISNUMBER({self.target(t)}),1,0)")
                for t in steps
            ]
        yield Row(top + 1, [Cell(1, "label", seed), *seeds])
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
        set_widths(sheet, (*WIDTHS, *[STEP_WIDTH] * max(self.steps, len(self.listed) + 2)))
        fold(sheet)
        self.moment.set_up(sheet, TITLE)
        n = self.layout.steps
        for row, name in ((K1_ROW, "k1"), (K2_ROW, "k2")):
            title = sentence("flow_sheet", name)
            prompt = sentence("flow_sheet", f"{name}_note", last=n)
            whole_numbers(sheet, f"{letters(FROM)}{row}", (1, n), title, prompt)
        step = self.moment.work(STEP_ROW)
        shaded: list[str] = []
        for state in self.states:
            area = self.area(state)
            first = area.partition(":")[0]
            top = self.matrices[state] + 1
            test = f"AND(ISNUMBER({first}),{step_column(1)}${top}<$B{top + 1})"
            grey_where(sheet, area, test, longest(STEP_WIDTH, NUMBER_DECIMALS))
            shaded.append(area)
            here = f"{step_column(1)}{top}:{step_column(self.steps)}{top}"
            look_where(sheet, here, f"{step_column(1)}{top}={step}", "FFFFFF", FOCUS)
        for state, top in self.beside.items():
            last = top + 3 + len(self.listed)
            area = f"{step_column(1)}{top + 2}:{step_column(self.steps)}{last}"
            shaded.append(area)
            here = f"{step_column(1)}{top + 1}:{step_column(self.steps)}{top + 1}"
            look_where(sheet, here, f"{step_column(1)}{top + 1}={step}", "FFFFFF", FOCUS)
            del state
        if shaded:
            scale, digits = self.moment.work(SCALE_ROW), self.digits
            width = STEP_WIDTH - BETWEEN
            shade_by_tens(sheet, shaded, scale, width, NUMBER_DECIMALS, digits)
            for area in shaded:
                # With the column before it is another area than that of the colours.
                first, _, corner = area.partition(":")
                area = f"{step_column(0)}{first.removeprefix(step_column(1))}:{corner}"
                show_digits(sheet, area, digits, width, NUMBER_DECIMALS)
        loss = self.last_loss
        if loss > 1:
            has_product = self.model.carousel is not None
            lines = (Line("", ()),) * (len(self.states) + has_product)
            steps = Line("", (("", 0.0),) * loss)
            title = sentence("flow_sheet", "decay", loss=loss)
            chart = Chart(title, sentence("charts", "step"), steps, lines, logarithmic=True)
            drawing = draw(sheet, chart, self.data + 1)
            drawing.width = 24
            # Columns that are printed on every page would have their part of it on each.
            place = "A" if self.steps <= MOST_ACROSS else step_column(1)
            sheet.add_chart(drawing, f"{place}{self.chart_row}")
        sheet.freeze_panes = f"B{NOTICE_ROW + 1}"
        self.print(sheet)

    def print(self, sheet: Worksheet) -> None:
        """Pages of whole blocks, and so many steps across that they can be read."""
        set_up_page(sheet)
        across = max(self.steps, len(self.listed) + 2, 11)
        pages = -(-across // MOST_ACROSS)
        across = -(-across // pages)
        scale = scale_to(sheet, [*WIDTHS, *[STEP_WIDTH] * across])
        for page in range(1, pages):
            sheet.col_breaks.append(Break(id=BEFORE + page * across))
        sheet.print_title_cols = f"A:{letters(BEFORE)}"
        last = self.folded - 1
        sheet.print_area = f"A1:{step_column(across * pages)}{last}"
        blocks = [*self.matrices.values(), *self.beside.values(), self.table, self.data]
        tops = sorted({top for top in blocks if top})
        room, start = PAGE[1] / LINE_HEIGHT * 100 / scale, 1
        for top, end in zip(tops, [*tops[1:], last + 1], strict=True):
            if end - start > room and top > start:
                sheet.row_breaks.append(Break(id=top - 1))
                start = top

    @property
    def digits(self) -> str:
        """How many are shown, as a formula."""
        return f"({self.moment.work(DIGITS_ROW)}+{MORE_DIGITS})"


def _dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


BEFORE = 3  # step t stands in the column after this by t


def step_column(t: int) -> str:
    """The letters of the column of step t."""
    return letters(BEFORE + t)


class Working:
    """The rows of the blocks, their formulas and values; ``blocks`` is where each begins.

    ``base`` is the forward pass without updates on the way, where there are some.
    """

    def __init__(self, layout: Layout, base: Rerun | None = None) -> None:
        self.layout, self.model, self.pass_trace = layout, layout.model, layout.pass_trace
        self.base = base
        self.run = base.pass_trace if base is not None else layout.pass_trace
        self.states = self.model.state
        self.derived = {row.symbol: row for row in self.model.backward if row.formula is not None}
        ends = [derivative_key(state) for state in self.states]
        self.own = self._needed(ends)  # rows of a step, from its loss to its states
        reads = {s.name for end in self.own for s in self._symbols(end) if s.shift == 1}
        self.later = [name for name in self._needed(sorted(reads)) if name not in ends]
        self.blocks: dict[str, int] = {}
        self.counts: Callable[[int], float] = lambda _: 1.0  # the loss of a step
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
            return self.layout.setting_elsewhere(name)
        if name in self.pass_trace.before:
            return self.layout.first_value(name)
        at = t + late + shift
        if shift == -1 and at in self.pass_trace.schedule.resets:
            at = 0
        if self.base is not None and name in self.base.rows:
            return f"{letters(FIRST + at)}{self.base.rows[name]}"
        return self.layout.number(name, f"{self.layout.quoted}!{self.layout.cell(name, at)}")

    def _value(self, block: str, name: str, late: int, t: int) -> float:
        def value(symbol: Symbol) -> float:
            shift = symbol.shift or 0
            if symbol.name in self.model.derivatives:
                seed = self.seed(block, symbol.name, late + shift)
                if seed is None:
                    return self.value(block, symbol.name, late + shift, t)
                return seed * self.counts(t) if block == LOSS else seed
            for given in (self.pass_trace.coefficients, self.pass_trace.before):
                if symbol.name in given:
                    return given[symbol.name]
            at = t + late + shift
            if shift == -1 and at in self.pass_trace.schedule.resets:
                at = 0
            values = self.run.forward[symbol.name]
            return or_zero(values[at]) if at < len(values) else 0.0

        return evaluate(self.formula(block, name, late), value)

    def _entry(self, state: str, loss: int, s: int) -> float:
        """∂E[loss]/∂state[s]."""
        if s == loss:
            return self.value(LOSS, derivative_key(state), 0, s)
        if s in self.pass_trace.schedule.resets:
            return 0.0
        return sum(
            self.entry(q, loss, s + 1) * self.value(q, derivative_key(state), 0, s)
            for q in self.states
        )
