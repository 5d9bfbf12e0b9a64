"""What a formula may see of a problem: not what it defines, and nothing that is not there.

A formula for a quantity says nothing where it uses that quantity, or what follows from it in the
order of computation: ``o[t] = h[t]/tanh(c[t])`` is true, and of no use. Whether a formula rests on
such a value is found by putting another one in its place. The same is done with what does not
exist: a net input at step 0, a derivative outside the window.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from functools import cache
from typing import TypeGuard

from cellcalc.check.world import STEPS, Equations, Place, Setting, World
from cellcalc.language.arithmetic.decimals import LAST_STEP, MEAN, SUM, Value
from cellcalc.language.tree import Call, Edge, Expression, spelled_out, symbols, walk
from cellcalc.model.model import LOSS, TOTAL_LOSS


class Sight:
    """The numbers of a world as a formula sees them, with something else in ``hidden`` places.

    With ``edges`` there is something else where nothing is. What flows back into the last step of
    a window is 0: for an equation of that step, but not where a formula names a step that belongs
    to another window.
    """

    def __init__(self, world: World, hidden: Collection[Place] = (), edges: bool = False) -> None:
        self.world, self.hidden, self.edges = world, hidden, edges
        self.beyond = world.setting.last + 1
        self.totalling = False
        equations = world.equations
        self.forward = {*equations.forward, *(row.symbol for row in equations.model.inputs)}
        derived = equations.model.quantities.keys() - self.forward
        self.derived = derived - world.setting.current.keys()

    @property
    def swept(self) -> range:
        return self.world.swept

    def value(self, name: str, t: int) -> Value:
        """A quantity at a step; in L a step without a target has no loss."""
        if name == LOSS and self.totalling and t not in self.world.setting.losses:
            return self.world.zero
        if (name, t) in self.hidden or (self.edges and not self.exists(name, t)):
            return self.other(name, t)
        return self.world.value(name, t)

    def exists(self, name: str, t: int) -> bool:
        """Whether there is such a value; the zero gradients after the last step are some."""
        setting = self.world.setting
        if name in self.forward:
            first = 0 if name in setting.initial else 1
            return first <= t <= setting.steps
        if name in self.derived:
            is_entering = t == setting.first - 1 and name in self.world.equations.entering
            return setting.first <= t <= self.beyond or is_entering
        return True

    def other(self, name: str, t: int | None) -> Value:
        """Another value than there is: the same for the same place."""
        drawn = random.Random(f"{name} {t}").randrange(150_000, 1_300_000)
        return self.world.equations.arithmetic.number(drawn / 1_000_000)

    def before(self, name: str, t: int) -> Value:
        """What step t finds of a quantity of the step before it."""
        return self.value(name, 0 if t - 1 in self.world.setting.restarts else t - 1)

    def fixed(self, name: str) -> Value:
        """A parameter, a gradient's total, n, T or L."""
        world = self.world
        if name == LAST_STEP:
            return world.equations.arithmetic.number(float(world.setting.last))
        if name in world.weights or name == STEPS:
            return world.fixed(name)
        if (name, None) in self.hidden:
            return self.other(name, None)
        is_state = name not in world.equations.totals and name.endswith("0")
        if is_state and name not in world.equations.model.quantities:
            return self.value(name[:-1], world.setting.first - 1)
        return world.fixed(name)

    def at(self, name: str, step: int | Edge) -> Value:
        """A quantity at a step that the formula names."""
        if isinstance(step, Edge):
            return self.world.at(name, step)
        setting = self.world.setting
        is_others = name in self.derived and setting.last < step <= setting.steps
        return self.other(name, step) if self.edges and is_others else self.value(name, step)

    def gives(self, formula: Expression, row: str, t: int | None) -> Value:
        """What a formula for a row gives, at a step or over the window."""
        world, setting = self.world, self.world.setting
        self.totalling = row == TOTAL_LOSS
        is_forward = t is not None and row in world.equations.forward
        step = setting.last if t is None else t
        inside = is_forward and 0 <= step <= setting.steps
        world.weights = setting.parameters[step] if inside else setting.current
        is_listed = setting.last < setting.steps and any(map(has_limits, walk(formula)))
        self.beyond = setting.last if is_listed else setting.last + 1
        return world.equations.work(formula)(self, step)


def has_limits(node: Expression) -> TypeGuard[Call]:
    """Whether a node is a sum over the steps from a first to a last one."""
    return isinstance(node, Call) and node.function in (SUM, MEAN) and bool(node.others)


class Followers:
    """Which places follow from which, in the windows of one geometry."""

    def __init__(self, equations: Equations, setting: Setting) -> None:
        self.equations, self.setting = equations, setting
        self.users: dict[Place, set[Place]] = {}
        model = equations.model
        for name, formula in equations.formulas.items():
            if name in equations.forward:
                self._note(name, formula, range(1, setting.steps + 1))
            else:
                self._note(name, formula, setting.swept)
        for name, row in equations.entering.items():
            if row.formula is not None:
                self._note(name, row.formula, [setting.first - 1])
        for name in equations.totals:
            for t in setting.swept:
                self.users.setdefault((name, t), set()).add((name, None))
        if model.loss is not None:
            for t in range(1, setting.steps + 1):
                self.users.setdefault((LOSS, t), set()).add((TOTAL_LOSS, None))
        self.of = cache(self._of)

    def _note(self, name: str, formula: Expression, steps: Iterable[int]) -> None:
        used = symbols(spelled_out(formula, self.equations.model.features))
        for t in steps:
            for symbol in used:
                if symbol.shift is not None:
                    place = (symbol.name, t + symbol.shift)
                    self.users.setdefault(place, set()).add((name, t))

    def _of(self, name: str, t: int | None) -> frozenset[Place]:
        """The place itself, and all that is worked out from it."""
        seen: set[Place] = {(name, t)}
        waiting: list[Place] = [(name, t)]
        while waiting:
            for place in self.users.get(waiting.pop(), ()):
                if place not in seen:
                    seen.add(place)
                    waiting.append(place)
        return frozenset(seen)
