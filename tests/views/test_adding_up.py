"""Where the digits shown do not add up to the total shown, the table says so in a line."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

import cellcalc
from cellcalc.views.table import render, select
from tests.support.problems import random_data

NOTE = "Each number is rounded by itself"


def printed_apart(text: str) -> list[str]:
    """The gradients whose total, as it is printed, is not the sum of what is printed beside it."""
    found = []
    for line in text.split("\nGradients")[1].split("\nUpdate")[0].splitlines():
        name, _, numbers = line.partition(" ")
        if name.startswith("d") and len(numbers.split()) > 1:
            total, *parts = map(Decimal, numbers.split())
            found += [name] if total != sum(parts) else []
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("decimals", [1, 3, 5])
def test_the_gradients_named_are_those_that_do_not_add_up(seed: int, decimals: int) -> None:
    data = replace(random_data(seed, features=1, steps=3, readout="identity"), bptt="")
    run = data.problem().run()
    text = render(run, selection=select(run, ("gradients", "update")), decimals=decimals, width=0)
    table, _, said = text.partition(NOTE)
    apart = printed_apart(table)
    named = [word.rstrip(",") for word in said.split() if word.rstrip(",") in run.gradients]
    assert named == apart[:6] and (" and others " in said) == (len(apart) > 6)


def test_totals_that_add_up_have_no_line() -> None:
    numbers = "x = [1.0, 0.5]\ntarget = [0.5, 0.5]\n"
    text = f'cell = "rnn-linear"\n[parameters]\nW = 1.0\nU = 0.5\nb = 0.25\n[[sequence]]\n{numbers}'
    run = cellcalc.loads(text).run()
    assert NOTE not in render(run, decimals=12)


def test_a_choice_of_steps_is_no_sum() -> None:
    run = random_data(34, steps=4).problem().run()
    assert NOTE not in render(run, selection=select(run, steps="2:3"))
