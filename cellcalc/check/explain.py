"""Finding causes: what explains all the answers that it touches.

Wrong procedures are run from the person's own values and matched with the results, as Brown &
Burton's BUGGY did (1978): single edits, the same edit in sibling rows, other schemes, then pairs.
A cause that contradicts a right answer is refuted, and one that chance could explain is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from cellcalc.check.causes import Cause, Causes, both, joined
from cellcalc.check.figures import HALF, SAFE, Style, span
from cellcalc.check.graph import Graph, Key, Override
from cellcalc.check.rounding import Worked
from cellcalc.check.spelling import FEW, NOTHING, Written

CHUNK = 2_000  # causes tried at once
BUDGET = 20_000_000  # equations worked out for one sheet at the most
MOST_CAUSES = 8
PAIRED = 150  # of the likeliest causes, each with each
FINALISTS = 60
CHANCE, STRICT = 0.1, 1e-4  # accidental matches to be expected where a cause is believed
LONELY = 0.01  # the same where it explains one wrong answer and the others stay
MISFIT = 4.0  # what not fitting closely counts, against how far-fetched a cause is
ALIKE = 0.25  # scores that differ by less are as good as the same
FARTHER = 1.0  # how much worse than the best the others may be that are told
NEAR = 0.2  # the neighbourhood in which predictions are counted
MOST_GROWN = 10.0
VISIBLE = 1e-3  # relative difference that a hand calculation shows


@dataclass(frozen=True)
class Given:
    """A number that was given for a node of the graph.

    ``half`` is half a unit of it. ``asked`` is the place that its line names, where that is not
    the node's: a weight after a window that updates nothing is marked after the next that does.
    ``is_start`` where it was called that of the state before the window, as dc0 is: with another
    window it is for another step.
    """

    key: Key
    node: int
    number: Written
    half: float
    asked: Key
    is_start: bool = False


@dataclass
class Base:
    """What is taken to have been done: the causes found so far, on a graph."""

    graph: Graph
    causes: list[Cause] = field(default_factory=list)

    def overrides(self) -> dict[int, Override]:
        found: dict[int, Override] = {}
        for cause in self.causes:
            found |= cause.overrides(self.graph)
        return found


@dataclass(frozen=True)
class Found:
    """A cause with what it explains (places among the given), and how well."""

    cause: Cause
    explains: tuple[int, ...]
    leaves: int  # wrong answers that it touches and does not explain
    score: float
    others: tuple[Cause, ...] = ()
    apart: str = ""  # the place whose value would decide between them


@dataclass(frozen=True)
class Tried:
    """Causes that were tried, and what each predicts of each given number."""

    causes: Sequence[Cause]
    fits: Any  # causes × given: whether it fits
    touches: Any  # whether it is another than what follows anyhow
    predicted: Any
    misfit: Any  # how far off, in units of what rounding may do


class Explainer:
    """Looks for the causes behind the wrong ones of the numbers given.

    ``beyond`` are numbers with half a unit of each for places that the true run does not have:
    another scheme may.
    """

    def __init__(
        self,
        graph: Graph,
        given: Sequence[Given],
        anchors: Mapping[int, tuple[float, float]],
        style: Style,
        own: Sequence[Cause] = (),
        beyond: Mapping[Key, tuple[float, float]] | None = None,
    ) -> None:
        self.beyond = beyond or {}
        self.true, self.given, self.style = graph, given, style
        self.anchored = anchors
        self.base = Base(graph, list(own))
        self.causes = Causes(graph)
        self.left = BUDGET
        self.gave_up = False
        self.values = np.array([one.number.value for one in given])
        self.units = np.array([one.number.unit for one in given])
        self.signs = np.where(self.values < 0, -1.0, 1.0)
        self.bounds: Any = None
        self.plain: Any = None
        self.settle()

    # What follows anyhow

    def settle(self) -> None:
        """Work out what follows from the person's own values, given the causes found so far."""
        graph = self.base.graph
        nodes = self.nodes(graph)
        anchors = self.anchors(graph)
        known = [n for n in nodes if n >= 0]
        found = Worked(graph, self.style.half, anchors, self.base.overrides(), wanted=known)
        self.plain = np.array([found.values[n] if n >= 0 else np.nan for n in nodes])
        bounds = [found.bound(n) * SAFE if n >= 0 else 0.0 for n in nodes]
        # A plain 0 says that it is nothing at all, not something that was rounded away.
        is_nothing = (self.values == 0) & (self.units <= NOTHING)
        self.bounds = np.where(is_nothing, 0.0, np.array(bounds))
        self.consistent = self.fitting(self.plain[None, :])[0]

    def nodes(self, graph: Graph) -> list[int]:
        """The nodes of the given numbers in a graph; -1 where it has none."""
        if graph is self.true:
            return [one.node for one in self.given]
        return [self.counterpart(graph, one) for one in self.given]

    def anchors(self, graph: Graph) -> Mapping[int, tuple[float, float]]:
        if graph is self.true:
            return self.anchored
        places = {graph.index[key]: n for key, n in self.beyond.items() if key in graph.index}
        found = {place: n for place, n in places.items() if graph.nodes[place].run is not None}
        for one in sorted(self.given, key=lambda one: -one.number.unit):
            other = self.counterpart(graph, one)
            if other >= 0 and graph.nodes[other].run is not None:
                found[other] = one.number.value, one.half
        return found

    def counterpart(self, graph: Graph, one: Given) -> int:
        """The node of a place in another run; -1 where it has none.

        What flows into the state before a window belongs to that window, wherever it begins.
        """
        p, w, symbol, _ = one.key
        if one.is_start:
            if w > len(graph.trace.passes[p].windows):
                return -1
            return graph.index.get((p, w, symbol, graph.window(p, w).first - 1), -1)
        return graph.index.get(one.asked, graph.index.get(one.key, -1))

    def tolerance(self, predicted: Any) -> Any:
        """What rounding may do to predictions: more where they are larger than what follows."""
        size = np.abs(predicted)
        plain = np.abs(self.plain)
        with np.errstate(divide="ignore", invalid="ignore"):
            grown = np.where(plain > 0, size / plain, 1.0)
        bound = self.bounds * np.clip(grown, 1.0, MOST_GROWN)
        if self.style.figures is not None:
            bound = np.maximum(bound, size * 10.0 ** (1 - self.style.figures) * 0.2)
        return bound

    def fitting(self, predicted: Any) -> Any:
        """Whether predictions fit the numbers given."""
        tolerance = self.tolerance(predicted)
        beyond = (predicted - self.values) * self.signs
        near = beyond >= -(HALF * self.units + tolerance)
        return near & (beyond <= self.units + tolerance)

    # The search

    def search(self, wrong: Sequence[int], right: Sequence[int]) -> list[Found]:
        """Causes one after the other, until all wrong answers are explained or none is found."""
        found: list[Found] = []
        waiting = list(wrong)
        while waiting and len(found) < MOST_CAUSES:
            best = self.best(waiting, right)
            if best is None:
                break
            before = list(waiting)
            self.accept(best.cause)
            explained = [k for k in before if self.consistent[k]]
            if not explained:
                self.base.causes.remove(best.cause)
                self.settle()
                break
            found.append(replace(best, explains=tuple(explained)))
            waiting = [k for k in before if k not in explained]
        return found

    def accept(self, cause: Cause) -> None:
        if cause.trace is not None:
            graph = self.rerun(cause)
            assert graph is not None
            self.base.graph = graph
        self.base.causes.append(cause)
        self.settle()

    def rerun(self, cause: Cause) -> Graph | None:
        assert cause.trace is not None
        trace = cause.trace()
        if trace is None or len(trace.passes) <= max(self.true.passes):
            return None
        return Graph(trace, self.true.passes, self.true.wanted)

    def best(self, wrong: Sequence[int], right: Sequence[int]) -> Found | None:
        """The likeliest cause of wrong answers that no right one refutes."""
        causes = self.causes
        first = [*causes.singles, *causes.families, *causes.totals, *causes.whole]
        firm = [k for k in right if self.consistent[k]]
        partial: Found | None = None
        tried = self.tried(first)
        is_cut = any(len(self.true.trace.passes[p].windows) > 1 for p in self.true.passes)
        best = None if is_cut else self.chosen(tried, wrong, firm)
        if best is not None and len(best.explains) == len(wrong):
            return best
        schemes = self.tried_schemes()
        if schemes is not None:
            tried = _with(tried, schemes)
        if schemes is not None or best is None:
            best = self.chosen(tried, wrong, firm)
        if best is not None and not best.leaves:
            return best
        partial = best
        for pool in (self.at_steps(first), self.pairs(tried, wrong, firm)):
            some = list(pool)
            if some:
                best = self.chosen(self.tried(some), wrong, firm)
                known = len(partial.explains) if partial is not None else 0
                if best is not None and not best.leaves and len(best.explains) > known:
                    return best
        return partial

    def at_steps(self, causes: Sequence[Cause]) -> Iterator[Cause]:
        """Each cause at one step only."""
        steps = sorted(
            {n.key[3] for n in self.base.graph.nodes if n.row and n.key[3] is not None and n.key[3]}
        )
        if len(steps) < 2 or len(steps) > 12:
            return
        for cause in causes:
            if cause.signature is not None and not cause.steps and cause.kind.value == "formula":
                for t in steps:
                    yield cause.at([t])

    def pairs(self, tried: Tried, wrong: Sequence[int], right: Sequence[int]) -> Iterator[Cause]:
        """Two causes at once: those that each touch something wrong and nothing right alone."""
        if len(wrong) < 3:
            return
        touched = tried.touches[:, wrong].any(axis=1)
        harmless = ~(tried.touches[:, right] & ~tried.fits[:, right]).any(axis=1)
        likely = [
            (cause.cost, k)
            for k, cause in enumerate(tried.causes)
            if touched[k] and harmless[k] and cause.trace is None
        ]
        chosen = [tried.causes[k] for _, k in sorted(likely)[:PAIRED]]
        for one, other in combinations(chosen, 2):
            if one.symbol != other.symbol or one.signature != other.signature:
                yield both(one, other)

    def tried(self, causes: Sequence[Cause]) -> Tried:
        """What causes predict, a chunk at a time."""
        graph = self.base.graph
        base = self.base.overrides()
        size = len(graph.nodes)
        nodes = self.nodes(graph)
        anchors = {place: number for place, (number, _) in self.anchors(graph).items()}
        kept: list[Cause] = []
        blocks: list[Any] = []
        for start in range(0, len(causes), CHUNK):
            some = causes[start : start + CHUNK]
            self.left -= size * len(some)
            if self.left < 0:
                self.gave_up = True
                break
            changes = [{**base, **cause.overrides(graph)} for cause in some]
            with np.errstate(all="ignore"):
                worked = graph.many(changes, anchors)
            block = np.empty((len(some), len(nodes)))
            for k, node in enumerate(nodes):
                block[:, k] = worked[node] if node >= 0 else np.nan
            kept += some
            blocks.append(block)
        predicted = np.concatenate(blocks) if blocks else np.empty((0, len(nodes)))
        return self.judged(kept, predicted)

    def tried_schemes(self) -> Tried | None:
        """The same for other schemes, each of which is a graph of its own."""
        if self.base.graph is not self.true or self.true.model.loss is None:
            return None
        kept, rows = [], []
        for cause in self.causes.schemes():
            self.left -= 4 * len(self.true.nodes)
            if self.left < 0:
                self.gave_up = True
                break
            graph = self.rerun(cause)
            if graph is None:
                continue
            overrides: dict[int, Override] = {}
            for own in self.base.causes:
                overrides |= own.overrides(graph)
            anchors = {place: number for place, (number, _) in self.anchors(graph).items()}
            worked = graph.values(anchors, overrides)
            rows.append([worked[n] if n >= 0 else np.nan for n in self.nodes(graph)])
            kept.append(cause)
        return self.judged(kept, np.array(rows)) if kept else None

    def judged(self, causes: Sequence[Cause], predicted: Any) -> Tried:
        with np.errstate(all="ignore"):
            fits = self.fitting(predicted)
            tolerance = self.tolerance(predicted)
            moved = np.abs(predicted - self.plain)
            touches = ~(moved <= tolerance + HALF * self.units)
            off = np.maximum(np.abs(predicted - self.values) - HALF * self.units, 0.0)
            misfit = off / np.maximum(tolerance + 1e-300, 0.05 * self.units)
        return Tried(causes, fits, touches, predicted, misfit)

    def chosen(
        self, tried: Tried, wrong: Sequence[int], right: Sequence[int], before: int = 0
    ) -> Found | None:
        """The best of the causes tried, with those that fit as well."""
        if not tried.causes:
            return None
        explains = tried.fits[:, wrong]
        leaves = (tried.touches[:, wrong] & ~explains).sum(axis=1)
        refuted = self.refuted(tried, wrong, right)
        counts = explains.sum(axis=1)
        order = sorted(
            (k for k in range(len(tried.causes)) if counts[k] and not refuted[k]),
            key=lambda k: (-counts[k], leaves[k], tried.causes[k].cost),
        )
        order = order[:FINALISTS]
        extra = self.confined(tried, counts, refuted)
        if extra is not None:
            tried = _with(tried, extra)
            explains = tried.fits[:, wrong]
            leaves = (tried.touches[:, wrong] & ~explains).sum(axis=1)
            refuted = self.refuted(tried, wrong, right)
            counts = explains.sum(axis=1)
            start = len(tried.causes) - len(extra.causes)
            order += [k for k in range(start, len(tried.causes)) if counts[k] and not refuted[k]]
        if not order:
            return None
        meant = self.meant([tried.causes[k] for k in order])
        scores = {}
        for place, k in enumerate(order):
            at = [w for w in wrong if tried.fits[k, w]]
            misfits = [tried.misfit[k, at]]
            if meant is not None and meant[place] is not None:
                misfits.append(meant[place][at])
            rms = min(float(np.sqrt(np.mean(np.minimum(m, 3.0) ** 2))) for m in misfits)
            scores[k] = tried.causes[k].cost + MISFIT * rms
        order.sort(key=lambda k: (-counts[k] + leaves[k], scores[k]))
        for k in order[:20]:
            found = self.believed(tried, k, order, scores, counts, leaves, wrong, right, before)
            if found is not None:
                return found
        return None

    def believed(
        self, tried: Tried, k: int, order: Sequence[int], scores: Mapping[int, float],
        counts: Any, leaves: Any, wrong: Sequence[int], right: Sequence[int], before: int,
    ) -> Found | None:  # fmt: skip
        """A cause, if chance could hardly have made it fit."""
        cause = tried.causes[k]
        explains = [w for w in wrong if tried.fits[k, w]]
        chance = float(before + self.likely(tried, cause, explains, right))
        for w in explains[:3] if len(explains) < 6 else explains[:6]:
            chance *= self.accident(tried, w)
        if len(explains) == 1 or cause.nodes is not None:
            chance *= len(wrong)  # any of them might have been met
        is_lonely = len(explains) == 1 and len(wrong) > 1
        if chance > (STRICT if leaves[k] else LONELY if is_lonely else CHANCE):
            return None
        if leaves[k] and len(explains) < 2:
            return None
        if sum(self.figures(w) for w in explains) < FEW:
            return None
        others = [
            tried.causes[o]
            for o in order
            if o != k
            and not _same_told(cause, tried.causes[o])
            and counts[o] == counts[k]
            and leaves[o] <= leaves[k]
            and scores[o] <= scores[k] + FARTHER
        ]
        return Found(cause, tuple(explains), int(leaves[k]), scores[k], tuple(others[:3]))

    def figures(self, place: int) -> int:
        """How much an answer shows; a plain nought, where there should be none, is no accident."""
        number = self.given[place].number
        return 2 if number.value == 0 and not number.figures else number.figures

    def likely(
        self, tried: Tried, cause: Cause, explains: Sequence[int], right: Sequence[int]
    ) -> int:
        """How many causes, no more far-fetched, might have explained these answers."""
        costs = np.array([other.cost for other in tried.causes])
        possible = costs <= cause.cost + ALIKE
        if cause.nodes is None:  # else each of them might have been confined to where it fits
            possible &= tried.fits[:, right].all(axis=1)
        possible &= tried.touches[:, explains].all(axis=1)
        rows = {self.given[k].key[2] for k in explains}
        if rows & set(cause.rows):  # the wrong row's own equation is what comes to mind first
            possible &= np.array([bool(rows & set(other.rows)) for other in tried.causes])
        return int(possible.sum())

    def accident(self, tried: Tried, place: int) -> float:
        """How likely a prediction fits an answer by chance."""
        value, unit = abs(float(self.values[place])), float(self.units[place])
        width = 1.5 * unit + 2 * float(self.bounds[place])
        reach = max(NEAR * value, 10 * width)
        column = tried.predicted[:, place]
        near = np.abs(column - self.values[place]) <= reach
        distinct = len(np.unique(column[near & ~tried.fits[:, place]]))
        share = min(1.0, (distinct + 1) / (len(tried.causes) / 4 + 1))
        return min(1.0, share * width / (2 * reach)) if width else 0.0

    def confined(self, tried: Tried, counts: Any, refuted: Any) -> Tried | None:
        """Causes that a right answer refutes, made only where the answers have it so."""
        graph = self.base.graph
        by_node = {node: k for k, node in enumerate(self.nodes(graph)) if node >= 0}
        found = []
        some = sorted(
            (k for k in range(len(tried.causes)) if counts[k] and refuted[k]),
            key=lambda k: (-counts[k], tried.causes[k].cost),
        )
        for k in some[: 4 * FINALISTS]:
            cause = tried.causes[k]
            if cause.trace is not None or isinstance(cause.signature, str):
                continue
            places = cause.overrides(graph)
            answered = {p: by_node[p] for p in places if p in by_node}
            shown = {graph.nodes[p].row for p in answered}
            kept = frozenset(
                p
                for p in places
                if self.is_kept(tried, k, answered.get(p), graph.nodes[p].row in shown)
            )
            if kept and len(kept) < len(places):
                found.append(self.narrowed(cause, graph, places, kept))
        return self.tried(found) if found else None

    def is_kept(self, tried: Tried, k: int, place: int | None, is_shown: bool) -> bool:
        """Whether a cause is confined to a node: its answer has it so, or its row has none."""
        if place is None:
            return not is_shown
        return bool(tried.fits[k, place] and tried.touches[k, place])

    def narrowed(
        self, cause: Cause, graph: Graph, places: Mapping[int, Override], kept: frozenset[int]
    ) -> Cause:
        """The cause at some of its nodes: which rows and steps these are."""
        rows = tuple(dict.fromkeys(graph.nodes[p].row.removesuffix(" total") for p in sorted(kept)))
        at = {graph.nodes[p].key[3] for p in kept}
        steps = sorted(t for t in at if t is not None)
        lost = {graph.nodes[p].key[3] for p in places if p not in kept} - at
        left = [member for member in cause.members if member.symbol in rows]
        if cause.members and left and len(left) < len(cause.members):
            told = joined(left) if len(left) > 1 else left[0]
            changes, signature = cause.changes, cause.signature
            cause = replace(told, changes=changes, cost=cause.cost, signature=signature)
        small = replace(cause, nodes=kept, rows=rows, cost=cause.cost + 0.3)
        if len(steps) == len(at) and lost and len(rows) == len(cause.rows):
            return replace(small.at(steps), nodes=kept)
        return small

    def refuted(self, tried: Tried, wrong: Sequence[int], right: Sequence[int]) -> Any:
        """Which causes a right answer contradicts, or nothing but a nought speaks for."""
        telling = [k for k in wrong if self.values[k]]
        if not telling and len(wrong) > 1 and len(right):
            # Several noughts among numbers that are right: the losses that were not counted.
            return ~(tried.fits[:, right].all(axis=1) & tried.fits[:, wrong].all(axis=1))
        return (~tried.fits[:, right]).any(axis=1) | ~tried.fits[:, telling].any(axis=1)

    def told_apart(self, found: Found) -> Key | None:
        """The place whose value would decide between a cause and the others that fit."""
        causes = [c for c in (found.cause, *found.others) if c.trace is None]
        if len(causes) < 2:
            return None
        graph, base = self.base.graph, self.base.overrides()
        anchors = {place: number for place, (number, _) in self.anchors(graph).items()}
        with np.errstate(all="ignore"):
            worked = graph.many([{**base, **c.overrides(graph)} for c in causes], anchors)
        answered = set(self.nodes(graph))
        row = graph.nodes[self.nodes(graph)[found.explains[0]]].row
        spreads = []
        for place, node in enumerate(graph.nodes):
            values = worked[place]
            is_shown = node.row and node.key[2] in graph.model.quantities
            if place not in answered and is_shown and np.ndim(values):
                size = float(np.max(np.abs(values)))
                apart = float(np.ptp(values)) / size if size and np.isfinite(size) else 0.0
                if apart > VISIBLE:
                    spreads.append((node.row == row, apart, node.key))
        return max(spreads, key=lambda one: one[:2])[2] if spreads else None

    def meant(self, causes: Sequence[Cause]) -> list[Any] | None:
        """How far off each is if the numbers were rounded only in writing them down."""
        graph = self.base.graph
        plain = [k for k, cause in enumerate(causes) if cause.trace is None]
        if not plain:
            return None
        base = self.base.overrides()
        anchored = self.anchors(graph)
        anchors = {place: number for place, (number, _) in anchored.items()}
        spans = {}
        for one, node in zip(self.given, self.nodes(graph), strict=True):
            if node in anchors and anchors[node] == one.number.value:
                spans[node] = span(one.number)
        self.left -= len(graph.nodes) * len(plain) * 3
        changes = [{**base, **causes[k].overrides(graph)} for k in plain]
        with np.errstate(all="ignore"):
            worked = graph.many(changes, anchors, spans)
        nodes = self.nodes(graph)
        predicted = np.empty((len(plain), len(nodes)))
        for k, node in enumerate(nodes):
            predicted[:, k] = worked[node] if node >= 0 else np.nan
        tried = self.judged([causes[k] for k in plain], predicted)
        found: list[Any] = [None] * len(causes)
        for row, k in enumerate(plain):
            found[k] = tried.misfit[row]
        return found


def _same_told(one: Cause, other: Cause) -> bool:
    """Whether two causes are the same formula in the same rows, at all steps or at those seen."""
    same = one.formula == other.formula and one.symbol == other.symbol
    return one.formula is not None and same and set(one.rows) == set(other.rows)


def _with(one: Tried, other: Tried) -> Tried:
    return Tried(
        [*one.causes, *other.causes],
        np.concatenate([one.fits, other.fits]),
        np.concatenate([one.touches, other.touches]),
        np.concatenate([one.predicted, other.predicted]),
        np.concatenate([one.misfit, other.misfit]),
    )
