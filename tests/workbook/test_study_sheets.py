"""The study sheets: live in two engines, following their drop-downs and every edit."""

from __future__ import annotations

import copy
import io
import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple

from cellcalc.api import Problem, load
from cellcalc.engine.trace import backward_values, forward_values
from cellcalc.errors import OptionError
from cellcalc.language.tree import Symbol
from cellcalc.problems.specification import read_specification
from cellcalc.workbook import build_workbook
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.oracles import sample
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import Grid, Live, edit, unlike
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
STUDY = ["Guide", "BPTT", "Step", "Cell", "Gradients", "Charts", "Checks", "Equations"]


BOOKS = spreadsheets.Made(lambda name: book_of(PROBLEMS[name]))
CHOSEN = sample(PROBLEMS, 2)


def without_noise(book: bytes, got: spreadsheets.Values) -> spreadsheets.Values:
    """What was recalculated, with the noise of the numerical check as it was stored.

    Its difference is rounding noise, in which no two engines agree.
    """
    stored = spreadsheets.read(book)
    noisy = {("Gradients", f"B{row}") for row in (8, 10, 11)}
    noisy |= {cell for cell in stored if cell[0] == "Checks" and cell[1].startswith("B")}
    return {**got, **{cell: stored[cell] for cell in noisy if cell in stored and cell in got
                      and not isinstance(stored[cell], str)}}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_stored_is_what_formualizer_computes(name: str) -> None:
    book = BOOKS[name]
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(without_noise(book, got), book)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_sheet_follows_an_edit_in_formualizer(name: str) -> None:
    data, cells = edit(PROBLEMS[name], Grid(BOOKS[name])) if name != "gomez" else edited_gomez()
    expected = book_of(data)
    poisoned = spreadsheets.poisoned(BOOKS[name], cells)
    got = spreadsheets.by_formualizer(poisoned, spreadsheets.formula_cells(expected))
    assert not unlike(without_noise(expected, got), expected, leave_out=("Checks", "Guide"))
    flags = {got[cell] for cell in got if cell[0] == "Checks" and cell[1].startswith("D")}
    assert "!!" not in flags and "inputs changed" in flags
    assert got["Guide", "B2"] == "OK"


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
def test_libreoffice_computes_the_same_before_and_after_the_edit(
    name: str, libreoffice: dict[str, bytes]
) -> None:
    book = BOOKS[name]
    got = spreadsheets.read(libreoffice[name])
    assert not unlike(without_noise(book, got), book)
    data, _ = edit(PROBLEMS[name], Grid(book)) if name != "gomez" else edited_gomez()
    expected = book_of(data)
    got = spreadsheets.read(libreoffice[f"{name}-edited"])
    assert not unlike(without_noise(expected, got), expected, leave_out=("Checks", "Guide"))
    assert got["Guide", "B2"] == "OK"
    assert not [v for v in got.values() if re.match("#|Err:", str(v))]


def column_values(sheet, column: str) -> dict[str, int]:  # type: ignore[no-untyped-def]
    """The row of each text in a column."""
    return {str(sheet[f"{column}{row}"].value): row for row in range(1, sheet.max_row + 1)}


@pytest.mark.parametrize("name", ["gomez", "twelve", "tbptt", "stored", "split", "once"])
def test_step_follows_its_drop_downs(name: str) -> None:
    trace, live = PROBLEMS[name].problem().run(), Live(BOOKS[name])
    rows = column_values(openpyxl.load_workbook(io.BytesIO(BOOKS[name]))["Step"], "A")
    (one,) = trace.passes
    for number, window in enumerate(one.windows, 1):
        for t in window.steps:
            live.set("Step", {"B3": t, **({"B4": number} if len(one.windows) > 1 else {})})
            now = forward_values(one, t)
            for row in trace.model.forward:
                value = now(Symbol(row.symbol, 0))
                expected = 0.0 if value != value else value
                assert live.get("Step", f"D{rows[row.symbol]}") == pytest.approx(expected)
            now = backward_values(one, window, t)
            for symbol in window.backward:
                got = live.get("Step", f"D{rows[symbol]}")
                assert got == pytest.approx(now(Symbol(symbol, 0)), rel=1e-10), (symbol, t)
            for term in trace.model.quantities["do"].terms:
                got = live.get("Step", f"E{rows['do']}")
                assert got == pytest.approx(now(term.upstream), rel=1e-10)
                got = live.get("Step", f"F{rows['do']}")
                assert got == pytest.approx(now(Symbol("tanh_c", 0)), rel=1e-10)


def test_the_numbers_put_in_are_live_text() -> None:
    live = Live(BOOKS["gomez"])
    rows = column_values(openpyxl.load_workbook(io.BytesIO(BOOKS["gomez"]))["Step"], "A")
    cell = f"C{rows['dc']}"
    live.set("Step", {"B3": 1})
    assert live.get("Step", cell) == "0.01475·(1 − 0.6560²) + (−0.07111)·0.8703"
    live.set("Step", {"B3": 2})
    assert live.get("Step", cell) == "(−0.4063)·(1 − 0.9083²) + 0·0"
    live.set("BPTT", {Grid(BOOKS["gomez"]).names["b_o"]: -50.0})
    assert live.get("Step", cell) == "(−0.000000000000)·(1 − 0.9017²) + 0·0"


@pytest.mark.parametrize("name", ["gomez", "tbptt", "split"])
def test_cell_follows_its_drop_downs(name: str) -> None:
    trace, live = PROBLEMS[name].problem().run(), Live(BOOKS[name])
    sheet = openpyxl.load_workbook(io.BytesIO(BOOKS[name]))["Cell"]
    places = {str(c.value): c for row in sheet.iter_rows() for c in row if c.value}
    (one,) = trace.passes
    for number, window in enumerate(one.windows, 1):
        for t in window.steps:
            live.set("Cell", {"B3": t, **({"B4": number} if len(one.windows) > 1 else {})})
            for symbol, label in {
                "f": "fₜ",
                "c": "cₜ",
                "tanh_c": "tanh_c,ₜ",
                "z_o": "z_o,ₜ",
            }.items():
                cell = places[label]
                below = [f"{get_column_letter(cell.column)}{cell.row + k}" for k in (1, 2)]
                assert live.get("Cell", below[0]) == pytest.approx(one.forward[symbol][t])
                expected = window.backward[f"d{symbol}"][t - window.first]
                assert live.get("Cell", below[1]) == pytest.approx(expected, rel=1e-10)
            cell = places["cₜ₋₁"]
            before = live.get("Cell", f"{get_column_letter(cell.column)}{cell.row + 1}")
            assert before == pytest.approx(one.state_before(t, "c"))


@pytest.mark.parametrize("name", ["gomez", "twelve", "logistic"])
def test_the_numerical_check_agrees_for_every_parameter(name: str) -> None:
    trace, live = PROBLEMS[name].problem().run(), Live(BOOKS[name])
    for parameter in trace.initial:
        live.set("Gradients", {"B4": parameter})
        gradient = trace.gradients[f"d{parameter}"]
        assert live.get("Gradients", "B9") == pytest.approx(gradient, rel=1e-10)
        assert live.get("Gradients", "B8") == pytest.approx(gradient, rel=1e-5, abs=1e-8)
        assert live.get("Gradients", "B12") == "OK"
        assert live.get("Checks", "B3") == "OK"
    first = next(iter(trace.initial))
    live.set("Gradients", {"B4": first, "B5": 0.5})  # too far: the curve is not straight
    assert live.get("Gradients", "B12") == "!!"
    assert live.get("Guide", "B2") == "!!"


def test_a_wrong_formula_is_found_by_the_checks() -> None:
    live, grid = Live(BOOKS["gomez"]), Grid(BOOKS["gomez"])
    assert live.get("Checks", "B3") == "OK"
    row = grid.blocks[3][1]["dc"]
    live.book.set_formula("BPTT", row, 6, f"=F{row - 1}*1.01")
    live.book.evaluate_all()
    assert live.get("Checks", "B3") == "!!"
    assert live.get("Guide", "B2") == "!!"


@pytest.mark.parametrize("name", ["tbptt", "stored", "adam"])
def test_a_truncated_gradient_is_said_to_be_truncated(name: str) -> None:
    book = spreadsheets.read(BOOKS[name])
    assert book["Gradients", "B12"] in ("truncated", "OK")
    note = "what truncation cuts off, and what updates between the windows change"
    assert book["Gradients", "C10"] == note
    assert abs(float(str(book["Gradients", "B10"]))) > 1e-9
    assert book["Guide", "B2"] == "OK"


def test_an_exact_split_has_no_such_excuse() -> None:
    data = replace(PROBLEMS["split"], bptt='scheme = "naive-split(3)"\nupdate = "sequence"')
    book = spreadsheets.read(book_of(data))
    assert book["Gradients", "B12"] == "OK"
    assert book["Gradients", "C10"] == "nothing but rounding"


def test_sheets_stand_in_their_order_and_link_to_what_is_there() -> None:
    for name in ("gomez", "adam"):
        book = openpyxl.load_workbook(io.BytesIO(BOOKS[name]))
        more = ["BPTT 2"] if name == "adam" else []
        assert book.sheetnames == [*STUDY[:2], *more, *STUDY[2:]]
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.hyperlink is not None:
                        title, _, place = cell.hyperlink.location.rpartition("!")
                        assert title.strip("'") in book.sheetnames
                        assert coordinate_to_tuple(place)


def test_the_guide_has_five_experiments_made_from_the_problem() -> None:
    texts = [str(v) for (sheet, _), v in spreadsheets.read(BOOKS["gomez"]).items()
             if sheet == "Guide"]  # fmt: skip
    numbered = [text for text in texts if re.match(r"[1-9]\. Set|[1-9]\. Empty", text)]
    assert len(numbered) == 5
    grid = Grid(BOOKS["gomez"])
    assert f"BPTT!{grid.names['b_f']}" in numbered[0]
    assert f"BPTT!F{grid.blocks[3][1]['dc_via_c']}" in numbered[0]


@pytest.mark.parametrize("wanted", [["Guide", "Flow"], ["Guide", "Charts", "Step"], ["guide"]])
def test_the_guide_lists_the_sheets_that_there_are(wanted: list[str]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(load("gomez"), wanted)))
    cells = [cell for (cell,) in book["Guide"].iter_rows(max_col=1) if cell.hyperlink]
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
    ranges = [str(r.sqref) for r in sheet.conditional_formatting
              for rule in r.rules if rule.type == "colorScale"]  # fmt: skip
    gate, memory = grid.blocks[2][1]["f"], rows["dc"]
    assert f"F{gate}:G{gate}" in ranges and f"E{memory}:G{memory}" in ranges


def test_charts_are_native_and_refer_to_their_rows() -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["adam"]))
    assert len(book["Charts"]._charts) == 5
    assert len(openpyxl.load_workbook(io.BytesIO(BOOKS["gomez"]))["Charts"]._charts) == 4


def test_chosen_sheets_only() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(GOMEZ, sheets=["step", "Charts"])))
    assert book.sheetnames == ["BPTT", "Step", "Charts"]
    with pytest.raises(OptionError, match='found "stepp"; did you mean step'):
        book_of(GOMEZ, sheets=["stepp"])
    with pytest.raises(OptionError, match="expected --practice with the sheet Practice"):
        book_of(GOMEZ, sheets=["Practice"])


def test_forward_only_problems_have_study_sheets_too() -> None:
    lines = [line for line in GOMEZ.toml().splitlines() if not line.startswith("target")]
    problem = Problem(read_specification("\n".join(lines), "p", Path()))
    file = io.BytesIO()
    build_workbook(problem.run(), file)
    book = file.getvalue()
    names = openpyxl.load_workbook(io.BytesIO(book)).sheetnames
    assert names == [name for name in STUDY if name != "Gradients"]
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
    build_workbook(Problem(read_specification(text, "p", tmp_path)).run(), file)
    book = file.getvalue()
    labels = {str(v) for (sheet, _), v in spreadsheets.read(book).items() if sheet == "Cell"}
    assert {"zₜ", "hₜ", "yₜ", "Eₜ", "xₜ", "hₜ₋₁"} <= labels
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(without_noise(book, got), book)


def test_the_command_names_sheets_and_exercises(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "w.xlsx"
    assert run("workbook", "gomez", "--sheets", "Step, Cell", "-o", path).exit_code == 0
    assert openpyxl.load_workbook(path).sheetnames == ["BPTT", "Step", "Cell"]
    result = run("workbook", "gomez", "--practice", "dcc", "-o", tmp_path / "x.xlsx")
    expected = "--practice: expected forward, backward, all, or symbols that are computed, "
    assert result.stderr == f'Error: {expected}found "dcc"; did you mean dc?\n'
    assert not (tmp_path / "x.xlsx").exists()
