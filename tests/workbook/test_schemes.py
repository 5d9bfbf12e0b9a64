"""Workbooks of truncated schemes, optimizers, epochs and sequences: live in two engines."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cellcalc.errors import OutputError
from tests.support import spreadsheets
from tests.support.command import Run
from tests.support.oracles import sample
from tests.support.problems import Data, random_data
from tests.support.sheets import BACKWARD, FORWARD, INPUTS, PARAMETERS, Grid, differences, edit

TEN = random_data(21, 2, 10)
SECOND = random_data(22, 2, 4, missing=True)
ADAM = 'optimizer = "adam"\nbeta1 = 0.8\nbeta2 = 0.9\nepsilon = 1e-4\nepochs = 3'
PROBLEMS: dict[str, Data] = {
    "tbptt": replace(TEN, bptt='scheme = "tbptt(2,5)"'),
    "williams_peng": replace(TEN, bptt='scheme = "bptt(4;2)"'),
    "split": replace(TEN, bptt='scheme = "naive-split(3)"'),
    "realtime": replace(random_data(23, 1, 5), bptt='scheme = "realtime"'),
    "drops": replace(TEN, bptt='scheme = "tbptt(5,2)"\ntail = "discard"\nreduction = "mean"'),
    "last": replace(TEN, bptt='scheme = "forum-last(2,4)"\nweights = "stored"'),
    "stored": replace(TEN, bptt='scheme = "tbptt(2,5)"\nweights = "stored"\ninject = "all"'),
    "once": replace(TEN, bptt='scheme = "per-error(4)"', update='optimizer = "momentum"'),
    "no_tail": replace(TEN, bptt='k1 = 4\nk2 = 4\ntail = "discard"\nupdate = "sequence"'),
    "clipped": replace(TEN, bptt="k1 = 4\nk2 = 6\nclip_norm = 0.3\nclip_value = 0.1",
                       frozen=["W_i", "b_o"]),
    "value": replace(TEN, bptt='k1 = 4\nk2 = 6\nclip_value = 0.05\nreduction = "mean"'),
    "epochs": replace(random_data(24, 2, 3, missing=True), update="epochs = 2"),
    "adam": replace(random_data(25, 1, 3), update=ADAM, frozen=["U_g"],
                    bptt='scheme = "block(2)"'),
    "sequences": replace(TEN, more=[(SECOND.x, SECOND.target)], update="epochs = 2",
                         bptt='scheme = "naive-split(4)"'),
    "short": replace(TEN, bptt='scheme = "block(4)"\nreduction = "mean"',
                     update='optimizer = "adamw"'),
    "windows": replace(TEN, bptt='windows = [3, 5, 2]\nstate = "reset"',
                       update='optimizer = "rmsprop"'),
    "random": replace(TEN, bptt="windows = {mean = 3, deviation = 1, seed = 2}",
                      update="epochs = 2"),
    "epoch": replace(random_data(27, 2, 5), more=[(SECOND.x, SECOND.target)],
                     bptt='k1 = 2\nk2 = 3\nupdate = "epoch"\nreduction = "mean"\nclip_norm = 0.05',
                     update='optimizer = "nesterov"\nepochs = 2'),
    "epoch_behind": replace(random_data(27, 1, 4), update='optimizer = "adam"\nepochs = 3',
                            more=[([[0.3], [0.9]], [0.2, 0.1]), ([[0.5], [-0.4]], [math.nan] * 2)],
                            bptt='scheme = "block(3)"\nupdate = "epoch"\nclip_value = 0.3'),
    "epoch_sum": replace(random_data(27, 2, 5), more=[(SECOND.x, SECOND.target)],
                         bptt='scheme = "block(2)"\nupdate = "epoch"', update="epochs = 2"),
    "sequence_mean": replace(TEN, bptt='scheme = "keras-stateless(4)"\nupdate = "sequence"'),
    "skipped": replace(random_data(28, 1, 6, missing=True), update='optimizer = "momentum"',
                       bptt='scheme = "block(1)"\nempty = "skip"'),
    "clip_once": replace(random_data(26, 2, 6), more=[(SECOND.x, SECOND.target)],
                         bptt='scheme = "per-error(2)"\nclip_norm = 0.2',
                         update='optimizer = "momentum"\nmomentum = 0.7\nepochs = 2'),
}  # fmt: skip
BOOKS = spreadsheets.Made(lambda name: spreadsheets.workbook(PROBLEMS[name].problem()))
CHOSEN = sample(PROBLEMS, 3)


def edited(name: str) -> tuple[bytes, bytes]:
    """The workbook edited by hand, with its values poisoned; and the one of the edited problem."""
    data, cells = edit(PROBLEMS[name], Grid(BOOKS[name]))
    return spreadsheets.poisoned(BOOKS[name], cells), spreadsheets.workbook(data.problem())


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(3)
def test_formualizer_recalculates_to_the_trace_of_the_edited_problem(name: str) -> None:
    book, expected = edited(name)
    got = spreadsheets.by_formualizer(book, spreadsheets.formula_cells(expected))
    assert not list(differences(got, expected, 1e-11))
    assert expected != BOOKS[name]


@pytest.fixture(scope="module")
def libreoffice(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    books = {name: edited(name)[0] for name in CHOSEN}
    return spreadsheets.by_libreoffice(soffice, books, tmp_path_factory.mktemp("libreoffice"))


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.cases(0)
def test_libreoffice_recalculates_to_the_trace_of_the_edited_problem(
    name: str, libreoffice: dict[str, bytes]
) -> None:
    _, expected = edited(name)
    got = spreadsheets.read(libreoffice[name])
    assert not list(differences(got, expected, 1e-11))
    assert not [value for value in got.values() if str(value).startswith("#")]
    assert not [value for value in got.values() if str(value).startswith("Err:")]


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(3)
def test_the_sheets_hold_the_trace(name: str) -> None:
    trace = PROBLEMS[name].problem().run()
    for number, one in enumerate(trace.passes, 1):
        grid = Grid(BOOKS[name], "BPTT" if number == 1 else f"BPTT {number}")
        assert len(grid.blocks) == 3 + len(one.windows)
        for t in range(1, one.steps + 1):
            for row in trace.model.forward:
                value = one.forward[row.symbol][t]
                expected = 0.0 if math.isnan(value) else value
                assert grid.value(FORWARD, row.symbol, t) == expected
            for symbol, value in one.parameters_at(t).items():
                assert grid.value(PARAMETERS, symbol, t) == value
        for symbol, value in one.after.items():
            assert grid.value(PARAMETERS, symbol, one.steps + 1) == value
        for k, window in enumerate(one.windows):
            for symbol, values in window.backward.items():
                for t, value in zip(window.steps, values, strict=True):
                    assert grid.value(BACKWARD + k, symbol, t) == value
            rows = grid.blocks[BACKWARD + k][1]
            for parameter in window.before:
                total = grid.values[f"D{rows[f'd{parameter}']}"]
                assert total == window.gradients[f"d{parameter}"]
            outside = [t for t in range(one.steps + 2)
                       if t not in range(window.first - 1, window.last + 2)]  # fmt: skip
            assert all(grid.value(BACKWARD + k, "dc", t) is None for t in outside)
            assert grid.value(BACKWARD + k, "dc", window.last + 1) == 0


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.cases(3)
def test_every_formula_has_a_stored_number(name: str) -> None:
    values = spreadsheets.read(BOOKS[name])
    computed = spreadsheets.formula_cells(BOOKS[name])
    assert all(isinstance(values.get(cell), int | float) for cell in computed)
    formulas = spreadsheets.read(BOOKS[name], formulas=True)
    used = {f for cell in computed for f in re.findall(r"([A-Z][A-Z0-9.]*)\(", str(formulas[cell]))}
    assert used <= {
        "EXP", "MAX", "MIN", "TANH", "SUM", "IF", "ISNUMBER", "COUNT", "SQRT", "SUMSQ",
        "SUMPRODUCT", "IFERROR",
    }  # fmt: skip


def test_later_sheets_begin_where_the_one_before_ended() -> None:
    formulas = spreadsheets.read(BOOKS["sequences"], formulas=True)
    grid = Grid(BOOKS["sequences"], "BPTT 2")
    first = Grid(BOOKS["sequences"])
    cell = grid.cell(PARAMETERS, "U_f", 0)
    assert formulas["BPTT 2", cell] == f"=BPTT!{first.cell(PARAMETERS, 'U_f', 11)}"
    third = Grid(BOOKS["sequences"], "BPTT 3")
    cell = third.cell(PARAMETERS, "U_f", 0)
    assert formulas["BPTT 3", cell] == f"='BPTT 2'!{grid.cell(PARAMETERS, 'U_f', 5)}"
    given = f"=BPTT!{first.cell(INPUTS, 'x1', 1)}"
    assert formulas["BPTT 3", third.cell(INPUTS, "x1", 1)] == given
    assert isinstance(formulas["BPTT 2", grid.cell(INPUTS, "x1", 1)], float)


def test_windows_say_what_they_are() -> None:
    values = Grid(BOOKS["tbptt"]).values
    rows = sorted(
        int(cell[1:]) for cell, value in values.items() if cell[0] == "B" and value == "t"
    )
    headings = [(values.get(f"A{row}"), values.get(f"C{row}")) for row in rows]
    assert headings[3:] == [
        ("Backward 1", "fires after t = 2; losses: t = 1–2"),
        ("Backward 2", "fires after t = 4; losses: t = 3–4"),
        ("Backward 3", "fires after t = 6; losses: t = 5–6"),
        ("Backward 4", "fires after t = 8; losses: t = 7–8"),
        ("Backward 5", "fires after t = 10; losses: t = 9–10"),
    ]


def test_settings_are_named_and_blue() -> None:
    book = openpyxl.load_workbook(_file("adam"))
    grid = Grid(BOOKS["adam"])
    for name, value in {"learning_rate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-4}.items():
        cell = book["BPTT"][grid.names[name]]
        assert cell.value == value and cell.font.color.rgb == "000000FF"
    assert grid.value(PARAMETERS, "k", 4) == 2
    assert Grid(BOOKS["adam"], "BPTT 3").value(PARAMETERS, "k", 4) == 6
    grid = Grid(BOOKS["clipped"])
    assert {"clip_norm", "clip_value"} <= set(grid.names)


def _file(name: str):  # type: ignore[no-untyped-def]
    import io

    return io.BytesIO(BOOKS[name])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (replace(TEN, more=[(SECOND.x, SECOND.target)] * 50),
         "expected at most 50 sequences, a sheet each, found 51; 50 sequences would fit"),
        (replace(random_data(1, 1, 900), bptt='scheme = "realtime"'),
         "expected at most 5,000,000 cells, found 17,055,958; "
         "fewer steps, epochs or windows (a larger k1) would fit"),
    ],
)  # fmt: skip
def test_what_would_not_fit_is_refused_and_says_what_would(data: Data, message: str) -> None:
    with pytest.raises(OutputError) as caught:
        spreadsheets.workbook(data.problem())
    assert str(caught.value) == f"workbook: {message}"


def test_the_command_takes_a_scheme(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "p.toml"
    path.write_text(TEN.toml())
    output = tmp_path / "w.xlsx"
    only = ("--sheets", "Equations", "-o", output)
    assert run("workbook", path, "--scheme", "tbptt(2,5)", *only).exit_code == 0
    assert output.read_bytes() == BOOKS["tbptt"]
    assert run("workbook", path, "--k1", 2, "--k2", 5, *only, "--force").exit_code == 0
    assert output.read_bytes() == BOOKS["tbptt"]
