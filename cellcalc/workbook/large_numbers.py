"""Numbers that a spreadsheet cannot compute with: text where they stand, and no error value.

A cell holds nothing above 1.8e308, has no inf and no nan, and its functions square and add on the
way. So where a run has numbers beyond :data:`LARGE`, each formula of its computation is one that
falls back: to what cellcalc found (a number, or the text inf, -inf or nan) in a cell that is as
large or reads one that is, to a text that says so in any other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from openpyxl.utils import column_index_from_string

from cellcalc.engine.lazy import LazyRow
from cellcalc.engine.trace import Trace
from cellcalc.resources import sentence
from cellcalc.xlsx.cells import Cell, Row, Rows, literal

LARGE = 1e100
MOST = 9.99999999999999e307  # in a formula of Excel
SHEETS = ("Start", "BPTT", "Checks", "Equations")  # the kinds of sheet that can do with text

_REFERENCE = (
    r"(?<![\w.$!'])(?:(?:'(?P<quoted>[^']+)'|(?P<plain>[A-Za-z]\w*))!)?"
    r"\$?(?P<left>[A-Z]{1,3})\$?(?P<top>[0-9]+)"
    r"(?::\$?(?P<right>[A-Z]{1,3})\$?(?P<bottom>[0-9]+))?(?![\w(])"
)
_READ = re.compile(_REFERENCE)
_COUNTED = re.compile(rf"(?:ISNUMBER|COUNT)\([^()]*\)|(?P<cells>{_REFERENCE})")

# Of each sheet the columns with large numbers, by row.
Places = Mapping[str, Mapping[int, frozenset[int]]]


def has_large(trace: Trace) -> bool:
    """Whether a number of the trace is large, or none at all."""
    if trace.first_not_finite():
        return True
    return any(min(row) <= -LARGE or max(row) >= LARGE for row in _rows(trace) if row)


def _rows(trace: Trace) -> Iterator[Collection[float]]:
    for pass_trace in trace.passes:
        for values in pass_trace.forward.values():
            computed = values[1:]
            if math.isnan(sum(computed)):  # a missing target, or its loss
                computed = [value for value in computed if not math.isnan(value)]
            yield computed
        for window in pass_trace.windows:
            ends = (window.gradients, window.summed, window.after, window.memory_after)
            yield from (end.values() for end in ends)
            yield from (row for row in window.backward.values() if not isinstance(row, LazyRow))


@dataclass(frozen=True)
class Large:
    """Where the large numbers of a workbook stand."""

    places: Places

    @classmethod
    def of(cls, sheets: Iterable[tuple[str, Rows]]) -> Large:
        return cls({title: _places(rows) for title, rows in sheets})

    def read_by(self, formula: str, title: str) -> bool:
        """Whether a formula on a sheet refers to one of them."""
        return any(self._holds(match, title) for match in _READ.finditer(formula))

    def _holds(self, match: re.Match[str], title: str) -> bool:
        rows = self.places.get(match["quoted"] or match["plain"] or title, {})
        top, bottom = int(match["top"]), int(match["bottom"] or match["top"])
        left = column_index_from_string(match["left"])
        right = column_index_from_string(match["right"] or match["left"])
        return any(
            left <= column <= right
            for row in range(top, bottom + 1)
            for column in rows.get(row, ())
        )

    def tolerant(self, title: str, rows: Rows) -> Rows:
        """The rows of a sheet with formulas that fall back."""

        def made() -> Iterator[Row]:
            for row in rows.rows:
                yield replace(row, parts=[self._cell(cell, title) for cell in row.cells])

        return Rows(made(), rows.width, rows.height)

    def _cell(self, cell: Cell, title: str) -> Cell:
        if cell.formula is None or isinstance(cell.value, str):
            return cell
        if cell.formula == "0":  # beyond the last step nothing flows back, were it 0·inf
            return replace(cell, value=0.0)
        value = 0.0 if cell.value is None else cell.value
        shown: float | str | None = cell.value
        fallback = f'"{sentence("sheet", "too_large")}"'
        if not math.isfinite(value):
            shown = str(value)
            fallback = f'"{shown}"'
        elif abs(value) > MOST:
            fallback = f'"{value}"'
        elif self.read_by(cell.formula, title) or abs(value) >= LARGE:
            fallback = literal(value)
        return replace(cell, value=shown, formula=f"IFERROR({_strict(cell.formula)},{fallback})")


def _places(rows: Rows) -> Mapping[int, frozenset[int]]:
    found = {}
    for row in rows.rows:
        columns = [
            cell.column
            for cell in row.cells
            if not isinstance(cell.value, str) and not abs(cell.value or 0.0) < LARGE
        ]
        if columns:
            found[row.number] = frozenset(columns)
    return found


def _strict(formula: str) -> str:
    """The same of numbers, and an error of text, which SUM and MAX would pass over."""

    def read(match: re.Match[str]) -> str:
        return f"({match['cells']}+0)" if match["cells"] else match[0]

    squares = re.sub(r"SUMSQ\(([^()]*)\)", r"SUMPRODUCT(\1,\1)", formula)
    return re.sub(r"\bSUM\(", "SUMPRODUCT(", _COUNTED.sub(read, squares))
