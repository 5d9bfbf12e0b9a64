"""Programs that were followed statement by statement, as answers: a formula for each line.

What a name means is settled by what it is made of wherever that is a quantity of the problem, and
by what it is called where it is not: a line that is wrong. At first every number stays what the
program makes it; a number that is not what its name says, but from which right ones are made, is
not wrong, it is something else. Where some are neither, the first such line is taken to be wrong,
and the program is gone through again with the right number in its place, so that what follows is
judged by itself: until nothing is left that is not right.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import groupby
from typing import Any

import numpy

from cellcalc.check.answers import Answer, Entry
from cellcalc.check.reading.code import single
from cellcalc.check.reading.columns import FollowingColumns
from cellcalc.check.reading.following import MOST_OPERATIONS, Following, Turn, Turns
from cellcalc.check.reading.mathematics import Style
from cellcalc.check.reading.names import Names
from cellcalc.check.reading.standing import LATER, WHOLE, given_on, handed_back
from cellcalc.check.reading.terms import Doubt, NotFollowedError, Term, as_array, constant
from cellcalc.check.redrawn import FORWARD, Place, Runs, near, runs_of
from cellcalc.engine.trace import Trace
from cellcalc.errors import CellcalcError, ExpressionError
from cellcalc.language.arithmetic.decimals import SUM
from cellcalc.language.keys import element_keys
from cellcalc.language.tree import (
    Call,
    Expression,
    Number,
    Symbol,
    add,
    rename,
    symbols,
    walk,
)
from cellcalc.model.model import LOSS, TARGET, TOTAL_LOSS

MOST_STEPS = 120  # of a sequence whose programs are followed
_HANDED_ON = re.compile(
    r".+_?(?:next|prev|nxt|old|before|later|future|rec|carry|in|back|acc|sum)|d?(?:next|prev)_.+|d_?[a-z]_?n"
)
# Words that say several things: what they are made of tells which.
_SEVERAL = re.compile(
    r"(?:d_?|delta_?|grad_?)?(?:out|output|in|input|err|error|state|cell|act|activation|a|s)(?:_?t)?"
)
_OF_ALL = re.compile(r"(?:d|g|grad)_?([WUbwu])[a-z]{0,2}")
_OF_N = re.compile(r"(d?_?[WUb])_?i?n")
# The net inputs of all gates in one array, or the derivatives by them.
_OF_GATES = re.compile(r"(?P<slope>d_?|delta_?|grad_?)?(?:z|Z|net|pre\w*|gates?_?in|zs|zz)(?:_?t)?")
_TARGETS = {"ts", "ys", "y", "Y", "tgt", "tgts", "targets", "target", "labels", "label", "t", "d"}
_RATE = re.compile(r"(?i)lr|eta|alpha|rate|learning_?rate")
_COUNTED = re.compile(r"T|n|N|T_?x|n_?steps|steps|seq_?len|num_?steps|time_?steps")
_BEGIN = re.compile(
    r"([hcas])_?(?:0|init|initial|start|prev)|(?:init|initial|start)_?(?P<a>[hcas])"
)
_SETTING = re.compile(r"(?i)=?(?:lr|eta|alpha|rate|learning_?rate|eps|epsilon|delta|tol|h|step\w*)")
MOST_IN_ALL = 400_000  # operations, however often a program is gone through
MOST_RECORDS = 5_000
MOST_WRONG = 4  # lines
MOST_WRONG_ALONE = 2  # of a function that nothing calls
MOST_UNNAMED = 3  # lines of no known meaning that are tried
MOST_MEANINGS = 8  # that are tried for each
MOST_KEPT = 150  # nodes of the tree of a number that is not what its name says
HANDED = "handed on "
_SOMETHING = add(Symbol("something"), Symbol("other"))
_PLAIN = {0.0, 0.5, 1.0, 2.0, 3.0, 4.0}  # numbers that formulas have


@dataclass(frozen=True)
class Lines:
    """What a program says, by line: the answers, and the lines that were followed.

    ``whole`` tells that the backward pass was reached, so that what was not followed is no part
    of the reckoning.
    """

    answers: tuple[Answer, ...]
    lines: frozenset[int | str]
    whole: bool


NOTHING_FOLLOWED = Lines((), frozenset(), False)


@dataclass
class _Record:
    """A number given to a name: at this line it is said to be this quantity."""

    line: int
    place: Place
    tree: Expression
    values: tuple[float, ...]
    sure: bool  # whether it is that quantity indeed
    turns: Turns
    name: str = ""  # in the program
    also: frozenset[str] = frozenset()  # what else it may be: at the last step dh is dy
    element: int = 0  # of the array that the name is for
    order: int = 0

    @property
    def key(self) -> str:
        return self.place.name

    @property
    def t(self) -> int | None:
        return self.place.t

    @property
    def of(self) -> Doubt:
        return self.line, self.name, self.element

    @property
    def window(self) -> tuple[int, int]:
        return self.place.p, self.place.w


@dataclass(frozen=True)
class _Learnt:
    """What going through a program has taught for the next time.

    ``wrong`` are the lines in whose place the right number is put, with what they are for: a key,
    or HANDED and the key of what a step hands to the one before it.
    """

    innocent: frozenset[Doubt] = frozenset()  # lines that make something else than they say
    steps: Mapping[tuple[int, int], tuple[str, int]] = field(default_factory=dict)  # of loops
    said: Mapping[Doubt, str] = field(default_factory=dict)
    wrong: Mapping[Doubt, str] = field(default_factory=dict)


def followed(
    entries: Sequence[Entry], trace: Trace, author: Mapping[str, str] | None
) -> Lines | None:
    """What the programs of a document say; None where they cannot be followed, or say nothing.

    Parameters
    ----------
    entries : sequence of Entry
        All that was handed in; those of a program hold it. Several are followed as one, in order.
    trace : Trace
        The true values. A program is followed through the first epoch.
    author : mapping of str to str, optional
        The symbols of the author's notation with our keys.
    """
    if max(one.steps for one in trace.passes) > MOST_STEPS:
        return None
    sources: list[str] = []
    labels: dict[int, int | str] = {}
    kinds = {(entry.block_first, entry.block_columns) for entry in entries if entry.block}
    if len(kinds) != 1:
        return None  # in several languages
    first, has_columns = kinds.pop()
    shown: list[str] = []
    for block, own in groupby((e for e in entries if e.block), key=lambda e: e.block):
        before = sum(source.count("\n") + 1 for source in sources)
        lines = list(own)
        labels |= {before + e.block_line: e.line for e in lines}
        sources.append(block)
        shown += _as_written(lines[0].block_own, block)
    try:
        tree = ast.parse("\n".join(sources))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    try:
        runs = runs_of(trace, 1)
    except (CellcalcError, ArithmeticError):
        return None
    if runs is None:
        return None
    names = Names(trace.model, max(one.steps for one in trace.passes), author)
    try:
        meanings, following = _Rounds(tree, runs, names, first, has_columns).settled()
    except RecursionError:
        return None
    answers = [
        replace(answer, line=labels[answer.line])
        for answer in _less_guesses(list(meanings.answers(shown)), following.alone)
        if isinstance(answer.line, int) and answer.line in labels
    ]
    if not answers:
        return None
    reached = following.lines - following.missed
    own_lines = {labels[line] for line in reached if line in labels}
    told = frozenset(own_lines | {answer.line for answer in answers})
    return Lines(tuple(answers), told, meanings.is_whole)


def _holds_itself(answer: Answer) -> bool:
    """Whether a formula is made of the very thing that it is for."""
    return any(
        symbol.name == key and not symbol.shift and symbol.step in (None, answer.t)
        for key, formula in (answer.formulas or {}).items()
        for symbol in symbols(formula)
    )


def _less_guesses(answers: Sequence[Answer], alone: Sequence[tuple[int, int]]) -> Iterator[Answer]:
    """Without what seems wrong in a function that nothing calls, where that is much of it.

    What its arguments stand for is then more likely to be another than was taken.
    """
    doubted: set[int | str] = set()
    for first, last in alone:
        own = [a for a in answers if isinstance(a.line, int) and first <= a.line <= last]
        wrong = {a.line for a in own if not a.right}
        doubted |= {a.line for a in own if not a.right and _holds_itself(a)}
        if len(wrong) > MOST_WRONG_ALONE or len(wrong) * 2 > len({a.line for a in own} - wrong):
            doubted |= wrong
    yield from (a for a in answers if a.right or a.line not in doubted)


def _as_written(own: str, block: str) -> list[str]:
    """The lines of a program as they were, where it is respelled line by line."""
    lines, made = own.split("\n"), block.split("\n")
    return [*lines, *made[len(lines) :]] if own and len(lines) <= len(made) else made


@dataclass
class _Rounds:
    """Goes through a program until it is known which of its lines are wrong."""

    tree: ast.Module
    runs: Runs
    names: Names
    first: int = 0  # what the program calls the first element of an array
    has_columns: bool = False  # its arrays have rows and columns
    left: int = MOST_IN_ALL
    is_all: bool | None = None  # whether every statement was followed

    def settled(self) -> tuple[_Meanings, Following]:
        now = self.gone_through(_Learnt())
        if now[0].is_lost and self.left > 0:
            now = self.gone_through(now[0].learnt_now({}))
        wrong: dict[Doubt, str] = {}
        for _ in range(MOST_WRONG):
            suspects = now[0].suspects()
            if not suspects or self.left <= 0:
                break
            first = suspects[0]
            if now[0].is_given_others(first):
                wrong[first] = ""
                break  # what comes after it is made of such numbers, too
            more = wrong | dict.fromkeys(now[0].with_it(first), "")
            trial = self.gone_through(now[0].learnt_now(more))
            if trial[0].suspects() and (other := self.otherwise(now[0], wrong, first)):
                wrong, now = other
            else:
                wrong, now = more, trial
        return self.gone_through(now[0].learnt_now(wrong)) if wrong else now

    def gone_through(self, learnt: _Learnt) -> tuple[_Meanings, Following]:
        meanings = _Meanings(self.runs, self.names, learnt)
        kind = FollowingColumns if self.has_columns else Following
        following = kind(meanings, self.first)
        following.program(self.tree)
        if self.is_all is None:
            self.is_all = not following.missed
        meanings.is_all, meanings.counts = self.is_all, following.counts
        self.left -= following.operations
        if following.operations > MOST_OPERATIONS or meanings.count > MOST_RECORDS:
            self.left = 0  # once is enough
        return meanings, following

    def otherwise(
        self, now: _Meanings, wrong: Mapping[Doubt, str], first: Doubt
    ) -> tuple[dict[Doubt, str], tuple[_Meanings, Following]] | None:
        """Another line, met before the first suspect, after which all that follows is right."""
        for doubt, key in now.others(first):
            if self.left <= 0:
                return None
            more = {**wrong, doubt: key}
            trial = self.gone_through(now.learnt_now(more))
            if not trial[0].suspects():
                return more, trial
        return None


@dataclass
class _Meanings:
    """Tells what the numbers of a program are, and keeps what its lines say of them.

    ``learnt`` is what going through it before has taught.
    """

    runs: Runs
    names: Names
    learnt: _Learnt
    is_all: bool = True  # whether every statement was followed
    records: dict[object, list[_Record]] = field(default_factory=dict)
    unfinished: set[tuple[int, str]] = field(default_factory=set)  # lines, and for what
    innocent: set[Doubt] = field(default_factory=set)
    spread: set[Doubt] = field(default_factory=set)  # that other wrong numbers are made of
    wrong_parts: set[str] = field(default_factory=set)  # gradients that a wrong part is added to
    unknown: dict[Doubt, tuple[int, Turns]] = field(default_factory=dict)  # with their order
    called: dict[Doubt, str] = field(default_factory=dict)  # what wrong lines were first taken for
    # Sums that are called by one gradient and add up another.
    instead: dict[Doubt, tuple[str, str]] = field(default_factory=dict)
    doubtful: dict[Doubt, list[tuple[float, ...]]] = field(default_factory=dict)
    is_lost: bool = False  # whether there are numbers of which the step is not known
    counts: Mapping[tuple[int, int], int] = field(default_factory=dict)  # of turns of each loop
    good: set[Doubt] = field(default_factory=set)  # lines that say again what they say
    element: int = 0  # of the array that is told of
    gates: dict[int, tuple[str, ...]] = field(default_factory=dict)  # of arrays of so many
    latest: dict[object, list[_Record]] = field(default_factory=dict)
    turns: Turns = ()
    within: tuple[Any, Any] | None = None  # the array and the place that something is put into
    at: tuple[int, int] = (0, 0)  # the pass and window that were met last
    count: int = 0

    def __post_init__(self) -> None:
        self.model = self.runs.model
        self.equations = self.runs.equations
        self.steps = self.runs.passes[0].steps
        self.meant: dict[str, Symbol | None] = {}
        self.backward = frozenset(self.equations.backward)
        self.forward = frozenset((*self.equations.forward, *(r.symbol for r in self.model.inputs)))
        self.order = {name: k for k, name in enumerate(self.model.quantities)}
        self.worlds = len(self.runs.traces)

    @property
    def is_whole(self) -> bool:
        return any(r.sure and r.key in self.backward and r.key != "dE" for r in self.every)

    # What names mean.

    def meaning(self, name: str) -> Symbol | None:
        """The quantity that a name says; None where it says none of ours."""
        if name not in self.meant:
            self.meant[name] = self._meaning(name)
        return self.meant[name]

    def _meaning(self, name: str) -> Symbol | None:
        if not name or len(name) > 40 or _HANDED_ON.fullmatch(name) or _SEVERAL.fullmatch(name):
            return None
        if self.names.has_reset and (of_n := _OF_N.fullmatch(name)):
            name = f"{of_n[1]}_g"  # PyTorch's n is the candidate
        for spelled in dict.fromkeys((single(name), name)):
            try:
                found = self.names.parsed(spelled, Style(target=True, code=True))
            except ExpressionError:
                continue
            if isinstance(found, Symbol) and found.name != "n":
                return found
        return None

    def is_sure(self, name: str, key: str) -> bool:
        """Whether a name is spelled so that it can hardly be anything else."""

        def plain(text: str) -> str:
            return text.replace("_", "").lower().removesuffix("t")

        own = plain(single(name))
        return own == plain(key) or len(own) > 2

    # Data.

    def given(self, name: str, value: Any) -> Any:
        try:
            array = as_array(value)
        except NotFollowedError:
            return value
        if isinstance(array, numpy.ndarray):
            own = self._data(name, array)
            if own is None and array.ndim and len(array) > 2:
                rest = self._data(name, array[1:])  # behind a place of no step, where t is from 1
                if rest is not None:
                    own = array.astype(object)
                    own[1:] = rest
            if own is not None:
                return own
        meant = self.meaning(name.removeprefix("="))
        if isinstance(array, numpy.ndarray):
            leaves = None if meant is None else self._parameters(meant.name)
            if leaves is not None and leaves.size == array.size and self._are(array, leaves):
                return leaves.reshape(array.shape)
            both = None if meant is None else self._both(meant.name, array)
            if both is None:
                both = self._by_value(array)
            return value if both is None else both
        if meant is not None:
            if meant.name in self.names.parameters:
                leaf = self.leaf(meant.name)
                if not name.startswith("=") or leaf.values[0] == float(value):
                    return leaf
            elif meant.name in self.model.state and float(value) != 0:
                leaf = self.start(meant.name)
                if leaf.values[0] == float(value):
                    return leaf
        is_told = meant is not None or not name or _SETTING.fullmatch(name)
        if is_told or float(value) in _PLAIN:
            return value
        own = self._written.get(float(value), [])
        return own[0] if len(own) == 1 else value

    def _are(self, array: Any, leaves: Any) -> bool:
        """Whether an array may be these parameters, told by its name or by its numbers."""
        own = sorted(leaf.values[0] for leaf in leaves)
        numbers = [float(v) for v in array.flat if isinstance(v, int | float) and v == v]
        return len(set(own)) < len(own) or sorted(numbers) != own or numbers == [
            leaf.values[0] for leaf in leaves
        ]  # fmt: skip

    @cached_property
    def _written(self) -> Mapping[float, list[Term]]:
        """The parameters and start states by their numbers."""
        found: dict[float, list[Term]] = {}
        for name in self.names.parameters:
            leaf = self.leaf(name)
            found.setdefault(leaf.values[0], []).append(leaf)
        for name in self.model.state:
            leaf = self.start(name)
            if leaf.values[0]:
                found.setdefault(leaf.values[0], []).append(leaf)
        return found

    def _by_value(self, array: Any) -> Any:
        """An array whose numbers are parameters, each of them one: with these in their places."""
        made = array.copy()
        count = 0
        for place, one in numpy.ndenumerate(array):
            if not isinstance(one, int | float) or one != one:
                return None
            own = self._written.get(float(one), [])
            if float(one) in (0.0, 1.0) and not own:
                continue
            if len(own) != 1:
                return None
            made[place] = own[0]
            count += 1
        if count > 1:
            self._ordered(made)
        return made if count > 1 else None

    def _ordered(self, leaves: Any) -> None:
        """The order of the gates, as parameters stand in an array of them: b_f, b_i, b_g, b_o."""
        rows = leaves.reshape(leaves.shape[0], -1)[:, 0]
        names = [
            one.tree.name for one in rows if isinstance(one, Term) and isinstance(one.tree, Symbol)
        ]
        gates = tuple(name[2:3] for name in names if name[1:2] == "_")
        if len(gates) == len(rows) > 1 and sorted(gates) == sorted(self.names.gates):
            self.gates.setdefault(len(gates), gates)

    def _data(self, name: str, array: Any) -> Any:
        """The inputs or the targets, where a program has them among its numbers."""
        if any(isinstance(v, Term) for v in array.flat) or not array.size:
            return None
        flat = [v for v in array.reshape(-1) if isinstance(v, int | float)]
        flat = [float(v) for v in flat if v == v]  # without those of steps that have no target
        if not flat:
            return None
        meant = self.meaning(name)
        inputs = self._inputs
        has_target = TARGET in {row.symbol for row in self.model.inputs}
        says_x = meant is not None and meant.name in ("x", *inputs)
        says_target = (meant is not None and meant.name == TARGET) or name in _TARGETS
        for p in self._firsts:
            steps = self.runs.passes[p].steps
            places = [Place(key, t, p) for t in range(1, steps + 1) for key in inputs]
            targets = [Place(TARGET, t, p) for t in range(1, steps + 1)] if has_target else []
            one_only = len(self._firsts) == 1
            is_x = array.size == len(places) and (
                flat == self._true(places) or (says_x and one_only)
            )
            is_target = array.size == len(targets) and (
                flat == self._true(self._there(targets)) or (says_target and one_only)
            )
            if is_target and (says_target or not is_x):
                return self._filled(array, targets)
            if is_x and len(inputs) > 1 and array.ndim > 1 and array.shape[-1] == steps:
                columns = [Place(key, t, p) for key in inputs for t in range(1, steps + 1)]
                if flat == self._true(columns) != self._true(places):
                    return self._filled(array, columns)
            if is_x and (len(inputs) == 1 or array.shape[0] == steps or array.ndim == 1):
                return self._filled(array, places)
        return self._all_data(array, flat) or self._in_columns(array)

    def _all_data(self, array: Any, flat: list[float]) -> Any:
        """Those of all sequences in one array."""
        if len(self._firsts) < 2:
            return None
        for keys in (self._inputs, [TARGET]):
            places = [
                Place(key, t, p)
                for p in self._firsts
                for t in range(1, self.runs.passes[p].steps + 1)
                for key in keys
                if key in self.forward
            ]
            if places and array.size == len(places) and flat == self._true(self._there(places)):
                return self._filled(array, places)
        return None

    def _in_columns(self, array: Any) -> Any:
        """Rows of steps that hold the inputs and the target side by side."""
        for p in self._firsts:
            steps = self.runs.passes[p].steps
            if array.ndim != 2 or array.shape[0] != steps or steps < 2:
                continue
            made = array.copy()
            for k in range(array.shape[1]):
                column = [float(v) for v in array[:, k] if isinstance(v, int | float)]
                for key in (*self._inputs, TARGET):
                    places = [Place(key, t, p) for t in range(1, steps + 1)]
                    if key in self.forward and column == self._true(places):
                        made[:, k] = [self.of(place) for place in places]
                        break
                else:
                    break
            else:
                return made
        return None

    @cached_property
    def _inputs(self) -> list[str]:
        return [row.symbol for row in self.model.inputs if row.symbol != TARGET]

    @cached_property
    def _firsts(self) -> list[int]:
        """The passes over each of the sequences for the first time."""
        seen: dict[int, int] = {}
        for p, one in enumerate(self.runs.passes):
            seen.setdefault(one.sequence, p)
        return list(seen.values())

    def _there(self, places: Sequence[Place]) -> list[Place]:
        """The steps that have a target."""
        passes = self.runs.passes
        return [q for q in places if q.name != TARGET or passes[q.p].counted(q.t or 1)]

    def _true(self, places: Sequence[Place]) -> list[float]:
        return [self.runs.values(place)[0] for place in places]

    def _both(self, name: str, array: Any) -> Any:
        """The weights of the state and of the inputs in one array, in either order."""
        inputs, state = self._parameters(name), self._parameters(f"U{name[1:]}")
        numbers = [float(v) for v in array.flat if isinstance(v, int | float) and v == v]
        if inputs is None or state is None or len(numbers) != array.size:
            return None
        for leaves in ([*state, *inputs], [*inputs, *state]):
            if [leaf.values[0] for leaf in leaves] == numbers:
                made = numpy.empty(array.shape, dtype=object)
                made.reshape(-1)[:] = leaves
                return made
        return None

    def _filled(self, array: Any, places: Sequence[Place]) -> Any:
        made = numpy.empty(array.shape, dtype=object)
        there = set(self._there(places))
        for k, (one, place) in enumerate(zip(array.reshape(-1), places, strict=True)):
            made.reshape(-1)[k] = self.of(place) if place in there else one
        return made

    def _parameters(self, name: str) -> Any:
        """The leaves of a vector of weights, or of the one weight of that name."""
        count = self.model.features
        if name in self.names.parameters:
            keys: tuple[str, ...] = (name,)
        elif name in self.names.vectors and name != "x":
            keys = element_keys(name, count)
        else:
            return None
        made = numpy.empty(len(keys), dtype=object)
        made[:] = [self.leaf(key) for key in keys]
        return made

    def inner(self) -> int | None:
        """A step with one before and one after it in its window."""
        for w, window in enumerate(self.runs.passes[0].windows):
            if window.last - window.first > 1:
                self.at = (0, w)
                return window.first + 1
        return None

    def standing(self, name: str, shift: int) -> Any:
        """A quantity at that step; a parameter wherever it is."""
        t = self.inner()
        meant = self.meaning(name)
        if meant is None or t is None:
            raise NotFollowedError
        leaves = self._parameters(meant.name)
        if leaves is not None:
            return leaves[0] if leaves.size == 1 else leaves
        inputs = self._inputs
        if meant.name in ("x", *inputs) and meant.name not in inputs:
            made = numpy.empty(len(inputs), dtype=object)
            made[:] = [self.of(Place(key, t + shift, 0)) for key in inputs]
            return made
        if meant.name not in (*self.names.varying, *inputs, TARGET) or meant.step is not None:
            raise NotFollowedError
        return self.of(self.here(meant.name, t + shift + (meant.shift or 0)))

    def arriving(self, state: str, part: str) -> Any:
        """The derivative of a state at that step, or what this or the next step adds to it."""
        t, key = self.inner(), f"d{state}"
        if t is None or key not in self.backward:
            raise NotFollowedError
        place = self.here(key, t)
        if part == WHOLE:
            return self.of(place)
        terms = self.model.quantities[key].terms
        formulas = [term.formula for term in terms if bool(term.later) == (part == LATER)]
        if not formulas:
            raise NotFollowedError
        later = add(*formulas)
        tree = rename(later, partial(_at_step, t))
        values = self.runs.worked(later, t, place.p, place.w)
        return Term(tree, values, len(symbols(tree)))

    def drawn(self, name: str) -> Any:
        """What a name stands for whose numbers the program does not say."""
        if _RATE.fullmatch(name):
            raise NotFollowedError
        if _COUNTED.fullmatch(name):
            return self.steps
        if begin := _BEGIN.fullmatch(name):
            state = {"a": "h", "s": "c"}.get(begin[1], begin[1])
            if state in self.model.state:
                return self.start(state)
        meant = self.meaning(name)
        if name in _TARGETS or (meant is not None and meant.name == TARGET):
            places = [Place(TARGET, t, 0) for t in range(1, self.steps + 1)]
            return self._filled(numpy.full(self.steps, None), places)
        if meant is None:
            raise NotFollowedError
        inputs = self._inputs
        if meant.name in ("x", *inputs):
            shape = (self.steps, len(inputs)) if len(inputs) > 1 else (self.steps,)
            places = [Place(key, t, 0) for t in range(1, self.steps + 1) for key in inputs]
            return self._filled(numpy.empty(shape, dtype=object), places)
        leaves = self._parameters(meant.name)
        if leaves is not None:
            return leaves[0] if leaves.size == 1 else leaves
        if meant.name in self.model.state:
            return self.start(meant.name)
        raise NotFollowedError

    def of(self, place: Place) -> Term:
        """A quantity by its name."""
        return Term(Symbol(place.name, step=place.t), self.runs.values(place), p=place.p)

    def leaf(self, name: str) -> Term:
        """A parameter before the first update."""
        values = tuple(trace.passes[0].before[name] for trace in self.runs.traces)
        return Term(Symbol(name), values)

    def start(self, state: str) -> Term:
        return Term(Symbol(state, step=0), self.runs.values(Place(state, 0, 0)))

    # Where the program is.

    def step(self) -> int | None:
        """The step that the loops are at."""
        for turn in reversed(self.turns):
            learnt = self.learnt.steps.get((turn.line, turn.instance))
            if learnt is None:
                learnt = self.learnt.steps.get((turn.line, -1))
            if learnt is not None:
                way, start = learnt
                if way != "value":
                    return self._inside(start + turn.k * (1 if way == "up" else -1))
                if turn.value is not None:
                    return self._inside(start + turn.value)
        return next((turn.step for turn in self.turns if turn.step is not None), None)

    def _inside(self, t: int) -> int | None:
        return t if 0 <= t <= self.runs.passes[self.at[0]].steps else None

    def here(self, key: str, t: int | None, value: Term | None = None) -> Place:
        """The place of a quantity at a step, as far as the program has come."""
        p, w = self.at
        if value is not None and value.p is not None and value.p != p:
            p, w = value.p, 0
        if key in self.forward or (key == TOTAL_LOSS):
            return Place(key, t, p)
        windows = self.runs.passes[p].windows
        if t is not None and not self._reaches(p, w, t):
            later = [k for k in range(len(windows)) if self._reaches(p, k, t)]
            w = next((k for k in later if k > w), later[-1] if later else w)
        return Place(key, t, p, w)

    def _reaches(self, p: int, w: int, t: int) -> bool:
        windows = self.runs.passes[p].windows
        return w < len(windows) and windows[w].first - 1 <= t <= windows[w].last

    def met(self, place: Place) -> None:
        """The program has come to a place."""
        if place.w != FORWARD:
            self.at = (place.p, place.w)
        elif place.p != self.at[0]:
            self.at = (place.p, 0)

    # What is said.

    def assigned(self, line: int, name: str, value: Any, slot: object, known: bool) -> Any:
        if isinstance(value, int | float):
            key = self.learnt.said.get((line, name, 0))
            if key is None or key not in self.names.varying:
                return value
            made = constant(float(value), self.worlds)
            step = self.step()
            if step is None or near(made.values, self.runs.values(self.here(key, step))):
                return value
            told = self._unsure(line, name, made, slot, key, step)
            return value if told.doubts else told
        if isinstance(value, numpy.ndarray):
            return self._array(line, name, value, slot, known)
        return self._number(line, name, value, slot, known, None, self.step())

    def added(self, line: int, name: str, more: Any, slot: object) -> bool:
        """What a step adds to a gradient is judged by itself, and so is its loss."""
        try:
            return self._added(line, name, more, slot)
        finally:
            self.element = 0

    def _added(self, line: int, name: str, more: Any, slot: object) -> bool:
        meant = self.meaning(name)
        if isinstance(more, numpy.ndarray):
            terms = [one for one in more.flat if isinstance(one, Term)]
            are_parts = bool(terms) and all(self._parts(one) for one in terms)
            says_so = self._side_by_side(name, more) or (
                meant is not None and self.is_gradient(meant.name)
            )
            if not are_parts and not says_so:
                return False
            self._array(line, name, more, (slot, "added"), False, parts=True)
            return True
        if not isinstance(more, Term):
            return False
        parts = self._parts(more)
        key: str | None
        if meant is None and self.within is not None:
            array, place = self.within
            keys = self._side_by_side(name, array) if isinstance(array, numpy.ndarray) else []
            if isinstance(place, int) and 0 <= place < len(keys):
                meant, self.element = Symbol(keys[place]), place  # dU[k] += dz[k]*h
        if meant is not None and meant.name in self.names.parameters and self._moves(more):
            meant = Symbol(f"d{meant.name}")  # G["Wf"] += dzf*x
        if parts or (meant is not None and meant.name in self.names.gradients):
            key = meant.name if meant is not None else self.learnt.said.get((line, name, 0))
            if parts:
                self._part(line, name, more, (slot, "added"), key, parts)
            else:
                self._number(line, name, more, (slot, "added"), False, key, self.step())
            return True
        key = self.learnt.said.get((line, name, 0))
        if key in self.names.gradients:
            self._number(line, name, more, (slot, "added"), False, key, self.step())
            return True
        is_loss = meant is not None and meant.name == TOTAL_LOSS
        if is_loss and self._names_losses(more) and not self.runs.found(more.values):
            self._number(line, name, more, (slot, "added"), False, LOSS, self.step())
            return True
        losses = [place for place in self.runs.found(more.values) if place.name == LOSS]
        if losses and (meant is None or meant.name == TOTAL_LOSS):
            self._recorded(
                line, name, (slot, "added"), self._nearest(losses, self.step()), more, True
            )
            return True
        return False

    def replaced(self, value: Any) -> None:
        """What was only put there until now is not judged: dz = da*a*(1 - a); dz[2] = …"""
        if not isinstance(value, Term) or not value.doubts:
            return
        for records in self.records.values():
            last = records[-1]
            is_same = last.turns == self.turns and not last.sure and last.of in value.doubts
            if is_same and near(last.values, value.values):
                self.unfinished.add((last.line, last.key))

    def _part(
        self, line: int, name: str, value: Term, slot: object, key: str | None,
        parts: Sequence[Place],
    ) -> Term:  # fmt: skip
        """What a step adds to a gradient, which may be another than the name says."""
        of, step = (line, name, self.element), self.step()
        same = [part for part in parts if part.name == key]
        if not same and key is not None:
            if of in self.learnt.wrong:
                return self._recorded(line, name, slot, self.here(key, step, value), value, False)
            self.instead[of] = (key, parts[0].name)
        place = self._nearest(same or parts, step)
        return self._recorded(line, name, slot, place, value, True)

    def _moves(self, value: Term) -> bool:
        """Whether a number is made of what a step has of the derivatives."""
        found = symbols(value.tree)
        return any(s.step is not None and s.name in self.backward for s in found)

    def _names_losses(self, value: Term) -> bool:
        """Whether a number is made of what a loss is made of."""
        return bool({TARGET, LOSS, "y", "dy"} & {symbol.name for symbol in symbols(value.tree)})

    def _parts(self, value: Term) -> list[Place]:
        """What a step adds to a gradient, where a number is that and nothing else."""
        found = self.runs.found(value.values)
        if any(place.name not in self.names.gradients for place in found):
            return [p for p in found if p.name in self.names.gradients and p.name[:2] == "db"
                    and p.t is not None]  # fmt: skip
        return [place for place in found if place.t is not None]

    def summed(self, name: str, value: Any) -> Any:
        """The gradient that a loop has added up; its terms have been judged."""
        if isinstance(value, Term):
            meant = self.meaning(name)
            return self._whole(value, None if meant is None else meant.name)
        if not isinstance(value, numpy.ndarray):
            return value
        made = value.copy()
        for k, key in enumerate(self._keys(name, value)):
            if isinstance(made.reshape(-1)[k], Term):
                made.reshape(-1)[k] = self._whole(made.reshape(-1)[k], key)
        return made

    def _whole(self, value: Term, key: str | None) -> Any:
        """A sum by its name: because it is that, or because what is wrong in it has been said."""
        totals = (*self.names.gradients, TOTAL_LOSS)
        found = [p for p in self.runs.found(value.values) if p.t is None and p.name in totals]
        if found:
            place = self._nearest([p for p in found if p.name == key] or found, None)
            return Term(Symbol(place.name), value.values)
        if key in totals and key in self.wrong_parts:
            own = self.here(key, None)
            return Term(Symbol(key), self.runs.values(own))
        return value

    def says_gradient(self, name: str) -> bool:
        """Whether a name of the program is that of a gradient, or of those of all gates."""
        meant = self.meaning(name)
        if meant is None:
            return bool(_OF_ALL.fullmatch(name)) and name[:1] == "d"
        return self.is_gradient(meant.name)

    def is_gradient(self, name: str) -> bool:
        base = name.removeprefix("d")
        return base != name and base in (*self.names.vectors, *self.names.parameters)

    def _side_by_side(self, name: str, value: Any) -> list[str]:
        """The keys of the gradients of all gates in one array, in the order that dz has them."""
        match = _OF_ALL.fullmatch(name)
        order = self.gates.get(value.shape[0]) if value.ndim else None
        if match is None or order is None or self.meaning(name) is not None:
            return []
        count = value.size // len(order)
        letter = match[1].upper() if match[1] in "wu" else match[1]
        elements = [f"{letter}_{gate}" for gate in order]
        keys = [f"d{key}" for one in elements for key in (element_keys(one, count))]
        return keys if self.names.gradients.issuperset(keys) else []

    def _keys(self, name: str, value: Any) -> list[str | None]:
        """The quantities that the elements of an array are for by its name."""
        meant, count = self.meaning(name), value.size
        if of_gates := self._side_by_side(name, value):
            return list(of_gates)
        if meant is None:
            return [None] * count
        base = meant.name.removeprefix("d")
        vector = meant.name if meant.name in self.names.vectors else base
        if found := self._of_both(meant.name, value.reshape(-1)):
            return found
        if vector in self.names.vectors and count == self.names.vectors[vector]:
            lead = "d" if vector == base != meant.name else ""
            return [f"{lead}{key}" for key in element_keys(vector, count)]
        return [meant.name] if count == 1 else [None] * count

    def _array(
        self, line: int, name: str, value: Any, slot: object, known: bool, parts: bool = False
    ) -> Any:
        meant = self.meaning(name)
        made = value.copy()
        flat, count = made.reshape(-1), value.size
        keys = self._keys(name, value)
        steps: Sequence[int | None] = [self.step()] * count
        if not any(keys) and count > 1 and count in self.gates and self.turns:
            keys = self._by_gates(name, flat, self.gates[count])
        is_series = meant is not None and count > 1 and not any(keys)
        if is_series and meant is not None and meant.name in self.names.varying:
            places = [self._only(one, meant.name) for one in flat]
            first = next((p.t - k for k, p in enumerate(places) if p and p.t is not None), None)
            if first is not None or (count == self.steps and not self.turns):
                start = 1 if first is None else first
                keys, steps = [meant.name] * count, range(start, start + count)
        for k in range(count):
            if isinstance(flat[k], Term):
                place, self.element = (slot, k), k if not is_series else 0
                key = keys[k]
                if parts and (found := self._parts(flat[k])):
                    flat[k] = self._part(line, name, flat[k], place, key, found)
                else:
                    flat[k] = self._number(line, name, flat[k], place, known, key, steps[k])
        self.element = 0
        self._gates_of(line, flat, slot)
        return made

    def _by_gates(self, name: str, elements: Any, gates: Sequence[str]) -> list[str | None]:
        """What the elements are of an array with one for each gate, where its others say it."""
        leads = Counter(dict.fromkeys(("dz_", "d", "z_", ""), 0))
        for one, gate in zip(elements, gates, strict=True):
            found = self.runs.found(one.values) if isinstance(one, Term) else []
            for lead in leads:
                leads[lead] += any(place.name == f"{lead}{gate}" for place in found)
        lead, count = leads.most_common(1)[0]
        if not count and (said := _OF_GATES.fullmatch(name)):
            lead, count = f"{'d' if said['slope'] else ''}z_", 1
        keys: list[str | None] = [f"{lead}{gate}" for gate in gates]
        is_known = count and self.names.varying.issuperset(keys)
        return keys if is_known else [None] * len(gates)

    def _of_element(self, name: str) -> str | None:
        """What an element of an array is that has one for each gate."""
        array, place = self.within or (None, 0)
        if not isinstance(array, numpy.ndarray) or array.size not in self.gates:
            return None
        keys = self._by_gates(name, array.reshape(-1), self.gates[array.size])
        return keys[place] if isinstance(place, int) and 0 <= place < array.size else None

    def _only(self, one: Any, key: str) -> Place | None:
        """Where a quantity of a name has this value."""
        found = self.runs.found(one.values) if isinstance(one, Term) else []
        return next((place for place in found if place.name == key), None)

    def _of_both(self, name: str, elements: Any) -> list[str | None]:
        """The keys of the slopes of the state's weight and the inputs' in one array."""
        inputs, state = self._parameters(name[1:]), f"U{name[2:]}"
        is_both = inputs is not None and state in self.names.parameters
        if not name.startswith("dW") or not is_both or len(elements) != inputs.size + 1:
            return []
        ours: list[str | None] = [f"d{leaf.tree.name}" for leaf in inputs]
        first = self.runs.found(elements[0].values) if isinstance(elements[0], Term) else []
        is_first = any(place.name == f"d{state}" for place in first)
        return [f"d{state}", *ours] if is_first else [*ours, f"d{state}"]

    def _gates_of(self, line: int, elements: Any, slot: object) -> None:
        """Where the gates stand in an array of their derivatives; one that is wrong is the rest."""
        if not all(isinstance(one, Term) for one in elements):
            return
        slopes = [one.tree.name if isinstance(one.tree, Symbol) else "" for one in elements]
        left = [one for one in self.backward if one.startswith("dz_") and one not in slopes]
        step = self.step()
        if slopes.count("") == len(left) == 1 and step is not None:
            k = slopes.index("")
            slopes[k] = left[0]
            self.element = k
            elements[k] = self._recorded(
                line, "", (slot, k), self.here(left[0], step), elements[k], False
            )
            self.element = 0
        if all(one.startswith("dz_") for one in slopes):
            self.gates[len(slopes)] = tuple(one.removeprefix("dz_") for one in slopes)

    def _number(
        self,
        line: int,
        name: str,
        value: Term,
        slot: object,
        known: bool,
        key: str | None,
        step: int | None,
    ) -> Term:
        """One number: what it is, by what it is made of and by its name."""
        previous = self.latest.get(slot)
        if known and previous and not previous[-1].sure and previous[-1].line != line:
            one = previous.pop()  # it was unfinished until now
            self.unfinished.add((one.line, one.key))
        meant = self.meaning(name)
        forced = self.learnt.wrong.get((line, name, self.element))
        if forced:
            return self._forced(line, name, value, slot, forced, step)
        if key is None and self.within is not None and meant is None:
            key = self._of_element(name)
        state = handed_back(name) if self.turns and self.turns[0].alone else ""
        if state and step is not None and f"d{state}" in self.backward and not known:
            return self._given_back(line, name, value, slot, f"d{state}", step)
        if not symbols(value.tree):
            return value  # a number
        if isinstance(value.tree, Symbol):
            return self._alias(line, name, value, slot, meant, step)
        if meant is not None and meant.shift not in (None, 0):
            meant = None  # h_prev: of the step before
        if key is None and meant is not None and not self.names.is_vector(meant.name):
            key = meant.name
        if meant is not None and isinstance(meant.step, int):
            step = meant.step
        found = self.runs.found(value.values)
        if not found:  # it has numbers of the problem's own in it
            found = self.runs.found(value.values, runs=1) if _has_own(value.tree) else []
            if key is None and len(found) > 1:
                found = []
        wanted = [place for place in found if place.name == key]
        if wanted:
            return self._recorded(line, name, slot, self._nearest(wanted, step), value, True)
        total = key in self.names.gradients or key == TOTAL_LOSS
        if total and known:
            return value  # not all of the sum yet
        if known and key in self.forward and not self.learnt.said.get((line, name, self.element)):
            key = None  # G[0] += …, which is no candidate
        others = [place for place in found if self._may_be(name, key, place)]
        if others:
            said = self.learnt.said.get((line, name, self.element))
            best = self._nearest([p for p in others if p.name == said] or others, step)
            also = frozenset(p.name for p in others if p.t == best.t)
            return self._recorded(line, name, slot, best, value, True, also)
        is_bare = not self.turns and key in self.backward and step is not None
        if not is_bare and (handed := self._handed_on(value)) is not None:
            return handed
        if key is None and self.turns and not any(turn.backward for turn in self.turns):
            key = self._given_on(name)
        return self._unsure(line, name, value, slot, key, step)

    def _given_on(self, name: str) -> str | None:
        """The state that a function of one step gives on: h_new."""
        state = given_on(name)
        return state if state in self.model.state else None

    def _forced(
        self, line: int, name: str, value: Term, slot: object, key: str, step: int | None
    ) -> Term:
        """A wrong number whose name says nothing, by what makes all that follows right."""
        if step is None:
            return value
        if not key.startswith(HANDED):
            same = [p for p in self.runs.found(value.values) if p.name == key]
            if same:
                return self._recorded(line, name, slot, self._nearest(same, step), value, True)
            return self._recorded(line, name, slot, self.here(key, step, value), value, False)
        key = key.removeprefix(HANDED)
        if (handed := self._handed_on(value)) is not None:
            return handed
        return self._given_back(line, name, value, slot, key, step)

    def _given_back(
        self, line: int, name: str, value: Term, slot: object, key: str, step: int
    ) -> Term:
        """What a step hands to the one before it, as a part of the derivative there."""
        place = self.here(key, step - 1)
        windows = self.runs.passes[place.p].windows
        if not windows[place.w].first < step <= windows[place.w].last:
            return value
        terms = self.model.quantities[key].terms
        own = [term.formula for term in terms if not term.later]
        later = add(*(term.formula for term in terms if term.later))
        local = self.runs.worked(add(*own), step - 1, place.p, place.w)
        made = Term(
            add(*(rename(one, partial(_at_step, step - 1)) for one in own), value.tree),
            tuple(map(sum, zip(local, value.values, strict=True))),
        )
        sure = near(made.values, self.runs.values(place))
        self._recorded(line, name, slot, place, made, sure)
        tree = rename(later, partial(_at_step, step - 1))
        return Term(tree, self.runs.worked(later, step - 1, place.p, place.w), len(symbols(tree)))

    def _unsure(
        self, line: int, name: str, value: Term, slot: object, key: str | None, step: int | None
    ) -> Term:
        """A number that is no quantity of the problem, though it may be called like one."""
        said = self.learnt.said.get((line, name, self.element))  # what other turns of it are
        by_name = key
        key = said or key
        total = key in self.names.gradients or key == TOTAL_LOSS
        doubt = (line, name, self.element)
        if key in (LOSS, TOTAL_LOSS) and not (self._names_losses(value) or value.doubts):
            key = None  # e = exp(z)
        if key is None or (key not in self.order and not total):
            self.count += 1
            self.unknown.setdefault(doubt, (self.count, self.turns))
            return self._doubted(value, doubt)
        t = None if key == TOTAL_LOSS else step
        t = None if t is None else self._inside(t)
        if t is None and key in self.forward:
            t = self._step_of_inputs(value)
        if t is None and key in self.names.varying:
            self.is_lost = True
            return self._doubted(value, doubt)
        if key == by_name and said is None:
            key = self.called.setdefault(doubt, self._of_its_making(key, value))
        if key in self.names.parameters:
            named = {symbol.name for symbol in symbols(value.tree)}
            if not named & self._slopes and not _is_hidden(value.tree):
                return value  # a number that was changed to see what comes of it
            t = None
        return self._recorded(line, name, slot, self.here(key, t, value), value, False)

    def _step_of_inputs(self, value: Term) -> int | None:
        """The latest step of the inputs that a number is made of."""
        data = (*self._inputs, TARGET)
        steps = [s.step for s in symbols(value.tree) if s.name in data and isinstance(s.step, int)]
        return max(steps, default=None)

    @cached_property
    def _slopes(self) -> frozenset[str]:
        return self.backward | self.names.gradients

    def _alias(
        self, line: int, name: str, value: Term, slot: object, meant: Symbol | None,
        step: int | None,
    ) -> Term:  # fmt: skip
        """Another name for the same; or the name of something else, where a factor was left out."""
        of = value.tree
        assert isinstance(of, Symbol)
        if meant is not None and meant.name == of.name:
            self.good.add((line, name, self.element))
        if meant is None or meant.name not in self.names.varying or meant.name == of.name:
            return value
        if not value.line and of.name not in self.names.parameters:
            return value
        if meant.shift not in (None, 0) or step is None or not self.is_sure(name, meant.name):
            return value
        if meant.name == TARGET or of.name == TARGET or meant.name in self._inputs:
            return value
        same = self.runs.found(value.values)
        if any(self._may_be(name, meant.name, place) or place.name == meant.name for place in same):
            return value
        return self._unsure(line, name, value, slot, meant.name, step)

    def _handed_on(self, value: Term) -> Term | None:
        """What a step hands to the one before it, called by the paths that it runs along."""
        for tree, values in self._handed:
            if any(values) and near(value.values, values):
                self.cleared(value)
                return Term(tree, values, len(symbols(tree)))
        return None

    @cached_property
    def _handed(self) -> Sequence[tuple[Expression, tuple[float, ...]]]:
        return list(self._paths())

    def _paths(self) -> Iterator[tuple[Expression, tuple[float, ...]]]:
        for row in self.model.backward:
            formulas = [term.formula for term in row.terms if term.later > 0]
            if not formulas:
                continue
            whole = add(*formulas)
            for p, one in enumerate(self.runs.passes):
                for w, window in enumerate(one.windows):
                    for t in range(window.first, window.last):
                        tree = rename(whole, partial(_at_step, t))
                        yield tree, self.runs.worked(whole, t, p, w)

    def _may_be(self, name: str, key: str | None, place: Place) -> bool:
        """Whether what is called ``name`` may be another by what it is made of."""
        other = place.name
        if other in self.names.gradients or other == TOTAL_LOSS:
            return key is None and (place.t is None or not other.startswith("db"))
        if key is None or not self.is_sure(name, key):
            return True
        if other == f"d{key}":
            return True  # a derivative that is called like the quantity
        return other in (f"z_{key}", f"dz_{key[1:]}") or key in (f"z_{other}", f"dz_{other[1:]}")

    def _of_its_making(self, key: str, value: Term) -> str:
        """What a wrong number is of which its name says less than what it is made of.

        What is made of derivatives is one; df made of f itself is that by the net input of f.
        """
        named = {s.name for s in symbols(value.tree)}
        if f"d{key}" in self.backward and named & self.backward:
            key = f"d{key}"
        gate, inner = key[1:], f"dz_{key[1:]}"
        is_slope = key in self.backward and inner in self.backward
        return inner if is_slope and named & {gate, f"z_{gate}"} else key

    def _nearest(self, places: Sequence[Place], step: int | None) -> Place:
        p, w = self.at

        def far(place: Place) -> tuple[object, ...]:
            apart = abs(place.p - p)
            return (
                apart, place.w not in (w, FORWARD), place.w < w, place.t != step,
                self.order.get(place.name, 0), place.w,
            )  # fmt: skip

        return min(places, key=far)

    def _recorded(
        self,
        line: int,
        name: str,
        slot: object,
        place: Place,
        value: Term,
        sure: bool,
        also: frozenset[str] = frozenset(),
    ) -> Term:
        key, t = place.name, place.t
        self.count += 1
        record = _Record(
            line, place, value.tree, value.values, sure, self.turns, name, also, self.element,
            self.count,
        )  # fmt: skip
        doubt = record.of
        own = self.records.setdefault((slot, self.turns, place), [])
        own.append(record)
        self.latest[slot] = own
        if sure:
            self.met(place)
            self.cleared(value)
        elif value.doubts:
            self.spread |= value.doubts | {doubt}
        is_wrong = doubt in self.learnt.wrong
        if not sure and not is_wrong:
            return self._doubted(value, doubt)
        if not sure and key in self.names.gradients:
            self.wrong_parts.add(key)
        if key in self.names.gradients and t is not None:
            return value  # what a step adds to it
        named = Symbol(key, step=t) if t is not None else Symbol(key)
        if key in self.names.parameters:
            values = value.values if sure else self.runs.updated(key, place.p, place.w)
        else:
            values = self.runs.values(place)
            if sure and near(values[1:], value.values[1:]):
                values = value.values
        return Term(named, values, raw=value, turn=self.turns if sure else None, line=line)

    def cleared(self, value: Term) -> None:
        """A right number was made: the lines in its making are innocent, unless it is a copy."""
        for doubt in value.doubts - self.innocent:
            if not any(near(value.values, own) for own in self.doubtful[doubt]):
                self.innocent.add(doubt)

    def _doubted(self, value: Term, doubt: Doubt) -> Term:
        """A number that is not what its name says; its making is kept while it is short."""
        is_known = value.size <= MOST_KEPT or doubt in self.learnt.innocent
        tree = value.tree if is_known else _SOMETHING
        size = value.size if is_known else 2
        self.doubtful.setdefault(doubt, []).append(value.values)
        return Term(tree, value.values, size, doubts=value.doubts | {doubt}, p=value.p)

    # What is known when it has been gone through.

    @cached_property
    def every(self) -> Sequence[_Record]:
        return [record for records in self.records.values() for record in records]

    def learnt_now(self, wrong: Mapping[Doubt, str]) -> _Learnt:
        innocent = frozenset(self.innocent) - wrong.keys()
        said = {**self._said(self.every), **{of: key for of, key in wrong.items() if key}}
        return _Learnt(innocent, self._steps_of_loops(self.every), said, wrong)

    def suspects(self) -> list[Doubt]:
        """The lines that may be wrong, the first to be met first.

        A number that is another quantity of the problem is more likely to be called by a name of
        one's own.
        """
        found = [r for r in self._suspected() if not self.is_other(r)]
        named = list(dict.fromkeys(r.of for r in found))
        return named or [of for of in self._mixed_up() if of not in self.learnt.wrong]

    def _suspected(self) -> list[_Record]:
        found = [r for r in self._judged() if r.of not in self.learnt.wrong]
        return sorted(found, key=lambda record: record.order)

    def is_other(self, record: _Record) -> bool:
        return any(place.name != record.key for place in self.runs.found(record.values))

    def others(self, first: Doubt) -> Iterator[tuple[Doubt, str]]:
        """Lines met before a suspect that make another quantity, or none that is known."""
        order = min((r.order for r in self.every if r.of == first), default=0)
        found = [r.of for r in self._suspected() if self.is_other(r) and r.order < order]
        yield from ((of, "") for of in list(dict.fromkeys(found))[:MOST_UNNAMED])
        unknown = [
            (place, of)
            for of, (place, turns) in self.unknown.items()
            if place < order and of not in self.innocent and turns
        ]
        for _, of in sorted(unknown)[:MOST_UNNAMED]:
            yield from ((of, key) for key in self.missing(of))

    def is_given_others(self, first: Doubt) -> bool:
        """Whether a formula is right, but not the numbers that it is given."""
        record = next((r for r in self._suspected() if r.of == first), None)
        return record is not None and self._has_others(record)

    def _has_others(self, record: _Record) -> bool:
        """Whether numbers of another window or sequence stand in a formula."""
        place = record.place
        if record.t is None or _is_hidden(record.tree):
            return False
        if place.w != FORWARD and any(
            symbol.name in self.backward and not self._reaches(place.p, place.w, symbol.step)
            for symbol in symbols(record.tree)
            if isinstance(symbol.step, int)
        ):
            return True
        are_several = len(self.runs.passes) > 1 or len(self.runs.passes[0].windows) > 1
        if are_several and self._reaches_far(record):
            return True
        made = self.runs.worked(_relative(record.tree, record.t), record.t, place.p, place.w)
        return near(made, self.runs.values(place))

    def with_it(self, first: Doubt) -> list[Doubt]:
        """A suspect, and what the same stroke makes: the other elements, the other parameters."""
        names = {r.of: r.key for r in self.every if not r.sure}
        is_update = names.get(first) in self.names.parameters
        same = [
            of
            for of in self.suspects()
            if of[:2] == first[:2] or (is_update and names.get(of) in self.names.parameters)
        ]
        return [first, *(of for of in same if of != first)]

    def _mixed_up(self) -> Iterator[Doubt]:
        """Sums that are called by one gradient and are another, which has a sum of its own."""
        made = {(r.of, r.key) for r in self.every if r.sure and r.key in self.names.gradients}
        for of, (said, is_made) in self.instead.items():
            others = {other for other, key in made if key == is_made and other not in self.instead}
            if all(key != said for _, key in made) and (others or self._is_slip(said, is_made)):
                yield of

    def _is_slip(self, said: str, made: str) -> bool:
        """Whether a gradient of another gate is no matter of what its gates are called.

        So it is where the program calls the gradients of that gate, or of other gates, as we do.
        """
        if said[:3] != made[:3]:
            return False
        for record in self.every:
            is_like = said[:3] == record.key[:3] or said[3:4] == record.key[3:4]
            if record.sure and record.key in self.names.gradients and is_like:
                meant = self.meaning(record.name)
                if meant is not None and meant.name == record.key:
                    return True
        return False

    def missing(self, doubt: Doubt) -> list[str]:
        """What a line of no known meaning may be: what the program makes nowhere, or not always."""
        order, turns = self.unknown[doubt]
        before = {record.key for record in self.every if record.sure and record.order < order}
        made = Counter(record.key for record in self.every if record.sure and record.turns)
        most = max(made.values(), default=1)
        if any(turn.backward for turn in turns) or before & self.backward - {"dy", "dE"}:
            handed = [f"{HANDED}{row.symbol}" for row in self.model.backward
                      if any(term.later for term in row.terms)]  # fmt: skip
            keys = [key for key in self.equations.backward if made[key] < most]
            return [*handed, *keys][:MOST_MEANINGS]
        return [key for key in self.equations.forward if made[key] < most][:MOST_MEANINGS]

    @cached_property
    def _is_right(self) -> bool:
        """Whether the gradients are: each sum has right parts at all steps of its windows."""
        sums = [r for r in self.every if r.key in self.names.gradients]
        steps: dict[tuple[Doubt, str, tuple[int, int]], set[int]] = {}
        for record in sums:
            if not record.sure and record.of not in self.innocent:
                return False
            if record.sure and record.t is not None:
                steps.setdefault((record.of, record.key, record.window), set()).add(record.t)
        for (_, _, (p, w)), seen in steps.items():
            if not seen.issuperset(self.runs.passes[p].windows[w].steps):
                return False
        return bool(sums)

    def _said(self, every: Sequence[_Record]) -> Mapping[Doubt, str]:
        """What a line makes in the turns in which it is known what it makes."""
        left: dict[Doubt, frozenset[str]] = {}
        for record in every:
            if record.sure:
                own = record.also | {record.key}
                left[record.of] = left.get(record.of, own) & own
        found = {of: next(iter(keys)) for of, keys in left.items() if len(keys) == 1}
        several = {of: keys for of, keys in left.items() if len(keys) > 1}
        for of, keys in several.items():
            meant = self.meaning(of[1])
            if meant is not None and meant.name in keys:
                found[of] = meant.name
        return found

    def _steps_of_loops(
        self, every: Sequence[_Record]
    ) -> Mapping[tuple[int, int], tuple[str, int]]:
        """Which step each loop's turns are of, by the quantities that they make."""
        met: dict[tuple[int, int], list[tuple[Turn, int]]] = {}
        for record in every:
            if record.sure and record.t is not None and record.key not in self.names.gradients:
                for turn in record.turns:
                    if not turn.over_parts:
                        met.setdefault((turn.line, turn.instance), []).append((turn, record.t))
        found: dict[tuple[int, int], tuple[str, int]] = {}
        offsets: dict[int, Counter[int]] = {}
        for place, pairs in met.items():
            votes: Counter[tuple[str, int]] = Counter()
            for turn, t in pairs:
                if turn.value is not None:
                    votes["value", t - turn.value] += 1
                votes["up", t - turn.k] += 1
                votes["down", t + turn.k] += 1
            way = "down" if pairs[0][0].backward else "up"
            best = max(votes, key=lambda vote: (votes[vote], vote[0] == "value", vote[0] == way))
            if votes[best] * 3 >= len(pairs) * 2:
                found[place] = best
                if best[0] == "value":
                    offsets.setdefault(place[0], Counter())[best[1]] += 1
        self._in_turn(found)
        for line, counted in offsets.items():
            found[line, -1] = ("value", counted.most_common(1)[0][0])
        return found

    def _in_turn(self, found: dict[tuple[int, int], tuple[str, int]]) -> None:
        """A loop over the steps of the next window begins where that of the last has ended."""
        if len(self.runs.passes) > 1:
            return
        for line, instance in sorted(self.counts):
            before, count = (line, instance - 1), self.counts[line, instance]
            if (line, instance) not in found and before in found:
                way, start = found[before]
                if way == "up":
                    found[line, instance] = (way, start + self.counts[before])
                elif way == "down":
                    found[line, instance] = (way, start + count)

    # The answers.

    def answers(self, lines: Sequence[str]) -> Iterator[Answer]:
        """A formula for each line and quantity, or several where its turns say different things."""
        by_line: dict[tuple[int, str], list[_Record]] = {}
        meant = self._of_all_turns(self.every)
        right = [record for record in self.every if record.sure]
        wrong: dict[object, _Record] = {}
        strokes: dict[tuple[int, str], Doubt] = {}
        for record in sorted(self._judged(), key=lambda one: one.order):
            if record.of in self.learnt.wrong:
                # Of one stroke the first is told; nothing of a later run.
                is_update = record.key in self.names.parameters
                stroke = (0, "") if is_update else (record.line, record.name)
                if strokes.setdefault(stroke, record.of) == record.of:
                    wrong.setdefault((record.of, record.place), record)
        for record in (*right, *wrong.values()):
            key = meant.get(record.of, record.key) if record.sure else record.key
            by_line.setdefault((record.line, key), []).append(record)
        for (line, key), found in sorted(by_line.items(), key=lambda item: item[0][0]):
            shown = lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""
            yield from self._of_line(line, key, found, shown)

    def _judged(self) -> Iterator[_Record]:
        """The records of wrong numbers; a line's second run with other numbers is none."""
        every = self.every
        right = {(r.of, r.place) for r in every if r.sure}
        in_steps = {record.key for record in every if record.t is not None}
        unsure = [
            r
            for r in every
            if not r.sure
            and (r.of, r.place) not in right
            and r.of not in self.good
            and (r.of not in self.innocent or r.of in self.learnt.wrong)
            and (r.line, r.key) not in self.unfinished
            and not (r.t is None and r.key in in_steps)
        ]
        first = min(unsure, key=lambda record: record.order, default=None)
        wrong: dict[Doubt, set[tuple[int, int]]] = {}
        for record in unsure:
            wrong.setdefault(record.of, set()).add(record.window)
        # Lines that were right throughout a window or a sequence; what follows a wrong line in
        # a later one may be another's fault.
        good = {r.of for r in every if r.sure and r.window not in wrong.get(r.of, ())}
        loud = (TOTAL_LOSS, LOSS, *self.names.parameters, *self.names.gradients)
        for record in unsure:
            is_first = first is not None and record.of == first.of
            is_alone = self._is_right and record.of not in self.spread
            comes_to_something = not is_alone or record.key in loud or not record.t
            is_told = (is_first or record.of not in good) and comes_to_something
            if (is_told or record.of in self.learnt.wrong) and record.window == min(
                wrong[record.of]
            ):
                yield record

    def _of_all_turns(self, records: Sequence[_Record]) -> Mapping[Doubt, str]:
        """What a line says in all its turns, where it may say one of several things in some."""
        left: dict[Doubt, frozenset[str]] = {}
        several: set[Doubt] = set()
        for record in records:
            own = record.also | {record.key}
            several |= {record.of} if len(own) > 1 else set()
            left[record.of] = left.get(record.of, own) & own
        return {of: next(iter(left[of])) for of in several if len(left[of]) == 1}

    def _of_line(
        self, line: int, key: str, records: Sequence[_Record], shown: str
    ) -> Iterator[Answer]:
        unsure = [record for record in records if not record.sure]
        if unsure and _is_hidden(min(unsure, key=lambda one: one.order).tree):
            return  # it is too long to be told
        unsure = [record for record in unsure if not _is_hidden(record.tree)]
        if not unsure:
            yield self._right(line, key, records[0], shown)
            return
        record = min(unsure, key=lambda one: one.order)  # of which the others follow
        if self._has_others(record) and (row := self.equations.formulas.get(key)) is not None:
            answer = Answer(line, key, record.t, shown, formulas={key: row}, per_step=True)
            yield self._placed(replace(answer, right=self.is_wrong), record)
            return
        placed = [record for record in records if record.t is not None and record.t > 0]
        wrong = [record for record in unsure if record.t is not None and record.t > 0]
        if wrong and not any(self._reaches_far(record) for record in wrong):
            steps = {record.t for record in placed}
            best = max(
                wrong,
                key=lambda r: (len(_moving(r.tree)), 1 < (r.t or 0) < self.steps),
            )
            formula = _relative(best.tree, best.t or 0)
            same = [r for r in placed if self._agrees(formula, r)]
            if len(steps) > 1 and len(same) == len(placed):
                answer = Answer(line, key, None, shown, formulas={key: formula}, per_step=True)
                yield self._placed(replace(answer, right=self.is_wrong), best)
                return
        name = f"{key}0" if record.t == 0 else key
        t = record.t or None
        formulas = {name: record.tree}
        answer = Answer(line, name, t, shown, formulas=formulas, per_step=t is not None)
        yield self._placed(replace(answer, right=self.is_wrong), record)

    @property
    def is_wrong(self) -> bool | None:
        """What is known of a number that is another; nothing where something was not followed."""
        return False if self.is_all else None

    def _right(self, line: int, key: str, record: _Record, shown: str) -> Answer:
        """The answer of a line that is right wherever it was met."""
        t = record.t
        name = f"{key}0" if t == 0 else key
        row = self.equations.formulas.get(key)
        formula = record.tree
        if t is None:
            formula = self.equations.totals.get(key, formula)
            if key == TOTAL_LOSS:
                formula = Call(SUM, Symbol(LOSS, 0))
        elif row is not None and t:
            formula = row
        answer = Answer(line, name, None, shown, formulas={name: formula}, per_step=bool(t))
        return self._placed(replace(answer, right=True), record)

    def _placed(self, answer: Answer, record: _Record) -> Answer:
        """With the window, epoch and sequence where there are several."""
        passes, place = self.runs.passes, record.place
        one = passes[place.p]
        window = place.w + 1 if place.w != FORWARD and len(one.windows) > 1 else None
        if len({(other.epoch, other.sequence) for other in passes}) == 1:
            return replace(answer, window=window)
        return replace(answer, window=window, epoch=one.epoch, sequence=one.sequence)

    def _reaches_far(self, record: _Record) -> bool:
        """Whether a formula names steps other than its own and those beside it."""
        t = record.t or 0
        return any(isinstance(s.step, int) and abs(s.step - t) > 1 for s in symbols(record.tree))

    def _agrees(self, formula: Expression, record: _Record) -> bool:
        """Whether a formula for every step gives what a record has at its own."""
        place = record.place
        if not 0 <= (place.t or 0) <= self.runs.passes[place.p].steps:
            return False
        return near(self.runs.worked(formula, place.t or 0, place.p, place.w), record.values)


def _is_hidden(tree: Expression) -> bool:
    return not set(symbols(_SOMETHING)).isdisjoint(symbols(tree))


def _has_own(tree: Expression) -> bool:
    """Whether numbers stand in a formula that may be the problem's."""
    return any(isinstance(node, Number) and node.value not in _PLAIN for node in walk(tree))


def _at_step(t: int, symbol: Symbol) -> Symbol:
    return symbol if symbol.shift is None else Symbol(symbol.name, step=t + symbol.shift)


def _moving(tree: Expression) -> set[Symbol]:
    return {s for s in symbols(tree) if s.step is not None}


def _relative(tree: Expression, t: int) -> Expression:
    """The formula of a certain step, as one for every step."""

    def moved(symbol: Symbol) -> Symbol:
        if not isinstance(symbol.step, int):
            return symbol
        return Symbol(symbol.name, symbol.step - t)

    return rename(tree, moved)
