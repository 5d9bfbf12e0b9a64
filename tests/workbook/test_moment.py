"""One choice of moment: every sheet shows it, as the trace has it; nothing typed gives an error."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy
import openpyxl
import pytest

from cellcalc.engine.trace import backward_values, forward_values
from cellcalc.language.tree import Symbol
from cellcalc.studies.flow import flow
from cellcalc.workbook.moment import Moment
from tests.support import spreadsheets
from tests.support.cells import random_cell
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import Live, unlike, without_noise
from tests.support.spreadsheets import book_of

PROBLEMS: dict[str, Data] = {
    "gomez": GOMEZ,
    "missing": random_data(41, 3, 14, "linear", "squared", missing=True),
    "tbptt": replace(random_data(43, 2, 7), bptt='scheme = "tbptt(2,5)"'),
    "split": replace(random_data(44, 1, 7), bptt='scheme = "naive-split(3)"'),
    "stored": replace(random_data(43, 2, 7), bptt='scheme = "tbptt(2,3)"\nweights = "stored"'),
}
BOOKS = spreadsheets.Made(lambda name: book_of(PROBLEMS[name]))
STUDIES = ["Unrolled", "Step", "Windows"]


def moments(name: str) -> Iterator[tuple[int, int]]:
    """Steps and windows (from 0), swept ones and others."""
    windows = PROBLEMS[name].problem().run().passes[0].windows
    steps = PROBLEMS[name].steps
    for number in {0, len(windows) - 1}:
        for step in sorted({1, windows[number].first, windows[number].last, steps}):
            yield step, number


CASES = [(name, *moment) for name in PROBLEMS for moment in moments(name)]


@pytest.mark.parametrize(("name", "step", "window"), CASES[::3])
@pytest.mark.cases(1)
def test_every_sheet_shows_the_moment_chosen(
    name: str, step: int, window: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(BOOKS[name])
    live.set("Start", {"B3": step, "D3": window + 1})
    monkeypatch.setattr(Moment, "step", step)
    monkeypatch.setattr(Moment, "window", window)
    expected = book_of(PROBLEMS[name])
    cells = [c for c in spreadsheets.formula_cells(expected) if c[0] in ("Start", *STUDIES)]
    got = {cell: live.get(*cell) for cell in cells}
    others = ("BPTT", "Checks", "Gradients", "Equations")
    assert not unlike(without_noise(expected, got), expected, leave_out=others)


def rows_of(book: bytes, sheet: str, column: str) -> dict[str, int]:
    """The row of each text in a column, the first one."""
    found: dict[str, int] = {}
    for (title, cell), value in spreadsheets.read(book).items():
        if title == sheet and re.fullmatch(rf"{column}[0-9]+", cell):
            found.setdefault(str(value), int(cell[len(column) :]))
    return found


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(1)
def test_step_has_the_numbers_of_the_trace(name: str) -> None:
    trace, live = PROBLEMS[name].problem().run(), Live(BOOKS[name])
    left, right = rows_of(BOOKS[name], "Step", "A"), rows_of(BOOKS[name], "Step", "J")
    (one,) = trace.passes
    for number, t in ((0, one.windows[0].first), (len(one.windows) - 1, one.windows[-1].last)):
        window = one.windows[number]
        live.set("Start", {"B3": t, "D3": number + 1})
        now = forward_values(one, t)
        for row in trace.model.forward:
            value = now(Symbol(row.symbol, 0))
            got = live.get("Step", f"H{left[row.symbol]}")
            assert got == pytest.approx(0.0 if math.isnan(value) else value)
        now = backward_values(one, window, t)
        for row in trace.model.backward:
            got = live.get("Step", f"R{right[row.symbol]}")
            assert got == pytest.approx(now(Symbol(row.symbol, 0)), rel=1e-10), row.symbol


def lane(book: bytes, label: str) -> int:
    rows = rows_of(book, "Unrolled", "A")
    return rows[label]


@pytest.mark.parametrize("name", ["gomez", "tbptt"])
@pytest.mark.cases(1)
def test_one_loss_is_seen_running_back(name: str) -> None:
    data = PROBLEMS[name]
    problem, live = data.problem(), Live(BOOKS[name])
    trace = problem.run()
    windows, scheme = trace.passes[0].windows, problem.specification.scheme
    # Without updates the derivatives of one loss are those of one unrolled network.
    still = replace(problem.specification, update=replace(problem.specification.update,
                    settings={"learning_rate": 0.0}), scheme=replace(scheme))  # fmt: skip
    found = flow(still, problem.model)
    rate = dict.fromkeys([spreadsheet_name(BOOKS[name], "learning_rate")], 0.0)
    live.set("BPTT", rate)
    row = lane(BOOKS[name], "∂L/∂cₜ")
    last = windows[-1]
    for loss in last.window.losses:
        live.set("Start", {"D3": len(windows), "F3": loss})
        for s in range(last.first, loss + 1):
            got = live.get("Unrolled", f"{openpyxl.utils.get_column_letter(2 + 2 * s)}{row}")
            expected = found.matrix["c"][found.losses.index(loss), s - 1]
            assert got == pytest.approx(float(expected), rel=1e-10)
        assert f"the loss of step {loss} alone" in str(live.get("Start", "A4"))
    assert numpy.isfinite(found.matrix["c"]).any()


def spreadsheet_name(book: bytes, name: str) -> str:
    defined = openpyxl.load_workbook(io.BytesIO(book)).defined_names[name]
    return str(defined.attr_text).replace("$", "").removeprefix("BPTT!")


ODD = [0, -3, 99, 2.5, "six", "all", None, True]


@pytest.mark.parametrize("cell", ["B3", "D3", "F3", "H3"])
@pytest.mark.parametrize("name", ["missing", "tbptt"])
@pytest.mark.cases(1)
def test_nothing_that_is_typed_gives_an_error(name: str, cell: str) -> None:
    live, cells = Live(BOOKS[name]), spreadsheets.formula_cells(BOOKS[name])
    for value in ODD:
        live.set("Start", {cell: value})
        values = [live.get(*c) for c in cells if c[0] in ("Start", *STUDIES)]
        assert not [v for v in values if re.match("#|Err:", str(v))], value
        assert not any(isinstance(v, dict) for v in values), value
    live.set("Start", {"B3": 99})
    assert "There are steps 1 to" in str(live.get("Start", "A4"))


def test_the_choice_has_names_and_bounds() -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["tbptt"]))
    names = {name: book.defined_names[name].attr_text for name in
             ("focus_step", "focus_window", "digits", "checks_failed")}  # fmt: skip
    assert names == {"focus_step": "Start!$B$3", "focus_window": "Start!$D$3",
                     "digits": "Start!$H$3", "checks_failed": "Checks!$D$3"}  # fmt: skip
    rules = {str(r.sqref): r for r in book["Start"].data_validations.dataValidation}
    bounds = {cell: (r.type, r.formula1, r.formula2) for cell, r in rules.items() if cell != "F3"}
    assert bounds == {"B3": ("whole", "1", "7"), "D3": ("whole", "1", "4"),
                      "H3": ("whole", "2", "8")}  # fmt: skip
    assert spreadsheets.read(BOOKS["tbptt"])["Checks", "D3"] == 0


def test_words_say_what_is_not_there() -> None:
    live = Live(BOOKS["tbptt"])
    live.set("Start", {"B3": 7, "D3": 1})
    assert "Not swept by window 1" in str(live.get("Start", "A4"))
    rows = rows_of(BOOKS["tbptt"], "Step", "J")
    assert "not swept by this window" in str(live.get("Step", f"K{rows['dc']}"))
    assert live.get("Step", f"R{rows['dc']}") == "–"
    live = Live(BOOKS["missing"])
    trace = PROBLEMS["missing"].problem().run()
    gap = next(t for t in range(1, 15) if not trace.passes[0].counted(t))
    live.set("Start", {"B3": gap})
    assert "No target at this step" in str(live.get("Start", "A4"))
    row = rows_of(BOOKS["missing"], "Step", "A")["E"]
    assert str(live.get("Step", f"B{row}")).endswith("no target at this step: no loss")


WORDS = {"σ": "sigmoid", "tanh": "tanh"}


def calculated(line: str) -> float:
    """What a person gets who types the right side of a worked line into a calculator."""
    text = line.replace("−", "-").replace("·", "*").replace("²", "**2").replace("³", "**3")
    text = text.replace("σ(", "sigmoid(")
    functions = {
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "tanh": math.tanh, "exp": math.exp,
        "ln": math.log, "abs": abs, "max": max, "min": min,
    }  # fmt: skip
    return float(eval(text, {"__builtins__": {}}, functions))


def figures(text: str) -> float:
    return float(text.replace("−", "-").strip("()"))


@pytest.mark.parametrize("digits", [2, 4, 6])
@pytest.mark.parametrize("name", [*PROBLEMS, "gru", "lstm-peephole"])
@pytest.mark.cases(2)
def test_the_numbers_of_every_worked_line_give_its_result(name: str, digits: int) -> None:
    book = BOOKS[name] if name in PROBLEMS else book_of(random_cell(name, 3, features=2, steps=3))
    live, checked = Live(book), 0
    live.set("Start", {"H3": digits})
    cells = [c for c in spreadsheets.formula_cells(book) if c[0] in STUDIES]
    for cell in cells:
        text = str(live.get(*cell))
        if " = " not in text or not re.search(r"[0-9]", text.rpartition(" = ")[2]):
            continue
        working, _, result = text.rpartition("\n")[2].rpartition(" = ")
        working = working.removeprefix("= ").rpartition(" = ")[2]
        if re.search("[ₜ∂]|step|[a-z]_", working) or not working:
            continue
        got, shown = calculated(working), figures(result)
        # The result as rounded; half a unit of its last digit is the most that it may be off.
        unit = 10.0 ** -len(result.partition("e")[0].partition(".")[2])
        if "e" in result:
            unit *= 10.0 ** int(result.partition("e")[2])
        assert abs(got - shown) <= 0.5001 * unit + 1e-14 * abs(shown), (cell, text)
        assert "((" not in working, text
        checked += 1
    assert checked > 15
