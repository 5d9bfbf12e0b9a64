"""A writer's own name for a quantity: said once, and used from there on."""

from __future__ import annotations

import pytest

from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Verdict
from tests.check.test_reading_lines import TWO, sheet

FIRST, SECOND = (float(value) for value in TWO.passes[0].windows[0].backward["dh"])


def verdicts(text: str) -> list[tuple[str, int | None, str]]:
    assert not sheet(text, TWO).unreadable
    report = mark(TWO, entries_of_text(text))
    return [(m.answer.symbol, m.answer.t, m.verdict.value) for m in report.marked]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("δ_t = ∂L/∂h_t", "δ"),
        ("Let $\\delta_t := \\partial L/\\partial h_t$.", "δ"),
        ("where q_t := dh_t", "q"),
        ("q[t] = dh[t]", "q"),
    ],
)
def test_it_means_the_quantity_in_the_rest(said: str, name: str) -> None:
    text = f"{said}\n{name}_1 = {FIRST:.5g}\n{name}[2] = {SECOND + 0.2:.5g}\n"
    assert verdicts(text) == [("dh", 1, "correct"), ("dh", 2, "wrong")]


def test_a_name_of_ours_keeps_its_meaning() -> None:
    (marked,) = mark(TWO, entries_of_text("dc[t] = dh[t]")).marked
    assert marked.answer.symbol == "dc" and marked.verdict is Verdict.WRONG


def test_a_name_of_two_meanings_has_none() -> None:
    read = sheet("q_t = dh_t\nq_t = dc_t\nq_1 = 0.5\n", TWO)
    assert not read.answers and read.unreadable[-1].line == 3


def test_what_follows_a_number_in_a_sentence_is_not_shown_with_it() -> None:
    (answer,) = sheet("$h_1 = 0.53631$, so", TWO).answers
    assert answer.given == "0.53631"
