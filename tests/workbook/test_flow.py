"""The triangle of the sheet Windows is live: it follows a weight, and the k1 and k2 of its own."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from cellcalc.api import Problem
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.specification import read_specification
from cellcalc.studies.flow import Flow, flow
from cellcalc.workbook import build_workbook
from tests.support.command import Run
from tests.support.problems import Data, random_data
from tests.support.sheets import Live
from tests.support.spreadsheets import by_formualizer, by_libreoffice, poisoned, read

Cells = dict[tuple[str, str], float]


def letters(t: int) -> str:
    return openpyxl.utils.get_column_letter(3 + t)


def made(data: Data) -> tuple[Problem, bytes]:
    problem = data.problem()
    file = io.BytesIO()
    build_workbook(problem.run(), file, ["Windows"])
    return problem, file.getvalue()


def data_of(readout: str = "linear", steps: int = 6, bptt: str = "k1 = 2\nk2 = 3") -> Data:
    data = random_data(21, features=2, steps=steps, readout=readout, missing=True)
    data.bptt = f'{bptt}\nupdate = "sequence"'
    return data


def expected(found: Flow, steps: int, states: tuple[str, ...] = ("h", "c")) -> Cells:
    """The matrices and shares as the sheet has them."""
    top, cells = 7 + len(states) + 2, {}
    losses = [t for t in found.losses if t <= steps]
    for place, state in enumerate(states):
        if steps == found.steps:
            cells["Windows", f"B{8 + place}"] = found.cut_share(state)
        for row, loss in enumerate(losses, top + 2):
            for s in range(1, loss + 1):
                cells["Windows", f"{letters(s)}{row}"] = float(
                    found.matrix[state][row - top - 2, s - 1]
                )
        top += len(losses) + 3
    return cells


@pytest.mark.parametrize("readout", ["identity", "linear", "logistic"])
@pytest.mark.cases(1)
def test_its_values_are_those_of_the_matrix(readout: str) -> None:
    problem, contents = made(data_of(readout))
    values = read(contents)
    cells = expected(flow(problem.specification, problem.model), 6)
    assert len(cells) > 30
    for place, value in cells.items():
        assert values[place] == pytest.approx(value, rel=1e-12, abs=1e-15), place


def changed(problem: Problem) -> Flow:
    """The same with another forget gate weight, initial state and truncation."""
    s = problem.specification
    other = replace(
        s,
        parameters={**s.parameters, "U_f": 0.77},
        scheme=Scheme("tbptt(3,4)", 3, 4, update="sequence"),
    )
    return flow(other, problem.model)


def edited(contents: bytes) -> bytes:
    sheet = openpyxl.load_workbook(io.BytesIO(contents))["BPTT"]
    (row,) = (cell.row for cell in sheet["B"] if cell.value == "U_f")
    return poisoned(poisoned(contents, {f"E{row}": 0.77}), {"B6": 3.0, "B7": 4.0}, "Windows")


def test_it_recalculates_after_a_change_in_formualizer() -> None:
    problem, contents = made(data_of())
    cells = expected(changed(problem), 6)
    for place, value in by_formualizer(edited(contents), list(cells)).items():
        assert value == pytest.approx(cells[place], rel=1e-10, abs=1e-15), place


@pytest.mark.cases(0)
def test_it_recalculates_after_a_change_in_libreoffice(soffice: str, tmp_path: Path) -> None:
    problem, contents = made(data_of())
    whole = by_libreoffice(soffice, {"flow": edited(contents)}, tmp_path)["flow"]
    values = read(whole)
    for place, value in expected(changed(problem), 6).items():
        assert values[place] == pytest.approx(value, rel=1e-10, abs=1e-15), place
    errors = [v for v in values.values() if isinstance(v, str) and v.startswith("#")]
    assert not errors


def test_another_cell_has_its_sheet_too() -> None:
    data = data_of(bptt='scheme = "full"\nweights = "stored"')
    data.parameters |= {f"r_{gate}": 0.1 + k / 7 for k, gate in enumerate("figo")}
    text = data.toml().replace('cell = "lstm"', 'cell = "lstm-two-biases"')
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    file = io.BytesIO()
    build_workbook(problem.run(), file, ["Windows"])
    values = read(file.getvalue())
    for place, value in expected(flow(problem.specification, problem.model), 6).items():
        assert values[place] == pytest.approx(value, rel=1e-12, abs=1e-15), place


@pytest.mark.parametrize("cell", ["gru", "lstm-peephole", "lstm-clip", "rnn", "lstm-forget-bias"])
@pytest.mark.cases(2)
def test_cells_of_the_library_have_their_sheet(cell: str) -> None:
    text = (
        f'cell = "{cell}"\nreadout = "linear"\n[parameters]\nrandom = {{seed = 5, scale = 0.9}}\n'
        "[[sequence]]\nx = [1, -0.5, 0.7, 0.2]\ntarget = [0.3, 0.1, nan, 0.5]\n"
    )
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    file = io.BytesIO()
    build_workbook(problem.run(), file, ["Windows"])
    cells = expected(flow(problem.specification, problem.model), 4, problem.model.state)
    values, recalculated = (
        read(file.getvalue()),
        by_formualizer(poisoned(file.getvalue()), list(cells)),
    )
    for place, value in cells.items():
        assert values[place] == pytest.approx(value, rel=1e-12, abs=1e-15), place
        assert recalculated[place] == pytest.approx(value, rel=1e-10, abs=1e-15), place


def test_of_a_long_sequence_it_shows_the_first_steps() -> None:
    problem, contents = made(data_of(steps=40, bptt='scheme = "full"'))
    values = read(contents)
    for place, value in expected(flow(problem.specification, problem.model), 30).items():
        assert values[place] == pytest.approx(value, rel=1e-12, abs=1e-300), place
    assert str(values["Windows", "A2"]).startswith("the first 30 steps")


def test_a_single_step_has_a_sheet() -> None:
    data = random_data(3, steps=1)
    problem, contents = made(data)
    values = read(contents)
    for place, value in expected(flow(problem.specification, problem.model), 1).items():
        assert values[place] == pytest.approx(value, rel=1e-12)


def test_the_command_writes_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "flow.xlsx"
    result = run("flow", "echo", "--sequence", 2, "--k1", 4, "--k2", 6, "-o", path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"wrote {path}\n"
    values = read(path.read_bytes())
    assert (values["Windows", "B6"], values["Windows", "B7"]) == (4, 6)
    assert values["Windows", "A13"] == 10  # the one loss of that sequence


@pytest.mark.parametrize("scheme", ["tbptt(2,4)", "forum-last(2,4)", "per-error(3)"])
@pytest.mark.cases(1)
def test_it_shows_the_network_before_training_whatever_the_scheme(scheme: str) -> None:
    data = random_data(22, features=2, steps=6, readout="linear")
    data.bptt = f'scheme = "{scheme}"'
    problem, contents = made(data)
    values, recalculated = (
        read(contents),
        by_formualizer(poisoned(contents), [("Windows", f"{letters(1)}13")]),
    )
    alone = replace(problem.specification, scheme=replace(problem.specification.scheme,
                                                          update="sequence"))  # fmt: skip
    cells = expected(flow(alone, problem.model), 6)
    for place, value in cells.items():
        if place[1][0] != "B" or not place[1][1:].isdigit():
            assert values[place] == pytest.approx(value, rel=1e-12, abs=1e-15), place
    for place, value in recalculated.items():
        assert value == pytest.approx(values[place], rel=1e-10)


@pytest.mark.parametrize("k1", [2.5, 0, -3, "two", None, 99])
@pytest.mark.cases(2)
def test_a_k1_out_of_range_gives_no_error(k1: object) -> None:
    _, contents = made(data_of())
    live = Live(contents)
    live.set("Windows", {"B6": k1})
    assert isinstance(live.get("Windows", "B8"), float)
    assert "is taken" in str(live.get("Windows", "C6"))
    assert "is taken" not in str(live.get("Windows", "C7"))
    book = openpyxl.load_workbook(io.BytesIO(contents))["Windows"]
    rules = {str(r.sqref): r for r in book.data_validations.dataValidation}
    assert (rules["B6"].type, rules["B6"].formula1, rules["B6"].formula2) == ("whole", "1", "6")
