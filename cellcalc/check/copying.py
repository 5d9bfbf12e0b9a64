"""Numbers copied wrongly: digits exchanged, the point moved, a sign lost, another place's value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cellcalc.check.causes import Causes
from cellcalc.check.figures import HALF, stands_for
from cellcalc.check.graph import Graph, Key
from cellcalc.check.slips import sayings
from cellcalc.check.spelling import FEW, Written
from cellcalc.language.tree import Call, Expression, Neg, Symbol
from cellcalc.resources import sentence

APART = 5.0  # how many tolerances away a miscopied number must lie from what it should be
CHANCE = 0.05  # that one of the readings of some number is right within its bound
POINTS = (-3, -2, -1, 1, 2, 3)
_NUMBER = re.compile(r"([+-]?)([0-9]*\.?[0-9]*)(.*)")


@dataclass(frozen=True)
class Copied:
    """What a number was copied from, in words; the formula that it comes to, if there is one.

    ``kind`` is what happened, as in ``templates/slips.toml``.
    """

    kind: str
    says: str
    formula: Expression | None = None
    true: Expression | None = None
    total: bool = False


@dataclass(frozen=True)
class Reference:
    """What should stand at a place: a value and what rounding may do to it."""

    value: float
    bound: float


def miscopied(
    graph: Graph,
    causes: Causes,
    key: Key,
    number: Written,
    given: str,
    references: Sequence[Reference],
    values: Callable[[int], Iterator[float]],
    digit: bool = False,
) -> Copied | None:
    """How a number may have been copied wrongly; None where nothing says so.

    ``references`` are what should stand there, ``values`` what stands at another node.
    With ``digit`` one digit that is off counts as well.
    """
    if number.figures < 2:
        return None
    text = given.strip().replace("\N{MINUS SIGN}", "-")
    readings = list(_misread(text, number, digit))
    for reference in references:
        far = max(abs(number.value), abs(reference.value))
        share = 2 * (reference.bound + number.unit)
        for tried, (name, value) in enumerate(readings, 1):
            # Nor may the bound be wide beside the reading: near 0 some point always fits.
            is_sharp = reference.bound <= CHANCE * abs(value)
            is_telling = is_sharp and tried * share <= CHANCE * far
            exact = 2 * (min(reference.bound, number.unit) + number.unit)
            if name == "digit" and (number.figures < FEW or tried * exact > CHANCE * far):
                continue  # of few figures one digit less is no likeness at all
            width = reference.bound + HALF * number.unit
            if abs(value - number.value) < APART * width:
                continue
            scale = abs(value / number.value) if number.value else 1.0
            read = Written(value, number.unit * (scale if name == "point" else 1.0), number.figures)
            bound = reference.bound if is_telling else min(reference.bound, read.unit)
            if stands_for(read, reference.value, bound):
                words = {"right": _shown(value, number.figures), "given": text}
                says = sayings("copy", name).format(**words)
                row = graph.model.quantities.get(key[2])
                formula = row.formula if row and name == "sign" else None
                total = key[3] is None and formula is not None
                if formula is not None:
                    true: Expression = Call("sum", formula) if total else formula
                    return Copied(name, says, Neg(true), true, total)
                return Copied(name, says)
    if number.figures < FEW:
        return None
    return _elsewhere(graph, causes, key, number, references, values)


def _shown(value: float, figures: int) -> str:
    return f"{value:.{max(figures, 1)}g}"


def _misread(text: str, number: Written, digit: bool) -> Iterator[tuple[str, float]]:
    """What the number may have been: as it was written, one thing about it otherwise."""
    yield "sign", -number.value
    match = _NUMBER.match(text.replace(",", "."))
    if match is None or not match[2].strip("."):
        return
    sign, digits, rest = match.groups()
    places = [k for k, c in enumerate(digits) if c.isdigit()]
    for a, b in pairwise(places):
        if digits[a] != digits[b]:
            swapped = list(digits)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            if _significant("".join(swapped)) == _significant(digits):
                continue  # 8.000 for 0.8000: the point was moved
            if (value := _value(sign + "".join(swapped) + rest)) is not None:
                yield "digits", value
    for power in POINTS:
        yield "point", number.value * 10.0**power
    for k in places if digit else ():
        for other in "0123456789":
            if other != digits[k]:
                made = sign + digits[:k] + other + digits[k + 1 :] + rest
                if (value := _value(made)) is not None:
                    yield "digit", value


def _significant(digits: str) -> str:
    return digits.replace(".", "").strip("0")


def _value(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _elsewhere(
    graph: Graph,
    causes: Causes,
    key: Key,
    number: Written,
    references: Sequence[Reference],
    values: Callable[[int], Iterator[float]],
) -> Copied | None:
    """The value of another place that a person may have looked at instead."""
    p, _, symbol, t = key
    for name, other in _neighbours(graph, causes, key):
        place = graph.index.get(other)
        if place is None:
            continue
        for value in values(place):
            far = all(
                abs(value - r.value) > APART * (r.bound + HALF * number.unit) for r in references
            )
            is_near = name != "any_row" or value == number.value
            if value and far and is_near and stands_for(number, value):
                name = name.replace("any", "other")
                shown = other[2] if other[3] is None else f"{other[2]}[{other[3]}]"
                if name == "other_window":
                    same = other[0] == p
                    of, count = ("window", other[1]) if same else ("pass", other[0] + 1)
                    shown = sentence("report", f"of_{of}", quantity=shown, number=count)
                says = sayings("copy", name).format(other=shown)
                row = graph.model.quantities.get(other[2])
                own = graph.model.quantities.get(symbol)
                if name == "other_row" and row is not None and row.formula is not None:
                    true = own.formula if own is not None else None
                    if t is None:
                        whole = Call("sum", true) if true is not None else None
                        return Copied(name, says, Call("sum", row.formula), whole, True)
                    return Copied(name, says, Symbol(other[2], 0), true)
                return Copied(name, says)
    return None


def _neighbours(graph: Graph, causes: Causes, key: Key) -> Iterator[tuple[str, Key]]:
    p, w, symbol, t = key
    model = graph.model
    parameters: Mapping[str, object] = {row.symbol: row for row in model.parameters}
    if t is None and symbol in parameters:
        before = graph.current.get((p, w), {}).get(symbol)
        if before is not None:
            yield "old_weight", graph.nodes[before].key
        yield "gradient", (p, w, f"gathered d{symbol}", None)
        yield "gradient", (p, w, f"d{symbol}", None)
    steps = graph.trace.passes[p].steps
    if t is not None:
        for other in sorted(range(1, steps + 1), key=lambda s: abs(s - t)):
            if other != t:
                yield "other_step", (p, w, symbol, other)
    parts = causes.edits.parts
    stem, gate, _ = parts(symbol)
    alike = [row.symbol for row in causes.rows if row.symbol != symbol]
    near = [name for name in alike if parts(name)[0] == stem]
    near += [name for name in alike if gate and parts(name)[1] == gate and name not in near]
    # Of rows that are farther off, the very digits must be the same.
    rest = [name for name in alike if name not in near]
    for kind, names in (("other_row", near), ("any_row", rest)):
        for name in names:
            if (t is None) == (name in causes.gradients):
                own = 0 if name in graph.forwards else w
                yield kind, (p, own, name, t)
    for other_p in graph.passes:
        for other_w in range(1, len(graph.trace.passes[other_p].windows) + 1):
            if w and (other_p, other_w) != (p, w):
                yield "other_window", (other_p, other_w, symbol, t)
        if not w and other_p != p:
            yield "other_window", (other_p, 0, symbol, t)
