"""Sheets that are wrong all over: one habit is one cause, and nonsense gets no name at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import cellcalc
from cellcalc.check.report import Verdict

PROBLEM = """
cell = "lstm"
readout = "linear"
loss = "half-squared"
[parameters]
random = {seed = 11, scale = 0.9}
[initial]
h = 0.21
c = -0.34
[[sequence]]
x = [0.7, -0.4, 1.2, 0.5]
target = [0.4, 0.1, -0.6, 0.8]
"""
ROWS = ("f", "i", "g", "o", "c", "h", "y", "dh", "dc", "dz_f", "dz_i", "dz_g", "dz_o")


def sheet(change: Callable[[float], float]) -> str:
    run = cellcalc.loads(PROBLEM).run()
    values = {f"{name}[{t}]": run[name][t - 1] for name in ROWS for t in range(1, 5)}
    values |= dict(run.gradients)
    return "\n".join(f"{name} = {change(float(value)):.5g}" for name, value in values.items())


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    "change", [lambda v: 3 * v + 1, lambda v: 1.02 * v, lambda v: v + 0.01, lambda v: v * v]
)
def test_nonsense_gets_no_name(change: Callable[[float], float]) -> None:
    report = cellcalc.loads(PROBLEM).check(sheet(change))
    assert not any(slip["formula"] for slip in report.slips)
    (slip,) = report.slips
    assert "no slip or two together explain them" in slip["says"]


@pytest.mark.parametrize(
    ("factor", "says"),
    [
        (-1, "the sign of every number on the sheet"),
        (10, "the decimal point was moved in every number"),
        (2, "every number on the sheet is 2 times"),
    ],
)
def test_what_is_done_to_every_number_is_one_cause(factor: float, says: str) -> None:
    report = cellcalc.loads(PROBLEM).check(sheet(lambda v: factor * v))
    (slip,) = report.slips
    assert says in slip["says"]
    verdicts = [answer["verdict"] for answer in report.answers]
    assert verdicts.count(Verdict.REPEATED.value) > 0.9 * (len(verdicts) - 1)


@pytest.mark.cases(2)
@pytest.mark.parametrize("shift", [1, -1])
@pytest.mark.parametrize("moved", [ROWS, ROWS[-6:], ROWS[:-6]], ids=["all", "backward", "forward"])
def test_every_number_of_another_step_is_one_cause(shift: int, moved: tuple[str, ...]) -> None:
    run = cellcalc.loads(PROBLEM).run()
    lines = []
    for name in ROWS:
        by = shift if name in moved else 0
        for t in range(max(1, 1 - by), min(4, 4 - by) + 1):
            lines.append(f"{name}[{t}] = {run[name][t + by - 1]:.5g}")
    report = cellcalc.loads(PROBLEM).check("\n".join(lines))
    (slip,) = report.slips
    assert f"the step {'after' if shift > 0 else 'before'}" in slip["says"]


@pytest.mark.parametrize(
    ("factor", "says"), [(-1, "sign of every gradient"), (2, "2 times"), (4, "4 times")]
)
def test_what_is_done_to_every_gradient_is_one_cause(factor: float, says: str) -> None:
    run = cellcalc.loads(PROBLEM).run()
    lines = [f"{name}[{t}] = {run[name][t - 1]:.5g}" for name in ROWS for t in range(1, 5)]
    lines += [
        f"{name} = {value * (1 if name in ('dh0', 'dc0') else factor):.5g}"
        for name, value in run.gradients.items()
    ]
    report = cellcalc.loads(PROBLEM).check("\n".join(lines))
    (slip,) = report.slips
    assert says in slip["says"]
    assert [a["verdict"] for a in report.answers].count("repeated") == len(slip["answers"]) - 1


def test_what_follows_from_a_wrong_number_is_not_what_it_was_copied_from() -> None:
    run = cellcalc.loads(PROBLEM).run()
    lines = [f"{name}[1] = {run[name][0]:.3g}" for name in ("z_i", "z_o", "z_f", "f", "i", "o")]
    wrong = run["z_g"][0] / 40 + 0.0201  # small, so that tanh of it is the same to three figures
    report = cellcalc.loads(PROBLEM).check("\n".join([*lines, f"z_g[1] = {wrong:.3g}"]))
    (slip,) = report.slips
    assert "g[1]" not in slip["says"]


def test_a_plain_nought_is_not_what_comes_out_near_0() -> None:
    problem = PROBLEM.replace("x = [0.7", "x = [1.0").replace("0.4, 0.1", "0.6, 0.1")
    (slip,) = cellcalc.loads(problem).check("c[1] = 0").slips
    assert not slip["formula"]
