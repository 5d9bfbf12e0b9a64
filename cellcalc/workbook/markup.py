"""Rows as the XML of a sheet, the format's numbers and texts in their shortest exact spelling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import count
from xml.sax.saxutils import escape

from cellcalc.errors import OutputError
from cellcalc.workbook.cells import MAX_FORMULA, MAX_TEXT, Cell, Fill, Row, letters

LINE_HEIGHT = 15.0  # points


class Markup:
    """Writes the rows of one sheet, given the number of each style.

    A formula filled right over several cells is written once, in the first of them, and shared by
    the others (ECMA-376 part 1, 18.3.1.40): a third less to write and half as much to store.
    Excel shares no formula that refers to another sheet, so such a one is written in each cell.
    """

    def __init__(self, styles: Mapping[str, int]) -> None:
        self.styles = styles
        self.shared = count()

    def row(self, row: Row) -> str:
        height = f' ht="{row.lines * LINE_HEIGHT}" customHeight="1"' if row.lines > 1 else ""
        outline = f' outlineLevel="{row.outline}"' if row.outline else ""
        parts = "".join(
            [
                self.fill(part, row.number) if isinstance(part, Fill) else self.cell(part, row)
                for part in row.parts
            ]
        )
        return f'<row r="{row.number}"{height}{outline}>{parts}</row>'

    def fill(self, fill: Fill, row: int) -> str:
        values, style = fill.values, self.styles[fill.style]
        if not math.isfinite(sum(values)):  # some cell shows an error
            return "".join(cell(c, row, style) for c in fill.cells())
        places = map(letters, range(fill.column, fill.column + len(values)))
        after = f'{row}" s="{style}"'
        if fill.formula is None:
            return "".join(
                [f'<c r="{a}{after}><v>{v!r}</v></c>' for a, v in zip(places, values, strict=True)]
            )
        if len(values) < 2 or not fill.alike or "!" in fill.formula(0):
            texts = self.texts(fill, row)
            together = zip(places, texts, values, strict=True)
            return "".join([f'<c r="{a}{after}><f>{f}</f><v>{v!r}</v></c>' for a, f, v in together])
        return "".join(self.share(fill, row, after, list(places)))

    def share(self, fill: Fill, row: int, after: str, places: list[str]) -> Iterator[str]:
        """The formula in the first cell, the others as members of its group."""
        assert fill.formula is not None
        number, values = next(self.shared), fill.values
        for k in (0, len(values) - 1):
            checked(fill.formula(k), fill.column + k, row)
        area = f"{places[0]}{row}:{places[-1]}{row}"
        master = f'<f t="shared" ref="{area}" si="{number}">{escape(fill.formula(0))}</f>'
        yield f'<c r="{places[0]}{after}>{master}<v>{values[0]!r}</v></c>'
        member = f'{after}><f t="shared" si="{number}"/><v>'
        pairs = zip(places[1:], values[1:], strict=True)
        yield "".join([f'<c r="{a}{member}{v!r}</v></c>' for a, v in pairs])

    def texts(self, fill: Fill, row: int) -> Iterator[str]:
        assert fill.formula is not None
        for k in range(len(fill.values)):
            yield escape(checked(fill.formula(k), fill.column + k, row))

    def cell(self, part: Cell, row: Row) -> str:
        return cell(part, row.number, self.styles[part.style])


def checked(formula: str, column: int, row: int) -> str:
    """The formula; :class:`~cellcalc.errors.OutputError` where it is too long for a cell."""
    if len(formula) > MAX_FORMULA:
        found = f"{len(formula):,} in {letters(column)}{row}"
        raise OutputError(
            f"workbook: expected formulas of at most {MAX_FORMULA:,} characters, found {found}"
        )
    return formula


def cell(cell: Cell, row: int, style: int) -> str:
    """One cell by itself."""
    start = f'<c r="{letters(cell.column)}{row}" s="{style}"'
    value = cell.value
    if cell.formula is None:
        if value is None:
            return start + "/>"
        if isinstance(value, str):
            text = f'<t xml:space="preserve">{escape(value[:MAX_TEXT])}</t>'
            return f'{start} t="inlineStr"><is>{text}</is></c>'
        return f"{start}><v>{value!r}</v></c>"
    formula = f"<f>{escape(checked(cell.formula, cell.column, row))}</f>"
    if isinstance(value, str):
        return f'{start} t="str">{formula}<v>{escape(value)}</v></c>'
    if value is None or not math.isfinite(value):
        return f'{start} t="e">{formula}<v>#NUM!</v></c>'
    return f"{start}>{formula}<v>{value!r}</v></c>"
