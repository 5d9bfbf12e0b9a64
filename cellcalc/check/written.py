"""Numbers as people write them: which values a rounded number may stand for.

A number says as much as its digits: -0.0711 is right for anything that rounds to it, or that
gives it when the further digits are cut off.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from cellcalc.errors import ExpressionError

FEW = 3  # significant figures; with fewer a number proves little
MAX_CHARACTERS = 400
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+")
NOTHING = 1e-12  # what still counts as nothing
_AGREED = 1e-9  # relative; more digits than a calculation keeps are not asked for


@dataclass(frozen=True)
class Written:
    """A number with its digits.

    ``unit`` is the weight of the last digit written, ``figures`` the number of significant ones
    (0 for a zero).
    """

    value: float
    unit: float
    figures: int

    def stands_for(self, value: float, tolerance: float | None = None) -> bool:
        """Whether ``value`` rounded or cut off gives this number; or is within a tolerance.

        ``tolerance`` is relative, where there is one.
        """
        if not (math.isfinite(value) and math.isfinite(self.value)):
            return value == self.value
        if tolerance is not None:
            return abs(self.value - value) <= tolerance * (abs(value) or 1.0)
        if abs(self.value - value) <= _AGREED * abs(value):
            return True
        if self.value and value and (self.value < 0) != (value < 0):
            return False
        beyond = (abs(value) - abs(self.value)) / (self.unit or NOTHING)
        return -0.51 <= beyond < 1.0

    @property
    def is_coarse(self) -> bool:
        """Whether it has too few significant figures to prove much."""
        return self.figures < FEW


def read(text: str) -> Written:
    """Read a number: 1.5, -.3, 2e-5, or with a decimal comma.

    Raises :class:`~cellcalc.errors.ExpressionError` for anything else, or where a comma may
    separate thousands.
    """
    bare = text.strip().replace("−", "-").replace("\N{EN DASH}", "-").replace(" ", "")
    if _THOUSANDS.fullmatch(bare):
        both = f"{bare.replace(',', '.', 1)} or {bare.replace(',', '')}"
        raise ExpressionError("a decimal point", f'"{bare}", which may be {both}')
    if bare.count(",") == 1 and "." not in bare:
        bare = bare.replace(",", ".")
    match = _NUMBER.fullmatch(bare) if len(bare) <= MAX_CHARACTERS else None
    if match is None or not (match[2] or match[3]):
        if bare.lower() in ("inf", "+inf", "-inf", "nan"):
            return Written(float(bare), 0.0, FEW)
        raise ExpressionError("a number", f'"{text.strip()[:40]}"')
    _, whole, fraction, exponent = match.groups()
    digits = f"{whole}{fraction or ''}".lstrip("0")
    power = int(exponent or 0) - len(fraction or "")
    value = float(bare)
    if math.isinf(value):
        raise ExpressionError("a number below 1.8e308", f'"{text.strip()[:40]}"')
    if not value and not fraction:
        return Written(value, NOTHING, FEW)  # a plain 0 is meant as nothing at all
    # The noughts at the end of a whole number (1500) may or may not count; the unit is 1.
    return Written(value, 10.0 ** min(max(power, -320), 308), len(digits))
