"""Workbooks as a person reads and edits them, and what an engine recalculated held to them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping

import formualizer
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple

from tests.support import spreadsheets
from tests.support.problems import Data

# The blocks of the BPTT sheet, from the top.
INPUTS, PARAMETERS, FORWARD, BACKWARD = range(4)


class Grid:
    """The BPTT sheet read as the contract says, and as a person would: by block, symbol, step."""

    def __init__(self, contents: bytes, title: str = "BPTT") -> None:
        self.names = {
            name: where.replace("$", "").removeprefix("BPTT!")
            for name, where in spreadsheets.defined_names(contents).items()
        }
        values = spreadsheets.read(contents)
        self.values = {cell: value for (sheet, cell), value in values.items() if sheet == title}
        self.blocks: list[tuple[str, dict[str, int], dict[int, str]]] = []
        table: dict[int, dict[int, object]] = {}
        for cell, value in self.values.items():
            row, column = coordinate_to_tuple(cell)
            table.setdefault(row, {})[column] = value
        for row, cells in sorted(table.items()):
            symbol = cells.get(2)
            if symbol == "t":
                steps = {k: get_column_letter(at) for at, k in cells.items() if at >= 5}
                self.blocks.append((cells.get(1), {}, steps))
            elif self.blocks and symbol:
                self.blocks[-1][1][symbol] = row

    def cell(self, block: int, symbol: str, t: int) -> str:
        _, rows, columns = self.blocks[block]
        return f"{columns[t]}{rows[symbol]}"

    def value(self, block: int, symbol: str, t: int) -> object:
        return self.values.get(self.cell(block, symbol, t))


class Live:
    """A workbook open in formualizer: cells are set and read while it recalculates."""

    def __init__(self, contents: bytes) -> None:
        self.book = formualizer.load_workbook_bytes(contents)
        self.book.evaluate_all()

    def set(self, sheet: str, cells: Mapping[str, object]) -> None:
        for cell, value in cells.items():
            row, column = coordinate_to_tuple(cell)
            self.book.set_value(sheet, row, column, value)
        self.book.evaluate_all()

    def get(self, sheet: str, cell: str) -> object:
        row, column = coordinate_to_tuple(cell)
        return self.book.get_value(sheet, row, column)


def edit(data: Data, grid: Grid) -> tuple[Data, dict[str, float | None]]:
    """The problem with a weight, an input, a target, the state and the rate changed."""
    new = copy.deepcopy(data)
    weight = "W_f2" if data.features > 1 else "W_f"
    x = "x1" if data.features > 1 else "x"
    if data.features > 1:
        new.parameters["W_f"][1] = 0.4375
    else:
        new.parameters["W_f"] = 0.4375
    new.x[1][0], new.target[2] = -0.625, 0.875
    new.initial, new.learning_rate = {"h": 0.5, "c": -0.75}, 0.25
    return new, {
        grid.names[weight]: 0.4375,
        grid.cell(INPUTS, x, 2): -0.625,
        grid.cell(INPUTS, "target", 3): 0.875,
        grid.cell(FORWARD, "h", 0): 0.5,
        grid.cell(FORWARD, "c", 0): -0.75,
        grid.names["learning_rate"]: 0.25,
    }


def differences(got: spreadsheets.Values, book: bytes, relative: float) -> Iterator[str]:
    """The formula cells whose recalculated value is not the one stored in ``book``."""
    stored = spreadsheets.read(book)
    for cell in spreadsheets.formula_cells(book):
        value, expected = got.get(cell), stored[cell]
        if value != expected and value != pytest.approx(expected, rel=relative, abs=1e-15):
            yield f"{cell}: {value} instead of {expected}"


_LONG = re.compile(r"[0-9]+\.[0-9]{11,}")


def same(value: object, expected: object) -> bool:
    """Whether a recalculated value is the stored one: numbers nearly, texts to the letter.

    In a text of 12 digits the last may be another: engines round a number that lies halfway apart.
    """
    if value == expected:
        return True
    if isinstance(expected, int | float) and isinstance(value, int | float):
        return abs(value - expected) <= max(1e-10 * abs(expected), 1e-12)
    if isinstance(value, str) and isinstance(expected, str):
        numbers, others = _LONG.findall(value), _LONG.findall(expected)
        if _LONG.sub("", value) == _LONG.sub("", expected) and len(numbers) == len(others):
            return list(map(float, numbers)) == pytest.approx(list(map(float, others)), rel=1e-10)
    return (value or "") == (expected or "")


def unlike(got: spreadsheets.Values, book: bytes, leave_out: tuple[str, ...] = ()) -> list[str]:
    """The formula cells whose recalculated value is not the one stored in ``book``."""
    stored = spreadsheets.read(book)
    return [
        f"{cell}: {got.get(cell)!r} instead of {stored.get(cell)!r}"
        for cell in spreadsheets.formula_cells(book)
        if cell[0] not in leave_out and not same(got.get(cell), stored.get(cell))
    ]


LAMP = ("Start", "M1")  # whether all of the workbook's own checks hold


def noisy(stored: spreadsheets.Values) -> set[tuple[str, str]]:
    """Cells that hold rounding noise, in which no two engines agree."""
    cells = {cell for cell in stored if cell[0] == "Checks" and cell[1][0] == "B"} - {
        ("Checks", "B3")
    }
    for (sheet, cell), text in stored.items():
        if sheet == "Windows" and text == "angle between the two":
            angle = stored.get((sheet, f"B{cell[1:]}"))
            if isinstance(angle, int | float) and abs(angle) < 0.05:  # an arc cosine near 1
                cells.add((sheet, f"B{cell[1:]}"))
        if sheet == "Gradients" and text in ("central difference", "difference"):
            cells.add((sheet, f"B{cell[1:]}"))
            cells |= {(s, c) for s, c in stored if s == sheet and c[0] in "DE" and c[1:].isdigit()}
    return {c for c in cells if not isinstance(stored.get(c), str)}


def without_noise(book: bytes, got: spreadsheets.Values) -> spreadsheets.Values:
    """What was recalculated, with the cells of rounding noise as they were stored."""
    stored = spreadsheets.read(book)
    return {**got, **{c: stored[c] for c in noisy(stored) if c in stored and c in got}}


def holds(got: spreadsheets.Values) -> bool:
    """Whether the workbook's own checks say that all is well."""
    flags = {got[cell] for cell in got if cell[0] == "Checks" and cell[1][0] == "D"}
    return "!!" not in flags and "see below" not in flags and got.get(LAMP, "OK") == "OK"
