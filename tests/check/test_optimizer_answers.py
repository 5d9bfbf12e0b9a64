"""What an optimizer keeps for each parameter is an answer like others, and what rests on it."""

from __future__ import annotations

import pytest

import cellcalc
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Kind, Report, Verdict

PROBLEM = """\
readout = "linear"
[parameters]
random = {seed = 3, scale = 0.6}
[initial]
h = 0.1
c = -0.2
[[sequence]]
x = [[1.0, 0.2], [0.5, -0.4], [0.3, 0.7]]
target = [1, 0.2, 0.6]
[update]
optimizer = "adam"
learning_rate = 0.05
epochs = 2
"""
TRACE = cellcalc.loads(PROBLEM).run()
NAMES = [row.symbol for row in TRACE.model.parameters]
RATE, BETA1, BETA2, EPSILON = 0.05, 0.9, 0.999, 1e-8


def adam(
    first: float = 1 - BETA1, corrected: bool = True, squared: bool = True, epochs: int = 2
) -> str:
    """Adam by hand, from the gradients: every number that it makes."""
    lines = []
    m, v = dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0)
    for k, one in enumerate(TRACE.passes[:epochs], 1):
        window = one.windows[0]
        lines.append(f"epoch = {k}")
        for name in NAMES:
            gradient = window.gradients[f"d{name}"]
            m[name] = BETA1 * m[name] + first * gradient
            v[name] = BETA2 * v[name] + (1 - BETA2) * (gradient**2 if squared else gradient)
            mean, square = m[name], v[name]
            lines += [f"d{name} = {gradient:.6g}", f"m_{name} = {mean:.6g}"]
            lines += [f"v_{name} = {square:.6g}"]
            if corrected:
                mean, square = mean / (1 - BETA1**k), square / (1 - BETA2**k)
                lines += [f"m_hat_{name} = {mean:.6g}", f"v̂_{name} = {square:.6g}"]
            new = window.before[name] - RATE * mean / (abs(square) ** 0.5 + EPSILON)
            lines.append(f"{name} = {new:.6g}")
    return "\n".join(lines) + "\n"


def checked(text: str) -> Report:
    return mark(TRACE, entries_of_text(text))


def test_every_number_of_adam_over_two_epochs_is_right() -> None:
    report = checked(adam())
    assert report.all_right
    assert len(report.marked) == 2 * 6 * len(NAMES)


def test_moments_that_are_not_corrected_are_one_cause() -> None:
    report = checked(adam(corrected=False, epochs=1))
    (slip,) = report.slips
    assert slip.kind is Kind.UPDATE and "not corrected" in slip.says
    assert {report.marked[k].answer.symbol for k in slip.answers} == set(NAMES)


def test_what_rests_on_a_wrong_moment_is_carried() -> None:
    report = checked(adam(first=BETA1, epochs=1))
    (slip,) = report.slips
    assert {report.marked[k].answer.symbol for k in slip.answers} == {f"m_{n}" for n in NAMES}
    verdicts = {m.answer.symbol: m.verdict for m in report.marked}
    for name in NAMES:
        assert verdicts[name] is verdicts[f"m_hat_{name}"] is Verdict.CARRIED
        assert verdicts[f"v_{name}"] is verdicts[f"v_hat_{name}"] is Verdict.CORRECT


def test_a_single_wrong_moment_is_found_and_told_how_to_do_again() -> None:
    window = TRACE.passes[0].windows[0]
    gradient, wrong = window.gradients["dU_f"], 0.5
    report = checked(f"dU_f = {gradient:.6g}\nm_U_f = {wrong}\n")
    (one,) = [m for m in report.marked if m.answer.symbol == "m_U_f"]
    assert one.verdict is Verdict.WRONG and one.redo is not None
    assert one.redo.result == pytest.approx((1 - BETA1) * float(f"{gradient:.6g}"))


def test_an_update_from_decimals_is_bounded_by_figures() -> None:
    """A mean square of 1e-8 is kept to figures also where all else has five decimals."""
    window = TRACE.passes[0].windows[0]
    right = {name: window.after[name] for name in NAMES}
    text = "".join(f"d{n} = {window.gradients[f'd{n}']:.5f}\n" for n in NAMES)
    good = checked(text + "".join(f"{n} = {v:.5f}\n" for n, v in right.items()))
    assert good.all_right
    bad = checked(text + "".join(f"{n} = {v + 0.02:.5f}\n" for n, v in right.items()))
    assert not any(m.verdict is Verdict.CORRECT for m in bad.marked if m.answer.symbol in NAMES)
