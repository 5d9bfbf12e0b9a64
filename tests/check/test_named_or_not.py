"""Slips of one symbol are named; what fits as well is listed; nothing false is said.

The work is that of tests.marking, which shares nothing with cellcalc.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc import load
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark as mark_entries
from cellcalc.check.slips import forms
from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import Trace
from cellcalc.language.parser import parse
from cellcalc.language.tree import Expression, Symbol, rebuilt
from tests.marking.arithmetic import Rounding
from tests.marking.equations import Shape
from tests.marking.judging import Marked, Truth, mark, marked_values, worth
from tests.marking.problems import SHAPES, Plan, Problem, random_problem
from tests.marking.sheets import DEGREES, sheet, written
from tests.marking.working import Edits, everywhere, values_of

ROUNDING = Rounding(6)
CROSS = next(shape for shape in SHAPES if shape.loss == "cross-entropy")


def marked(problem: Problem, edits: Edits, degree: str, plan: Plan | None = None) -> Marked:
    values = values_of(problem, ROUNDING, "every row", edits, plan)
    given = written(marked_values(problem, values, degree), ROUNDING)
    return mark(problem, sheet(given, problem))


@pytest.mark.parametrize(
    ("shape", "row", "formula", "degree"),
    [
        (SHAPES[0], "part dU_g", "dz_g*y[t-1]", "final gradients"),
        (SHAPES[0], "df", "dc*tanh_c[t-1]", "usual rows"),
        (SHAPES[0], "dz_i", "di*i*(1 - sigmoid(i))", "usual rows"),
        (SHAPES[0], "di", "dc*tanh(g)", "usual rows"),
        (CROSS, "dy", "dE*(y[t-1] - target)/(y*(1 - y))", "final gradients"),
        (CROSS, "dh_via_z_y", "dy*y*(1 - y[t-1])*V", "usual rows"),
    ],
)
@pytest.mark.cases(3)
def test_one_symbol_taken_for_another_is_named(
    shape: Shape, row: str, formula: str, degree: str
) -> None:
    problem = random_problem("one symbol", shape, steps=3)
    edits = everywhere(**{row: formula})
    found = marked(problem, edits, degree)
    (cause,) = found.slips
    assert worth(problem, [Truth(edits)], cause, degree) in ("right", "among others")


def worked_out(problem: Problem, path: Path) -> Trace:
    path.write_text(problem.toml(), encoding="utf-8")
    return load(path).run()


def test_momentum_with_a_dampened_gradient_has_a_name() -> None:
    plan = Plan(epochs=3, optimizer="momentum")
    problem = random_problem("dampened", SHAPES[0], plan, steps=3)
    found = marked(problem, {}, DEGREES[1], plan.with_slip("dampened"))
    (cause,) = found.slips
    assert "dampened" in cause["says"] and found.count("wrong") == 1


@pytest.mark.parametrize("form", forms(), ids=lambda form: form["row"])
def test_what_people_write_is_what_the_rules_give(form: dict[str, str], tmp_path: Path) -> None:
    trace = worked_out(random_problem("forms", CROSS, steps=3), tmp_path / "forms.toml")
    numbers = {"dE": 1.0, "y": 0.3, "target": 0.8}
    rows = trace.model.quantities

    def put_in(e: Expression) -> Expression | None:
        is_later = isinstance(e, Symbol) and e.name not in numbers
        return rows[e.name].formula if is_later and isinstance(e, Symbol) else None

    true = rows[form["row"]].formula
    assert true is not None
    found = [
        evaluate(e, lambda s: numbers[s.name])
        for e in (rebuilt(true, put_in), parse(form["formula"]))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_what_fits_as_well_is_told_with_its_formula() -> None:
    trace = load("gomez").run()
    window = trace.passes[0].windows[0]
    text = f"dU_f = {window.gradients['dU_f'] * 2:.6g}\n"
    report = mark_entries(trace, entries_of_text(text))
    (slip,) = report.slips
    assert len(set(slip.others)) == len(slip.others) and slip.says not in slip.others
    for one in slip.alternatives:
        assert one.says and one.symbol in trace.model.quantities
