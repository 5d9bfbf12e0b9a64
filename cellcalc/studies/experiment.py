"""Experiments: one problem trained under many schemes, learning rates and seeds.

The seeds and learning rates of a scheme run as one batch. Losses are means over the steps with a
target, so that sequences trained on and sequences held out can be compared. Gradient errors are
those of the windows' summed gradients against full BPTT, before training, nothing being updated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cellcalc.engine import batch
from cellcalc.engine.effort import check_experiment
from cellcalc.engine.schedule import plans
from cellcalc.errors import OptionError, check_positive, check_whole
from cellcalc.model.model import Model
from cellcalc.problems.schemes import Scheme, check_adding_up
from cellcalc.problems.specification import Specification, redrawn
from cellcalc.problems.templates import RATE

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SEEDS, EPOCHS = 5, 100  # where neither the command nor the problem says
WORSE = 2.0  # a loss so many times that of the first epoch has diverged
MOST_SEEDS = 10_000
CURVE = 100  # points of a learning curve, at most


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest over the seeds; inf where a seed's is not a number."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """One row: a scheme with one learning rate, after so many epochs.

    ``final`` and ``best`` are losses on the sequences trained on, in the last and the best epoch,
    as they are met (before the updates of the sequence); ``held_out`` those on the others, with
    the last parameters. ``updates`` and ``backward_cells`` are counted over all epochs, for one
    seed; ``dropped`` are the losses an epoch that no window injects. ``error`` is the gradient's
    distance from full BPTT's over the size of the latter, ``angle`` lies between the two, in
    degrees; both are medians over the seeds. ``diverged`` counts seeds.
    """

    scheme: str
    k1: int
    k2: int
    learning_rate: float
    epochs: int
    seeds: int
    final: Spread
    best: Spread
    held_out: Spread | None
    updates: int
    backward_cells: int
    dropped: int
    error: float
    angle: float
    diverged: int
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Experiment:
    """What is to be run; ``trained`` and ``held_out`` have the sequences of the problem."""

    title: str
    trained: Specification
    held_out: Specification | None
    model: Model
    schemes: tuple[Scheme, ...]
    rates: tuple[float, ...]
    epochs: tuple[int, ...]
    seeds: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many results there will be."""
        return len(self.schemes) * len(self.rates) * len(self.epochs)

    @property
    def passes(self) -> int:
        """How many passes over a sequence it takes, the measure of progress."""
        return len(self.schemes) * max(self.epochs) * len(self.trained.sequences)

    @property
    def varied(self) -> dict[str, list[float]]:
        """The parameters of every seed, those left to chance drawn anew."""
        sets = [redrawn(self.trained, seed) for seed in self.seeds]
        return {name: [one[name] for one in sets] for name in sets[0]}


def design(
    specification: Specification,
    model: Model,
    schemes: Sequence[Scheme] = (),
    k1: Sequence[int] = (),
    k2: Sequence[int] = (),
    rates: Sequence[float] = (),
    epochs: Sequence[int] = (),
    seeds: int | None = None,
    held_out: int | None = None,
) -> Experiment:
    """An experiment on a problem: the named schemes, and every pair of k1 and k2.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    schemes : sequence of Scheme
        Schemes to be tried.
    k1, k2 : sequence of int
        Where neither these nor schemes are given, k1 is 1, a third and the whole of the sequence,
        k2 a quarter, half and the whole.
    rates : sequence of float
        Learning rates; the problem's where there is none.
    epochs : sequence of int
        After how many the losses are wanted.
    seeds : int, optional
        How often what the problem leaves to chance is drawn.
    held_out : int, optional
        How many of the last sequences are not trained on; a quarter where it is not said.

    Returns
    -------
    Experiment

    Raises
    ------
    OptionError
        A number is out of bounds, or is one that the problem does not allow.
    """
    for name, numbers in (("k1", k1), ("k2", k2), ("epochs", epochs)):
        for number in numbers:
            check_whole(name, number, 1)
    for rate in rates:
        check_positive("rates", rate)
    check_whole("seeds", seeds, 1, MOST_SEEDS)
    check_whole("held_out", held_out, 0)
    every, count = specification.sequences, len(specification.sequences)
    kept = count // 4 if held_out is None else held_out
    if kept >= count:
        raise OptionError("held_out", f"fewer than the {count} sequences", str(kept))
    trained = replace(specification, sequences=every[: count - kept])
    rest = replace(specification, sequences=every[count - kept :]) if kept else None
    for part, what in ((trained, "to train on"), (rest, "held out")):
        if part and not any(any(sequence.has_target) for sequence in part.sequences):
            raise OptionError("problem", f"a sequence with targets {what}", "none")
    if seeds is not None and seeds > 1 and specification.drawn is None:
        found = "every parameter given"
        raise OptionError("seeds", "a problem that has random = {…} among its parameters", found)
    several = seeds or (SEEDS if specification.drawn else 1)
    if not schemes and not k1 and not k2:
        n = max(sequence.steps for sequence in trained.sequences)
        k1, k2 = (1, n // 3, n), (n // 4, n // 2, n)
    n = max(sequence.steps for sequence in trained.sequences)
    pairs = [_pair(specification.scheme, a, b) for a in k1 or (n,) for b in k2 or (n,) if a and b]
    chosen = list(schemes) + (pairs if k1 or k2 else [])
    for scheme in chosen:
        check_adding_up(scheme, [sequence.steps for sequence in every])
    usual = specification.update.epochs
    return Experiment(
        title=specification.title,
        trained=trained,
        held_out=rest,
        model=model,
        schemes=tuple(dict.fromkeys(chosen)),
        rates=tuple(dict.fromkeys(rates)) or (specification.update.learning_rate,),
        epochs=tuple(sorted(set(epochs))) or (usual if usual > 1 else EPOCHS,),
        seeds=tuple(range(1, several + 1)),
    )


def _pair(scheme: Scheme, k1: int, k2: int) -> Scheme:
    return scheme.lasting(k1, k2)


def run(
    experiment: Experiment,
    progress: Callable[[int], None] | None = None,
    executor: Executor | None = None,
    done: Sequence[Result] = (),
) -> Iterator[Result]:
    """The results, scheme by scheme.

    Parameters
    ----------
    experiment : Experiment
        What :func:`design` gives.
    progress : callable, optional
        Told how many passes have been done.
    executor : concurrent.futures.Executor, optional
        Runs each scheme as a task of its own, in other processes or on other machines. The rows
        are the same as without one, bit for bit, and in the same order.
    done : sequence of Result
        Rows that there are already, of an experiment that was interrupted. A scheme that has all
        of its rows among them is not run again.

    Yields
    ------
    Result
        A row for each scheme, learning rate and number of epochs.
    """
    sets = len(experiment.seeds) * len(experiment.rates)
    trained, model = experiment.trained, experiment.model
    check_experiment(trained, model, experiment.schemes, max(experiment.epochs), sets)
    finished = finished_schemes(experiment, done)
    missing = [scheme for scheme in experiment.schemes if scheme not in finished]
    alone = [replace(experiment, schemes=(scheme,)) for scheme in missing]
    found = executor.map(_rows, alone) if executor else _one_by_one(experiment, missing, progress)
    each, passes = iter(found), experiment.passes // len(experiment.schemes)
    for number, scheme in enumerate(experiment.schemes, 1):
        yield from finished[scheme] if scheme in finished else next(each)
        if progress and (executor or scheme in finished):  # else it is told on the way
            progress(number * passes)


def finished_schemes(experiment: Experiment, done: Sequence[Result]) -> dict[Scheme, list[Result]]:
    """The schemes that have all of their rows among those ``done``, and these rows."""
    there = {_place(row): row for row in done}
    found = {}
    for scheme in experiment.schemes:
        rows = [there.get(place) for place in _places(experiment, scheme)]
        if None not in rows:
            found[scheme] = [row for row in rows if row is not None]
    return found


def check_done(experiment: Experiment, done: Sequence[Result]) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` where rows are of another problem or grid.

    What a row says of the gradient before training is computed again, which takes no time beside
    the training: it varies with every parameter, input and target.
    """
    places = {place for one in experiment.schemes for place in _places(experiment, one)}
    for row in done:
        if _place(row) not in places:
            rate = f"rate {row.learning_rate:g}, {row.epochs} epochs, {row.seeds} seeds"
            expected = "rows of this experiment only"
            raise OptionError("resume", expected, f"a row of {row.scheme}, {rate}")
    trained, model, varied = experiment.trained, experiment.model, experiment.varied
    for scheme, rows in finished_schemes(experiment, done).items():
        whole = Scheme("full", None, None, reduction=scheme.reduction)
        gradients = [_gradient(trained, model, one, varied) for one in (scheme, whole)]
        own = repr(_compared(*gradients))  # in which nan equals nan
        if any(repr((row.error, row.angle)) != own for row in rows):
            found = f"other gradients at {scheme.name}"
            raise OptionError("resume", "rows of this very problem", found)


def _place(row: Result) -> tuple[object, ...]:
    """What a row is of."""
    return row.scheme, row.k1, row.k2, row.learning_rate, row.epochs, row.seeds


def _places(experiment: Experiment, scheme: Scheme) -> list[tuple[object, ...]]:
    """What the rows of a scheme are of, in their order."""
    n = max(sequence.steps for sequence in experiment.trained.sequences)
    own = scheme.name, scheme.k1 or n, scheme.k2 or n
    seeds = len(experiment.seeds)
    return [(*own, r, e, seeds) for r in experiment.rates for e in experiment.epochs]


def _one_by_one(
    experiment: Experiment, schemes: Sequence[Scheme], progress: Callable[[int], None] | None
) -> Iterator[Iterator[Result]]:
    """The rows of each scheme, in this process."""
    trained, model = experiment.trained, experiment.model
    varied = experiment.varied
    references: dict[str, Array] = {}  # the gradient of the same L, a sum or a mean
    for scheme in schemes:
        if scheme.reduction not in references:
            whole = Scheme("full", None, None, reduction=scheme.reduction)
            references[scheme.reduction] = _gradient(trained, model, whole, varied)
        gradient = _gradient(trained, model, scheme, varied)
        error, angle = _compared(gradient, references[scheme.reduction])
        place = experiment.schemes.index(scheme)
        before = place * max(experiment.epochs) * len(trained.sequences)

        def advance(passes: int, before: int = before) -> None:
            if progress:
                progress(before + passes)

        yield _trained(experiment, scheme, error, angle, advance)


def _rows(experiment: Experiment) -> list[Result]:
    """All results at once, for a process that sends them back."""
    return list(run(experiment))


def _trained(
    experiment: Experiment,
    scheme: Scheme,
    error: float,
    angle: float,
    progress: Callable[[int], None],
) -> Iterator[Result]:
    """Every learning rate and number of epochs of one scheme: one batch, rate by rate."""
    trained, model = experiment.trained, experiment.model
    seeds, rates = len(experiment.seeds), experiment.rates
    longest = max(experiment.epochs)
    sets: dict[str, Any] = {n: np.tile(v, len(rates)) for n, v in experiment.varied.items()}
    sets[RATE] = np.repeat(rates, seeds)
    specification = replace(trained, scheme=scheme, update=replace(trained.update, epochs=longest))
    outcome = batch.train(specification, model, sets, progress, experiment.epochs)
    losses = np.sum(outcome.losses * _counts(specification), axis=1) / _targets(trained)
    planned = plans(scheme, trained.sequences, trained.update.done + 1)
    updates = sum(window.updates for one in planned for window in one.windows)
    cells = sum(one.backward_cells for one in planned)
    dropped = sum(len(one.dropped) for one in planned)
    n = max(sequence.steps for sequence in trained.sequences)
    for place, rate in enumerate(rates):
        own = slice(place * seeds, (place + 1) * seeds)
        for epochs in experiment.epochs:
            seen = losses[:epochs, own]
            yield Result(
                scheme=scheme.name,
                k1=scheme.k1 or n,
                k2=scheme.k2 or n,
                learning_rate=rate,
                epochs=epochs,
                seeds=seeds,
                final=_spread(seen[-1]),
                best=_spread(np.min(_numbers(seen), axis=0)),
                held_out=_held_out(experiment, outcome.kept[epochs], own),
                updates=updates * epochs,
                backward_cells=cells * epochs,
                dropped=dropped,
                error=error,
                angle=angle,
                diverged=int(np.sum(~(seen[-1] <= WORSE * seen[0]))),
                curve=_curve(seen),
            )


def _held_out(experiment: Experiment, parameters: Mapping[str, Array], own: slice) -> Spread | None:
    if experiment.held_out is None:
        return None
    chosen = {name: values[own] for name, values in parameters.items()}
    found = batch.losses(experiment.held_out, experiment.model, chosen)
    whole = np.sum(found * _counts(experiment.held_out), axis=0)
    return _spread(whole / _targets(experiment.held_out))


def _targets(specification: Specification) -> int:
    """How many steps have a target."""
    return sum(sum(sequence.has_target) for sequence in specification.sequences)


def _counts(specification: Specification) -> Array:
    """How many losses stand behind each sequence's L: a column."""
    mean = specification.scheme.reduction == "mean"
    counts = [sum(s.has_target) if mean else 1 for s in specification.sequences]
    return np.array(counts, dtype=float).reshape(-1, 1)


def _gradient(
    specification: Specification, model: Model, scheme: Scheme, varied: Mapping[str, Any]
) -> Array:
    """A row for each parameter, a column for each seed; a mean is one over all sequences."""
    once = replace(specification, scheme=replace(scheme, update="epoch"))
    found = batch.gradients(once, model, varied)
    return np.array(list(found.values()))


def _compared(gradient: Array, reference: Array) -> tuple[float, float]:
    """Relative distance and angle in degrees; medians over the seeds."""
    with np.errstate(all="ignore"):
        size, own = np.linalg.norm(reference, axis=0), np.linalg.norm(gradient, axis=0)
        error = np.linalg.norm(gradient - reference, axis=0) / size
        # The angle from chord lengths: exact for small angles too, unlike the arc cosine.
        one, other = gradient / own, reference / size
        chord = np.linalg.norm(one - other, axis=0), np.linalg.norm(one + other, axis=0)
        angle = np.degrees(2 * np.arctan2(*chord))
    return float(np.median(error)), float(np.median(angle))


def _numbers(values: Array) -> Array:
    """With inf in place of what is not a number: worse than any loss."""
    return np.where(np.isnan(values), math.inf, values)


def _spread(values: Array) -> Spread:
    numbers = _numbers(values)
    ordered = np.sort(numbers)
    middle = len(ordered) // 2  # not np.median, which makes nan of inf - inf
    low, high = ordered[middle - 1 + len(ordered) % 2], ordered[middle]
    median = high if low == high else (low + high) / 2
    return Spread(float(median), float(ordered[0]), float(ordered[-1]))


def _curve(losses: Array) -> tuple[tuple[int, float], ...]:
    """The median over the seeds by epoch, thinned out."""
    epochs = len(losses)
    chosen = sorted({round(e) for e in np.linspace(1, epochs, min(CURVE, epochs))})
    return tuple((epoch, _spread(losses[epoch - 1]).median) for epoch in chosen)
