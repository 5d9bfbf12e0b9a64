"""How a number is printed: as many decimals as asked for, but never so few that it vanishes."""

from __future__ import annotations

import math

from cellcalc.language.notation import plain_number


def fixed(value: float, decimals: int) -> str:
    """``value`` to so many decimals, or in scientific notation where these would show too little.

    With two decimals or more, a value that is not 0 shows at least two significant figures
    (0.00012, but 1.2346e-05). One of a million or more is scientific, so that columns stay
    narrow. nan is an empty text.
    """
    if math.isnan(value):
        return ""
    text = f"{value:.{decimals}f}"
    exact = abs(float(text) - value) < 1e-6 * 10.0**-decimals  # but for float noise
    if math.isinf(value) or (exact and abs(value) < 1e6):
        return text if float(text) or not text.startswith("-") else text[1:]
    least = 10.0 ** (1 - decimals) if decimals > 1 else 0.5 * 10.0**-decimals
    if abs(value) < least or abs(value) >= 1e6:
        return f"{value:.{max(decimals - 1, 1)}e}"
    return text


def short(value: float, decimals: int) -> str:
    """The same, but a number that needs fewer decimals is printed with those it has: 0.7, 2."""
    nearest = round(value, decimals) if math.isfinite(value) else value
    plain = plain_number(nearest)
    noise = 1e-12 * max(1.0, abs(value))
    if abs(value - nearest) <= noise and "e" not in plain and (nearest or not value):
        return plain
    return fixed(value, decimals)
