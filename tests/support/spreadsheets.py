"""Two spreadsheet engines that recalculate workbooks, and ways of editing and reading them.

A stored value proves nothing about a formula. So every stored value is poisoned before an engine
sees the file, and LibreOffice is told to recalculate on load, which it does not do by itself.
"""

from __future__ import annotations

import html
import io
import re
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import formualizer
import openpyxl
from openpyxl.formatting.formatting import ConditionalFormattingList

from cellcalc.api import Problem, Trace
from cellcalc.workbook import build_workbook
from tests.support.cells import CellData
from tests.support.problems import Data

Values = dict[tuple[str, str], object]  # (sheet, cell): value
POISON = 123456789.0
_FORMULA_CELL = re.compile(
    r'(<c r="[A-Z]+[0-9]+" s="[0-9]+")(?: t="[a-z]+")?(><f(?: [^>]*)?(?:/>|>[^<]*</f>))<v>[^<]*</v>'
)
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""  # fmt: skip


def book_of(
    source: Data | CellData | Problem | Trace,
    sheets: Sequence[str] = (),
    practice: str = "",
    blank: bool = False,
    key: bool = True,
) -> bytes:
    """The workbook of a problem, or of a trace."""
    problem = source.problem() if isinstance(source, Data | CellData) else source
    trace = problem.run() if isinstance(problem, Problem) else problem
    file = io.BytesIO()
    build_workbook(trace, file, sheets, practice, blank, key)
    return file.getvalue()


def workbook(source: Problem | Trace) -> bytes:
    """The workbook of a problem, or of a trace: the computation and the equations."""
    return book_of(source, ["Equations"])


Name = TypeVar("Name")


class Made(dict[Name, bytes]):
    """Workbooks by name, each made when a test asks for it."""

    def __init__(self, make: Callable[[Name], bytes]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, name: Name) -> bytes:
        self[name] = self.make(name)
        return self[name]


def part_of(contents: bytes, title: str) -> str:
    """The part of the package that holds a sheet."""
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        titles = re.findall(r'<sheet [^>]*name="([^"]*)"', package.read("xl/workbook.xml").decode())
    return f"xl/worksheets/sheet{titles.index(title) + 1}.xml"


def poisoned(
    contents: bytes, edits: Mapping[str, float | None] | None = None, sheet: str = "BPTT"
) -> bytes:
    """The workbook with wrong values stored in all formula cells, and cells of a sheet edited.

    An edit to None empties the cell. Raises AssertionError where an edited cell is not an input.
    """
    result, edited = io.BytesIO(), part_of(contents, sheet)
    with zipfile.ZipFile(io.BytesIO(contents)) as source, zipfile.ZipFile(result, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                text = _FORMULA_CELL.sub(rf"\1\2<v>{POISON!r}</v>", part.decode())
                for cell, value in (edits or {}).items() if name == edited else ():
                    new = "/>" if value is None else f"><v>{value!r}</v></c>"
                    pattern = rf'(<c r="{cell}" s="[0-9]+")(?:/>|><v>[^<]*</v></c>)'
                    text, count = re.subn(pattern, rf"\1{new}", text)
                    assert count == 1, f"{cell} is not an input"
                part = text.encode()
            target.writestr(name, part)
    return result.getvalue()


@lru_cache(maxsize=16)
def _cells(contents: bytes, formulas: bool) -> tuple[tuple[str, str, object, bool], ...]:
    """Sheet, cell and content of what is not empty, and whether it is a formula.

    Without the looks of the cells, which take openpyxl twice as long as all the rest.
    """
    book = openpyxl.load_workbook(io.BytesIO(contents), read_only=True, data_only=not formulas)
    return tuple(
        (sheet.title, cell.coordinate, cell.value, cell.data_type == "f")
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    )


def read(contents: bytes, formulas: bool = False) -> Values:
    """Every cell that is not empty: its stored value, or its formula or constant."""
    return {(sheet, cell): value for sheet, cell, value, _ in _cells(contents, formulas)}


def defined_names(contents: bytes) -> dict[str, str]:
    """The names of the workbook, and the cells that they stand for."""
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        text = package.read("xl/workbook.xml").decode()
    found = re.findall(r"<definedName ([^>]*)>([^<]*)</definedName>", text)
    return {
        re.search(r'\bname="([^"]*)"', attributes)[1]: html.unescape(where)
        for attributes, where in found
        if "localSheetId" not in attributes
    }


def to_fill_in(contents: bytes) -> openpyxl.Workbook:
    """The workbook to type into and to save, without the rules for looks: these take longest."""
    book = openpyxl.load_workbook(io.BytesIO(contents))
    for sheet in book:
        sheet.conditional_formatting = ConditionalFormattingList()
    return book


def formula_cells(contents: bytes) -> list[tuple[str, str]]:
    """The cells that hold a formula."""
    return [(sheet, cell) for sheet, cell, _, is_formula in _cells(contents, True) if is_formula]


def by_formualizer(contents: bytes, cells: list[tuple[str, str]]) -> Values:
    """The values that formualizer computes."""
    book = formualizer.load_workbook_bytes(contents)
    book.evaluate_all()
    values = {}
    for sheet, coordinate in cells:
        row, column = openpyxl.utils.cell.coordinate_to_tuple(coordinate)
        values[sheet, coordinate] = book.get_value(sheet, row, column)
    return values


def by_libreoffice(soffice: str, workbooks: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The workbooks after LibreOffice has loaded, recalculated and saved them; in one go."""
    profile, source, target = folder / "profile", folder / "in", folder / "out"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS)
    source.mkdir()
    for name, contents in workbooks.items():
        (source / f"{name}.xlsx").write_bytes(contents)
    command = [soffice, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to",
               "xlsx:Calc MS Excel 2007 XML", "--outdir", str(target)]  # fmt: skip
    files = [str(source / f"{name}.xlsx") for name in workbooks]
    subprocess.run([*command, *files], check=True, capture_output=True, timeout=300)
    return {name: (target / f"{name}.xlsx").read_bytes() for name in workbooks}
