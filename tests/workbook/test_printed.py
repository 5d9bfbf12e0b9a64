"""What is printed of BPTT and Gradients: every number once, and no page of labels only."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import replace

import openpyxl
import pytest
from openpyxl.utils.cell import range_boundaries

from tests.support.problems import random_data
from tests.support.spreadsheets import Made, book_of

SCHEMES = {
    "full, few": (4, ""),
    "full, many": (30, ""),
    "truncated": (30, 'scheme = "tbptt(5,10)"'),
    "long windows": (40, 'scheme = "tbptt(10,25)"'),
    "one gate of a window": (30, 'scheme = "forum-last(10,3)"'),
}
BOOKS = Made(
    lambda name: book_of(
        replace(random_data(61, 1, SCHEMES[name][0], missing=True), bptt=SCHEMES[name][1]),
        ["Gradients"],
    )
)
WIDEST = 13  # columns of steps on a page


def areas(sheet: openpyxl.worksheet.worksheet.Worksheet) -> list[tuple[int, int, int, int]]:
    """The columns and rows of what is printed on a page each."""
    found = re.findall(r"\$?([A-Z]+)\$?([0-9]+):\$?([A-Z]+)\$?([0-9]+)", str(sheet.print_area))
    return [range_boundaries(f"{a}{b}:{c}{d}") for a, b, c, d in found]


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.cases(1)
def test_every_number_of_bptt_is_printed_once_and_no_page_is_without(name: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(BOOKS[name]))["BPTT"]
    pages = areas(sheet)
    last = max(right for _, _, right, _ in pages)
    printed: Counter[str] = Counter()
    for left, top, right, bottom in pages:
        assert right - max(left, 5) < WIDEST
        cells = [
            cell.coordinate
            for row in sheet.iter_rows(top, bottom, max(left, 5), right)
            for cell in row
            if cell.data_type == "f" and row[0].row > 4
        ]
        assert cells, (left, top, right, bottom)
        printed.update(cells)
    numbers = [
        cell.coordinate
        for row in sheet.iter_rows(5, sheet.max_row, 5, last)
        for cell in row
        if cell.data_type == "f"
    ]
    assert set(numbers) == set(printed) and set(printed.values()) == {1}
    assert sheet.print_title_cols in ("A:D", "$A:$D")  # the labels and the totals on each


@pytest.mark.parametrize("name", ["full, many", "truncated"])
@pytest.mark.cases(0)
def test_each_page_of_gradients_has_numbers(name: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(BOOKS[name]))["Gradients"]
    pages = areas(sheet)
    assert len(pages) == 1 + -(-(SCHEMES[name][0] - 4) // 12)
    for left, top, right, bottom in pages:
        assert any(
            cell.data_type == "f"
            for row in sheet.iter_rows(top, bottom, max(left, 2), right)
            for cell in row
        )
