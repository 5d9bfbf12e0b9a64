"""Where everything stands on a BPTT sheet: a row for each quantity, a column for each step.

Column A group, B symbol, C equation, D total, and from E on t = 0, 1, …, n, n+1. The blocks follow
one another: inputs, parameters, forward, and one for each backward window; each begins with a row
that has ``t`` in B and the step numbers from E on. Each pass has a sheet of its own, which begins
with the parameters that the one before ended with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from openpyxl.utils import FORMULAE

from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.language.keys import COUNT, FACTOR, NORM, clipped_key, gathered_key, memory_key
from cellcalc.model.model import TARGET, TOTAL_LOSS, Model, Quantity
from cellcalc.problems.schemes import LIMITS
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.templates import counts_updates, shown_rows
from cellcalc.problems.updates import BOUNDS
from cellcalc.resources import sentence
from cellcalc.xlsx.cells import absolute, letters

GROUP, SYMBOL, EQUATION, TOTAL, FIRST = 1, 2, 3, 4, 5  # columns; FIRST is t = 0
TITLE_ROWS = 3
MOST_PASSES = 50  # with a sheet each
# What may be typed into a cell: more may lead beyond the numbers that a spreadsheet has.
TYPED = (-1e15, 1e15)
SETTINGS = {name: (low, high - 1e-9) for name, (low, high) in BOUNDS.items()}  # high is not reached


def column(t: int) -> int:
    """The column of step t."""
    return FIRST + t


@dataclass(frozen=True)
class WindowRows:
    """The rows of one backward window: its number on the sheet, its heading, each derivative.

    ``gradients`` is the row above the first gradient.
    """

    trace: WindowTrace
    number: int
    heading: int
    gradients: int
    rows: dict[str, int]

    def total(self, symbol: str) -> str:
        """The cell in the total column of a row of the window."""
        return absolute(self.rows[symbol], TOTAL)

    @property
    def parameters_at(self) -> int:
        """The column whose parameters the backward pass uses: where the window fires."""
        return column(self.trace.last)


@dataclass(frozen=True)
class Taken:
    """Formulas: of what a parameter (or a row of the optimizer) begins with; of an input at a step.

    A target that is missing is an empty text. ``words`` says what is shown, ``words_at`` is their
    cell.
    """

    begins: Callable[[str], str]
    data: Callable[[str, int], str]
    words: Callable[[], str]
    words_at: str


@dataclass
class Layout:
    """The rows of one sheet. ``headings`` are those of the first three blocks.

    ``before`` is the sheet of the pass before, ``first`` the first sheet (where the settings and
    the initial state are), ``source`` the sheet where this sequence's data are; each is this
    sheet itself where there is no other. ``all_sheets`` are those of all passes. ``taken`` is for
    a sheet that shows one pass or another: where it takes first values and data from;
    ``laid_out`` is the sequence that it has room for.
    """

    trace: Trace
    pass_trace: PassTrace
    title: str
    headings: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    windows: list[WindowRows] = field(default_factory=list)
    height: int = TITLE_ROWS
    before: Layout | None = None
    first: Layout = field(init=False)
    source: Layout = field(init=False)
    all_sheets: list[Layout] = field(default_factory=list)
    taken: Taken | None = None
    laid_out: Sequence | None = None

    def __post_init__(self) -> None:
        self.first = self.source = self

    @property
    def model(self) -> Model:
        return self.trace.model

    @property
    def steps(self) -> int:
        return self.pass_trace.steps

    @property
    def sequence(self) -> Sequence:
        """The data of the pass."""
        if self.laid_out is not None:
            return self.laid_out
        return self.trace.specification.sequences[self.pass_trace.sequence - 1]

    @property
    def width(self) -> int:
        """The last column: that of t = n+1."""
        return column(self.steps + 1)

    def block(self, name: str, names: Iterable[str]) -> None:
        self.headings[name] = self.next_row()
        for symbol in names:
            self.rows[symbol] = self.next_row()
        self.next_row()  # an empty one between blocks

    def next_row(self) -> int:
        self.height += 1
        return self.height

    def cell(self, symbol: str, t: int, seen_from: Layout | None = None) -> str:
        """The cell of a symbol at step t, as a formula on that or another sheet names it."""
        reference = f"{letters(column(t))}{self.rows[symbol]}"
        return reference if seen_from in (None, self) else f"{self.quoted}!{reference}"

    def number(self, symbol: str, reference: str) -> str:
        """A reference to a value of a symbol.

        Where a person may have put a text, it is a number all the same (0), and nothing fails. N()
        would say so better, but is an error of an empty cell in Gnumeric.
        """
        return f"SUM({reference})" if symbol in self.typed else reference

    def first_value(self, name: str) -> str:
        """What a parameter begins with, as another sheet reads it."""
        place = f"{self.quoted}!{absolute(self.rows[name], FIRST)}"
        return f"SUM({place})" if self.first is self else place

    @cached_property
    def typed(self) -> frozenset[str]:
        """The symbols whose cells at the steps are put in."""
        return frozenset(row.symbol for row in self.model.inputs)

    def setting_value(self, name: str) -> str:
        """The number of a setting, as formulas read it."""
        return f"SUM({self.setting(name)})"

    def setting(self, name: str) -> str:
        """The cell of the learning rate and the like, which are on the first sheet only."""
        reference = absolute(self.first.rows[name], FIRST)
        return reference if self.first is self else f"{self.first.quoted}!{reference}"

    def setting_elsewhere(self, name: str) -> str:
        """The same as any other sheet names it."""
        return f"SUM({self.first.quoted}!{absolute(self.first.rows[name], FIRST)})"

    @property
    def given(self) -> dict[tuple[float, float], list[str]]:
        """The cells of the first sheet that a person may change, by what they may be set to."""
        parameters, inputs = list(self.trace.initial), [row.symbol for row in self.model.inputs]
        areas = {f"{self.cell(parameters[0], 0)}:{self.cell(parameters[-1], 0)}": TYPED}
        if TARGET in inputs and self.model.loss:
            inputs.remove(TARGET)
            least, greatest = self.model.loss.targets
            bounds = max(least, TYPED[0]), min(greatest, TYPED[1])
            areas[f"{self.cell(TARGET, 1)}:{self.cell(TARGET, self.steps)}"] = bounds
        areas[f"{self.cell(inputs[0], 1)}:{self.cell(inputs[-1], self.steps)}"] = TYPED
        areas |= {self.cell(state, 0): TYPED for state in self.model.state}
        for name in setting_values(self.trace):
            if name in self.rows:
                areas[self.setting(name)] = SETTINGS.get(name, TYPED)
        return {bounds: [a for a in areas if areas[a] == bounds] for bounds in areas.values()}

    @property
    def begins_with(self) -> tuple[Layout, int] | None:
        """The sheet and the step there whose parameters this sheet begins with.

        The update after an epoch stands behind the last sequence that has a window; sequences
        that follow it in that epoch are still run with what it began with.
        """
        if (before := self.before) is None:
            return None
        if self.trace.scheme.update != "epoch":
            return before, before.steps + 1
        epoch, fired = before.pass_trace.epoch, before
        if self.pass_trace.epoch == epoch:
            return before, 0
        while not any(window.trace.used for window in fired.windows):
            if fired.before is None or fired.before.pass_trace.epoch != epoch:
                return before, before.steps + 1
            fired = fired.before
        return fired, fired.steps + 1

    @property
    def quoted(self) -> str:
        """The sheet's name as formulas write it."""
        return quoted(self.title)


def quoted(title: str) -> str:
    """A sheet's name as formulas write it."""
    return title if re.fullmatch("[A-Za-z]+", title) else f"'{title}'"


def title_of(kind: str) -> str:
    """What the sheet of a kind is called in the language in use.

    BPTT and Practice are called so in every language: people's scripts look for them.
    """
    return sentence("sheets", kind.lower().replace(" ", "_"))


def sheet_of(kind: str) -> str:
    """The same as formulas write it."""
    return quoted(title_of(kind))


def lay_out(trace: Trace) -> list[Layout]:
    """A sheet for each pass of the trace while they are few, every quantity in its row.

    Of more than :data:`MOST_PASSES` those of the first epoch.
    """
    sheets: list[Layout] = []
    passes = trace.passes
    if len(passes) > MOST_PASSES:
        passes = passes[: len(trace.specification.sequences)]
    for number, one in enumerate(passes, 1):
        sheet = Layout(trace, one, "BPTT" if number == 1 else f"BPTT {number}")
        if sheets:
            sheet.before, sheet.first = sheets[-1], sheets[0]
            if number > len(trace.specification.sequences):
                sheet.source = sheets[one.sequence - 1]
        _fill(sheet, with_settings=number == 1)
        sheets.append(sheet)
        sheet.all_sheets = sheets
    return sheets


def lay_out_chosen(
    sheets: list[Layout], title: str, taken: Taken, shown: tuple[Sequence, PassTrace]
) -> Layout:
    """A sheet beside those of the passes, that of the pass chosen, laid out for the one ``shown``.

    That is a sequence, and a pass over it.
    """
    first = sheets[0]
    chosen = Layout(first.trace, shown[1], title, taken=taken, laid_out=shown[0])
    chosen.first, chosen.all_sheets = first, sheets
    _fill(chosen, with_settings=False)
    return chosen


def _fill(sheet: Layout, with_settings: bool) -> None:
    model = sheet.model
    sheet.block("input", [row.symbol for row in model.inputs])
    settings = setting_names(sheet.trace) if with_settings else []
    parameters = [row.symbol for row in model.parameters]
    sheet.block("parameter", [*parameters, *memory_names(sheet.trace), *settings])
    total = [TOTAL_LOSS] if model.loss else []
    sheet.block("forward", [*(row.symbol for row in model.forward), *total])
    for number, trace in enumerate(sheet.pass_trace.windows, 1):
        heading, rows, gradients = sheet.next_row(), {}, 0
        names = [*(row.symbol for row in derived_rows(model)), *update_names(sheet.trace, trace)]
        for symbol in names:
            if symbol == model.gradients[0].symbol:
                gradients = sheet.next_row()
            rows[symbol] = sheet.next_row()
        sheet.windows.append(WindowRows(trace, number, heading, gradients, rows))
        sheet.next_row()
    sheet.height -= 1  # no empty row at the end


def derived_rows(model: Model) -> list[Quantity]:
    """The rows of a backward window, each path row beneath the row it belongs to."""
    rows: list[Quantity] = []
    for quantity in (*model.backward, *model.gradients):
        rows += [quantity, *model.paths_of(quantity)]
    return rows


def free_parameters(trace: Trace) -> list[str]:
    """The parameters that an update changes."""
    frozen = trace.specification.update.frozen
    return [name for name in trace.initial if name not in frozen]


def memory_names(trace: Trace) -> list[str]:
    """The rows of the optimizer's own state, and of the number of updates if it counts them."""
    if not trace.model.loss:
        return []
    optimizer = trace.specification.update.optimizer
    names = [memory_key(s, name) for name in free_parameters(trace) for s in shown_rows(optimizer)]
    return [*names, *([COUNT] if counts_updates(optimizer) else [])]


def setting_values(trace: Trace) -> dict[str, float]:
    """What can be set beside the parameters: coefficients, learning rate, beta1, clip_norm, …"""
    settings = dict(trace.specification.coefficients)
    if trace.model.loss:
        limits = {name: getattr(trace.scheme, name) for name in LIMITS}
        settings |= trace.specification.update.settings
        settings |= {name: limit for name, limit in limits.items() if limit is not None}
    return settings


def setting_names(trace: Trace) -> list[str]:
    """The names of what can be set."""
    return list(setting_values(trace))


def update_names(trace: Trace, window: WindowTrace) -> list[str]:
    """The rows between a window's gradients and its update: added up, then clipped."""
    scheme, free = trace.scheme, free_parameters(trace)
    names = [gathered_key(name) for name in free] if gathers(trace) else []
    if window.used and scheme.clip_norm is not None:
        names += [NORM, FACTOR]
    if window.used and clips(trace):
        names += [clipped_key(name) for name in free]
    return names


def gathers(trace: Trace) -> bool:
    """Whether gradients are written down once more, added up over windows."""
    return trace.scheme.update != "window" or trace.scheme.clip_norm is not None


def clips(trace: Trace) -> bool:
    """Whether gradients are clipped."""
    return any(getattr(trace.scheme, name) is not None for name in LIMITS)


_REFERENCE = re.compile(
    r"([A-Za-z]{1,3})([0-9]+)|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*|(?i:TRUE|FALSE)"
)


# Names of functions, which some engines would call, and those that Excel keeps for itself.
_KEPT = {name.casefold() for name in FORMULAE} | {
    *("print_area", "print_titles", "criteria", "extract", "database", "auto_open", "auto_close"),
    *("consolidate_area", "sheet_title"),
}


def defined_name(symbol: str, taken: set[str]) -> str:
    """A name for a cell: the symbol, with an underscore where a spreadsheet reads a reference.

    ``W1`` would be a cell, ``R`` a row; names that differ only in case would be the same.
    """
    name = symbol
    while _REFERENCE.fullmatch(name) or name.casefold() in taken | _KEPT:
        name += "_"
    taken.add(name.casefold())
    return name
