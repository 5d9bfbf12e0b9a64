"""How much a problem asks for, known before any of it is computed.

A file of a few lines can ask for years (``epochs = 1000000000``) or for more memory than there is
(a window back to the start at each of a million steps). Such a problem is refused in words.
"""

from __future__ import annotations

from collections.abc import Iterable

from cellcalc.engine.schedule import fires
from cellcalc.errors import LimitError
from cellcalc.model.model import Model
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import Specification
from cellcalc.records import record

MAX_COMPUTED = 100_000_000  # steps, forward and backward: a quarter of an hour
MAX_KEPT = 60_000_000  # numbers in memory at once: 2 GB
MAX_HELD = 300_000_000  # the same in arrays, eight bytes each
MAX_TRIED = 5_000_000_000  # steps of all sets of an experiment: half an hour
MAX_SWEPT = 1_000_000_000  # steps of all points of a grid: a minute
MAX_COMPARED = 5_000_000  # steps of all schemes of a comparison: three quarters of a minute
MAX_LISTED = 5_000_000  # swept steps in one picture or list
MAX_FLOWING = 10_000_000  # steps that all losses of a sequence flow back through: half a minute
MAX_ASKED = 200_000  # values of an exercise: half a minute
MAX_MARKED = 1_000_000  # numbers that answers may depend on: half a minute

_WINDOW = 20  # what a window costs besides its steps, as so many steps
_BYTES = 3  # what a number in a table of names costs, as so many in a list
_ARRAY = 14  # what a row of numbers costs beside them, one for each set, as so many numbers
_TABLES = 8  # tables with a number for each parameter that a window keeps


@record
class Sizes:
    """From which size on the same numbers are computed in another way.

    Of a sequence of more than ``long`` steps only those rows are kept from which the others follow;
    in a run of more than ``arrays`` steps they are kept in arrays, which take a quarter of the
    memory of lists and a third more time; one of more than ``compiled`` steps is worth compiling,
    where it can be; columns are read side by side in pieces of ``block`` steps.
    """

    long: int = 256
    arrays: int = 16_384
    compiled: int = 1_500_000
    block: int = 4096


SIZES = Sizes()


def check_effort(specification: Specification, model: Model, detail: bool = True) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for a problem that would take too long or much.

    ``detail`` tells whether the values of every step are kept, or the gradients alone.
    """
    scheme, epochs = specification.scheme, specification.update.epochs
    computed = kept = 0
    for sequence in specification.sequences:
        windows, swept = extent(scheme, sequence.steps, any(sequence.has_target))
        computed += sequence.steps + swept + _WINDOW * windows
        kept += windows * len(model.parameters) * _TABLES * _BYTES
        if detail:
            kept += sequence.steps * len(model.forward) + swept * _rows(model)
    _check(scheme, "steps to compute (each epoch and window counted)", MAX_COMPUTED,
           computed * epochs)  # fmt: skip
    _check(scheme, "numbers to keep", MAX_KEPT, kept * epochs)


def check_experiment(
    specification: Specification, model: Model, schemes: Iterable[Scheme], epochs: int, sets: int
) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for an experiment that would take too long.

    ``sets`` of parameters go through the steps of each scheme together, ``epochs`` times.
    """
    steps = 0
    for scheme in schemes:
        steps += _computed(scheme, specification.sequences) * epochs
    longest = max(sequence.steps for sequence in specification.sequences)
    held = longest * len(model.quantities) * (_ARRAY + sets)
    if held > MAX_HELD:
        raise LimitError(
            f"experiment: expected at most {MAX_HELD:,} numbers to keep (each seed and rate "
            f"counted), found {held:,}; fewer seeds, rates or steps would fit"
        )
    for most, found, each in (
        (MAX_COMPUTED, steps, "each scheme, epoch and window"),
        (MAX_TRIED, steps * sets, "each scheme, epoch, window, seed and rate"),
    ):
        if found > most:
            raise LimitError(
                f"experiment: expected at most {most:,} steps to compute ({each} counted), found "
                f"{found:,}; fewer epochs, schemes, seeds or steps would fit"
            )


def check_sweep(specification: Specification, points: int) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for a grid that would take too long."""
    found = points * sum(sequence.steps for sequence in specification.sequences)
    if found > MAX_SWEPT:
        raise LimitError(
            f"sweep: expected at most {MAX_SWEPT:,} steps to compute (each of {points:,} points "
            f"counted), found {found:,}; one parameter or fewer steps would fit"
        )


def check_comparison(
    chosen: Sequence, schemes: Iterable[Scheme], sequences: Iterable[Sequence], epochs: int
) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for schemes that would take too long together.

    Each goes through the ``chosen`` sequence; where there are several epochs each trains as well.
    """
    schemes, sequences = list(schemes), list(sequences)
    steps = [(_computed(scheme, [chosen]), scheme.name) for scheme in schemes]
    training = sum(_computed(scheme, sequences) for scheme in schemes) * epochs
    for most, found, what in (
        (MAX_COMPARED, sum(count for count, _ in steps), "scheme and window"),
        (MAX_COMPUTED, training if epochs > 1 else 0, "scheme, epoch and window"),
    ):
        if found > most:
            longest, name = max(steps)
            raise LimitError(
                f"compare: expected at most {most:,} steps to compute (each {what} "
                f"counted), found {found:,}, {longest:,} a time for {name}; other schemes would "
                'fit (compare PROBLEM full "tbptt(2,5)"), fewer epochs or a shorter sequence'
            )


def _computed(scheme: Scheme, sequences: Iterable[Sequence]) -> int:
    """The steps of one epoch, forward and backward, with what its windows cost beside them."""
    found = 0
    for sequence in sequences:
        windows, swept = extent(scheme, sequence.steps, any(sequence.has_target))
        found += sequence.steps + swept + _WINDOW * windows
    return found


def check_listing(specification: Specification) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for a schedule too long to be drawn or listed."""
    scheme = specification.scheme
    total = sum(
        max(extent(scheme, sequence.steps, any(sequence.has_target)))
        for sequence in specification.sequences
    )
    _check(scheme, "steps swept by all windows together", MAX_LISTED, total)


def check_flow(sequence: Sequence, model: Model) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` where the losses have too far to flow back."""
    states = max(1, len(model.state))
    found = states * sum(t for t, has in enumerate(sequence.has_target, 1) if has)
    if found > MAX_FLOWING:
        raise LimitError(
            f"flow: expected at most {MAX_FLOWING:,} steps that all losses together flow back "
            f"through, found {found:,}; a shorter sequence would fit, or fewer targets"
        )


def check_marking(specification: Specification, model: Model) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for a run too long to be marked."""
    scheme, epochs = specification.scheme, specification.update.epochs
    found = 0
    for sequence in specification.sequences:
        _, swept = extent(scheme, sequence.steps, any(sequence.has_target))
        found += sequence.steps * len(model.forward) + swept * _rows(model)
    _check(scheme, "numbers that answers may depend on", MAX_MARKED, found * epochs)


def check_exercise(found: int) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for an exercise of more than can be asked for."""
    if found > MAX_ASKED:
        raise LimitError(
            f"practice: expected at most {MAX_ASKED:,} values to work out, found {found:,}; "
            "fewer symbols or steps would fit"
        )


def extent(scheme: Scheme, steps: int, learns: bool) -> tuple[int, int]:
    """How many windows there are in a sequence, and how many steps they sweep in all."""
    k1, k2 = scheme.k1 or steps, scheme.k2 or steps
    deepest = min(k1, k2) if scheme.state == "reset" else k2
    fired = fires(scheme, steps, learns)
    if scheme.windows is not None:
        return len(fired), fired[-1] if fired else 0
    return len(fired), sum(min(t, deepest) for t in fired)


def _rows(model: Model) -> int:
    """How many numbers a swept step keeps."""
    return len(model.backward) + len(model.gradients) + sum(map(len, model.paths.values()))


def _check(scheme: Scheme, what: str, most: int, found: int) -> None:
    if found > most:
        fit = "fewer epochs or steps, a larger k1 or a smaller k2 would fit"
        raise LimitError(f"{scheme.name}: expected at most {most:,} {what}, found {found:,}; {fit}")
