"""Lines over the cells of a sheet: a drawing as Excel has it, from box to box."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

import cellcalc
from cellcalc.views.stages import staged
from cellcalc.xlsx.connectors import Line, Point, written_lines
from tests.support.spreadsheets import book_of, part_of
from tests.views.test_stages import SKIPS, own

XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def number(anchor: ElementTree.Element, end: str, what: str) -> int:
    return int(anchor.findtext(f"{XDR}{end}/{XDR}{what}", ""))


def test_a_line_upwards_is_anchored_at_its_upper_corner_and_flipped() -> None:
    line = Line(Point(9, 10, 2, 0), Point(4, 10, 3, 5), head=True)
    root = ElementTree.fromstring(written_lines([line]))
    (anchor,) = root
    corner = [number(anchor, end, w) for end in ("from", "to") for w in ("col", "row", "colOff")]
    assert corner == [1, 3, 0, 2, 8, 5 * 9525]
    assert anchor.find(f".//{A}xfrm").get("flipV") == "1"  # type: ignore[union-attr]
    assert anchor.find(f".//{A}tailEnd") is not None


def test_the_sheet_step_of_a_cell_of_ones_own_has_a_line_for_every_wire(tmp_path: Path) -> None:
    model = own(tmp_path, SKIPS)
    (tmp_path / "p.toml").write_text(
        'cell = "cell.toml"\n[parameters]\nrandom = {seed = 1}\n'
        "[[sequence]]\nx = [1, 2]\ntarget = [0.5, 0.25]\n"
    )
    book = book_of(cellcalc.load(tmp_path / "p.toml"), ["Step"])
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        names = package.namelist()
        sheet = part_of(book, "Step")
        links = package.read(f"xl/worksheets/_rels/{sheet.rpartition('/')[2]}.rels").decode()
        drawings = re.findall(r'Target="\.\./(drawings/drawing[0-9]+\.xml)"', links)
        assert len(drawings) == 1 and names.count(f"xl/{drawings[0]}") == 1
        assert f'PartName="/xl/{drawings[0]}"' in package.read("[Content_Types].xml").decode()
        markup = package.read(sheet).decode()
        after = markup.partition("</sheetData>")[2]
        assert after.index("<pageMargins") < after.index("<drawing ") < after.index("</worksheet>")
        root = ElementTree.fromstring(package.read(f"xl/{drawings[0]}"))
    wires = staged(model).wires
    assert len(root) == len(wires)
    assert len(root.findall(f".//{A}tailEnd")) == sum(wire.arrives for wire in wires)
    cells = openpyxl.load_workbook(io.BytesIO(book))["Step"]
    for anchor in root:  # an arrow's head is at a box: beside its value, or above its label
        headed = anchor.find(f".//{A}tailEnd") is not None
        if headed and anchor.find(f".//{A}xfrm").get("flipV") is None:  # type: ignore[union-attr]
            row, column = (number(anchor, "to", what) + 1 for what in ("row", "col"))
            assert cells.cell(row, column).value is not None


@pytest.mark.cases(0)
def test_a_sheet_of_a_textbooks_cell_has_none() -> None:
    book = book_of(cellcalc.load("two_step"), ["Step"])
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        assert b"<drawing " not in package.read(part_of(book, "Step"))
