"""How a number is printed: as many decimals as asked for, but never so few that it vanishes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

from cellcalc.errors import OptionError, check_whole
from cellcalc.language.arithmetic.floats import rounded
from cellcalc.language.letters import (
    ACCENTS,
    FROM_SUBSCRIPTS,
    FROM_SUPERSCRIPTS,
    GREEK,
    MARK,
)
from cellcalc.language.notation import plain_number

MOST_DECIMALS = 30  # which show a number of 1e-13 to the last figure that a float64 has


SMALLEST = 6  # decimal places at which the first figure of a number in a table may stand


class Painted(str):
    """A text with a colour, which a terminal takes and which has no width."""

    style: str

    def __new__(cls, text: str, style: str) -> Painted:
        painted = super().__new__(cls, text)
        painted.style = style
        return painted


def in_colour(text: str) -> str:
    """The text, with what switches its colour on and off if it has one."""
    if isinstance(text, Painted) and text.style:
        return f"\x1b[{text.style}m{text}\x1b[0m"
    return text


# Above 0 orange, below it blue, paler for each factor of ten below the largest.
_WARM = ("1;38;5;166", "38;5;166", "38;5;173", "2")
_COLD = ("1;38;5;27", "38;5;27", "38;5;67", "2")


def heat(value: float, largest: float) -> str:
    """The colour of a derivative, by sign and size."""
    if math.isnan(value) or not largest:
        return ""
    if not value or not math.isfinite(value) or not math.isfinite(largest):
        return _WARM[-1] if not value else _WARM[0]
    tenths = max(0, math.floor(math.log10(largest / abs(value))))
    return (_WARM if value > 0 else _COLD)[min(tenths, len(_WARM) - 1)]


def openness(value: float) -> str:
    """The colour of a gate: orange where it is open, blue where it is closed."""
    return _WARM[1] if value >= 0.9 else _COLD[1] if value <= 0.1 else ""


def check_page(width: int, decimals: int | None = None) -> None:
    """Raise :class:`~cellcalc.errors.OptionError` for a page or numbers of impossible width."""
    check_whole("width", width, 0)
    check_whole("decimals", decimals, 0, MOST_DECIMALS)


# By decimals: the power of ten, the least number that shows two figures, how it is written.
_FORMATS = [(10.0**k, 10.0 ** (1 - k), f"%.{k}f") for k in range(9)]


def fixed(value: float, decimals: int) -> str:
    """``value`` to so many decimals, or in scientific notation where these would show too little.

    With two decimals or more, a value that is not 0 shows at least two significant figures
    (0.00012, but 1.2346e-05). One of a million or more is scientific, so that columns stay
    narrow. nan is an empty text.
    """
    if math.isnan(value):
        return ""
    if 1 < decimals < len(_FORMATS):
        scale, least, form = _FORMATS[decimals]
        size = value if value >= 0 else -value
        # The usual case: it shows enough, and is no half that is rounded by hand otherwise.
        if least <= size < 1e6 and abs((size * scale) % 1.0 - 0.5) > 1e-5:
            return form % value
    text = f"{rounded(value, decimals):.{decimals}f}"  # halves away from zero, as by hand
    exact = abs(float(text) - value) < 1e-6 * 10.0**-decimals  # but for float noise
    if math.isinf(value) or (exact and abs(value) < 1e6):
        return text if float(text) or not text.startswith("-") else text[1:]
    least = 10.0 ** (1 - decimals) if decimals > 1 else 0.5 * 10.0**-decimals
    if abs(value) < least or abs(value) >= 1e6:
        return f"{value:.{max(decimals - 1, 1)}e}"
    return text


def tabular(value: float, decimals: int) -> str:
    """The same as :func:`fixed`, but a small number with its significant digits: 0.000039056.

    Below a millionth it is scientific all the same.
    """
    text = fixed(value, decimals)
    if "e" not in text:
        return text
    mantissa, e, exponent = text.partition("e-")
    if not e or int(exponent) > SMALLEST or decimals > MOST_DECIMALS // 3:
        return text
    places = int(exponent) + len(mantissa.partition(".")[2])
    return f"{value:.{places}f}"


def tabulars(values: Iterable[float], decimals: int) -> list[str]:
    """The same of many: most need nothing but a format."""
    if not 1 < decimals < len(_FORMATS):
        return [tabular(value, decimals) for value in values]
    scale, least, form = _FORMATS[decimals]
    return [
        form % value
        if least <= abs(value) < 1e6 and abs((abs(value) * scale) % 1.0 - 0.5) > 1e-5
        else tabular(value, decimals)
        for value in values
    ]


def short(value: float, decimals: int) -> str:
    """The same, but a number that needs fewer decimals is printed with those it has: 0.7, 2."""
    nearest = rounded(value, decimals)
    plain = plain_number(nearest)
    noise = 1e-12 * max(1.0, abs(value))
    if abs(value - nearest) <= noise and "e" not in plain and (nearest or not value):
        return plain
    return fixed(value, decimals)


_STEPS = r"(?P<only>[0-9]{1,9})|(?P<first>[0-9]{0,9})\s*[:–-]\s*(?P<last>[0-9]{0,9})"


def step_range(text: str, least: int, longest: int) -> tuple[int, int]:
    """The first and the last step of ``"2:5"``, ``"2-5"``, ``"2:"``, ``":5"`` or ``"4"``.

    Raises :class:`~cellcalc.errors.OptionError` unless they are from ``least`` to ``longest``.
    """
    match = re.fullmatch(_STEPS, text.strip())
    first = last = -1
    if match:
        first = int(match["only"] or match["first"] or least)
        last = int(match["only"] or match["last"] or longest)
    if not least <= first <= last <= longest:
        raise OptionError("steps", f"FROM:TO within {least}:{longest}", f'"{text}"')
    return first, last


def columns(text: str) -> int:
    """How many columns a terminal gives to a text: two to a Chinese character, none to an accent.

    >>> columns("c̃"), columns("遗忘门")
    (1, 6)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) != 0 for character in text)


NARROWEST = 10  # columns of a paragraph


def filled(text: str, width: int) -> list[str]:
    """A paragraph on lines of at most ``width`` columns (0: one line).

    Words are kept whole; Chinese is broken between characters.
    """
    return _filled(text, width, "", "") if width and columns(text) > width else [text]


def wrap(
    text: str, width: int, *, initial_indent: str = "", subsequent_indent: str = ""
) -> list[str]:
    """As :func:`textwrap.wrap` has it, but that a Chinese character takes two columns.

    Lines hold :data:`NARROWEST` columns at least: what is indented may leave none of a width.
    """
    width = max(width, NARROWEST)
    if text.isascii() or columns(text) <= len(text):
        from textwrap import wrap as wrap_words

        return wrap_words(
            text, width, initial_indent=initial_indent, subsequent_indent=subsequent_indent
        )
    return _filled(text.replace("\n", " "), width, initial_indent, subsequent_indent)


def _filled(text: str, width: int, first: str, later: str) -> list[str]:
    lines, line, has_words = [], first, False
    pattern = _WORDS if max(text, default="") >= FIRST_WIDE else _NARROW_WORDS
    for word in re.findall(pattern, text):
        if has_words and columns(line + word.rstrip()) > width:
            lines.append(line.rstrip())
            line, has_words = later, False
        line += word
        has_words = has_words or bool(word.strip())
    return [*lines, line.rstrip()]


# What a line is broken after: a word and the blanks behind it, or a wide character; not before
# a mark that closes something. Compiled when a text takes it, since it takes milliseconds.
_WORDS = (
    r"[（「『《“‘]*[\u2e80-\u9fff\uff00-\uffef](?:[、。，；：？！）」』》·…]+|(?=[^\S\n]))*\s*"
    r"|(?:[^\s\u2e80-\u9fff\uff00-\uffef]|\xa0)+[^\S\xa0]*|\s+"
)
_NARROW_WORDS = r"[\S\xa0]+[^\S\xa0]*|\s+"  # the same where no character is wide
FIRST_WIDE = "\u2e80"

_SIGNS = {
    "σ": "sigmoid", "√": "sqrt", "τ": "T", "·": "*", "×": "x", "⊙": "*", "ₙ": "n",
    "−": "-", "–": "-", "—": "-", "…": "...", "←": "<-", "→": "->", "≤": "<=", "≥": ">=",
    "≈": "~", "≠": "!=", "∞": "inf", "✓": "+", "✗": "x", "─": "-", "│": "|", "┼": "+",
    "┤": "|", "├": "|", "═": "=", "█": "#", "▓": "%", "▒": "+", "░": ".", "■": "#", "□": ".",
    "●": "o", "○": ".", "▲": "^", "▼": "v", "▸": ">", "▹": ")",
    "▶": ">", "▾": "v", "↺": "@", "⟲": "@", "↩": "@",
    "“": '"', "”": '"', "‘": "'", "’": "'", "„": '"',
}  # fmt: skip
_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ı": "i",
}
_LETTERS |= {
    letter.upper(): plain.title() for letter, plain in _LETTERS.items() if letter not in "ßı"
}
_ASCII = str.maketrans(_SIGNS | _LETTERS)
# Compiled when something is written in ASCII, which most commands never do.
_RAISED = "([⁰¹²³⁴-⁹⁺⁻ᵗ⁽⁾]+)"
_STEP = "(?<![A-Za-z_])([A-Za-z]),?([₀-₉ₜₙ₊₋]+)(?![A-Za-z])"  # c₂ or f₂ in a sentence
_GREEK = f"([{''.join(GREEK)}])"
_LETTER = "(?<![A-Za-z])([A-Za-z])([\u0302\u0303\u0304])(?![A-Za-z])"


def ascii_text(text: str, encoding: str = "ascii") -> str:
    """Prose, tables and pictures in ASCII; a letter for which there is none as its code, \\u957f.

    Letters beyond those of Latin and Greek stay as they are where ``encoding`` has them.

    Equations are not for it: :meth:`cellcalc.model.model.Model.maths` writes them in ASCII from
    their trees. A quantity named in a sentence is spelled as there: ``∂L/∂c₂`` as ``dL/dc[2]``,
    ``δî`` as ``delta_i_hat``.
    """
    accented = unicodedata.normalize("NFD", text)
    text = re.sub(_LETTER, lambda m: f"{m[1]}_{ACCENTS[m[2]]}", accented)
    text = re.sub(_STEP, lambda m: f"{m[1]}[{m[2].translate(FROM_SUBSCRIPTS)}]", text)
    text = text.replace("∂", "d")
    text = re.sub(_RAISED, lambda m: f"^{m[1].translate(FROM_SUPERSCRIPTS)}", text)
    text = text.translate(FROM_SUBSCRIPTS).translate(_ASCII)
    plain = re.sub(_GREEK, _greek, unicodedata.normalize("NFKD", text))
    plain = re.sub(f"([A-Za-z]){MARK}", r"our_\1", plain).replace(MARK, "*")
    return plain if plain.isascii() else "".join(_kept_or_code(c, encoding) for c in plain)


def _kept_or_code(character: str, encoding: str) -> str:
    if character.isascii():
        return character
    if unicodedata.combining(character):
        return ""
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        code = ord(character)
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def _greek(match: re.Match[str]) -> str:
    following = match.string[match.end() : match.end() + 1]
    return GREEK[match[1]] + ("_" if following.isalpha() else "")


# What begins markup anywhere in a line; an underscore does so only at the edge of a word.
_MARKS = r"[\\`*<>\[\]]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|\$|~(?=~)|(?<=~)~|#+$"


def markdown_text(text: str) -> str:
    """Plain text for one line of Markdown (CommonMark and GitHub's): its marks escaped."""
    return re.sub(_MARKS, lambda match: "".join(f"\\{c}" for c in match[0]), text)
