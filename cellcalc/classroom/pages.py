"""Pages as data: headings, paragraphs, lists and tables, written as Markdown or as HTML.

A page of HTML needs no other file and asks nothing of the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cellcalc.errors import printable
from cellcalc.resources import language
from cellcalc.resources import text as resource
from cellcalc.views.table import tabulated
from cellcalc.views.text import markdown_text

STYLE = "templates/class.css"


@dataclass(frozen=True)
class Heading:
    """The title of a page (level 1) or of a part."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A few sentences; ``look`` says how it stands out: good, bad or note."""

    text: str
    look: str = ""


@dataclass(frozen=True)
class Code:
    """Lines that keep their spaces: equations, a histogram."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table; columns whose place is in ``right`` are to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()


Block = Heading | Paragraph | Code | Items | Table


def to_markdown(blocks: Iterable[Block]) -> str:
    """The page as Markdown (CommonMark with GitHub's tables)."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_line(text)}"
        case Paragraph(text, look):
            plain = _line(text)
            return f"**{plain}**" if look in ("good", "bad") else plain
        case Code(lines):
            fence = "```"
            while any(fence in line for line in lines):
                fence += "`"
            return "\n".join([f"{fence}text", *map(_kept, lines), fence])
        case Items(texts):
            return "\n".join(f"* {_line(text)}" for text in texts)
        case Table(head, rows, right):
            sides = ["right" if k in right else "left" for k in range(len(head))]
            body = [[_cell(cell) for cell in row] for row in rows]
            return tabulated([_cell(cell) for cell in head], body, "github", sides)


def _line(text: str) -> str:
    return markdown_text(printable(text))


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _kept(line: str) -> str:
    """A line with its spaces, without control characters."""
    return "".join(c if c.isprintable() else " " for c in line).rstrip()


def to_html(title: str, blocks: Iterable[Block]) -> str:
    """The page as HTML, whole in one file."""
    body = "\n".join(line for block in blocks for line in _html(block))
    style = resource(STYLE).strip()
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}\n</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text))


def _html(block: Block) -> Iterator[str]:
    match block:
        case Heading(text, level):
            yield f"<h{level}>{_text(text)}</h{level}>"
        case Paragraph(text, look):
            kind = f' class="{look}"' if look else ""
            yield f"<p{kind}>{_text(text)}</p>"
        case Code(lines):
            yield f"<pre>{escape(chr(10).join(map(_kept, lines)))}</pre>"
        case Items(texts):
            yield "<ul>"
            yield from (f"<li>{_text(text)}</li>" for text in texts)
            yield "</ul>"
        case Table(head, rows, right):
            yield '<div class="wide"><table>'
            yield f"<thead>{_row(head, right, 'th')}</thead>"
            yield "<tbody>"
            yield from (_row(row, right, "td") for row in rows)
            yield "</tbody></table></div>"


def _row(cells: Sequence[str], right: frozenset[int], tag: str) -> str:
    parts = [
        f"<{tag}{' class=n' if k in right else ''}>{_text(cell)}</{tag}>"
        for k, cell in enumerate(cells)
    ]
    return f"<tr>{''.join(parts)}</tr>"
