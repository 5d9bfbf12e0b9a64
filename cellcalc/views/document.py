"""A page of titles, paragraphs, pictures and tables, as text, Markdown or a web page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from cellcalc.records import record
from cellcalc.views.text import columns, markdown_text

LATEX_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\usepackage{longtable}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""
_STYLE = """body { font-family: sans-serif; margin: 2em; max-width: 60em; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { padding: 0.1em 0.7em; border-bottom: 1px solid #ccc; }
pre { line-height: 1.3; overflow-x: auto; }"""


def html_page(title: str, blocks: Iterable[str]) -> str:
    """A whole web page; the blocks are HTML already."""
    head = f'<meta charset="utf-8">\n<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>'
    body = "\n".join(blocks)
    return f"<!DOCTYPE html>\n<html>\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n"


@record
class Title:
    """What the page is called, and its settings, a line each."""

    text: str
    lines: tuple[str, ...] = ()


@record
class Heading:
    """What the following blocks are about."""

    text: str


@record
class Lines:
    """Lines of prose, each beginning anew."""

    lines: tuple[str, ...]


@record
class Picture:
    """Signs that must stay where they are."""

    text: str


@record
class Figures:
    """A table: the first column is to the left, the others to the right; all left if ``prose``.

    ``text`` is how a terminal shows it.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: str
    prose: bool = False


Block = Title | Heading | Lines | Picture | Figures
FORMATS = ("text", "markdown", "html")


def written(blocks: Iterable[Block], format: str = "text") -> str:
    """The page in one of ``FORMATS``."""
    if format == "text":
        return "\n\n".join(map(_text, blocks)) + "\n"
    if format == "markdown":
        return "\n\n".join(map(_markdown, blocks)) + "\n"
    shown = list(blocks)
    title = next((block.text for block in shown if isinstance(block, Title)), "cellcalc")
    return html_page(title, map(_html, shown))


def _text(block: Block) -> str:
    match block:
        case Title(text, lines):
            return "\n".join([text, *lines])
        case Lines(lines):
            return "\n".join(lines)
        case _:
            return block.text


def _markdown(block: Block) -> str:
    match block:
        case Title(text, lines):
            settings = "  \n".join(map(markdown_text, lines))
            return f"# {markdown_text(text)}" + (f"\n\n{settings}" if lines else "")
        case Heading(text):
            return f"## {markdown_text(text)}"
        case Lines(lines):
            return "  \n".join(map(markdown_text, lines))
        case Picture(text):
            return f"```\n{text}\n```"
        case Figures(headings, rows):
            table = [[_cell(cell) for cell in row] for row in (headings, *rows)]
            widths = [max(3, *map(columns, column)) for column in zip(*table, strict=True)]
            rule = [f":{'-' * (w - 1)}" if not k else f"{'-' * (w - 1)}:"
                    for k, w in enumerate(widths)]  # fmt: skip
            head, *body = (_padded(row, widths) for row in table)
            return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))


def _cell(text: str) -> str:
    return markdown_text(text).replace("|", "\\|")


def _padded(row: list[str], widths: list[int]) -> list[str]:
    """The cells of a row, each as many columns wide as said."""
    gaps = [" " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)]
    return [row[0] + gaps[0], *(g + cell for cell, g in zip(row[1:], gaps[1:], strict=True))]


def _html(block: Block) -> str:
    match block:
        case Title(text, lines):
            settings = "<br>\n".join(map(escape, lines))
            return f"<h1>{escape(text)}</h1>" + (f"\n<p>{settings}</p>" if lines else "")
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Lines(lines):
            return f"<p>{'<br>'.join(map(escape, lines))}</p>"
        case Picture(text):
            return f"<pre>{escape(text)}</pre>"
        case Figures(headings, rows, _, prose):
            head = "".join(f"<th>{escape(cell)}</th>" for cell in headings)
            cells = (
                "".join(f"<td{_side(k, prose)}>{escape(c)}</td>" for k, c in enumerate(row))
                for row in rows
            )
            body = "\n".join(f"<tr>{row}</tr>" for row in cells)
            top = f"<thead>\n<tr>{head}</tr>\n</thead>"
            return f"<table>\n{top}\n<tbody>\n{body}\n</tbody>\n</table>"


def _side(column: int, prose: bool) -> str:
    return ' style="text-align: right"' if column and not prose else ""
