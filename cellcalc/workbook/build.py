"""Putting a workbook together: sheets, widths, panes, names and print set-up."""

from __future__ import annotations

import os
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.model import LOSS, TARGET
from cellcalc.trace import Trace
from cellcalc.workbook.bptt import bptt_rows
from cellcalc.workbook.cells import Rows, absolute, letters
from cellcalc.workbook.equations import WIDTHS, equation_rows
from cellcalc.workbook.formulas import target
from cellcalc.workbook.layout import (
    FIRST,
    TITLE_ROWS,
    TOTAL,
    Layout,
    column,
    defined_name,
    lay_out,
    setting_names,
)
from cellcalc.workbook.package import fixed_date, write_package
from cellcalc.workbook.rows import EQUATION_WIDTH
from cellcalc.workbook.size import check_size
from cellcalc.workbook.styles import NOTHING, STYLES, TINY, write_samples

STEP_WIDTH = 11  # characters of a step's column
STEPS_A_PAGE = 10


def build_workbook(trace: Trace, file: BinaryIO) -> None:
    """Write the workbook of a trace to a binary file.

    Raises :class:`~cellcalc.errors.OutputError` when it is larger than a spreadsheet can be, or
    holds what a spreadsheet cannot: an input that is not a finite number.
    """
    check_size(trace)
    sheets = lay_out(trace)
    workbook = Workbook()
    contents: dict[str, Rows] = {}
    for number, sheet in enumerate(sheets):
        grid = workbook.active if number == 0 else workbook.create_sheet()
        assert isinstance(grid, Worksheet)
        grid.title = sheet.title
        if number == 0:
            write_samples(grid)
        _set_up_grid(grid, sheet)
        contents[sheet.title] = bptt_rows(sheet)
    _set_up_equations(workbook.create_sheet("Equations"))
    contents["Equations"] = equation_rows(sheets[0])
    _define_names(workbook, sheets[0])
    _describe(workbook, trace)
    made = fixed_date(os.environ.get("SOURCE_DATE_EPOCH"))
    write_package(file, workbook, STYLES, contents, made)


def _set_up_grid(sheet: Worksheet, layout: Layout) -> None:
    widths = {"A": 11, "B": 15, "C": EQUATION_WIDTH, "D": STEP_WIDTH}
    for name, width in widths.items():
        sheet.column_dimensions[name].width = width
    for t in range(layout.steps + 2):
        sheet.column_dimensions[letters(FIRST + t)].width = STEP_WIDTH
    first_row = TITLE_ROWS + 1
    sheet.freeze_panes = f"{letters(FIRST)}{first_row + 1}"
    sheet.sheet_view.zoomScale = 90
    sheet.sheet_view.showGridLines = False
    _add_number_formats(sheet, layout)
    _set_up_print(sheet, pages_wide=-(-(layout.steps + 2) // STEPS_A_PAGE))
    blocks = [layout.headings["forward"], *(window.heading for window in layout.windows)]
    for heading in blocks:  # each on a page of its own
        sheet.row_breaks.append(Break(id=heading - 1))
    sheet.print_title_rows = f"{first_row}:{first_row}"
    sheet.print_title_cols = f"A:{letters(TOTAL)}"


def _add_number_formats(sheet: Worksheet, layout: Layout) -> None:
    """Show what would be 0.00000 in scientific notation, and a loss that does not count as –."""
    right, first = letters(layout.width), f"{letters(TOTAL)}{TITLE_ROWS + 1}"
    test = f"AND(ISNUMBER({first}),{first}<>0,ABS({first})<0.00005)"
    _format_where(sheet, f"{first}:{right}{layout.height}", test, TINY, 200)
    if TARGET in layout.rows:
        step, losses = letters(column(1)), layout.rows[LOSS]
        test = f"NOT(ISNUMBER({target(layout, 1)}))"
        _format_where(sheet, f"{step}{losses}:{right}{losses}", test, NOTHING, 201)


def _format_where(sheet: Worksheet, area: str, test: str, format: str, number: int) -> None:
    look = DifferentialStyle(numFmt=NumberFormat(numFmtId=number, formatCode=format))
    rule = Rule(type="expression", dxf=look, formula=[test])
    sheet.conditional_formatting.add(area, rule)


def _set_up_equations(sheet: Worksheet) -> None:
    for k, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[letters(k)].width = width
    sheet.freeze_panes = "B2"
    sheet.sheet_view.showGridLines = False
    _set_up_print(sheet, pages_wide=1)
    sheet.print_title_rows = "1:1"


def _set_up_print(sheet: Worksheet, pages_wide: int) -> None:
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = "9"  # A4
    sheet.page_setup.fitToWidth = pages_wide
    sheet.page_setup.fitToHeight = 0  # as many as it takes
    properties = sheet.sheet_properties.pageSetUpPr
    if properties is not None:
        properties.fitToPage = True
    for side in ("left", "right", "top", "bottom"):
        setattr(sheet.page_margins, side, 0.6)
    sheet.page_margins.footer = 0.3
    footer = sheet.oddFooter
    if footer is not None and footer.left is not None and footer.right is not None:
        footer.left.text, footer.right.text = "&A", "&P / &N"


def _define_names(workbook: Workbook, sheet: Layout) -> None:
    """Names for what a person edits or reads first."""
    names = [*sheet.trace.initial, *setting_names(sheet.trace)]
    places = {name: (sheet.rows[name], FIRST) for name in names}
    if sheet.windows:
        first = sheet.windows[0]
        for quantity in sheet.model.gradients:
            places[quantity.symbol] = (first.rows[quantity.symbol], TOTAL)
        places["loss"] = (sheet.rows[LOSS], TOTAL)
    taken: set[str] = set()
    for symbol, (row, place) in places.items():
        name = defined_name(symbol, taken)
        reference = f"{sheet.quoted}!{absolute(row, place)}"
        workbook.defined_names[name] = DefinedName(name, attr_text=reference)


def _describe(workbook: Workbook, trace: Trace) -> None:
    workbook.properties.title = trace.specification.title
    workbook.properties.creator = "cellcalc"
    workbook.calculation.fullCalcOnLoad = True
