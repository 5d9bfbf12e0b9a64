"""A program of somebody's own, followed statement by statement with symbols in place of numbers.

Nothing is run: no code of the program's is handed to Python, and of what it calls only the
functions of :mod:`cellcalc.check.reading.library` are known. Each of its numbers is a
:class:`~cellcalc.check.reading.terms.Term`, the tree of what it was made of.
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

from cellcalc.check.reading.library import (
    NOTHING,
    RANDOM,
    called,
    copied,
    elements,
    of_array,
    of_dict,
    of_list,
    of_text,
    pair,
    truths,
)
from cellcalc.check.reading.standing import (
    CACHE,
    OF_SLOPES,
    Arguments,
    Bag,
    Quantities,
    handed_back,
    has_loop,
    is_backward,
    uses_matrices,
)
from cellcalc.check.reading.terms import (
    MOST_ELEMENTS,
    NotFollowedError,
    Term,
    as_array,
    filled,
    power,
    product,
    single,
)

MOST_OPERATIONS = 60_000
LARGEST = 10**12  # of a whole number
MOST_CALLS = 25  # within one another
MOST_LETTERS = 200  # of a text that a program puts together
_EPOCHS = {"epoch", "epochs", "ep", "e", "_", "it", "iter", "iteration", "batch", "trial", "run"}


@dataclass(frozen=True)
class Turn:
    """One turn of a loop: of which loop, the how-many-th time it is gone through, and which turn.

    ``value`` is the whole number that it counts with; None where there is none. ``step`` is what
    the loop alone says of the step: None where it does not go over all steps.
    """

    line: int
    instance: int
    k: int
    value: int | None
    backward: bool
    step: int | None = None
    over_parts: bool = False  # of one step: the gates, say
    alone: bool = False  # no loop: a function of one step that nothing calls


Turns = tuple[Turn, ...]


class Meanings(Quantities, Protocol):
    """What the numbers of a program are."""

    steps: int
    turns: Turns
    within: tuple[Any, Any] | None  # the array and the place that something is put into

    def assigned(self, line: int, name: str, value: Any, slot: object, known: bool) -> Any:
        """A number is given to a name; what it is called by from now on is given back.

        ``slot`` is the place that it is kept in, ``known`` whether it is new there.
        """

    def added(self, line: int, name: str, more: Any, slot: object) -> bool:
        """Something is added to a name; whether that says all there is to say of it."""

    def replaced(self, value: Any) -> None:
        """A number in an array has another put in its place."""

    def says_gradient(self, name: str) -> bool:
        """Whether a name is that of a gradient."""

    def summed(self, name: str, value: Any) -> Any:
        """What a loop over the steps has added up: a gradient is called by its name."""

    def given(self, name: str, value: Any) -> Any:
        """Data written in the program: with the symbols of the problem where they are its own."""


_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_MODULES = ("np", "numpy", "math", "torch", "jnp")
_NUMBERS = {"nan": math.nan, "NaN": math.nan, "inf": math.inf, "pi": math.pi, "e": math.e}
# What an optimizer keeps of each parameter, which is none of them.
_KEPT = re.compile(
    r"(?:[mvsr]|vel\w*|mom\w*|cache|exp_avg\w*|[mv]_?(?:hat|corr|c)\w*|old\w*|num\w*)"
)
_SAME = ("data", "value", "loc", "iloc")
_SHOWN = (
    "print",
    "show",
    "plot",
    "seed",
    "manual_seed",
    "pprint",
    "allclose",
    "filterwarnings",
    "println",
    "printf",
    "fprintf",
    "disp",
    "cat",
    "display",
    "log_info",
)
_FAILED = (
    NotFollowedError, TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError,
    RecursionError,
)  # fmt: skip


@dataclass
class _Function:
    node: ast.FunctionDef | ast.Lambda
    scope: Names
    owner: _Object | _Class | None = None


@dataclass
class _Class:
    """A class; ``records`` are the names of its fields where it has no __init__ of its own."""

    name: str
    scope: Names
    methods: dict[str, ast.FunctionDef] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)
    records: list[str] = field(default_factory=list)
    defaults: dict[str, ast.expr] = field(default_factory=dict)


@dataclass
class _Object:
    """An instance of a class of the program."""

    of: _Class
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Known:
    """A function of a library's, handed around; with the first of its arguments."""

    name: str
    given: tuple[Any, ...] = ()


@dataclass
class Names:
    """The names of a body of code, and those around it."""

    own: dict[str, Any] = field(default_factory=dict)
    around: Names | None = None
    elsewhere: dict[str, Names] = field(default_factory=dict)  # global and nonlocal ones
    given_out: list[Any] | None = None  # by a generator

    def find(self, name: str) -> Any:
        scope: Names | None = self
        while scope is not None:
            if name in scope.own:
                return scope.own[name]
            scope = scope.around
        raise NotFollowedError

    def has(self, name: str) -> bool:
        try:
            self.find(name)
        except NotFollowedError:
            return False
        return True

    def holder(self, name: str) -> Names:
        """Where a name is kept that is given something here."""
        return self.elsewhere.get(name, self)

    def declare(self, names: Iterable[str], outermost: bool) -> None:
        for name in names:
            scope = self.around
            while scope is not None and scope.around is not None:
                if not outermost and name in scope.own:
                    break
                scope = scope.around
            if scope is not None:
                self.elsewhere[name] = scope


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

    def __init__(self, meanings: Meanings, first: int = 0) -> None:
        self.meanings, self.first = meanings, first
        self.lines: set[int] = set()
        self.missed: set[int] = set()
        self.called: set[str] = set()
        self.operations = self.depth = 0
        self.turns: Turns = ()
        self.instances: dict[int, int] = {}
        self.counts: dict[tuple[int, int], int] = {}  # of turns of each loop
        self.base = 0
        self.alone: list[tuple[int, int]] = []  # the lines of functions that nothing calls
        self.made_before: dict[str, Any] = {}  # what such functions have given back
        self.sums: dict[str, tuple[ast.expr, ast.expr, Names]] = {}  # that the loop adds up

    def program(self, tree: ast.Module) -> None:
        """All of it, and the functions with a loop over the steps that nothing in it calls.

        A program that goes on for too long is followed up to there.
        """
        with contextlib.suppress(NotFollowedError):
            self.whole(tree)

    def outside(self, statements: Iterable[ast.stmt], names: Names) -> None:
        """Statements that stand in no function, and in no loop: a return there ends them."""
        with contextlib.suppress(_ReturnError, _BreakError):
            self.body(statements, names)

    def whole(self, tree: ast.Module) -> None:
        names = Names({"__name__": "__main__"})
        if self.first:  # functions may stand behind what calls them, and give back what comes last
            names.own |= {
                one.name: _Function(one, names)
                for one in tree.body
                if isinstance(one, ast.FunctionDef)
            }
        self.outside(tree.body, names)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        # What calls others is followed first, and the others in it; then those of all steps.
        used = {name_of_target(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        for node in sorted(functions, key=lambda f: (not has_loop(f), f.name in used)):
            if node.name not in self.called:
                self.uncalled(node, names)
        for one in tree.body:
            if isinstance(one, ast.ClassDef):
                self.uncalled_class(one, names)

    def uncalled(self, node: ast.FunctionDef, names: Names, owner: _Object | None = None) -> None:
        """A function that nothing calls, with what its arguments stand for."""
        arguments = Arguments(self.meanings, node, not has_loop(node))
        if arguments.of_step and uses_matrices(node):
            return
        step = self.meanings.inner() if arguments.of_step else None
        inner = Names(around=names)
        own = node.args.args
        if owner is not None and not _is_static(node):
            inner.own[own[0].arg] = owner
            own = own[1:]
        for one in own:
            inner.own[one.arg] = self.stands_for(one.arg, arguments)
        if arguments.of_step and (step is None or arguments.found < (1 if owner else 2)):
            return
        turn = Turn(node.lineno, self.instance_of(node), 0, None, arguments.backward, step,
                    alone=True)  # fmt: skip
        self.alone.append((node.lineno, node.end_lineno or node.lineno))
        if arguments.of_step:
            self.turns = self.meanings.turns = (turn,)
        try:
            self.body(node.body, inner)
        except _ReturnError as result:
            with contextlib.suppress(*_FAILED):
                self.given_back(node, result.value, arguments)
        except _BreakError:
            pass
        finally:
            self.turns = self.meanings.turns = ()
            self.sums = {}

    def stands_for(self, name: str, arguments: Arguments) -> Any:
        """What is given for an argument: what another function has given back by its name."""
        if name in self.made_before:
            return self.made_before[name]
        try:
            found = arguments.argument(name)
        except NotFollowedError:
            return _UNKNOWN
        kept = list({id(one): one for one in self.made_before.values()}.values())
        is_cache = isinstance(found, Bag) and CACHE.fullmatch(name)
        return kept[0] if is_cache and len(kept) == 1 and arguments.backward else found

    def given_back(self, node: ast.FunctionDef, value: Any, arguments: Arguments) -> None:
        """What a function has given back: kept for others, and judged where it has no name."""
        found = list(value) if isinstance(value, tuple) else [value]
        back = next((n.value for n in reversed(node.body) if isinstance(n, ast.Return)), None)
        parts = list(back.elts) if isinstance(back, ast.Tuple) else [back]
        if len(parts) != len(found):
            return
        for part, one in zip(parts, found, strict=True):
            if isinstance(one, Term | float | int) or one is None or one is _UNKNOWN:
                continue
            name = part.id if isinstance(part, ast.Name) else f"cache {len(self.made_before)}"
            self.made_before[name] = one
        if not arguments.of_step or not arguments.backward or not isinstance(back, ast.Tuple):
            return
        named = [part.id if isinstance(part, ast.Name) else "" for part in parts]
        added_to = {
            name_of_target(n.target) for n in ast.walk(node) if isinstance(n, ast.AugAssign)
        }
        for name, one in zip(named, found, strict=True):
            if handed_back(name) and name in added_to and isinstance(one, Term):
                with contextlib.suppress(*_FAILED):
                    self.told(back.lineno, name, one, object(), False)
        left = {"h", "c"} - {handed_back(name) for name in named}
        bare = [k for k, name in enumerate(named) if not name and isinstance(found[k], Term)]
        if len(left) == len(bare) == 1:
            state = left.pop()
            with contextlib.suppress(*_FAILED):
                self.told(back.lineno, f"d{state}_prev", found[bare[0]], object(), False)

    def uncalled_class(self, node: ast.ClassDef, names: Names) -> None:
        """A class of which there is no object, and its methods: first those that go forward."""
        of = names.own.get(node.name)
        if not isinstance(of, _Class) or node.name in self.called:
            return
        made = _Object(of)
        methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
        if "__init__" in methods:
            init = methods["__init__"]
            arguments = Arguments(self.meanings, init, False)
            inner = Names(around=names)
            inner.own[init.args.args[0].arg] = made
            for one in init.args.args[1:]:
                inner.own[one.arg] = self.stands_for(one.arg, arguments)
            self.outside(init.body, inner)
        used = {name_of_target(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        own = [one for name, one in methods.items() if name not in used]
        own = [one for one in own if one.name == "__call__" or not one.name.startswith("__")]
        for method in sorted(own, key=lambda f: (is_backward(f), not has_loop(f))):
            self.uncalled(method, names, made)

    def body(self, statements: Iterable[ast.stmt], names: Names) -> None:
        for statement in statements:
            self.spend(1)
            try:
                self.statement(statement, names)
            except _FAILED as error:
                if self.operations > MOST_OPERATIONS:
                    raise NotFollowedError from error
                self.missed.add(statement.lineno)
                for target in _targets(statement):
                    names.holder(target).own[target] = _UNKNOWN
                self.lose(statement, names)
            else:
                if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
                    self.lines.add(statement.lineno)

    def lose(self, statement: ast.stmt, names: Names) -> None:
        """What a statement that is not followed changes within something is not known either."""
        for node in _changed(statement):
            match node:
                case ast.Name(id=name):
                    names.holder(name).own[name] = _UNKNOWN
                case ast.Attribute(value=owner, attr=attr):
                    with contextlib.suppress(*_FAILED):
                        of = self.value(owner, names)
                        if isinstance(of, _Object):
                            of.fields[attr] = _UNKNOWN

    def statement(self, node: ast.stmt, names: Names) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self.assignment(node, targets, value, names)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self.assignment(node, [target], value, names)
            case ast.AugAssign(target=target, op=op, value=value):
                self.augmented(node, target, op, value, names)
            case ast.For():
                self.loop(node, names)
            case ast.While():
                self.repeated(node, names)
            case ast.If(test=test, body=body, orelse=others):
                self.body(body if self.truth(test, names) else others, names)
            case ast.With(body=body) | ast.Try(body=body):
                self.body(body, names)
            case ast.FunctionDef():
                names.own[node.name] = _Function(node, names)
            case ast.ClassDef():
                names.own[node.name] = self.class_of(node, names)
            case ast.Return(value=ast.Tuple(elts=parts) as value):
                # What is not known of it does not take the rest with it.
                raise _ReturnError(tuple(self.known_parts(value, parts, names)))
            case ast.Return(value=value):
                raise _ReturnError(None if value is None else self.value(value, names))
            case ast.Break():
                raise _BreakError(True)
            case ast.Continue():
                raise _BreakError(False)
            case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom() as call):
                if not isinstance(call, ast.Call) or not _is_shown(call):
                    self.value(call, names)
            case ast.Global(names=declared):
                names.declare(declared, True)
            case ast.Nonlocal(names=declared):
                names.declare(declared, False)
            case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr():
                pass
            case ast.Assert() | ast.Delete():
                pass
            case _:
                raise NotFollowedError

    def assignment(
        self, node: ast.stmt, targets: list[ast.expr], value: ast.expr, names: Names
    ) -> None:
        again = _made_of(targets[0], value)
        inner = names
        if again and isinstance(targets[0], ast.Name):
            name = targets[0].id
            inner = Names({name: self.raw(names.find(name), node.lineno)}, names)
        elif again and self.turns and (more := self.less_itself(targets[0], value)) is not None:
            self.augmented(node, targets[0], ast.Add(), more, names)  # d.Wf = d.Wf + …
            return
        found = self.value(value, inner, name_of_target(targets[0]))
        for target in targets:
            # What a function gives back has been told of where it was made.
            back = isinstance(target, ast.Tuple) and isinstance(value, ast.Call)
            if again and isinstance(target, ast.Name) and self.turns:
                more = self.less_itself(target, value)
                if more is not None and self.is_added(node.lineno, target, more, inner):
                    self.assign(node.lineno, target, found, names, again, told=False)
                    self.sums[target.id] = (_loaded(target), target, names)
                    continue
            self.assign(node.lineno, target, found, names, again, told=not back)

    def less_itself(self, target: ast.expr, value: ast.expr) -> ast.expr | None:
        """What is added to something; from gradients something may be taken as well."""
        more = _less_itself(target, value)
        is_taken = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub)
        if is_taken and not self.meanings.says_gradient(name_of_target(target)):
            return None
        return more

    def is_added(self, line: int, target: ast.Name, more: ast.expr, names: Names) -> bool:
        """Whether dW = dW + … adds what a step adds to a gradient."""
        value = self.value(more, names)
        if isinstance(value, list):
            return False
        return self.meanings.added(line, target.id, value, self.slot(target, names))

    def class_of(self, node: ast.ClassDef, names: Names) -> _Class:
        made = _Class(node.name, names)
        for base in node.bases:
            with contextlib.suppress(*_FAILED):
                of = self.value(base, names)
                if isinstance(of, _Class):
                    made.methods |= of.methods
                    made.own |= of.own
                    made.records += of.records
                    made.defaults |= of.defaults
        for one in node.body:
            match one:
                case ast.FunctionDef(name=name):
                    made.methods[name] = one
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    made.records.append(name)
                    if value is not None:
                        made.defaults[name] = value
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    with contextlib.suppress(*_FAILED):
                        made.own[name] = self.value(value, Names(dict(made.own), names), name)
        return made

    def spend(self, operations: int) -> None:
        """Count what is done; a program of more is not followed any further."""
        self.operations += operations
        if self.operations > MOST_OPERATIONS:
            raise NotFollowedError

    def truth(self, node: ast.expr, names: Names) -> bool:
        found = self.value(node, names)
        if isinstance(found, Term | numpy.ndarray | _Object):
            raise NotFollowedError
        return bool(found)

    # Loops.

    def loop(self, node: ast.For, names: Names) -> None:
        turns = elements(self.iterated(self.value(node.iter, names)))
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        if name.lower() in _EPOCHS and not self.turns and not _uses(node.body, name):
            turns = turns[:1]  # each turn is like the first
        if not self.turns and len(turns) > 1 and _is_gradient_check(node):
            turns = turns[:1]  # the others say no more, and take long
        over_parts = _is_of_parts(node.iter, turns)
        over_steps = self.step is None and not over_parts and self.is_of_steps(turns)
        backward = _is_backward(node.iter, turns)
        if over_steps and turns and isinstance(turns[0], int) and len(turns) == self.meanings.steps:
            self.base = min(turns)
        instance = self.instance_of(node)
        for k, turn in enumerate(turns):
            step = self.step_of(turn, k, len(turns), backward) if over_steps else None
            one = Turn(node.lineno, instance, k, _count_of(turn), backward, step, over_parts)
            if not self.turn(one, node, turn, names):
                break
        self.after_loop(over_steps or not over_parts)

    def repeated(self, node: ast.While, names: Names) -> None:
        instance, k, backward = self.instance_of(node), 0, _counts_down(node)
        while self.truth_of(node.test, names):
            self.spend(1)
            if not self.turn(Turn(node.lineno, instance, k, None, backward), node, None, names):
                break
            k += 1
        self.after_loop(True)

    def truth_of(self, node: ast.expr, names: Names) -> bool:
        found = self.value(node, names)
        return bool(len(found)) if isinstance(found, numpy.ndarray) else bool(found)

    def instance_of(self, node: ast.stmt) -> int:
        self.instances[node.lineno] = self.instances.get(node.lineno, -1) + 1
        return self.instances[node.lineno]

    def turn(self, one: Turn, node: ast.For | ast.While, value: Any, names: Names) -> bool:
        """One turn; whether the loop goes on after it."""
        outer = self.turns
        self.counts[one.line, one.instance] = one.k + 1
        self.turns = self.meanings.turns = (*outer, one)
        try:
            if isinstance(node, ast.For):
                self.assign(node.lineno, node.target, value, names, False, told=False)
            self.body(node.body, names)
        except _BreakError as stop:
            return not stop.whole
        finally:
            self.turns = self.meanings.turns = outer
        return True

    def after_loop(self, is_whole: bool) -> None:
        """What it has added up is called by its name."""
        if not is_whole:
            return
        for loaded, target, own in self.sums.values():
            with contextlib.suppress(*_FAILED):
                whole = self.meanings.summed(name_of_target(target), self.value(loaded, own))
                self.assign(0, target, whole, own, False, told=False)
        self.sums = {}

    @property
    def step(self) -> int | None:
        """The step, as far as the loops alone say it."""
        return next((turn.step for turn in self.turns if turn.step is not None), None)

    def is_of_steps(self, turns: Sequence[Any]) -> bool:
        """Whether a loop goes over the steps."""
        steps = self.meanings.steps
        if not turns:
            return False
        if all(isinstance(turn, int) for turn in turns):
            return abs(len(turns) - steps) <= 1
        return len(turns) == steps

    def step_of(self, turn: Any, k: int, count: int, backward: bool) -> int:
        steps = self.meanings.steps
        if count != steps and isinstance(turn, int):
            return turn + 1 - self.base
        return steps - k if backward else k + 1

    def iterated(self, value: Any) -> Any:
        """What is gone through where it is an object of the program's."""
        if isinstance(value, _Object):
            if "__iter__" in value.of.methods:
                return self.entered(
                    _Function(value.of.methods["__iter__"], value.of.scope, value), [], {}
                )
            if value.of.records:
                return [value.fields[name] for name in value.of.records]
        return value

    # What is given to names.

    def assign(
        self,
        line: int,
        target: ast.expr,
        value: Any,
        names: Names,
        again: bool,
        told: bool = True,
    ) -> None:
        match target:
            case ast.Name(id=name):
                holder = names.holder(name)
                if told:
                    value = self.told(line, name, value, (id(holder), name), again)
                holder.own[name] = value
            case ast.Tuple(elts=parts) | ast.List(elts=parts) if isinstance(value, Bag):
                for one in parts:
                    holder = names.holder(name_of_target(one))
                    try:
                        holder.own[name_of_target(one)] = value.get(name_of_target(one))
                    except NotFollowedError:
                        holder.own[name_of_target(one)] = _UNKNOWN
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self.unpacked(line, parts, elements(self.iterated(value)), names, again, told)
            case ast.Attribute(value=owner, attr=name):
                if self.first and isinstance(owner, ast.Name) and not names.has(owner.id):
                    names.own[owner.id] = _Object(_Class(owner.id, names))  # a struct
                of = self.value(owner, names)
                if isinstance(of, _Class):
                    of.own[name] = value
                    return
                if isinstance(of, Bag):
                    name = name_of_target(target)
                    of.fields[target.attr] = (
                        self.told(line, name, value, (id(of), name), again) if told else value
                    )
                    return
                if isinstance(of, dict):
                    name = name_of_target(target)
                    slot = (id(of), target.attr)
                    of[target.attr] = self.told(line, name, value, slot, again) if told else value
                    return
                if not isinstance(of, _Object):
                    raise NotFollowedError
                name = name_of_target(target)
                own = self.told(line, name, value, (id(of), name), again) if told else value
                of.fields[target.attr] = own
            case ast.Subscript(value=owner, slice=index):
                of, place = self.value(owner, names), self.index(index, names)
                name = name_of_target(owner)
                if isinstance(place, str):
                    name = _of_key(name, place)
                if isinstance(of, _Object) and "__setitem__" in of.of.methods:
                    method = _Function(of.of.methods["__setitem__"], of.of.scope, of)
                    self.entered(method, [place, value], {})
                    return
                if self.first and isinstance(place, int) and isinstance(owner, ast.Name):
                    of = self.grown(of, place, owner.id, names)
                if isinstance(of, numpy.ndarray):
                    value = single(value) if numpy.ndim(of[place]) == 0 else as_array(value)
                elif isinstance(of, Bag) and isinstance(place, str):
                    of = of.fields
                elif not isinstance(of, list | dict):
                    raise NotFollowedError
                if isinstance(of, numpy.ndarray | list) and told and not again:
                    with contextlib.suppress(*_FAILED):
                        self.meanings.replaced(of[place])
                if told:
                    self.meanings.within = (of, place)
                    try:
                        value = self.told(line, name, value, (id(of), place_key(place)), again)
                    finally:
                        self.meanings.within = None
                of[place] = value
            case ast.Starred(value=inner):
                self.assign(line, inner, value, names, again, told)
            case _:
                raise NotFollowedError

    def grown(self, of: Any, place: int, name: str, names: Names) -> Any:
        """An array to which the next element is given, which it has not yet."""
        if isinstance(of, list) and place == len(of):
            of.append(0.0)
        if isinstance(of, numpy.ndarray) and of.ndim == 1 and place == of.size:
            of = numpy.append(of, filled((1,), 0.0))
            names.holder(name).own[name] = of
        return of

    def unpacked(
        self, line: int, parts: list[ast.expr], found: list[Any], names: Names, again: bool,
        told: bool,
    ) -> None:  # fmt: skip
        starred = [k for k, one in enumerate(parts) if isinstance(one, ast.Starred)]
        if starred:
            k, after = starred[0], len(parts) - starred[0] - 1
            if len(found) < len(parts) - 1:
                raise NotFollowedError
            found = [*found[:k], found[k : len(found) - after], *found[len(found) - after :]]
        if len(found) != len(parts):
            raise NotFollowedError
        for one, its in zip(parts, found, strict=True):
            self.assign(line, one, its, names, again, told)

    def told(self, line: int, name: str, value: Any, slot: object, again: bool) -> Any:
        """Tell what is given, so that it may be called by its name."""
        if isinstance(value, numpy.ndarray):
            if not any(isinstance(v, Term) for v in value.flat):
                return value if self.turns else self.meanings.given(name, value)
            if value.size > 400:
                return value
            made = self.meanings.assigned(line, name, value, slot, again)
            return made if isinstance(made, numpy.ndarray) else value
        if isinstance(value, Term):
            return self.meanings.assigned(line, name, value, slot, again)
        if isinstance(value, float) and not self.turns and not again:
            return self.meanings.given(name, value)  # W, U = 0.5, 0.1
        if isinstance(value, float) and self.turns:
            return self.meanings.assigned(line, name, value, slot, again)
        return value

    def augmented(
        self,
        node: ast.stmt,
        target: ast.expr,
        op: ast.operator,
        value: ast.expr,
        names: Names,
    ) -> None:
        before = self.value(_loaded(target), names)
        more = self.value(value, names)
        if isinstance(before, list) and isinstance(op, ast.Add):
            more = elements(more)
            self.spend(len(before) + len(more))
            for one in more:
                place = (id(before), len(before))
                before.append(self.told(node.lineno, name_of_target(target), one, place, False))
            return
        is_element = isinstance(target, ast.Subscript)
        made = self.operation(op, self.raw(before, 0 if is_element else node.lineno), more)
        slot = self.slot(target, names)
        is_sum = isinstance(op, ast.Add | ast.Sub) and bool(self.turns)
        name = self.name_of(target, names)
        added = self.taken_off(name, more) if isinstance(op, ast.Sub) else more
        added = added if is_sum else None
        self.meanings.within = self.place_within(target, names)
        try:
            told = added is not None and self.meanings.added(node.lineno, name, added, slot)
        finally:
            self.meanings.within = None
        if isinstance(before, numpy.ndarray) and numpy.shape(made) == before.shape:
            # The array itself is changed, whatever else it is called.
            if not told and not is_element:
                made = self.told(node.lineno, name, made, slot, True)
            before[...] = made
            if is_element:
                self.assign(node.lineno, target, before, names, True, told=not told)
        else:
            self.assign(node.lineno, target, made, names, True, told=not told)
        if told:
            kept = self.kept(target, names)
            key = f"{ast.unparse(kept)} {id(names.holder(name))}"
            self.sums[key] = (kept, self.kept(target, names, True), names)

    def place_within(self, target: ast.expr, names: Names) -> tuple[Any, Any] | None:
        """The array and the place of an element that something is added to."""
        if not isinstance(target, ast.Subscript):
            return None
        with contextlib.suppress(*_FAILED):
            of, place = self.value(target.value, names), self.index(target.slice, names)
            if isinstance(target.value, ast.Subscript):  # dW[k][0]
                of = self.value(target.value.value, names)
                place = (self.index(target.value.slice, names), place)
            if isinstance(place, tuple) and isinstance(of, numpy.ndarray) and of.ndim == 2:
                row, column = place
                return of, row * of.shape[1] + column
            return of, place
        return None

    def taken_off(self, name: str, more: Any) -> Any:
        """What is added to a gradient where something is taken off it."""
        if not self.meanings.says_gradient(name) or isinstance(more, list | tuple):
            return None
        return -more if isinstance(more, Term | numpy.ndarray) else None

    def kept(self, target: ast.expr, names: Names, store: bool = False) -> ast.expr:
        """The same place, with its index as it is now: acc[k] of a loop over k."""
        context = ast.Store() if store else ast.Load()
        if isinstance(target, ast.Subscript):
            place = self.index(target.slice, names)
            if isinstance(place, int | str):
                return ast.Subscript(target.value, ast.Constant(place), context)
        return target if store else _loaded(target)

    def name_of(self, target: ast.expr, names: Names) -> str:
        """What a place is called, with the key as it is now."""
        if isinstance(target, ast.Subscript):
            with contextlib.suppress(*_FAILED):
                place = self.index(target.slice, names)
                if isinstance(place, str):
                    return _of_key(name_of_target(target.value), place)
        return name_of_target(target)

    def raw(self, value: Any, line: int) -> Any:
        """A number as it was made in this turn, whatever it has been called since.

        More is added to that. What an earlier turn has handed on is what it is called, if it is
        that, or if the same line called it so.
        """
        if isinstance(value, Term) and value.raw is not None:
            is_new = value.turn == self.turns or (value.turn is None and value.line != line)
            return value.raw if is_new or not line else value
        if isinstance(value, numpy.ndarray):
            made = value.copy()
            for place, one in numpy.ndenumerate(value):
                made[place] = self.raw(one, line)
            return made
        return value

    def slot(self, target: ast.expr, names: Names) -> object:
        match target:
            case ast.Name(id=name):
                return (id(names.holder(name)), name)
            case ast.Attribute(value=owner, attr=name):
                return (id(self.value(owner, names)), name)
        return object()

    # Expressions.

    def value(self, node: ast.expr, names: Names, name: str = "") -> Any:
        self.spend(1)
        found = self._value(node, names, name)
        if found is _UNKNOWN or (isinstance(found, int) and abs(found) > LARGEST):
            raise NotFollowedError
        if isinstance(found, list | numpy.ndarray):
            self.spend(len(found) if isinstance(found, list) else found.size)
        return found

    def _value(self, node: ast.expr, names: Names, name: str) -> Any:
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
                return self.either(isinstance(op, ast.Or), values, names)
            case ast.Compare():
                return self.compared(node, names)
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(op, self.value(left, names), self.value(right, names))
            case ast.IfExp(test=test, body=body, orelse=other):
                return self.value(body if self.truth(test, names) else other, names, name)
            case ast.List(elts=parts):
                made = self.several(parts, names)
                linked = self.meanings.given(name, made) if _is_data(made) else made
                return linked.tolist() if isinstance(linked, numpy.ndarray) else linked
            case ast.Tuple(elts=parts):
                made = self.several(parts, names)
                return tuple(self.as_parameters(made))
            case ast.Set(elts=parts):
                return self.several(parts, names)
            case ast.Dict(keys=keys, values=values):
                return self.mapping(keys, values, names, name)
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
            case ast.NamedExpr(target=target, value=value):
                made = self.value(value, names, target.id)
                self.assign(node.lineno, target, made, names, False)
                return names.find(target.id)
            case ast.JoinedStr(values=parts):
                return self.text(parts, names)
            case ast.Yield(value=value) if value is not None:
                self.give_out(names, [self.value(value, names)])
                return None
            case ast.YieldFrom(value=value):
                self.give_out(names, elements(self.value(value, names)))
                return None
        raise NotFollowedError

    def give_out(self, names: Names, values: list[Any]) -> None:
        scope: Names | None = names
        while scope is not None and scope.given_out is None:
            scope = scope.around
        if scope is None or scope.given_out is None:
            raise NotFollowedError
        scope.given_out += values

    def several(self, parts: Iterable[ast.expr], names: Names) -> list[Any]:
        made: list[Any] = []
        for one in parts:
            if isinstance(one, ast.Starred):
                made += elements(self.value(one.value, names))
            else:
                made.append(self.argument(one, names))
        return made

    def known_parts(self, node: ast.expr, parts: list[ast.expr], names: Names) -> list[Any]:
        """The parts of a tuple, some of which may not be known."""
        made: list[Any] = []
        for one in parts:
            try:
                made += self.several([one], names)
            except _FAILED as error:
                if self.operations > MOST_OPERATIONS:
                    raise NotFollowedError from error
                self.missed.add(node.lineno)
                made.append(_UNKNOWN)
        return made if self.missed else self.as_parameters(made)

    def mapping(
        self, keys: Iterable[ast.expr | None], values: Iterable[ast.expr], names: Names, name: str
    ) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, one in zip(keys, values, strict=True):
            if key is None:
                inner = self.value(one, names)
                if not isinstance(inner, dict):
                    raise NotFollowedError
                found |= inner
                continue
            place = self.value(key, names)
            called = place if isinstance(place, str) else name
            if isinstance(place, str) and name and len(place) == 1 and place != name:
                called = f"{name}_{place}"  # W = {"f": 0.7}
            made = self.argument(one, names, called)
            if isinstance(made, Term) and self.turns:
                slot = (id(found), place)
                own = _of_key(name, place) if isinstance(place, str) else name
                made = self.told(one.lineno, own, made, slot, False)
            found[place] = made
        numbers = list(found.values())
        if len(numbers) > 1 and all(isinstance(one, float) for one in numbers):
            found = dict(zip(found, self.meanings.given("", numbers), strict=True))
        return found

    def text(self, parts: Iterable[ast.expr], names: Names) -> str:
        """What an f-string says, where it is put together of texts and whole numbers."""
        made = []
        for part in parts:
            if isinstance(part, ast.Constant):
                made.append(str(part.value))
            elif isinstance(part, ast.FormattedValue) and part.format_spec is None:
                found = self.value(part.value, names)
                if isinstance(found, bool) or not isinstance(found, str | int):
                    return ""
                made.append(str(found))
            else:
                return ""
        return "".join(made)[:MOST_LETTERS]

    def either(self, wanted: bool, values: Sequence[ast.expr], names: Names) -> Any:
        found: Any = None
        for one in values:
            found = self.value(one, names)
            if isinstance(found, Term | numpy.ndarray):
                return found if wanted else self.value(values[-1], names)
            if bool(found) == wanted:
                return found
        return found

    def compared(self, node: ast.Compare, names: Names) -> bool:
        parts = [self.value(one, names) for one in (node.left, *node.comparators)]
        if any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops):
            if any(isinstance(one, Term) for one in parts[:1]) and parts[1] is not None:
                raise NotFollowedError
        else:
            parts = truths(parts)  # as it is in the problem itself
        pairs = zip(node.ops, parts, parts[1:], strict=False)
        found = [_COMPARED[type(op)](a, b) for op, a, b in pairs]
        if any(isinstance(one, numpy.ndarray) for one in found):
            raise NotFollowedError
        return all(found)

    def comprehended(
        self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp, names: Names
    ) -> Any:
        inner = Names(around=names)
        made: list[Any] = []
        self.generated(node, 0, inner, made)
        return dict(made) if isinstance(node, ast.DictComp) else made

    def generated(
        self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp, depth: int, names: Names,
        made: list[Any],
    ) -> None:  # fmt: skip
        one = node.generators[depth]
        turns = elements(self.iterated(self.value(one.iter, names)))
        if not self.turns and depth == 0 and len(turns) > 1 and _is_gradient_check(node):
            turns = turns[:1]
        for turn in turns:
            self.spend(1)
            self.assign(node.lineno, one.target, turn, names, False, told=False)
            if not all(self.truth(test, names) for test in one.ifs):
                continue
            if depth + 1 < len(node.generators):
                self.generated(node, depth + 1, names, made)
            elif isinstance(node, ast.DictComp):
                made.append((self.value(node.key, names), self.value(node.value, names)))
            else:
                made.append(self.value(node.elt, names))

    def operation(self, op: ast.operator, left: Any, right: Any) -> Any:
        if isinstance(op, ast.MatMult):
            return self.multiplied(left, right)
        if isinstance(op, ast.Pow):
            return power(left, right)
        if isinstance(left, str) or isinstance(right, str):
            return _of_texts(op, left, right)
        function = _OPERATORS.get(type(op))
        if function is None:
            raise NotFollowedError
        if isinstance(op, ast.Mult) and isinstance(left, int) and isinstance(right, list | tuple):
            left, right = right, left
        repeated = isinstance(op, ast.Mult) and isinstance(right, int)
        joined = isinstance(op, ast.Add) and isinstance(right, list | tuple)
        if isinstance(left, list | tuple) and (repeated or joined):
            if (len(left) * max(right, 0) if repeated else len(left) + len(right)) > MOST_ELEMENTS:
                raise NotFollowedError
            return function(left, right)
        return pair(function, left, right)

    def multiplied(self, left: Any, right: Any) -> Any:
        left, right = as_array(left), as_array(right)
        if isinstance(left, numpy.ndarray) and isinstance(right, numpy.ndarray):
            columns = right.shape[-1] if right.ndim > 1 else 1
            self.spend(left.size * columns)
        return product(left, right)

    def index(self, node: ast.expr, names: Names) -> Any:
        if isinstance(node, ast.Slice):
            parts = [None if p is None else self.value(p, names)
                     for p in (node.lower, node.upper, node.step)]  # fmt: skip
            if any(isinstance(p, Term) for p in parts):
                raise NotFollowedError
            if self.first and isinstance(parts[0], int):
                parts[0] -= self.first
            return slice(*parts)
        if isinstance(node, ast.Tuple):
            return tuple(self.index(one, names) for one in node.elts)
        if isinstance(node, ast.Attribute) and node.attr == "newaxis":
            return None
        found = self.value(node, names)
        if isinstance(found, float | Term | numpy.ndarray):
            raise NotFollowedError
        if self.first and isinstance(found, int) and not isinstance(found, bool):
            found -= self.first
            if found < 0:
                raise NotFollowedError
        return found

    def element(self, of: Any, place: Any) -> Any:
        whole = (
            0,
            -1,
            (0, 0),
            (),
            None,
            (0,),
            slice(None),
            ...,
            (slice(None), 0),
            (0, slice(None)),
        )
        if isinstance(of, Term | int | float) and place in whole:
            return of
        if isinstance(of, Bag) and isinstance(place, str):
            return of.get(place)
        if isinstance(of, _Object):
            if "__getitem__" in of.of.methods:
                method = _Function(of.of.methods["__getitem__"], of.of.scope, of)
                return self.entered(method, [place], {})
            if isinstance(place, int) and of.of.records:
                return of.fields[of.of.records[place]]
        if isinstance(of, dict) and isinstance(place, int) and place not in of:
            columns = list(of.values())
            if columns and all(isinstance(one, list | numpy.ndarray) for one in columns):
                return {name: column[place] for name, column in of.items()}  # a row of a table
        if isinstance(of, list | tuple | range | dict | numpy.ndarray | str):
            if isinstance(place, list):
                return as_array([of[one] for one in place])
            return of[place]
        raise NotFollowedError

    def attribute(self, owner: ast.expr, attr: str, names: Names) -> Any:
        if isinstance(owner, ast.Name) and owner.id in _MODULES and owner.id not in names.own:
            if attr in _NUMBERS:
                return _NUMBERS[attr]
            if not names.has(owner.id):
                return _Known(attr)
        return self.attribute_of(self.value(owner, names), attr)

    def attribute_of(self, of: Any, attr: str) -> Any:
        if isinstance(of, Bag):
            return of.get(attr)
        if isinstance(of, _Object):
            if attr in of.fields:
                return of.fields[attr]
            if attr in of.of.methods:
                node = of.of.methods[attr]
                found = _Function(node, of.of.scope, _owner(node, of))
                is_property = any(name_of_target(one) == "property" for one in node.decorator_list)
                return self.entered(found, [], {}) if is_property else found
            if attr in of.of.own:
                return of.of.own[attr]
            if attr == "__dict__":
                return of.fields
            raise NotFollowedError
        if isinstance(of, _Class):
            if attr in of.own:
                return of.own[attr]
            if attr in of.methods:
                return _Function(of.methods[attr], of.scope, None)
            raise NotFollowedError
        if isinstance(of, dict):
            if attr in of:
                return of[attr]  # a column of a table
            if attr in _SAME:
                return of
            raise NotFollowedError
        if attr in ("T", "mT"):
            return as_array(of).T if isinstance(of, numpy.ndarray | list) else of
        if attr in _SAME or attr == "values":
            return of
        if attr == "shape":
            return as_array(of).shape if isinstance(of, numpy.ndarray | list) else ()
        if attr == "size":
            return as_array(of).size if isinstance(of, numpy.ndarray | list) else 1
        if attr == "ndim":
            return as_array(of).ndim if isinstance(of, numpy.ndarray | list) else 0
        raise NotFollowedError

    # Calls.

    def call(self, node: ast.Call, names: Names, name: str) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute):
            if _is_super(function.value):
                return self.inherited(function.attr)
            try:
                owner = self.value(function.value, names, name)
            except NotFollowedError:
                return self.known(function.attr, node, names, name)  # np.tanh(z)
            if isinstance(owner, _Known):
                return self.known(function.attr, node, names, name)  # np.random.randn(3)
            return self.method(owner, function.attr, node, names)
        if isinstance(function, ast.Name):
            try:
                found = names.find(function.id)
            except NotFollowedError:
                return self.known(function.id, node, names, name)
            self.called.add(function.id)
            return self.called_with(found, node, names)
        return self.called_with(self.value(function, names), node, names)

    def arguments(
        self, node: ast.Call, names: Names, name: str = ""
    ) -> tuple[list[Any], dict[str, Any]]:
        given: list[Any] = []
        for one in node.args:
            if isinstance(one, ast.Starred):
                given += elements(self.iterated(self.value(one.value, names)))
            else:
                given.append(self.argument(one, names, name))
        named: dict[str, Any] = {}
        for key in node.keywords:
            found = self.value(key.value, names, key.arg or "")
            if key.arg is None:
                if not isinstance(found, dict):
                    raise NotFollowedError
                named |= found
            else:
                named[key.arg] = found
        return given, named

    def argument(self, node: ast.expr, names: Names, name: str = "") -> Any:
        """A value that is handed to a function, which may be a function itself."""
        try:
            return self.value(node, names, name)
        except NotFollowedError:
            if isinstance(node, ast.Name) and not names.has(node.id):
                return _Known(node.id)
            raise

    def called_with(self, found: Any, node: ast.Call, names: Names) -> Any:
        arguments, named = self.arguments(node, names)
        return self.made(found, arguments, named)

    def made(self, found: Any, arguments: list[Any], named: Mapping[str, Any]) -> Any:
        """What a function, a class or an object of the program's gives."""
        if isinstance(found, _Class):
            return self.instance(found, arguments, named)
        if isinstance(found, _Object):
            for name in ("__call__", "forward"):
                if name in found.of.methods:
                    method = _Function(found.of.methods[name], found.of.scope, found)
                    return self.entered(method, arguments, named)
        if isinstance(found, _Known):
            made = called(found.name, [*found.given, *arguments], named)
            if made is not NOTHING:
                return made
        if not isinstance(found, _Function):
            raise NotFollowedError
        return self.entered(found, arguments, named)

    def instance(self, of: _Class, arguments: list[Any], named: Mapping[str, Any]) -> _Object:
        made = _Object(of)
        if "__init__" in of.methods:
            self.entered(_Function(of.methods["__init__"], of.scope, made), arguments, named)
            return made
        if len(arguments) > len(of.records):
            raise NotFollowedError
        arguments = self.as_parameters(arguments)
        made.fields |= dict(zip(of.records, arguments, strict=False)) | dict(named)
        for name in of.records:
            if name not in made.fields:
                made.fields[name] = self.default(of.defaults[name], of.scope, name)
        if "__post_init__" in of.methods:
            self.entered(_Function(of.methods["__post_init__"], of.scope, made), [], {})
        return made

    def as_parameters(self, given: list[Any]) -> list[Any]:
        """Numbers handed over as they are written, which may be the problem's parameters."""
        if len(given) > 1 and all(isinstance(one, float) for one in given):
            return list(self.meanings.given("", given))
        return given

    def default(self, node: ast.expr, names: Names, name: str) -> Any:
        """What a field is where nothing is given for it."""
        if isinstance(node, ast.Call) and name_of_target(node.func) == "field":
            for key in node.keywords:
                if key.arg == "default":
                    return self.value(key.value, names, name)
                if key.arg == "default_factory":
                    return self.made(self.argument(key.value, names), [], {})
            raise NotFollowedError
        return self.value(node, names, name)

    def inherited(self, attr: str) -> Any:
        """super().__init__(…) of a class whose own methods are those of its base where missing."""
        if attr == "__init__":
            return None
        raise NotFollowedError

    def entered(self, found: _Function, arguments: list[Any], named: Mapping[str, Any]) -> Any:
        self.depth += 1
        if self.depth > MOST_CALLS:
            self.depth -= 1
            raise NotFollowedError
        try:
            inner = Names(around=found.scope)
            node = found.node
            self.bind(found, arguments, named, inner)
            if isinstance(node, ast.Lambda):
                return self.value(node.body, inner)
            if _gives_out(node):
                inner.given_out = []
            try:
                *body, last = node.body
                if self.first and isinstance(last, ast.Expr):
                    self.body(body, inner)
                    return self.value(last.value, inner)
                self.body(node.body, inner)
            except _ReturnError as result:
                return result.value if inner.given_out is None else inner.given_out
            return inner.given_out
        finally:
            self.depth -= 1

    def bind(
        self, found: _Function, arguments: list[Any], named: Mapping[str, Any], inner: Names
    ) -> None:
        """The names of a function with what they are given."""
        node = found.node
        if found.owner is None or not _is_static(node):
            arguments = ([found.owner] if found.owner is not None else []) + arguments
        positional = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        only_named = [one.arg for one in node.args.kwonlyargs]
        wanted = positional + only_named
        given, rest = arguments[: len(positional)], arguments[len(positional) :]
        if rest and node.args.vararg is None:
            raise NotFollowedError
        defaults = node.args.defaults
        last = positional[len(positional) - len(defaults) :]
        own = {**dict(zip(positional, given, strict=False)), **named}
        for one, default in zip(last, defaults, strict=True):
            if one not in own:
                own[one] = self.value(default, found.scope, one)
        for one, named_default in zip(only_named, node.args.kw_defaults, strict=True):
            if one not in own and named_default is not None:
                own[one] = self.value(named_default, found.scope, one)
        if node.args.vararg is not None:
            own[node.args.vararg.arg] = tuple(rest)
        more = {name: own.pop(name) for name in list(own) if name not in wanted
                and (node.args.vararg is None or name != node.args.vararg.arg)}  # fmt: skip
        if more and node.args.kwarg is None:
            raise NotFollowedError
        if node.args.kwarg is not None:
            own[node.args.kwarg.arg] = more
        if any(one not in own for one in wanted):
            raise NotFollowedError
        if not self.turns:
            for name, value in own.items():
                if isinstance(value, float):
                    own[name] = self.meanings.given(f"={name}", value)
        inner.own |= own

    def method(self, owner: Any, attr: str, node: ast.Call, names: Names) -> Any:
        if isinstance(owner, _Object | _Class):
            if isinstance(owner, _Object) and attr in ("_asdict", "_replace"):
                if attr == "_asdict":
                    return dict(owner.fields)
                _, changed = self.arguments(node, names)
                return _Object(owner.of, {**owner.fields, **changed})
            return self.called_with(self.attribute_of(owner, attr), node, names)
        arguments, named = self.arguments(node, names)
        if isinstance(owner, Bag) and attr == "get" and isinstance(arguments[0], str):
            return owner.get(arguments[0])
        if isinstance(owner, list):
            return self.put_in(owner, attr, arguments, node)
        if isinstance(owner, dict):
            if attr in owner and not isinstance(owner[attr], list | numpy.ndarray):
                return self.made(owner[attr], arguments, named)
            return of_dict(owner, attr, arguments, named)
        if isinstance(owner, str):
            return of_text(owner, attr, arguments)
        if isinstance(owner, tuple | range) and attr in ("index", "count"):
            return of_list(list(owner), attr, arguments)
        if isinstance(owner, numpy.ndarray) and attr in ("add_", "sub_", "mul_", "copy_"):
            raise NotFollowedError
        if attr in ("dot", "matmul", "mm") and len(arguments) == 1:
            return self.multiplied(owner, arguments[0])
        found = of_array(owner, attr, arguments, named)
        if found is NOTHING:
            raise NotFollowedError
        return found

    def put_in(self, owner: list[Any], attr: str, given: list[Any], node: ast.Call) -> Any:
        name = name_of_target(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if attr == "append" and len(given) == 1:
            slot = (id(owner), len(owner))
            owner.append(self.told(node.lineno, name, given[0], slot, False))
            return None
        if attr in ("insert", "appendleft"):
            place, value = (0, given[0]) if attr == "appendleft" else given
            if not isinstance(place, int):
                raise NotFollowedError
            owner.insert(place, self.told(node.lineno, name, value, object(), False))
            return None
        if attr == "extend":
            for one in elements(given[0]):
                slot = (id(owner), len(owner))
                owner.append(self.told(node.lineno, name, one, slot, False))
            if len(owner) > MOST_ELEMENTS:
                raise NotFollowedError
            return None
        return of_list(owner, attr, given)

    def known(self, function: str, node: ast.Call, names: Names, name: str) -> Any:
        """A function of Python's, numpy's, torch's or math's."""
        if function in RANDOM or function in ("Linear", "LSTM"):
            return self.meanings.drawn(name)
        if function in ("defaultdict",):
            return _Missing(self, self.argument(node.args[0], names) if node.args else None)
        arguments, named = self.arguments(node, names, "" if function == "array_of" else name)
        if made := self.of_functions(function, arguments, named, node, names):
            return made[0]
        if function in ("dot", "matmul", "mm", "inner", "vdot") and len(arguments) == 2:
            return self.multiplied(*arguments)
        arguments = [self.iterated(one) for one in arguments]
        if self.first and function in ("zeros", "ones") and len(arguments) == 2 and 1 in arguments:
            arguments = [one for one in arguments if one != 1][:1] or [1]  # a row or a column
        found = called(function, arguments, named)
        if found is NOTHING:
            raise NotFollowedError
        return found

    def of_functions(
        self, function: str, given: list[Any], named: Mapping[str, Any], node: ast.Call,
        names: Names,
    ) -> tuple[Any] | None:  # fmt: skip
        """What handles functions, objects and their names."""
        match function, given:
            case "namedtuple", [str(name), str() | list() | tuple() as fields]:
                known = fields.replace(",", " ").split() if isinstance(fields, str) else fields
                return (_Class(name, names, records=list(known)),)
            case "SimpleNamespace" | "Namespace", []:
                return (_Object(_Class(function, names), dict(named)),)
            case "getattr", [of, str(attr), *_]:
                return (self.attribute_of(of, attr),)
            case "hasattr", [_Object() as of, str(attr)]:
                return (attr in of.fields or attr in of.of.methods or attr in of.of.own,)
            case "setattr", [_Object() as of, str(attr), value]:
                of.fields[attr] = self.told(node.lineno, attr, value, (id(of), attr), False)
                return (None,)
            case "vars" | "asdict", [_Object() as of]:
                return (of.fields if function == "vars" else dict(of.fields),)
            case "keys_of", [dict() as of]:
                return (list(of),)
            case "keys_of", [list() | numpy.ndarray() as of]:
                return (list(range(len(of))),)
            case "put_in", [dict() | list() | numpy.ndarray() as of, place, value]:
                of[place] = self.told(
                    node.lineno, _named(node, place), value, (id(of), place), False
                )
                return (None,)
            case "astuple", [_Object() as of]:
                return (tuple(self.iterated(of)),)
            case "fields", [_Object() | _Class() as of]:
                own = of if isinstance(of, _Class) else of.of
                one = _Class("Field", names, records=["name"])
                return (tuple(_Object(one, {"name": name}) for name in own.records),)
            case "replace" | "evolve", [_Object() as of]:
                return (_Object(of.of, {**of.fields, **named}),)
            case "partial", [_Known(name, first), *more]:
                return (_Known(name, (*first, *more)),)
            case "map", [maker, *parts]:
                rows = zip(*(elements(self.iterated(one)) for one in parts), strict=False)
                return ([self.made(maker, list(row), {}) for row in rows],)
            case "reduce" | "accumulate", _:
                return (self.reduced(function, given, named),)
            case "fromkeys", _:
                return ({one: copied(given[1] if len(given) > 1 else None)
                         for one in elements(given[0])},)  # fmt: skip
            case "isinstance", [of, _Class() as wanted]:
                return (isinstance(of, _Object) and of.of is wanted,)
            case "callable", [of]:
                return (isinstance(of, _Function | _Known | _Class),)
            case "next", [list() as of, *_]:
                return (of.pop(0),)
        return None

    def reduced(self, function: str, given: list[Any], named: Mapping[str, Any]) -> Any:
        maker, parts = given[0], given[1]
        if function == "accumulate":
            maker, parts = parts, maker
        values = elements(self.iterated(parts))
        start = given[2:] or ([named["initial"]] if "initial" in named else [])
        whole, *rest = [*start, *values]
        made = [whole]
        for one in rest:
            whole = self.made(maker, [whole, one], {})
            made.append(whole)
        return made if function == "accumulate" else whole


class _Missing(dict[Any, Any]):
    """A mapping that makes what it has not."""

    def __init__(self, following: Following, maker: Any) -> None:
        super().__init__()
        self.following, self.maker = following, maker

    def __missing__(self, key: Any) -> Any:
        if self.maker is None:
            raise KeyError(key)
        if isinstance(self.maker, _Known) and self.maker.name in ("float", "int"):
            self[key] = 0.0
        else:
            self[key] = self.following.made(self.maker, [], {})
        return self[key]


def _owner(node: ast.FunctionDef, of: _Object) -> _Object | _Class:
    is_of_class = any(name_of_target(one) == "classmethod" for one in node.decorator_list)
    return of.of if is_of_class else of


def _is_static(node: ast.FunctionDef | ast.Lambda) -> bool:
    if isinstance(node, ast.Lambda):
        return False
    return any(name_of_target(one) == "staticmethod" for one in node.decorator_list)


def _gives_out(node: ast.FunctionDef) -> bool:
    """Whether it is a generator."""
    return any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node))


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and name_of_target(node.func) == "super"


def _of_texts(op: ast.operator, left: Any, right: Any) -> str:
    """Texts put together; what is put into one for print says nothing."""
    if isinstance(op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MOST_LETTERS:
            raise NotFollowedError
        return left + right
    if isinstance(op, ast.Mod) and isinstance(left, str):
        parts = right if isinstance(right, tuple) else (right,)
        if left.count("%") == left.count("%s") == len(parts) and all(
            isinstance(one, str) and len(one) < MOST_LETTERS for one in parts
        ):
            return (left % parts)[:MOST_LETTERS]
        return ""
    if isinstance(op, ast.Mult):
        return ""
    raise NotFollowedError


def place_key(place: Any) -> object:
    """A place in an array as a key."""
    if isinstance(place, slice):
        return ("slice", place.start, place.stop, place.step)
    if isinstance(place, tuple):
        return tuple(place_key(one) for one in place)
    return place if isinstance(place, int | str | None) else object()


def _count_of(turn: Any) -> int | None:
    """The whole number that a loop counts with."""
    if isinstance(turn, tuple) and turn and isinstance(turn[0], int):
        turn = turn[0]
    return turn if isinstance(turn, int) and not isinstance(turn, bool) else None


def _is_of_parts(node: ast.expr, turns: Sequence[Any]) -> bool:
    """Whether a loop goes over the parts of one step, such as the gates, or over names."""
    for turn in turns:
        one = turn[0] if isinstance(turn, tuple) and turn else turn
        if isinstance(one, str):
            return True
        if isinstance(turn, tuple) and any(isinstance(part, str) for part in turn):
            return True
    inner = node
    while isinstance(inner, ast.Call) and inner.args and name_of_target(inner.func) == "enumerate":
        inner = inner.args[0]
    if isinstance(inner, ast.Tuple | ast.List):
        return not all(isinstance(turn, int) for turn in turns)
    return False


def _less_itself(target: ast.expr, value: ast.expr) -> ast.expr | None:
    """What a sum adds to something that is its first or last part: dW = dW + …"""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Add | ast.Sub):
        return None
    if isinstance(value.op, ast.Sub):
        return ast.UnaryOp(ast.USub(), value.right) if _is_same(value.left, target) else None
    for own, more in ((value.left, value.right), (value.right, value.left)):
        if _is_same(own, target):
            return more
    return None


def _is_same(one: ast.expr, other: ast.expr) -> bool:
    """Whether a value is what stands at a place that is given something."""
    match one, other:
        case ast.Name(id=a), ast.Name(id=b):
            return a == b
        case ast.Attribute(value=of, attr=a), ast.Attribute(value=owner, attr=b):
            return a == b and _is_same(of, owner)
        case ast.Subscript(value=of, slice=a), ast.Subscript(value=owner, slice=b):
            return _is_same(of, owner) and ast.dump(a) == ast.dump(b)
    return False


def _is_shown(call: ast.Call) -> bool:
    """Whether something is only printed or drawn."""
    name = name_of_target(call.func)
    return name in _SHOWN


def _targets(statement: ast.stmt) -> Iterable[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def name_of_target(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if OF_SLOPES.fullmatch(owner):
            return _of_key(owner, name) if len(name) > 1 or owner != "g" else name
        case ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            return _of_key(name_of_target(value), key)
        case ast.Subscript(value=value):
            return name_of_target(value)
    return ""


def _of_key(owner: str, key: str) -> str:
    """The name of what a mapping holds: grads["Wf"] is dWf, dz["f"] is dz_f."""
    if len(key) == 1 and (of := re.fullmatch(r"(d|g|grad|grad_|d_)?([WUbpVwu]|[za](?=$))", owner)):
        return f"{'d' if of[1] else ''}{of[2].upper() if of[2] in 'wu' else of[2]}_{key}"
    if _KEPT.fullmatch(owner) and (len(owner) > 2 or re.match(r"d?_?[WUbVRwup]", key)):
        return f"{owner}_{key}"  # but s["c"] is c
    is_slope = OF_SLOPES.fullmatch(owner)
    return f"d{key}" if is_slope and not re.match(r"d_?[A-Za-z]", key) else key


def _changed(statement: ast.stmt) -> Iterable[ast.expr]:
    """The arrays, lists and objects that a statement puts something into."""
    if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
        return  # it is for the statements in it
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(value=owner, ctx=ast.Store()):
                while isinstance(owner, ast.Subscript):
                    owner = owner.value
                yield owner
            case ast.Attribute(ctx=ast.Store()):
                yield node
            case ast.Call(func=ast.Attribute(value=owner, attr="append" | "extend" | "insert")):
                yield owner


def _named(node: ast.Call, place: Any) -> str:
    """What is put into a mapping: its key, with the name of the mapping."""
    name = name_of_target(node.args[0])
    return _of_key(name, place) if isinstance(place, str) else name


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
    """Whether something is given a sum in which it stands itself: dh = dh + …"""
    if not isinstance(value, ast.BinOp):
        return False
    terms = [value]
    while terms:
        one = terms.pop()
        if isinstance(one.op, ast.Add | ast.Sub):
            for part in (one.left, one.right):
                if _is_same(part, target):
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
        if isinstance(part, ast.Call) and name_of_target(part.func) == "reversed":
            return True
        if isinstance(part, ast.Slice) and isinstance(part.step, ast.UnaryOp):
            return True
    firsts = [turn[0] for turn in turns if isinstance(turn, tuple) and isinstance(turn[0], int)]
    return len(firsts) == len(turns) > 1 and firsts[0] > firsts[-1]


def _counts_down(node: ast.While) -> bool:
    """Whether a loop goes from the last step to the first: t -= 1, or a list that it empties."""
    for one in ast.walk(node):
        if isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Sub):
            tested = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
            if name_of_target(one.target) in tested:
                return True
        if isinstance(one, ast.Call) and name_of_target(one.func) == "pop" and not one.args:
            return True
    return False


_SMALL = re.compile(r"(?i)(?:eps\w*|h_?|hh|dx|delta|tiny|d_?eps|step|small|perturb\w*)")


def _is_gradient_check(node: ast.AST) -> bool:
    """Whether a loop changes numbers by something small, both ways, and calls functions."""
    signs: set[type[ast.operator]] = set()
    for one in ast.walk(node):
        value: ast.expr | None = None
        if isinstance(one, ast.AugAssign):
            value, op = one.value, one.op
        elif isinstance(one, ast.BinOp):
            value, op = one.right, one.op
        if value is None:
            continue
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
            value = value.right if isinstance(value.left, ast.Constant) else value.left  # 2*eps
        number = value.value if isinstance(value, ast.Constant) else None
        is_tiny = isinstance(number, float) and 0 < number < 0.002
        if is_tiny or (isinstance(value, ast.Name) and _SMALL.fullmatch(value.id)):
            signs.add(type(op))
    calls = any(
        isinstance(one, ast.Call) and isinstance(one.func, ast.Name) for one in ast.walk(node)
    )
    return calls and signs >= {ast.Add, ast.Sub}


def _is_data(made: list[Any]) -> bool:
    """Whether a list holds nothing but numbers as they are written."""
    if not made:
        return False
    return all(
        one is None
        or (isinstance(one, int | float) and not isinstance(one, bool))
        or (isinstance(one, list | tuple) and _is_data(list(one)))
        or (isinstance(one, numpy.ndarray) and _is_data(list(one.flat)))
        for one in made
    )
