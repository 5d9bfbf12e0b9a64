"""What a program prints in all its digits is marked like the same numbers written shorter."""

from __future__ import annotations

import pytest

from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Verdict
from tests.support.problems import random_data
from tests.support.slipped import SLIPS, worked


@pytest.mark.cases(1)
@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_in_a_program_is_one_slip(slip: str) -> None:
    """As ``print(name, value)`` writes them, most numbers may have as many decimals."""
    for seed in (3, 11):
        data = random_data(seed, features=1, steps=3)
        values = {k: v for k, v in worked(data, slip).items() if k.startswith("d")}
        text = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        in_decimals = "".join(f"{name} = {value:.17f}\n" for name, value in values.items())
        for written in (text, in_decimals):
            report = mark(data.problem().run(), entries_of_text(written))
            assert report.count(Verdict.WRONG) > 0
            assert len(report.slips) == 1, [one.says for one in report.slips]
