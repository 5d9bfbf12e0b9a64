"""The workbook of an experiment: its heat map is live, and follows what is chosen."""

from __future__ import annotations

import io
import math
from pathlib import Path

import openpyxl
import pytest

from cellcalc.api import Problem
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.specification import read_specification
from cellcalc.studies import experiment
from cellcalc.studies.experiment import Experiment, Result, design
from cellcalc.views.experiment import COLUMNS, record
from cellcalc.workbook import build_results
from tests.support.command import Run
from tests.support.problems import TRAINING
from tests.support.spreadsheets import by_formualizer, by_libreoffice, formula_cells, poisoned, read

Made = tuple[Experiment, list[Result], bytes]


@pytest.fixture(scope="module")
def made() -> Made:
    """A grid of two by three, two rates of which one diverges, two lengths, a scheme of a name."""
    p = Problem.of(read_specification(TRAINING, "test.toml", Path()))
    planned = design(
        p.specification, p.model, [Scheme("full", None, None)], k1=(2, 4), k2=(1, 2, 4),
        rates=(0.1, 1e200), epochs=(2, 5), seeds=2, held_out=1,
    )  # fmt: skip
    results = list(experiment.run(planned))
    file = io.BytesIO()
    build_results(planned, results, file)
    return planned, results, file.getvalue()


def expected(results: list[Result], rate: float, epochs: int) -> dict[tuple[str, str], object]:
    """The cells of the heat map, block by block."""
    cells: dict[tuple[str, str], object] = {}
    by_name = {
        r.scheme: record(r) for r in results if (r.learning_rate, r.epochs) == (rate, epochs)
    }
    top = 8
    for measure in ("held_out_median", "final_median", "error", "backward_cells"):
        for down, k1 in enumerate((2, 4)):
            for across, k2 in zip("BCD", (1, 2, 4), strict=True):
                value = by_name[f"tbptt({k1},{k2})"][measure]
                finite = isinstance(value, int | float) and math.isfinite(value)
                cells["Heat map", f"{across}{top + down}"] = value if finite else ""
        top += 5
    return cells


@pytest.mark.parametrize(("rate", "epochs"), [(0.1, 2), (0.1, 5), (1e200, 5)])
def test_the_heat_map_follows_the_choice(rate: float, epochs: int, made: Made) -> None:
    _, results, contents = made
    edited = poisoned(contents, {"B3": rate, "B4": float(epochs)}, "Heat map")
    wanted = expected(results, rate, epochs)
    assert set(formula_cells(contents)) == set(wanted)
    for place, value in by_formualizer(edited, list(wanted)).items():
        if wanted[place] == "":
            assert value in ("", None), place
        else:
            assert value == pytest.approx(wanted[place], rel=1e-12), place


@pytest.mark.cases(0)
def test_it_recalculates_in_libreoffice(made: Made, soffice: str, tmp_path: Path) -> None:
    _, results, contents = made
    edited = poisoned(contents, {"B3": 0.1, "B4": 2.0}, "Heat map")
    values = read(by_libreoffice(soffice, {"study": edited}, tmp_path)["study"])
    for place, value in expected(results, 0.1, 2).items():
        assert values[place] == pytest.approx(value, rel=1e-12), place


def test_values_stand_beside_the_formulas(made: Made) -> None:
    _, results, contents = made
    values = read(contents)
    # It opens on the longest runs, at the rate that trains, and on the map.
    for place, value in expected(results, 0.1, 5).items():
        assert values.get(place, "") == (value if value == "" else pytest.approx(value))
    assert openpyxl.load_workbook(io.BytesIO(contents)).active.title == "Heat map"


def test_every_figure_is_in_the_results(made: Made) -> None:
    _, results, contents = made
    sheet = openpyxl.load_workbook(io.BytesIO(contents))["Results"]
    rows = list(sheet.iter_rows(min_row=5, values_only=True))
    assert len(rows) == len(results) == 28
    for row, result in zip(rows, results, strict=True):
        for name, shown, value in zip(COLUMNS, row, record(result).values(), strict=True):
            infinite = isinstance(value, float) and not math.isfinite(value)
            assert shown == (None if infinite else value), name


def test_charts_draw_the_curves_and_the_grid(made: Made) -> None:
    _, results, contents = made
    book = openpyxl.load_workbook(io.BytesIO(contents))
    assert book.sheetnames == ["Results", "Heat map", "Curves"]
    assert len(book["Curves"]._charts) == 1 and len(book["Heat map"]._charts) == 3
    curves = book["Curves"]
    labels = [cell.value for cell in curves["A"] if cell.row > 23]
    drawn = [r for r in results if r.epochs == 5]
    assert labels == [f"{r.scheme}, {r.learning_rate:g}" for r in drawn]
    assert [curves.cell(24, 2 + k).value for k in range(5)] == [v for _, v in drawn[0].curve]


def test_an_experiment_without_a_grid_has_no_heat_map(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(TRAINING)
    path = tmp_path / "named.xlsx"
    arguments = ["experiment", tmp_path / "p.toml", "--scheme", "full", "--epochs", 2]
    result = run(*arguments, "--workbook", path)
    assert result.exit_code == 0 and result.stderr == f"wrote {path}\n"
    assert openpyxl.load_workbook(path).sheetnames == ["Results", "Curves"]
    kept = path.read_bytes()
    again = run(*arguments, "--workbook", path)
    assert again.exit_code == 0 and path.read_bytes() == kept  # the same again is no error
