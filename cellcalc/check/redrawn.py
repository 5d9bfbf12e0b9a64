"""A problem's own run, and the same run with other numbers: by these a number is known for what
it is.

What two quantities have in common in the problem itself may be chance; in runs whose parameters,
inputs and targets are drawn anew it is not.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from cellcalc.check.world import Equations, World, setting_of
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.language.tree import Expression
from cellcalc.model.model import LOSS, TOTAL_LOSS, Model

NEAR = 1e-9
DRAWN = 2  # runs with other numbers
MOST_PLACES = 30_000
FORWARD = -1  # in the place of a window


@dataclass(frozen=True, order=True)
class Place:
    """Where a number of a run stands: its key, the step, the pass and the window, from 0.

    ``t`` is None where it belongs to no step; ``w`` is FORWARD for what no window makes. A
    parameter is the one that the window's update makes.
    """

    name: str
    t: int | None
    p: int
    w: int = FORWARD


@dataclass
class Runs:
    """The same quantities in several runs, the problem's own the first."""

    traces: Sequence[Trace]
    worlds: dict[tuple[int, int, int], World] = field(default_factory=dict)
    known: dict[Place, tuple[float, ...]] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        return self.traces[0].model

    @property
    def passes(self) -> Sequence[PassTrace]:
        return self.traces[0].passes

    @cached_property
    def equations(self) -> Equations:
        return Equations(self.model)

    def world(self, run: int, p: int, w: int) -> World:
        """The numbers of a window, or of a pass forward."""
        key = (run, p, w)
        if key not in self.worlds:
            one = self.traces[run].passes[p]
            window = one.windows[w] if 0 <= w < len(one.windows) else None
            self.worlds[key] = World(setting_of(self.model, one, window), self.equations)
        return self.worlds[key]

    def window(self, run: int, place: Place) -> WindowTrace:
        return self.traces[run].passes[place.p].windows[place.w]

    def values(self, place: Place) -> tuple[float, ...]:
        """What a quantity is in each of the runs."""
        found = self.known.get(place)
        if found is None:
            runs = range(len(self.traces))
            found = tuple(float(self._value(run, place)) for run in runs)
            self.known[place] = found
        return found

    def _value(self, run: int, place: Place) -> float:
        world = self.world(run, place.p, place.w)
        if place.t is None:
            return float(world.fixed(place.name))
        return float(world.value(place.name, place.t))

    def worked(self, formula: Expression, t: int, p: int, w: int) -> tuple[float, ...]:
        """What a formula for every step gives at one."""
        work = self.equations.work(formula)
        made = []
        for run in range(len(self.traces)):
            world = self.world(run, p, w)
            setting = world.setting
            world.weights = setting.parameters[t] if w == FORWARD else setting.current
            made.append(float(work(world, t)))
        return tuple(made)

    def updated(self, name: str, p: int, w: int) -> tuple[float, ...]:
        """A parameter after the update that follows a window, or that it was if none does."""
        place = Place(name, None, p, w)
        if not 0 <= w < len(self.passes[p].windows):
            return tuple(trace.passes[p].after[name] for trace in self.traces)
        return tuple(self.window(run, place).after[name] for run in range(len(self.traces)))

    @cached_property
    def places(self) -> Sequence[tuple[tuple[float, ...], Place]]:
        """Every number of the runs, with its place."""
        return list(self._places())

    def _places(self) -> Iterator[tuple[tuple[float, ...], Place]]:
        model = self.model
        for p, one in enumerate(self.passes):
            for row in (*model.inputs, *model.forward):
                for t in range(1, one.steps + 1):
                    yield self._at(Place(row.symbol, t, p))
            if model.loss is not None:
                yield self._at(Place(TOTAL_LOSS, None, p))
            for w, window in enumerate(one.windows):
                for row in (*model.backward, *model.gradients):
                    for t in window.steps:
                        yield self._at(Place(row.symbol, t, p, w))
                for name in self.equations.entering:
                    yield self._at(Place(name, window.first - 1, p, w))
                yield from self._of_window(p, w, window)

    def _at(self, place: Place) -> tuple[tuple[float, ...], Place]:
        return self.values(place), place

    def _of_window(
        self, p: int, w: int, window: WindowTrace
    ) -> Iterator[tuple[tuple[float, ...], Place]]:
        runs = range(len(self.traces))
        for row in self.model.gradients:
            place = Place(row.symbol, None, p, w)
            own = self.values(place)
            yield own, place
            # What has been gathered since the last update, over windows and sequences.
            name = row.symbol
            summed = tuple(self.window(run, place).summed.get(name, own[run]) for run in runs)
            if not near(summed, own):
                yield summed, place
        if len(self.passes[p].windows) > 1 and self.model.loss is not None:
            losses = [self.values(Place(LOSS, t, p)) for t in window.window.losses]
            if losses:
                yield tuple(map(sum, zip(*losses, strict=True))), Place(TOTAL_LOSS, None, p, w)
        for parameter in self.model.parameters if window.used else ():
            name = parameter.symbol
            yield self.updated(name, p, w), Place(name, None, p, w)

    @cached_property
    def ordered(self) -> Sequence[Sequence[tuple[float, int]]]:
        """The places by their values, in the problem's own run and in the first drawn."""
        return [
            sorted((values[run], k) for k, (values, _) in enumerate(self.places)) for run in (0, 1)
        ]

    def found(self, values: tuple[float, ...], runs: int = DRAWN + 1) -> list[Place]:
        """The quantities that a number is in so many runs; in the first, the problem's own."""
        if not any(values):
            return []
        by = runs > 1  # the first that is drawn tells them apart best
        of = values[by]
        tolerance = NEAR * max(abs(of), 1e-3)
        ordered = self.ordered[by]
        low = bisect_left(ordered, (of - tolerance, -1))
        found: list[Place] = []
        for value, k in ordered[low:]:
            if value > of + tolerance:
                break
            theirs, place = self.places[k]
            if near(values[:runs], theirs[:runs]):
                found.append(place)
        return found


def near(found: Sequence[float], wanted: Sequence[float]) -> bool:
    """Whether numbers are the same in every run, but for rounding."""
    pairs = zip(found, wanted, strict=True)
    return all(abs(a - b) <= NEAR * max(abs(b), 1e-3) for a, b in pairs)


def runs_of(trace: Trace, epochs: int) -> Runs | None:
    """The first epochs of a problem's run, and of the drawn ones; None where they are too long."""
    own = [one for one in trace.passes if one.epoch <= epochs]
    rows = len(trace.model.quantities)
    size = sum(rows * sum(len(w.steps) for w in one.windows) + rows * one.steps for one in own)
    if not own or size > MOST_PLACES or trace.passes[0].epoch != 1:
        return None
    specification = replace(
        trace.specification,
        update=replace(trace.specification.update, epochs=max(one.epoch for one in own)),
    )
    traces = [replace(trace, passes=tuple(own))]
    for number in range(1, DRAWN + 1):
        drawn = _Draw(trace.model, number)
        other = replace(
            specification,
            parameters={name: drawn.number() for name in specification.parameters},
            sequences=tuple(
                replace(
                    one,
                    inputs=tuple(tuple(drawn.number() for _ in column) for column in one.inputs),
                    targets=None if one.targets is None else tuple(map(drawn.target, one.targets)),
                )
                for one in specification.sequences
            ),
        )
        traces.append(run_model(other, trace.model))
        if len(traces[-1].passes) != len(own):
            return None
    return Runs(traces)


class _Draw:
    """Numbers well away from 0 and from one another."""

    def __init__(self, model: Model, number: int) -> None:
        self.draw = random.Random(f"cellcalc followed {number}")
        self.is_share = model.loss is not None and model.loss.name.startswith("cross-entropy")

    def number(self) -> float:
        return self.draw.uniform(0.15, 1.3) * self.draw.choice((-1, 1))

    def target(self, own: float) -> float:
        drawn = self.number()
        if own != own:
            return own
        return abs(drawn) / 2 if self.is_share else drawn
