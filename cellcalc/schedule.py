"""The windows of backpropagation through time: which steps are swept, and when.

Full BPTT has a single window: it fires at the last step and sweeps every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """One backward sweep: fired after step ``fires_at``, over the steps ``first`` … ``last``.

    ``losses`` are the steps whose losses it injects.
    """

    fires_at: int
    first: int
    last: int
    losses: tuple[int, ...]


@dataclass(frozen=True)
class Scheme:
    """How a sequence is cut into windows, in the options of truncated BPTT(k1, k2)."""

    name: str
    k1: int
    k2: int
    inject: str


def scheme(name: str, steps: int) -> Scheme:
    """The options that a scheme's name stands for, on a sequence of so many steps."""
    return Scheme(name, steps, steps, "new")


def windows(chosen: Scheme, steps: int, has_target: Sequence[bool]) -> tuple[Window, ...]:
    """The windows of a sequence of n = ``steps``, in the order in which they fire.

    One fires at each multiple of k1 and at the last step; it sweeps the last k2 steps and injects
    the losses since the last firing. ``has_target`` tells for each step whether it has a loss; a
    sequence without any has no windows.
    """
    if not any(has_target):
        return ()
    fires = [t for t in range(1, steps + 1) if t % chosen.k1 == 0 or t == steps]
    result, done = [], 0
    for t in fires:
        first = max(t - chosen.k2, 0) + 1
        fresh = range(max(first, done + 1), t + 1)
        result.append(Window(t, first, t, tuple(s for s in fresh if has_target[s - 1])))
        done = t
    return tuple(result)
