"""Deriving the backward pass from the forward equations.

Reverse mode of differentiation (Griewank and Walther, Evaluating Derivatives, 2008, chapter 3),
on equations instead of numbers, with the equations of all steps unrolled in time as Werbos has it
(Backpropagation through time: what it does and how to do it, Proceedings of the IEEE, 1990):
where equation r uses quantity q, the loss reaches q through r, and

    dq[t] = sum over every such r of dr[t - s] * (∂r/∂q, s steps later)

with s = 0 when r uses q of its own step and s = -1 when it uses q[t-1]. Each summand is a
``Term``; their sum is the row dq, as a textbook has it, and where there are
several, each is a row of its own as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from cellcalc.language.calculus import differentiate
from cellcalc.language.keys import derivative_key, element_keys, path_key
from cellcalc.language.notation import UNICODE, Ascii, Indexed
from cellcalc.language.tree import (
    ONE,
    ZERO,
    Add,
    Expression,
    Mul,
    Neg,
    Symbol,
    multiply,
    rename,
    shifted,
    spelled_out,
    symbols,
    walk,
)
from cellcalc.model.model import (
    COUNTED,
    LOSS,
    TARGET,
    Group,
    Model,
    Quantity,
    Term,
    logistic,
    sum_of,
)
from cellcalc.model.net_inputs import with_net_inputs
from cellcalc.problems.specification import Specification
from cellcalc.problems.templates import INPUTS, Equation, Template
from cellcalc.resources import gist, language, said, sentence

if TYPE_CHECKING:
    from cellcalc.language.authors import Author

NetInputs = Literal["as written", "needed", "all"]
MOST_REMEMBERED = 50  # models
MOST_SPELLED_OUT = 4  # features up to which W @ x is written as a sum in the equations


def build(
    cell: Template,
    readout: Template,
    loss: Template | None,
    features: int,
    stored_weights: bool = False,
    error: Template | None = None,
    author: Author | None = None,
    ascii: bool = False,
    net_inputs: NetInputs = "as written",
) -> Model:
    """The model of a cell with a readout and, where there are targets, a loss.

    Parameters
    ----------
    cell, readout : Template
        Their equations, in the order of computation.
    loss : Template or None
        What is differentiated; None where nothing is learned: the model is then forward only.
    features : int
        How many inputs a step has.
    stored_weights : bool
        Give parameters a time index, so that the backward pass uses those of the step in which
        each equation was computed.
    error : Template, optional
        What takes the place of the loss where it is only to be looked at.
    author : Author, optional
        In whose symbols texts are.
    ascii : bool
        Write texts without Unicode.
    net_inputs : {"as written", "needed", "all"}
        Which net inputs get a row though the equations have none: those that a slope needs once
        more, where it must be with the weights of their time; or all, as by hand.

    Returns
    -------
    Model
        Every quantity with its equation: forward as the templates have it, backward derived.
    """
    if net_inputs != "as written":
        of_all = [part for part in (cell, readout, loss, error) if part is not None]
        taken = {name for part in of_all for name in (*part.fixed, *part.state)}
        taken |= {e.symbol for part in of_all for e in part.equations}
        rows = {e.symbol: e.formula for part in of_all for e in part.equations}
        rows.setdefault("h", Symbol(cell.output, 0))
        by_hand, saturating = net_inputs == "all", logistic(rows)
        cell = with_net_inputs(cell, taken, by_hand, saturating)
        taken |= {e.symbol for e in cell.equations}
        readout = with_net_inputs(readout, taken, by_hand, saturating)
    builder = _Builder(cell, readout, loss, features, stored_weights, error, author, ascii)
    return builder.model()


def model_of(
    specification: Specification, author: Author | None = None, ascii: bool = False
) -> Model:
    """The model of a problem, displayed in the ``author``'s symbols if given, perhaps in ASCII.

    Parameters
    ----------
    specification : Specification
        A checked problem: its cell, readout, loss and number of inputs.
    author : Author, optional
        The notation that labels are written in; the keys stay.
    ascii : bool
        Whether labels do without Unicode.

    Returns
    -------
    Model
        Forward rows in the order of their dependence, backward rows in the reverse order, and one
        gradient a parameter. The derivation is reverse-mode differentiation of the equations
        (Griewank & Walther 2008, chapter 3), unrolled in time as in Werbos (1990).
    """
    s = specification
    stored = s.scheme.weights == "stored"
    parts = tuple(map(_Same, (s.cell, s.readout, s.loss, s.error, author)))
    needed: NetInputs = "needed" if s.scheme.meets_old_weights and not stored else "as written"
    return _remembered(parts, s.features, stored, ascii, needed, language())


class _Same:
    """An object that is equal to none but itself: what a model was made from."""

    def __init__(self, it: Any) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


@lru_cache(maxsize=MOST_REMEMBERED)
def _remembered(
    parts: tuple[_Same, ...],
    features: int,
    stored: bool,
    ascii: bool,
    needed: NetInputs,
    _language: str,
) -> Model:
    """A model, derived once for the problems that share their templates."""
    cell, readout, loss, error, author = (part.it for part in parts)
    return build(cell, readout, loss, features, stored, error, author, ascii, needed)


class _Builder:
    def __init__(
        self,
        cell: Template,
        readout: Template,
        loss: Template | None,
        features: int,
        stored_weights: bool,
        error: Template | None,
        author: Author | None,
        ascii: bool,
    ) -> None:
        self.error, self.ascii = error, ascii
        self.cell, self.readout, self.loss, self.features = cell, readout, loss, features
        self.time_of_weights = 0 if stored_weights else None
        self.parts = [part for part in (cell, readout, loss, error) if part is not None]
        self.coefficients = {name for part in self.parts for name in part.coefficients}
        self.source: dict[str, str] = {}
        self.equations: list[Equation] = []
        for part in self.parts:
            for equation in part.equations:
                self.equations.append(self.prepared(equation))
                self.source[equation.symbol] = said(part.source or part.title)
        self.author = author and author.fitting(self.names())
        self.write: Indexed = Ascii() if ascii else UNICODE
        if self.author is not None:
            from cellcalc.language import authors  # here: most problems have no author

            in_symbols = authors.AuthorsAscii if ascii else authors.AuthorsUnicode
            self.write = in_symbols(author=self.author)
        self.spelled = {e.symbol: spelled_out(e.formula, features) for e in self.equations}
        self.uses = [
            (e, Symbol(e.symbol, 0), frozenset(symbols(self.spelled[e.symbol])))
            for e in self.equations
        ]

    def prepared(self, equation: Equation) -> Equation:
        """The equation for this number of features and this cell's output."""

        def output(symbol: Symbol) -> Symbol:
            is_output = symbol.name == "h" and equation.symbol not in own
            return Symbol(self.cell.output, symbol.shift) if is_output else symbol

        def timed(symbol: Symbol) -> Symbol:
            is_weight = symbol.shift is None and symbol.name not in self.coefficients
            return Symbol(symbol.name, self.time_of_weights) if is_weight else symbol

        own = {e.symbol for e in self.cell.equations}
        formula = rename(rename(equation.formula, output), timed)
        if self.features <= MOST_SPELLED_OUT:
            formula = spelled_out(formula, self.features)
        return Equation(equation.symbol, formula, said(equation.says))

    def names(self) -> list[str]:
        """The symbols of the forward equations; of a vector, also its elements."""
        kinds = {n: kind for part in self.parts for n, kind in part.parameters.items()}
        vectors = ["x", *(name for name, kind in kinds.items() if kind == "input")]
        elements = (key for name in vectors for key in element_keys(name, self.features))
        return list(dict.fromkeys([*kinds, *elements, *(e.symbol for e in self.equations)]))

    def named(self, symbol: str) -> str:
        """A symbol as texts call it: by its key, or as the author does."""
        if self.author is None:
            return symbol
        return self.author.ascii(symbol) if self.ascii else self.author.unicode(symbol)

    def model(self) -> Model:
        inputs = list(self.inputs())
        parameters = list(self.parameters())
        forward = [
            Quantity(e.symbol, Group.FORWARD, e.formula, e.says, self.source[e.symbol])
            for e in self.equations
        ]
        backward, gradients, paths = [], [], {}
        if self.loss:
            says = sentence("quantity", "count")
            backward.append(
                Quantity(COUNTED, Group.BACKWARD, None, says, "derived", derivative_of=LOSS)
            )
            for row in reversed(forward[:-1]):
                backward.append(self.derived(row, Group.BACKWARD))
            for row in inputs:
                if row.symbol != TARGET:
                    backward.append(self.derived(row, Group.BACKWARD))
            gradients = [self.derived(row, Group.GRADIENT) for row in parameters]
            paths = {
                row.symbol: tuple(self.path_rows(row))
                for row in (*backward, *gradients)
                if len(row.terms) > 1
            }
        return Model(
            cell=self.cell,
            readout=self.readout,
            loss=self.loss,
            error=self.error,
            features=self.features,
            inputs=tuple(inputs),
            parameters=tuple(parameters),
            forward=tuple(forward),
            backward=tuple(backward),
            gradients=tuple(gradients),
            paths=paths,
            stored_weights=self.time_of_weights is not None,
            state=tuple(self.cell.state),
            author=self.author,
            ascii=self.ascii,
            coefficients=tuple(
                Quantity(name, Group.COEFFICIENT, None, self.role_of_coefficient(name), "given")
                for part in self.parts
                for name in part.coefficients
            ),
        )

    def inputs(self) -> Iterator[Quantity]:
        for vector in INPUTS:
            for k, name in enumerate(element_keys(vector, self.features), 1):
                kind = "input_element" if self.features > 1 else "input"
                says = sentence("quantity", kind, feature=k)
                yield Quantity(name, Group.INPUT, None, says, "given")
        if self.loss or self.error:
            says = sentence("quantity", "target")
            yield Quantity(TARGET, Group.INPUT, None, says, "given")

    def parameters(self) -> Iterator[Quantity]:
        for part in self.parts:
            for name, kind in part.parameters.items():
                features = self.features if kind == "input" else 1
                for element in element_keys(name, features):
                    says = self.role(element)
                    yield Quantity(element, Group.PARAMETER, None, says, "given")

    def role(self, parameter: str) -> str:
        """What a parameter does, read off the equation that it stands in."""
        symbol = Symbol(parameter, self.time_of_weights)
        for equation, _, uses in self.uses:
            words = {"symbol": self.named(equation.symbol), "meaning": equation.says}
            for node in walk(self.spelled[equation.symbol]) if symbol in uses else ():
                if isinstance(node, Mul) and symbol in node.factors:
                    others = list(node.factors)
                    others.remove(symbol)  # once: of b*b the other b is its partner
                    partner = multiply(*others)
                    return _said("weight", partner=self.write(partner), **words)
                if isinstance(node, Add) and symbol in node.terms:
                    return _said("bias", **words)
        return sentence("quantity", "unused")

    def role_of_coefficient(self, name: str) -> str:
        """Where a coefficient stands."""
        for equation in self.equations:
            if Symbol(name) in symbols(equation.formula):
                words = {"symbol": equation.symbol, "meaning": gist(equation.says)}
                return _said("coefficient", **words)
        return sentence("quantity", "unused_coefficient")

    def derived(self, row: Quantity, group: Group) -> Quantity:
        """The row of the loss's derivative with respect to ``row``."""
        varies = row.group is not Group.PARAMETER
        terms = tuple(self.terms(row.symbol, varies))
        formula = sum_of(terms)
        kind = {Group.PARAMETER: "contribution", Group.INPUT: "derivative_of_input"}
        meaning = gist(row.says)
        words = {"symbol": self.named(row.symbol), "meaning": meaning}
        says = _said(kind.get(row.group, "derivative"), **words)
        key = derivative_key(row.symbol)
        return Quantity(key, group, formula, says, "derived", terms, derivative_of=row.symbol)

    def terms(self, name: str, varies: bool) -> Iterator[Term]:
        """The paths through equations of the same step, then those through the next step's."""
        for later in (0, 1) if varies else (0,):
            used = Symbol(name, -later if varies else self.time_of_weights)
            for equation, own, uses in self.uses:
                if used not in uses:
                    continue
                local = differentiate(equation.formula, used, own)
                if local != ZERO:
                    upstream = Symbol(derivative_key(equation.symbol), later)
                    local = shifted(local, later)
                    formula = _chained(upstream, local)
                    yield Term(name, varies, equation.symbol, later, upstream, local, formula)

    def path_rows(self, row: Quantity) -> Iterator[Quantity]:
        """A row for each quantity that the loss comes through on its way to this row's."""
        for via in dict.fromkeys(term.via for term in row.terms):
            terms = tuple(term for term in row.terms if term.via == via)
            kind = "next_step" if terms[0].later else "same_step"
            local = " + ".join(self.write(term.local) for term in terms)
            yield Quantity(
                symbol=path_key(row.symbol, via),
                group=Group.PATH,
                formula=sum_of(terms),
                says=sentence("path", kind, via=self.named(via), local=local),
                source="derived",
                terms=terms,
                derivative_of=row.derivative_of,
                path_of=row.symbol,
                via=via,
            )


def _said(kind: str, **words: str) -> str:
    """A sentence about a quantity, without brackets where it has no meaning to put there."""
    text = sentence("quantity", kind, **words)
    return text if words["meaning"] else text.replace(" ()", "").replace("（）", "")


def _chained(upstream: Symbol, local: Expression) -> Expression:
    """``upstream * local`` as it is written: a sign goes in front, a factor 1 goes away."""
    if isinstance(local, Neg):
        return Neg(_chained(upstream, local.operand))
    return upstream if local == ONE else multiply(upstream, local)
