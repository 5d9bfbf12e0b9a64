"""``cellcalc explain``: words, symbols and schemes in a line, topics in a page."""

from __future__ import annotations

import json
import tomllib

import pytest

from cellcalc import resources
from cellcalc.model.derivation import build
from cellcalc.problems import templates
from cellcalc.views import glossary
from tests.support.command import Run
from tests.support.paths import TEMPLATES

GLOSSARY = tomllib.loads((TEMPLATES / "glossary.toml").read_text(encoding="utf-8"))


def test_a_word_in_full(run: Run) -> None:
    assert run("explain", "carousel").stdout == (
        "carousel\n"
        "\n"
        "The constant error carousel: the path from c of one step to c of the next, where\n"
        "the cell is only multiplied by the forget gate. Along it a gradient can travel\n"
        "far. Its row is dc_via_c.\n"
        "\n"
        "See also: cellcalc explain lstm, vanishing\n"
    )


@pytest.mark.parametrize("word", GLOSSARY)
def test_every_word_is_explained_and_leads_on(word: str, run: Run) -> None:
    for spelled in (word, word.replace("_", " "), word.replace("_", "-").upper()):
        assert GLOSSARY[word]["text"] in " ".join(run("explain", spelled).stdout.split())
    assert set(GLOSSARY[word]["see"]) <= set(resources.names("templates/topics"))


@pytest.mark.parametrize(
    ("symbol", "maths"),
    [
        ("dc_via_c", "∂L/∂cₜ via c = ∂L/∂cₜ₊₁·fₜ₊₁"),
        ("dW_f", "∂L/∂W_f = Σₜ ∂L/∂z_f,ₜ·xₜ"),
        ("c", "cₜ = fₜ·cₜ₋₁ + iₜ·gₜ"),
        ("z_r", "z_r,ₜ = "),
        ("p_f", "weight of cₜ₋₁ in z_f"),
        ("dh0", "how the loss changes with h as it enters the window"),
        ("block", "k1 = k, k2 = k"),
        ("k1", "How many steps lie between two windows"),
    ],
)
def test_a_symbol_is_explained(symbol: str, maths: str, run: Run) -> None:
    if symbol != "block":  # which is a word, too
        assert maths in run("explain", symbol).stdout
    assert "?" not in run("explain", symbol, "--ascii").stdout


def test_every_symbol_of_every_cell_is_explained() -> None:
    for cell in resources.names("templates/cells"):
        parts = templates.load("cells", cell), templates.load("readouts", "linear")
        model = build(*parts, templates.load("losses", "half-squared"), 1)
        for key in model.quantities:
            assert glossary.meaning(key) is not None, (cell, key)


@pytest.mark.parametrize("format", ["text", "markdown", "html", "json"])
def test_a_word_in_every_format(format: str, run: Run) -> None:
    text = run("explain", "window", "--format", format).stdout
    assert "The steps that one backward sweep covers" in text
    if format == "json":
        assert json.loads(text)["name"] == "window"


def test_what_nobody_knows_is_said(run: Run) -> None:
    result = run("explain", "carusel")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith('a word or a symbol, found "carusel"; did you mean carousel?\n')


def test_truncation_begins_with_a_case_that_behaves(run: Run) -> None:
    text = run("explain", "tbptt").stdout
    rows = [line.split() for line in text.splitlines() if line.startswith("bptt(")]
    errors = [float(row[3]) for row in rows[:4]]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 1
    assert text.index("bptt(3)") < text.index("block(5)")
