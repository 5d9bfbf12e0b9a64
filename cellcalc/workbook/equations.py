"""The sheet ``Equations``: each quantity in maths and as an Excel formula, and where it is from."""

from __future__ import annotations

from collections.abc import Iterator

from cellcalc.derive import reason
from cellcalc.explain import left_side
from cellcalc.model import Group, Quantity
from cellcalc.notation import Unicode
from cellcalc.trace import Trace
from cellcalc.wording import sentence
from cellcalc.workbook.cells import Cell, Row, Rows, letters, text_lines
from cellcalc.workbook.layout import Layout, cell_formula, column, derived_rows

HEADINGS = ("symbol", "equation", "cell", "formula", "meaning", "source")
WIDTHS = (14, 50, 7, 46, 44, 60)  # characters


def equation_rows(trace: Trace, layout: Layout) -> Rows:
    """The rows of the sheet, for the formulas of step t = 1 on the sheet laid out."""
    quantities = [*trace.model.forward, *(derived_rows(trace.model) if layout.windows else [])]
    height = len(quantities) + 1
    return Rows(_rows(trace, layout, quantities), len(HEADINGS), height)


def _rows(trace: Trace, layout: Layout, quantities: list[Quantity]) -> Iterator[Row]:
    titles = [sentence("equations", name) for name in HEADINGS]
    yield Row(1, [Cell(k, "heading", title) for k, title in enumerate(titles, 1)])
    write = Unicode(derivatives=trace.model.derivatives)
    for number, quantity in enumerate(quantities, 2):
        texts = _texts(quantity, layout, write)
        lines = max(map(text_lines, texts, WIDTHS))
        first, *others = texts
        group = "forward" if quantity.group is Group.FORWARD else "backward"
        cells = [Cell(1, f"{group}_symbol", first)]
        cells += [Cell(k, "text", text) for k, text in enumerate(others, 2)]
        yield Row(number, cells, lines)


def _texts(quantity: Quantity, layout: Layout, write: Unicode) -> tuple[str, ...]:
    window = layout.windows[0] if quantity.group is not Group.FORWARD else None
    row = (window.rows if window else layout.rows)[quantity.symbol]
    text = cell_formula(layout, quantity, window)(1)
    right = "1" if quantity.formula is None else write(quantity.formula)
    reasons = "; ".join(reason(term, write) for term in quantity.terms)
    source = quantity.source if window is None else sentence("equations", "derived", why=reasons)
    if not quantity.terms and window:
        source = sentence("reason", "count")
    left = left_side(quantity, write)
    cell = f"{letters(column(1))}{row}"
    return quantity.symbol, f"{left} = {right}", cell, f"={text}", quantity.says, source
