"""Numbers copied from the problem are no answers, and never wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.api import Problem
from cellcalc.check.handed_in import read_answers
from cellcalc.check.marking import mark
from cellcalc.check.report import Report, Verdict
from cellcalc.problems.specification import read_specification
from tests.support.lstm import backward, forward, parameters
from tests.support.problems import HOMEWORK

DATA = HOMEWORK
TRACE = Problem.of(read_specification(DATA.toml(), "givens.toml", Path())).run()
WINDOWS = Problem.of(
    read_specification(DATA.toml() + 'scheme = "block(1)"\n', "givens.toml", Path())
).run()
_LOSS, SEEN = forward(DATA, parameters(DATA), 0.2, -0.3)
NEW = {
    name: value - 0.1 * backward(DATA, parameters(DATA), SEEN)[f"d{name}"]
    for name, value in parameters(DATA).items()
}
C1 = f"c[1] = {SEEN['c'][0]:.4f}"


def marked(text: str, name: str = "answers.txt") -> Report:
    return mark(TRACE, read_answers(text.encode(), name))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"Given: W_f = 0.7, U_f = 0.1, b_f = 0.15\n{C1}", "a.txt"),
        (f"W_f = 0.7000\nU_i = 0.80\n{C1}", "a.txt"),
        (f"We start with $W_f = 0.7$ and $b_o = 0.1$.\n\n{C1}", "a.md"),
        (f"old W_f = 0.7\nW_i (before) = 0.95\n{C1}", "a.txt"),
        (f"| | f | i | g | o |\n|-|-|-|-|-|\n| W | 0.7 | 0.95 | 0.45 | 0.6 |\n\n{C1}", "a.md"),
        (f"Gegeben: W_f = 0,7; Lernrate = 0,1\n{C1}", "a.txt"),
        (f"已知：W_f＝0.7，学习率＝0.1\n{C1}", "a.txt"),
        (f"n = 3\nT = 3\nlearning rate η = 0.1\nhidden size = 1\n{C1}", "a.txt"),
        (f'{{"W_f": 0.7, "c": {[float(c) for c in SEEN["c"]]}}}', "a.json"),
    ],
)  # fmt: skip
def test_what_the_problem_gives_is_passed_over(text: str, name: str) -> None:
    report = marked(text, name)
    assert report.all_right, (report.marked, report.unreadable)
    assert {m.answer.symbol for m in report.marked} == {"c"}
    assert report.passed_over


@pytest.mark.parametrize(
    "line", ["W_f' = 0.7000", "new W_f = 0.7000", "W_f_new = 0.7000", "W_f (updated) = 0.7000",
             "Update:\nW_f = 0.7000", "The new weights are\nW_f = 0.7000", "更新后 W_f＝0.7000",
             "Neues Gewicht: W_f = 0,7000", "W_f = 0.7 - 0.1*dW_f = 0.7000"]
)  # fmt: skip
@pytest.mark.cases(3)
def test_the_old_weight_for_the_new_one_is_wrong(line: str) -> None:
    (found,) = marked(line).marked
    assert found.verdict is Verdict.WRONG
    assert found.answer.symbol == "W_f"


@pytest.mark.parametrize("words", ["W_f", "W_f'", "new W_f", "Update:\nW_f", "W_f_new"])
def test_the_new_weight_is_right_whatever_it_is_called(words: str) -> None:
    (found,) = marked(f"{words} = {NEW['W_f']:.5f}").marked
    assert found.verdict is Verdict.CORRECT


def test_a_weight_that_was_copied_wrong_is_no_wrong_update() -> None:
    report = marked("given W_f = 0.07")
    assert not report.marked
    assert "as the problem gives it, 0.7" in report.unreadable[0].why


def test_each_window_starts_from_the_weights_of_the_one_before() -> None:
    passes = WINDOWS.passes[0].windows
    lines = [
        f"window = {number}\nW_f = {window.before['W_f']!r}\nW_f' = {window.after['W_f']:.6f}"
        for number, window in enumerate(passes, 1)
    ]
    report = mark(WINDOWS, read_answers("\n".join(lines).encode(), "answers.txt"))
    assert report.all_right
    assert [m.window for m in report.marked] == [1, 2, 3]


def test_given_inputs_do_not_say_how_somebody_rounds() -> None:
    """With x = 1 and x = 0.5 among four answers a cell state 15 % off was within rounding."""
    wrong = SEEN["c"][1] * 1.15
    report = marked(f"x_1 = 1, x_2 = 0.5, x_3 = -0.4, h_0 = 0.2\n{C1}\nc_2 = {wrong:.4f}")
    assert [m.verdict for m in report.marked if m.answer.t == 2 and m.answer.symbol == "c"] == [
        Verdict.WRONG
    ]


@pytest.mark.parametrize(
    "title",
    ["# One update by hand", "# Forward, backward and weight update", "Homework: an update",
     "We do one forward pass, one backward pass and one update.",
     "The network is trained with one update; its weights are"],
)  # fmt: skip
def test_a_title_that_speaks_of_an_update_makes_no_weight_new(title: str) -> None:
    report = marked(f"{title}\n\nW_f = 0.7, U_f = 0.1\n{C1}")
    assert report.all_right
    assert {m.answer.symbol for m in report.marked} == {"c"}


def test_a_time_of_day_and_words_with_numbers_are_text() -> None:
    report = marked(f"meeting 12:30 14:50\nPage: 3 Line: 14\n{C1}")
    assert report.all_right
    assert report.passed_over == 2


def test_a_prediction_that_has_the_target_s_number_is_an_answer() -> None:
    # The second prediction comes out as 0.2, which is what its target is; the others do not.
    toml = DATA.toml()
    trace = Problem.of(read_specification(toml, "givens.toml", Path())).run()
    run = trace.passes[0].forward
    target = run["target"][2]
    text = "".join(
        f"y[{t}] = {target if t == 2 else run['y'][t]:.3f}\n"
        for t in range(1, trace.passes[0].steps + 1)
    )
    report = mark(trace, read_answers(text.encode(), "a.txt"))
    assert len(report.marked) == trace.passes[0].steps
