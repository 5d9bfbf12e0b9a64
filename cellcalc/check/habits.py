"""What is done to every number of a sheet alike: every sign turned, every number at another step.

Such a sheet has one cause, and is to be seen before anything is said of its rows one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cellcalc.check.figures import stands_for
from cellcalc.check.graph import Graph, Key
from cellcalc.check.slips import sayings
from cellcalc.check.spelling import Written

POINTS = (10.0, 0.1, 100.0, 0.01)
FACTORS = (-1.0, 2.0, 0.5, *POINTS)
SHIFTS = (1, -1)
LEAST = 6  # answers that show a habit
SHARE = 0.9  # of those that could show it: some are wrong besides


@dataclass(frozen=True)
class Shown:
    """A number that is not 0: its place, and what should stand there, with its bound."""

    key: Key
    number: Written
    value: float
    bound: float


@dataclass(frozen=True)
class Habit:
    """What was done all over, in words, and which of the numbers it explains."""

    says: str
    places: tuple[int, ...]


def habit(
    graph: Graph, shown: Sequence[Shown], at: Callable[[int], tuple[float, float]]
) -> Habit | None:
    """What explains nearly every number that it could explain; None where nothing does.

    ``at`` gives the true value at another node of the graph, with its bound.
    """
    return _scaled(graph, shown) or _moved(graph, shown, at)


def _scaled(graph: Graph, shown: Sequence[Shown]) -> Habit | None:
    """All by one factor, those of the forward pass as well: else it is the derivatives' slip."""
    some = [one for one in shown if one.key[2] in graph.forwards]
    if not some or len(some) == len(shown):
        return None
    for factor in FACTORS:
        found = tuple(
            k
            for k, one in enumerate(shown)
            if stands_for(one.number, factor * one.value, abs(factor) * one.bound)
            and not stands_for(one.number, one.value, one.bound)
        )
        if len(found) >= max(LEAST, SHARE * len(shown)):
            name = "all_signs" if factor < 0 else "all_points" if factor in POINTS else "all_scaled"
            return Habit(sayings("whole", name).format(factor=f"{factor:g}"), found)
    return None


def _moved(
    graph: Graph, shown: Sequence[Shown], at: Callable[[int], tuple[float, float]]
) -> Habit | None:
    """All rows of a pass, or of both, with the values of the step after or before."""
    for shift in SHIFTS:
        by_pass: dict[bool, list[tuple[int, bool]]] = {True: [], False: []}
        for k, one in enumerate(shown):
            p, w, symbol, t = one.key
            place = None if t is None else graph.index.get((p, w, symbol, t + shift))
            if place is not None and symbol not in graph.given:
                value, bound = at(place)
                is_there = stands_for(one.number, value, bound)
                is_right = stands_for(one.number, one.value, one.bound)
                by_pass[symbol in graph.forwards].append((k, is_there and not is_right))
        moved = {
            forward: [k for k, is_moved in some if is_moved]
            for forward, some in by_pass.items()
            if sum(is_moved for _, is_moved in some) >= max(LEAST, SHARE * len(some))
        }
        if moved:
            name = "moved_later" if shift > 0 else "moved_earlier"
            which = "both" if len(moved) > 1 else "forward" if True in moved else "backward"
            says = sayings("whole", f"{name}_{which}")
            return Habit(says, tuple(sorted(k for some in moved.values() for k in some)))
    return None
