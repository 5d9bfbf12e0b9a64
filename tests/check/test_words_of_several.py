"""Words that mean one of several quantities are not guessed; the loss at a step is the step's."""

from __future__ import annotations

import pytest

from cellcalc.api import load
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from tests.check.test_reading_lines import TWO, sheet

FORWARD = TWO.passes[0].forward
LOSS = f"{FORWARD['E'][2]:.4g}"
TOTAL = f"{TWO.passes[0].loss:.4g}"


@pytest.mark.parametrize(
    "line",
    [
        f"the loss at step 2 is {LOSS}",
        f"loss at t=2: {LOSS}",
        f"cost in step 2 = {LOSS}",
        f"Loss at time step 2 = {LOSS}",
        f"L at t = 2: {LOSS}",
        f"loss_2 = {LOSS}",
    ],
)
def test_the_loss_at_a_step_is_that_of_the_step(line: str) -> None:
    (marked,) = mark(TWO, entries_of_text(line)).marked
    assert (marked.answer.symbol, marked.answer.t, marked.verdict) == ("E", 2, "correct")


@pytest.mark.parametrize("word", ["total loss", "total error", "overall loss", "cost", "L", "loss"])
def test_the_loss_without_a_step_is_the_total(word: str) -> None:
    (marked,) = mark(TWO, entries_of_text(f"t = 2\n{word} = {TOTAL}")).marked
    assert (marked.answer.symbol, marked.verdict) == ("L", "correct")


def test_losses_under_several_steps_are_each_steps() -> None:
    text = "".join(f"t = {t}\nloss = {FORWARD['E'][t]:.4g}\n" for t in (1, 2))
    report = mark(TWO, entries_of_text(f"{text}total loss = {TOTAL}\n"))
    found = [(m.answer.symbol, m.answer.t) for m in report.marked]
    assert found == [("E", 1), ("E", 2), ("L", None)] and report.all_right


@pytest.mark.parametrize(
    ("line", "both"),
    [
        ("output at step 2: 0.5", "o or h or y"),
        ("output_2 = 0.5", "o or h or y"),
        ("out[2] = 0.5", "o or h or y"),
        ("error at step 2 = 0.5", "E or dy"),
        ("err_2 = 0.5", "E or dy"),
        ("input_2 = 0.5", "i or x"),
    ],
)
def test_a_word_of_several_quantities_is_unreadable_with_each(line: str, both: str) -> None:
    read = sheet(line, TWO)
    assert not read.answers and both in read.unreadable[0].why


def test_beside_forget_the_output_is_the_gate() -> None:
    text = "".join(
        f"{word}[2] = {FORWARD[key][2]:.4g}\n"
        for word, key in (("forget", "f"), ("input", "i"), ("output", "o"))
    )
    report = mark(TWO, entries_of_text(text))
    assert [m.answer.symbol for m in report.marked] == ["f", "i", "o"] and report.all_right


@pytest.mark.parametrize("name", ["b_f gradient", "gradient of the forget gate bias", "b_f grad"])
def test_the_gradient_of_a_parameter_in_words(name: str) -> None:
    value = f"{TWO.gradients['db_f']:.5g}"
    (marked,) = mark(TWO, entries_of_text(f"{name} = {value}")).marked
    assert (marked.answer.symbol, marked.verdict) == ("db_f", "correct")


@pytest.mark.parametrize(
    ("name", "key"),
    [("final hidden state", "h"), ("the last cell state", "c"), ("final h", "h"), ("last c", "c")],
)
def test_the_final_state_is_that_of_the_last_step(name: str, key: str) -> None:
    (marked,) = mark(TWO, entries_of_text(f"{name} = {FORWARD[key][2]:.5g}")).marked
    assert (marked.answer.symbol, marked.answer.t, marked.verdict) == (key, 2, "correct")


def test_of_several_passes_no_state_is_the_final_one() -> None:
    trace = load("gomez", epochs=2).run()
    report = mark(trace, entries_of_text("final h = 0.5\nc[2] = 0.5\n"))
    assert [m.answer.symbol for m in report.marked] == ["c"]


@pytest.mark.parametrize(
    "line",
    [
        "dW_f1 = sum over t of dz_f[t]*x1[t]",
        "f_t = sigmoid(W_f1*x1_t + W_f2*x2_t + U_f*h_{t-1} + b_f)",
    ],
)
def test_formulas_as_they_are_typed(line: str) -> None:
    assert mark(TWO, entries_of_text(line)).all_right
