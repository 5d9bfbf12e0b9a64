"""A problem written as text is the same problem when it is read again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cellcalc import resources
from cellcalc.api import load
from cellcalc.problems.specification import Specification, read_specification
from cellcalc.views.problem_text import PROBLEM, problem_files
from tests.support.problems import random_data

SCHEMES = [
    'scheme = "full"',
    'scheme = "block(2)"',
    "k1 = 2\nk2 = 3\ninject = 'all'\ntail = 'discard'",
    'scheme = "tbptt(1,3)"\nreduction = "mean"\nclip_norm = 0.5',
]


def again(s: Specification, folder: Path) -> Specification:
    """The specification written to files and read from them."""
    for name, text in problem_files(s).items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_specification((folder / PROBLEM).read_text(encoding="utf-8"), PROBLEM, folder)


@pytest.mark.parametrize("name", resources.names("examples"))
def test_every_example_is_written_whole(name: str, tmp_path: Path) -> None:
    s = load(name).specification
    # As text, since a missing target (nan) is not equal to itself.
    assert repr(again(s, tmp_path)) == repr(replace(s, drawn=None))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_option_of_a_scheme_is_written(scheme: str, tmp_path: Path) -> None:
    data = replace(random_data(8, 2, 5), bptt=scheme, update='optimizer = "adam"\nepochs = 3')
    s = data.problem().specification
    assert again(s, tmp_path) == s


def test_a_cell_of_ones_own_comes_with_it(tmp_path: Path) -> None:
    own = (resources.folder("templates") / "cells" / "lstm.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(own.replace("W_o @ x", "2*(W_o @ x)"), encoding="utf-8")
    text = random_data(9, 1, 3).toml().replace('cell = "lstm"', 'cell = "mine.toml"')
    s = read_specification(text, "p.toml", tmp_path)
    assert set(problem_files(s)) == {PROBLEM, "own_cells.toml"}
    back = again(s, tmp_path)
    assert back.cell.equations == s.cell.equations
    assert (back.parameters, back.sequences) == (s.parameters, s.sequences)
