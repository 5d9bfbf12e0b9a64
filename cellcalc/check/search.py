"""Finding the slip in a formula: which edit of an equation gives the same everywhere.

Edits of the row's own equation come first, then those of rows that the formula has put in, then
two edits at once. A number may fit by chance; a formula that gives the same in random problems as
an edited equation is that equation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice

from cellcalc.check.report import Slip
from cellcalc.check.sight import Sight
from cellcalc.check.slips import Edit, Edits
from cellcalc.check.world import Equations, Place, World
from cellcalc.language.arithmetic.decimals import Value
from cellcalc.language.keys import derivative_key
from cellcalc.language.tree import Expression, Number, Symbol, spelled_out, symbols
from cellcalc.model.model import COUNTED, Group, Model, Quantity
from cellcalc.resources import sentence

MOST_PAIRS = 2_000
MOST_INNER = 1_500  # edits of rows that a formula has put in
STRANGE = 2  # symbols that two edits can bring into an equation
SAME = 1e-9


@dataclass(frozen=True)
class Point:
    """A random problem, and what a formula gives in it at each of its steps."""

    world: World
    given: Mapping[int | None, float]

    def fits(self, value: float, t: int | None) -> bool:
        """Whether a value is what the formula gives."""
        size = max(abs(value), abs(self.given[t]), 1e-300)
        return abs(value - self.given[t]) <= SAME * size


class Search:
    """The search for one model; what it derives of it is kept."""

    def __init__(self, model: Model, equations: Equations) -> None:
        self.model, self.equations = model, equations
        self.edits = Edits(model)
        self.rows = {row.symbol: row for row in model.quantities.values()}
        self.of = cache(self._of)

    def _of(self, name: str, total: bool) -> tuple[Edit, ...]:
        """The edits of a row, or of the sum that its total is, the likelier first."""
        row = self.rows[name]
        found = self.edits.of_total(row) if total else self.edits.of(row)
        return tuple(sorted(found, key=lambda edit: edit.cost))

    def explain(
        self, name: str, formula: Expression, points: Sequence[Point], total: bool
    ) -> Slip | None:
        """The likeliest slip that makes a row's equation the formula; None where there is none."""
        for edits in self._candidates(name, formula, total):
            if self._fits(name, edits, points):
                return self._slip(name, edits, total)
        return None

    def _candidates(
        self, name: str, formula: Expression, total: bool
    ) -> Iterator[tuple[Edit, ...]]:
        yield from ((edit,) for edit in self._by_net_input(name))  # says more than a missing 1 - y
        yield from ((edit,) for edit in self.of(name, total))
        yield from ((edit,) for edit in islice(self._inner(name, formula), MOST_INNER))
        row = self.rows[name]
        if total or row.formula is None or self._is_strange(row, formula):
            return
        yield from islice(self.edits.pairs(row), MOST_PAIRS)

    def _by_net_input(self, name: str) -> Iterator[Edit]:
        """The derivative by the net input, given for that by the function's value."""
        net = self.edits.siblings.argument.get(name[1:]) if name in self.model.derivatives else None
        if net is not None and (instead := derivative_key(net)) in self.rows:
            formula = Symbol(instead, 0)
            words = {
                "part": self.edits.write(Symbol(name, 0)),
                "instead": self.edits.write(formula),
            }
            yield Edit(name, formula, "net_given", words)

    def _is_strange(self, row: Quantity, formula: Expression) -> bool:
        """Whether a formula is too unlike a row's equation to be it with two edits."""
        assert row.formula is not None
        true, given = self._names(row.formula), self._names(formula)
        return len(given - true) > STRANGE or not true & given

    def _names(self, formula: Expression) -> set[str]:
        spelled = spelled_out(formula, self.model.features)
        return {symbol.name for symbol in symbols(spelled)}

    def _inner(self, name: str, formula: Expression) -> Iterator[Edit]:
        """Edits of the rows that a formula has put in: it speaks of what only these use."""
        spoken = self._names(formula)
        own = self.rows[name].formula
        strange = spoken - (self._names(own) if own is not None else set())
        for hidden in self.hidden(name, spoken) if strange else ():
            row = self.rows[hidden]
            used = self._names(row.formula) if row.formula is not None else set()
            if used & strange or hidden == COUNTED:
                yield from self.of(hidden, False)
        for state in self.model.state:
            part = {"part": f"{state}[0]"}
            yield Edit(state, Number(0.0), "zero_start", part)

    @cached_property
    def uses(self) -> Mapping[str, frozenset[str]]:
        """For each row those that stand in its formula."""
        found: dict[str, set[str]] = {}
        for name, users in self.equations.users.items():
            for user in users:
                found.setdefault(user, set()).add(name)
        return {name: frozenset(names) for name, names in found.items()}

    def hidden(self, name: str, spoken: Collection[str]) -> list[str]:
        """The rows that a row is worked out from and a formula does not speak of, nearest first."""
        seen: dict[str, None] = {}
        waiting = [name]
        while waiting:
            for used in sorted(self.uses.get(waiting.pop(0), ())):
                row = self.rows.get(used)
                is_computed = row is not None and row.group not in (Group.INPUT, Group.PARAMETER)
                if is_computed and used not in seen and used not in spoken and used != name:
                    seen[used] = None
                    waiting.append(used)
        return list(seen)

    def _fits(self, name: str, edits: Sequence[Edit], points: Sequence[Point]) -> bool:
        """Whether edits make the equation give what the formula gives, at every step."""
        for point in points:
            follow = self._followed(name, edits[-1], point.world)
            if not all(point.fits(follow(t), t) for t in point.given):
                return False
        return True

    def _followed(self, name: str, edit: Edit, world: World) -> _Follow:
        if edit.row == name and edit.kind != "zero_start":
            return _Follow(world, name, edit.formula)
        spoken = {place[0] for place in world.own}
        affected = self.equations.reached(edit.row, spoken) & {*self.hidden(name, spoken), name}
        if edit.kind == "zero_start":
            own: dict[Place, Value] = {**world.own, (edit.row, 0): world.zero}
            return _Follow(world.edited({}, own, affected), name, None)
        edited = world.edited({edit.row: edit.formula}, world.own, affected | {edit.row})
        return _Follow(edited, name, None)

    def _slip(self, name: str, edits: Sequence[Edit], total: bool) -> Slip:
        best = edits[-1]
        quantity = self.rows.get(best.row)
        whole = total and best.row == name
        true = self.equations.totals[name] if whole else quantity.formula if quantity else None
        return Slip(best.row, best.formula, said(edits, name), true, whole)


@dataclass(frozen=True)
class _Follow:
    """What a row is in a world: by a formula of its own, or by its equation."""

    world: World
    name: str
    formula: Expression | None

    def __call__(self, t: int | None) -> float:
        if self.formula is not None:
            return float(Sight(self.world).gives(self.formula, self.name, t))
        return float(self.world.follow(self.name, t))


def said(edits: Iterable[Edit], row: str) -> str:
    """The sentence for some edits; their row is named where it is another than the answer's."""
    edits = list(edits)
    text = sentence("check", "and").join(edit.says for edit in edits)
    own = edits[-1].row
    return text if own == row else sentence("check", "in_row", row=own, says=text)
