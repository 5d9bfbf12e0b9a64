"""The many ways of writing a quantity and a formula, brought to the equation language.

What is done here is to text, before it is parsed; nothing is evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from cellcalc.errors import ExpressionError

_D = r"(?:\\partial|∂|d)\s*"
_DERIVATIVE = "∂L/∂"
_OVER_TIME = (
    r"(?:_?\{[^{}]*\}|_?\([^()]*=[^()]*\)|_t\b|ₜ(?:₌[₀-₉]+)?)?"
    r"(?:\s*\^\s*(?:\{[^{}]*\}|[nTN]))?[ⁿᵀ]?"
)
_STEP = r"t(?:\s*[+-]\s*[0-9]+)?|[0-9]{1,6}"
_NAMES = r"[A-Za-z][A-Za-z0-9_]*"

# Each is applied in turn: a pattern, and what it becomes.
_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"[−–—]", "-"),
        (r"[·×⋅∙⊙∘∗•⨀]|\\(?:cdot|times|odot|circ|ast)\b", "*"),
        (r"÷", "/"),
        (r"\\(?:left|right|,|;|!|quad|mathrm|text|operatorname)\b|[$&]", " "),
        (
            rf"\\frac\s*\{{\s*{_D}[LEJ]\s*\}}\s*"
            rf"\{{\s*{_D}([^{{}}]*(?:\{{[^{{}}]*\}})?[^{{}}]*)\}}",
            r"∂L/∂\1",
        ),
        (r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"((\1)/(\2))"),
        (r"\\partial\b", "∂"),
        (r"\\sum(?![A-Za-z])", "Σ"),
        (r"\\(?=[A-Za-z])", ""),
        (r"(?:∂|d)\s*[LEJ]\s*/\s*(?:∂|d)\s*(?=\w)", "∂L/∂"),
        (r"\b(?:sigma|sigm|sig|logistic|expit)(?=\s*['′²^(*])", "sigmoid"),
        (r"σ", " sigmoid"),
        (r"\bln(?=\s*\()", "log"),
        (r"∑|Σ", " SIGMA_SUM "),
        (rf"SIGMA_SUM\s*{_OVER_TIME}", "SIGMA_SUM "),
        (r"\b(sum|mean)_(?:\{t\}|t)(?=\s*\()", r"\1"),
        (r"\b(sigmoid|tanh|exp|log|sqrt|relu|hard_sigmoid)\s*['′]", r"slope_of_\1"),
        (rf"\s*\^\s*\{{?\s*\(\s*({_STEP})\s*\)\s*\}}?", r"[\1]"),
        (rf"(?<=[A-Za-z0-9])_?\{{\s*({_STEP})\s*\}}", r"[\1]"),
        (rf"_\{{\s*([A-Za-z0-9]+)\s*,\s*({_STEP})\s*\}}", r"_\1[\2]"),
        (r"_\{\s*([A-Za-z0-9]+)\s*\}", r"_\1"),
        (rf"_\(\s*({_STEP})\s*\)", r"[\1]"),
        (r"_t([+-][0-9]+)?(?![A-Za-z0-9_])", r"[t\1]"),
        (r"\b([A-Za-z]\w*)_prev\b", r"\1[t-1]"),
        (r"\b([A-Za-z]\w*)_next\b", r"\1[t+1]"),
    )
)  # fmt: skip
_SUBSCRIPT_STEP = re.compile(r"(?<=\w),([₀-₉]+)(?!ₜ)")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_CALL = re.compile(rf"({_NAMES})\s*\(\s*({_STEP})\s*\)")
FUNCTION_NAMES = frozenset(
    [
        "sigmoid",
        "tanh",
        "exp",
        "log",
        "sqrt",
        "abs",
        "relu",
        "hard_sigmoid",
        "sign",
        "step",
        "identity",
        "stop",
        "sum",
        "mean",
    ]
)


def spelled(text: str, author: bool = False) -> str:
    """The text in the spelling of the equation language.

    In an ``author``'s notation derivatives are left as ∂L/∂…, since di may be another.
    """
    text = _SUBSCRIPT_STEP.sub(lambda match: f"[{match[1].translate(_DIGITS)}]", text)
    for pattern, new in _RULES:
        text = pattern.sub(new, text)
    text = _CALL.sub(_indexed, text)
    return text if author else text.replace(_DERIVATIVE, "d")


def _indexed(match: re.Match[str]) -> str:
    """``f(2)`` is f at step 2, but ``tanh(2)`` a function."""
    name, step = match.groups()
    known = name in FUNCTION_NAMES or name.startswith("slope_of_")
    return match[0] if known else f"{name}[{step}]"


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
