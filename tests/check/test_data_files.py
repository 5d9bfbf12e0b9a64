"""Tables and data files: what their labels, their columns and their steps can mean, and cannot."""

from __future__ import annotations

import io

import numpy as np
import pytest

from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.reading.labels import is_whole_loss, label_of
from cellcalc.check.report import Report, Verdict
from cellcalc.errors import InputError
from tests.support.people import numbers, trace

N = {name.removesuffix("/w1/s1/e1"): value for name, value in numbers("A").items()}


def report_of(text: str | bytes, name: str = "a.csv", problem: str = "A") -> Report:
    contents = text.encode() if isinstance(text, str) else text
    return mark(trace(problem), read_answers(contents, name), causes=False)


def verdicts(report: Report) -> list[Verdict]:
    return [one.verdict for one in report.marked]


def npz(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{name: np.array(value) for name, value in arrays.items()})
    return stream.getvalue()


def test_what_dc_prev_holds_is_what_the_step_hands_on() -> None:
    rows = [f"{t},{N[f'dc@{t}']:.6f},{N[f'dc@{t}'] * N[f'f@{t}']:.6f}" for t in (3, 2, 1)]
    report = report_of("\n".join(["t,dc,dc_prev", *rows]))
    assert verdicts(report) == [Verdict.CORRECT] * 6
    found = [(m.answer.symbol, m.answer.t) for m in report.marked]
    assert found[1::2] == [("dc_via_c", 2), ("dc_via_c", 1), ("dc0", None)]


def test_what_dc_prev_holds_is_not_the_derivative_by_the_cell_before() -> None:
    rows = [f"{t},{N[f'dc@{t}']:.6f},{N[f'dc@{t - 1}']:.6f}" for t in (3, 2)]
    report = report_of("\n".join(["t,dc,dc_prev", *rows]))
    assert Verdict.WRONG in verdicts(report)


def test_an_array_of_objects_is_unreadable_and_the_others_are_marked() -> None:
    stream = io.BytesIO()
    c = [N[f"c@{t}"] for t in (1, 2, 3)]
    np.savez(stream, c=np.array(c), blob=np.array([{"a": 1}], dtype=object), ok=np.array([True]))
    report = report_of(stream.getvalue(), "run.npz")
    assert verdicts(report) == [Verdict.CORRECT] * 3
    (one,) = report.unreadable
    assert (one.line, one.why) == (
        "blob",
        "expected an array of real numbers, found one of type object",
    )
    assert report.passed_over == 1


def test_an_archive_without_numbers_is_refused() -> None:
    with pytest.raises(InputError, match="real numbers"):
        report_of(npz(blob=np.array([{"a": 1}], dtype=object)), "run.npz")


@pytest.mark.parametrize(
    "order", [None, ["f", "i", "g"], ["f", "i", "g", "f"], ["a", "b", "d", "e"]]
)
def test_without_the_order_of_the_gates_an_array_of_gates_is_not_taken_apart(order: object) -> None:
    gates = [[N[f"{gate}@{t}"] for gate in "figo"] for t in (1, 2, 3)]
    said = {} if order is None else {"order": order}
    report = report_of(npz(gates=gates, c=[N[f"c@{t}"] for t in (1, 2, 3)], **said), "a.npz")
    assert verdicts(report) == [Verdict.CORRECT] * 3
    assert [one.line for one in report.unreadable] == ["gates"]


def test_of_as_many_steps_as_gates_an_array_is_taken_apart_in_neither_way() -> None:
    of_four = {name.removesuffix("/w1/s1/e1"): value for name, value in numbers("four").items()}
    gates = [[of_four[f"{gate}@{t}"] for gate in "figo"] for t in (1, 2, 3, 4)]
    contents = npz(
        order=["f", "i", "g", "o"], gates=gates, dh=[of_four[f"dh@{t}"] for t in (1, 2, 3, 4)]
    )
    report = report_of(contents, "a.npz", "four")
    assert verdicts(report) == [Verdict.CORRECT] * 4
    assert [one.line for one in report.unreadable] == ["gates"]


@pytest.mark.parametrize(
    ("steps", "is_from_0"), [((0, 1, 2), True), ((1, 2, 3), False), ((0, 1), False)]
)
def test_gates_at_every_step_from_0_show_that_steps_are_counted_from_0(
    steps: tuple[int, ...], is_from_0: bool
) -> None:
    shift = 1 if is_from_0 else 0
    rows = [
        ",".join([str(t), *(f"{N.get(f'{k}@{t + shift}', 0.5):.5f}" for k in "fioc")])
        for t in steps
    ]
    report = report_of("\n".join(["t,f,i,o,c", *rows]))
    assert any("counted from 0" in remark for remark in report.remarks) == is_from_0
    if is_from_0:
        assert verdicts(report) == [Verdict.CORRECT] * 12


def test_a_y_that_is_never_h_is_the_target_where_the_readout_gives_h() -> None:
    rows = [f"{t},{N[f'h@{t}']:.5f},{y}" for t, y in ((1, 0.5), (2, 1.25), (3, 0.3))]
    assert verdicts(report_of("\n".join(["t,h,y", *rows]))) == [Verdict.CORRECT] * 6
    same = [f"{t},{N[f'h@{t}']:.5f},{N[f'h@{t}']:.4f}" for t in (1, 2, 3)]
    report = report_of("\n".join(["t,h,y", *same]))
    assert {m.answer.symbol for m in report.marked} == {"h", "y"}
    assert verdicts(report) == [Verdict.CORRECT] * 6


@pytest.mark.parametrize(
    "label", ["Sum", "Total", "Σ", "Sum = db", "Σ_t", "sum over t", "součet", "合計", "Total (db)"]
)
def test_below_net_inputs_a_sum_is_the_gradient_of_the_bias(label: str) -> None:
    rows = [f"{t},{N[f'dz_f@{t}']:.5f},{N[f'dh@{t}']:.5f}" for t in (1, 2, 3)]
    right = report_of("\n".join(["t,dz_f,dh", *rows, f"{label},{N['db_f']:.5f},0.1"]))
    assert verdicts(right) == [Verdict.CORRECT] * 7
    assert right.marked[-1].answer.symbol == "db_f"
    wrong = report_of("\n".join(["t,dz_f,dh", *rows, f"{label},{N['db_f'] * 1.3:.5f},0.1"]))
    assert verdicts(wrong)[-1] is Verdict.WRONG


@pytest.mark.parametrize(
    "label", ["Summary", "sum of squares", "f", "total error signal", "Sum of dh"]
)
def test_other_labels_are_no_sums_over_the_steps(label: str) -> None:
    assert label_of(label).says != "Σ"


@pytest.mark.parametrize(
    "label", ["Total loss", "loss (sum)", "L total", "celkem loss", "Gesamtverlust", "Σ loss"]
)
def test_a_total_loss_is_not_that_of_the_step_it_stands_under(label: str) -> None:
    assert is_whole_loss(label)
    losses = ",".join(f"{N[f'E@{t}']:.5f}" for t in (1, 2, 3))
    report = report_of(f"what,t=1,t=2,t=3\nloss,{losses}\n{label},{N['L']:.5f},,\n")
    assert verdicts(report) == [Verdict.CORRECT] * 4
    assert report.marked[-1].answer.symbol == "L"


@pytest.mark.parametrize("label", ["E_t", "loss", "Loss", "E", "loss of this step", "error t"])
def test_other_losses_are_no_total(label: str) -> None:
    assert not is_whole_loss(label)


def test_losses_added_up_step_by_step_are_unreadable() -> None:
    found, rows = 0.0, []
    for t in (1, 2, 3):
        found += N[f"E@{t}"]
        rows.append(f"{t},{N[f'E@{t}']:.5f},{found:.5f}")
    report = report_of("\n".join(["t,loss,total loss", *rows]))
    assert verdicts(report) == [Verdict.CORRECT] * 3
    assert len(report.unreadable) == 3


def test_delta_f_beside_the_derivative_by_the_gate_is_that_by_the_net_input() -> None:
    rows = [f"{t},{N[f'df@{t}']:.5f},{N[f'dz_f@{t}']:.5f}" for t in (1, 2, 3)]
    report = report_of("\n".join(["t,dE/df,delta f", *rows]))
    assert verdicts(report) == [Verdict.CORRECT] * 6
    alone = report_of("\n".join(["t,delta f", *(row.split(",")[0] + ",0.05" for row in rows)]))
    assert not alone.marked
    assert len(alone.unreadable) == 3
