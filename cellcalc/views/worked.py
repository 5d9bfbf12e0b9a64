"""Every value in words: symbol, equation, the equation with the numbers put in, value, meaning."""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from html import escape

from cellcalc.engine.optimizer import rules
from cellcalc.engine.trace import (
    Lookup,
    PassTrace,
    Trace,
    WindowTrace,
    backward_values,
    forward_values,
)
from cellcalc.errors import LimitError, check_choice
from cellcalc.language.authors import AuthorsAscii, AuthorsUnicode
from cellcalc.language.keys import COUNT, derivative_key, memory_key
from cellcalc.language.letters import latex_text
from cellcalc.language.notation import Binding, Indexed, LatexNumbersPutIn, Notation
from cellcalc.language.tree import Add, Expression, Neg, Symbol, spelled_out, symbols
from cellcalc.model.model import Group, Model, Quantity
from cellcalc.resources import sentence
from cellcalc.views.document import LATEX_PREAMBLE, html_page
from cellcalc.views.legend import Legend, legend
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
from cellcalc.views.text import check_page, columns, fixed, markdown_text, short, wrap

MOST_EXPLAINED = 50_000  # values, which is a book
FORMATS = ("text", "markdown", "html", "latex", "json")


def explain(
    trace: Trace,
    selection: Selection = EVERYTHING,
    decimals: int | None = None,
    width: int = 80,
    format: str = "text",
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
        Columns of the page; 0: no limit. For text.
    format : {"text", "markdown", "html", "latex", "json"}
        How it is written; Markdown has its maths in LaTeX, and LaTeX is a whole document.

    Returns
    -------
    str

    Raises
    ------
    LimitError
        More values than anybody reads.
    OptionError
        More decimals than 30, a width below 0, another format, or a text that LaTeX lacks
        letters for.
    """
    check_choice("format", format, FORMATS)
    check_page(width, decimals)
    _check_length(trace, selection)
    if decimals is None:
        decimals = DECIMALS if trace.decimals is None else trace.decimals
    style = _Tex if format in ("markdown", "latex") else _Plain
    explainer = _Explainer(trace, selection, style(trace.model, decimals))
    sections = tuple(explainer.sections())
    check_shown(selection, [line.symbol for section in sections for line in section.lines])
    below = legend(trace.model, _seen(trace.model, selection))
    if format == "text":
        blocks = ["\n".join(heading(trace, width)), *_texts(sections, width or 10**6)]
        blocks += [below.text(width)] if below else []
        return "\n\n".join(blocks) + "\n"
    if format == "json":
        return _json(trace, sections)
    write = {"markdown": _markdown, "html": _html, "latex": _latex}[format]
    return write(heading(trace), sections, below)


def explained(
    trace: Trace, selection: Selection, decimals: int | None = None, width: int = 80
) -> tuple[str, str]:
    """The selected values worked out, without a heading: as text, and as Markdown with maths."""
    if decimals is None:
        decimals = DECIMALS if trace.decimals is None else trace.decimals
    plain = _Explainer(trace, selection, _Plain(trace.model, decimals)).sections()
    text = "\n\n".join(_texts(tuple(plain), width)) + "\n"
    last = replace(trace, passes=trace.passes[-1:])
    maths = _Explainer(last, selection, _Tex(trace.model, decimals)).sections()
    return text, "\n\n".join(_aligned(line) for section in maths for line in section.lines)


def working(
    trace: Trace, selection: Selection, decimals: int = DECIMALS
) -> Iterator[tuple[int, Line]]:
    """Each selected value worked out as for a terminal, with the number of its window."""
    style, places = _Plain(trace.model, decimals), Counter[tuple[str, int | None]]()
    for section in _Explainer(trace, selection, style).sections():
        for line in section.lines:
            # A window sweeps a step once, and windows come one after the other.
            number = _window_of(trace, line, places[line.symbol, line.t])
            places[line.symbol, line.t] += 1
            yield number, line


def _window_of(trace: Trace, line: Line, before: int) -> int:
    """The window whose line it is, after so many lines for the same value."""
    windows = [
        number
        for number, window in enumerate(trace.passes[0].windows, 1)
        if line.t is None or line.t in window.steps
    ]
    return windows[min(before, len(windows) - 1)] if windows else 0


@dataclass(frozen=True)
class Line:
    """One value worked out.

    ``symbol`` is its key, ``label`` what it is called, ``t`` its step (None for a total), ``left``
    the left side and ``right`` what it is equal to, line by line, each in pieces between which it
    may be broken.
    """

    symbol: str
    label: str
    says: str
    t: int | None
    left: str
    right: tuple[tuple[str, ...], ...]
    value: float


@dataclass(frozen=True)
class Section:
    """What is computed in one go: a step of a pass, the gradients, an update."""

    title: str
    lines: tuple[Line, ...]


def _texts(sections: Iterable[Section], width: int) -> Iterator[str]:
    for section in sections:
        yield _title(section.title)
        for line in section.lines:
            yield _laid_out(line, width)


def _laid_out(line: Line, width: int) -> str:
    """The symbol with its meaning, and below it one "= …" a line."""
    text = wrap(f"{line.label}   {line.says}", width, subsequent_indent="    ")
    for k, pieces in enumerate(line.right):
        indent = "    " + (line.left if k == 0 else " " * columns(line.left)) + " = "
        text += wrapped(" ".join(pieces), indent, width)
    return "\n".join(text)


def _json(trace: Trace, sections: Iterable[Section]) -> str:
    """One JSON object on one line; numbers are full float64."""
    data = {
        "title": trace.specification.title,
        "cell": trace.specification.cell.name,
        "scheme": asdict(trace.scheme),
        "sections": [
            {
                "title": section.title,
                "lines": [
                    {
                        "symbol": line.symbol,
                        "t": line.t,
                        "says": line.says,
                        "left": line.left,
                        "right": [" ".join(pieces) for pieces in line.right],
                        "value": line.value if math.isfinite(line.value) else None,
                    }
                    for line in section.lines
                ],
            }
            for section in sections
        ],
    }
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


def _markdown(head: list[str], sections: Iterable[Section], below: Legend | None) -> str:
    title, *settings = map(markdown_text, head)
    blocks = [f"# {title}", "  \n".join(settings)]
    for section in sections:
        blocks.append(f"## {markdown_text(section.title)}")
        blocks += [f"`{line.label}`: {_aligned(line)}" for line in section.lines]
    blocks += [below.markdown()] if below else []
    return "\n\n".join(blocks) + "\n"


def _aligned(line: Line) -> str:
    """The meaning, and the equation as displayed maths in Markdown."""
    body = r" \\ ".join(f"&= {' '.join(pieces)}" for pieces in line.right)
    says = markdown_text(line.says)
    return f"{says}\n\n$$\\begin{{aligned}} {line.left} {body} \\end{{aligned}}$$"


def _html(head: list[str], sections: Iterable[Section], below: Legend | None) -> str:
    title, *settings = head
    blocks = [f"<h1>{escape(title)}</h1>", f"<p>{escape(' · '.join(settings))}</p>"]
    for section in sections:
        blocks.append(f"<h2>{escape(section.title)}</h2>")
        for line in section.lines:
            says = f"<p><code>{escape(line.label)}</code> {escape(line.says)}</p>"
            maths = "\n".join(_laid_out(line, 10**6).split("\n")[1:])
            blocks.append(f"{says}\n<pre>{escape(textwrap.dedent(maths))}</pre>")
    blocks += [below.html()] if below else []
    return html_page(title, blocks)


def _latex(head: list[str], sections: Iterable[Section], below: Legend | None) -> str:
    title, *settings = map(latex_text, head)
    blocks = [LATEX_PREAMBLE + f"\\section*{{{title}}}", " \\\\\n".join(settings)]
    for section in sections:
        blocks.append(f"\\subsection*{{{latex_text(section.title)}}}")
        for line in section.lines:
            rows, left = [], f"{line.left} "
            for pieces in line.right:
                first, *others = (" ".join(group) for group in in_lines(pieces))
                rows += [f"{left}={{}}& {first}", *(f"& {more}" for more in others)]
                left = ""
            says = f"\\texttt{{{latex_text(line.label)}}}\\quad {latex_text(line.says)}"
            equation = " \\\\\n".join(rows)
            blocks.append(f"{says}\n\\begin{{align*}}\n{equation}\n\\end{{align*}}")
    blocks += [below.latex()] if below else []
    return "\n\n".join([*blocks, r"\end{document}"]) + "\n"


LONGEST_LINE = 110  # characters of LaTeX, about what a line of an A4 page has room for


def in_lines(pieces: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The pieces of a right side, as many on a line as an A4 page has room for."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        if held and size + len(piece) > LONGEST_LINE:
            yield tuple(held)
            held, size = [], 0
        held.append(piece)
        size += len(piece)
    yield tuple(held)


class _Plain:
    """Maths for a terminal: in Unicode, or ASCII."""

    def __init__(self, model: Model, decimals: int) -> None:
        self.model, self.decimals = model, decimals

    def notation(self, step: int | None = None) -> Indexed:
        return self.model.maths(step=step)

    def formula(self, formula: Expression, step: int | None) -> tuple[str, ...]:
        return (self.notation(step)(formula),)

    def numbers(self, formula: Expression, value: Lookup) -> tuple[str, ...]:
        return (self.put_in(value)(formula),)

    def put_in(self, value: Lookup) -> Notation:
        return self.model.numbers_put_in(value, lambda number: short(number, self.decimals))

    def summed(self, formula: Expression) -> str:
        return self.notation().summed(formula)

    def left(self, row: Quantity, step: int | None) -> str:
        return left_side(row, self.notation(step))

    def new(self, symbol: str) -> str:
        return sentence("table", "new", symbol=self.notation()(Symbol(symbol)))

    def number(self, value: float, given: bool = False) -> str:
        text = short(value, self.decimals) if given else fixed(value, self.decimals)
        minus = self.notation().minus
        return text.replace("-", minus, 1) if text.startswith("-") else text

    def term(self, value: float) -> str:
        text = self.number(value)
        return f"({text})" if text.startswith(("−", "-")) else text

    def terms(self, values: Iterable[float]) -> tuple[str, ...]:
        return (" + ".join(map(self.term, values)),)


class _Tex(_Plain):
    """Maths in LaTeX."""

    def notation(self, step: int | None = None) -> Indexed:
        return replace(self.model.latex(), step=step)

    def formula(self, formula: Expression, step: int | None) -> tuple[str, ...]:
        return summands(formula, self.notation(step))

    def numbers(self, formula: Expression, value: Lookup) -> tuple[str, ...]:
        return summands(spelled_out(formula, self.model.features), self.put_in(value))

    def put_in(self, value: Lookup) -> LatexNumbersPutIn:
        return LatexNumbersPutIn(
            value=value,
            written=lambda number: short(number, self.decimals),
            features=self.model.features,
        )

    def left(self, row: Quantity, step: int | None) -> str:
        write = self.notation(step)
        if row.group is not Group.PATH:
            return write(Symbol(row.symbol, 0))
        via = rf"\ \text{{{sentence('worked', 'via')}}}\ {write(Symbol(row.via))}"
        return write(Symbol(row.path_of, 0)) + via

    def new(self, symbol: str) -> str:
        return rf"\text{{{sentence('worked', 'new')} }} {self.notation()(Symbol(symbol))}"

    def number(self, value: float, given: bool = False) -> str:
        text = short(value, self.decimals) if given else fixed(value, self.decimals)
        mantissa, e, exponent = text.partition("e")
        if "inf" in text:
            return text.replace("inf", r"\infty")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}" if e else text

    def terms(self, values: Iterable[float]) -> tuple[str, ...]:
        first, *others = map(self.term, values)
        return (first, *(f"+ {term}" for term in others))


def summands(formula: Expression, write: Notation) -> tuple[str, ...]:
    """The summands as written, each with its sign, so that a line can be broken between them."""
    first, *others = formula.terms if isinstance(formula, Add) else (formula,)
    texts = [write(first)]
    for term in others:
        operand = term.operand if isinstance(term, Neg) else term
        sign = write.less.strip() if isinstance(term, Neg) else "+"
        texts.append(f"{sign} {write.within(operand, Binding.DOT)}")
    return tuple(texts)


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
    def __init__(self, trace: Trace, selection: Selection, style: _Plain) -> None:
        self.trace, self.selection, self.style = trace, selection, style
        self.model = trace.model

    def sections(self) -> Iterator[Section]:
        """Forward to where a window fires, back over it, the update, and on from there."""
        for title, lines in self._all():
            shown = tuple(lines)
            if shown:
                yield Section(title, shown)

    def _all(self) -> Iterator[tuple[str, Iterable[Line]]]:
        for pass_trace in filter(self.selection.takes, self.trace.passes):
            place, done = place_of(self.trace, pass_trace), 0
            for number, window in enumerate(pass_trace.windows, 1):
                where = place + window_of(pass_trace, number, window)
                yield from self.forward(pass_trace, range(done + 1, window.last + 1), place)
                yield from self.backward(pass_trace, window, where)
                yield (
                    sentence("table", "gradients", place=where),
                    self.gradients(pass_trace, window),
                )
                yield update_title(self.trace, window, place), self.update(window)
                done = window.last
            yield from self.forward(pass_trace, range(done + 1, pass_trace.steps + 1), place)

    def forward(
        self, pass_trace: PassTrace, steps: range, place: str
    ) -> Iterator[tuple[str, Iterable[Line]]]:
        if "forward" not in self.selection.passes:
            return
        rows = (*self.model.inputs, *self.model.forward)
        for t in filter(self.selection.within, steps):
            lines = self.step(rows, t, forward_values(pass_trace, t))
            yield sentence("table", "forward_step", place=place, t=t), lines

    def backward(
        self, pass_trace: PassTrace, window: WindowTrace, place: str
    ) -> Iterator[tuple[str, Iterable[Line]]]:
        if "backward" not in self.selection.passes:
            return
        rows = []
        for row in self.model.backward:
            rows += [row, *self.model.paths_of(row)]
        for t in filter(self.selection.within, reversed(window.steps)):
            lines = self.step(rows, t, backward_values(pass_trace, window, t))
            yield sentence("table", "backward_step", place=place, t=t), lines

    def step(self, rows: Iterable[Quantity], t: int, value: Lookup) -> Iterator[Line]:
        for row in rows:
            if self.selection.shows(row.symbol):
                result = value(Symbol(row.symbol, 0))
                if not math.isnan(result):
                    yield self.entry(row, t, value, result)

    def entry(self, row: Quantity, t: int, value: Lookup, result: float, left: str = "") -> Line:
        lines = []
        if row.formula is not None:
            lines.append(self.style.formula(row.formula, t))
            if not any(math.isnan(value(s)) for s in self.numbered(row.formula)):
                lines.append(self.style.numbers(row.formula, value))
        lines.append((self.style.number(result, given=row.formula is None),))
        return self.line(row.symbol, row.says, left or self.style.left(row, t), lines, result, t)

    def numbered(self, formula: Expression) -> tuple[Symbol, ...]:
        """The symbols for which numbers are put in; a missing target has none."""
        return symbols(spelled_out(formula, self.model.features))

    def line(
        self,
        symbol: str,
        says: str,
        left: str,
        lines: Iterable[tuple[str, ...]],
        value: float,
        t: int | None = None,
    ) -> Line:
        """A line whose right sides all differ."""
        right = tuple({" ".join(pieces): pieces for pieces in lines}.values())
        return Line(symbol, self.model.label(symbol), says, t, left, right, value)

    def gradients(self, pass_trace: PassTrace, window: WindowTrace) -> Iterator[Line]:
        if "gradients" not in self.selection.passes or self.selection.steps:
            return
        for row in self.model.gradients:
            if self.selection.shows(row.symbol) and row.formula is not None:
                terms = window.backward[row.symbol]
                lines: list[tuple[str, ...]] = [(self.style.summed(row.formula),)]
                lines += [self.style.terms(terms)] if len(terms) > 1 else []
                value = window.gradients[row.symbol]
                lines.append((self.style.number(value),))
                left = self.style.notation()(Symbol(row.symbol))
                parameter = self.model.quantities[row.derivative_of]
                says = f"{self.model.label(parameter.symbol)}: {parameter.says}"
                yield self.line(row.symbol, says, left, lines, value)
        yield from self.entering(pass_trace, window)

    def entering(self, pass_trace: PassTrace, window: WindowTrace) -> Iterator[Line]:
        """The derivatives of the state that enters the window: dh0, dc0."""
        t = window.first - 1
        value = backward_values(pass_trace, window, t)
        for row in self.model.entering:
            symbol = f"{row.symbol}0"
            if row.group is not Group.PATH and self.selection.shows(symbol):
                says = sentence("quantity", "entering", symbol=self.model.label(row.derivative_of))
                named = replace(row, symbol=symbol, says=says)
                left = self.style.left(row, t)
                yield self.entry(named, t, value, window.gradients[symbol], left)

    def update(self, window: WindowTrace) -> Iterator[Line]:
        if "update" not in self.selection.passes or self.selection.steps or not window.used:
            return
        optimizer = self.trace.specification.update.optimizer
        for name in window.before:
            if self.selection.shows_update(name, optimizer):
                yield from self.updated(window, name)

    def updated(self, window: WindowTrace, name: str) -> Iterator[Line]:
        """The optimizer's equations for one parameter, each using what those before gave."""
        update = self.trace.specification.update
        if name in update.frozen:
            says = sentence("part", "frozen", names=self.model.label(name))
            value = window.after[name]
            left = self.style.notation()(Symbol(name))
            yield self.line(name, says, left, [(self.style.number(value),)], value)
            return
        start = {memory_key(s, name): v for s, v in update.optimizer.state.items()}
        numbers = {**start, **window.memory_before, **update.settings, COUNT: float(window.update)}
        numbers |= {
            name: window.before[name],
            derivative_key(name): window.used[derivative_key(name)],
        }
        for rule in rules(update.optimizer, name):
            put_in = self.style.numbers(rule.formula, _named(dict(numbers)))
            lines = [self.style.formula(rule.formula, None), put_in]
            value = numbers[rule.symbol] = {**window.memory_after, **window.after}[rule.symbol]
            lines.append((self.style.number(value),))
            yield self.line(rule.symbol, rule.says, self.style.new(rule.symbol), lines, value)


def _named(numbers: Mapping[str, float]) -> Lookup:
    return lambda symbol: numbers[symbol.name]


def left_side(row: Quantity, write: Indexed) -> str:
    """What stands before the equals sign: ∂L/∂hₜ, or ∂L/∂hₜ via y for a path."""
    if row.group is Group.PATH and not isinstance(write, AuthorsUnicode | AuthorsAscii):
        of = write(Symbol(row.path_of, 0))
        return sentence("table", "via", symbol=of, via=row.via)
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
    return f"{text}\n{'─' * columns(text)}"
