"""The gradebook: a row for each student, as CSV and as a workbook."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.check.report import Verdict
from cellcalc.classroom.result import Result
from cellcalc.xlsx.cells import Cell, Row, Rows, letters, text_lines
from cellcalc.xlsx.page import set_up_page, set_widths
from cellcalc.xlsx.styles import STYLES, write_samples
from cellcalc.xlsx.writer import fixed_date, write_package

COUNTS = (*(verdict.value for verdict in Verdict), "slips")
COLUMNS = ("id", "name", "file", *COUNTS, "points", "note")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the start of a formula
_NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")
MOST_TEXT = 2_000  # characters of a note
SHEET = "Gradebook"


def to_csv(results: Sequence[Result]) -> str:
    """The gradebook as CSV, in UTF-8 with the columns of ``COLUMNS``."""
    page = io.StringIO()
    write = csv.writer(page, lineterminator="\n")
    write.writerow(COLUMNS)
    for one in results:
        id, name, file, note = _texts(one)
        counts = [str(one.count(column)) for column in COUNTS]
        points = one.points.text if one.points is not None else "0"
        own = [_harmless(text) for text in (id, name, file)]
        write.writerow([*own, *counts, points, _harmless(note)])
    return page.getvalue()


def _texts(one: Result) -> tuple[str, str, str, str]:
    student, handed = one.row.student, one.row.handed
    id, name = (student.id, student.name) if student else ("", "")
    file = handed.shown if handed else ""
    return id, name, file, "; ".join(one.notes)[:MOST_TEXT]


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: students choose the names of files.

    They choose the name that a platform shows of them as well. A number stays one.
    """
    is_safe = not text.startswith(FORMULA) or _NUMBER.fullmatch(text)
    return text if is_safe else f"'{text}"


def to_xlsx(results: Sequence[Result], others: Sequence[str]) -> bytes:
    """The same as a workbook, with the ``others`` columns of the list after them."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    write_samples(sheet)
    head = [*COLUMNS, *others]
    set_widths(sheet, _widths(others))
    sheet.freeze_panes = "C2"
    set_up_page(sheet)
    sheet.print_title_rows = "1:1"
    sheet.auto_filter.ref = f"A1:{letters(len(head))}{len(results) + 1}"
    workbook.properties.creator = "cellcalc"
    file = io.BytesIO()
    rows = Rows(_rows(results, head, others), len(head), len(results) + 1)
    date = fixed_date(os.environ.get("SOURCE_DATE_EPOCH"))
    write_package(file, workbook, STYLES, {SHEET: rows}, date)
    return file.getvalue()


def _rows(results: Sequence[Result], head: Sequence[str], others: Sequence[str]) -> Iterator[Row]:
    yield Row(1, [Cell(k, "heading", name) for k, name in enumerate(head, 1)])
    for number, one in enumerate(results, 2):
        id, name, file, note = _texts(one)
        own = one.row.student.others if one.row.student else {}
        points = one.points.total if one.points is not None else 0.0
        values: list[float | str] = [
            id, name, file, *(float(one.count(column)) for column in COUNTS), points, note,
            *(own.get(column, "") for column in others),
        ]  # fmt: skip
        cells = [
            Cell(k, "plain" if isinstance(value, float) else "text", value)
            for k, value in enumerate(values, 1)
        ]
        texts = zip(values, _widths(others), strict=True)
        lines = [text_lines(text, width) for text, width in texts if isinstance(text, str)]
        yield Row(number, cells, max(lines))


def _widths(others: Sequence[str]) -> tuple[int, ...]:
    """The width of each column."""
    return (12, 24, 34, *[10] * len(COUNTS), 9, 60, *[16] * len(others))
