"""A cell means the same whether or not its net inputs have rows of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import cellcalc
from cellcalc import resources
from cellcalc.model.net_inputs import with_net_inputs
from cellcalc.problems import templates
from cellcalc.scripts.frameworks import script
from tests.support import spreadsheets

HEAD = """\
output = "h"
[parameters]
W = "input"
U = "scalar"
b = "scalar"
k = "scalar"
[state]
h = 0.0
"""
NET = "W @ x + U*h[t-1] + b"
# In one equation, and with a row for each net input.
CELLS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a function's value is scaled": (
        {"h": f"2*tanh(({NET})/2) + k*h[t-1]"},
        {"z_h": NET, "h": "2*tanh(z_h/2) + k*h[t-1]"},
    ),
    "a gate and a candidate": (
        {"h": f"sigmoid({NET})*h[t-1] + (1 - sigmoid({NET}))*tanh(k*h[t-1] - U)"},
        {"z_h": NET, "z_h_2": "k*h[t-1] - U",
         "h": "sigmoid(z_h)*h[t-1] + (1 - sigmoid(z_h))*tanh(z_h_2)"},
    ),
    "the slope needs the argument": (
        {"h": f"log(2 + abs({NET}))"},
        {"z_h": NET, "h": "log(2 + abs(z_h))"},
    ),
    "a product and a power": (
        {"h": f"0.5*({NET})*(1 + k*h[t-1]) - ({NET})**2/4"},
        {"z_h": NET, "z_h_2": "1 + k*h[t-1]", "h": "0.5*z_h*z_h_2 - z_h**2/4"},
    ),
    "within another": (
        {"h": f"tanh(k*sigmoid({NET}) + b)**2"},
        {"z_h": NET, "z_h_2": "k*sigmoid(z_h) + b", "h": "tanh(z_h_2)**2"},
    ),
}  # fmt: skip
PROBLEM = """\
cell = "{cell}"
[parameters]
W = [0.7, -0.3]
U = 0.9
b = 0.2
k = -0.4
[initial]
h = 0.4
[[sequence]]
x = [[1, 0.5], [-0.6, 0.3], [0.8, -0.1], [0.25, 0.5], [1.5, -1]]
target = [0.5, 0.1, -0.4, 0.3, 0.2]
[bptt]
{bptt}
[update]
learning_rate = 0.5
optimizer = "momentum"
"""
REACHING = "k1 = 1\nk2 = 3"
STORED = f'{REACHING}\nweights = "stored"'


@dataclass(frozen=True)
class Pair:
    """The same cell in one equation and in rows, in a folder of its own."""

    folder: Path
    name: str

    def problems(self, bptt: str) -> list[cellcalc.Problem]:
        found = []
        for place, equations in enumerate(CELLS[self.name]):
            rows = "".join(
                f'[[equation]]\nsymbol = "{symbol}"\nformula = "{formula}"\nsays = ""\n'
                for symbol, formula in equations.items()
            )
            cell, problem = (self.folder / f"{kind}{place}.toml" for kind in ("cell", "problem"))
            cell.write_text(HEAD + rows)
            problem.write_text(PROBLEM.format(cell=cell.name, bptt=bptt))
            found.append(cellcalc.load(problem))
        return found


@pytest.fixture(params=CELLS)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    return Pair(tmp_path, request.param)


@pytest.mark.parametrize("kind", ["cells", "readouts"])
def test_the_cells_of_the_library_have_a_row_for_each_net_input(kind: str) -> None:
    for name in resources.names(f"templates/{kind}"):
        part = templates.load(kind, name)
        assert with_net_inputs(part, [], by_hand=True) is part, name


@pytest.mark.cases(20)
@pytest.mark.parametrize(
    ("bptt", "decimals"),
    [(REACHING, None), ("k1 = 2\nk2 = 2", None), (REACHING, 3), ('scheme = "full"', 2)],
)
def test_both_ways_of_writing_a_cell_give_the_same(
    pair: Pair, bptt: str, decimals: int | None
) -> None:
    one, rows = (problem.run(hand_rounding=decimals) for problem in pair.problems(bptt))
    assert one.final == pytest.approx(rows.final, rel=1e-13)
    for symbol in ("h", "dh", "dx1", "dW2", "dU", "dk"):
        assert one[symbol] == pytest.approx(rows[symbol], rel=1e-12, abs=1e-15, nan_ok=True)


def test_today_s_weights_do_not_enter_what_was_computed_before(pair: Pair) -> None:
    """The rows matter: all weights of its time, and all of today, are other numbers."""
    current = pair.problems(REACHING)[0].run()
    stored = pair.problems(STORED)[0].run()
    assert current.final != pytest.approx(stored.final, rel=1e-6)


@pytest.mark.parametrize("bptt", ['scheme = "full"', 'scheme = "block(2)"', STORED])
def test_a_row_is_there_only_where_it_matters(pair: Pair, bptt: str) -> None:
    assert "z_h" not in pair.problems(bptt)[0].run()
    assert "z_h" in pair.problems(REACHING)[0].run()


def test_the_script_and_the_workbook_compute_the_same(tmp_path: Path) -> None:
    problem = Pair(tmp_path, "a gate and a candidate").problems(REACHING)[0]
    trace = problem.run()
    file = tmp_path / "check.py"
    file.write_text(script(problem.specification, problem.model, "numpy", trace=trace))
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    book = spreadsheets.workbook(trace)
    cells = spreadsheets.formula_cells(book)
    got = spreadsheets.by_formualizer(spreadsheets.poisoned(book, {}), cells)
    stored = spreadsheets.read(book)
    numbers = [cell for cell in cells if isinstance(stored[cell], float)]
    assert len(numbers) > 300
    for cell in numbers:
        assert got[cell] == pytest.approx(stored[cell], rel=1e-11, abs=1e-14), cell
