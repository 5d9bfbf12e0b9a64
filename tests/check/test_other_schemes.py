"""Another scheme than the one asked for is one cause, whatever rows of it are handed in.

The work is that of tests.marking, which shares nothing with cellcalc.
"""

from __future__ import annotations

import re

import pytest

from cellcalc import load
from cellcalc.check.answers import entries_of_text
from cellcalc.check.marking import mark
from tests.marking.arithmetic import Rounding
from tests.marking.equations import Shape
from tests.marking.judging import Marked, marked_values
from tests.marking.judging import mark as marked
from tests.marking.problems import Plan, random_problem
from tests.marking.sheets import DEGREES, sheet, written
from tests.marking.slips import of_training
from tests.marking.working import values_of

STEPS = 6
OF_NAME = {name: (asked, done, says) for name, asked, done, says in of_training(STEPS)}


def checked(name: str, degree: str, seed: int = 0) -> tuple[Marked, str]:
    asked, done, says = OF_NAME[name]
    problem = random_problem(f"{name} {seed}", Shape(1, "linear"), asked, STEPS)
    rounding = Rounding(5)
    values = values_of(problem, rounding, plan=done)
    page = sheet(written(marked_values(problem, values, degree), rounding), problem)
    return marked(problem, page), says


@pytest.mark.parametrize("degree", DEGREES[1:])
@pytest.mark.parametrize(
    "name",
    ["one step deeper", "k1 one more", "never detached", "an update a window", "from the start"],
)
@pytest.mark.cases(2)
def test_it_is_named_alone_with_the_rows_that_only_it_has(name: str, degree: str) -> None:
    found, says = checked(name, degree)
    assert not found.trouble
    assert len(found.slips) == 1
    assert re.search(says, found.slips[0]["says"])


@pytest.mark.parametrize("degree", DEGREES[1:])
def test_what_flows_back_is_not_cleared_in_more_than_one_way(degree: str) -> None:
    found, says = checked("state's gradient not cleared", degree)
    assert len(found.slips) == 1
    assert re.search(says, found.slips[0]["says"])


def test_a_state_before_the_window_by_its_step_belongs_to_that_step() -> None:
    """dc[3], where the window begins at 4: of a deeper window it is a step like others."""
    asked, deeper = load("ten_steps", scheme="tbptt(3,3)"), load("ten_steps", scheme="tbptt(3,4)")
    lines = []
    for k, window in enumerate(deeper.run().passes[0].windows, 1):
        lines.append(f"window = {k}")
        lines += [
            f"dc[{t}] = {v:.6g}" for t, v in zip(window.steps, window.backward["dc"], strict=True)
        ]
        lines += [f"{name} = {v:.6g}" for name, v in window.gradients.items() if name[1] == "U"]
    report = mark(asked.run(), entries_of_text("\n".join(lines)))
    (slip,) = report.slips
    assert "k2 = 4" in slip.says


def test_a_weight_that_was_not_updated_is_seen_in_a_list_of_new_ones() -> None:
    trace = load("two_step").run()
    window = trace.passes[0].windows[0]
    changed = max(window.after, key=lambda n: abs(window.after[n] - window.before[n]))
    after = {**window.after, changed: window.before[changed]}
    text = "".join(f"{name} = {value:.7f}\n" for name, value in after.items())
    report = mark(trace, entries_of_text(text))
    wrong = [m.answer.symbol for m in report.marked if m.verdict != "correct"]
    assert wrong == [changed]
    assert "the old weight" in report.slips[0].says


def test_weights_as_the_problem_gives_them_are_no_answers() -> None:
    trace = load("two_step").run()
    before = trace.passes[0].windows[0].before
    text = "".join(f"{name} = {value:.7g}\n" for name, value in before.items())
    assert not mark(trace, entries_of_text(text)).marked


def test_a_plan_followed_as_it_was_asked_has_no_cause() -> None:
    problem = random_problem("right", Shape(1, "linear"), Plan(k1=2, k2=3), STEPS)
    values = values_of(problem, Rounding(5))
    page = sheet(written(marked_values(problem, values, DEGREES[1]), Rounding(5)), problem)
    assert not marked(problem, page).slips


@pytest.mark.parametrize("rounding", [Rounding(decimals=3), Rounding(decimals=3, zeros=False)])
def test_new_weights_that_round_to_the_old_ones_are_answers(rounding: Rounding) -> None:
    """At three decimals a small update changes nothing; nothing may be left out for that."""
    for seed in range(6):
        problem = random_problem(f"small updates {seed}", Shape(1), Plan(k1=2, k2=2), STEPS)
        values = marked_values(problem, values_of(problem, rounding), DEGREES[2])
        found = marked(problem, sheet(written(values, rounding), problem))
        assert set(found.verdicts) <= {"correct", "coarse"}
