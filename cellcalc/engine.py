"""Running a model: compile its source once, run it window by window, keep everything.

The loop is the general one of backpropagation through time: run forward to where a window fires,
sweep back over it, change the parameters, go on from the state reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

from cellcalc import numeric, schedule, source
from cellcalc.compiled import compile_source
from cellcalc.handwork import by_hand
from cellcalc.model import LOSS, TARGET, Group, Model
from cellcalc.problem import Specification
from cellcalc.schedule import Schedule, Window
from cellcalc.series import Sequence, feature_names
from cellcalc.trace import PassTrace, Trace, Values, WindowTrace
from cellcalc.updater import Updater

Columns = dict[str, Values]
Progress = Callable[[int], None]
DERIVED = (Group.BACKWARD, Group.PATH, Group.GRADIENT)
Step = Callable[[Columns, Mapping[str, float], int, int, int], dict[str, float]]


def run(
    specification: Specification,
    model: Model,
    decimals: int | None = None,
    detail: bool = True,
    progress: Progress | None = None,
) -> Trace:
    """Compute a problem: forward pass, backward pass, update, for every sequence and epoch.

    ``decimals`` computes as a person with so many decimals would: every value is rounded before
    it is used (parameters and inputs are taken as they are), in the equations of
    :func:`cellcalc.handwork.by_hand`. Without ``detail`` the trace keeps losses, gradients and
    parameters only. ``progress`` is told how many passes have been done, after each.
    """
    if decimals is not None:
        model = by_hand(model)
    for guarded in (False, True):
        try:
            return _Run(specification, model, decimals, detail, guarded).trace(progress)
        except ArithmeticError:
            # A number has left the range of floats: guarded code gives inf where Python raises.
            if guarded:
                raise
    raise AssertionError("one of the two has returned or raised")


class _Run:
    """One run in progress: the parameters as they are now, and the passes done."""

    def __init__(
        self,
        specification: Specification,
        model: Model,
        decimals: int | None,
        detail: bool,
        guarded: bool,
    ) -> None:
        self.specification, self.model = specification, model
        self.decimals, self.detail = decimals, detail
        self.step: Step = compile_source(source.function(model, decimals, guarded, detail), "bptt")
        self.parameters = dict(specification.parameters)
        self.coefficients = dict(specification.coefficients)
        groups = DERIVED if detail else (Group.BACKWARD,)
        self.derived = [s for s, row in model.quantities.items() if row.group in groups]
        self.updater = Updater(specification.scheme, specification.update, decimals)

    def trace(self, progress: Progress | None) -> Trace:
        specification = self.specification
        passes = []
        for epoch in range(1, specification.update.epochs + 1):
            for place, sequence in enumerate(specification.sequences, 1):
                passes.append(self.one_pass(epoch, place, sequence))
                if progress:
                    progress(len(passes))
        longest = max(sequence.steps for sequence in specification.sequences)
        return Trace(
            specification=specification,
            model=self.model,
            scheme=specification.scheme.on(longest),
            decimals=self.decimals,
            passes=tuple(passes),
            initial=dict(specification.parameters),
            final=dict(self.parameters),
        )

    def one_pass(self, epoch: int, place: int, sequence: Sequence) -> PassTrace:
        before = dict(self.parameters)
        has_target = sequence.has_target
        plan = schedule.plan(self.specification.scheme, sequence.steps, has_target)
        memory, updates = dict(self.updater.memory), self.updater.count
        forward, windows = self.segments(sequence, plan)
        if plan.scheme.update == "sequence" and windows:
            windows[-1] = self.updated(windows[-1])
        targets = sequence.targets or (math.nan,) * sequence.steps
        for t, target in enumerate(targets if TARGET in forward else (), 1):
            if math.isnan(target):
                forward[TARGET][t] = forward[LOSS][t] = math.nan
        losses = [forward[LOSS][t] for t, counts in enumerate(has_target, 1) if counts]
        return PassTrace(
            epoch=epoch,
            sequence=place,
            schedule=plan,
            forward=forward if self.detail else {},
            loss=self.rounded(sum(losses)) if losses else None,
            windows=tuple(windows),
            before=before,
            memory=memory,
            updates=updates,
            coefficients=self.coefficients,
        )

    def segments(self, sequence: Sequence, plan: Schedule) -> tuple[Columns, list[WindowTrace]]:
        """Run a sequence from reset to reset of the state; its forward columns, and its windows."""
        model = self.model
        rows = [row.symbol for row in (*model.inputs, *model.forward)]
        initial = self.specification.initial
        forward = {name: [initial.get(name, math.nan)] for name in rows}
        windows = []
        starts = [0, *sorted(plan.resets)]
        for start, stop in pairwise([*starts, plan.steps]):
            columns = self.columns(sequence, start, stop)
            done = 0
            for window in plan.windows:
                if start < window.fires_at <= stop:
                    windows.append(self.window(window, columns, start))
                    done = window.fires_at - start
            if done < stop - start:  # steps after the last window are only run forward
                self.prepare(columns, done + 1, stop - start)
                self.step(columns, self.numbers(), done + 1, stop - start + 1, stop - start)
            for name in rows:
                forward[name] += columns[name][1 : stop - start + 1]
        return forward, windows

    def columns(self, sequence: Sequence, start: int, stop: int) -> Columns:
        """Columns for t = 0 … n+1 of a segment, inputs and initial state filled in."""
        model, n = self.model, stop - start
        columns = {name: [0.0] * (n + 2) for name in model.quantities}
        for name, values in zip(feature_names("x", model.features), sequence.inputs, strict=True):
            columns[name][1 : n + 1] = values[start:stop]
        if TARGET in columns and sequence.targets:
            present = [0.0 if math.isnan(t) else t for t in sequence.targets[start:stop]]
            columns[TARGET][1 : n + 1] = present
        for name, value in self.specification.initial.items():
            columns[name][0] = value
        return columns

    def numbers(self) -> Mapping[str, float]:
        """What the step is computed with besides the columns."""
        return {**self.parameters, **self.coefficients} if self.coefficients else self.parameters

    def prepare(self, columns: Columns, new: int, last: int) -> None:
        """Note the parameters of the steps about to be computed, where the model asks for them."""
        if self.model.stored_weights:
            for name, value in self.parameters.items():
                columns[name][new : last + 1] = [value] * (last + 1 - new)

    def window(self, window: Window, columns: Columns, start: int) -> WindowTrace:
        """Run one window of a segment that starts after step ``start``."""
        new, first, last = window.new - start, window.first - start, window.fires_at - start
        counted = columns[f"d{LOSS}"]
        counted[first : last + 1] = [0.0] * (last + 1 - first)
        for t in window.losses:
            mean = self.specification.scheme.reduction == "mean"
            counted[t - start] = self.rounded(1.0 / len(window.losses)) if mean else 1.0
        self.prepare(columns, new, last)
        before = dict(self.parameters)
        gradients = self.step(columns, self.numbers(), new, first, last)
        kept = self.derived if self.detail else ()
        edges = self.model.entering if self.detail else ()
        memory = dict(self.updater.memory)
        trace = WindowTrace(
            window=window,
            update=self.updater.count + 1,
            backward={name: columns[name][first : last + 1] for name in kept},
            entering={row.symbol: columns[row.symbol][first - 1] for row in edges},
            gradients=gradients,
            summed=self.updater.gather(gradients, before),
            used={},
            before=before,
            after=before,
            memory_before=memory,
            memory_after=memory,
        )
        return self.updated(trace) if self.specification.scheme.update == "window" else trace

    def updated(self, window: WindowTrace) -> WindowTrace:
        """Update the parameters with what has been gathered; the window with what that did."""
        used = self.updater.apply(self.parameters)
        after, memory = dict(self.parameters), dict(self.updater.memory)
        return replace(window, used=used, after=after, memory_after=memory)

    def rounded(self, value: float) -> float:
        return value if self.decimals is None else numeric.rounded(value, self.decimals)
