"""The Python that cellcalc derive prints: it runs, and it is what the engine runs."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys

import pytest

import cellcalc
from cellcalc.engine import codegen
from cellcalc.views import derivation
from tests.support.cells import CELLS, random_cell
from tests.support.command import Run
from tests.support.problems import random_data

KINDS = [
    ("identity", "half-squared", 2),
    ("linear", "squared", 1),
    ("logistic", "cross-entropy", 6),
]


@pytest.mark.parametrize(("readout", "loss", "features"), KINDS)
def test_the_script_prints_the_values_of_the_trace(readout: str, loss: str, features: int) -> None:
    data = random_data(1, features, 4, readout, loss, missing=True)
    problem = data.problem()
    text = derivation.derive(problem.specification, problem.model, "python")
    result = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", text],
        capture_output=True,
        text=True,
        check=True,
    )
    printed = dict(line.split(" ", 1) for line in result.stdout.splitlines())
    trace = problem.run()
    for symbol, value in trace.gradients.items():
        assert float(printed[symbol]) == value
    for row in (*trace.model.forward, *trace.model.backward):
        if row.symbol != "E":  # the script does not leave out the losses that do not count
            assert printed[row.symbol] == str(trace[row.symbol].tolist()), row.symbol


def test_the_script_is_the_source_that_runs(run: Run) -> None:
    problem = cellcalc.load("gomez")
    printed = run("derive", "gomez", "--format", "python").stdout
    assert codegen.function(problem.model) in printed
    assert "    c[t] = f[t]*c[t-1] + i[t]*g[t]\n" in printed
    assert "    dc[t] = dtanh_c[t]*(1 - tanh_c[t]**2) + dc[t+1]*f[t+1]\n" in printed


@pytest.mark.parametrize("cell", CELLS)
def test_a_script_of_every_cell_prints_the_trace(cell: str) -> None:
    problem = random_cell(cell, 7, features=2, steps=3).problem()
    text, printed = derivation.derive(problem.specification, problem.model, "python"), io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text, {})
    values = dict(line.split(" ", 1) for line in printed.getvalue().splitlines())
    trace = problem.run()
    for symbol, gradient in trace.gradients.items():
        assert float(values[symbol]) == gradient
    for row in (*trace.model.forward, *trace.model.backward):
        assert values[row.symbol] == str(trace[row.symbol].tolist()), row.symbol


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_by_itself_is_the_function_of_a_problem(cell: str, run: Run) -> None:
    problem = random_cell(cell, features=1, readout="identity").problem()
    printed = run("derive", cell, "--format", "python").stdout
    assert printed.endswith(codegen.function(problem.model))
    compile(printed, cell, "exec")
