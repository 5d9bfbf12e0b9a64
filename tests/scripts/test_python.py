"""The script of ``derive --format python`` runs by itself, whatever the problem's scheme."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import pytest

from cellcalc.api import Problem
from cellcalc.problems.schemes import Scheme
from cellcalc.scripts.python import script
from tests.support.cells import random_cell


@pytest.mark.parametrize("weights", ["current", "stored"])
def test_the_script_is_full_bptt_without_an_update(weights: str) -> None:
    more = f'[bptt]\nk1 = 1\nk2 = 2\nweights = "{weights}"\n'
    problem = random_cell("lstm", 5, features=2, steps=4, more=more).problem()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script(problem.specification, problem.model, ["title"]), {})
    values = dict(line.split(" ", 1) for line in printed.getvalue().splitlines())
    full = Problem.of(replace(problem.specification, scheme=Scheme("full", None, None)))
    for symbol, gradient in full.run().gradients.items():
        assert float(values[symbol]) == pytest.approx(gradient, rel=1e-12), symbol
