"""Coefficients: a template's numbers that a problem may override and no update changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cellcalc
from tests.support.cells import CellData, complex_step, random_cell
from tests.support.command import Run

PROBLEM = """\
title = "Clipped"
cell = "lstm-clip"
[parameters]
random = {seed = 5}
[coefficients]
cell_clip = 0.05
[initial]
h = 0.1
c = 0.2
[[sequence]]
x = [1, -0.5, 0.8]
target = [0.2, 0.4, 0.1]
[update]
epochs = 2
"""


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    path = tmp_path / "clipped.toml"
    path.write_text(PROBLEM)
    return path


def test_a_problem_may_give_another_value(problem: Path) -> None:
    trace = cellcalc.load(problem).run()
    assert max(abs(trace["c"])) == 0.05 < max(abs(trace["c_free"]))
    problem.write_text(PROBLEM.replace("[coefficients]\ncell_clip = 0.05\n", ""))
    trace = cellcalc.load(problem).run()
    assert trace.specification.coefficients == {"cell_clip": 50.0}
    assert list(trace["c"]) == list(trace["c_free"])


def test_a_forget_bias_is_a_bias_that_stays() -> None:
    data = random_cell("lstm-forget-bias", more="[update]\nepochs = 3")
    shift = data.coefficients["forget_bias"]
    plain = CellData(**{
        **vars(data), "cell": "lstm", "coefficients": {},
        "parameters": {**data.parameters, "b_f": data.parameters["b_f"] + shift},
    })  # fmt: skip
    with_bias, without = data.problem().run(), plain.problem().run()
    assert list(with_bias["h"]) == pytest.approx(list(without["h"]), rel=1e-13)
    moved = {**with_bias.final, "b_f": with_bias.final["b_f"] + shift}
    assert moved == pytest.approx(without.final, rel=1e-13)


@pytest.mark.parametrize("bptt", ["weights = 'stored'", "scheme = 'tbptt(2,4)'"])
def test_it_holds_in_every_configuration(bptt: str) -> None:
    data = random_cell("lstm-clip", 6, steps=4, more=f"[bptt]\n{bptt}")
    trace = data.problem().run()
    if "stored" in bptt:
        assert trace.gradients == pytest.approx(complex_step(data), rel=1e-12)
    assert set(trace.final) == set(trace.initial) and "cell_clip" not in trace.final


def test_the_table_names_it_and_puts_it_into_the_equations(problem: Path, run: Run) -> None:
    result = run(
        "table", problem, "--explain", "--step", "1", "--symbols", "c,dc_free", "--epoch", "1"
    )
    assert result.stdout == """\
Clipped
cell lstm-clip · readout identity · loss half-squared
coefficients cell_clip = 0.05
scheme full (k1 = 3, k2 = 3, inject new)

Forward pass, epoch 1, step t = 1
─────────────────────────────────

c   memory cell: the part kept plus the part let in, within bounds
    c₁ = clip(c_free,₁, −cell_clip, cell_clip)
       = clip(0.09975, −0.05, 0.05)
       = 0.05000

Backward pass, epoch 1, step t = 1
──────────────────────────────────

dc_free   how the loss changes with c_free (memory cell before it is clipped)
    ∂L/∂c_free,₁ = ∂L/∂c₁·inside(c_free,₁, −cell_clip, cell_clip)
                 = (−0.08061)·inside(0.09975, −0.05, 0.05)
                 = 0.00000
"""  # fmt: skip


def test_scripts_get_it(problem: Path, run: Run) -> None:
    data = json.loads(run("table", problem, "--format", "json").stdout)
    assert data["coefficients"] == {"cell_clip": 0.05}
    assert "cell_clip" not in data["parameters"]["initial"]
    assert json.loads(run("table", "gomez", "--format", "json").stdout)["coefficients"] == {}


def test_the_derivation_names_it(problem: Path, run: Run) -> None:
    text = run("derive", problem).stdout
    assert "\ncell_clip = 0.05\n" in text
    assert "∂L/∂c_free,ₜ = ∂L/∂cₜ·inside(c_free,ₜ, −cell_clip, cell_clip)\n" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cell_clipp = 1", "coefficients.cell_clipp: expected a coefficient of lstm-clip with identity with half-squared (cell_clip), found an unknown key; did you mean cell_clip?"),
        ('cell_clip = "x"', 'coefficients.cell_clip: expected a finite number, found "x"'),
        ("cell_clip = nan", "coefficients.cell_clip: expected a finite number, found nan"),
    ],
)  # fmt: skip
def test_a_wrong_one_is_refused(given: str, message: str, problem: Path, run: Run) -> None:
    problem.write_text(PROBLEM.replace("cell_clip = 0.05", given))
    result = run("table", problem)
    assert (result.exit_code, result.stderr) == (2, f"Error: {problem}: {message}\n")


def test_a_coefficient_of_a_cell_without_any_is_refused(problem: Path, run: Run) -> None:
    problem.write_text(PROBLEM.replace("lstm-clip", "lstm"))
    assert "(none), found an unknown key" in run("table", problem).stderr
