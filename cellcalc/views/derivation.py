"""The derivation on paper: all equations with the chain-rule reason for each term.

Sections of equations (:class:`Part`, :class:`Line`), written as text, Markdown or LaTeX; as Python
it is a script of its own, :mod:`cellcalc.scripts.python`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from textwrap import wrap

from cellcalc.engine.optimizer import rules
from cellcalc.errors import check_choice
from cellcalc.language.letters import latex_text
from cellcalc.language.notation import Binding, Indexed, plain_number
from cellcalc.language.tree import ONE, Add, Expression, Neg, Symbol
from cellcalc.model.model import Group, Model, Quantity, Term
from cellcalc.problems.specification import Specification
from cellcalc.resources import sentence
from cellcalc.scripts.python import script
from cellcalc.views.legend import Legend, legend
from cellcalc.views.text import check_page, markdown_text
from cellcalc.views.worked import left_side, wrapped

FORMATS = ("text", "markdown", "latex", "python")


@dataclass(frozen=True)
class Reason:
    """A term of a sum, and the link of the chain rule that it is."""

    term: str
    says: str


@dataclass(frozen=True)
class Line:
    """One equation: left side, the summands of the right side, meaning, a reason for each term."""

    left: str
    summands: tuple[str, ...]
    says: str
    reasons: tuple[Reason, ...] = ()
    sign: str = "="

    @property
    def right(self) -> str:
        return " ".join(self.summands)


@dataclass(frozen=True)
class Part:
    title: str
    lines: tuple[Line, ...]


def derive(
    specification: Specification, model: Model, format: str = "text", width: int = 80
) -> str:
    """The derivation of a problem's model.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    format : str
        One of ``FORMATS``; as ``python`` it is a script (:func:`cellcalc.scripts.python.script`).
    width : int
        Columns of the text; 0: no limit.

    Returns
    -------
    str

    Raises
    ------
    OptionError
        Another format, or a width below 0.
    """
    check_choice("format", format, FORMATS)
    check_page(width)
    if format == "python":
        return script(specification, model, title(specification))
    write = model.latex() if format == "latex" else model.maths()
    parts = list(_parts(specification, model, write))
    lines, below = title(specification), legend(model)
    if format == "latex":
        return _latex(lines, parts, below)
    if format == "markdown":
        return _markdown(lines, parts, below)
    return _text(lines, parts, below, width)


def title(specification: Specification) -> list[str]:
    s = specification
    parts = {"cell": s.cell, "readout": s.readout, "loss": s.loss, "error": s.error}
    lines = [
        f"{kind}: {part.title}" + (f" ({part.source})" if part.source else "")
        for kind, part in parts.items()
        if part
    ]
    return [*lines, *(f"{name} = {plain_number(v)}" for name, v in s.coefficients.items())]


def _parts(specification: Specification, model: Model, write: Indexed) -> Iterator[Part]:
    def part(name: str, lines: Iterable[Line]) -> Part:
        return Part(sentence("part", name), tuple(lines))

    yield part("forward", (_line(row, write) for row in model.forward))
    if not model.loss:
        return
    yield part("backward", (_line(row, write) for row in model.backward))
    yield part("gradients", (_total_line(model, row, write) for row in model.gradients))
    if model.state:
        yield part("entering", _entering_lines(model, replace(write, step=0)))
    yield part("update", _update_lines(specification, write))


def _line(row: Quantity, write: Indexed) -> Line:
    left = left_side(row, write)
    if row.formula is None:  # dE, with which the chain starts
        return Line(left, ("1",), row.says, (Reason("1", sentence("reason", "count")),))
    reasons = tuple(Reason(write(term.formula), reason(term, write)) for term in row.terms)
    return Line(left, _summands(row.formula, write), row.says, reasons)


def _summands(formula: Expression, write: Indexed) -> tuple[str, ...]:
    """The summands as written, each with its sign, so that a line can be broken between them."""
    first, *others = formula.terms if isinstance(formula, Add) else (formula,)
    texts = [write(first)]
    for term in others:
        operand = term.operand if isinstance(term, Neg) else term
        sign = write.less.strip() if isinstance(term, Neg) else "+"
        texts.append(f"{sign} {write.within(operand, Binding.DOT)}")
    return tuple(texts)


def reason(term: Term, write: Indexed) -> str:
    """The link of the chain: ∂z_f/∂h = U_f."""
    quantity = Symbol(term.quantity, 0 if term.varies else None)
    local, slope = write(term.local), write.slope(Symbol(term.via, term.later), quantity)
    words = {"quantity": Symbol(term.quantity), "via": Symbol(term.via)}
    math = {name: write(symbol) for name, symbol in words.items()} | {
        "local": local,
        "slope": slope,
    }
    kind = "next_step" if term.later else "same_step"
    return sentence("reason", kind, **{k: write.in_text(v) for k, v in math.items()})


def _total_line(model: Model, row: Quantity, write: Indexed) -> Line:
    line = _line(row, write)
    parameter = row.derivative_of
    says = f"{model.label(parameter)}: {model.quantities[parameter].says}"
    total = write.summed(row.formula or ONE)
    return replace(line, left=write(Symbol(row.symbol)), summands=(total,), says=says)


def _entering_lines(model: Model, write: Indexed) -> Iterator[Line]:
    for row in model.entering:
        if row.group is not Group.PATH:
            says = sentence("quantity", "entering", symbol=model.label(row.derivative_of))
            yield replace(_line(row, write), says=says)


def _update_lines(specification: Specification, write: Indexed) -> Iterator[Line]:
    update = specification.update
    write = replace(write, derivatives={"dw"})
    for rule in rules(update.optimizer, "w"):
        says = sentence("part", "each", says=rule.says)
        if rule.symbol == "w" and update.frozen:
            says += "; " + sentence("part", "frozen", names=", ".join(update.frozen))
        left = write(Symbol(rule.symbol))
        yield Line(left, _summands(rule.formula, write), says, sign=write.becomes)


def _text(title: list[str], parts: list[Part], below: Legend | None, width: int) -> str:
    limit = width or 10**6
    blocks = ["\n".join(row for line in title for row in _wrapped(line, 0, limit))]
    for part in parts:
        blocks.append(f"{part.title}\n{'─' * len(part.title)}")
        for line in part.lines:
            rows = wrapped(line.right, f"{line.left} {line.sign} ", limit)
            rows += _wrapped(line.says, 4, limit)
            several = len(line.reasons) > 1
            for reason in line.reasons:
                rows += [f"      {reason.term}"] if several else []
                rows += _wrapped(reason.says, 8 if several else 4, limit)
            blocks.append("\n".join(rows))
    blocks += [below.text(width)] if below else []
    return "\n\n".join(blocks) + "\n"


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    space = " " * indent
    return wrap(text, width, initial_indent=space, subsequent_indent=space + "  ")


def _markdown(title: list[str], parts: list[Part], below: Legend | None) -> str:
    blocks = [
        "# Forward and backward pass",
        "\n".join(f"- {markdown_text(line)}" for line in title),
    ]
    for part in parts:
        rows = ["| equation | meaning | why |", "| --- | --- | --- |"]
        for line in part.lines:
            several = len(line.reasons) > 1
            why = "<br>".join(
                f"`{reason.term}`: {reason.says}" if several else reason.says
                for reason in line.reasons
            )
            equation = f"`{line.left} {line.sign} {line.right}`"
            cells = (equation, markdown_text(line.says), why)
            rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        blocks += [f"## {part.title}", "\n".join(rows)]
    blocks += [below.markdown()] if below else []
    return "\n\n".join(blocks) + "\n"


_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""


def _latex(title: list[str], parts: list[Part], below: Legend | None) -> str:
    blocks = [_PREAMBLE + " \\\\\n".join(map(latex_text, title))]
    for part in parts:
        blocks.append(f"\\section*{{{latex_text(part.title)}}}")
        for line in part.lines:
            pieces = [" ".join(group) for group in _in_fours(line.summands)]
            rows = [f"{line.left} {line.sign}{{}}& {pieces[0]}", *(f"& {p}" for p in pieces[1:])]
            says = latex_text(line.says)
            equation = " \\\\\n".join(rows)
            blocks.append(f"{says}\n\\begin{{align*}}\n{equation}\n\\end{{align*}}")
            if line.reasons:
                items = [f"\\item ${reason.term}$: {reason.says}" for reason in line.reasons]
                blocks.append("\n".join(["\\begin{itemize}", *items, "\\end{itemize}"]))
    blocks += [below.latex()] if below else []
    return "\n\n".join([*blocks, "\\end{document}"]) + "\n"


def _in_fours(summands: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What fits on a line of an A4 page."""
    return (summands[k : k + 4] for k in range(0, len(summands), 4))
