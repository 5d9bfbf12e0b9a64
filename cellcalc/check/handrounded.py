"""The first pass of a problem as somebody gets it who rounds every value on the way."""

from __future__ import annotations

from dataclasses import replace

from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, Trace


def by_hand_pass(trace: Trace, decimals: int) -> PassTrace:
    """The first pass with every value rounded to so many decimals before it is used."""
    s = trace.specification
    first = replace(s, sequences=s.sequences[:1], update=replace(s.update, epochs=1))
    return run_model(first, trace.model, decimals).passes[0]


def value_in(one: PassTrace, number: int, row: str, t: int | None) -> float | None:
    """A quantity at a step, or over the window of that number; None where there is none."""
    window = one.windows[number - 1] if number <= len(one.windows) else None
    if t is not None and row in one.forward:
        return one.forward[row][t]
    if window is None:
        return one.loss
    if t is None:
        return {"L": one.loss, **window.after, **window.gradients}.get(row)
    if row in window.backward and t >= window.first:
        return window.backward[row][t - window.first]
    return window.entering.get(row)
