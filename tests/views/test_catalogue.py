"""The library of templates: listed, described, derived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellcalc import resources
from cellcalc.api import cell_alone
from cellcalc.errors import InputError
from cellcalc.views import catalogue
from tests.support.cells import CELLS
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
        (["derive", "gru", "--loss", "mse"], '--loss: expected absolute, cross-entropy, cross-entropy-logits, half-squared, huber, signed-error, squared or upstream, or the path of a .toml file, found "mse"'),
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
        cell_alone(str(mine), readout="linear")
