"""The package as Excel lays it out: names, targets, ids of comments' shapes, values of charts."""

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree

import openpyxl
import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from cellcalc.api import load
from cellcalc.workbook.layout import defined_name
from cellcalc.xlsx.cells import Cell, Row, Rows, TooLongError, quoted
from cellcalc.xlsx.reader import read_cells
from cellcalc.xlsx.styles import STYLES, write_samples
from cellcalc.xlsx.writer import fixed_date, write_package
from tests.support.spreadsheets import book_of

NAMES = [
    r"\[Content_Types\]\.xml", r"_rels/\.rels", r"docProps/(app|core)\.xml", r"xl/workbook\.xml",
    r"xl/_rels/workbook\.xml\.rels", r"xl/worksheets/sheet\d+\.xml",
    r"xl/worksheets/_rels/sheet\d+\.xml\.rels", r"xl/theme/theme1\.xml", r"xl/styles\.xml",
    r"xl/comments\d+\.xml", r"xl/drawings/(drawing|vmlDrawing)\d+\.(xml|vml)",
    r"xl/drawings/_rels/drawing\d+\.xml\.rels", r"xl/charts/chart\d+\.xml",
]  # fmt: skip


@pytest.fixture(scope="module")
def package() -> dict[str, str]:
    """The parts of a workbook with charts, and with comments on two sheets."""
    with zipfile.ZipFile(io.BytesIO(book_of(load("statquest", epochs=2)))) as source:
        return {name: source.read(name).decode() for name in source.namelist()}


def test_parts_are_named_as_excel_names_them(package: dict[str, str]) -> None:
    assert next(iter(package)) == "[Content_Types].xml"
    assert [n for n in package if not any(re.fullmatch(p, n) for p in NAMES)] == []


def test_targets_are_relative_and_lead_to_parts(package: dict[str, str]) -> None:
    for name, text in package.items():
        if name.endswith(".rels"):
            folder = posixpath.dirname(posixpath.dirname(name))
            for target in re.findall(r'Target="([^"]*)"', text):
                assert not target.startswith("/")
                assert posixpath.normpath(posixpath.join(folder, target)) in package
    listed = re.findall(r'PartName="/([^"]*)"', package["[Content_Types].xml"])
    assert set(listed) <= set(package)


def test_shapes_of_comments_have_ids_of_their_own(package: dict[str, str]) -> None:
    drawings = [text for name, text in package.items() if name.endswith(".vml")]
    assert len(drawings) >= 2
    found = [re.findall(r'id="_x0000_s(\d+)"', text) for text in drawings]
    everything = [id for ids in found for id in ids]
    assert len(set(everything)) == len(everything) > 20
    for ids, text in zip(found, drawings, strict=True):
        blocks = re.findall(r'data="([\d,]+)"', text)[0].split(",")
        assert {str(int(id) // 1024) for id in ids} <= set(blocks)
        assert len(re.findall("<x:Anchor>", text)) == len(ids)


def test_more_comments_than_a_block_has_ids_take_another() -> None:
    book, rows = Workbook(), [Row(k, [Cell(1, "text", "a")]) for k in range(1, 1501)]
    for sheet in (book.active, book.create_sheet("Two")):
        assert sheet is not None
        for k in range(1, 1501):
            sheet.cell(k, 1).comment = Comment("c", "a")
    assert book.active is not None
    book.active.title = "One"
    text = written(book, {"One": rows, "Two": rows})
    ids = [re.findall(r'id="_x0000_s(\d+)"', t) for n, t in text.items() if n.endswith(".vml")]
    assert [len(one) for one in ids] == [1500, 1500]
    assert not set(ids[0]) & set(ids[1])
    maps = [re.findall(r'data="([\d,]+)"', t)[0] for n, t in text.items() if n.endswith(".vml")]
    assert maps == ["1,2", "3,4"]


def test_charts_hold_what_they_show(package: dict[str, str]) -> None:
    charts = [text for name, text in package.items() if name.startswith("xl/charts/")]
    assert charts
    for text in charts:
        shown = len(re.findall(r"<(?:num|str)Ref>", text))
        assert shown and shown == len(re.findall(r"<(?:num|str)Cache>", text))
        assert re.search(r"<v>-?\d", text)
        ElementTree.fromstring(text)


def test_drawings_have_the_usual_prefix(package: dict[str, str]) -> None:
    drawings = [text for name, text in package.items() if name.startswith("xl/drawings/drawing")]
    assert drawings and all("<xdr:wsDr " in text for text in drawings)


def written(book: Workbook, rows: dict[str, list[Row]]) -> dict[str, str]:
    """The parts of a workbook whose first sheet has a cell in each style."""
    contents = bytes_of(book, rows)
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        return {name: package.read(name).decode() for name in package.namelist()}


def bytes_of(book: Workbook, rows: dict[str, list[Row]]) -> bytes:
    file = io.BytesIO()
    first = book.active
    assert first is not None
    write_samples(first)
    sheets = {title: Rows(own, 3, len(own)) for title, own in rows.items()}
    write_package(file, book, STYLES, sheets, fixed_date(None))
    return file.getvalue()


@pytest.mark.parametrize("text", ["_x0041_", "a_x005F_b", "_xZZZZ_", "x_x0009_", "_x12345_"])
def test_texts_that_look_escaped_come_back_as_they_were(text: str) -> None:
    book = Workbook()
    assert book.active is not None
    title = book.active.title
    rows = [Row(1, [Cell(1, "text", text), Cell(2, "text", text, '""')])]
    contents = bytes_of(book, {title: rows})
    cells = read_cells(contents, "a.xlsx", [title])[title]
    assert [cells[place].value for place in ("A1", "B1")] == [text, text]


def test_text_that_begins_with_equals_is_marked_as_one() -> None:
    book = Workbook()
    assert book.active is not None
    title = book.active.title
    rows = [Row(1, [Cell(1, "title", "=1+1"), Cell(2, "title", "1+1")])]
    read = openpyxl.load_workbook(io.BytesIO(bytes_of(book, {title: rows})))[title]
    assert [read["A1"].quotePrefix, read["B1"].quotePrefix] == [True, False]
    assert read["A1"].font.b and read["A1"].font.sz == read["B1"].font.sz
    assert quoted("title") in STYLES


def test_heights_are_within_excels_limit() -> None:
    book = Workbook()
    assert book.active is not None
    text = written(book, {book.active.title: [Row(1, [Cell(1, "text", "a")], lines=90)]})
    assert 'ht="409.5"' in text["xl/worksheets/sheet1.xml"]


def test_formula_that_is_too_long_names_its_sheet() -> None:
    book = Workbook()
    assert book.active is not None
    title = book.active.title
    with pytest.raises(TooLongError) as caught:
        bytes_of(book, {title: [Row(1, [Cell(1, "number", 1.0, "1+" * 5000 + "1")])]})
    assert caught.value.sheet == title


KEPT = ["sum", "SUM", "exp", "Print_Area", "Print_Titles", "W1", "R", "c"]


@pytest.mark.parametrize("name", KEPT)
def test_no_defined_name_is_a_function_or_excels_own(name: str) -> None:
    assert defined_name(name, set()) == f"{name}_"
