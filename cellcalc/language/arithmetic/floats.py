"""The arithmetic of a step: functions of floats that never raise on a finite input.

The workbook's formulas are written with the same caps, so that both give the same numbers.
These functions, as they stand here, are also copied into the source that
``cellcalc derive --format python`` prints; they therefore use nothing but :mod:`math`.
"""

from __future__ import annotations

import math
from math import tanh

__all__ = [
    "abs", "clip", "complement", "divide", "exp", "hard_sigmoid", "hard_sigmoid_slope",
    "hardsigmoid", "hardsigmoid_slope", "inside", "log", "log_complement", "log_logistic", "max",
    "min", "power", "relu", "rounded",
    "sigmoid", "sign", "softplus", "sqrt", "step", "tanh",
]  # fmt: skip

abs = abs  # the built-in one, listed beside the others


def sigmoid(u: float) -> float:
    """The logistic 1/(1 + e^-u); below -700 it stays at e^-700, where e^-u is still finite."""
    return 1.0 / (1.0 + math.exp(700.0 if u < -700.0 else -u))


def exp(u: float) -> float:
    """e^u, capped at e^709, the largest power that a float holds."""
    return math.exp(709.0 if u > 709.0 else u)


def log(u: float) -> float:
    """The natural logarithm; 1e-300 stands for anything smaller, so that log 0 is -690.8."""
    return math.log(1e-300 if u < 1e-300 else u)


def sqrt(u: float) -> float:
    """The square root; not a number below zero."""
    return math.nan if u < 0.0 else math.sqrt(u)


def relu(u: float) -> float:
    """u where it is positive, else 0."""
    return 0.0 if u < 0.0 else u


def step(u: float) -> float:
    """The slope of relu: 1 where u > 0, else 0."""
    return 1.0 if u > 0.0 else 0.0


def sign(u: float) -> float:
    """The slope of abs: -1, 0 or 1."""
    return float((u > 0.0) - (u < 0.0))


def hard_sigmoid(u: float) -> float:
    """The straight-line sigmoid 0.2u + 0.5, kept between 0 and 1."""
    return 1.0 if u > 2.5 else 0.0 if u < -2.5 else 0.2 * u + 0.5


def hard_sigmoid_slope(u: float) -> float:
    """The slope of hard_sigmoid: 0.2 on its straight part and at its ends, 0 outside."""
    return 0.2 if -2.5 <= u <= 2.5 else 0.0


def hardsigmoid(u: float) -> float:
    """The straight-line sigmoid u/6 + 0.5, kept between 0 and 1."""
    return 1.0 if u > 3.0 else 0.0 if u < -3.0 else u / 6.0 + 0.5


def hardsigmoid_slope(u: float) -> float:
    """The slope of hardsigmoid: 1/6 on its straight part, 0 at its ends and outside."""
    return 1.0 / 6.0 if -3.0 < u < 3.0 else 0.0


def softplus(u: float) -> float:
    """ln(1 + e^u), whose slope is the logistic function."""
    return (u if u > 0.0 else 0.0) + math.log1p(math.exp(-u if u > 0.0 else u))


def complement(u: float, a: float) -> float:
    """1 - u where u is the logistic of a; near 1, where the difference loses its digits, from a."""
    return 1.0 - u if u < 0.999 else 1.0 / (1.0 + math.exp(700.0 if a > 700.0 else a))


def log_logistic(_u: float, a: float) -> float:
    """ln(u) where u is the logistic of a, which keeps its digits where u is all but 0 or 1."""
    return -softplus(-a)


def log_complement(_u: float, a: float) -> float:
    """ln(1 - u) where u is the logistic of a."""
    return -softplus(a)


def clip(u: float, a: float, b: float) -> float:
    """min(max(u, a), b): u, kept between a and b; b where the two cross."""
    above = a if u < a else u
    return float(b if above > b else above)


def max(u: float, a: float) -> float:
    """The larger of the two."""
    return float(a if u < a else u)


def min(u: float, a: float) -> float:
    """The smaller of the two."""
    return float(a if u > a else u)


def inside(u: float, a: float, b: float) -> float:
    """The slope of clip: 1 where a <= u <= b, else 0."""
    return 1.0 if a <= u <= b else 0.0


def divide(a: float, b: float) -> float:
    """a/b; a denominator of exactly 0 counts as 1e-300: a large number instead of an error."""
    return a / (b or 1e-300)


def power(base: float, exponent: float) -> float:
    """base**exponent; infinite where it is too large, not a number where it is not real.

    A base of exactly 0 with a negative exponent is a denominator of 0, which counts as 1e-300.
    """
    try:
        value = float(base) ** float(exponent)
    except OverflowError:
        return -math.inf if base < 0.0 and exponent % 2.0 == 1.0 else math.inf
    except ZeroDivisionError:
        return 1.0 / 1e-300
    return math.nan if isinstance(value, complex) else value


def rounded(value: float, decimals: int) -> float:
    """``value`` rounded as a person does it: to so many decimals, halves away from zero.

    A half is meant in decimals: 0.003155 becomes 0.00316 although the float lies below it.
    """
    scaled = math.fabs(value) * 10.0**decimals
    if not scaled < 2.0**50:  # already whole at this scale, or not finite
        return value
    noise = 2e-15 * scaled  # what a float may lie below the decimal that is meant
    return math.copysign(math.floor(scaled + 0.5 + noise), value) / 10.0**decimals
