"""A person's work on a problem, step by step: every value passes through ``keep``, which rounds it.

One loop has every scheme of truncated BPTT, every update rule and every slip of either. It is the
same for a person who rounds, for exact work and for the bound of what rounding can do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.marking.arithmetic import (
    EXACT,
    Dual,
    Formula,
    Number,
    Rounding,
    Rows,
    Weights,
    formula,
    plain,
    total,
)
from tests.marking.equations import Shape
from tests.marking.problems import Plan, Problem, Sequence


@dataclass(frozen=True)
class Where:
    """What a value belongs to. ``part``: forward, backward, gradient, entering, update, state."""

    symbol: str
    t: int | None
    part: str
    epoch: int = 1
    sequence: int = 1
    window: int = 1


Keep = Callable[[Where, Number], Number]
Edit = tuple[
    str, frozenset[int] | None
]  # a formula, and the steps at which it was used (None: all)
Edits = Mapping[str, Edit]


def everywhere(**formulas: str) -> dict[str, Edit]:
    return {row: (text, None) for row, text in formulas.items()}


@dataclass
class Worker:
    """One way of working: a shape, a style, a plan, and the equations that are used wrongly."""

    problem: Problem
    keep: Keep
    plan: Plan
    style: str = "every row"
    edits: Edits = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shape: Shape = self.problem.shape
        rows = self.shape.rows
        self.forward = {k: self._made(v, False) for k, v in self.shape.forward(self.style).items()}
        self.backward = {k: self._made(v, True) for k, v in self.shape.backward(self.style).items()}
        self.parts = {k: self._made(v, True) for k, v in self.shape.parts.items()}
        self.entering = {k: self._made(v, True) for k, v in self.shape.entering().items()}
        self.changed: dict[str, tuple[Formula, frozenset[int] | None]] = {}
        for row, (text, steps) in self.edits.items():
            later = row not in self.forward
            self.changed[row] = (formula(text, rows, later), steps)
        self.one_by_one = self.style == "every row"

    def _made(self, text: str, backward: bool) -> Formula:
        return formula(text, self.shape.rows, backward)

    def of(self, row: str, t: int, right: Formula) -> Formula:
        """The equation that is used for a row at a step."""
        made = self.changed.get(row)
        return made[0] if made and (made[1] is None or t in made[1]) else right

    def work(self) -> None:
        """All epochs and sequences."""
        plan, slips = self.plan, self.plan.slips
        p: dict[str, Number] = dict(self.problem.parameters)
        optimizer: dict[str, dict[str, Number]] = {"m": {}, "v": {}}
        self.updates = 0
        for epoch in range(1, plan.epochs + 1):
            waiting: dict[str, Number] = {}
            for number, sequence in enumerate(self.problem.sequences, 1):
                one = _Pass(self, sequence, epoch, number)
                p, waiting = one.run(p, waiting, optimizer)
                last_sequence = number == len(self.problem.sequences)
                if waiting and (plan.update == "sequence" or last_sequence):
                    p = self.update(p, waiting, optimizer, one.where(None, "update"))
                    waiting = {}
            if "state kept" in slips:
                break

    def update(
        self,
        p: dict[str, Number],
        gradient: Mapping[str, Number],
        optimizer: dict[str, dict[str, Number]],
        where: Where,
    ) -> dict[str, Number]:
        """The parameters after a step of the optimizer."""
        plan, slips, after = self.plan, self.plan.slips, {}
        self.updates += 1
        k, rate = self.updates, plan.rate
        rate = {"rate forgotten": 1.0, "rate twice": rate * rate}.get(
            next((s for s in slips if s.startswith("rate ")), ""), rate
        )
        if "ascent" in slips:
            rate = -rate
        if "divided by n" in slips:
            rate = rate / self.problem.sequences[0].steps

        def kept(name: str, value: Number, part: str = "state") -> Number:
            at = Where(name, None, part, where.epoch, where.sequence, where.window)
            return self.keep(at, value)

        for name, before in p.items():
            dw = gradient[f"d{name}"]
            if plan.optimizer == "sgd":
                step = dw
            elif plan.optimizer == "momentum":
                last = optimizer["v"].get(name, 0.0)
                v = kept(f"v_{name}", 0.9 * last + (0.1 if "dampened" in slips else 1.0) * dw)
                optimizer["v"][name] = step = v
            else:
                m = kept(f"m_{name}", 0.9 * optimizer["m"].get(name, 0.0) + (1 - 0.9) * dw)
                v = 0.999 * optimizer["v"].get(name, 0.0) + (1 - 0.999) * dw**2
                v = kept(f"v_{name}", v)
                optimizer["m"][name], optimizer["v"][name] = m, v
                corrected = "no bias correction" not in slips
                m_hat = m / (1 - 0.9**k) if corrected else m
                v_hat = v / (1 - 0.999**k) if corrected else v
                root = v_hat if "no root" in slips else v_hat**0.5
                step = m_hat / (root + 1e-8)
            start = self.problem.parameters[name]
            value = (start if "from the start" in slips else before) - rate * step
            if "gradient for weight" in slips:
                value = dw
            after[name] = kept(name, value, "update")
        return after


class _Pass:
    """One epoch's pass through one sequence."""

    def __init__(self, worker: Worker, sequence: Sequence, epoch: int, number: int) -> None:
        self.worker, self.sequence, self.epoch, self.number = worker, sequence, epoch, number
        self.n = n = sequence.steps
        self.rows: Rows = {name: [0.0] * (n + 3) for name in worker.shape.rows}
        for k, name in enumerate(worker.shape.inputs):
            self.rows[name][1 : n + 1] = [row[k] for row in sequence.x]
        self.rows["target"][1 : n + 1] = list(sequence.target)
        self.window = 1
        plan = worker.plan
        self.k1, self.k2 = min(plan.k1 or n, n), min(plan.k2 or n, n)
        self.firing = [
            t for t in range(1, n + 1) if t % self.k1 == 0 or (t == n and plan.tail != "discard")
        ]

    def where(self, t: int | None, part: str, symbol: str = "") -> Where:
        return Where(symbol, t, part, self.epoch, self.number, self.window)

    def keep(self, symbol: str, t: int | None, part: str, value: Number) -> Number:
        return self.worker.keep(self.where(t, part, symbol), value)

    def run(
        self,
        p: dict[str, Number],
        waiting: dict[str, Number],
        optimizer: dict[str, dict[str, Number]],
    ) -> tuple[dict[str, Number], dict[str, Number]]:
        worker, plan = self.worker, self.worker.plan
        slips, n, initial = plan.slips, self.n, worker.problem.initial
        for name, value in initial.items():
            self.rows[name][0] = value
        stored: list[dict[str, Number]] = [p] * (n + 2)
        last = start = 0
        sums: dict[str, Number] = {}
        for t in range(1, n + 1):
            self.step(t, p)
            stored[t] = p
            if t not in self.firing:
                continue
            short = plan.tail == "short" and t == n and t % self.k1 != 0
            a = max(start, last if short else t - self.k2)
            swept = range(a + 1, t + 1)
            injected = {
                "new": [s for s in swept if s > last],
                "all": list(swept),
                "last": [t],
            }[plan.inject]
            injected = [s for s in injected if not math.isnan(self.sequence.target[s - 1])]
            mean = plan.reduction == "mean" and injected
            count = 1 / len(injected) if mean else 1.0
            for s in range(n + 2):
                self.rows["dE"][s] = count if s in injected else 0.0
            current = p

            def weights(name: str, s: int, now: Mapping[str, Number] = current) -> Number:
                return (stored[s] if plan.weights == "stored" else now)[name]

            gradient = self.sweep(swept, weights)
            if "not cleared" in slips:
                gradient = {k: v + sums.get(k, 0.0) for k, v in gradient.items()}
                sums = gradient
            gradient = {k: self.keep(k, None, "gradient", v) for k, v in gradient.items()}
            if plan.update == "window":
                p = worker.update(p, gradient, optimizer, self.where(None, "update"))
            else:
                waiting = {k: waiting.get(k, 0.0) + v for k, v in gradient.items()}
            last = t
            if plan.state == "reset" and t < n:
                start = t
                self.restart = t
            self.window = min(self.window + 1, len(self.firing))
        return p, waiting

    restart = 0  # the step after which the state was the initial one again

    def step(self, t: int, p: Mapping[str, Number]) -> None:
        """The forward pass of one step."""
        worker, rows = self.worker, self.rows
        shown = {}
        if self.restart == t - 1 and t > 1:  # its rows read the initial state for a moment
            for name, value in worker.problem.initial.items():
                shown[name] = rows[name][t - 1]
                rows[name][t - 1] = value
        for symbol, right in worker.forward.items():
            if symbol == "E" and math.isnan(self.sequence.target[t - 1]):
                continue
            used = worker.of(symbol, t, right)
            value = used(rows, lambda name, _: p[name], t, 1, self.n, self.n)
            rows[symbol][t] = self.keep(symbol, t, "forward", value)
        if not worker.one_by_one and worker.shape.cell != "gru-reset-before":
            rows["tanh_c"][t] = formula("tanh(c)", worker.shape.rows, False)(
                rows, lambda name, _: p[name], t, 1, self.n, self.n
            )
        for name, value in shown.items():
            rows[name][t - 1] = value

    def sweep(self, swept: range, weights: Weights) -> dict[str, Number]:
        """The backward pass of one window, and the gradients of its loss."""
        worker, rows, n = self.worker, self.rows, self.n
        slips, first, last = worker.plan.slips, swept[0], swept[-1]
        left: dict[str, Number] = {}
        if "state's gradient not cleared" in slips:  # what the last window left at its first step
            left = getattr(self, "left", {})
        edge = {name: rows[name] for name in worker.problem.initial}
        if self.restart == first - 1 and first > 1:
            for name, value in worker.problem.initial.items():
                rows[name] = [*rows[name][: first - 1], value, *rows[name][first:]]
        derived = [name for name in rows if name[0] == "d" and name != "dE"]
        for name in derived:
            rows[name] = [0.0] * (n + 3)
        for name, value in left.items():
            rows[name][last + 1] = value
        ahead = {}
        for name in [*worker.forward, "tanh_c"]:  # nothing is known beyond the window
            if name in rows and last < n:
                ahead[name] = rows[name]
                rows[name] = [*rows[name][: last + 1], *([0.0] * (n + 1 - last))]
                if left and name in "figo":
                    rows[name][last + 1] = ahead[name][last + 1] or 1.0
        if left and last == n:
            for name in "figo":
                rows[name][n + 1] = 1.0
        for t in reversed(swept):
            for symbol, right in worker.backward.items():
                if symbol == "dy" and not rows["dE"][t]:
                    value = 0.0
                    edit = worker.changed.get("dy")
                    if edit is None or math.isnan(self.sequence.target[t - 1]):
                        rows["dy"][t] = self.keep("dy", t, "backward", value)
                        continue
                used = worker.of(symbol, t, right)
                value = used(rows, weights, t, first, last, n)
                rows[symbol][t] = self.keep(symbol, t, "backward", value)
        gradient: dict[str, Number] = {}
        for name, right in worker.parts.items():
            numbers = []
            key = f"part d{name}"
            for t in swept:
                value = worker.of(key, t, right)(rows, weights, t, first, last, n)
                if worker.one_by_one:
                    value = self.keep(f"d{name}", t, "part", value)
                numbers.append(value)
            made = worker.changed.get(f"d{name}")
            gradient[f"d{name}"] = (
                made[0](rows, weights, first, first, last, n) if made else total(numbers)
            )
        for name, right in worker.entering.items():
            used = worker.of(name, first, right)
            value = used(rows, weights, first, first, last, n)
            self.keep(name, None, "entering", value)
        self.left = {
            name: rows[name][first]
            for name in rows
            if name in ("dc", "dz_f", "dz_i", "dz_g", "dz_o")
        }
        for name, values in ahead.items():
            rows[name] = values
        rows |= edge
        if "gates exchanged" in slips:
            for kind in "WUb":
                for suffix in [x[1:] for x in worker.shape.inputs] if kind == "W" else [""]:
                    one, other = f"d{kind}_f{suffix}", f"d{kind}_i{suffix}"
                    gradient[one], gradient[other] = gradient[other], gradient[one]
        return gradient


def values_of(
    problem: Problem,
    rounding: Rounding = EXACT,
    style: str = "every row",
    edits: Edits | None = None,
    plan: Plan | None = None,
) -> dict[Where, float]:
    """Every value of a person's work, in the order of computation."""
    found: dict[Where, float] = {}

    def keep(where: Where, value: Number) -> Number:
        kept = rounding
        if where.part == "state" and rounding.decimals is not None:
            # To so many decimals a mean square would be 0, and the step divided by it.
            kept = Rounding(figures=rounding.decimals)
        found[where] = kept.value(float(value))
        return found[where]

    Worker(problem, keep, plan or problem.plan, style, edits or {}).work()
    return found


@dataclass(frozen=True)
class Bound:
    """What the right equations give, and how far rounding on the way can take it."""

    value: float
    error: float


def bounds(
    problem: Problem,
    rounding: Rounding,
    style: str = "every row",
    given: Mapping[Where, float] | None = None,
) -> dict[Where, Bound]:
    """The bound of each value, to first order; values that are ``given`` are gone on with."""
    size = len(values_of(problem, style=style))
    units = np.zeros(size)
    found: dict[Where, Bound] = {}
    given = given or {}

    def keep(where: Where, value: Number) -> Number:
        place = len(found)
        number = plain(value)
        error = float(np.abs(value.slopes) @ units) if isinstance(value, Dual) else 0.0
        units[place] = rounding.half(given.get(where, number))
        found[where] = Bound(number, error + units[place])
        slopes = np.zeros(size)
        slopes[place] = 1.0
        if where in given:
            return Dual(given[where], slopes)
        return Dual(number, value.slopes + slopes if isinstance(value, Dual) else slopes)

    Worker(problem, keep, problem.plan, style).work()
    return found


@dataclass(frozen=True)
class Off:
    """How far a given answer is off: in bounds (more than 1: outside), and in units beyond it.

    ``whole`` is by the right work from the problem's numbers, ``own`` by a right step from the
    values that the person gave before it.
    """

    whole: float
    own: float
    units: float

    @property
    def outside(self) -> float:
        return min(self.whole, self.own)


def off(problem: Problem, rounding: Rounding, given: Mapping[Where, float]) -> dict[Where, Off]:
    """How far each given answer is off."""
    whole, own = bounds(problem, rounding), bounds(problem, rounding, given=given)
    found = {}
    for where, value in given.items():
        if where not in whole:  # an answer that the right work does not have
            found[where] = Off(math.inf, math.inf, math.inf)
            continue
        ones = (whole[where], own[where])
        far, near = (_in_bounds(abs(value - one.value), one.error) for one in ones)
        beyond = max(0.0, min(abs(value - one.value) - one.error for one in ones))
        found[where] = Off(far, near, _in_bounds(beyond, 2 * rounding.half(value)))
    return found


def _in_bounds(distance: float, bound: float) -> float:
    """How many bounds a distance is; none of any is far."""
    if not bound:
        return math.inf if distance else 0.0
    return distance / bound
