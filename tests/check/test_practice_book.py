"""A practice workbook is marked as its own sheet marks it, in a real spreadsheet engine."""

from __future__ import annotations

import io
import json
import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cellcalc.api import load
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.oracles import sample
from tests.support.problems import random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import Made, book_of, to_fill_in
from tests.workbook.test_practice import Paper

GOMEZ = load("gomez")
TRUNCATED = replace(random_data(51, 1, 4), bptt='scheme = "tbptt(2,3)"')
SPLIT = replace(random_data(52, 1, 3), bptt='scheme = "naive-split(2)"')
LINEAR = random_data(53, 1, 4)
MISSING = random_data(54, 1, 3)
MISSING.target[1] = math.nan
EXERCISES = {
    ("gomez", "backward"): (GOMEZ, "backward"),
    ("truncated", "some"): (TRUNCATED, "f,c,h,dh,dc,df,dz_f,dW_f,dU_f"),
    ("split", "some"): (SPLIT, "dy,dh,dc,dz_i,dW_i,dU_i"),
    ("linear", "c,dc,dU_f"): (LINEAR, "c,dc,dU_f"),
    ("linear", "forward"): (LINEAR, "forward"),
    ("missing", "some"): (MISSING, "E,dy,dh,dc,db_f"),
}
BOOKS = Made[tuple[str, str]](lambda name: book_of(EXERCISES[name][0], practice=EXERCISES[name][1]))
VERDICTS = {
    "✓": {"correct"}, "~": {"carried"}, "≈": {"coarse"}, "✗": {"wrong", "repeated"},
    "?": {"unreadable"}, "": {"open"},
}  # fmt: skip


class Filled:
    """A practice workbook with answers typed in, and how the sheet judges them."""

    def __init__(self, name: tuple[str, str]) -> None:
        self.contents = BOOKS[name]
        self.paper, self.live = Paper(self.contents), Live(self.contents)
        self.cells = self.paper.open_cells()
        self.truth = {cell: float(str(self.live.get("BPTT", cell))) for cell in self.cells}

    def saved(self, path: Path, answers: Mapping[str, object], figures: int = 3) -> Path:
        """The file with the answers in it; no formula keeps its value, as openpyxl has it."""
        book = to_fill_in(self.contents)
        for cell, value in answers.items():
            book["Practice"][cell] = value
        book["Practice"]["B2"] = figures
        book.save(path)
        return path

    def marks(self, answers: Mapping[str, object], figures: int = 3) -> dict[str, str]:
        self.live.set("Practice", {"B2": figures, **answers})
        return {c: str(self.live.get("Practice", self.paper.mark(c)) or "") for c in self.cells}


def rounded(value: float, figures: int) -> float:
    return float(f"{value:.{figures - 1}e}")


def followed(filled: Filled, draw: random.Random, figures: int) -> dict[str, object]:
    """Each cell worked out from the cells before it, rounded, a slip here and there."""
    answers: dict[str, object] = {}
    live = Live(filled.contents)
    order = [str(live.get("Hints", f"A{k}")) for k in range(2, len(filled.cells) + 2)]
    for cell in order:
        value = float(str(live.get("Follow", cell)))
        slipped = value * draw.choice((-1, 2, 1.05)) if draw.random() < 0.08 else value
        answers[cell] = rounded(slipped, figures)
        row, column = openpyxl.utils.cell.coordinate_to_tuple(cell)
        live.book.set_value("Practice", row, column, answers[cell])
        live.book.evaluate_all()
    return answers


def fills(filled: Filled) -> dict[str, dict[str, object]]:
    draw = random.Random(5)
    truth = filled.truth
    some = {c: v for c, v in truth.items() if draw.random() < 0.6}
    return {
        "right": {c: rounded(v, 3) for c, v in truth.items()},
        "coarse": {c: rounded(v, 2) for c, v in truth.items()},
        "very coarse": {c: rounded(v, 1) for c, v in truth.items()},
        "more digits": {c: rounded(v, 7) for c, v in truth.items()},
        "zeros": dict.fromkeys(truth, 0),
        "some": {c: rounded(v, 3) for c, v in some.items()},
        "mixed": {
            c: draw.choice((rounded(v, 3), rounded(v, 2), -rounded(v, 3), rounded(v * 1.002, 4)))
            for c, v in some.items()
        },
        "texts": {c: draw.choice(("?", "0,5", rounded(v, 3))) for c, v in some.items()},
        "nothing": {},
    }


@pytest.mark.parametrize("name", sample(EXERCISES, 3))
@pytest.mark.cases(1)
def test_the_sheet_and_the_command_agree(name: tuple[str, str], run: Run, tmp_path: Path) -> None:
    filled = Filled(name)
    all_fills = fills(filled)
    if len(filled.cells) < 60:
        all_fills["followed"] = followed(filled, random.Random(7), 3)
    for kind, answers in all_fills.items():
        live = Filled(name) if kind == "nothing" else filled
        empty: dict[str, object] = dict.fromkeys(filled.cells)
        marks = live.marks({**(empty if live is filled else {}), **answers})
        path = filled.saved(tmp_path / "book.xlsx", answers)
        result = run("check", path, "-f", "json")
        report = json.loads(result.stdout)
        found = {str(a["line"]).partition("!")[2]: a["verdict"] for a in report["answers"]}
        assert set(found) == set(filled.cells), kind
        unlike = {
            c: (answers.get(c), filled.truth[c], marks[c], found[c])
            for c in filled.cells
            if found[c] not in VERDICTS[marks[c]]
        }
        assert unlike == {}, kind
        right = all(verdict == "correct" for verdict in found.values())
        assert result.exit_code == (0 if right else 1)
        counts = Counter(found.values())
        score = counts["correct"] + counts["carried"]
        assert str(live.live.get("Practice", "E2")) == f"{score} / {len(found)}"


@pytest.mark.parametrize("figures", [2, 4, 6])
@pytest.mark.cases(1)
def test_the_sheets_own_demand_goes_first(figures: int, run: Run, tmp_path: Path) -> None:
    filled = Filled(("linear", "c,dc,dU_f"))
    answers: dict[str, object] = {c: rounded(v, figures) for c, v in filled.truth.items()}
    path = filled.saved(tmp_path / "book.xlsx", answers, figures)
    assert run("check", path, "--figures", "6").exit_code == 0
    answers = {c: rounded(v, figures - 1) for c, v in filled.truth.items()}
    path = filled.saved(tmp_path / "book.xlsx", answers, figures)
    verdicts = json.loads(run("check", path, "-f", "json").stdout)["summary"]
    assert verdicts["coarse"] > len(filled.cells) / 2
    # What needs no more figures (0.5) is right all the same, and what follows is carried.
    assert verdicts["coarse"] + verdicts["correct"] + verdicts["carried"] == len(filled.cells)


def test_a_sheet_of_zeros_is_not_right(run: Run, tmp_path: Path) -> None:
    filled = Filled(("gomez", "backward"))
    path = filled.saved(tmp_path / "book.xlsx", dict.fromkeys(filled.cells, 0))
    summary = json.loads(run("check", path, "-f", "json").stdout)["summary"]
    zeros = sum(abs(value) < 1e-12 for value in filled.truth.values())
    assert (summary["correct"], summary["carried"]) == (zeros, 0)


def test_formulas_typed_as_answers_count_with_or_without_their_values(
    run: Run, soffice: str, tmp_path: Path
) -> None:
    filled = Filled(("linear", "c,dc,dU_f"))
    grid = filled.paper.grid
    f, i, g = (grid.cell(2, symbol, 1) for symbol in "fig")
    c0, c1, c2 = (grid.cell(2, "c", t) for t in (0, 1, 2))
    answers = {c1: f"={f}*{c0}+{i}*{g}", c2: f"=-{c1}^2"}
    path = filled.saved(tmp_path / "book.xlsx", answers)
    bare = json.loads(run("check", path, "-f", "json").stdout)["answers"]
    done = spreadsheets.by_libreoffice(soffice, {"a": path.read_bytes()}, tmp_path)["a"]
    path.write_bytes(done)
    stored = json.loads(run("check", path, "-f", "json").stdout)["answers"]
    for report in (bare, stored):
        verdicts = {a["line"]: a["verdict"] for a in report}
        assert verdicts[f"Practice!{c1}"] == "correct"
        assert verdicts[f"Practice!{c2}"] == "wrong"
    assert [a["verdict"] for a in bare] == [a["verdict"] for a in stored]


def test_given_cells_are_no_answers(run: Run, tmp_path: Path) -> None:
    filled = Filled(("linear", "c,dc,dU_f"))
    given = filled.paper.grid.cell(2, "f", 1)
    path = filled.saved(tmp_path / "book.xlsx", {given: 0.123})
    report = json.loads(run("check", path, "-f", "json").stdout)
    assert report["summary"]["open"] == len(report["answers"]) == len(filled.cells)
    assert {a["given"] for a in report["answers"]} == {""}


def test_a_filled_in_paper_is_marked(run: Run, tmp_path: Path) -> None:
    contents = book_of(LINEAR, practice="dc,dU_f", blank=True)
    book = openpyxl.load_workbook(io.BytesIO(contents))
    paper = Paper(contents)
    trace = LINEAR.problem().run()
    book["Practice"][paper.cell("dc", 2)] = rounded(trace["dc"][1], 4)
    book["Practice"][paper.cell("dc", 3)] = -rounded(trace["dc"][2], 4)
    path = tmp_path / "paper.xlsx"
    book.save(path)
    result = run("check", path, "-f", "json")
    found = {a["line"]: a["verdict"] for a in json.loads(result.stdout)["answers"]}
    assert found[f"Practice!{paper.cell('dc', 2)}"] == "correct"
    assert found[f"Practice!{paper.cell('dc', 3)}"] == "wrong"
    assert Counter(found.values())["open"] == len(found) - 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("W_f = ", "W_f = 0.125 #"), "parameters.W_f: expected 0.125, as the problem has it"),
        (('loss = "', 'loss = "squared" #'), "loss: expected squared"),
        (("target = [", "target = [9.5, "), "sequence: expected 4 steps"),
        (("learning_rate = ", "learning_rate = 7.0 #"), "update.learning_rate: expected 7"),
        (("[bptt]", '[bptt]\nscheme = "tbptt(2,4)"'), "bptt.k1: expected 2"),
    ],
)
@pytest.mark.cases(3)
def test_a_workbook_of_another_problem_is_refused_and_what_differs_is_said(
    change: tuple[str, str], message: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(BOOKS["linear", "forward"])
    own, other = tmp_path / "own.toml", tmp_path / "other.toml"
    own.write_text(LINEAR.toml(), encoding="utf-8")
    assert run("check", own, path).exit_code == 1
    text = LINEAR.toml().replace(*change, 1)
    if "target" in change[0]:
        text = text.replace("x = [", "x = [0.5, ")
    other.write_text(text, encoding="utf-8")
    result = run("check", other, path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr.replace("5 steps", "4 steps")


def test_an_old_workbook_without_its_problem_is_marked_with_one(run: Run, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["linear", "c,dc,dU_f"]))
    del book["Problem"]
    path, own = tmp_path / "book.xlsx", tmp_path / "own.toml"
    book.save(path)
    own.write_text(LINEAR.toml(), encoding="utf-8")
    result = run("check", path)
    assert result.exit_code == 2
    assert "expected a workbook that holds its problem" in result.stderr
    summary = json.loads(run("check", own, path, "-f", "json").stdout)["summary"]
    assert summary["open"] == 4 + 5 + 1
