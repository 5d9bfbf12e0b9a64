"""A workbook in Chinese: its sheets have Chinese names, and every formula finds them."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator

import pytest

import cellcalc
from cellcalc import resources
from cellcalc.api import Problem
from tests.support import spreadsheets
from tests.support.spreadsheets import book_of

# By the English names; those of the contract stay, and so do hidden ones, which `check` reads.
NAMES = {
    "Start": "开始", "Unrolled": "展开", "BPTT": "BPTT", "Step": "单步", "Windows": "窗口",
    "Gradients": "梯度", "Train": "训练", "Chosen pass": "选定一遍", "Checks": "检查",
    "Equations": "方程", "Practice": "Practice",
}  # fmt: skip


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    resources.use("zh")
    yield
    resources.use(resources.FIRST)


def trained() -> Problem:
    """Two epochs: all the sheets there are."""
    return cellcalc.load("gomez", epochs=2)


def titles(contents: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        return re.findall(r'<sheet [^>]*name="([^"]*)"', package.read("xl/workbook.xml").decode())


def test_sheets_are_named_in_chinese_and_bptt_and_practice_as_in_the_contract() -> None:
    own = [re.sub(r"^BPTT [0-9]+$", "BPTT", title) for title in titles(book_of(trained()))]
    assert set(own) == set(NAMES.values()) - {"Practice"}
    practice = titles(book_of(cellcalc.load("gomez"), practice="dc"))
    assert {"开始", "Practice", "方程"} <= set(practice)


def test_a_sheet_is_asked_for_by_either_name() -> None:
    assert titles(book_of(cellcalc.load("gomez"), ["方程"])) == titles(
        book_of(cellcalc.load("gomez"), ["Equations"])
    )


REFERENCE = re.compile(r"(?:'([^']+)'|([A-Za-z\u4e00-\u9fff]+))!([$A-Z0-9:]+)")


def references(contents: bytes) -> dict[str, set[tuple[str, str]]]:
    """What the formulas, rules, links and charts of each part refer to on other sheets.

    Not in their places: in Chinese other words stand between them, and sums are cut elsewhere.
    """
    found = {}
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        for name in package.namelist():
            text = package.read(name).decode()
            places = re.findall(r"<(?:\w+:)?(?:f|formula\d?|definedName)\b[^>]*>([^<]*)<", text)
            places += re.findall(r'location="([^"]*)"', text)
            read = [REFERENCE.findall(html.unescape(place)) for place in places]
            found[name] = {(a or b, cell) for place in read for a, b, cell in place}
    return found


@pytest.mark.parametrize("name", ["gomez", "trained"])
@pytest.mark.cases(1)
def test_what_refers_to_a_sheet_is_that_of_the_english_workbook(name: str) -> None:
    chinese = references(book_of(trained() if name == "trained" else cellcalc.load(name)))
    resources.use("en")
    english = references(book_of(trained() if name == "trained" else cellcalc.load(name)))
    assert len(english["xl/worksheets/sheet1.xml"]) > 20
    for part, places in english.items():
        assert chinese[part] == {(NAMES.get(sheet, sheet), cell) for sheet, cell in places}, part


@pytest.mark.cases(0)
def test_formulas_find_the_sheets() -> None:
    book = book_of(trained())
    stored, cells = spreadsheets.read(book), spreadsheets.formula_cells(book)
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(book), cells)
    for place in cells:
        if isinstance(wanted := stored.get(place), float):
            assert got[place] == pytest.approx(wanted, rel=1e-9, abs=1e-12), place
