"""The tables of a trace as numbers: what is selected, pass by pass and window by window."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.errors import OptionError, did_you_mean
from cellcalc.figures import fixed
from cellcalc.language.letters import composed
from cellcalc.model.model import Quantity

PASSES = ("forward", "backward", "gradients", "update")
DECIMALS = 5


@dataclass(frozen=True)
class Selection:
    """What to show: which parts, symbols (all where empty), steps, epoch and sequence (all where
    None)."""

    passes: tuple[str, ...] = PASSES
    symbols: tuple[str, ...] = ()
    steps: tuple[int, int] | None = None
    epoch: int | None = None
    sequence: int | None = None

    def takes(self, one: PassTrace) -> bool:
        return self.epoch in (None, one.epoch) and self.sequence in (None, one.sequence)

    def shows(self, symbol: str) -> bool:
        return not self.symbols or symbol in self.symbols

    def within(self, t: int) -> bool:
        return self.steps is None or self.steps[0] <= t <= self.steps[1]


EVERYTHING = Selection()


def select(
    trace: Trace,
    passes: Sequence[str] = (),
    symbols: str = "",
    steps: str = "",
    epoch: int | None = None,
    sequence: int | None = None,
) -> Selection:
    """A selection as people write it: ``symbols`` like "c,dc", ``steps`` like "2:5" or "3".

    Where the problem is shown in an author's symbols, these may be used as well as keys.
    What is left empty is everything. Raises :class:`~cellcalc.errors.OptionError` for a symbol,
    step, epoch or sequence that the trace does not have.
    """
    names = tuple(name.strip() for name in symbols.split(",") if name.strip())
    if trace.model.author is not None:
        reading = trace.model.author.reading(trace.symbols)
        names = tuple(reading.get(composed(name), name) for name in names)
    for name in names:
        if name not in trace.symbols:
            found = f'"{name}"{did_you_mean(name, trace.symbols)}'
            raise OptionError("--symbols", "symbols of this problem", found)
    s = trace.specification
    for option, given, most in (
        ("--epoch", epoch, s.update.epochs),
        ("--sequence", sequence, len(s.sequences)),
    ):
        if given is not None and not 1 <= given <= most:
            raise OptionError(option, f"a number from 1 to {most}", str(given))
    bounds = _bounds(steps, max(one.steps for one in trace.passes)) if steps else None
    return Selection(tuple(passes) or PASSES, names, bounds, epoch, sequence)


def _bounds(steps: str, longest: int) -> tuple[int, int]:
    match = re.fullmatch(r"(?P<only>[0-9]{1,9})|(?P<first>[0-9]{0,9}):(?P<last>[0-9]{0,9})", steps)
    first = last = -1
    if match:
        first = int(match["only"] or match["first"] or 0)
        last = int(match["only"] or match["last"] or longest)
    if not 0 <= first <= last <= longest:
        raise OptionError("--steps", f"FROM:TO within 0:{longest}", f'"{steps}"')
    return first, last


@dataclass(frozen=True)
class Grid:
    """One table: a title, the column headings, and a row of numbers for each symbol.

    A number that is not there is nan. ``over_time`` tells that the columns (after an optional
    "total") are steps.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]
    over_time: bool = True


def grids(
    trace: Trace, selection: Selection = EVERYTHING, decimals: int = DECIMALS
) -> Iterator[Grid]:
    """The tables of a trace, pass by pass and window by window; ``decimals`` is for the titles."""
    for one in filter(selection.takes, trace.passes):
        place = place_of(trace, one)
        if "forward" in selection.passes and one.forward:
            loss = "" if one.loss is None else f": loss L = {fixed(one.loss, decimals)}"
            yield _forward(trace, one, selection, place + loss)
        for number, window in enumerate(one.windows, 1):
            where = place + window_of(one, number, window)
            if "backward" in selection.passes and window.backward:
                yield _backward(trace, window, selection, where)
            if "gradients" in selection.passes and window.backward:
                yield _gradients(window, selection, where)
            if "update" in selection.passes and window.used:
                yield _update(window, selection, update_title(trace, window, place))


def place_of(trace: Trace, one: PassTrace) -> str:
    """Which epoch and sequence a pass is, where there are several: ", epoch 2, sequence 1"."""
    epoch = f", epoch {one.epoch}" if trace.specification.update.epochs > 1 else ""
    sequence = f", sequence {one.sequence}" if len(trace.specification.sequences) > 1 else ""
    return epoch + sequence


def window_of(one: PassTrace, number: int, window: WindowTrace) -> str:
    """Which window of a pass it is, where there are several: ", window 2 (fires at t = 4)"."""
    return f", window {number} (fires at t = {window.last})" if len(one.windows) > 1 else ""


def _forward(trace: Trace, one: PassTrace, selection: Selection, place: str) -> Grid:
    steps = [t for t in range(one.steps + 1) if selection.within(t)]
    rows = [
        (row.symbol, tuple(one.forward[row.symbol][t] for t in steps))
        for row in (*trace.model.inputs, *trace.model.forward)
        if selection.shows(row.symbol)
    ]
    return Grid(f"Forward pass{place}", _times(steps), tuple(rows))


def _backward(trace: Trace, window: WindowTrace, selection: Selection, place: str) -> Grid:
    first = window.first
    steps = [t for t in range(first - 1, window.last + 1) if selection.within(t)]
    swept = [t for t in steps if t >= first]

    def values(symbol: str) -> Iterator[float]:
        if len(swept) < len(steps):
            yield window.entering.get(symbol, math.nan)
        if swept:
            yield from window.backward[symbol][swept[0] - first : swept[-1] - first + 1]

    rows: list[Quantity] = []
    for row in trace.model.backward:
        rows += [row, *trace.model.paths_of(row)]
    shown = [row.symbol for row in rows if selection.shows(row.symbol)]
    cells = [(symbol, tuple(values(symbol))) for symbol in shown]
    return Grid(f"Backward pass{place}", _times(steps), tuple(cells))


def _gradients(window: WindowTrace, selection: Selection, place: str) -> Grid:
    steps = [t for t in window.steps if selection.within(t)]
    rows = []
    for symbol, total in window.gradients.items():
        if selection.shows(symbol):
            parts = window.backward.get(symbol)  # dh0, dc0 are no sums over the steps
            at: Sequence[float] = [math.nan] * len(steps)
            if parts and steps:
                at = parts[steps[0] - window.first : steps[-1] - window.first + 1]
            rows.append((symbol, (total, *at)))
    return Grid(f"Gradients{place}", ("total", *_times(steps)), tuple(rows))


def update_title(trace: Trace, window: WindowTrace, place: str) -> str:
    """ "Update 3, epoch 2"; the number only where there is more than one."""
    several = sum(len(one.windows) for one in trace.passes) > 1
    return f"Update {window.update}{place}" if several else "Update"


def _update(window: WindowTrace, selection: Selection, title: str) -> Grid:
    is_clipped = window.used != window.summed
    rows = []
    for name, before in window.before.items():
        symbol, after = f"d{name}", window.after[name]
        if selection.shows(name) or selection.shows(symbol):
            gradient = window.summed.get(symbol, window.gradients[symbol])
            used = (window.used.get(symbol, math.nan),) if is_clipped else ()
            rows.append((name, (before, gradient, *used, after - before, after)))
    clipped = ("clipped",) if is_clipped else ()
    headings = ("before", "gradient", *clipped, "step", "after")
    return Grid(title, headings, tuple(rows), over_time=False)


def _times(steps: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(str, steps))
