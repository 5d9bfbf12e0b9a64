"""Reading TOML tables key by key, gathering every mistake instead of stopping at the first.

A :class:`Section` hands out values of the type asked for; a value of another type is noted as a
:class:`~cellcalc.errors.Mistake` and replaced by a stand-in, so that reading goes on.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cellcalc.errors import (
    MOST_GATHERED,
    MOST_SHOWN,
    InputError,
    Mistake,
    did_you_mean,
    printable,
    unknown,
)
from cellcalc.errors import (
    describe as describe,
)
from cellcalc.files import LONG_NUMBER
from cellcalc.files import decode as decode
from cellcalc.files import read_bytes as read_bytes

MAX_KEY_PARTS = 30  # names that dots join to one key; more take a reader of TOML forever

# Names joined by dots, more than there may be; it never backtracks, nor begins inside a name.
_NAME = r"""(?>[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-]){_NAME}(?>[ \t]*+\.[ \t]*+{_NAME}){{{MAX_KEY_PARTS}}}")


def parse_toml(text: str, shown_as: str) -> dict[str, Any]:
    """The text as TOML tables."""
    if _LONG_KEY.search(text):
        found = "a longer one"
        raise InputError(
            [
                Mistake(
                    shown_as,
                    "" if shown_as else "text",
                    f"keys of at most {MAX_KEY_PARTS} names joined by dots",
                    found,
                )
            ]
        )
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = str(error)
        if isinstance(error, RecursionError):
            reason = "tables nested too deep"
        elif not isinstance(error, tomllib.TOMLDecodeError):  # the only other that there is
            reason = LONG_NUMBER
        key = "" if shown_as else "text"  # the argument, where it is no file
        raise InputError([Mistake(shown_as, key, "TOML", f"an error: {reason}")]) from None


def as_float(value: object) -> float | None:
    """A TOML number as a float; None for anything else, or an integer that no float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def shape_of(value: object) -> tuple[int, ...] | None:
    """The shape of lists within lists: () of anything else; None where rows differ."""
    if not isinstance(value, list):
        return ()
    shapes = {shape_of(item) for item in value}
    if len(shapes) > 1 or None in shapes:
        return None
    inner = shapes.pop() if shapes else ()
    return (len(value), *(inner or ()))


def flat(value: Any) -> list[Any]:
    """What is in lists within lists, row by row; anything else alone."""
    return [v for item in value for v in flat(item)] if isinstance(value, list) else [value]


def listed(names: Collection[str], joiner: str = "or") -> str:
    """``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} {joiner} {last}" if first else last


class Reader:
    """One file being read, and the mistakes found in it so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []
        self._noted: set[Mistake] = set()

    def mistake(self, key: str, expected: str, found: str) -> None:
        """Note a mistake, once however often it is met; so many of them end the reading."""
        mistake = Mistake(self.file, key, expected, found)
        if mistake not in self._noted:
            self._noted.add(mistake)
            self.mistakes.append(mistake)
        if len(self.mistakes) >= MOST_GATHERED:
            self.finish()

    def finish(self) -> None:
        """Raise :class:`InputError` if anything was wrong."""
        if self.mistakes:
            raise InputError(self.mistakes)


class Section:
    """One table of the file. ``path`` is its place, as in ``sequence[2]``; "" for the whole.

    Where something else stood in the place of the table, ``broken`` is set: that has been noted,
    and what is missing from it is not noted again.
    """

    def __init__(
        self, reader: Reader, values: Mapping[str, Any], path: str = "", broken: bool = False
    ) -> None:
        self.reader = reader
        self.values = values
        self.path = path
        self.broken = broken

    def key(self, key: str) -> str:
        """The full name of a key of this table."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, expected: str) -> None:
        """Note that the value of ``key`` is not what was expected, or is missing."""
        if not self.broken:
            found = describe(self.values[key]) if key in self.values else "nothing"
            self.reader.mistake(self.key(key), expected, found)

    def wrong_file(self, key: str, name: str, error: InputError) -> None:
        """Note what is wrong with the file named by ``key``: here, if there is no such file."""
        for mistake in error.mistakes:
            if mistake.key or mistake.file != name:
                self.reader.mistakes.append(mistake)
            else:
                found = f"{mistake.found} ({printable(name)})"
                self.reader.mistake(self.key(key), mistake.expected, found)

    def only(self, known: Sequence[str], what: str = "") -> None:
        """Note every key that is not one of those known."""
        for key in self.values:
            if key not in known:
                few = len(self.reader.mistakes) < MOST_SHOWN
                hint = did_you_mean(key, known) if few else ""
                expected = what or f"one of the keys {listed(known)}"
                self.reader.mistake(self.key(key), expected, f"an unknown key{hint}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text; an absent key without a default is a mistake."""
        value = self.values.get(key, default)
        if isinstance(value, str):
            return printable(value)
        self.wrong(key, "a text")
        return default or ""

    def file_name(self, key: str) -> str:
        """The name of a file, as it stands there; "" after noting that there is none."""
        value = self.values.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(key, "the name of a file")
        return ""

    def choice(self, key: str, options: Sequence[str], default: str) -> str:
        """One of several words."""
        value = self.values.get(key, default)
        if value in options:
            return str(value)
        self.reader.mistake(self.key(key), listed(options), unknown(value, options))
        return default

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; an absent key without a default is a mistake."""
        value = as_float(self.values.get(key, default))
        if value is None or not math.isfinite(value):
            self.wrong(key, "a finite number")
            return default if default is not None else 0.0
        return value

    def integer(self, key: str, default: int, minimum: int) -> int:
        """A whole number of at least ``minimum``."""
        value = self.values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= minimum:
            return value
        self.wrong(key, f"a whole number of at least {minimum}")
        return default

    def boolean(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(key, "true or false")
        return default

    def table(self, key: str) -> Section:
        """A table; an absent one is an empty one."""
        value = self.values.get(key, {})
        if isinstance(value, dict):
            return Section(self.reader, value, self.key(key))
        self.wrong(key, f"a table, as in [{self.key(key)}]")
        return Section(self.reader, {}, self.key(key), broken=True)

    def tables(self, key: str) -> list[Section]:
        """An array of at least one table."""
        value = self.values.get(key, [])
        if not value or not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.wrong(key, f"at least one [[{self.key(key)}]]")
            value = []
        place = self.key(key)
        return [Section(self.reader, item, f"{place}[{k}]") for k, item in enumerate(value, 1)]
