"""Tables of a trace: quantities down and time across, or the other way round.

:func:`render` prints the grids in one of ``FORMATS``, or in any format that tabulate has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING

from cellcalc.engine.schedule import ranges
from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.errors import LimitError, OptionError, check_choice, check_whole, unknown
from cellcalc.language.keys import derivative_key, entering_key, memory_key
from cellcalc.language.letters import StandIns, accented, composed
from cellcalc.language.notation import plain_number
from cellcalc.language.tree import Call
from cellcalc.model.model import LOSS, PREDICTION, TOTAL_LOSS, Model, Quantity
from cellcalc.problems.templates import Template, shown_rows
from cellcalc.records import record
from cellcalc.resources import sentence
from cellcalc.toml import listed
from cellcalc.views.text import (
    Painted,
    check_page,
    columns,
    filled,
    fixed,
    heat,
    in_colour,
    markdown_text,
    openness,
    step_range,
    tabulars,
)

if TYPE_CHECKING:
    from cellcalc.views.document import Figures
    from cellcalc.views.legend import Legend


PASSES = ("forward", "backward", "gradients", "update")
DECIMALS = 5
MOST_PRINTED = 5_000_000  # values in one text: half a minute, 1 GB
MOST_ON_A_PAGE = 1_500_000  # of the web, which takes three times the memory
MOST_APART = 6  # rows named whose numbers as they are shown do not add up


@record
class Selection:
    """What to show: which parts, symbols (all where empty), steps, epoch and sequence (all where
    None).

    ``hidden`` are rows that are left out of tables, whose number is told; ``brief`` tells that of
    a long training only a summary and the last passes are shown.
    """

    passes: tuple[str, ...] = PASSES
    symbols: tuple[str, ...] = ()
    steps: tuple[int, int] | None = None
    epoch: int | None = None
    sequence: int | None = None
    hidden: frozenset[str] = frozenset()
    brief: bool = False

    def takes(self, pass_trace: PassTrace) -> bool:
        return self.epoch in (None, pass_trace.epoch) and self.sequence in (
            None,
            pass_trace.sequence,
        )

    def shows(self, symbol: str) -> bool:
        return (not self.symbols or symbol in self.symbols) and symbol not in self.hidden

    def shows_update(self, name: str, optimizer: Template) -> bool:
        """Whether the update of a parameter is shown: also where its gradient is chosen, its m."""
        kept = (memory_key(own, name) for own in shown_rows(optimizer))
        return any(map(self.shows, (name, derivative_key(name), *kept)))

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
    What is left empty is everything. Raises :class:`~cellcalc.errors.OptionError` for a part,
    symbol, step, epoch or sequence that the trace does not have.
    """
    names = tuple(name.strip() for name in symbols.split(",") if name.strip())
    if trace.model.author is not None:
        reading = trace.model.author.reading(trace.symbols)
        names = tuple(reading.get(composed(name), name) for name in names)
    # Of a long run some are not kept, and still symbols of the problem.
    places = _places(trace)
    known = dict.fromkeys((*trace.symbols, *trace.model.quantities, *chain(*places.values())))
    for name in names:
        if name not in known:
            found = unknown(name, known)
            raise OptionError("symbols", "symbols of this problem", found)
    s = trace.specification
    check_whole("epoch", epoch, 1, s.update.epochs)
    check_whole("sequence", sequence, 1, len(s.sequences))
    for part in passes:
        check_choice("passes", part, PASSES)
    shown = tuple(passes) or PASSES
    for name in names:
        if not any(name in places[part] for part in shown):
            raise OptionError("symbols", f"symbols of {listed(shown, 'and')}", f'"{name}"')
    if steps and set(shown) == {"update"}:
        raise OptionError("steps", "a part that has steps, which update has not", f'"{steps}"')
    longest = max(pass_trace.steps for pass_trace in trace.passes)
    bounds = step_range(steps, 0, longest) if steps else None
    return Selection(shown, names, bounds, epoch, sequence)


MOST_PASSES = 8  # that are shown one by one unless asked for
MOST_SEQUENCES = 4  # of the last epoch, likewise


def first_look(trace: Trace, selection: Selection) -> Selection:
    """The selection without what a first look can do without.

    These are path rows, derivatives of inputs and parameters that nothing changes, unless symbols
    are chosen; and of a training of many passes all but the last epoch, unless an epoch or a
    sequence is chosen.
    """
    if selection.epoch is None and selection.sequence is None and len(trace.passes) > MOST_PASSES:
        last = trace.passes[-1]
        many = len(trace.specification.sequences) > MOST_SEQUENCES
        sequence = last.sequence if many else None
        selection = replace(selection, epoch=last.epoch, sequence=sequence, brief=True)
    if selection.symbols:
        return selection
    model, inputs = trace.model, {row.symbol for row in trace.model.inputs}
    hidden = {path.symbol for row in model.backward for path in model.paths_of(row)}
    hidden |= {row.symbol for row in model.backward if row.derivative_of in inputs}
    still = set(trace.initial)
    for window in (w for one in filter(selection.takes, trace.passes) for w in one.windows):
        still -= {name for name in still if window.before[name] != window.after[name]}
    if len(still) < len(trace.initial):
        hidden |= still
    return replace(selection, hidden=frozenset(hidden))


def _places(trace: Trace) -> dict[str, set[str]]:
    """Which symbols each part has; the gradients' contributions are data of the backward pass."""
    model, update = trace.model, trace.specification.update
    own = shown_rows(update.optimizer) if model.loss else []
    kept = {memory_key(o, name) for o in own for name in trace.initial if name not in update.frozen}
    names = [row.symbol for row in model.parameters]
    derived = [r.symbol for row in model.backward for r in (row, *model.paths_of(row))]
    parts = [r.symbol for row in model.gradients for r in (row, *model.paths_of(row))]
    entering = [entering_key(name) for name in model.state]
    return {
        "forward": {
            *(row.symbol for row in (*model.inputs, *model.forward)),
            *([TOTAL_LOSS] if model.loss else []),
        },
        "backward": {*derived, *parts},
        "gradients": {*(row.symbol for row in model.gradients), *entering},
        "update": {*names, *map(derivative_key, names), *kept},
    }


def check_shown(selection: Selection, symbols: Collection[str], kept: Collection[str] = ()) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` where a selection leaves something out of sight.

    ``symbols`` are those that are shown: what was asked for must be among them, if only as the
    parameter whose update its gradient is, or what the optimizer keeps for it (``kept``: m, v, …),
    and something must be shown.
    """
    updated = {derivative_key(name) for name in symbols}
    updated |= {memory_key(own, name) for own in kept for name in symbols}
    for name in selection.symbols:
        if name not in symbols and name not in updated:
            what = "symbols of the parts, steps and passes that are shown"
            raise OptionError("symbols", what, f'"{name}"')
    if not symbols:
        name = "passes" if selection.steps is None else "steps"
        found = listed(selection.passes, "and") if selection.passes else "none"
        if selection.steps is not None:
            found = "{}:{}".format(*selection.steps)
        raise OptionError(name, "a part of the problem in which something is computed", found)


@record
class Grid:
    """One table: a title, the column headings, and a row of numbers for each symbol.

    A number that is not there is nan. ``over_time`` tells that the columns (after an optional
    "total") are steps, and ``corner`` what stands above the symbols where they are not;
    ``derived`` tells that the numbers are derivatives.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]
    over_time: bool = True
    corner: str = ""
    derived: bool = False


def grids(
    trace: Trace, selection: Selection = EVERYTHING, decimals: int = DECIMALS
) -> Iterator[Grid]:
    """The tables of a trace, pass by pass and window by window; ``decimals`` is for the titles."""
    for pass_trace in filter(selection.takes, trace.passes):
        place = place_of(trace, pass_trace)
        if "forward" in selection.passes and pass_trace.forward:
            loss = ""
            if pass_trace.loss is not None:
                loss = sentence("table", "loss", loss=fixed(pass_trace.loss, decimals))
            yield _forward(trace, pass_trace, selection, place + loss + _changed(pass_trace))
            if TOTAL_LOSS in selection.symbols and pass_trace.loss is not None:
                title = sentence("table", "forward", place=place)
                rows = ((TOTAL_LOSS, (pass_trace.loss,)),)
                yield Grid(title, (sentence("table", "total"),), rows, over_time=False)
        for number, window in enumerate(pass_trace.windows, 1):
            where = place + window_of(pass_trace, number, window)
            if "backward" in selection.passes and window.backward:
                yield _backward(trace, window, selection, where)
            if "gradients" in selection.passes and window.backward:
                yield _gradients(window, selection, where)
            if "update" in selection.passes and window.used:
                title = update_title(trace, window, place)
                yield _update(window, selection, title, trace.specification.update.optimizer)


def _changed(pass_trace: PassTrace) -> str:
    """After which steps parameters changed on the way, if they did."""
    last = pass_trace.steps
    at = [w.last for w in pass_trace.windows if w.used and w.before != w.after and w.last < last]
    once = pass_trace.schedule.scheme.update != "window"
    if not at or once:
        return ""
    return sentence("table", "changed", steps=ranges(at))


def place_of(trace: Trace, pass_trace: PassTrace) -> str:
    """Which epoch and sequence a pass is, where there are several: ", epoch 2, sequence 1"."""
    epoch = sequence = ""
    if trace.specification.update.epochs > 1:
        epoch = sentence("table", "epoch", number=pass_trace.epoch)
    if len(trace.specification.sequences) > 1:
        sequence = sentence("table", "sequence", number=pass_trace.sequence)
    return epoch + sequence


def window_of(pass_trace: PassTrace, number: int, window: WindowTrace) -> str:
    """Which window of a pass it is, where there are several: ", window 2 (fires at t = 4)"."""
    if len(pass_trace.windows) < 2:
        return ""
    return sentence("table", "window", number=number, last=window.last)


def _forward(trace: Trace, pass_trace: PassTrace, selection: Selection, place: str) -> Grid:
    steps = [t for t in range(pass_trace.steps + 1) if selection.within(t)]
    rows = [
        (row.symbol, tuple(pass_trace.forward[row.symbol][t] for t in steps))
        for row in (*trace.model.inputs, *trace.model.forward)
        if selection.shows(row.symbol)
    ]
    return Grid(sentence("table", "forward", place=place), _times(steps), tuple(rows))


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
    title = sentence("table", "backward", place=place)
    return Grid(title, _times(steps), tuple(cells), derived=True)


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
    title = sentence("table", "gradients", place=place)
    headings = (sentence("table", "total"), *_times(steps))
    return Grid(title, headings, tuple(rows), derived=True)


def update_title(trace: Trace, window: WindowTrace, place: str) -> str:
    """ "Update 3, epoch 2"; the number only where there is more than one."""
    several = sum(len(pass_trace.windows) for pass_trace in trace.passes) > 1
    if several:
        return sentence("table", "update", number=window.update, place=place)
    return sentence("table", "only_update")


def _update(window: WindowTrace, selection: Selection, title: str, optimizer: Template) -> Grid:
    """Each parameter's update, with what else the optimizer computes for it: m, v, …"""
    shown = shown_rows(optimizer)
    is_clipped = window.used != window.summed
    rows = []
    for name, before in window.before.items():
        symbol, after = derivative_key(name), window.after[name]
        if name not in selection.hidden and selection.shows_update(name, optimizer):
            gradient = window.summed.get(symbol, window.gradients[symbol])
            used = (window.used.get(symbol, math.nan),) if is_clipped else ()
            held = (window.memory_after.get(memory_key(own, name), math.nan) for own in shown)
            rows.append((name, (before, gradient, *used, *held, after - before, after)))
    clipped = ("clipped",) if is_clipped else ()
    words = {
        key: sentence("table", key) for key in ("before", "gradient", "clipped", "step", "after")
    }
    names = ("before", "gradient", *clipped, *shown, "step", "after")
    headings = tuple(words.get(name, name) for name in names)
    return Grid(title, headings, tuple(rows), over_time=False)


def _times(steps: Sequence[int]) -> tuple[str, ...]:
    return tuple(map(str, steps))


LAYOUTS = ("time", "steps")  # time across, or one row a step

# Formats for reading in a terminal are cut into bands of its width; the others are for files.
MARKUP = {
    "asciidoc", "github", "html", "jira", "latex", "latex_booktabs", "latex_longtable", "latex_raw",
    "markdown", "mediawiki", "moinmoin", "pipe", "textile", "tsv", "unsafehtml", "youtrack",
}  # fmt: skip
_TITLES = {  # how a format writes titles of the first rank, and of the second
    "asciidoc": ("= {}", ".{}"),
    "html": ("<h1>{}</h1>", "<h2>{}</h2>"),
    "jira": ("h2. {}", "h3. {}"),
    "latex": ("\\section*{{{}}}", "\\paragraph{{{}}}"),
    "markdown": ("# {}", "## {}"),
    "mediawiki": ("== {} ==", "=== {} ==="),
    "moinmoin": ("== {} ==", "=== {} ==="),
    "textile": ("h2. {}", "h3. {}"),
}  # fmt: skip
_KINDS = {
    "github": "markdown",
    "pipe": "markdown",
    "unsafehtml": "html",
    "latex_booktabs": "latex",
    "latex_longtable": "latex",
    "latex_raw": "latex",
}  # formats with the titles of another one
FORMATS = ("text", "markdown", "html", "latex")  # the others are tabulate's own
_LAID_OUT = {
    "text": "simple",
    "markdown": "pipe",
    "latex": "latex_longtable",
}  # what tabulate calls it
LATEX_WIDTH = 96  # columns of a table that a page of a document has room for


def _kind(format: str) -> str:
    """Which way of writing titles and paragraphs a format has."""
    return _KINDS.get(format, format)


def heading(trace: Trace, width: int = 0) -> list[str]:
    """Title and settings, a line each, of at most so many columns (0: any)."""
    s = trace.specification
    kind = "parts" if s.loss else "error" if s.error else "no_loss"
    part = s.loss or s.error
    words = {"cell": s.cell.name, "readout": s.readout.name, "loss": part.name if part else ""}
    lines = [s.title, sentence("table", kind, **words)]
    if s.coefficients:
        given = (f"{name} = {plain_number(value)}" for name, value in s.coefficients.items())
        lines.append(sentence("table", "coefficients", given=", ".join(given)))
    if s.loss:
        scheme = trace.scheme
        lines.append(sentence("table", "scheme", name=scheme.name, expansion=scheme.expansion()))
    for place, one in enumerate(trace.passes[: len(s.sequences)], 1):
        if one.schedule.dropped:
            several = len(s.sequences) > 1
            steps = ranges(one.schedule.dropped)
            key = "dropped_of" if several else "dropped"
            lines.append(sentence("table", key, number=place, steps=steps))
    if trace.decimals is not None:
        lines.append(sentence("table", "rounded", decimals=trace.decimals))
    return [lines[0], *(line for text in lines[1:] for line in filled(text, width))]


def render(
    trace: Trace,
    format: str = "text",
    selection: Selection = EVERYTHING,
    layout: str = "time",
    decimals: int | None = None,
    width: int = 80,
    paint: bool = False,
) -> str:
    """The selected tables as text, Markdown, a web page, a LaTeX document or in tabulate's formats.

    Parameters
    ----------
    trace : Trace
        What was computed.
    format : str
        One of ``FORMATS``, or a name of tabulate's, such as "grid".
    selection : Selection
        Which parts, symbols, steps and passes.
    layout : {"time", "steps"}
        Time across, or one row a step.
    decimals : int, optional
        5 where it is not said, or those of hand rounding.
    width : int
        Tables for the terminal are cut into bands at most so many columns wide; 0: no limit.
    paint : bool
        In colours, for a terminal: derivatives by sign and size, gates by how open they are.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        What :func:`check_layout` refuses.
    LimitError
        More values than a page can hold.
    """
    check_layout(format, layout, decimals, width)
    if decimals is None:
        decimals = DECIMALS if trace.decimals is None else trace.decimals
    limit = LATEX_WIDTH if format == "latex" else 0 if format in MARKUP else width
    _check_length(trace, selection, MOST_ON_A_PAGE if format == "html" else MOST_PRINTED)
    blocks = _heading_blocks(trace, format, limit)
    shown = [grid for grid in grids(trace, selection, decimals) if grid.rows and grid.headings]
    keys = dict.fromkeys(symbol for grid in shown for symbol, _ in grid.rows)
    check_shown(selection, keys, shown_rows(trace.specification.update.optimizer))
    if selection.hidden and format != "tsv" and (said := _meanings(trace.model, keys)):
        blocks.append(_prose(said, format, limit))
    if selection.brief:
        for grid in training(trace):
            blocks.append(_caption(format, grid.title))
            blocks.extend(_bands(grid, format, "time", decimals, limit))
        blocks.append(_prose(_what_follows(selection), format, limit))
    labels, stand_ins = _labels(trace.model, list(keys), format)
    for grid in shown:
        blocks.append(_caption(format, grid.title))
        rows = tuple((stand_ins(labels[symbol]), values) for symbol, values in grid.rows)
        colours = _colours(trace.model, grid) if paint and format in ("text", "simple") else None
        bands = _bands(replace(grid, rows=rows), format, layout, decimals, limit, 0, colours)
        blocks.extend(map(stand_ins.undo, bands))
    folded = _folded(trace, selection)
    if folded and format != "tsv":
        blocks.append(_prose(sentence("table", "folded", count=folded), format, limit))
    whole = selection.steps is None and format in FORMATS
    found = _apart(trace.model, shown, decimals) if whole else iter(())
    apart = list(islice(found, MOST_APART + 1))
    if apart:
        several = [labels[symbol] for symbol in apart[:MOST_APART]]
        some = len(apart) > MOST_APART
        names = ", ".join(several) if some else listed(several, "and")
        kind = "some_apart" if some else "apart"
        blocks.append(_prose(sentence("table", kind, names=names), format, limit))
    if trace.model.author is not None and format not in ("tsv",):
        from cellcalc.views.legend import legend  # here: most problems have no author

        blocks.append(_legend_block(legend(trace.model, keys), format, limit))
    if format in ("html", "latex"):
        from cellcalc.views.document import LATEX_PREAMBLE, html_page

        if format == "html":
            return html_page(trace.specification.title, blocks)
        return LATEX_PREAMBLE + "\n\n".join([*blocks, "\\end{document}"]) + "\n"
    return "\n\n".join(blocks) + "\n"


def _check_length(trace: Trace, selection: Selection, most: int) -> None:
    """A page is made as one text: how much memory and time it takes is known before."""
    model = trace.model
    across = sum(selection.shows(row.symbol) for row in (*model.inputs, *model.forward))
    back = sum(
        selection.shows(one.symbol)
        for row in model.backward
        for one in (row, *model.paths_of(row))
    )  # fmt: skip
    values = 0
    for one in filter(selection.takes, trace.passes):
        if "forward" in selection.passes and one.forward:
            values += across * sum(map(selection.within, range(one.steps + 1)))
        for window in one.windows:
            if "backward" in selection.passes and window.backward:
                values += back * sum(map(selection.within, window.steps))
            values += len(window.gradients)
    if values > most:
        found = f"about {values:,}; `epoch`, `steps` or `symbols` would leave fewer"
        raise LimitError(f"table: expected at most {most:,} values, found {found}")


def _apart(model: Model, grids: Iterable[Grid], decimals: int) -> Iterator[str]:
    """The rows whose total is not the sum of what is shown beside or below it."""
    found: set[str] = set()
    for grid in grids:
        for symbol in _apart_in(model, grid, decimals):
            if symbol not in found:
                found.add(symbol)
                yield symbol


def _apart_in(model: Model, grid: Grid, decimals: int) -> Iterator[str]:
    values = dict(grid.rows)
    for symbol, totals in grid.rows:
        row = model.quantities.get(symbol)
        if grid.headings[0] == "total":
            sums: Iterable[tuple[float, ...]] = [totals]
        else:
            paths = [path.symbol for path in model.paths_of(row)] if row is not None else []
            if not paths or not all(path in values for path in paths):
                continue
            sums = zip(totals, *(values[path] for path in paths), strict=True)
        if not all(_adds_up(*(fixed(value, decimals) for value in one)) for one in sums):
            yield symbol


def _adds_up(total: str, *parts: str) -> bool:
    """Whether numbers as they are shown add up; where some are missing, or infinite, they do."""
    numbers = [Decimal(text) for text in (total, *parts) if text]
    if not total or len(numbers) < 2 or not all(number.is_finite() for number in numbers):
        return True
    return numbers[0] == sum(numbers[1:])


def _labels(model: Model, keys: Sequence[str], format: str) -> tuple[dict[str, str], StandIns]:
    """What the rows are called, and what stands in for it while the table is laid out."""
    labels = {key: model.label(key) for key in keys}
    if model.author is not None and format.startswith("latex"):
        labels = {key: f"${model.author.latex(*model.labelled(key))}$" for key in keys}
        return labels, StandIns(labels.values())  # which tabulate would escape
    return labels, accented(labels.values())


def _legend_block(below: Legend | None, format: str, limit: int) -> str:
    assert below is not None
    match _kind(format):
        case "latex":
            return below.latex()
        case "html":
            return below.html()
        case "markdown":
            return below.markdown()
    return below.text(limit)


def _heading_blocks(trace: Trace, format: str, limit: int) -> list[str]:
    """The title and the settings, on lines of at most so many columns (0: any)."""
    title, *settings = heading(trace, 0 if _kind(format) in _TITLES else limit)
    kind = _kind(format)
    if kind not in _TITLES:
        return [title] if format in MARKUP else ["\n".join([title, *settings])]
    head = _TITLES[kind][0].format(_escaped(title, kind))
    shown = [_escaped(line, kind) for line in settings]
    match kind:
        case "html":
            return [head, f"<p>{' · '.join(shown)}</p>"]
        case "markdown":
            return [head, "  \n".join(shown)]
        case "latex":
            return [head, " \\\\\n".join(shown)]
    return [head]


def _escaped(text: str, kind: str) -> str:
    """A title as a kind of format takes it."""
    if kind == "html":
        from html import escape

        return escape(text)
    if kind == "latex":
        from cellcalc.language.letters import latex_text

        return latex_text(text)
    return markdown_text(text) if kind == "markdown" else text


def _caption(format: str, title: str) -> str:
    kind = _kind(format)
    return _TITLES[kind][1].format(_escaped(title, kind)) if kind in _TITLES else title


def banded(grid: Grid, decimals: int, width: int, repeated: int = 0) -> Iterator[str]:
    """A grid for the terminal, in bands at most ``width`` columns wide.

    The first ``repeated`` columns stand in every band.
    """
    return _bands(grid, "simple", "time", decimals, width, repeated)


def _bands(
    grid: Grid,
    format: str,
    layout: str,
    decimals: int,
    limit: int,
    repeated: int = 0,
    colours: Sequence[Sequence[str]] | None = None,
) -> Iterator[str]:
    """The grid as one table, or as several beneath each other where it would be too wide."""
    names = [symbol for symbol, _ in grid.rows]
    cells = [tabulars(values, decimals) for _, values in grid.rows]
    if colours:
        cells = [list(map(Painted, *pair)) for pair in zip(cells, colours, strict=True)]
    headings = list(grid.headings)
    corner = "t" if grid.over_time else grid.corner
    if layout == "steps" and grid.over_time:
        names, headings = headings, names
        cells = [list(column) for column in zip(*cells, strict=True)]
    widths = [_width(column) for column in zip(headings, *cells, strict=True)]
    first = [max(map(columns, [corner, *names])), *widths[:repeated]]
    for start, stop in _cuts(first, widths[repeated:], _overhead(format), limit):
        band = slice(repeated + start, repeated + stop)
        body = [[name, *row[:repeated], *row[band]] for name, row in zip(names, cells, strict=True)]
        yield tabulated([corner, *headings[:repeated], *headings[band]], body, format)


def _colours(model: Model, grid: Grid) -> list[list[str]]:
    """The colour of each number: derivatives by sign and size, gates by how open they are."""
    if grid.derived:
        sizes = [abs(v) for _, values in grid.rows for v in values if not math.isnan(v)]
        largest = max(sizes, default=0.0)
        return [[heat(value, largest) for value in values] for _, values in grid.rows]
    gates = {row.symbol for row in model.forward if _is_gate(row)}
    return [
        [openness(value) if symbol in gates else "" for value in values]
        for symbol, values in grid.rows
    ]


def _is_gate(row: Quantity) -> bool:
    return isinstance(row.formula, Call) and row.formula.function in ("sigmoid", "hard_sigmoid")


def _meanings(model: Model, keys: Collection[str]) -> str:
    """A legend of the symbols of one word, in one line or two."""
    parts = [
        f"{model.label(row.symbol)} {re.split('[:,;(：，；（]', row.says)[0].strip()}"
        for row in model.forward
        if row.symbol in keys and "_" not in row.symbol and row.symbol not in (LOSS, PREDICTION)
    ]
    derived = next((row for row in model.backward if row.symbol in keys), None)
    if derived is not None and model.author is None:
        example = next((row for row in model.backward if row.derivative_of in model.state), derived)
        of = example.derivative_of
        parts.append(sentence("table", "derivative", symbol=example.symbol, of=of))
    return " · ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)


def _folded(trace: Trace, selection: Selection) -> int:
    """How many rows are left out of the tables of the parts that are shown."""
    places = _places(trace)
    return sum(
        any(symbol in places[part] for part in selection.passes) for symbol in selection.hidden
    )


def training(trace: Trace) -> Iterator[Grid]:
    """What a long training came to: the loss of some epochs, and what became of the parameters."""
    losses: dict[int, float] = {}
    for one in trace.passes:
        losses[one.epoch] = losses.get(one.epoch, 0.0) + (one.loss or 0.0)
    last = max(losses)
    chosen = [epoch for epoch in losses if _is_told(epoch) or epoch == last]
    title = sentence("table", "training", updates=trace.updates, epochs=last)
    values = tuple(losses[epoch] for epoch in chosen)
    corner = sentence("table", "epoch_corner")
    yield Grid(title, tuple(map(str, chosen)), (("L", values),), over_time=False, corner=corner)
    rows = tuple(
        (trace.model.label(name), (before, trace.final[name], trace.final[name] - before))
        for name, before in trace.initial.items()
    )
    headings = tuple(sentence("table", key) for key in ("at_first", "in_the_end", "change"))
    yield Grid(sentence("table", "parameters"), headings, rows, over_time=False)


def _is_told(epoch: int) -> bool:
    """Whether it is 1, 3, 10, 30, 100, …"""
    return epoch in (power * 10**k for k in range(10) for power in (1, 3))


def _what_follows(selection: Selection) -> str:
    key = "last_epoch" if selection.sequence is None else "last_pass"
    return sentence("table", key, epoch=selection.epoch, sequence=selection.sequence)


def _prose(text: str, format: str, limit: int) -> str:
    """A line of text between the tables."""
    kind = _kind(format)
    if kind not in _TITLES:
        return "\n".join(filled(text, limit)).replace("\N{NO-BREAK SPACE}", " ")
    shown = _escaped(text.replace("\N{NO-BREAK SPACE}", " "), kind)
    return f"<p>{shown}</p>" if kind == "html" else shown


def _width(cells: Sequence[str]) -> int:
    """How many columns the widest of them takes."""
    return max(map(len if "".join(cells).isascii() else columns, cells))


def _cuts(
    first: Sequence[int], others: Sequence[int], overhead: tuple[int, int], limit: int
) -> Iterator[tuple[int, int]]:
    """From where to where each band goes: as many columns as fit, at least one."""
    edges, between = overhead
    start = 0
    while start < len(others):
        used, stop = edges + sum(first) + between * len(first), start
        while stop < len(others):
            used += others[stop] + between
            if limit and used > limit and stop > start:
                break
            stop += 1
        yield start, stop
        start = stop


def _overhead(format: str) -> tuple[int, int]:
    """What a format adds to a line: at its edges, and for each column."""

    def width(count: int) -> int:
        text = tabulated(["xxxx"] * count, [["xxxx"] * count], format)
        return max(map(len, text.splitlines()))

    between = width(3) - width(2) - 4
    return width(2) - 2 * (4 + between), between


def tabulated(
    headings: list[str], body: list[list[str]], format: str, align: Sequence[str] = ()
) -> str:
    """A table in one of tabulate's formats.

    Unless ``align`` says so for each, the first column is to the left, the others to the right.
    """
    format = _LAID_OUT.get(format, format)
    if format == "simple":
        return _simple(headings, body, align)
    from tabulate import tabulate  # here, since loading it takes as long as all else

    sides = align or ["left", *["right"] * (len(headings) - 1)]
    return tabulate(body, headers=headings, tablefmt=format, disable_numparse=True, colalign=sides)


def figures(
    headings: Sequence[str], body: Sequence[Sequence[str]], text: str | None = None
) -> Figures:
    """A table of a page; ``text`` is how a terminal shows it, where that is not usual."""
    from cellcalc.views.document import Figures

    rows = [list(row) for row in body]
    shown = _simple(list(headings), rows) if text is None else text
    return Figures(tuple(headings), tuple(map(tuple, rows)), shown)


def _simple(headings: list[str], body: list[list[str]], align: Sequence[str] = ()) -> str:
    """What tabulate makes in its format ``simple``; cells may have a colour."""
    widths = [_width(column) for column in zip(headings, *body, strict=True)]
    widths = [max(w, columns(head) + 2) for w, head in zip(widths, headings, strict=True)]
    sides = align or ["left", *["right"] * (len(headings) - 1)]

    def line(cells: Sequence[str]) -> str:
        texts = []
        for cell, width, side in zip(cells, widths, sides, strict=True):
            if type(cell) is str and cell.isascii():  # most are
                texts.append(cell.ljust(width) if side == "left" else cell.rjust(width))
                continue
            gap = " " * (width - columns(cell))
            texts.append(in_colour(cell) + gap if side == "left" else gap + in_colour(cell))
        return "  ".join(texts).rstrip()

    rules = "  ".join("-" * width for width in widths)
    if "".join(map("".join, body)).isascii() and {*map(type, chain(*body))} <= {str}:  # most are
        form = "  ".join(
            f"%{'-' * (side == 'left')}{w}s" for side, w in zip(sides, widths, strict=True)
        )
        return "\n".join([line(headings), rules, *((form % (*row,)).rstrip() for row in body)])
    return "\n".join([line(headings), rules, *map(line, body)])


def check_layout(
    format: str, layout: str, decimals: int | None, width: int, others: Sequence[str] = ()
) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` for a table that cannot be printed.

    The format must be one of ``FORMATS``, of tabulate's or of the ``others``, the layout one of
    ``LAYOUTS``, the decimals from 0 to 30, the width at least 0.
    """
    check_choice("layout", layout, LAYOUTS)
    check_page(width, decimals)
    if format not in (*FORMATS, *others, "simple"):
        from tabulate import tabulate_formats  # here, since loading it takes as long as all else

        if format not in tabulate_formats:
            ours = ", ".join((*FORMATS, *others))
            found = unknown(format, (*FORMATS, *others, *tabulate_formats))
            raise OptionError("format", f"one of {ours}, or a format of tabulate", found)
