"""A number copied wrongly is told before any slip of a formula, with gradients only as well."""

from __future__ import annotations

from itertools import product

import pytest

import cellcalc
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Kind
from tests.marking.arithmetic import Rounding
from tests.marking.equations import Shape
from tests.marking.problems import random_problem
from tests.marking.sheets import DEGREES, sheet, written
from tests.marking.working import Where, values_of
from tests.support.oracles import sample

PROBLEM = random_problem("copying", Shape(2, "linear"), steps=5)
TRACE = cellcalc.loads(PROBLEM.toml()).run()


def exchanged(text: str) -> str:
    digits = [k for k, c in enumerate(text) if c in "123456789"]
    a = next(k for k in digits if k + 1 in digits and text[k] != text[k + 1])
    return text[:a] + text[a + 1] + text[a] + text[a + 2 :]


def moved(text: str) -> str:
    return f"{float(text) * 10:.4g}"


def turned(text: str) -> str:
    return text[1:] if text.startswith("-") else f"-{text}"


ERRORS = {
    "two digits were exchanged": exchanged,
    "point was moved": moved,
    "sign was": turned,
}


@pytest.mark.parametrize(
    ("symbol", "says", "degree"),
    sample(product(["dW_f2", "dU_o", "db_g", "dV"], ERRORS, DEGREES[1:]), 3),
)
@pytest.mark.cases(2, thorough=12)
def test_an_error_in_copying_a_gradient(symbol: str, says: str, degree: str) -> None:
    rounding = Rounding(4)
    values = values_of(PROBLEM, rounding)
    kept = {w: v for w, v in values.items() if w.part in ("gradient", "forward", "backward")}
    if degree == DEGREES[2]:
        kept = {w: v for w, v in kept.items() if w.part == "gradient"}
    given = written(kept, rounding)
    where = next(w for w in given if w.symbol == symbol and w.part == "gradient")
    assert isinstance(where, Where)
    given[where] = ERRORS[says](given[where])
    text = sheet(given, PROBLEM).text
    report = mark(TRACE, entries_of_text(text))
    (slip,) = report.slips
    assert slip.kind is Kind.COPY
    assert says in slip.says
    assert [report.marked[k].answer.symbol for k in slip.answers] == [symbol]
