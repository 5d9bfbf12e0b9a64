"""The sheet ``Cell``: the cell as a picture, each box with its live value and its gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from cellcalc.language.keys import derivative_key, element_keys
from cellcalc.language.tree import Symbol, symbols
from cellcalc.model.model import TARGET, Model, Quantity, is_gate, is_squashed
from cellcalc.problems.sequences import or_zero
from cellcalc.problems.templates import INPUTS
from cellcalc.resources import names, read_toml, sentence
from cellcalc.workbook.book import Book, Sheet
from cellcalc.workbook.layout import Layout
from cellcalc.workbook.sheets import step
from cellcalc.workbook.sheets.step import Choice
from cellcalc.xlsx.cells import Cell, Row, Rows, letters
from cellcalc.xlsx.page import set_up_page, set_widths, shade_gates

TOP = step.ROWS + 1  # the first row of the picture
BOX_ROWS, LABEL, VALUE, GRADIENT = 3, 0, 1, 2  # a box is three rows: label, value, gradient
BOX_WIDTH, GAP_WIDTH = 12, 5
FIRST = 2  # the column of the first box

_ACROSS, _ALONG = "─" * 20, "│"  # cut off at the cells' edges, so that the line goes on
_HEADS = {"left": "◀", "right": "▶", "up": "▲", "down": "▼"}


def cell_sheet(book: Book) -> Iterator[Sheet]:
    """The sheet for the first pass."""
    maker = _CellSheet(book.first)
    rows = list(maker.rows())
    width = max(row.width for row in rows)
    yield Sheet("Cell", Rows(rows, width, rows[-1].number), maker.set_up)


def _corner(place: Place) -> tuple[int, int]:
    """The sheet's row and column of the top of a box."""
    row, column = place
    return TOP + row * (BOX_ROWS + 1), FIRST + column * 2


class _CellSheet:
    def __init__(self, layout: Layout) -> None:
        self.layout, self.model = layout, layout.model
        self.choice = Choice(layout)
        self.picture = picture(layout.model)
        self.write = layout.model.unicode()

    def rows(self) -> Iterator[Row]:
        yield Row(1, [Cell(1, "title", sentence("cell", "title"))], lines=2)
        note = sentence("cell", "note") if self.layout.windows else sentence("cell", "forward_note")
        if self.picture.in_layers:
            note = f"{note} {sentence('cell', 'layers_note')}"
        yield Row(2, [Cell(1, "note", note)])
        yield from self.choice.rows()
        placed: dict[tuple[int, int], Cell] = {}
        for arrow in self.picture.arrows:
            placed |= {(row, cell.column): cell for row, cell in self.arrow(arrow)}
        for box in self.picture.boxes:
            placed |= {(row, cell.column): cell for row, cell in self.box(box)}
        last = max(row for row, _ in placed)
        for number in range(TOP, last + 1):
            cells = [cell for (row, _), cell in sorted(placed.items()) if row == number]
            yield Row(number, cells)

    def box(self, box: Box) -> Iterator[tuple[int, Cell]]:
        top, column = _corner(box.place)
        if not box.symbol:
            yield top + VALUE, Cell(column, "arrow", box.text)
            return
        shift = -1 if box.before else 0
        symbol, derived = Symbol(box.symbol, shift), Symbol(derivative_key(box.symbol), shift)
        yield top + LABEL, Cell(column, "node_label", self.write(symbol))
        value = self.choice.forward_value()(symbol)
        text = self.choice.forward_cell(symbol)
        yield top + VALUE, Cell(column, "node_value", or_zero(value), text)
        if self.layout.windows and derived.name in self.layout.windows[0].rows:
            text = self.choice.backward_cell(derived)
            yield top + GRADIENT, Cell(column, "node_gradient", self.gradient(derived), text)
        else:
            yield top + GRADIENT, Cell(column, "node_gradient")

    def gradient(self, symbol: Symbol) -> float:
        """The value now in the cell that the gradient's formula points at."""
        trace, t = self.choice.trace, self.choice.step + (symbol.shift or 0)
        assert trace is not None
        if t == trace.first - 1:
            return trace.entering.get(symbol.name, 0.0)
        inside = trace.first <= t <= trace.last
        return trace.backward[symbol.name][t - trace.first] if inside else 0.0

    def arrow(self, arrow: Arrow) -> Iterator[tuple[int, Cell]]:
        """The cells that a line runs through, the last of them with its head."""
        (top, left), (bottom, right) = _corner(arrow.start), _corner(arrow.end)
        if top == bottom:
            step = 1 if right > left else -1
            head = _HEADS["right" if step > 0 else "left"]
            for column in range(left + step, right, step):
                last = column + step == right
                yield top + VALUE, Cell(column, "arrow", head if last else _ACROSS)
            return
        up = bottom < top
        # Between boxes a line runs from edge to edge; where there is none it meets another line.
        first = (-1 if up else BOX_ROWS) if self.has_box(arrow.start) else VALUE + (-1 if up else 1)
        after = (BOX_ROWS if up else -1) if self.has_box(arrow.end) else VALUE + (1 if up else -1)
        step = -1 if up else 1
        for row in range(top + first, bottom + after + step, step):
            text = _HEADS["up" if up else "down"] if row == bottom + after else _ALONG
            yield row, Cell(left, "arrow", text)

    def has_box(self, place: Place) -> bool:
        return any(box.place == place for box in self.picture.boxes)

    def set_up(self, sheet: Worksheet) -> None:
        columns = max(box.place[1] for box in self.picture.boxes) + 2
        set_widths(sheet, (12, *(BOX_WIDTH, GAP_WIDTH) * columns))
        self.choice.set_up(sheet)
        set_up_page(sheet)
        for box in self.picture.boxes:
            quantity = self.model.quantities.get(box.symbol)
            if quantity is not None and not box.before:
                self.shade(sheet, box, quantity)

    def shade(self, sheet: Worksheet, box: Box, quantity: Quantity) -> None:
        """Gates by how open they are."""
        top, column = _corner(box.place)
        cell = f"{letters(column)}{top + VALUE}"
        if is_gate(quantity):
            shade_gates(sheet, cell)
        elif is_squashed(quantity):
            shade_gates(sheet, cell, low=-1.0)


MOST_INPUTS = 4  # boxes for the features of x

Place = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True)
class Box:
    """A quantity (``before``: of the step before), or the sign of an operation."""

    place: Place
    symbol: str = ""
    text: str = ""
    before: bool = False


@dataclass(frozen=True)
class Arrow:
    """A line along a row or a column, with its head at the end."""

    start: Place
    end: Place


@dataclass(frozen=True)
class Picture:
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def in_layers(self) -> bool:
        """Whether it is not drawn from a file."""
        return not self.arrows


def picture(model: Model) -> Picture:
    """The picture of a model's cell."""
    for name in names("templates/pictures"):
        drawn = _read(name, model)
        if drawn is not None and _shows_all(drawn, model):
            return drawn
    return Picture(tuple(_layers(model)), ())


def _shows_all(drawn: Picture, model: Model) -> bool:
    """A cell of one's own may have the name of one that there is a picture of."""
    return {e.symbol for e in model.cell.equations} <= {box.symbol for box in drawn.boxes}


def _read(name: str, model: Model) -> Picture | None:
    data = read_toml(f"templates/pictures/{name}.toml")
    if model.cell.name not in data["cells"]:
        return None
    boxes: list[Box] = []
    for row in filter(partial(_fits, model), data["boxes"]):
        place = (row["place"][0], row["place"][1])
        symbol = row.get("symbol", "")
        if symbol in INPUTS:
            boxes += _features(symbol, place, model)
        elif not symbol or symbol in model.quantities:
            boxes.append(Box(place, symbol, row.get("text", ""), row.get("before", False)))
    arrows = [
        Arrow((row["from"][0], row["from"][1]), (row["to"][0], row["to"][1]))
        for row in filter(partial(_fits, model), data["arrows"])
    ]
    left_out = {tuple(row["place"]) for row in data["boxes"]} - {box.place for box in boxes}
    return Picture(tuple(boxes), tuple(a for a in arrows if not {a.start, a.end} & left_out))


def _fits(model: Model, row: Mapping[str, Any]) -> bool:
    """Whether the model has what a box or arrow needs, and not what it must be without."""
    without = row.get("without", [])
    absent = [without] if isinstance(without, str) else without
    return row.get("needs", model.cell.output) in model.quantities and (
        not any(name in model.quantities for name in absent)
    )


def _features(vector: str, place: Place, model: Model) -> Iterator[Box]:
    row, column = place
    for k, name in enumerate(element_keys(vector, model.features)[:MOST_INPUTS]):
        yield Box((row, column + k), name)


def _layers(model: Model) -> Iterator[Box]:
    """A column of boxes for each stage of the computation, the inputs on the left."""
    depth: dict[str, int] = {}
    for quantity in model.forward:
        used = symbols(quantity.formula) if quantity.formula else ()
        below = [depth[s.name] for s in used if s.shift == 0 and s.name in depth]
        depth[quantity.symbol] = 1 + max(below, default=0)
    for layer in range(1, max(depth.values()) + 1):
        members = [symbol for symbol, d in depth.items() if d == layer]
        for place, symbol in enumerate(members):
            yield Box((place, layer), symbol)
    inputs = [row.symbol for row in model.inputs if row.symbol != TARGET][:MOST_INPUTS]
    for place, symbol in enumerate(inputs):
        yield Box((place, 0), symbol)
    for place, symbol in enumerate(model.state, len(inputs)):
        yield Box((place, 0), symbol, before=True)
