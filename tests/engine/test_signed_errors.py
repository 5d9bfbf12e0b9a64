"""A loss that is an error with a sign: computed, and nothing is learned from it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import openpyxl

import cellcalc
from tests.support.command import Run

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
    guide = [str(cell.value) for cell in sheets["Start"]["A"]]
    assert any("signed error, forward pass only" in text for text in guide)
