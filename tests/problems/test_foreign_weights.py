"""Arrays of TensorFlow 1, and one sentence for arrays that are another cell's or framework's."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellcalc
from cellcalc.resources import names

X = [[0.5, 1.0], [0.2, -0.3], [-0.7, 0.4], [0.9, -0.1]]


def table(folder: Path, cell: str, arrays: dict[str, Any], lines: str) -> cellcalc.Trace:
    np.savez(folder / "w.npz", **arrays)
    path = folder / "p.toml"
    path.write_text(
        f'cell = "{cell}"\n[parameters]\nfrom = "w.npz"\n{lines}\n[[sequence]]\nx = {X}\n'
        f"target = {[0.1] * len(X)}\n"
    )
    return cellcalc.load(path).run()


def refusal(folder: Path, cell: str, arrays: dict[str, Any], lines: str) -> str:
    with pytest.raises(cellcalc.CellcalcError) as raised:
        table(folder, cell, arrays, lines)
    return str(raised.value)


def drawn(seed: int, **shapes: tuple[int, ...]) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name.replace("__", "/"): rng.normal(size=shape) for name, shape in shapes.items()}


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_basic_lstm_cell_of_tensorflow_1(tmp_path: Path) -> None:
    """As rnn_cell_impl.py has it: i, j, f, o of [x, h], and forget_bias at run time."""
    arrays = drawn(1, rnn__basic_lstm_cell__kernel=(3, 4), rnn__basic_lstm_cell__bias=(4,))
    kernel, bias = arrays.values()
    h = c = 0.0
    expected = []
    for x in X:
        i, j, f, o = np.array([*x, h]) @ kernel + bias
        c = c * sigma(f + 1.0) + sigma(i) * math.tanh(j)
        h = math.tanh(c) * sigma(o)
        expected.append(h)
    named = {f"{name}:0": array for name, array in arrays.items()}
    for lines in ('layout = "tf1"', 'layout = "tf1"\nprefix = "rnn/basic_lstm_cell"'):
        run = table(tmp_path, "lstm-forget-bias", named, lines)
        assert run["h"].tolist() == pytest.approx(expected, rel=1e-12)
    assert "a cell with the coefficient forget_bias" in refusal(
        tmp_path, "lstm", named, 'layout = "tf1"'
    )


def test_gru_and_rnn_cells_of_tensorflow_1(tmp_path: Path) -> None:
    arrays = drawn(
        2, gates__kernel=(3, 2), gates__bias=(2,), candidate__kernel=(3, 1), candidate__bias=(1,)
    )
    gates, gates_bias, candidate, candidate_bias = arrays.values()
    h, expected = 0.0, []
    for x in X:
        r, u = (sigma(z) for z in np.array([*x, h]) @ gates + gates_bias)
        new = math.tanh(float((np.array([*x, r * h]) @ candidate + candidate_bias)[0]))
        h = u * h + (1 - u) * new
        expected.append(h)
    run = table(tmp_path, "gru-reset-before", arrays, 'layout = "tf1"')
    assert run["h"].tolist() == pytest.approx(expected, rel=1e-12)
    arrays = drawn(3, kernel=(3, 1), bias=(1,))
    h, expected = 0.0, []
    for x in X:
        h = math.tanh(float((np.array([*x, h]) @ arrays["kernel"] + arrays["bias"])[0]))
        expected.append(h)
    run = table(tmp_path, "rnn", arrays, 'layout = "tf1"')
    assert run["h"].tolist() == pytest.approx(expected, rel=1e-12)


def pytorch(gates: int, hidden: int = 1) -> dict[str, Any]:
    rows = gates * hidden
    return drawn(
        4, weight_ih_l0=(rows, 2), weight_hh_l0=(rows, hidden), bias_ih_l0=(rows,),
        bias_hh_l0=(rows,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "arrays", "lines", "said"),
    [
        ("gru", pytorch(4), 'layout = "pytorch"', 'LSTM cells, which cell = "lstm"'),
        ("lstm", pytorch(3), 'layout = "pytorch"', 'recurrent weight, which cell = "gru"'),
        ("gru", pytorch(1), 'layout = "pytorch"', 'simple RNN cells, which cell = "rnn"'),
        ("lstm", pytorch(4), 'layout = "keras"', 'LSTM cells, which layout = "pytorch" reads'),
        ("lstm", pytorch(4), "", 'LSTM cells, which layout = "pytorch" reads'),
        ("lstm", pytorch(4, 3), 'layout = "pytorch"', "a layer of one hidden unit, found 3"),
        ("gru-reset-before", pytorch(3), 'layout = "pytorch"', "onnx or tf1), found pytorch"),
        ("gru-chung", pytorch(3), 'layout = "keras"', "gru-chung, whose u lets the new one in"),
    ],
)  # fmt: skip
def test_what_is_there_is_said_in_one_line(
    cell: str, arrays: dict[str, Any], lines: str, said: str, tmp_path: Path
) -> None:
    text = refusal(tmp_path, cell, arrays, lines)
    assert said in text and len(text.splitlines()) == 1 and text.count("expected") == 1


def test_a_readout_among_the_arrays_is_told_how_it_is_taken(tmp_path: Path) -> None:
    arrays = pytorch(4) | drawn(5, **{"fc.weight": (1, 1), "fc.bias": (1,)})
    text = refusal(tmp_path, "lstm", arrays, 'layout = "pytorch"')
    assert 'readout_prefix = "fc." takes those of a readout' in text


@pytest.mark.parametrize("layout", names("templates/layouts/gru-before"))
def test_the_other_convention_of_z_is_never_taken_for_this_one(layout: str) -> None:
    """Neither for weights that come in nor for gradients that go out."""
    run = cellcalc.load("gru_chung").run()
    with pytest.raises(cellcalc.CellcalcError, match="whose u lets the new one in"):
        run.gradients_as(layout)
    assert cellcalc.load("gru_reset_before").run().gradients_as(layout)
