"""What kind of thing a quantity is, read off its equation: for colours, charts and the picture."""

from __future__ import annotations

from cellcalc.expression import Call
from cellcalc.model import Quantity

_GATES = ("sigmoid", "hard_sigmoid")


def is_gate(quantity: Quantity) -> bool:
    """Whether it lies between 0 (closed) and 1 (open)."""
    return isinstance(quantity.formula, Call) and quantity.formula.function in _GATES


def is_squashed(quantity: Quantity) -> bool:
    """Whether it lies between -1 and 1."""
    return isinstance(quantity.formula, Call) and quantity.formula.function == "tanh"
