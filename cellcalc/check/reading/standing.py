"""What the arguments of a function stand for that its program never calls.

Somebody may hand in the functions alone, with no data and nothing that calls them. A function of
one step is then followed at a step inside of a window: what it is given are the quantities that
its arguments are called by, ``h_prev`` that of the step before, ``dh_next`` what comes from the
step after. What a name does not say is told by how it is used, never by what would be right: a
``dc`` to which something is added is only what comes from the step after. What neither tells stays
unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from cellcalc.check.reading.terms import NotFollowedError

_PREVIOUS = re.compile(
    r"(?:prev|old|last)_?(?P<a>[hcas])"
    r"|(?P<b>[hcas])_?(?:prev|previous|old|last|before|p|m1|tm1|t_?m(?:inus)?_?1|minus_?1|in|0"
    r"|start|init)"
)
_OWN = re.compile(r"(?:next|new|cur|this)_?(?P<a>[hcas])|(?P<b>[hcas])_?(?:next|new|cur|now|out|t)")
_BARE = re.compile(r"(?P<a>[hcas])")
_STATES = {"h": "h", "a": "h", "s": "c", "c": "c"}
_LATER = r"next|nxt|n|later|future|tp1|t_?p(?:lus)?_?1|plus_?1|from_?next|rec|carry|carried|after"
_SLOPE = re.compile(
    rf"(?:d|delta_?|grad_?)_?(?P<a>[hcas])(?:_?(?P<next>{_LATER})|_?(?:t|total|in|out|cur|up))?"
    rf"|d_?(?P<pre>next|nxt)_?(?P<b>[hcas])"
)
# What holds the gradients by their parameters' names.
OF_SLOPES = re.compile(r"d|g|dp|d_?par\w*|\w*grad\w*|delta\w*|acc\w*|d_?gates?")
# The derivative of this step's loss: dloss_dh, dE_dy, dh_loss.
_OF_LOSS = re.compile(
    r"d_?(?:loss|l|L|E|e|J|err|error)_?d?_?(?P<state>h|a|y|yhat|y_hat|out)(?:_?t)?"
    r"|d_?[ha]_?(?:loss|y|out|local|own|err|err?or|top|obs)"
)
LATER, OWN, WHOLE = "later", "own", "whole"
_HANDED_BACK = re.compile(
    r"d_?(?P<a>[hcas])_?(?:prev|previous|p|old|back|pass|m1|tm1|next|nxt|n|out|new)"
    r"|d_?(?:prev|next)_?(?P<b>[hcas])"
)
_INPUTS = re.compile(r"x|x_?t|inp|input|x_?in|u_?t|xs_t")
CACHE = re.compile(
    r"(?i)\w*cache\w*|tape|ctx|saved?|mem\w*|stor\w*|fwd|hist\w*|buf\w*|k|st|steps?|vals?|values"
    r"|state|rec\w*|acts?|activations|inter\w*"
)
_COUNTS = re.compile(r"T|n|N|T_?x|n_?steps|steps|seq_?len|length|num_?steps")
_RATES = re.compile(r"lr|eta|alpha|rate|learning_?rate|step_?size")


class Quantities(Protocol):
    """What is known of the problem."""

    def inner(self) -> int | None:
        """A step inside of a window; None where no window has one."""

    def standing(self, name: str, shift: int) -> Any:
        """A quantity at that step, or so many after it."""

    def arriving(self, state: str, part: str) -> Any:
        """The derivative of a state there; or only what this step or the next adds to that."""

    def drawn(self, name: str) -> Any:
        """What a name stands for in a function of all steps."""


@dataclass
class Bag:
    """Something of which only the names are known that are taken out of it: parameters, a cache."""

    name: str
    argument: Arguments
    fields: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """What is kept in it by a name."""
        if key not in self.fields and OF_SLOPES.fullmatch(self.name):
            self.fields[key] = 0.0  # what is added up in it
        if key not in self.fields:
            is_of_gate = len(key) == 1 and re.fullmatch(r"[WUbVwup]|W[xh]", self.name)
            name = f"{self.name[0].upper() if self.name in 'wu' else self.name}_{key}"
            self.fields[key] = self.argument.of(name if is_of_gate else key)
        return self.fields[key]


@dataclass
class Arguments:
    """The arguments of one function; of one step, or of all."""

    quantities: Quantities
    node: ast.FunctionDef
    of_step: bool
    backward: bool = False
    found: int = 0  # arguments that are quantities of the step
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.names = frozenset(names_in(self.node))
        self.backward = is_backward(self.node)

    def argument(self, name: str) -> Any:
        """What an argument is; a bag where its name is none of a quantity."""
        if len(name) > 2 and OF_SLOPES.fullmatch(name):
            return Bag(name, self)
        try:
            made = self.of(name)
        except NotFollowedError:
            if len(name) > 1 or name in "pPkwWUbVsgGm":
                return Bag(name, self)
            raise
        self.found += self.of_step
        return made

    def of(self, name: str) -> Any:
        """What a name stands for."""
        if not self.of_step:
            return self.quantities.drawn(name)
        if _RATES.fullmatch(name) or _COUNTS.fullmatch(name):
            raise NotFollowedError
        if _INPUTS.fullmatch(name):
            return self.quantities.standing("x", 0)
        if match := _OF_LOSS.fullmatch(name):
            if match["state"] and match["state"][0] == "y":
                return self.quantities.standing("dy", 0)
            is_own = is_in_sum(self.node, name, False)
            return self.quantities.arriving("h", OWN if is_own else WHOLE)
        if match := _SLOPE.fullmatch(name):
            letter = match["a"] or match["b"]
            says_next = bool(match["next"] or match["pre"])
            return self.slope(name, _STATES[letter], says_next)
        if match := _PREVIOUS.fullmatch(name):
            return self.quantities.standing(_STATES[match["a"] or match["b"]], -1)
        if match := _OWN.fullmatch(name):
            return self.quantities.standing(_STATES[match["a"] or match["b"]], 0)
        if match := _BARE.fullmatch(name):
            return self.state(_STATES[match["a"]])
        if name in ("target", "tgt", "label", "y_true", "y_target") or (
            name in ("y", "t", "d") and not self.has_target and self.backward
        ):
            return self.quantities.standing("target", 0)
        return self.quantities.standing(name, 0)

    @property
    def has_target(self) -> bool:
        return bool(self.names & {"target", "tgt", "label", "y_true", "y_target"})

    def state(self, state: str) -> Any:
        """A state whose name says no step: in a forward pass it is what the step is given."""
        if not self.backward:
            given = {one.arg for one in self.node.args.args}
            if state in self._marked(_PREVIOUS, given):
                raise NotFollowedError
            return self.quantities.standing(state, -1)
        has_previous = state in self._marked(_PREVIOUS, self.names)
        has_own = state in self._marked(_OWN, self.names)
        if has_previous == has_own:
            raise NotFollowedError
        return self.quantities.standing(state, 0 if has_previous else -1)

    def _marked(self, pattern: re.Pattern[str], names: Iterable[str]) -> set[str]:
        matches = map(pattern.fullmatch, names)
        return {_STATES[match["a"] or match["b"]] for match in matches if match}

    def slope(self, name: str, state: str, says_next: bool) -> Any:
        """A derivative that comes in: all of it, or what the next step adds to it."""
        if state == "c":
            is_part = says_next or is_in_sum(self.node, name, True)
        else:
            is_part = is_in_sum(self.node, name, False)
        return self.quantities.arriving(state, LATER if is_part else WHOLE)


def names_in(node: ast.AST) -> Iterator[str]:
    """The arguments of a function, and the names and keys that it uses."""
    for one in ast.walk(node):
        match one:
            case ast.arg(arg=name) | ast.Name(id=name):
                yield name
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                yield name
            case ast.Attribute(attr=name):
                yield name


def is_backward(node: ast.FunctionDef) -> bool:
    """Whether a function goes back: it is given derivatives, or is called so."""
    if re.search(r"(?i)back|bwd|bptt|grad", node.name):
        return True
    return any(_SLOPE.fullmatch(one.arg) for one in node.args.args)


def has_loop(node: ast.AST) -> bool:
    """Whether a function goes over steps, and not only over the gates of one."""
    for one in ast.walk(node):
        if isinstance(one, ast.While):
            return True
        if isinstance(one, ast.For) and not _is_over_parts(one.iter):
            return True
    return False


def _is_over_parts(node: ast.expr) -> bool:
    while isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name):
        node = node.args[0]  # enumerate("fiog")
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return all(isinstance(one, ast.Constant | ast.Tuple | ast.Name) for one in parts)
        case ast.Call(func=ast.Attribute(attr="items" | "keys" | "values" | "split")):
            return True
        case ast.Name(id=name):
            return bool(re.fullmatch(r"(?i)gates?|keys|names|params?|letters", name))
    return False


_OF_MATRICES = ("dot", "matmul", "mm", "hstack", "vstack", "concatenate", "cat", "outer", "einsum")


def uses_matrices(node: ast.AST) -> bool:
    """Whether a function reckons with arrays whose shapes its arguments do not say."""
    for one in ast.walk(node):
        match one:
            case ast.BinOp(op=ast.MatMult()) | ast.Attribute(attr="T" | "shape"):
                return True
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                if name in _OF_MATRICES:
                    return True
    return False


def handed_back(name: str) -> str:
    """The state whose derivative a step hands to the one before it by this name; "" for none."""
    match = _HANDED_BACK.fullmatch(name)
    return _STATES[match["a"] or match["b"]] if match else ""


def given_on(name: str) -> str:
    """The state that a forward step gives to the next by this name; "" for none."""
    match = _OWN.fullmatch(name)
    return _STATES[match["a"] or match["b"]] if match and len(name) > 1 else ""


def is_in_sum(node: ast.AST, name: str, as_factor: bool) -> bool:
    """Whether something is added to a name, or to a product that it is a factor of."""
    for one in ast.walk(node):
        if isinstance(one, ast.AugAssign) and isinstance(one.op, ast.Add | ast.Sub):
            if isinstance(one.target, ast.Name) and one.target.id == name:
                return True
            terms: Iterable[ast.expr] = [one.value] if not as_factor else []
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Add | ast.Sub):
            terms = (one.left, one.right)
        else:
            continue
        for term in terms:
            if isinstance(term, ast.Name) and term.id == name:
                return True
            if as_factor and _has_factor(term, name):
                return True
    return False


def _has_factor(term: ast.expr, name: str) -> bool:
    while isinstance(term, ast.BinOp) and isinstance(term.op, ast.Mult):
        if isinstance(term.right, ast.Name) and term.right.id == name:
            return True
        term = term.left
    return isinstance(term, ast.Name) and term.id == name
