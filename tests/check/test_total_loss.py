"""Formulas for L: the sum of the losses, or their mean, of the whole sequence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.problems import Data, random_data

DATA = random_data(31, features=2, steps=6)
MISSING = replace(DATA, target=[float("nan"), *DATA.target[1:4], float("nan"), DATA.target[5]])


def verdict(data: Data, reduction: str, scheme: str, formula: str) -> str:
    lines = f'scheme = "{scheme}"\nreduction = "{reduction}"'
    report = replace(data, bptt=lines).problem().check(f"L = {formula}")
    (answer,) = report.answers
    return str(answer["verdict"])


@pytest.mark.parametrize("scheme", ["full", "block(4)"])
@pytest.mark.parametrize(
    ("formula", "reductions"),
    [
        ("sum(E[t])", "sum"),
        ("E[1] + E[2] + E[3] + E[4] + E[5] + E[6]", "sum"),
        ("sum((y[t] - target[t])^2)/2", "sum"),
        ("mean(E[t])", "mean"),
        ("sum(E[t])/n", "mean"),
        ("sum(E[t])/6", "mean"),
        ("(E[1] + E[2] + E[3] + E[4] + E[5] + E[6])/6", "mean"),
        ("sum((y[t] - target[t])^2)/12", "mean"),
        ("sum(E[t])/5", ""),
        ("E[6]", ""),
        ("sum(y[t] - target[t])", ""),
    ],
)
def test_l_is_what_is_differentiated(formula: str, reductions: str, scheme: str) -> None:
    for reduction in ("sum", "mean"):
        expected = "correct" if reduction == reductions else "wrong"
        assert verdict(DATA, reduction, scheme, formula) == expected, reduction


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sum(E[t])/4", "correct"),
        ("(E[2] + E[3] + E[4] + E[6])/4", "correct"),
        ("mean(E[t])", "correct"),
        ("sum(E[t])/6", "wrong"),
        ("sum(E[t])", "wrong"),
    ],
)
@pytest.mark.parametrize("scheme", ["full", "block(4)"])
def test_a_step_without_a_target_has_no_part_in_the_mean(
    scheme: str, formula: str, expected: str
) -> None:
    assert verdict(MISSING, "mean", scheme, formula) == expected
