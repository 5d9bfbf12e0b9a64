"""From what a person wrote to answers: which quantity, which step, a number or a formula.

An answers file has an answer a line, ``dc[2] = -0.0711``; what cannot be read is kept with the
reason, and the rest is marked all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cellcalc.check import written
from cellcalc.check.formula import Names, has_free_time, parse_answer
from cellcalc.check.handwriting import spelled
from cellcalc.check.written import Written
from cellcalc.errors import ExpressionError, printable
from cellcalc.language.tree import Expression, Symbol, symbols
from cellcalc.model.model import Model

MAX_ANSWERS = 200_000
_MARKS = re.compile(r"\s*(?::=|==|=|≈|≃|:|←)\s*|[()\[\]{}]")


@dataclass(frozen=True)
class Entry:
    """One answer as it stands in a file: where, what for, and what was written.

    ``t`` and ``window`` are given where the file has columns for them.
    """

    line: int
    left: str
    right: str
    t: int | None = None
    window: int | None = None


@dataclass(frozen=True)
class Answer:
    """One answer, read: a number with its digits, or a formula.

    ``t`` is the step, or None for a total or for a formula that holds at every step (then
    ``per_step``). ``formulas`` has one for each quantity: several where a formula for a vector
    (``dW_f``) stands for one a feature.
    """

    line: int
    symbol: str
    t: int | None
    given: str
    window: int | None = None
    number: Written | None = None
    formulas: Mapping[str, Expression] | None = None
    per_step: bool = True

    @property
    def kind(self) -> str:
        return "number" if self.number is not None else "formula"


@dataclass(frozen=True)
class Unreadable:
    """An answer that could not be read, and why."""

    line: int
    given: str
    why: str


@dataclass(frozen=True)
class Sheet:
    """All that was handed in."""

    answers: tuple[Answer, ...]
    unreadable: tuple[Unreadable, ...]


def entries_of_text(text: str) -> list[Entry]:
    """The answers of a plain text: one a line, after ``#`` a comment; ``t = 2`` sets the step."""
    entries: list[Entry] = []
    t: int | None = None
    window: int | None = None
    for line, raw in enumerate(text.splitlines(), 1):
        stripped = raw.partition("#")[0].strip()
        if not stripped:
            continue
        parts = _parts(stripped)
        left, right = parts[0], parts[-1] if len(parts) > 1 else ""
        if len(parts) == 2 and left.strip() in ("t", "step", "window") and right.isdecimal():
            if left.strip() == "window":
                window = int(right)
            else:
                t = int(right[:9])
            continue
        entries.append(Entry(line, left, right, t, window))
    return entries


def _parts(line: str) -> list[str]:
    """What stands between the equals signs; one within brackets is none."""
    parts, start, depth = [], 0, 0
    for match in _MARKS.finditer(line):
        mark = match[0].strip()
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif depth <= 0:
            parts.append(line[start : match.start()])
            start = match.end()
    return [*parts, line[start:]]


def read(
    entries: Iterable[Entry], model: Model, steps: int, author: Mapping[str, str] | None
) -> Sheet:
    """Read all answers; those that cannot be read are listed with the reason.

    ``author`` are the symbols of an author's notation with our keys.
    """
    reader = _Reader(Names(model), steps, author)
    answers: list[Answer] = []
    unreadable: list[Unreadable] = []
    for entry in entries:
        try:
            answers.append(reader.answer(entry))
        except ExpressionError as error:
            shown = printable(f"{entry.left} = {entry.right}" if entry.right else entry.left)
            why = printable(str(error))
            unreadable.append(Unreadable(entry.line, shown, why))
    return Sheet(tuple(answers), tuple(unreadable))


class _Reader:
    def __init__(self, names: Names, steps: int, author: Mapping[str, str] | None) -> None:
        self.names, self.steps, self.author = names, steps, author

    def parsed(self, text: str) -> Expression:
        """A formula, in our own symbols or in an author's."""
        return parse_answer(spelled(text, self.author is not None), self.author)

    def answer(self, entry: Entry) -> Answer:
        if len(entry.left) > 200:
            raise ExpressionError("a quantity before the equals sign", "a longer text")
        if not entry.right.strip():
            raise ExpressionError("quantity = number or formula", "no value")
        target = self.target(entry)
        number = self.number(entry.right)
        if number is None:
            return self.formula(entry, target)
        symbol, t = self.placed(target, entry)
        return Answer(entry.line, symbol, t, entry.right.strip(), entry.window, number)

    def target(self, entry: Entry) -> Symbol:
        """What an answer is for."""
        expression = self.parsed(entry.left)
        if not isinstance(expression, Symbol):
            raise ExpressionError("a quantity before the equals sign", f'"{entry.left.strip()}"')
        return self.names.symbol(expression)

    def number(self, text: str) -> Written | None:
        """The number, if it is one; a formula is none."""
        try:
            return written.read(text)
        except ExpressionError:
            if re.fullmatch(r"[\s0-9.,+-]+", text) and re.search(r"[0-9]", text) and "," in text:
                raise
            return None

    def placed(self, target: Symbol, entry: Entry) -> tuple[str, int | None]:
        """The symbol and the step that a number is for."""
        name, bracket, index = target.name.partition("[")
        if name in self.names.vectors or name[1:] in self.names.vectors:
            expected = f"one feature of {name}, as in {name}1"
            raise ExpressionError(expected, f'"{entry.left.strip()}"')
        if name in self.names.constant and not bracket:
            return name, None
        if not bracket and target.shift not in (None, 0):
            raise ExpressionError("a certain step, as in c[2]", f'"{entry.left.strip()}"')
        t = int(index[:-1]) if bracket else entry.t
        if t is None and self.steps == 1:
            t = 1
        if t is None:
            raise ExpressionError(f"a step, as in {name}[{self.steps}]", f'"{entry.left.strip()}"')
        if not 0 <= t <= self.steps:
            raise ExpressionError(f"a step from 0 to {self.steps}", f"{t}")
        return name, t

    def formula(self, entry: Entry, target: Symbol) -> Answer:
        """An answer that is a formula: for every step, for a certain one, or for a total."""
        name, bracket, index = target.name.partition("[")
        if target.shift not in (None, 0):
            raise ExpressionError("a formula for step t", f'one for "{entry.left.strip()}"')
        t = int(index[:-1]) if bracket else entry.t if target.shift == 0 else None
        formula = self.names.resolve(self.parsed(entry.right))
        free = has_free_time(formula)
        is_total = name not in self.names.varying and not bracket and target.shift is None
        if is_total and free and f"d{name[1:]}" != name:
            raise ExpressionError("every t inside of a sum over the steps", "one outside")
        if not is_total and t is None and not bracket and target.shift is None and self.steps == 1:
            t = 1 if not free else None
        return Answer(
            entry.line,
            name,
            t,
            entry.right.strip(),
            entry.window,
            formulas=self.elements(name, formula),
            per_step=not is_total or free,
        )

    def elements(self, name: str, formula: Expression) -> Mapping[str, Expression]:
        """The formula for each element of a vector, or for the one quantity."""
        found = self._elements(name, formula)
        for one in found.values():
            self.names.check(one)
        return found

    def _elements(self, name: str, formula: Expression) -> Mapping[str, Expression]:
        vectors = self.names.vectors
        base = name.removeprefix("d")
        if base in vectors:
            return {
                f"{name}{k}": self.names.element(formula, k) for k in range(1, vectors[base] + 1)
            }
        if alone := self.names.elements(formula):
            raise ExpressionError(f"one feature of {alone[0]}, as in {alone[0]}1", f'"{alone[0]}"')
        return {name: formula}


def mentioned(formula: Expression) -> set[str]:
    """The quantities that a formula speaks of."""
    return {symbol.name.partition("[")[0] for symbol in symbols(formula)}
