"""Weights of whole models: positions, names that begin alike, two directions; no framework."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cellcalc

GENERATOR = np.random.default_rng(91)
SHAPES = {  # of one hidden unit and two inputs: Keras's kernel, recurrent kernel and bias
    "lstm": ((2, 4), (1, 4), (4,)),
    "gru": ((2, 3), (1, 3), (2, 3)),
    "gru-reset-before": ((2, 3), (1, 3), (3,)),
    "rnn": ((2, 1), (1, 1), (1,)),
}
NAMES = ("kernel", "recurrent_kernel", "bias")


def layer(cell: str, bias: bool = True) -> dict[str, np.ndarray]:
    arrays = [GENERATOR.normal(size=shape) for shape in SHAPES[cell]]
    return dict(zip(NAMES, arrays if bias else arrays[:2], strict=False))


def read(
    folder: Path, cell: str, arrays: dict[str, np.ndarray], more: str = ""
) -> dict[str, float]:
    np.savez(folder / "weights.npz", **arrays)
    text = f'cell = "{cell}"\nreadout = "linear"\n[parameters]\nfrom = "weights.npz"\n'
    text += f'layout = "keras"\nrandom = {{seed = 1}}\n{more}\n[[sequence]]\nx = [[1, 2], [3, 4]]\n'
    (folder / "p.toml").write_text(text)
    return dict(cellcalc.load(folder / "p.toml").specification.parameters)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", SHAPES)
def test_positions_of_a_model_with_a_dense_layer(cell: str, bias: bool, tmp_path: Path) -> None:
    """What model.get_weights() gives: the layer's arrays, then the readout's kernel and bias."""
    arrays = layer(cell, bias)
    head = np.array([[0.75]]), np.array([-0.25])
    places = {f"arr_{k}": a for k, a in enumerate([*arrays.values(), *head])}
    found, alone = read(tmp_path, cell, places), read(tmp_path, cell, arrays)
    assert found == {**alone, "V": 0.75, "b_y": -0.25}


@pytest.mark.parametrize("cell", SHAPES)
def test_a_side_of_a_bidirectional_layer_is_chosen(cell: str, tmp_path: Path) -> None:
    sides = {side: layer(cell) for side in ("forward", "backward")}
    named = {
        f"bidirectional/{side}_{cell}_4/cell/{name}": array
        for side, arrays in sides.items()
        for name, array in arrays.items()
    }
    for side, chosen in (("forward", ""), ("backward", 'direction = "reverse"')):
        assert read(tmp_path, cell, named, chosen) == read(tmp_path, cell, sides[side])


def test_a_prefix_may_stand_behind_what_all_names_begin_with(tmp_path: Path) -> None:
    arrays = layer("lstm")
    named = {f"sequential/lstm/lstm_cell/{name}": array for name, array in arrays.items()}
    named |= {"sequential/dense/kernel": np.array([[0.5]]), "sequential/dense/bias": np.ones(1)}
    found = read(tmp_path, "lstm", named, 'readout_prefix = "dense"')
    assert found == {**read(tmp_path, "lstm", arrays), "V": 0.5, "b_y": 1.0}
    named |= {"a/dense/kernel": np.ones((1, 1)), "a/dense/bias": np.ones(1)}
    with pytest.raises(cellcalc.CellcalcError, match=r"names begin with dense\."):
        read(tmp_path, "lstm", named, 'readout_prefix = "dense"')
