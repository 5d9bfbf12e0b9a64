"""Right work in everybody's own notation is never wrong, and one edit of it is found.

The documents are made by tests/support/notations.py: each letter of the net inputs, each place of a
gate's letter and of the step, each sign for a derivative, in an LSTM, with peepholes and in a GRU.
"""

from __future__ import annotations

import itertools
import re

import pytest

from cellcalc.check.marking import mark
from cellcalc.check.reading.documents import read_document
from cellcalc.check.report import Report, Verdict
from tests.support.notations import PLACES, Hand, document, formulas, numbers
from tests.support.people import trace

SAYS = {
    "partial": "",
    "d": "",
    "bar": r"We write $\overline{v} = \partial L/\partial v$.",
    "delta": r"Let $\delta$ with a gate be the derivative by its net input.",
}


def hands(problem: str) -> list[Hand]:
    is_gru = problem == "gru"
    candidates = (r"\tilde{h}", r"\hat{h}", "n") if is_gru else ("g", r"\tilde{c}", r"\hat{c}")
    nets = ("a", r"\mathrm{net}") if is_gru else ("z", "a", r"\mathrm{net}")
    found = []
    for net, place, slope, candidate in itertools.product(nets, PLACES, SAYS, candidates):
        own = "n" if candidate == "n" else "h" if is_gru else "g" if candidate == "g" else "c"
        letters = {"g": own} | ({"u": "z"} if is_gru else {})
        found.append(Hand(net, place, slope, letters, candidate, SAYS[slope]))
    return found


CASES = [
    pytest.param(
        problem, hand, id=f"{problem} {hand.net} {hand.place} {hand.slope} {hand.candidate}"
    )
    for problem in ("A", "peephole", "gru-identity")
    for hand in hands("gru" if problem.startswith("gru") else problem)
]


def report(problem: str, text: str, form: str) -> Report:
    return mark(trace(problem), read_document(text.encode(), f"a.{form}"), causes=False)


@pytest.mark.cases(5, thorough=60)
@pytest.mark.parametrize(("problem", "hand"), CASES)
@pytest.mark.parametrize("form", ["tex", "md"])
def test_right_work_is_right(problem: str, hand: Hand, form: str) -> None:
    for lines in (numbers(hand, trace(problem)), formulas(hand, trace(problem))):
        found = report(problem, document(hand, lines, form), form)
        wrong = [(m.answer.line, m.answer.symbol, m.answer.given) for m in found.marked
                 if m.verdict is not Verdict.CORRECT]  # fmt: skip
        assert not wrong and not found.unreadable, wrong or found.unreadable
        assert len(found.marked) == len(lines)


@pytest.mark.cases(3, thorough=40)
@pytest.mark.parametrize(("problem", "hand"), CASES)
def test_one_edit_is_found(problem: str, hand: Hand) -> None:
    lines = numbers(hand, trace(problem))
    place = len(lines) // 2
    left, right = lines[place]
    lines[place] = (left, f"{float(right) * 1.4 + 0.07:.5f}")
    found = report(problem, document(hand, lines, "md"), "md")
    assert [m.verdict for m in found.marked].count(Verdict.CORRECT) < len(lines)
    first = next(m for m in found.marked if m.verdict is not Verdict.CORRECT)
    assert first.answer.given == lines[place][1]

    lines = formulas(hand, trace(problem))
    place = next(k for k, (_, right) in enumerate(lines) if "1 - " in right)
    left, right = lines[place]
    lines[place] = (left, re.sub("1 - ", "1 + ", right, count=1))
    found = report(problem, document(hand, lines, "md"), "md")
    assert [m.verdict for m in found.marked].count(Verdict.WRONG) == 1
