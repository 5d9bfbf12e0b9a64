"""A topic as a page: text for the terminal, or Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from textwrap import wrap

from cellcalc.explain import wrapped
from cellcalc.lessons import lesson
from cellcalc.resources import sentence
from cellcalc.topics import Part, Table, Topic, topics

FORMATS = ("text", "markdown")
LONGEST = 92  # characters of a line of prose, however wide the terminal
NARROWEST = 9  # characters of a column of a table that must shrink
GAP = 2  # between columns
INDENT = "    "


def page(topic: Topic, format: str = "text", width: int = 80) -> str:
    """A topic with its numbers computed, in one of ``FORMATS``."""
    parts = lesson(topic)
    if format == "markdown":
        return "\n\n".join(_markdown(topic, parts)) + "\n"
    return "\n\n".join(_text(topic, parts, min(width, LONGEST))) + "\n"


def contents(format: str = "text", width: int = 80) -> str:
    """The list of topics, in the order in which to read them."""
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
    return "\n".join([*lines, "", sentence("topics", "how")]) + "\n"


def _text(topic: Topic, parts: Iterable[Part], width: int) -> Iterator[str]:
    yield f"{topic.title}\n{'─' * len(topic.title)}"
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
    widths = [max(_columns(row[k]) for row in [head, *rows]) for k in range(len(kept))]
    while sum(widths) + GAP * (len(widths) - 1) > width and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines = [_row(head, widths), _row(["-" * w for w in widths], widths)]
    return "\n".join([*lines, *(_row(row, widths) for row in rows)])


def _row(cells: list[str], widths: list[int]) -> str:
    """A row of a table, on as many lines as its longest cell takes."""
    wrapped_cells = [wrap(cell, w) or [""] for cell, w in zip(cells, widths, strict=True)]
    lines = []
    for parts in zip_longest(*wrapped_cells, fillvalue=""):
        padded = (part + " " * (w - _columns(part)) for part, w in zip(parts, widths, strict=True))
        lines.append((" " * GAP).join(padded).rstrip())
    return "\n".join(lines)


def _columns(text: str) -> int:
    """How many columns a text takes: marks above a letter take none."""
    return sum(not unicodedata.combining(character) for character in text)


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
