"""The workbook: its contract, and its formulas recalculated by two engines after edits."""

from __future__ import annotations

import copy
import io
import math
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas
import pytest
from openpyxl.utils import get_column_letter

import cellcalc
from cellcalc.api import Problem, Trace
from cellcalc.errors import InputError, OutputError
from cellcalc.problems.specification import read_specification
from cellcalc.workbook.layout import defined_name
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.oracles import parameters_of, sample
from tests.support.problems import GOMEZ, Data, random_data
from tests.support.sheets import BACKWARD, FORWARD, INPUTS, PARAMETERS, Grid, differences

PROBLEMS = {
    "gomez": GOMEZ,
    "linear": random_data(1, 3, 5, "linear", "squared"),
    "logistic": random_data(2, 1, 4, "logistic", "cross-entropy", missing=True),
    "six_features": random_data(3, 6, 3, "linear", "half-squared"),
    "one_step": random_data(4, 1, 1),
}


BOOKS = spreadsheets.Made(lambda name: spreadsheets.workbook(PROBLEMS[name].problem()))


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_sheet_holds_the_trace_where_the_contract_says(name: str) -> None:
    data, grid = PROBLEMS[name], Grid(BOOKS[name])
    trace = data.problem().run()
    one, n = trace.passes[0], data.steps
    (window,) = one.windows
    assert [group for group, _, _ in grid.blocks] == ["Time", "Parameters", "Forward", "Backward"]
    for _, _, columns in grid.blocks:
        assert list(columns) == list(range(n + 2))
        assert next(iter(columns.values())) == "E"
    for t in range(1, n + 1):
        for row in trace.model.inputs:
            expected = one.forward[row.symbol][t]
            got = grid.value(INPUTS, row.symbol, t)
            assert got == (None if math.isnan(expected) else expected)
        for row in trace.model.forward:
            expected = one.forward[row.symbol][t]
            got = grid.value(FORWARD, row.symbol, t)
            assert got == (0 if math.isnan(expected) else expected), row.symbol
        for symbol, values in window.backward.items():
            assert grid.value(BACKWARD, symbol, t) == values[t - 1], symbol
        for symbol, value in window.before.items():
            assert grid.value(PARAMETERS, symbol, t) == value
    for state, value in data.initial.items():
        assert grid.value(FORWARD, state, 0) == value
        assert grid.value(BACKWARD, f"d{state}", 0) == window.gradients[f"d{state}0"]
    for symbol in ("dc", "dz_f", "dz_i", "dz_g", "dz_o"):
        assert grid.value(BACKWARD, symbol, n + 1) == 0
    for symbol, value in window.after.items():
        assert grid.value(PARAMETERS, symbol, 0) == window.before[symbol]
        assert grid.value(PARAMETERS, symbol, n + 1) == value
        assert grid.values[grid.names[f"d{symbol}"]] == window.gradients[f"d{symbol}"]
        assert grid.names[f"d{symbol}"] == f"D{grid.blocks[BACKWARD][1][f'd{symbol}']}"
        assert grid.names[symbol] == grid.cell(PARAMETERS, symbol, 0)
    assert grid.values[grid.names["loss"]] == one.loss
    assert grid.values[f"D{grid.blocks[FORWARD][1]['L']}"] == one.loss
    assert grid.values[grid.names["learning_rate"]] == data.learning_rate


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_computed_cell_is_a_formula_with_a_stored_number(name: str) -> None:
    formulas = spreadsheets.read(BOOKS[name], formulas=True)
    values = spreadsheets.read(BOOKS[name])
    computed = spreadsheets.formula_cells(BOOKS[name])
    assert all(isinstance(values.get(cell), int | float) for cell in computed)
    grid = Grid(BOOKS[name])
    data, expected = PROBLEMS[name], 0
    n = data.steps
    for block, first in ((FORWARD, 1), (BACKWARD, 1)):
        _, rows, columns = grid.blocks[block]
        for symbol, row in rows.items():
            if symbol != "L":
                expected += n
                for t in range(first, n + 1):
                    text = formulas["BPTT", f"{columns[t]}{row}"]
                    assert str(text).startswith("="), (symbol, t)
    assert len(computed) > expected


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_row_is_one_formula_filled_right(name: str) -> None:
    formulas = spreadsheets.read(BOOKS[name], formulas=True)
    grid = Grid(BOOKS[name])
    n = PROBLEMS[name].steps
    for block in (FORWARD, BACKWARD):
        _, rows, _ = grid.blocks[block]
        for symbol, row in rows.items():
            if symbol == "L":
                continue
            moved = {
                _relative(str(formulas["BPTT", f"{get_column_letter(5 + t)}{row}"]), 5 + t)
                for t in range(1, n + 1)
            }
            assert len(moved) == 1, (symbol, moved)


def _relative(formula: str, column: int) -> str:
    """A formula with its relative columns written as distances from its own."""

    def distance(match: re.Match[str]) -> str:
        letters = openpyxl.utils.column_index_from_string(match[1])
        return f"[{letters - column}]{match[2]}"

    return re.sub(r"(?<![$A-Z])([A-Z]{1,3})([0-9]+)\b", distance, formula)


SAFE = {
    "ABS", "EXP", "IF", "IFERROR", "ISNUMBER", "LN", "MAX", "MIN", "SUM", "SUMPRODUCT", "TANH",
}  # fmt: skip


@pytest.mark.parametrize("name", PROBLEMS)
def test_formulas_use_only_functions_that_every_spreadsheet_has(name: str) -> None:
    book = spreadsheets.read(BOOKS[name], formulas=True)
    for cell in spreadsheets.formula_cells(BOOKS[name]):
        assert set(re.findall(r"([A-Z][A-Z0-9.]*)\(", str(book[cell]))) <= SAFE


def _weight(data: Data, grid: Grid) -> dict[str, float | None]:
    weights = data.parameters["W_i"]
    if isinstance(weights, list):
        weights[-1] = -0.375
        return {grid.names[f"W_i{len(weights)}"]: -0.375}
    data.parameters["W_i"] = -0.375
    return {grid.names["W_i"]: -0.375}


def _input(data: Data, grid: Grid) -> dict[str, float | None]:
    data.x[-1][0] = 1.625
    return {grid.cell(INPUTS, "x1" if data.features > 1 else "x", data.steps): 1.625}


def _target(data: Data, grid: Grid) -> dict[str, float | None]:
    data.target[0] = 0.8125
    return {grid.cell(INPUTS, "target", 1): 0.8125}


def _no_target(data: Data, grid: Grid) -> dict[str, float | None]:
    data.target[-1] = math.nan
    return {grid.cell(INPUTS, "target", data.steps): None}


def _state(data: Data, grid: Grid) -> dict[str, float | None]:
    data.initial = {"h": -0.6875, "c": 1.3125}
    return {grid.cell(FORWARD, "h", 0): -0.6875, grid.cell(FORWARD, "c", 0): 1.3125}


def _rate(data: Data, grid: Grid) -> dict[str, float | None]:
    data.learning_rate = 0.5
    return {grid.names["learning_rate"]: 0.5}


def _saturated(data: Data, grid: Grid) -> dict[str, float | None]:
    data.parameters |= {"b_f": -1000.0, "b_i": 1000.0, "b_o": -1000.0}
    return {grid.names[name]: data.parameters[name] for name in ("b_f", "b_i", "b_o")}


Edit = Callable[[Data, Grid], dict[str, float | None]]
EDITS: dict[str, tuple[Edit, ...]] = {
    "nothing": (),
    "weight": (_weight,),
    "input": (_input,),
    "target": (_target,),
    "no_target": (_no_target,),
    "state": (_state,),
    "rate": (_rate,),
    "saturated": (_saturated,),
    "all": (_weight, _input, _target, _state, _rate),
}
CASES = [(name, edit) for name in PROBLEMS for edit in EDITS]
CHOSEN = sample(CASES, 4)


def edited(name: str, edit: str) -> tuple[bytes, bytes]:
    """A workbook edited by hand, with its values poisoned; and the one of the edited problem."""
    data, grid = copy.deepcopy(PROBLEMS[name]), Grid(BOOKS[name])
    cells: dict[str, float | None] = {}
    for change in EDITS[edit]:
        cells |= change(data, grid)
    if all(math.isnan(target) for target in data.target):
        data.target[-1] = PROBLEMS[name].target[-1]  # then it would be no problem to learn from
        cells = {}
    expected = spreadsheets.workbook(data.problem())
    return spreadsheets.poisoned(BOOKS[name], cells), expected


@pytest.mark.parametrize(("name", "edit"), CASES)
@pytest.mark.cases(4)
def test_formualizer_recalculates_to_the_trace_of_the_edited_problem(name: str, edit: str) -> None:
    book, expected = edited(name, edit)
    got = spreadsheets.by_formualizer(book, spreadsheets.formula_cells(expected))
    assert not list(differences(got, expected, 1e-12))


@pytest.fixture(scope="module")
def libreoffice(
    soffice: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, bytes]:
    """The edited workbooks that are asked for, recalculated in one run of LibreOffice."""
    asked = parameters_of(request.session, "libreoffice", "name", "edit")
    books = {f"{n}-{e}": edited(n, e)[0] for n, e in CHOSEN if (n, e) in asked}
    return spreadsheets.by_libreoffice(soffice, books, tmp_path_factory.mktemp("libreoffice"))


@pytest.mark.parametrize(("name", "edit"), CHOSEN)
@pytest.mark.cases(1)
def test_libreoffice_recalculates_to_the_trace_of_the_edited_problem(
    name: str, edit: str, libreoffice: dict[str, bytes]
) -> None:
    _, expected = edited(name, edit)
    got = spreadsheets.read(libreoffice[f"{name}-{edit}"])
    assert not list(differences(got, expected, 1e-13))
    assert not [value for value in got.values() if str(value).startswith("#")]


@pytest.mark.cases(0)
def test_poison_reaches_the_engines() -> None:
    """The recalculation tests would prove nothing if stored values came through."""
    book = spreadsheets.poisoned(BOOKS["gomez"])
    cells = spreadsheets.formula_cells(book)
    assert {spreadsheets.read(book)[cell] for cell in cells} == {spreadsheets.POISON}


def test_pandas_sees_the_values() -> None:
    frame = pandas.read_excel(io.BytesIO(BOOKS["gomez"]), sheet_name="BPTT", header=None)
    row = frame[frame[1] == "dc"].iloc[0]
    assert row[5] == pytest.approx(-0.05348368434062696, rel=1e-15)


def test_inputs_are_blue_and_formulas_black() -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["linear"]))
    grid = Grid(BOOKS["linear"])
    sheet = book["BPTT"]
    inputs = {grid.names[f"W_f{k}"] for k in (1, 2, 3)} | {grid.names["learning_rate"]}
    inputs |= {grid.cell(INPUTS, "x1", t) for t in range(1, 6)}
    inputs |= {grid.cell(FORWARD, "h", 0), grid.cell(FORWARD, "c", 0)}
    for row in sheet.iter_rows(min_row=5, min_col=5):
        for cell in row:
            if cell.data_type == "f":
                assert cell.font.color.rgb in ("00000000", "00595959"), cell.coordinate
            if cell.coordinate in inputs:
                assert cell.font.color.rgb == "000000FF", cell.coordinate


def test_every_blue_cell_takes_numbers_only() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(BOOKS["linear"]))["BPTT"]
    (rule,) = sheet.data_validations.dataValidation
    assert (rule.type, rule.formula1, rule.formula2) == ("decimal", "-1E+15", "1E+15")
    with zipfile.ZipFile(io.BytesIO(BOOKS["linear"])) as package:  # old openpyxl reads it wrongly
        part = package.read(spreadsheets.part_of(BOOKS["linear"], "BPTT")).decode()
    assert 'allowBlank="1"' in part and rule.showErrorMessage
    blue = {
        cell.coordinate
        for row in sheet.iter_rows(min_row=5, min_col=5)
        for cell in row
        if cell.data_type != "f" and cell.font.color.rgb == "000000FF"
    }
    assert len(blue) > 30
    ranges = [area.cells for area in rule.sqref.ranges]
    assert blue == {sheet.cell(*place).coordinate for cells in ranges for place in cells}


def test_settings_take_numbers_within_their_bounds() -> None:
    data = random_data(1, 1, 3, "logistic", "cross-entropy")
    data.update = 'optimizer = "adam"'
    book = spreadsheets.workbook(data.problem())
    sheet, grid = openpyxl.load_workbook(io.BytesIO(book))["BPTT"], Grid(book)
    rules = {
        area: rule
        for rule in sheet.data_validations.dataValidation
        for area in str(rule.sqref).split()
    }
    assert (rules["F6:H6"].formula1, rules["F6:H6"].formula2) == ("0", "1")  # targets
    for name, low, high in (("beta1", "0", "0.999999999"), ("epsilon", "1E-300", "0.999999999")):
        rule = rules[grid.names[name]]
        assert (rule.type, rule.formula1, rule.formula2) == ("decimal", low, high)
    assert rules[grid.names["beta2"]].error == (
        "A number from 0 to 0.999999999. A target may be empty: that step has no loss then."
    )


def test_the_workbook_is_set_up_for_screen_and_paper() -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS["gomez"]))
    assert book.sheetnames == ["BPTT", "Equations"]
    assert book.calculation.fullCalcOnLoad
    sheet = book["BPTT"]
    assert sheet.freeze_panes == "C5"
    assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$4:$4" and sheet.print_title_cols == "$A:$D"
    assert sheet.column_dimensions["C"].width >= 30
    assert sheet["A1"].value == "random"
    assert sheet.dimensions == f"A1:H{sheet.max_row}"


def test_equations_name_maths_formula_meaning_and_source() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(BOOKS["gomez"]))["Equations"]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True)}
    assert rows["symbol"] == ("equation", "cell", "Excel formula, t = 1", "meaning", "source")
    equation, cell, formula, meaning, source = rows["dc"]
    assert equation == "∂L/∂cₜ = ∂L/∂tanh_c,ₜ·(1 − tanh_c,ₜ²) + ∂L/∂cₜ₊₁·fₜ₊₁"
    assert formula == spreadsheets.read(BOOKS["gomez"], formulas=True)["BPTT", cell]
    assert meaning == "how the loss changes with c (memory cell)"
    assert source == (
        "chain rule: c acts on tanh_c: ∂tanh_c,ₜ/∂cₜ = 1 − tanh_c,ₜ²; "
        "c acts on the next step's c: ∂cₜ₊₁/∂cₜ = fₜ₊₁"
    )
    assert rows["z_f"][-1] == "Gers, Schmidhuber & Cummins 2000"
    assert sheet.cell(2, 4).data_type == "s"  # a text that shows a formula


def test_the_same_input_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spreadsheets.workbook(GOMEZ.problem()) == BOOKS["gomez"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    later = spreadsheets.workbook(GOMEZ.problem())
    with zipfile.ZipFile(io.BytesIO(later)) as package:
        assert b"2023-11-14T22:13:20Z" in package.read("docProps/core.xml")
        assert {entry.date_time for entry in package.infolist()} == {(2023, 11, 14, 22, 13, 20)}


def test_numbers_are_stored_to_the_last_bit() -> None:
    data = copy.deepcopy(GOMEZ)
    data.x[0][0] = 0.1 + 0.2
    data.parameters["U_f"] = 0.1234567890123456789
    grid = Grid(spreadsheets.workbook(data.problem()))
    assert grid.value(INPUTS, "x1", 1) == 0.30000000000000004
    assert grid.value(PARAMETERS, "U_f", 0) == 0.1234567890123456789


@pytest.mark.parametrize(
    "title", ["=1+1", "+A1", "-2", "@SUM(A1)", "<b>&amp;", "\u0007\u001b[31m", "]]>"]
)
def test_a_title_is_text_whatever_it_looks_like(title: str) -> None:
    text = GOMEZ.toml().replace('"random"', repr(title) if "\u0007" not in title else '"\\u0007x"')
    contents = spreadsheets.workbook(Problem.of(read_specification(text, "p.toml", Path())))
    with zipfile.ZipFile(io.BytesIO(contents)) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(package.read(name))
    cell = openpyxl.load_workbook(io.BytesIO(contents))["BPTT"]["A1"]
    assert cell.data_type == "s" and cell.value == ("x" if "\u0007" in title else title)


def test_forward_only_problems_have_no_backward_block() -> None:
    lines = [line for line in GOMEZ.toml().splitlines() if not line.startswith("target")]
    problem = Problem.of(read_specification("\n".join(lines), "p.toml", Path()))
    contents = spreadsheets.workbook(problem)
    grid = Grid(contents)
    assert [group for group, _, _ in grid.blocks] == ["Time", "Parameters", "Forward"]
    assert "loss" not in grid.names and "W_f1" in grid.names
    cells = spreadsheets.formula_cells(contents)
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(contents), cells)
    assert not list(differences(got, contents, 1e-12))


def test_frozen_parameters_stay_in_the_workbook_too() -> None:
    data = copy.deepcopy(GOMEZ)
    data.frozen = ["W_i"]
    contents = spreadsheets.workbook(data.problem())
    grid = Grid(contents)
    assert grid.value(PARAMETERS, "W_i2", 3) == 0.8
    assert grid.value(PARAMETERS, "U_i", 3) != 0.8
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(contents), spreadsheets.formula_cells(contents)
    )
    assert not list(differences(got, contents, 1e-12))


@pytest.mark.parametrize(
    ("symbol", "name"),
    [("W_f1", "W_f1"), ("W1", "W1_"), ("R", "R_"), ("c", "c_"), ("rc", "rc_"), ("b", "b"),
     ("XFD1", "XFD1_"), ("true", "true_"), ("dW1", "dW1_"), ("R1C1", "R1C1_")],
)  # fmt: skip
def test_names_are_never_references(symbol: str, name: str) -> None:
    assert defined_name(symbol, set()) == name


def test_names_that_differ_in_case_only_are_told_apart() -> None:
    taken: set[str] = set()
    assert [defined_name(name, taken) for name in ("w", "W", "V")] == ["w", "W_", "V"]


def test_a_workbook_that_would_not_fit_is_refused(tmp_path: Path, run: Run) -> None:
    steps = 16_379
    path = tmp_path / "long.toml"
    path.write_text(
        "[parameters]\nrandom = {seed = 1}\n[[sequence]]\n"
        f"x = {[0.5] * steps}\ntarget = {[0.25] * steps}\n"
    )
    result = run("workbook", path, "-o", tmp_path / "long.xlsx")
    assert result.exit_code == 2
    assert result.stderr == "Error: workbook: expected at most 16,378 steps, found 16,379\n"
    assert not (tmp_path / "long.xlsx").exists()


def test_inputs_that_a_spreadsheet_cannot_hold_are_refused() -> None:
    specification = copy.deepcopy(GOMEZ).problem().specification
    (sequence,) = specification.sequences
    first, second = sequence.inputs
    broken = replace(sequence, inputs=(first, (second[0], math.nan)))  # no file can say so
    with pytest.raises(OutputError, match="found another value in x2 at t = 2"):
        spreadsheets.workbook(cellcalc.Problem.of(replace(specification, sequences=(broken,))))


def test_an_input_that_a_spreadsheet_cannot_hold_does_not_get_as_far() -> None:
    data = copy.deepcopy(GOMEZ)
    data.x[1][1] = math.nan
    with pytest.raises(InputError, match="expected a finite number, found nan"):
        spreadsheets.workbook(data.problem())


def test_the_command_names_the_file_after_the_problem(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("workbook", "gomez")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "wrote gomez.xlsx\n")
    before = (tmp_path / "gomez.xlsx").read_bytes()
    assert run("workbook", "gomez").exit_code == 0  # the file holds these very bytes
    result = run("workbook", "gomez", "--sheets", "Step")
    start = "Error: gomez.xlsx: expected no file of that name (or --force), found one"
    assert (result.exit_code, result.stderr.partition(";")[0]) == (2, start)
    assert (tmp_path / "gomez.xlsx").read_bytes() == before
    assert run("workbook", "gomez", "--force").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gomez.xlsx"]
    trace: Trace = cellcalc.load("gomez").run()
    assert Grid(before).values["A1"] == trace.specification.title
