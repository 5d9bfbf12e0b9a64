"""Tables of a trace: quantities down and time across, or the other way round.

A :class:`Grid` is one table with its numbers; what is selected and how it is laid out is a
:class:`Selection`. :func:`render` prints the grids in any format that tabulate has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cellcalc.errors import OptionError, did_you_mean
from cellcalc.figures import fixed
from cellcalc.model import Quantity
from cellcalc.trace import PassTrace, Trace, WindowTrace

PASSES = ("forward", "backward", "gradients", "update")
LAYOUTS = ("time", "steps")  # time across, or one row a step
DECIMALS = 5

# Formats for reading in a terminal are cut into bands of its width; the others are for files.
MARKUP = {
    "asciidoc", "github", "html", "jira", "latex", "latex_booktabs", "latex_longtable", "latex_raw",
    "mediawiki", "moinmoin", "pipe", "textile", "tsv", "unsafehtml", "youtrack",
}  # fmt: skip
_CAPTIONS = {
    "asciidoc": ".{}",
    "github": "### {}",
    "html": "<h3>{}</h3>",
    "jira": "h3. {}",
    "latex": "\\paragraph{{{}}}",
    "latex_booktabs": "\\paragraph{{{}}}",
    "latex_longtable": "\\paragraph{{{}}}",
    "latex_raw": "\\paragraph{{{}}}",
    "mediawiki": "=== {} ===",
    "moinmoin": "=== {} ===",
    "pipe": "### {}",
    "textile": "h3. {}",
    "unsafehtml": "<h3>{}</h3>",
}


@dataclass(frozen=True)
class Selection:
    """What to show: which passes, symbols (all where empty) and steps (all where None)."""

    passes: tuple[str, ...] = PASSES
    symbols: tuple[str, ...] = ()
    steps: tuple[int, int] | None = None

    def shows(self, symbol: str) -> bool:
        return not self.symbols or symbol in self.symbols

    def within(self, t: int) -> bool:
        return self.steps is None or self.steps[0] <= t <= self.steps[1]


EVERYTHING = Selection()


def select(
    trace: Trace, passes: Sequence[str] = (), symbols: str = "", steps: str = ""
) -> Selection:
    """A selection as people write it: ``symbols`` like "c,dc", ``steps`` like "2:5" or "3".

    What is left empty is everything. Raises :class:`~cellcalc.errors.OptionError` for a symbol or
    a step that the trace does not have.
    """
    names = tuple(name.strip() for name in symbols.split(",") if name.strip())
    for name in names:
        if name not in trace.symbols:
            found = f'"{name}"{did_you_mean(name, trace.symbols)}'
            raise OptionError("--symbols", "symbols of this problem", found)
    bounds = _bounds(steps, max(one.steps for one in trace.passes)) if steps else None
    return Selection(tuple(passes) or PASSES, names, bounds)


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
    for one in trace.passes:
        place = _place(trace, one)
        if "forward" in selection.passes:
            loss = "" if one.loss is None else f": loss L = {fixed(one.loss, decimals)}"
            yield _forward(trace, one, selection, place + loss)
        for window in one.windows:
            where = f"{place}, window {window.update}" if len(one.windows) > 1 else place
            if "backward" in selection.passes:
                yield _backward(trace, window, selection, where)
            if "gradients" in selection.passes:
                yield _gradients(window, selection, where)
            if "update" in selection.passes:
                yield _update(window, selection, where)


def _place(trace: Trace, one: PassTrace) -> str:
    epoch = f", epoch {one.epoch}" if trace.specification.update.epochs > 1 else ""
    sequence = f", sequence {one.sequence}" if len(trace.specification.sequences) > 1 else ""
    return epoch + sequence


def _forward(trace: Trace, one: PassTrace, selection: Selection, place: str) -> Grid:
    steps = [t for t in range(one.steps + 1) if selection.within(t)]
    rows = [
        (row.symbol, tuple(one.forward[row.symbol][t] for t in steps))
        for row in (*trace.model.inputs, *trace.model.forward)
        if selection.shows(row.symbol)
    ]
    return Grid(f"Forward pass{place}", _times(steps), tuple(rows))


def _backward(trace: Trace, window: WindowTrace, selection: Selection, place: str) -> Grid:
    steps = [t for t in range(window.first - 1, window.last + 1) if selection.within(t)]

    def value(symbol: str, t: int) -> float:
        if t >= window.first:
            return window.backward[symbol][t - window.first]
        return window.entering.get(symbol, math.nan)

    rows: list[Quantity] = []
    for row in trace.model.backward:
        rows += [row, *trace.model.paths_of(row)]
    shown = [row.symbol for row in rows if selection.shows(row.symbol)]
    cells = [(symbol, tuple(value(symbol, t) for t in steps)) for symbol in shown]
    return Grid(f"Backward pass{place}", _times(steps), tuple(cells))


def _gradients(window: WindowTrace, selection: Selection, place: str) -> Grid:
    steps = [t for t in window.steps if selection.within(t)]
    rows = []
    for symbol, total in window.gradients.items():
        if selection.shows(symbol):
            parts = window.backward.get(symbol)  # dh0, dc0 are no sums over the steps
            at = [parts[t - window.first] if parts else math.nan for t in steps]
            rows.append((symbol, (total, *at)))
    return Grid(f"Gradients{place}", ("total", *_times(steps)), tuple(rows))


def _update(window: WindowTrace, selection: Selection, place: str) -> Grid:
    rows = []
    for name, before in window.before.items():
        if selection.shows(name) or selection.shows(f"d{name}"):
            after = window.after[name]
            rows.append((name, (before, window.gradients[f"d{name}"], after - before, after)))
    headings = ("before", "gradient", "step", "after")
    return Grid(f"Update{place}", headings, tuple(rows), over_time=False)


def _times(steps: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(str, steps))


def heading(trace: Trace) -> list[str]:
    """Title and settings, a line each."""
    s = trace.specification
    loss = f" · loss {s.loss.name}" if s.loss else " · no targets: forward pass only"
    lines = [s.title, f"cell {s.cell.name} · readout {s.readout.name}{loss}"]
    if s.loss:
        chosen = trace.scheme
        options = f"k1 = {chosen.k1}, k2 = {chosen.k2}, inject {chosen.inject}"
        lines.append(f"scheme {chosen.name} ({options})")
    if trace.decimals is not None:
        lines.append(f"every value rounded to {trace.decimals} decimals before it is used")
    return lines


def render(
    trace: Trace,
    format: str = "simple",
    selection: Selection = EVERYTHING,
    layout: str = "time",
    decimals: int | None = None,
    width: int = 80,
) -> str:
    """The selected tables as text in one of tabulate's formats.

    ``decimals`` is the number of decimals (by default 5, or those of hand rounding); tables for
    the terminal are cut into bands of steps that are at most ``width`` columns wide (0: no limit).
    """
    if decimals is None:
        decimals = DECIMALS if trace.decimals is None else trace.decimals
    limit = 0 if format in MARKUP else width
    blocks = _heading_blocks(trace, format)
    for grid in grids(trace, selection, decimals):
        if grid.rows and grid.headings:
            blocks.append(_caption(format, grid.title))
            blocks.extend(_bands(grid, format, layout, decimals, limit))
    return "\n\n".join(blocks) + "\n"


def _heading_blocks(trace: Trace, format: str) -> list[str]:
    """The heading, in those formats for whole documents that have an obvious way to write it."""
    title, *settings = heading(trace)
    if format in ("html", "unsafehtml"):
        return [f"<h2>{escape(title)}</h2>", f"<p>{escape(' · '.join(settings))}</p>"]
    if format in ("github", "pipe"):
        return [f"## {title}", "  \n".join(settings)]
    return [] if format in MARKUP else ["\n".join([title, *settings])]


def _caption(format: str, title: str) -> str:
    return _CAPTIONS.get(format, "{}").format(title)


def _bands(grid: Grid, format: str, layout: str, decimals: int, limit: int) -> Iterator[str]:
    """The grid as one table, or as several beneath each other where it would be too wide."""
    names = [symbol for symbol, _ in grid.rows]
    cells = [[fixed(value, decimals) for value in values] for _, values in grid.rows]
    headings = list(grid.headings)
    corner = "t" if grid.over_time else ""
    if layout == "steps" and grid.over_time:
        names, headings = headings, names
        cells = [list(column) for column in zip(*cells, strict=True)]
    columns = [
        max(len(heading), *(len(row[k]) for row in cells)) for k, heading in enumerate(headings)
    ]
    first = max(map(len, [corner, *names]))
    for start, stop in _cuts(first, columns, _overhead(format), limit):
        body = [[name, *row[start:stop]] for name, row in zip(names, cells, strict=True)]
        yield _tabulated([corner, *headings[start:stop]], body, format)


def _cuts(
    first: int, columns: Sequence[int], overhead: tuple[int, int], limit: int
) -> Iterator[tuple[int, int]]:
    """From where to where each band goes: as many columns as fit, at least one."""
    edges, between = overhead
    start = 0
    while start < len(columns):
        used, stop = edges + first + between, start
        while stop < len(columns):
            used += columns[stop] + between
            if limit and used > limit and stop > start:
                break
            stop += 1
        yield start, stop
        start = stop


def _overhead(format: str) -> tuple[int, int]:
    """What a format adds to a line: at its edges, and for each column."""

    def width(columns: int) -> int:
        text = _tabulated(["xxxx"] * columns, [["xxxx"] * columns], format)
        return max(map(len, text.splitlines()))

    between = width(3) - width(2) - 4
    return width(2) - 2 * (4 + between), between


def _tabulated(headings: list[str], body: list[list[str]], format: str) -> str:
    from tabulate import tabulate  # here, so that --help does not wait for it

    align = ["left", *["right"] * (len(headings) - 1)]
    return tabulate(body, headers=headings, tablefmt=format, disable_numparse=True, colalign=align)


def check_format(name: str, others: Sequence[str] = ()) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` for a format that nobody knows."""
    from tabulate import tabulate_formats

    known = [*others, *tabulate_formats]
    if name not in known:
        found = f'"{name}"{did_you_mean(name, known)}'
        raise OptionError("--format", f"one of {', '.join(known)}", found)
