"""What can go wrong, said so that a person can put it right.

The command line prints each of these as ``Error: …`` and exits with 2; nothing else is caught
there, so that a mistake in cellcalc itself is never dressed up as one of the user's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_SHOWN = 100  # mistakes of one file
MOST_GATHERED = 10_000  # after which reading stops
MOST_CHARACTERS = 400  # of what was found, or of its key


def printable(text: str) -> str:
    """The text on one line, without control characters: safe in a terminal or a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class CellcalcError(Exception):
    """Any trouble that is the input's or the surroundings', not cellcalc's own."""

    @property
    def lines(self) -> tuple[str, ...]:
        """One message a line, each complete in itself."""
        return (printable(str(self)),)


class ExpressionError(CellcalcError):
    """A formula that cannot be read: what was expected, and what was found where."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}, found {found}")


class OptionError(CellcalcError):
    """An option whose value does not fit the problem."""

    def __init__(self, option: str, expected: str, found: str) -> None:
        super().__init__(f"{option}: expected {expected}, found {found}")


class LimitError(CellcalcError):
    """A problem that would take too long, or more memory than there may be."""


class OutputError(CellcalcError):
    """A file that cannot be written, or must not be overwritten."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a file: which key, what was expected there, what was found."""

    file: str
    key: str
    expected: str
    found: str

    def __str__(self) -> str:
        place = f"{self.file}: {_short(self.key)}" if self.key else self.file
        return printable(f"{place}: expected {self.expected}, found {_short(self.found)}")


class InputError(CellcalcError):
    """All the mistakes found in one input file, and in those that it names."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.lines))

    @property
    def lines(self) -> tuple[str, ...]:
        """The first so many mistakes, and how many more there are."""
        shown = [str(mistake) for mistake in self.mistakes[:MOST_SHOWN]]
        if (more := len(self.mistakes) - MOST_SHOWN) > 0:
            least = "at least " if len(self.mistakes) >= MOST_GATHERED else ""
            file = printable(self.mistakes[-1].file)
            shown.append(f"{file}: and {least}{more:,} more mistakes")
        return tuple(shown)


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """``"; did you mean W_f?"`` for the known word nearest to this one, or nothing."""
    if len(word) > 100:  # which takes long to compare, and is like none of them
        return ""
    from difflib import get_close_matches  # here, for the few who need it

    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
