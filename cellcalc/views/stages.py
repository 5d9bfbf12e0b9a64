"""The picture of a cell of one's own: a column of boxes a stage, and every line between them.

A quantity stands one stage after the last of those that it is made of. A value that is used later
on than in the next stage runs on a lane of its own, between the boxes of the stages that it passes;
so no line runs through a box, and every line leads from what is used to what uses it. The order
within each stage is that with few crossings (Sugiyama, Tagawa and Toda 1981: barycentres).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from cellcalc.language.tree import Symbol, spelled_out, symbols
from cellcalc.model.model import LOSS, PREDICTION, TARGET, Model

MOST_INPUTS = 4  # boxes for the features of x
MOST_ITEMS = 400  # boxes and places of lanes: beyond these nobody follows a line
SWEEPS = 8
UNITS = 2  # a box takes so many units of height, a lane one

Place = tuple[float, int]  # row and column, from 0; a lane may run half a row from a box


@dataclass(frozen=True)
class Stop:
    """Where something stands in a stage: a box, or (``passing``) the lane of a value."""

    symbol: str
    before: bool
    passing: bool = False


@dataclass(frozen=True)
class Wire:
    """A line from a stage to the next, along a lane, or down from a box to the one below it.

    ``leaves`` and ``arrives`` say whether there is a box at its start and its end.
    """

    start: Place
    end: Place
    leaves: bool
    arrives: bool

    @property
    def down(self) -> bool:
        """Whether it runs from a box to the one below."""
        return self.leaves and self.start[1] == self.end[1]


@dataclass(frozen=True)
class Staged:
    """Where each box stands, by symbol and whether of the step before; and the lines.

    ``more`` has what else a box is made of, that has no box: inputs beyond the first few, targets.
    """

    places: Mapping[tuple[str, bool], Place]
    wires: tuple[Wire, ...]
    more: Mapping[tuple[str, bool], tuple[Symbol, ...]]


def staged(model: Model) -> Staged:
    """The boxes and lines of a model's cell."""
    return _Stages(model).laid_out()


@dataclass
class _Stages:
    """The stages in the making: who uses what, and the stops of each stage in their order."""

    model: Model
    stage: dict[Stop, int] = field(default_factory=dict)
    users: dict[Stop, list[Stop]] = field(default_factory=dict)
    more: dict[Stop, list[Symbol]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        model = self.model
        every = [row.symbol for row in model.inputs if row.symbol != TARGET]
        shown = every[:MOST_INPUTS]
        made: dict[Stop, list[Stop]] = {}
        for quantity in model.forward:
            own, formula = Stop(quantity.symbol, False), quantity.formula
            made[own] = []
            for symbol in symbols(spelled_out(formula, model.features)) if formula else ():
                stop, name = Stop(symbol.name, symbol.shift == -1), symbol.name
                if name == TARGET or (name in every and name not in shown):
                    self.more.setdefault(own, []).append(symbol)
                elif stop.before or name in shown or stop in made:
                    made[own].append(stop)
        used = [stop for below in made.values() for stop in below]
        sources = [Stop(name, False) for name in shown]
        sources += [Stop(name, True) for name in model.state]
        for stop in dict.fromkeys([*sources, *(stop for stop in used if stop.before)]):
            if stop in used:
                self.stage[stop] = 0
        for own, below in made.items():
            self.stage[own] = 1 + max((self.stage[stop] for stop in below), default=0)
            for stop in dict.fromkeys(below):
                self.users.setdefault(stop, []).append(own)
        self.below = self._below()

    def _below(self) -> list[Stop]:
        """The output, what is predicted, the loss: one below the other where they are a chain."""
        chain = [Stop(self.model.cell.output, False)]
        chain += [s for s in (Stop(PREDICTION, False), Stop(LOSS, False)) if s in self.stage]
        for above, stop in pairwise(chain):
            alone = [s for s, k in self.stage.items() if k >= self.stage[stop]]
            made_of = [s for s, users in self.users.items() if stop in users]
            if made_of != [above] or alone != chain[chain.index(stop) :]:
                return []
        if sum(k == self.stage[chain[0]] for k in self.stage.values()) > 1:
            return []  # something else stands where they would go
        return chain[1:]

    def laid_out(self) -> Staged:
        columns = self._columns()
        if sum(map(len, columns)) > MOST_ITEMS:
            columns = [[s for s in column if not s.passing] for column in columns]
            rows = [_packed(column) for column in columns]
            places = self._places(columns, rows)
            unlinked = {
                (own.symbol, own.before): tuple(Symbol(s.symbol, -1 if s.before else 0)
                for s, users in self.users.items() if own in users)
                for own in self.stage
            }  # fmt: skip
            return Staged(places, (), unlinked)
        columns = self._ordered(columns)
        rows = self._rows(columns)
        places = self._places(columns, rows)
        more = {(s.symbol, s.before): tuple(found) for s, found in self.more.items()}
        return Staged(places, tuple(self._wires(columns, rows, places)), more)

    def _columns(self) -> list[list[Stop]]:
        """The stops of each stage, in the order of the equations, with the lanes that pass."""
        upright = set(self.below)
        stops = [s for s in self.stage if s not in upright]
        columns: list[list[Stop]] = [[] for _ in range(1 + max(self.stage[s] for s in stops))]
        for stop in stops:
            columns[self.stage[stop]].append(stop)
            last = max((self.stage[user] for user in self.users.get(stop, ())
                        if user not in upright), default=0)  # fmt: skip
            for k in range(self.stage[stop] + 1, last):
                columns[k].append(replace(stop, passing=True))
        return columns

    def _links(self, stop: Stop, column: int, columns: Sequence[Sequence[Stop]]) -> list[Stop]:
        """What a line leads to from a stop in the next column."""
        if column + 1 >= len(columns):
            return []
        source = replace(stop, passing=False)
        users = set(self.users.get(source, ())) - set(self.below)
        after = [s for s in columns[column + 1] if s in users]
        lane = replace(stop, passing=True)
        return [*after, lane] if lane in columns[column + 1] else after

    def _ordered(self, columns: list[list[Stop]]) -> list[list[Stop]]:
        """Each column in an order with few crossings."""
        forth = [
            {stop: self._links(stop, k, columns) for stop in column}
            for k, column in enumerate(columns)
        ]
        back: list[dict[Stop, list[Stop]]] = [{stop: [] for stop in column} for column in columns]
        for k, links in enumerate(forth[:-1]):
            for stop, after in links.items():
                for other in after:
                    back[k + 1][other].append(stop)
        best, fewest = columns, _crossings(columns, forth)
        for sweep in range(SWEEPS):
            columns = [list(column) for column in columns]
            right = sweep % 2 == 0
            for k in range(1, len(columns)) if right else range(len(columns) - 2, -1, -1):
                links = back[k] if right else forth[k]
                beside = {s: n for n, s in enumerate(columns[k - 1 if right else k + 1])}
                here = {s: n for n, s in enumerate(columns[k])}
                columns[k].sort(key=lambda s: _mean([beside[o] for o in links[s]], here[s]))
            found = _crossings(columns, forth)
            if found < fewest:
                best, fewest = columns, found
        return best

    def _rows(self, columns: list[list[Stop]]) -> list[dict[Stop, int]]:
        """The height of each stop in units: near what it is joined to, the order kept."""
        rows = [_packed(column) for column in columns]
        height = max(_height(column) for column in columns)
        forth = [
            {stop: self._links(stop, k, columns) for stop in column}
            for k, column in enumerate(columns)
        ]
        for sweep in range(SWEEPS):
            order = range(len(columns)) if sweep % 2 == 0 else range(len(columns) - 1, -1, -1)
            for k in order:
                wanted = {}
                for stop in columns[k]:
                    near = [rows[k + 1][o] for o in forth[k][stop]] if k + 1 < len(columns) else []
                    if k:
                        near += [rows[k - 1][o] for o, to in forth[k - 1].items() if stop in to]
                    wanted[stop] = _mean(near, rows[k][stop])
                rows[k] = _near(columns[k], wanted, height)
        return rows

    def _places(
        self, columns: Sequence[Sequence[Stop]], rows: Sequence[Mapping[Stop, int]]
    ) -> dict[tuple[str, bool], Place]:
        found: dict[tuple[str, bool], Place] = {}
        for k, column in enumerate(columns):
            for stop in column:
                if not stop.passing:
                    found[stop.symbol, stop.before] = (rows[k][stop] / UNITS, k)
        for k, stop in enumerate(self.below, 1):
            row, at = found[self.model.cell.output, False]
            found[stop.symbol, False] = (row + k, at)
        return found

    def _wires(
        self,
        columns: Sequence[Sequence[Stop]],
        rows: Sequence[Mapping[Stop, int]],
        places: Mapping[tuple[str, bool], Place],
    ) -> Iterable[Wire]:
        for k, column in enumerate(columns):
            for stop in column:
                start = (rows[k][stop] / UNITS, k)
                if stop.passing:
                    yield Wire(start, start, False, False)
                for other in self._links(stop, k, columns):
                    end = (rows[k + 1][other] / UNITS, k + 1)
                    yield Wire(start, end, not stop.passing, not other.passing)
        above = Stop(self.model.cell.output, False)
        for stop in self.below:
            ends = places[above.symbol, False], places[stop.symbol, False]
            yield Wire(*ends, True, True)
            above = stop


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _size(stop: Stop) -> int:
    return 1 if stop.passing else UNITS


def _height(column: Sequence[Stop]) -> int:
    return sum(map(_size, column))


def _packed(column: Sequence[Stop]) -> dict[Stop, int]:
    """One below the other, from the top."""
    rows: dict[Stop, int] = {}
    row = 0
    for stop in column:
        rows[stop] = row
        row += _size(stop)
    return rows


def _near(column: Sequence[Stop], wanted: Mapping[Stop, float], height: int) -> dict[Stop, int]:
    """Rows in the order of the column, as near as can be to those that are wanted."""
    # The least sum of squares, by dynamic programming: cost[row] of what stands from a row on.
    after = [0.0] * (height + 1)
    chosen: list[list[int]] = []
    for stop in reversed(column):
        size = _size(stop)
        best, at = float("inf"), height
        costs = [best] * (height + 1)
        places = [height] * (height + 1)
        for row in range(height - size, -1, -1):
            cost = (row - wanted[stop]) ** 2 + after[row + size]
            if cost < best:
                best, at = cost, row
            costs[row], places[row] = best, at
        after = costs
        chosen.append(places)
    rows: dict[Stop, int] = {}
    row = 0
    for stop, found in zip(column, reversed(chosen), strict=True):
        rows[stop] = found[row]
        row = found[row] + _size(stop)
    return rows


def _crossings(
    columns: Sequence[Sequence[Stop]], forth: Sequence[Mapping[Stop, Sequence[Stop]]]
) -> int:
    """How many pairs of lines cross."""
    count = 0
    for k in range(len(columns) - 1):
        beside = {stop: n for n, stop in enumerate(columns[k + 1])}
        ends = [beside[o] for stop in columns[k] for o in sorted(forth[k][stop], key=beside.get)]  # type: ignore[arg-type]
        count += sum(b < a for n, a in enumerate(ends) for b in ends[n + 1 :])
    return count
