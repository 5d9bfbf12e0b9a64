"""The sheet ``Train``: a pass a row, from its first parameters to those that the next begins with.

To the right, folded, stands all that a pass computes, forward and backward, one column a number.
Every row has the same formulas, so each column is one formula filled down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from openpyxl.chart import LineChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.optimizer import NORM_MARGIN, clip_factor, rules
from cellcalc.engine.run import run_model
from cellcalc.engine.schedule import Schedule
from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.errors import OutputError
from cellcalc.language.keys import COUNT, derivative_key, memory_key
from cellcalc.language.notation import Excel
from cellcalc.language.tree import Expression, Symbol, spelled_out
from cellcalc.model.model import LOSS, TARGET, Quantity
from cellcalc.problems.schemes import RandomLengths
from cellcalc.problems.sequences import Sequence, or_zero
from cellcalc.problems.templates import counts_updates
from cellcalc.resources import sentence
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.formulas import rule_formula
from cellcalc.workbook.layout import (
    Layout,
    Taken,
    clips,
    free_parameters,
    lay_out_chosen,
    setting_values,
    sheet_of,
    title_of,
)
from cellcalc.workbook.moment import WORDS_ROW, WORK, Choosable
from cellcalc.xlsx.cells import MAX_COLUMNS, Cell, Remade, Row, Rows, absolute, letters, literal
from cellcalc.xlsx.page import set_up_page, set_width, set_widths, show_scientific

TITLE, CHOSEN_TITLE = "Train", "Chosen pass"
PASS, EPOCH, SEQUENCE, LOSS_AT, RECENT = 1, 2, 3, 4, 5  # columns
FIRST = 7  # the first column of numbers of a pass
NAMES, VALUES = 4, 5  # rows of what does not change: settings, initial state
CHART_ROWS = 12
MOST_PRINTED = 12  # columns of numbers of a pass
MOST_CELLS = 500_000
Key = tuple[str, str, int, int]  # what kind, which symbol, window or version, step


def can_train(book: Book) -> bool:
    """Whether the passes fit on one sheet: not too many numbers, and all epochs alike."""
    trace = book.trace
    if not trace.model.loss or isinstance(trace.scheme.windows, RandomLengths):
        return False
    first = trace.passes[: len(trace.specification.sequences)]
    if trace.scheme.update == "epoch" and not all(one.windows for one in first):
        return False  # a row adds its gradients to those of the row above
    widest = max(trace.passes[: len(trace.specification.sequences)], key=lambda p: p.steps)
    rows = len(trace.model.forward) + len(trace.model.backward)
    swept = sum(len(w.steps) for w in widest.windows)
    columns = rows * (widest.steps + swept) + 12 * len(trace.initial) * max(1, len(widest.windows))
    return columns < MAX_COLUMNS - 200 and columns * len(trace.passes) <= MOST_CELLS


def train(book: Book) -> Iterator[Sheet]:
    """The sheet; none where a single pass stands on BPTT anyway, or nothing is learned."""
    if not book.trace.model.loss or len(book.trace.passes) < 2:
        return
    if not can_train(book):
        if book.asked(TITLE):
            raise OutputError(f"workbook: expected fewer than {MOST_CELLS:,} numbers on {TITLE}")
        return
    maker = _Train(book)
    yield Sheet(title_of(TITLE), Rows(Remade(maker.rows), maker.width, maker.last), maker.set_up)


@dataclass(frozen=True)
class Passes:
    """Where another sheet finds what a pass begins with, and the data of a sequence."""

    maker: _Train

    def begins(self, symbol: str, number: str) -> str:
        """A formula: what a parameter or a row of the optimizer is before a pass."""
        kind = "p" if symbol in self.maker.trace.initial else "n" if symbol == COUNT else "m"
        rows = self.maker.first, self.maker.last
        return self._index(self.maker.columns[kind, symbol, 0, 0], rows, number)

    def loss(self, number: str) -> str:
        """A formula: the loss of a pass."""
        return self._index(LOSS_AT, (self.maker.first, self.maker.last), number)

    def gradient(self, symbol: str, window: int, number: str) -> str:
        """A formula: the gradient of a parameter in a window (from 0) of a pass."""
        rows = self.maker.first, self.maker.last
        return self._index(self.maker.columns["g", symbol, window, 0], rows, number)

    def data(self, symbol: str, t: int, number: str) -> str:
        """A formula: an input of a sequence, "" where it has no target."""
        first = self.maker.inputs_row + 1
        rows = first, first + self.maker.sequences - 1
        value = self._index(self.maker.columns["x", symbol, 0, t], rows, number)
        if symbol != TARGET:
            return value
        there = self._index(self.maker.columns["y", TARGET, 0, t], rows, number)
        return f'IF({there}=1,{value},"")'

    @staticmethod
    def _index(place: int, rows: tuple[int, int], number: str) -> str:
        first, last = (absolute(row, place) for row in rows)
        if first == last:  # of one cell not every program takes an INDEX
            return f"{sheet_of(TITLE)}!{first}"
        return f"INDEX({sheet_of(TITLE)}!{first}:{last},{number})"

    @property
    def alike(self) -> bool:
        """Whether a pass over any sequence can stand where that over the longest does.

        Behind its end a shorter one has no target, and so no loss and no gradient: it fits where
        its windows are the longest one's, and what is left of those changes nothing.
        """
        if self.maker.trace.scheme.update == "epoch":
            return False
        longest = max(self.maker.plans, key=lambda plan: plan.steps)
        return all(self._fits(plan, longest) for plan in self.maker.plans)

    def _fits(self, plan: Schedule, longest: Schedule) -> bool:
        own, laid = plan.windows, longest.windows
        if len(own) > len(laid) or not own:
            return False
        once = plan.scheme.update == "sequence"  # after the last window, whichever that is
        for window, other in zip(own, laid, strict=False):
            begins = window.first == other.first and window.injects_from == other.injects_from
            ends = window.fires_at == other.fires_at
            if window is own[-1] and plan.steps < longest.steps:
                ends = ends or plan.steps == window.fires_at < other.fires_at
            resets = window.resets == other.resets or window.fires_at == plan.steps
            if not (begins and ends and resets and (once or window.updates == other.updates)):
                return False
        left = laid[len(own) :]
        behind = all(window.injects_from > plan.steps for window in left)
        return behind and (not left or once or self.maker.stands_still)


def passes_of(book: Book) -> Passes | None:
    """Where the sheet has them; None where there is none."""
    made = book.trace.model.loss and len(book.trace.passes) > 1 and can_train(book)
    return Passes(_Train(book)) if made else None


def chosen_pass(book: Book) -> tuple[Layout, Choosable] | None:
    """Where everything stands on the sheet, and what can be chosen; None where there is no choice.

    The sheet takes the parameters that the pass begins with from this one and computes it as BPTT
    does the first one; the study sheets read it in place of BPTT. So any pass can be looked at,
    however many there are. There is a choice where this sheet has more than one pass. Which
    sequence is shown can be chosen where all are swept and updated alike, else it is the first.
    """
    passes = passes_of(book) if book.has_moment and book.has("Train") else None
    if passes is None or not book.first.windows:
        return None
    sequences = len(book.trace.specification.sequences)
    several = sequences > 1 and passes.alike
    epochs = len(book.trace.passes) // sequences
    if epochs == 1 and not several:
        return None
    lengths = tuple(s.steps for s in book.trace.specification.sequences) if several else ()
    lengths = lengths if len(set(lengths)) > 1 else ()
    home, choosable = book.home, Choosable(epochs, sequences, several, lengths)
    shown = book.first.sequence, book.first.pass_trace
    if lengths:
        shown = _lengthened(book.trace, max(lengths))

    def begins(symbol: str) -> str:
        return passes.begins(symbol, choosable.cell(home))

    def data(symbol: str, t: int) -> str:
        return passes.data(symbol, t, choosable.sequence_cell(home))

    words_at = f"{sheet_of(home)}!{absolute(WORDS_ROW, WORK + 1)}"
    taken = Taken(begins, data, lambda: book.moment.words, words_at)
    return lay_out_chosen(book.layouts, title_of(CHOSEN_TITLE), taken, shown), choosable


def _lengthened(trace: Trace, steps: int) -> tuple[Sequence, PassTrace]:
    """The first sequence, and a pass over it, of so many steps: without inputs behind its end."""
    specification = trace.specification
    sequence = specification.sequences[0]
    more = steps - sequence.steps
    if not more:
        return sequence, trace.passes[0]
    targets = sequence.targets or (math.nan,) * sequence.steps
    sequence = replace(
        sequence,
        inputs=tuple((*values, *[0.0] * more) for values in sequence.inputs),
        targets=(*targets, *[math.nan] * more),
    )
    update = replace(specification.update, epochs=1)
    longer = replace(specification, sequences=(sequence,), update=update)
    return sequence, run_model(longer, trace.model).passes[0]


class _Train:
    def __init__(self, book: Book) -> None:
        self.book, self.trace, self.model = book, book.trace, book.trace.model
        self.specification = book.trace.specification
        self.free = free_parameters(self.trace)
        self.update = self.specification.update
        self.counts = counts_updates(self.update.optimizer)
        self.sequences = len(self.specification.sequences)
        self.plans = [one.schedule for one in self.trace.passes[: self.sequences]]
        self.longest = max(plan.steps for plan in self.plans)
        self.constants = self._constants()
        self.inputs_row = VALUES + 2 + CHART_ROWS  # the heading of the sequences' data
        self.heading = self.inputs_row + self.sequences + 2
        self.first = self.heading + 2
        self.last = self.first + len(self.trace.passes) - 1
        self.columns: dict[Key, int] = {}
        self.derived = [
            q for q in self.model.backward if q.derivative_of not in self._inputs | {TARGET}
        ]
        self._allocate()

    @cached_property
    def stands_still(self) -> bool:
        """Whether an update by a gradient of 0 changes nothing."""
        if self.counts or any(self.own(name) for name in self.free):
            return False
        values = {**self.update.settings, COUNT: 1.0}
        for name in self.free:
            values |= {name: 0.7, derivative_key(name): 0.0}
            for rule in rules(self.update.optimizer, name):
                value = evaluate(rule.formula, lambda symbol, v=values: v[symbol.name])  # type: ignore[misc]
                if rule.symbol == name and value != 0.7:
                    return False
                values[rule.symbol] = value
        return True

    @property
    def _inputs(self) -> set[str]:
        return {q.symbol for q in self.model.inputs}

    def _constants(self) -> dict[str, tuple[int, str, float]]:
        """What does not change: its column, where it comes from, its value."""
        layout = self.book.first
        values = setting_values(self.trace)
        found = {}
        place = FIRST
        for name, value in values.items():
            if name in layout.rows:
                found[name] = (place, f"SUM({layout.quoted}!{layout.cell(name, 0)})", value)
                place += 1
        for state in self.model.state:
            value = layout.pass_trace.forward[state][0]
            found[f"{state}0"] = (place, f"SUM({layout.quoted}!{layout.cell(state, 0)})", value)
            place += 1
        return found

    def constant(self, name: str) -> str:
        return absolute(VALUES, self.constants[name][0])

    # The columns of a pass.

    def _take(self, key: Key) -> int:
        return self.columns.setdefault(key, FIRST + len(self.columns))

    def _allocate(self) -> None:
        windows = max(len(plan.windows) for plan in self.plans)
        for name in self.trace.initial:
            self._take(("p", name, 0, 0))
        for number in range(windows):
            for name in self.trace.initial:
                self._take(("g", name, number, 0))
        self.shown = FIRST + len(self.columns) - 1  # the last column that is not folded
        for name in self.free:
            for own in self.own(name):
                self._take(("m", own, 0, 0))
        if self.counts:
            self._take(("n", COUNT, 0, 0))
        for quantity in self.model.inputs:
            for t in range(1, self.longest + 1):
                self._take(("x", quantity.symbol, 0, t))
        for t in range(1, self.longest + 1):
            self._take(("y", TARGET, 0, t))  # whether there is a target
        for quantity in self.model.forward:
            for t in range(1, self.longest + 1):
                self._take(("f", quantity.symbol, 0, t))
        for number in range(windows):
            swept = {t for p in self.plans for w in p.windows[number : number + 1] for t in w.swept}
            for quantity in self.derived:
                for t in sorted(swept):
                    self._take(("b", quantity.symbol, number, t))
            for name in self.free:
                self._take(("s", name, number, 0))
            if clips(self.trace):
                for kind in ("norm", "factor"):
                    self._take((kind, "", number, 0))
                for name in self.free:
                    self._take(("u", name, number, 0))
            if self.counts:
                self._take(("n", COUNT, number + 1, 0))
            for name in self.free:
                for own in self.own(name):
                    self._take(("m", own, number + 1, 0))
                self._take(("p", name, number + 1, 0))
        self.width = max(FIRST + len(self.columns) - 1, FIRST + len(self.constants))

    def own(self, name: str) -> dict[str, float]:
        """The rows of the optimizer for a parameter, and what each begins with."""
        optimizer = self.update.optimizer
        found = {memory_key(own, name): start for own, start in optimizer.state.items()}
        for rule in rules(optimizer, name):
            if rule.symbol != name:
                found.setdefault(rule.symbol, 0.0)
        return found

    @cached_property
    def beginning(self) -> dict[str, float]:
        """What each row of the optimizer begins with, of every parameter."""
        return {key: value for name in self.free for key, value in self.own(name).items()}

    def ref(self, kind: str, symbol: str, number: int = 0, t: int = 0, row: str = "{row}") -> str:
        return f"{letters(self.columns[kind, symbol, number, t])}{row}"

    def version(self, plan: Schedule, before: int) -> int:
        """The version of the parameters after the windows that have fired before window so many."""
        done = [k + 1 for k, w in enumerate(plan.windows[:before]) if w.updates]
        return done[-1] if done else 0

    def at_step(self, plan: Schedule, t: int) -> int:
        """The version that step t is computed with."""
        if plan.scheme.update != "window":
            return 0
        return self.version(plan, sum(w.fires_at < t for w in plan.windows))

    def parameter(self, name: str, version: int) -> str:
        return self.ref("p", name, version if name in self.free else 0)

    # Formulas.

    def forward(self, plan: Schedule, quantity: Quantity, t: int) -> str:
        assert quantity.formula is not None

        def cell(symbol: Symbol) -> str:
            return self.forward_cell(plan, symbol, t, self.at_step(plan, t))

        text = self.excel(quantity.formula, cell)
        if quantity.symbol == LOSS:
            text = f"IF({self.ref('y', TARGET, 0, t)}=1,{text},0)"
        return text

    def excel(self, formula: Expression, cell: Callable[[Symbol], str]) -> str:
        return Excel(cell=cell, cells=str)(spelled_out(formula, self.model.features))

    def forward_cell(self, plan: Schedule, symbol: Symbol, t: int, version: int) -> str:
        name, at = symbol.name, t + (symbol.shift or 0)
        if name in self.trace.initial:
            if symbol.shift is not None:
                version = self.at_step(plan, at)
            return self.parameter(name, version)
        if name in self.specification.coefficients:
            return self.constant(name)
        if name in self._inputs:
            return self.ref("x", name, 0, at)
        if name in self.model.state and (at == 0 or (symbol.shift == -1 and at in plan.resets)):
            return self.constant(f"{name}0")
        return self.ref("f", name, 0, at) if 1 <= at <= plan.steps else "0"

    def backward_cell(self, plan: Schedule, symbol: Symbol, t: int, number: int) -> str:
        window = plan.windows[number]
        at = t + (symbol.shift or 0)
        if symbol.name in self.model.derivatives:
            inside = window.first <= at <= window.fires_at
            return self.ref("b", symbol.name, number, at) if inside else "0"
        version = self.version(plan, number)
        if symbol.name in self.trace.initial and symbol.shift is not None:
            at = min(at, window.fires_at)
            return self.parameter(symbol.name, self.at_step(plan, at))
        return self.forward_cell(plan, symbol, t, version)

    def backward(self, plan: Schedule, quantity: Quantity, t: int, number: int) -> str:
        window = plan.windows[number]
        if quantity.formula is None:
            if t < window.injects_from:
                return "0"
            share = "1"
            if plan.scheme.reduction == "mean":
                share = f"1/{self.averaged(plan, number)}"
            return f"IF({self.ref('y', TARGET, 0, t)}=1,{share},0)"
        formula = quantity.formula
        if t == window.fires_at:
            formula = self.model.leaving.get(quantity.symbol, formula)
        return self.excel(formula, lambda s: self.backward_cell(plan, s, t, number))

    def averaged(self, plan: Schedule, number: int) -> str:
        """Over how many losses the mean of an update is, as a formula."""
        if plan.scheme.update == "window":
            return self.counted(plan, [number], "{row}")
        if plan.scheme.update == "sequence":
            return self.counted(plan, range(len(plan.windows)), "{row}")
        rows = range(self.inputs_row + 1, self.inputs_row + self.sequences + 1)
        parts = (
            self.counted(each, range(len(each.windows)), f"${row}")
            for each, row in zip(self.plans, rows, strict=True)
        )
        return f"({'+'.join(parts)})"

    def counted(self, plan: Schedule, numbers: Iterable[int], row: str) -> str:
        """How many losses some windows inject, by the marks of targets in a row."""
        parts = []
        for window in (plan.windows[number] for number in numbers):
            first, last = (
                self.ref("y", TARGET, 0, t, row) for t in (window.injects_from, window.fires_at)
            )
            parts.append(f"SUM({first}:{last})")
        return parts[0] if len(parts) == 1 else f"({'+'.join(parts)})"

    def gradient(self, plan: Schedule, name: str, number: int) -> str:
        quantity = self.model.quantities[derivative_key(name)]
        assert quantity.formula is not None
        terms = []
        for t in plan.windows[number].swept:
            formula = quantity.formula
            if t == plan.windows[number].fires_at:
                formula = self.model.leaving.get(quantity.symbol, formula)

            def cell(symbol: Symbol, t: int = t) -> str:
                return self.backward_cell(plan, symbol, t, number)

            text = self.excel(formula, cell)
            terms.append(text if not text.startswith("-") else f"({text})")
        return "+".join(terms)

    def updated(self, plan: Schedule, number: int, place: int) -> Iterator[tuple[Key, str]]:
        """What follows from a window's gradients: added up, clipped, and the parameters after.

        ``place`` is the sequence's, from 0.
        """
        scheme, window = plan.scheme, plan.windows[number]
        for name in self.free:
            text = self.ref("g", name, number)
            if scheme.update != "window" and number:
                text = f"{self.ref('s', name, number - 1)}+{text}"
            elif scheme.update == "epoch" and place:
                end = len(self.plans[place - 1].windows) - 1
                text = f"{self.ref('s', name, end, row='{above}')}+{text}"
            yield ("s", name, number, 0), text
        if not window.updates:
            return
        if clips(self.trace):
            sums = ":".join(self.ref("s", name, number) for name in (self.free[0], self.free[-1]))
            yield ("norm", "", number, 0), f"SQRT(SUMSQ({sums}))"
            factor = "1"
            if scheme.clip_norm is not None:
                norm = f"({self.ref('norm', '', number)}+{literal(NORM_MARGIN)})"
                factor = f"MIN(1,{self.constant('clip_norm')}/{norm})"
            yield ("factor", "", number, 0), factor
            for name in self.free:
                text = f"{self.ref('s', name, number)}*{self.ref('factor', '', number)}"
                if scheme.clip_value is not None:
                    bound = self.constant("clip_value")
                    text = f"MAX(-{bound},MIN({bound},{text}))"
                yield ("u", name, number, 0), text
        before = self.version(plan, number)
        if self.counts:
            yield ("n", COUNT, number + 1, 0), f"{self.ref('n', COUNT, before)}+1"
        for name in self.free:
            yield from self.rules(name, number, before)

    def rules(self, name: str, number: int, before: int) -> Iterator[tuple[Key, str]]:
        own = self.own(name)
        cells = {key: self.constant(key) for key in self.update.settings}
        cells[derivative_key(name)] = self.ref("u" if clips(self.trace) else "s", name, number)
        if self.counts:
            cells[COUNT] = self.ref("n", COUNT, number + 1)
        for symbol in own:
            cells[symbol] = self.ref("m", symbol, before)
        cells[name] = self.ref("p", name, before)
        for rule in rules(self.update.optimizer, name):
            kind = "p" if rule.symbol == name else "m"
            yield (kind, rule.symbol, number + 1, 0), rule_formula(rule.formula, cells)
            cells[rule.symbol] = self.ref(kind, rule.symbol, number + 1)

    @cached_property
    def formulas(self) -> list[dict[Key, str]]:
        """For each sequence the formulas of a pass over it, but for what it begins with."""
        return [dict(self._formulas(plan, place)) for place, plan in enumerate(self.plans)]

    def _formulas(self, plan: Schedule, place: int) -> Iterator[tuple[Key, str]]:
        first, last = self.inputs_row + 1, self.inputs_row + self.sequences
        for key in [key for key in self.columns if key[0] in "xy"]:
            if key[3] <= plan.steps:
                place_of_first = absolute(first, self.columns[key])
                area = f"{place_of_first}:{absolute(last, self.columns[key])}"
                chosen = f"INDEX({area},{letters(SEQUENCE)}{{row}})"
                # Of one cell not every program takes an INDEX.
                yield key, place_of_first if first == last else chosen
        for t in range(1, plan.steps + 1):
            for quantity in self.model.forward:
                yield ("f", quantity.symbol, 0, t), self.forward(plan, quantity, t)
        for number, window in enumerate(plan.windows):
            for t in window.swept:
                for quantity in self.derived:
                    text = self.backward(plan, quantity, t, number)
                    yield ("b", quantity.symbol, number, t), text
            for name in self.trace.initial:
                yield ("g", name, number, 0), self.gradient(plan, name, number)
            yield from self.updated(plan, number, place)

    def begins(self, place: int) -> Iterator[tuple[Key, str]]:
        """What a pass begins with: what the one before ended with."""
        layout = self.book.first
        if place == 0:
            for name in self.trace.initial:
                yield ("p", name, 0, 0), f"SUM({layout.quoted}!{layout.cell(name, 0)})"
            for name in self.free:
                for own, start in self.own(name).items():
                    yield ("m", own, 0, 0), literal(start)
            if self.counts:
                yield ("n", COUNT, 0, 0), "0"
            return
        plan = self.plans[(place - 1) % self.sequences]
        last = self.version(plan, len(plan.windows))
        for kind, name, number, _ in self.columns:
            if number == 0 and kind in ("p", "m", "n"):
                changes = name in self.free or kind != "p"
                end = last if changes else 0
                yield (kind, name, 0, 0), self.ref(kind, name, end, row="{above}")

    # Values.

    def value(self, one: PassTrace, key: Key) -> float | None:
        kind, symbol, number, t = key
        if kind in "xf" and t <= one.steps:
            value = one.forward[symbol][t]
            return 0.0 if math.isnan(value) else value
        if kind == "y" and t <= one.steps:
            return float(one.counted(t))
        if kind in ("p", "m", "n") and number == 0:
            if kind == "n":
                return float(one.updates)
            return {**self.beginning, **one.memory, **one.before}[symbol]
        place = number - 1 if kind in ("p", "m", "n") else number
        if place >= len(one.windows):
            return None
        return self.window_value(one.windows[place], key)

    def window_value(self, window: WindowTrace, key: Key) -> float | None:
        kind, symbol, _, t = key
        if kind == "b":
            return window.backward[symbol][t - window.first] if t in window.steps else None
        if kind == "g":
            return window.gradients[derivative_key(symbol)]
        if kind == "s":
            return window.summed[derivative_key(symbol)]
        if kind == "u":
            return window.used[derivative_key(symbol)]
        if kind == "norm":
            return math.hypot(*window.summed.values())
        if kind == "factor":
            return clip_factor(self.trace.scheme, window.summed)
        if kind == "n":
            return float(window.update)
        return {**window.memory_after, **window.after}[symbol]

    # Rows.

    def rows(self) -> Iterator[Row]:
        title = self.specification.title
        yield Row(1, [Cell(1, "title", sentence("train", "title", title=title))], lines=2)
        many = len(self.trace.passes)
        yield Row(2, [Cell(1, "note", sentence("train", "note", passes=many))])
        names = [Cell(c, "matrix_head", name) for name, (c, _, _) in self.constants.items()]
        yield Row(NAMES, names)
        values = [Cell(c, "number", v, text) for c, text, v in self.constants.values()]
        yield Row(VALUES, values)
        yield from self.data()
        yield from self.headings()
        yield from self.passes()

    def data(self) -> Iterator[Row]:
        """The inputs and targets of each sequence, in the columns of the passes' own."""
        keys = [key for key in self.columns if key[0] in "xy"]
        cells = [Cell(1, "label", sentence("train", "data"))]
        yield Row(self.inputs_row, cells, outline=1, hidden=True)
        for number, layout in enumerate(self.book.layouts[: self.sequences], 1):
            cells = [Cell(SEQUENCE, "whole", float(number))]
            for key in keys:
                kind, symbol, _, t = key
                if t <= layout.steps:
                    value = layout.pass_trace.forward[symbol][t]
                    there = f"{layout.quoted}!{layout.cell(symbol, t)}"
                    text = f"SUM({there})"
                    if kind == "y":
                        value, text = float(not math.isnan(value)), f"IF(ISNUMBER({there}),1,0)"
                    cells.append(Cell(self.columns[key], "heat", or_zero(value), text))
            yield Row(self.inputs_row + number, cells, outline=1, hidden=True)

    def headings(self) -> Iterator[Row]:
        """Two rows: the window or step, and the symbol."""
        names = {PASS: "pass", EPOCH: "epoch", SEQUENCE: "sequence", LOSS_AT: "loss",
                 RECENT: "recent"}  # fmt: skip
        upper: list[Cell] = []
        lower = [Cell(k, "heading", sentence("train", name)) for k, name in names.items()]
        for (kind, symbol, number, t), column in self.columns.items():
            label = sentence("train", "has_target") if kind == "y" else symbol or kind
            if kind == "g":
                label = derivative_key(symbol)
            elif kind in ("s", "u"):
                label = f"{kind}_{derivative_key(symbol)}"
            where = f"t = {t}" if t else sentence("train", "before")
            if kind not in "xyf" and (t or number or kind in ("g", "s", "u")):
                window = number if kind in ("p", "m", "n") else number + 1
                where = sentence("train", "window", number=window) + (f", t = {t}" if t else "")
                if kind in ("p", "m", "n"):
                    where = sentence("train", "after", number=window)
            upper.append(Cell(column, "small", where))
            lower.append(Cell(column, "heading", label))
        yield Row(self.heading, sorted(upper, key=lambda c: c.column))
        yield Row(self.heading + 1, sorted(lower, key=lambda c: c.column), lines=3)

    def passes(self) -> Iterator[Row]:
        keys = sorted(self.columns, key=self.columns.__getitem__)
        for place, one in enumerate(self.trace.passes):
            row = self.first + place
            yield Row(row, list(self.one(place, one, row, keys)))

    def one(
        self,
        place: int,
        one: PassTrace,
        row: int,
        keys: list[Key],
    ) -> Iterator[Cell]:
        """The cells of one pass."""
        formulas = self.formulas[(place % self.sequences)]
        begins = dict(self.begins(place))
        yield Cell(PASS, "whole", float(place + 1))
        yield Cell(EPOCH, "whole", float(one.epoch))
        yield Cell(SEQUENCE, "whole", float(one.sequence))
        losses = [self.columns["f", LOSS, 0, t] for t in (1, self.longest)]
        text = f"SUM({letters(losses[0])}{row}:{letters(losses[1])}{row})"
        if self.trace.scheme.reduction == "mean":
            marks = [self.ref("y", TARGET, 0, t, str(row)) for t in (1, self.longest)]
            text += f"/MAX(1,SUM({marks[0]}:{marks[1]}))"
        yield Cell(LOSS_AT, "total", one.loss or 0.0, text)
        back = min(place + 1, self.sequences)
        recent = sum(p.loss or 0.0 for p in self.trace.passes[place + 1 - back : place + 1])
        text = f"SUM({letters(LOSS_AT)}{row - back + 1}:{letters(LOSS_AT)}{row})"
        yield Cell(RECENT, "number", recent, text)
        for key in keys:
            column = self.columns[key]
            if key in begins:
                text = begins[key].format(row=row, above=row - 1)
            elif key in formulas:
                text = formulas[key].format(row=row, above=row - 1)
                # LibreOffice computes equal formulas below one another together, and gives an error
                # where such groups lead back to each other, row by row: so no two are equal.
                text = f"({text})" if place % 2 else text
            else:
                continue
            yield Cell(column, "heat", self.value(one, key), text)

    def set_up(self, sheet: Worksheet) -> None:
        set_widths(sheet, (7, 7, 9, 12, 12, 3))
        set_width(sheet, 12, FIRST, self.width)
        if self.width > self.shown:
            span = sheet.column_dimensions[letters(self.shown + 1)]
            span.min, span.max, span.width = self.shown + 1, self.width, 12
            span.outlineLevel, span.hidden = 1, True
            first = sheet.column_dimensions[letters(FIRST)]
            first.min, first.max = FIRST, self.shown
            sheet.sheet_format.outlineLevelCol = 1
        sheet.freeze_panes = f"{letters(LOSS_AT + 1)}3"
        set_up_page(sheet)
        sheet.print_area = f"A1:{letters(min(self.shown, FIRST + MOST_PRINTED - 1))}{self.last}"
        sheet.print_title_rows = f"{self.heading + 1}:{self.heading + 1}"
        show_scientific(sheet, f"{letters(FIRST)}{VALUES}:{letters(self.shown)}{VALUES}")
        show_scientific(sheet, f"D{self.first}:{letters(self.shown)}{self.last}")
        self.chart(sheet)

    def chart(self, sheet: Worksheet) -> None:
        drawing = LineChart()
        drawing.title = sentence("train", "chart")
        drawing.width, drawing.height = 22, 6
        data = Reference(sheet, RECENT, self.first - 1, RECENT, self.last)
        drawing.add_data(data, titles_from_data=True)
        drawing.set_categories(Reference(sheet, PASS, self.first, PASS, self.last))
        for series in drawing.series:
            series.smooth = False
            series.graphicalProperties.line.solidFill = "0072B2"
        drawing.x_axis.title = sentence("train", "pass")
        drawing.x_axis.delete = drawing.y_axis.delete = False
        drawing.legend = None
        sheet.add_chart(drawing, f"A{VALUES + 1}")
