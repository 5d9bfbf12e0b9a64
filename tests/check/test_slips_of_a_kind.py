"""Slips that single edits of one factor miss are one cause with a name of their own.

The work is that of tests.marking, which shares nothing with cellcalc; whether a name is right is
found by working other problems with it.
"""

from __future__ import annotations

from itertools import product

import pytest

from tests.marking.arithmetic import Rounding
from tests.marking.judging import Truth, mark, marked_values, worth
from tests.marking.problems import SHAPES, random_problem
from tests.marking.sheets import DEGREES, sheet, written
from tests.marking.slips import of_table
from tests.marking.working import values_of
from tests.support.oracles import sample

NAMES = [
    "nothing handed on", "last loss only", "dc gets dh whole", "1 - f for i",
    "only two gates' paths", "gates' deltas exchanged",
]  # fmt: skip


@pytest.mark.parametrize(("name", "degree"), sample(product(NAMES, DEGREES), 2))
@pytest.mark.cases(3)
def test_it_is_the_one_cause_and_called_by_its_name(name: str, degree: str) -> None:
    problem = random_problem("1 slips 0", SHAPES[0])
    (slip,) = [one for one in of_table(problem.shape, 4) if one.name == name]
    rounding = Rounding(5)
    values = values_of(problem, rounding, edits=slip.edits)
    found = mark(problem, sheet(written(marked_values(problem, values, degree), rounding), problem))
    (cause,) = found.slips
    assert worth(problem, [Truth(slip.edits, slip.says)], cause, degree) == "right"
    assert found.count("wrong") == 1
