"""Tables in every layout and format that people use: each number is read for what it is.

The numbers are of tests/support/training.py; the layouts of tests/support/layouts.py.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import product
from typing import Any

import pytest

from cellcalc.check.report import Report, Verdict
from tests.support.layouts import FORMATS, LABELS, LAYOUTS, RUNS, HandedIn, handed_in

TABLES = [
    (layout, form, label, run)
    for layout, form, label, run in product(LAYOUTS, FORMATS, LABELS, RUNS)
    if label is LABELS[0] or layout(run, label) != layout(run, LABELS[0])
]


def _names(table: tuple[Any, ...]) -> str:
    layout, form, label, run = table
    return f"{layout.__name__} {form.__name__} {label.__name__} {run.problem}"


def made(table: tuple[Any, ...], wrong: int = -1) -> tuple[HandedIn, Report]:
    layout, form, label, run = table
    document = handed_in(form(layout(run, label)), run.problem, wrong)
    return document, document.marked(run.problem)


def _shuffled(tables: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return random.Random(5).sample(tables, len(tables))


@pytest.mark.parametrize("table", _shuffled(TABLES), ids=_names)
@pytest.mark.cases(12, thorough=300)
def test_every_number_of_a_right_table_is_read_and_right(table: tuple[Any, ...]) -> None:
    document, report = made(table)
    assert not report.unreadable
    assert not [m for m in report.marked if m.verdict is not Verdict.CORRECT]
    found = Counter((m.answer.symbol, m.answer.t) for m in report.marked)
    assert found == Counter((symbol, t) for symbol, t, _ in document.numbers)


@pytest.mark.parametrize("table", _shuffled(TABLES), ids=_names)
@pytest.mark.cases(6, thorough=120)
def test_a_wrong_number_in_a_table_is_found_and_no_other(table: tuple[Any, ...]) -> None:
    document, _ = made(table)
    wrong = random.Random(_names(table)).randrange(len(document.numbers))
    changed, report = made(table, wrong)
    symbol, t, _ = changed.numbers[wrong]
    assert not report.unreadable
    failing = [m for m in report.marked if m.verdict is not Verdict.CORRECT]
    assert (symbol, t) in {(m.answer.symbol, m.answer.t) for m in failing}
    assert not [
        m for m in failing
        if m.verdict is Verdict.WRONG and (m.answer.symbol, m.answer.t) != (symbol, t)
    ]  # fmt: skip


def report_of(text: str, name: str = "a.csv") -> Report:
    return HandedIn(name, text.encode(), []).marked("A")


def test_numbers_in_a_column_that_is_no_answer_are_told() -> None:
    report = report_of("t,c,numeric,rel. error\n1,0.2933,0.29,1e-9\n2,0.5166,0.51,2e-9\n")
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT] * 2
    assert not report.unreadable
    assert [remark for remark in report.remarks if "numeric (2), rel. error (2)" in remark]


def test_numbers_in_a_row_that_is_no_answer_are_told() -> None:
    report = report_of(",t=1,t=2\nc,0.2933,0.5166\ncheck,0.29,0.51\n")
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT] * 2
    assert not report.unreadable
    assert [remark for remark in report.remarks if "check (2)" in remark]


@pytest.mark.parametrize("heading", ["foo", "1-f", "f(1-f)", "c/h"])
def test_a_column_with_an_unknown_heading_is_unreadable_and_the_rest_is_marked(
    heading: str,
) -> None:
    report = report_of(f"t,c,{heading}\n1,0.2933,0.29\n2,0.5166,0.51\n")
    assert [m.verdict for m in report.marked] == [Verdict.CORRECT] * 2
    assert len(report.unreadable) == 2
    assert all(heading in one.given for one in report.unreadable)


@pytest.mark.parametrize(
    "text",
    [
        ",,t=1,t=2\nCell state,h,0.2933,0.5166\nOutput gate,o,0.6792,0.6103\n",
        "t,f\nForget gate,0.7\nOutput gate,0.6\n",
        "t,gate,i,c\n1,forget gate,0.7047,\n1,,,0.2933\n",
    ],
)
def test_labels_that_contradict_one_another_are_unreadable(text: str) -> None:
    report = report_of(text)
    assert report.unreadable
    assert not [m for m in report.marked if m.verdict is Verdict.WRONG]
