"""An update in random numbers: what a formula for a parameter's new value is held against."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import count, islice

from cellcalc.check.sight import Sight
from cellcalc.check.spelling import FEW
from cellcalc.check.world import World
from cellcalc.engine.optimizer import Updater
from cellcalc.engine.trace import Trace, WindowTrace
from cellcalc.language.arithmetic.decimals import DECIMALS, Value, work
from cellcalc.language.keys import COUNT, derivative_key, memory_key
from cellcalc.language.tree import Edge, Expression, Neg, Number, Symbol, rebuilt, symbols
from cellcalc.problems.updates import Update

AGREED = 1e-9  # of the change of a parameter
NOISE = 1e-14  # of the parameter itself


@dataclass(frozen=True)
class Updating:
    """The update after one window, worked out from the gradients of a world.

    ``unclipped`` leaves the limits of the gradients aside.
    """

    world: World
    trace: Trace
    window: WindowTrace
    unclipped: bool = False

    @cached_property
    def before(self) -> Mapping[str, float]:
        """The parameters as the window found them."""
        return {name: float(self.world.setting.current[name]) for name in self.window.before}

    @cached_property
    def _updated(self) -> tuple[Mapping[str, float], Mapping[str, float]]:
        s = self.trace.specification
        scheme = s.scheme
        if self.unclipped:
            scheme = replace(scheme, clip_norm=None, clip_value=None)
        updater = Updater(scheme, s.update, None)
        updater.memory = dict(self.window.memory_before)
        updater.count = self.window.update - 1
        parameters = dict(self.before)
        names = [derivative_key(name) for name in parameters]
        updater.gather({name: float(self.world.fixed(name)) for name in names}, parameters)
        updater.apply(parameters)
        return parameters, updater.memory

    def true(self, name: str) -> float:
        """A parameter, or a number of the optimizer's own, after the update."""
        parameters, memory = self._updated
        return parameters[name] if name in parameters else memory[name]

    def given(self, name: str) -> float:
        """The formula for ``name`` starts from this: the value before the update."""
        return self.before.get(name, self.window.memory_before.get(name, 0.0))

    def knows(self, name: str) -> bool:
        """Whether the update makes it."""
        parameters, memory = self._updated
        return name in parameters or name in memory

    def named(self, name: str, formula: Expression) -> tuple[Expression, list[str]]:
        """A formula with symbols in place of the problem's numbers: 0.7 - 0.1*dW_f.

        Those are the value of ``name`` before the update, and its gradient, to the digits that
        are written; and what has been put in.
        """
        own = {name: self.given(name)}
        if (gradient := derivative_key(name)) in self.window.gradients:
            own[gradient] = self.window.gradients[gradient]
        put: dict[str, None] = {}

        def symbol(e: Expression) -> Expression | None:
            if not isinstance(e, Number):
                return None
            for known, value in own.items():
                if _is_written(e.value, abs(value)):
                    put[f"{known} = {value:g}"] = None
                    return Symbol(known) if value >= 0 else Neg(Symbol(known))
            return None

        return rebuilt(formula, symbol), list(put)

    def gives(self, name: str, formula: Expression) -> float:
        """What a formula makes of it."""
        numbers = _Numbers(self, name)
        self.world.weights = self.world.setting.current
        return float(self.world.equations.work(formula)(numbers, self.world.setting.last))

    def agrees(self, name: str, formula: Expression) -> bool:
        """Whether a formula makes the same of it as the optimizer."""
        return self._is_close(name, self.gives(name, formula), self.true(name))

    def is_same(self, name: str, formula: Expression, other: Expression) -> bool:
        """Whether two formulas make the same of it."""
        return self._is_close(name, self.gives(name, formula), self.gives(name, other))

    def _is_close(self, name: str, value: float, other: float) -> bool:
        start = self.given(name)
        allowed = AGREED * abs(other - start) + NOISE * max(abs(other), abs(start))
        return abs(value - other) <= allowed


def _is_written(written: float, value: float) -> bool:
    """Whether a number is a value to the digits that it has: all of them, or three at least."""
    if not value or not math.isfinite(value):
        return False
    digits = Decimal(repr(written)).normalize()
    half = float(Decimal((0, (5,), int(digits.as_tuple().exponent) - 1)))
    is_long = len(digits.as_tuple().digits) >= FEW
    return abs(written - value) <= (half * 1.02 if is_long else AGREED * value)


class _Numbers(Sight):
    """What a formula of an update may use: settings, and the optimizer's own numbers besides."""

    def __init__(self, updating: Updating, name: str) -> None:
        super().__init__(updating.world)
        update = updating.trace.specification.update
        parameters, memory = updating._updated
        is_memory = name not in parameters
        self.more = {
            **update.settings,
            COUNT: float(updating.window.update),
            **memory,
            **(self.earlier(updating, name) if is_memory else {}),
        }

    def earlier(self, updating: Updating, name: str) -> Mapping[str, float]:
        """The optimizer's own numbers before the update; before the first those it starts with.

        But those of equations before that for ``name`` are new: m_hat is made of the new m.
        """
        optimizer = updating.trace.specification.update.optimizer
        order = [equation.symbol for equation in optimizer.equations]
        places = [k for k, symbol in enumerate(order) if name.startswith(f"{symbol}_")]
        own = max(places, key=lambda k: len(order[k]), default=0)  # m_hat_W is of m_hat, not of m
        made = {memory_key(symbol, of) for symbol in order[:own] for of in updating.before}
        start = {
            memory_key(own, name): value
            for own, value in optimizer.state.items()
            for name in updating.before
        }
        found = {**start, **updating.window.memory_before}
        return {key: value for key, value in found.items() if key not in made}

    def fixed(self, name: str) -> float:
        if name in self.more:
            return self.more[name]
        return float(super().fixed(name))


@dataclass(frozen=True)
class RuleNumbers:
    """Numbers for the rules of an optimizer, and what its equations make of them.

    ``old`` are those before the update, ``new`` those after it, with the gradient; ``constants``
    are the settings, and the number of the update.
    """

    old: Mapping[str, Value]
    new: dict[str, Value]
    constants: Mapping[str, Value]

    @property
    def swept(self) -> range:
        return range(0)

    def value(self, name: str, t: int) -> Value:  # noqa: ARG002
        return self.new[name] if name in self.new else self.constants[name]

    def before(self, name: str, t: int) -> Value:  # noqa: ARG002
        return self.old[name]

    def at(self, name: str, step: int | Edge) -> Value:  # noqa: ARG002
        return self.value(name, 0)

    def fixed(self, name: str) -> Value:
        return self.constants[name]

    def gives(self, formula: Expression) -> Value:
        """What a rule gives."""
        return work(formula, DECIMALS)(self, 0)

    def put_in(self, formula: Expression) -> dict[str, float]:
        """The numbers of a rule's symbols, as they are called for every parameter w."""
        found: dict[str, float] = {}
        for symbol in symbols(formula):
            is_own = symbol.name in self.new and symbol.name not in ("w", "dw")
            name = memory_key(symbol.name, "w") if is_own else symbol.name
            value = work(symbol, DECIMALS)(self, 0)
            found[f"{name}[t-1]" if name in found else name] = float(value)
        return found


def drawn_rules(update: Update, kept: Collection[str], trials: int) -> list[RuleNumbers]:
    """Random numbers for an optimizer's rules; the settings in ``kept`` are the problem's own.

    Those that its equations have no value for, such as the root of a negative state, are left out.
    """
    made = (_drawn(update, kept, number) for number in count())
    return list(islice((one for one in made if _all_finite(one)), trials))


def _all_finite(numbers: RuleNumbers) -> bool:
    return all(value.is_finite() for value in numbers.new.values())


def _drawn(update: Update, kept: Collection[str], number: int) -> RuleNumbers:
    source = random.Random(f"rule {number}")

    def size() -> float:
        return source.randrange(150_000, 950_000) / 1_000_000

    optimizer = update.optimizer
    settings = {name: size() for name in update.settings}
    settings |= {name: update.settings[name] for name in kept}
    settings[COUNT] = float(source.randrange(2, 9))
    old = {name: size() * source.choice((-1, 1)) for name in ("w", *optimizer.state)}
    new = {"dw": DECIMALS.number(size() * source.choice((-1, 1)))}
    numbers = RuleNumbers(
        {name: DECIMALS.number(value) for name, value in old.items()},
        new,
        {name: DECIMALS.number(value) for name, value in settings.items()},
    )
    for equation in optimizer.equations:
        new[equation.symbol] = numbers.gives(equation.formula)
    return numbers
