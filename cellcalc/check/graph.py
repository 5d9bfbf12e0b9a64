"""Every number of a run as a graph: each quantity with its equation and what goes into it.

The nodes stand in the true order of computation: forward steps, the sweep of each window, what is
gathered of its gradients, the update, and so on through all windows and passes. Whatever a person
gives for one of them, the rest can be worked out again from there.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cellcalc.check.amounts import Run, applied, formula
from cellcalc.check.world import LAST_LOSS, STEPS
from cellcalc.engine.optimizer import NORM_MARGIN, rules
from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.language.keys import COUNT, memory_key
from cellcalc.language.tree import (
    Add,
    Edge,
    Expression,
    Mul,
    Number,
    Symbol,
    rebuilt,
    rename,
    shifted,
    spelled_out,
    symbols,
)
from cellcalc.model.model import LOSS, TARGET, TOTAL_LOSS, Model, Quantity
from cellcalc.problems.schemes import Scheme
from cellcalc.problems.templates import shown_rows

# A quantity of a pass (from 0), of a window (from 1; 0: the forward pass), at a step (None: over
# the whole window, or after its update).
Key = tuple[int, int, str, int | None]
GATHERED = "gathered "  # before a gradient: what the windows before an update have added up to
FEW_WORLDS = 4  # that are quicker worked out one by one than together


@dataclass(slots=True)
class Node:
    """One number: given (``value``), or worked out by ``run`` from the nodes ``inputs``.

    ``row`` is the symbol whose equation it is; ``parts`` work out what somebody may have rounded
    on the way to it.
    """

    key: Key
    row: str
    run: Run | None
    inputs: Sequence[int]
    value: float = math.nan
    parts: Sequence[tuple[Run, Sequence[int]]] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """Another way to work out a node; ``base`` as its first input is what the node has else."""

    run: Run
    inputs: Sequence[int]


Overrides = Mapping[int, Override]


@dataclass
class Graph:
    """The graph of a trace's passes, those numbered in ``passes`` (from 0).

    ``wanted`` are rows of detail that are needed besides: paths.
    """

    trace: Trace
    passes: Sequence[int]
    wanted: Collection[str] = ()
    nodes: list[Node] = field(default_factory=list)
    index: dict[Key, int] = field(default_factory=dict)
    rows: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model: Model = self.trace.model
        self.features = self.model.features
        self.constants: dict[object, int] = {}
        self.current: dict[tuple[int, int], Mapping[str, int]] = {}  # by pass and window
        self.used: dict[tuple[int, int], Mapping[str, int]] = {}  # by pass and step
        self.optimizing: dict[int, Mapping[str, int]] = {}  # what an update's equations mean
        self.settings: dict[str, int] = {}
        self.clips: dict[int, int] = {}  # which of the inputs a clipped gradient is
        self.parameters = {row.symbol for row in self.model.parameters}
        self.forwards = {row.symbol for row in self.model.forward}
        self.given = {row.symbol for row in self.model.inputs}
        self.entering = {row.symbol: row for row in self.model.entering}
        rows = [path for row in self.model.backward for path in self.model.paths_of(row)]
        self.paths = {path.symbol: path.formula for path in rows if path.formula is not None}
        self.spelled: dict[Expression, Expression] = {}
        self.parts: dict[Expression, Sequence[Expression]] = {}
        self.build()
        self.true = self.values()

    def constant(self, name: object, value: float) -> int:
        """A node that is given."""
        if name not in self.constants:
            key: Key = (-1, 0, str(name), None)
            self.constants[name] = self.add(Node(key, "", None, (), value))
        return self.constants[name]

    def add(self, node: Node) -> int:
        place = len(self.nodes)
        self.nodes.append(node)
        self.index[node.key] = place
        if node.row:
            self.rows.setdefault(node.row, []).append(place)
        return place

    def out(self, expression: Expression) -> Expression:
        """The expression with ``W @ x`` spelled out, and paths that have no nodes put in."""
        if expression not in self.spelled:
            self.spelled[expression] = spelled_out(self.with_paths(expression), self.features)
        return self.spelled[expression]

    def with_paths(self, expression: Expression) -> Expression:
        """The expression with the formulas of the paths that nobody asks for in their places."""

        def formula_of(e: Expression) -> Expression | None:
            if not isinstance(e, Symbol) or e.name in self.wanted or e.name not in self.paths:
                return None
            found = self.paths[e.name]
            if isinstance(e.step, int):
                first = e.step
                return rename(
                    found, lambda s: s if s.shift is None else Symbol(s.name, step=first + s.shift)
                )
            return shifted(found, e.shift or 0) if e.step is None else None

        named = any(s.name in self.paths for s in symbols(expression))
        return rebuilt(expression, formula_of) if named else expression

    # Building

    def build(self) -> None:
        trace = self.trace
        self.zero = self.constant("zero", 0.0)
        self.weights: dict[str, int] = {}
        self.moments: dict[str, int] = {}
        self.gathered: dict[str, int] = {}
        settings = trace.specification.update.settings
        self.settings = {n: self.constant(("setting", n), v) for n, v in settings.items()}
        before = -2
        waits: tuple[int, PassTrace] | None = None
        for number in self.passes:
            one = trace.passes[number]
            if waits and (number != before + 1 or one.epoch != waits[1].epoch):
                self.last_update(*waits)
                waits = None
            if number != before + 1:  # what happened before is taken as it is
                self.weights = {
                    n: self.constant((number, n), value) for n, value in one.before.items()
                }
                self.moments = {
                    n: self.constant((number, n), value) for n, value in one.memory.items()
                }
                self.gathered = {}
            self.one_pass(number, one)
            if trace.specification.scheme.update == "sequence":
                self.last_update(number, one)
            elif trace.specification.scheme.update == "epoch" and one.windows:
                waits = number, one  # until all of the epoch's sequences have been run
            before = number
        if waits:
            self.last_update(*waits)

    def last_update(self, p: int, one: PassTrace) -> None:
        """The update after a sequence or an epoch, where one follows this pass's last window."""
        if one.windows and one.windows[-1].used:
            self.update(p, len(one.windows), one.windows[-1])

    def one_pass(self, p: int, one: PassTrace) -> None:
        for name in self.given:
            for t, value in enumerate(one.forward[name]):
                if t:
                    number = 0.0 if value != value else value
                    self.add(Node((p, 0, name, t), name, None, (), number))
        for name in self.model.state:
            self.add(Node((p, 0, name, 0), "", None, (), one.forward[name][0]))
        for name, value in one.coefficients.items():
            self.constant(("coefficient", name), value)
        self.current[p, 0] = dict(self.weights)
        self.constant((STEPS, one.steps), float(one.steps))
        done = 0
        each = self.trace.specification.scheme.update == "window"
        for w, window in enumerate(one.windows, 1):
            for t in range(done + 1, window.last + 1):
                self.forward(p, t)
            done = max(done, window.last)
            self.sweep(p, w, window)
            self.gather(p, w, window)
            if each and window.used:
                self.update(p, w, window)
        for t in range(done + 1, one.steps + 1):
            self.forward(p, t)
        if one.loss is not None:
            self.loss(p, one)

    def loss(self, p: int, one: PassTrace) -> None:
        targets = one.forward[TARGET]
        steps = [t for t in range(1, one.steps + 1) if targets[t] == targets[t]]
        inputs = [self.index[p, 0, LOSS, t] for t in steps]
        assert one.loss is not None
        whole = math.fsum(one.forward[LOSS][t] for t in steps)
        is_mean = len(steps) > 1 and whole and abs(one.loss / whole * len(steps) - 1) < 1e-9
        run = averaged if is_mean else summed
        self.add(Node((p, 0, TOTAL_LOSS, None), TOTAL_LOSS, run, inputs))
        if len(one.windows) < 2 or TOTAL_LOSS not in self.wanted:
            return
        for w, window in enumerate(one.windows, 1):  # those that each window injects
            if own := [self.index[p, 0, LOSS, t] for t in window.window.losses]:
                self.add(Node((p, w, TOTAL_LOSS, None), TOTAL_LOSS, run, own))

    def forward(self, p: int, t: int) -> None:
        self.used[p, t] = dict(self.weights)
        for row in self.model.forward:
            self.row(row, p, 0, t)

    def row(self, row: Quantity, p: int, w: int, t: int) -> None:
        """Add a row's node at a step."""
        if row.formula is None:
            return
        paths = [r for r in self.model.paths_of(row) if r.symbol in self.wanted and r.formula]
        places = []
        for path in paths:
            assert path.formula is not None
            run, inputs = self.placed(path.formula, p, w, t)
            places.append(self.add(Node((p, w, path.symbol, t), path.symbol, run, inputs)))
        if paths and len(paths) == len(self.model.paths_of(row)):
            # Who writes down every path adds them up.
            self.add(Node((p, w, row.symbol, t), row.symbol, summed, places))
            return
        run, inputs = self.placed(row.formula, p, w, t)
        parts = [self.placed(part, p, w, t) for part in self.steps_of(row.formula)]
        self.add(Node((p, w, row.symbol, t), row.symbol, run, inputs, parts=parts))

    def steps_of(self, expression: Expression) -> Sequence[Expression]:
        """What somebody may write down on the way to a value: the terms of a sum.

        Of a product with a sum in it, as o*(1 - o), the whole stands for that factor.
        """
        if expression not in self.parts:
            match self.out(expression):
                case Add(terms):
                    found = [term for term in terms if not isinstance(term, Symbol | Number)]
                case Mul(factors) as whole if any(isinstance(f, Add) for f in factors):
                    found = [whole]
                case _:
                    found = []
            self.parts[expression] = found
        return self.parts[expression]

    def sweep(self, p: int, w: int, window: WindowTrace) -> None:
        self.current[p, w] = dict(self.weights)
        counted = window.backward.get(f"d{LOSS}", ())
        self.constant((STEPS, len(window.steps)), float(len(window.steps)))
        for t, share in zip(window.steps, counted, strict=True):
            self.constant(("share", share), share)
            self.add(Node((p, w, f"d{LOSS}", t), f"d{LOSS}", None, (), share))
        for t in reversed(window.steps):
            for row in (*self.model.backward, *self.model.gradients):
                self.row(row, p, w, t)
        for row in self.model.entering:
            if row.formula is not None and (row.symbol in self.wanted or not row.path_of):
                run, inputs = self.placed(row.formula, p, w, window.first - 1)
                key = (p, w, row.symbol, window.first - 1)
                self.add(Node(key, row.symbol, run, inputs))
        for row in self.model.gradients:
            inputs = [self.index[p, w, row.symbol, t] for t in window.steps]
            self.add(Node((p, w, row.symbol, None), f"{row.symbol} total", summed, inputs))

    def gather(self, p: int, w: int, window: WindowTrace) -> None:
        for name in window.summed:
            own = self.index[p, w, name, None]
            waiting = self.gathered.get(name)
            if waiting is not None:
                key = (p, w, f"{GATHERED}{name}", None)
                own = self.add(Node(key, f"{name} gathered", summed, (waiting, own)))
            self.gathered[name] = own

    def update(self, p: int, w: int, window: WindowTrace) -> None:
        s = self.trace.specification
        optimizer = s.update.optimizer
        used = self.clipped(p, w, s.scheme)
        weights = dict(self.weights)
        for name in window.used:
            self.add_update(p, w, name[1:], used[name], float(window.update), weights)
        for name in self.gathered:
            for own in optimizer.state:
                self.moments.setdefault(memory_key(own, name[1:]), self.zero)
        self.weights = weights
        self.gathered = {}

    def add_update(
        self, p: int, w: int, name: str, gradient: int, count: float, weights: dict[str, int]
    ) -> None:
        optimizer = self.trace.specification.update.optimizer
        means = {**self.settings, name: weights[name], f"d{name}": gradient}
        means[COUNT] = self.constant(("count", count), count)
        for own, value in optimizer.state.items():
            key = memory_key(own, name)
            means[key] = self.moments.get(key, self.constant((key, 0), value))
        plain_names = {memory_key(own, name): own for own in shown_rows(optimizer)}
        plain_names |= {name: "w", f"d{name}": "dw"}
        for equation in rules(optimizer, name):
            symbol = equation.symbol
            found, run = formula(equation.formula)
            inputs = [means[s.name] for s in found]
            stem = plain_names.get(symbol, symbol)
            shown = symbol if symbol in plain_names else f"{symbol}_{name}"
            place = self.add(Node((p, w, shown, None), f"{stem} update", run, inputs))
            self.optimizing[place] = {plain_names.get(n, n): i for n, i in means.items()}
            means[symbol] = place
            if stem in optimizer.state:
                self.moments[symbol] = place
        weights[name] = means[name]

    def clipped(self, p: int, w: int, scheme: Scheme) -> dict[str, int]:
        """The gradients as the update uses them."""
        names = list(self.gathered)
        inputs = [self.gathered[name] for name in names]
        if scheme.clip_norm is None and scheme.clip_value is None:
            return dict(self.gathered)
        found = {}
        for place, name in enumerate(names):
            key = (p, w, f"used {name}", None)
            run = clip_run(scheme.clip_norm, scheme.clip_value, place)
            found[name] = self.add(Node(key, f"{name} used", run, inputs))
            self.clips[found[name]] = place
        return found

    # What a formula speaks of

    def placed(self, expression: Expression, p: int, w: int, t: int) -> tuple[Run, list[int]]:
        """A formula at a place: the function, and the nodes of its symbols."""
        found, run = formula(self.out(expression))
        return run, [self.place(symbol, p, w, t) for symbol in found]

    def override(self, node: int, expression: Expression) -> Override:
        """Another formula for a node, in the symbols that its own is in."""
        return self.rewritten([node], expression)[node]

    def rewritten(self, nodes: Sequence[int], expression: Expression) -> dict[int, Override]:
        """Another formula for several nodes."""
        found: dict[int, Override] = {}
        symbols, run = formula(self.out(expression))
        for node in nodes:
            if node in self.optimizing:
                means = self.optimizing[node]
                found[node] = Override(run, [means.get(s.name, self.zero) for s in symbols])
                continue
            p, w, _, t = self.nodes[node].key
            places = [self.place(symbol, p, w, t or 0) for symbol in symbols]
            found[node] = Override(run, [k if k < node else self.zero for k in places])
        return found

    def place(self, symbol: Symbol, p: int, w: int, t: int) -> int:
        """The node that a symbol means in a formula for a step; zero where there is none."""
        name, shift = symbol.name, symbol.shift
        if symbol.step is not None:
            return self.at(name, p, w, self.step(symbol.step, p, w))
        if shift is not None:
            step = t + shift
            before = shift < 0 or (w > 0 and step == self.window(p, w).first - 1)
            if before and step in self.trace.passes[p].schedule.resets and name not in self.given:
                step = 0
            return self.at(name, p, w, step)
        found = self.current.get((p, w), {}).get(name)
        if found is not None and not w and t:
            found = self.used[p, t].get(name, found)
        if found is not None:
            return found
        if ("coefficient", name) in self.constants:
            return self.constants["coefficient", name]
        if name == STEPS:
            count = len(self.window(p, w).steps) if w else self.trace.passes[p].steps
            return self.constants[STEPS, count]
        if (p, w, name, None) in self.index:
            return self.index[p, w, name, None]
        if name.endswith("0") and w:
            return self.at(name[:-1], p, w, self.window(p, w).first - 1)
        return self.settings.get(name, self.zero)

    def at(self, name: str, p: int, w: int, t: int) -> int:
        """A quantity at a certain step; zero where it has none."""
        if name in self.parameters:
            stored = self.used.get((p, t)) if self.model.stored_weights else None
            return (stored or self.current[p, w]).get(name, self.zero)
        if name in self.forwards or name in self.given:
            return self.index.get((p, 0, name, t), self.zero)
        if name == LAST_LOSS:
            return self.last_loss(p, w, t)
        return self.index.get((p, w, name, t), self.zero)

    def last_loss(self, p: int, w: int, t: int) -> int:
        window = self.window(p, w)
        counted = [self.nodes[self.index[p, w, f"d{LOSS}", s]].value for s in window.steps]
        steps = [s for s, share in zip(window.steps, counted, strict=True) if share]
        if not steps or t != steps[-1]:
            return self.zero
        return self.constants["share", self.nodes[self.index[p, w, f"d{LOSS}", t]].value]

    def step(self, step: int | Edge, p: int, w: int) -> int:
        """The number of a certain step, which may be counted from an edge of the window."""
        if not isinstance(step, Edge):
            return step
        if step.end == "first":
            edge = self.window(p, w).first if w else 1
        else:
            edge = self.window(p, w).last if w else self.trace.passes[p].steps
        return edge + step.offset

    def weight(self, key: Key) -> int | None:
        """A parameter as it is where nothing updates it."""
        p, w, name, _ = key
        return self.current.get((p, w), {}).get(name)

    def window(self, p: int, w: int) -> WindowTrace:
        return self.trace.passes[p].windows[w - 1]

    def is_swept(self, place: int) -> bool:
        """Whether it is a node of a step that its window sweeps, not of the state before it."""
        p, w, _, t = self.nodes[place].key
        return bool(w) and t is not None and t >= self.window(p, w).first

    # Working it out

    def values(
        self, anchors: Mapping[int, float] | None = None, overrides: Overrides | None = None
    ) -> list[float]:
        """What the equations give at each node, where the ``anchors`` are gone on with instead."""
        anchors, overrides = anchors or {}, overrides or {}
        used: list[Any] = []
        worked: list[float] = []
        for place, node in enumerate(self.nodes):
            value = _worked(node, used, overrides.get(place))
            worked.append(value)
            used.append(anchors.get(place, value))
        return worked

    def many(
        self,
        changes: Sequence[Overrides],
        anchors: Mapping[int, float],
        meant: Mapping[int, tuple[float, float]] | None = None,
    ) -> list[Any]:
        """What each node is in each of many worlds, one for each of the ``changes``.

        A number where it is the same in all of them, else an array. ``meant`` gives for an anchor
        the range of numbers for which it may stand: a number in it is gone on with as it is.
        """
        count = len(changes)
        meant = meant or {}
        # Causes of several rows share the changes of single rows: each is worked out once.
        by_node: dict[int, dict[int, tuple[Override, list[int]]]] = {}
        for k, overrides in enumerate(changes):
            for place, override in overrides.items():
                alike = by_node.setdefault(place, {})
                alike.setdefault(id(override), (override, []))[1].append(k)
        used: list[Any] = []
        worked: list[Any] = []
        for place, node in enumerate(self.nodes):
            value = _worked(node, used, None)
            if place in by_node:
                array = np.full(count, value) if np.ndim(value) == 0 else value.copy()
                for override, worlds in by_node[place].values():
                    own = [used[i] for i in override.inputs]
                    arrays = [i for i, v in enumerate(own) if isinstance(v, np.ndarray)]
                    if not arrays:
                        array[worlds] = override.run([float(v) for v in own])
                    elif len(worlds) < FEW_WORLDS:
                        for k in worlds:
                            array[k] = override.run(
                                [float(v[k] if i in arrays else v) for i, v in enumerate(own)]
                            )
                    else:
                        for i in arrays:
                            own[i] = own[i][worlds]
                        array[worlds] = override.run(own)
                value = array
            worked.append(value)
            if place in meant:
                low, high = meant[place]
                stays = np.logical_and(value >= low, value <= high)
                value = (
                    np.where(stays, value, anchors[place])
                    if np.ndim(stays)
                    else (value if stays else anchors[place])
                )
            elif place in anchors:
                value = anchors[place]
            used.append(value)
        return worked

    def users(self) -> list[list[int]]:
        """For each node those that it goes into."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for place, node in enumerate(self.nodes):
            for used in set(node.inputs):
                found[used].append(place)
        return found


def _worked(node: Node, used: list[Any], override: Override | None) -> Any:
    if override is not None:
        return override.run([used[i] for i in override.inputs])
    if node.run is None:
        return node.value
    return node.run([used[i] for i in node.inputs])


def summed(values: Sequence[Any]) -> Any:
    """The sum."""
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def averaged(values: Sequence[Any]) -> Any:
    """The mean."""
    return summed(values) * (1.0 / len(values))


def clip_run(norm: float | None, bound: float | None, place: int) -> Run:
    """One gradient of several, bounded by the norm of all, then by itself."""

    def run(values: Sequence[Any]) -> Any:
        value = values[place]
        if norm is not None:
            square = applied("sqrt")(summed([v * v for v in values]))
            value = value * applied("min")(applied("divide")(norm, square + NORM_MARGIN), 1.0)
        return value if bound is None else applied("clip")(value, -bound, bound)

    return run
