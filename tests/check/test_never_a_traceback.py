"""Whatever is handed in, there is a report of it, at every level of hints."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellcalc import resources
from cellcalc.api import Trace, load
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from cellcalc.check.report import Verdict
from cellcalc.check.words import Hint, to_json, to_text
from tests.support.cells import random_cell
from tests.support.oracles import THOROUGH, sample
from tests.support.problems import random_data

BLOCKS = replace(
    random_data(4, features=1, steps=3), bptt='scheme = "block(2)"', update="epochs = 2"
)
TRACES = {"gomez": load("gomez").run(), "blocks": BLOCKS.problem().run()}

HEADINGS = st.sampled_from(
    ["t = 1", "t = 2", "t = 9", "window = 1", "window = 2", "window = 3", "window = 99", "window =",
     "window = x", "window = -1", "window = 1.5", "epoch = 1", "epoch = 2", "epoch = 7", "epoch =",
     "sequence = 1", "sequence = 2", "sequence = 0", "t =", "t = 0", "epoch = 99999999999999"]
)  # fmt: skip
LEFT = st.sampled_from(
    ["c[2]", "dc[4]", "dc[0]", "dc[1]", "dc0", "h0", "dU_f", "dW_f1", "dW_f", "W_f", "U_f", "b_f",
     "y[5]", "E[1]", "L", "dE[2]", "dy[1]", "dh[3]", "z_f[t]", "dc[t]", "dc[t-1]", "dU_f[t]",
     "x[1]", "target[2]", "dx[1]", "dx1[2]", "n", "c", "dc", "learning_rate", "dh_via_y[1]"]
)  # fmt: skip
RIGHTS = (
    "0", "0.0", "1.5", "-0.0711", "1e-9", "1e308", "inf", "nan", "", "c[t]", "c[t-1]", "dc[t]",
    "sum(dz_f[t]*x[t])", "dh[t] + mean(U_f*dz_f[t+1])",
    "dh[t]*o[t]", "dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]", "dc[9]*f[9]", "dc[0]", "dU_f",
    "sum(dz_f[t]*h[t-1])", "sum(dz_f[t]*h[t])", "sum(sum(dz_f[t]))", "mean(dz_f)", "sum(dz_f)/n",
    "W_f - 0.1*dW_f", "U_f - 0.1*dU_f", "y[t] - target[t]", "y[t] - 0.6", "1/0", "9^9^9", "log(0)",
    "exp(1e9)", "exp(700)*exp(700)", "sqrt(-1)", "h[t+5]", "h[t-5]", "x[t-1]", "T", "n", "L",
    "W_f*x[t] + U_f*h[t-1] + b_f = 0.5*1 + 0.1 = 0.6", "0.3*0.5 = 0.15", "f[1]", "(-8)^(1/3)",
)  # fmt: skip
RIGHT = st.sampled_from(RIGHTS)
LINES = st.lists(st.one_of(HEADINGS, st.builds("{} = {}".format, LEFT, RIGHT)), max_size=8)


@pytest.mark.parametrize("name", TRACES)
@given(lines=LINES)
@settings(max_examples=30 if THOROUGH else 5, deadline=None, derandomize=True)
def test_any_lines_give_a_report(name: str, lines: list[str]) -> None:
    reported(TRACES[name], "\n".join(lines))


@pytest.mark.parametrize(
    ("name", "left"),
    sample(product(TRACES, ["dc[t]", "dU_f", "W_f", "c[2]", "L", "dc0"]), 5),
)
@pytest.mark.cases(1)
def test_every_right_hand_side_gives_a_report(name: str, left: str) -> None:
    reported(TRACES[name], "\n".join(f"{left} = {right}" for right in RIGHTS))


def reported(trace: Trace, text: str) -> None:
    """The report of a text, in every form."""
    report = mark(trace, entries_of_text(text))
    for hints in Hint:
        assert to_text(report, trace.model, hints=hints)
        data = json.loads(to_json(report, trace.model, hints))
        counted = sum(n for verdict, n in data["summary"].items() if verdict != "slips")
        assert counted == len(data["answers"])
        for slip in data["slips"]:
            assert all(k < len(data["answers"]) for k in slip["answers"])
    text = to_text(report, trace.model, width=80, everything=True)
    assert all(len(line) <= 100 for line in text.splitlines())


# First the one whose function has more arguments than one.
CELLS = sorted(resources.names("templates/cells"), key=lambda name: name != "lstm-clip")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.cases(1)
def test_a_wrong_number_in_every_cell_that_ships_gives_a_report(cell: str) -> None:
    trace = random_cell(cell, 3, steps=3).problem().run()
    state = next(iter(trace.model.state))
    lines = f"{state}[1] = 0.9\n{state}[2] = 0.3\nd{state}[2] = 0.7"
    report = mark(trace, entries_of_text(lines))
    assert to_text(report, trace.model)
    assert {m.verdict for m in report.marked} - {Verdict.CORRECT}
