"""The sheet Train: every pass of a training run a row, live from the first to the last."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

import cellcalc
from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.sheets import Grid
from tests.support.spreadsheets import book_of

BODY = """
[parameters]
random = {seed = 7, scale = 0.8}
[initial]
h = 0.25
c = -0.5
[[sequence]]
x = [1, -0.5, 0.75, 0.25]
target = [0.5, nan, -0.25, 0.75]
[[sequence]]
x = [0.5, 1.25, -0.75{more}]
target = [nan, 0.25, 0.5{more}]
"""
CASES = {
    "plain": "[update]\nepochs = 3\n",
    "adam": '[update]\noptimizer = "adam"\nlearning_rate = 0.05\nepochs = 4\nfrozen = ["U_f"]\n',
    "momentum": '[update]\noptimizer = "momentum"\nepochs = 3\n',
    "windows": '[bptt]\nscheme = "tbptt(2,3)"\n[update]\nepochs = 3\n',
    "stored": '[bptt]\nscheme = "tbptt(1,2)"\nweights = "stored"\n[update]\nepochs = 2\n',
    "split": '[bptt]\nscheme = "naive-split(2)"\n[update]\nepochs = 2\n',
    "once": '[bptt]\nscheme = "tbptt(2,3)"\nupdate = "sequence"\nclip_norm = 0.1\n'
    '[update]\nepochs = 2\noptimizer = "adam"\n',
    "epoch": '[bptt]\nscheme = "tbptt(2,3)"\nupdate = "epoch"\nclip_norm = 0.1\n'
    '[update]\nepochs = 3\noptimizer = "adam"\n',
    "epoch mean": '[bptt]\nscheme = "full"\nupdate = "epoch"\nreduction = "mean"\n'
    "[update]\nepochs = 3\n",
    "mean": '[bptt]\nscheme = "tbptt(2,3)"\nreduction = "mean"\n[update]\nepochs = 3\n',
    "sequence mean": '[bptt]\nscheme = "tbptt(2,2)"\nupdate = "sequence"\nreduction = "mean"\n'
    "[update]\nepochs = 2\n",
    "keras": '[bptt]\nscheme = "keras-stateful(2)"\n[update]\nepochs = 2\n',
    "clipped": '[bptt]\nscheme = "tbptt(2,2)"\nclip_value = 0.02\n[update]\nepochs = 2\n',
}


def problem(case: str, equal: bool = False) -> Problem:
    text = BODY.replace("{more}", ", 0.125" if equal else "") + CASES[case]
    return Problem.of(read_specification(text, "train.toml", Path()))


def parameters(values: spreadsheets.Values, passes: int) -> list[dict[str, float]]:
    """The parameters that each row begins with."""
    cells = {cell: value for (sheet, cell), value in values.items() if sheet == "Train"}
    heading = max(int(c[1:]) for c, v in cells.items() if v == "pass" and c[0] == "A")
    names = {}
    for column in range(7, 40):
        name = cells.get(f"{openpyxl.utils.get_column_letter(column)}{heading}")
        if isinstance(name, str) and name[0] in "WUbV":
            names[openpyxl.utils.get_column_letter(column)] = name
    return [
        {name: float(str(cells[f"{c}{heading + k}"])) for c, name in names.items()}
        for k in range(1, passes + 1)
    ]


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.cases(2)
def test_its_rows_are_the_passes_of_the_trace(case: str, equal: bool) -> None:
    trace = problem(case, equal).run()
    book = book_of(trace, ["Train"])
    cells = [c for c in spreadsheets.formula_cells(book) if c[0] == "Train"]
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(book), cells)
    stored = spreadsheets.read(book)
    for cell in cells:
        assert got[cell] == pytest.approx(stored[cell], rel=1e-9, abs=1e-13), cell
    for row, one in zip(parameters(stored, len(trace.passes)), trace.passes, strict=True):
        assert row == pytest.approx(dict(one.before), rel=1e-14)


def test_a_changed_weight_and_rate_train_anew() -> None:
    plain = problem("adam")
    book = book_of(plain, ["Train"])
    s = plain.specification
    settings = {**s.update.settings, "learning_rate": 0.2}
    update = replace(s.update, settings=settings)
    other = Problem.of(replace(s, parameters={**s.parameters, "U_g": 0.625}, update=update))
    names = Grid(book).names
    edits = {names["U_g"]: 0.625, names["learning_rate"]: 0.2}
    cells = [c for c in spreadsheets.formula_cells(book) if c[0] == "Train"]
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(book, edits), cells)
    whole = {**spreadsheets.read(book), **got}
    passes = other.run().passes
    for row, one in zip(parameters(whole, len(passes)), passes, strict=True):
        assert row == pytest.approx(dict(one.before), rel=1e-9)


def longer(epochs: int) -> Problem:
    plain = problem("adam", equal=True)
    s = plain.specification
    return Problem.of(replace(s, update=replace(s.update, epochs=epochs)))


def test_of_many_passes_those_of_the_first_epoch_have_a_sheet() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(longer(26))), read_only=True)
    assert [name for name in book.sheetnames if "BPTT" in name] == ["BPTT", "BPTT 2"]


@pytest.mark.cases(0)
def test_statquest_is_trained_in_600_rows() -> None:
    with zipfile.ZipFile(io.BytesIO(book_of(cellcalc.load("statquest"), ["Train"]))) as package:
        parts = [package.read(n) for n in package.namelist() if n.startswith("xl/worksheets/s")]
    assert max(part.count(b"<row ") for part in parts) > 600
    assert max(part.count(b"<f>") for part in parts) > 100_000


@pytest.mark.cases(0)
def test_libreoffice_trains_as_cellcalc_does(soffice: str, tmp_path: Path) -> None:
    """Of many rows: LibreOffice computes long columns of equal formulas together."""
    trained = longer(40)
    book = book_of(trained, ["Train"])
    whole = spreadsheets.by_libreoffice(soffice, {"a": spreadsheets.poisoned(book)}, tmp_path)["a"]
    passes = trained.run().passes
    got = parameters(spreadsheets.read(whole), 80)
    for row, one in zip(got, passes, strict=True):
        assert row == pytest.approx(dict(one.before), rel=1e-8)


def test_a_single_pass_has_no_such_sheet_and_epochs_make_one(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    assert run("workbook", "gomez", "-o", path).exit_code == 0
    assert "Train" not in openpyxl.load_workbook(path).sheetnames
    assert run("workbook", "gomez", "--epochs", 3, "-o", path, "--force").exit_code == 0
    assert "Train" in openpyxl.load_workbook(path).sheetnames
    assert run("workbook", "gomez", "--epochs", 0, "-o", path, "--force").exit_code == 2
