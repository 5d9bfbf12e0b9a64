"""The sheet ``Equations``: each quantity in maths and as an Excel formula, and where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.language.notation import Indexed
from cellcalc.model.model import Group, Quantity
from cellcalc.resources import sentence
from cellcalc.views.derivation import reason, start_of_chain
from cellcalc.views.worked import left_side
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.formulas import backward_formula, forward_formula
from cellcalc.workbook.guards import Words
from cellcalc.workbook.layout import (
    Layout,
    column,
    derived_rows,
    title_of,
)
from cellcalc.xlsx.cells import Cell, Row, Rows, letters, text_lines
from cellcalc.xlsx.page import set_up_page, set_widths

HEADINGS = ("symbol", "equation", "cell", "formula", "meaning", "source")
WIDTHS = (14, 42, 7, 36, 30, 36)  # characters
LINES_A_PAGE, FEW_LINES = 42, 10  # of print; so few more get no page of their own


def equations(book: Book) -> Iterator[Sheet]:
    """The sheet, with the formulas of one step on the first BPTT sheet."""
    layout, model = book.first, book.trace.model
    quantities = [*model.forward, *(derived_rows(model) if layout.windows else [])]
    rows = list(_rows(layout, quantities))
    pages = max(1, ceil((sum(row.lines for row in rows) - FEW_LINES) / LINES_A_PAGE))

    def set_up(sheet: Worksheet) -> None:
        set_widths(sheet, WIDTHS)
        sheet.freeze_panes = "B2"
        set_up_page(sheet, pages_high=pages)  # no page with a few rows only
        sheet.print_title_rows = "1:1"

    yield Sheet(title_of("Equations"), Rows(rows, len(HEADINGS), len(rows)), set_up)


def _rows(sheet: Layout, quantities: list[Quantity]) -> Iterator[Row]:
    titles = [sentence("equations", name) for name in HEADINGS]
    yield Row(1, [Cell(k, "heading", title) for k, title in enumerate(titles, 1)])
    write = sheet.model.unicode()
    for number, quantity in enumerate(quantities, 2):
        texts = _texts(quantity, sheet, write)
        lines = max(map(text_lines, texts, WIDTHS))
        first, *others = texts
        group = "forward" if quantity.group is Group.FORWARD else "backward"
        cells = [Cell(1, f"{group}_symbol", first)]
        styles = {
            k: "formula_text" if text.startswith("=") else "text" for k, text in enumerate(others)
        }
        cells += [Cell(k, styles[k - 2], text) for k, text in enumerate(others, 2)]
        yield Row(number, cells, lines)


def _texts(quantity: Quantity, sheet: Layout, write: Indexed) -> tuple[str, ...]:
    window = sheet.windows[0] if quantity.group is not Group.FORWARD else None
    start = start_of_chain(sheet.trace.scheme.reduction)
    if window is None:
        t, row, source = 1, sheet.rows[quantity.symbol], quantity.source
        text = forward_formula(sheet, quantity)(t)
    else:
        t, row = window.trace.first, window.rows[quantity.symbol]
        text = backward_formula(sheet, quantity, window)(t)
        reasons = "; ".join(reason(term, write) for term in quantity.terms)
        source = sentence("equations", "derived", why=reasons)
        if not quantity.terms:
            source = start.says
    right = start.term if quantity.formula is None else write(quantity.formula)
    left = left_side(quantity, write)
    cell = f"{letters(column(t))}{row}"
    text = f"={Words.of(sheet.model).formula(text)}"
    return quantity.symbol, f"{left} = {right}", cell, text, quantity.says, source
