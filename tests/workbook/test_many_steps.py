"""Workbooks of many steps: shared formulas mean what they should, recalculation stays linear."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from dataclasses import replace

import openpyxl
import pytest

from cellcalc.api import Trace
from cellcalc.workbook import build_workbook
from cellcalc.workbook.guards import Words
from cellcalc.workbook.layout import lay_out
from cellcalc.workbook.sheets.bptt import bptt_rows
from cellcalc.xlsx.cells import letters
from tests.support import spreadsheets
from tests.support.problems import random_data

VOLATILE = ("NOW", "TODAY", "RAND", "RANDBETWEEN", "OFFSET", "INDIRECT", "CELL", "INFO")
_AREA = re.compile(r"\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?")
CASES = {
    "full": "",
    "windows": 'scheme = "tbptt(2,5)"',
    "stored": 'scheme = "tbptt(2,5)"\nweights = "stored"\ninject = "all"',
    "resets": 'scheme = "keras-stateless(3)"',
    "last": 'scheme = "forum-last(3,5)"\nreduction = "mean"',
}


def trace(steps: int, scheme: str = "", update: str = "") -> Trace:
    data = replace(random_data(61, 2, steps, missing=True), bptt=scheme, update=update)
    return data.problem().run()


def written(given: Trace, practice: str = "") -> bytes:
    file = io.BytesIO()
    build_workbook(given, file, practice=practice, key=True)
    return file.getvalue()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.cases(1)
def test_each_member_of_a_shared_formula_reads_as_its_own_formula(case: str) -> None:
    given = trace(11, CASES[case], "epochs = 2")
    contents = written(given)
    found = spreadsheets.read(contents, formulas=True)
    words = Words.of(given.model)
    for layout in lay_out(given):
        expected = {
            f"{letters(cell.column)}{row.number}": cell.formula
            for row in bptt_rows(layout).rows
            for cell in row.cells
            if cell.formula is not None
        }
        assert len(expected) > 300
        for place, formula in expected.items():
            assert found[layout.title, place] == f"={words.formula(formula)}", place


def test_shared_formulas_keep_to_excels_rules() -> None:
    """The first cell holds the formula and the area; no formula refers to another sheet."""
    contents = written(trace(11, 'scheme = "tbptt(2,5)"', "epochs = 2"))
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        sheets = [package.read(n).decode() for n in package.namelist() if "worksheets/sheet" in n]
    groups = 0
    for sheet in sheets:
        cells = re.findall(
            r'<c r="([A-Z]+)([0-9]+)"[^>]*><f t="shared"([^>]*?)(?:/>|>([^<]*)<)', sheet
        )
        areas: dict[str, tuple[str, list[str]]] = {}
        for column, row, attributes, formula in cells:
            number = re.search(r'si="([0-9]+)"', attributes)
            assert number is not None
            area = re.search(r'ref="([A-Z0-9:]+)"', attributes)
            if area is not None:
                assert number[1] not in areas and formula and "!" not in formula
                areas[number[1]] = area[1], []
                groups += 1
            else:
                assert not formula
            areas[number[1]][1].append(f"{column}{row}")
        for area_text, members in areas.values():
            assert area_text == f"{members[0]}:{members[-1]}"
            ((row,),) = (openpyxl.worksheet.cell_range.CellRange(area_text).rows,)
            assert len(row) == len(members)
    assert groups > 100


def formulas(contents: bytes) -> list[tuple[str, str]]:
    """The sheet and text of each formula, without the texts in it."""
    cells = spreadsheets.formula_cells(contents)
    found = spreadsheets.read(contents, formulas=True)
    return [(sheet, re.sub(r'"[^"]*"', "", str(found[sheet, cell]))) for sheet, cell in cells]


def references(contents: bytes) -> Counter[str]:
    """How many cells the formulas of each sheet refer to, areas counted cell by cell."""
    count: Counter[str] = Counter()
    for sheet, text in formulas(contents):
        for area in _AREA.findall(text):
            left, top, right, bottom = openpyxl.utils.range_boundaries(area.replace("$", ""))
            count[sheet] += (right - left + 1) * (bottom - top + 1)
    return count


@pytest.mark.parametrize("practice", ["", "all"])
@pytest.mark.cases(1)
def test_what_formulas_read_grows_in_proportion_to_the_steps(practice: str) -> None:
    small, middle, large = (references(written(trace(n), practice)) for n in (10, 20, 40))
    assert set(small) >= ({"BPTT", "Step", "Gradients", "Checks"} if not practice else {"Hints"})
    for sheet in small:
        first, second = middle[sheet] - small[sheet], large[sheet] - middle[sheet]
        assert second <= 2 * first, sheet  # twice as many more steps, at most twice as many more


@pytest.mark.parametrize("practice", ["", "all"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.cases(1)
def test_no_formula_is_volatile(case: str, practice: str) -> None:
    found = formulas(written(trace(8, CASES[case]), practice))
    assert len(found) > 500
    called = {name for _, text in found for name in re.findall(r"([A-Z][A-Z0-9.]*)\(", text)}
    assert "EXP" in called and not called & set(VOLATILE)


def test_columns_of_one_width_are_one_entry() -> None:
    contents = written(trace(30))
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        sheet = package.read(spreadsheets.part_of(contents, "BPTT")).decode()
    assert '<col width="11" customWidth="1" min="5" max="36"' in sheet
