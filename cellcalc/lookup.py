"""The value that a symbol in an equation stands for, at a certain step of a trace."""

from __future__ import annotations

from collections.abc import Callable

from cellcalc.language.tree import Symbol
from cellcalc.trace import PassTrace, WindowTrace

Lookup = Callable[[Symbol], float]


def forward_values(one: PassTrace, t: int) -> Lookup:
    """What the symbols of a forward equation stand for when it is computed for step t."""

    def value(symbol: Symbol) -> float:
        if symbol.name in one.coefficients:
            return one.coefficients[symbol.name]
        if symbol.name in one.before:
            return one.parameters_at(t)[symbol.name]
        if symbol.shift == -1:
            return one.state_before(t, symbol.name)
        return one.forward[symbol.name][t]

    return value


def backward_values(one: PassTrace, window: WindowTrace, t: int) -> Lookup:
    """The same for an equation of a window; beyond the window every derivative is 0."""

    def value(symbol: Symbol) -> float:
        step = t + (symbol.shift or 0)
        if symbol.name in one.coefficients:
            return one.coefficients[symbol.name]
        if symbol.name in one.before:
            stored = symbol.shift is not None and step <= window.last
            return (one.parameters_at(step) if stored else window.before)[symbol.name]
        if symbol.name in window.backward:
            if step == window.first - 1:  # what flows into the state before the window
                return window.entering.get(symbol.name, 0.0)
            inside = window.first <= step <= window.last
            return window.backward[symbol.name][step - window.first] if inside else 0.0
        if symbol.shift == -1:
            return one.state_before(t, symbol.name)
        values = one.forward[symbol.name]
        return values[step] if step < len(values) else 0.0

    return value
