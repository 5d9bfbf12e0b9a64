"""What is done with some workbooks: made, looked at, recalculated and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata

from tests.fidelity import lint, readers, schema
from tests.fidelity.books import Wanted, edited
from tests.fidelity.engines import BROKEN, ENGINES, Engine, size, titles
from tests.reliability import Missing
from tests.support.sheets import noisy
from tests.support.spreadsheets import Values, formula_cells, poisoned, read

RELATIVE, ABSOLUTE = 1e-9, 1e-12


def same(a: object, b: object, texts: bool) -> bool:
    """Whether a value that was computed is the one that is stored."""
    if isinstance(a, bool | int | float) and isinstance(b, bool | int | float):
        return abs(a - b) <= RELATIVE * abs(b) + ABSOLUTE
    if isinstance(b, str) and isinstance(a, str) and not a.startswith("#"):
        return not texts or a.replace("\r", "") == b.replace("\r", "")
    return (a or "") == (b or "")


def differences(book: bytes, found: Values, texts: bool, sheets: tuple[str, ...] = ()) -> list[str]:
    """The formula cells that have another value; of ``sheets`` alone where these are given."""
    if BROKEN in found:
        return [f"{BROKEN[1]}: {found[BROKEN]}"]
    stored = read(book)
    noise = noisy(stored)
    told = []
    for cell in formula_cells(book):
        if cell in noise or (sheets and cell[0] not in sheets):
            continue
        if not same(found.get(cell), stored.get(cell), texts):
            told.append(f"{cell[0]}!{cell[1]}: {stored.get(cell)!r}, found {found.get(cell)!r}")
    return told


@dataclass
class Row:
    """What one reader or engine found in the workbooks so far, or why it was left out."""

    what: str
    version: str = ""
    files: int = 0
    cells: int = 0
    told: list[str] = field(default_factory=list)
    left_out: str = ""

    def and_(self, other: Row) -> Row:
        """The two together."""
        return Row(
            self.what,
            self.version,
            self.files + other.files,
            self.cells + other.cells,
            self.told + other.told,
            self.left_out or other.left_out,
        )


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def looked_at(wanted: list[Wanted]) -> tuple[int, list[Row], dict[str, float]]:
    """Some workbooks made, read and recalculated: formula cells, a row each, and the seconds."""
    given = {one.name: one.make() for one in wanted}
    cells = sum(len(formula_cells(book)) for book in given.values())
    rows, seconds = [], {}

    def add(what: str, find: Callable[[], Row]) -> None:
        began = time.monotonic()
        try:
            rows.append(find())
        except Missing as error:
            rows.append(Row(what, "\N{EN DASH}", left_out=str(error)))
        seconds[what] = time.monotonic() - began

    def read_by(what: str, find: Callable[[], Iterable[str]]) -> None:
        add(what, lambda: Row(what, _version(what), len(given), cells, list(find())))

    read_by("Excel's limits", lambda: _each(lint.complaints, given))
    read_by("elements and attributes", lambda: _each(schema.complaints, given))
    read_by("openxml-audit", lambda: readers.by_audit(given))
    read_by("ExcelJS", lambda: readers.by_node("exceljs", given))
    read_by("SheetJS", lambda: readers.by_node("xlsx", given))
    changed = {one.name: edited(one.problem()) for one in wanted if one.edits}
    wrong = {name: poisoned(book, sheet=titles(book)[0]) for name, book in given.items()}
    wrong |= {f"{n}, edited": poisoned(given[n], edits) for n, (edits, _) in changed.items()}
    for engine in ENGINES:
        taken = {name: book for name, book in wrong.items() if size(book) <= engine.most}
        add(engine.name, partial(_compared, engine, taken, given, changed))
    return cells, rows, seconds


def _each(find: Callable[[bytes], Iterable[str]], given: Mapping[str, bytes]) -> Iterator[str]:
    for name, book in given.items():
        yield from (f"{name}: {line}" for line in find(book))


def _compared(
    engine: Engine,
    wrong: Mapping[str, bytes],
    given: Mapping[str, bytes],
    changed: Mapping[str, tuple[dict[str, float | None], bytes]],
) -> Row:
    """Every workbook as it was recalculated, as it is and with a weight and an input changed."""
    results = engine.recalculate(wrong)
    row = Row(engine.name, _version(engine.distribution or engine.name.lower()), len(wrong))
    for name in wrong:
        if name in given:
            row.cells += len(formula_cells(given[name]))
            found = differences(given[name], results[name], engine.texts)
        else:
            _, expected = changed[name.removesuffix(", edited")]
            row.cells += sum(sheet == "BPTT" for sheet, _ in formula_cells(expected))
            found = differences(expected, results[name], False, ("BPTT",))
        row.told += [f"{name}: {line}" for line in found]
    return row
