"""Finding the slip: which edit of an equation explains the answers given.

Wrong procedures are run from the person's own earlier answers and matched with the results, as
Brown & Burton's BUGGY did (1978): single edits of the row's own equation first, then of the rows
before it that no answer shows, then pairs. A match that chance could explain is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property
from itertools import islice

from cellcalc.check.report import Slip
from cellcalc.check.slips import Edit, Edits
from cellcalc.check.world import Equations, Place, World
from cellcalc.language.arithmetic.decimals import Value
from cellcalc.language.tree import Number
from cellcalc.model.model import LOSS, Group, Model
from cellcalc.resources import sentence

Accepts = Callable[[float], bool]
Pool = Sequence[tuple[Edit, ...]]
BUDGET = 400_000  # equations worked out in one search at the most,
WHOLE_BUDGET = 2_500_000  # and in all searches of one sheet of answers; the likeliest come first
MOST_PAIRS = 2_000
CHANCE = 0.1  # how many accidental matches may be expected where one is believed
ALIKE = 0.25  # costs that differ by less are as good as the same
NEAR = 0.2  # the neighbourhood in which predictions are counted


@dataclass(frozen=True)
class Target:
    """An answer to be explained: its place, whether a value fits it, and how close that is.

    ``width`` is how far apart two values may be that both fit; ``wrong`` whether the answer is.
    """

    t: int | None
    value: float
    width: float
    fits: Accepts
    wrong: bool


@dataclass(frozen=True)
class Case:
    """One world in which a row's answers are to be explained.

    ``own`` holds the answers that stand; ``precise`` the same as the person may have had them
    before rounding. ``answered`` are the rows that have answers.
    """

    world: World
    precise: World
    answered: Collection[str]
    targets: Sequence[Target]
    kept: dict[str, Mapping[Place, Value]] = field(default_factory=dict)

    def without(self, name: str) -> Mapping[Place, Value]:
        """The precise answers of all other rows."""
        if name not in self.kept:
            own = self.precise.own
            self.kept[name] = {place: v for place, v in own.items() if place[0] != name}
        return self.kept[name]


@dataclass(frozen=True)
class Candidate:
    """Edits of one equation, what they predict, and whether that fits the answers.

    ``fits_first`` is for the first wrong answer, ``all_steps`` for every answer of the row.
    """

    edits: tuple[Edit, ...]
    predictions: tuple[float, ...]
    all_steps: bool
    fits_first: bool

    @property
    def edit(self) -> Edit:
        return self.edits[-1]

    @property
    def cost(self) -> float:
        return sum(edit.cost for edit in self.edits) + (1.0 if len(self.edits) > 1 else 0.0)


class Mode(Enum):
    """From which values before it an answer is predicted.

    WRITTEN: from the answers as they stand. MEANT: as they were before rounding. THROUGHOUT: the
    same, and the row's own answers at other steps made with the slip as well.
    """

    WRITTEN = 1
    MEANT = 2
    THROUGHOUT = 3


class Search:
    """The search for one model; what it derives of it is kept."""

    def __init__(self, model: Model, equations: Equations) -> None:
        self.model, self.equations = model, equations
        self.edits = Edits(model)
        self.rows = {row.symbol: row for row in model.quantities.values()}
        self.of = cache(self._of)
        self.left = WHOLE_BUDGET

    def _of(self, name: str, total: bool) -> tuple[Edit, ...]:
        row = self.rows[name]
        found = self.edits.of_total(row) if total else self.edits.of(row)
        return tuple(sorted(found, key=lambda edit: edit.cost))

    @cached_property
    def uses(self) -> Mapping[str, frozenset[str]]:
        """For each row those that stand in its formula."""
        found: dict[str, set[str]] = {}
        for name, users in self.equations.users.items():
            for user in users:
                found.setdefault(user, set()).add(name)
        return {name: frozenset(names) for name, names in found.items()}

    def hidden(self, name: str, answered: Collection[str]) -> list[str]:
        """The rows that a row is worked out from and that no answer shows, nearest first."""
        seen: dict[str, None] = {}
        waiting = [name]
        while waiting:
            for used in sorted(self.uses.get(waiting.pop(0), ())):
                row = self.rows.get(used)
                is_computed = row is not None and row.group not in (Group.INPUT, Group.PARAMETER)
                if is_computed and used not in seen and used not in answered and used != name:
                    seen[used] = None
                    waiting.append(used)
        return list(seen)

    def explain(self, name: str, cases: Sequence[Case], total: bool) -> list[Candidate]:
        """The slips that explain the answers of a row, the likeliest first; at best one.

        Without any, nothing does, or chance could.
        """
        answered = cases[0].answered
        if not any(target.wrong for target in cases[0].targets):
            return []
        own: Pool = [(edit,) for edit in self.of(name, total)]
        before: Pool = [(edit,) for edit in self._before(name, answered)]
        once: list[Candidate] = []
        for pool in (own, before):
            found, partly = self._fitting(name, cases, pool, total)
            if found:
                return found
            once = once or partly
        # One formula has one slip, or two: only among numbers may one alone be wrong.
        if once and len(cases) == 1:
            return once
        pairs: Pool = [] if total else self._pairs(name)
        return self._fitting(name, cases, pairs, total)[0]

    def _fitting(
        self, name: str, cases: Sequence[Case], pool: Pool, total: bool
    ) -> tuple[list[Candidate], list[Candidate]]:
        """The edits that explain all of a row's answers, and else the first wrong one alone."""
        once: list[Candidate] = []
        for mode in Mode:
            tried = list(self._tried(name, cases, pool, total, mode))
            matching = [c for c in tried if c.fits_first]
            whole = [self._whole(name, cases, c, total, mode) for c in matching]
            found = [c for c in whole if c.all_steps]
            if found and self._believable(cases, tried, found, True):
                return sorted(found, key=lambda candidate: candidate.cost), []
            if not once and matching and self._believable(cases, tried, whole, False):
                once = sorted(whole, key=lambda candidate: candidate.cost)
        return [], once

    def _before(self, name: str, answered: Collection[str]) -> Iterator[Edit]:
        for hidden in self.hidden(name, answered):
            row = self.rows[hidden]
            if row.formula is not None or hidden == f"d{LOSS}":
                yield from self.of(hidden, False)
        for state in self.model.state:
            part = {"part": f"{state}[0]"}
            yield Edit(state, Number(0.0), "zero_start", part)

    def _pairs(self, name: str) -> Pool:
        row = self.rows[name]
        return list(islice(self.edits.pairs(row), MOST_PAIRS)) if row.formula else []

    def _tried(
        self,
        name: str,
        cases: Sequence[Case],
        pool: Pool,
        total: bool,
        mode: Mode,
    ) -> Iterator[Candidate]:
        """For each edit what it predicts for the first wrong answer."""
        case, first = cases[0], _first_wrong(cases[0])
        target = case.targets[first]
        cheap, dear = 1, case.world.setting.steps * len(self.rows) // 2
        spent = 0
        for edits in pool:
            (value,) = self.predict(name, case, edits[-1], total, mode, [target.t])
            yield Candidate(edits, (value,), False, target.fits(value))
            is_own = edits[-1].row == name and mode is not Mode.THROUGHOUT
            cost = cheap if is_own or total else dear
            spent, self.left = spent + cost, self.left - cost
            if spent > BUDGET or (self.left < 0 and cost == dear):
                return

    def _whole(
        self, name: str, cases: Sequence[Case], tried: Candidate, total: bool, mode: Mode
    ) -> Candidate:
        """The candidate with what it predicts for every answer of the row, the right ones too."""
        values: list[float] = []
        for case in cases:
            steps = [target.t for target in case.targets]
            values += self.predict(name, case, tried.edit, total, mode, steps)
        targets = [target for case in cases for target in case.targets]
        fits = all(t.fits(value) for t, value in zip(targets, values, strict=True))
        return Candidate(tried.edits, tuple(values), fits, True)

    def predict(
        self,
        name: str,
        case: Case,
        edit: Edit,
        total: bool,
        mode: Mode,
        steps: Sequence[int | None],
    ) -> list[float]:
        """What the answers of a row would be with an edit."""
        world = case.world if mode is Mode.WRITTEN else case.precise
        own, answered = world.own, set(case.answered)
        if edit.row == name and total:
            edited = world.edited({f"{name} total": edit.formula}, own, ())
            return [edited.total(name) for _ in steps]
        if edit.kind == "zero_start":
            places: dict[Place, Value] = {**own, (edit.row, 0): world.zero}
            affected = self._between(edit.row, name, answered)
            edited = world.edited({}, places, affected)
            return [edited.follow(name, t) for t in steps]
        if edit.row == name:
            if mode is not Mode.THROUGHOUT:
                return [world.follow(name, t, edit.formula) for t in steps]
            others = case.without(name)
            affected = self._between(name, name, answered - {name}) | {name}
            edited = world.edited({name: edit.formula}, others, affected)
            return [edited.follow(name, t) for t in steps]
        affected = self._between(edit.row, name, answered) | {edit.row}
        edited = world.edited({edit.row: edit.formula}, own, affected)
        return [edited.follow(name, t) for t in steps]

    def _between(self, start: str, end: str, answered: Collection[str]) -> frozenset[str]:
        """The rows that a change reaches on its way to ``end``."""
        return self.equations.reached(start, answered) & frozenset(
            [*self.hidden(end, answered), end]
        )

    def _believable(
        self,
        cases: Sequence[Case],
        tried: Sequence[Candidate],
        found: Sequence[Candidate],
        whole: bool,
    ) -> bool:
        """Whether chance could hardly have made one of the edits tried fit.

        Of the edits those count that are no more far-fetched than the one found.
        """
        best = min(candidate.cost for candidate in found)
        likely = sum(candidate.cost <= best + ALIKE for candidate in tried)
        first = _first_wrong(cases[0])
        target = cases[0].targets[first]
        reach = max(NEAR * abs(target.value), 20 * target.width)
        near = {
            c.predictions[0]
            for c in tried
            if not c.fits_first and abs(c.predictions[0] - target.value) <= reach
        }
        share = (len(near) + 1) / (len(tried) + 1)
        chance = float(likely)
        wrong = [t for case in cases for t in case.targets if t.wrong]
        for other in wrong if whole else [target]:
            reach = max(NEAR * abs(other.value), 20 * other.width)
            chance *= min(1.0, share * other.width / (2 * reach)) if other.width else 0.0
        return chance <= CHANCE


def _first_wrong(case: Case) -> int:
    """The place of the first wrong answer among the targets."""
    return next(k for k, target in enumerate(case.targets) if target.wrong)


ALTERNATIVES = 4  # explanations told at most
FARTHER = 1.0  # how much more far-fetched than the best one they may be


def slip_of(search: Search, row: str, candidates: Sequence[Candidate], total: bool) -> Slip:
    """The slip that the best candidate is, with the others that fit as well."""
    best = candidates[0]
    close = [c for c in candidates[1:ALTERNATIVES] if c.cost <= best.cost + FARTHER]
    others = tuple(said(candidate, row) for candidate in close)
    quantity = search.rows.get(best.edit.row)
    whole = total and best.edit.row == row
    true = search.equations.totals[row] if whole else quantity.formula if quantity else None
    return Slip(best.edit.row, best.edit.formula, said(best, row), true, whole, others)


def spread(values: Sequence[float]) -> float:
    """How far apart values are, relative to the largest."""
    size = max(map(abs, values))
    return (max(values) - min(values)) / size if size and math.isfinite(size) else 0.0


def said(candidate: Candidate, row: str) -> str:
    """The sentence for a candidate; the row is named where it is another than the answer's."""
    sayings = [edit.says for edit in candidate.edits]
    text = sentence("check", "and").join(sayings)
    own = candidate.edit.row
    return text if own == row else sentence("check", "in_row", row=own, says=text)
