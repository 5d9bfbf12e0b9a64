"""An exercise: which values of a run a person is to work out, and when an answer is right.

The rule is that of :meth:`Exercise.marks`. The sheet that judges while one types has the same in
formulas, so that the sheet and ``cellcalc check`` agree on every file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import floor, log10

from cellcalc.engine.effort import check_exercise
from cellcalc.engine.trace import (
    Lookup,
    PassTrace,
    Trace,
    WindowTrace,
    backward_values,
    forward_values,
)
from cellcalc.errors import OptionError, unknown
from cellcalc.language.arithmetic.decimals import FLOATS, Value, work
from cellcalc.language.keys import FACTOR, NORM, clipped_key, gathered_key, memory_key
from cellcalc.language.tree import ZERO, Edge, Expression, Symbol, spelled_out, symbols
from cellcalc.model.model import COUNTED, LOSS, TOTAL_LOSS, Group, Model, Quantity
from cellcalc.problems.sequences import or_zero
from cellcalc.problems.templates import shown_rows

PARTS = ("forward", "backward", "all", "paths")
FIRST, LAST = "first", "last"  # of the windows, that one alone
# What a person is given: the equations; none of them; some to choose from; a run with a mistake.
EQUATIONS, HIDDEN, CHOICE, MISTAKE = LEVELS = (1, 2, 3, 4)
# The marks: right; right given the answers before it; right as far as it goes, with fewer figures
# than are asked for; wrong; not a number.
RIGHT, CARRIED, COARSE, WRONG, NO_NUMBER = "✓", "~", "≈", "✗", "?"
FIGURES = 3  # that are asked for where nothing else is said
MOST_FIGURES = 6  # that a sheet can ask for
NOTHING = 1e-12  # what still counts as 0
HALF = 0.51  # of a unit of the last figure: half, and a little more for the noise of arithmetic

# What an update makes of a parameter's gradient: added up over windows, and clipped.
_IN_UPDATE = (gathered_key, clipped_key)

# The number of a window (0: the forward pass), a symbol, a step (None: the total).
Place = tuple[int, str, int | None]


@dataclass(frozen=True)
class Assignment:
    """What a practice workbook asks for, and how: ``what`` as :func:`exercise` reads it.

    ``level`` is one of :data:`LEVELS`. ``choices`` are for each row the equations to choose from,
    the true one among them; ``planted`` is the run with a mistake in it, in the row ``mistake``.
    """

    what: str
    level: int = EQUATIONS
    choices: Mapping[str, tuple[Expression, ...]] = field(default_factory=dict)
    planted: Trace | None = None
    mistake: str = ""


@dataclass(frozen=True)
class Spot:
    """A value that is asked for, or hidden because it would give away one that is.

    ``uses`` are the places of the exercise that it is worked out from. ``near`` and ``far`` bound
    what rounding can do to it, as multiples of 10 to the power of minus the figures that values are
    rounded to: if only the answers right before it are rounded, or each value on the way.
    """

    place: Place
    quantity: Quantity | None
    value: float
    open: bool
    uses: tuple[Place, ...]
    near: float
    far: float

    @property
    def window(self) -> int:
        return self.place[0]

    @property
    def symbol(self) -> str:
        return self.place[1]

    @property
    def t(self) -> int | None:
        return self.place[2]


@dataclass
class Exercise:
    """An exercise on the first pass of a trace: the symbols to be worked out.

    With ``last`` the backward pass is asked for of the last window alone; with ``first`` what is
    asked for is of the first one alone.
    """

    trace: Trace
    symbols: frozenset[str]
    last: bool = False
    first: bool = False
    _near: dict[Place, float] = field(default_factory=dict)
    _far: dict[Place, float] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        return self.trace.model

    @property
    def pass_trace(self) -> PassTrace:
        return self.trace.passes[0]

    @cached_property
    def spots(self) -> Mapping[Place, Spot]:
        """The values that are asked for or hidden, in the order of computation."""
        found: dict[Place, Spot] = {}
        for place, quantity, value, is_open, formula, lookup in self._parts():
            spot = self._spot(found, place, quantity, value, is_open, formula, lookup)
            found[spot.place] = spot
        return found

    @property
    def open(self) -> list[Spot]:
        """The values that are asked for."""
        return [spot for spot in self.spots.values() if spot.open]

    @property
    def size(self) -> int:
        """About how many values are asked for or hidden, known without computing them."""
        model, one, asked = self.model, self.pass_trace, self.symbols
        rows = [r for q in (*model.backward, *model.gradients) for r in (q, *model.paths_of(q))]
        wanted = sum((row.path_of or row.symbol) in asked or row.symbol in asked for row in rows)
        windows = one.windows[:1] if self.first else one.windows[-1:] if self.last else one.windows
        swept = sum(len(window.steps) for window in windows)
        steps = windows[0].last if self.first else one.steps
        return sum(q.symbol in asked for q in model.forward) * steps + wanted * swept

    @property
    def hides_update(self) -> bool:
        """Whether the updated parameters would give gradients away."""
        return not self.model.derivatives.isdisjoint(self.symbols)

    @cached_property
    def telling(self) -> frozenset[Place]:
        """Every place of the pass that is worked out from one that is asked for.

        Whoever is given the value of one can work back to an answer; those asked for are among
        them. A parameter stands at each step with the value that this was computed with, and at
        n+1 with what it is in the end.
        """
        one, model = self.pass_trace, self.model
        found = {spot.place for spot in self.open}
        updated: set[str] = set()  # the parameters whose newest value tells something
        free = {*one.before} - {*self.trace.specification.update.frozen}
        computed = shown_rows(self.trace.specification.update.optimizer)
        at_once = one.schedule.scheme.update == "window"

        def tells(number: int, row: Quantity, t: int) -> bool:
            if row.formula is None:
                return False
            for symbol in symbols(spelled_out(row.formula, model.features)):
                if symbol.name in one.before:
                    place: Place = (0, symbol.name, t)
                elif symbol.shift is None:
                    continue
                else:
                    place = self._place_of(number, symbol, t)
                if place in found:
                    return True
            return False

        for t in range(1, one.steps + 2):
            if at_once or t > one.steps:
                found |= {(0, name, t) for name in updated}
                # The optimizer's own rows: the first velocity is the gradient itself.
                remembered = (memory_key(own, name) for name in updated & free for own in computed)
                found |= {(0, name, t) for name in remembered}
            for row in model.forward if t <= one.steps else ():
                if tells(0, row, t):
                    found.add((0, row.symbol, t))
            for number, window in enumerate(one.windows, 1):
                if window.last != t:
                    continue
                rows = [r for q in (*model.backward, *model.gradients)
                        for r in (q, *model.paths_of(q))]  # fmt: skip
                for step in reversed(window.steps):
                    for row in rows:
                        if tells(number, row, step):
                            found.add((number, row.symbol, step))
                for row in model.entering:
                    if tells(number, row, window.first - 1):
                        found.add((number, row.symbol, window.first - 1))
                for row in model.gradients:
                    parts = {(number, row.symbol, step) for step in window.steps}
                    if parts & found or (number, row.symbol, None) in found:
                        found.add((number, row.symbol, None))
                        updated.add(row.derivative_of)
                        found |= {(number, key(row.derivative_of), None) for key in _IN_UPDATE}
                if updated:
                    found |= {(number, name, None) for name in (NORM, FACTOR)}
        if any((0, LOSS, t) in found for t in range(1, one.steps + 1)):
            found |= {(0, LOSS, None), (0, TOTAL_LOSS, None)}
        return frozenset(found)

    def followed(self, own: Mapping[Place, float]) -> dict[Place, float]:
        """What each spot must be, given a person's ``own`` values before it."""
        found: dict[Place, float] = {}

        def value(place: Place, true: float) -> float:
            return own.get(place, found.get(place, true))

        for place, _, true, _, formula, lookup in self._parts():
            number, symbol, t = place
            if t is None:
                name = LOSS if symbol == TOTAL_LOSS else symbol
                steps = range(1, self.pass_trace.steps + 1)
                parts = [(number, name, step) for step in steps]
                found[place] = sum(value(part, 0.0) for part in parts if part in self.spots)
            elif formula is None or lookup is None:
                found[place] = true
            else:
                spelled = spelled_out(formula, self.model.features)
                values = {
                    symbol: value(self._place_of(number, symbol, t), or_zero(lookup(symbol)))
                    if symbol.shift is not None
                    else lookup(symbol)
                    for symbol in symbols(spelled)
                }
                found[place] = float(work(spelled, FLOATS)(_Values(values), 0))
        return found

    def marks(self, own: Mapping[Place, float], figures: int = FIGURES) -> dict[Place, str]:
        """How each of a person's answers is judged, to so many significant figures.

        An answer is right where it is the true value in these figures; or what follows from the
        answers before it, as far as rounding these goes, and none of them is wrong (else it is
        carried); or where some of them were not written down, and rounding them does the rest. A 0
        has no figures, and so is not right for any other value.
        """
        follow, scale = self.followed(own), 10.0**-figures
        marks: dict[Place, str] = {}
        tainted: dict[Place, bool] = {}
        missing: dict[Place, bool] = {}
        for place, spot in self.spots.items():
            before = any(tainted[used] for used in spot.uses)
            gaps = any(missing[used] for used in spot.uses)
            answer = own.get(place) if spot.open else None
            if answer is None:
                tainted[place], missing[place] = before, spot.open or gaps
                continue
            true, followed = spot.value, follow[place]
            missing[place] = False
            if abs(answer - true) <= _tolerance(true, figures):
                marks[place] = RIGHT
            elif answer == 0.0:
                marks[place] = COARSE if abs(true) < 0.5 else WRONG
            elif abs(answer - followed) <= _tolerance(followed, figures) + spot.near * scale:
                marks[place] = CARRIED if before else RIGHT
            elif gaps and abs(answer - true) <= _tolerance(true, figures) + spot.far * scale:
                marks[place] = RIGHT
            else:
                marks[place] = WRONG
                written = figures_of(answer)
                unit = HALF * 10.0 ** (floor(log10(abs(answer))) + 1 - written)
                if written < figures and min(abs(answer - true), abs(answer - followed)) <= unit:
                    marks[place] = COARSE
            tainted[place] = marks[place] != RIGHT
        return marks

    def _parts(self) -> Iterator[_Part]:
        """Each spot before it is known what rounding does to it."""
        one = self.pass_trace
        chosen = [q for q in self.model.forward if q.symbol in self.symbols]
        for t in range(1, (one.windows[0].last if self.first else one.steps) + 1):
            for quantity in chosen:
                value = one.forward[quantity.symbol][t]
                if value == value:  # a step without a target has no loss to work out
                    place = (0, quantity.symbol, t)
                    yield place, quantity, value, True, quantity.formula, forward_values(one, t)
        if LOSS in self.symbols and one.loss is not None and not self.first:
            for name, is_open in ((LOSS, False), (TOTAL_LOSS, True)):
                yield (0, name, None), None, one.loss, is_open, None, None
        for number, window in enumerate(one.windows, 1):
            alone = number == 1 if self.first else number == len(one.windows)
            if alone or not (self.first or self.last):
                yield from self._window(number, window)

    def _window(self, number: int, window: WindowTrace) -> Iterator[_Part]:
        model, one = self.model, self.pass_trace
        hidden = {path.symbol for s in self.symbols for path in model.paths.get(s, ())}
        hidden -= self.symbols
        rows = [r for q in (*model.backward, *model.gradients) for r in (q, *model.paths_of(q))]
        wanted = [row for row in rows if row.symbol in self.symbols | hidden]
        for t in reversed(window.steps):
            lookup = backward_values(one, window, t)
            for row in wanted:
                is_open = row.symbol in self.symbols and row.group is not Group.GRADIENT
                value = window.backward[row.symbol][t - window.first]
                yield (number, row.symbol, t), row, value, is_open, row.formula, lookup
        t = window.first - 1
        for row in model.entering:
            if row.group is Group.PATH and row.formula == ZERO:
                continue  # there is no such path from before the window
            if row.symbol in self.symbols | hidden and row.formula is not None:
                place, value = (number, row.symbol, t), window.entering[row.symbol]
                is_open, lookup = row.symbol in self.symbols, backward_values(one, window, t)
                yield place, row, value, is_open, row.formula, lookup
        for row in model.gradients:
            if row.symbol in self.symbols:
                value = window.gradients[row.symbol]
                yield (number, row.symbol, None), row, value, True, None, None

    def _spot(
        self,
        found: Mapping[Place, Spot],
        place: Place,
        quantity: Quantity | None,
        value: float,
        is_open: bool,
        formula: Expression | None,
        lookup: Lookup | None,
    ) -> Spot:
        slopes: list[tuple[Place, float]] = []
        if place[2] is None:  # a total: its parts are added up
            steps = range(1, self.pass_trace.steps + 1)
            name = LOSS if place[1] == TOTAL_LOSS else place[1]
            slopes = [((place[0], name, t), 1.0) for t in steps]
        elif formula is not None and lookup is not None:
            slopes = list(self._slopes(place, formula, lookup))
        known = [(used, slope) for used, slope in slopes if used in found]
        near = sum(slope * self._near[used] for used, slope in known)
        far = sum(slope * self._far[used] for used, slope in known)
        # One that is worked out in between, and not written down, hands on what came to it.
        self._near[place] = half_unit(value) + (0.0 if is_open else near)
        self._far[place] = half_unit(value) + far
        uses = tuple(used for used, _ in known)
        return Spot(place, quantity, value, is_open, uses, near, far)

    def _slopes(
        self, place: Place, formula: Expression, lookup: Lookup
    ) -> Iterator[tuple[Place, float]]:
        """What a formula uses, and by how much each changes what it gives."""
        number, _, t = place
        assert t is not None
        spelled = spelled_out(formula, self.model.features)
        run = work(spelled, FLOATS)
        values = {symbol: or_zero(lookup(symbol)) for symbol in symbols(spelled)}  # no target: 0
        for symbol, value in values.items():
            if symbol.shift is None:
                continue
            step = max(abs(value), 1e-3) * 1e-6
            ends = [
                float(run(_Values({**values, symbol: value + change}), 0))
                for change in (-step, step)
            ]
            yield self._place_of(number, symbol, t), abs(ends[1] - ends[0]) / (2 * step)

    def _place_of(self, number: int, symbol: Symbol, t: int) -> Place:
        """Where the value of a symbol stands, for an equation of step t."""
        assert symbol.shift is not None
        is_derived = number and symbol.name not in self.pass_trace.forward
        step = t + symbol.shift
        if not is_derived and symbol.shift < 0 and step in self.pass_trace.schedule.resets:
            step = 0
        return (number if is_derived else 0, symbol.name, step)


_Part = tuple[Place, Quantity | None, float, bool, Expression | None, Lookup | None]


@dataclass(frozen=True)
class _Values:
    """The values of the symbols of one formula, by how many steps they are away."""

    values: Mapping[Symbol, float]
    swept: Sequence[int] = (0,)

    def value(self, name: str, t: int) -> Value:
        return self.values[Symbol(name, t)]

    def before(self, name: str, t: int) -> Value:
        return self.values[Symbol(name, t - 1)]

    def at(self, name: str, step: int | Edge) -> Value:
        return self.values[Symbol(name, step=step)]

    def fixed(self, name: str) -> Value:
        return self.values[Symbol(name)]


def figures_of(value: float) -> int:
    """How many significant figures a number was typed with; none for 0."""
    if not value:
        return 0
    exponent = floor(log10(abs(value)))
    places = range(1, MOST_FIGURES)
    return 1 + sum(
        abs(value - round(value, place - 1 - exponent)) > 1e-9 * abs(value) for place in places
    )


def _tolerance(value: float, figures: int) -> float:
    """Half a unit of the last significant figure asked for."""
    if abs(value) <= NOTHING:
        return NOTHING
    return HALF * 10.0 ** (floor(log10(abs(value))) + 1 - figures)


def half_unit(value: float) -> float:
    """Half a unit of the last figure of a value, times 10 to the power of its figures."""
    return 0.5 * 10.0 ** (floor(log10(abs(value))) + 1) if value and abs(value) > 1e-300 else 0.0


def exercise(trace: Trace, text: str) -> Exercise:
    """The exercise that a person asks for: "backward", "all", or symbols such as "c,dc".

    With "paths" (as in "dh,paths") the rows of the paths are asked for as well, each of which is
    otherwise a symbol like any other. With "last" (as in "backward,last") the backward pass is
    asked for of the last window alone; with "first" what is asked for is that of the first window.

    Raises :class:`~cellcalc.errors.OptionError` for a symbol that cannot be worked out, and
    :class:`~cellcalc.errors.LimitError` for more values than can be asked for.
    """
    model = trace.model
    forward = [q.symbol for q in model.forward]
    has_windows = bool(trace.passes[0].windows)
    backward = [q.symbol for q in (*model.backward, *model.gradients)] if has_windows else []
    parts: dict[str, Sequence[str]] = {
        "forward": forward,
        "backward": [symbol for symbol in backward if symbol != COUNTED],
    }
    parts["all"] = [*parts["forward"], *parts["backward"]]
    paths = [path.symbol for symbol in backward for path in model.paths.get(symbol, ())]
    known = [*PARTS, *forward, *backward, *paths]
    chosen: list[str] = []
    words = [word.strip() for word in text.split(",")]
    first, last = FIRST in words and has_windows, LAST in words and has_windows
    for name in words:
        if name in (FIRST, LAST):
            continue
        if name not in known:
            expected = "forward, backward, all, paths, or symbols that are computed"
            raise OptionError("practice", expected, unknown(name, known))
        chosen += parts.get(name, (name,)) if name != "paths" else ()
    if "paths" in words:
        of = [symbol for symbol in chosen if symbol in model.paths]
        chosen += [path.symbol for s in of or backward for path in model.paths.get(s, ())]
    if not chosen:
        raise OptionError("practice", "forward, since there is no backward pass", f'"{text}"')
    if first and last:
        raise OptionError("practice", f"{FIRST} or {LAST}", f'"{text}"')
    found = Exercise(trace, frozenset(chosen), last, first)
    check_exercise(found.size)
    return found


def sealed(trace: Trace, text: str) -> str:
    """What can be asked for where nothing may give an answer away.

    Of a run that is updated on the way the parameters after a window, which the next is worked out
    with, less those before it tell its gradients, and so does what these are made of. Therefore of
    its windows the last alone is asked for, or the first if the forward pass is asked for as well.
    """
    one = trace.passes[0]
    asked = exercise(trace, text)
    if asked.first or not any(w.window.updates and w.last < one.steps for w in one.windows):
        return text
    if not asked.symbols.isdisjoint(quantity.symbol for quantity in trace.model.forward):
        words = [word.strip() for word in text.split(",")]
        return ",".join([*(word for word in words if word != LAST), FIRST])
    return f"{text},{LAST}" if not asked.last else text
