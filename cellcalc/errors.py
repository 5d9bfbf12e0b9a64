"""What can go wrong, said so that a person can put it right.

    CellcalcError              any of these
    ├── InputError             mistakes in a file, each a Mistake: file, key, expected, found
    ├── ExpressionError        a formula that cannot be read
    ├── OptionError            an argument that is out of bounds, or does not fit the problem
    ├── SymbolError            a symbol that the problem has not, or that was not kept (a KeyError)
    ├── LimitError             what would take too long, or more memory than there may be
    ├── OutputError            a file that cannot be written, or must not be overwritten
    └── PackageError           an optional package that is not installed (an ImportError)

All are exported from :mod:`cellcalc`. They speak of keys in files and of arguments of functions,
the latter in backticks where they stand within a sentence; the command line puts its options in
their place (:func:`cellcalc.cli.common.said`), prints each line as ``Error: …`` and exits with 2.
Nothing else is caught there, so that a mistake in cellcalc itself is never dressed up as one of
the user's.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from numbers import Integral, Real

from cellcalc.records import record

MOST_SHOWN = 100  # mistakes of one file
MOST_GATHERED = 10_000  # after which reading stops
MOST_CHARACTERS = 400  # of what was found, of its key, of a word
LONGEST = 3_000  # characters of a message, which names all that there is to choose from


def printable(text: str) -> str:
    """The text on one line, without control characters: safe in a terminal or a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def bounded(text: str) -> str:
    """The text on one line that nobody's own words make longer than can be read.

    These stand in the place before what was expected, and in what was found.
    """
    line = printable(text[: 10 * LONGEST])
    place, expected, rest = line.partition(": expected ")
    rest, found, what = rest.rpartition(", found ")
    parts = (_short(place) if expected else place, rest, _short(what) if found else what)
    place, rest, what = (" ".join(map(_short, part.split(" "))) for part in parts)
    line = place + expected + rest + found + what
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


class CellcalcError(Exception):
    """Any trouble that is the input's or the surroundings', not cellcalc's own."""

    @property
    def lines(self) -> tuple[str, ...]:
        """One message a line, each complete in itself."""
        return (bounded(str(self)),)


class ExpressionError(CellcalcError):
    """A formula that cannot be read: what was expected, and what was found where."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}, found {found}")


class OptionError(CellcalcError):
    """An argument whose value is out of bounds, or does not fit the problem or other arguments."""

    def __init__(self, argument: str, expected: str, found: str) -> None:
        self.argument, self.expected, self.found = argument, expected, found
        super().__init__(f"{argument}: expected {expected}, found {found}")


class SymbolError(CellcalcError, KeyError):
    """A symbol that a trace has no values for."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError's own puts it in quotes


class LimitError(CellcalcError):
    """A problem that would take too long, or more memory than there may be."""


class OutputError(CellcalcError):
    """A file that cannot be written, or must not be overwritten."""


class PackageError(CellcalcError, ImportError):
    """An optional package that is needed for what was asked, and is not installed."""

    def __init__(self, what: str, package: str, extra: str = "") -> None:
        """Of ``what`` needs which package, and cellcalc's extra that brings it along."""
        wanted = f"cellcalc[{extra}]" if extra else package
        installed = f"pip install '{wanted}'"
        super().__init__(f"{what} needs {package}, which is not installed: {installed}")


@record
class Mistake:
    """One thing wrong in a file: which key, what was expected there, what was found.

    Of a problem that was made from arguments ``file`` is "", and ``key`` the argument's name.
    """

    file: str
    key: str
    expected: str
    found: str

    def __str__(self) -> str:
        file = self.file if printable(self.file) else ascii(self.file)[1:-1]  # of no signs at all
        place = ": ".join(filter(None, (_short(file), _short(self.key))))
        return bounded(f"{place}: expected {self.expected}, found {_short(self.found)}")


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
            file = printable(_short(self.mistakes[-1].file))
            shown.append(f"{file}: and {least}{more:,} more mistakes")
        return tuple(shown)


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def describe(value: object) -> str:
    """What a value is, in words, for the "found" of a message."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            is_large = 1e300 < abs(value) < math.inf
            return "a number too large" if is_large else f"{value:.6g}"
        case Integral():  # as numpy has them
            return str(int(value))
        case str():
            short = printable(value if len(value) <= 40 else value[:37] + "…")
            return "an empty text" if not value else f'"{short}"'
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a table"
        case datetime() | date() | time():
            return "a date or time"
        case _:
            return type(value).__name__


def unknown(name: object, known: Collection[str]) -> str:
    """What was found in place of one of the ``known`` names: ``"Wf"; did you mean W_f?``."""
    return describe(name) + (did_you_mean(name, known) if isinstance(name, str) else "")


def did_you_mean(word: str, known: Collection[str]) -> str:
    """``"; did you mean W_f?"`` for the known word nearest to this one, or nothing."""
    if len(word) > 100:  # which takes long to compare, and is like none of them
        return ""
    from difflib import get_close_matches  # here, for the few who need it

    name = word.partition("(")[0]  # tbptt, of which the known form is tbptt(k1,k2)
    alike = [other for other in known if "(" in other and other.partition("(")[0] == name]
    near = alike or get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def check_whole(argument: str, value: object, least: int, most: int | None = None) -> None:
    """Raise :class:`OptionError` unless the argument is a whole number within bounds, or None."""
    if value is None:
        return
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or not least <= value or (most is not None and value > most):  # type: ignore[operator]
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise OptionError(argument, f"a whole number {bounds}", describe(value))


def check_positive(argument: str, value: object) -> None:
    """Raise :class:`OptionError` unless the argument is a finite number above 0, or None."""
    if value is None:
        return
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) < math.inf:  # type: ignore[arg-type]
        raise OptionError(argument, "a number above 0", describe(value))


def check_choice(argument: str, value: object, known: Collection[str]) -> None:
    """Raise :class:`OptionError` unless the argument is one of the ``known`` words."""
    if value not in known:
        raise OptionError(argument, f"one of {', '.join(known)}", unknown(value, known))
