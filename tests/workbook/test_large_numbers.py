"""Workbooks of numbers that no spreadsheet has: text in their place, live once they shrink."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from cellcalc.errors import OutputError
from cellcalc.workbook.large_numbers import LARGE, Large, has_large
from cellcalc.xlsx.cells import Cell, Row, Rows
from tests.support.command import Run
from tests.support.problems import Data, random_data
from tests.support.spreadsheets import book_of, by_formualizer, formula_cells, poisoned, read

WARNINGS = (
    "Warning: E is not a finite number at t = 1; what follows from it is not to be trusted\n"
    "Warning: some numbers are too large for a spreadsheet to compute with; their cells show what "
    "was found, and the sheets that study the numbers are left out\n"
)


def exploding(**parameters: float) -> Data:
    data = random_data(10, 1, 3, "linear", "half-squared")
    data.parameters |= parameters
    return data


def test_what_is_not_a_number_is_text_and_says_what_the_table_says() -> None:
    trace = exploding(V=1e200).problem().run()
    stored = read(book_of(trace))
    rows = {str(stored.get(("BPTT", f"B{k}"))): k for k in range(200, 0, -1)}
    for symbol in ("y", "E", "dy", "dh", "dc", "dz_f", "dh_via_z_f", "dW_f"):
        for column, value in zip("FGH", trace[symbol], strict=True):
            shown = value if math.isfinite(value) else str(float(value))
            assert stored["BPTT", f"{column}{rows[symbol]}"] == shown, symbol
    assert {sheet for sheet, _ in stored} == {"Start", "BPTT", "Checks", "Equations"}
    assert not [v for v in stored.values() if isinstance(v, str) and v.startswith("#")]


def test_with_a_smaller_weight_every_formula_computes_again() -> None:
    book = book_of(exploding(V=1e200), ["BPTT"])
    calm = read(book_of(exploding(V=0.75), ["BPTT"]))
    row = next(k for k in range(1, 100) if calm.get(("BPTT", f"B{k}")) == "V")
    cells = formula_cells(book)
    found = by_formualizer(poisoned(book, {f"E{row}": 0.75}), cells)
    for cell in cells:
        assert found[cell] == pytest.approx(calm[cell], rel=1e-12, abs=1e-12), cell


def test_what_grows_too_large_later_is_said_not_carried_on() -> None:
    book = book_of(exploding(V=1e120), ["BPTT"])
    stored = read(book)
    assert not [v for v in stored.values() if v == "too large"]
    row = next(k for k in range(1, 100) if stored.get(("BPTT", f"B{k}")) == "W_f")
    found = by_formualizer(poisoned(book, {f"E{row}": 1e308, "F5": 1e308}), formula_cells(book))
    shown = [v for v in found.values() if isinstance(v, str)]
    assert "too large" in shown
    assert not [v for v in found.values() if isinstance(v, dict)]


@pytest.mark.parametrize(
    ("formula", "value", "expected"),
    [
        ("F5*2", 3.0, 'IFERROR((F5+0)*2,"too large")'),
        ("F5*2", math.inf, 'IFERROR((F5+0)*2,"inf")'),
        ("F5*2", -math.inf, 'IFERROR((F5+0)*2,"-inf")'),
        ("F5*2", math.nan, 'IFERROR((F5+0)*2,"nan")'),
        ("F5*2", 1e100, "IFERROR((F5+0)*2,1E+100)"),
        ("F5*2", 1.5e308, 'IFERROR((F5+0)*2,"1.5e+308")'),
        ("G9*0", 1e-310, "IFERROR((G9+0)*0,0)"),
        ("1/(1+EXP(-MAX(G9,-700)))", 1.0, "IFERROR(1/(1+EXP(-MAX((G9+0),-700))),1.0)"),
        ("$G$9+Z1E5", 1.0, "IFERROR(($G$9+0)+Z1E5,1.0)"),
        ("SUM(F9:H9)", 2.5, "IFERROR(SUMPRODUCT((F9:H9+0)),2.5)"),
        ("SUM(A1:F8)", 2.5, 'IFERROR(SUMPRODUCT((A1:F8+0)),"too large")'),
        ("SQRT(SUMSQ(D1:D4))", 2.0,
         'IFERROR(SQRT(SUMPRODUCT((D1:D4+0),(D1:D4+0))),"too large")'),
        ("IF(ISNUMBER(F7),1/COUNT(F7:H7),0)", 1.0,
         'IFERROR(IF(ISNUMBER(F7),1/COUNT(F7:H7),0),"too large")'),
        ("'BPTT 2'!G9+1E-300", 1.0, "IFERROR(('BPTT 2'!G9+0)+1E-300,\"too large\")"),
        ("BPTT!G9", 1.0, "IFERROR((BPTT!G9+0),1.0)"),
        ("0", math.nan, "0"),
    ],
)  # fmt: skip
def test_a_formula_falls_back_to_what_was_found(formula: str, value: float, expected: str) -> None:
    rows = [Row(9, [Cell(7, "number", math.inf, "F9*2"), Cell(8, "number", -LARGE)])]
    large = Large.of([("BPTT", Rows(rows, 8, 9))])
    given = Rows([Row(1, [Cell(1, "number", value, formula)])], 1, 1)
    (row,) = large.tolerant("BPTT", given).rows
    (cell,) = row.cells
    assert cell.formula == expected


def test_numbers_below_the_limit_are_left_to_the_spreadsheet() -> None:
    assert not has_large(exploding(V=1e40).problem().run())
    assert has_large(exploding(V=-1e100).problem().run())
    missing = replace(exploding(V=1.0), target=[0.5, math.nan, 0.25])
    assert not has_large(missing.problem().run())


def test_the_command_says_what_is_left_out_and_refuses_what_cannot_be(
    tmp_path: Path, run: Run
) -> None:
    (tmp_path / "p.toml").write_text(exploding(V=1e200).toml())
    output = tmp_path / "a.xlsx"
    result = run("workbook", tmp_path / "p.toml", "-o", output)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{WARNINGS}wrote {output}\n"
    for options, expected in (
        (("--sheets", "BPTT,Step"), "Error: workbook: expected numbers below 1e+100 for the sheet "
         "Step, found larger ones\n"),
        (("--practice", "all"), "Error: workbook: expected numbers below 1e+100 for an exercise, "
         "found larger ones\n"),
    ):  # fmt: skip
        result = run("workbook", tmp_path / "p.toml", *options, "-o", output, "--force")
        assert result.exit_code == 2
        assert result.stderr == WARNINGS.splitlines(keepends=True)[0] + expected


def test_a_sheet_of_numbers_is_refused_by_the_library_too() -> None:
    with pytest.raises(OutputError, match="for the sheet Unrolled"):
        book_of(exploding(V=1e200), ["Unrolled"])
