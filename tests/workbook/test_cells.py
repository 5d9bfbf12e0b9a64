"""The workbook of every cell, all sheets, recalculated by two engines after an edit."""

from __future__ import annotations

import copy
import io
import re
from dataclasses import dataclass, replace
from functools import cache

import openpyxl
import pytest

import cellcalc
from tests.support import spreadsheets
from tests.support.cells import CELLS, CellData, random_cell
from tests.support.oracles import sample
from tests.support.sheets import holds, noisy
from tests.support.spreadsheets import book_of

PROBLEMS = {cell: random_cell(cell, 3, features=2, steps=3) for cell in CELLS} | {
    "lstm-peephole, truncated": random_cell(
        "lstm-peephole", 4, steps=5, more="[bptt]\nscheme = 'tbptt(2,3)'\nweights = 'stored'"
    ),
    "lstm-clip, two passes": random_cell(
        "lstm-clip", 4, steps=3, more="[update]\nepochs = 2\noptimizer = 'adam'"
    ),
    "noaf, truncated": random_cell("noaf", 4, steps=5, more="[bptt]\nscheme = 'tbptt(1,2)'"),
    "gru, split": random_cell("gru", 4, steps=5, more="[bptt]\nscheme = 'naive-split(2)'"),
    "rnn, signed error": random_cell("rnn", 4, steps=3, loss="signed-error"),
    "lstm-forget-bias, five inputs": random_cell("lstm-forget-bias", 4, features=5, steps=3),
}


BOOKS = spreadsheets.Made(lambda name: book_of(PROBLEMS[name]))
CHOSEN = sample(PROBLEMS, 4)
NUMBER = re.compile(r"\d+\.\d+(?:[eE][+-]?\d+)?")
SHAPES = ["lstm-clip", "lstm-1997", "gru", "rnn-linear", "cec"]  # as unlike as cells can be


@dataclass(frozen=True)
class Stored:
    """What a workbook holds: every cell's value, and which cells are formulas."""

    values: spreadsheets.Values
    formulas: list[tuple[str, str]]


@cache
def stored(name: str, after_edit: bool = False) -> Stored:
    """The workbook of a problem, as it is written or as it must be after the edit."""
    book = book_of(edited(name)[0]) if after_edit else BOOKS[name]
    return Stored(spreadsheets.read(book), spreadsheets.formula_cells(book))


def edited(name: str) -> tuple[CellData, dict[str, float | None]]:
    """Another weight, input, target, initial state and coefficient, and the cells they are in."""
    data, rows = copy.deepcopy(PROBLEMS[name]), {}
    for (sheet, cell), symbol in spreadsheets.read(BOOKS[name]).items():
        if sheet == "BPTT" and cell[0] == "B" and int(cell[1:]) > 3:
            rows.setdefault(str(symbol), int(cell[1:]))
    last = "FGHIJKLMN"[len(data.x) - 1]
    weight, state = next(iter(data.parameters)), next(iter(data.initial))
    data.x[0][0], data.target[-1] = 0.6875, 0.3125
    initial = {**data.initial, state: -0.4375}
    parameters = {**data.parameters, weight: [*data.parameters[weight][:-1], 0.5625]}
    width = len(data.x[0])
    cells: dict[str, float | None] = {
        f"F{rows['x1']}": 0.6875,
        f"{last}{rows['target']}": 0.3125,
        f"E{rows[state]}": -0.4375,
        f"E{rows[f'{weight}{width}']}": 0.5625,
    }
    changed = dict.fromkeys(data.coefficients, 0.28125)
    cells |= {f"E{rows[name]}": value for name, value in changed.items()}
    return replace(data, parameters=parameters, initial=initial, coefficients=changed), cells


def unlike(
    got: spreadsheets.Values, expected: Stored, leave_out: tuple[str, ...] = ()
) -> list[str]:
    """The formula cells whose recalculated value is not the one expected."""

    def same(value: object, other: object) -> bool:
        if isinstance(other, int | float) and isinstance(value, int | float):
            return abs(value - other) <= max(1e-10 * abs(other), 1e-12)
        if isinstance(other, str) and isinstance(value, str) and value != other:
            # A number in words is rounded to 12 digits, the last of which may differ.
            return NUMBER.sub("", value) == NUMBER.sub("", other) and numbers_in(
                value
            ) == pytest.approx(numbers_in(other), rel=1e-10, abs=1e-12)
        return (value or "") == (other or "")

    def numbers_in(text: str) -> list[float]:
        return [float(number) for number in NUMBER.findall(text)]

    left_out = noisy(expected.values)
    return [
        f"{cell}: {got.get(cell)!r} instead of {expected.values.get(cell)!r}"
        for cell in expected.formulas
        if cell[0] not in leave_out
        and cell not in left_out
        and not same(got.get(cell), expected.values.get(cell))
    ]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.cases(2)
def test_formualizer_computes_what_is_stored(name: str) -> None:
    expected, book = stored(name), spreadsheets.poisoned(BOOKS[name])
    got = spreadsheets.by_formualizer(book, expected.formulas)
    assert not unlike(got, expected) and holds(got)


@pytest.mark.parametrize("name", sample(PROBLEMS, 3))
@pytest.mark.cases(2)
def test_formualizer_computes_the_trace_of_the_edited_problem(name: str) -> None:
    expected, book = stored(name, True), spreadsheets.poisoned(BOOKS[name], edited(name)[1])
    got = spreadsheets.by_formualizer(book, expected.formulas)
    assert not unlike(got, expected, leave_out=("Checks", "Start")) and holds(got)


@pytest.fixture(scope="module")
def libreoffice(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    books = {name: spreadsheets.poisoned(BOOKS[name], edited(name)[1]) for name in CHOSEN}
    return spreadsheets.by_libreoffice(soffice, books, tmp_path_factory.mktemp("cells"))


@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.cases(0)
def test_libreoffice_computes_the_trace_of_the_edited_problem(
    name: str, libreoffice: dict[str, bytes]
) -> None:
    got = spreadsheets.read(libreoffice[name])
    assert not unlike(got, stored(name, True), leave_out=("Checks", "Start")) and holds(got)
    assert not [value for value in got.values() if re.match("#|Err:", str(value))]


@pytest.mark.parametrize("cell", SHAPES)
@pytest.mark.cases(2)
def test_an_exercise_opens_with_what_is_stored(cell: str) -> None:
    book = book_of(PROBLEMS[cell], practice="all")
    expected = Stored(spreadsheets.read(book), spreadsheets.formula_cells(book))
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(book), expected.formulas)
    assert not unlike(got, expected)
    assert expected.values["Practice", "E2"] not in ("", "0 / 0")


@pytest.mark.parametrize("cell", SHAPES)
@pytest.mark.cases(2)
def test_start_links_to_cells_that_are_there(cell: str) -> None:
    guide = openpyxl.load_workbook(io.BytesIO(BOOKS[cell]))["Start"]
    links = [c.hyperlink.location for row in guide.iter_rows() for c in row if c.hyperlink]
    assert len(links) >= 8 + 3  # the sheets, and some experiments
    for link in links:
        sheet, _, place = link.replace("'", "").partition("!")
        assert (sheet, place) in stored(cell).values, link


def test_start_of_a_forward_pass_has_no_link_to_a_sheet_that_is_not_there() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of(cellcalc.load("cell_clip"))))
    links = [c.hyperlink.location for row in book["Start"].iter_rows() for c in row if c.hyperlink]
    assert {link.partition("!")[0].strip("'") for link in links} == set(book.sheetnames)
    assert "Gradients" not in book.sheetnames


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.cases(2)
def test_every_cell_that_ships_has_a_picture_with_arrows(cell: str) -> None:
    texts = {text for (sheet, _), text in stored(cell, True).values.items() if sheet == "Step"}
    assert {"▶", "▲"} <= texts
