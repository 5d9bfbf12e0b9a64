"""Numbers as people write them, with the digits that they give."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from cellcalc.check.reading.characters import plain
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


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER_OF_TEN = re.compile(
    r"\s*(?:\*|x|X|\\cdot|\\times)\s*10\s*(?:(?:\^|\*\*)\s*[({]?\s*([+-]?\s?[0-9]{1,4})\s*[)}]?|([⁻⁺]?[⁰¹²³⁴-⁹]{1,4}))"
)
_LEADING = re.compile(
    r"[+-]?\s?(?:[0-9]{1,3}(?:[ ,][0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+"
    r"|[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,4})?(?![0-9A-Za-z_])"
)
_PERCENT = re.compile(r"\s*(?:\\?%|％|percent\b|Prozent\b)")
_NOTE = re.compile(
    r"\s*(?:"
    r"[.,;:…!?✓✔☑✅√√]*\s*"
    r"|\.{2,}\s*(?:[^\W\d]{1,12}\s*)?"
    r"|(?:\\pm|±|\+/-|\+-)\s*[0-9.,eE+-]+\s*(?:[(\[].{0,120}[)\]]\s*)?"
    r"|[✓✔☑✅✗✘❌].{0,200}"
    r"|(?:<-|<=|->|=>|←|→|--+|#|//|%|⇐|\\\\)\s?.{0,200}"
    r"|[,;.:]?\s*[(\[](?P<words>[^()\[\]]{0,80}(?:\([^()]{0,20}\))?[^()\[\]]{0,40})[)\]]\s*[.,;✓✔]*"
    r"|[,;]?\s*(?:rounded|approx|approximately|gerundet|ungefähr|circa|ca\.?|about|to|s\.?f\.?|d\.?p\.?|units?|from|since|because|as|which|so|and|ok|OK)\b.{0,200}"
    r"|[;,]\s+[^\W\d_]{2,20}(?:\s+[^\W\d_]{2,20}){1,12}\s*[.:]?"
    r"|\\(?:quad|qquad|checkmark|text|;|,).{0,200}"
    r")",
    re.DOTALL,
)
_FIGURES = re.compile(
    r"\b[0-9]+\s*(?:s\.?\s?f\.?|sig|d\.?\s?p\.?|dec|digits|figures|st|stellen)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{3,}")


def noted(text: str) -> tuple[Written, str] | None:
    """A number with whatever is noted behind it: (3 s.f.), ± 0.001, a tick, a full stop.

    None where the text is no number, or where what follows may be mathematics.
    """
    text = plain(text).strip().strip("$").strip()
    if len(text) > MAX_CHARACTERS:
        return None
    if text[:1] in "([{" and text[-1:] in ")]}" and _LEADING.fullmatch(text[1:-1].strip()):
        text = text[1:-1].strip()  # (-0.07)
    match = _LEADING.match(text)
    if match is None:
        lowered = text.lower()
        return (read(text), "") if lowered in ("inf", "+inf", "-inf", "nan") else None
    end, number = match.end(), match[0]
    if number[-1:] in ".," and number[:-1][-1:].isdigit():
        end, number = end - 1, number[:-1]
    power = _POWER_OF_TEN.match(text, end)
    factor = 1.0
    if power:
        exponent = (power[1] or power[2].translate(_RAISED)).replace(" ", "")
        number, end = f"{number}e{int(exponent)}", power.end()
    elif percent := _PERCENT.match(text, end):
        rest = text[percent.end() :].strip()
        if not _WORD.match(rest):  # else a comment of LaTeX
            factor, end = 0.01, percent.end()
    note = text[end:]
    if note.strip() and not _is_note(note):
        return None
    found = read(number)
    if factor != 1.0:
        shifted = Written(found.value / 100, found.unit / 100, found.figures)
        return shifted, note.strip()
    return found, note.strip()


_TWICE = re.compile(
    r"\s*([-+]?[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*[(\[]\s*"
    r"([-+]?[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*[)\]]\s*"
)


def said_twice(text: str) -> tuple[Written, str] | None:
    """A number with itself to more figures behind it in brackets: 0.0464 (0.04638064)."""
    match = _TWICE.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
    if match is None:
        return None
    short, whole = read(match[1]), read(match[2])
    if whole.figures <= short.figures or not short.stands_for(whole.value):
        return None
    return whole, match[1]


def _is_note(text: str) -> bool:
    match = _NOTE.fullmatch(text)
    if match is None:
        return False
    words = match["words"]
    if words is None:
        return True
    return (
        bool(_FIGURES.search(words) or _WORD.search(words) or not words.strip())
        and "=" not in words[:0]
    )


def read(text: str) -> Written:
    """Read a number: 1.5, -.3, 2e-5, or with a decimal comma.

    Raises :class:`~cellcalc.errors.ExpressionError` for anything else, or where a comma may
    separate thousands.
    """
    bare = plain(text).strip().replace(" ", "")
    if "," in bare and "." in bare:  # 1,234.5 or 1.234,5: the last one is the decimal sign
        comma_last = bare.rindex(",") > bare.rindex(".")
        bare = bare.replace(".", "").replace(",", ".") if comma_last else bare.replace(",", "")
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
    if len(digits) > 15 and math.isfinite(value) and value:
        # As a program prints a float to its last digit; what it stands for is the shortest.
        shortest = repr(abs(value))
        kept = shortest.partition("e")[0].replace(".", "").strip("0")
        if len(kept) < 13:
            exponent = math.floor(math.log10(abs(value)) + 1e-12)
            return Written(value, 10.0 ** max(exponent + 1 - len(kept), -320), len(kept))
    # The noughts at the end of a whole number (1500) may or may not count; the unit is 1.
    return Written(value, 10.0 ** min(max(power, -320), 308), len(digits))
