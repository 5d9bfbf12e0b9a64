"""Programs that were followed statement by statement, as answers: a formula for each line.

What a name means is settled by what it is made of wherever that is a quantity of the problem, and
by what it is called where it is not: a line that is wrong. What follows a wrong line is judged by
itself.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any

import numpy

from cellcalc.check.answers import Answer, Entry
from cellcalc.check.drawn import Random
from cellcalc.check.reading.code import single
from cellcalc.check.reading.following import (
    Following,
    NotFollowedError,
    Term,
    as_array,
)
from cellcalc.check.reading.mathematics import Style
from cellcalc.check.reading.names import Names
from cellcalc.check.world import Equations, World, setting_of
from cellcalc.engine.trace import Trace
from cellcalc.errors import ExpressionError
from cellcalc.language.arithmetic.decimals import FLOATS
from cellcalc.language.keys import element_keys
from cellcalc.language.tree import Expression, Symbol, add, rename, symbols
from cellcalc.model.model import TARGET, TOTAL_LOSS

MOST_STEPS = 60  # of a problem whose programs are followed
NEAR = 1e-9
_HANDED_ON = re.compile(r".+_?(?:next|prev|nxt|old|before|later)|d?(?:next|prev)_.+")
# Words that say several things: what they are made of tells which.
_SEVERAL = re.compile(
    r"(?:d_?|delta_?|grad_?)?(?:out|output|in|input|err|error|state|cell|act|activation|a|s)(?:_?t)?"
)
_OF_ALL = re.compile(r"(?:d|g|grad)_?([WUb])[a-z]{0,2}")
_OF_N = re.compile(r"(d?_?[WUb])_?i?n")
_TARGETS = {"ts", "ys", "y", "Y", "tgt", "tgts", "targets", "target", "labels", "label", "t"}


@dataclass(frozen=True)
class Lines:
    """What a program says, by line: the answers, and the lines that were followed."""

    answers: tuple[Answer, ...]
    lines: frozenset[int | str]


@dataclass
class _Record:
    """A number given to a name: at this line it is said to be this quantity."""

    line: int
    key: str
    t: int | None
    tree: Expression
    values: tuple[float, ...]
    sure: bool  # whether it is that quantity indeed
    turn: bool  # whether it is of one turn of a loop over the steps
    name: str = ""  # in the program
    also: frozenset[str] = frozenset()  # what else it may be: at the last step dh is dy
    element: int = 0  # of the array that the name is for


def followed(
    entries: Sequence[Entry], trace: Trace, author: Mapping[str, str] | None
) -> Lines | None:
    """What the programs of a document say; None where they cannot be followed, or say nothing.

    Parameters
    ----------
    entries : sequence of Entry
        All that was handed in; those of a program hold it. Several are followed as one, in order.
    trace : Trace
        The true values; of one sequence whose passes have one window. A program is followed
        through the first pass.
    author : mapping of str to str, optional
        The symbols of the author's notation with our keys.
    """
    one = trace.passes[0]
    if any(other.sequence != one.sequence for other in trace.passes) or one.steps > MOST_STEPS:
        return None
    if len(one.windows) != 1 or (one.windows[0].first, one.windows[0].last) != (1, one.steps):
        return None
    sources: list[str] = []
    labels: dict[int, int | str] = {}
    for block, own in groupby((e for e in entries if e.block), key=lambda e: e.block):
        before = sum(source.count("\n") + 1 for source in sources)
        labels |= {before + e.block_line: e.line for e in own}
        sources.append(block)
    try:
        tree = ast.parse("\n".join(sources))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    meanings = _Meanings(trace, Names(trace.model, one.steps, author))
    following = Following(meanings)
    try:
        following.program(tree)
    except (NotFollowedError, RecursionError):
        return None
    lines = "\n".join(sources).split("\n")
    answers = [
        replace(answer, line=labels[answer.line])
        for answer in meanings.answers(lines)
        if isinstance(answer.line, int) and answer.line in labels
    ]
    if not answers:
        return None
    reached = following.lines - following.missed
    own_lines = {labels[line] for line in reached if line in labels}
    return Lines(tuple(answers), frozenset(own_lines | {answer.line for answer in answers}))


@dataclass
class _Meanings:
    """Tells what the numbers of a program are, and keeps what its lines say of them."""

    trace: Trace
    names: Names
    records: dict[object, list[_Record]] = field(default_factory=dict)
    unfinished: set[tuple[int, str]] = field(default_factory=set)  # lines, and for what
    said: dict[tuple[int, str, int], str] = field(default_factory=dict)  # of line and name
    element: int = 0  # of the array that is told of
    handed: Sequence[tuple[Expression, tuple[float, ...]]] = ()  # from step to step
    gates: dict[int, tuple[str, ...]] = field(default_factory=dict)  # of arrays of so many
    backward: frozenset[str] = frozenset()
    latest: dict[object, list[_Record]] = field(default_factory=dict)
    step: int | None = None

    def __post_init__(self) -> None:
        model, one = self.trace.model, self.trace.passes[0]
        self.steps = one.steps
        self.equations = Equations(model)
        setting = setting_of(model, one, one.windows[0])
        drawn = Random(model, setting)
        kept = [(state, 0) for state in model.state]
        settings = [setting, *(drawn.setting(k, FLOATS, True, kept) for k in (1, 2))]
        self.worlds = [World(s, self.equations) for s in settings]
        self.meant: dict[str, Symbol | None] = {}
        self.backward = frozenset(self.equations.backward)
        self.order = {name: k for k, name in enumerate(model.quantities)}
        self.handed = list(self._paths())
        self.places = [
            sorted(
                ((self.values(name, t)[world], name, t) for name, t in self._all_places()),
                key=lambda place: place[0],
            )
            for world in (0, 1)
        ]

    def _all_places(self) -> Iterator[tuple[str, int | None]]:
        model = self.trace.model
        rows = [*model.inputs, *model.forward, *model.backward]
        for row in rows:
            for t in range(1, self.steps + 1):
                yield row.symbol, t
        for row in model.gradients:
            for t in range(1, self.steps + 1):
                yield row.symbol, t
            yield row.symbol, None
        for name in self.equations.entering:
            yield name, 0
        if model.loss is not None:
            yield TOTAL_LOSS, None

    def values(self, name: str, t: int | None) -> tuple[float, ...]:
        found = []
        for world in self.worlds:
            value = world.fixed(name) if t is None else world.value(name, t)
            found.append(float(value))
        return tuple(found)

    def at_step(self, step: int | None) -> None:
        self.step = step

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
        if not name:
            return value
        try:
            array = as_array(value)
        except NotFollowedError:
            return value
        own = self._data(name, array) if isinstance(array, numpy.ndarray) else None
        if own is not None:
            return own
        meant = self.meaning(name)
        if meant is None:
            return value
        if isinstance(array, numpy.ndarray):
            leaves = self._parameters(meant.name)
            if leaves is not None and leaves.size == array.size:
                return leaves.reshape(array.shape)
            both = self._both(meant.name, array)
            return value if both is None else both
        if meant.name in self.names.parameters:
            return self.leaf(meant.name, None)
        state = self.trace.model.state
        if meant.name in state and float(value) == self.values(meant.name, 0)[0] != 0:
            return self.leaf(meant.name, 0)
        return value

    def _data(self, name: str, array: Any) -> Any:
        """The inputs or the targets, where a program has them among its numbers."""
        inputs = [row.symbol for row in self.trace.model.inputs if row.symbol != TARGET]
        flat = [v for v in array.reshape(-1) if isinstance(v, int | float)]
        flat = [float(v) for v in flat if v == v]  # without those of steps that have no target
        if any(isinstance(v, Term) for v in array.flat) or not flat:
            return None
        meant = self.meaning(name)
        has_target = TARGET in {row.symbol for row in self.trace.model.inputs}
        says_x = meant is not None and meant.name in ("x", *inputs)
        says_target = (meant is not None and meant.name == TARGET) or name in _TARGETS
        columns = len(inputs)
        true = [self.values(key, t)[0] for t in range(1, self.steps + 1) for key in inputs]
        counted = self.worlds[0].setting.losses
        wanted = [self.values(TARGET, t)[0] for t in counted] if has_target else []
        is_x = array.size == self.steps * columns and (says_x or flat == true)
        is_target = has_target and array.size == self.steps and (says_target or flat == wanted)
        if is_target and (says_target or not is_x):
            return self._filled(array, [(TARGET, t) for t in range(1, self.steps + 1)])
        if is_x and (columns == 1 or array.shape[0] == self.steps):
            places = [(key, t) for t in range(1, self.steps + 1) for key in inputs]
            return self._filled(array, places)
        return None

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

    def _filled(self, array: Any, places: Sequence[tuple[str, int | None]]) -> Any:
        made = numpy.empty(array.shape, dtype=object)
        for k, (one, place) in enumerate(zip(array.reshape(-1), places, strict=True)):
            is_missing = place[0] == TARGET and place[1] not in self.worlds[0].setting.losses
            made.reshape(-1)[k] = one if is_missing else self.leaf(*place)
        return made

    def _parameters(self, name: str) -> Any:
        """The leaves of a vector of weights, or of the one weight of that name."""
        count = self.trace.model.features
        if name in self.names.parameters:
            keys: tuple[str, ...] = (name,)
        elif name in self.names.vectors and name != "x":
            keys = element_keys(name, count)
        else:
            return None
        made = numpy.empty(len(keys), dtype=object)
        made[:] = [self.leaf(key, None) for key in keys]
        return made

    def drawn(self, name: str) -> Any:
        """What a name stands for whose numbers the program does not say."""
        meant = self.meaning(name)
        if name in _TARGETS or (meant is not None and meant.name == TARGET):
            places = [(TARGET, t) for t in range(1, self.steps + 1)]
            return self._filled(numpy.full(self.steps, None), places)
        if meant is None:
            raise NotFollowedError
        inputs = [row.symbol for row in self.trace.model.inputs if row.symbol != TARGET]
        if meant.name in ("x", *inputs):
            shape = (self.steps, len(inputs)) if len(inputs) > 1 else (self.steps,)
            places = [(key, t) for t in range(1, self.steps + 1) for key in inputs]
            return self._filled(numpy.empty(shape, dtype=object), places)
        leaves = self._parameters(meant.name)
        if leaves is not None:
            return leaves[0] if leaves.size == 1 else leaves
        if meant.name in self.trace.model.state:
            return self.leaf(meant.name, 0)
        raise NotFollowedError

    def leaf(self, name: str, t: int | None) -> Term:
        return Term(Symbol(name, step=t), self.values(name, t))

    # What is said.

    def assigned(self, line: int, name: str, value: Any, slot: object, known: bool) -> Any:
        if isinstance(value, numpy.ndarray):
            return self._array(line, name, value, slot, known)
        return self._number(line, name, value, slot, known, None, self.step)

    def added(self, line: int, name: str, more: Any, slot: object) -> bool:
        """What a step adds to a gradient is judged by itself, and so is its loss."""
        meant = self.meaning(name)
        if isinstance(more, numpy.ndarray) and self._side_by_side(name, more):
            self._array(line, name, more, (slot, "added"), False)
            return True
        if meant is None or not isinstance(more, Term | numpy.ndarray):
            return False
        if isinstance(more, numpy.ndarray):
            if not self.is_gradient(meant.name):
                return False
            self._array(line, name, more, (slot, "added"), False)
            return True
        if meant.name in self.names.gradients:
            self._number(line, name, more, (slot, "added"), False, meant.name, self.step)
            return True
        if meant.name == TOTAL_LOSS and ("E", self.step) in self._same(more):
            self._recorded(line, name, (slot, "added"), ("E", self.step), more, self.step, True)
            return True
        return False

    def summed(self, name: str, value: Any) -> Any:
        """The gradient that a loop has added up; its terms have been judged."""
        meant = self.meaning(name)
        if isinstance(value, Term):
            is_whole = meant is not None and meant.name in (*self.names.gradients, TOTAL_LOSS)
            return self.leaf(meant.name, None) if meant is not None and is_whole else value
        if not isinstance(value, numpy.ndarray):
            return value
        made = value.copy()
        for k, key in enumerate(self._keys(name, value)):
            if key in self.names.gradients:
                made.reshape(-1)[k] = self.leaf(key, None)
        return made

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
        elements = [f"{match[1]}_{gate}" for gate in order]
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

    def _array(self, line: int, name: str, value: Any, slot: object, known: bool) -> Any:
        meant = self.meaning(name)
        made = value.copy()
        flat, count = made.reshape(-1), value.size
        keys = self._keys(name, value)
        steps: Sequence[int | None] = [self.step] * count
        if meant is not None and count == self.steps and self.step is None and not any(keys):
            keys, steps = [meant.name] * count, range(1, count + 1)
        for k in range(count):
            if isinstance(flat[k], Term):
                place, self.element = (slot, k), k
                flat[k] = self._number(line, name, flat[k], place, known, keys[k], steps[k])
        self.element = 0
        self._gates_of(line, flat, slot)
        return made

    def _of_both(self, name: str, elements: Any) -> list[str | None]:
        """The keys of the slopes of the state's weight and the inputs' in one array."""
        inputs, state = self._parameters(name[1:]), f"U{name[2:]}"
        is_both = inputs is not None and state in self.names.parameters
        if not name.startswith("dW") or not is_both or len(elements) != inputs.size + 1:
            return []
        ours: list[str | None] = [f"d{leaf.tree.name}" for leaf in inputs]
        first = self._same(elements[0]) if isinstance(elements[0], Term) else []
        is_first = any(key == f"d{state}" for key, _ in first)
        return [f"d{state}", *ours] if is_first else [*ours, f"d{state}"]

    def _gates_of(self, line: int, elements: Any, slot: object) -> None:
        """Where the gates stand in an array of their derivatives; one that is wrong is the rest."""
        if not all(isinstance(one, Term) for one in elements):
            return
        slopes = [one.tree.name if isinstance(one.tree, Symbol) else "" for one in elements]
        left = [one for one in self.backward if one.startswith("dz_") and one not in slopes]
        if slopes.count("") == len(left) == 1 and self.step is not None:
            k = slopes.index("")
            slopes[k] = left[0]
            place = (left[0], self.step)
            elements[k] = self._recorded(line, "", (slot, k), place, elements[k], self.step, False)
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
        if isinstance(value.tree, Symbol) or not symbols(value.tree):
            return value  # another name for the same, or a number
        meant = self.meaning(name)
        if meant is not None and meant.shift not in (None, 0):
            return value  # h_prev: of the step before
        if key is None and meant is not None and not self.names.is_vector(meant.name):
            key = meant.name
        if meant is not None and isinstance(meant.step, int):
            step = meant.step
        found = self._same(value)
        if not found:  # it has numbers of the problem's own in it
            found = self._same(value, worlds=1)
            if key is None and len(found) > 1:
                found = []
        wanted = [place for place in found if place[0] == key]
        if wanted:
            best = self._nearest(wanted, step)
            return self._recorded(line, name, slot, best, value, step, True)
        total = key in self.names.gradients or key == TOTAL_LOSS
        if total and known:
            return value  # not all of the sum yet
        others = [place for place in found if self._may_be(name, key, place[0])]
        if others:
            said = self.said.get((line, name, self.element))
            best = self._nearest([p for p in others if p[0] == said] or others, step)
            also = frozenset(key for key, t in others if t == best[1])
            return self._recorded(line, name, slot, best, value, step, True, also)
        if key is None:
            key = self.said.get((line, name, self.element))  # in the first turn it was that
        if key is None or (key not in self.order and not total):
            return self._handed_on(value)
        t = None if key == TOTAL_LOSS else step
        if t is None and key in self.names.varying:
            return value
        return self._recorded(
            line, name, slot, (self._of_its_making(key, value), t), value, step, False
        )

    def _handed_on(self, value: Term) -> Term:
        """What a step hands to the one before it, called by the paths that it runs along."""
        for tree, values in self.handed:
            if any(values) and _near(value.values, values):
                return Term(tree, values, len(symbols(tree)))
        return value

    def _paths(self) -> Iterator[tuple[Expression, tuple[float, ...]]]:
        for row in self.trace.model.backward:
            formulas = [term.formula for term in row.terms if term.later > 0]
            if not formulas:
                continue
            work = self.equations.work(add(*formulas))
            for t in range(1, self.steps):
                tree = rename(add(*formulas), partial(_at_step, t))
                yield tree, tuple(float(work(world, t)) for world in self.worlds)

    def _may_be(self, name: str, key: str | None, other: str) -> bool:
        """Whether what is called ``name`` may be ``other`` by what it is made of."""
        if other in self.names.gradients or other == TOTAL_LOSS:
            return key is None
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

    def _same(self, value: Term, worlds: int = 3) -> list[tuple[str, int | None]]:
        """The quantities that a number is in so many worlds; in the first, the problem's own."""
        if not any(value.values):
            return []
        world = worlds > 1  # the first that is drawn tells them apart best
        of = value.values[world]
        tolerance = NEAR * max(abs(of), 1e-3)
        places = self.places[world]
        low = bisect_left(places, of - tolerance, key=lambda place: place[0])
        found: list[tuple[str, int | None]] = []
        for near, name, t in places[low:]:
            if near > of + tolerance:
                break
            if _near(value.values[:worlds], self.values(name, t)[:worlds]):
                found.append((name, t))
        return found

    def _nearest(
        self, places: Sequence[tuple[str, int | None]], step: int | None
    ) -> tuple[str, int | None]:
        return min(places, key=lambda p: (p[1] != step, self.order.get(p[0], 0)))

    def _recorded(
        self,
        line: int,
        name: str,
        slot: object,
        place: tuple[str, int | None],
        value: Term,
        step: int | None,
        sure: bool,
        also: frozenset[str] = frozenset(),
    ) -> Term:
        key, t = place
        turn = self.step is not None
        record = _Record(
            line, key, t, value.tree, value.values, sure, turn, name, also, self.element
        )
        edge = self.steps if key in self.backward else 1
        if sure and turn and t == self.step == edge:
            self.said[line, name, self.element] = key
        own = self.records.setdefault((slot, step), [])
        own.append(record)
        self.latest[slot] = own
        if key in self.names.gradients and t is not None:
            return value  # what a step adds to it
        named = Symbol(key, step=t) if t is not None else Symbol(key)
        return Term(
            named, self.values(key, t), raw=value, turn=self.step if sure else None, line=line
        )

    # The answers.

    def answers(self, lines: Sequence[str]) -> Iterator[Answer]:
        """A formula for each line and quantity, or several where its turns say different things."""
        by_line: dict[tuple[int, str], list[_Record]] = {}
        every = [record for records in self.records.values() for record in records]
        meant = self._of_all_turns(every)
        in_steps = {record.key for record in every if record.t is not None}
        for records in self.records.values():
            for record in records:
                is_told = record.t is None and record.key in in_steps
                if not record.sure and (is_told or (record.line, record.key) in self.unfinished):
                    continue
                key = meant.get((record.line, record.name, record.element), record.key)
                by_line.setdefault((record.line, key), []).append(record)
        for (line, key), found in sorted(by_line.items(), key=lambda item: item[0][0]):
            shown = lines[line - 1].strip()[:200] if 0 < line <= len(lines) else ""
            yield from self._of_line(line, key, found, shown)

    def _of_all_turns(self, records: Sequence[_Record]) -> dict[tuple[int, str, int], str]:
        """What a line says in all its turns, where it may say one of several things in some."""
        left: dict[tuple[int, str, int], frozenset[str]] = {}
        several: set[tuple[int, str, int]] = set()
        for record in records:
            place = (record.line, record.name, record.element)
            own = record.also | {record.key}
            several |= {place} if len(own) > 1 else set()
            left[place] = left.get(place, own) & own
        return {place: next(iter(left[place])) for place in several if len(left[place]) == 1}

    def _of_line(
        self, line: int, key: str, records: Sequence[_Record], shown: str
    ) -> Iterator[Answer]:
        placed = [record for record in records if record.t is not None and record.t > 0]
        if any(self._reaches_far(record) for record in placed):
            pass  # it holds for runs of this length only
        elif len(placed) > 1 or any(self._holds(record) for record in placed):
            best = max(placed, key=lambda r: (len(_moving(r.tree)), 1 < (r.t or 0) < self.steps))
            formula = _relative(best.tree, best.t or 0)
            if all(self._agrees(formula, r.t or 0, r.values) for r in placed):
                yield Answer(line, key, None, shown, formulas={key: formula}, per_step=True)
                placed = []
        for record in (*placed, *(r for r in records if not r.t)):
            name = f"{key}0" if record.t == 0 else key
            t = record.t or None
            yield Answer(line, name, t, shown, formulas={name: record.tree}, per_step=t is not None)

    def _reaches_far(self, record: _Record) -> bool:
        """Whether a formula names steps other than its own and those beside it."""
        t = record.t or 0
        return any(isinstance(s.step, int) and abs(s.step - t) > 1 for s in symbols(record.tree))

    def _holds(self, record: _Record) -> bool:
        """Whether what one turn of a loop gave holds at every step; 0 in the others, say."""
        if not record.turn or not record.sure or record.t is None:
            return False
        formula, key = _relative(record.tree, record.t), record.key
        steps = range(1, self.steps + 1)
        return all(self._agrees(formula, t, self.values(key, t)) for t in steps)

    def _agrees(self, formula: Expression, t: int, values: Sequence[float]) -> bool:
        """Whether a formula for every step gives these values at one of them."""
        work = self.equations.work(formula)
        return _near([float(work(world, t)) for world in self.worlds], values)


def _near(found: Sequence[float], wanted: Sequence[float]) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(abs(a - b) <= NEAR * max(abs(b), 1e-3) for a, b in pairs)


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
