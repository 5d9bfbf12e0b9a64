"""A program of somebody's own, followed statement by statement with symbols in place of numbers.

Nothing is run: no code of the program's is handed to Python, and of what it calls only the
functions below are known. Each of its numbers is a :class:`Term`, the tree of what it was made of.
So lists that begin with the start state, loops that count from 0 or from 1, and states handed on
from turn to turn are what they are, however they are written. What names mean is for
:class:`Meanings`, to which every assignment is told.
"""

from __future__ import annotations

import ast
import contextlib
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy

from cellcalc.language.tree import Call, Div, Expression, Neg, Pow, add, multiply, number

MOST_OPERATIONS = 60_000
MOST_NODES = 600  # of the tree of one number
LARGEST = 10**12  # of a whole number
MOST_ELEMENTS = 20_000  # of an array
MOST_CALLS = 12  # within one another
_EPOCHS = {"epoch", "epochs", "ep", "e", "_", "it", "iter", "iteration", "batch", "trial", "run"}


class NotFollowedError(Exception):
    """Something that is not followed; what it would have given is not known."""


class Meanings(Protocol):
    """What the numbers of a program are."""

    steps: int

    def assigned(self, line: int, name: str, value: Any, slot: object, known: bool) -> Any:
        """A number is given to a name; what it is called by from now on is given back.

        ``slot`` is the place that it is kept in, ``known`` whether it is new there.
        """

    def added(self, line: int, name: str, more: Any, slot: object) -> bool:
        """Something is added to a name; whether that says all there is to say of it."""

    def summed(self, name: str, value: Any) -> Any:
        """What a loop over the steps has added up: a gradient is called by its name."""

    def given(self, name: str, value: Any) -> Any:
        """Data written in the program: with the symbols of the problem where they are its own."""

    def drawn(self, name: str) -> Any:
        """What a parameter is that the program draws at random."""

    def at_step(self, step: int | None) -> None:
        """The step of the loop's turn."""


class Term:
    """A number: what it is made of, and what it is worth in several worlds of numbers."""

    __slots__ = ("line", "raw", "size", "tree", "turn", "values")

    def __init__(
        self,
        tree: Expression,
        values: tuple[float, ...],
        size: int = 1,
        raw: Term | None = None,
        turn: int | None = None,
        line: int = 0,
    ) -> None:
        if size > MOST_NODES:
            raise NotFollowedError
        self.tree, self.values, self.size = tree, values, size
        self.raw = raw  # the same before it was called by a name
        self.turn, self.line = turn, line  # where it was; no turn where the name only says it

    def bare(self) -> Term:
        """The number as it is called, without how it was made."""
        return Term(self.tree, self.values, self.size)

    def _with(self, other: object, make: Callable[..., Expression], value: Any, turn: bool) -> Any:
        if isinstance(other, bool) or not isinstance(other, Term | int | float):
            return NotImplemented
        theirs = other if isinstance(other, Term) else constant(float(other), len(self.values))
        a, b = (theirs, self) if turn else (self, theirs)
        try:
            values = tuple(map(value, a.values, b.values))
        except (ArithmeticError, ValueError) as error:
            raise NotFollowedError from error
        return Term(make(a.tree, b.tree), values, a.size + b.size + 1)

    def __add__(self, other: object) -> Any:
        return self.bare() if _is_zero(other) else self._with(other, add, operator.add, False)

    def __radd__(self, other: object) -> Any:
        return self.bare() if _is_zero(other) else self._with(other, add, operator.add, True)

    def __sub__(self, other: object) -> Any:
        return self.bare() if _is_zero(other) else self._with(other, _less, operator.sub, False)

    def __rsub__(self, other: object) -> Any:
        return self._with(other, _less, operator.sub, True)

    def __mul__(self, other: object) -> Any:
        return 0.0 if _is_zero(other) else self._with(other, multiply, operator.mul, False)

    def __rmul__(self, other: object) -> Any:
        return 0.0 if _is_zero(other) else self._with(other, multiply, operator.mul, True)

    def __truediv__(self, other: object) -> Any:
        return self._with(other, Div, operator.truediv, False)

    def __rtruediv__(self, other: object) -> Any:
        return self._with(other, Div, operator.truediv, True)

    def __pow__(self, other: object) -> Any:
        return self._with(other, Pow, operator.pow, False)

    def __neg__(self) -> Term:
        return Term(_negative(self.tree), tuple(-v for v in self.values), self.size + 1)

    def __pos__(self) -> Term:
        return self


def constant(value: float, worlds: int) -> Term:
    """A number as it is written."""
    return Term(number(value), (value,) * worlds)


def _is_zero(value: object) -> bool:
    return isinstance(value, int | float) and value == 0


def _negative(tree: Expression) -> Expression:
    return tree.operand if isinstance(tree, Neg) else Neg(tree)


def _less(a: Expression, b: Expression) -> Expression:
    return add(a, _negative(b))


def _logistic(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


_ONE: Mapping[str, Callable[[float], float]] = {
    "tanh": math.tanh, "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "sigmoid": _logistic,
    "abs": abs,
}  # fmt: skip
_SPELLED = {"expit": "sigmoid", "fabs": "abs", "absolute": "abs"}
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_AS_IT_IS = ("copy", "detach", "clone", "numpy", "float", "double", "astype", "cpu", "to", "item",
             "contiguous", "requires_grad_", "tolist", "asarray", "array", "tensor", "atleast_1d",
             "FloatTensor", "DoubleTensor", "float64", "float32", "deepcopy", "as_tensor",
             "Parameter", "asanyarray")  # fmt: skip
_MODULES = ("np", "numpy", "math", "torch", "jnp")
_NUMBERS = {"nan": math.nan, "NaN": math.nan, "inf": math.inf, "pi": math.pi, "e": math.e}
_ARRAYS = ("array", "asarray", "tensor", "FloatTensor", "DoubleTensor", "as_tensor", "atleast_1d",
           "asanyarray", "mat", "matrix")  # fmt: skip
_OF_ONE = ("reshape", "flatten", "sum", "squeeze", "ravel", "mean", "view", "unsqueeze")
_ZEROS = ("zeros", "empty", "zeros_like", "empty_like")
_RANDOM = ("rand", "randn", "random", "normal", "uniform", "standard_normal", "random_sample",
           "xavier_uniform", "glorot")  # fmt: skip


def applied(name: str, value: Any) -> Any:
    """A function of one number, or of each in an array."""
    if isinstance(value, list | tuple):
        value = as_array(value)
    if isinstance(value, numpy.ndarray):
        made = numpy.empty(value.shape, dtype=object)
        for place, one in numpy.ndenumerate(value):
            made[place] = applied(name, one)
        return made
    if isinstance(value, bool) or not isinstance(value, Term | int | float):
        raise NotFollowedError
    try:
        if isinstance(value, Term):
            values = tuple(map(_ONE[name], value.values))
            return Term(Call(name, value.tree), values, value.size + 1)
        return _ONE[name](float(value))
    except (ArithmeticError, ValueError) as error:
        raise NotFollowedError from error


def _counted(value: Any, most: int) -> int:
    """How many numbers are in nested lists, counted no further than needed."""
    if not isinstance(value, list | tuple):
        return 1
    count = 0
    for one in value:
        count += _counted(one, most - count)
        if count > most:
            raise NotFollowedError
    return count


def as_array(value: Any) -> Any:
    """Nested lists as an array; a number stays one."""
    if isinstance(value, numpy.ndarray):
        return value
    _counted(value, MOST_ELEMENTS)
    if isinstance(value, list | tuple):
        parts = [as_array(one) for one in value]
        shapes = {numpy.shape(part) if isinstance(part, numpy.ndarray) else () for part in parts}
        if len(shapes) != 1 or len(parts) > MOST_ELEMENTS:
            raise NotFollowedError
        made = numpy.empty((len(parts), *shapes.pop()), dtype=object)
        for k, part in enumerate(parts):
            made[k] = part
        return made
    if value is not None and (isinstance(value, bool) or not isinstance(value, Term | int | float)):
        raise NotFollowedError
    return value


def _single(value: Any) -> Any:
    """The number in an array of one, so that it is a number like any other."""
    return value.reshape(-1)[0] if isinstance(value, numpy.ndarray) and value.size == 1 else value


@dataclass
class _Function:
    node: ast.FunctionDef | ast.Lambda
    scope: _Names
    owner: _Object | None = None


@dataclass
class _Object:
    """An instance of a class of the program."""

    methods: Mapping[str, ast.FunctionDef]
    scope: _Names
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Class:
    node: ast.ClassDef
    scope: _Names


@dataclass
class _Names:
    """The names of a body of code, and those around it."""

    own: dict[str, Any] = field(default_factory=dict)
    around: _Names | None = None

    def find(self, name: str) -> Any:
        scope: _Names | None = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.around
        raise NotFollowedError


class _ReturnError(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _BreakError(Exception):
    """A loop is left, or its turn."""

    def __init__(self, whole: bool) -> None:
        self.whole = whole


_UNKNOWN = object()


class Following:
    """Follows one program; ``lines`` are those that were followed to their end."""

    def __init__(self, meanings: Meanings) -> None:
        self.meanings = meanings
        self.lines: set[int] = set()
        self.missed: set[int] = set()
        self.called: set[str] = set()
        self.operations = self.depth = 0
        self.step: int | None = None
        self.base = 0
        self.sums: dict[str, tuple[ast.expr, ast.expr, _Names]] = {}  # that the loop adds up

    def program(self, tree: ast.Module) -> None:
        """All of it, and the functions with a loop over the steps that nothing in it calls."""
        names = _Names()
        self.body(tree.body, names)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name not in self.called:
                loops = any(isinstance(n, ast.For) for n in ast.walk(node))
                if loops:
                    self.uncalled(node, names)

    def uncalled(self, node: ast.FunctionDef, names: _Names) -> None:
        inner = _Names(around=names)
        for one in node.args.args:
            try:
                inner.own[one.arg] = self.meanings.drawn(one.arg)
            except NotFollowedError:
                inner.own[one.arg] = _UNKNOWN
        with contextlib.suppress(_ReturnError):
            self.body(node.body, inner)

    def body(self, statements: Iterable[ast.stmt], names: _Names) -> None:
        for statement in statements:
            self.spend(1)
            try:
                self.statement(statement, names)
            except (
                NotFollowedError, TypeError, ValueError, IndexError, KeyError, AttributeError,
                ArithmeticError, RecursionError,
            ) as error:  # fmt: skip
                if self.operations > MOST_OPERATIONS:
                    raise NotFollowedError from error
                self.missed.add(statement.lineno)
                for target in _targets(statement):
                    names.own[target] = _UNKNOWN
            else:
                if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    self.lines.add(statement.lineno)

    def statement(self, node: ast.stmt, names: _Names) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                again = _made_of(targets[0], value)
                if again and isinstance(targets[0], ast.Name):
                    name = targets[0].id
                    names = _Names({name: self.raw(names.find(name), node.lineno)}, names)
                found = self.value(value, names, _target_name(targets[0]))
                names = names.around if again and names.around is not None else names
                for target in targets:
                    # What a function gives back has been told of where it was made.
                    back = isinstance(target, ast.Tuple) and isinstance(value, ast.Call)
                    self.assign(node.lineno, target, found, names, again, told=not back)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                found = self.value(value, names, _target_name(target))
                self.assign(node.lineno, target, found, names, False)
            case ast.AugAssign(target=target, op=op, value=value):
                self.augmented(node, target, op, value, names)
            case ast.For():
                self.loop(node, names)
            case ast.If(test=test, body=body, orelse=others):
                self.body(body if self.truth(test, names) else others, names)
            case ast.With(body=body) | ast.Try(body=body):
                self.body(body, names)
            case ast.FunctionDef():
                names.own[node.name] = _Function(node, names)
            case ast.ClassDef():
                names.own[node.name] = _Class(node, names)
            case ast.Return(value=value):
                raise _ReturnError(None if value is None else self.value(value, names))
            case ast.Break():
                raise _BreakError(True)
            case ast.Continue():
                raise _BreakError(False)
            case ast.Expr(value=ast.Call() as call):
                if not _is_shown(call):
                    self.value(call, names)
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr() | ast.Global():
                pass
            case ast.Assert() | ast.Delete() | ast.Nonlocal():
                pass
            case _:
                raise NotFollowedError

    def spend(self, operations: int) -> None:
        """Count what is done; a program of more is not followed any further."""
        self.operations += operations
        if self.operations > MOST_OPERATIONS:
            raise NotFollowedError

    def truth(self, node: ast.expr, names: _Names) -> bool:
        found = self.value(node, names)
        if isinstance(found, Term | numpy.ndarray) or found is _UNKNOWN:
            raise NotFollowedError
        return bool(found)

    def loop(self, node: ast.For, names: _Names) -> None:
        turns = list(self.elements(self.value(node.iter, names)))
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        outer = self.step
        if name.lower() in _EPOCHS and outer is None and not _uses(node.body, name):
            turns = turns[:1]  # each turn is like the first
        over_steps = outer is None and self.is_of_steps(turns)
        backward = over_steps and _is_backward(node.iter, turns)
        if over_steps and turns and isinstance(turns[0], int) and len(turns) == self.meanings.steps:
            self.base = min(turns)
        for k, turn in enumerate(turns):
            if over_steps:
                self.step = self.step_of(turn, k, len(turns), backward)
                self.meanings.at_step(self.step)
            try:
                self.assign(node.lineno, node.target, turn, names, False, told=False)
                self.body(node.body, names)
            except _BreakError as stop:
                if stop.whole:
                    break
            finally:
                if over_steps:
                    self.step = outer
                    self.meanings.at_step(outer)
        if over_steps:
            for loaded, target, own in self.sums.values():
                whole = self.meanings.summed(_target_name(target), self.value(loaded, own))
                self.assign(node.lineno, target, whole, own, False, told=False)
            self.sums = {}

    def is_of_steps(self, turns: Sequence[Any]) -> bool:
        """Whether a loop goes over the steps."""
        steps = self.meanings.steps
        if not turns or any(isinstance(turn, str) for turn in turns):
            return False
        if all(isinstance(turn, int) for turn in turns):
            return abs(len(turns) - steps) <= 1
        return len(turns) == steps

    def step_of(self, turn: Any, k: int, count: int, backward: bool) -> int:
        steps = self.meanings.steps
        if count != steps and isinstance(turn, int):
            return turn + 1 - self.base
        return steps - k if backward else k + 1

    def elements(self, value: Any) -> Iterable[Any]:
        if isinstance(value, list | tuple | range | dict | numpy.ndarray):
            return list(value)
        raise NotFollowedError

    # What is given to names.

    def assign(
        self,
        line: int,
        target: ast.expr,
        value: Any,
        names: _Names,
        again: bool,
        told: bool = True,
    ) -> None:
        match target:
            case ast.Name(id=name):
                if told:
                    value = self.told(line, name, value, (id(names), name), again)
                names.own[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                found = list(self.elements(value))
                if len(found) != len(parts):
                    raise NotFollowedError
                for one, its in zip(parts, found, strict=True):
                    self.assign(line, one, its, names, again, told)
            case ast.Attribute(value=owner, attr=name):
                of = self.value(owner, names)
                if not isinstance(of, _Object):
                    raise NotFollowedError
                own = self.told(line, name, value, (id(of), name), again) if told else value
                of.fields[name] = own
            case ast.Subscript(value=owner, slice=index):
                of, place = self.value(owner, names), self.index(index, names)
                name = _target_name(owner)
                if isinstance(place, str):
                    name = _of_key(name, place)
                if isinstance(of, numpy.ndarray):
                    value = _single(value) if numpy.ndim(of[place]) == 0 else as_array(value)
                elif not isinstance(of, list | dict):
                    raise NotFollowedError
                place_key = place if isinstance(place, int | str | tuple) else None
                if told:
                    value = self.told(line, name, value, (id(of), place_key), again)
                of[place] = value
            case _:
                raise NotFollowedError

    def told(self, line: int, name: str, value: Any, slot: object, again: bool) -> Any:
        """Tell what is given, so that it may be called by its name."""
        if isinstance(value, numpy.ndarray):
            if not any(isinstance(v, Term) for v in value.flat):
                return self.meanings.given(name, value) if self.step is None else value
            if value.size > 64:
                return value
            made = self.meanings.assigned(line, name, value, slot, again)
            return made if isinstance(made, numpy.ndarray) else value
        if isinstance(value, Term):
            return self.meanings.assigned(line, name, value, slot, again)
        if isinstance(value, float) and self.step is None and not again:
            return self.meanings.given(name, value)  # W, U = 0.5, 0.1
        return value

    def augmented(
        self,
        node: ast.AugAssign,
        target: ast.expr,
        op: ast.operator,
        value: ast.expr,
        names: _Names,
    ) -> None:
        before = self.value(_loaded(target), names)
        more = self.value(value, names)
        if isinstance(before, list) and isinstance(op, ast.Add) and isinstance(more, list):
            self.spend(len(before) + len(more))
            for one in more:
                place = (id(before), len(before))
                before.append(self.told(node.lineno, _target_name(target), one, place, False))
            return
        is_element = isinstance(target, ast.Subscript)
        made = self.operation(op, self.raw(before, 0 if is_element else node.lineno), more)
        slot = self.slot(target, names)
        is_sum = isinstance(op, ast.Add) and self.step is not None
        told = is_sum and self.meanings.added(node.lineno, _target_name(target), more, slot)
        self.assign(node.lineno, target, made, names, True, told=not told)
        if told:
            self.sums[ast.unparse(target)] = (_loaded(target), target, names)

    def raw(self, value: Any, line: int) -> Any:
        """A number as it was made in this turn, whatever it has been called since.

        More is added to that. What an earlier turn has handed on is what it is called, if it is
        that, or if the same line called it so.
        """
        if isinstance(value, Term) and value.raw is not None:
            is_new = value.turn == self.step or (value.turn is None and value.line != line)
            return value.raw if is_new or not line else value
        if isinstance(value, numpy.ndarray):
            made = value.copy()
            for place, one in numpy.ndenumerate(value):
                made[place] = self.raw(one, line)
            return made
        return value

    def slot(self, target: ast.expr, names: _Names) -> object:
        match target:
            case ast.Name(id=name):
                return (id(names), name)
            case ast.Attribute(value=owner, attr=name):
                return (id(self.value(owner, names)), name)
        return object()

    # Expressions.

    def value(self, node: ast.expr, names: _Names, name: str = "") -> Any:
        self.spend(1)
        found = self._value(node, names, name)
        if found is _UNKNOWN or (isinstance(found, int) and abs(found) > LARGEST):
            raise NotFollowedError
        if isinstance(found, list | numpy.ndarray):
            self.spend(len(found) if isinstance(found, list) else found.size)
        return found

    def _value(self, node: ast.expr, names: _Names, name: str) -> Any:
        match node:
            case ast.Constant(value=value):
                if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**9:
                    raise NotFollowedError
                return self.meanings.given(name, value) if isinstance(value, float) else value
            case ast.Name(id=called):
                return names.find(called)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.value(operand, names)
                made = -as_array(inner) if isinstance(inner, list) else -inner
                return self.meanings.given(name, made) if isinstance(made, float) else made
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.value(operand, names)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self.truth(operand, names)
            case ast.BoolOp(op=op, values=values):
                wanted = isinstance(op, ast.Or)
                return (
                    any(self.truth(v, names) for v in values)
                    if wanted
                    else all(self.truth(v, names) for v in values)
                )
            case ast.Compare():
                return self.compared(node, names)
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(op, self.value(left, names), self.value(right, names))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.truth(test, names) else other, names, name)
            case ast.List(elts=parts):
                made = [self.value(one, names) for one in parts]
                return self.meanings.given(name, made) if _is_data(made) else made
            case ast.Tuple(elts=parts):
                return tuple(self.value(one, names) for one in parts)
            case ast.Dict(keys=keys, values=values):
                found: dict[Any, Any] = {}
                for key, one in zip(keys, values, strict=True):
                    if key is None:
                        raise NotFollowedError
                    place = self.value(key, names)
                    called = place if isinstance(place, str) else name
                    found[place] = self.value(one, names, called)
                return found
            case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
                return self.comprehended(node, names)
            case ast.Attribute(value=owner, attr=attr):
                return self.attribute(owner, attr, names)
            case ast.Subscript(value=owner, slice=index):
                return self.element(self.value(owner, names), self.index(index, names))
            case ast.Call():
                return self.call(node, names, name)
            case ast.Lambda():
                return _Function(node, names)
            case ast.JoinedStr():
                return ""
        raise NotFollowedError

    def compared(self, node: ast.Compare, names: _Names) -> bool:
        parts = [self.value(one, names) for one in (node.left, *node.comparators)]
        is_of_none = len(parts) == 2 and parts[1] is None
        if any(isinstance(one, Term | numpy.ndarray) for one in parts) and not is_of_none:
            raise NotFollowedError
        pairs = zip(node.ops, parts, parts[1:], strict=False)
        return all(_COMPARED[type(op)](a, b) for op, a, b in pairs)

    def comprehended(
        self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp, names: _Names
    ) -> Any:
        if len(node.generators) != 1:
            raise NotFollowedError
        one = node.generators[0]
        inner = _Names(around=names)
        made: list[Any] = []
        for turn in self.elements(self.value(one.iter, names)):
            self.assign(node.lineno, one.target, turn, inner, False, told=False)
            if all(self.truth(test, inner) for test in one.ifs):
                if isinstance(node, ast.DictComp):
                    made.append((self.value(node.key, inner), self.value(node.value, inner)))
                else:
                    made.append(self.value(node.elt, inner))
        return dict(made) if isinstance(node, ast.DictComp) else made

    def operation(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, ast.MatMult):
            return self.product(left, right)
        if isinstance(op, ast.Pow):
            return _power(left, right)
        function = _OPERATORS.get(type(op))
        if function is None:
            raise NotFollowedError
        repeated = isinstance(op, ast.Mult) and isinstance(right, int)
        joined = isinstance(op, ast.Add) and isinstance(right, list)
        if isinstance(left, list) and (repeated or joined):
            if (len(left) * max(right, 0) if repeated else len(left) + len(right)) > MOST_ELEMENTS:
                raise NotFollowedError
            return function(left, right)
        if isinstance(left, numpy.ndarray) or isinstance(right, numpy.ndarray):
            left, right = as_array(left), as_array(right)
        plain = all(isinstance(v, Term | int | float | numpy.ndarray) for v in (left, right))
        if not plain:
            raise NotFollowedError
        return function(left, right)

    def product(self, left: Any, right: Any) -> Any:
        left, right = as_array(left), as_array(right)
        if not isinstance(left, numpy.ndarray) or not isinstance(right, numpy.ndarray):
            return left * right
        self.spend(left.size * right.size)
        return numpy.dot(left, right)

    def index(self, node: ast.expr, names: _Names) -> Any:
        if isinstance(node, ast.Slice):
            parts = [None if p is None else self.value(p, names)
                     for p in (node.lower, node.upper, node.step)]  # fmt: skip
            if any(isinstance(p, Term) for p in parts):
                raise NotFollowedError
            return slice(*parts)
        if isinstance(node, ast.Tuple):
            return tuple(self.index(one, names) for one in node.elts)
        found = self.value(node, names)
        if isinstance(found, float | Term | numpy.ndarray):
            raise NotFollowedError
        return found

    def element(self, of: Any, place: Any) -> Any:
        if isinstance(of, Term | int | float) and place in (0, (0, 0), (), None, (0,), slice(None)):
            return of
        if isinstance(of, list | tuple | range | dict | numpy.ndarray):
            return of[place]
        raise NotFollowedError

    def attribute(self, owner: ast.expr, attr: str, names: _Names) -> Any:
        if attr in _NUMBERS and isinstance(owner, ast.Name) and owner.id in _MODULES:
            return _NUMBERS[attr]
        of = self.value(owner, names)
        if isinstance(of, _Object):
            if attr in of.fields:
                return of.fields[attr]
            if attr in of.methods:
                return _Function(of.methods[attr], of.scope, of)
        if attr in ("T", "mT"):
            return as_array(of).T if isinstance(of, numpy.ndarray | list) else of
        if attr in ("data", "value"):
            return of
        if attr == "shape":
            return as_array(of).shape if isinstance(of, numpy.ndarray | list) else ()
        if attr == "size":
            return as_array(of).size if isinstance(of, numpy.ndarray | list) else 1
        raise NotFollowedError

    def call(self, node: ast.Call, names: _Names, name: str) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute):
            try:
                owner = self.value(function.value, names, name)
            except NotFollowedError:
                return self.known(function.attr, node, names, name)  # np.tanh(z)
            return self.method(owner, function.attr, node, names)
        if isinstance(function, ast.Name):
            try:
                found = names.find(function.id)
            except NotFollowedError:
                return self.known(function.id, node, names, name)
            self.called.add(function.id)
            return self.called_with(found, node, names)
        return self.called_with(self.value(function, names), node, names)

    def called_with(self, found: Any, node: ast.Call, names: _Names) -> Any:
        arguments = [self.value(one, names) for one in _positional(node)]
        named = {one.arg: self.value(one.value, names) for one in node.keywords if one.arg}
        if isinstance(found, _Class):
            return self.instance(found, arguments, named)
        if not isinstance(found, _Function):
            raise NotFollowedError
        return self.entered(found, arguments, named)

    def instance(self, of: _Class, arguments: list[Any], named: Mapping[str, Any]) -> _Object:
        methods = {one.name: one for one in of.node.body if isinstance(one, ast.FunctionDef)}
        made = _Object(methods, of.scope)
        if "__init__" in methods:
            self.entered(_Function(methods["__init__"], of.scope, made), arguments, named)
        return made

    def entered(self, found: _Function, arguments: list[Any], named: Mapping[str, Any]) -> Any:
        self.depth += 1
        if self.depth > MOST_CALLS:
            self.depth -= 1
            raise NotFollowedError
        try:
            inner = _Names(around=found.scope)
            node = found.node
            given = ([found.owner] if found.owner is not None else []) + arguments
            wanted = [one.arg for one in node.args.args]
            if len(given) > len(wanted) or node.args.vararg or node.args.kwarg:
                raise NotFollowedError
            defaults = node.args.defaults
            for one, default in zip(wanted[len(wanted) - len(defaults) :], defaults, strict=True):
                inner.own[one] = self.value(default, found.scope)
            inner.own |= dict(zip(wanted, given, strict=False)) | dict(named)
            if any(one not in inner.own for one in wanted):
                raise NotFollowedError
            if isinstance(node, ast.Lambda):
                return self.value(node.body, inner)
            try:
                self.body(node.body, inner)
            except _ReturnError as result:
                return result.value
            return None
        finally:
            self.depth -= 1

    def method(self, owner: Any, attr: str, node: ast.Call, names: _Names) -> Any:
        if isinstance(owner, _Object):
            if attr not in owner.methods:
                raise NotFollowedError
            return self.called_with(_Function(owner.methods[attr], owner.scope, owner), node, names)
        arguments = [self.value(one, names) for one in _positional(node)]
        if isinstance(owner, list):
            if attr == "append" and len(arguments) == 1:
                name = _target_name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
                slot = (id(owner), len(owner))
                owner.append(self.told(node.lineno, name, arguments[0], slot, False))
                return None
            if attr == "insert" and len(arguments) == 2 and isinstance(arguments[0], int):
                name = _target_name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
                told = self.told(node.lineno, name, arguments[1], object(), False)
                owner.insert(arguments[0], told)
                return None
            if attr == "reverse":
                owner.reverse()
                return None
            if attr in ("pop", "copy"):
                return owner.pop(*arguments) if attr == "pop" else list(owner)
            raise NotFollowedError
        if isinstance(owner, dict):
            if attr in ("items", "keys", "values"):
                return list(getattr(owner, attr)())
            if attr == "get" and arguments:
                return owner.get(*arguments)
            raise NotFollowedError
        if attr in _AS_IT_IS:
            return owner.copy() if isinstance(owner, numpy.ndarray) else owner
        if attr in _SPELLED or attr in _ONE:
            return applied(_SPELLED.get(attr, attr), owner)
        if attr in _OF_TWO and len(arguments) == 1:
            return self.operation(_OF_TWO[attr], owner, arguments[0])
        if attr in ("dot", "matmul", "mm") and len(arguments) == 1:
            return self.product(owner, arguments[0])
        if attr in ("square",):
            return owner * owner
        if isinstance(owner, Term | int | float) and attr in (
            "reshape",
            "flatten",
            "sum",
            "squeeze",
            "ravel",
            "mean",
        ):
            return owner
        if isinstance(owner, numpy.ndarray):
            return self.of_array(owner, attr, arguments)
        raise NotFollowedError

    def of_array(self, owner: Any, attr: str, arguments: list[Any]) -> Any:
        if attr in ("flatten", "ravel", "squeeze"):
            return owner.reshape(-1) if attr != "squeeze" else numpy.squeeze(owner)
        if attr in ("reshape", "view"):
            return owner.reshape(*arguments)
        if attr in ("transpose", "t"):
            return owner.T
        if attr == "sum":
            return _total(owner)
        if attr == "mean":
            return _total(owner) / owner.size
        if attr == "item":
            return _single(owner)
        raise NotFollowedError

    def known(self, function: str, node: ast.Call, names: _Names, name: str) -> Any:
        """A function of Python's, numpy's, torch's or math's."""
        if function in _RANDOM or function in ("Linear", "LSTM"):
            return self.meanings.drawn(name)
        arguments = [self.value(one, names, name) for one in _positional(node)]
        first = arguments[0] if arguments else None
        if function in ("range", "arange"):
            if not arguments or not all(isinstance(one, int) for one in arguments):
                raise NotFollowedError
            found = range(*arguments)
            if len(found) > MOST_ELEMENTS:
                raise NotFollowedError
            return found
        if function in _ZEROS or function in ("ones", "ones_like"):
            shape: Any = first
            if isinstance(first, numpy.ndarray | list) and function.endswith("_like"):
                shape = as_array(first).shape
            elif isinstance(first, Term | float) or (
                function.endswith("_like") and first is not None
            ):
                return 0.0 if function in _ZEROS else 1.0
            if len(arguments) > 1 and all(isinstance(one, int) for one in arguments):
                shape = tuple(arguments)
            if numpy.prod(shape, dtype=float) > MOST_ELEMENTS:
                raise NotFollowedError
            made = numpy.empty(shape, dtype=object)
            made[...] = 0.0 if function in _ZEROS else 1.0
            return made
        if function in ("array", "asarray", "tensor", "FloatTensor", "DoubleTensor", "as_tensor",
                        "atleast_1d", "asanyarray", "column_stack", "mat", "matrix"):  # fmt: skip
            return (
                as_array(list(first) if isinstance(first, range) else first).copy()
                if isinstance(first, list | tuple | numpy.ndarray)
                else first
            )
        if function in _AS_IT_IS and arguments:
            return first.copy() if isinstance(first, numpy.ndarray | list | dict) else first
        if function in _SPELLED or function in _ONE:
            return applied(_SPELLED.get(function, function), first)
        if function in _OF_TWO and len(arguments) == 2:
            return self.operation(_OF_TWO[function], *arguments)
        if function in ("dot", "matmul", "mm", "inner", "vdot") and len(arguments) == 2:
            return self.product(*arguments)
        if function == "outer" and len(arguments) == 2:
            a, b = (numpy.atleast_1d(as_array(one)).reshape(-1) for one in arguments)
            if a.size * b.size > MOST_ELEMENTS:
                raise NotFollowedError
            return numpy.multiply.outer(a, b)
        if function == "square":
            return self.operation(ast.Mult(), first, first)
        if function in ("sum", "fsum", "mean"):
            values = as_array(list(self.elements(first)))
            whole = _total(values)
            return whole / values.size if function == "mean" else whole
        if function == "len":
            return len(first)  # type: ignore[arg-type]
        if function == "reversed":
            return list(self.elements(first))[::-1]
        if function in ("list", "tuple", "deque"):
            return list(self.elements(first)) if arguments else []
        if function in ("dict", "OrderedDict", "defaultdict"):
            named = {one.arg: self.value(one.value, names, one.arg)
                     for one in node.keywords if one.arg}  # fmt: skip
            return dict(first or {}) | named if not callable(first) else named
        if function == "enumerate":
            start = next((self.value(k.value, names) for k in node.keywords if k.arg == "start"), 0)
            start = arguments[1] if len(arguments) > 1 else start
            return list(enumerate(self.elements(first), start))
        if function == "zip":
            return list(zip(*(self.elements(one) for one in arguments), strict=False))
        if function in ("concatenate", "hstack", "cat", "r_"):
            parts = [numpy.atleast_1d(as_array(one)) for one in self.elements(first)]
            return numpy.concatenate(parts)
        if function in ("stack", "vstack"):
            return as_array([as_array(one) for one in self.elements(first)])
        if function == "append" and len(arguments) == 2:
            parts = [numpy.atleast_1d(as_array(one)) for one in arguments]
            return numpy.concatenate(parts)
        if function in ("int",) and isinstance(first, int):
            return first
        if function in ("isnan", "isfinite") and isinstance(first, Term | float | int):
            is_nan = isinstance(first, float) and math.isnan(first)
            return is_nan == (function == "isnan")
        if function == "float" and isinstance(first, str):
            return float(first) if first.lower() in ("nan", "inf") else None
        if function in ("print", "seed", "manual_seed", "set_printoptions"):
            return None
        raise NotFollowedError


_OF_TWO: Mapping[str, ast.operator] = {
    "multiply": ast.Mult(), "mul": ast.Mult(), "add": ast.Add(), "subtract": ast.Sub(),
    "sub": ast.Sub(), "divide": ast.Div(), "true_divide": ast.Div(), "div": ast.Div(),
    "power": ast.Pow(), "pow": ast.Pow(),
}  # fmt: skip


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, list):
        left = as_array(left)
    if isinstance(right, bool) or not isinstance(right, int | float) or abs(right) > 50:
        raise NotFollowedError
    if isinstance(left, numpy.ndarray):
        made = numpy.empty(left.shape, dtype=object)
        for place, one in numpy.ndenumerate(left):
            made[place] = _power(one, right)
        return made
    if not isinstance(left, Term | int | float):
        raise NotFollowedError
    return left**right


def _total(values: Any) -> Any:
    whole: Any = 0.0
    for one in values.flat if isinstance(values, numpy.ndarray) else [values]:
        whole = whole + one
    return whole


def _positional(node: ast.Call) -> list[ast.expr]:
    if any(isinstance(one, ast.Starred) for one in node.args):
        raise NotFollowedError
    return node.args


def _is_shown(call: ast.Call) -> bool:
    """Whether something is only printed or drawn."""
    name = _target_name(call.func)
    return name in ("print", "show", "plot", "seed", "manual_seed", "pprint", "allclose")


def _targets(statement: ast.stmt) -> Iterable[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _target_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            return _of_key(_target_name(value), key)
        case ast.Subscript(value=value):
            return _target_name(value)
    return ""


def _of_key(owner: str, key: str) -> str:
    """The name of what a mapping holds: grads["Wf"] is dWf."""
    is_slope = re.fullmatch(r"d|g|dp|d_?par\w*|\w*grad\w*", owner)
    return f"d{key}" if is_slope and not re.match(r"d_?[A-Za-z]", key) else key


def _loaded(target: ast.expr) -> ast.expr:
    match target:
        case ast.Name(id=name):
            return ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            return ast.Attribute(value, attr, ast.Load())
        case ast.Subscript(value=value, slice=index):
            return ast.Subscript(value, index, ast.Load())
    raise NotFollowedError


def _made_of(target: ast.expr, value: ast.expr) -> bool:
    """Whether a name is given a sum in which it stands itself: dh = dh + …"""
    if not isinstance(target, ast.Name) or not isinstance(value, ast.BinOp):
        return False
    terms = [value]
    while terms:
        one = terms.pop()
        if isinstance(one.op, ast.Add | ast.Sub):
            for part in (one.left, one.right):
                if isinstance(part, ast.Name) and part.id == target.id:
                    return True
                if isinstance(part, ast.BinOp):
                    terms.append(part)
    return False


def _uses(body: Iterable[ast.stmt], name: str) -> bool:
    return any(
        isinstance(node, ast.Subscript)
        and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node.slice))
        for statement in body
        for node in ast.walk(statement)
    )


def _is_backward(node: ast.expr, turns: Sequence[Any]) -> bool:
    if all(isinstance(turn, int) for turn in turns):
        return len(turns) > 1 and turns[0] > turns[-1]
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and _target_name(part.func) == "reversed":
            return True
        if isinstance(part, ast.Slice) and isinstance(part.step, ast.UnaryOp):
            return True
    firsts = [turn[0] for turn in turns if isinstance(turn, tuple) and isinstance(turn[0], int)]
    return len(firsts) == len(turns) > 1 and firsts[0] > firsts[-1]


def _is_data(made: list[Any]) -> bool:
    """Whether a list holds nothing but numbers as they are written."""
    if not made:
        return False
    return all(
        one is None
        or (isinstance(one, int | float) and not isinstance(one, bool))
        or (isinstance(one, list) and _is_data(one))
        for one in made
    )
