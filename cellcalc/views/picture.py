"""The picture of a cell: boxes and arrows on a grid, from a file or by stages of the computation.

The files in ``templates/pictures`` draw the cells that textbooks draw. Any other cell is laid out
from its equations: a column of boxes for each stage, and lines between them (``stages``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cellcalc.language.keys import element_keys
from cellcalc.model.model import Model
from cellcalc.problems.templates import INPUTS
from cellcalc.resources import names, read_toml
from cellcalc.views.stages import MOST_INPUTS, Place, Wire, staged

MOST_NAMED = 4  # of what a box is made of that has no box


@dataclass(frozen=True)
class Box:
    """A quantity (``before``: of the step before), or the sign of an operation.

    ``source`` says what it is made from besides, where no line does.
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
    """Boxes, and the arrows of a file or the wires between stages."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    wires: tuple[Wire, ...] = ()


def picture(model: Model) -> Picture:
    """The picture of a model's cell."""
    for name in names("templates/pictures"):
        drawn = _read(name, model)
        if drawn is not None and _shows_all(drawn, model):
            return drawn
    return _stages(model)


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


def _stages(model: Model) -> Picture:
    """A column of boxes for each stage of the computation, the inputs on the left."""
    laid, write = staged(model), model.unicode()
    boxes = []
    for (symbol, before), place in laid.places.items():
        others = [write(used) for used in laid.more.get((symbol, before), ())]
        if len(others) > MOST_NAMED:
            others[1:-1] = ["…"]
        source = f"← {', '.join(others)}" if others else ""
        boxes.append(Box(place, symbol, before=before, source=source))
    return Picture(tuple(boxes), (), laid.wires)
