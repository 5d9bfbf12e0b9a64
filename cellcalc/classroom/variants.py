"""Variants of a problem, one for each student: the same task with other numbers.

The numbers have few digits, differ from one another and are not 0, nor is the start; no gate
saturates, and no slip that ``cellcalc check --suggest`` knows of stays hidden, as far as the
problem's length and scheme let it show. What a student gets follows from the seed and their id
alone, whoever else is in the class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

import numpy as np

from cellcalc.check.slips import Edit
from cellcalc.check.suggest import FIGURES, MOST_STEPS, Judge
from cellcalc.check.world import Equations, Setting, World, changed, setting_of
from cellcalc.engine.run import run_model
from cellcalc.errors import LimitError, OptionError, unknown
from cellcalc.language.arithmetic import arrays
from cellcalc.language.arithmetic.decimals import Arithmetic
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.keys import element_keys
from cellcalc.model.derivation import model_of
from cellcalc.model.model import TARGET, is_gate, is_squashed
from cellcalc.problems.sequences import Sequence as Data
from cellcalc.problems.specification import Specification

PARTS = ("parameters", "inputs", "targets", "initial")
GATE = (0.05, 0.95)  # a gate beyond these is as good as shut or open
SQUASHED = 0.95  # what tanh gives, at most
ROUNDS = 12  # of drawing, after which the best so far is taken
CANDIDATES = 4  # a student and round
PROBES = 12  # draws that tell what no draw can bring to light
LARGEST, SMALLEST = 0.95, 0.11  # sizes of parameters and states
INPUTS = (0.2, 1.5)  # sizes of inputs


@dataclass(frozen=True)
class Variant:
    """The problem with a student's numbers, and how many known slips it hides."""

    specification: Specification
    hidden: int = 0
    saturated: bool = False
    shared: bool = False  # another student has the same numbers


@dataclass(frozen=True)
class Hiding:
    """What variants of a problem can hide at all: of how many slips, and which."""

    slips: int
    always: tuple[Edit, ...]


def check_parts(text: str) -> tuple[str, ...]:
    """What is to vary, from a list such as ``parameters,inputs``.

    Raises :class:`~cellcalc.errors.OptionError` for what cannot.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in PARTS:
            raise OptionError("vary", f"some of {', '.join(PARTS)}", unknown(name, PARTS))
    return tuple(name for name in PARTS if name in names)


class Variants:
    """The variants of a problem for a seed."""

    def __init__(self, problem: Specification, vary: Sequence[str], seed: int) -> None:
        self.problem, self.vary, self.seed = problem, tuple(vary), seed
        self.never: Any = None  # for each edit whether no probe shows it, once that is known

    def of(self, ids: Sequence[str]) -> dict[str, Variant]:
        """A variant for each id; the problem itself where nothing varies."""
        if not self.vary:
            return {id: Variant(self.problem, shared=len(ids) > 1) for id in ids}
        taken: dict[object, str] = {}
        found: dict[str, Variant] = {}
        best: dict[str, tuple[tuple[bool, bool, int], Specification]] = {}
        waiting = list(ids)
        for number in range(ROUNDS):
            drawn = {
                id: [self.draw(f"{id} {number * CANDIDATES + k}") for k in range(CANDIDATES)]
                for id in waiting
            }
            judged = iter(self.judged([one for own in drawn.values() for one in own]))
            for id, own in drawn.items():
                for one in own:
                    saturated, hidden = next(judged)
                    is_shared = taken.get(_numbers(one), id) != id
                    rank = (is_shared, saturated, hidden)
                    if id not in best or rank < best[id][0]:
                        best[id] = rank, one
                taken.setdefault(_numbers(best[id][1]), id)
            waiting = [id for id in waiting if best[id][0] > (False, False, 0)]
            if not waiting:
                break
        for id in ids:
            (shared, saturated, hidden), one = best[id]
            found[id] = Variant(one, hidden, saturated, shared)
        return found

    def draw(self, name: str) -> Specification:
        """The problem with the numbers of one draw."""
        return drawn(self.problem, self.vary, Random(f"cellcalc class {self.seed} {name}"))

    def judged(self, drawn: Sequence[Specification]) -> list[tuple[bool, int]]:
        """Of each draw whether it saturates a gate, and how many slips it alone hides."""
        batch = self.batch
        hidden = np.zeros(len(drawn), dtype=int)
        with np.errstate(all="ignore"):
            fine = batch.unsaturated(drawn)
            kept = np.flatnonzero(fine).tolist()  # of the others nobody needs to know
            probes = [self.draw(f"probe {k}") for k in range(PROBES)] if self.never is None else []
            if batch.judge is not None:
                shown = batch.shown([*probes, *(drawn[k] for k in kept)])
                if self.never is None:
                    self.never = ~shown[:, : len(probes)].any(axis=1)
                hidden[kept] = (~shown[~self.never, len(probes) :]).sum(axis=0)
        return [(not bool(one), int(count)) for one, count in zip(fine, hidden, strict=True)]

    @cached_property
    def hiding(self) -> Hiding | None:
        """What every draw hides; None for a problem in which nothing is learned, or a long one."""
        judge = self.batch.judge if self.vary else None
        if judge is None:
            return None
        if self.never is None:
            self.judged([])
        edits = self.batch.edits
        always = [e for e, never in zip(edits, self.never, strict=True) if never]
        always = [edit for edit in always if judge.can_show(edit)]
        return Hiding(int((~self.never).sum()) + len(always), tuple(always))

    @cached_property
    def batch(self) -> Batch:
        return Batch(self.problem)


class Batch:
    """Many draws of a problem worked out at once, each number an array over the draws."""

    def __init__(self, problem: Specification) -> None:
        self.model = model_of(problem)
        trace = run_model(problem, self.model)
        one = trace.passes[0]
        window = one.windows[0] if one.windows else None
        self.base = setting_of(self.model, one, window)
        self.fixed = dict(problem.coefficients)
        learns = self.model.loss is not None and window is not None and one.steps <= MOST_STEPS
        self.judge = Judge(self.model, self.base, ARRAYS, _differ) if learns else None
        self.equations = self.judge.equations if self.judge else Equations(self.model, ARRAYS)

    @cached_property
    def edits(self) -> list[Edit]:
        """Every known slip."""
        return list(self.judge.edits()) if self.judge else []

    def shown(self, drawn: Sequence[Specification]) -> Any:
        """For each edit and draw whether a gradient shows it."""
        assert self.judge is not None
        if not drawn:
            return np.zeros((len(self.edits), 0), dtype=bool)
        world = World(self.setting_of(drawn), self.equations)
        rows = [np.broadcast_to(self.judge.shows(world, e), (len(drawn),)) for e in self.edits]
        return np.array(rows, dtype=bool).reshape(len(rows), len(drawn))

    def setting_of(self, drawn: Sequence[Specification]) -> Setting:
        def together(values: Sequence[float]) -> Any:
            return np.array(values, dtype=float)

        names = element_keys("x", drawn[0].features)
        first = [one.sequences[0] for one in drawn]
        steps = first[0].steps
        columns: dict[str, list[Any]] = {
            name: [0.0, *(together([s.inputs[k][t] for s in first]) for t in range(steps))]
            for k, name in enumerate(names)
        }
        if TARGET in self.base.inputs:
            known = [[0.0 if v != v else v for v in s.targets or [0.0] * steps] for s in first]
            columns[TARGET] = [0.0, *(together([own[t] for own in known]) for t in range(steps))]
        weights: dict[str, Any] = {
            name: together([one.parameters[name] for one in drawn]) for name in drawn[0].parameters
        }
        weights |= self.fixed
        initial = {
            name: together([one.initial[name] for one in drawn]) for name in self.base.initial
        }
        return changed(
            self.base,
            inputs=columns,
            initial=initial,
            parameters=[weights] * (steps + 1),
            current=weights,
        )

    def unsaturated(self, drawn: Sequence[Specification]) -> Any:
        """Of each draw whether every gate is well between open and shut."""
        count = len(drawn)
        fine = np.ones(count, dtype=bool)
        if not drawn:
            return fine
        world = World(self.setting_of(drawn), self.equations)
        for row in self.model.forward:
            for t in range(1, world.setting.steps + 1):
                value = np.broadcast_to(world.value(row.symbol, t), (count,))
                fine &= np.isfinite(value)
                if is_gate(row):
                    fine &= (value >= GATE[0]) & (value <= GATE[1])
                elif is_squashed(row):
                    fine &= np.abs(value) <= SQUASHED
        return fine


ARRAYS = Arithmetic(
    float,
    {name: getattr(arrays, name, None) or (lambda u: u) for name in FUNCTIONS},
    arrays.divide,
    arrays.power,
)


def _differ(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Whether values differ in the figures that people write, element by element."""
    found: Any = False
    with np.errstate(all="ignore"):
        for x, y in zip(a, b, strict=True):
            size = np.maximum(np.abs(x), np.abs(y))
            unit = 10.0 ** (np.floor(np.log10(np.where(size > 0, size, 1.0))) + 1 - FIGURES)
            found = found | (np.round(x / unit) != np.round(y / unit))
    return found


def _numbers(one: Specification) -> object:
    """What tells variants apart."""
    data = tuple((s.inputs, s.targets) for s in one.sequences)
    return tuple(one.parameters.values()), tuple(one.initial.values()), repr(data)


# Drawing


def drawn(problem: Specification, vary: Sequence[str], random: Random) -> Specification:
    """The problem with other numbers in what varies."""
    states = problem.initial if "initial" in vary else {}
    names = problem.parameters if "parameters" in vary else {}
    sizes = _sizes(len(names) + len(states), SMALLEST, LARGEST, 2, random)
    start = {name: _signed(next(sizes), value, random) for name, value in states.items()}
    own = {name: next(sizes) * random.choice((-1, 1)) for name in names}
    sequences = tuple(_data(one, problem, vary, random) for one in problem.sequences)
    return replace(
        problem,
        parameters={**problem.parameters, **own},
        initial={**problem.initial, **start},
        sequences=sequences,
        drawn=None,
    )


def _signed(size: float, value: float, random: Random) -> float:
    """A number of that size with the sign of a value; with either, where that is 0."""
    sign = random.choice((-1, 1))
    return math.copysign(size, value) if value else sign * size


def _sizes(count: int, low: float, high: float, decimals: int, random: Random) -> Iterator[float]:
    """Numbers that differ, with so many decimals or as few more as it takes."""
    while (pool := round((high - low) * 10**decimals) + 1) < count:
        decimals += 1
    unit = 10**decimals
    chosen = random.sample(range(pool), count)
    return iter([(round(low * unit) + k) / unit for k in chosen])


def _data(one: Data, problem: Specification, vary: Sequence[str], random: Random) -> Data:
    inputs, targets = one.inputs, one.targets
    if "inputs" in vary:
        sizes = _sizes(len(inputs) * one.steps, *INPUTS, 1, random)
        inputs = tuple(
            tuple(next(sizes) * random.choice((-1, 1)) for _ in range(one.steps)) for _ in inputs
        )
    if "targets" in vary and targets is not None:
        targets = tuple(_targets(targets, problem, random))
    return replace(one, inputs=inputs, targets=targets, follows=None)


def _targets(targets: Sequence[float], problem: Specification, random: Random) -> Iterator[float]:
    """Other targets of the same kind where there are some: labels, or numbers within bounds."""
    known = [value for value in targets if value == value]
    loss = problem.loss or problem.error
    least, greatest = loss.targets if loss else (-math.inf, math.inf)
    if known and set(known) <= {0.0, 1.0} and (least, greatest) == (0.0, 1.0):
        labels = [float(k % 2) for k in range(len(known))]
        random.shuffle(labels)
        fresh = iter(labels)
    else:
        most = min(max([0.9, *map(abs, known)]), greatest if greatest > 0 else 0.9)
        if most == greatest:
            most = round(0.9 * greatest, 2)
        decimals = 1 if len(known) <= 8 else 2
        sizes = _sizes(len(known), 0.1, most, decimals, random)
        fresh = iter([s if least >= 0 else s * random.choice((-1, 1)) for s in sizes])
    return (next(fresh) if value == value else value for value in targets)


def check_length(problem: Specification) -> None:
    """Raise :class:`~cellcalc.errors.LimitError` for a problem that nobody works out by hand."""
    longest = max(one.steps for one in problem.sequences)
    if longest > 1_000:
        raise LimitError(f"problem: expected at most 1,000 steps for a class, found {longest:,}")
    passes = len(problem.sequences) * problem.update.epochs
    if passes > 10_000:
        raise LimitError(
            "problem: expected at most 10,000 epochs, sequences counted, for a class, found "
            f"{passes:,}"
        )
