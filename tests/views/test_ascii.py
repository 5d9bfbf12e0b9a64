"""Output for terminals without Unicode: ASCII only, and still the same maths."""

from __future__ import annotations

import pytest

from cellcalc import load
from cellcalc.language.notation import LANGUAGE
from cellcalc.language.parser import parse
from cellcalc.model.model import Quantity
from cellcalc.views.text import ascii_text
from tests.support.command import Run

MODEL = load("gomez").model
ROWS = [row for row in MODEL.quantities.values() if row.formula is not None]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.symbol)
def test_equations_in_ascii_are_in_the_equation_language(row: Quantity) -> None:
    assert row.formula is not None
    text = ascii_text(MODEL.unicode()(row.formula))
    assert text.isascii() and parse(text) == row.formula
    assert text.replace("^", "**") == LANGUAGE(row.formula)


def test_steps_features_and_signs() -> None:
    assert ascii_text("∂L/∂c₁ = −0.5·x₁,₂ + W_f₁·x₁,ₜ₋₁") == "dc[1] = -0.5*x1[2] + W_f1*x1[t-1]"
    assert ascii_text("∂L/∂c₁ = a\n       = b") == "dc[1] = a\n      = b"


@pytest.mark.parametrize(
    "arguments",
    [
        ("table", "gomez", "--explain"),
        ("table", "gomez", "--notation", "greff"),
        ("derive", "gomez"),
        ("schedule", "ten_steps"),
        ("check", "gomez", "-e", "dc[1] = 1", "-e", "dU_f = sum(dz_f[t]*h[t])"),
        ("check", "gomez", "--suggest"),
        ("explain", "bptt"),
        ("templates",),
    ],
)
def test_every_command_has_plain_output(arguments: tuple[str, ...], run: Run) -> None:
    shown = run(*arguments).stdout
    plain = run(*arguments, "--ascii").stdout
    assert plain.isascii() and not shown.isascii()
    assert plain.count("\n") == shown.count("\n")
    assert plain.count("?") == shown.count("?"), [
        line for line in plain.splitlines() if "?" in line
    ]
