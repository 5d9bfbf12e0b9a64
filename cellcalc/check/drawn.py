"""Problems with everything drawn at random, or with all but some of a problem's own numbers.

Formulas that agree in these are the same. Parameters, inputs, states and losses are drawn anew each
time, well away from 0 and from one another.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from cellcalc.check.world import Place, Setting, changed
from cellcalc.language.arithmetic.decimals import Arithmetic, Value
from cellcalc.language.tree import Expression, Number, walk
from cellcalc.model.model import TARGET, Model

MOST_FACTS = 60  # of a problem's own numbers that are tried one by one


@dataclass(frozen=True)
class Fact:
    """Some of a problem's own numbers that are the same: ``x[1] = 1``, or ``x = 1`` throughout."""

    name: str
    value: float
    places: tuple[Place, ...]

    def __str__(self) -> str:
        return f"{self.name} = {self.value + 0.0:g}"


@dataclass(frozen=True)
class Random:
    """Settings with everything drawn: the same for the same number."""

    model: Model
    own: Setting

    def setting(
        self,
        number: int,
        arithmetic: Arithmetic,
        own_length: bool,
        kept: Collection[Place] = (),
    ) -> Setting:
        """One drawn setting; of the problem's own window where a formula names its steps.

        ``kept`` are the places that have the problem's own numbers all the same.
        """
        draw = random.Random(f"cellcalc check {number}")
        cross = self.model.loss is not None and self.model.loss.name == "cross-entropy"

        def drawn() -> Value:
            size = Decimal(draw.randrange(150_000, 1_300_000)) / 1_000_000
            return arithmetic.number(float(size) * draw.choice((-1, 1)))

        own = self.own
        steps = own.steps if own_length else (3, 4, 5)[number % 3]
        first, last = (own.first, own.last) if own_length else (1, steps)
        zero = arithmetic.number(0.0)
        inputs = {row.symbol: [zero, *(drawn() for _ in range(steps))] for row in self.model.inputs}
        if cross:
            inputs[TARGET] = [zero, *(abs(v) / 2 for v in inputs[TARGET][1:])]
        fixed = [row.symbol for row in self.model.coefficients]
        weights = {name: arithmetic.number(own.current[name]) for name in fixed}
        weights |= {row.symbol: drawn() for row in self.model.parameters}
        initial = {name: drawn() for name in self.model.state}
        for name, t in kept:
            if t is None:
                weights[name] = arithmetic.number(float(own.current[name]))
            elif name in inputs:
                inputs[name][t] = arithmetic.number(float(own.inputs[name][t]))
            else:
                initial[name] = arithmetic.number(float(own.initial[name]))
        return changed(
            own,
            first=first,
            last=last,
            inputs=inputs,
            initial=initial,
            parameters=[weights] * (steps + 1),
            current=weights,
            counted=self._counted(arithmetic, first, last, own_length),
            losses=own.losses if own_length else list(range(1, steps + 1)),
            restarts=own.restarts if own_length else (),
        )

    def _counted(
        self, arithmetic: Arithmetic, first: int, last: int, own_length: bool
    ) -> dict[int, Value]:
        """How much each step's loss counts: all of it, or a share where the mean is taken."""
        own = {t: float(weight) for t, weight in self.own.counted.items()}
        shares = set(own.values()) - {0.0}
        parts = round(1 / max(shares)) if shares else 1  # that the loss is shared out over
        if not own_length:
            own = dict.fromkeys(range(first, last + 1), 1.0) if self.model.loss else {}
            parts = last - first + 1 if parts > 1 else 1
        share = arithmetic.divide(arithmetic.number(1.0), arithmetic.number(float(parts)))
        return {t: share if weight else arithmetic.number(0.0) for t, weight in own.items()}

    def facts(self, formula: Expression) -> list[Fact]:
        """The problem's own numbers that a formula may rest on, so that it need not name them.

        These are the numbers that stand in it (a target of 0.6), and those that may be left out:
        a 0, or a factor 1.
        """
        literal = {node.value for node in walk(formula) if isinstance(node, Number)} | {0.0, 1.0}
        return list(self._facts(literal))[:MOST_FACTS]

    def _facts(self, literal: Collection[float]) -> Iterator[Fact]:
        own = self.own
        for name, values in own.inputs.items():
            known = [float(value) for value in values]
            if own.steps > 1 and len(set(known[1:])) == 1 and abs(known[1]) in literal:
                places = tuple((name, t) for t in range(1, own.steps + 1))
                yield Fact(name, known[1], places)
                continue
            for t in range(1, own.steps + 1):
                if abs(known[t]) in literal:
                    yield Fact(f"{name}[{t}]", known[t], ((name, t),))
        for name, value in own.initial.items():
            if abs(float(value)) in literal:
                yield Fact(f"{name}[0]", float(value), ((name, 0),))
        for row in self.model.parameters:
            value = float(own.current[row.symbol])
            if abs(value) in literal:
                yield Fact(row.symbol, value, ((row.symbol, None),))
