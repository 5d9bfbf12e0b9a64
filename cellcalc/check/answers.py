"""From what a person wrote to answers: which quantity, which step, a number or a formula.

An answers file has an answer a line, ``dc[2] = -0.0711``; what cannot be read is kept with the
reason, and the rest is marked all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cellcalc.check import spelling
from cellcalc.check.spelling import Written, spelled
from cellcalc.check.world import STEPS, TOTAL_LOSS
from cellcalc.errors import ExpressionError, did_you_mean, printable
from cellcalc.language.arithmetic.decimals import MEAN, SUM
from cellcalc.language.calculus import differentiate
from cellcalc.language.functions import FUNCTIONS
from cellcalc.language.letters import MARK
from cellcalc.language.parser import MAX_LENGTH, Parser
from cellcalc.language.tree import (
    Call,
    Dot,
    Expression,
    Mul,
    Number,
    Pow,
    Symbol,
    children,
    multiply,
    rebuilt,
    spelled_out,
    symbols,
    walk,
)
from cellcalc.model.model import Model

MAX_ANSWERS = 200_000
_MARKS = re.compile(r"\s*(?::=|==|=|≈|≃|:|←)\s*|[()\[\]{}]")


@dataclass(frozen=True)
class Entry:
    """One answer as it stands in a file: where, what for, and what was written.

    ``line`` is the number of a line, a workbook's cell (``Practice!F49``) or the place in an
    array. ``right`` is what stands behind the last equals sign, ``between`` what stands between
    the first and the last, as in ``formula = numbers put in = result``. ``t``, ``window``,
    ``epoch`` and ``sequence`` are given where a heading or a column says them.
    """

    line: int | str
    left: str
    right: str
    t: int | None = None
    window: int | None = None
    epoch: int | None = None
    sequence: int | None = None
    between: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One answer, read: a number with its digits, or a formula.

    ``t`` is the step, or None for a total or for a formula that holds at every step (then
    ``per_step``). ``formulas`` has one for each quantity: several where a formula for a vector
    (``dW_f``) stands for one a feature. ``working`` are the parts of a line of working between
    the quantity and this last part, each an answer for the same quantity. An ``open`` answer was
    asked for and left empty: it has neither number nor formulas.
    """

    line: int | str
    symbol: str
    t: int | None
    given: str
    window: int | None = None
    number: Written | None = None
    formulas: Mapping[str, Expression] | None = None
    per_step: bool = True
    epoch: int | None = None
    sequence: int | None = None
    working: tuple[Answer, ...] = ()
    open: bool = False

    @property
    def kind(self) -> str:
        return "number" if self.number is not None else "formula"


@dataclass(frozen=True)
class Unreadable:
    """An answer that could not be read, and why."""

    line: int | str
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
            return spelling.read(text)
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


_SLOPE, _SIGMA = "slope_of_", "SIGMA_SUM"
_AT = re.compile(r"[0-9]{1,6}")
_TRAILING = re.compile(r"(.*?)[_,]?([0-9]{1,6})")


def parse_answer(text: str, names: Mapping[str, str] | None = None) -> Expression:
    """Read a formula in the spelling of :func:`cellcalc.check.spelling.spelled`.

    ``names`` are an author's symbols, each with the key that it stands for, or with one that ends
    in ``MARK`` where it means something else to the author.

    A certain step is part of a symbol's name (``f[2]``); a sum over the window is a call of
    ``sum``. Raises :class:`~cellcalc.errors.ExpressionError`.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"a formula of at most {MAX_LENGTH:,} characters", f"{len(text):,} characters"
        )
    return _Parser(text, names).whole()


class _Parser(Parser):
    """The parser of the language, made more forgiving."""

    def product(self) -> Expression:
        left = super().product()
        while self.kind in ("symbol", "number") or self.operator == "(":
            if self.kind == "number" and not isinstance(left, Number):
                self.fail("an operator before the number")
            left = multiply(left, super().product())
        return left

    def name(self) -> Expression:
        name = self.token["name"]
        if name == _SIGMA:
            self.advance()
            self.deeper()
            inside = self.product()
            self.depth -= 1
            return Call(SUM, inside)
        if name not in (SUM, MEAN) and not name.startswith(_SLOPE) and name not in FUNCTIONS:
            return self.quantity()
        return self.function(name)

    def quantity(self) -> Expression:
        """A symbol; a bracket after it is a factor."""
        name = self.meaning()
        if self.token["bracket"] is not None and _AT.fullmatch(self.token["bracket"].strip()):
            step = int(self.token["bracket"])
            self.advance()
            return Symbol(f"{name}[{step}]")
        shift = self.shift()
        self.advance()
        return Symbol(name, shift)

    def meaning(self) -> str:
        """The key of the name at hand; an author's may end in the step: δi_2."""
        name = self.key()
        match = _TRAILING.fullmatch(name)
        if match and match[1] in self.names:
            name = f"{self.names[match[1]]}[{int(match[2])}]"
        if name.endswith(MARK):
            self.fail("a quantity of the cell")
        return name

    def function(self, name: str) -> Expression:
        """A function, which may be squared before its bracket: tanh²(c)."""
        if self.token["bracket"] is not None or self.token["index"] is not None:
            self.fail('a function and "("')
        self.advance()
        exponent = None
        if self.kind == "superscript":
            exponent = self.raised()
        elif self.accept("**"):
            exponent = self.atom()
        if not self.accept("("):
            self.fail(f'"(" after the function {name.removeprefix(_SLOPE)}')
        argument = self.bracket()
        result: Expression = Call(name, argument)
        if name.startswith(_SLOPE):
            u = Symbol("u")
            slope = differentiate(Call(name.removeprefix(_SLOPE), u), u)
            result = rebuilt(slope, lambda e: argument if e == u else None)
        elif name == "identity":
            result = argument
        return result if exponent is None else Pow(result, exponent)


@dataclass(frozen=True)
class Names:
    """What the symbols of an answer may mean, for one model."""

    model: Model

    @property
    def varying(self) -> set[str]:
        """The quantities that have a value at each step."""
        skipped = {row.symbol for row in (*self.model.parameters, *self.model.gradients)}
        return {name for name in self.model.quantities if name not in skipped}

    @property
    def gradients(self) -> set[str]:
        """The gradients, each step's contributions to which have an index as well."""
        return {row.symbol for row in self.model.gradients}

    @property
    def constant(self) -> set[str]:
        names = {row.symbol for row in (*self.model.parameters, *self.model.gradients)}
        names |= {row.symbol for row in self.model.coefficients}
        states = {f"{lead}{state}0" for state in self.model.state for lead in ("", "d")}
        return names | states | {STEPS, TOTAL_LOSS}

    @property
    def vectors(self) -> dict[str, int]:
        """The weights and inputs that stand for one element a feature, and how many."""
        features = self.model.features
        if features == 1:
            return {}
        parts = (self.model.cell, self.model.readout)
        weights = [n for p in parts for n, kind in p.parameters.items() if kind == "input"]
        return dict.fromkeys(("x", *weights), features)

    def resolve(self, formula: Expression) -> Expression:
        """The formula with every symbol made one that the model has.

        Raises :class:`~cellcalc.errors.ExpressionError` for one that it does not have.
        """

        def replacement(e: Expression) -> Expression | None:
            if isinstance(e, Symbol):
                return self.symbol(e)
            if isinstance(e, Dot):
                return Dot(self.symbol(e.weights), self.symbol(e.inputs))
            if isinstance(e, Mul) and (dot := self._as_dot(e)):
                return rebuilt(dot, replacement)
            return None

        return rebuilt(formula, replacement)

    def _as_dot(self, product: Mul) -> Expression | None:
        """``W_f*x`` over several features is the sum ``W_f @ x``."""
        symbols = [f for f in product.factors if isinstance(f, Symbol)]
        vectors = self.vectors
        weight = next((f for f in symbols if f.name in vectors and f.name != "x"), None)
        inputs = next((f for f in symbols if f.name.partition("[")[0] == "x"), None)
        if weight is None or inputs is None or "x" not in vectors:
            return None
        rest = list(product.factors)
        rest.remove(weight)
        rest.remove(inputs)
        return multiply(*rest, Dot(weight, inputs))

    def symbol(self, symbol: Symbol) -> Symbol:
        """One symbol as the model has it: ``c`` and ``c_t`` are c[t], ``c2`` and ``c_2`` c[2]."""
        stem, bracket, index = symbol.name.partition("[")
        vector, vector_of_inputs = stem in self.vectors, "x" in self.vectors
        if stem in self.varying or (vector and stem == "x"):
            if bracket or symbol.shift is not None:
                return symbol
            return Symbol(stem, 0)
        if stem == "dx" and vector_of_inputs:
            return symbol if bracket or symbol.shift is not None else Symbol(stem, 0)
        if stem[:1] == "d" and stem[1:] in self.vectors:
            return Symbol(f"{stem}{index[:-1]}") if bracket else Symbol(stem, symbol.shift)
        if stem in self.gradients and (bracket or symbol.shift is not None):
            return symbol
        if stem in self.constant or vector:
            is_element = bracket and f"{stem}{index[:-1]}" in self.constant
            if is_element:
                return Symbol(f"{stem}{index[:-1]}")
            return Symbol(stem)
        respelled = self._respelled(symbol, stem)
        if respelled is not None:
            return respelled
        known = sorted(self.varying | self.constant)
        shown = symbol.name
        raise ExpressionError("a symbol of this problem", f'"{shown}"{did_you_mean(stem, known)}')

    def _respelled(self, symbol: Symbol, stem: str) -> Symbol | None:
        """The same symbol in another spelling, where that is one of the model's."""
        compact = stem.replace("_", "")
        for name in sorted(self.varying | self.constant | set(self.vectors)):
            if name.replace("_", "") == compact or name.lower() == stem.lower() == "target":
                return self.symbol(Symbol(name + symbol.name[len(stem) :], symbol.shift))
        match = _TRAILING.fullmatch(stem)
        if match and symbol.shift is None and "[" not in symbol.name:
            name, index = match.groups()
            for known in sorted(self.varying | {"x"} & set(self.vectors)):
                if known.replace("_", "") == name.replace("_", ""):
                    return Symbol(f"{known}[{int(index)}]")
        return None

    def elements(self, formula: Expression) -> list[str]:
        """The vectors that stand by themselves in a formula, outside of ``W @ x``."""
        inside: set[Symbol] = set()
        for node in walk(formula):
            if isinstance(node, Dot):
                inside |= {node.weights, node.inputs}
        alone = [n for n in walk(formula) if isinstance(n, Symbol) and n not in inside]
        stems = [symbol.name.partition("[")[0] for symbol in alone]
        return [stem for stem in stems if self.is_vector(stem)]

    def check(self, formula: Expression) -> None:
        """Raise :class:`~cellcalc.errors.ExpressionError` for a symbol that has no value."""
        for symbol in symbols(spelled_out(formula, self.model.features)):
            stem, bracket, _ = symbol.name.partition("[")
            at_step = bool(bracket) or symbol.shift is not None
            known = self.varying | self.gradients if at_step else self.constant
            if stem not in known and not (at_step and stem in self.constant):
                raise ExpressionError("a symbol of this problem", f'"{symbol.name}"')

    def is_vector(self, stem: str) -> bool:
        """Whether a name stands for one element a feature: ``x``, ``W_f``, or ``dW_f``."""
        return stem in self.vectors or (stem[:1] == "d" and stem[1:] in self.vectors)

    def element(self, formula: Expression, feature: int) -> Expression:
        """The formula for one feature: ``x`` becomes x2, ``W_f`` W_f2."""

        def put(e: Expression) -> Expression | None:
            if isinstance(e, Dot):
                return e
            if isinstance(e, Symbol):
                stem, bracket, index = e.name.partition("[")
                if self.is_vector(stem):
                    return Symbol(f"{stem}{feature}{bracket}{index}", e.shift)
            return None

        return rebuilt(formula, put)


def has_free_time(formula: Expression) -> bool:
    """Whether a formula depends on the step t: whether it has a [t] outside of every sum."""
    if isinstance(formula, Symbol):
        return formula.shift is not None
    if isinstance(formula, Call) and formula.function in (SUM, MEAN):
        return False
    return any(map(has_free_time, children(formula)))
