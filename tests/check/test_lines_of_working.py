"""Lines of working as people write them: terms in any order, numbers for some, going on."""

from __future__ import annotations

import pytest

from cellcalc.check.report import Verdict
from tests.support.people import marked

ORDER = "c_2 = f_2*c_1 + i_2*g_2 = «i@2:.5f»*«g@2:.5f» + «c@1:.5f»*«f@2:.5f» = «c@2:.5f»"
HALF = "c_2 = «f@2:.5f»*c_1 + i_2*«g@2:.5f» = «c@2:.5f»"
GOES_ON = "dz_f[2] = «dc@2:.5f»*«c@1:.5f» = «df@2:.5f»*«f@2:.5f»*(1 - «f@2:.5f») = «dz_f@2:.5f»"
BELOW = "«f@2:.5f» x «c@1:.5f» + «i@2:.5f» x «g@2:.5f»\n  = c_2      «c@2:.5f»"
IN_ROWS = (
    "\\begin{align}\nc_2 &= «f@2:.5f» \\cdot «c@1:.5f» \\\\\n"
    "&\\quad + «i@2:.5f» \\cdot «g@2:.5f» = «c@2:.5f»\n\\end{align}"
)


def verdicts(text: str) -> list[Verdict]:
    found = marked({"problem": "A", "text": text, "file": "a.md"}, False)
    assert not found.unreadable, found.unreadable
    return [m.verdict for m in found.marked]


@pytest.mark.parametrize("text", [ORDER, HALF, GOES_ON, BELOW, IN_ROWS])
def test_right_work_is_right_in_whichever_way_it_is_written(text: str) -> None:
    assert verdicts(text) == [Verdict.CORRECT]


@pytest.mark.parametrize(
    "text",
    [
        ORDER.replace("«i@2:.5f»*«g@2:.5f»", "«i@2:.5f»*«g@3:.5f»"),
        HALF.replace("«f@2:.5f»", "«f@3:.5f»"),
        GOES_ON.replace("«df@2:.5f»*", "«df@2:.5f»*«f@2:.5f»*"),
        IN_ROWS.replace("g@2", "g@3"),
    ],
)
def test_a_slip_in_such_a_line_is_wrong(text: str) -> None:
    assert verdicts(text) == [Verdict.WRONG]


def test_a_weight_made_of_derivatives_alone_has_two_readings() -> None:
    found = marked({"problem": "A", "text": "b_f = Σ_t dz_f[t]", "file": "a.md"}, False)
    assert not found.marked and "or its gradient (db_f)" in found.unreadable[0].why
