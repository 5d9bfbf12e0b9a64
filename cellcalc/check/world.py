"""A problem's numbers as they would be if some of them, or some of the equations, were others.

The world of a person's answers has their own values wherever they gave one, and elsewhere what
follows from these. The world of a slip has one equation changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cellcalc.engine.trace import PassTrace, WindowTrace
from cellcalc.language.arithmetic.decimals import FLOATS, MEAN, SUM, Arithmetic, Value, Work, work
from cellcalc.language.tree import Call, Edge, Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import LOSS, TARGET, TOTAL_LOSS, Model, Quantity

Place = tuple[str, int | None]  # a quantity at a step; None: over the whole window
# What a value that was given at a place may have been before it was rounded: given the place, the
# value, and what the equation gives there.
Meant = Callable[[Place, Any, Any], Any]
STEPS, LAST_STEP = "n", "T"
LAST_LOSS = "last_loss"  # the weights of the losses if only the window's last one counted


@dataclass(frozen=True)
class Equations:
    """The equations of a model, made ready to be worked out in one arithmetic."""

    model: Model
    arithmetic: Arithmetic = FLOATS
    made: dict[Expression, Work] = field(default_factory=dict)

    def work(self, formula: Expression) -> Work:
        found = self.made.get(formula)
        if found is None:
            found = work(spelled_out(formula, self.model.features), self.arithmetic)
            self.made[formula] = found
        return found

    @cached_property
    def forward(self) -> tuple[str, ...]:
        return tuple(row.symbol for row in self.model.forward)

    @cached_property
    def backward(self) -> tuple[str, ...]:
        return tuple(row.symbol for row in self.model.backward)

    @cached_property
    def entering(self) -> Mapping[str, Quantity]:
        """What flows into the step before the window, by symbol."""
        return {row.symbol: row for row in self.model.entering}

    @cached_property
    def formulas(self) -> Mapping[str, Expression]:
        """The formula of each row by its symbol."""
        rows = self.model.quantities.values()
        return {row.symbol: row.formula for row in rows if row.formula is not None}

    @cached_property
    def totals(self) -> Mapping[str, Expression]:
        """The formula of each gradient over the window: a sum of its contributions."""
        rows = self.model.gradients
        return {r.symbol: Call(SUM, r.formula) for r in rows if r.formula is not None}

    @cached_property
    def users(self) -> Mapping[str, frozenset[str]]:
        """For each row the rows whose formula it stands in."""
        found: dict[str, set[str]] = {}
        for name, formula in self.formulas.items():
            for symbol in symbols(spelled_out(formula, self.model.features)):
                found.setdefault(symbol.name, set()).add(name)
        return {name: frozenset(names) for name, names in found.items()}

    def reached(self, start: str, answered: Collection[str] = ()) -> frozenset[str]:
        """The rows that a change of ``start`` reaches without passing through one answered."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for name in self.users.get(waiting.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    if name not in answered:
                        waiting.append(name)
        return frozenset(seen)


class World:
    """Every number of one window, given what is different in it.

    ``own`` are values that stand whatever the equations say, unless ``meant`` makes something else
    of them; ``edits`` are equations put in place
    of a row's (by its symbol; for a gradient's total by symbol and "total").
    """

    def __init__(
        self,
        setting: Setting,
        equations: Equations,
        own: Mapping[Place, Value] | None = None,
        edits: Mapping[str, Expression] | None = None,
        base: World | None = None,
        affected: Collection[str] | None = None,
        meant: Meant | None = None,
    ) -> None:
        self.setting, self.equations = setting, equations
        self.meant = meant
        self.own: Mapping[Place, Value] = own or {}
        self.edits = edits or {}
        self.base, self.affected = base, affected
        self.zero = equations.arithmetic.number(0.0)
        self.weights = setting.current
        self.numbers: dict[Place, Value] = {}
        self._fill()
        if meant is not None:
            self.own = {place: self.numbers.get(place, v) for place, v in self.own.items()}

    @property
    def swept(self) -> range:
        return self.setting.swept

    def edited(
        self, edits: Mapping[str, Expression], own: Mapping[Place, Value], affected: Collection[str]
    ) -> World:
        """The same world with other equations or answers; only ``affected`` rows may differ."""
        return World(self.setting, self.equations, own, {**self.edits, **edits}, self, affected)

    def _fill(self) -> None:
        """Work out all rows in the order of computation, so that nothing is looked up too early."""
        setting, equations, edits = self.setting, self.equations, self.edits
        rows = self._fresh(equations.forward)
        if rows:
            for t in range(1, setting.steps + 1):
                for name, one in rows:
                    self._settle(name, t, one)
        rows = self._fresh(equations.backward)
        if rows:
            for t in reversed(setting.swept):
                for name, one in rows:
                    self._settle(name, t, one)
            t = setting.first - 1
            for name, row in equations.entering.items():
                if (self.affected is None or name in self.affected) and row.formula is not None:
                    formula = edits.get(name, row.formula)
                    self._settle(name, t, equations.work(formula))

    def _fresh(self, names: Iterable[str]) -> list[tuple[str, Work | None]]:
        """The rows to be worked out here, with the functions that do it."""
        formulas, make = self.equations.formulas, self.equations.work
        result = []
        for name in names:
            if self.affected is None or name in self.affected:
                formula = self.edits.get(name) or formulas.get(name)
                result.append((name, make(formula) if formula is not None else None))
        return result

    def _settle(self, name: str, t: int, one: Work | None) -> None:
        place = (name, t)
        if place in self.own:
            own = self.own[place]
            if self.meant is not None and one is not None:
                own = self.meant(place, own, self._worked(one, name, t))
            self.numbers[place] = own
        elif one is None:
            self.numbers[place] = self.setting.counted.get(t, self.zero)
        else:
            self.numbers[place] = self._worked(one, name, t)

    def _worked(self, one: Work, name: str, t: int) -> Value:
        forward = name in self.equations.forward
        self.weights = self.setting.parameters[t] if forward else self.setting.current
        return one(self, t)

    def value(self, name: str, t: int) -> Value:
        """A quantity at a step; 0 beyond the edges, where there is none."""
        place: Place = (name, t)
        found = self.numbers.get(place)
        if found is not None:
            return found
        if place in self.own:
            return self.own[place]
        if self.base is not None and name not in (self.affected or ()):
            return self.base.value(name, t)
        return self._given(name, t)

    def _given(self, name: str, t: int) -> Value:
        setting = self.setting
        if name in setting.inputs:
            return setting.inputs[name][t] if 1 <= t <= setting.steps else self.zero
        if name in setting.current:
            inside = 0 <= t <= setting.steps and self.equations.model.stored_weights
            return (setting.parameters[t] if inside else setting.current)[name]
        if t == 0 and name in setting.initial:
            return setting.initial[name]
        if name == LAST_LOSS:
            counted = [step for step, weight in setting.counted.items() if weight]
            is_last = bool(counted) and t == counted[-1]
            return setting.counted[t] if is_last else self.zero
        row = self.equations.model.quantities.get(name)
        is_detail = row is not None and name not in self.equations.backward
        if is_detail and name not in self.equations.forward and t in setting.swept:
            return self.follow(name, t)
        return self.zero

    def of(self, symbol: Symbol, t: int) -> Value:
        """What a symbol of an equation for step t stands for."""
        if symbol.step is not None:
            return self.at(symbol.name, symbol.step)
        if symbol.shift is None:
            return self.fixed(symbol.name)
        if symbol.shift < 0:
            return self.before(symbol.name, t + symbol.shift + 1)
        return self.value(symbol.name, t + symbol.shift)

    def before(self, name: str, t: int) -> Value:
        """What step t finds of a quantity of the step before it."""
        return self.value(name, 0 if t - 1 in self.setting.restarts else t - 1)

    def at(self, name: str, step: int | Edge) -> Value:
        """A quantity at a certain step, or at one counted from an edge of the window."""
        if isinstance(step, Edge):
            edge = self.setting.first if step.end == "first" else self.setting.last
            step = edge + step.offset
        return self.value(name, step)

    def fixed(self, name: str) -> Value:
        """A parameter, a gradient's total, n or L."""
        if name in self.weights:
            return self.weights[name]
        if name == LAST_STEP:
            return self.equations.arithmetic.number(self.setting.last)
        if name == STEPS:
            return self.equations.arithmetic.number(len(self.swept))
        if name == TOTAL_LOSS:
            return self._loss()
        if name in self.equations.totals:
            return self.own.get((name, None)) if (name, None) in self.own else self.total(name)
        if name.endswith("0") and name[:-1] in self.equations.model.state:
            return self.value(name[:-1], self.setting.first - 1)
        if name in self.equations.model.quantities:  # which has a value at each step only
            return self.equations.arithmetic.number(math.nan)
        raise KeyError(name)

    def _loss(self) -> Value:
        """L: the sum of the losses, or their mean."""
        losses = self.setting.losses
        whole = sum((self.value(LOSS, t) for t in losses), start=self.zero)
        if not self.setting.averaged or not losses:
            return whole
        arithmetic = self.equations.arithmetic
        return arithmetic.divide(whole, arithmetic.number(float(len(losses))))

    def total(self, name: str) -> Value:
        """A gradient over the window, from its contributions."""
        formula = self.edits.get(f"{name} total")
        if formula is None:
            contributions = [self.value(name, t) for t in self.swept]
            return sum(contributions[1:], start=contributions[0])
        self.weights = self.setting.current
        return self.equations.work(formula)(self, self.setting.last)

    def follow(self, name: str, t: int | None, formula: Expression | None = None) -> Value:
        """What the equation of a row gives at a step, whatever the person's own value there."""
        if t is None:
            return self.fixed(name) if name == TOTAL_LOSS else self.total(name)
        if formula is None:
            formula = self.edits.get(name)
        if formula is None:
            is_entering = t == self.setting.first - 1 and name in self.equations.entering
            row = self.equations.entering[name] if is_entering else None
            formula = row.formula if row else self.equations.formulas.get(name)
        if formula is None:
            return self.setting.counted.get(t, self.zero)
        return self._worked(self.equations.work(formula), name, t)


@dataclass(frozen=True)
class Setting:
    """What a window's numbers follow from.

    ``inputs`` hold a list for t = 0 … n (targets included, 0 where missing); ``parameters`` one
    mapping for each of t = 0 … n, those a step was computed with; ``current`` those of the sweep;
    ``counted`` the weight of each step's loss in the window; ``losses`` the steps that have a
    target; ``averaged`` whether L is their mean. After the steps in ``restarts`` the state starts
    again.
    """

    model: Model
    first: int
    last: int
    inputs: Mapping[str, Sequence[Value]]
    initial: Mapping[str, Value]
    parameters: Sequence[Mapping[str, Value]]
    current: Mapping[str, Value]
    counted: Mapping[int, Value]
    losses: Collection[int]
    restarts: Collection[int] = ()
    averaged: bool = False

    @property
    def steps(self) -> int:
        """n, the number of steps."""
        return len(self.parameters) - 1

    @property
    def swept(self) -> range:
        return range(self.first, self.last + 1)


def setting_of(model: Model, one: PassTrace, window: WindowTrace | None) -> Setting:
    """The setting of a window of a pass; without a window it is forward only."""
    present = [0.0 if t != t else t for t in one.forward.get(TARGET, ())]
    inputs = {row.symbol: one.forward[row.symbol] for row in model.inputs}
    fixed = one.coefficients
    counted = {}
    if window is not None:
        counted = dict(zip(window.steps, window.backward[f"d{LOSS}"], strict=True))

    def used(t: int) -> Mapping[str, float]:
        own = one.parameters_at(t)
        return {**own, **fixed} if fixed else own

    before = {**one.before, **fixed}
    has_loss = LOSS in one.forward
    return Setting(
        model=model,
        first=window.first if window else 1,
        last=window.last if window else one.steps,
        inputs={**inputs, TARGET: present} if present else inputs,
        initial={name: one.forward[name][0] for name in model.state},
        parameters=[before, *(used(t) for t in range(1, one.steps + 1))],
        current={**(window.before if window else one.before), **fixed},
        counted=counted,
        losses=[
            t
            for t in range(1, one.steps + 1)
            if has_loss and one.forward[LOSS][t] == one.forward[LOSS][t]
        ],
        restarts=one.schedule.resets,
        averaged=one.schedule.scheme.reduction == MEAN,
    )


def changed(setting: Setting, **changes: object) -> Setting:
    """The setting with some of its fields others."""
    return replace(setting, **changes)  # type: ignore[arg-type]
