"""What may have gone wrong, as changes of the graph: the causes that marking tries.

An edit of one equation (:mod:`cellcalc.check.slips`), the same edit in sibling rows, something done
to a whole sweep, another rule of updating, another scheme of truncation. Each is told in the words
of ``templates/slips.toml``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cellcalc.check.amounts import Run
from cellcalc.check.amounts import formula as compiled
from cellcalc.check.graph import Graph, Override, Overrides, clip_run, summed
from cellcalc.check.report import Kind, Slip
from cellcalc.check.slips import Edit, Edits, drawn_value, sayings, slopes, whole_cost
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.language.calculus import product, total
from cellcalc.language.keys import derivative_key, memory_key
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import (
    ONE,
    Add,
    Call,
    Div,
    Expression,
    Mul,
    Neg,
    Number,
    Symbol,
    add,
    multiply,
    rebuilt,
    rename,
    symbols,
)
from cellcalc.model.derivation import model_of
from cellcalc.model.model import COUNTED, PREDICTION, Quantity
from cellcalc.problems.schemes import CHOICES, Scheme
from cellcalc.problems.templates import RATE, Template, load, shown_rows
from cellcalc.resources import sentence

# Two things at once that are one in people's programs: what is done, the problem's loss and
# reduction, and those that were used instead. Each by itself is a cause of its own.
OTHER_LOSSES = (
    ("mean_squares", "half-squared", "sum", "squared", "mean"),
    ("half_sum", "squared", "mean", "half-squared", "sum"),
)

TOTALS: Mapping[str, Run] = {
    "first_only": lambda values: values[0],
    "last_only": lambda values: values[-1],
    "without_first": lambda values: summed(values[1:]) if len(values) > 1 else 0.0,
    "without_last": lambda values: summed(values[:-1]) if len(values) > 1 else 0.0,
    "mean": lambda values: summed(values) * (1.0 / len(values)),
}
MOST_CUTS = 8  # between windows, that are tried one by one
Changes = Callable[[Graph], Overrides]


@dataclass(frozen=True)
class Cause:
    """One cause: what it does to a graph, and what is told of it.

    ``symbol``, ``formula`` and ``true`` are of the first row that it changes, ``total`` tells
    whether they are of a sum over the window. ``signature`` is the same for the same edit in
    sibling rows. ``steps`` are those at which it is made, where it is not at all of them; ``nodes``
    those that it is confined to. A ``trace`` is another run that takes the place of the true one.
    ``members`` are the causes of single rows of which it is all.
    """

    kind: Kind
    cost: float
    symbol: str
    says: str
    changes: Changes
    formula: Expression | None = None
    true: Expression | None = None
    total: bool = False
    rows: tuple[str, ...] = ()
    signature: object = None
    steps: tuple[int, ...] = ()
    nodes: frozenset[int] | None = None
    trace: Callable[[], Trace | None] | None = None
    members: tuple[Cause, ...] = ()

    def overrides(self, graph: Graph) -> Overrides:
        """What it changes, node by node."""
        found = self.changes(graph)
        if self.nodes is not None:
            found = {place: change for place, change in found.items() if place in self.nodes}
        if self.steps:
            found = {p: c for p, c in found.items() if graph.nodes[p].key[3] in self.steps}
        return found

    def at(self, steps: Sequence[int]) -> Cause:
        """The same, made at certain steps only."""
        named = ", ".join(f"t = {t}" for t in steps)
        says = sayings("whole", "steps").format(steps=named, says=self.says)
        cost = self.cost + whole_cost("steps")
        return replace(self, steps=tuple(steps), says=says, cost=cost)


class Causes:
    """All causes for the runs of one model; what is made of them is kept."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.model = graph, graph.model
        self.edits = Edits(graph.model)

    # Single equations, and families of them

    @cached_property
    def singles(self) -> list[Cause]:
        """Every edit of every equation, and of every sum over the window."""
        found = [self.single(row, edit) for row in self.rows for edit in self.by_row[row.symbol]]
        for row in self.rows:
            for edit in self.by_row[row.symbol]:
                if self.takes_the_place(row, edit):
                    everywhere = self.of_row(row.symbol, edit.formula)
                    cause = self.single(row, edit)
                    found.append(replace(cause, changes=everywhere, cost=cause.cost + 0.2))
        return found

    def takes_the_place(self, row: Quantity, edit: Edit) -> bool:
        """Whether only what comes from the next step is left of a derivative."""
        derived = [s for s in symbols(edit.formula) if s.name in self.model.derivatives]
        return bool(row.terms and derived) and all(s.shift == 1 for s in derived)

    @cached_property
    def rows(self) -> list[Quantity]:
        model = self.model
        derived = [*model.backward, *model.gradients]
        paths = [path for row in derived for path in model.paths_of(row)]
        shown = [path for path in paths if path.symbol in self.graph.wanted]
        return [*model.forward, *derived, *shown]

    @cached_property
    def gradients(self) -> frozenset[str]:
        return frozenset(row.symbol for row in self.model.gradients)

    @cached_property
    def outside(self) -> frozenset[str]:
        """The rows of the readout and the loss, which are done otherwise than those of the cell."""
        parts = [part for part in (self.model.readout, self.model.loss) if part is not None]
        names = {e.symbol for part in parts for e in part.equations}
        names |= {name for part in parts for name in part.parameters}
        return frozenset(names | {derivative_key(name) for name in names})

    @cached_property
    def by_row(self) -> Mapping[str, list[Edit]]:
        found = {row.symbol: self.edits.of(row) for row in self.rows}
        counted = self.graph.rows.get(COUNTED, ())
        if any(self.graph.nodes[place].value != 1.0 for place in counted):
            # Which losses count, and how much, is told of as a scheme.
            for row in self.model.backward:
                if row.formula is not None and Symbol(COUNTED, 0) in symbols(row.formula):
                    found[row.symbol] = [
                        edit
                        for edit in found[row.symbol]
                        if Symbol(COUNTED, 0) in symbols(edit.formula)
                        or edit.kind != "factor_left_out"
                    ]
        for row in self.model.gradients:
            sums = self.edits.of_total(row) if row.formula is not None else []
            found[f"{row.symbol} total"] = [edit for edit in sums if edit.kind in TOTALS]
        return found

    def single(self, row: Quantity, edit: Edit) -> Cause:
        """An edit of one row's equation, at every step.

        Where only what comes from the next step is left, it takes the place of the rest where
        there is a next step.
        """
        changes = self.of_row(row.symbol, edit.formula)
        if self.takes_the_place(row, edit):
            changes = _before_last(changes)
        is_gradient = row.symbol in self.gradients
        formula, true = edit.formula, row.formula
        if is_gradient:
            formula = Call("sum", formula)
            true = Call("sum", true) if true is not None else None
        return Cause(
            Kind.FORMULA,
            edit.cost + (0.1 if row.symbol == COUNTED else 0.0),
            row.symbol,
            edit.says,
            changes,
            formula,
            true,
            is_gradient,
            (row.symbol,),
            (edit.kind, self.edits.abstract(row.symbol, edit.formula)),
        )

    def of_row(self, row: str, expression: Expression) -> Changes:
        """A row's nodes with another formula; worked out once for the true graph."""
        kept: dict[int, Override] = {}
        # Without anything from the next step it is nothing for the state before the window.
        is_whole = any(symbol.shift == 1 for symbol in symbols(expression))

        def changes(graph: Graph) -> Overrides:
            if graph is self.graph and kept:
                return kept
            places = graph.rows.get(row, ())
            if row in graph.entering and not is_whole:
                places = [place for place in places if graph.is_swept(place)]
            found = graph.rewritten(places, expression)
            if graph is self.graph:
                kept.update(found)
            return found

        return changes

    @cached_property
    def totals(self) -> list[Cause]:
        """Other ways to gather a gradient over the window: one alone, and all alike."""
        found = []
        alike: dict[str, list[Cause]] = defaultdict(list)
        for row in self.model.gradients:
            for edit in self.by_row[f"{row.symbol} total"]:
                assert row.formula is not None
                cause = Cause(
                    Kind.FORMULA,
                    edit.cost,
                    row.symbol,
                    edit.says,
                    _of_total(row.symbol, edit.kind),
                    edit.formula,
                    Call("sum", row.formula),
                    True,
                    (row.symbol,),
                    (edit.kind,),
                )
                found.append(cause)
                alike[edit.kind].append(cause)
        for causes in alike.values():
            found += self.together(causes)
        return found

    def together(self, causes: Sequence[Cause]) -> list[Cause]:
        """The same in several rows: in all, in those of one sort, of one gate."""
        groups: dict[tuple[str, ...], list[Cause]] = {}
        by_stem, by_gate, by_feature = defaultdict(list), defaultdict(list), defaultdict(list)
        for cause in causes:
            stem, gate, feature = self.edits.parts(cause.symbol)
            by_stem[stem].append(cause)
            by_gate[gate].append(cause)
            by_feature[stem, feature].append(cause)
        for some in (
            [list(causes)],
            by_stem.values(),
            by_gate.values(),
            by_feature.values(),
        ):
            for group in some:
                inside = [c for c in group if c.symbol not in self.outside]
                for members in (list(group), inside):
                    if len(members) > 1:
                        groups.setdefault(tuple(c.symbol for c in members), members)
        return [joined(group) for group in groups.values()]

    @cached_property
    def families(self) -> list[Cause]:
        """The same edit in sibling rows, at every step."""
        by_signature: dict[object, list[Cause]] = defaultdict(list)
        by_slope: dict[object, dict[str, Cause]] = defaultdict(dict)
        for cause in self.singles:
            by_signature[cause.signature].append(cause)
            kind = cause.signature[0] if isinstance(cause.signature, tuple) else ""
            if kind in slopes():
                known = by_slope[kind].get(cause.symbol)
                if known is None or cause.cost < known.cost:
                    by_slope[kind][cause.symbol] = cause
        found: list[Cause] = []
        for causes in by_signature.values():
            rows = list(dict.fromkeys(cause.symbol for cause in causes))
            if len(rows) > 1:
                first = {c.symbol: c for c in reversed(causes)}
                found += self.together([first[row] for row in rows])
        for kind, by_row in by_slope.items():
            causes = list(by_row.values())
            nets = [c for c in causes if self.edits.parts(c.symbol)[1]]
            inside = [c for c in causes if c.symbol not in self.outside]
            cell = [c for c in nets if c.symbol not in self.outside]
            for group in (causes, nets, inside, cell):
                if len(group) > 1:
                    found.append(replace(joined(group), signature=(kind, "all")))
        return list({(*c.rows, c.signature): c for c in found}.values())

    # What is done to a whole sweep

    @cached_property
    def whole(self) -> list[Cause]:
        """Causes that are no edit of single equations."""
        if self.model.loss is None:
            return list(self.zero_starts())
        return [
            *self.handed_on(),
            *self.by_net_input(),
            *self.list_indices(),
            *self.zero_starts(),
            *self.exchanges(),
            *self.scaled_gradients(),
            *self.not_cleared(),
            *self.through_the_cut(),
            *self.not_carried(),
            *self.missing_as_0(),
            *self.old_weights(),
            *self.updates(),
        ]

    def cause(
        self, name: str, changes: Changes, symbol: str, words: Mapping[str, Any], **more: Any
    ) -> Cause:
        says = sayings("whole", name).format(**words)
        kind = more.pop("kind", Kind.SCHEME)
        return Cause(kind, whole_cost(name), symbol, says, changes, signature=name, **more)

    def handed_on(self) -> Iterator[Cause]:
        later = [r for r in self.model.backward if any(t.later for t in r.terms)]
        edits = []
        for row in later:
            kept = tuple(t for t in row.terms if not t.later)
            formula = self.model.leaving.get(row.symbol)
            if kept and formula is not None:
                edits.append((row.symbol, formula))
        if len(edits) > 1:
            names = ", ".join(row for row, _ in edits)
            first, formula = edits[0]
            changes = merged(self.of_row(row, edited) for row, edited in edits)
            yield self.cause(
                "nothing_handed_on",
                changes,
                first,
                {"rows": names},
                kind=Kind.FORMULA,
                formula=formula,
                true=self.model.quantities[first].formula,
                rows=tuple(row for row, _ in edits),
            )

    def by_net_input(self) -> Iterator[Cause]:
        """The derivative by a net input, called that by the function's value, as y - target is."""
        model, argument = self.model, self.edits.siblings.argument
        found = []
        for value, net in argument.items():
            row, after = (model.quantities.get(derivative_key(name)) for name in (value, net))
            if row is None or after is None or not (row.formula and after.formula):
                continue
            own = Symbol(row.symbol, 0)
            formula = _renamed_to(after.formula, own, row.formula)
            words = {
                "part": self.edits.write(own),
                "instead": self.edits.write(Symbol(after.symbol, 0)),
            }
            changes = merged([self.of_row(row.symbol, formula), self.of_row(after.symbol, own)])
            found.append(
                self.cause(
                    "net_given",
                    changes,
                    row.symbol,
                    words,
                    kind=Kind.FORMULA,
                    formula=formula,
                    true=row.formula,
                    rows=(row.symbol,),
                )
            )
        yield from found
        ours = {derivative_key(n) for n, net in argument.items() if net == f"z_{n}"}
        gates = [c for c in found if c.symbol in ours - {derivative_key(PREDICTION)}]
        if len(gates) > 1:
            yield joined(gates)

    def list_indices(self) -> Iterator[Cause]:
        """At the first step a Python list's element -1, its last, for the state before."""
        states: list[tuple[str, ...]] = [(state,) for state in self.model.state]
        if len(states) > 1:
            states.append(tuple(self.model.state))
        backward = [r for r in self.model.backward if r.formula is not None]
        gradients = [r for r in self.model.gradients if r.formula is not None]
        for names in states:
            for rows in ([*backward, *gradients], gradients):
                read = {Symbol(name, -1) for name in names}
                users = [
                    r for r in rows if r.formula and read & set(symbols(self.graph.out(r.formula)))
                ]
                if users:
                    true = users[0].formula
                    assert true is not None
                    used = _at_last(true, read)
                    total = users[0].symbol in self.gradients
                    words = {
                        "part": sentence("report", "both").join(names),
                        "first": 1,
                        "before": 0,
                    }
                    yield self.cause(
                        "list_index",
                        self._last_element(users, read),
                        users[0].symbol,
                        words,
                        rows=tuple(r.symbol for r in users),
                        kind=Kind.FORMULA,
                        formula=Call("sum", used) if total else used,
                        true=Call("sum", true) if total else true,
                        total=total,
                    )

    def _last_element(self, rows: Sequence[Quantity], read: set[Symbol]) -> Changes:
        def changes(graph: Graph) -> Overrides:
            found = {}
            for row in rows:
                assert row.formula is not None
                for place in graph.rows.get(row.symbol, ()):
                    p, w, _, t = graph.nodes[place].key
                    if t == 1:
                        last = graph.window(p, w).last
                        edited = rename(
                            row.formula,
                            lambda s, last=last: Symbol(s.name, step=last) if s in read else s,  # type: ignore[misc]
                        )
                        found[place] = graph.override(place, edited)
            return found

        return changes

    def zero_starts(self) -> Iterator[Cause]:
        model = self.model
        states: list[tuple[str, ...]] = [(state,) for state in model.state]
        if len(states) > 1:
            states.append(tuple(model.state))
        for names in states:

            def changes(graph: Graph, names: tuple[str, ...] = names) -> Overrides:
                places = [
                    place
                    for key, place in graph.index.items()
                    if key[2] in names and key[3] == 0 and key[1] == 0 and key[0] >= 0
                ]
                return {place: Override(lambda _: 0.0, ()) for place in places}

            part = sentence("report", "both").join(f"{name}[0]" for name in names)
            yield self.cause(
                "zero_state", changes, names[0], {"part": part}, kind=Kind.FORMULA,
                formula=Number(0.0), rows=names,
            )  # fmt: skip

    def exchanges(self) -> Iterator[Cause]:
        """The derivatives of two gates exchanged, from their net inputs on."""
        nets = [n for n in self.edits.siblings.value if derivative_key(n) in self.model.quantities]
        for k, one in enumerate(nets):
            for other in nets[k + 1 :]:
                a, b = derivative_key(one), derivative_key(other)
                names = {a: b, b: a}
                users = [
                    (row.symbol, made)
                    for row in self.model.gradients
                    if row.formula is not None
                    and (made := _renamed(row.formula, names)) != row.formula
                ]
                by_sort: dict[str, list[tuple[str, Expression]]] = defaultdict(list)
                for row, formula in users:
                    by_sort[self.edits.parts(row)[0]].append((row, formula))
                groups = [users, *(some for some in by_sort.values() if len(by_sort) > 1)]
                for some in groups:
                    if some:
                        yield self.exchange(a, b, some)

    def exchange(self, a: str, b: str, users: Sequence[tuple[str, Expression]]) -> Cause:
        """One derivative for the other and the other for the one in some gradients."""
        first, formula = users[0]
        true = self.model.quantities[first].formula
        assert true is not None
        return self.cause(
            "exchanged_gates",
            merged(self.of_row(row, edited) for row, edited in users),
            first,
            {"part": a, "instead": b},
            kind=Kind.FORMULA,
            formula=Call("sum", formula),
            true=Call("sum", true),
            total=True,
            rows=tuple(row for row, _ in users),
        )

    def scaled_gradients(self) -> Iterator[Cause]:
        """Every gradient with the other sign, or some number of times too large."""
        rows = [row for row in self.model.gradients if row.formula is not None]
        steps = {float(w.last - w.first + 1) for one in self.runs for w in one.windows}
        sequences = float(len(self.graph.trace.specification.sequences))
        many = {sequences, 1 / sequences, *(steps if len(steps) == 1 else ())}
        for factor in sorted({-1.0, 2.0, 0.5, *many} - {1.0}):

            def changes(graph: Graph, factor: float = factor) -> Overrides:
                return {
                    place: Override(
                        lambda values: summed(values) * factor, graph.nodes[place].inputs
                    )
                    for row in rows
                    for place in graph.rows.get(f"{row.symbol} total", ())
                }

            first = rows[0]
            assert first.formula is not None
            made = Neg(first.formula) if factor < 0 else multiply(Number(factor), first.formula)
            name = "gradient_signs" if factor < 0 else "gradient_factor"
            yield self.cause(
                name,
                changes,
                first.symbol,
                {"factor": f"{factor:.3g}"},
                kind=Kind.FORMULA,
                formula=Call("sum", made),
                true=Call("sum", first.formula),
                total=True,
                rows=tuple(row.symbol for row in rows),
            )

    @property
    def runs(self) -> list[PassTrace]:
        return [self.graph.trace.passes[p] for p in self.graph.passes]

    def not_cleared(self) -> Iterator[Cause]:
        """Gradients that earlier windows have left behind."""
        windows = [len(self.graph.trace.passes[p].windows) for p in self.graph.passes]
        if sum(windows) < 2:
            return

        def gradients(graph: Graph) -> Overrides:
            found = {}
            for row in graph.model.gradients:
                before = None
                for place in graph.rows.get(f"{row.symbol} total", ()):
                    if before is not None:
                        inputs = [*graph.nodes[place].inputs, before]
                        found[place] = Override(summed, inputs)
                    before = place
            return found

        first = self.model.gradients[0].symbol
        yield self.cause("not_cleared", gradients, first, {})
        all_states = tuple(self.model.state)
        for names in dict.fromkeys([all_states, *((state,) for state in all_states)]):
            if not names:
                continue
            for left in (_left_over(names), self.swept_into(names), self.swept_into(names, ONE)):
                yield self.cause("state_not_cleared", left, derivative_key(names[0]), {})

    def swept_into(self, states: Sequence[str], beyond: Expression | None = None) -> Changes:
        """The last step reads the derivatives that the earlier window left at its first step.

        ``beyond`` stands for a value of the forward pass of the step after it, if that is not
        taken from where the derivatives are.
        """
        rows = {name: self.model.quantities[derivative_key(name)] for name in states}

        def changes(graph: Graph) -> Overrides:
            found = {}
            for row in rows.values():
                terms = [term for term in row.terms if term.later == 1]
                for place in graph.rows.get(row.symbol, ()):
                    p, w, _, t = graph.nodes[place].key
                    if w < 2 or t != graph.window(p, w).last:
                        continue
                    left = graph.window(p, w - 1).first
                    own = Override(graph.nodes[place].run or summed, graph.nodes[place].inputs)
                    for term in terms:
                        local = term.local
                        if beyond is not None:
                            local = rebuilt(local, lambda e: beyond if _is_later(e) else None)
                        symbols_, run = compiled(graph.out(multiply(term.upstream, local)))
                        inputs = [
                            graph.place(s, p, w - 1, left - 1)
                            if s.shift
                            else graph.place(s, p, w, t)
                            for s in symbols_
                        ]
                        own = _with_more(own, run, inputs)
                    found[place] = own
            return found

        return changes

    def through_the_cut(self) -> Iterator[Cause]:
        """What the next window sends back, let into the last step of the one before it."""
        cuts = {window.last for one in self.runs for window in one.windows[:-1]}
        every = tuple(self.model.state)
        if not cuts or not every:  # nothing is handed from step to step where there is no state
            return
        for names in dict.fromkeys([every, *((state,) for state in every)]):
            rows = [derivative_key(name) for name in names]
            part = sentence("report", "both").join(rows)
            cause = self.cause("through_cut", self.sent_back(rows), rows[0], {"part": part})
            yield cause
            if 1 < len(cuts) <= MOST_CUTS:
                yield from (cause.at([t]) for t in sorted(cuts))

    def sent_back(self, rows: Sequence[str]) -> Changes:
        """The rows' last steps with what comes from the next window, as it is in the key."""

        def changes(graph: Graph) -> Overrides:
            found = {}
            for name in rows:
                terms = [t for t in self.model.quantities[name].terms if t.later == 1]
                for place in graph.rows.get(name, ()):
                    p, w, _, t = graph.nodes[place].key
                    windows = graph.trace.passes[p].windows
                    if t != windows[w - 1].last or w == len(windows):
                        continue
                    own = Override(graph.nodes[place].run or summed, graph.nodes[place].inputs)
                    for term in terms:
                        symbols_, run = compiled(graph.out(multiply(term.upstream, term.local)))
                        inputs = [graph.place(s, p, w + 1, t) for s in symbols_]
                        sent = float(run([graph.true[k] for k in inputs]))
                        own = _with_number(own, sent)
                    found[place] = own
            return found

        return changes

    def missing_as_0(self) -> Iterator[Cause]:
        """A step without a target worked as if its target were 0."""
        missing = {
            (p, t)
            for p in self.graph.passes
            for t in range(1, self.graph.trace.passes[p].steps + 1)
            if not self.graph.trace.passes[p].counted(t)
        }
        if not missing:
            return

        def changes(graph: Graph) -> Overrides:
            found = {}
            for place in graph.rows.get(COUNTED, ()):
                p, w, _, t = graph.nodes[place].key
                windows = graph.trace.passes[p].windows
                first = windows[w - 2].last + 1 if w > 1 else 1
                if t is not None and t >= first and (p, t) in missing:
                    shares = [graph.nodes[k].value for k in graph.rows[COUNTED]]
                    share = max(shares, default=1.0) or 1.0
                    found[place] = _number(share)
            return found

        steps = ", ".join(f"t = {t}" for t in sorted({t for _, t in missing}))
        yield self.cause("missing_as_0", changes, derivative_key(PREDICTION), {"steps": steps})

    def not_carried(self) -> Iterator[Cause]:
        """One of the states not carried over the edge of a window: the other was."""
        states = tuple(self.model.state)
        cuts = {
            (p, window.last)
            for p in self.graph.passes
            for window in self.graph.trace.passes[p].windows[:-1]
        }
        if len(states) < 2 or not cuts:
            return
        for name in states:
            changes = _from_start(name, cuts)
            yield self.cause("not_carried", changes, name, {"part": name}, rows=(name,))

    def old_weights(self) -> Iterator[Cause]:
        """The forward pass, or both passes, worked with weights from before an update.

        Those with which the pass began, or the training.
        """
        graph = self.graph
        starts = [dict(graph.current[p, 0]) for p in graph.passes]
        within = any(
            graph.used[p, t] != start
            for p, start in zip(graph.passes, starts, strict=True)
            for t in range(1, graph.trace.passes[p].steps + 1)
        )
        since = any(start != starts[0] for start in starts)
        rows = {row.symbol for row in self.model.forward}
        both = rows | {row.symbol for row in self.model.backward}
        for name, names in (("old_forward", rows), ("old_weights", both)):
            if within:
                yield self.cause(name, _with_weights(names, False), self.first_net, {})
            if since:
                changes = _with_weights(names, True)
                yield self.cause(f"{name}_first", changes, self.first_net, {})

    @property
    def first_net(self) -> str:
        return self.model.forward[0].symbol

    # Updates

    def updates(self) -> Iterator[Cause]:
        s = self.graph.trace.specification
        if not any(node.row == "w update" for node in self.graph.nodes):
            return
        optimizer = s.update.optimizer
        # Of times only that of the value before the update matters.
        equations = [
            replace(e, formula=rename(e.formula, _before_update)) for e in optimizer.equations
        ]
        last = equations[-1]
        named = update_rules(last.formula)
        seen = {last.formula, *named.values()}
        for name, formula in named.items():
            yield self.of_update(name, last.symbol, formula, {})
        uncorrected = {e.symbol: _undivided(e.formula, optimizer.state) for e in equations}
        changed = {
            e.symbol: made for e in equations if (made := uncorrected[e.symbol]) != e.formula
        }
        if changed:
            first = next(iter(changed))
            changes = merged(self.of_rule(symbol, made) for symbol, made in changed.items())
            cause = self.of_update("no_correction", first, changed[first], {})
            yield replace(cause, changes=changes)
        n = Symbol("n")
        for equation in equations:
            damped = _dampened(equation.formula, optimizer.state, optimizer.settings)
            if damped is not None and damped[0] not in seen:
                seen.add(damped[0])
                words = {"part": self.edits.write(damped[1])}
                yield self.of_update("dampened", equation.symbol, damped[0], words)
            formula = _renamed_to(equation.formula, Symbol("dw"), Div(Symbol("dw"), n))
            if formula != equation.formula and equation is equations[0]:
                yield self.of_update("mean_gradient", equation.symbol, formula, {})
            known = {drawn_value(formula) for formula in seen}
            for made in self.edits.variants(equation.formula):
                if made not in seen and drawn_value(made) not in known:
                    seen.add(made)
                    words = {"symbol": equation.symbol, "rule": LANGUAGE(made)}
                    yield self.of_update("other_update", equation.symbol, made, words)
        if self.from_the_start(self.graph):
            first = self.model.parameters[0].symbol
            yield self.cause("from_start", self.from_the_start, first, {}, kind=Kind.UPDATE)
        scheme = s.scheme
        if scheme.clip_norm is not None or scheme.clip_value is not None:
            yield self.reclipped("not_clipped", None, None)
            if scheme.clip_norm is not None and scheme.clip_value is None:
                yield self.reclipped("clip_by_value", None, scheme.clip_norm)
            if scheme.clip_value is not None and scheme.clip_norm is None:
                yield self.reclipped("clip_by_norm", scheme.clip_value, None)

    @staticmethod
    def from_the_start(graph: Graph) -> Overrides:
        """Each update but the first, taken from the weights that the first one was taken from."""
        found: dict[int, Override] = {}
        starts: dict[str, int] = {}
        for place in graph.rows.get("w update", ()):
            node, before = graph.nodes[place], graph.optimizing[place]["w"]
            start = starts.setdefault(node.key[2], before)
            if before != start and node.run is not None:
                inputs = [start if k == before else k for k in node.inputs]
                found[place] = Override(node.run, inputs)
        return found

    def of_update(
        self, name: str, symbol: str, formula: Expression, words: Mapping[str, Any]
    ) -> Cause:
        optimizer = self.graph.trace.specification.update.optimizer
        true = next(e.formula for e in optimizer.equations if e.symbol == symbol)
        parameter = self.model.parameters[0].symbol
        frozen = self.graph.trace.specification.update.frozen
        parameter = next(
            (r.symbol for r in self.model.parameters if r.symbol not in frozen), parameter
        )
        own = {"w": parameter, "dw": derivative_key(parameter)}
        own |= {state: memory_key(state, parameter) for state in shown_rows(optimizer)}
        shown = _renamed(formula, own)
        return self.cause(
            name,
            self.of_rule(symbol, formula),
            own.get(symbol, symbol),
            words,
            kind=Kind.UPDATE,
            formula=rename(shown, lambda s: Symbol(s.name)),
            true=rename(_renamed(true, own), lambda s: Symbol(s.name)),
        )

    def of_rule(self, symbol: str, formula: Expression) -> Changes:
        """Another formula for one of the optimizer's equations; n is the number of steps."""
        kept: dict[int, Override] = {}

        def changes(graph: Graph) -> Overrides:
            if graph is self.graph and kept:
                return kept
            found = {}
            for place in graph.rows.get(f"{symbol} update", ()):
                p, w, _, _ = graph.nodes[place].key
                steps = Number(float(len(graph.window(p, w).steps)))
                found[place] = graph.override(place, _renamed_to(formula, Symbol("n"), steps))
            if graph is self.graph:
                kept.update(found)
            return found

        return changes

    def reclipped(self, name: str, norm: float | None, bound: float | None) -> Cause:
        def changes(graph: Graph) -> Overrides:
            found = {}
            for row in graph.model.gradients:
                for place in graph.rows.get(f"{row.symbol} used", ()):
                    node = graph.nodes[place]
                    run = clip_run(norm, bound, graph.clips[place])
                    found[place] = Override(run, node.inputs)
            return found

        return self.cause(name, changes, self.model.parameters[0].symbol, {}, kind=Kind.UPDATE)

    # Other schemes

    def schemes(self) -> Iterator[Cause]:
        """The run as it would be under another scheme of truncation."""
        specification = self.graph.trace.specification
        longest = max(s.steps for s in specification.sequences)
        true = specification.scheme.on(longest)
        for name, scheme in variants(true, longest):
            deeper = (scheme.k2 or longest) > (true.k2 or longest)
            words: dict[str, Any] = {"k1": scheme.k1, "k2": scheme.k2}
            words["how"] = sentence("check", "deeper" if deeper else "shallower")
            words["true"] = true.k1 if name == "fires" else true.k2
            yield self.cause(
                name,
                merged(()),
                "",
                words,
                trace=lambda scheme=scheme: self.rerun(scheme),
            )
        own = specification.loss.name if specification.loss else ""
        for name, loss, reduction, other, its in OTHER_LOSSES:
            if (own, specification.scheme.reduction) == (loss, reduction):
                scheme = replace(true, reduction=its)
                yield self.cause(
                    name,
                    merged(()),
                    "",
                    {},
                    trace=lambda scheme=scheme, other=other: self.rerun(scheme, other),
                )

    def rerun(self, scheme: Scheme, loss: str = "") -> Trace | None:
        true = self.graph.trace.specification
        specification = replace(true, scheme=scheme)
        if loss:
            specification = replace(specification, loss=load("losses", loss))
        model = self.model
        if loss or scheme.weights != true.scheme.weights:
            model = model_of(specification, model.author)
        try:
            return run_model(specification, model)
        except ArithmeticError:
            return None


def variants(true: Scheme, n: int) -> Iterator[tuple[str, Scheme]]:
    """Other schemes than the true one, each with the name of what was done."""
    k1, k2 = true.k1 or n, true.k2 or n

    def other(**options: Any) -> Scheme:
        return replace(true, **options)

    if true.windows is not None:
        yield "full", other(k1=n, k2=n, windows=None)
    elif k1 == k2 == n:
        for k in range(1, n):
            if n <= 12 or k <= 6:
                yield "deeper", other(k2=k)
                yield "fires", other(k1=k, k2=k)
    else:
        yield "full", other(k1=n, k2=n)
        if k1 != k2:
            yield "exchanged", other(k1=k2, k2=k1)
            if k2 > k1:
                yield "detached", other(k2=k1)
        if k2 < n:
            yield "not_cut", other(k2=n)
        for k in dict.fromkeys((1, k2 - 1, k2 + 1, k2 + k1)):
            if 1 <= k < n and k not in (k1, k2):
                yield "deeper", other(k2=k)
        for k in (k1 - 1, k1 + 1):
            if 1 <= k <= n:
                yield "fires", other(k1=k)
                if k1 == k2:
                    yield "fires", other(k1=k, k2=k)
    for key, values in CHOICES.items():
        for value in values:
            if value != getattr(true, key):
                yield f"{key}_{value}", other(**{key: value})


def update_rules(formula: Expression) -> Mapping[str, Expression]:
    """The last equation of the optimizer, w[t-1] - learning_rate*…, done otherwise."""
    rate, before = Symbol(RATE), Symbol("w", -1)

    def changed(change: Callable[[Expression], Expression | None]) -> Expression:
        return rebuilt(formula, change)

    def upwards(e: Expression) -> Expression | None:
        match e:
            case Neg(operand) if rate in symbols(operand):
                return operand
            case Mul(factors) if rate in factors:
                return Neg(e)
        return None

    def without_rate(e: Expression) -> Expression | None:
        match e:
            case Mul(factors) if rate in factors:
                return product(*(factor for factor in factors if factor != rate))
        return None

    def change(e: Expression) -> Expression | None:
        match e:
            case Add(terms) if before in terms:
                return total(*(term for term in terms if term != before))
        return None

    def rootless(e: Expression) -> Expression | None:
        return e.argument if isinstance(e, Call) and e.function == "sqrt" else None

    made: dict[str, Expression] = {"gradient_given": Symbol("dw")}
    if rate in symbols(formula):
        made["rate_left_out"] = changed(without_rate)
        twice = multiply(rate, rate)
        made["rate_twice"] = changed(lambda e: twice if e == rate else None)
        made["ascent"] = changed(upwards)
    if before in symbols(formula):
        made["change_only"] = changed(change)
        made["not_updated"] = before
    made["no_root"] = changed(rootless)
    return {name: rule for name, rule in made.items() if rule != formula}


def slips_of_update(optimizer: Template, parameter: str, steps: int) -> Iterator[Slip]:
    """The wrong rules for a parameter's new value; ``steps`` are those of the window."""
    last = optimizer.equations[-1]
    rule = rename(last.formula, _before_update)
    own = {"w": parameter, "dw": derivative_key(parameter)}
    own |= {state: memory_key(state, parameter) for state in shown_rows(optimizer)}

    def shown(formula: Expression) -> Expression:
        return rename(_renamed(formula, own), lambda s: Symbol(s.name))

    made = list(update_rules(rule).items())
    for n in (Symbol("n"), Number(float(steps))):
        made.append(("mean_gradient", _renamed_to(rule, Symbol("dw"), Div(Symbol("dw"), n))))
    for name, formula in made:
        if formula != rule:
            says = sayings("whole", name)
            yield Slip(parameter, shown(formula), says, shown(rule), False, kind=Kind.UPDATE)


def joined(causes: Sequence[Cause]) -> Cause:
    """The same done in several rows, as one cause."""
    first = causes[0]
    rows = tuple(cause.symbol for cause in causes)
    says = sayings("whole", "rows").format(says=first.says, rows=", ".join(rows[1:]))
    changes = merged(cause.changes for cause in causes)
    cost = max(cause.cost for cause in causes) + whole_cost("rows")
    return replace(first, says=says, rows=rows, changes=changes, cost=cost, members=tuple(causes))


def merged(parts: Iterable[Changes]) -> Changes:
    """Several changes at once."""
    several = list(parts)

    def changes(graph: Graph) -> Overrides:
        found: dict[int, Override] = {}
        for one in several:
            found |= one(graph)
        return found

    return changes


def both(first: Cause, second: Cause) -> Cause:
    """Two causes at once."""
    row = second.symbol or first.symbol
    says = sayings("whole", "two").format(first=first.says, row=row, says=second.says)

    def changes(graph: Graph) -> Overrides:
        return {**first.overrides(graph), **second.overrides(graph)}

    cost = first.cost + second.cost + whole_cost("two")
    return replace(
        first, says=says, changes=changes, cost=cost, steps=(), nodes=None, signature=object()
    )


def _before_last(changes: Changes) -> Changes:
    """The changes at all steps of a window but its last."""

    def earlier(graph: Graph) -> Overrides:
        found = {}
        for place, change in changes(graph).items():
            p, w, _, t = graph.nodes[place].key
            if not w or t != graph.window(p, w).last:
                found[place] = change
        return found

    return earlier


def _of_total(row: str, kind: str) -> Changes:
    def changes(graph: Graph) -> Overrides:
        return {
            place: Override(TOTALS[kind], graph.nodes[place].inputs)
            for place in graph.rows.get(f"{row} total", ())
        }

    return changes


def _left_over(states: Sequence[str]) -> Changes:
    """What flowed into an earlier window's first step flows into the next one's last."""

    def changes(graph: Graph) -> Overrides:
        found = {}
        for state in states:
            row = derivative_key(state)
            for place in graph.rows.get(row, ()):
                p, w, _, t = graph.nodes[place].key
                if w > 1 and t == graph.window(p, w).last:
                    left = graph.index[p, w - 1, row, graph.window(p, w - 1).first - 1]
                    found[place] = _plus(graph.nodes[place].run, graph.nodes[place].inputs, left)
        return found

    return changes


def _from_start(state: str, cuts: Collection[tuple[int, int]]) -> Changes:
    """The steps behind each cut worked from the initial state."""

    def changes(graph: Graph) -> Overrides:
        other = {
            graph.index[p, 0, state, t]: graph.index[p, 0, state, 0]
            for p, t in cuts
            if (p, 0, state, t) in graph.index and (p, 0, state, 0) in graph.index
        }
        behind = {(p, t + 1) for p, t in cuts}
        found = {}
        for place, node in enumerate(graph.nodes):
            p, _, _, t = node.key
            is_there = node.run is not None and (p, t) in behind
            if is_there and any(used in other for used in node.inputs):
                assert node.run is not None
                found[place] = Override(node.run, [other.get(k, k) for k in node.inputs])
        return found

    return changes


def _with_weights(rows: Collection[str], of_first: bool) -> Changes:
    """Rows worked with the weights of the start of their pass, or of the first pass."""

    def changes(graph: Graph) -> Overrides:
        found = {}
        first = graph.current[graph.passes[0], 0]
        for row in rows:
            for place in graph.rows.get(row, ()):
                node = graph.nodes[place]
                p, w, _, t = node.key
                if node.run is None or t is None:
                    continue
                start = first if of_first else graph.current[p, 0]
                now = graph.current[p, w] if w else graph.used[p, t]
                older = {now[name]: start[name] for name in start if now[name] != start[name]}
                if any(used in older for used in node.inputs):
                    found[place] = Override(node.run, [older.get(k, k) for k in node.inputs])
        return found

    return changes


def _is_later(e: Expression) -> bool:
    return isinstance(e, Symbol) and e.shift == 1


def _with_more(own: Override, run: Run, inputs: Sequence[int]) -> Override:
    """The sum of what two functions give."""
    count = len(own.inputs)
    return Override(
        lambda values: own.run(values[:count]) + run(values[count:]), [*own.inputs, *inputs]
    )


def _number(value: float) -> Override:
    return Override(lambda _: value, ())


def _with_number(own: Override, number: float) -> Override:
    return Override(lambda values: own.run(values) + number, own.inputs)


def _plus(run: Run | None, inputs: Sequence[int], more: int) -> Override:
    assert run is not None
    return Override(lambda values: run(values[:-1]) + values[-1], [*inputs, more])


def _at_last(formula: Expression, names: Collection[Symbol]) -> Expression:
    """The formula with the window's last value of some quantities, whatever the step."""
    return rename(formula, lambda s: Symbol(f"{s.name}[last]") if s in names else s)


def _undivided(formula: Expression, states: Collection[str]) -> Expression:
    """The formula with each state as it is, where it is divided by a correction."""

    def plain(e: Expression) -> Expression | None:
        match e:
            case Div(Symbol(name) as state, _) if name in states:
                return state
        return None

    return rebuilt(formula, plain)


def _dampened(
    formula: Expression, states: Collection[str], settings: Collection[str]
) -> tuple[Expression, Expression] | None:
    """momentum*v[t-1] + dw with (1 - momentum)*dw instead, and that factor."""
    gradient = Symbol("dw")
    if not isinstance(formula, Add) or gradient not in formula.terms:
        return None
    for term in formula.terms:
        match term:
            case Mul((Symbol(decay) as share, Symbol(state))) if (
                decay in settings and state in states
            ):
                factor = add(ONE, Neg(share))
                whole = multiply(factor, gradient)
                return add(*(whole if t == gradient else t for t in formula.terms)), factor
    return None


def _before_update(symbol: Symbol) -> Symbol:
    return Symbol(symbol.name, -1 if symbol.shift == -1 else None)


def _renamed(formula: Expression, names: Mapping[str, str]) -> Expression:
    return rename(formula, lambda s: replace(s, name=names.get(s.name, s.name)))


def _renamed_to(formula: Expression, old: Symbol, new: Expression) -> Expression:
    return rebuilt(formula, lambda e: new if e == old else None)
