"""With ``reduction = "mean"`` the derivation starts from a mean, and its script computes that."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.support.problems import random_data

DATA = replace(random_data(32, steps=5, missing=True), bptt='reduction = "mean"')


@pytest.mark.parametrize("format", ["text", "markdown", "html", "latex", "json"])
def test_the_chain_starts_with_a_share_of_the_mean(format: str) -> None:
    text = DATA.problem().derive(format=format)
    assert "1/N" in text and "L is the mean of the losses that count" in text
    assert "L is the sum of the losses" not in text


def test_the_sum_is_still_a_sum() -> None:
    text = replace(DATA, bptt="").problem().derive()
    assert "∂L/∂Eₜ = 1\n" in text and "L is the sum of the losses that count" in text


def test_the_script_has_the_gradients_of_the_mean() -> None:
    problem = DATA.problem()
    script = problem.derive(format="python")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    printed = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    for name, value in problem.run().gradients.items():
        assert float(printed[name]) == pytest.approx(float(value), rel=1e-12)


def test_a_square_of_a_derivative_is_in_brackets() -> None:
    text = replace(DATA, update='optimizer = "adam"').problem().derive()
    assert "(1 − beta₂)·(∂L/∂w)²" in text and "∂L/∂w²" not in text


def test_a_cell_without_meanings_has_no_empty_brackets(tmp_path) -> None:  # type: ignore[no-untyped-def]
    cell = tmp_path / "bare.toml"
    cell.write_text(
        'title = "bare"\noutput = "h"\n[parameters]\nW = "input"\nU = "scalar"\nb = "scalar"\n'
        '[state]\nh = 0.0\n[[equation]]\nsymbol = "z"\nformula = "W @ x + U*h[t-1] + b"\n'
        '[[equation]]\nsymbol = "h"\nformula = "tanh(z)"\n'
    )
    from cellcalc.api import cell_alone
    from cellcalc.views.derivation import derive

    text = derive(*cell_alone(str(cell)))
    assert "()" not in text and "weight of hₜ₋₁ in z\n" in text and "bias in z\n" in text


def test_clipping_is_part_of_the_update() -> None:
    text = replace(DATA, bptt="clip_norm = 0.5\nclip_value = 0.25").problem().derive()
    norm, value = text.index("min(1, 0.5/(norm + 1e-06))"), text.index("clip(∂L/∂w, −0.25, 0.25)")
    assert norm < value < text.index("w ← w")
