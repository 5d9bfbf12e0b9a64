"""The keys of quantities: how one is made of another, and what it is made of.

=================  =======================================================================
``dc``             the derivative of the loss by ``c``
``dh_via_y``       that part of ``dh`` which comes through ``y``
``c0``, ``dc0``    the state that enters a window, and the derivative by it
``W_f2``           the element of the vector ``W_f`` that belongs to the second input
``m_W_f2``         what an optimizer that has a state ``m`` keeps for ``W_f2``
``sum_dW_f2``      a gradient, added up over windows
``clipped_dW_f2``  the same as the update uses it
=================  =======================================================================
"""

from __future__ import annotations

VIA = "_via_"
COUNT = "k"  # the number of the update
NORM, FACTOR = "gradient_norm", "clip_factor"  # of a gradient that is clipped
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


def initial_key(state: str) -> str:
    """The key of a state before step 1: ``c0`` for ``c``."""
    return f"{state}0"


def memory_key(own: str, parameter: str) -> str:
    """The key of what an optimizer calls ``own`` for one parameter: ``v_W_f1``."""
    return f"{own}_{parameter}"


def gathered_key(parameter: str) -> str:
    """The key of a parameter's gradient added up: over a window's steps, or over windows."""
    return f"sum_{derivative_key(parameter)}"


def clipped_key(parameter: str) -> str:
    """The key of a parameter's gradient as the update uses it."""
    return f"clipped_{derivative_key(parameter)}"


def split_key(key: str) -> tuple[str, str]:
    """A key and its trailing digits: ``("W_f", "1")``."""
    stem = key.rstrip(_DIGITS)
    return stem, key[len(stem) :]


def element_keys(vector: str, count: int) -> tuple[str, ...]:
    """The keys of a vector's elements: ``x1, x2, …``, or ``x`` where there is a single one."""
    if count == 1:
        return (vector,)
    return tuple(f"{vector}{k}" for k in range(1, count + 1))
