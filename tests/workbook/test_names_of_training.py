"""Parameters with names that the sheet Train has for something else as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from tests.support.spreadsheets import book_of, by_formualizer, formula_cells, poisoned, read

CELL = """output = "h"
[parameters]
W = "input"
{name} = "scalar"
[state]
h = 0.0
[[equation]]
symbol = "h"
formula = "tanh(W @ x + {name}*h[t-1])"
"""
PROBLEM = """cell = "cell.toml"
[parameters]
W = 0.4
{name} = -0.7
[initial]
h = 0.3
[[sequence]]
x = [0.5, -1.1, 0.9]
target = [0.2, -0.4, 0.6]
[bptt]
k1 = 2
k2 = 2
[update]
learning_rate = 0.1
epochs = 2
"""


@pytest.mark.parametrize("name", ["k", "p", "g", "s", "u", "norm"])
@pytest.mark.cases(2)
def test_a_parameter_trains_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "cell.toml").write_text(CELL.replace("{name}", name))
    text = PROBLEM.replace("{name}", name)
    book = book_of(Problem.of(read_specification(text, "p.toml", tmp_path)))
    stored, cells = read(book), formula_cells(book)
    assert any(sheet == "Train" for sheet, _ in cells)
    for cell, value in by_formualizer(poisoned(book), cells).items():
        if isinstance(stored.get(cell), float) and isinstance(value, int | float):
            assert value == pytest.approx(stored[cell], rel=1e-9, abs=1e-12), cell
