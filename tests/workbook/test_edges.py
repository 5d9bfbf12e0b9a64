"""The columns at a window's edges: nothing there, and no error or other number for that."""

import math
from pathlib import Path

import pytest

from cellcalc.api import Problem
from cellcalc.engine.codegen import evaluate
from cellcalc.engine.trace import backward_values
from cellcalc.language.arithmetic import arrays, floats
from cellcalc.problems.specification import read_specification
from tests.support.spreadsheets import book_of, by_formualizer, formula_cells, poisoned, read

PROBLEM = """
cell = "cell.toml"
[parameters]
W = 0.5
u = 0.4
p = -1.5
[initial]
h = 0.3
[[sequence]]
x = [1, 2, -1]
target = [0.5, 0.2, 0.1]
"""
CELL = """
output = "h"
[parameters]
W = "input"
u = "scalar"
p = "scalar"
[state]
h = 0.0
[[equation]]
symbol = "q"
formula = "2 + tanh(W @ x + u*h[t-1])"
[[equation]]
symbol = "h"
formula = "{formula}"
"""
FORMULAS = ["h[t-1]*q**-1", "h[t-1]*q**-2 + p", "h[t-1]*q**p", "h[t-1]*q**-0.5", "(h[t-1]/q)/q",
            "h[t-1]*q**0", "h[t-1]*log(q)/q", "h[t-1]**2*p + W @ x"]  # fmt: skip


def problem(folder: Path, formula: str, scheme: str = "") -> Problem:
    (folder / "cell.toml").write_text(CELL.format(formula=formula))
    return Problem.of(read_specification(PROBLEM + scheme, "p.toml", folder))


def same_when_recalculated(book: bytes) -> None:
    stored, cells = read(book), formula_cells(book)
    computed = by_formualizer(poisoned(book), cells)
    numeric = [cell for cell in cells if isinstance(stored.get(cell), float)]
    assert len(numeric) > 100
    assert {c: computed[c] for c in numeric} == pytest.approx({c: stored[c] for c in numeric})
    texts = [cell for cell in cells if stored.get(cell) in ("OK", "!!")]
    assert {c: computed[c] for c in texts} == {c: stored[c] for c in texts}
    assert not [value for value in stored.values() if str(value).startswith("#")]


@pytest.mark.parametrize("scheme", ["", '[bptt]\nk1 = 1\nk2 = 2\nstate = "reset"\n'])
@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.cases(2)
def test_workbook_of_powers_and_quotients(tmp_path: Path, formula: str, scheme: str) -> None:
    trace = problem(tmp_path, formula, scheme).run()
    assert trace.first_not_finite() is None
    same_when_recalculated(book_of(trace))


@pytest.mark.parametrize("formula", FORMULAS)
def test_gradients_are_those_of_central_differences(tmp_path: Path, formula: str) -> None:
    base = problem(tmp_path, formula)

    def loss(u: float) -> float:
        text = PROBLEM.replace("u = 0.4", f"u = {u!r}")
        found = Problem.of(read_specification(text, "p.toml", tmp_path)).run().passes[0].loss
        assert found is not None
        return found

    slope = (loss(0.4 + 1e-5) - loss(0.4 - 1e-5)) / 2e-5
    assert base.run().gradients["du"] == pytest.approx(slope, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("exponent", [-1.0, -2.0, -0.5, -30.0])
def test_zero_to_a_negative_power_is_a_denominator_of_zero(exponent: float) -> None:
    assert floats.power(0.0, exponent) == floats.divide(1.0, 0.0)
    assert arrays.power(0.0, exponent) == pytest.approx(1e300)
    assert math.isfinite(floats.power(0.0, exponent))


def test_lamp_is_stored_as_the_checks_beside_it_are(tmp_path: Path) -> None:
    trace = problem(tmp_path, "h[t-1]*q**-2", '[bptt]\nk1 = 1\nk2 = 1\nstate = "reset"\n').run()
    book = read(book_of(trace))
    failing = [c for c, v in book.items() if c[0] in ("Checks", "Gradients") and v == "!!"]
    lamps = [v for c, v in book.items() if c[0] == "Checks" and c[1] in ("B3", "D3")]
    assert (failing, lamps) == ([], ["OK", 0])


def test_working_of_what_enters_after_a_reset_gives_its_result(tmp_path: Path) -> None:
    scheme = '[bptt]\nk1 = 1\nk2 = 1\nstate = "reset"\n'
    given = problem(tmp_path, "h[t-1]**2*p + W @ x", scheme)
    trace = given.run()
    pass_trace = trace.passes[0]
    entering = trace.model.entering[0]
    for window in pass_trace.windows:
        value = backward_values(pass_trace, window, window.first - 1)
        assert entering.formula is not None
        worked = evaluate(entering.formula, value)
        assert worked == pytest.approx(window.gradients["dh0"], rel=1e-12)
        answer = f"window = {window.window.fires_at}\ndh0 = {worked!r}"
        assert given.check(answer).ok
