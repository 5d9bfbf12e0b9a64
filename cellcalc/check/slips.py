"""One edit of an equation as a slip: its kind, what is told of it, how far-fetched it is.

The kinds are the rows of ``templates/slips.toml``.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import combinations
from typing import Any

from cellcalc.check.world import LAST_LOSS
from cellcalc.engine.codegen import evaluate
from cellcalc.language.calculus import derivatives, differentiate
from cellcalc.language.functions import ARGUMENTS, FUNCTIONS
from cellcalc.language.keys import derivative_key, split_key
from cellcalc.language.parser import parse
from cellcalc.language.tree import (
    ONE,
    ZERO,
    Add,
    Call,
    Div,
    Edge,
    End,
    Expression,
    Mul,
    Neg,
    Number,
    Pow,
    Symbol,
    add,
    multiply,
    rebuilt,
    rename,
    shifted,
    symbols,
    walk,
)
from cellcalc.model.model import LOSS, PREDICTION, TARGET, Model, Quantity, Term, is_gate, sum_of
from cellcalc.resources import folder, said, sentence


@dataclass(frozen=True)
class Edit:
    """One edit: which row's equation it changes, to what, of what kind, in which words."""

    row: str
    formula: Expression
    kind: str
    words: Mapping[str, str] = field(default_factory=dict)
    extra: float = 0.0

    @property
    def cost(self) -> float:
        """How far-fetched the edit is."""
        cost: float = kinds()[self.kind]["cost"]
        return cost + self.extra

    @property
    def says(self) -> str:
        """What is told of it, without the row's name."""
        return said(kinds()[self.kind]["says"]).format(row=self.row, **self.words)


@cache
def _file() -> Mapping[str, Any]:
    path = folder("templates") / "slips.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def kinds() -> Mapping[str, Mapping[str, Any]]:
    """The kinds of edits by name: what is said, and the cost."""
    table: Mapping[str, Mapping[str, Any]] = _file()["kind"]
    return table


def slopes() -> Mapping[str, list[str]]:
    """What people take the derivative of a function for, by the kind of edit."""
    table: Mapping[str, list[str]] = _file()["slopes"]
    return table


def forms() -> list[Mapping[str, Any]]:
    """Formulas of rows as people write them, each with the templates that it is for."""
    found: list[Mapping[str, Any]] = _file()["form"]
    return found


def sayings(table: str, name: str) -> str:
    """What is told of a cause that is no edit: of the table ``whole``, ``copy``, ``arithmetic``."""
    text: str = _file()[table][name]["says"]
    return said(text)


def whole_cost(name: str) -> float:
    """How far-fetched a cause of the table ``whole`` is."""
    cost: float = _file()["whole"][name]["cost"]
    return cost


TWO = Number(2.0)
SQUASHING = {"sigmoid", "tanh"}
FORWARD, BACKWARD = 0, 1
Change = Callable[[Expression], Expression]


class Edits:
    """The edits of every row of a model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.siblings = Siblings(model)
        self.write = model.maths()
        gates = (row.symbol for row in model.forward if is_gate(row))
        self.gates = tuple(name for name in gates if name != PREDICTION)
        self.kept: dict[str, list[Edit]] = {}  # of the model's own rows

    def parts(self, row: str) -> tuple[str, str, str]:
        """A row's name taken apart: dW_f2 is of the sort dW, the gate f, and feature 2."""
        base, digits = split_key(row)
        stem, bar, gate = base.partition("_")
        if bar:
            return stem, gate, digits
        value = base.removeprefix("d") if base in self.model.derivatives else base
        net = self.siblings.argument.get(value, "")
        return base[: len(base) - len(value)], net.partition("_")[2], digits

    def abstract(self, row: str, formula: Expression) -> Expression:
        """The formula with a row's own gate and feature made the same as in its siblings."""
        _, gate, digits = self.parts(row)
        value = self.siblings.value
        names = {}
        if gate:
            net = next((n for n in value if n.partition("_")[2] == gate), "")
            if net:
                own = value[net]
                names = {own: "gate", derivative_key(own): "dgate"}

        def general(symbol: Symbol) -> Symbol:
            if symbol.name in names:
                return replace(symbol, name=names[symbol.name])
            base, number = split_key(symbol.name)
            stem, bar, own = base.partition("_")
            if digits and number == digits:
                number = "#"
            if bar and gate and own == gate:
                own = "gate"
            return replace(symbol, name=f"{stem}{bar}{own}{number}")

        return rename(formula, general)

    def of(self, row: Quantity) -> list[Edit]:
        """All edits of a row's equation, no two with the same result."""
        if self.model.quantities.get(row.symbol) is not row:
            return self._of(row)
        if row.symbol not in self.kept:
            self.kept[row.symbol] = self._of(row)
        return self.kept[row.symbol].copy()

    def _of(self, row: Quantity) -> list[Edit]:
        if row.formula is None:
            return list(_distinct(self._of_counts(row))) if row.symbol == f"d{LOSS}" else []
        own = [*self._by_paths(row), *self._within(row), *self._families(row)]
        found = _distinct([*own, *self._otherwise(row, own), *self._put_in(row)])
        return [
            edit
            for edit in found
            if edit.formula != row.formula and self.is_possible(row, edit.formula)
        ]

    def is_possible(self, row: Quantity, formula: Expression) -> bool:
        """Whether anybody could work a row by a formula.

        It reads only what is there by then, and takes nothing from itself.
        """
        for node in walk(formula):
            if isinstance(node, Add) and any(Neg(term) in node.terms for term in node.terms):
                return False
        order, place = self.order, self.order.get(row.symbol)
        if place is None:
            return True
        for symbol in symbols(formula):
            other = order.get(symbol.name)
            if other is None or symbol.shift is None or other[0] != place[0]:
                continue
            ahead = symbol.shift if place[0] == FORWARD else -symbol.shift
            if ahead > 0 or (not ahead and other >= place):
                return False
        return True

    @cached_property
    def order(self) -> Mapping[str, tuple[int, int]]:
        """Which pass a row is worked out in, and its place there."""
        passes = {FORWARD: self.model.forward, BACKWARD: self.model.backward}
        return {
            row.symbol: (number, place)
            for number, rows in passes.items()
            for place, row in enumerate(rows)
        }

    def of_total(self, row: Quantity) -> list[Edit]:
        """All edits of a gradient's sum over the window."""
        assert row.formula is not None
        inside = [
            replace(edit, row=row.symbol, formula=Call("sum", edit.formula))
            for edit in self.of(row)
        ]
        whole = Call("sum", row.formula)
        ends: dict[str, End] = {"first_only": "first", "last_only": "last"}
        reductions = [
            Edit(row.symbol, _at_end(row.formula, end), kind) for kind, end in ends.items()
        ]
        rest: dict[str, End] = {"without_first": "first", "without_last": "last"}
        reductions += [
            Edit(row.symbol, add(whole, Neg(_at_end(row.formula, end))), kind)
            for kind, end in rest.items()
        ]
        reductions.append(Edit(row.symbol, Call("mean", row.formula), "mean"))
        return [*reductions, *inside]

    def pairs(self, row: Quantity) -> Iterator[tuple[Edit, Edit]]:
        """Two edits of one equation, the likelier first."""
        singles = sorted(self.of(row), key=lambda edit: edit.cost)
        for first in singles:
            for second in self.of(replace(row, formula=first.formula, terms=())):
                if second.formula != row.formula:
                    yield first, second

    def _of_counts(self, row: Quantity) -> Iterator[Edit]:
        yield Edit(row.symbol, Symbol(LAST_LOSS, 0), "last_loss")
        yield Edit(row.symbol, Div(ONE, Symbol("n")), "mean_loss")
        yield Edit(row.symbol, Symbol("n"), "times_steps")

    def _by_paths(self, row: Quantity) -> Iterator[Edit]:
        """Edits that know which paths of the chain rule the terms are."""
        later = tuple(term for term in row.terms if term.later)
        same = tuple(term for term in row.terms if not term.later)
        for kind, kept, lost in (("later_left_out", same, later), ("same_left_out", later, same)):
            if kept and len(lost) > 1:
                yield Edit(row.symbol, sum_of(kept), kind, {"part": self.write(sum_of(lost))})
        nets = {*self.siblings.argument.values()}
        through = tuple(term for term in same if term.via in nets)
        if 1 < len(through) < len(row.terms):
            kept = tuple(term for term in row.terms if term not in through)
            part = self.write(sum_of(through))
            yield Edit(row.symbol, sum_of(kept), "nets_left_out", {"part": part})
        for count in range(2, len(later)):  # those through two gates of four
            for lost in combinations(later, count):
                kept = tuple(term for term in row.terms if term not in lost)
                words = {"part": self.write(sum_of(lost))}
                yield Edit(row.symbol, sum_of(kept), "paths_left_out", words)
        if row.formula is not None and Symbol(TARGET, 0) in symbols(row.formula):
            yield Edit(row.symbol, _at_end(row.formula, "last"), "last_error")
        for place, term in enumerate(row.terms):
            rest = (*row.terms[:place], *row.terms[place + 1 :])
            if rest:
                kind = "carousel_left_out" if term.via == term.quantity else "path_left_out"
                step = sentence("check", "next_step" if term.later else "same_step")
                words = {"part": self.write(term.formula), "via": term.via, "step": step}
                yield Edit(row.symbol, sum_of(rest), kind, words)
            if not term.later and (whole := self._whole(term)) is not None:
                terms = (*row.terms[:place], whole, *row.terms[place + 1 :])
                instead = self.write(whole.formula)
                words = {"part": self.write(term.formula), "instead": instead}
                yield Edit(row.symbol, sum_of(terms), "handed_whole", words)
            for kind, local, words in self._slopes(term):
                formula = multiply(term.upstream, local) if local != ONE else term.upstream
                changed = replace(term, local=local, formula=formula)
                terms = (*row.terms[:place], changed, *row.terms[place + 1 :])
                yield Edit(row.symbol, sum_of(terms), kind, words)

    def _whole(self, term: Term) -> Term | None:
        """The path as it is where the derivative before the last is handed on without factors."""
        between = self.model.quantities[term.upstream.name]
        if len(between.terms) != 1 or between.terms[0].later:
            return None
        whole = between.terms[0].upstream
        return replace(term, upstream=whole, local=ONE, formula=whole)

    def _slopes(self, term: Term) -> Iterator[tuple[str, Expression, dict[str, str]]]:
        """The path's local factor with the derivative of its function taken for something else."""
        via = self.model.quantities[term.via]
        if via.formula is None:
            return
        own = Symbol(term.via, 0)
        fixed = 0 if self.model.stored_weights else None
        used = Symbol(term.quantity, -term.later if term.varies else fixed)
        for call in (n for n in walk(via.formula) if isinstance(n, Call)):
            true = derivatives(call.function)[0]
            for kind, texts in slopes().items():
                for rule in _rules(texts, call, true):
                    local = differentiate(via.formula, used, own, {call.function: rule})
                    local = shifted(local, term.later)
                    if local not in (ZERO, term.local):
                        words = {
                            "function": FUNCTIONS[call.function].unicode,
                            "part": self.write(term.local),
                            "instead": self.write(local),
                        }
                        yield kind, local, words

    def _within(self, row: Quantity) -> Iterator[Edit]:
        assert row.formula is not None
        symbol, formula = row.symbol, row.formula
        yield Edit(symbol, _negative(formula), "sign_of_whole")
        yield Edit(symbol, multiply(TWO, formula), "doubled")
        yield Edit(symbol, Div(formula, TWO), "halved")
        yield from self._nodes(symbol, formula)

    def _nodes(self, symbol: str, formula: Expression) -> Iterator[Edit]:
        """A row's formula with one node edited."""
        for made, kind, part, instead, extra in self._variants(formula):
            words = {
                "part": self.write(part) if part else "",
                "instead": self.write(instead) if instead else "",
            }
            yield Edit(symbol, made, kind, words, extra)

    def _otherwise(self, row: Quantity, own: Collection[Edit]) -> Iterator[Edit]:
        """Edits of the row as people write it, where that is not as the rules give it.

        Those that come to the same as an edit of the rules' formula are left to that.
        """
        templates = {"loss": self.model.loss, "readout": self.model.readout}
        known: set[float | None] | None = None  # of many edits: only where a form is there
        for form in forms():
            asked = {key: form[key] for key in templates if key in form}
            is_there = all(
                (one := templates[key]) is not None and one.name == name
                for key, name in asked.items()
            )
            if row.symbol == form["row"] and is_there:
                if known is None:
                    known = {drawn_value(edit.formula) for edit in own}
                for edit in self._nodes(row.symbol, parse(form["formula"])):
                    if drawn_value(edit.formula) not in known:
                        yield replace(edit, extra=edit.extra + form["cost"])

    def _put_in(self, row: Quantity) -> Iterator[Edit]:
        """Edits of the readout's slope in one row that has it put in, dy*y*(1 - y) for dz_y."""
        net = self.siblings.argument.get(PREDICTION)
        before = self.model.quantities.get(derivative_key(net)) if net is not None else None
        if before is None or before.formula is None or row.formula is None:
            return
        own = Symbol(before.symbol, 0)
        if own not in symbols(row.formula):
            return
        for edit in self._nodes(row.symbol, before.formula):
            if self.is_possible(before, edit.formula):
                instead: dict[Expression, Expression] = {own: edit.formula}
                yield replace(
                    edit, formula=rebuilt(row.formula, instead.get), extra=edit.extra + 0.4
                )

    def _variants(self, e: Expression) -> Iterator[tuple[Any, ...]]:
        """The tree with one node edited: tree, kind, what was there, what is now, extra cost."""
        yield from self._here(e)
        for child, put in _slots(e):
            for made, kind, part, instead, extra in self._variants(child):
                yield put(made), kind, part, instead, extra

    def _here(self, e: Expression) -> Iterator[tuple[Any, ...]]:
        match e:
            case Add(terms):
                if len(terms) == 2 and terms[0] == ONE and isinstance(terms[1], Neg):
                    yield terms[1].operand, "complement", e, terms[1].operand, 0.0
                for k, term in enumerate(terms):
                    rest = (*terms[:k], *terms[k + 1 :])
                    if rest != (ONE,):  # that is the whole factor left out
                        yield add(*rest), "term_left_out", _bare(term), None, 0.0
                        if len(rest) == 1 and isinstance(rest[0], Neg):
                            yield rest[0].operand, "term_left_out", _bare(term), None, 0.2
                    flipped = (*terms[:k], _negative(term), *terms[k + 1 :])
                    yield add(*flipped), "sign", _bare(term), None, 0.0
                    yield add(*terms, term), "term_doubled", _bare(term), None, 0.0
            case Mul(factors):
                for k, factor in enumerate(factors):
                    rest = (*factors[:k], *factors[k + 1 :])
                    yield multiply(*rest), "factor_left_out", factor, None, 0.0
                    yield multiply(*factors, factor), "factor_doubled", factor, None, 0.0
                    if isinstance(factor, Add):
                        quotient = Div(multiply(*rest), factor)
                        yield quotient, "quotient_for_product", factor, quotient, 0.0
            case Pow(base, _):
                yield base, "power_left_out", e, base, 0.0
            case Div(numerator, denominator):
                yield numerator, "product_for_quotient", e, numerator, 0.0
                product = multiply(numerator, denominator)
                yield product, "product_for_quotient", e, product, 0.5
            case Call(function, argument, others):
                yield argument, "function_left_out", e, argument, 0.0
                twice = Call(function, e, others)
                yield twice, "function_twice", e, twice, 0.0
                if function in SQUASHING:
                    for name in sorted(SQUASHING - {function}):
                        other_call = Call(name, argument)
                        yield other_call, "wrong_function", e, other_call, 0.0
            case Symbol():
                for other, kind, extra in self.siblings.of(e):
                    yield other, kind, e, other, extra
                if e.name in self.siblings.function:
                    again = replace(self.siblings.function[e.name], argument=e)
                    yield again, "function_twice", e, again, 0.0
                if e.name in self.gates:
                    complement = add(ONE, Neg(e))
                    yield complement, "complement", e, complement, 0.0
                    for gate in self.gates:
                        if gate != e.name:
                            coupled = add(ONE, Neg(Symbol(gate, e.shift)))
                            yield coupled, "complement", e, coupled, 0.3

    def variants(self, formula: Expression) -> Iterator[Expression]:
        """The formula with one node edited, whatever row it is of."""
        for made, *_ in self._variants(formula):
            yield made

    def _families(self, row: Quantity) -> Iterator[Edit]:
        """The same wrong exchange all through an equation: W for U, one gate's for another's."""
        assert row.formula is not None
        for old, new, exchange in self.siblings.families(row.formula):
            made = rename(row.formula, exchange)
            if made != row.formula:
                kind = "net_or_value" if "∂" in old else "wrong_weights"
                yield Edit(row.symbol, made, kind, {"part": old, "instead": new})


def _rules(texts: Iterable[str], call: Call, true: Expression) -> Iterator[Expression]:
    """What the derivative of a function is taken for, in u and s."""
    value, argument = Symbol("s"), Symbol("u")
    for text in texts:
        put_in: dict[Expression, Expression] = {Symbol("DERIVATIVE"): true}
        start = parse(text)
        if text == "AT_VALUE":
            others = ARGUMENTS[1 : 1 + len(call.others)]
            again = Call(call.function, value, tuple(map(Symbol, others)))
            put_in, start = {value: again, argument: value}, true
        elif text == "AT_ARGUMENT":
            put_in, start = {value: argument}, true
        yield rebuilt(start, put_in.get)


def _slots(e: Expression) -> Iterator[tuple[Expression, Change]]:
    """Each operand, with a function that puts another in its place."""
    match e:
        case Neg(operand):
            yield operand, _negative
        case Add(terms):
            for k, term in enumerate(terms):
                yield term, lambda new, k=k: add(*terms[:k], new, *terms[k + 1 :])  # type: ignore[misc]
        case Mul(factors):
            for k, factor in enumerate(factors):
                yield factor, lambda new, k=k: multiply(*factors[:k], new, *factors[k + 1 :])  # type: ignore[misc]
        case Div(numerator, denominator):
            yield numerator, lambda new: Div(new, denominator)
            yield denominator, lambda new: Div(numerator, new)
        case Pow(base, exponent):
            yield base, lambda new: Pow(new, exponent)
        case Call(function, argument, others):
            yield argument, lambda new: Call(function, new, others)


def _negative(e: Expression) -> Expression:
    return e.operand if isinstance(e, Neg) else Neg(e)


def _bare(e: Expression) -> Expression:
    return e.operand if isinstance(e, Neg) else e


def _at_end(formula: Expression, end: End) -> Expression:
    """The formula for the first or the last step of the window only."""

    def fixed(symbol: Symbol) -> Symbol:
        if symbol.shift is None:
            return symbol
        return Symbol(symbol.name, step=Edge(end, symbol.shift))

    return rename(formula, fixed)


def drawn_value(formula: Expression) -> float | None:
    """What a formula gives for some numbers, in so many figures; None where it gives nothing."""

    try:
        return float(f"{evaluate(formula, _drawn):.10g}")
    except (ArithmeticError, ValueError):
        return None


@lru_cache(maxsize=1024)
def _drawn(symbol: Symbol) -> float:
    return random.Random(str(symbol)).uniform(0.2, 0.8)


def _distinct(edits: Iterable[Edit]) -> list[Edit]:
    """The cheapest edit for each result."""
    best: dict[Expression, Edit] = {}
    for edit in edits:
        known = best.get(edit.formula)
        if known is None or edit.cost < known.cost:
            best[edit.formula] = edit
    return list(best.values())


Exchange = Callable[[Symbol], Symbol]


class Siblings:
    """For each symbol those that a slip puts in its place, of which kind and how far-fetched."""

    def __init__(self, model: Model) -> None:
        self.model = model
        # In the model's order: between slips that are as likely the first is named, in every run.
        self.parameters = dict.fromkeys(row.symbol for row in model.parameters)
        varying = (*model.inputs, *model.forward, *model.backward)
        self.varying = dict.fromkeys(row.symbol for row in varying)
        self.argument = {
            row.symbol: row.formula.argument.name
            for row in model.forward
            if isinstance(row.formula, Call) and isinstance(row.formula.argument, Symbol)
        }
        self.value = {argument: name for name, argument in self.argument.items()}
        self.function = {
            row.symbol: row.formula
            for row in model.forward
            if row.symbol in self.argument and isinstance(row.formula, Call)
        }
        states = list(model.state)
        # The states, what is made of them, and the prediction: each is taken for another.
        self.flow = [*states, *(self.value[s] for s in states if s in self.value), PREDICTION]
        readout = next((row.formula for row in model.forward if row.symbol == PREDICTION), None)
        is_copy = isinstance(readout, Symbol)  # y = h is no other quantity
        self.before = [name for name in self.flow if not (is_copy and name == PREDICTION)]

    def of(self, symbol: Symbol) -> Iterator[tuple[Symbol, str, float]]:
        """What may stand in its place: another step, another quantity."""
        if symbol.shift is not None and symbol.name in self.varying:
            for shift in sorted({-1, 0, 1, symbol.shift - 1, symbol.shift + 1}):
                if shift != symbol.shift:
                    # To read a step that is not there yet is the rarer slip.
                    extra = 0.0 if abs(shift) < abs(symbol.shift) or not symbol.shift else 0.6
                    yield Symbol(symbol.name, shift), "wrong_time", extra
        for name, kind, extra in self.names(symbol.name):
            if symbol.shift == -1 and name in self.varying and name not in self.model.state:
                if name not in self.before:
                    continue  # only a state, or what is made of one, is looked up a step before
                extra += 0.3
            yield replace(symbol, name=name), kind, extra

    def names(self, name: str) -> Iterator[tuple[str, str, float]]:
        """Other quantities that are taken for this one."""
        is_derivative = name in self.model.derivatives
        base = name[1:] if is_derivative else name
        lead = "d" if is_derivative else ""
        known = self.parameters | self.varying
        seen = {name}

        def take(other: str, kind: str, extra: float = 0.0) -> Iterator[tuple[str, str, float]]:
            full = lead + other
            if full not in seen and full in known:
                seen.add(full)
                yield full, kind, extra

        if base in self.argument:
            yield from take(self.argument[base], "argument_for_value")
        if base in self.value:
            yield from take(self.value[base], "value_for_argument")
        for other in self._same_role(base):
            yield from take(other, "sibling_gate")
        for other in self._same_gate(base):
            yield from take(other, "wrong_symbol")
        for other in self._others(base):
            yield from take(other, "wrong_symbol", 0.4)

    def _same_role(self, base: str) -> Iterator[str]:
        """The same of another gate: U_i for U_f, z_o for z_f, g for i."""
        stem, _, gate = base.partition("_")
        if gate:
            digits = gate[len(gate.rstrip("0123456789")) :]
            for other in (*self.parameters, *self.varying):
                head, _, tail = other.partition("_")
                if head == stem and tail and tail[len(tail.rstrip("0123456789")) :] == digits:
                    yield other
        elif base in self.argument:
            yield from (name for name in self.argument if "_" not in name)

    def _same_gate(self, base: str) -> Iterator[str]:
        """Another parameter of the same gate: U_f or W_f2 for W_f1."""
        _, _, gate = base.partition("_")
        gate = gate.rstrip("0123456789")
        if gate and base in self.parameters:
            for other in sorted(self.parameters):
                if other.partition("_")[2].rstrip("0123456789") == gate:
                    yield other

    def _others(self, base: str) -> Iterator[str]:
        """What plays a like part: the inputs and the output before; states, their values, y."""
        inputs = [row.symbol for row in self.model.inputs if row.symbol != TARGET]
        output = self.model.cell.output
        if base in inputs:
            yield from (*inputs, output)
        elif base in self.flow:
            yield from self.flow
            if base == output:
                yield from inputs
        elif base == TARGET:
            yield "y"

    def families(self, formula: Expression) -> Iterator[tuple[str, str, Exchange]]:
        """Exchanges of one kind of parameter for another, all through an equation.

        Derivatives of gates may be exchanged with the prediction's, or without it.
        """
        slopes = {f"d{argument}": f"d{value}" for value, argument in self.argument.items()}
        gates = {net: value for net, value in slopes.items() if value != f"d{PREDICTION}"}
        ways = [("∂z", "∂", slopes), ("∂", "∂z", {v: net for net, v in slopes.items()})]
        if gates != slopes:
            ways += [("∂z", "∂", gates), ("∂", "∂z", {v: net for net, v in gates.items()})]
        for old, new, names in ways:
            if sum(s.name in names for s in symbols(formula)) > 1:
                yield old, new, lambda s, names=names: replace(s, name=names.get(s.name, s.name))  # type: ignore[misc]
        used = [s.name for s in symbols(formula) if s.name in self.parameters]
        stems = dict.fromkeys(name.partition("_")[0] for name in used if "_" in name)
        others = dict.fromkeys(n.partition("_")[0] for n in sorted(self.parameters) if "_" in n)
        for old in stems:
            count = sum(name.startswith(f"{old}_") for name in used)
            for new in others:
                if new != old and count > 1:
                    yield f"{old}_…", f"{new}_…", self._exchange(old, new)

    def _exchange(self, old: str, new: str) -> Exchange:
        def rule(symbol: Symbol) -> Symbol:
            stem, _, gate = symbol.name.partition("_")
            if stem != old or symbol.name not in self.parameters:
                return symbol
            bare = gate.rstrip("0123456789")
            for name in (f"{new}_{gate}", f"{new}_{bare}", f"{new}_{bare}1"):
                if name in self.parameters:
                    return replace(symbol, name=name)
            return symbol

        return rule
