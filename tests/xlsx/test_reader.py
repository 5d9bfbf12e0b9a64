"""Workbooks read back: what a sound one holds, and what is said of all others, within limits."""

from __future__ import annotations

import io
import random
import time
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from cellcalc.api import load
from cellcalc.errors import InputError
from cellcalc.workbook import build_workbook
from cellcalc.xlsx.reader import Cell, read_cells
from tests.support.hostile_books import HOSTILE, cell, package, parts, sheet
from tests.support.spreadsheets import by_libreoffice


def by_openpyxl(contents: bytes) -> dict[str, dict[str, Cell]]:
    """The same cells, read by somebody else's program."""
    values = openpyxl.load_workbook(io.BytesIO(contents), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(contents))
    return {
        page.title: {
            one.coordinate: Cell(values[page.title][one.coordinate].value, one.data_type == "f")
            for row in page.iter_rows()
            for one in row
            if one.value not in (None, "")
        }
        for page in formulas.worksheets
    }


@pytest.fixture(scope="module")
def written() -> bytes:
    """A workbook with every sheet and an exercise, as cellcalc writes it."""
    file = io.BytesIO()
    build_workbook(load("ten_steps").run(), file, practice="all", key=True)
    return file.getvalue()


def test_it_reads_what_cellcalc_writes(written: bytes) -> None:
    found = read_cells(written)
    assert found == by_openpyxl(written)
    assert Cell("t", False) in found["BPTT"].values()
    assert len(found["Practice"]) > 1_000


def test_it_reads_what_openpyxl_saved_again(written: bytes) -> None:
    """Formulas without values, absolute links."""
    book = openpyxl.load_workbook(io.BytesIO(written))
    page = book["Practice"]
    page["E3"] = 0.5
    page["E4"] = "two\nlines\t\x7f"
    page["E5"] = True
    file = io.BytesIO()
    book.save(file)
    found = read_cells(file.getvalue())
    assert found == by_openpyxl(file.getvalue())
    assert found["Practice"]["E5"] == Cell(True, False)


@pytest.mark.cases(0)
def test_it_reads_what_libreoffice_saved(soffice: str, written: bytes, tmp_path: Path) -> None:
    saved = by_libreoffice(soffice, {"a": written}, tmp_path)["a"]
    assert read_cells(saved) == by_openpyxl(saved)
    assert b"xl/sharedStrings.xml" in saved


def test_only_the_sheets_asked_for_are_read(written: bytes) -> None:
    assert list(read_cells(written, sheets=["Practice", "None"])) == ["Practice"]
    assert read_cells(written, sheets=[]) == {}


def test_cells_without_an_address_follow_each_other() -> None:
    rows = "<row><c><v>1</v></c><c/><c><f>A1</f></c></row><row><c><v>-2E-3</v></c></row>"
    expected = {"A1": Cell(1.0, False), "C1": Cell(None, True), "A2": Cell(-0.002, False)}
    assert read_cells(package(parts(rows))) == {"S": expected}


@pytest.mark.parametrize(
    ("content", "more", "expected"),
    [
        ("<v>1</v>", ' t="b"', Cell(True, False)),
        ("<f>1/0</f><v>#DIV/0!</v>", ' t="e"', Cell("#DIV/0!", True)),
        ("<f>A2&amp;A3</f><v> a_x000D_b </v>", ' t="str"', Cell(" a\rb ", True)),
        ("<is><t>a</t><rPh><t>b</t></rPh><t>c</t></is>", ' t="inlineStr"', Cell("ac", False)),
        ("<is><r><t>a</t></r><r><t>b</t></r></is>", ' t="inlineStr"', Cell("ab", False)),
        ("<v>_xD800_</v>", ' t="str"', Cell("\ufffd", False)),
        ("<v>0.30000000000000004</v>", "", Cell(0.1 + 0.2, False)),
        ('<f t="shared" si="0"/><v>2</v>', "", Cell(2.0, True)),
        ("<v>2020-01-01</v>", ' t="d"', Cell("2020-01-01", False)),
    ],
)  # fmt: skip
def test_each_kind_of_cell(content: str, more: str, expected: Cell) -> None:
    assert read_cells(package(parts(cell(content, more)))) == {"S": {"A1": expected}}


def test_declared_dimensions_cost_nothing() -> None:
    """openpyxl fills what a sheet declares; here only what is there counts."""
    far = '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    rows = cell("<v>1</v>") + far
    page = sheet(rows).replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')
    start = time.perf_counter()
    found = read_cells(package(parts() | {"xl/worksheets/sheet1.xml": page}))
    assert found == {"S": {"A1": Cell(1.0, False), "XFD1048576": Cell(2.0, False)}}
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused(name: str, tmp_path: Path) -> None:
    make, said = HOSTILE[name]
    path = tmp_path / "workbook"
    path.write_bytes(make())
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(InputError) as caught:
        read_cells(path, "workbook")
    spent, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (line,) = caught.value.lines
    assert line.startswith("workbook: ")
    assert said in line
    assert len(line) < 400
    assert spent < 5
    assert peak < path.stat().st_size * 1.2 + 70_000_000


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a file, found nothing there"):
        read_cells(tmp_path / "none.xlsx")
    with pytest.raises(InputError, match="expected a file, found a folder"):
        read_cells(tmp_path)


def mutated(contents: bytes, generator: random.Random) -> bytes:
    """The bytes with some of them changed, left out, doubled or cut off."""
    changed = bytearray(contents)
    for _ in range(generator.choice([1, 1, 2, 5, 50])):
        at = generator.randrange(len(changed))
        match generator.randrange(5):
            case 0:
                changed[at] = generator.randrange(256)
            case 1:
                changed[at] ^= 1 << generator.randrange(8)
            case 2:
                del changed[at : at + generator.randrange(1, 9)]
            case 3:
                changed[at:at] = changed[at : at + generator.randrange(1, 30)]
            case _:
                changed[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(changed)


def test_changed_bytes_never_do_harm() -> None:
    """Either the workbook is read all the same, or it is refused in words."""
    generator = random.Random(7)
    plain = package(parts(cell("<v>0</v>", ' t="s"'), b"<sst><si><t>a</t></si></sst>"), 0)
    refused = 0
    for source in (plain, package(parts(cell("<f>1+1</f><v>2</v>")))):
        for _ in range(1_000):
            try:
                read_cells(mutated(source, generator))
            except InputError as error:
                refused += 1
                assert len(error.lines) == 1
    assert 500 < refused < 2_000
