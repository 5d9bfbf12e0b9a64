"""Which row of a sheet full of numbers does not follow from its own equation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import Trace
from cellcalc.language.tree import Expression, Symbol, spelled_out
from cellcalc.model.model import LOSS, Group, Quantity
from cellcalc.problems.sequences import or_zero
from cellcalc.studies.exercise import Place

APART = 1e-6  # relative to the largest number of the row
Numbers = Callable[[Place], float | None]


def inconsistent(trace: Trace, number: Numbers) -> list[str]:
    """The symbols of the rows whose numbers do not follow, the one that is farthest off first.

    ``number`` is what stands in a place; the place (0, W, t) is that of a parameter in the column
    of step t. Each row's equation is worked out from the numbers that are there, so that a wrong
    row does not make those wrong that follow from it.
    """
    off: dict[str, float] = {}
    for quantity, have, want in _compared(trace, number):
        size = max(map(abs, (*have, *want)), default=0.0)
        gap = max((abs(a - b) for a, b in zip(have, want, strict=True)), default=0.0)
        if size and gap > APART * size:
            off[quantity.symbol] = max(off.get(quantity.symbol, 0.0), gap / size)
    return sorted(off, key=lambda symbol: -off[symbol])


def _compared(trace: Trace, number: Numbers) -> Iterator[tuple[Quantity, list[float], list[float]]]:
    """Each row's numbers, and what its equation gives."""
    model, one = trace.model, trace.passes[0]
    for quantity in model.forward:
        if quantity.formula is not None:
            steps = [
                t for t in range(1, one.steps + 1) if quantity.symbol != LOSS or one.counted(t)
            ]
            places = [(0, quantity.symbol, t) for t in steps]
            yield quantity, *_row(trace, number, quantity.formula, places, 0)
    for count, window in enumerate(one.windows, 1):
        for quantity in (*model.backward, *model.gradients):
            if quantity.formula is not None and quantity.group is not Group.PATH:
                places = [(count, quantity.symbol, t) for t in window.steps]
                yield quantity, *_row(trace, number, quantity.formula, places, window.last)


def _row(
    trace: Trace, number: Numbers, formula: Expression, places: Sequence[Place], last: int
) -> tuple[list[float], list[float]]:
    have, want = [], []
    spelled = spelled_out(formula, trace.model.features)
    for place in places:
        there = number(place)
        if there is None:
            continue
        value = _lookup(trace, number, place, last)
        try:
            comes_to = evaluate(spelled, value)
        except (ArithmeticError, ValueError):
            continue
        if math.isfinite(comes_to):
            have.append(there)
            want.append(comes_to)
    return have, want


def _lookup(trace: Trace, number: Numbers, place: Place, last: int) -> Callable[[Symbol], float]:
    """What a symbol of the place's equation stands for; ``last`` is that of its window, or 0."""
    window, _, t = place
    assert t is not None
    one = trace.passes[0]

    def value(symbol: Symbol) -> float:
        name, at = symbol.name, t + (symbol.shift or 0)
        if name in one.coefficients:
            return one.coefficients[name]
        if name in trace.initial:
            column = at if symbol.shift is not None or not window else last
            return or_zero(number((0, name, column)) or 0.0)
        if name in trace.model.derivatives:
            return or_zero(number((window, name, at)) or 0.0) if at <= last else 0.0
        if symbol.shift == -1 and at in one.schedule.resets:
            at = 0
        return or_zero(number((0, name, at)) or 0.0)

    return value
