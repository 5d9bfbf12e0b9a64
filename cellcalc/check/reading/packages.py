"""Files that are packages: workbooks of Excel and OpenDocument, and archives of arrays."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath

from openpyxl.utils.cell import coordinate_to_tuple, get_column_letter

from cellcalc.archives import DAMAGE
from cellcalc.check.answers import PROSE, Entry
from cellcalc.check.reading.crossed import is_value
from cellcalc.check.reading.gate_axis import apart, order_of
from cellcalc.check.reading.grid import entries_of_rows
from cellcalc.check.reading.labels import label_of
from cellcalc.check.reading.lines import Where, entries_of_line, heading_of
from cellcalc.check.reading.lists import MAX_NUMBERS
from cellcalc.check.reading.prose import GRADIENT, stage_after
from cellcalc.errors import InputError, Mistake
from cellcalc.problems.weights import Array, array_of_npy, members_of_npz, text_of_npy
from cellcalc.xlsx.opendocument import is_opendocument, read_opendocument
from cellcalc.xlsx.reader import Cell, read_cells

PRACTICE = "Practice"
MAX_WIDTH = 5_000  # cells of a row that are looked at


def entries_of_package(contents: bytes, name: str) -> list[Entry]:
    """The answers in a zip: arrays, a workbook of ours, or one of the person's own.

    Raises :class:`~cellcalc.errors.InputError`.
    """
    kinds = _members(contents, name)
    if any(member.endswith(".npy") for member in kinds):
        return _of_npz(contents, name)
    if any(
        member in ("data.pkl", "archive/data.pkl") or member.endswith("/data.pkl")
        for member in kinds
    ):
        found = "a file of torch.save, which is never opened; save with numpy.savez"
        raise InputError([Mistake(name, "", "arrays, a table or text", found)])
    if "word/document.xml" in kinds:
        found = "a Word document; save it as plain text"
        raise InputError([Mistake(name, "", "arrays, a table or text", found)])
    if is_opendocument(contents):
        return _some(list(_of_sheets(read_opendocument(contents, name))), name)
    sheets = read_cells(contents, name)
    return _some(list(_of_sheets(sheets)), name)


def _some(entries: list[Entry], name: str) -> list[Entry]:
    if not any(entry.form != PROSE for entry in entries):
        expected = f"a sheet with answers, or one called {PRACTICE} as `cellcalc workbook` writes"
        raise InputError([Mistake(name, "", expected, "none")])
    return entries


def _members(contents: bytes, name: str) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as package:
            return package.namelist()[:5_000]
    except DAMAGE as error:
        raise InputError(
            [Mistake(name, "", "a sound .xlsx workbook or an .npz", f"damage ({error})")]
        ) from None


def _of_npz(contents: bytes, name: str) -> list[Entry]:
    """The answers in the arrays that have numbers; those of text are passed over.

    One that cannot be read is unreadable, unless there is nothing else.
    """
    arrays: dict[str, Array] = {}
    others: list[Entry] = []
    order: tuple[str, ...] = ()
    first: InputError | None = None
    for key, data in members_of_npz(contents, name):
        text = text_of_npy(data)
        if text is not None:
            order = order or order_of(text)
            others.append(Entry(key, "", "", form=PROSE))
            continue
        try:
            arrays[key] = array_of_npy(data, name, key)
        except InputError as error:
            first = first or error
            mistake = error.mistakes[0]
            right = f"\0{mistake.expected}\0{mistake.found}"
            others.append(Entry(key, key, right, form="array", written=key))
    if first is not None and not arrays:
        raise first
    return [*apart(entries_of_archive(arrays, name), order), *others]


def entries_of_npy(contents: bytes, name: str) -> list[Entry]:
    """The answers in one array, which is named as its file is: dc.npy."""
    stem = PurePath(name).stem
    return entries_of_archive({stem: array_of_npy(contents, name, stem)}, name)


def entries_of_archive(arrays: Mapping[str, Array], name: str) -> list[Entry]:
    """The numbers of arrays, each by its name."""
    stem = PurePath(name).stem.lower()
    gradient = True if "grad" in stem else False if "weight" in stem or "param" in stem else None
    found = []
    for key, array in arrays.items():
        if len(array.values) > MAX_NUMBERS:
            expected = f"at most {MAX_NUMBERS:,} numbers in an array"
            raise InputError([Mistake(name, key, expected, f"{len(array.values):,}")])
        values = tuple(array.shown if array.shown else map(repr, array.values))
        shape = array.shape if array.shape is not None else (len(values),)
        if not shape:
            found.append(Entry(key, key, values[0], form="array", gradient=gradient))
        else:
            found.append(
                Entry(key, key, "", values=values, shape=shape, form="array", gradient=gradient)
            )
    return found


# Sheets.


def _of_sheets(sheets: Mapping[str, Mapping[str, Cell]]) -> Iterator[Entry]:
    for title, cells in sheets.items():
        rows: dict[int, dict[int, str]] = {}
        for place, cell in cells.items():
            row, column = coordinate_to_tuple(place)
            text = _text(cell)
            if text and column <= MAX_WIDTH:
                rows.setdefault(row, {})[column] = text
        where = heading_of(title, Where(), True) or Where()
        stage = GRADIENT if stage_after(title, True) == GRADIENT else ""
        where = replace(where, stage=stage)
        for block in _blocks(rows):
            found = list(_of_block(block, rows, title, where))
            told = [cell for number in block for cell in rows[number].values()]
            is_alone = len(told) == len(block)
            if is_alone and heading_of(told[-1], where) is not None:  # Window 1: steps 1 and 2
                found = [Entry(entry.line, "", "", form=PROSE) for entry in found]
            if is_alone and all(entry.form == PROSE for entry in found):
                above = heading_of(told[-1], where, True) or where  # a title of what follows
                stage = stage_after(told[-1], True) or stage
                where = replace(above, stage=stage, titles=tuple(told))
            yield from found


def _blocks(rows: Mapping[int, Mapping[int, str]]) -> Iterator[list[int]]:
    """Rows that follow one another without an empty one between."""
    block: list[int] = []
    for number in sorted(rows):
        is_sum = len(block) > 1 and _is_sum(rows[number], rows.get(number + 1, {}))
        if block and number != block[-1] + 1 and not is_sum:
            yield block
            block = []
        block.append(number)
    if block:
        yield block


def _is_sum(row: Mapping[int, str], below: Mapping[int, str]) -> bool:
    """Whether a row has the sums of the columns of the table above it.

    It has not where each of its numbers has a label of its own below it.
    """
    if row.keys() <= below.keys() and not any(map(is_value, below.values())):
        return False
    first, *rest = (row[column] for column in sorted(row))
    return len(rest) > 1 and label_of(first).kind == "total" and all(map(is_value, rest))


def _of_block(
    block: list[int], rows: Mapping[int, Mapping[int, str]], title: str, where: Where
) -> Iterator[Entry]:
    first = min(min(rows[number]) for number in block)
    last = max(max(rows[number]) for number in block)
    grid = [[rows[number].get(column, "") for column in range(first, last + 1)] for number in block]

    def place(r: int, c: int) -> str:
        return f"{title}!{get_column_letter(first + c)}{block[r]}"

    found = entries_of_rows(grid, place, where)
    if found is not None:
        yield from found
        return
    for r, row in enumerate(grid):
        for c, cell in enumerate(row):
            if cell:
                yield from entries_of_line(place(r, c), cell, where)


def _text(cell: Cell) -> str:
    value = cell.value
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value.strip() if len(value) <= 2_000 else value[:2_000]
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


__all__ = ["PROSE", "entries_of_archive", "entries_of_npy", "entries_of_package"]
