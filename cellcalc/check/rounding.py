"""What rounding on the way can do to each number of a run: its bound, to first order.

Each value that is kept is a source of error: off by half a unit of its last digit. How strongly
each acts on a number is found backwards from that number through the graph, as a derivative is, so
that errors which cancel do cancel, and a run of hundreds of steps costs no more than it must.

At worst all of them add up. Of very many sources that is not what happens: each is off by chance,
and their sum stays within a few times the root of the sum of squares, whatever they are (of errors
that are spread evenly it leaves k times that root with P < 2 exp(-3/2 k²): Hoeffding 1963). So
:data:`SPREAD` times that root is the bound where it is the smaller one, which takes more than
SPREAD² sources. It is wide enough for those, too, who cut digits off in place of rounding, in runs
of up to some 15 steps. What is rounded alike at several steps, as where a cell has come to rest, is
off alike there: such sources are added up before the squares are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cellcalc.check.amounts import Amount, Run
from cellcalc.check.figures import HALF, Style
from cellcalc.check.spelling import FEW

if TYPE_CHECKING:
    from cellcalc.check.graph import Graph, Node, Overrides

SPREAD = 6.0  # roots of the sum of squares that a sum of many errors stays within
ALIKE = 100.0  # into so many parts of a unit values are told apart that are rounded alike
BLOCK = 128  # numbers whose bounds are found at once
MOST_FIGURES = 8  # of a number that is put in as it stands
# To decimals nobody keeps a mean square: it would be 0, and the step divided by it.
FIGURES = Style(FEW, None)


class Worked:
    """What the equations give at each node (``values``), with what rounding can do to it.

    ``unit`` is half a unit of the last figure kept, for a value; ``anchors`` are the values that
    are gone on with instead, each with its own; ``written`` are the half units of nodes whose
    values are not replaced; ``wanted`` are nodes whose bounds will be asked for.
    """

    def __init__(
        self,
        graph: Graph,
        unit: Callable[[float], float],
        anchors: Mapping[int, tuple[float, float]],
        overrides: Overrides | None = None,
        written: Mapping[int, float] | None = None,
        wanted: Sequence[int] = (),
    ) -> None:
        self.graph, self.unit, self.anchors = graph, unit, anchors
        self.overrides, self.written = overrides or {}, written or {}
        self.wanted = sorted(set(wanted))
        self.column = {place: k for k, place in enumerate(self.wanted)}
        numbers = {place: number for place, (number, _) in anchors.items()}
        self.values = graph.values(numbers, self.overrides)
        self.used = [numbers.get(place, value) for place, value in enumerate(self.values)]
        self.found: dict[int, tuple[float, int, float]] = {}
        self.slopes: list[tuple[Sequence[int], Sequence[float]]] | None = None

    def bound(self, place: int) -> float:
        """How far off the number at a node can be."""
        return self.known(place)[0]

    def sources(self, place: int) -> int:
        """How many roundings act on the number at a node."""
        return self.known(place)[1]

    def spread(self, place: int) -> float:
        """How far off the number at a node mostly is: the root of the sum of squares."""
        return self.known(place)[2]

    def known(self, place: int) -> tuple[float, int, float]:
        if place not in self.found:
            block = [place]
            if place in self.column:
                start = self.column[place] // BLOCK * BLOCK
                block = self.wanted[start : start + BLOCK]
            self.found.update(zip(block, self.bounds(block), strict=True))
        return self.found[place]

    def amount(self, place: int) -> Amount:
        """The number at a node with its bound, as something of its own."""
        return Amount(self.values[place], np.array([self.bound(place)]))

    def bounds(self, places: Sequence[int]) -> list[tuple[float, int, float]]:
        """Bound, sources and spread of several numbers, by one way back through the graph."""
        if self.slopes is None:
            self.prepare()
        assert self.slopes is not None
        last = max(places)
        acts = np.zeros((last + 1, len(places)))  # of what is gone on with, on each number
        own = np.zeros((last + 1, len(places)))  # of what is worked out, before it is kept
        is_reached = [False] * (last + 1)
        for column, place in enumerate(places):
            own[place, column] = 1.0
            is_reached[place] = True
        sources = np.zeros((last + 1, len(places)))
        for place in range(last, -1, -1):
            if not is_reached[place]:
                continue
            through = own[place] if place in self.anchors else own[place] + acts[place]
            sources[place] = acts[place] * self.kept[place] + through * self.partial[place]
            for used, slope in zip(*self.slopes[place], strict=True):
                is_reached[used] = True
                if math.isfinite(slope):
                    acts[used] += through * slope
                else:  # what does not act on a number at all does not make it unknown
                    acts[used] += np.where(through == 0, 0.0, through) * slope
        sizes = np.abs(sources)
        alike = self.alike[: last + 1]
        together = np.zeros((int(alike.max()) + 1, len(places)))
        np.add.at(together, alike, sizes)
        spread = np.sqrt((together**2).sum(axis=0))
        found = np.minimum(sizes.sum(axis=0), SPREAD * spread)
        counts = np.count_nonzero(sizes, axis=0)
        columns = zip(found.tolist(), counts.tolist(), spread.tolist(), strict=True)
        return list(columns)

    def prepare(self) -> None:
        """What each node is off by itself, and how it changes with what goes into it."""
        size = len(self.graph.nodes)
        self.kept, self.partial = np.zeros(size), np.zeros(size)
        self.alike = np.zeros(size, dtype=np.intp)
        groups: dict[object, int] = {}
        is_exact = [False] * size
        slopes: list[tuple[Sequence[int], Sequence[float]]] = []
        for place, node in enumerate(self.graph.nodes):
            override = self.overrides.get(place)
            if node.run is None and override is None and place not in self.anchors:
                is_exact[place] = not is_long(node.value)  # nobody puts in so many figures
                self.kept[place] = 0.0 if is_exact[place] else self.unit(node.value)
                slopes.append(((), ()))
            else:
                self.kept[place] = self.kept_of(place, node)
                run, inputs = (
                    (node.run, node.inputs) if override is None else (override.run, override.inputs)
                )
                slopes.append(self.slopes_of(run, inputs, is_exact))
                self.partial[place] = sum(
                    self.unit(term)
                    for run, at in node.parts
                    if (term := float(run([self.used[k] for k in at])))
                )
            self.alike[place] = groups.setdefault(self.group(place, node), len(groups))
        self.slopes = slopes

    def kept_of(self, place: int, node: Node) -> float:
        """Half a unit of what is gone on with at a node."""
        if place in self.anchors:
            return self.anchors[place][1]
        if place in self.written:
            return self.written[place]
        value = self.values[place]
        own = self.unit(value)
        if place in self.graph.optimizing and node.row != "w update":
            own = min(own, FIGURES.half(value))
        return own

    def slopes_of(
        self, run: Run | None, inputs: Sequence[int], is_exact: Sequence[bool]
    ) -> tuple[Sequence[int], Sequence[float]]:
        """The inputs that can be off, and how a node changes with each."""
        rough = [k for k, used in enumerate(inputs) if not is_exact[used]]
        if not rough or run is None:
            return (), ()
        values: list[Any] = [self.used[used] for used in inputs]
        errors = np.eye(len(rough))
        for row, k in enumerate(rough):
            values[k] = Amount(values[k], errors[row])
        result = run(values)
        if not isinstance(result, Amount):
            return (), ()
        return [inputs[k] for k in rough], [float(one) for one in result.error]

    def group(self, place: int, node: Node) -> object:
        """What sources are off alike: those of one row whose values are rounded to the same."""
        value, unit = self.used[place], self.kept[place] / HALF
        if not unit or not math.isfinite(value / unit):
            return place
        return node.row or place, float(unit), round(value / unit * ALIKE)


def is_long(value: float) -> bool:
    """Whether a given number has more figures than anybody puts in by hand."""
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    return len(digits) > MOST_FIGURES
