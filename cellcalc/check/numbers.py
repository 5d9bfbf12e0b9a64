"""Judging numbers: against the key, and against what follows from the person's own answers.

What rounding on the way can do is bounded, not guessed: each number written is off by half a unit
of its last digit, each left out by half a unit of the figures that the person keeps, and the graph
tells what these do to the rest.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cellcalc.check import working
from cellcalc.check.amounts import Amount
from cellcalc.check.answers import Answer
from cellcalc.check.causes import Cause
from cellcalc.check.copying import Copied, Reference, miscopied
from cellcalc.check.explain import Explainer, Found, Given
from cellcalc.check.figures import (
    ALIKE,
    HALF,
    LONG,
    SAFE,
    SHEET,
    SINGLE,
    Style,
    stands_for,
    style_of,
)
from cellcalc.check.graph import GATHERED, Graph, Key, Override, summed
from cellcalc.check.habits import Shown, habit
from cellcalc.check.report import Alternative, Kind, Marked, Redo, Slip, Verdict
from cellcalc.check.rounding import Worked
from cellcalc.check.slips import sayings
from cellcalc.check.spelling import FEW, NOTHING, Written
from cellcalc.engine.optimizer import rules
from cellcalc.language.keys import memory_key
from cellcalc.language.tree import Expression, symbols
from cellcalc.problems.templates import shown_rows
from cellcalc.resources import sentence

LAST_DIGITS = 5  # units of the last digit that an arithmetic slip may be off, besides rounding
EXAMPLES = 3
TOGETHER = 2  # slips that may have made most of a sheet wrong
HABITS = ("sign", "point")  # what somebody who copies wrongly may do everywhere
LONG_RUN = 25  # steps that hardly anybody works by hand
MANY, WIDE = 500, 0.05  # values not handed in, and what rounding them may do: too much to tell
NEARER = 4.0  # times: what is so much nearer to something follows from it
NUMERIC = 5e-8  # of the largest gradient: what a difference quotient may be off
WHOLE = 1e-13  # relative: a number that has no more digits than were written
LEAST = 8  # answers of what is somebody's whole work, not a line to try
LOOSE = 1.5  # times what rounding can do, for those who cut digits off all along


@dataclass(frozen=True)
class Spot:
    """An answer at its place: its node in the graph, with the true value.

    ``asked`` is the place that its line names, which for a weight may be before the update.
    """

    answer: Answer
    key: Key
    node: int
    true: float
    asked: Key
    meant: Written | None = None

    @property
    def is_start(self) -> bool:
        """Whether it was asked for as of the state before a window: dc0, of whatever step."""
        return bool(self.key[1]) and self.answer.t is None and self.key[3] is not None

    @property
    def row(self) -> str:
        """The quantity; of gradients added up over windows, that of each."""
        return self.key[2].removeprefix(GATHERED)

    @property
    def number(self) -> Written:
        """The number as it is meant, which is mostly as it is written."""
        assert self.answer.number is not None
        return self.meant or self.answer.number


@dataclass(frozen=True)
class Options:
    """How strictly numbers are judged: a relative ``tolerance``, or by ``figures``."""

    tolerance: float | None = None
    figures: int = FEW


class Outcome:
    """What became of one number while it is being judged."""

    def __init__(self) -> None:
        self.verdict = Verdict.WRONG
        self.note = ""
        self.slip: Slip | None = None
        self.is_drifted = False  # right, but for what rounding may have done

    @property
    def is_right(self) -> bool:
        return self.verdict in (Verdict.CORRECT, Verdict.COARSE)


class NumberMarker:
    """Marks all numbers of a sheet.

    ``beyond`` are those for places that the run does not have, as of a step before a window.
    """

    def __init__(
        self,
        graph: Graph,
        spots: Sequence[Spot],
        options: Options,
        formulas: Mapping[str, Expression],
        method: Callable[[Answer, Key], Marked] | None = None,
        beyond: Mapping[Key, Written] | None = None,
    ) -> None:
        self.beyond = beyond or {}
        self.graph, self.options = graph, options
        self.method = method
        self.lines: dict[int, working.Judged] = {}
        self.unread: list[Answer] = []  # formulas in lines of working that were hardly understood
        self.model = graph.model
        self.order = sorted(range(len(spots)), key=lambda k: (spots[k].node, k))
        self.spots = spots
        own = [spot for spot in spots if not self.is_given(spot)]
        # A net input of exactly 0.2 tells nothing of how somebody rounds.
        numbers = [spot.number for spot in own if not is_whole(spot)] or [s.number for s in own]
        decimals = graph.trace.decimals
        self.style = style_of(numbers) if decimals is None else Style(None, decimals)
        self.spots = spots = [self.with_noughts(spot) for spot in spots]
        self.own = [_own_equation(row, formula) for row, formula in formulas.items()]
        self.outcomes = [Outcome() for _ in spots]
        self.remarks: list[str] = []
        self.refuted: set[int] = set()  # what the person's own values before it cannot give
        self.rivals: dict[int, Cause] = {}  # slips that explain a number copied wrongly as well
        self.slips: list[Slip] = []
        # Of two answers for one place the more exact one is what was gone on with.
        self.best: dict[int, int] = {}
        for k in sorted(range(len(spots)), key=lambda k: -spots[k].number.unit):
            if graph.nodes[spots[k].node].run is not None:
                self.best[spots[k].node] = k
        self.anchors = {
            node: (spots[k].number.value, self.half(spots[k])) for node, k in self.best.items()
        }

    def with_noughts(self, spot: Spot) -> Spot:
        """A plain 0 on a sheet kept to decimals, without noughts at the end, is 0.000 there."""
        number, style = spot.number, self.style
        is_plain = not number.value and number.unit <= NOTHING
        decimals = 0 if self.is_in_whole_numbers else style.decimals
        kept_to_figures = style.figures is not None and not self.is_in_whole_numbers
        if not is_plain or not spot.true or decimals is None or kept_to_figures:
            return spot
        kept = replace(number, unit=10.0**-decimals, figures=0)
        return replace(spot, meant=kept)

    @cached_property
    def is_in_whole_numbers(self) -> bool:
        """Whether everything is rounded to whole numbers, as where gates are open or shut."""
        numbers = [spot.number for spot in self.spots if not self.is_given(spot)]
        has_others = any(n.value for n in numbers)
        return len(numbers) >= SHEET and has_others and all(not n.value % 1 for n in numbers)

    def half(self, spot: Spot) -> float:
        """Half a unit of what is written; nothing where it is exact."""
        value = spot.number.value
        if value == spot.true:
            return 0.0
        half, kept = HALF * spot.number.unit, self.style.half(value)
        if kept < half and abs(value - spot.true) <= 2 * kept:
            half = kept  # -0.1 for -0.1000, as spreadsheets and programs print it
        return max(half, self.single(value))

    def single(self, value: float) -> float:
        """What single precision does to a number of a program."""
        return SINGLE * abs(value) if self.style.is_long else 0.0

    def unit(self, value: float) -> float:
        """Half a unit of a value that is not written."""
        return max(self.style.half(value), self.single(value))

    # Verdicts

    def mark(self, causes: bool = True) -> tuple[list[Marked], tuple[Slip, ...], tuple[str, ...]]:
        """A verdict for each answer, the ``causes`` found, and remarks on the whole."""
        if self.spots:
            self.judge()
            self.judge_lines()
            if causes and any(self.is_unexplained(k) for k in self.order):
                self.explain()
            self.sort_slips()
        marked = [self.marked(k) for k in range(len(self.spots))]
        return marked, tuple(self.slips), tuple(self.remarks)

    def judge(self) -> None:
        """All verdicts, as far as they need no cause."""
        written = {node: self.half(self.spots[k]) for node, k in self.best.items()}
        self.key = self.worked({}, written=written)
        self.follow = self.worked(self.anchors, self.overrides())
        for k in self.order:
            self.first_verdict(k)
        if any(o.verdict is Verdict.WRONG for o in self.outcomes):
            self.second_verdicts()
        self.carry()

    def worked(
        self,
        anchors: Mapping[int, tuple[float, float]],
        overrides: Mapping[int, Override] | None = None,
        written: Mapping[int, float] | None = None,
    ) -> Worked:
        """What the equations give, and what rounding can do to the answers."""
        wanted = [spot.node for spot in self.spots]
        return Worked(self.graph, self.unit, anchors, overrides, written, wanted)

    def judge_lines(self) -> None:
        """The lines of working; what is wrong in one is wrong whatever comes of it."""
        by_cause: dict[tuple[str, str], list[int]] = {}
        slips: dict[tuple[str, str], Slip] = {}
        for k in self.order:
            spot = self.spots[k]
            if spot.answer.working and self.method is not None:
                is_right = self.outcomes[k].verdict is Verdict.CORRECT and len(self.spots) >= LEAST
                judged = self.lines[k] = self.line(spot, is_right)
                self.unread += judged.unread
                if judged.slip is not None:
                    key = (spot.row, judged.slip.says)
                    by_cause.setdefault(key, []).append(k)
                    slips.setdefault(key, judged.slip)
        for key, places in by_cause.items():
            self.attach(slips[key], places)

    def line(self, spot: Spot, is_right: bool) -> working.Judged:
        """The parts of a line of working, of which the number ``is_right``."""
        p, w, symbol, t = spot.key
        graph = self.graph
        is_entering = w and t == graph.window(p, w).first - 1 and symbol in graph.entering
        row = graph.entering[symbol] if is_entering else self.model.quantities.get(symbol)
        right = row.formula if row is not None and t is not None else None

        def values(expression: Expression) -> list[Amount]:
            run, places = graph.placed(expression, p, w, t or 0)
            follow = self.follow
            own = [
                Amount(self.anchors[k][0], np.zeros(1)) if k in self.anchors else follow.amount(k)
                for k in places
            ]
            # What follows from answers of one's own may be wrong, and the true values put in right.
            others = (follow, self.key)
            found = [run(own), *(run([one.amount(k) for k in places]) for one in others)]
            return [v if isinstance(v, Amount) else Amount(v, np.zeros(1)) for v in found]

        method = self.method
        assert method is not None
        return working.judge(
            spot.answer, lambda part: method(part, spot.key), right, values, is_right
        )

    def overrides(self) -> dict[int, Override]:
        found: dict[int, Override] = {}
        for cause in self.own:
            found |= cause.overrides(self.graph)
        return found

    def first_verdict(self, k: int) -> None:
        """Against the key, then against what follows from the answers before."""
        spot, outcome = self.spots[k], self.outcomes[k]
        if self.is_exact(spot):
            outcome.verdict = Verdict.CORRECT
        elif self.is_alike(spot):
            outcome.verdict = Verdict.CORRECT
            outcome.note = self.program_note(spot)
        else:
            # Or else of another rounding of what is before it than the one that is written.
            follows = any(self.fits(spot, one) for one in self.following(spot, self.follow))
            if not follows and self.is_within(k) and self.is_refuted(spot, self.follow):
                self.refuted.add(k)
            elif follows or self.is_within(k):
                self.rounded(spot, outcome)

    def is_refuted(self, spot: Spot, worked: Worked) -> bool:
        """Whether neither the values before an answer give it, nor is it as near to the right one.

        What all roundings from the start can do is much at three digits; where somebody has
        written what an answer rests on, only half a unit of that is left to do.
        """
        bound = LOOSE * worked.bound(spot.node)
        amounts = [one.value for one in self.following(spot, worked)]
        near = (Amount(value, np.array([bound])) for value in (*amounts, spot.true))
        return not any(self.fits(spot, one) for one in near)

    def second_verdicts(self) -> None:
        """Against what follows where a wrong answer was not gone on with."""
        for _ in range(2):
            wrong = {
                self.spots[k].node
                for k, outcome in enumerate(self.outcomes)
                if outcome.verdict is Verdict.WRONG
            }
            anchors = {node: a for node, a in self.anchors.items() if node not in wrong}
            self.mended = self.worked(anchors, self.overrides())
            again = False
            reached = self.reached(wrong)
            for k in self.order:
                spot, outcome = self.spots[k], self.outcomes[k]
                is_new = outcome.verdict is Verdict.WRONG and spot.node in reached
                if is_new and (
                    self.fits(spot, self.mended.amount(spot.node))
                    or (k in self.refuted and not self.is_refuted(spot, self.mended))
                ):
                    self.refuted.discard(k)
                    self.rounded(spot, outcome)
                    again = True
            if not again:
                return

    def reached(self, nodes: Collection[int]) -> frozenset[int]:
        """The nodes that rest on one of these."""
        found: set[int] = set()
        for place, node in enumerate(self.graph.nodes):
            if any(used in nodes or used in found for used in node.inputs):
                found.add(place)
        return frozenset(found)

    def rounded(self, spot: Spot, outcome: Outcome) -> None:
        """An answer that follows: right within rounding, or carried (so far)."""
        if self.fits(spot, self.key.amount(spot.node), spot.true):
            outcome.verdict, outcome.is_drifted = Verdict.CORRECT, True
            outcome.note = sentence("check", "rounded")
            count = self.follow.sources(spot.node)
            is_long = self.graph.trace.passes[spot.key[0]].steps >= LONG_RUN
            is_wide = self.key.bound(spot.node) > WIDE * abs(spot.true)
            if is_long and count > MANY and is_wide:
                outcome.verdict = Verdict.COARSE
                outcome.note = sentence("check", "too_many", count=count)
        else:
            outcome.verdict = Verdict.CARRIED

    def carry(self) -> None:
        """What follows from nothing wrong is not carried, but has drifted by rounding.

        What rests on something wrong and comes out as it must by that is carried, even where so
        much could be rounding.
        """
        overridden = set(self.overrides())
        tainted: list[bool] = []
        for place, node in enumerate(self.graph.nodes):
            is_tainted = place in overridden or any(tainted[used] for used in node.inputs)
            if place in self.best:
                k = self.best[place]
                outcome = self.outcomes[k]
                if outcome.verdict is Verdict.CARRIED and not is_tainted:
                    outcome.verdict = Verdict.CORRECT
                    outcome.note = sentence("check", "rounded")
                elif is_tainted and outcome.is_drifted and self.is_of_own(self.spots[k]):
                    outcome.verdict, outcome.note = Verdict.CARRIED, ""
                is_tainted = not outcome.is_right
            tainted.append(is_tainted)
        for k, spot in enumerate(self.spots):
            best = self.best.get(spot.node, k)
            if best != k and self.outcomes[k].verdict is Verdict.CARRIED:
                self.outcomes[k].verdict = self.outcomes[best].verdict

    def is_of_own(self, spot: Spot) -> bool:
        """Whether a number is far nearer to what the person's own values give than to the key."""
        value, follow = spot.number.value, self.follow.amount(spot.node)
        return self.fits(spot, follow) and NEARER * abs(value - follow.value) < abs(
            value - spot.true
        )

    def is_exact(self, spot: Spot) -> bool:
        """Whether it is right to the digits given."""
        number = spot.number
        if math.isnan(spot.true):
            return math.isnan(number.value) or not number.value
        if self.options.tolerance is not None:
            size = abs(spot.true) or 1.0
            return abs(number.value - spot.true) <= self.options.tolerance * size
        return number.stands_for(spot.true)

    def fits(self, spot: Spot, amount: Amount, value: float | None = None) -> bool:
        """Whether an answer may be a value that rounding has taken so far off."""
        number = amount.value if value is None else value
        if self.options.tolerance is not None:
            size = abs(number) or 1.0
            if abs(spot.number.value - number) <= self.options.tolerance * size:
                return True
        return stands_for(spot.number, number, amount.bound() * SAFE)

    def following(self, spot: Spot, worked: Worked) -> Iterator[Amount]:
        """What an answer must be given those before it: by its equation, or from its paths."""
        yield worked.amount(spot.node)
        row = self.model.quantities.get(spot.row)
        p, w, _, t = spot.key
        if row is None or t is None:
            return
        if self.graph.nodes[spot.node].run is summed and row.formula is not None:
            run, inputs = self.graph.placed(row.formula, p, w, t)
            values = [worked.used[k] for k in inputs]
            yield Amount(float(run(values)), np.array([worked.bound(spot.node)]))

    def is_alike(self, spot: Spot) -> bool:
        """Whether it is a program's number, right but for the precision."""
        number = spot.number
        if number.figures < 7 or not math.isfinite(number.value):
            return False
        off = abs(number.value - spot.true)
        largest = 0.0
        if spot.key[3] is None and spot.key[1]:
            p, w, _, _ = spot.key
            places = [self.graph.index.get((p, w, r.symbol, None)) for r in self.model.gradients]
            largest = max((abs(self.graph.true[k]) for k in places if k is not None), default=0.0)
        return off <= ALIKE * abs(spot.true) or off <= NUMERIC * largest

    def program_note(self, spot: Spot) -> str:
        value = spot.number.value
        single = float(np.float32(value))
        is_single = abs(single - value) <= max(HALF * spot.number.unit, 1e-12 * abs(value))
        return sentence("check", "single" if is_single else "numerical")

    # Causes

    def explain(self) -> None:
        """Look for the causes of what is wrong."""
        self.all_alike()
        wrong = [k for k in self.order if self.is_unexplained(k)]
        given = [
            Given(spot.key, spot.node, spot.number, self.half(spot), spot.asked, spot.is_start)
            for spot in self.spots
        ]
        beyond = {key: (n.value, HALF * n.unit) for key, n in self.beyond.items()}
        explainer = Explainer(self.graph, given, self.anchors, self.style, self.own, beyond)
        self.explainer = explainer
        copied = {k: copy for k in wrong if (copy := self.copied(k)) is not None}
        small = [k for k in wrong if self.is_last_digit(k)]
        right = [k for k in self.order if self.outcomes[k].slip is None and k not in wrong]
        searched = [k for k in wrong if k not in small]
        found: list[Found] = []
        slips = list(self.slips)
        if searched:
            found = self.searched(explainer, searched, right, copied, small)
        if len(wrong) >= EXAMPLES and self.is_gone_on_with_fewer(found, wrong, slips):
            return
        explained = {k for one in found for k in one.explains}
        waiting = [k for k in wrong if k not in explained]
        some = [k for k in copied if k not in explained]
        # Among many numbers that nothing explains, one may look like another by chance.
        believed = len(waiting) <= EXAMPLES or len(some) > len(waiting) / 2
        if believed:
            explained.update(self.attach_copies({k: copied[k] for k in some}))
        rest = [k for k in wrong if k not in explained]
        last = [k for k in rest if self.is_last_digit(k)]
        if self.is_most(rest) and len(last) < len(rest) / 2:
            last = []  # of numbers that nothing explains some are near by chance
        for k in last:
            says = sayings("arithmetic", "last_digit")
            symbol = self.spots[k].row
            self.attach(Slip(symbol, None, says, None, False, kind=Kind.ARITHMETIC), [k])
        self.unexplained([k for k in rest if k not in last])
        if explainer.gave_up:
            self.remarks.append(sentence("check", "gave_up"))

    def is_gone_on_with_fewer(
        self, found: Sequence[Found], wrong: Sequence[int], slips: Sequence[Slip]
    ) -> bool:
        """Whether somebody went on with fewer figures than are written: then it is noted.

        Several slips, or one that leaves something unexplained, are put aside for that; ``slips``
        are those from before the search.
        """
        explained = {k for one in found for k in one.explains}
        kinds = {one.cause.signature or id(one) for one in found}
        if len(kinds) == 1 and explained >= set(wrong):
            return False
        first = max(found, key=lambda one: len(one.explains), default=None)
        style = None
        if first is None or 2 * len(first.explains) <= len(wrong):
            style = self.coarser(None)
        if style is not None:
            first = None
        elif first is not None and first.cause.trace is None:
            style = self.coarser(first.cause)
        if style is None:
            return False
        self.slips = list(slips)
        for k in wrong:
            self.outcomes[k].verdict, self.outcomes[k].slip = Verdict.WRONG, None
        plain = self.rounded_to(style, None)
        spots = self.spots
        kept = first.explains if first is not None else ()
        right = [
            k for k in wrong if k not in kept and self.fits(spots[k], plain.amount(spots[k].node))
        ]
        if first is not None:
            self.attach(self.slip([first]), [k for k in wrong if k not in right])
        self.carried_on(right, style)
        return True

    def coarser(self, cause: Cause | None) -> Style | None:
        """The fewer figures with which somebody went on than are written, where all tells of that.

        So it is where gates are looked up to three decimals, and gradients written to five: many
        numbers are farther off than rounding as written mostly takes them, and none farther than
        the coarser rounding can. A ``cause`` is what was done wrong besides.
        """
        own = [s for s in self.spots if not self.is_given(s) and not is_whole(s)]
        overrides = cause.overrides(self.graph) if cause is not None else None
        wanted = [spot.node for spot in self.spots]
        written = {node: self.half(self.spots[k]) for node, k in self.best.items()}
        fine = Worked(self.graph, self.unit, {}, overrides, written, wanted)
        off = [
            abs(s.number.value - fine.values[s.node])
            > 2 * (HALF * s.number.unit + fine.spread(s.node))
            for s in own
        ]
        if not own or self.options.tolerance is not None or 5 * sum(off) < 2 * len(own):
            return None
        figures = self.style.figures or max(s.number.figures for s in own)
        decimals = self.style.decimals or LONG
        by_decimals = [Style(None, d) for d in range(FEW, min(decimals, figures + 1))]
        by_figures = [Style(f, None) for f in range(FEW, min(figures, LONG))]
        best = None
        for styles in (by_decimals, by_figures):
            for style in styles:  # the finest of each sort that does it
                worked = self.rounded_to(style, overrides)
                if not all(self.fits(s, worked.amount(s.node)) for s in own):
                    break
                best = style
            if best is not None:
                break
        return best

    def rounded_to(self, style: Style, overrides: Mapping[int, Override] | None) -> Worked:
        """The run of somebody who goes on with so many figures, whatever is written."""
        halves = {
            node: max(self.half(self.spots[k]), style.half(self.spots[k].number.value))
            for node, k in self.best.items()
        }
        wanted = [spot.node for spot in self.spots]
        return Worked(self.graph, style.half, {}, overrides, halves, wanted)

    def carried_on(self, right: Sequence[int], style: Style) -> None:
        """Note that numbers are right for somebody who went on with fewer figures.

        So are those that follow from them, where nothing else is wrong.
        """
        to = "decimals" if style.decimals is not None else "figures"
        count = style.decimals if style.decimals is not None else style.figures
        note = sentence("check", f"coarser_{to}", count=count)
        is_all = not any(outcome.slip for outcome in self.outcomes)
        for k in self.order:
            if k in right or (is_all and self.outcomes[k].verdict is Verdict.CARRIED):
                self.outcomes[k].verdict, self.outcomes[k].note = Verdict.CORRECT, note

    def all_alike(self) -> None:
        """Note what was done to every number of the sheet alike."""
        some = [k for k in self.order if self.spots[k].number.value]
        shown = [
            Shown(spot.key, spot.number, spot.true, self.key.bound(spot.node) * SAFE)
            for spot in (self.spots[k] for k in some)
        ]

        def at(place: int) -> tuple[float, float]:
            return self.graph.true[place], self.key.bound(place) * SAFE

        found = habit(self.graph, shown, at)
        if found is not None:
            places = [some[k] for k in found.places]
            symbol = self.spots[places[0]].row
            self.attach(Slip(symbol, None, found.says, None, False, kind=Kind.COPY), places)

    def attach_copies(self, copied: Mapping[int, Copied]) -> list[int]:
        """Note numbers copied wrongly; the same habit all over a sheet is one cause."""
        by_habit: dict[object, list[int]] = {}
        for k, copy in copied.items():
            by_habit.setdefault(copy.kind if copy.kind in HABITS else k, []).append(k)
        for places in list(by_habit.values()):
            groups = [places] if len(places) > EXAMPLES else [[k] for k in places]
            for group in groups:
                copy = copied[group[0]]
                rows = tuple(dict.fromkeys(self.spots[k].row for k in group))
                rival = self.rivals.get(group[0]) if len(group) == 1 else None
                others = (
                    (Alternative(rival.symbol, rival.formula, self.told(rival, rows[0])),)
                    if rival is not None and rival.symbol
                    else ()
                )
                one = Slip(
                    rows[0], copy.formula, copy.says, copy.true, copy.total, others,
                    kind=Kind.COPY, rows=rows,
                )  # fmt: skip
                if len(group) > 1:
                    says = sayings("copy", "several").format(says=copy.says, more=len(group) - 1)
                    one = replace(one, formula=None, true=None, says=says)
                self.attach(one, group)
        return list(copied)

    def is_most(self, places: Sequence[int]) -> bool:
        """Whether so many answers are most of the sheet."""
        return len(places) > max(EXAMPLES, len(self.spots) / 2)

    def is_unexplained(self, k: int) -> bool:
        """Whether an answer is wrong and nothing has been said of it yet."""
        outcome = self.outcomes[k]
        return outcome.verdict is Verdict.WRONG and outcome.slip is None

    def searched(
        self,
        explainer: Explainer,
        wrong: Sequence[int],
        right: Sequence[int],
        copied: Mapping[int, Copied],
        small: Sequence[int],
    ) -> list[Found]:
        """The causes found, each noted with the answers that it explains."""
        waiting = list(wrong)
        kept: list[Found] = []
        while waiting and len(kept) < 8:
            best = explainer.best(waiting, right)
            if best is None:
                break
            copies = [k for k in best.explains if k in copied]
            if len(best.explains) == 1 and copies:
                waiting.remove(copies[0])  # a number copied wrongly comes before any slip
                self.rivals[copies[0]] = best.cause
                continue
            apart = explainer.told_apart(best)
            explainer.accept(best.cause)
            explained = [k for k in waiting if explainer.consistent[k]]
            if not explained:
                break
            explained += [k for k in small if explainer.consistent[k] and k not in explained]
            best = replace(best, explains=tuple(explained), apart=self.named(apart))
            kept.append(best)
            waiting = [k for k in waiting if k not in explained]
        if self.is_most(waiting):  # a cause of a few among them is an accident
            kept = [one for one in kept if len(one.explains) >= len(waiting)]
        # A slip at one step is hardly one where nothing explains another in the same row.
        left = {self.spots[k].row for k in waiting if k not in copied}
        kept = [
            one
            for one in kept
            if not (one.cause.steps and len(one.explains) == 1)
            or self.spots[one.explains[0]].row not in left
        ]
        merged: list[list[Found]] = []
        for one in kept:
            for group in merged:
                if one.cause.signature is not None and (
                    group[0].cause.signature == one.cause.signature
                ):
                    group.append(one)
                    break
            else:
                merged.append([one])
        if len(merged) > TOGETHER and self.is_most(wrong):
            # Where most of a sheet is wrong, so many slips are fitted to its numbers by chance.
            kept = [one for one in kept if len(one.explains) * 2 > len(wrong)]
            merged = [group for group in merged if group[0] in kept]
        for group in merged:
            self.attach(self.slip(group), [k for one in group for k in one.explains])
        return kept

    def slip(self, group: Sequence[Found]) -> Slip:
        """A cause as it is reported; several of one kind are one."""
        first = group[0]
        cause = first.cause
        rows = tuple(dict.fromkeys(row for one in group for row in one.cause.rows))
        says = cause.says
        symbol = cause.symbol or self.spots[first.explains[0]].row
        shown = self.spots[first.explains[0]].row
        if len(group) > 1:
            own = cause.rows[0] if cause.rows else symbol
            more = ", ".join(row for row in rows if row != own)
            if more:
                says = sayings("whole", "rows").format(says=cause.says, rows=more)
        elif cause.kind is Kind.FORMULA and symbol != shown and symbol not in says:
            says = sentence("check", "in_row", row=symbol, says=says)
        others = tuple(
            Alternative(other.symbol or shown, other.formula, told)
            for other in first.others
            if (told := self.told(other, shown)) != says
        )
        return Slip(
            symbol, cause.formula, says, cause.true, cause.total, others, first.apart,
            kind=cause.kind, rows=rows, steps=cause.steps,
        )  # fmt: skip

    def told(self, cause: Cause, shown: str) -> str:
        if cause.kind is Kind.FORMULA and cause.symbol != shown:
            return sentence("check", "in_row", row=cause.symbol, says=cause.says)
        return cause.says

    def attach(self, slip: Slip, places: Sequence[int]) -> None:
        """Note a cause: the first answer is wrong, those after it repeat it."""
        outside = [k for k in places if not self.is_within(k)]
        for k in places if outside else ():
            if k not in outside:  # the right value lies within what rounding may do
                self.outcomes[k].verdict = Verdict.CORRECT
                self.outcomes[k].note = sentence("check", "rounded")
        places = outside or places
        ordered = sorted(places, key=self.order.index)
        slip = replace(slip, answers=tuple(sorted(places)))
        self.slips.append(slip)
        for number, k in enumerate(ordered):
            self.outcomes[k].slip = slip
            self.outcomes[k].verdict = Verdict.REPEATED if number else Verdict.WRONG
            self.outcomes[k].note = ""  # such as what its bare number had

    def is_within(self, k: int) -> bool:
        """Whether the right value lies within the bound of what rounding can do."""
        spot = self.spots[k]
        if k in self.refuted:
            return False
        return self.fits(spot, self.key.amount(spot.node), spot.true)

    def copied(self, k: int, digit: bool = False) -> Copied | None:
        spot = self.spots[k]

        def values(place: int) -> Iterator[float]:
            if place in self.anchors:
                if self.outcomes[self.best[place]].verdict is Verdict.WRONG:
                    return
                yield self.anchors[place][0]
            if place < spot.node:  # what is worked out later may rest on the wrong number itself
                yield self.follow.values[place]
            yield self.graph.true[place]

        references = [
            Reference(worked.values[spot.node], worked.bound(spot.node) * SAFE)
            for worked in (self.follow, self.key)
        ]
        return miscopied(
            self.graph, self.explainer.causes, spot.key, spot.number, spot.answer.given,
            references, values, digit,
        )  # fmt: skip

    def is_last_digit(self, k: int) -> bool:
        """Whether it is off by a few units of the last digit only, besides rounding."""
        spot = self.spots[k]
        if spot.number.figures < FEW:
            return False
        return any(
            abs(worked.values[spot.node] - spot.number.value)
            <= LAST_DIGITS * spot.number.unit + worked.bound(spot.node) * SAFE
            for worked in (self.follow, self.key)
        )

    def unexplained(self, places: Sequence[int]) -> None:
        """What nothing explains: row by row, or all as one where it is most of the sheet."""
        if not places:
            return
        if self.is_most(places):
            first = sorted(places, key=self.order.index)
            names = ", ".join(self.label(k) for k in first[:EXAMPLES])
            words = {"wrong": len(places), "count": len(self.spots), "examples": names}
            says = sayings("arithmetic", "most_wrong").format(**words)
            symbol = self.spots[first[0]].row
            slip = Slip(symbol, None, says, None, False, kind=Kind.UNEXPLAINED)
            slip = replace(slip, answers=tuple(sorted(places)))
            self.slips.append(slip)
            for k in places:
                self.outcomes[k].slip = slip
            return
        by_row: dict[str, list[int]] = {}
        rows = Counter(self.spots[k].row for k in places)
        for k in places:
            # Where more of its row is wrong, it looks like another number by chance.
            alone = rows[self.spots[k].row] == 1 and len(places) <= EXAMPLES
            copy = self.copied(k, digit=True) if alone else None
            if copy is not None:
                symbol = self.spots[k].row
                self.attach(Slip(symbol, None, copy.says, None, False, kind=Kind.COPY), [k])
            else:
                by_row.setdefault(self.spots[k].row, []).append(k)
        for symbol, some in by_row.items():
            says = sayings("arithmetic", "unexplained")
            slip = Slip(symbol, None, says, None, False, kind=Kind.UNEXPLAINED)
            slip = replace(slip, answers=tuple(sorted(some)))
            self.slips.append(slip)
            for k in some:
                self.outcomes[k].slip = slip

    def sort_slips(self) -> None:
        """The first in the order of computation first."""
        rank = {k: place for place, k in enumerate(self.order)}
        self.slips.sort(key=lambda slip: min(rank[k] for k in slip.answers))

    def label(self, k: int) -> str:
        return self.named(self.spots[k].key)

    def named(self, key: Key | None) -> str:
        """A place as people call it: dc[2]."""
        if key is None:
            return ""
        _, _, symbol, t = key
        name = self.model.label(symbol.removeprefix(GATHERED))
        return name if t is None else f"{name}[{t}]"

    # What is told of one answer

    def marked(self, k: int) -> Marked:
        spot, outcome = self.spots[k], self.outcomes[k]
        p, w, _, t = spot.key
        one = self.graph.trace.passes[p]
        number = spot.number
        verdict, note = outcome.verdict, outcome.note
        if verdict is Verdict.CORRECT and not is_whole(spot) and self.is_coarse(spot):
            verdict = Verdict.COARSE
            # What honest rounding might have made of it is not for that right as far as it goes.
            name = "coarse" if stands_for(number, spot.true) else "too_coarse"
            name += "_one" if number.figures == 1 else ""
            note = sentence("check", name, figures=number.figures)
        relative = None
        if math.isfinite(number.value) and math.isfinite(spot.true):
            size = max(abs(number.value), abs(spot.true))
            relative = abs(number.value - spot.true) / size if size else 0.0
        within = w or next((i for i, win in enumerate(one.windows, 1) if (t or 0) <= win.last), 1)
        group = 0 if not w else 1
        redo = self.redo(spot) if verdict is Verdict.WRONG and outcome.note == "" else None
        return Marked(
            spot.answer,
            verdict,
            spot.true,
            (p, within, group, spot.node),
            outcome.slip,
            note,
            w,
            one.epoch,
            one.sequence,
            relative,
            self.key.bound(spot.node) * SAFE,
            redo=redo,
            parts=self.lines[k].parts if k in self.lines else (),
        )

    def is_given(self, spot: Spot) -> bool:
        """Whether the problem gives a number, x_1 = 1, which tells nothing of how one rounds."""
        _, _, symbol, t = spot.key
        is_input = any(row.symbol == symbol for row in self.model.inputs)
        return is_input or (t == 0 and symbol in self.model.state)

    def is_coarse(self, spot: Spot) -> bool:
        """Whether it has too few figures to tell.

        Not on a sheet that is kept to more of them, or to decimals: there noughts at the end are
        left out, and what is small has fewer figures.
        """
        number, style = spot.number, self.style
        if self.options.tolerance is not None:
            return False
        if number.figures == 0:
            return True
        if number.figures >= self.options.figures:
            return False
        if len(self.spots) < SHEET:
            return True
        bound = self.key.bound(spot.node) * SAFE
        if style.figures is not None and style.figures >= self.options.figures:
            full = Written(number.value, 2 * style.half(number.value), style.figures)
            return not stands_for(full, spot.true, bound)
        if style.decimals is None or style.decimals < self.options.figures:
            return True
        full = Written(number.value, min(number.unit, 10.0**-style.decimals), number.figures)
        return not stands_for(full, spot.true, bound)

    def redo(self, spot: Spot) -> Redo | None:
        """The step worked out from the person's own values before it."""
        p, w, symbol, t = spot.key
        graph = self.graph

        def used(place: int) -> float:
            return self.follow.used[place]

        result = self.follow.values[spot.node]
        node = graph.nodes[spot.node]
        if spot.node in self.follow.overrides and node.run is not None:
            result = float(
                node.run([used(k) for k in node.inputs])
            )  # not by an equation of one's own
        if spot.node in graph.optimizing:
            means = graph.optimizing[spot.node]
            name = symbol.partition("_")[2] if symbol not in graph.parameters else symbol
            optimizer = graph.trace.specification.update.optimizer
            plain = {name: "w", f"d{name}": "dw"}
            plain |= {memory_key(own, name): own for own in shown_rows(optimizer)}
            for equation in rules(optimizer, name):
                if equation.symbol == symbol:
                    values = {
                        s: used(means[plain.get(s.name, s.name)]) for s in symbols(equation.formula)
                    }
                    return Redo(symbol, None, equation.formula, values, (), result)
            return None
        is_entering = w and t == graph.window(p, w).first - 1 and symbol in graph.entering
        row = graph.entering[symbol] if is_entering else self.model.quantities.get(symbol)
        if row is None or row.formula is None:
            return None
        if t is None:
            terms = tuple(used(place) for place in graph.nodes[spot.node].inputs)
            return Redo(symbol, None, row.formula, {}, terms, result)
        values = {s: used(graph.place(s, p, w, t)) for s in symbols(graph.out(row.formula))}
        return Redo(symbol, t, row.formula, values, (), result)


def is_whole(spot: Spot) -> bool:
    """Whether a value has no more digits than were written: 0.87 and no more."""
    number = spot.number
    return number.figures < LONG and abs(number.value - spot.true) <= WHOLE * abs(spot.true)


def _own_equation(row: str, formula: Expression) -> Cause:
    """The person's own equation of a row, as a cause."""

    def changes(graph: Graph) -> dict[int, Override]:
        return {place: graph.override(place, formula) for place in graph.rows.get(row, ())}

    return Cause(Kind.FORMULA, 0.0, row, "", changes, formula, rows=(row,))
