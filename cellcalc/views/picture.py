"""The picture of a cell: boxes and arrows on a grid, from a file or by stages of the computation.

The files in ``templates/pictures`` draw the cells that textbooks draw. Any other cell is laid out
from its equations: a column of boxes for each stage, each saying what it is made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cellcalc.language.keys import element_keys
from cellcalc.language.tree import spelled_out, symbols
from cellcalc.model.model import TARGET, Model
from cellcalc.problems.templates import INPUTS
from cellcalc.resources import names, read_toml

MOST_INPUTS = 4  # boxes for the features of x

Place = tuple[int, int]  # row and column, from 0


@dataclass(frozen=True)
class Box:
    """A quantity (``before``: of the step before), or the sign of an operation.

    ``source`` says what it is made from, where no arrow does.
    """

    place: Place
    symbol: str = ""
    text: str = ""
    before: bool = False
    source: str = ""


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
    vectors = [(r["place"][0], r["place"][1]) for r in data["boxes"] if r.get("symbol") in INPUTS]
    places = {box.place for box in boxes}
    more = len(element_keys("x", model.features)[:MOST_INPUTS])
    arrows += [a for place in vectors for a in _wired(place, more, arrows, places)]
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


def _wired(place: Place, count: int, arrows: list[Arrow], boxes: set[Place]) -> Iterator[Arrow]:
    """The arrows of the inputs beside the first, which goes straight up from its place."""
    row, column = place
    for arrow in [a for a in arrows if a.start == place and a.end[1] == column]:
        end = arrow.end[0]
        line = end if arrow.end not in boxes else row - 1
        spans = [sorted((a.start[1], a.end[1])) for a in arrows if a.start[0] == a.end[0] == line]
        for k in range(1, count):
            yield Arrow((row, column + k), (line, column + k))
            if not any(low <= column + k <= high for low, high in spans):
                yield Arrow((line, column + k), (line, column))


def _layers(model: Model) -> Iterator[Box]:
    """A column of boxes for each stage of the computation, the inputs on the left."""
    depth: dict[str, int] = {}
    for quantity in model.forward:
        used = symbols(quantity.formula) if quantity.formula else ()
        below = [depth[s.name] for s in used if s.shift == 0 and s.name in depth]
        depth[quantity.symbol] = 1 + max(below, default=0)
    write = model.unicode()

    def made_from(symbol: str) -> str:
        formula = model.quantities[symbol].formula
        used = symbols(spelled_out(formula, model.features)) if formula else ()
        return "← " + ", ".join(write(s) for s in used if s.shift is not None)

    for layer in range(1, max(depth.values()) + 1):
        members = [symbol for symbol, d in depth.items() if d == layer]
        for place, symbol in enumerate(members):
            yield Box((place, layer), symbol, source=made_from(symbol))
    inputs = [row.symbol for row in model.inputs if row.symbol != TARGET][:MOST_INPUTS]
    for place, symbol in enumerate(inputs):
        yield Box((place, 0), symbol)
    for place, symbol in enumerate(model.state, len(inputs)):
        yield Box((place, 0), symbol, before=True)
