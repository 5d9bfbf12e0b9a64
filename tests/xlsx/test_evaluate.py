"""Formulas of cells that were saved without values are worked out as a spreadsheet does."""

from __future__ import annotations

import math

import pytest

from cellcalc.xlsx.evaluate import CannotEvaluateError, evaluate

CELLS = {"A1": 2.0, "B1": 3.0, "C1": 0.5, "A2": -1.0}


def lookup(sheet: str, cell: str) -> float:
    if sheet not in ("", "Other sheet"):
        raise CannotEvaluateError(sheet)
    return CELLS.get(cell, 0.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A1*B1+C1", 6.5),
        ("-A1^2", 4.0),  # as Excel has it
        ("2^3^2", 64.0),  # from the left
        ("1/(1+EXP(-MAX(A1,-700)))", 1 / (1 + math.exp(-2))),
        ("SUM($A$1:C1)", 5.5),
        ("SUM(A1:B2,1)", 5.0),
        ("TANH(C1)*(1-TANH(C1)^2)", math.tanh(0.5) * (1 - math.tanh(0.5) ** 2)),
        ("'Other sheet'!A1 - 50%", 1.5),
        ("Z99", 0.0),
        ("+1.5E-2", 0.015),
        ("power(A1;3)", 8.0),
        ("PI()", math.pi),
    ],
)
def test_a_formula_is_worked_out(text: str, value: float) -> None:
    assert evaluate(text, lookup) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        *("", "A1*", "(A1", "IF(A1,1,2)", "A1:B1", "1/0", "LN(0)", "EXP(1E9)", "A1 B1", "#REF!"),
        *("Nowhere!A1", "SUM(A1:XFD1048576)", "SQRT(-1)", "TANH(1,2)", "AVERAGE()", '"a"&"b"'),
        "(" * 100 + "1" + ")" * 100,
    ],
)
def test_what_it_does_not_know_or_gives_no_number_is_not_guessed(text: str) -> None:
    with pytest.raises(CannotEvaluateError):
        evaluate(text, lookup)
