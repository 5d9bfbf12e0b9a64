"""Judging formulas: the same as the true one, or not, by their values at random problems.

Parameters, inputs, states and losses are drawn anew each time, in decimal arithmetic of 60 digits:
equal formulas then agree in nearly all of them. A formula that is another in general may be right
for this problem all the same: with a target of 0.6 written out, or without h[0], which is 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any

from cellcalc.check.answers import Answer, mentioned
from cellcalc.check.causes import slips_of_update
from cellcalc.check.drawn import Fact, Random
from cellcalc.check.report import Counterexample, Marked, Slip, Verdict
from cellcalc.check.search import Point, Search
from cellcalc.check.sight import Followers, Sight, has_limits
from cellcalc.check.slips import Edit
from cellcalc.check.spelling import FEW, Written
from cellcalc.check.updating import RuleNumbers, Updating, drawn_rules
from cellcalc.check.world import Equations, Place, Setting, World
from cellcalc.engine.optimizer import rules
from cellcalc.engine.trace import Trace, WindowTrace
from cellcalc.language.arithmetic.decimals import (
    CONTEXT,
    DECIMALS,
    FLOATS,
    LAST_STEP,
    MEAN,
    SUM,
    Value,
)
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.tree import (
    Call,
    Expression,
    Symbol,
    multiply,
    rename,
    spelled_out,
    symbols,
    walk,
)
from cellcalc.model.model import LOSS, TOTAL_LOSS
from cellcalc.resources import sentence
from cellcalc.views.text import fixed

TRIALS = 10
FEWER_TRIALS = 3  # for which of the problem's own numbers a formula rests on
SAME = Decimal("1e-25")
NOTHING = Decimal("1e-60")
MOST_STEPS = 40  # of a problem whose own length a formula needs
_LITERAL = re.compile(r"(?<![\w.])(?:[0-9]+\.[0-9]*|\.[0-9]+)")


@dataclass(frozen=True)
class Drawing:
    """Which random problems a formula is tried in: of which length, with which numbers kept."""

    own_length: bool
    kept: frozenset[Place] = frozenset()
    trials: int = TRIALS


class FormulaMarker:
    """Marks the formulas of one window.

    ``trace`` and ``swept`` (the window) are needed for the formulas of updates only.
    """

    def __init__(
        self,
        setting: Setting,
        search: Search,
        tolerance: float | None,
        window: int,
        trace: Trace | None = None,
        swept: WindowTrace | None = None,
    ) -> None:
        self.setting, self.search, self.window = setting, search, window
        self.model, self.tolerance = search.model, tolerance
        self.trace, self.swept = trace, swept
        self.exact = Equations(self.model, DECIMALS)
        self.random = Random(self.model, setting)
        self.worlds: dict[tuple[int, bool, frozenset[Place]], World] = {}
        self.followers: dict[tuple[int, int, int], Followers] = {}

    @cached_property
    def actual(self) -> World:
        """The problem itself."""
        return World(self.setting, self.search.equations)

    def mark(self, answers: Iterable[Answer]) -> Iterator[Marked]:
        with localcontext(CONTEXT):
            for answer in answers:
                try:
                    yield self.judged(answer)
                except (KeyError, RecursionError) as error:
                    # A symbol that is known, but has no value here: beta1, where there is no Adam.
                    note = sentence("check", "no_value", symbol=str(error.args[0]))
                    yield self.marked(answer, Verdict.WRONG, note=note)

    def judged(self, answer: Answer) -> Marked:
        assert answer.formulas is not None
        formulas = answer.formulas
        if answer.rule:
            return self.ruled(answer)
        if answer.slope:
            return self.sloped(answer)
        if answer.right:
            return self.marked(answer, Verdict.CORRECT, note=self.part_note(answer))
        if self.is_update(answer):
            return self.updated(answer)
        for name in formulas:
            row, t = self.place(answer, name)
            if t is not None and not self.has_value(row, t):
                note = sentence("check", "no_value", symbol=f"{row}[{t}]")
                return self.marked(answer, Verdict.WRONG, note=note)
        is_certain = answer.t is not None or not answer.per_step
        if is_certain and not any(symbols(formula) for formula in formulas.values()):
            return self.sum_of_numbers(answer)
        used: dict[str, None] = {}
        for name, formula in formulas.items():
            if not self.agrees(answer, name, formula, self.general(answer, formula)):
                facts = self.rests_on(answer, name, formula)
                if facts is None:
                    return self.wrong(answer, name, formula)
                used |= dict.fromkeys(facts)
            if not self.says(answer, name, formula):
                return self.empty(answer, name, formula)
        if answer.right is False and not used:
            # Its numbers are others: it is made of those of another window or sequence.
            return self.marked(answer, Verdict.WRONG, note=sentence("check", "other_numbers"))
        notes = []
        if used:
            notes.append(sentence("check", "for_this_problem", facts=", ".join(used)))
        notes += filter(None, [self.part_note(answer)])
        return self.marked(answer, Verdict.CORRECT, note="; ".join(notes))

    def part_note(self, answer: Answer) -> str:
        """What is said of a formula that is one step's share of a gradient."""
        name = next(iter(answer.formulas or [answer.symbol]))
        is_part = answer.symbol not in self.model.quantities or (
            answer.t is None and self.is_gradient(name)
        )
        return sentence("check", "contribution") if answer.per_step and is_part else ""

    def has_value(self, row: str, t: int) -> bool:
        """Whether a row has a value at a step, which may be that of the state before the window."""
        setting = self.setting
        if row in self.exact.forward or row in setting.inputs:
            return (0 if row in setting.initial else 1) <= t <= setting.steps
        is_entering = t == setting.first - 1 and row in self.exact.entering
        return t in setting.swept or is_entering

    def is_gradient(self, name: str) -> bool:
        return name in self.exact.totals

    def is_update(self, answer: Answer) -> bool:
        """Whether a formula is for what a parameter becomes, or a number of the optimizer's own."""
        made = {*self.setting.current, *(self.swept.memory_after if self.swept else ())}
        return not made.isdisjoint(answer.formulas or ())

    def marked(self, answer: Answer, verdict: Verdict, **more: Any) -> Marked:
        row = next(iter(answer.formulas or [answer.symbol]))
        order = (3, 0) if answer.t is None else (2, self.setting.last - answer.t)
        forward, backward = self.exact.forward, self.exact.backward
        if row in forward:
            order = (0, forward.index(row))
        elif row in backward:
            order = (1, backward.index(row))
        place = (self.window, *order)
        true = self.true(answer, row)
        expected = LANGUAGE(true) if true else None
        return Marked(answer, verdict, expected, place, window=self.window, **more)

    def true(self, answer: Answer, name: str) -> Expression | None:
        """The right formula, as the language has it."""
        row, t = self.place(answer, name)
        if row == TOTAL_LOSS and LOSS in self.exact.formulas:
            return Call(MEAN if self.setting.averaged else SUM, Symbol(LOSS, 0))
        if not answer.per_step and row in self.exact.totals:
            return self.exact.totals[row]
        if t == self.setting.first - 1 and row in self.exact.entering:
            return self.exact.entering[row].formula
        return self.exact.formulas.get(row)

    def place(self, answer: Answer, name: str) -> tuple[str, int | None]:
        """The row and step that an answer is for; dc0 is dc at the step before the window."""
        if name not in self.model.quantities and name.endswith("0"):
            return name[:-1], self.setting.first - 1
        return name, answer.t

    def general(self, answer: Answer, formula: Expression) -> Drawing:
        """Random problems of any length, or of the problem's own where the formula needs it."""
        own_length = self.own_length(formula, answer)
        few = own_length and self.setting.steps > MOST_STEPS
        return Drawing(own_length, trials=2 if few else TRIALS)

    def own_length(self, formula: Expression, answer: Answer) -> bool:
        """Whether the formula names certain steps, and so holds for the problem's length only."""
        named = any(s.step is not None for s in symbols(formula))
        ends = [node.others[-1] for node in walk(formula) if has_limits(node)]
        named = named or any(not symbols(end) for end in ends)
        return named or answer.t is not None or self.place(answer, answer.symbol)[1] is not None

    def world(self, number: int, drawing: Drawing) -> World:
        """A random problem worked out in many digits."""
        key = (number, drawing.own_length, drawing.kept)
        if key not in self.worlds:
            setting = self.random.setting(number, DECIMALS, drawing.own_length, drawing.kept)
            self.worlds[key] = World(setting, self.exact)
        return self.worlds[key]

    def steps(self, world: World, answer: Answer, name: str) -> list[int | None]:
        row, t = self.place(answer, name)
        if t is not None:
            return [t]
        if not answer.per_step:
            return [None]
        return (
            list(world.swept)
            if row not in self.exact.forward
            else list(range(1, world.setting.steps + 1))
        )

    def truth(self, world: World, row: str, t: int | None) -> Value:
        if t is not None:
            return world.value(row, t)
        world.weights = world.setting.current
        return world.fixed(row)

    def agrees(
        self,
        answer: Answer,
        name: str,
        formula: Expression,
        drawing: Drawing,
        without_followers: bool = False,
    ) -> bool:
        """Whether the formula gives what the true one does, in all problems drawn.

        It must do so without what follows from its own quantity, where ``without_followers``.
        """
        row, _ = self.place(answer, name)
        for number in range(drawing.trials):
            world = self.world(number, drawing)
            for t in self.steps(world, answer, name):
                hidden = self.follow(world, row, t) if without_followers else ()
                given = Sight(world, hidden, edges=True).gives(formula, row, t)
                if not same(given, self.truth(world, row, t)):
                    return False
        return True

    def follow(self, world: World, row: str, t: int | None) -> Collection[Place]:
        """What is worked out from a quantity, itself included."""
        setting = world.setting
        key = (setting.first, setting.last, setting.steps)
        if key not in self.followers:
            self.followers[key] = Followers(self.exact, setting)
        return self.followers[key].of(row, t)

    def rests_on(self, answer: Answer, name: str, formula: Expression) -> list[str] | None:
        """The facts of this problem that make a formula right; None where nothing does."""
        if self.setting.steps > MOST_STEPS:
            return None

        def right(facts: Collection[Fact], trials: int = FEWER_TRIALS) -> bool:
            kept = frozenset(place for fact in facts for place in fact.places)
            return self.agrees(answer, name, formula, Drawing(True, kept, trials))

        facts = self.random.facts(formula)
        if not right(facts, 1) or not right(facts, TRIALS):
            return None
        needed = list(facts)
        # Of facts that do as well, those are named that the true formula speaks of.
        true = self.true(answer, name)
        spoken = mentioned(spelled_out(true, self.model.features)) if true else set()
        for fact in sorted(facts, key=lambda fact: fact.places[0][0] in spoken):
            fewer = [other for other in needed if other is not fact]
            if right(fewer):
                needed = fewer
        named = [str(fact) for fact in needed]
        return named or [self.length()]

    def length(self) -> str:
        """How long the problem is, as a fact that a formula may rest on."""
        setting = self.setting
        if (setting.first, setting.last) == (1, setting.steps):
            return f"n = {setting.steps}"
        return sentence("check", "length", first=setting.first, last=setting.last)

    def says(self, answer: Answer, name: str, formula: Expression) -> bool:
        """Whether a formula that is true does without what it defines, and what follows from it."""
        drawing = self.general(answer, formula)
        drawing = replace(drawing, trials=1)
        if self.agrees(answer, name, formula, drawing):
            return self.agrees(answer, name, formula, drawing, without_followers=True)
        kept = frozenset(place for fact in self.random.facts(formula) for place in fact.places)
        return self.agrees(answer, name, formula, Drawing(True, kept, 1), without_followers=True)

    def empty(self, answer: Answer, name: str, formula: Expression) -> Marked:
        """A formula that is true and says nothing."""
        row, _ = self.place(answer, name)
        used = self.circular(answer, name, formula)
        own = [symbol for symbol in used if symbol.name == row]
        key = "says_nothing_itself" if own else "says_nothing"
        shown = LANGUAGE((own or used or [Symbol(row)])[0])
        note = sentence("check", key, used=shown, symbol=self.model.label(row))
        return self.marked(answer, Verdict.WRONG, note=note)

    def circular(self, answer: Answer, name: str, formula: Expression) -> list[Symbol]:
        """The symbols of a formula that follow from what it defines."""
        row, _ = self.place(answer, name)
        world = self.world(0, self.general(answer, formula))
        found = []
        for symbol in symbols(spelled_out(formula, self.model.features)):
            for t in self.steps(world, answer, name):
                step = symbol.step if isinstance(symbol.step, int) else None
                if symbol.shift is not None and t is not None:
                    step = t + symbol.shift
                if (symbol.name, step) in self.follow(world, row, t):
                    found.append(symbol)
                    break
        return found

    def wrong(self, answer: Answer, name: str, formula: Expression) -> Marked:
        example = self.counterexample(answer, name, formula)
        slip = None
        row, _ = self.place(answer, name)
        if row in self.model.quantities:
            points = [self.point(number, answer, name, formula) for number in range(2)]
            total = not answer.per_step and row in self.exact.totals
            if self.is_off(row, points):
                slip = self.search.explain(row, formula, points, total)
        note = ""
        ahead = self.circular(answer, name, formula)
        own = [s for s in ahead if s.name == row]
        if slip is None and not own and ahead:
            slip = self.of_another_step(answer, name, formula, ahead)
        if slip is None and own:
            note = sentence("check", "both_sides", used=LANGUAGE(own[0]))
        return self.marked(answer, Verdict.WRONG, slip=slip, note=note, counterexample=example)

    def is_off(self, row: str, points: Iterable[Point]) -> bool:
        """Whether a formula gives something else than the true one there.

        What is wrong at the edges of a window only has no slip that is seen there.
        """
        return any(
            not point.fits(float(self.truth(point.world, row, t)), t)
            for point in points
            for t in point.given
        )

    def of_another_step(
        self, answer: Answer, name: str, formula: Expression, ahead: Sequence[Symbol]
    ) -> Slip | None:
        """What follows from the quantity itself, where the same of a step before it is meant."""
        row, _ = self.place(answer, name)
        back = -1 if row in self.exact.forward else 1
        for symbol in ahead:
            if symbol.shift is None:
                continue
            meant = replace(symbol, shift=symbol.shift + back)
            mended = _with_other(formula, symbol, meant)
            if self.agrees(answer, name, mended, self.general(answer, mended)):
                write = self.search.edits.write
                words = {"instead": write(symbol), "part": write(meant)}
                says = Edit(row, formula, "wrong_time", words).says
                return Slip(row, formula, says, self.true(answer, name), not answer.per_step)
        return None

    def point(self, number: int, answer: Answer, name: str, formula: Expression) -> Point:
        """A random problem in which the quantities that the formula speaks of stand as they are."""
        own_length = self.own_length(formula, answer)
        setting = self.random.setting(number, FLOATS, own_length)
        truth = World(setting, self.search.equations)
        row, _ = self.place(answer, name)
        shown = {s for s in mentioned(formula) if s in self.model.quantities} | {row}
        own = {place: value for place, value in truth.numbers.items() if place[0] in shown}
        steps = self.steps(truth, answer, name)
        given = {t: float(Sight(truth).gives(formula, row, t)) for t in steps}
        return Point(World(setting, self.search.equations, own), given)

    def counterexample(
        self, answer: Answer, name: str, formula: Expression
    ) -> Counterexample | None:
        """Where the two differ visibly: in the problem itself, or else in a random one."""
        row, _ = self.place(answer, name)
        drawing = self.general(answer, formula)
        worlds: list[tuple[World, bool]] = [(self.actual, True)]
        worlds += [(self.world(number, drawing), False) for number in range(drawing.trials)]
        found: Counterexample | None = None
        for world, own in worlds:
            for t in self.steps(world, answer, name):
                gives = float(Sight(world).gives(formula, row, t))
                right = float(self.truth(world, row, t))
                size = max(abs(gives), abs(right))
                visible = size and not abs(gives - right) <= 1e-3 * size
                if visible or (found is None and gives != right):
                    numbers = dict(self.put_in(world, formula, t))
                    found = Counterexample(gives, right, t, numbers, own)
                if visible and found:
                    return found
        return found

    def put_in(
        self, world: World, formula: Expression, t: int | None
    ) -> Iterator[tuple[str, float]]:
        """The numbers of the symbols of a formula, at the step where it has one."""
        sight = Sight(world)
        for symbol in symbols(formula)[:8]:
            vector = {*self.model.cell.parameters, *self.model.readout.parameters, "x"}
            is_vector = symbol.name in vector and symbol.name not in world.setting.current
            if symbol.name == LAST_STEP or (is_vector and symbol.name not in self.model.quantities):
                continue
            if symbol.step is not None:
                yield LANGUAGE(symbol), float(sight.at(symbol.name, symbol.step))
            elif symbol.shift is None:
                yield symbol.name, float(sight.fixed(symbol.name))
            elif t is not None:
                step = t + symbol.shift
                yield f"{symbol.name}[{step}]", float(world.value(symbol.name, step))

    def updated(self, answer: Answer) -> Marked:
        """A formula for what a parameter becomes, or a number of the optimizer's own."""
        assert answer.formulas is not None
        if self.trace is None or self.swept is None or not self.setting.counted:
            return self.marked(answer, Verdict.WRONG, note=sentence("check", "no_update"))
        equations = self.search.equations
        trace, swept = self.trace, self.swept
        worlds = [
            World(self.random.setting(number, FLOATS, False), equations) for number in range(TRIALS)
        ]
        clips = trace.scheme.clip_norm is not None or trace.scheme.clip_value is not None
        is_clipped = clips and any(
            swept.used.get(name) != value for name, value in swept.summed.items()
        )
        notes: dict[str, None] = {}
        for name, formula in answer.formulas.items():
            updates = [Updating(world, trace, swept) for world in worlds]
            if not updates[0].knows(name):
                return self.marked(answer, Verdict.WRONG, note=sentence("check", "no_update"))
            if all(update.agrees(name, formula) for update in updates):
                continue
            free = [replace(update, unclipped=True) for update in updates]
            if clips and not is_clipped and all(update.agrees(name, formula) for update in free):
                facts = sentence("check", "not_clipped")
                notes[sentence("check", "for_this_problem", facts=facts)] = None
                continue
            own = Updating(self.actual, trace, swept)
            meant, known = own.named(name, formula)
            if known and all(update.agrees(name, meant) for update in updates):
                notes[sentence("check", "for_this_problem", facts=", ".join(known))] = None
                continue
            candidates = [own, *updates]
            shown = next((u for u in candidates if not u.agrees(name, formula)), updates[0])
            example = Counterexample(
                shown.gives(name, formula), shown.true(name), None, {}, shown is own
            )
            slip = self.slip_of_update(name, formula, updates) if name in own.before else None
            return self.marked(answer, Verdict.WRONG, counterexample=example, slip=slip)
        return self.marked(answer, Verdict.CORRECT, note="; ".join(notes))

    def slip_of_update(
        self, name: str, formula: Expression, updates: Sequence[Updating]
    ) -> Slip | None:
        """The wrong rule that a formula for a parameter's new value is, if it is a known one."""
        optimizer = updates[0].trace.specification.update.optimizer
        for slip in slips_of_update(optimizer, name, len(self.setting.swept)):
            rule = slip.formula
            if rule is not None and all(u.is_same(name, formula, rule) for u in updates):
                return slip
        return None

    def ruled(self, answer: Answer) -> Marked:
        """A rule of the optimizer, written for every parameter w.

        It is held against the optimizer's own with any settings; then with the problem's, for a
        rule may have 0.1 where the problem's learning rate is that.
        """
        assert answer.formulas is not None and self.trace is not None
        update = self.trace.specification.update
        formula = answer.formulas[answer.symbol]

        def differing(kept: Collection[str]) -> RuleNumbers | None:
            drawn = drawn_rules(update, kept, TRIALS)
            made = ((one, one.new[answer.rule]) for one in drawn)
            return next((one for one, true in made if not same(one.gives(formula), true)), None)

        own = [e.formula for e in rules(update.optimizer, "w") if e.symbol == answer.symbol]
        # A rule is for no window of its own.
        marked = Marked(answer, Verdict.CORRECT, LANGUAGE(own[0]), (self.window, 4, 0), window=0)
        elsewhere = differing(())
        if elsewhere is None:
            return marked
        needed = list(update.settings)
        shown = differing(needed)
        if shown is not None:
            gives, true = float(shown.gives(formula)), float(shown.new[answer.rule])
            if abs(gives - true) < 1e-3 * abs(true):  # such as what an epsilon of 1e-8 does
                shown = elsewhere
                gives, true = float(shown.gives(formula)), float(shown.new[answer.rule])
            example = Counterexample(gives, true, None, shown.put_in(formula), False)
            return replace(marked, verdict=Verdict.WRONG, counterexample=example)
        for name in update.settings:
            fewer = [other for other in needed if other != name]
            if differing(fewer) is None:
                needed = fewer
        facts = ", ".join(f"{name} = {update.settings[name]:g}" for name in needed)
        return replace(marked, note=sentence("check", "for_this_problem", facts=facts))

    def sloped(self, answer: Answer) -> Marked:
        """The derivative of one quantity by another: one of those that the equations have."""
        assert answer.formulas is not None
        formula = answer.formulas[answer.symbol]
        shown = LANGUAGE(answer.slope[0])
        marked = Marked(answer, Verdict.CORRECT, shown, (self.window, 1, 0), window=0)
        examples = [self.differing(answer, formula, slope) for slope in answer.slope]
        if None in examples:
            return marked
        return replace(marked, verdict=Verdict.WRONG, counterexample=examples[0])

    def differing(
        self, answer: Answer, formula: Expression, other: Expression
    ) -> Counterexample | None:
        """Where two formulas of the cell's quantities differ, in random problems."""
        drawing = self.general(answer, multiply(formula, other))
        row = self.exact.forward[0]
        for number in range(drawing.trials):
            world = self.world(number, drawing)
            sight = Sight(world, edges=True)
            steps = [answer.t] if answer.t is not None else range(1, world.setting.steps + 1)
            for t in steps:
                gives, true = sight.gives(formula, row, t), sight.gives(other, row, t)
                if not same(gives, true):
                    numbers = dict(self.put_in(world, formula, t))
                    return Counterexample(float(gives), float(true), t, numbers, False)
        return None

    def sum_of_numbers(self, answer: Answer) -> Marked:
        """A formula of numbers alone is worked out, and judged by their digits."""
        assert answer.formulas is not None
        name, formula = next(iter(answer.formulas.items()))
        row, t = self.place(answer, name)
        value = float(Sight(self.actual).gives(formula, row, t))
        true = float(self.truth(self.actual, row, t))
        figures = [
            len(text.replace(".", "").lstrip("0")) for text in _LITERAL.findall(answer.given)
        ]
        kept = max(FEW, min(figures, default=FEW) - 1)  # a calculation loses some
        power = math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0
        number = Written(value, 10.0 ** (power + 1 - kept), kept)
        is_right = number.stands_for(true, self.tolerance)
        note = sentence("check", "worked_out", value=fixed(value, 5))
        verdict = Verdict.CORRECT if is_right else Verdict.WRONG
        return self.marked(answer, verdict, note=note)


def same(a: Value, b: Value) -> bool:
    """Whether two values agree in all the digits that the arithmetic can vouch for."""
    if not (a.is_finite() and b.is_finite()):
        return False
    size = max(abs(a), abs(b))
    return bool(abs(a - b) <= SAME * size or size < NOTHING)


def own_formulas(answers: Iterable[Answer]) -> Mapping[str, Expression]:
    """The person's own equation of each row that has one for every step.

    Those with a sum over the steps in them cannot be gone on with step by step.
    """
    return {
        name: formula
        for answer in answers
        if answer.formulas and answer.t is None and answer.per_step
        for name, formula in answer.formulas.items()
        if not any(isinstance(e, Call) and e.function in (SUM, MEAN) for e in walk(formula))
    }


def _with_other(formula: Expression, symbol: Symbol, other: Symbol) -> Expression:
    return rename(formula, lambda s: other if s == symbol else s)
