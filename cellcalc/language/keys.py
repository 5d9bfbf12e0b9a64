"""The keys of quantities: how one is made of another, and what it is made of.

=============  ===========================================================================
``dc``         the derivative of the loss by ``c``
``dh_via_y``   that part of ``dh`` which comes through ``y``
``dc0``        the derivative by the state that enters a window, ``c`` before its first step
``W_f2``       the element of the vector ``W_f`` that belongs to the second input
=============  ===========================================================================
"""

from __future__ import annotations

VIA = "_via_"
_DIGITS = "0123456789"


def derivative_key(key: str) -> str:
    """The key of the loss's derivative by a quantity: ``dc`` for ``c``."""
    return f"d{key}"


def path_key(derived: str, via: str) -> str:
    """The key of the part of a derivative that comes through another quantity."""
    return f"{derived}{VIA}{via}"


def entering_key(state: str) -> str:
    """The key of the derivative by a state as it enters a window: ``dc0`` for ``c``."""
    return f"{derivative_key(state)}0"


def split_key(key: str) -> tuple[str, str]:
    """A key and its trailing digits: ``("W_f", "1")``."""
    stem = key.rstrip(_DIGITS)
    return stem, key[len(stem) :]


def element_keys(vector: str, count: int) -> tuple[str, ...]:
    """The keys of a vector's elements: ``x1, x2, …``, or ``x`` where there is a single one."""
    if count == 1:
        return (vector,)
    return tuple(f"{vector}{k}" for k in range(1, count + 1))
