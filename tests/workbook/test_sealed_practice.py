"""An exercise without its key holds no answer, and calls no right work wrong."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from cellcalc.studies.exercise import exercise, sealed
from cellcalc.workbook.layout import lay_out
from cellcalc.workbook.sheets.practice import PlacedExercise, PlacedSpot
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import book_of

PROBLEMS: dict[str, tuple[Data, str]] = {
    "backward": (GOMEZ, "backward"),
    "all": (random_data(41, 2, 3, "linear", "squared"), "all"),
    "some": (random_data(42, 1, 4), "c,dc,dz_f,dW_f"),
    "dh of y = h": (GOMEZ, "dc,dh"),
    "truncated": (replace(random_data(43, 1, 5), bptt='scheme = "tbptt(2,3)"'), "dh,dc,dU_f"),
}


@cache
def made(name: str) -> tuple[bytes, list[PlacedSpot], int]:
    """The workbook, the open cells with their true values, and how far right their marks are."""
    data, asked = PROBLEMS[name]
    trace = data.problem().run()
    layout = lay_out(trace)[0]
    placed = PlacedExercise(layout, exercise(trace, sealed(trace, asked)))
    return book_of(data, practice=asked, key=False), placed.open, layout.width - 2


def mark(spot: PlacedSpot, shift: int) -> str:
    return f"{openpyxl.utils.get_column_letter(spot.column + shift)}{spot.row}"


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(2)
def test_nothing_in_the_file_is_an_answer(name: str) -> None:
    contents, spots, _ = made(name)
    book = openpyxl.load_workbook(io.BytesIO(contents), data_only=True)
    assert book.sheetnames == ["Start", "Practice", "Hints", "Problem", "Equations"]
    stored = [v for v in spreadsheets.read(contents).values() if isinstance(v, int | float)]
    texts = "\n".join(str(v) for v in spreadsheets.read(contents).values() if isinstance(v, str))
    given = {v for v in stored if float(v).is_integer()}
    for spot in spots:
        value = spot.spot.value
        if value in given or abs(value) < 1e-9:
            continue
        assert not [v for v in stored if v == pytest.approx(value, rel=1e-9)], spot.label
        assert f"{abs(value):.6f}" not in texts or abs(value) < 1e-5, spot.label
    names = {d.attr_text for d in book.defined_names.values()}
    assert not [name for name in names if "BPTT" in str(name)]


def rounded(value: float, figures: int) -> float:
    return float(f"{value:.{figures - 1}e}")


@pytest.mark.parametrize("figures", [3, 5])
@pytest.mark.parametrize("name", PROBLEMS)
def test_right_answers_are_never_called_wrong(name: str, figures: int) -> None:
    contents, spots, shift = made(name)
    live = Live(contents)
    live.set("Practice", {"B2": figures})
    live.set("Practice", {s.cell: rounded(s.spot.value, figures) for s in spots})
    marks = [live.get("Practice", mark(spot, shift)) for spot in spots]
    assert set(marks) <= {"✓", "○"}
    assert marks.count("✓") >= 0.5 * len(marks)


@pytest.mark.parametrize("name", ["backward", "all"])
def test_an_answer_that_does_not_follow_is_told(name: str) -> None:
    contents, spots, shift = made(name)
    live = Live(contents)
    live.set("Practice", {s.cell: rounded(s.spot.value, 4) for s in spots})
    told = 0
    for spot in spots[:: max(1, len(spots) // 8)]:
        if abs(spot.spot.value) < 1e-6:
            continue
        live.set("Practice", {spot.cell: -1.5 * spot.spot.value})
        told += live.get("Practice", mark(spot, shift)) == "✗"
        assert live.get("Practice", mark(spot, shift)) in ("✗", "○")
        live.set("Practice", {spot.cell: rounded(spot.spot.value, 4)})
    assert told >= 3


def test_too_few_figures_are_no_mistake() -> None:
    contents, spots, shift = made("backward")
    live = Live(contents)
    live.set("Practice", {s.cell: rounded(s.spot.value, 6) for s in spots})
    spot = next(s for s in spots if not math.isclose(s.spot.value, rounded(s.spot.value, 1)))
    live.set("Practice", {spot.cell: rounded(spot.spot.value, 1)})
    assert live.get("Practice", mark(spot, shift)) in ("≈", "○")


def test_check_marks_what_the_file_cannot(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "e.xlsx"
    assert run("workbook", "gomez", "--practice", "dc,dh", "-o", path).exit_code == 0
    book = openpyxl.load_workbook(path)
    assert "BPTT" not in book.sheetnames
    sheet = book["Practice"]
    open_cells = [c for row in sheet.iter_rows() for c in row if not c.protection.locked]
    assert len(open_cells) > 4
    open_cells[2].value = 123.0
    book.save(path)
    result = run("check", "gomez", path, "--format", "json")
    assert json.loads(result.stdout)["summary"]["wrong"] == 1


def test_the_key_is_for_a_teacher(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "k.xlsx"
    assert run("workbook", "gomez", "--practice", "dc", "--key", "-o", path).exit_code == 0
    assert "BPTT" in openpyxl.load_workbook(path).sheetnames
    result = run("workbook", "gomez", "--practice", "dc", "--sheets", "Step", "-o", path, "--force")
    assert result.exit_code == 2 and "--key" in result.stderr
