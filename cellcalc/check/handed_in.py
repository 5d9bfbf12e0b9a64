"""Reading what is handed in: plain text, CSV, JSON, or a filled-in practice workbook."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import coordinate_to_tuple

from cellcalc.check.answers import MAX_ANSWERS, Entry, entries_of_text
from cellcalc.errors import InputError, Mistake, did_you_mean
from cellcalc.toml import decode, describe, read_bytes
from cellcalc.xlsx.reader import Cell, read_cells

ZIP = b"PK\x03\x04"
_GIVEN = "before"  # the part of `table --format csv` that holds the parameters as they were
_ONE_PASS = ("epoch", "sequence")  # columns of a run of several passes; the first is marked
# Parts of what `table --format json` prints: their keys are no quantities.
_PARTS = ("passes", "windows", "forward", "backward", "gradients", "answers")


def read_answers(contents: bytes, name: str) -> list[Entry]:
    """The answers in a file, in whichever of its forms; ``name`` is its name in messages.

    Raises :class:`~cellcalc.errors.InputError` where the file as a whole cannot be read.
    """
    if contents.startswith(ZIP):
        entries = entries_of_workbook(contents, name)
    else:
        text = decode(contents, name)
        start = text.lstrip()[:1]
        if start in ("{", "[") or name.lower().endswith(".json"):
            entries = list(_of_json(text, name))
        elif name.lower().endswith(".csv") or _looks_like_csv(text):
            entries = list(_of_csv(text, name))
        else:
            entries = entries_of_text(text)
    if len(entries) > MAX_ANSWERS:
        expected = f"at most {MAX_ANSWERS:,} answers"
        raise InputError([Mistake(name, "", expected, f"{len(entries):,}")])
    return entries


def read_answers_file(path: Path) -> list[Entry]:
    """The answers in the file of that path."""
    return read_answers(read_bytes(path, str(path)), str(path))


def _looks_like_csv(text: str) -> bool:
    first = text.lstrip().partition("\n")[0].lower().replace(" ", "").strip()
    return first.startswith(("symbol,", "symbol;", "symbol\t"))


def _of_csv(text: str, name: str) -> Iterator[Entry]:
    """Columns ``symbol,t,value`` and, if there are several, ``window``."""
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = next((d for d in (",", ";", "\t") if d in first), ",")
    rows = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        for needed in ("symbol", "value"):
            if needed not in header:
                found = ", ".join(header)[:60] + did_you_mean(needed, header)
                expected = "columns symbol, t, value"
                raise InputError([Mistake(name, "line 1", expected, found or "nothing")])
        for row in rows:
            cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
            is_first = all(cells.get(name, "1") in ("", "1") for name in _ONE_PASS)
            is_answer = is_first and cells.get("pass") != _GIVEN
            if is_answer and cells.get("symbol") and cells.get("value"):
                left = _placed(cells["symbol"], _whole(cells.get("t", "")))
                window = _whole(cells.get("window", ""))
                yield Entry(rows.line_num, left, cells["value"], window=window)
    except csv.Error as error:
        found = f"an error: {error}"
        raise InputError([Mistake(name, f"line {rows.line_num}", "CSV", found)]) from None


def _placed(symbol: str, t: int | None) -> str:
    """A quantity with its step: dc[2]."""
    return symbol if t is None else f"{symbol}[{t}]"


def _whole(text: str) -> int | None:
    return int(text[:9]) if text.isdecimal() else None


def _of_json(text: str, name: str) -> Iterator[Entry]:
    """A list of objects, or an object of numbers and lists, as ``table --format json`` prints."""
    try:
        data = json.loads(text, parse_float=_Digits, parse_int=_Digits)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError([Mistake(name, "", "JSON", f"an error: {reason}")]) from None
    yield from _entries(data, name, 1, None)


class _Digits(str):
    """A number as it was written, digits and all."""

    __slots__ = ()


def _entries(data: Any, name: str, first: int, window: int | None) -> Iterator[Entry]:
    if isinstance(data, list):
        for item in data:
            if not isinstance(item, Mapping) or "symbol" not in item:
                expected = 'objects with "symbol", "t", "value"'
                raise InputError([Mistake(name, "", expected, describe(item))])
            value, t = item.get("value", item.get("given")), item.get("t")
            own = item.get("window")
            at = _whole(t) if isinstance(t, str) else None
            number = _whole(own) if isinstance(own, str) else window
            yield Entry(0, _placed(str(item["symbol"]), at), _text(value), window=number)
    elif isinstance(data, Mapping):
        yield from _of_mapping(data, name, first, window)
    else:
        raise InputError([Mistake(name, "", "an object or a list", describe(data))])


def _of_mapping(
    data: Mapping[str, Any], name: str, first: int, window: int | None
) -> Iterator[Entry]:
    t = data.get("t")
    if isinstance(t, list) and t and isinstance(t[0], str):
        first = _whole(t[0]) or 1
    own = data.get("update")
    is_window = "fires_at" in data and isinstance(own, str)
    window = _whole(str(own)) if is_window else window
    nested = any(isinstance(data.get(part), list | Mapping) for part in _PARTS)
    for key, value in data.items():
        if key in ("passes", "windows") and isinstance(value, list):
            # Only the first pass is marked.
            for item in value[:1] if key == "passes" else value:
                yield from _entries(item, name, first, window)
        elif key == "answers" or (key in _PARTS and isinstance(value, Mapping)):
            yield from _entries(value, name, first, window)
        elif nested:
            continue  # titles, settings and the like
        elif isinstance(value, list):
            for step, item in enumerate(value, first):
                if item is not None:
                    yield Entry(0, _placed(key, step), _text(item), window=window)
        elif value is not None:
            yield Entry(0, key, _text(value), window=window)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else describe(value)


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
