"""Rows as they look: labels in the group's tint, the heading of a block."""

from __future__ import annotations

from collections.abc import Iterable

from cellcalc.resources import sentence
from cellcalc.workbook.layout import EQUATION, GROUP, SYMBOL, TOTAL, Layout, column
from cellcalc.xlsx.cells import Cell, Fill, Row, letters, text_lines

EQUATION_WIDTH = 46  # characters; longer equations are wrapped


def block_heading(
    sheet: Layout, group: str, number: int, name: str, note: str, total: bool = False
) -> Row:
    """The row that begins a block: its name, ``t``, and the step numbers."""
    dark, step = f"{group}_heading", f"{group}_step"
    cells: list[Cell | Fill] = [
        Cell(GROUP, dark, name),
        Cell(SYMBOL, dark, "t"),
        Cell(EQUATION, f"{group}_note", note),
        Cell(TOTAL, step, sentence("sheet", "total") if total else None),
        Fill(column(0), step, range(sheet.steps + 2)),
    ]
    return Row(number, cells)


def labelled(
    number: int,
    group: str,
    symbol: str,
    equation: str,
    cells: Iterable[Cell | Fill],
    detail: bool = False,
    outline: int = 0,
) -> Row:
    """A row of a block: group, symbol and equation, then its cells in order.

    ``detail`` is the look of one path of the sum above; ``outline`` how deep the row is folded.
    """
    labels = [
        Cell(GROUP, f"{group}_group", "path" if detail else group),
        Cell(SYMBOL, f"{group}_path" if detail else f"{group}_symbol", symbol),
        Cell(EQUATION, f"{group}_equation", equation),
    ]
    lines = text_lines(equation, EQUATION_WIDTH)
    return Row(number, [*labels, *sorted(cells, key=lambda cell: cell.column)], lines, outline)


def over_steps(row: int, first: int, last: int) -> str:
    """The cells of a row from one step to another."""
    return f"{letters(column(first))}{row}:{letters(column(last))}{row}"
