"""How a BPTT sheet looks and folds: widths, panes, colour scales, comments, print set-up."""

from __future__ import annotations

from openpyxl.comments import Comment
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.model.model import LOSS, TARGET, Model, Quantity, is_gate, is_squashed
from cellcalc.views.derivation import reason
from cellcalc.workbook.formulas import target
from cellcalc.workbook.layout import (
    FIRST,
    SYMBOL,
    TITLE_ROWS,
    TOTAL,
    Layout,
    derived_rows,
)
from cellcalc.workbook.rows import EQUATION_WIDTH, over_steps
from cellcalc.xlsx.cells import letters
from cellcalc.xlsx.page import (
    format_where,
    numbers_only,
    set_up_page,
    set_width,
    set_widths,
    shade_gates,
    shade_gradients,
    show_scientific,
)
from cellcalc.xlsx.styles import NOTHING

STEP_WIDTH = 11  # characters of a step's column
STEPS_A_PAGE = 10
MOST_SHADED = 60  # windows whose gradients have a colour scale of their own


def set_up_bptt(sheet: Worksheet, layout: Layout, locked: bool = False) -> None:
    """Everything about a BPTT sheet that is not rows; ``locked`` guards its formulas."""
    sheet.protection.sheet = locked  # without a password; the inputs stay free
    set_widths(sheet, (11, 15, EQUATION_WIDTH, STEP_WIDTH))
    set_width(sheet, STEP_WIDTH, FIRST, layout.width)
    first_row = TITLE_ROWS + 1
    sheet.freeze_panes = f"{letters(FIRST)}{first_row + 1}"
    sheet.sheet_view.zoomScale = 90
    sheet.sheet_format.outlineLevelRow = 2
    outline = sheet.sheet_properties.outlinePr
    if outline is not None:
        outline.summaryBelow = False
    _add_rules(sheet, layout)
    _add_comments(sheet, layout)
    if layout.first is layout:
        for (low, high), areas in layout.given.items():
            numbers_only(sheet, areas, low, high)
    set_up_page(sheet, pages_wide=-(-(layout.steps + 2) // STEPS_A_PAGE))
    blocks = [layout.headings["forward"], *(window.heading for window in layout.windows)]
    for heading in blocks:  # each on a page of its own
        sheet.row_breaks.append(Break(id=heading - 1))
    sheet.print_title_rows = f"{first_row}:{first_row}"
    sheet.print_title_cols = f"A:{letters(TOTAL)}"


def _add_rules(sheet: Worksheet, layout: Layout) -> None:
    right = letters(layout.width)
    show_scientific(sheet, f"{letters(TOTAL)}{TITLE_ROWS + 1}:{right}{layout.height}")
    if TARGET in layout.rows:
        losses = over_steps(layout.rows[LOSS], 1, layout.steps)
        format_where(sheet, losses, f"NOT(ISNUMBER({target(layout, 1)}))", NOTHING)
    for quantity in layout.model.forward:
        cells = over_steps(layout.rows[quantity.symbol], 1, layout.steps)
        if is_gate(quantity):
            shade_gates(sheet, cells)
        elif is_squashed(quantity):
            shade_gates(sheet, cells, low=-1.0)
    for window in layout.windows[:MOST_SHADED]:
        for state in layout.model.state:
            row, trace = window.rows[f"d{state}"], window.trace
            shade_gradients(sheet, over_steps(row, trace.first - 1, trace.last))


def _add_comments(sheet: Worksheet, layout: Layout) -> None:
    """On each symbol its meaning, and the reason for each term of a derivative."""
    model = layout.model
    coefficients = model.coefficients if layout.first is layout else ()
    quantities = [*model.inputs, *model.parameters, *coefficients, *model.forward]
    rows = [(layout.rows[quantity.symbol], quantity) for quantity in quantities]
    if layout.windows:
        first = layout.windows[0]
        rows += [(first.rows[q.symbol], q) for q in derived_rows(model)]
    for row, quantity in rows:
        text = _comment(quantity, model)
        comment = Comment(text, "cellcalc", width=360, height=40 + 18 * (len(text) // 45 + 1))
        sheet.cell(row, SYMBOL).comment = comment


def _comment(quantity: Quantity, model: Model) -> str:
    write = model.unicode()
    reasons = [reason(term, write) for term in quantity.terms]
    return "\n".join([quantity.says, *reasons])
