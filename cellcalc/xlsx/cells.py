"""A sheet as data: rows of cells, each with a style, a value and perhaps a formula."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil

from cellcalc.errors import OutputError

# What Excel holds.
MAX_COLUMNS, MAX_ROWS = 16_384, 1_048_576
MAX_FORMULA, MAX_TEXT = 8_192, 32_767  # characters in a cell
MAX_BREAKS = 1_023  # manual page breaks of a sheet


class TooLongError(OutputError):
    """A formula that is too long for a cell; ``sheet`` is the title of the sheet that it is on."""

    sheet = ""


def quoted(style: str) -> str:
    """The style of the same look for a text that begins with "=", and is no formula."""
    return f"{style}="


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a constant, or (without its equals sign) a formula and the value it gives."""

    column: int
    style: str
    value: float | str | None = None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """Neighbouring cells of one look: numbers, or one formula filled right and what it gives.

    ``formula(k)`` is the formula of cell k, from 0; ``alike`` tells that it is that of cell 0 with
    its relative references moved k columns. A long row is a few of these and not thousands of
    cells.
    """

    column: int
    style: str
    values: Sequence[float]
    formula: Callable[[int], str] | None = None
    alike: bool = True

    def cells(self) -> Iterator[Cell]:
        """The same, cell by cell."""
        for k, value in enumerate(self.values):
            text = None if self.formula is None else self.formula(k)
            yield Cell(self.column + k, self.style, value, text)


@dataclass(frozen=True)
class Row:
    """One row: its number from 1, its cells from left to right, its height in lines of text.

    ``outline`` is how deep it can be folded: 0 never, 1 under the last row of 0, and so on;
    ``hidden`` that it is folded at first, ``collapsed`` that what is under it is.
    """

    number: int
    parts: Iterable[Cell | Fill]
    lines: int = 1
    outline: int = 0
    hidden: bool = False
    collapsed: bool = False

    @property
    def width(self) -> int:
        """The last column."""
        ends = (p.column + (len(p.values) - 1 if isinstance(p, Fill) else 0) for p in self.parts)
        return max(ends, default=0)

    @property
    def cells(self) -> Iterator[Cell]:
        """The cells one by one."""
        for part in self.parts:
            if isinstance(part, Fill):
                yield from part.cells()
            else:
                yield part


@dataclass(frozen=True)
class Remade:
    """Rows that are made anew each time that they are gone through."""

    make: Callable[[], Iterator[Row]]

    def __iter__(self) -> Iterator[Row]:
        return self.make()


@dataclass(frozen=True)
class Rows:
    """The rows of one sheet, made as they are written, and how far they reach."""

    rows: Iterable[Row]
    width: int
    height: int


@cache
def letters(column: int) -> str:
    """The letters of a column: A for 1, AA for 27."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def absolute(row: int, column: int) -> str:
    """A reference that stays where it is: $D$7."""
    return f"${letters(column)}${row}"


def literal(value: float) -> str:
    """A number as formulas have it; 0 for a subnormal one, which LibreOffice does not read."""
    return "0" if abs(value) < sys.float_info.min else repr(value).upper()


def word_lines(text: str, width: float) -> int:
    """How many lines a text takes where a word too long for what is left begins a new one.

    >>> word_lines("W_f ← W_f − learning_rate·m_hat_W_f/(√(v_hat_W_f) + epsilon)", 32)
    3
    """
    room = 1.05 * width
    lines, used = 1, 0.0
    for word in text.split(" "):
        if used and used + 1 + len(word) > room:
            lines, used = lines + 1, 0.0
        used += len(word) + (1 if used else 0)
        while used > room:
            lines, used = lines + 1, used - room
    return max(lines, text_lines(text, int(width)))


def text_lines(text: str, width: int) -> int:
    """About how many lines a text takes in a column so many digits wide.

    >>> text_lines("a sentence of five words", 25), text_lines("遗忘门关上，梯度不再传回", 12)
    (1, 2)
    """
    size = len(text) + sum(letter in "φωδεΓ" for letter in text) / 2  # some are wide
    if not text.isascii():  # a Chinese letter is as wide as two digits
        size += 1.4 * sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return max(1, ceil(size / (1.2 * width)))  # letters are narrower than digits
