"""Every value in words: symbol, equation, the equation with the numbers put in, value, meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from textwrap import wrap

from cellcalc.engine.optimizer import rules
from cellcalc.engine.trace import (
    Lookup,
    PassTrace,
    Trace,
    WindowTrace,
    backward_values,
    forward_values,
)
from cellcalc.errors import LimitError
from cellcalc.language.authors import AuthorsAscii, AuthorsUnicode
from cellcalc.language.keys import COUNT, derivative_key, memory_key
from cellcalc.language.notation import Indexed, LatexNumbersPutIn
from cellcalc.language.tree import Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import Group, Model, Quantity
from cellcalc.resources import sentence
from cellcalc.views.legend import legend
from cellcalc.views.table import (
    DECIMALS,
    EVERYTHING,
    Selection,
    check_shown,
    heading,
    place_of,
    update_title,
    window_of,
)
from cellcalc.views.text import check_page, fixed, short

MOST_EXPLAINED = 50_000  # values, which is a book


def explain(
    trace: Trace,
    selection: Selection = EVERYTHING,
    decimals: int | None = None,
    width: int = 80,
) -> str:
    """The selected values in the order of computation, each worked out line by line.

    Parameters
    ----------
    trace : Trace
        What was computed.
    selection : Selection
        What is shown.
    decimals : int, optional
        5 where it is not said, or those of hand rounding.
    width : int
        Columns of the page; 0: no limit.

    Returns
    -------
    str

    Raises
    ------
    LimitError
        More values than anybody reads.
    OptionError
        More decimals than 30, or a width below 0.
    """
    check_page(width, decimals)
    _check_length(trace, selection)
    if decimals is None:
        decimals = DECIMALS if trace.decimals is None else trace.decimals
    blocks = ["\n".join(heading(trace))]
    explainer = _Explainer(trace, selection, decimals, width or 10**6)
    blocks += explainer.blocks()
    check_shown(selection, explainer.shown_symbols)
    below = legend(trace.model, _seen(trace.model, selection))
    blocks += [below.text(width)] if below else []
    return "\n\n".join(blocks) + "\n"


def explained(
    trace: Trace, selection: Selection, decimals: int | None = None, width: int = 80
) -> tuple[str, str]:
    """The selected values worked out, without a heading: as text, and as Markdown with maths."""
    if decimals is None:
        decimals = DECIMALS if trace.decimals is None else trace.decimals
    explainer = _Explainer(trace, selection, decimals, width)
    text = "\n\n".join(explainer.blocks()) + "\n"
    return text, "\n\n".join(_maths(trace, selection, decimals))


def _maths(trace: Trace, selection: Selection, decimals: int) -> Iterator[str]:
    """Each selected value of the last pass as LaTeX: its equation, the numbers, the value."""
    model, last = trace.model, trace.passes[-1]
    for t in filter(selection.within, range(1, last.steps + 1)):
        rows = [(row, forward_values(last, t)) for row in (*model.inputs, *model.forward)]
        for window in last.windows:
            if t in window.steps:
                value = backward_values(last, window, t)
                for derived in model.backward:
                    rows += [(row, value) for row in (derived, *model.paths_of(derived))]
        for row, value in rows:
            if selection.shows(row.symbol):
                yield _block(model, row, value, t, decimals)


def _block(model: Model, row: Quantity, value: Lookup, t: int, decimals: int) -> str:
    write = replace(model.latex(), step=t)
    lines = []
    if row.formula is not None:
        lines.append(write(row.formula))
        used = symbols(spelled_out(row.formula, model.features))
        if not any(math.isnan(value(symbol)) for symbol in used):
            numbers = LatexNumbersPutIn(
                value=value,
                written=lambda number: short(number, decimals),
                features=model.features,
            )
            lines.append(numbers(row.formula))
    lines.append(fixed(value(Symbol(row.symbol, 0)), decimals))
    left = write(Symbol(row.path_of or row.symbol, 0))
    if row.via:
        left += rf"\ \text{{via}}\ {write(Symbol(row.via))}"
    body = r" \\ ".join(f"&= {line}" for line in dict.fromkeys(lines))
    return f"{row.says}\n\n$$\\begin{{aligned}} {left} {body} \\end{{aligned}}$$"


def _seen(model: Model, selection: Selection) -> Iterator[str]:
    """The keys of what is shown, and of what stands in its equations."""
    part = {
        Group.INPUT: "forward",
        Group.PATH: "backward",
        Group.GRADIENT: "gradients",
        Group.PARAMETER: "update",
    }
    for row in model.quantities.values():
        if selection.shows(row.symbol) and part.get(row.group, row.group.value) in selection.passes:
            yield row.symbol
            used = symbols(spelled_out(row.formula, model.features)) if row.formula else ()
            yield from (symbol.name for symbol in used)


def _check_length(trace: Trace, selection: Selection) -> None:
    model = trace.model
    rows = len(selection.symbols) or len(model.quantities)
    steps = sum(
        sum(map(selection.within, range(1, pass_trace.steps + 1)))
        + sum(sum(map(selection.within, window.steps)) for window in pass_trace.windows)
        for pass_trace in filter(selection.takes, trace.passes)
    )
    if rows * steps > MOST_EXPLAINED:
        found = f"about {rows * steps:,}; `epoch`, `steps` or `symbols` would leave fewer"
        raise LimitError(f"explain: expected at most {MOST_EXPLAINED:,} values, found {found}")


class _Explainer:
    def __init__(self, trace: Trace, selection: Selection, decimals: int, width: int) -> None:
        self.trace, self.selection = trace, selection
        self.model = trace.model
        self.decimals, self.width = decimals, width
        self.shown_symbols: set[str] = set()

    def blocks(self) -> Iterator[str]:
        """Forward to where a window fires, back over it, the update, and on from there."""
        for pass_trace in filter(self.selection.takes, self.trace.passes):
            place, done = place_of(self.trace, pass_trace), 0
            for number, window in enumerate(pass_trace.windows, 1):
                where = place + window_of(pass_trace, number, window)
                yield from self.forward(pass_trace, range(done + 1, window.last + 1), place)
                yield from self.backward(pass_trace, window, where)
                yield from self.gradients(pass_trace, window, where)
                yield from self.update(window, place)
                done = window.last
            yield from self.forward(pass_trace, range(done + 1, pass_trace.steps + 1), place)

    def forward(self, pass_trace: PassTrace, steps: range, place: str) -> Iterator[str]:
        if "forward" not in self.selection.passes:
            return
        rows = (*self.model.inputs, *self.model.forward)
        for t in filter(self.selection.within, steps):
            parts = list(self.step(rows, t, forward_values(pass_trace, t)))
            if parts:
                yield from (_title(f"Forward pass{place}, step t = {t}"), *parts)

    def backward(self, pass_trace: PassTrace, window: WindowTrace, place: str) -> Iterator[str]:
        if "backward" not in self.selection.passes:
            return
        rows = []
        for row in self.model.backward:
            rows += [row, *self.model.paths_of(row)]
        for t in filter(self.selection.within, reversed(window.steps)):
            parts = list(self.step(rows, t, backward_values(pass_trace, window, t)))
            if parts:
                yield from (_title(f"Backward pass{place}, step t = {t}"), *parts)

    def step(self, rows: Iterable[Quantity], t: int, value: Lookup) -> Iterator[str]:
        write = self.model.maths(step=t)
        for row in rows:
            if self.selection.shows(row.symbol):
                result = value(Symbol(row.symbol, 0))
                if not math.isnan(result):
                    yield self.entry(row, write, value, result)

    def entry(
        self, row: Quantity, write: Indexed, value: Lookup, result: float, left: str = ""
    ) -> str:
        lines = []
        if row.formula is not None:
            lines.append(write(row.formula))
            if not any(math.isnan(value(s)) for s in self.numbered(row.formula)):
                lines.append(self.with_numbers(row.formula, value))
        lines.append(self.shown(result, given=row.formula is None))
        return self.laid_out(row.symbol, row.says, left or left_side(row, write), lines)

    def numbered(self, formula: Expression) -> tuple[Symbol, ...]:
        """The symbols for which numbers are put in; a missing target has none."""
        return symbols(spelled_out(formula, self.model.features))

    def with_numbers(self, formula: Expression, value: Lookup) -> str:
        put_in = self.model.numbers_put_in(value, lambda number: short(number, self.decimals))
        return put_in(formula)

    def shown(self, value: float, given: bool = False) -> str:
        text = short(value, self.decimals) if given else fixed(value, self.decimals)
        return text.replace("-", self.model.maths().minus, 1) if text.startswith("-") else text

    def laid_out(self, symbol: str, says: str, left: str, lines: list[str]) -> str:
        """The symbol with its meaning, and below it one "= …" a line, each different."""
        self.shown_symbols.add(symbol)
        text = wrap(f"{self.model.label(symbol)}   {says}", self.width, subsequent_indent="    ")
        for k, line in enumerate(dict.fromkeys(lines)):
            indent = "    " + (left if k == 0 else " " * len(left)) + " = "
            text += wrapped(line, indent, self.width)
        return "\n".join(text)

    def gradients(self, pass_trace: PassTrace, window: WindowTrace, place: str) -> Iterator[str]:
        if "gradients" not in self.selection.passes or self.selection.steps:
            return
        write = self.model.maths()
        parts = []
        for row in self.model.gradients:
            if self.selection.shows(row.symbol) and row.formula is not None:
                terms = window.backward[row.symbol]
                numbers = " + ".join(self.term(value) for value in terms)
                lines = [write.summed(row.formula)]
                lines += [numbers] if len(terms) > 1 else []
                lines.append(self.shown(window.gradients[row.symbol]))
                left, parameter = (
                    write(Symbol(row.symbol)),
                    self.model.quantities[row.derivative_of],
                )
                says = f"{self.model.label(parameter.symbol)}: {parameter.says}"
                parts.append(self.laid_out(row.symbol, says, left, lines))
        parts += self.entering(pass_trace, window)
        if parts:
            yield from (_title(f"Gradients{place}"), *parts)

    def entering(self, pass_trace: PassTrace, window: WindowTrace) -> Iterator[str]:
        """The derivatives of the state that enters the window: dh0, dc0."""
        t = window.first - 1
        write = self.model.maths(step=t)
        value = backward_values(pass_trace, window, t)
        for row in self.model.entering:
            symbol = f"{row.symbol}0"
            if row.group is not Group.PATH and self.selection.shows(symbol):
                says = sentence("quantity", "entering", symbol=self.model.label(row.derivative_of))
                named = replace(row, symbol=symbol, says=says)
                left = left_side(row, write)
                yield self.entry(named, write, value, window.gradients[symbol], left)

    def term(self, value: float) -> str:
        text = self.shown(value)
        return f"({text})" if text.startswith(("−", "-")) else text

    def update(self, window: WindowTrace, place: str) -> Iterator[str]:
        if "update" not in self.selection.passes or self.selection.steps or not window.used:
            return
        parts = [
            part
            for name in window.before
            if self.selection.shows(name) or self.selection.shows(derivative_key(name))
            for part in self.updated(window, name)
        ]
        if parts:
            yield from (_title(update_title(self.trace, window, place)), *parts)

    def updated(self, window: WindowTrace, name: str) -> Iterator[str]:
        """The optimizer's equations for one parameter, each using what those before gave."""
        update = self.trace.specification.update
        write = self.model.maths()
        if name in update.frozen:
            says = sentence("part", "frozen", names=self.model.label(name))
            yield self.laid_out(name, says, write(Symbol(name)), [self.shown(window.after[name])])
            return
        start = {memory_key(s, name): v for s, v in update.optimizer.state.items()}
        numbers = {**start, **window.memory_before, **update.settings, COUNT: float(window.update)}
        numbers |= {
            name: window.before[name],
            derivative_key(name): window.used[derivative_key(name)],
        }
        for rule in rules(update.optimizer, name):
            lines = [write(rule.formula), self.with_numbers(rule.formula, _named(dict(numbers)))]
            numbers[rule.symbol] = {**window.memory_after, **window.after}[rule.symbol]
            lines.append(self.shown(numbers[rule.symbol]))
            left = f"new {write(Symbol(rule.symbol))}"
            yield self.laid_out(rule.symbol, rule.says, left, lines)


def _named(numbers: Mapping[str, float]) -> Lookup:
    return lambda symbol: numbers[symbol.name]


def left_side(row: Quantity, write: Indexed) -> str:
    """What stands before the equals sign: ∂L/∂hₜ, or ∂L/∂hₜ via y for a path."""
    if row.group is Group.PATH and not isinstance(write, AuthorsUnicode | AuthorsAscii):
        return f"{write(Symbol(row.path_of, 0))} via {row.via}"
    return write(Symbol(row.symbol, 0))


def wrapped(text: str, indent: str, width: int) -> list[str]:
    """``indent + text`` on as many lines as it takes, broken before a sign outside of brackets."""
    parts = _between_signs(text)
    lines, line = [], indent + parts[0]
    for part in parts[1:]:
        if len(line) + 1 + len(part) > width:
            lines.append(line)
            line = " " * (len(indent) + 2) + part
        else:
            line += " " + part
    return [*lines, line]


def _between_signs(text: str) -> list[str]:
    """A text cut before each sign that no bracket holds."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(r"[(\[]|[)\]]| (?=[+−=-] )", text):
        if match[0] == " ":
            if depth == 0:
                parts.append(text[start : match.start()])
                start = match.end()
        else:
            depth += 1 if match[0] in "([" else -1
    return [*parts, text[start:]]


def _title(text: str) -> str:
    return f"{text}\n{'─' * len(text)}"
