"""The derivation on paper: all equations with the chain-rule reason for each term.

Sections of equations (:class:`Part`, :class:`Line`), written as text, Markdown or LaTeX; as Python
it is a script of its own, :mod:`cellcalc.scripts.python`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from html import escape

from cellcalc.engine.optimizer import NORM_MARGIN, rules
from cellcalc.errors import check_choice
from cellcalc.language.functions import ARGUMENTS, FUNCTIONS, OUR_OWN
from cellcalc.language.letters import latex_text
from cellcalc.language.notation import Indexed, Latex, plain_number
from cellcalc.language.tree import (
    ONE,
    Call,
    Div,
    Expression,
    Neg,
    Number,
    Symbol,
    add,
    multiply,
    walk,
)
from cellcalc.model.model import Group, Model, Quantity, Term
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.specification import Specification
from cellcalc.resources import said, sentence
from cellcalc.scripts.python import script
from cellcalc.views.document import LATEX_PREAMBLE, html_page
from cellcalc.views.legend import Legend, legend
from cellcalc.views.text import check_page, columns, markdown_text, wrap
from cellcalc.views.worked import in_lines, left_side, summands, wrapped

FORMATS = ("text", "markdown", "html", "latex", "json", "python")


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
    named = bool(specification.sequences)  # a cell alone has none but its own
    if format == "json":
        return _json(specification, lines, parts)
    lines = [*([specification.title] if named else []), *lines]
    if format == "html":
        return _html(lines, parts, below)
    if format == "latex":
        return _latex(lines, parts, below)
    if format == "markdown":
        return _markdown(lines, parts, below)
    return _text(lines, parts, below, width)


def title(specification: Specification) -> list[str]:
    s = specification
    parts = {"cell": s.cell, "readout": s.readout, "loss_part": s.loss, "error_part": s.error}
    lines = [
        sentence("part", kind, title=said(part.title))
        + (f" ({said(part.source)})" if part.source else "")
        for kind, part in parts.items()
        if part
    ]
    lines += [f"{name} = {plain_number(v)}" for name, v in s.coefficients.items()]
    return [*lines, *_held_by(s)]


def _held_by(specification: Specification) -> Iterator[str]:
    """What the equations are the same for, where it is more than one window over one sequence."""
    scheme, epochs = specification.scheme, specification.update.epochs
    if not specification.sequences:
        return
    if scheme != Scheme("full", None, None):
        words = {"name": scheme.name, "expansion": scheme.expansion()}
        yield sentence("part", "held_by_windows", **words)
    if epochs > 1:
        yield sentence("part", "held_by_epochs", epochs=epochs)


def _part(name: str, lines: Iterable[Line]) -> Part:
    return Part(sentence("part", name), tuple(lines))


def _parts(specification: Specification, model: Model, write: Indexed) -> Iterator[Part]:
    yield _part("forward", (_line(row, write) for row in model.forward))
    explained = tuple(_function_lines(model, write))
    if model.loss:
        yield from _learning(specification, model, write)
    if explained:
        yield _part("functions", explained)


def _learning(specification: Specification, model: Model, write: Indexed) -> Iterator[Part]:
    """The backward pass and what comes of it."""
    reduction = specification.scheme.reduction
    yield _part("backward", (_line(row, write, reduction) for row in model.backward))
    yield _part("gradients", (_total_line(model, row, write) for row in model.gradients))
    if model.state:
        yield _part("entering", _entering_lines(model, replace(write, step=0)))
    yield _part("update", _update_lines(specification, write))


def _function_lines(model: Model, write: Indexed) -> Iterator[Line]:
    """What the functions are that stand in equations and slopes, and that not everybody knows."""
    rows = (*model.forward, *model.backward, *model.gradients)
    nodes = (node for row in rows if row.formula is not None for node in walk(row.formula))
    used = {node.function for node in nodes if isinstance(node, Call)}
    for name in OUR_OWN:
        if name in used:
            row, words = FUNCTIONS[name], said(FUNCTIONS[name].says)
            left = f"{row.unicode}({', '.join(row.arguments)})"
            if isinstance(write, Latex):
                left = row.latex.format(**dict(zip(ARGUMENTS, ARGUMENTS, strict=True)))
                words = rf"\text{{{latex_text(words)}}}"
            yield Line(left, (words,), says="")


def start_of_chain(reduction: str) -> Reason:
    """What a step's loss counts, and why: L is the sum of the losses, or their mean."""
    share = {"sum": "1", "mean": "1/N"}[reduction]
    return Reason(share, sentence("reason", f"{reduction}_of_losses"))


def _line(row: Quantity, write: Indexed, reduction: str = "sum") -> Line:
    left = left_side(row, write)
    if row.formula is None:  # dE, with which the chain starts
        why = start_of_chain(reduction)
        return Line(left, (why.term,), row.says, (why,))
    reasons = tuple(Reason(write(term.formula), reason(term, write)) for term in row.terms)
    return Line(left, summands(row.formula, write), row.says, reasons)


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
    yield from _clipping(specification.scheme, write)
    for rule in rules(update.optimizer, "w"):
        says = sentence("part", "each", says=rule.says)
        if rule.symbol == "w" and update.frozen:
            says += "; " + sentence("part", "frozen", names=", ".join(update.frozen))
        left = write(Symbol(rule.symbol))
        yield Line(left, summands(rule.formula, write), says, sign=write.becomes)


def _clipping(scheme: Scheme, write: Indexed) -> Iterator[Line]:
    """What becomes of a gradient before the update uses it."""
    gradient, norm, bound = Symbol("dw"), scheme.clip_norm, scheme.clip_value
    if norm is not None:
        longest = Div(Number(norm), add(Symbol("norm"), Number(NORM_MARGIN)))
        shorter = multiply(gradient, Call("min", ONE, (longest,)))
        yield _clipped(shorter, "clip_norm", write)
    if bound is not None:
        within = Call("clip", gradient, (Neg(Number(bound)), Number(bound)))
        yield _clipped(within, "clip_value", write)


def _clipped(formula: Expression, kind: str, write: Indexed) -> Line:
    left = write(Symbol("dw"))
    return Line(left, summands(formula, write), sentence("part", kind), sign=write.becomes)


def _text(title: list[str], parts: list[Part], below: Legend | None, width: int) -> str:
    limit = width or 10**6
    blocks = ["\n".join(row for line in title for row in _wrapped(line, 0, limit))]
    for part in parts:
        blocks.append(f"{part.title}\n{'─' * columns(part.title)}")
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
        f"# {sentence('part', 'title')}",
        "\n".join(f"- {markdown_text(line)}" for line in title),
    ]
    for part in parts:
        names = [sentence("part", key) for key in ("equation", "meaning", "why")]
        rows = [f"| {' | '.join(names)} |", "| --- | --- | --- |"]
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


def _json(specification: Specification, settings: list[str], parts: list[Part]) -> str:
    """One JSON object on one line; each equation as a terminal shows it."""
    data = {
        "title": specification.title,
        "cell": specification.cell.name,
        "settings": settings,
        "parts": [
            {
                "title": part.title,
                "equations": [
                    {
                        "left": line.left,
                        "sign": line.sign,
                        "right": line.right,
                        "says": line.says,
                        "reasons": [asdict(reason) for reason in line.reasons],
                    }
                    for line in part.lines
                ],
            }
            for part in parts
        ],
    }
    return json.dumps(data, ensure_ascii=False) + "\n"


def _html(title: list[str], parts: list[Part], below: Legend | None) -> str:
    blocks = [f"<h1>{escape(sentence('part', 'title'))}</h1>"]
    blocks.append(f"<p>{'<br>'.join(map(escape, title))}</p>")
    for part in parts:
        names = [sentence("part", key) for key in ("equation", "meaning", "why")]
        rows = [f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"]
        for line in part.lines:
            several = len(line.reasons) > 1
            why = "<br>".join(
                (f"<code>{escape(r.term)}</code>: " if several else "") + escape(r.says)
                for r in line.reasons
            )
            equation = escape(f"{line.left} {line.sign} {line.right}")
            rows.append(
                f"<tr><td><code>{equation}</code></td><td>{escape(line.says)}</td><td>{why}</td></tr>"
            )
        blocks += [f"<h2>{escape(part.title)}</h2>", "\n".join(["<table>", *rows, "</table>"])]
    blocks += [below.html()] if below else []
    return html_page(title[0], blocks)


def _latex(title: list[str], parts: list[Part], below: Legend | None) -> str:
    blocks = [LATEX_PREAMBLE + " \\\\\n".join(map(latex_text, title))]
    for part in parts:
        blocks.append(f"\\section*{{{latex_text(part.title)}}}")
        for line in part.lines:
            pieces = [" ".join(group) for group in in_lines(line.summands)]
            rows = [f"{line.left} {line.sign}{{}}& {pieces[0]}", *(f"& {p}" for p in pieces[1:])]
            says = latex_text(line.says)
            equation = " \\\\\n".join(rows)
            blocks.append(f"{says}\n\\begin{{align*}}\n{equation}\n\\end{{align*}}")
            if line.reasons:
                items = [f"\\item ${reason.term}$: {reason.says}" for reason in line.reasons]
                blocks.append("\n".join(["\\begin{itemize}", *items, "\\end{itemize}"]))
    blocks += [below.latex()] if below else []
    return "\n\n".join([*blocks, "\\end{document}"]) + "\n"
