"""Pictures for slides and papers, drawn by matplotlib, which need not be there for anything else.

:func:`draw` is the way in; what each picture shows is in ``PICTURES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellcalc.engine.schedule import planned
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, check_choice, check_whole, describe
from cellcalc.model.model import Model
from cellcalc.problems.specification import Specification
from cellcalc.resources import sentence
from cellcalc.views.drawing.canvas import Drawing, format_of, needs_matplotlib
from cellcalc.views.text import step_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The pictures, and which of the arguments of :class:`Wanted` each has a use for.
PICTURES = {
    "unrolled": ("steps", "window", "epoch", "sequence"),
    "cell": ("step", "window", "epoch", "sequence"),
    "schedule": ("sequence",),
    "flow": ("of", "sequence"),
    "gradients": ("window", "epoch", "sequence"),
    "training": (),
    "sweep": ("of", "span"),
}


@dataclass(frozen=True)
class Wanted:
    """What of a problem is shown; None where the picture is to choose."""

    step: int | None = None
    steps: str | Sequence[int] | None = None
    window: int | None = None
    epoch: int | None = None
    sequence: int | None = None
    of: Sequence[str] | str | None = None
    span: float | None = None


def draw(
    specification: Specification,
    model: Model,
    run: Callable[[], Trace],
    what: str,
    wanted: Wanted,
    ax: Axes | None = None,
) -> Drawing:
    """The picture of a problem.

    Parameters
    ----------
    specification, model : Specification, Model
        The problem; the model's author says in whose symbols.
    run : callable
        What runs the problem, for the pictures that need it.
    what : str
        One of ``PICTURES``.
    wanted : Wanted
        What of it.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in, in place of a figure of its own.

    Raises
    ------
    OptionError
        No such picture, or one that a given argument says nothing about.
    PackageError
        matplotlib is not installed.
    """
    check_choice("what", what, tuple(PICTURES))
    for name, value in vars(wanted).items():
        if value is not None and name not in PICTURES[what]:
            fits = ", ".join(w for w, takes in PICTURES.items() if name in takes)
            raise OptionError(name, f"it with one of {fits}", f"it with {what}")
    needs_matplotlib()
    from cellcalc.views.drawing import curves, network

    epoch, sequence = wanted.epoch or 1, 1 if wanted.sequence is None else wanted.sequence
    count = len(specification.sequences)
    check_whole("sequence", sequence, 1, count)
    check_whole("epoch", wanted.epoch, 1, specification.update.epochs)
    part = sentence("drawing", "sequence", number=sequence) if count > 1 else ""
    heading = [specification.title, part]
    if what == "schedule":
        plan = planned(specification)[sequence - 1]
        return curves.schedule(plan, heading, ax)
    if what == "flow":
        from cellcalc.studies.flow import flow

        found = flow(specification, model, sequence)
        usual = (found.carousel or tuple(model.state))[:1] if ax is not None else ()
        states = _names(wanted.of) or usual or tuple(found.matrix)
        unknown_states = [state for state in states if state not in found.matrix]
        if unknown_states or (ax is not None and len(states) > 1):
            expected = f"one of the states {', '.join(found.matrix)}"
            raise OptionError("of", expected, ", ".join(unknown_states or states))
        return curves.flow(found, states, model, heading, ax)
    trace = run()
    if what == "training":
        return curves.training(trace, ax)
    if what == "sweep":
        from cellcalc.studies.surface import surface

        shown = surface(specification, model, trace, _names(wanted.of), wanted.span)
        return curves.sweep(shown, model, [specification.title], ax)
    chosen = network.chosen(trace, wanted.window, epoch, sequence)
    if what == "gradients":
        return curves.gradients(chosen, ax)
    if what == "cell":
        return network.cell(chosen, wanted.step, ax)
    return network.unrolled(chosen, _bounds(wanted.steps, chosen.one.steps), ax)


def _names(of: str | Sequence[str] | None) -> tuple[str, ...]:
    """The names in a list, or in a text with commas."""
    return tuple(part.strip() for part in of.split(",")) if isinstance(of, str) else tuple(of or ())


def _bounds(steps: str | Sequence[int] | None, n: int) -> tuple[int, int] | None:
    """The first and the last step: of ``"3:6"``, of ``"4"``, or of a range or list of steps."""
    if steps is None:
        return None
    if isinstance(steps, str):
        return step_range(steps, 1, n)
    expected = f"steps from 1 to {n}, as in 3:6"
    if not isinstance(steps, Iterable):
        raise OptionError("steps", expected, describe(steps))
    numbers: list[Any] = list(steps)
    if not numbers:
        raise OptionError("steps", expected, "none")
    first, last = numbers[0], numbers[-1]
    check_whole("steps", first, 1, n)
    check_whole("steps", last, first, n)
    return first, last


__all__ = ["PICTURES", "Drawing", "Wanted", "draw", "format_of"]
