"""What kind of thing a quantity is, read off its equation: for colours, charts and the picture."""

from __future__ import annotations

from cellcalc.language.tree import Call, Number
from cellcalc.model import Quantity

_GATES = ("sigmoid", "hard_sigmoid")
_BOUNDS = (Number(0.0), Number(1.0))


def is_gate(quantity: Quantity) -> bool:
    """Whether it lies between 0 (closed) and 1 (open)."""
    match quantity.formula:
        case Call("clip", _, others):
            return others == _BOUNDS
        case Call(function):
            return function in _GATES
    return False


def is_squashed(quantity: Quantity) -> bool:
    """Whether it lies between -1 and 1."""
    return isinstance(quantity.formula, Call) and quantity.formula.function == "tanh"
