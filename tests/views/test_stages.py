"""A cell of one's own is drawn by stages: every line means something, and none runs over a box."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import cellcalc
from cellcalc.api import Problem
from cellcalc.errors import InputError
from cellcalc.language.tree import spelled_out, symbols
from cellcalc.model.model import TARGET, Model
from cellcalc.problems.specification import read_specification
from cellcalc.views.stages import MOST_INPUTS, Place, Staged, staged
from tests.reliability.templates import drawn

Box = tuple[str, bool]
SKIPS = """
output = "h"
[parameters]
W = "input"
U = "scalar"
[state]
h = 0.0
c = 0.0
[[equation]]
symbol = "a"
formula = "tanh(W @ x + U*h[t-1])"
[[equation]]
symbol = "b"
formula = "tanh(a + c[t-1])"
[[equation]]
symbol = "c"
formula = "b*a + c[t-1]"
[[equation]]
symbol = "h"
formula = "tanh(c)*a + h[t-1]"
"""
PROBLEM = 'cell = "cell.toml"\n[parameters]\nrandom = {seed = 1}\n[[sequence]]\n'


def own(folder: Path, cell: str, features: int = 1) -> Model:
    (folder / "cell.toml").write_text(cell)
    x = [[0.5] * features if features > 1 else 0.5] * 2
    text = f"{PROBLEM}x = {x}\ntarget = [0.1, 0.2]\n"
    return Problem.of(read_specification(text, "p.toml", folder)).model


def at_random(folder: Path, seed: int) -> Model:
    """The next of the cells that are drawn at random which is sound."""
    generator = random.Random(seed)
    while True:
        one = drawn(generator)
        (folder / "cell.toml").write_text(one.cell)
        try:
            return Problem.of(read_specification(one.problem, "p.toml", folder)).model
        except InputError:
            continue


def used(model: Model) -> set[tuple[Box, Box]]:
    """What each equation uses, of what has a box."""
    inputs = [row.symbol for row in model.inputs if row.symbol != TARGET]
    there = {*inputs[:MOST_INPUTS], *(row.symbol for row in model.forward)}
    found = set()
    for row in model.forward:
        formula = row.formula
        for symbol in symbols(spelled_out(formula, model.features)) if formula else ():
            before = symbol.shift == -1
            if before or (symbol.shift == 0 and symbol.name in there):
                found.add(((symbol.name, before), (row.symbol, False)))
    return found


def joined(laid: Staged) -> set[tuple[Box, Box]]:
    """Which box the lines lead to from each box, followed from stage to stage."""
    at = {place: box for box, place in laid.places.items()}
    after: dict[Place, list[Place]] = {}
    for wire in laid.wires:
        if wire.start != wire.end:
            after.setdefault(wire.start, []).append(wire.end)
    found = set()
    for box, place in laid.places.items():
        ahead = list(after.get(place, []))
        while ahead:
            end = ahead.pop()
            if end in at:
                found.add((box, at[end]))
            else:  # a lane
                ahead += after[end]
    return found


def check(model: Model) -> None:
    laid = staged(model)
    assert joined(laid) == used(model)
    places = list(laid.places.values())
    assert len(set(places)) == len(places)
    lanes = [wire.start for wire in laid.wires if wire.start == wire.end]
    for row, column in [*places, *lanes]:
        for other, beside in places:
            if beside == column and (other, beside) != (row, column):
                assert row <= other - 0.5 or row >= other + 1, "over a box"
    for wire in laid.wires:  # to the next stage, along a lane, or down to the box below
        (row, column), (end, at) = wire.start, wire.end
        assert at == column + 1 or wire.start == wire.end or (at == column and end == row + 1)
        assert wire.leaves == (wire.start in places) and wire.arrives == (wire.end in places)


def test_a_value_used_later_on_runs_past_the_boxes_between(tmp_path: Path) -> None:
    model = own(tmp_path, SKIPS)
    check(model)
    assert (("a", False), ("h", False)) in joined(staged(model))
    assert staged(model).places["E", False][0] == staged(model).places["h", False][0] + 2


@pytest.mark.parametrize("features", [3, 7])
def test_inputs_have_boxes_or_are_named(features: int, tmp_path: Path) -> None:
    model = own(tmp_path, SKIPS, features)
    check(model)
    named = {symbol.name for symbol in staged(model).more.get(("a", False), ())}
    assert named == {f"x{k}" for k in range(MOST_INPUTS + 1, features + 1)}


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.cases(12)
def test_lines_of_cells_drawn_at_random_are_what_their_equations_use(
    seed: int, tmp_path: Path
) -> None:
    check(at_random(tmp_path, seed))


@pytest.mark.parametrize("cell", ["lstm", "lstm-peephole", "gru", "gru-chung", "rnn"])
def test_the_cells_of_textbooks_can_be_drawn_so_too(cell: str) -> None:
    check(Problem(cell=cell, parameters={"random": {"seed": 1}}, x=[1.0, 0.5], target=[0, 1]).model)


def test_a_picture_of_very_many_boxes_names_what_each_is_made_of(tmp_path: Path) -> None:
    made_of = ["W @ x", *(" + ".join(f"q{j}" for j in range(k)) for k in range(1, 40))]
    chain = "".join(
        f'[[equation]]\nsymbol = "q{k}"\nformula = "{formula}"\n'
        for k, formula in enumerate(made_of)
    )
    cell = f'output = "h"\n[parameters]\nW = "input"\n[state]\nh = 0.0\n{chain}'
    model = own(tmp_path, f'{cell}[[equation]]\nsymbol = "h"\nformula = "tanh(q39 + h[t-1])"\n')
    laid = staged(model)
    assert not laid.wires
    assert {symbol.name for symbol in laid.more["q3", False]} == {"q0", "q1", "q2"}


def test_the_picture_for_a_paper_has_the_lines(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    assert matplotlib
    model = own(tmp_path, SKIPS)
    (tmp_path / "p.toml").write_text(f"{PROBLEM}x = [1, 2]\ntarget = [0.5, 0.25]\n")
    drawing = cellcalc.load(tmp_path / "p.toml").draw("cell")
    axes = drawing.figure.axes[0]
    from matplotlib.patches import FancyArrowPatch

    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    wires = staged(model).wires
    assert len(arrows) == sum(wire.arrives for wire in wires)
    assert len(axes.lines) == sum(not wire.arrives for wire in wires)
