"""The same cells in a workbook: formulas with values, by cellcalc and by others.

They are those of the sheets BPTT and Equations. The others are given the cells ready made, and
write them with one number format; cellcalc works them out, and styles, comments and rules besides.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.problems import MissingError, problem
from cellcalc.workbook import build_workbook
from cellcalc.workbook.layout import lay_out
from cellcalc.workbook.sheets.bptt import bptt_rows
from cellcalc.xlsx.cells import Rows

Work = Callable[[], int]  # gives the size of the file
Value = float | str | None
Cells = Iterator[tuple[int, list[tuple[int, Value, str | None]]]]


def _path() -> Path:
    return Path(tempfile.mkdtemp()) / "workbook.xlsx"


def ours(steps: int) -> Work:
    trace, path = problem(steps).run(), _path()

    def work() -> int:
        with path.open("wb") as file:
            build_workbook(trace, file, sheets=["Equations"])
        return path.stat().st_size

    return work


def _cells(rows: Rows) -> Cells:
    for row in rows.rows:
        yield row.number - 1, [(c.column - 1, c.value, c.formula) for c in row.cells]


def _sheet(steps: int) -> list[tuple[int, list[tuple[int, Value, str | None]]]]:
    return list(_cells(bptt_rows(lay_out(problem(steps).run())[0])))


def xlsxwriter(steps: int, constant_memory: bool = False, checked: bool = True) -> Work:
    """XlsxWriter as its users call it; or without the check of each formula."""
    try:
        import xlsxwriter as writer
        from xlsxwriter.worksheet import Worksheet
    except ImportError:
        raise MissingError("XlsxWriter is not installed") from None
    if not checked:
        Worksheet._prepare_formula = lambda _, formula, *__: formula.lstrip("=")
    cells, path = _sheet(steps), _path()

    def work() -> int:
        book = writer.Workbook(str(path), {"constant_memory": constant_memory})
        sheet = book.add_worksheet("BPTT")
        look = book.add_format({"num_format": "0.00000"})
        for row, line in cells:
            for column, value, formula in line:
                if formula is not None:
                    sheet.write_formula(row, column, f"={formula}", look, value)
                elif isinstance(value, str):
                    sheet.write_string(row, column, value, look)
                elif value is not None:
                    sheet.write_number(row, column, value, look)
        book.close()
        return path.stat().st_size

    return work


def openpyxl(steps: int) -> Work:
    """openpyxl in its write-only mode, which stores no values beside formulas."""
    from openpyxl import Workbook

    cells, path = _sheet(steps), _path()

    def work() -> int:
        book = Workbook(write_only=True)
        sheet = book.create_sheet("BPTT")
        for _, line in cells:
            sheet.append([v if f is None else f"={f}" for _, v, f in line])
        book.save(path)
        return path.stat().st_size

    return work


def rust(steps: int) -> Work:
    """rust_xlsxwriter, through rustpy-xlsxwriter, which has no formulas with values: their text."""
    try:
        from rustpy_xlsxwriter import write_worksheet
    except ImportError:
        raise MissingError("rustpy-xlsxwriter is not installed") from None
    path = _path()
    records = [
        {str(k): value if formula is None else f"={formula}" for k, value, formula in line}
        for _, line in _sheet(steps)
    ]

    def work() -> int:
        write_worksheet(records, str(path), "BPTT")
        return path.stat().st_size

    return work


def recalculated(steps: int) -> Callable[[], object]:
    """All sheets loaded, recalculated and saved by LibreOffice, its start included."""
    import io
    import shutil

    from tests.support import spreadsheets

    if shutil.which("soffice") is None:
        raise MissingError("LibreOffice is not installed")
    file = io.BytesIO()
    build_workbook(problem(steps).run(), file)
    contents = spreadsheets.poisoned(file.getvalue())

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            spreadsheets.by_libreoffice("soffice", {"workbook": contents}, Path(folder))

    return work
