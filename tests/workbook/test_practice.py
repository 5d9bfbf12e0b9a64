"""The exercise: answers are judged right, rounded, carried or wrong in the recalculated file."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.problems import GOMEZ, random_data
from tests.support.sheets import Grid, Live, same, unlike
from tests.support.spreadsheets import Made, book_of

TBPTT = replace(random_data(51, 2, 6), bptt='scheme = "tbptt(2,4)"')
SPLIT = replace(random_data(52, 1, 5), bptt='scheme = "naive-split(2)"')
EXERCISES = {
    ("gomez", "all"): (GOMEZ, "all"),
    ("gomez", "backward"): (GOMEZ, "backward"),
    ("gomez", "c,dc,dW_f1"): (GOMEZ, "c,dc,dW_f1"),
    ("tbptt", "all"): (TBPTT, "all"),
    ("split", "backward"): (SPLIT, "backward"),
}
BOOKS = Made[tuple[str, str]](lambda name: book_of(EXERCISES[name][0], practice=EXERCISES[name][1]))
RIGHT, CARRIED, WRONG, NO_NUMBER = "✓", "~", "✗", "?"


class Paper:
    """The sheet Practice of a workbook: where answers go, and where their marks stand."""

    def __init__(self, contents: bytes) -> None:
        self.contents = contents
        self.book = openpyxl.load_workbook(io.BytesIO(contents))
        self.sheet = self.book["Practice"]
        self.grid = Grid(contents, "Practice")
        width = 5 + max(t for t in self.grid.blocks[0][2] if t is not None)
        self.shift = width + 2 - 4

    def cell(self, symbol: str, t: int | None, block: int = 3) -> str:
        row = self.grid.blocks[block][1][symbol]
        return f"{'D' if t is None else self.grid.blocks[block][2][t]}{row}"

    def mark(self, cell: str) -> str:
        column = openpyxl.utils.column_index_from_string(re.sub("[0-9]", "", cell))
        return f"{get_column_letter(column + self.shift)}{re.sub('[A-Z]', '', cell)}"

    def open_cells(self) -> list[str]:
        """The cells that are not locked, but for the choices at the top."""
        return [c.coordinate for row in self.sheet.iter_rows(min_row=5) for c in row
                if not c.protection.locked]  # fmt: skip


@pytest.mark.parametrize(("name", "what"), EXERCISES)
@pytest.mark.cases(2)
def test_a_fresh_exercise_is_what_is_stored(name: str, what: str) -> None:
    book = BOOKS[name, what]
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(got, book)


@pytest.mark.parametrize(("name", "what"), EXERCISES)
@pytest.mark.cases(3)
def test_the_true_values_are_right_and_finish_the_exercise(name: str, what: str) -> None:
    paper, live = Paper(BOOKS[name, what]), Live(BOOKS[name, what])
    cells = paper.open_cells()
    assert live.get("Practice", "E2") == f"0 / {len(cells)}"
    live.set("Practice", {cell: live.get("BPTT", cell) for cell in cells})
    assert {live.get("Practice", paper.mark(cell)) for cell in cells} == {RIGHT}
    live.set("Practice", {"B3": "value"})
    assert live.get("Practice", "E2") == f"{len(cells)} / {len(cells)}"
    assert live.get("Practice", "C3") == "everything is right"


@pytest.mark.parametrize("figures", [2, 3, 5])
def test_rounded_to_the_figures_asked_for_is_right_and_to_fewer_is_not(figures: int) -> None:
    paper, live = Paper(BOOKS["gomez", "all"]), Live(BOOKS["gomez", "all"])
    truth = {cell: float(str(live.get("BPTT", cell))) for cell in paper.open_cells()}
    live.set("Practice", {"B2": figures})
    live.set("Practice", {cell: float(f"{v:.{figures}g}") for cell, v in truth.items()})
    assert {live.get("Practice", paper.mark(cell)) for cell in truth} == {RIGHT}
    coarse = {c: float(f"{v:.{figures - 1}g}") for c, v in truth.items()}
    live.set("Practice", coarse)
    for cell, value in truth.items():
        unit = 10.0 ** (len(f"{abs(value):.0e}") and int(f"{value:.0e}"[-3:]) + 1 - figures)
        if value and abs(coarse[cell] - value) > 0.6 * unit:
            assert live.get("Practice", paper.mark(cell)) != RIGHT, cell


def test_what_follows_from_a_mistake_is_carried_and_not_wrong() -> None:
    paper, live = Paper(BOOKS["gomez", "backward"]), Live(BOOKS["gomez", "backward"])
    grid = paper.grid
    answers = {paper.cell("dy", 2): -0.478, paper.cell("dh", 2): -0.478}
    mistake = paper.cell("dc", 2)
    answers[mistake] = -0.0811  # instead of -0.0711
    i2, g2 = (float(str(live.get("BPTT", grid.cell(2, s, 2)))) for s in "ig")
    answers[paper.cell("dg", 2)] = round(-0.0811 * i2, 5)
    answers[paper.cell("di", 2)] = round(-0.0711 * g2, 5)  # right, but not what follows
    answers[paper.cell("df", 2)] = -0.05
    live.set("Practice", answers)
    marks = {cell: live.get("Practice", paper.mark(cell)) for cell in answers}
    assert [marks[c] for c in answers] == [RIGHT, RIGHT, WRONG, CARRIED, RIGHT, WRONG]
    assert str(live.get("Practice", "E2")).startswith("4 / ")


def test_what_is_not_a_number_is_marked_so_and_an_empty_cell_is_not_marked() -> None:
    paper, live = Paper(BOOKS["gomez", "backward"]), Live(BOOKS["gomez", "backward"])
    cell = paper.cell("dc", 2)
    assert live.get("Practice", paper.mark(cell)) == ""
    live.set("Practice", {cell: "minus one"})
    assert live.get("Practice", paper.mark(cell)) == NO_NUMBER


def test_hints_reveal_the_next_step_only_bit_by_bit() -> None:
    paper, live = Paper(BOOKS["gomez", "c,dc,dW_f1"]), Live(BOOKS["gomez", "c,dc,dW_f1"])

    def hint(level: str) -> object:
        live.set("Practice", {"B3": level})
        return live.get("Practice", "C3")

    assert hint("off") == ""
    assert hint("where") == "c, t = 1"
    assert hint("equation") == "c₁ = f₁·c₀ + i₁·g₁"
    assert hint("numbers") == "c₁ = f₁·c₀ + i₁·g₁ = 0.8520·0.0000 + 0.9608·0.8178"
    assert str(hint("value")).endswith(" = 0.785726")
    live.set("Practice", {paper.cell("c", 1, block=2): 0.8})  # wrong: the hint stays
    assert hint("where") == "c, t = 1"
    live.set("Practice", {paper.cell("c", 1, block=2): 0.786})
    assert hint("where") == "c, t = 2"
    assert hint("numbers") == "c₂ = f₂·c₁ + i₂·g₂ = 0.8703·0.7860 + 0.9812·0.8498"


@pytest.mark.parametrize(("name", "what"), EXERCISES)
@pytest.mark.cases(2)
def test_nothing_on_the_sheet_gives_an_answer_away(name: str, what: str) -> None:
    paper = Paper(BOOKS[name, what])
    values = openpyxl.load_workbook(io.BytesIO(BOOKS[name, what]), data_only=True)
    shown = [sheet.title for sheet in values if sheet.sheet_state == "visible"]
    assert shown == ["Start", "Practice", "Equations"]
    assert {s.title for s in values if s.sheet_state == "hidden"} == {
        "BPTT", "Own", "Follow", "State", "Hints", "Problem",
    }  # fmt: skip
    truth = {values["BPTT"][cell].value for cell in paper.open_cells()} - {0}
    given = {values["Practice"][c.coordinate].value for row in paper.sheet.iter_rows(min_row=5)
             for c in row if c.column > 3}  # fmt: skip
    # Inputs may happen to be equal to a result, as y is to h; what is computed is not shown twice.
    same_by_equation = {"y", "h", "dy", "dh", "z_f", "db_f"}
    leaked = truth & given
    rows = {r: s for _, block, _ in paper.grid.blocks for s, r in block.items()}
    for value in leaked:
        places = {rows[c.row] for row in values["BPTT"].iter_rows(min_row=5) for c in row
                  if c.value == value and c.row in rows}  # fmt: skip
        assert what == "c,dc,dW_f1" or places & same_by_equation, (value, places)


def test_formulas_are_locked_and_answers_and_choices_are_free() -> None:
    paper = Paper(BOOKS["gomez", "backward"])
    assert paper.sheet.protection.sheet and not paper.sheet.protection.password
    assert paper.book["BPTT"].protection.sheet
    free = paper.open_cells()
    assert paper.cell("dc", 2) in free and paper.cell("dW_f1", None) in free
    assert paper.cell("c", 2, block=2) not in free
    assert not paper.sheet["B2"].protection.locked and not paper.sheet["B3"].protection.locked
    inputs = paper.book["BPTT"][Grid(BOOKS["gomez", "backward"]).names["W_f1"]]
    assert not inputs.protection.locked


def test_on_paper_there_is_no_key_and_no_formula() -> None:
    contents = book_of(GOMEZ, practice="backward", blank=True)
    book = openpyxl.load_workbook(io.BytesIO(contents))
    assert [sheet.title for sheet in book if sheet.sheet_state == "visible"] == ["Practice"]
    assert spreadsheets.formula_cells(contents) == []
    assert not book.defined_names
    grid = Grid(contents, "Practice")
    assert grid.value(3, "dc", 1) is None and grid.value(2, "c", 1) == 0.7857261484365797
    assert grid.value(1, "W_f1", 3) is None
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        text = "".join(package.read(n).decode() for n in package.namelist() if n.endswith(".xml"))
    assert "0.0534836843" not in text and "0.0711077147" not in text


@pytest.mark.cases(0)
def test_libreoffice_judges_the_same(soffice: str, tmp_path: Path) -> None:
    paper = Paper(BOOKS["gomez", "backward"])
    answers = {paper.cell("dc", 2): -0.0811, paper.cell("dg", 2): -0.0796,
               paper.cell("dy", 2): -0.478, paper.cell("df", 2): -0.5}  # fmt: skip
    book = spreadsheets.poisoned(paper.contents, answers, "Practice")
    out = spreadsheets.by_libreoffice(soffice, {"practice": book}, tmp_path)["practice"]
    got = spreadsheets.read(out)
    marks = [got["Practice", paper.mark(cell)] for cell in answers]
    assert marks == [WRONG, CARRIED, RIGHT, WRONG]
    assert same(got["Practice", "E2"], f"2 / {len(paper.open_cells())}")


def test_the_command_writes_an_exercise_and_its_paper(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "exercise.xlsx"
    assert run("workbook", "gomez", "--practice", "dc", "-o", path).exit_code == 0
    assert "Practice" in openpyxl.load_workbook(path).sheetnames
    assert run("workbook", "gomez", "--blank", "-o", path, "--force").exit_code == 0
    assert openpyxl.load_workbook(path).sheetnames == ["Practice", "Problem"]


def test_an_exercise_without_a_backward_pass_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("workbook", "cell_clip", "--practice", "backward", "-o", tmp_path / "x.xlsx")
    expected = '--practice: expected forward, since there is no backward pass, found "backward"'
    assert (result.exit_code, result.stderr) == (2, f"Error: {expected}\n")
