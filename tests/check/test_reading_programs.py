"""Programs with lines that are no Python, and what notes take over from programs."""

from __future__ import annotations

from typing import Any

import pytest

from cellcalc.check.report import Report, Verdict
from tests.support.people import marked

LOOP = """\
for t in range(T)
    c[t] = f[t]*c[t-1] + i[t]*g[t]
    h[t] = o[t]*np.tanh(c[t])
    print "loss", loss
dhnext = dcnext = 0
for t in reversed(range(T)):
    dh = h[t] - target[t] + dhnext
    do = dh*np.tanh(c[t])
    dc = dcnext + dh*o[t]*(1 - np.tanh(c[t])**2)
    dzf = dc*c[t-1]*f[t]*(1 - f[t])
    dzi = dc*g[t]*i[t]*(1 - i[t])
    dzg = dc*i[t]*(1 - g[t]**2
    dzo = do*o[t]*(1 - o[t])
    dWf += dzf*x[t]
    dcnext = dc*f[t]
    dhnext = Uf*dzf + Ui*dzi + Ug*dzg + Uo*dzo
"""


def report_of(text: str, file: str = "a.txt") -> Report:
    document: dict[str, Any] = {"problem": "missing", "text": text, "file": file}
    return marked(document)


@pytest.mark.parametrize("file", ["a.py", "a.txt"])
def test_a_line_that_is_no_python_is_said_and_the_others_are_read(file: str) -> None:
    report = report_of(LOOP, file)
    assert [(one.line, one.given) for one in report.unreadable] == [
        (12, "dzg = dc*i[t]*(1 - g[t]**2")
    ]
    assert len(report.marked) == 9
    assert {m.verdict for m in report.marked} == {Verdict.CORRECT}


def test_a_slip_in_such_a_program_shows() -> None:
    report = report_of(LOOP.replace("dcnext = dc*f[t]", "dcnext = dc*i[t]"))
    wrong = [m.answer.symbol for m in report.marked if m.verdict is not Verdict.CORRECT]
    assert wrong == ["dc"]


def test_what_is_hardly_a_program_is_read_as_notes() -> None:
    text = "np.tanh is used\nso c_1 is\nthe sum\nof two\nterms: dc = dh*o(\nand c[2] = «c@2»\n"
    assert [m.answer.symbol for m in report_of(text).marked] == ["c"]


@pytest.mark.parametrize(
    "line",
    [
        "dc = dc_next + dh*o*(1 - tanh(c)^2)",  # what is handed on
        "dc_t = dc_next*f_next + dh_t*o_t*(1 - tanh(c_t)^2)",  # dc of the next step
        "dh = (h - target) + dh_next",
        "dc_next = dc*f",
    ],
)
def test_in_notes_dc_next_is_what_is_handed_on_where_it_stands_alone(line: str) -> None:
    (one,) = report_of(line).marked
    assert one.verdict is Verdict.CORRECT
    assert one.answer.given == line.partition(" = ")[2]


@pytest.mark.parametrize(
    "line", ["dc = dc_next + dh*o", "dc = dc_next*f + dh*o*(1 - tanh(c)^2)", "dc_next = dc*i"]
)
def test_a_slip_in_what_is_handed_on_shows(line: str) -> None:
    (one,) = report_of(line).marked
    assert one.verdict is Verdict.WRONG


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("W_f = 0.7 - 0.1*dW_f = «new_W_f:.6f»", Verdict.CORRECT),
        ("W_f = W_f - 0.1*«dW_f:.6f» = «new_W_f:.6f»", Verdict.CORRECT),
        ("W_f = 0.7 + 0.1*dW_f = «new_W_f:.6f»", Verdict.WRONG),
        ("W_f = 0.6 - 0.1*dW_f = «new_W_f:.6f»", Verdict.WRONG),
    ],
)
def test_numbers_of_the_problem_in_the_formula_of_an_update(line: str, verdict: Verdict) -> None:
    (one,) = report_of(line).marked
    assert one.verdict is verdict


@pytest.mark.parametrize(
    "sentence",
    [
        "Compared with window 1, the gradient is smaller.",
        "Window 1 gave more than these 2 steps do",
    ],
)
def test_a_sentence_about_another_window_moves_no_answer(sentence: str) -> None:
    text = f"Window 2\n{sentence}\ndW_f = «dW_f/w2:.5f»\n"
    (one,) = marked({"problem": "block", "text": text, "file": "a.txt"}).marked
    assert one.verdict is Verdict.CORRECT
