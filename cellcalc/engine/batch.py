"""Many runs of one problem at once: the generated source over arrays, one element for each set.

The sets differ in parameters, initial states or settings of the optimizer; sequences and scheme
are the same. It is the loop of ``engine.run``, and keeps losses and last parameters only.
A set that diverges becomes inf or nan and leaves the others as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cellcalc.engine import codegen, schedule
from cellcalc.engine.codegen import ARRAYS, compile_expression, compile_source
from cellcalc.engine.optimizer import NORM_MARGIN
from cellcalc.engine.schedule import Schedule, Window
from cellcalc.errors import OptionError, unknown
from cellcalc.language.keys import COUNT, derivative_key
from cellcalc.model.model import COUNTED, LOSS, TARGET, Model
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import Specification

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Trained:
    """What is left of training many sets.

    ``losses`` has shape (epochs, sequences, sets): each sequence's L as it was met, before
    the updates that it led to. ``parameters`` are the last ones, of shape (sets,); ``kept`` holds
    those after each epoch that was asked for.
    """

    losses: Array
    parameters: Mapping[str, Array]
    kept: Mapping[int, Mapping[str, Array]]


def train(
    specification: Specification,
    model: Model,
    varied: Mapping[str, ArrayLike],
    progress: Progress | None = None,
    keep: Collection[int] = (),
) -> Trained:
    """Train every set for the problem's epochs.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    varied : mapping of str to array of shape (sets,)
        For a parameter (``W_f1``), a coefficient, an initial state (``h``, ``c``) or a setting
        (``learning_rate``) one number for each set; what is left out is as the problem has it.
    progress : callable, optional
        Told how many passes have been done.
    keep : collection of int
        Epochs, from 1, after which the parameters are wanted.

    Returns
    -------
    Trained
        Losses of shape (epochs, sequences, sets), and parameters of shape (sets,).

    Raises
    ------
    OptionError
        A name that is none of these, or lists of different lengths.
    """
    run = _Batch(specification, model, varied)
    losses = np.empty((specification.update.epochs, len(specification.sequences), run.sets))
    kept, done = {}, 0
    with np.errstate(all="ignore"):
        for number, epoch in enumerate(losses, 1):
            plans = run.plans(number)
            for place, (sequence, plan) in enumerate(
                zip(specification.sequences, plans, strict=True)
            ):
                epoch[place] = run.one_pass(sequence, plan, learns=True)
                done += 1
                if progress:
                    progress(done)
            if run.scheme.update == "epoch" and any(w.updates for p in plans for w in p.windows):
                run.apply()
            if number in keep:
                kept[number] = run.now()
    return Trained(losses, run.now(), kept)


def gradients(
    specification: Specification, model: Model, varied: Mapping[str, ArrayLike]
) -> dict[str, Array]:
    """The sum of all windows' gradients over all sequences, nothing being updated in between.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    varied : mapping of str to array of shape (sets,)
        As of :func:`train`.

    Returns
    -------
    dict of str to numpy.ndarray
        By derivative's name, of shape (sets,), without the frozen parameters.
    """
    run = _Batch(specification, model, varied)
    with np.errstate(all="ignore"):
        for sequence, plan in zip(specification.sequences, run.plans(1), strict=True):
            run.one_pass(sequence, plan, learns=False)
    return {derivative_key(name): row for name, row in zip(run.free, run.gathered, strict=True)}


def losses(specification: Specification, model: Model, varied: Mapping[str, ArrayLike]) -> Array:
    """Each sequence's L with the parameters as they are.

    Sequences of the same length run together, whatever the scheme says of resetting the state.

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations.
    varied : mapping of str to array of shape (sets,)
        As of :func:`train`.

    Returns
    -------
    numpy.ndarray
        Of shape (sequences, sets).
    """
    run = _Batch(specification, model, varied)
    found = np.zeros((len(specification.sequences), run.sets))
    lengths = [sequence.steps for sequence in specification.sequences]
    with np.errstate(all="ignore"):
        for steps in dict.fromkeys(lengths):
            places = [k for k, length in enumerate(lengths) if length == steps]
            found[places] = run.forward([specification.sequences[k] for k in places])
        for k, sequence in enumerate(specification.sequences):
            found[k] = run.reduced(found[k], sequence)
    return found


MOST_HELD = 20_000_000  # numbers of a forward pass that are kept at once


class _Batch:
    """Many runs in progress: the parameters as they are now, the optimizer's memory."""

    def __init__(
        self, specification: Specification, model: Model, varied: Mapping[str, ArrayLike]
    ) -> None:
        self.specification, self.model = specification, model
        self.scheme, self.update = specification.scheme, specification.update
        try:
            given = {name: np.asarray(values, dtype=float) for name, values in varied.items()}
        except (TypeError, ValueError):
            raise OptionError("varied", "numbers for each name", "something else") from None
        sizes = {values.shape for values in given.values() if values.ndim} or {(1,)}
        if len(sizes) > 1 or len(next(iter(sizes))) > 1:
            raise OptionError("varied", "lists of one length, one number for each set", "others")
        ((self.sets,),) = sizes
        self.parameters: dict[str, Any] = dict(specification.parameters)
        self.coefficients: dict[str, Any] = dict(specification.coefficients)
        self.initial: dict[str, Any] = dict(specification.initial)
        self.settings: dict[str, Any] = dict(self.update.settings)
        for name, values in given.items():
            for place in (self.parameters, self.coefficients, self.initial, self.settings):
                if name in place:
                    place[name] = values
                    break
            else:
                expected = "names of parameters, coefficients, states or settings"
                known = [*self.parameters, *self.coefficients, *self.initial, *self.settings]
                raise OptionError("varied", expected, unknown(name, known))
        self.step = compile_source(codegen.function(model, guarded=True), "bptt", ARRAYS)
        self.equations = [
            (equation.symbol, compile_expression(equation.formula, ARRAYS))
            for equation in self.update.optimizer.equations
        ]
        self.planned: list[Schedule] = []
        # A row for each parameter that is not frozen, a column for each set.
        self.free = [name for name in self.parameters if name not in self.update.frozen]
        self.weights = np.array([self.filled(self.parameters[name]) for name in self.free])
        self.gathered = np.zeros((len(self.free), self.sets))
        self.memory: dict[str, Any] = dict(self.update.optimizer.state)
        for own, held in self.update.state.items():
            self.memory[own] = np.array([self.filled(held[name]) for name in self.free])
        self.count = self.update.count

    def filled(self, value: Any) -> Array:
        """One number for each set, where all sets may still share one."""
        return np.array(np.broadcast_to(value, (self.sets,)))

    def numbers(self) -> dict[str, Any]:
        """What the step is computed with besides the columns."""
        return {**self.parameters, **self.coefficients}

    def now(self) -> dict[str, Array]:
        """The parameters as they are, each of shape (sets,)."""
        return {name: self.filled(value) for name, value in self.parameters.items()}

    def one_pass(self, sequence: Sequence, plan: Schedule, learns: bool) -> Array:
        """Run one sequence window by window; its L."""
        total: Any = 0.0
        for start, stop in pairwise([0, *sorted(plan.resets), plan.steps]):
            columns = self.columns(sequence, start, stop)
            done = 0
            for window in plan.windows:
                if start < window.fires_at <= stop:
                    self.window(window, columns, start)
                    done = window.fires_at - start
                    if learns and self.scheme.update == "window" and window.updates:
                        self.apply()
            if done < stop - start:
                self.prepare(columns, done + 1, stop - start)
                self.step(columns, self.numbers(), done + 1, stop - start + 1, stop - start)
            counted = sequence.has_target[start:stop]
            total += sum(columns[LOSS][t] for t, counts in enumerate(counted, 1) if counts)
        once = self.scheme.update == "sequence" and plan.windows
        if learns and once and plan.windows[-1].updates:
            self.apply()
        return self.filled(self.reduced(total, sequence))

    def reduced(self, total: Any, sequence: Sequence) -> Any:
        """A sequence's L from the sum of its losses: that, or the mean."""
        counted = sum(sequence.has_target)
        return total / counted if self.scheme.reduction == "mean" and counted else total

    def plans(self, epoch: int) -> list[Schedule]:
        """The schedule of each sequence in an epoch."""
        if not self.planned or schedule.changes(self.scheme):
            self.planned = schedule.planned(self.specification, epoch)
        return self.planned

    def columns(self, sequence: Sequence, start: int, stop: int) -> dict[str, list[Any]]:
        """Columns for t = 0 … n+1 of a segment: numbers where all sets share them."""
        n = stop - start
        columns: dict[str, list[Any]] = {name: [0.0] * (n + 2) for name in self.model.quantities}
        for name, values in sequence.columns(start, stop).items():
            if name in columns:
                columns[name][1 : n + 1] = values
        for name, value in self.initial.items():
            columns[name][0] = value
        return columns

    def prepare(self, columns: dict[str, list[Any]], new: int, last: int) -> None:
        """Note the parameters of the steps about to be computed, where the model asks for them."""
        if self.model.stored_weights:
            for name, value in self.parameters.items():
                columns[name][new : last + 1] = [value] * (last + 1 - new)

    def window(self, window: Window, columns: dict[str, list[Any]], start: int) -> None:
        """Run one window of a segment that starts after step ``start``; gather its gradients."""
        new, first, last = window.new - start, window.first - start, window.fires_at - start
        counted = columns[COUNTED]
        counted[first : last + 1] = [0.0] * (last + 1 - first)
        for t in window.losses:
            counted[t - start] = window.share
        self.prepare(columns, new, last)
        first = first if window.losses else last + 1  # without a loss there is nothing to sweep
        found = self.step(columns, self.numbers(), new, first, last)
        if window.losses:
            for row, name in zip(self.gathered, self.free, strict=True):
                row += found[derivative_key(name)]

    def apply(self) -> None:
        """Put the gradients gathered, clipped, into the optimizer's equations.

        They are the same for every parameter: all go through them together.
        """
        self.count += 1
        if not self.free:
            return
        gradients = clipped(self.scheme, self.gathered)
        values = {"w": self.weights, "dw": gradients, COUNT: float(self.count), **self.settings}
        values |= self.memory
        for symbol, formula in self.equations:
            values[symbol] = formula(values)
        self.memory = {own: values[own] for own in self.memory}
        self.weights = values["w"]
        self.parameters |= zip(self.free, self.weights, strict=True)
        self.gathered = np.zeros_like(self.gathered)

    def forward(self, sequences: list[Sequence]) -> Array:
        """The losses of sequences of one length, all at once: of shape (sequences, sets)."""
        n = sequences[0].steps
        columns: dict[str, list[Any]] = {name: [0.0] * (n + 2) for name in self.model.quantities}
        nothing = {TARGET: [0.0] * n}  # where a sequence has no targets
        given = [nothing | sequence.columns() for sequence in sequences]
        for name in given[0]:
            data = np.array([columns_of_one[name] for columns_of_one in given])
            columns[name][1 : n + 1] = list(data.T[:, :, np.newaxis])
        for name, value in self.initial.items():
            columns[name][0] = value
        total: Any = np.zeros((len(sequences), self.sets))
        counted = np.array([[t not in s.missing for t in range(1, n + 1)] for s in sequences]).T
        # Steps in pieces: those of before are let go of, as nothing goes back through them.
        piece = max(1, MOST_HELD // (len(columns) * total.size))
        for new in range(1, n + 1, piece):
            last = min(new + piece - 1, n)
            self.prepare(columns, new, last)
            self.step(columns, self.numbers(), new, last + 1, last)
            for t in range(new, last + 1):
                counts = counted[t - 1]
                total[counts] += np.broadcast_to(columns[LOSS][t], total.shape)[counts]
            for column in columns.values():
                column[new - 1 : last] = [0.0] * (last - new + 1)
        return np.asarray(total)


def clipped(scheme: Scheme, gathered: Array) -> Array:
    """The gradients as the update uses them: ``optimizer.clipped`` for every set.

    A row for each parameter, a column for each set.
    """
    used = gathered
    if scheme.clip_norm is not None:
        norm = np.sqrt(np.sum(np.square(used), axis=0))
        used = used * np.fmin(1.0, scheme.clip_norm / (norm + NORM_MARGIN))
    if scheme.clip_value is not None:
        used = np.fmax(-scheme.clip_value, np.fmin(scheme.clip_value, used))
    return used
