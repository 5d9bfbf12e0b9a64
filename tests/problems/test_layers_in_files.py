"""Weights of whole modules in files: GRU, RNN, layers, directions, readouts, safetensors."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellcalc
from tests.support.command import Run
from tests.support.oracles import module

X = [[0.5, -1.0], [0.3, 0.8], [-0.7, 0.2]]
PROBLEM = """
cell = "{cell}"
readout = "linear"
[parameters]
from = "{file}"
layout = "pytorch"
readout_prefix = "fc."
prefix = "rnn."
{more}
[[sequence]]
x = {x}
target = [0.1, -0.2, 0.3]
"""


@pytest.fixture(scope="module")
def torch() -> Any:
    torch = module("torch")
    torch.set_default_dtype(torch.float64)
    return torch


def whole(torch: Any, kind: str, layers: int = 1, both: bool = False) -> Any:
    torch.manual_seed(5)
    made = torch.nn.Module()
    make = getattr(torch.nn, kind)
    made.rnn = make(2, 1, num_layers=layers, bidirectional=both, batch_first=True)
    made.fc = torch.nn.Linear(1, 1)
    return made


def problem(
    folder: Path, made: Any, cell: str, more: str = "", x: Any = X, ending: str = ".npz"
) -> Any:
    arrays = {k: v.detach().numpy() for k, v in made.state_dict().items()}
    file = folder / f"weights{ending}"
    if ending == ".npz":
        np.savez(file, **arrays)
    else:
        file.write_bytes(safetensors(arrays))
    path = folder / "p.toml"
    path.write_text(PROBLEM.format(cell=cell, file=file.name, more=more, x=x))
    return path


def safetensors(arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    header, data = {}, b""
    for key, array in arrays.items():
        raw = np.ascontiguousarray(array, "<f8").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[key] = {"dtype": "F64", "shape": list(array.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


CELLS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
@pytest.mark.parametrize("kind", CELLS)
def test_a_module_with_its_readout_gives_its_outputs(
    kind: str, ending: str, torch: Any, tmp_path: Path
) -> None:
    made = whole(torch, kind)
    trace = cellcalc.load(problem(tmp_path, made, CELLS[kind], ending=ending)).run()
    hidden, _ = made.rnn(torch.tensor([X]))
    assert trace["h"].tolist() == pytest.approx(hidden[0, :, 0].tolist(), rel=1e-12)
    assert trace["y"].tolist() == pytest.approx(made.fc(hidden)[0, :, 0].tolist(), rel=1e-12)


@pytest.mark.parametrize("kind", CELLS)
def test_a_layer_and_a_direction_are_chosen(kind: str, torch: Any, tmp_path: Path) -> None:
    made = whole(torch, kind, layers=2)
    hidden, _ = made.rnn(torch.tensor([X]))
    first = cellcalc.load(problem(tmp_path, made, CELLS[kind], "layer = 0")).run()
    second_x = first["h"].tolist()
    second = cellcalc.load(problem(tmp_path, made, CELLS[kind], "layer = 1", second_x)).run()
    assert second["h"].tolist() == pytest.approx(hidden[0, :, 0].tolist(), rel=1e-12)
    made = whole(torch, kind, both=True)
    hidden, _ = made.rnn(torch.tensor([X]))
    back = cellcalc.load(
        problem(tmp_path, made, CELLS[kind], 'direction = "reverse"', X[::-1])
    ).run()
    assert back["h"].tolist() == pytest.approx(hidden[0, :, 1].tolist()[::-1], rel=1e-12)


def test_what_does_not_fit_is_said(torch: Any, tmp_path: Path, run: Run) -> None:
    made = whole(torch, "GRU", layers=2)
    result = run("table", problem(tmp_path, made, "gru"))
    assert result.exit_code == 2
    assert (
        "expected layer = 0 or layer = 1, which chooses one, found layers 0 and 1" in result.stderr
    )
    result = run("table", problem(tmp_path, made, "gru-reset-before", "layer = 0"))
    assert "expected a layout for GRU cells that reset before the recurrent weight" in result.stderr
    result = run("table", problem(tmp_path, made, "gru", "layer = 0\nunit = 2"))
    assert "a layer of hidden size 1 can be read" in result.stderr
    path = problem(tmp_path, made, "gru", "layer = 0")
    path.write_text(path.read_text().replace("weights.npz", "weights.pt"))
    (tmp_path / "weights.pt").write_bytes(b"PK")
    assert "numpy.savez" in run("table", path).stderr
    (tmp_path / "weights.safetensors").write_bytes(b"\xff" * 20)
    path.write_text(path.read_text().replace("weights.pt", "weights.safetensors"))
    assert "a header longer than the file" in run("table", path).stderr


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_keras_layers_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    module("torch")
    keras = module("keras")
    x = np.array([X])
    kinds = [("gru", "GRU", {}), ("gru-reset-before", "GRU", {"reset_after": False}),
             ("rnn", "SimpleRNN", {})]  # fmt: skip
    for cell, kind, options in kinds:
        layer = getattr(keras.layers, kind)(1, return_sequences=True, dtype="float64", **options)
        layer.build(x.shape)
        rng = np.random.default_rng(3)
        layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
        np.savez(tmp_path / "w.npz", *layer.get_weights())
        path = tmp_path / "p.toml"
        path.write_text(
            f'cell = "{cell}"\n[parameters]\nfrom = "w.npz"\nlayout = "keras"\n'
            f"[[sequence]]\nx = {X}\n"
        )
        expected = keras.ops.convert_to_numpy(layer(x))[0, :, 0]
        assert cellcalc.load(path).run()["h"].tolist() == pytest.approx(expected.tolist(), rel=1e-6)
