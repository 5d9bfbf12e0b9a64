"""Reading what is handed in, in whichever form, and our own practice workbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import coordinate_to_tuple

from cellcalc.check.answers import Entry
from cellcalc.check.reading.documents import read_document
from cellcalc.errors import InputError, Mistake
from cellcalc.toml import read_bytes
from cellcalc.xlsx.reader import Cell, read_cells


def read_answers(contents: bytes, name: str) -> list[Entry]:
    """The answers in a file, in whichever of its forms; ``name`` is its name in messages.

    Raises :class:`~cellcalc.errors.InputError` where the file as a whole cannot be read.
    """
    return read_document(contents, name)


def read_answers_file(path: Path) -> list[Entry]:
    """The answers in the file of that path."""
    return read_answers(read_bytes(path, str(path)), str(path))


SHEET, TOTAL, FIRST = "Practice", 4, 5
_COMPUTED = ("forward", "backward", "gradients")


def entries_of_workbook(contents: bytes, name: str) -> list[Entry]:
    """The answers typed into the sheet ``Practice``, or into one that holds a table of them.

    Raises :class:`~cellcalc.errors.InputError` for what is no workbook, or one without such a
    sheet.
    """
    sheets = read_cells(contents, name, [SHEET])
    if SHEET not in sheets:
        expected = f"a sheet {SHEET}, as `cellcalc workbook --practice` writes"
        raise InputError([Mistake(name, "", expected, "none")])
    return list(_Reader(sheets[SHEET]).entries())


class _Reader:
    def __init__(self, cells: Mapping[str, Cell]) -> None:
        self.rows: dict[int, dict[int, Cell]] = {}
        for name, cell in cells.items():
            row, column = coordinate_to_tuple(name)
            self.rows.setdefault(row, {})[column] = cell
        self.steps: dict[int, int] = {}
        self.window: int | None = None
        self.inside = False

    def entries(self) -> Iterator[Entry]:
        for number in sorted(self.rows):
            row = self.rows[number]
            symbol = _cell_text(row.get(2))
            if symbol == "t":
                self.heading(row)
            elif symbol and self.inside:
                for column in sorted(row):
                    cell = row[column]
                    is_open = column == TOTAL or column in self.steps
                    if is_open and not cell.formula and _is_answer(cell.value):
                        yield self.entry(number, symbol, column, cell.value)

    def heading(self, row: Mapping[int, Cell]) -> None:
        """The start of a block: which part of the sheet it is, and which steps its columns are."""
        group = _cell_text(row.get(1)).lower()
        words = group.split()
        self.inside = bool(words) and words[0] in _COMPUTED
        if words and words[0] == "backward":
            self.window = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 1
        self.steps = {
            column: int(cell.value)
            for column, cell in row.items()
            if column >= FIRST and isinstance(cell.value, int | float)
        }
        if self.steps:  # the column after the last step is the edge, which is given
            del self.steps[max(self.steps)]

    def entry(self, line: int, symbol: str, column: int, value: Any) -> Entry:
        text = value if isinstance(value, str) else repr(float(value))
        t = self.steps.get(column)
        left = symbol if t is None else f"{symbol}[{t}]"
        return Entry(line, left, text, window=self.window)


def _is_answer(value: object) -> bool:
    return isinstance(value, int | float | str) and value != "" and not isinstance(value, bool)


def _cell_text(cell: Cell | None) -> str:
    return cell.value.strip() if cell and isinstance(cell.value, str) else ""
