"""A symbol of one's own that is called as cellcalc calls something: refused, or the same numbers.

Each problem is computed once with a parameter ``q``, and once with that parameter renamed.
"""

import re
from pathlib import Path

import pytest

from cellcalc.api import Problem
from cellcalc.errors import InputError
from cellcalc.problems.specification import read_specification
from tests.support.spreadsheets import book_of, by_formualizer, formula_cells, poisoned, read

CELL = """
output = "s"
[parameters]
W = "input"
NAME = "scalar"
b = "scalar"
[state]
s = 0.0
[[equation]]
symbol = "s"
formula = "tanh(W @ x + NAME*s[t-1] + b)"
"""
PROBLEM = """
cell = "cell.toml"
readout = "linear"
[parameters]
W = [0.5, -0.3]
NAME = 0.7
b = 0.1
V = 0.9
b_y = -0.2
[initial]
s = 0.4
[[sequence]]
x = [[1, 2], [0.5, -1], [-1, 0.3]]
target = [0.5, 0.2, 0.1]
[bptt]
k1 = 2
k2 = 2
"""
UPDATES = {
    "sgd": "clip_norm = 0.1\nclip_value = 0.05\n[update]\nepochs = 2\n",
    "adam": 'update = "epoch"\n[update]\noptimizer = "adam"\nepochs = 2\n',
}


def words(text: str) -> list[str]:
    return text.split()


# Refused with every optimizer, and with one that keeps such rows.
REFUSED = words("""
    s0 ds ds0 dW dW1 target x x1 x2 dx1 dy dtarget sum_dW1 clipped_dW1 y E dE t n L first
    last columns parameters new range zip nan inf True None window epoch sequence
    learning_rate momentum gradient_norm clip_factor loss tanh max identity W1 W2
""")
REFUSED_BY_ADAM = ["k", "m_W1", "v_W2", "m_b", "v_V", "epsilon", "beta1"]
TAKEN = words("""
    h c h0 w dw m v e pi i j self np math torch sum update pass_ memory gradients settings
    count value name digits checks_failed focus_step Print_Area Print_Titles R C A1 XFD1
    w1 B S
""")


def numbers(tmp_path: Path, name: str, update: str) -> str:
    """The run with the parameter under that name, its name taken out again."""
    trace = problem(tmp_path, name, update).run()
    text = repr(trace.to_dict())
    return re.sub(rf"(['_d]){name}(['_])", r"\1q\2", text)


def problem(folder: Path, name: str, update: str) -> Problem:
    (folder / "cell.toml").write_text(re.sub("NAME", name, CELL))
    text = re.sub("NAME", name, PROBLEM) + UPDATES[update]
    return Problem.of(read_specification(text, "p.toml", folder))


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("name", REFUSED)
def test_name_of_something_else_is_refused(tmp_path: Path, name: str, update: str) -> None:
    with pytest.raises(InputError, match=rf"\b{name}\b"):
        problem(tmp_path, name, update)


@pytest.mark.parametrize("name", REFUSED_BY_ADAM)
def test_name_of_an_optimizers_row_is_refused_with_that_optimizer(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match=name):
        problem(tmp_path, name, "adam")


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("name", TAKEN)
def test_any_other_name_gives_the_same_numbers(tmp_path: Path, name: str, update: str) -> None:
    assert numbers(tmp_path, name, update) == numbers(tmp_path, "q", update)


@pytest.mark.parametrize("name", ["k", "m_W1"])
def test_what_adam_would_need_sgd_leaves_free(tmp_path: Path, name: str) -> None:
    assert numbers(tmp_path, name, "sgd") == numbers(tmp_path, "q", "sgd")


@pytest.mark.parametrize("name", ["w", "B", "sum", "h0", "digits"])
@pytest.mark.cases(1)
def test_workbook_recalculates_to_what_it_stores(tmp_path: Path, name: str) -> None:
    book = book_of(problem(tmp_path, name, "adam"))
    stored, cells = read(book), formula_cells(book)
    computed = by_formualizer(poisoned(book), cells)
    numeric = [cell for cell in cells if isinstance(stored.get(cell), float)]
    assert len(numeric) > 100
    assert {c: computed[c] for c in numeric} == pytest.approx({c: stored[c] for c in numeric})


def test_symbols_of_cell_and_readout_are_told_apart_by_what_is_made_of_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "readout.toml").write_text(
        '[parameters]\nW1 = "scalar"\n[[equation]]\nsymbol = "y"\nformula = "W1*h"\n'
    )
    text = PROBLEM.replace('"linear"', '"readout.toml"').replace("V = 0.9\nb_y = -0.2", "W1 = 0.4")
    (tmp_path / "cell.toml").write_text(CELL.replace("NAME", "q"))
    with pytest.raises(InputError, match="readout: expected names that the cell does not use"):
        read_specification(text.replace("NAME", "q"), "p.toml", tmp_path)
