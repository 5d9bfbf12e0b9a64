"""A topic as a page: text for the terminal, or Markdown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from html import escape
from itertools import zip_longest
from typing import Any

from cellcalc import resources
from cellcalc.engine.codegen import compile_expression
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, Trace, backward_values, forward_values
from cellcalc.errors import OptionError, check_choice, unknown
from cellcalc.language.parser import parse
from cellcalc.language.tree import Symbol, symbols
from cellcalc.model.derivation import model_of
from cellcalc.model.model import Group
from cellcalc.problems.schemes import Override, named_schemes
from cellcalc.problems.specification import read_example
from cellcalc.resources import said, sentence
from cellcalc.studies import compare
from cellcalc.toml import listed
from cellcalc.views.document import html_page
from cellcalc.views.glossary import words
from cellcalc.views.text import check_page, columns, fixed, short, wrap
from cellcalc.views.worked import wrapped

FORMATS = ("text", "markdown", "html", "json")
LONGEST = 92  # characters of a line of prose, however wide the terminal
NARROWEST = 9  # characters of a column of a table that must shrink
GAP = 2  # between columns
INDENT = "    "


def page(topic: Topic, format: str = "text", width: int = 80, ascii: bool = False) -> str:
    """A topic with its numbers computed, in one of ``FORMATS``; its maths in ASCII if asked."""
    check_choice("format", format, FORMATS)
    check_page(width)
    parts = filled_in(topic, ascii)
    if format == "markdown":
        return "\n\n".join(_markdown(topic, parts)) + "\n"
    if format == "html":
        return html_page(topic.title, _html(topic, parts))
    if format == "json":
        return json.dumps(_data(topic, parts), ensure_ascii=False) + "\n"
    return "\n\n".join(_text(topic, parts, min(width, LONGEST))) + "\n"


def contents(format: str = "text", width: int = 80) -> str:
    """The list of topics, in the order in which to read them."""
    check_choice("format", format, FORMATS)
    check_page(width)
    if format == "json":
        listed = [{"name": t.name, "title": t.title, "summary": t.summary} for t in topics()]
        return json.dumps(listed, ensure_ascii=False) + "\n"
    if format == "html":
        items = (
            f"<li><code>cellcalc explain {t.name}</code>: "
            f"{escape(t.title)}: {escape(t.summary)}</li>"
            for t in topics()
        )
        title = sentence("topics", "title")
        return html_page(title, [f"<h1>{escape(title)}</h1>", "<ol>", *items, "</ol>"])
    if format == "markdown":
        rows = [f"- `cellcalc explain {t.name}`: {t.title}: {t.summary}" for t in topics()]
        return "\n".join([f"# {sentence('topics', 'title')}", "", *rows]) + "\n"
    longest = max(len(topic.name) for topic in topics())
    lines = [sentence("topics", "title"), ""]
    for topic in topics():
        lines += wrap(
            f"{topic.name:{longest}}  {topic.title}: {topic.summary}",
            min(width, LONGEST),
            subsequent_indent=" " * (longest + GAP),
        )
    how = wrap(sentence("topics", "how"), min(width, LONGEST))
    shown = ", ".join(word.replace("_", " ") for word in words())
    listed_words = wrap(sentence("topics", "words", words=shown), min(width, LONGEST))
    return "\n".join([*lines, "", *how, "", *listed_words]) + "\n"


def _text(topic: Topic, parts: Iterable[Part], width: int) -> Iterator[str]:
    yield f"{topic.title}\n{'─' * columns(topic.title)}"
    yield _paragraph(topic.gist, width)
    for part in parts:
        paragraphs = [_paragraph(text, width) for text in part.text]
        if part.title:
            first = paragraphs.pop(0) if paragraphs else ""
            paragraphs.insert(0, f"{part.title}\n{first}".rstrip())
        yield from paragraphs
        if part.maths:
            yield "\n".join(line for m in part.maths for line in wrapped(m, INDENT, width))
        if isinstance(part.table, Table):
            yield _table(part.table, width)
        if part.commands:
            commands = [f"{INDENT}{command}" for command in part.commands]
            yield "\n".join([sentence("topics", "try"), *commands])
    names = ", ".join(topic.see)
    yield "\n".join(wrap(sentence("topics", "see", names=names), width))


def _paragraph(text: str, width: int) -> str:
    """Lines of prose; those of a numbered point hang."""
    number = re.match(r"\d+\. ", text)
    return "\n".join(wrap(text, width, subsequent_indent=" " * (number.end() if number else 0)))


def _table(table: Table, width: int) -> str:
    """Columns side by side, the widest made narrower until all fit; empty ones are left out."""
    kept = [k for k in range(len(table.columns)) if any(row[k] for row in table.rows)]
    head, *rows = [[row[k] for k in kept] for row in (table.columns, *table.rows)]
    widths = [max(columns(row[k]) for row in [head, *rows]) for k in range(len(kept))]
    while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines = [_row(head, widths), _row(["-" * w for w in widths], widths)]
    return "\n".join([*lines, *(_row(row, widths) for row in rows)])


def _row(cells: list[str], widths: list[int]) -> str:
    """A row of a table, on as many lines as its longest cell takes."""
    wrapped_cells = [wrap(cell, w) or [""] for cell, w in zip(cells, widths, strict=True)]
    lines = []
    for parts in zip_longest(*wrapped_cells, fillvalue=""):
        padded = (part + " " * (w - columns(part)) for part, w in zip(parts, widths, strict=True))
        lines.append((" " * GAP).join(padded).rstrip())
    return "\n".join(lines)


def _markdown(topic: Topic, parts: Iterable[Part]) -> Iterator[str]:
    yield f"# {topic.title}"
    yield topic.gist
    for part in parts:
        if part.title:
            yield f"## {part.title}"
        yield from part.text
        if part.maths:
            yield "\n".join(["```", *part.maths, "```"])
        if isinstance(part.table, Table):
            rows = [part.table.columns, ["---"] * len(part.table.columns), *part.table.rows]
            yield "\n".join(f"| {' | '.join(row)} |" for row in rows)
        if part.commands:
            yield "\n".join([sentence("topics", "try"), "", "```sh", *part.commands, "```"])
    yield sentence("topics", "see", names=", ".join(topic.see))


def _html(topic: Topic, parts: Iterable[Part]) -> Iterator[str]:
    yield f"<h1>{escape(topic.title)}</h1>"
    yield f"<p>{escape(topic.gist)}</p>"
    for part in parts:
        if part.title:
            yield f"<h2>{escape(part.title)}</h2>"
        yield from (f"<p>{escape(text)}</p>" for text in part.text)
        if part.maths:
            yield f"<pre>{escape(chr(10).join(part.maths))}</pre>"
        if isinstance(part.table, Table):
            head = "".join(f"<th>{escape(cell)}</th>" for cell in part.table.columns)
            rows = (
                f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
                for row in part.table.rows
            )
            yield "\n".join(["<table>", f"<tr>{head}</tr>", *rows, "</table>"])
        if part.commands:
            yield f"<p>{escape(sentence('topics', 'try'))}</p>"
            yield f"<pre>{escape(chr(10).join(part.commands))}</pre>"
    if topic.see:
        yield f"<p>{escape(sentence('topics', 'see', names=', '.join(topic.see)))}</p>"


def _data(topic: Topic, parts: Iterable[Part]) -> dict[str, Any]:
    """A topic as JSON has it."""
    return {
        "name": topic.name,
        "title": topic.title,
        "summary": topic.summary,
        "gist": topic.gist,
        "see": list(topic.see),
        "parts": [
            {
                "title": part.title,
                "text": list(part.text),
                "maths": list(part.maths),
                "table": asdict(part.table) if isinstance(part.table, Table) else None,
                "commands": list(part.commands),
            }
            for part in parts
        ],
    }


DECIMALS = 5
_PLACE = re.compile(r"\{(\w+)(?::(\w+|%))?\}")


def filled_in(topic: Topic, ascii: bool = False) -> list[Part]:
    """The parts of a topic with every word in braces filled in."""
    numbers = Numbers(topic, ascii)
    return [_filled(part, numbers) for part in topic.parts]


def _filled(part: Part, numbers: Numbers) -> Part:
    def fill(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_PLACE.sub(numbers.written, text) for text in texts)

    table = part.table
    if isinstance(table, str):
        table = _TABLES[table]()
    elif table is not None:
        table = Table(table.columns, tuple(map(fill, table.rows)))
    return Part(part.title, fill(part.text), fill(part.maths), table, part.commands)


class Numbers:
    """The numbers of one topic, each computed when it is first asked for."""

    def __init__(self, topic: Topic, ascii: bool = False) -> None:
        self.ascii = ascii
        self.rows, self.runs = topic.numbers, topic.runs
        self.traces: dict[str, Trace] = {}
        self.found: dict[str, float | str] = {}

    def written(self, match: re.Match[str]) -> str:
        """The text in place of ``{name:format}``: decimals, ``int`` or ``%``."""
        name, format = match.groups()
        value = self.value(name)
        if isinstance(value, str):
            return value
        if format == "int":
            text = str(round(value))
        elif format == "%":
            text = f"{100 * value:.1f} %"
        else:
            text = fixed(value, DECIMALS if format is None else int(format))
        return text.replace("-", "−") if text.startswith("-") else text

    def value(self, name: str) -> float | str:
        if name not in self.found:
            self.found[name] = self.computed(self.rows[name])
        return self.found[name]

    def computed(self, row: Mapping[str, Any]) -> float | str:
        if "formula" in row:
            formula = parse(row["formula"])
            given = {s.name: self.number(s.name) for s in symbols(formula)}
            return compile_expression(formula)(given)
        if "error" in row:
            return _error(row["problem"], row["error"])
        kind = next(key for key in _KINDS if key in row)
        return _KINDS[kind](self.trace(row["run"]), row)

    def number(self, name: str) -> float:
        """What a formula reads."""
        value = self.value(name)
        assert not isinstance(value, str), name
        return value

    def trace(self, run: str) -> Trace:
        if run not in self.traces:
            chosen = self.runs[run]
            s = read_example(chosen["problem"], Override(chosen.get("scheme")))
            self.traces[run] = run_model(s, model_of(s, ascii=self.ascii))
        return self.traces[run]


def _symbol(trace: Trace, row: Mapping[str, Any]) -> float:
    pass_trace = trace.passes[0]
    symbol, t = str(row["symbol"]), int(row["t"])
    if symbol in pass_trace.forward:
        return pass_trace.forward[symbol][t]
    window = next(w for w in pass_trace.windows if w.first <= t <= w.last)
    return window.backward[symbol][t - window.first]


def _gradient(trace: Trace, row: Mapping[str, Any]) -> float:
    return sum(window.gradients[row["gradient"]] for window in trace.passes[0].windows)


def _value(trace: Trace, row: Mapping[str, Any]) -> float:
    pass_trace = trace.passes[0]
    facts: dict[str, Callable[[], float]] = {
        "loss": lambda: pass_trace.loss or 0.0,
        "steps": lambda: pass_trace.steps,
        "parameters": lambda: len(trace.initial),
        "stored_cells": lambda: pass_trace.schedule.stored_cells,
        "backward_cells": lambda: pass_trace.schedule.backward_cells,
    }
    return float(facts[row["value"]]())


def _product(trace: Trace, row: Mapping[str, Any]) -> float:
    return math.prod(trace.passes[0].forward[row["product"]][row["from"] : row["to"] + 1])


def _equation(trace: Trace, row: Mapping[str, Any]) -> str:
    quantity = trace.model.quantities[row["equation"]]
    assert quantity.formula is not None
    write = trace.model.maths()
    left = write(Symbol(quantity.symbol, None if quantity.group is Group.GRADIENT else 0))
    return f"{left} = {write(quantity.formula)}"


def _numbers_in(trace: Trace, row: Mapping[str, Any]) -> str:
    """An equation of one step with numbers put in, and what it gives."""
    one, symbol, t = trace.passes[0], row["numbers_in"], row["t"]
    formula = trace.model.quantities[symbol].formula
    assert formula is not None
    value = _lookup(one, symbol, t)
    put_in, write = trace.model.numbers_put_in(value, _short), trace.model.maths(step=t)
    result = fixed(value(Symbol(symbol, 0)), DECIMALS).replace("-", write.minus)
    return f"{write(Symbol(symbol, 0))} = {put_in(formula)} = {result}"


def _short(value: float) -> str:
    return short(value, DECIMALS)


def _lookup(pass_trace: PassTrace, symbol: str, t: int) -> Callable[[Symbol], float]:
    if symbol in pass_trace.forward:
        return forward_values(pass_trace, t)
    window = next(w for w in pass_trace.windows if w.first <= t <= w.last)
    return backward_values(pass_trace, window, t)


_KINDS: dict[str, Callable[[Trace, Mapping[str, Any]], float | str]] = {
    "symbol": _symbol,
    "gradient": _gradient,
    "value": _value,
    "product": _product,
    "equation": _equation,
    "numbers_in": _numbers_in,
    "before": lambda trace, row: trace.initial[row["before"]],
    "after": lambda trace, row: trace.final[row["after"]],
    "initial": lambda trace, row: trace.specification.initial[row["initial"]],
}


def _error(name: str, scheme: str) -> float:
    s = read_example(name)
    rows = compare.compare(s, model_of(s), [scheme]).schemes
    return next(row.error for row in rows if scheme in (row.scheme.name, *row.others))


def _schemes() -> Table:
    """The named schemes."""
    columns = tuple(sentence("topics", key) for key in ("scheme", "k1", "k2", "options", "says"))
    rows = []
    for named in named_schemes():
        options = ", ".join(f"{key} = {value}" for key, value in named.options.items())
        rows.append((named.form, named.k1, named.k2, options, said(named.says)))
    return Table(columns, tuple(rows))


_TABLES: dict[str, Callable[[], Table]] = {"schemes": _schemes}


@dataclass(frozen=True)
class Table:
    """Rows of texts below their columns' titles."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """A piece of a topic: title (or none), paragraphs, equations, a table, commands to try.

    Words in braces stand for numbers; ``table`` may be the name of a table of cellcalc's own.
    """

    title: str
    text: tuple[str, ...]
    maths: tuple[str, ...]
    table: Table | str | None
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """A text; ``runs`` and ``numbers`` say what its numbers are computed from.

    ``summary`` tells what it is about, ``gist`` what it says, in a sentence or three.
    """

    name: str
    title: str
    summary: str
    gist: str
    order: int
    see: tuple[str, ...]
    parts: tuple[Part, ...]
    runs: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, Mapping[str, Any]]


def topics() -> tuple[Topic, ...]:
    """All topics, in the order in which to read them."""
    return _topics(resources.language())


@cache
def _topics(_language: str) -> tuple[Topic, ...]:
    read = map(_read, resources.names("templates/topics"))
    return tuple(sorted(read, key=lambda topic: topic.order))


def known() -> dict[str, Topic]:
    """The topics by name."""
    return {topic.name: topic for topic in topics()}


def topic(name: str) -> Topic:
    """The topic of that name; raises :class:`~cellcalc.errors.OptionError` for another."""
    found = known()
    if name not in found:
        expected = f"a topic ({listed(list(found))}), a word or a symbol"
        raise OptionError("topic", expected, unknown(name, [*found, *words()]))
    return found[name]


def _read(name: str) -> Topic:
    data = _in_words(resources.read_toml(f"templates/topics/{name}.toml"))
    return Topic(
        name=name,
        title=data["title"],
        summary=data["summary"],
        gist=data["gist"],
        order=data["order"],
        see=tuple(data.get("see", ())),
        parts=tuple(map(_part, data["part"])),
        runs=data.get("runs", {}),
        numbers=data.get("numbers", {}),
    )


def _in_words(data: dict[str, Any]) -> dict[str, Any]:
    """A topic in the language in use; what is computed, and what to try, stay as they are."""
    kept = {key: data[key] for key in ("runs", "numbers", "see", "order") if key in data}
    parts = [
        {**resources.in_words(part), **{k: part[k] for k in ("maths", "commands") if k in part}}
        for part in data["part"]
    ]
    return {**resources.in_words(data), **kept, "part": parts}


def _part(data: Mapping[str, Any]) -> Part:
    table = data.get("table")
    if table is not None:
        rows = tuple(tuple(row) for row in table.get("rows", ()))
        table = table.get("from") or Table(tuple(table["columns"]), rows)
    return Part(
        title=data.get("title", ""),
        text=tuple(data.get("text", ())),
        maths=tuple(data.get("maths", ())),
        table=table,
        commands=tuple(data.get("commands", ())),
    )
