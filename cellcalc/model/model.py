"""The model: every quantity of a problem with its equation, forward and backward.

What builds it is :mod:`cellcalc.model.derivation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cellcalc.language.keys import derivative_key
from cellcalc.language.notation import (
    Ascii,
    Indexed,
    Latex,
    Notation,
    NumbersInAscii,
    NumbersPutIn,
    Unicode,
)
from cellcalc.language.tree import (
    ONE,
    ZERO,
    Add,
    Call,
    Expression,
    Neg,
    Number,
    Symbol,
    add,
    rebuilt,
    shifted,
    walk,
)
from cellcalc.problems.templates import Template
from cellcalc.records import record

if TYPE_CHECKING:
    from cellcalc.language.authors import Author


TARGET, LOSS, PREDICTION = "target", "E", "y"
TOTAL_LOSS = "L"
COUNTED = derivative_key(LOSS)  # how much a step's loss counts: 1, a share of a mean, or 0


class Group(StrEnum):
    """What a quantity is, and so where it stands in a table or workbook."""

    INPUT = "input"
    PARAMETER = "parameter"
    COEFFICIENT = "coefficient"
    FORWARD = "forward"
    BACKWARD = "backward"
    PATH = "path"
    GRADIENT = "gradient"


@record
class Term:
    """One path by which the loss reaches a quantity: through ``via``, ``later`` steps on.

    ``varies`` tells whether the quantity changes with time (a parameter does not). ``formula``
    is ``upstream`` (the derivative of the quantity that the path runs through) times ``local``
    (the derivative of that quantity's equation).
    """

    quantity: str
    varies: bool
    via: str
    later: int
    upstream: Symbol
    local: Expression
    formula: Expression


@record
class Quantity:
    """One row: ``symbol[t] = formula`` (None for what is given), and what it means.

    ``terms`` are the paths of a derived row, in the order in which its formula adds them;
    ``derivative_of`` is the quantity that the loss is differentiated by. A path row is the part of
    the row ``path_of`` that comes through ``via``. These three are "" where there is no such thing.
    """

    symbol: str
    group: Group
    formula: Expression | None
    says: str
    source: str
    terms: tuple[Term, ...] = ()
    derivative_of: str = ""
    path_of: str = ""
    via: str = ""


@record
class Model:
    """All quantities of a problem, each with its equation.

    ``forward`` and ``backward`` are in the order of computation within a step; ``paths`` maps a
    row of ``backward`` or ``gradients`` to its path rows, where there are several; ``gradients``
    hold each step's contribution to a parameter's gradient, which is the sum over the window;
    ``coefficients`` are numbers of the templates that are not learned. A model has a ``loss``, or
    an ``error`` that is computed forward only, or neither.
    ``stored_weights`` tells that parameters are indexed by time in the equations; ``state`` names
    what one step hands to the next; ``author`` says in whose symbols it is displayed,
    ``ascii`` whether without Unicode.
    """

    cell: Template
    readout: Template
    loss: Template | None
    features: int
    inputs: tuple[Quantity, ...]
    parameters: tuple[Quantity, ...]
    forward: tuple[Quantity, ...]
    backward: tuple[Quantity, ...]
    gradients: tuple[Quantity, ...]
    paths: Mapping[str, tuple[Quantity, ...]]
    stored_weights: bool
    state: tuple[str, ...]
    author: Author | None = None
    coefficients: tuple[Quantity, ...] = ()
    error: Template | None = None
    ascii: bool = False

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Every quantity by its symbol; path rows come after the row that they belong to."""
        rows = [*self.inputs, *self.parameters, *self.coefficients, *self.forward]
        for row in (*self.backward, *self.gradients):
            rows += [row, *self.paths_of(row)]
        return {row.symbol: row for row in rows}

    @cached_property
    def derivatives(self) -> frozenset[str]:
        """The names that are derivatives of the loss."""
        return frozenset(row.symbol for row in (*self.backward, *self.gradients))

    def unicode(self, step: int | None = None) -> Indexed:
        """What writes equations as text, in the author's symbols if there is one."""
        if self.author is None:
            return Unicode(derivatives=self.derivatives, step=step)
        from cellcalc.language.authors import AuthorsUnicode  # here: most problems have no author

        return AuthorsUnicode(derivatives=self.derivatives, step=step, author=self.author)

    def maths(self, step: int | None = None) -> Indexed:
        """What writes equations for the terminal: :meth:`unicode`, or in ASCII if that is asked."""
        if not self.ascii:
            return self.unicode(step)
        if self.author is None:
            return Ascii(derivatives=self.derivatives, step=step)
        from cellcalc.language.authors import AuthorsAscii

        return AuthorsAscii(derivatives=self.derivatives, step=step, author=self.author)

    def numbers_put_in(
        self, value: Callable[[Symbol], float], written: Callable[[float], str]
    ) -> Notation:
        """What writes equations for the terminal with numbers in place of the symbols."""
        notation = NumbersInAscii if self.ascii else NumbersPutIn
        return notation(value=value, written=written, features=self.features)

    def latex(self) -> Indexed:
        """What writes equations in LaTeX."""
        if self.author is None:
            return Latex(derivatives=self.derivatives)
        from cellcalc.language.authors import AuthorsLatex

        return AuthorsLatex(derivatives=self.derivatives, author=self.author)

    def label(self, key: str) -> str:
        """A row's name for people: its key, or the author's symbol."""
        if self.author is None:
            return key
        write = self.author.ascii if self.ascii else self.author.unicode
        return write(*self.labelled(key))

    def labelled(self, key: str) -> tuple[str, str, bool]:
        """What a row is named after: its key, its time (0 for ``dh0``), if it is a derivative."""
        if key not in self.derivatives and key.removesuffix("0") in self.derivatives:
            return key[:-1], "0", True
        return key, "", key in self.derivatives

    @cached_property
    def leaving(self) -> dict[str, Expression]:
        """The formula of each derived row at the last step of a window: nothing flows back there.

        It has only those paths that stay within the step.
        """
        rows = [row for row in self.quantities.values() if any(t.later for t in row.terms)]
        return {row.symbol: sum_of(tuple(t for t in row.terms if not t.later)) for row in rows}

    @cached_property
    def entering(self) -> tuple[Quantity, ...]:
        """The rows of the derivatives of each state at the step before a window, as in ``dc0``.

        They are the rows of the state with only those paths that run through the next step; the
        path rows that this cuts off have the formula 0.
        """
        rows = []
        for name in self.state if self.loss else ():
            whole = self.quantities[derivative_key(name)]
            for row in (whole, *self.paths_of(whole)):
                terms = tuple(term for term in row.terms if term.later)
                rows.append(replace(row, formula=sum_of(terms), terms=terms))
        return tuple(rows)

    @cached_property
    def _logistic(self) -> dict[str, Expression]:
        rows = {row.symbol: row.formula for row in self.forward if row.formula is not None}
        return logistic(rows) if self.loss else {}

    def computed(self, formula: Expression) -> Expression:
        """The formula as it is computed: ln y and ln(1 - y) of a logistic y from its net input.

        They are the same numbers; but where y is nearly 0 or 1 they lose their digits as they are
        written, so that a cross-entropy would stand still at 690.8 and its slope at 0.
        """
        nets = self._logistic

        def exact(e: Expression) -> Expression | None:
            match e:
                case Call("log", inner) if found := of_logistic(inner):
                    name, symbol, net = found
                    return Call(f"log_{name}", symbol, (net,))
                case Add() if found := of_logistic(e):
                    return Call(found[0], found[1], (found[2],))
            return None

        def of_logistic(e: Expression) -> tuple[str, Symbol, Expression] | None:
            match e:
                case Symbol(name, int() as shift) if name in nets and shift >= 0:
                    return "logistic", e, shifted(nets[name], shift)
                case Add((Number(1.0), Neg(Symbol() as symbol))):
                    inner = of_logistic(symbol)
                    return inner and ("complement", symbol, inner[2])
            return None

        return rebuilt(formula, exact) if nets else formula

    @cached_property
    def generated(self) -> dict[object, Any]:
        """What has been generated from this model, by what it was for; made but once."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: the equations; what follows from them is made again where it is read."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def carousel(self) -> tuple[str, Expression] | None:
        """The state that acts on itself one step later, and by what factor: c, through f[t+1].

        None where no state does.
        """
        for state in self.state:
            row = self.quantities.get(derivative_key(state))
            for term in row.terms if row else ():
                if term.later and term.via == state:
                    return state, term.local
        return None

    def paths_of(self, row: Quantity) -> tuple[Quantity, ...]:
        """The path rows beneath a row: none where there is a single path."""
        return self.paths.get(row.symbol, ())


def logistic(rows: Mapping[str, Expression]) -> dict[str, Expression]:
    """The net input of the prediction, where that is logistic and the loss takes ln y or ln(1 - y).

    Also that of h, where y is no more than another name for it. ``rows`` are the equations forward.
    """
    y = Symbol(PREDICTION, 0)
    saturating = {Call("log", y), Call("log", add(ONE, Neg(y)))}
    if LOSS not in rows or saturating.isdisjoint(walk(rows[LOSS])):
        return {}
    names = [PREDICTION]
    while isinstance(same := rows.get(names[-1]), Symbol) and same.shift == 0:
        names.append(same.name)
    match rows.get(names[-1]):
        case Call("sigmoid", net):
            return dict.fromkeys(names, net)
    return {}


def sum_of(terms: tuple[Term, ...]) -> Expression:
    """The sum of the paths; 0 where there is none."""
    return add(*(term.formula for term in terms)) if terms else ZERO


_GATES = ("sigmoid", "hard_sigmoid", "hardsigmoid")
_BOUNDS = (Number(0.0), Number(1.0))


def is_gate(quantity: Quantity) -> bool:
    """Whether it lies between 0 (closed) and 1 (open)."""
    match quantity.formula:
        case Call("clip", _, others):
            return others == _BOUNDS
        case Call(function):
            return function in _GATES
    return False


def is_squashed(quantity: Quantity) -> bool:
    """Whether it lies between -1 and 1."""
    return isinstance(quantity.formula, Call) and quantity.formula.function == "tanh"
