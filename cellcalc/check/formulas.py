"""Judging formulas: the same as the true one, or not, by their values at random problems.

Parameters, inputs, states and losses are drawn anew each time, well away from 0 and from one
another, in decimal arithmetic of 60 digits: equal formulas then agree in nearly all of them.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any

from cellcalc.check.answers import Answer, mentioned
from cellcalc.check.report import Counterexample, Marked, Verdict
from cellcalc.check.search import Case, Search, Target, slip_of
from cellcalc.check.spelling import FEW, Written
from cellcalc.check.world import Equations, Place, Setting, World, changed
from cellcalc.language.arithmetic.decimals import CONTEXT, DECIMALS, FLOATS, Arithmetic, Value
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import Call, Expression, symbols
from cellcalc.model.model import LOSS, TARGET, Model
from cellcalc.resources import sentence
from cellcalc.views.text import fixed

TRIALS = 10
SAME = Decimal("1e-25")
NOTHING = Decimal("1e-60")
MOST_STEPS = 40  # of a problem whose own length a formula needs
_CERTAIN = re.compile(r"\[[0-9]+\]$")
_LITERAL = re.compile(r"(?<![\w.])(?:[0-9]+\.[0-9]*|\.[0-9]+)")


@dataclass(frozen=True)
class Random:
    """Settings with everything drawn: the same for the same number."""

    model: Model
    own: Setting

    def setting(self, number: int, arithmetic: Arithmetic, own_length: bool) -> Setting:
        """One drawn setting; of the problem's own window where a formula names its steps."""
        draw = random.Random(f"cellcalc check {number}")
        cross = self.model.loss is not None and self.model.loss.name == "cross-entropy"

        def drawn() -> Value:
            size = Decimal(draw.randrange(150_000, 1_300_000)) / 1_000_000
            return arithmetic.number(float(size) * draw.choice((-1, 1)))

        own = self.own
        steps = own.steps if own_length else (3, 4, 5)[number % 3]
        first, last = (own.first, own.last) if own_length else (1, steps)
        zero, one = arithmetic.number(0.0), arithmetic.number(1.0)
        inputs = {row.symbol: [zero, *(drawn() for _ in range(steps))] for row in self.model.inputs}
        if cross:
            inputs[TARGET] = [zero, *(abs(v) / 2 for v in inputs[TARGET][1:])]
        fixed = [row.symbol for row in self.model.coefficients]
        weights = {name: arithmetic.number(own.current[name]) for name in fixed}
        weights |= {row.symbol: drawn() for row in self.model.parameters}
        counted = dict.fromkeys(range(first, last + 1), one) if self.model.loss else {}
        if own_length:
            counted = {t: arithmetic.number(float(w)) for t, w in own.counted.items()}
        return changed(
            own,
            first=first,
            last=last,
            inputs=inputs,
            initial={name: drawn() for name in self.model.state},
            parameters=[weights] * (steps + 1),
            current=weights,
            counted=counted,
            losses=own.losses if own_length else list(range(1, steps + 1)),
            restarts=own.restarts if own_length else (),
        )


class FormulaMarker:
    """Marks the formulas of one window."""

    def __init__(
        self, setting: Setting, search: Search, tolerance: float | None, window: int
    ) -> None:
        self.setting, self.search, self.window = setting, search, window
        self.model, self.tolerance = search.model, tolerance
        self.exact = Equations(self.model, DECIMALS)
        self.random = Random(self.model, setting)
        self.worlds: dict[tuple[int, bool], World] = {}

    @cached_property
    def actual(self) -> World:
        """The problem itself."""
        return World(self.setting, self.search.equations)

    def mark(self, answers: Iterable[Answer]) -> Iterator[Marked]:
        with localcontext(CONTEXT):
            for answer in answers:
                yield self.judged(answer)

    def judged(self, answer: Answer) -> Marked:
        assert answer.formulas is not None
        formulas = answer.formulas
        is_certain = answer.t is not None or not answer.per_step
        if is_certain and not any(symbols(formula) for formula in formulas.values()):
            return self.sum_of_numbers(answer)
        for name, formula in formulas.items():
            if self.differs(answer, name, formula):
                return self.wrong(answer, name, formula)
        note = ""
        if (answer.per_step and answer.symbol not in self.model.quantities) or (
            answer.per_step and answer.t is None and self.is_gradient(next(iter(formulas)))
        ):
            note = sentence("check", "contribution")
        return self.marked(answer, Verdict.CORRECT, note=note)

    def is_gradient(self, name: str) -> bool:
        return name in self.exact.totals

    def marked(self, answer: Answer, verdict: Verdict, **more: Any) -> Marked:
        row = next(iter(answer.formulas or [answer.symbol]))
        order = (3, 0) if answer.t is None else (2, self.setting.last - answer.t)
        forward, backward = self.exact.forward, self.exact.backward
        if row in forward:
            order = (0, forward.index(row))
        elif row in backward:
            order = (1, backward.index(row))
        place = (self.window, *order)
        true = self.true(answer, row)
        expected = LANGUAGE(true) if true else None
        return Marked(answer, verdict, expected, place, window=self.window, **more)

    def true(self, answer: Answer, name: str) -> Expression | None:
        """The right formula, as the language has it."""
        row, t = self.place(answer, name)
        if row == "L":
            return Call("sum", self.exact.formulas[LOSS])
        if not answer.per_step and row in self.exact.totals:
            return self.exact.totals[row]
        if t == self.setting.first - 1 and row in self.exact.entering:
            return self.exact.entering[row].formula
        return self.exact.formulas.get(row)

    def place(self, answer: Answer, name: str) -> tuple[str, int | None]:
        """The row and step that an answer is for; dc0 is dc at the step before the window."""
        if name not in self.model.quantities and name.endswith("0"):
            return name[:-1], self.setting.first - 1
        return name, answer.t

    def own_length(self, formula: Expression, answer: Answer) -> bool:
        """Whether the formula names certain steps, and so holds for the problem's length only."""
        named = any(_CERTAIN.search(s.name) for s in symbols(formula))
        return named or answer.t is not None or self.place(answer, answer.symbol)[1] is not None

    def world(self, number: int, own_length: bool) -> World:
        """A random problem worked out in many digits."""
        key = (number, own_length)
        if key not in self.worlds:
            setting = self.random.setting(number, DECIMALS, own_length)
            self.worlds[key] = World(setting, self.exact)
        return self.worlds[key]

    def steps(self, world: World, answer: Answer, name: str) -> list[int | None]:
        row, t = self.place(answer, name)
        if t is not None:
            return [t]
        if not answer.per_step:
            return [None]
        return (
            list(world.swept)
            if row not in self.exact.forward
            else list(range(1, world.setting.steps + 1))
        )

    def value(self, world: World, row: str, t: int | None, formula: Expression) -> Value:
        """What a formula gives."""
        if t is None:
            world.weights = world.setting.current
            return world.equations.work(formula)(world, world.setting.last)
        return world.follow(row, t, formula)

    def truth(self, world: World, row: str, t: int | None) -> Value:
        return world.fixed(row) if t is None else world.value(row, t)

    def differs(self, answer: Answer, name: str, formula: Expression) -> bool:
        """Whether the formula is another than the true one."""
        own_length = self.own_length(formula, answer)
        row, _ = self.place(answer, name)
        trials = TRIALS if not own_length or self.setting.steps <= MOST_STEPS else 2
        for number in range(trials):
            world = self.world(number, own_length)
            for t in self.steps(world, answer, name):
                if not same(self.value(world, row, t, formula), self.truth(world, row, t)):
                    return True
        return False

    def wrong(self, answer: Answer, name: str, formula: Expression) -> Marked:
        example = self.counterexample(answer, name, formula)
        slip = None
        row, _ = self.place(answer, name)
        if row in self.model.quantities:
            cases = [self.case(number, answer, name, formula) for number in range(2)]
            total = not answer.per_step and row in self.exact.totals
            candidates = self.search.explain(row, cases, total)
            # Of formulas that give the same everywhere, the first is as good as the others.
            if candidates:
                slip = slip_of(self.search, row, candidates[:1], total)
        return self.marked(answer, Verdict.WRONG, slip=slip, counterexample=example)

    def case(self, number: int, answer: Answer, name: str, formula: Expression) -> Case:
        """A random problem in which the quantities that the formula speaks of stand as they are."""
        own_length = self.own_length(formula, answer)
        setting = self.random.setting(number, FLOATS, own_length)
        truth = World(setting, self.search.equations)
        row, _ = self.place(answer, name)
        shown = {s for s in mentioned(formula) if s in self.model.quantities and s != row}
        own: dict[Place, float] = {
            place: value for place, value in truth.numbers.items() if place[0] in shown | {row}
        }
        world = World(setting, self.search.equations, own)
        targets = [
            self.target(
                t, float(self.value(truth, row, t, formula)), float(self.truth(truth, row, t))
            )
            for t in self.steps(truth, answer, name)
        ]
        return Case(world, world, frozenset(shown | {row}), targets)

    def target(self, t: int | None, value: float, true: float) -> Target:
        size = max(abs(value), abs(true), 1e-300)
        return Target(
            t,
            value,
            0.0,
            lambda other: abs(other - value) <= 1e-9 * size,
            abs(value - true) > 1e-9 * size,
        )

    def counterexample(self, answer: Answer, name: str, formula: Expression) -> Counterexample:
        """Where the two differ visibly: in the problem itself, or else in a random one."""
        row, _ = self.place(answer, name)
        own_length = self.own_length(formula, answer)
        worlds: list[tuple[World, bool]] = [(self.actual, True)]
        worlds += [(self.world(number, own_length), False) for number in range(TRIALS)]
        found: Counterexample | None = None
        for world, own in worlds:
            for t in self.steps(world, answer, name):
                gives = float(self.value(world, row, t, formula))
                right = float(self.truth(world, row, t))
                size = max(abs(gives), abs(right))
                visible = size and not abs(gives - right) <= 1e-3 * size
                if visible or (found is None and gives != right):
                    numbers = dict(self.put_in(world, formula, t))
                    found = Counterexample(gives, right, t, numbers, own)
                if visible and found:
                    return found
        return found or Counterexample(math.nan, math.nan, None)

    def put_in(
        self, world: World, formula: Expression, t: int | None
    ) -> Iterator[tuple[str, float]]:
        """The numbers of the symbols of a formula, at the step where it has one."""
        for symbol in symbols(formula)[:8]:
            if symbol.shift is None:
                if (
                    symbol.name not in self.search.model.cell.parameters
                    or symbol.name in world.weights
                ):
                    yield symbol.name, float(world.fixed(symbol.name))
            elif t is not None:
                step = t + symbol.shift
                yield f"{symbol.name}[{step}]", float(world.value(symbol.name, step))

    def sum_of_numbers(self, answer: Answer) -> Marked:
        """A formula of numbers alone is worked out, and judged by their digits."""
        assert answer.formulas is not None
        name, formula = next(iter(answer.formulas.items()))
        row, t = self.place(answer, name)
        value = float(self.value(self.actual, row, t, formula))
        true = float(self.truth(self.actual, row, t))
        figures = [
            len(text.replace(".", "").lstrip("0")) for text in _LITERAL.findall(answer.given)
        ]
        kept = max(FEW, min(figures, default=FEW) - 1)  # a calculation loses some
        power = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0
        number = Written(value, 10.0 ** (power + 1 - kept), kept)
        is_right = number.stands_for(true, self.tolerance)
        note = sentence("check", "worked_out", value=fixed(value, 5))
        verdict = Verdict.CORRECT if is_right else Verdict.WRONG
        return self.marked(answer, verdict, note=note)


def same(a: Value, b: Value) -> bool:
    """Whether two values agree in all the digits that the arithmetic can vouch for."""
    if not (a.is_finite() and b.is_finite()):
        return False
    size = max(abs(a), abs(b))
    return bool(abs(a - b) <= SAME * size or size < NOTHING)


def own_formulas(answers: Iterable[Answer]) -> Mapping[str, Expression]:
    """The person's own equation of each row that has one for every step."""
    return {
        name: formula
        for answer in answers
        if answer.formulas and answer.t is None and answer.per_step
        for name, formula in answer.formulas.items()
    }
