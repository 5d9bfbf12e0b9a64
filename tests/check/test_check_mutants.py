"""Marking measured: every single edit of every row, worked out, written down and marked.

By default a sample is marked; a larger one in a thorough run.
"""

from __future__ import annotations

from collections import Counter

import pytest

from cellcalc.api import Problem
from cellcalc.check.answers import Entry
from cellcalc.check.drawn import Random
from cellcalc.check.marking import mark
from cellcalc.check.search import Search
from cellcalc.check.slips import Edit
from cellcalc.check.world import Equations, World, setting_of
from cellcalc.language.arithmetic.decimals import FLOATS
from cellcalc.language.tree import Expression
from tests.support.oracles import THOROUGH, sample
from tests.support.problems import random_data

EVERY = 30 if THOROUGH else 220
FIGURES = 4

PROBLEMS = {
    "two features, linear": random_data(1, 2, 4),
    "logistic, cross-entropy": random_data(5, 1, 3, "logistic", "cross-entropy"),
    "identity, squared": random_data(8, 1, 5, "identity", "squared"),
}


class Bench:
    """The mutants of one problem."""

    def __init__(self, problem: Problem) -> None:
        self.trace = problem.run()
        self.model, one = self.trace.model, self.trace.passes[0]
        self.setting = setting_of(self.model, one, one.windows[0])
        self.equations = Equations(self.model)
        self.search = Search(self.model, self.equations)
        reference = Random(self.model, self.setting).setting(1, FLOATS, own_length=False)
        self.reference = World(reference, self.equations)
        self.true = self.written(World(self.setting, self.equations))

    def mutants(self) -> list[tuple[Edit, bool]]:
        rows = [*self.model.forward, *self.model.backward, *self.model.gradients]
        found = []
        for row in rows:
            total = row.symbol in self.equations.totals
            if row.formula is not None:
                found += [(edit, total) for edit in self.search.of(row.symbol, total)]
        return found[::EVERY]

    def written(self, world: World) -> dict[str, str]:
        """What a person who works in full precision writes down."""
        values: dict[str, float] = {}
        for t in range(1, self.setting.steps + 1):
            values |= {f"{name}[{t}]": world.value(name, t) for name in self.equations.forward}
        for t in reversed(self.setting.swept):
            names = [name for name in self.equations.backward if name != "dE"]
            values |= {f"{name}[{t}]": world.value(name, t) for name in names}
        values |= {name: world.fixed(name) for name in self.equations.totals}
        return {name: f"{value:.{FIGURES - 1}e}" for name, value in values.items()}

    def slipped(self, edit: Edit, total: bool) -> dict[str, str]:
        key = f"{edit.row} total" if total else edit.row
        return self.written(World(self.setting, self.equations, {}, {key: edit.formula}))

    def meaning(self, row: str, total: bool, formula: Expression) -> list[float]:
        """What a formula gives elsewhere: equal for equal formulas."""
        world = self.reference
        if total:
            key = {f"{row} total": formula}
            return [world.edited(key, {}, ()).total(row)]
        forward = row in self.equations.forward
        steps = range(1, world.setting.steps + 1) if forward else world.swept
        return [world.follow(row, t, formula) for t in steps]

    def outcome(self, edit: Edit, total: bool) -> str:
        answers = self.slipped(edit, total)
        own = [name for name in answers if name.partition("[")[0] == edit.row]
        off = [abs(float(answers[n]) - float(self.true[n])) / unit(answers[n]) for n in own]
        if max(off) < 1.5:
            return "hidden"  # by the digits written
        entries = [Entry(line, *pair) for line, pair in enumerate(answers.items(), 1)]
        marked = [m for m in mark(self.trace, entries).marked if m.answer.symbol == edit.row]
        wrong = [m for m in marked if m.verdict != "correct"]
        if not wrong:
            return "undetected"
        slip = next((m.slip for m in wrong if m.slip is not None and m.slip.formula), None)
        if slip is None:
            return "unnamed"
        same = slip.symbol == edit.row and self.meaning(
            edit.row, total, slip.formula
        ) == pytest.approx(self.meaning(edit.row, total, edit.formula), rel=1e-9, abs=1e-12)
        if same:
            return "named"
        return "ambiguous" if slip.others else "misnamed"


def unit(text: str) -> float:
    """The weight of the last digit of a number such as -1.234e-05."""
    return float(10.0 ** (int(text.partition("e")[2]) - FIGURES + 1))


@pytest.mark.parametrize("name", sample(PROBLEMS, 3))
def test_slips_are_detected_and_named(name: str) -> None:
    bench = Bench(PROBLEMS[name].problem())
    counts = Counter(bench.outcome(edit, total) for edit, total in bench.mutants())
    shown = sum(counts.values()) - counts["hidden"]
    print(f"{name}: {dict(counts)}")
    assert shown > (30 if THOROUGH else 4)
    assert counts["undetected"] == 0
    assert counts["named"] >= (0.95 * shown if THOROUGH else shown - 1)
    assert counts["misnamed"] <= 0.01 * shown  # where others fit as well, they are listed
