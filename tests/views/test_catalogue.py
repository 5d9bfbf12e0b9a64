"""The library of templates: listed, described, derived; errors computed without learning."""

from __future__ import annotations

import contextlib
import io
import json
import math
import subprocess
from pathlib import Path

import openpyxl
import pytest

import cellcalc
from cellcalc import resources
from cellcalc.api import bare
from cellcalc.engine import codegen
from cellcalc.errors import InputError
from cellcalc.views import catalogue, derivation
from tests.support.cells import CELLS, random_cell
from tests.support.command import Run
from tests.support.paths import EXPECTED

MINE = """\
title = "Minimal gated unit"
[parameters]
W_f = "input"
U_f = "scalar"
W_g = "input"
[state]
h = 0.0
[[equation]]
symbol = "f"
formula = "sigmoid(W_f @ x + U_f*h[t-1])"
says = "forget gate: how much is replaced"
[[equation]]
symbol = "h"
formula = "(1 - f)*h[t-1] + f*tanh(W_g @ x)"
says = "hidden output"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["templates", "losses"], "templates_losses.txt"),
        (["templates", "lstm-clip"], "templates_lstm_clip.txt"),
        (["templates", "peephole"], "templates_peephole.txt"),
        (["templates", "gru", "--format", "markdown"], "templates_gru.md"),
        (["derive", "rnn"], "derive_rnn.txt"),
        (["derive", "lstm-peephole", "--readout", "linear"], "derive_lstm_peephole.txt"),
    ],
)
def test_the_output_is_this(arguments: list[str], file: str, run: Run) -> None:
    result = run(*arguments)
    assert result.stderr == ""
    assert result.stdout == (EXPECTED / file).read_text(encoding="utf-8")
    assert max(map(len, result.stdout.splitlines())) <= 80 or file.endswith(".md")


def test_the_list_names_everything(run: Run) -> None:
    text = run("templates").stdout
    assert max(map(len, text.splitlines())) <= 80
    names = [*resources.names("examples"), "tbptt(k1,k2)", "adam", "logistic", "signed-error"]
    for name in [*CELLS, *names]:
        assert f"\n{name} " in text


def test_what_is_listed_can_be_described(run: Run) -> None:
    data = json.loads(run("templates", "--format", "json").stdout)
    assert list(data) == list(catalogue.KINDS)
    for kind, rows in data.items():
        for row in rows:
            assert row["title"], row
            found = catalogue.find(row["name"])
            assert kind in [entry.kind for entry in found]
            text = catalogue.description(found, "text", 80)
            lines = [line for line in text.splitlines() if "    cellcalc " not in line]
            assert max(map(len, lines)) <= 80, row["name"]


def test_a_cell_is_described_for_scripts(run: Run) -> None:
    (data,) = json.loads(run("templates", "lstm-forget-bias", "--format", "json").stdout)
    assert data["kind"] == "cells" and data["examples"] == ["forget_bias"]
    assert data["facts"]["coefficients"] == {"forget_bias": 1.0}
    assert data["equations"][0]["formula"] == "W_f @ x[t] + U_f*h[t-1] + b_f + forget_bias"


def test_a_template_of_ones_own_is_described_and_derived(mine: Path, run: Run) -> None:
    assert "cell " in run("templates", mine).stdout
    text = run("derive", mine).stdout
    assert text.startswith("cell: Minimal gated unit\n")
    assert "∂L/∂fₜ = ∂L/∂hₜ·(−hₜ₋₁ + tanh(W_g·xₜ)) + ∂L/∂" not in text
    assert "∂L/∂fₜ = ∂L/∂hₜ·(−hₜ₋₁ + tanh(W_g·xₜ))\n" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["templates", "gruu"], "gruu: expected one of cells, readouts, losses, optimizers, schemes, examples, or the name of one of them, found neither; did you mean gru?"),
        (["templates", "none.toml"], "none.toml: expected a file, found nothing there"),
        (["derive", "gruu"], "gruu: expected a file, an example or a cell (cellcalc templates lists them), found none of them; did you mean gru?"),
        (["derive", "logistic"], "logistic: expected a problem, an example or a cell, found one of the readouts (--readout takes it)"),
        (["derive", "adam"], "adam: expected a problem, an example or a cell, found one of the optimizers"),
        (["derive", "gru", "--loss", "mse"], '--loss: expected absolute, cross-entropy, half-squared, signed-error or squared, or the path of a .toml file, found "mse"'),
        (["derive", "gru", "--k1", "2"], "--k1: expected a problem, found gru"),
        (["derive", "gomez", "--loss", "squared"], "--loss: expected a cell, found gomez"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_refused(arguments: list[str], message: str, run: Run) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"Error: {message}\n")


def test_a_clash_with_the_readout_is_refused(mine: Path) -> None:
    mine.write_text(MINE.replace("U_f", "V"))
    with pytest.raises(InputError, match="readout: expected names that the cell does not use"):
        bare(str(mine), readout="linear")


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


def test_latex_of_every_cell_compiles(pdflatex: str, tmp_path: Path) -> None:
    parts = []
    for cell in ("lstm-clip", "lstm-hard", "lstm-hard-keras3", "lstm-1997", "fgr", "gru"):
        text = derivation.derive(*bare(cell, "linear-no-bias", "absolute"), format="latex")
        head, _, body = text.partition(r"\begin{document}")
        parts.append(body.partition(r"\end{document}")[0])
    document = head + r"\begin{document}" + r"\newpage ".join(parts) + r"\end{document}"
    (tmp_path / "cells.tex").write_text(document, encoding="utf-8")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "cells.tex"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-2000:]


SIGNED = """\
cell = "rnn"
loss = "signed-error"
[parameters]
W = 0.5
U = 0.25
b = 0.1
[[sequence]]
x = [1, -1, 0.5]
target = [0.2, nan, 0.4]
[[sequence]]
x = [0, 1]
"""


def test_a_signed_error_is_computed_and_nothing_is_learned(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "signed.toml"
    path.write_text(SIGNED)
    trace = cellcalc.load(path).run()
    first, second = trace.passes
    errors = first.forward["E"]
    assert errors[1] == first.forward["y"][1] - 0.2 and errors[3] == first.forward["y"][3] - 0.4
    assert math.isnan(errors[2]) and all(map(math.isnan, second.forward["E"]))
    assert errors[3] < 0 and first.loss is None and not first.windows
    assert trace.final == trace.initial and trace.gradients == {}
    assert "rnn · readout identity · signed-error: forward pass only" in run("table", path).stdout
    data = json.loads(run("table", path, "--format", "json").stdout)
    assert data["passes"][0]["forward"]["E"][1] is None and data["passes"][0]["windows"] == []
    assert "error: Signed error" in run("derive", path).stdout
    assert "only run forward" in run("schedule", path).stdout


def test_a_workbook_of_signed_errors_has_no_loss(tmp_path: Path, run: Run) -> None:
    path, book = tmp_path / "signed.toml", tmp_path / "signed.xlsx"
    path.write_text(SIGNED)
    assert run("workbook", path, "-o", book).exit_code == 0
    sheets = openpyxl.load_workbook(book)
    symbols = [cell.value for cell in sheets["BPTT"]["B"]]
    assert "E" in symbols and "target" in symbols
    assert not {"L", "dE", "learning_rate"} & set(symbols)
    guide = [str(cell.value) for cell in sheets["Guide"]["A"]]
    assert any("signed error, forward pass only" in text for text in guide)


def test_an_exercise_without_a_backward_pass_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("workbook", "cell_clip", "--practice", "backward", "-o", tmp_path / "x.xlsx")
    expected = '--practice: expected forward, since there is no backward pass, found "backward"'
    assert (result.exit_code, result.stderr) == (2, f"Error: {expected}\n")


def test_a_problem_without_a_parameter_is_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "own.toml").write_text(
        '[state]\nh = 1.0\n[[equation]]\nsymbol = "h"\nformula = "h[t-1]/2"\n'
    )
    problem = tmp_path / "p.toml"
    problem.write_text('cell = "own.toml"\n[[sequence]]\nx = [1]\n')
    expected = "parameters: expected a cell or readout that has a parameter, found none"
    assert run("table", problem).stderr == f"Error: {problem}: {expected}\n"
