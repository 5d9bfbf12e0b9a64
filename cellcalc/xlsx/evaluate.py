"""Working out a formula of a cell that was saved without its value.

Only what people type as an answer is known: numbers, cells, the four operations, powers, and a few
functions. As in a spreadsheet a sign binds more closely than a power: ``-2^2`` is 4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from cellcalc.xlsx.cells import MAX_FORMULA, letters

MAX_DEPTH = 50
MAX_RANGE = 10_000  # cells of one range
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<function>[A-Za-z][A-Za-z0-9.]*)\s*\(
    | (?P<cell>(?:(?:'[^']+'|[A-Za-z0-9_]+)!)?\$?[A-Za-z]{1,3}\$?[0-9]{1,7})
      (?::(?P<to>\$?[A-Za-z]{1,3}\$?[0-9]{1,7}))?
    | (?P<operator>[-+*/^(),%;])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")

FUNCTIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "PRODUCT": math.prod,
    "AVERAGE": lambda values: math.fsum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "TANH": lambda values: math.tanh(*values),
    "SINH": lambda values: math.sinh(*values),
    "COSH": lambda values: math.cosh(*values),
    "EXP": lambda values: math.exp(*values),
    "LN": lambda values: math.log(*values),
    "LOG10": lambda values: math.log10(*values),
    "SQRT": lambda values: math.sqrt(*values),
    "ABS": lambda values: abs(*values),
    "POWER": lambda values: math.pow(*values),
    "PI": lambda _: math.pi,
}  # fmt: skip

# The value of a cell, by the title of its sheet ("" for the formula's own) and its name.
Lookup = Callable[[str, str], float]


class CannotEvaluateError(Exception):
    """A formula with something in it that is not known here, or that gives no number."""


def evaluate(text: str, lookup: Lookup) -> float:
    """The value of a formula, without its equals sign.

    Raises :class:`CannotEvaluateError` where it cannot be told.
    """
    if len(text) > MAX_FORMULA:
        raise CannotEvaluateError("a formula that is too long")
    try:
        value = _Parser(text, lookup).whole()
    except (ArithmeticError, ValueError, TypeError) as error:
        raise CannotEvaluateError(str(error)) from None
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise CannotEvaluateError("no number")
    return float(value)


class _Parser:
    def __init__(self, text: str, lookup: Lookup) -> None:
        self.text, self.lookup = text, lookup
        self.position = self.depth = 0
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            raise CannotEvaluateError(self.text[self.position :][:20])
        self.token, self.position = match, match.end()
        self.operator = match["operator"] or ""

    def accept(self, operators: str) -> str:
        found = self.operator
        if not found or found not in operators:
            return ""
        self.advance()
        return found

    def whole(self) -> float:
        value = self.sum()
        if self.token["end"] is None:
            raise CannotEvaluateError(self.token[0].strip())
        return value

    def sum(self) -> float:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CannotEvaluateError("brackets nested too deep")
        value = self.product()
        while operator := self.accept("+-"):
            other = self.product()
            value = value + other if operator == "+" else value - other
        self.depth -= 1
        return value

    def product(self) -> float:
        value = self.power()
        while operator := self.accept("*/"):
            other = self.power()
            value = value * other if operator == "*" else value / other
        return value

    def power(self) -> float:
        value = self.signed()
        while self.accept("^"):
            value = math.pow(value, self.signed())
        return value

    def signed(self) -> float:
        sign = 1.0
        while operator := self.accept("+-"):
            sign = -sign if operator == "-" else sign
        value = self.atom()
        while self.accept("%"):
            value /= 100
        return sign * value

    def atom(self) -> float:
        token = self.token
        if token["number"]:
            self.advance()
            return float(token["number"])
        if token["cell"]:
            if token["to"]:
                raise CannotEvaluateError(token[0].strip())
            self.advance()
            return next(self.cells(token))
        if token["function"]:
            return self.call(token["function"].upper())
        if not self.accept("("):
            raise CannotEvaluateError(token[0].strip() or "the end")
        value = self.sum()
        self.close()
        return value

    def close(self) -> None:
        if not self.accept(")"):
            raise CannotEvaluateError("a bracket that is not closed")

    def call(self, name: str) -> float:
        function = FUNCTIONS.get(name)
        if function is None:
            raise CannotEvaluateError(name)
        self.advance()
        values: list[float] = []
        while not self.accept(")"):
            if self.token["cell"] and self.token["to"]:
                values += self.cells(self.token)
                self.advance()
            else:
                values.append(self.sum())
            if not self.accept(",;"):
                self.close()
                break
        return function(values)

    def cells(self, token: re.Match[str]) -> Iterator[float]:
        """The values of a cell, or of a range."""
        sheet, _, start = token["cell"].rpartition("!")
        first, last = _place(start), _place(token["to"] or start)
        rows = range(min(first[1], last[1]), max(first[1], last[1]) + 1)
        columns = range(min(first[0], last[0]), max(first[0], last[0]) + 1)
        if len(rows) * len(columns) > MAX_RANGE:
            raise CannotEvaluateError("a range that is too long")
        for row in rows:
            for column in columns:
                yield self.lookup(sheet.strip("'"), f"{letters(column)}{row}")


def _place(text: str) -> tuple[int, int]:
    """The column and row of a cell."""
    match = _PLACE.fullmatch(text)
    assert match is not None  # the token has the same form
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column, int(match[2])
