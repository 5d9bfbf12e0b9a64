"""Reading the cells of an OpenDocument spreadsheet (.ods), within the limits of :mod:`.reader`.

Follows OpenDocument 1.3, part 3: a table is rows of cells, either of which may be repeated; a cell
has its value as an attribute, or its text in paragraphs.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from openpyxl.utils.cell import get_column_letter

from cellcalc.archives import DAMAGE, DAMAGED_PART
from cellcalc.xlsx.reader import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHEETS,
    Budget,
    Cell,
    Cells,
    Events,
    UnfitError,
    _opened,
    _Package,
    _refused,
)

_CONTENT, _MIME = "content.xml", "mimetype"
_KIND = b"application/vnd.oasis.opendocument.spreadsheet"
MAX_REPEATED = 1_000  # copies of a cell or a row that hold something


def is_opendocument(contents: bytes) -> bool:
    """Whether a zip is an OpenDocument file."""
    try:
        with zipfile.ZipFile(io.BytesIO(contents)) as package:
            return _MIME in package.namelist() and _CONTENT in package.namelist()
    except DAMAGE:
        return False


def read_opendocument(contents: bytes, shown_as: str) -> dict[str, Cells]:
    """The cells of an .ods spreadsheet that hold something: ``{sheet: {"B7": Cell}}``.

    Raises :class:`~cellcalc.errors.InputError` for anything else, or beyond the limits.
    """
    try:
        with _opened(contents, shown_as) as package:
            kind = package.open(_MIME).read(200)
            if not kind.startswith(_KIND):
                raise _refused(shown_as, "", "a spreadsheet", "another OpenDocument file")
            inside = _Package(package, shown_as)
            tables = Tables(inside.budget)
            inside.feed(_CONTENT, tables)
            return tables.sheets
    except DAMAGED_PART as error:
        raise _refused(shown_as, "", "a sound .ods spreadsheet", f"damage ({error})") from None


class Tables(Events):
    """The cells of all tables of a spreadsheet."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.sheets: dict[str, Cells] = {}
        self.cells: Cells = {}
        self.row = self.column = 0
        self.repeated_row = self.repeated = 1
        self.attributes: Mapping[str, str] = {}
        self.pieces: list[str] = []
        self.inside = False

    def start(self, path: list[str], attributes: Mapping[str, str]) -> None:
        name = path[-1]
        attributes = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if name == "table":
            if len(self.sheets) >= MAX_SHEETS:
                raise UnfitError(f"at most {MAX_SHEETS} sheets", "more")
            title = attributes.get("name", f"Sheet{len(self.sheets) + 1}")
            self.cells = self.sheets.setdefault(title, {})
            self.row = 0
        elif name == "table-row":
            self.row += 1
            self.column = 0
            self.repeated_row = _count(attributes.get("number-rows-repeated"))
        elif name in ("table-cell", "covered-table-cell"):
            self.column += 1
            self.attributes, self.pieces = attributes, []
            self.repeated = _count(attributes.get("number-columns-repeated"))
            self.inside = True

    def text(self, path: list[str], text: str) -> None:
        if self.inside and "p" in path and "annotation" not in path:
            self.budget.text(len(text))
            self.pieces.append(text)

    def end(self, path: list[str]) -> None:
        name = path[-1]
        if name == "p" and self.inside and self.pieces:
            self.pieces.append(" ")
        elif name in ("table-cell", "covered-table-cell"):
            self._store()
            self.column += self.repeated - 1
            self.inside = False
        elif name == "table-row":
            self.row += self.repeated_row - 1

    def _store(self) -> None:
        kind = self.attributes.get("value-type", "")
        text = "".join(self.pieces).strip()
        value: float | str | None = text or None
        if kind in ("float", "percentage", "currency"):
            value = float(self.attributes.get("value", "nan"))
        formula = "formula" in self.attributes
        if value is None or self.row > MAX_ROWS or self.column > MAX_COLUMNS:
            return
        if self.repeated > MAX_REPEATED or self.repeated_row > MAX_REPEATED:
            raise UnfitError(f"at most {MAX_REPEATED} copies of a cell", "more")
        for row in range(self.row, self.row + self.repeated_row):
            for column in range(self.column, self.column + self.repeated):
                self.budget.cell()
                self.cells[f"{get_column_letter(column)}{row}"] = Cell(value, formula)


def _count(text: str | None) -> int:
    if text is None or not text.isdecimal() or len(text) > 8:
        return 1
    return max(int(text), 1)
