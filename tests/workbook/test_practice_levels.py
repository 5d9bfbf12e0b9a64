"""The four levels of an exercise: what is shown, what is kept back, and how each is judged."""

from __future__ import annotations

import io
import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest

import cellcalc
from cellcalc.check.assignments import assignment
from cellcalc.check.inconsistent import inconsistent
from cellcalc.check.marking import mark
from cellcalc.check.practice_book import read_practice
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError
from cellcalc.studies.exercise import Place, exercise, sealed
from cellcalc.workbook import build_workbook
from cellcalc.workbook.layout import lay_out
from cellcalc.workbook.sheets.practice import PlacedExercise
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.oracles import sample
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import Live

TRUNCATED = replace(random_data(71, 1, 5), bptt='scheme = "tbptt(2,3)"')
TWO = replace(random_data(72, 2, 4, "linear", "squared"))
EXAMPLES = sorted(
    path.stem for path in (Path(__file__).parents[2] / "examples").glob("*.toml")
    if path.stem not in ("statquest", "cell_clip")
)  # fmt: skip
DATA: dict[str, Data] = {"gomez": GOMEZ, "truncated": TRUNCATED, "two": TWO}


@cache
def made(name: str, what: str, level: int, key: bool = False, seed: int = 1) -> bytes:
    trace = DATA[name].problem().run()
    file = io.BytesIO()
    build_workbook(trace, file, key=key, assignment=assignment(trace, what, level, seed))
    return file.getvalue()


def open_cells(contents: bytes) -> list[str]:
    sheet = openpyxl.load_workbook(io.BytesIO(contents))["Practice"]
    return [c.coordinate for row in sheet.iter_rows() for c in row
            if not c.protection.locked and c.value is None]  # fmt: skip


def checked(run: Run, path: Path, contents: bytes, answers: dict[str, object]) -> dict[str, str]:
    """The verdicts of `check` by cell, of the workbook with these answers written in."""
    book = spreadsheets.to_fill_in(contents)
    for cell, value in answers.items():
        book["Practice"][cell] = value
    book.save(path)
    result = run("check", path, "--format", "json")
    assert result.exit_code in (0, 1), result.stderr
    found = json.loads(result.stdout)["answers"]
    return {one["line"].removeprefix("Practice!"): one["verdict"] for one in found}


# Opening


@pytest.mark.parametrize("level", [1, 2, 3, 4])
@pytest.mark.cases(2)
def test_the_workbook_opens_at_the_first_empty_cell(level: int) -> None:
    contents = made("gomez", "backward", level)
    book = openpyxl.load_workbook(io.BytesIO(contents))
    assert book.active.title == "Practice"
    chosen = {s.activeCell for s in book["Practice"].sheet_view.selection}
    assert len(chosen) == 1 and chosen <= set(open_cells(contents))


def test_parameters_are_folded_where_nothing_forward_is_asked_for() -> None:
    for what, folded in (("backward", True), ("all", False)):
        sheet = openpyxl.load_workbook(io.BytesIO(made("gomez", what, 1)))["Practice"]
        rows = [r for r in range(5, 40) if sheet.cell(r, 2).value == "U_f"]
        assert bool(sheet.row_dimensions[rows[0]].hidden) is folded
    hidden = {r for r, d in sheet.row_dimensions.items() if d.hidden}
    assert not {openpyxl.utils.cell.coordinate_to_tuple(c)[0]
                for c in open_cells(made("gomez", "all", 1))} & hidden  # fmt: skip


def test_each_block_has_its_score() -> None:
    live = Live(made("gomez", "all", 1))
    sheet = openpyxl.load_workbook(io.BytesIO(made("gomez", "all", 1)))["Practice"]
    heads = [r for r in range(5, sheet.max_row) if sheet.cell(r, 2).value == "t"]
    forward = next(r for r in heads if sheet.cell(r, 1).value == "Forward")
    before = str(live.get("Practice", f"C{forward}"))
    assert before.endswith(" 0 / 27")
    z = DATA["gomez"].problem().run().passes[0].forward["z_f"][1]
    live.set("Practice", {f"F{forward + 1}": round(z, 4)})
    assert str(live.get("Practice", f"C{forward}")).endswith(" 1 / 27")


# Levels 1 and 2


def test_paths_are_asked_for_by_their_word_or_by_name() -> None:
    trace = GOMEZ.problem().run()
    assert exercise(trace, "dc,paths").symbols == {"dc", "dc_via_c", "dc_via_tanh_c"}
    assert exercise(trace, "dc_via_c").symbols == {"dc_via_c"}
    placed = {s.symbol for s in exercise(trace, "backward,paths").open}
    assert {"dh_via_z_f", "dx1_via_z_o"} <= placed
    assert not [s for s in exercise(trace, "dh,paths").open if s.place == (1, "dh_via_y", 0)]


@pytest.mark.parametrize("name", DATA)
@pytest.mark.cases(1)
def test_paths_filled_in_rightly_are_right_on_the_sheet_and_in_check(
    name: str, run: Run, tmp_path: Path
) -> None:
    trace = DATA[name].problem().run()
    contents = made(name, "dc,dh,paths", 1)
    asked = exercise(trace, sealed(trace, "dc,dh,paths"))
    spots = PlacedExercise(lay_out(trace)[0], asked).open
    answers: dict[str, object] = {s.cell: float(f"{s.spot.value:.5g}") for s in spots}
    assert set(answers) == set(open_cells(contents))
    assert set(checked(run, tmp_path / "e.xlsx", contents, answers).values()) == {"correct"}
    live = Live(contents)
    live.set("Practice", answers)
    shift = lay_out(trace)[0].width - 2
    marks = {str(live.get("Practice", f"{openpyxl.utils.get_column_letter(s.column + shift)}"
                                      f"{s.row}")) for s in spots}  # fmt: skip
    assert marks <= {"✓", "○"} and "✓" in marks


def test_at_level_2_no_equation_of_what_is_asked_for_is_shown() -> None:
    book = openpyxl.load_workbook(io.BytesIO(made("gomez", "backward", 2)))
    assert "Equations" not in book.sheetnames
    sheet = book["Practice"]
    asked = {openpyxl.utils.cell.coordinate_to_tuple(c)[0] for c in
             open_cells(made("gomez", "backward", 2))}  # fmt: skip
    assert asked and not [r for r in asked if sheet.cell(r, 3).value]
    assert not [c.value for row in book["Hints"].iter_rows() for c in row if "∂L" in str(c.value)]
    marks = [c for r in asked for c in sheet[r] if str(c.value).startswith("=IF(ISBLANK")]
    assert marks and all(c.protection.hidden for c in marks)


AGREE = {
    # What the sheet without key says: the marks by the key, which are check's, that go with it.
    "✓": {"✓"},
    "~": {"~", "✓"},
    "≈": {"≈", "✓"},
    "✗": {"✗"},
    "○": {"✓", "~", "≈", "✗"},
}


def handed_in(name: str, what: str, seed: int) -> dict[Place, float]:
    """Answers as a person gives them: most rounded, some wrong, some left out, one a 0."""
    draw, trace = random.Random(seed), DATA[name].problem().run()
    answers = {}
    for spot in exercise(trace, what).open:
        luck, value = draw.random(), spot.value
        if luck < 0.1:
            continue
        if luck < 0.25:
            value *= draw.choice([-1, 2, 0.5, 1.1, 0.99])
        elif luck < 0.28:
            value = 0.0
        answers[spot.place] = float(f"{value:.{draw.choice([2, 3, 3, 4, 6]) - 1}e}")
    return answers


@pytest.mark.parametrize("seed", sample(range(40), 14))
@pytest.mark.parametrize("key", [False, True])
@pytest.mark.parametrize("name", ["gomez", "truncated"])
@pytest.mark.cases(3, thorough=60)
def test_the_sheet_judges_a_file_as_check_does(name: str, key: bool, seed: int) -> None:
    contents = made(name, "all", 1, key)
    trace = DATA[name].problem().run()
    what = "all" if key else sealed(trace, "all")
    asked = exercise(trace, what)
    cells = {s.spot.place: s for s in PlacedExercise(lay_out(trace)[0], asked).open}
    answers = handed_in(name, what, seed)
    live = Live(contents)
    live.set("Practice", {cells[place].cell: value for place, value in answers.items()})
    shift = lay_out(trace)[0].width - 2
    for place, expected in asked.marks(answers).items():
        at = f"{openpyxl.utils.get_column_letter(cells[place].column + shift)}{cells[place].row}"
        sign = str(live.get("Practice", at))
        agrees = sign == expected if key else expected in AGREE[sign]
        assert agrees, (place, answers[place], sign, expected)


def test_check_gives_the_verdicts_of_the_sheet(run: Run, tmp_path: Path) -> None:
    contents, trace = made("gomez", "dc,dh", 1), GOMEZ.problem().run()
    asked = exercise(trace, "dc,dh")
    cells = {s.spot.place: s.cell for s in PlacedExercise(lay_out(trace)[0], asked).open}
    answers = handed_in("gomez", "dc,dh", 5)
    answers[next(iter(answers))] = -0.3
    by_cell: dict[str, object] = {cells[place]: value for place, value in answers.items()}
    verdicts = checked(run, tmp_path / "e.xlsx", contents, by_cell)
    named = {"✓": "correct", "~": "carried", "≈": "coarse"}
    for place, sign in asked.marks(answers).items():
        assert verdicts[cells[place]] == named.get(sign, verdicts[cells[place]])
        assert (verdicts[cells[place]] in ("wrong", "repeated")) == (sign == "✗")
    assert {v for c, v in verdicts.items() if c not in by_cell} == {"open"}


# Level 3


@pytest.mark.parametrize("name", DATA)
@pytest.mark.cases(1)
def test_the_true_equations_are_right_and_the_slips_are_not(
    name: str, run: Run, tmp_path: Path
) -> None:
    contents = made(name, "all", 3)
    trace = DATA[name].problem().run()
    write = trace.model.unicode()
    book = openpyxl.load_workbook(io.BytesIO(contents))
    options = {r[0].value: [c.value for c in r[2:] if c.value]
               for r in book["Choices"].iter_rows(min_row=5)}  # fmt: skip
    assert set(options) == set(open_cells(contents)) and len(options) > 20
    true = {}
    for cell in options:
        symbol = book["Practice"][f"B{cell[1:]}"].value
        true[cell] = write(trace.model.quantities[symbol].formula)
        assert true[cell] in options[cell]
    right = checked(run, tmp_path / "e.xlsx", contents, dict(true))
    assert set(right.values()) == {"correct"} and set(right) == set(options)
    wrong: dict[str, object] = {c: next(o for o in options[c] if o != true[c]) for c in options}
    verdicts = checked(run, tmp_path / "e.xlsx", contents, wrong)
    assert not {"correct", "open", "unreadable"} & set(verdicts.values())


def test_a_choice_is_judged_live_with_the_key_only() -> None:
    book = openpyxl.load_workbook(io.BytesIO(made("gomez", "backward", 3)))
    cell = open_cells(made("gomez", "backward", 3))[0]
    (row,) = [r for r in book["Choices"].iter_rows(min_row=5) if r[0].value == cell]
    for key in (False, True):
        live = Live(made("gomez", "backward", 3, key))
        marks = []
        for option in row[2:]:
            live.set("Practice", {cell: option.value})
            marks.append(live.get("Practice", f"I{cell[1:]}"))
        assert sorted(marks) == (["○"] * 4 if not key else ["✓", "✗", "✗", "✗"])


# Level 4


def mistaken(contents: bytes, trace: Trace, given: str) -> tuple[str, str]:
    """The verdict on an answer to where the mistake is, and the row that is expected."""
    book = spreadsheets.to_fill_in(contents)
    book["Practice"]["B2"] = given
    file = io.BytesIO()
    book.save(file)
    read = read_practice(file.getvalue(), "e.xlsx")
    (one,) = read.judged(mark(trace, read.entries(trace)), trace).marked
    return one.verdict.value, str(one.expected)


@pytest.mark.parametrize("seed", sample(range(24), 6))
@pytest.mark.parametrize("name", DATA)
@pytest.mark.cases(2, thorough=30)
def test_the_planted_mistake_is_found(name: str, seed: int) -> None:
    trace = DATA[name].problem().run()
    planted = assignment(trace, "all", 4, seed).mistake
    contents = made(name, "all", 4, seed=seed)
    assert open_cells(contents) == ["B2"]
    assert mistaken(contents, trace, planted) == ("correct", planted)
    other = "dc" if planted != "dc" else "dh"
    assert mistaken(contents, trace, other) == ("wrong", planted)


@pytest.mark.parametrize("example", sample(EXAMPLES, 9))
@pytest.mark.cases(2)
def test_every_example_has_a_mistake_to_find(example: str) -> None:
    trace = cellcalc.load(example).run()
    task = assignment(trace, "all", 4)
    file = io.BytesIO()
    build_workbook(trace, file, assignment=task)
    assert mistaken(file.getvalue(), trace, task.mistake) == ("correct", task.mistake)


def test_a_run_without_a_mistake_has_no_row_that_does_not_follow() -> None:
    for name in ("gomez", "ten_steps", "peephole_truncated", "gru_chung", "statquest_step"):
        trace = cellcalc.load(name).run()
        one = trace.passes[0]

        def number(place: tuple[int, str, int | None], one=one, trace=trace) -> float | None:  # type: ignore[no-untyped-def]
            window, symbol, t = place
            if symbol in trace.initial:
                return one.parameters_at(min(max(t or 0, 1), one.steps))[symbol]
            if not window:
                column = one.forward.get(symbol, ())
                value = column[t] if t is not None and t < len(column) else None
                return value if value == value else None
            swept = one.windows[window - 1]
            return swept.backward[symbol][t - swept.first] if t in swept.steps else None

        assert inconsistent(trace, number) == []


# Nothing is given away


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_without_the_key_no_sheet_of_the_computation_is_there(level: int) -> None:
    book = openpyxl.load_workbook(io.BytesIO(made("gomez", "backward", level)))
    assert not {"BPTT", "Own", "Follow", "State", "Key"} & set(book.sheetnames)
    assert not book.defined_names


def test_the_mistake_is_named_nowhere_in_the_file() -> None:
    trace = GOMEZ.problem().run()
    planted = assignment(trace, "all", 4).mistake
    cells = spreadsheets.read(made("gomez", "all", 4))
    named = {sheet for (sheet, _), value in cells.items() if value == planted}
    assert named == {"Choices", "Practice", "Equations"}  # as every row is
    formulas = spreadsheets.read(made("gomez", "all", 4), True).items()
    live = [str(v) for (sheet, _), v in formulas if sheet != "Equations" and str(v)[:1] == "="]
    assert not [v for v in live if any(sign in v for sign in ("+", "/", "SUM"))]


@pytest.mark.parametrize(("what", "level"), [("y", 7), ("nothing", 1)])
def test_what_there_is_not_is_refused(what: str, level: int) -> None:
    with pytest.raises(OptionError):
        assignment(GOMEZ.problem().run(), what, level)


def test_the_command_makes_every_level(tmp_path: Path, run: Run) -> None:
    for level in "1234":
        path = tmp_path / f"{level}.xlsx"
        args = ("workbook", "gomez", "--practice", "backward", "--level", level, "-o", path)
        assert run(*args).exit_code == 0
        assert run("check", path).exit_code == 1
    assert "--practice" in run("workbook", "gomez", "--level", "2").stderr
    refused = run("workbook", "gomez", "--practice", "dc", "--seed", "3", "-o", tmp_path / "s.xlsx")
    assert refused.exit_code == 2 and "--level" in refused.stderr
