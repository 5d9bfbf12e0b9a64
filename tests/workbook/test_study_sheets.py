"""The study sheets: live in two engines, following their drop-downs and every edit."""

from __future__ import annotations

import copy
import io
import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.cell import coordinate_to_tuple

from cellcalc.api import Problem, load
from cellcalc.errors import OptionError
from cellcalc.problems.specification import read_specification
from cellcalc.workbook import build_workbook
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.oracles import sample
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import LAMP, Grid, Live, edit, holds, unlike, without_noise
from tests.support.spreadsheets import book_of

PROBLEMS: dict[str, Data] = {
    "gomez": GOMEZ,
    "twelve": random_data(41, 3, 12, "linear", "squared", missing=True),
    "logistic": random_data(42, 6, 4, "logistic", "cross-entropy"),
    "tbptt": replace(random_data(43, 2, 7), bptt='scheme = "tbptt(2,5)"'),
    "stored": replace(random_data(43, 2, 7), bptt='scheme = "tbptt(2,5)"\nweights = "stored"'),
    "split": replace(random_data(44, 1, 7), bptt='scheme = "naive-split(3)"'),
    "once": replace(random_data(45, 2, 5), bptt='scheme = "per-error(2)"\nreduction = "mean"'),
    "adam": replace(random_data(46, 2, 4), update='optimizer = "adam"\nepochs = 2',
                    bptt='scheme = "block(2)"\nclip_norm = 0.1', frozen=["U_f"]),
}  # fmt: skip
STUDY = ["Start", "Unrolled", "BPTT", "Step", "Windows", "Gradients", "Checks", "Equations"]


BOOKS = spreadsheets.Made(lambda name: book_of(PROBLEMS[name]))
CHOSEN = sample(PROBLEMS, 3)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.cases(1)
def test_what_is_stored_is_what_formualizer_computes(name: str) -> None:
    book = BOOKS[name]
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(without_noise(book, got), book)


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.cases(1)
def test_every_sheet_follows_an_edit_in_formualizer(name: str) -> None:
    data, cells = edit(PROBLEMS[name], Grid(BOOKS[name])) if name != "gomez" else edited_gomez()
    expected = book_of(data)
    poisoned = spreadsheets.poisoned(BOOKS[name], cells)
    got = spreadsheets.by_formualizer(poisoned, spreadsheets.formula_cells(expected))
    assert not unlike(without_noise(expected, got), expected, leave_out=("Checks", "Start"))
    assert holds(got) and got["Checks", "D6"] == "inputs changed"


def edited_gomez() -> tuple[Data, dict[str, float | None]]:
    """Gomez's example has two steps only: another edit than that of the longer ones."""
    grid, data = Grid(BOOKS["gomez"]), copy.deepcopy(GOMEZ)
    data.parameters["W_f"][1], data.initial = 0.4375, {"h": 0.5, "c": -0.75}
    return data, {
        grid.names["W_f2"]: 0.4375,
        grid.cell(2, "h", 0): 0.5,
        grid.cell(2, "c", 0): -0.75,
    }


@pytest.fixture(scope="module")
def libreoffice(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    books = {}
    for name in CHOSEN:
        _, cells = edit(PROBLEMS[name], Grid(BOOKS[name])) if name != "gomez" else edited_gomez()
        books[name] = spreadsheets.poisoned(BOOKS[name])
        books[f"{name}-edited"] = spreadsheets.poisoned(BOOKS[name], cells)
    return spreadsheets.by_libreoffice(soffice, books, tmp_path_factory.mktemp("study"))


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.cases(0)
def test_libreoffice_computes_the_same_before_and_after_the_edit(
    name: str, libreoffice: dict[str, bytes]
) -> None:
    book = BOOKS[name]
    got = spreadsheets.read(libreoffice[name])
    assert not unlike(without_noise(book, got), book)
    data, _ = edit(PROBLEMS[name], Grid(book)) if name != "gomez" else edited_gomez()
    expected = book_of(data)
    got = spreadsheets.read(libreoffice[f"{name}-edited"])
    assert not unlike(without_noise(expected, got), expected, leave_out=("Checks", "Start"))
    assert got[LAMP] == "OK"
    assert not [v for v in got.values() if re.match("#|Err:", str(v))]


@pytest.mark.parametrize("name", ["gomez", "twelve", "logistic"])
@pytest.mark.cases(1)
def test_every_gradient_is_found_by_two_ways(name: str) -> None:
    trace, book = PROBLEMS[name].problem().run(), spreadsheets.read(BOOKS[name])
    for row, parameter in enumerate(trace.initial, 5):
        gradient = trace.gradients[f"d{parameter}"]
        assert book["Gradients", f"A{row}"] == parameter
        for column in "BC":  # backpropagation, and forward mode
            assert book["Gradients", f"{column}{row}"] == pytest.approx(gradient, rel=1e-12)
        assert book["Gradients", f"F{row}"] == "OK"


def verdicts(book: spreadsheets.Values) -> set[str]:
    """What the sheet Gradients says of each gradient."""
    cells = {c: v for (s, c), v in book.items() if s == "Gradients" and re.match("F[0-9]", c)}
    return {v for c, v in cells.items() if v in ("OK", "!!", "truncated")}


def lesson(book: spreadsheets.Values) -> dict[str, str]:
    """The cells of the lesson on ε by their labels."""
    return {str(v): f"B{cell[1:]}" for (s, cell), v in book.items() if s == "Gradients"
            and cell[0] == "A"}  # fmt: skip


def test_the_lesson_on_epsilon_moves_no_lamp() -> None:
    trace, live = GOMEZ.problem().run(), Live(BOOKS["gomez"])
    cells = lesson(spreadsheets.read(BOOKS["gomez"]))
    for parameter in list(trace.initial)[::4]:
        live.set("Gradients", {cells["ε"]: 1e-5})
        chosen = f"B{int(cells['ε'][1:]) - 1}"
        live.set("Gradients", {chosen: parameter})
        gradient = trace.gradients[f"d{parameter}"]
        got = live.get("Gradients", cells["central difference"])
        assert got == pytest.approx(gradient, rel=1e-5, abs=1e-8)
        assert live.get("Gradients", cells["gradient by BPTT"]) == pytest.approx(gradient)
    for epsilon in (0.1, 0.5, 1e-12, 0.0, -1.0, "far"):
        live.set("Gradients", {cells["ε"]: epsilon})
        assert live.get("Checks", "B3") == "OK" and live.get(*LAMP) == "OK"
        assert isinstance(live.get("Gradients", cells["central difference"]), float)


def test_names_that_differ_in_case_only_have_gradients_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'output = "h"\n[parameters]\nW = "input"\nb = "scalar"\nB = "scalar"\n[state]\nh = 0.0\n'
        '[[equation]]\nsymbol = "h"\nformula = "tanh(W @ x + B*h[t-1] + b)"\n'
    )
    text = (
        "cell = 'mine.toml'\n[parameters]\nW = 0.75\nb = 0.5\nB = -0.25\n[initial]\nh = 0.5\n"
        "[[sequence]]\nx = [1, 2]\ntarget = [0.5, 0.25]\n"
    )
    problem = Problem.of(read_specification(text, "p", tmp_path))
    gradients, live = problem.run().gradients, Live(book_of(problem))
    assert live.get("Gradients", "B6") == pytest.approx(gradients["db"])
    assert live.get("Gradients", "B7") == pytest.approx(gradients["dB"])
    cells = lesson(spreadsheets.read(book_of(problem)))
    live.set("Gradients", {f"B{int(cells['ε'][1:]) - 1}": "B"})
    assert live.get("Gradients", cells["gradient by BPTT"]) == pytest.approx(gradients["dB"])
    moved = live.get("Gradients", cells["central difference"])
    assert moved == pytest.approx(gradients["dB"], rel=1e-6)


@pytest.mark.parametrize("name", ["tbptt", "stored", "adam"])
@pytest.mark.cases(1)
def test_a_truncated_gradient_is_said_to_be_truncated(name: str) -> None:
    book = spreadsheets.read(BOOKS[name])
    results = verdicts(book)
    assert "truncated" in results and "!!" not in results
    assert str(book["Gradients", "A3"]).startswith("A truncated gradient is not the slope")
    assert book[LAMP] == "OK"


def test_an_exact_split_has_no_such_excuse() -> None:
    data = replace(PROBLEMS["split"], bptt='scheme = "naive-split(3)"\nupdate = "sequence"')
    book = spreadsheets.read(book_of(data))
    results = verdicts(book)
    assert results == {"OK"}


def test_sheets_stand_in_their_order_and_link_to_what_is_there() -> None:
    for name in ("gomez", "adam"):
        book = openpyxl.load_workbook(io.BytesIO(BOOKS[name]))
        second, train = (["BPTT 2", "Chosen pass"], ["Train"]) if name == "adam" else ([], [])
        assert book.sheetnames == [*STUDY[:3], *second, *STUDY[3:6], *train, *STUDY[6:]]
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.hyperlink is not None:
                        title, _, place = cell.hyperlink.location.rpartition("!")
                        assert title.strip("'") in book.sheetnames
                        assert coordinate_to_tuple(place)


@pytest.mark.parametrize("wanted", [["Start", "Windows"], ["Start", "Unrolled", "Step"], ["start"]])
@pytest.mark.cases(1)
def test_start_lists_the_sheets_that_there_are(wanted: list[str]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(load("gomez"), wanted)))
    cells = [cell for (cell,) in book["Start"].iter_rows(max_col=1) if cell.hyperlink]
    assert [str(cell.value).partition(":")[0] for cell in cells] == book.sheetnames
    assert [cell.hyperlink.location for cell in cells] == [f"'{n}'!A1" for n in book.sheetnames]


def test_rows_fold_and_symbols_have_comments_and_gates_are_shaded() -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["gomez"]))
    sheet, grid = book["BPTT"], Grid(BOOKS["gomez"])
    rows = grid.blocks[3][1]
    levels = {s: sheet.row_dimensions[rows[s]].outlineLevel for s in ("dh", "dh_via_y", "dW_f1")}
    assert levels == {"dh": 0, "dh_via_y": 1, "dW_f1": 1}
    assert not sheet.sheet_properties.outlinePr.summaryBelow
    comment = sheet[f"B{rows['dc']}"].comment.text
    assert comment.splitlines() == [
        "how the loss changes with c (memory cell)",
        "c acts on tanh_c: ∂tanh_c,ₜ/∂cₜ = 1 − tanh_c,ₜ²",
        "c acts on the next step's c: ∂cₜ₊₁/∂cₜ = fₜ₊₁",
    ]
    rules = [(str(r.sqref), rule) for r in sheet.conditional_formatting for rule in r.rules]
    scales = [area for area, rule in rules if rule.type == "colorScale"]
    by_tens = [one for area, rule in rules if "1E-1" in str(rule.formula) for one in area.split()]
    gate, memory = grid.blocks[2][1]["f"], rows["dc"]
    assert f"F{gate}:G{gate}" in scales and f"E{memory}:G{memory}" in by_tens


def test_charts_are_native() -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["adam"]))
    assert {sheet.title for sheet in book if sheet._charts} == {
        "Start", "Unrolled", "Windows", "Train"
    }  # fmt: skip


def test_chosen_sheets_only() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(GOMEZ, sheets=["step", "Checks"])))
    assert book.sheetnames == ["BPTT", "Step", "Checks"]
    with pytest.raises(OptionError, match='found "stepp"; did you mean step'):
        book_of(GOMEZ, sheets=["stepp"])
    with pytest.raises(OptionError, match="expected `practice` with the sheet Practice"):
        book_of(GOMEZ, sheets=["Practice"])


@pytest.mark.parametrize(
    ("former", "now"),
    [("Guide", "Start"), ("Cell", "Step"), ("Charts", "Unrolled"), ("Flow", "Windows")],
)
@pytest.mark.cases(1)
def test_former_names_of_sheets_lead_to_where_their_content_is(
    former: str, now: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "w.xlsx"
    result = run("workbook", "gomez", "--sheets", former, "-o", path)
    assert result.exit_code == 0 and f"{former} is now {now}" in result.stderr
    assert now in openpyxl.load_workbook(path).sheetnames


def test_forward_only_problems_have_study_sheets_too() -> None:
    lines = [line for line in GOMEZ.toml().splitlines() if not line.startswith("target")]
    problem = Problem.of(read_specification("\n".join(lines), "p", Path()))
    file = io.BytesIO()
    build_workbook(problem.run(), file)
    book = file.getvalue()
    names = openpyxl.load_workbook(io.BytesIO(book)).sheetnames
    assert names == [name for name in STUDY if name not in ("Gradients", "Windows")]
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(without_noise(book, got), book)


def test_a_cell_without_a_picture_is_drawn_in_layers(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'output = "h"\n[parameters]\nW = "input"\nU = "scalar"\n[state]\nh = 0.0\n'
        '[[equation]]\nsymbol = "z"\nformula = "W @ x + U*h[t-1]"\n'
        '[[equation]]\nsymbol = "h"\nformula = "tanh(z)"\n'
    )
    text = (
        "cell = 'mine.toml'\n[parameters]\nW = 0.5\nU = -0.25\n[initial]\nh = 0.5\n"
        "[[sequence]]\nx = [1, 2]\ntarget = [0.5, 0.25]\n"
    )
    file = io.BytesIO()
    build_workbook(Problem.of(read_specification(text, "p", tmp_path)).run(), file)
    book = file.getvalue()
    labels = {str(v) for (sheet, _), v in spreadsheets.read(book).items() if sheet == "Step"}
    assert {"zₜ", "hₜ", "yₜ", "Eₜ", "xₜ", "hₜ₋₁"} <= labels
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(without_noise(book, got), book)


def test_the_command_names_sheets_and_exercises(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "w.xlsx"
    assert run("workbook", "gomez", "--sheets", "Step, Windows", "-o", path).exit_code == 0
    assert openpyxl.load_workbook(path).sheetnames == ["BPTT", "Step", "Windows"]
    result = run("workbook", "gomez", "--practice", "dcc", "-o", tmp_path / "x.xlsx")
    expected = "--practice: expected forward, backward, all, paths, or symbols that are computed, "
    assert result.stderr == f'Error: {expected}found "dcc"; did you mean dc?\n'
    assert not (tmp_path / "x.xlsx").exists()
