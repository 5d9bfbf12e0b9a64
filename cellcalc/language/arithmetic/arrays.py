"""The arithmetic of a step over numpy arrays: ``arithmetic.floats``, element by element.

Generated source that is compiled with these functions runs many problems at once; each element
gets what the function of the same name in ``arithmetic.floats`` gives for that number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import tanh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64] | float

__all__ = [
    "abs", "clip", "complement", "divide", "exp", "hard_sigmoid", "hard_sigmoid_slope",
    "hardsigmoid", "hardsigmoid_slope", "inside", "log", "log_complement", "log_logistic", "max",
    "min", "power", "relu", "sigmoid",
    "sign", "softplus", "sqrt", "step", "tanh",
]  # fmt: skip

abs = np.abs  # the same for numbers and arrays


def sigmoid(u: Values) -> Any:
    """The logistic 1/(1 + e^-u); below -700 it stays at e^-700."""
    return 1.0 / (1.0 + np.exp(np.minimum(np.negative(u), 700.0)))


def exp(u: Values) -> Any:
    """e^u, capped at e^709."""
    return np.exp(np.minimum(u, 709.0))


def log(u: Values) -> Any:
    """The natural logarithm; 1e-300 stands for anything smaller."""
    return np.log(np.maximum(u, 1e-300))


def sqrt(u: Values) -> Any:
    """The square root; not a number below zero."""
    return np.sqrt(u)


def relu(u: Values) -> Any:
    """u where it is positive, else 0."""
    return np.where(np.less(u, 0.0), 0.0, u)


def step(u: Values) -> Any:
    """The slope of relu: 1 where u > 0, else 0."""
    return np.where(np.greater(u, 0.0), 1.0, 0.0)


def sign(u: Values) -> Any:
    """The slope of abs: -1, 0 or 1."""
    return np.where(np.isnan(u), 0.0, np.sign(u))


def hard_sigmoid(u: Values) -> Any:
    """The straight-line sigmoid 0.2u + 0.5, kept between 0 and 1."""
    inside = 0.2 * np.asarray(u) + 0.5
    return np.where(np.greater(u, 2.5), 1.0, np.where(np.less(u, -2.5), 0.0, inside))


def hard_sigmoid_slope(u: Values) -> Any:
    """The slope of hard_sigmoid: 0.2 on its straight part and at its ends, 0 outside."""
    return np.where(np.less_equal(np.abs(u), 2.5), 0.2, 0.0)


def hardsigmoid(u: Values) -> Any:
    """The straight-line sigmoid u/6 + 0.5, kept between 0 and 1."""
    inside = np.asarray(u) / 6.0 + 0.5
    return np.where(np.greater(u, 3.0), 1.0, np.where(np.less(u, -3.0), 0.0, inside))


def hardsigmoid_slope(u: Values) -> Any:
    """The slope of hardsigmoid: 1/6 on its straight part, 0 at its ends and outside."""
    return np.where(np.less(np.abs(u), 3.0), 1.0 / 6.0, 0.0)


def softplus(u: Values) -> Any:
    """ln(1 + e^u), whose slope is the logistic function."""
    return np.maximum(u, 0.0) + np.log1p(np.exp(-np.abs(u)))


def complement(u: Values, a: Values) -> Any:
    """1 - u where u is the logistic of a; near 1, where the difference loses digits, from a."""
    return np.where(np.less(u, 0.999), 1.0 - np.asarray(u), sigmoid(np.negative(a)))


def log_logistic(_u: Values, a: Values) -> Any:
    """ln(u) where u is the logistic of a, which keeps its digits where u is all but 0 or 1."""
    return -softplus(np.negative(a))


def log_complement(_u: Values, a: Values) -> Any:
    """ln(1 - u) where u is the logistic of a."""
    return -softplus(a)


def clip(u: Values, a: Values, b: Values) -> Any:
    """min(max(u, a), b): u, kept between a and b; b where the two cross."""
    above = np.where(np.less(u, a), a, u)
    return np.where(np.greater(above, b), b, above)


def max(u: Values, a: Values) -> Any:
    """The larger of the two."""
    return np.where(np.less(u, a), a, u)


def min(u: Values, a: Values) -> Any:
    """The smaller of the two."""
    return np.where(np.greater(u, a), a, u)


def inside(u: Values, a: Values, b: Values) -> Any:
    """The slope of clip: 1 where a <= u <= b, else 0."""
    return np.where(np.less_equal(a, u) & np.less_equal(u, b), 1.0, 0.0)


def divide(a: Values, b: Values) -> Any:
    """a/b; a denominator of exactly 0 counts as 1e-300."""
    return np.divide(a, np.where(np.equal(b, 0.0), 1e-300, b))


def power(base: Values, exponent: Values) -> Any:
    """base**exponent; infinite where it is too large, not a number where it is not real.

    A base of exactly 0 with a negative exponent is a denominator of 0, which counts as 1e-300.
    """
    if isinstance(exponent, float) and exponent == 2.0:
        return base * base  # by far the most frequent, and far quicker
    undefined = np.equal(base, 0.0) & np.less(exponent, 0.0)
    return np.where(undefined, 1e300, np.power(np.where(undefined, 1.0, base), exponent))
