"""A value of more than one step before: the message says how, and what it says works."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import cellcalc

CELL = """
title = "two before"
output = "h"
[parameters]
W = "input"
U = "scalar"
[state]
h = 0.0
m = 0.0
[[equation]]
symbol = "m"
formula = "h[t-1]"
[[equation]]
symbol = "h"
formula = "tanh(W @ x + U*m[t-1])"
"""


def problem(folder: Path, cell: str) -> cellcalc.Problem:
    (folder / "own.toml").write_text(cell)
    x, target = [0.5, -0.8, 0.3, 0.9, -0.2], [0.1, 0.4, -0.3, 0.2, 0.6]
    path = folder / "problem.toml"
    path.write_text(
        f'cell = "own.toml"\n[parameters]\nW = 0.7\nU = -0.6\n[initial]\nh = 0.2\nm = -0.4\n'
        f"[[sequence]]\nx = {x}\ntarget = {target}\n"
    )
    return cellcalc.load(path)


@pytest.mark.parametrize(
    ("steps", "hint"),
    [
        (2, "a state more, m = h[t-1]: then m[t-1] is h[t-2]"),
        (3, "more states, m1 = h[t-1], m2 = m1[t-1]: then m2[t-1] is h[t-3]"),
    ],
)
def test_the_message_says_how_to_keep_it(tmp_path: Path, steps: int, hint: str) -> None:
    direct = CELL.replace("m[t-1])", f"h[t-{steps}])")
    with pytest.raises(cellcalc.CellcalcError) as raised:
        problem(tmp_path, direct)
    assert f"found h[t-{steps}]; {hint}" in str(raised.value)


def test_a_cell_written_so_has_the_gradient(tmp_path: Path) -> None:
    """Against the recursion itself, differentiated by complex steps."""
    x, target = [0.5, -0.8, 0.3, 0.9, -0.2], [0.1, 0.4, -0.3, 0.2, 0.6]

    def loss(w: complex, u: complex) -> complex:
        before = [-0.4 + 0j, 0.2 + 0j]  # h[-1], h[0]
        total = 0j
        for value, wanted in zip(x, target, strict=True):
            z = w * value + u * before[-2]
            e = complex(math.exp(2 * z.real)) * complex(math.cos(2 * z.imag), math.sin(2 * z.imag))
            before.append((e - 1) / (e + 1))
            total += (before[-1] - wanted) ** 2 / 2
        return total

    run = problem(tmp_path, CELL).run()
    assert run.gradients["dW"] == pytest.approx(loss(0.7 + 1e-30j, -0.6).imag / 1e-30, rel=1e-12)
    assert run.gradients["dU"] == pytest.approx(loss(0.7, -0.6 + 1e-30j).imag / 1e-30, rel=1e-12)
