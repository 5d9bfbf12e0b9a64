"""Numbers that are the right ones of another place than the one they were read for.

A table may go from the last step to the first below a heading that was not understood, a log may
say "run 2" where a second epoch begins, and gradients are listed under the names of their weights.
Read as they stand, right work would be called wrong. Where a group of numbers is right at one other
place, that is told and none of them is marked; a number alone is one that was copied wrongly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from cellcalc.check.givens import NEW
from cellcalc.check.report import Marked, Verdict
from cellcalc.check.spelling import FEW
from cellcalc.engine.trace import Trace
from cellcalc.language.keys import derivative_key, memory_key
from cellcalc.language.tree import Call, Symbol, symbols
from cellcalc.model.model import LOSS, PREDICTION, TOTAL_LOSS, Model
from cellcalc.problems.templates import shown_rows
from cellcalc.resources import sentence

if TYPE_CHECKING:
    from cellcalc.check.graph import Key
    from cellcalc.check.numbers import Spot

ENOUGH = 3  # numbers that are right elsewhere, from which on it is no slip
SLACK = 3.0  # units of the last digit that rounding may have moved them
FAR = 0.1  # relative
SURELY = 3.0  # times as far off as rounding may have moved it
PRECISE = 1e-6  # relative, where they are written in full
MOST_PASSES = 20  # that are looked through

Value = Callable[["Key"], float]


def misplaced(
    trace: Trace, spots: Sequence[Spot], value: Value, has_step_0: bool
) -> dict[int, str]:
    """The places among ``spots`` of such numbers, with what was expected in their stead.

    ``value`` is the right value of a key, nan where there is none. ``has_step_0`` tells whether
    there are answers for a step 0 that has none.
    """
    astray, model = [k for k, spot in enumerate(spots) if _is_astray(spot)], trace.model
    every = [k for k, spot in enumerate(spots) if _is_off(spot)]
    if not every:
        return {}
    off = set(astray)
    right = {spot.key for k, spot in enumerate(spots) if k not in off}
    found: dict[int, str] = {}

    def add(places: Collection[int], expected: str) -> None:
        new = [k for k in places if k not in found]
        if sum(spots[k].number.figures > 1 for k in new) >= ENOUGH:
            found.update(dict.fromkeys(new, expected))

    found |= dict.fromkeys(_parts(model, spots, astray, value, right), sentence("check", "is_part"))
    found |= dict.fromkeys(_losses(trace, spots, astray, value), sentence("check", "which_loss"))

    def last_first(first: int, last: int, t: int) -> int:
        return first + last - t

    def one_later(_first: int, _last: int, t: int) -> int:
        return t + 1

    add(_counted(trace, spots, astray, value, last_first), sentence("check", "from_the_last"))
    if has_step_0:
        add(_counted(trace, spots, astray, value, one_later), sentence("check", "from_nought"))
    add(list(_gradients(trace, spots, astray, value)), sentence("check", "are_gradients"))
    twice = _twice(trace, spots, astray, value, right)
    add(twice, sentence("check", "twice"))
    certain = [k for k in twice if spots[k].number.figures > FEW]  # each of them by itself
    found |= dict.fromkeys(certain, sentence("check", "twice"))
    add(_gates_of_weights(trace, spots, astray), sentence("check", "are_gradients"))
    add(_several(trace, spots, astray, value), sentence("check", "several_steps"))
    add(_net_inputs(model, spots, every, value), sentence("check", "by_net_inputs"))
    for where, places in _elsewhere(trace, spots, astray, value):
        add(places, sentence("check", "right_elsewhere", where=where))
    return found


def _is_astray(spot: Spot) -> bool:
    """Whether a number is not that of its place."""
    is_worked = bool(spot.answer.working) and spot.key[2] != TOTAL_LOSS
    return not is_worked and _is_off(spot)


def _is_off(spot: Spot) -> bool:
    is_known = math.isfinite(spot.true) and spot.number.figures > 0
    return is_known and not _is_near(spot, spot.true)


def _is_near(spot: Spot, value: float) -> bool:
    number = spot.number
    units = SLACK if number.figures >= FEW else 1.0
    return abs(number.value - value) <= max(units * number.unit, PRECISE * abs(value))


def _is_far(spot: Spot) -> bool:
    """Whether it is farther off than rounding takes anything: then one number alone may tell."""
    size = max(abs(spot.true), abs(spot.number.value))
    return spot.number.figures >= FEW and abs(spot.number.value - spot.true) > FAR * size


def _is_surely_off(spot: Spot) -> bool:
    """Whether it has figures enough to be another number, though a near one: tanh(c) for c."""
    off = abs(spot.number.value - spot.true)
    return spot.number.figures > FEW and off > SURELY * SLACK * spot.number.unit


def _rows(spots: Sequence[Spot], astray: Sequence[int]) -> dict[tuple[int, int, str], list[int]]:
    """The numbers of steps, by pass, window and quantity."""
    rows: dict[tuple[int, int, str], list[int]] = {}
    for k in astray:
        p, w, symbol, t = spots[k].key
        if t is not None:
            rows.setdefault((p, w, symbol), []).append(k)
    return rows


def _counted(
    trace: Trace,
    spots: Sequence[Spot],
    astray: Sequence[int],
    value: Value,
    step: Callable[[int, int, int], int],
) -> list[int]:
    """What is right if the steps are counted otherwise, row by row: ``step`` says how."""
    found: list[int] = []
    for (p, w, symbol), places in _rows(spots, astray).items():
        one = trace.passes[p]
        first, last = (one.windows[w - 1].first, one.windows[w - 1].last) if w else (1, one.steps)
        others = [value((p, w, symbol, step(first, last, spots[k].key[3] or 0))) for k in places]
        fit = [_is_near(spots[k], other) for k, other in zip(places, others, strict=True)]
        found += places if len(places) > 1 and all(fit) else []
    return found


def _gradients(
    trace: Trace, spots: Sequence[Spot], astray: Sequence[int], value: Value
) -> Iterator[int]:
    """Weights that are right as gradients, where all are and no word calls them new.

    Or as what the optimizer keeps for them, which a log lists under their names as well. Who gives
    the gradients apart has put them for the weights as well: that is a slip.
    """
    names = set(trace.specification.parameters)
    kept = shown_rows(trace.specification.update.optimizer)
    weights = [k for k in astray if spots[k].key[2] in names and spots[k].key[3] is None]
    if any(spots[k].answer.stage == NEW for k in weights):
        return
    told = {spot.key[:3] for spot in spots}

    def others(p: int, w: int, symbol: str) -> Iterator[str]:
        if (p, w, derivative_key(symbol)) not in told:
            yield derivative_key(symbol)
        yield from (memory_key(own, symbol) for own in kept)

    def is_one_of(k: int, names: Collection[str]) -> bool:
        at = _places(trace, *spots[k].key[:2])
        return any(_is_near(spots[k], value((*one, name, None))) for one in at for name in names)

    fit = [k for k in weights if is_one_of(k, list(others(*spots[k].key[:3])))]
    own = [k for k in weights if is_one_of(k, [spots[k].key[2]])]
    if {*fit, *own} == {*weights}:
        yield from fit


def _parts(
    model: Model,
    spots: Sequence[Spot],
    astray: Sequence[int],
    value: Value,
    right: Collection[Key],
) -> Iterator[int]:
    """What is one path or all but one: beside the whole, or what a step hands to the one before.

    Alone and at its own step such a number is a path left out.
    """
    states = {derivative_key(state) for state in model.state}
    for k in astray:
        p, w, symbol, t = spots[k].key
        row = model.quantities.get(symbol)
        if row is None or t is None or symbol not in states or not _is_far(spots[k]):
            continue
        for step in [t, t - 1] if spots[k].key in right else [t - 1]:
            true = value((p, w, symbol, step))  # before the window: what is handed to it
            paths = [value((p, w, path.symbol, step)) for path in model.paths_of(row)]
            others = [one for v in paths for one in (v, true - v)]
            others += [true] if all(map(math.isnan, paths)) else []
            if any(_is_near(spots[k], one) for one in others):
                yield k
                break


def _several(trace: Trace, spots: Sequence[Spot], astray: Sequence[int], value: Value) -> list[int]:
    """Numbers of several steps that were all read for one."""
    times = Counter(spot.key for spot in spots)
    found = []
    for k in astray:
        p, w, symbol, t = spots[k].key
        if t is not None and times[spots[k].key] > 1:
            steps = range(1, trace.passes[p].steps + 1)
            if any(_is_near(spots[k], value((p, w, symbol, step))) for step in steps):
                found.append(k)
    return found


def _twice(
    trace: Trace,
    spots: Sequence[Spot],
    astray: Sequence[int],
    value: Value,
    right: Collection[Key],
) -> list[int]:
    """What is another quantity of the step where its own is given as well, and right."""
    found = []
    for k in astray:
        p, w, _, t = key = spots[k].key
        one = trace.passes[p]
        rows = [*one.forward, *(one.windows[w - 1].backward if w else ())]
        if t is not None and key in right and (_is_far(spots[k]) or _is_surely_off(spots[k])):
            others = [value((p, v, row, t)) for row in rows for v in {0, w}]
            if any(_is_near(spots[k], other) for other in others):
                found.append(k)
    return found


def _gates_of_weights(trace: Trace, spots: Sequence[Spot], astray: Sequence[int]) -> list[int]:
    """Rows of a table of gradients by gates, W, U, b, that were read as gates at steps 1, 2, 3."""
    found: list[int] = []
    for (p, w, _), places in _rows(spots, astray).items():
        if w or len(places) < ENOUGH:
            continue
        gradients = [v for window in trace.passes[p].windows for v in window.gradients.values()]
        fit = [any(_is_near(spots[k], v) for v in gradients) for k in places]
        found += places if all(fit) else []
    return found


def _losses(
    trace: Trace, spots: Sequence[Spot], astray: Sequence[int], value: Value
) -> Iterator[int]:
    """Losses of steps or windows that are called the whole one, or the whole one a step's.

    Also the sums up to a step, as they are added up on the way.
    """
    wholes = [k for k in astray if spots[k].key[2] == TOTAL_LOSS]
    told = sum(spot.key[2] == TOTAL_LOSS for spot in spots)
    for k in wholes if told > 1 else []:
        p = spots[k].key[0]
        one = trace.passes[p]
        steps = {t: value((p, 0, LOSS, t)) for t in range(1, one.steps + 1)}
        windows = [sum(steps[t] for t in window.window.losses) for window in one.windows]
        sums = accumulate(v for v in steps.values() if math.isfinite(v))
        if any(_is_near(spots[k], v) for v in (*steps.values(), *windows, *sums)):
            yield k
    for k in astray:
        p, _, symbol, _ = spots[k].key
        if (
            symbol == LOSS
            and _is_far(spots[k])
            and _is_near(spots[k], value((p, 0, TOTAL_LOSS, None)))
        ):
            yield k


def _net_inputs(
    model: Model, spots: Sequence[Spot], astray: Sequence[int], value: Value
) -> list[int]:
    """The df of all gates that are right as dz_f, where nobody gives these: so many call them."""
    net = _net_of(model)
    if any(spot.key[2] in net.values() for spot in spots):
        return []
    places = [k for k in astray if spots[k].key[2] in net]
    for k in places:
        p, w, symbol, t = spots[k].key
        number, other = spots[k].number, value((p, w, net[symbol], t))
        # So many that agree may each be off by what rounding does, those of two figures too.
        if not (_is_near(spots[k], other) or abs(number.value - other) <= SLACK * number.unit):
            return []
    return places if len({spots[k].key[2] for k in places}) > 1 else []


def _net_of(model: Model) -> dict[str, str]:
    """The derivative by a gate, with that by its net input."""
    return {
        derivative_key(row.symbol): derivative_key(row.formula.argument.name)
        for row in model.forward
        if isinstance(row.formula, Call)
        and isinstance(row.formula.argument, Symbol)
        and row.symbol not in (PREDICTION, *model.state)
        and row.formula.argument.name not in model.state
    }


def by_net_inputs(model: Model, marked: Sequence[Marked]) -> list[int]:
    """Formulas for the df of several gates that all are those of dz_f, and what is made of these.

    Nobody who gives a formula for dz_f as well calls that df.
    """
    net = _net_of(model)
    if any(one.answer.symbol in net.values() for one in marked):
        return []
    mine = [k for k, one in enumerate(marked) if one.answer.symbol in net]
    rows = {marked[k].answer.symbol for k in mine}
    if len(rows) < 2 or not all(_is_of_net_input(marked[k], net) for k in mine):
        return []
    return mine + [
        k
        for k, one in enumerate(marked)
        if k not in mine
        and one.verdict is not Verdict.CORRECT
        and any(
            symbol.name in rows
            for formula in (one.answer.formulas or {}).values()
            for symbol in symbols(formula)
        )
    ]


def _is_of_net_input(one: Marked, net: Mapping[str, str]) -> bool:
    formula = one.slip.formula if one.slip is not None else None
    return isinstance(formula, Symbol) and formula.name == net[one.answer.symbol]


def _elsewhere(
    trace: Trace, spots: Sequence[Spot], astray: Sequence[int], value: Value
) -> Iterator[tuple[str, list[int]]]:
    """What is right in another epoch, sequence or window, where nothing names one."""
    unsaid = [k for k in astray if _is_unsaid(spots[k])]
    found: dict[tuple[int, int, int, int], list[int]] = {}
    for k in unsaid:
        p, w, symbol, t = spots[k].key
        for at in _places(trace, p, w):
            if at != (p, w) and _is_near(spots[k], value((*at, symbol, t))):
                found.setdefault((p, w, *at), []).append(k)
    for (p, w, other, window), places in sorted(found.items(), key=lambda one: -len(one[1])):
        mine, its = trace.passes[p], trace.passes[other]
        named = {
            "epoch": its.epoch if its.epoch != mine.epoch else None,
            "sequence": its.sequence if its.sequence != mine.sequence else None,
            "window": window if window != w else None,
        }
        said = ", ".join(f"{name} = {number}" for name, number in named.items() if number)
        yield said, places


def _is_unsaid(spot: Spot) -> bool:
    answer = spot.answer
    return answer.epoch is None and answer.sequence is None and answer.window is None


def _places(trace: Trace, p: int, w: int) -> list[tuple[int, int]]:
    """The passes and windows to look at, the own first."""
    passes = [p, *(k for k in range(min(len(trace.passes), MOST_PASSES)) if k != p)]
    found = [(p, w)]
    for k in passes:
        windows = range(1, len(trace.passes[k].windows) + 1) if w else [0]
        found += [(k, window) for window in windows if (k, window) != (p, w)]
    return found
