"""``cellcalc derive``: a LaTeX document that compiles, a script that runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cellcalc
from cellcalc.engine import codegen, run
from cellcalc.views import derivation
from tests.support.command import Run
from tests.support.paths import TEMPLATES
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


@pytest.mark.parametrize(("readout", "loss", "features"), KINDS)
def test_latex_compiles(
    readout: str, loss: str, features: int, tmp_path: Path, pdflatex: str
) -> None:
    problem = random_data(1, features, 4, readout, loss).problem()
    text = derivation.derive(problem.specification, problem.model, "latex")
    (tmp_path / "d.tex").write_text(text, encoding="utf-8")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout.decode(errors="replace")[-2000:]
    log = (tmp_path / "d.log").read_text(encoding="utf-8", errors="replace")
    assert "Overfull" not in log and "Missing character" not in log
    assert (tmp_path / "d.pdf").stat().st_size > 10_000


def test_a_title_cannot_put_code_into_the_script_or_the_document(tmp_path: Path, run: Run) -> None:
    cell = (TEMPLATES / "cells" / "lstm.toml").read_text(encoding="utf-8")
    hostile = 'x\\n\\"\\"\\"\\nimport os; os.abort()\\n\\\\input{/etc/passwd} ~^ ₜ ☃'
    (tmp_path / "mine.toml").write_text(
        cell.replace("LSTM with forget gate", hostile).replace("candidate, net input", hostile)
    )
    (tmp_path / "p.toml").write_text(
        "cell = 'mine.toml'\n[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx=[1]\ntarget=[1]\n"
    )
    script = run("derive", tmp_path / "p.toml", "--format", "python").stdout
    subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True)
    latex = run("derive", tmp_path / "p.toml", "--format", "latex").stdout
    assert (
        r"\textbackslash{}input\{/etc/passwd\} \textasciitilde{}\textasciicircum{} $_t$ ?" in latex
    )
    assert r"\input{" not in latex


def test_guarded_source_gives_the_same_numbers() -> None:
    problem = random_data(2, 2, 4, "logistic", "cross-entropy").problem()
    plain, guarded = (codegen.function(problem.model, guarded=g) for g in (False, True))
    assert "power(" in guarded and "divide(" in guarded
    assert "power(" not in plain and "divide(" not in plain
    computation = run._Run(problem.specification, problem.model, None, detail=True, guarded=True)
    assert computation.trace(None).gradients == problem.run().gradients
