"""The campaign can fail: its work is right, its slips show, and a wrong marker is noticed."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.marking import campaign, judging
from tests.marking.arithmetic import Rounding
from tests.marking.campaign import PARTS, SCHEMES, Job
from tests.marking.equations import STYLES, Shape
from tests.marking.judging import Marked, Truth, is_same, worth
from tests.marking.others import central_differences, torch_values
from tests.marking.problems import SHAPES, Plan, Problem, random_problem
from tests.marking.sheets import DEGREES, FORMS, Sheet, chosen, sheet, written
from tests.marking.slips import Slip, mutants, of_table, of_training
from tests.marking.working import Where, everywhere, off, values_of
from tests.support.loop import Options, train
from tests.support.oracles import sample
from tests.support.problems import Data

PEEPHOLE = Shape(2, "linear", cell="lstm-peephole")


@pytest.mark.parametrize(
    ("shape", "style"), sample(product([*SHAPES, PEEPHOLE], STYLES), 3), ids=str
)
def test_the_work_is_that_of_autograd(shape: Shape, style: str) -> None:
    pytest.importorskip("torch")
    for awkward in ("", "missing", "zero start"):
        problem = random_problem(7, shape, awkward=awkward)
        found, true = values_of(problem, style=style), torch_values(problem, double=True)
        shared = found.keys() & true.keys()
        assert {where.part for where in shared} == {"forward", "backward", "gradient", "entering"}
        for where in shared:
            assert found[where] == pytest.approx(true[where], rel=1e-12, abs=1e-13), where


def test_the_gated_recurrent_unit_is_that_of_central_differences() -> None:
    problem = random_problem(3, Shape(2, "linear", cell="gru-reset-before"))
    exact = values_of(problem)
    for where, value in central_differences(problem, 1e-5).items():
        assert exact[where] == pytest.approx(value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "plan",
    [plan for plan in SCHEMES.values() if plan.optimizer == "sgd" and plan.epochs == 1
     and plan.tail != "short"],
    ids=str,
)  # fmt: skip
def test_the_schemes_are_those_of_the_plain_loop(plan: Plan) -> None:
    problem = random_problem(5, Shape(2, "linear"), plan, steps=5)
    sequence = problem.sequences[0]
    data = Data(2, 5, "linear", "half-squared", {}, problem.initial, sequence.x, sequence.target)
    options = Options(
        plan.k1 or 5, plan.k2 or 5, plan.inject, plan.tail, plan.state, plan.weights,
        plan.update, plan.reduction,
    )  # fmt: skip
    result = train(data, problem.parameters, options, plan.rate)
    found = values_of(problem)
    for k, gradient in enumerate(result.gradients, 1):
        for name, value in gradient.items():
            part = "entering" if name in ("dh0", "dc0") else "gradient"
            assert found[Where(name, None, part, window=k)] == pytest.approx(value, rel=1e-11)
    updated = {where.symbol: value for where, value in found.items() if where.part == "update"}
    assert updated == pytest.approx(result.parameters[-1], rel=1e-11)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_updates_are_those_of_torch(optimizer: str) -> None:
    torch = pytest.importorskip("torch")
    plan = Plan(epochs=3, optimizer=optimizer, rate=0.05)
    problem = random_problem(9, Shape(1), plan, steps=3)
    found = values_of(problem)
    tensors = {k: torch.tensor(v, dtype=torch.float64) for k, v in problem.parameters.items()}
    made = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    }[optimizer](list(tensors.values()))
    for epoch in (1, 2, 3):
        now = replace(problem, parameters={k: v.item() for k, v in tensors.items()}, plan=Plan())
        gradients = torch_values(now, double=True)
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(
                gradients[Where(f"d{name}", None, "gradient")], dtype=torch.float64
            )
        made.step()
        for name, tensor in tensors.items():
            where = Where(name, None, "update", epoch=epoch)
            assert found[where] == pytest.approx(tensor.item(), rel=1e-10)


@pytest.mark.parametrize(
    ("number", "rounding", "text"),
    [
        (0.12345, Rounding(4), "0.1235"),  # half away from zero, by the decimals
        (-0.12345, Rounding(4), "-0.1235"),
        (2.5, Rounding(1), "3"),
        (0.30004, Rounding(4), "0.3000"),
        (0.30004, Rounding(4, zeros=False), "0.3"),
        (9.99996, Rounding(5), "10.0000"),
        (0.0004, Rounding(decimals=3), "0.000"),
        (1234.5, Rounding(3), "1230"),
        (1.0049999999999999, Rounding(3), "1.01"),  # 1.005 on a calculator
    ],
)
def test_rounding_is_that_of_people(number: float, rounding: Rounding, text: str) -> None:
    assert rounding.text(number) == text


@pytest.mark.parametrize(
    ("rounding", "style"), sample(product(campaign.ROUNDINGS, STYLES), 3), ids=str
)
@pytest.mark.cases(2)
def test_right_work_lies_within_its_bounds(rounding: Rounding, style: str) -> None:
    for number, shape in enumerate(SHAPES):
        problem = random_problem(number, shape)
        values = values_of(problem, rounding, style)
        for degree in DEGREES:
            given = chosen(values, degree, problem)
            worst = max(one.outside for one in off(problem, rounding, given).values())
            assert worst < 1.02  # to first order


@pytest.mark.parametrize("plan", sample(SCHEMES.values(), 3), ids=str)
def test_right_work_lies_within_its_bounds_under_every_scheme(plan: Plan) -> None:
    problem = random_problem(2, Shape(1), plan, steps=(4, 3))
    values = values_of(problem, Rounding(5))
    given = chosen(values, "all rows", problem)
    assert max(one.outside for one in off(problem, Rounding(5), given).values()) < 1.02


def test_bounds_are_no_wider_than_what_rounding_does() -> None:
    """Errors of half a unit, with the worst signs, reach them: else nothing would be visible."""
    reached = 0.0
    for number in range(30):
        problem = random_problem(number)
        values = values_of(problem, Rounding(5))
        given = chosen(values, "usual rows", problem)
        reached = max(reached, *(one.own for one in off(problem, Rounding(5), given).values()))
    assert reached > 0.8


def _shows(slip: Slip, shape: Shape) -> bool:
    style = STYLES[0]
    problem = random_problem(4, shape)
    given = chosen(values_of(problem, Rounding(6), style, slip.edits), "all rows", problem)
    return max(one.units for one in off(problem, Rounding(6), given).values()) > 5


@pytest.mark.parametrize("shape", sample(SHAPES[:4], 3), ids=str)
@pytest.mark.cases(1)
def test_every_slip_of_the_reference_shows(shape: Shape) -> None:
    hidden = [slip.name for slip in of_table(shape, 4) if not _shows(slip, shape)]
    assert not hidden


def test_single_edits_are_many_and_show() -> None:
    shape = Shape(2, "linear")
    found = mutants(shape, STYLES[0])
    kinds = Counter(slip.name.partition(":")[0] for slip in found)
    assert len(found) > 400
    assert kinds.keys() >= {"sibling", "wrong step", "wrong sum", "factor left out", "sign"}
    some = sample(found[::17], 2)
    assert sum(_shows(slip, shape) for slip in some) > 0.9 * len(some)


@pytest.mark.parametrize("case", sample(of_training(6), 3), ids=lambda case: case[0])
def test_every_slip_of_training_shows(case: tuple[str, Plan, Plan, str]) -> None:
    _, asked, followed, _ = case
    if asked == Plan():
        asked, followed = replace(asked, epochs=2), replace(followed, epochs=2)
    problem = random_problem(6, Shape(1), asked, steps=6)
    values = values_of(problem, Rounding(6), plan=followed)
    given = chosen(values, "final gradients", problem)
    assert max(one.units for one in off(problem, Rounding(6), given).values()) > 5


# Markers that are wrong


Verdict = Callable[[Problem, Sheet, Where], str]


def _marker(
    verdict: Verdict, slips: tuple[Mapping[str, Any], ...] = ()
) -> Callable[[Problem, Sheet], Marked]:
    def mark(problem: Problem, page: Sheet) -> Marked:
        return Marked(tuple(verdict(problem, page, w) for w in page.wheres), slips, 0.0)

    return mark


def _counts(part: str, monkeypatch: pytest.MonkeyPatch, marker: Any) -> Counter[str]:
    monkeypatch.setattr(campaign, "mark", marker)
    total: Counter[str] = Counter()
    for record in PARTS[part](Job(part, 0, 1, 1)):
        total.update(record.counts)
    return total


@pytest.mark.parametrize("part", ["right", "schemes", "cells", "precision"])
def test_a_marker_that_calls_right_work_wrong_is_noticed(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if part == "precision":
        pytest.importorskip("torch")
    marker = _marker(lambda _, __, where: "wrong" if "dU_" in where.symbol else "correct")
    counts = _counts(part, monkeypatch, marker)
    assert counts["bad"] >= counts["sheets"] * 0.8 > 0


def test_a_marker_that_finds_all_right_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    marker = _marker(lambda *_: "correct")
    for part in ("slips", "edits", "training", "copies"):
        counts = _counts(part, monkeypatch, marker)
        assert counts["sheets"] > 0
        assert counts["detected"] == counts["named"] == 0


def test_a_marker_that_names_what_was_not_done_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    cause = {"symbol": "dc", "formula": "dh[t]*o[t]*7", "says": "a wrong name", "others": []}
    marker = _marker(lambda *_: "wrong", (cause,))
    for part in ("slips", "edits", "pairs"):
        counts = _counts(part, monkeypatch, marker)
        assert counts["false name"] == counts["visible"] > 0
        assert counts["named"] == 0
        assert counts["false wrong"] > 0


def test_answers_that_a_report_leaves_out_are_noticed() -> None:
    problem = random_problem(1)
    given = chosen(values_of(problem), "final gradients", problem)
    page = sheet(written(given, Rounding(4)), problem)
    marked = judging.mark(problem, page)
    assert len(marked.verdicts) == len(page.wheres)
    assert "dropped" not in marked.verdicts
    lines = {answer["line"] for answer in marked.report["answers"]}
    assert lines == set(page.lines)


# Names


@pytest.mark.parametrize(
    ("symbol", "formula", "others", "expected"),
    [
        ("do", "dh[t]*c[t]", [], "right"),
        ("do", "c*dh", [], "right"),
        ("dz_o", "dh[t]*c[t]*o[t]*(1 - o[t])", [], "right"),  # the same, a row later
        ("do", "dh[t]*tanh(tanh(c[t]))", [], "wrong"),
        ("do", "dh[t]*h[t]", ["do[t] = dh[t]*c[t]"], "among others"),
        ("do", "dh[t]*h[t]", [{"symbol": "do", "formula": "dh*c", "says": ""}], "among others"),
        ("do", "", [], "none"),
        ("do", "unknown[t]*7", [], "wrong"),
    ],
)
def test_a_name_is_compared_with_what_was_done(
    symbol: str, formula: str, others: list[Any], expected: str
) -> None:
    says = "a slip" if formula else judging.UNEXPLAINED
    cause = {"symbol": symbol, "formula": formula, "says": says, "others": others}
    truth = Truth(everywhere(do="dh*c"))
    assert worth(random_problem(1), [truth], cause, "final gradients") == expected


def test_a_name_of_two_edits_is_read() -> None:
    truth = Truth(everywhere(dc="dh + dc[t+1]*f[t+1]"))
    both = "dc[t] = dtanh_c + dc[t+1]*f[t+1]; dtanh_c[t] = dh[t]"
    for formula, expected in ((both, "right"), (both.partition(";")[0], "wrong")):
        cause = {"symbol": "dc", "formula": formula, "says": "two slips", "others": []}
        assert worth(random_problem(1), [truth], cause, "final gradients") == expected


def test_a_formula_may_tell_what_was_done_in_a_window() -> None:
    asked, followed = Plan(k1=2, k2=2, reduction="mean"), Plan(k1=2, k2=2)
    problem = random_problem(1, Shape(1), asked, steps=6)
    cause = {"symbol": "dy", "formula": "y[t] - target[t]", "says": "left out", "others": []}
    truths = [Truth({}, "added up", followed)]
    assert worth(problem, truths, cause, "final gradients") == "right"
    assert worth(problem, [Truth({}, "added up", asked)], cause, "final gradients") == "wrong"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form: str) -> None:
    problem = random_problem(1)
    values = chosen(values_of(problem), "usual rows", problem)
    page = sheet(written(values, Rounding(4)), problem, form)
    lines = page.text.splitlines()
    for where, place in zip(page.wheres, page.lines, strict=True):
        line = lines[place - 1]
        assert line.startswith(where.symbol)
        assert line.endswith(Rounding(4).text(values[where]))
    assert set(page.wheres) == set(values)


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("dz_f[t]*h[t]", True),
        ("sum(dz_f[t]*h[t])", True),
        ("sum(dz_f[t]*h[t-1])", False),
        ("dz_f[last]*h[last]", False),
        ("mean(dz_f[t]*h[t])", False),
    ],
)
def test_sums_and_their_parts_are_the_same_name(formula: str, same: bool) -> None:
    edits = judging.as_edits(Shape(), "dU_f", formula)
    truth = everywhere(**{"part dU_f": "dz_f*h"})
    assert is_same(random_problem(1), truth, edits, "final gradients") is same


def test_a_sheet_says_epoch_sequence_and_window() -> None:
    problem = random_problem(1, Shape(1), Plan(k1=2, k2=2, epochs=2), steps=(3, 2))
    given = written(chosen(values_of(problem), "usual rows", problem), Rounding(4))
    page = sheet(given, problem)
    lines = page.text.splitlines()
    assert lines[:3] == ["epoch = 1", "sequence = 1", "window = 1"]
    assert [line for line in lines if line.startswith("epoch")] == ["epoch = 1", "epoch = 2"]
    for where, line in zip(page.wheres, page.lines, strict=True):
        assert lines[line - 1].startswith(where.symbol)
    assert len(page.wheres) == len(given)
    assert not any(math.isnan(value) for value in values_of(problem).values())
    assert json.dumps(page.text)
