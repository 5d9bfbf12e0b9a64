"""What a run leaves behind: every value of every pass, window by window."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cellcalc.engine.lazy import LazyRow
from cellcalc.engine.schedule import Schedule, Window
from cellcalc.errors import did_you_mean
from cellcalc.language.keys import entering_key
from cellcalc.language.tree import Symbol
from cellcalc.model.model import LOSS, TARGET, Model
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.sequences import or_zero
from cellcalc.problems.specification import Specification

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


Values = Sequence[float]  # a list, or of a long sequence an array


@dataclass(frozen=True)
class WindowTrace:
    """One backward sweep, and the update if there is one after it.

    ``backward`` holds the values of each derivative over the swept steps (of a long window those
    that follow from others are worked out on reading); ``entering`` the
    derivatives of the state at the step before the first (the value of the same row there);
    ``gradients`` the sum over the window for each parameter, and ``dh0``, ``dc0``. ``summed`` are
    the gradients gathered since the last update, ``used`` the same clipped, as the update uses
    them (empty where none follows); frozen parameters are in neither. ``before`` and ``after``
    are the parameters on either side, and so for the optimizer's ``memory``. ``update`` is the
    number of the update that the window's gradients go into.
    """

    window: Window
    update: int
    backward: Mapping[str, Values]
    entering: Mapping[str, float]
    gradients: Mapping[str, float]
    summed: Mapping[str, float]
    used: Mapping[str, float]
    before: Mapping[str, float]
    after: Mapping[str, float]
    memory_before: Mapping[str, float]
    memory_after: Mapping[str, float]

    @property
    def first(self) -> int:
        """The first step that is swept."""
        return self.window.first

    @property
    def last(self) -> int:
        """The last step that is swept, after which the window fires."""
        return self.window.fires_at

    @property
    def steps(self) -> range:
        """The swept steps, first to last."""
        return self.window.swept


@dataclass(frozen=True)
class PassTrace:
    """One run over one sequence.

    ``forward`` holds n + 1 numbers for each input and forward quantity, for t = 0 … n;
    at t = 0 only the state has a value, all else is nan. ``loss`` is the sum over the steps that
    have a target, or None where no step has one. ``before`` are the parameters at the start,
    ``memory`` is the optimizer's state then, ``updates`` how often it has updated;
    ``coefficients`` stay as they are throughout.
    """

    epoch: int
    sequence: int
    schedule: Schedule
    forward: Mapping[str, Values]
    loss: float | None
    windows: tuple[WindowTrace, ...]
    before: Mapping[str, float]
    memory: Mapping[str, float]
    updates: int
    coefficients: Mapping[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return self.schedule.steps

    @property
    def after(self) -> Mapping[str, float]:
        """The parameters at the end."""
        return self.windows[-1].after if self.windows else self.before

    def counted(self, t: int) -> bool:
        """Whether step t has a target, and so a loss."""
        return TARGET in self.forward and not math.isnan(self.forward[TARGET][t])

    def parameters_at(self, t: int) -> Mapping[str, float]:
        """The parameters that step t was computed with."""
        once = self.schedule.scheme.update == "sequence"
        fired = [] if once else [window for window in self.windows if window.last < t]
        return fired[-1].after if fired else self.before

    def state_before(self, t: int, symbol: str) -> float:
        """The state that step t starts from: that of t - 1, or the initial one after a reset."""
        return self.forward[symbol][0 if t - 1 in self.schedule.resets else t - 1]


@dataclass(frozen=True)
class Trace:
    """Every value of a run.

    ``scheme`` has k1 and k2 as numbers, for the longest sequence. ``trace["c"]`` is the array of
    c over t = 1 … n, and so for every forward and backward symbol; for a gradient's symbol
    (``dW_f``) it is each step's contribution, and its sum is in ``trace.gradients``. With several
    passes or windows these are the last ones; all of them are in ``passes``.
    """

    specification: Specification
    model: Model
    scheme: Scheme
    decimals: int | None
    passes: tuple[PassTrace, ...]
    initial: Mapping[str, float]
    final: Mapping[str, float]

    @property
    def gradients(self) -> Mapping[str, float]:
        """The gradients of the last window, by symbol: ``dW_f``, …, ``dh0``, ``dc0``."""
        windows = self.passes[-1].windows
        return windows[-1].gradients if windows else {}

    @property
    def loss(self) -> float | None:
        """The total loss of the last pass; None where there are no targets."""
        return self.passes[-1].loss

    @property
    def symbols(self) -> list[str]:
        """Every symbol that the trace has a value for, initial derivatives (dh0) included."""
        names = [*self.model.quantities, *(entering_key(name) for name in self.model.state)]
        return names if self.model.loss else [n for n in names if n in self.model.quantities]

    def __getitem__(self, symbol: str) -> NDArray[numpy.float64]:
        """The values of one symbol over the steps, as an array of shape (steps,).

        For a derivative the steps are those of the window. Raises KeyError for a symbol that the
        problem does not have.
        """
        import numpy  # here, so that printing a table never waits for it

        last = self.passes[-1]
        if symbol in last.forward:
            return numpy.array(last.forward[symbol][1:])
        backward = last.windows[-1].backward if last.windows else {}
        if symbol in backward:
            return numpy.array(backward[symbol])
        known = [*last.forward, *backward]
        raise KeyError(f"no symbol {symbol}{did_you_mean(symbol, known)}")

    def first_not_finite(self) -> tuple[str, int] | None:
        """The first value, in the order of computation, that is inf or nan: its symbol and step.

        A step without a target has no loss; that is not counted here.
        """
        for pass_trace in self.passes:
            steps = range(1, pass_trace.steps + 1)
            found = _earliest(self._computed(pass_trace), steps)
            for window in pass_trace.windows if not found else ():
                # What is worked out only on reading adds nothing that is not in the rest.
                kept = (
                    (s, v[::-1]) for s, v in window.backward.items() if not isinstance(v, LazyRow)
                )
                results = {**window.gradients, **window.after}
                ends = ((s, [v]) for s, v in results.items())
                found = _earliest(kept, window.steps[::-1]) or _earliest(ends, window.steps[-1:])
                if found:
                    break
            if found:
                return found
        return None

    def _computed(self, pass_trace: PassTrace) -> Iterator[tuple[str, Values]]:
        """The forward columns of a pass, a missing loss as 0."""
        for symbol, values in pass_trace.forward.items():
            if symbol == LOSS:
                yield (
                    symbol,
                    [e if pass_trace.counted(t) else 0.0 for t, e in enumerate(values)][1:],
                )
            elif symbol == TARGET:
                yield symbol, list(map(or_zero, values[1:]))
            else:
                yield symbol, values[1:]


def _earliest(columns: Iterable[tuple[str, Values]], steps: range) -> tuple[str, int] | None:
    """The first column and step not finite, going through the steps in the order given."""
    found: tuple[int, str] | None = None
    for symbol, values in columns:
        if not math.isfinite(sum(values)):
            place = next((k for k, v in enumerate(values) if not math.isfinite(v)), len(values))
            if place < (found[0] if found else len(values)):
                found = (place, symbol)
    return (found[1], steps[found[0]]) if found else None


Lookup = Callable[[Symbol], float]


def forward_values(pass_trace: PassTrace, t: int) -> Lookup:
    """What the symbols of a forward equation stand for when it is computed for step t."""

    def value(symbol: Symbol) -> float:
        if symbol.name in pass_trace.coefficients:
            return pass_trace.coefficients[symbol.name]
        if symbol.name in pass_trace.before:
            return pass_trace.parameters_at(t)[symbol.name]
        if symbol.shift == -1:
            return pass_trace.state_before(t, symbol.name)
        return pass_trace.forward[symbol.name][t]

    return value


def backward_values(pass_trace: PassTrace, window: WindowTrace, t: int) -> Lookup:
    """The same for an equation of a window; beyond the window every derivative is 0."""

    def value(symbol: Symbol) -> float:
        step = t + (symbol.shift or 0)
        if symbol.name in pass_trace.coefficients:
            return pass_trace.coefficients[symbol.name]
        if symbol.name in pass_trace.before:
            stored = symbol.shift is not None and step <= window.last
            return (pass_trace.parameters_at(step) if stored else window.before)[symbol.name]
        if symbol.name in window.backward:
            if step == window.first - 1:  # what flows into the state before the window
                return window.entering.get(symbol.name, 0.0)
            inside = window.first <= step <= window.last
            return window.backward[symbol.name][step - window.first] if inside else 0.0
        if symbol.shift == -1:
            return pass_trace.state_before(t, symbol.name)
        values = pass_trace.forward[symbol.name]
        return values[step] if step < len(values) else 0.0

    return value
