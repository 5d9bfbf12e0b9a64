"""The loss over a grid of one or two parameters, everything else as the problem has it.

Every point of the grid is one set of a batch (:func:`cellcalc.engine.batch.losses`), forward only.
Where the problem is trained, the way that training took is kept beside it, seen from above: the
other parameters change on that way too, and do not on the surface.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cellcalc.engine import batch
from cellcalc.engine.effort import check_sweep
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, check_positive, unknown
from cellcalc.language.keys import derivative_key
from cellcalc.model.model import Model
from cellcalc.problems.specification import Specification

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POINTS = {1: 161, 2: 61}  # along each axis, by how many axes there are
SPAN = 1.5  # to either side of the problem's value
ROOM = 0.15  # beyond the farthest point of the way of training


@dataclass(frozen=True)
class Surface:
    """The total loss over a grid.

    ``names`` are one or two parameters, ``axes`` the values of each; ``losses`` has shape
    (points,) or (points of the second, points of the first): the sum over all sequences of each
    one's L, inf or nan where it has no value. ``at`` is where the problem is, ``path`` the values
    of the same parameters after each update, of shape (updates + 1, names).
    """

    names: tuple[str, ...]
    axes: tuple[Array, ...]
    losses: Array
    at: tuple[float, ...]
    path: Array


def surface(
    specification: Specification,
    model: Model,
    trace: Trace,
    names: Sequence[str] = (),
    span: float | None = None,
) -> Surface:
    """The loss over one or two parameters around the problem's own.

    Parameters
    ----------
    specification, model : Specification, Model
        The problem.
    trace : Trace
        Its run, for the way of training.
    names : sequence of str
        One or two parameters (``"U_f"``, ``"W_f1"``); the two with the largest gradients in the
        first pass where there is none.
    span : float, optional
        How far to either side of the problem's value; 1.5, or as far as training goes.

    Raises
    ------
    OptionError
        A name that is no parameter, more than two, or twice the same; a span that is not above 0;
        or a problem without a loss.
    LimitError
        A grid that would take too long.
    """
    if not any(any(sequence.has_target) for sequence in specification.sequences):
        raise OptionError("what", "a problem with targets, for a sweep of its loss", "none")
    check_positive("span", span)
    wanted = tuple(names) or _steepest(trace)
    known = specification.parameters
    for name in wanted:
        if name not in known:
            raise OptionError("of", f"parameters ({', '.join(known)})", unknown(name, tuple(known)))
    if len(wanted) > 2 or len(set(wanted)) < len(wanted):
        raise OptionError("of", "one parameter or two", ", ".join(wanted))
    check_sweep(specification, POINTS[len(wanted)] ** len(wanted))
    path = _path(trace, wanted)
    axes = tuple(_axis(path[:, k], span, POINTS[len(wanted)]) for k in range(len(wanted)))
    grid = np.meshgrid(*axes)
    varied = {name: values.ravel() for name, values in zip(wanted, grid, strict=True)}
    losses = batch.losses(specification, model, varied).sum(axis=0)
    at = tuple(float(value) for value in path[0])
    return Surface(wanted, axes, losses.reshape(grid[0].shape), at, path)


def _steepest(trace: Trace) -> tuple[str, ...]:
    """The parameters with the largest gradients in the first pass, at most two."""
    sizes = dict.fromkeys(trace.initial, 0.0)
    for window in trace.passes[0].windows:
        for name in sizes:
            sizes[name] += abs(window.gradients.get(derivative_key(name), 0.0))
    finite = [name for name in sizes if math.isfinite(sizes[name])] or list(sizes)
    best = sorted(finite, key=lambda name: -sizes[name])[:2]
    return tuple(name for name in sizes if name in best)


def _path(trace: Trace, names: tuple[str, ...]) -> Array:
    """The parameters at the start and after each update."""
    points = [[trace.initial[name] for name in names]]
    for one in trace.passes:
        for window in one.windows:
            if window.window.updates:
                points.append([window.after[name] for name in names])
    return np.array(points)


def _axis(path: Array, span: float | None, points: int) -> Array:
    """Values around the start, as far as the way goes."""
    start = float(path[0])
    if span is not None:
        return np.linspace(start - span, start + span, points)
    finite = path[np.isfinite(path)]
    low, high = min(start - SPAN, float(finite.min())), max(start + SPAN, float(finite.max()))
    room = ROOM * (high - low) if low < start - SPAN or high > start + SPAN else 0.0
    return np.linspace(low - room, high + room, points)
