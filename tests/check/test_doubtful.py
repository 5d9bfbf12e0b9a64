"""What was read with too much doubt is not called wrong; what was understood is."""

from __future__ import annotations

import pytest

from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from tests.check.test_misplaced import RUN, value

RIGHT = [f"{row}_{t} = {value(row, t):.4f}" for t in range(1, 5) for row in ("f", "i", "g", "c")]
UNREAD = ["qux_1 = 0.3", "qux_2 = 0.4", "qux_3 = 0.5", "qux_4 = 0.6"]


def report_of(*lines: str) -> Report:
    return mark(RUN, entries_of_text("\n".join(lines)))


def counts(report: Report) -> tuple[int, int, int]:
    """Correct, wrong and unreadable."""
    return report.count(Verdict.CORRECT), report.count(Verdict.WRONG), len(report.unreadable)


def test_a_number_that_nothing_explains_is_doubtful_where_much_was_not_read() -> None:
    report = report_of(*RIGHT, *UNREAD, "h_2 = 7.3184")
    assert counts(report) == (16, 0, 5)
    (doubted,) = [one for one in report.unreadable if "h[2]" in one.label]
    assert "too much of the text was not read" in doubted.why


def test_it_is_wrong_where_the_rest_was_read() -> None:
    assert counts(report_of(*RIGHT, "h_2 = 7.3184")) == (16, 1, 0)


def test_it_is_wrong_in_the_form_of_an_answers_file() -> None:
    assert counts(report_of(*RIGHT, *UNREAD, "h[2] = 7.3184")) == (16, 1, 4)


def test_a_slip_that_has_a_name_is_wrong_whatever_was_not_read() -> None:
    dc, g, i = (value(row, 2) for row in ("dc", "g", "i"))
    backward = [f"{row}_2 = {value(row, 2):.6f}" for row in ("dc", "dg")]
    report = report_of(*RIGHT, *backward, *UNREAD, f"dz_g_2 = {dc * i * g * (1 - g):.6f}")
    assert counts(report) == (18, 1, 4)
    assert "another function" in report.slips[0].says


def test_what_rests_on_a_doubtful_number_is_marked_without_it() -> None:
    h = value("o", 2) * 0.5
    report = report_of(*RIGHT, *UNREAD, "tanh_c_2 = 0.7318", f"h_2 = {h:.4f}", "o_2 = 0.3333")
    assert counts(report)[1] == 0


def test_formulas_for_the_gates_that_are_by_the_net_inputs_are_not_marked() -> None:
    lines = ("df_t = dc_t c_{t-1} f_t (1 - f_t)", "di_t = dc_t g_t i_t (1 - i_t)")
    report = report_of(*lines, "dg_t = dc_t i_t (1 - g_t^2)", "dU_f = Σ_t df_t h_{t-1}")
    assert counts(report) == (0, 0, 4)
    assert "by their net inputs" in report.unreadable[0].why


def test_one_such_formula_beside_a_right_one_is_a_slip() -> None:
    report = report_of("df_t = dc_t c_{t-1} f_t (1 - f_t)", "di_t = dc_t g_t")
    assert counts(report) == (1, 1, 0)


@pytest.mark.parametrize("formula", ["dh_2 o_2 (1 - zq)", "∂L/∂c_3 · ∂c_3/∂i_3"])
def test_a_formula_that_cannot_give_its_right_number_was_read_otherwise(formula: str) -> None:
    line = f"∂L/∂f_3 = {formula} = {value('df', 3):.4f}"
    assert report_of(*RIGHT, line).count(Verdict.WRONG) == 0


def test_numbers_put_in_another_order_are_right() -> None:
    f, c, i, g = (value(row, t) for row, t in (("f", 2), ("c", 1), ("i", 2), ("g", 2)))
    line = f"c_2 = f_2 c_1 + i_2 g_2 = {i:.4f}*({g:.4f}) + {f:.4f}*({c:.4f}) = {value('c', 2):.4f}"
    assert counts(report_of(line)) == (1, 0, 0)
