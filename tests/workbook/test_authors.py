"""Workbooks in an author's letters: the words change, the formulas do not."""

from __future__ import annotations

import io
import re
from functools import cache

import openpyxl
import pytest

from cellcalc.api import Problem
from cellcalc.language.authors import load as load_author
from cellcalc.workbook import build_workbook
from tests.support.problems import random_data


@cache
def book(author: str | None) -> openpyxl.Workbook:
    problem = random_data(2, 2, 3, "linear").problem()
    notation = load_author(author) if author else None
    file = io.BytesIO()
    build_workbook(Problem.of(problem.specification, notation).run(), file)
    return openpyxl.load_workbook(file)


def formulas(workbook: openpyxl.Workbook, sheet: str) -> list[str]:
    """The formulas of a sheet, in its order, without their texts: equations are written out."""
    cells = (cell for row in workbook[sheet].rows for cell in row)
    return [re.sub('"[^"]*"', '""', str(cell.value)) for cell in cells if cell.data_type == "f"]


LINES = range(11, 20)  # columns beyond the last step, of the trace


class TestWorkbook:
    @pytest.mark.parametrize("author", ["gomez", "graves", "ng"])
    @pytest.mark.cases(1)
    def test_keys_formulas_and_names_stay(self, author: str) -> None:
        plain, named = book(None), book(author)
        assert list(plain.defined_names) == list(named.defined_names)
        for row, other in zip(plain["BPTT"].rows, named["BPTT"].rows, strict=True):
            for cell, its in zip(row, other, strict=True):
                if cell.column not in (3, *LINES) and cell.row not in (2, 3):
                    assert cell.value == its.value, cell.coordinate
        for sheet in plain.sheetnames:
            ours, theirs = formulas(plain, sheet), formulas(named, sheet)
            if sheet == "Checks":  # as many lines of working in a check as it has room for
                with_texts = re.compile("EXACT|(?:Step|Unrolled)!")
                ours, theirs = (
                    [f for f in each if "BPTT!" in f and not with_texts.search(f)]
                    for each in (ours, theirs)
                )
            assert ours == theirs, sheet

    def test_equations_are_in_the_authors_symbols(self) -> None:
        sheet = book("gomez")["BPTT"]
        equations = {sheet.cell(r, 2).value: sheet.cell(r, 3).value for r in range(1, 130)}
        assert equations["c"] == "stateₜ = fₜ·stateₜ₋₁ + iₜ·aₜ"
        assert equations["dh_via_y"] == "Δₜ = ∂L/∂y°ₜ·V"
        assert equations["W_g1"] == "W_a₁ ← W_a₁ − learning_rate·δW_a₁"

    def test_no_sheet_speaks_of_keys_where_it_means_symbols(self) -> None:
        named = book("gomez")
        step = named["Step"]
        shown = {step.cell(r, c).value for r in range(1, 120) for c in (1, 10)}
        assert {"state", "out", "δstate", "Δ", "δout via â"} <= shown
        text = "\n".join(str(row[0].value) for row in named["Start"].rows)
        assert "The memory cell state is what is kept" in text
        assert "Symbols as in Gomez 2016" in text and "state (c), out (h)" in text
        assert "symbols as in Gomez 2016" in named["BPTT"]["A2"].value

    def test_without_a_notation_start_is_as_it_was(self) -> None:
        text = "\n".join(str(row[0].value) for row in book(None)["Start"].rows)
        assert "The memory cell c is what is kept" in text
        assert "Symbols as in" not in text
