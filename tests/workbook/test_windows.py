"""The sheet Windows strikes out what the scheme cuts off, however it treats ends and losses."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest

import cellcalc
from cellcalc.studies.flow import flow
from tests.support.oracles import sample
from tests.support.sheets import Live
from tests.support.spreadsheets import book_of

SCHEMES: list[dict[str, object]] = [
    {"scheme": "full", "inject": "last"},
    {"scheme": "tbptt(2,5)"},
    {"scheme": "tbptt(3,4)", "tail": "discard"},
    {"scheme": "block(3)"},
    {"scheme": "tbptt(4,2)", "inject": "all"},
    {"windows": [3, 5, 2]},
    {"scheme": "naive-split(3)", "inject": "last"},
    {"scheme": "forum-last(3,3)"},
    {"scheme": "keras-stateless(4)"},
]


@pytest.mark.parametrize("options", sample(SCHEMES, 2), ids=str)
@pytest.mark.cases(3)
def test_what_is_cut_off_is_what_the_schedule_does_not_sweep(options: dict[str, object]) -> None:
    problem = cellcalc.load("ten_steps", **options)  # type: ignore[arg-type]
    found = flow(problem.specification, problem.model)
    book = book_of(problem, ["Windows"])
    sheet = openpyxl.load_workbook(io.BytesIO(book), data_only=True)["Windows"]
    live = Live(book)
    for cell, state in (("B8", "h"), ("B9", "c")):
        assert sheet[cell].value == pytest.approx(found.cut_share(state))
        assert live.get("Windows", cell) == pytest.approx(found.cut_share(state))


def test_other_lengths_are_tried_by_typing_them() -> None:
    live = Live(book_of(cellcalc.load("ten_steps", scheme="block(3)"), ["Windows"]))
    live.set("Windows", {"B6": 2, "B7": 5})
    other = cellcalc.load("ten_steps", scheme="tbptt(2,5)")
    expected = flow(other.specification, other.model)
    # The updates on the way are those of the file's own scheme, so it is close and not the same.
    assert live.get("Windows", "B9") == pytest.approx(expected.cut_share("c"), rel=0.05)


@pytest.mark.parametrize("example", ["gomez", "ten_steps", "gru_reset_after"])
@pytest.mark.cases(1)
def test_one_scale_of_colours_and_one_number_of_digits_on_every_sheet(example: str) -> None:
    book = book_of(cellcalc.load(example))
    live, sheets = Live(book), openpyxl.load_workbook(io.BytesIO(book))
    scale = live.get("Start", "EA9")
    live.set("Start", {"H3": 6})
    for title, row in (("BPTT", 2), ("Gradients", 1)):
        sheet = sheets[title]
        texts = {c.value: c.coordinate for c in sheet[row] if str(c.value).startswith("=Start!")}
        assert live.get(title, texts["=Start!$EA$9"]) == scale
        assert live.get(title, texts["=Start!$EA$8+1"]) == 7  # a table shows one more
    for title in ("BPTT", "Gradients", "Windows", "Unrolled", "Step"):
        rules = [r for area in sheets[title].conditional_formatting for r in area.rules]
        found = (re.search(r">(.+)\*1E-1\)$", str(r.formula[0])) for r in rules if r.formula)
        shades = {match[1] for match in found if match}
        assert len(shades) == 1 and "MAX" not in shades.pop(), title
