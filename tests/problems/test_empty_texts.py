"""An empty text in a template is a mistake, not a 0 or a name."""

from __future__ import annotations

from pathlib import Path

import pytest

import cellcalc

CELL = """
output = "h"
[parameters]
W_a = "input"
[state]
h = 0.0
[[equation]]
symbol = "h"
formula = "tanh(W_a @ x + h[t-1])"
"""
PROBLEM = """
cell = "mine.toml"
parameters = {W_a = 0.3}
[[sequence]]
x = [1, 2]
"""


@pytest.mark.parametrize("empty", ["", "   "])
@pytest.mark.parametrize(
    ("given", "key", "expected"),
    [
        ('formula = "tanh(W_a @ x + h[t-1])"', "formula", "a formula"),
        ('symbol = "h"', "symbol", "the name of a quantity"),
    ],
)
def test_an_equation_without_a_text(
    given: str, key: str, expected: str, empty: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(CELL.replace(given, f'{key} = "{empty}"'), "utf-8")
    (tmp_path / "problem.toml").write_text(PROBLEM, "utf-8")
    with pytest.raises(cellcalc.InputError) as raised:
        cellcalc.load(tmp_path / "problem.toml")
    line = f"mine.toml: equation[1].{key}: expected {expected}, found "
    assert any(line in told for told in raised.value.lines), raised.value.lines
