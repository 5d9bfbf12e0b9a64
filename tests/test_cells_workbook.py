"""The workbook of every cell, all sheets, recalculated by two engines after an edit."""

from __future__ import annotations

import copy
import io
import re
from dataclasses import replace

import openpyxl
import pytest

from cellcalc.workbook import build_workbook
from tests import spreadsheets
from tests.cells import CELLS, CellData, random_cell

NOISY = {("Gradients", f"B{row}") for row in (8, 10, 11)}  # a difference of nearly equal numbers
PROBLEMS = {cell: random_cell(cell, 3, features=2, steps=3) for cell in CELLS} | {
    "lstm-peephole, truncated": random_cell(
        "lstm-peephole", 4, steps=5, more="[bptt]\nscheme = 'tbptt(2,3)'\nweights = 'stored'"
    ),
    "lstm-clip, two passes": random_cell(
        "lstm-clip", 4, steps=3, more="[update]\nepochs = 2\noptimizer = 'adam'"
    ),
    "gru, split": random_cell("gru", 4, steps=5, more="[bptt]\nscheme = 'naive-split(2)'"),
    "lstm-forget-bias, five inputs": random_cell("lstm-forget-bias", 4, features=5, steps=3),
}


def book_of(data: CellData, **options: str) -> bytes:
    file = io.BytesIO()
    build_workbook(data.problem().run(), file, **options)  # type: ignore[arg-type]
    return file.getvalue()


BOOKS = {name: book_of(data) for name, data in PROBLEMS.items()}


def edited(name: str) -> tuple[CellData, dict[str, float | None]]:
    """Another weight, input, target, initial state and coefficient, and the cells they are in."""
    data, sheet = copy.deepcopy(PROBLEMS[name]), openpyxl.load_workbook(io.BytesIO(BOOKS[name]))
    rows = {
        str(sheet["BPTT"].cell(row, 2).value): row for row in range(sheet["BPTT"].max_row, 3, -1)
    }
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


def unlike(got: spreadsheets.Values, book: bytes, leave_out: tuple[str, ...] = ()) -> list[str]:
    """The formula cells whose recalculated value is not the one stored in ``book``."""
    stored = spreadsheets.read(book)

    def same(value: object, expected: object) -> bool:
        if isinstance(expected, int | float) and isinstance(value, int | float):
            return value == pytest.approx(expected, rel=1e-10, abs=1e-12)
        return (value or "") == (expected or "")

    return [
        f"{cell}: {got.get(cell)!r} instead of {stored.get(cell)!r}"
        for cell in spreadsheets.formula_cells(book)
        if cell[0] not in leave_out and cell not in NOISY
        and not (cell[0] == "Checks" and cell[1].startswith("B") and cell[1] != "B3")
        and not same(got.get(cell), stored.get(cell))
    ]  # fmt: skip


def hold(got: spreadsheets.Values) -> bool:
    """Whether the workbook's own checks say that all is well."""
    flags = {got[cell] for cell in got if cell[0] == "Checks" and cell[1].startswith("D")}
    return "!!" not in flags and got["Guide", "B2"] == "OK"


@pytest.mark.parametrize("name", PROBLEMS)
def test_formualizer_computes_the_same_before_and_after_an_edit(name: str) -> None:
    book = BOOKS[name]
    poisoned, cells = spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    got = spreadsheets.by_formualizer(poisoned, cells)
    assert not unlike(got, book) and hold(got)
    data, edit = edited(name)
    expected = book_of(data)
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(book, edit), cells)
    assert not unlike(got, expected, leave_out=("Checks", "Guide")) and hold(got)


@pytest.fixture(scope="module")
def libreoffice(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    books = {name: spreadsheets.poisoned(BOOKS[name], edited(name)[1]) for name in PROBLEMS}
    return spreadsheets.by_libreoffice(soffice, books, tmp_path_factory.mktemp("cells"))


@pytest.mark.parametrize("name", PROBLEMS)
def test_libreoffice_computes_the_trace_of_the_edited_problem(
    name: str, libreoffice: dict[str, bytes]
) -> None:
    got = spreadsheets.read(libreoffice[name])
    assert not unlike(got, book_of(edited(name)[0]), leave_out=("Checks", "Guide")) and hold(got)
    assert not [value for value in got.values() if re.match("#|Err:", str(value))]


@pytest.mark.parametrize("cell", CELLS)
def test_an_exercise_of_every_cell_is_solved_by_the_true_values(cell: str) -> None:
    book = book_of(PROBLEMS[cell], practice="all")
    got = spreadsheets.by_formualizer(
        spreadsheets.poisoned(book), spreadsheets.formula_cells(book)
    )  # fmt: skip
    assert not unlike(got, book)
    assert len(book_of(PROBLEMS[cell], practice="all", blank=True)) > 5000  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", CELLS)
def test_the_guide_links_to_sheets_that_are_there(cell: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(BOOKS[cell]))
    links = [c.hyperlink.location for row in book["Guide"].iter_rows() for c in row if c.hyperlink]
    assert len(links) >= 8 + 3  # the sheets, and some experiments
    for link in links:
        sheet, _, place = link.replace("'", "").partition("!")
        assert book[sheet][place].value is not None, link


def test_every_cell_that_ships_has_a_picture_of_its_own() -> None:
    for cell in CELLS:
        sheet = openpyxl.load_workbook(io.BytesIO(BOOKS[cell]))["Cell"]
        texts = [str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None]
        assert "▶" in texts and "▲" in texts, cell
