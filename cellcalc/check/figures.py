"""How exactly somebody works: the figures of what is written, and what rounding may do with it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cellcalc.check.spelling import Written

HALF = 0.51  # of a unit: what rounding takes off, and the noise of doing it
SHEET = 4  # answers from which on a sheet shows how somebody rounds
FEWEST = 2  # figures that anybody keeps on the way
SAFE = 1.15  # for what the first order leaves out
LONG = 7  # significant figures from which on numbers come from a program
SINGLE = 2.5e-7  # relative: what one equation in single precision may be off
ALIKE = 1e-6  # relative error below which a program's number is right
DOUBLE = 12  # figures, or decimals, from which on numbers are no single precision's
FLOAT = 2.0**-50  # relative: what the few operations of an equation do to a number of float64


@dataclass(frozen=True)
class Style:
    """To so many significant ``figures``, or ``decimals``, somebody rounds; both where unclear."""

    figures: int | None
    decimals: int | None

    def half(self, value: float) -> float:
        """Half a unit of the last digit that is kept of a value."""
        found = 0.0
        if self.decimals is not None:
            found = 10.0**-self.decimals
        if self.figures is not None and value and math.isfinite(value):
            power = math.floor(math.log10(abs(value))) - self.figures + 1
            found = max(found, 10.0 ** max(power, -300))
        if self.is_long and math.isfinite(value):
            is_single = self.figures is not None and self.figures < DOUBLE
            found = max(found, (2 * SINGLE if is_single else FLOAT) * abs(value))
        return HALF * found

    @property
    def is_long(self) -> bool:
        """Whether the numbers have more figures than anybody writes."""
        return (self.figures or 0) >= LONG or (self.decimals or 0) >= DOUBLE


def style_of(numbers: Iterable[Written]) -> Style:
    """The style of a sheet, from the numbers on it."""
    written = [n for n in numbers if n.figures and 0 < n.unit < 1.0]
    if not written:
        return Style(4, None)
    if len(written) < SHEET:  # too few to tell more than that it is no coarser
        kept = [round(-math.log10(n.unit)) for n in written]
        return Style(max(FEWEST, *(n.figures for n in written)), max(kept))
    figures = Counter(n.figures for n in written)
    decimals = Counter(round(-math.log10(n.unit)) for n in written)
    most_figures, by_figures = _usual(figures)
    most_decimals, by_decimals = _usual(decimals)
    if by_figures == by_decimals:
        return Style(most_figures, most_decimals)
    if by_figures > by_decimals:
        return Style(most_figures, None)
    return Style(None, most_decimals)


def _usual(counts: Counter[int]) -> tuple[int, int]:
    """The number that comes most often, the smaller of two, and how often."""
    best = max(counts.values())
    return min(number for number, count in counts.items() if count == best), best


def stands_for(number: Written, value: float, bound: float = 0.0) -> bool:
    """Whether a number may be a value that is off by so much, rounded or cut off."""
    if not (math.isfinite(value) and math.isfinite(number.value)):
        return value == number.value
    beyond = value - number.value
    if number.value < 0:
        beyond = -beyond
    return -(HALF * number.unit + bound) <= beyond <= number.unit + bound


def span(number: Written) -> tuple[float, float]:
    """Between which values the one lies that a number was rounded or cut off from."""
    near, far = HALF * number.unit, number.unit
    if number.value < 0:
        return number.value - far, number.value + near
    return number.value - near, number.value + far
