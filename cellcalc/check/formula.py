"""Reading the formulas of answers: the equation language, and how people write it besides.

dc[1] = dh[1]o[1](1 − tanh²(c₁)) + dc₂·f₂        a certain step; products without a sign
dW_f = sum(dz_f[t]*x[t])     dW_f = Σₜ dz_fₜ·xₜ     sums over the window
h = o tanh(c)                                    the step t where none is given
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cellcalc.check.world import STEPS, TOTAL_LOSS
from cellcalc.errors import ExpressionError, did_you_mean
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

_SLOPE, _SIGMA = "slope_of_", "SIGMA_SUM"
_AT = re.compile(r"[0-9]{1,6}")
_TRAILING = re.compile(r"(.*?)[_,]?([0-9]{1,6})")


def parse_answer(text: str, names: Mapping[str, str] | None = None) -> Expression:
    """Read a formula in the spelling of :func:`cellcalc.check.handwriting.spelled`.

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
