"""Running a model: compile its source once, run it window by window, keep everything.

The loop is the general one of backpropagation through time: run forward to where a window fires,
sweep back over it, change the parameters, go on from the state reached.
"""

from __future__ import annotations

import math
from array import array
from collections import abc
from collections.abc import Callable, Iterable, Mapping, MutableSequence
from dataclasses import replace
from itertools import compress, islice, pairwise

from cellcalc.engine import lazy, schedule
from cellcalc.engine.codegen import STANDING_IN, compile_source
from cellcalc.engine.effort import SIZES, Sizes, check_effort
from cellcalc.engine.kernel import Keep, fast_sweep, kernel_of
from cellcalc.engine.lazy import lazy_source
from cellcalc.engine.optimizer import Updater
from cellcalc.engine.schedule import Schedule, Window
from cellcalc.engine.trace import PassTrace, Trace, Values, WindowTrace
from cellcalc.errors import check_whole
from cellcalc.language.arithmetic import floats
from cellcalc.model.by_hand import by_hand
from cellcalc.model.model import COUNTED, LOSS, TARGET, Group, Model
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import Specification

Progress = Callable[[int], None]
MOST_DECIMALS = 15  # of hand rounding, which a float64 holds
DERIVED = (Group.BACKWARD, Group.PATH, Group.GRADIENT)


def run_model(
    specification: Specification,
    model: Model,
    hand_rounding: int | None = None,
    detail: bool = True,
    progress: Progress | None = None,
    sizes: Sizes = SIZES,
) -> Trace:
    """Compute a problem: forward pass, backward pass, update, for every sequence and epoch.

    Backpropagation through time (Werbos 1990) over windows, as Williams and Peng truncate it (An
    efficient gradient-based algorithm for on-line training of recurrent network trajectories,
    1990).

    Parameters
    ----------
    specification : Specification
        The problem.
    model : Model
        Its equations, as :func:`cellcalc.model.derivation.model_of` gives them.
    hand_rounding : int, optional
        Compute as a person with so many decimals, from 0 to 15, would: every value is rounded
        before it is used, what is given as well (but the update's settings), in the equations of
        :func:`cellcalc.model.by_hand.by_hand`.
    detail : bool
        Keep every value; else losses, gradients and parameters only.
    progress : callable, optional
        Told how many passes have been done, after each.
    sizes : Sizes
        From which sizes on the same numbers are computed in another way.

    Returns
    -------
    Trace
        Columns over t = 0 … n of each pass, and the windows with their gradients and updates.

    Raises
    ------
    LimitError
        The problem would take too long, or more memory than there may be.
    OptionError
        The number of decimals is out of bounds.
    """
    check_whole("hand_rounding", hand_rounding, 0, MOST_DECIMALS)
    decimals = None if hand_rounding is None else int(hand_rounding)
    check_effort(specification, model, detail)
    if decimals is not None:
        model = by_hand(model)
        specification = _givens_rounded(specification, decimals)
    for guarded in (False, True):
        STANDING_IN.clear()
        try:
            return _Run(specification, model, decimals, detail, guarded, sizes).trace(progress)
        except ArithmeticError:
            # A number has left the range of floats: guarded code gives inf where Python raises.
            if guarded:
                raise
    raise AssertionError("one of the two has returned or raised")


def _givens_rounded(specification: Specification, decimals: int) -> Specification:
    """The problem with its numbers as a person with so many decimals writes them down."""

    def each(values: Mapping[str, float]) -> dict[str, float]:
        return {name: floats.rounded(value, decimals) for name, value in values.items()}

    def column(values: abc.Sequence[float]) -> array[float] | tuple[float, ...]:
        found = (value if value != value else floats.rounded(value, decimals) for value in values)
        return array("d", found) if isinstance(values, array) else tuple(found)

    s = specification
    return replace(
        s,
        parameters=each(s.parameters),
        initial=each(s.initial),
        coefficients=each(s.coefficients),
        sequences=tuple(
            Sequence(
                tuple(map(column, sequence.inputs)),
                None if sequence.targets is None else column(sequence.targets),
                sequence.learns,
            )
            for sequence in s.sequences
        ),
    )


class _Run:
    """One run in progress: the parameters as they are now, and the passes done."""

    def __init__(
        self,
        specification: Specification,
        model: Model,
        decimals: int | None,
        detail: bool,
        guarded: bool,
        sizes: Sizes = SIZES,
    ) -> None:
        self.specification, self.model = specification, model
        self.decimals, self.detail = decimals, detail
        steps = [sequence.steps for sequence in specification.sequences]
        total = sum(steps) * specification.update.epochs
        self.sweeper = Sweeper(model, decimals, guarded, detail, max(steps), total, sizes)
        self.parameters = dict(specification.parameters)
        self.coefficients = dict(specification.coefficients)
        self.derived = [r for r in model.quantities.values() if r.group in DERIVED]
        kept = self.sweeper.kernel.stored | {COUNTED}
        after = [row for row in self.derived if row.symbol not in kept]
        late = detail and bool(after)
        self.lazy = lazy_source(model, after, decimals, guarded) if late else None
        self.updater = Updater(specification.scheme, specification.update, decimals)
        self.plans = schedule.planned(specification)
        self.workspace: dict[tuple[int, int], Columns] = {}

    def trace(self, progress: Progress | None) -> Trace:
        specification = self.specification
        passes: list[PassTrace] = []
        for epoch in range(1, specification.update.epochs + 1):
            if epoch > 1 and schedule.changes(specification.scheme):
                self.plans = schedule.planned(specification, epoch)
            for place, sequence in enumerate(specification.sequences, 1):
                passes.append(self.one_pass(epoch, place, sequence))
                if progress:
                    progress(len(passes))
            if specification.scheme.update == "epoch":
                own = passes[-len(specification.sequences) :]
                passes[-len(own) :] = self.epoch_done(own)
        longest = max(sequence.steps for sequence in specification.sequences)
        return Trace(
            specification=specification,
            model=self.model,
            scheme=specification.scheme.on(longest),
            decimals=self.decimals,
            passes=tuple(passes),
            initial=dict(specification.parameters),
            final=dict(self.parameters),
            memory=dict(self.updater.memory),
            updates=self.updater.count,
            standing_in=frozenset(STANDING_IN)
            | ({"rounded_away"} if self.updater.rounded_away else set()),
        )

    def one_pass(self, epoch: int, place: int, sequence: Sequence) -> PassTrace:
        before = dict(self.parameters)
        plan = self.plans[place - 1]
        memory, updates = dict(self.updater.memory), self.updater.count
        forward, windows = self.segments(place, sequence, plan)
        if plan.scheme.update == "sequence" and windows and windows[-1].window.updates:
            windows[-1] = self.updated(windows[-1])
        loss = None
        if TARGET in forward:
            losses, targets = forward[LOSS], forward[TARGET]
            missing = sequence.missing
            for t in missing:
                targets[t] = losses[t] = math.nan
            if self.model.loss and len(missing) < sequence.steps:
                counting: Iterable[float] = islice(losses, 1, None)
                if missing:
                    counting = compress(counting, sequence.has_target)
                loss = self.rounded(sum(counting))
                if plan.scheme.reduction == "mean":
                    loss = self.rounded(loss / (len(sequence.has_target) - len(missing)))
        return PassTrace(
            epoch=epoch,
            sequence=place,
            schedule=plan,
            forward=forward if self.detail else {},
            loss=loss,
            windows=tuple(windows),
            before=before,
            memory=memory,
            updates=updates,
            coefficients=self.coefficients,
        )

    def epoch_done(self, passes: list[PassTrace]) -> list[PassTrace]:
        """The passes of an epoch with its one update, which comes after all of its sequences.

        It is noted in the last window, behind which there may be sequences that have none.
        """
        for place, one in enumerate(passes):
            if one.windows and one.windows[-1].window.updates:
                windows = (*one.windows[:-1], self.updated(one.windows[-1]))
                passes[place] = replace(one, windows=windows)
        return passes

    def segments(
        self, place: int, sequence: Sequence, plan: Schedule
    ) -> tuple[Columns, list[WindowTrace]]:
        """Run a sequence from reset to reset of the state; its forward columns, and its windows.

        The columns are for t = 0 … n; without ``detail`` those of losses and targets only.
        """
        model = self.model
        rows = [row.symbol for row in (*model.inputs, *model.forward)]
        if not self.detail:
            rows = [name for name in (TARGET, LOSS) if name in rows]
        forward: Columns = {}
        windows = []
        starts = [0, *sorted(plan.resets)]
        for start, stop in pairwise([*starts, plan.steps]):
            columns = self.columns(place, sequence, start, stop)
            done = 0
            within = [window for window in plan.windows if start < window.fires_at <= stop]
            for window in within:
                final = window is within[-1] and self.detail
                windows.append(self.window(window, columns, start, stop, final))
                done = window.fires_at - start
            if done < stop - start:  # steps after the last window are only run forward
                self.prepare(columns, done + 1, stop - start)
                numbers = self.numbers(self.parameters)
                self.sweeper.sweep(columns, numbers, done + 1, stop - start + 1, stop - start)
            for name in rows:
                column = columns[name]
                if name in forward:
                    forward[name].extend(column[1 : stop - start + 1])
                else:
                    forward[name] = column if self.detail else column[:]
                    forward[name].pop()
                    forward[name][0] = self.specification.initial.get(name, math.nan)
        return forward, windows

    def columns(self, place: int, sequence: Sequence, start: int, stop: int) -> Columns:
        """Columns for t = 0 … n+1 of a segment, inputs and initial state filled in."""
        if (place, start) in self.workspace:
            return self.workspace[place, start]
        columns = self.sweeper.columns(stop - start)
        for name, values in sequence.columns(start, stop).items():
            if name in columns:
                put(columns[name], 1, values)
        for name, value in self.specification.initial.items():
            columns[name][0] = value
        if not self.detail:  # nobody keeps them, so that the next epoch can use them again
            self.workspace[place, start] = columns
        return columns

    def numbers(self, parameters: Mapping[str, float]) -> Mapping[str, float]:
        """What a step is computed with besides the columns."""
        return {**parameters, **self.coefficients} if self.coefficients else parameters

    def prepare(self, columns: Columns, new: int, last: int) -> None:
        """Note the parameters of the steps about to be computed, where the model asks for them."""
        if self.model.stored_weights:
            for name, value in self.parameters.items():
                put(columns[name], new, [value] * (last + 1 - new))

    def window(
        self, window: Window, columns: Columns, start: int, stop: int, final: bool
    ) -> WindowTrace:
        """Run one window of a segment that starts after step ``start``.

        After the ``final`` window nobody else needs the derivatives' columns.
        """
        new, first, last = window.new - start, window.first - start, window.fires_at - start
        counted = columns[COUNTED]
        share = self.rounded(window.share)
        if len(window.losses) == last + 1 - first:
            put(counted, first, [share] * len(window.losses))
        else:
            put(counted, first, [0.0] * (last + 1 - first))
            for t in window.losses:
                counted[t - start] = share
        self.prepare(columns, new, last)
        before = dict(self.parameters)
        numbers = self.numbers(before)
        gradients = self.sweeper.sweep(columns, numbers, new, first, last)
        memory = dict(self.updater.memory)
        backward: dict[str, Values] = {}
        entering: dict[str, float] = {}
        if self.detail:
            final = final and last == stop - start
            entering = self.entering(columns, numbers, first)
            backward = self.backward(columns, numbers, first, last, final)
        trace = WindowTrace(
            window=window,
            update=self.updater.count + 1,
            backward=backward,
            entering=entering,
            gradients=gradients,
            summed=self.updater.gather(gradients, before),
            used={},
            before=before,
            after=before,
            memory_before=memory,
            memory_after=memory,
        )
        at_once = self.specification.scheme.update == "window"
        return self.updated(trace) if at_once and window.updates else trace

    def backward(
        self, columns: Columns, before: Mapping[str, float], first: int, last: int, final: bool
    ) -> dict[str, Values]:
        """The derivatives' rows over the window: the kept ones, and those that follow from them."""
        kept: dict[str, tuple[Values, int]] = {}
        for row in self.derived:
            if (name := row.symbol) in columns:
                kept[name] = (columns[name][first : last + 1], first)
                if final:  # one copy at a time
                    del columns[name]
        if not self.lazy:
            return {row.symbol: kept[row.symbol][0] for row in self.derived}
        forward = {row.symbol for row in (*self.model.inputs, *self.model.forward)}
        weights = before if self.model.stored_weights else {}
        sources = {name: (columns[name], 0) for name in (*forward, *weights) if name in columns}
        rows = lazy.Columns({**sources, **kept}, before, self.lazy, first, last)
        names = [row.symbol for row in self.derived]
        return {s: kept[s][0] if s in kept else lazy.LazyRow(s, rows) for s in names}

    def entering(
        self, columns: Columns, before: Mapping[str, float], first: int
    ) -> dict[str, float]:
        """The derivatives of the state at the step before the window, and their paths."""
        computed: dict[str, float] = {}
        if self.lazy:
            computed = compile_source(self.lazy.lists, "entering")(columns, before, first - 1)
        names = [row.symbol for row in self.model.entering]
        return {
            name: computed[name] if name in computed else columns[name][first - 1] for name in names
        }

    def updated(self, window: WindowTrace) -> WindowTrace:
        """Update the parameters with what has been gathered; the window with what that did."""
        used = self.updater.apply(self.parameters)
        after, memory = dict(self.parameters), dict(self.updater.memory)
        return replace(window, used=used, after=after, memory_after=memory)

    def rounded(self, value: float) -> float:
        return value if self.decimals is None else floats.rounded(value, self.decimals)


Column = MutableSequence[float]
Columns = dict[str, Column]


class Sweeper:
    """Fills columns for t = 0 … n+1.

    Of a long sequence only those columns are kept from which the others follow; and where there is
    much of it a column is an array, else a list. ``longest`` is the longest sequence of the run,
    ``total`` how many steps there are in all.
    """

    def __init__(
        self,
        model: Model,
        decimals: int | None,
        guarded: bool,
        detail: bool,
        longest: int,
        total: int,
        sizes: Sizes = SIZES,
    ) -> None:
        long = longest > sizes.long
        self.arrays = long and total > sizes.arrays
        keep = Keep.LEAST if not detail else Keep.ENOUGH if long else Keep.ALL
        self.kernel = kernel_of(model, decimals, guarded, keep, block=sizes.block)
        self.function = compile_source(self.kernel.text, "bptt")
        self.fast = None
        if self.arrays and decimals is None and not guarded and total > sizes.compiled:
            self.fast = fast_sweep(kernel_of(model, keep=keep, arrays=True))
        given = [row.symbol for row in model.inputs]
        self.names = list(dict.fromkeys([*given, *self.kernel.columns]))
        derived = {row.symbol for row in self.kernel.swept}
        self.flowing = [name for name in self.names if name in derived]

    def columns(self, steps: int) -> Columns:
        """Empty columns for a sequence of so many steps."""
        if self.arrays:
            return {name: array("d", bytes(8 * (steps + 2))) for name in self.names}
        return {name: [0.0] * (steps + 2) for name in self.names}

    def sweep(
        self, columns: Columns, parameters: Mapping[str, float], new: int, first: int, last: int
    ) -> dict[str, float]:
        """Run the steps ``new`` … ``last`` forward, and sweep back from ``last`` to ``first``.

        Returns the gradients, of the state that enters the window as well.
        """
        for name in self.flowing:
            columns[name][last + 1] = 0.0  # beyond the last step nothing flows back
        gradients: dict[str, float]
        if self.fast:
            gradients = self.fast(columns, parameters, new, first, last)
        else:
            gradients = self.function(columns, parameters, new, first, last)
        return gradients


def put(column: Column, start: int, values: Iterable[float]) -> None:
    """Write values into a column from step ``start`` on; an array takes nothing but arrays."""
    part: Column = array("d", values) if isinstance(column, array) else list(values)
    column[start : start + len(part)] = part
