"""Putting a workbook together: which sheets it has, and what is defined for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, OutputError, did_you_mean
from cellcalc.model.model import LOSS
from cellcalc.resources import sentence
from cellcalc.toml import listed
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.bptt import bptt_rows
from cellcalc.workbook.bptt_page import set_up_bptt
from cellcalc.workbook.cellsheet import cell_sheet
from cellcalc.workbook.charts import charts
from cellcalc.workbook.checks import checks
from cellcalc.workbook.equations import equations
from cellcalc.workbook.flow import flow_sheet
from cellcalc.workbook.gradients import gradients
from cellcalc.workbook.guide import guide
from cellcalc.workbook.large import LARGE
from cellcalc.workbook.large import SHEETS as LARGE_SHEETS
from cellcalc.workbook.layout import FIRST, TOTAL, Layout, defined_name, setting_names
from cellcalc.workbook.practice import practice as practice_sheets
from cellcalc.workbook.size import check_size
from cellcalc.workbook.step import step
from cellcalc.xlsx.cells import absolute
from cellcalc.xlsx.styles import STYLES, write_samples
from cellcalc.xlsx.writer import fixed_date, write_package


def _bptt(book: Book) -> Iterator[Sheet]:
    """The computation itself; beside an exercise it is the key, and hidden."""
    key = bool(book.practice)
    for layout in book.layouts:
        rows = bptt_rows(layout)
        if book.large:
            rows = bptt_rows(layout, sentence("sheet", "large_note"))
            rows = book.large.tolerant(layout.title, rows)
        set_up = partial(set_up_bptt, layout=layout, locked=key)
        yield Sheet(layout.title, rows, set_up, hidden=key)


# The kinds of sheet, in their order in the workbook. BPTT is always there: the others refer to it.
SHEETS: dict[str, Callable[[Book], Iterator[Sheet]]] = {
    "Guide": guide,
    "BPTT": _bptt,
    "Step": step,
    "Cell": cell_sheet,
    "Gradients": gradients,
    "Charts": charts,
    "Checks": checks,
    "Flow": flow_sheet,
    "Practice": practice_sheets,
    "Equations": equations,
}

ON_REQUEST = {"Practice", "Flow"}  # Flow has a cell for each pair of steps


def build_workbook(
    trace: Trace,
    file: BinaryIO,
    sheets: Sequence[str] = (),
    practice: str = "",
    blank: bool = False,
) -> None:
    """Write the workbook of a trace to a binary file.

    ``sheets`` names the kinds of sheet to include; where it is empty, all but the
    exercise and Flow.
    ``practice`` ("backward", "all", "c,dc", …) makes an exercise: the sheet to fill in with the
    guide and the equations, and the computation hidden; ``blank`` the same on paper, alone.
    Raises :class:`~cellcalc.errors.OutputError` when the workbook is larger than a spreadsheet
    can be, or holds what a spreadsheet cannot: an input that is not a finite number; and
    :class:`~cellcalc.errors.OptionError` for a sheet or symbol that there is not. A trace with
    numbers that a spreadsheet cannot compute with (:mod:`cellcalc.workbook.large`) makes the sheets
    that are nothing but the computation.
    """
    check_size(trace)
    if blank:
        practice, sheets = practice or "backward", ("Practice",)
    book = Book(trace, _chosen(sheets, practice, blank), practice, blank)
    if book.large:
        book.chosen = _without_study(book.chosen, sheets, practice)
    workbook = Workbook()
    for kind, make in SHEETS.items():
        if book.has(kind) and kind != "Guide":
            book.made += make(book)
    if book.has("Guide"):  # it lists the others, and comes before them
        book.made[:0] = guide(book)
    for number, sheet in enumerate(book.made):
        worksheet = workbook.active if number == 0 else workbook.create_sheet()
        assert isinstance(worksheet, Worksheet)
        worksheet.title = sheet.title
        if number == 0:
            write_samples(worksheet)
        if sheet.hidden:
            worksheet.sheet_state = "hidden"
        sheet.set_up(worksheet)
    if book.has("BPTT"):
        _define_names(workbook, book.first)
    _describe(workbook, trace)
    contents = {sheet.title: sheet.rows for sheet in book.made}
    date = fixed_date(os.environ.get("SOURCE_DATE_EPOCH"))
    write_package(file, workbook, STYLES, contents, date)


def _chosen(names: Sequence[str], practice: str, blank: bool) -> tuple[str, ...]:
    """The kinds of sheet wanted, in their order."""
    known = {kind.casefold(): kind for kind in SHEETS}
    for name in names:
        if name.casefold() not in known:
            found = f'"{name}"{did_you_mean(name.casefold(), list(known))}'
            raise OptionError("--sheets", f"names of sheets ({listed(list(SHEETS))})", found)
    wanted = {known[name.casefold()] for name in names}
    if not names:
        wanted = {"Guide", "Equations"} if practice else set(SHEETS) - ON_REQUEST
    if "Practice" in wanted and not practice:
        raise OptionError("--sheets", "--practice with the sheet Practice", "none")
    if not blank:
        wanted |= {"BPTT", "Practice"} if practice else {"BPTT"}
    return tuple(kind for kind in SHEETS if kind in wanted)


def _without_study(
    chosen: tuple[str, ...], sheets: Sequence[str], practice: str
) -> tuple[str, ...]:
    """The kinds of sheet for numbers that are too large to compute with."""
    left = [kind for kind in chosen if kind not in LARGE_SHEETS]
    if practice or (sheets and left):
        what = "an exercise" if practice else f"the sheet {left[0]}"
        expected = f"numbers below {LARGE:g} for {what}"
        raise OutputError(f"workbook: expected {expected}, found larger ones")
    return tuple(kind for kind in chosen if kind in LARGE_SHEETS)


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
