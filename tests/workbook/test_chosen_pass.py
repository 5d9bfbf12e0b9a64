"""Of several passes any can be chosen: the study sheets show it, as the trace has it."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import openpyxl
import pytest

from cellcalc.workbook.sheets.train import CHOSEN_TITLE as TITLE
from tests.support.problems import Data, random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import Made, book_of, read

OTHER = random_data(64, 1, 4)
PROBLEMS: dict[str, Data] = {
    "adam": replace(random_data(61, 1, 4, "linear"), update='optimizer = "adam"\nepochs = 3'),
    "windows": replace(
        random_data(62, 2, 5),
        bptt='scheme = "block(2)"',
        update='optimizer = "momentum"\nepochs = 2',
    ),
    "sequences": replace(
        random_data(63, 1, 4, missing=True),
        update="epochs = 2",
        more=[(OTHER.x, [math.nan, *OTHER.target[1:]])],
    ),
    "added up": replace(
        random_data(65, 1, 4),
        bptt='update = "epoch"',
        update="epochs = 3",
        more=[(OTHER.x, OTHER.target)],
    ),
    "unlike": replace(
        random_data(66, 1, 3),
        update='optimizer = "adam"\nepochs = 2',
        more=[(OTHER.x, OTHER.target), (OTHER.x[1:3], OTHER.target[1:3])],
    ),
    "unlike blocks": replace(
        random_data(67, 1, 5, missing=True),
        bptt='scheme = "block(2)"',
        more=[(OTHER.x[:3], OTHER.target[:3])],
    ),
    "unlike windows": replace(
        random_data(68, 1, 5),
        bptt='scheme = "tbptt(2,4)"',
        update="epochs = 2",
        more=[(OTHER.x[:3], OTHER.target[:3])],
    ),
    "unlike tails": replace(
        random_data(68, 1, 5),
        bptt='scheme = "tbptt(2,3)"',
        update="epochs = 2",
        more=[(OTHER.x[:3], OTHER.target[:3])],
    ),
}
KINDS = ["Start", "Unrolled", "Train", "Checks"]
BOOKS = Made(lambda name: book_of(PROBLEMS[name], KINDS))
SEQUENCE_TOO = {"sequences", "unlike", "unlike blocks", "unlike windows"}


def places(name: str) -> dict[str, str]:
    """The cells of the choice by their defined names."""
    book = openpyxl.load_workbook(io.BytesIO(BOOKS[name]))
    found = {n: list(d.destinations) for n, d in book.defined_names.items() if "focus" in n}
    return {n: where[0][1].replace("$", "") for n, where in found.items()}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(1)
def test_the_pass_chosen_is_that_of_the_trace(name: str) -> None:
    trace, live, cells = PROBLEMS[name].problem().run(), Live(BOOKS[name]), places(name)
    assert ("focus_sequence" in cells) == (name in SEQUENCE_TOO)
    rows = {}
    for (sheet, cell), value in read(BOOKS[name]).items():
        if sheet == TITLE and cell.startswith("B"):
            rows.setdefault(str(value), int(cell[1:]))
    for one in trace.passes:
        if one.sequence > 1 and name not in SEQUENCE_TOO:
            continue
        choice = {cells["focus_epoch"]: one.epoch} if "focus_epoch" in cells else {}
        if name in SEQUENCE_TOO:
            choice[cells["focus_sequence"]] = one.sequence
        live.set("Start", choice)
        for symbol, value in one.before.items():
            assert live.get(TITLE, f"E{rows[symbol]}") == pytest.approx(value, rel=1e-9)
        for symbol, value in one.windows[0].gradients.items():
            if symbol not in rows:
                continue
            assert live.get(TITLE, f"D{rows[symbol]}") == pytest.approx(value, rel=1e-8)
        for t in range(1, one.steps + 1):
            place = f"{'EFGHIJKL'[t]}{rows['c']}"
            assert live.get(TITLE, place) == pytest.approx(one.forward["c"][t], rel=1e-9)
        longest = max(each.steps for each in trace.passes)
        ends = f"{'EFGHIJKL'[longest + 1]}{rows['W_f1' if 'W_f1' in rows else 'W_f']}"
        if name != "added up":
            after = one.windows[-1].after["W_f1" if "W_f1" in rows else "W_f"]
            assert live.get(TITLE, ends) == pytest.approx(after, rel=1e-9)
        assert live.get("Checks", "D3") == 0
        live.set("Start", {cells["focus_step"]: 5})
        assert f"of {one.steps}" in str(live.get("Unrolled", "A4"))
        assert (one.steps < 5) == ("only" in str(live.get("Unrolled", "A4")))


@pytest.mark.parametrize("name", ["sequences", "adam"])
@pytest.mark.cases(0)
def test_the_picture_shows_the_pass_chosen_and_says_which(name: str) -> None:
    live, cells = Live(BOOKS[name]), places(name)
    before = live.get("Unrolled", "D17")
    live.set("Start", {cells["focus_epoch"]: 2})
    assert live.get("Unrolled", "D17") not in (before, None)
    assert "Epoch 2" in str(live.get("Unrolled", "A4"))


@pytest.mark.parametrize("typed", ["two", 99, 0, -1, 2.5, None])
@pytest.mark.cases(1)
def test_no_other_pass_gives_an_error_value(typed: object) -> None:
    live, cells = Live(BOOKS["sequences"]), places("sequences")
    live.set("Start", {cells["focus_epoch"]: typed, cells["focus_sequence"]: typed})
    assert live.get("Checks", "D3") == 0
    assert "only" in str(live.get("Unrolled", "A4"))


def test_one_pass_alone_leaves_no_choice() -> None:
    data = random_data(61, 1, 4, "linear")
    titles = openpyxl.load_workbook(io.BytesIO(book_of(data)), read_only=True).sheetnames
    assert TITLE not in titles


def test_a_number_overwritten_on_train_is_noticed() -> None:
    live = Live(BOOKS["adam"])
    formulas = read(BOOKS["adam"], formulas=True)
    rows = [cell for (sheet, cell), text in formulas.items() if (sheet, text) == ("Train", 2)]
    (row,) = {cell[1:] for cell in rows if cell.startswith("A")}
    live.set("Train", {f"D{row}": 7.5})
    assert live.get("Checks", "D3") != 0
