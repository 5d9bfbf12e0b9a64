"""The many ways of writing a quantity and a formula, brought to the equation language.

What is done here is to text, before it is parsed; nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
