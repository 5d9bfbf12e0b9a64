"""The logistic readout has a net input, by which the derivative is y - target."""

from __future__ import annotations

import pytest

from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from tests.support.problems import random_data

DATA = random_data(5, 1, 3, "logistic", "cross-entropy")


def checked(text: str) -> Report:
    return mark(DATA.problem().run(), entries_of_text(text))


def test_the_derivative_by_the_net_input_is_y_minus_target() -> None:
    forward = DATA.problem().run().passes[0].forward
    numbers = "".join(
        f"dz_y[{t}] = {forward['y'][t] - forward['target'][t]:.5g}\n" for t in (1, 2, 3)
    )
    report = checked("dz_y[t] = y[t] - target[t]\nz_y[t] = V*h[t] + b_y\n" + numbers)
    assert [one.verdict for one in report.marked] == [Verdict.CORRECT] * 5


@pytest.mark.parametrize("symbol", ["dh_via_y", "dh_via_z_y"])
def test_the_path_through_the_prediction_has_two_names(symbol: str) -> None:
    report = checked(f"{symbol}[t] = (y[t] - target[t])*V\n")
    assert report.all_right


def test_it_is_told_where_it_is_called_the_derivative_by_the_prediction() -> None:
    (marked,) = checked("dy[t] = y[t] - target[t]\n").marked
    assert marked.verdict is Verdict.WRONG and marked.slip is not None
    assert "the derivative by the net input" in marked.slip.says


def test_numbers_of_it_are_one_cause_and_what_was_gone_on_with_them_is_right() -> None:
    trace = DATA.problem().run()
    one = trace.passes[0]
    forward, backward = one.forward, one.windows[0].backward
    text = "".join(f"y[{t}] = {forward['y'][t]:.6g}\n" for t in (1, 2, 3))
    text += "".join(
        f"dy[{t}] = {forward['y'][t] - forward['target'][t]:.6g}\ndh[{t}] = {dh:.6g}\n"
        for t, dh in enumerate(backward["dh"], 1)
    )
    report = mark(trace, entries_of_text(text))
    verdicts = {m.answer.symbol: [] for m in report.marked}  # type: dict[str, list[Verdict]]
    for m in report.marked:
        verdicts[m.answer.symbol].append(m.verdict)
    assert verdicts["dh"] == verdicts["y"] == [Verdict.CORRECT] * 3
    assert sorted(verdicts["dy"]) == [Verdict.REPEATED, Verdict.REPEATED, Verdict.WRONG]
    (slip,) = report.slips
    assert slip.symbol == "dy" and "the derivative by the net input" in slip.says
