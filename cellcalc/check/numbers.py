"""Judging numbers: against the key, and against what follows from the person's own answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cellcalc.check.answers import Answer
from cellcalc.check.report import Marked, Redo, Slip, Verdict
from cellcalc.check.search import (
    ALTERNATIVES,
    Candidate,
    Case,
    Mode,
    Search,
    Target,
    slip_of,
    spread,
)
from cellcalc.check.spelling import Written
from cellcalc.check.world import TOTAL_LOSS, Place, Setting, World
from cellcalc.engine.optimizer import Updater
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import PassTrace, Trace, WindowTrace
from cellcalc.language.tree import Expression, Symbol, add, spelled_out, symbols
from cellcalc.model.by_hand import by_hand
from cellcalc.model.model import LOSS
from cellcalc.problems.specification import Specification
from cellcalc.resources import sentence

NEARLY = 3  # units of the last digit, where an earlier mistake's unwritten digits carry on
ENTERING = "0"
MOST_DECIMALS = 12  # to which anybody rounds on the way


@dataclass(frozen=True)
class Spot:
    """An answer at its place in the order of computation, with the true value."""

    answer: Answer
    row: str
    t: int | None
    order: tuple[int, int, int]
    true: float

    @property
    def place(self) -> Place:
        return (self.row, self.t)

    @property
    def number(self) -> Written:
        assert self.answer.number is not None
        return self.answer.number


class NumberMarker:
    """Marks the numbers of one window."""

    def __init__(
        self,
        trace: Trace,
        setting: Setting,
        search: Search,
        formulas: Mapping[str, Expression],
        tolerance: float | None,
        window: int,
    ) -> None:
        self.trace, self.setting, self.search = trace, setting, search
        self.model = trace.model
        self.tolerance, self.window = tolerance, window
        self.equations = search.equations
        self.truth = World(setting, self.equations)
        self.own: dict[Place, float] = {}
        self.numbers: dict[Place, Spot] = {}
        self.rounded: dict[int, PassTrace] = {}
        self.bases: dict[str, frozenset[str]] = {}
        self.edits = dict(formulas)  # the person's own equations, where they gave some
        self.by_hand = {r.symbol: r.formula for r in by_hand(self.model).quantities.values()}

    def mark(self, answers: Iterable[Answer], expected: Mapping[Place, float]) -> list[Marked]:
        """A verdict for each answer; ``expected`` are values that no equation here gives."""
        spots = sorted(self.spots(answers, expected), key=lambda spot: spot.order)
        # Of two answers for one place the more exact one is what was gone on with.
        for spot in sorted(spots, key=lambda spot: -spot.number.unit):
            self.own[spot.place] = spot.number.value
            self.numbers[spot.place] = spot
        self.answered = frozenset(spot.row for spot in spots)
        self.written = self.world(self.own)
        verdicts: dict[int, Marked] = {}
        bad: set[str] = set()
        for k, spot in enumerate(spots):
            verdicts[k] = self.judged(spot, bad)
            if verdicts[k].verdict is not Verdict.CORRECT:
                bad.add(spot.row)
        self.refine(spots, verdicts)
        return [verdicts[k] for k in range(len(spots))]

    def world(self, own: Mapping[Place, float]) -> World:
        return World(self.setting, self.equations, own, self.edits)

    def spots(self, answers: Iterable[Answer], expected: Mapping[Place, float]) -> Iterator[Spot]:
        first = self.setting.first
        forward, backward = self.equations.forward, self.equations.backward
        inputs = [row.symbol for row in self.model.inputs]
        gradients = [row.symbol for row in self.model.gradients]
        rows = [*inputs, *forward, *backward, *gradients, *self.model.quantities]
        for answer in answers:
            row, t = answer.symbol, answer.t
            if t is None and row.endswith(ENTERING) and row[:-1] in self.model.quantities:
                row, t = row[:-1], first - 1
            if (row, t) in expected:
                true = expected[row, t]
            elif t is None:
                true = self.truth.fixed(row)
            else:
                true = self.truth.value(row, t)
            place = rows.index(row) if row in rows else len(rows)
            if t is None:
                order = (2, 0, place)
            elif row in inputs or row in forward:
                order = (0, t, place)
            else:
                order = (1, self.setting.last - t, rows.index(row.partition("_via_")[0]))
            yield Spot(answer, row, t, order, float(true))

    def stands(self, spot: Spot, value: float) -> bool:
        return spot.number.stands_for(value, self.tolerance)

    def judged(self, spot: Spot, bad: Collection[str]) -> Marked:
        """The verdict without looking for a slip; ``bad`` are the rows not all right so far."""
        note = ""
        if self.stands(spot, spot.true):
            if spot.number.is_coarse and spot.number.value != spot.true:
                note = sentence("check", "coarse", figures=spot.number.figures)
            return self.marked(spot, Verdict.CORRECT, note)
        if any(self.stands(spot, value) for value in self.follows(spot, self.written)):
            if self.carries(spot, bad):
                return self.marked(spot, Verdict.CARRIED)
            return self.marked(spot, Verdict.CORRECT, sentence("check", "rounded"))
        if self.matches_hand_rounding(spot):
            decimals = self.decimals(spot)
            return self.marked(spot, Verdict.CORRECT, sentence("check", "hand", decimals=decimals))
        return self.marked(spot, Verdict.WRONG)

    def marked(
        self, spot: Spot, verdict: Verdict, note: str = "", slip: Slip | None = None
    ) -> Marked:
        return Marked(
            spot.answer, verdict, spot.true, (self.window, *spot.order[:2]), slip, note, self.window
        )

    def follows(self, spot: Spot, world: World) -> Iterator[float]:
        """What the answer must be given those before it: as the equations have it, or by hand."""
        if spot.row in self.trace.initial and self.setting.counted:
            window = self.trace.passes[0].windows[self.window - 1]
            yield from updated(self.trace.specification, window, spot.row, world)
        if spot.row not in self.equations.formulas and spot.row != TOTAL_LOSS:
            return
        yield world.follow(spot.row, spot.t)
        row = self.model.quantities.get(spot.row)
        if row is None or spot.t is None:
            return
        formula = self.by_hand.get(spot.row)
        if formula is not None and spot.t >= self.setting.first:
            yield world.follow(spot.row, spot.t, formula)
        paths = [(path.symbol, spot.t) for path in self.model.paths_of(row)]
        if paths and all(path in self.own for path in paths):
            total = add(*(Symbol(symbol, 0) for symbol, _ in paths))
            yield world.follow(spot.row, spot.t, total)

    def carries(self, spot: Spot, bad: Collection[str]) -> bool:
        """Whether an answer before it that it rests on is not right itself."""
        used = self.rests_on(spot.row)
        return not used.isdisjoint(bad) or not used.isdisjoint(self.edits)

    def rests_on(self, row: str) -> frozenset[str]:
        """The rows from whose answers a row's follow, itself at other steps included."""
        if row not in self.bases:
            between = self.search.hidden(row, self.answered)
            used = {name for r in (row, *between) for name in self.search.uses.get(r, ())}
            if (quantity := self.model.quantities.get(row)) is not None:
                used |= {path.symbol for path in self.model.paths_of(quantity)}
            if row == TOTAL_LOSS:
                used = {LOSS, *self.equations.forward}
            self.bases[row] = frozenset(used)
        return self.bases[row]

    def decimals(self, spot: Spot) -> int:
        text = f"{spot.number.unit:.0e}"
        return max(0, -int(text.partition("e")[2]))

    def matches_hand_rounding(self, spot: Spot) -> bool:
        """Whether rounding every value on the way to as many decimals gives it."""
        decimals = self.decimals(spot)
        if not 2 <= decimals <= MOST_DECIMALS or self.trace.decimals is not None:
            return False
        if decimals not in self.rounded:
            self.rounded[decimals] = by_hand_pass(self.trace, decimals)
        value = value_in(self.rounded[decimals], self.window, spot.row, spot.t)
        return value is not None and abs(value - spot.number.value) < spot.number.unit / 100

    def refine(self, spots: Sequence[Spot], verdicts: dict[int, Marked]) -> None:
        """Look for the slips behind what is wrong, row by row; what follows from them is carried.

        Rows are gone through in the order of computation.
        """
        used = dict(self.edits)
        meant = self.meant(used)
        done: set[str] = set()
        bad: set[str] = set()
        mistaken = False  # whether there has been a real mistake
        for k, spot in enumerate(spots):
            if verdicts[k].verdict is Verdict.WRONG:
                values = list(self.follows(spot, meant))
                if any(self.stands(spot, value) for value in values) or (
                    self.carries(spot, bad) and any(self.nearly(spot, value) for value in values)
                ):
                    verdicts[k] = self.follows_on(spot, mistaken)
            if verdicts[k].verdict is not Verdict.CORRECT:
                bad.add(spot.row)
            if verdicts[k].verdict is not Verdict.WRONG:
                continue
            mistaken = True
            if spot.row in done:
                continue
            done.add(spot.row)
            group = [j for j, other in enumerate(spots) if other.row == spot.row]
            slip = self.explained(spot.row, [spots[j] for j in group], verdicts, group, meant)
            if slip and not slip.total:
                used[slip.symbol] = slip.formula
                meant = self.meant(used)

    def follows_on(self, spot: Spot, mistaken: bool) -> Marked:
        """An answer that is right given those before it: carried if one of them was a mistake."""
        if mistaken:
            return self.marked(spot, Verdict.CARRIED)
        return self.marked(spot, Verdict.CORRECT, sentence("check", "rounded"))

    def meant(self, edits: Mapping[str, Expression]) -> World:
        """The answers as they may have been before they were rounded, with the slips made."""

        def value(place: Place, own: float, worked: float) -> float:
            spot = self.numbers[place]
            if self.stands(spot, worked):
                return worked
            return spot.true if self.stands(spot, spot.true) else own

        equations = self.equations
        return World(self.setting, equations, self.own, edits, meant=value)

    def redo(self, spot: Spot) -> Redo | None:
        """The step worked out from the person's own values before it."""
        equations, world = self.equations, self.written
        is_entering = spot.t == self.setting.first - 1 and spot.row in equations.entering
        row = equations.entering[spot.row] if is_entering else self.search.rows.get(spot.row)
        if row is None or row.formula is None:
            return None
        result = float(world.follow(spot.row, spot.t))
        if spot.t is None:
            terms = tuple(float(world.value(spot.row, t)) for t in self.setting.swept)
            return Redo(spot.row, None, row.formula, {}, terms, result)
        values = {
            symbol: float(world.of(symbol, spot.t))
            for symbol in symbols(spelled_out(row.formula, self.model.features))
        }
        return Redo(spot.row, spot.t, row.formula, values, (), result)

    def nearly(self, spot: Spot, value: float) -> bool:
        """Whether a value differs only by what the unwritten digits of a mistake may do."""
        return abs(value - spot.number.value) <= NEARLY * spot.number.unit

    def explained(
        self,
        row: str,
        spots: Sequence[Spot],
        verdicts: dict[int, Marked],
        group: Sequence[int],
        meant: World,
    ) -> Slip | None:
        """Note the slip that explains a row's answers."""
        wrong = [verdicts[k].verdict is Verdict.WRONG for k in group]
        for spot, k, is_wrong in zip(spots, group, wrong, strict=True):
            if is_wrong:
                verdicts[k] = replace(verdicts[k], redo=self.redo(spot))
        targets = [self.target(spot, is_wrong) for spot, is_wrong in zip(spots, wrong, strict=True)]
        case = Case(self.written, meant, self.answered, targets)
        total = spots[0].t is None
        if row not in self.equations.formulas:
            return None
        candidates = self.search.explain(row, [case], total)
        if not candidates:
            return None
        best = candidates[0]
        slip = slip_of(self.search, row, candidates, total)
        slip = replace(slip, apart=self.told_apart(row, case, candidates, total))
        for spot, k, value, is_wrong in zip(spots, group, best.predictions, wrong, strict=True):
            if is_wrong and self.stands(spot, value):
                verdicts[k] = replace(verdicts[k], slip=slip)
        return slip

    def target(self, spot: Spot, wrong: bool) -> Target:
        number = spot.number
        width = 1.5 * number.unit
        if self.tolerance is not None:
            width = 2 * self.tolerance * abs(number.value)
        return Target(spot.t, number.value, width, lambda value: self.stands(spot, value), wrong)

    def told_apart(self, row: str, case: Case, candidates: Sequence[Candidate], total: bool) -> str:
        """The further step of the row whose value would decide between the candidates."""
        given = {target.t for target in case.targets}
        forward = row in self.equations.forward
        steps = range(1, self.setting.steps + 1) if forward else self.setting.swept
        others = [t for t in steps if t not in given]
        if total or len(candidates) < 2 or not others:
            return ""
        predicted = [
            self.search.predict(row, case, candidate.edit, total, Mode.WRITTEN, others)
            for candidate in candidates[:ALTERNATIVES]
        ]
        spreads = {
            t: spread(values)
            for t, values in zip(others, zip(*predicted, strict=True), strict=True)
        }
        best = max(spreads, key=lambda t: spreads[t])
        return f"{row}[{best}]" if spreads[best] > 1e-3 else ""


def by_hand_pass(trace: Trace, decimals: int) -> PassTrace:
    """The first pass with every value rounded to so many decimals before it is used."""
    s = trace.specification
    first = replace(s, sequences=s.sequences[:1], update=replace(s.update, epochs=1))
    return run_model(first, trace.model, decimals).passes[0]


def value_in(one: PassTrace, number: int, row: str, t: int | None) -> float | None:
    """A quantity at a step, or over the window of that number; None where there is none."""
    window = one.windows[number - 1] if number <= len(one.windows) else None
    if t is not None and row in one.forward:
        return one.forward[row][t]
    if window is None:
        return one.loss
    if t is None:
        return {"L": one.loss, **window.after, **window.gradients}.get(row)
    if row in window.backward and t >= window.first:
        return window.backward[row][t - window.first]
    return window.entering.get(row)


def updated(s: Specification, window: WindowTrace, row: str, world: World) -> Iterator[float]:
    """What a parameter becomes in the world's gradients; nothing where it waits or is frozen."""
    if s.scheme.update != "window" or row in s.update.frozen:
        return
    updater = Updater(s.scheme, s.update, None)
    updater.memory, updater.count = dict(window.memory_before), window.update - 1
    parameters = dict(window.before)
    names = [f"d{name}" for name in parameters]
    updater.gather({name: float(world.fixed(name)) for name in names}, parameters)
    updater.apply(parameters)
    yield parameters[row]
