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
    folder: Path, cell: str, arrays: dict[str, np.ndarray], more: str = "", layout: str = "keras"
) -> dict[str, float]:
    np.savez(folder / "weights.npz", **arrays)
    text = f'cell = "{cell}"\nreadout = "linear"\n[parameters]\nfrom = "weights.npz"\n'
    text += (
        f'layout = "{layout}"\nrandom = {{seed = 1}}\n{more}\n[[sequence]]\nx = [[1, 2], [3, 4]]\n'
    )
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


@pytest.mark.parametrize(("direction", "half"), [("", 0), ('direction = "reverse"', 1)])
def test_a_direction_of_onnx_s_arrays_is_chosen(direction: str, half: int, tmp_path: Path) -> None:
    shapes = {"W": (2, 4, 2), "R": (2, 4, 1), "B": (2, 8)}
    arrays = {name: GENERATOR.normal(size=shape) for name, shape in shapes.items()}
    alone = {name: array[half : half + 1] for name, array in arrays.items()}
    found = read(tmp_path, "lstm", arrays, direction, layout="onnx")
    assert found == read(tmp_path, "lstm", alone, layout="onnx")


@pytest.mark.parametrize(
    ("file", "said"),
    [("m.onnx", "onnx.numpy_helper"), ("m.keras", "get_weights()"), ("m.h5", "get_weights()"),
     ("m.msgpack", "flatten_dict"), ("m.pt", "may run code")],
)  # fmt: skip
def test_how_another_file_is_converted_is_said(file: str, said: str) -> None:
    text = f'[parameters]\nfrom = "{file}"\nlayout = "keras"\n[[sequence]]\nx = [1]\n'
    with pytest.raises(cellcalc.CellcalcError) as caught:
        cellcalc.loads(text)
    assert said in str(caught.value)


def test_the_kernel_of_gates_is_not_taken_for_more_hidden_units(tmp_path: Path) -> None:
    with pytest.raises(cellcalc.CellcalcError) as caught:
        read(tmp_path, "rnn", {f"arr_{k}": a for k, a in enumerate(layer("lstm").values())})
    assert "another network" not in str(caught.value) and "LSTM" in str(caught.value)
