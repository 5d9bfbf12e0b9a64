"""Layers of PyTorch and Keras as problems: their own outputs, gradients and training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellcalc
from tests.api.test_problem import X, Y
from tests.support.oracles import module
from tests.support.paths import ROOT


def layer(kind: str, **more: Any) -> Any:
    torch = module("torch")
    torch.manual_seed(5)
    return getattr(torch.nn, kind)(2, 1, dtype=torch.float64, **more)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("head_bias", [True, False])
def test_pytorchs_gradients_with_a_head_with_and_without_biases(
    kind: str, bias: bool, head_bias: bool
) -> None:
    torch = module("torch")
    own, head = layer(kind, bias=bias), torch.nn.Linear(1, 1, bias=head_bias, dtype=torch.float64)
    loss = ((head(own(torch.tensor(X))[0])[:, 0] - torch.tensor(Y)) ** 2).sum()
    loss.backward()
    trace = cellcalc.from_torch(own, X, Y, readout=head, loss="squared").run()
    assert trace.loss == pytest.approx(loss.item(), rel=1e-12)
    found = trace.gradients_as("pytorch")
    for name, value in own.named_parameters():
        assert found[name] == pytest.approx(value.grad.numpy(), rel=1e-9, abs=1e-13)
    assert trace.gradients["dV"] == pytest.approx(head.weight.grad.item(), rel=1e-9)
    assert ("b_y" in trace) == head_bias


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("column", [True, False])
def test_a_batch_of_pytorch_is_a_sequence_each(batch_first: bool, column: bool) -> None:
    torch = module("torch")
    own = layer("GRU", batch_first=batch_first)
    x, y = np.stack([X, -X, X[::-1]]), np.stack([Y, -Y, 2 * Y])
    if not batch_first:
        x, y = x.transpose(1, 0, 2), y.T
    out = own(torch.tensor(x.copy()))[0][..., 0]
    loss = ((out - torch.tensor(y.copy())) ** 2 / 2).sum()
    given = cellcalc.from_torch(own, x, y[..., None] if column else y, learning_rate=0.0)
    trace = given.run()
    assert sum(one.loss or 0.0 for one in trace.passes) == pytest.approx(loss.item(), rel=1e-12)
    assert [one.steps for one in trace.passes] == [4, 4, 4]
    single = cellcalc.from_torch(own, x[:1] if batch_first else x[:, :1], Y)
    assert len(single.specification.sequences) == 1


def test_single_precision_modules_and_arrays_are_taken() -> None:
    torch = module("torch")
    torch.manual_seed(1)
    own = torch.nn.LSTM(2, 1, dtype=torch.float32)
    x = torch.tensor(X, dtype=torch.float32)
    found = cellcalc.from_torch(own, x, Y.astype(np.float32)).run()["h"]
    assert found == pytest.approx(own(x)[0][:, 0].detach().numpy(), abs=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_training_with_pytorchs_two_biases_and_with_none(bias: bool) -> None:
    torch = module("torch")
    own = layer("LSTM", bias=bias)
    cell = "lstm-two-biases" if bias else None
    given = cellcalc.from_torch(own, X, Y, epochs=5, learning_rate=0.3, cell=cell)
    final = given.run().final
    optimizer = torch.optim.SGD(own.parameters(), lr=0.3)
    for _ in range(5):
        optimizer.zero_grad()
        ((own(torch.tensor(X))[0][:, 0] - torch.tensor(Y)) ** 2 / 2).sum().backward()
        optimizer.step()
    recurrent = own.weight_hh_l0.detach().numpy()[:, 0]
    assert [final[f"U_{gate}"] for gate in "ifgo"] == pytest.approx(recurrent, rel=1e-10)
    if bias:
        second = own.bias_hh_l0.detach().numpy()
        assert [final[f"r_{gate}"] for gate in "ifgo"] == pytest.approx(second, rel=1e-10)
    else:
        assert [final[f"b_{gate}"] for gate in "ifgo"] == [0.0] * 4


# Run apart, since Keras takes its backend when it is first imported.
SCRIPT = """
import json, sys
import numpy as np, torch, keras
import cellcalc
keras.backend.set_floatx("float64")
keras.config.set_dtype_policy("float64")
keras.utils.set_random_seed(3)
rng = np.random.default_rng(2)
x, y = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5))
layers = {
    "LSTM": keras.layers.LSTM(1, return_sequences=True),
    "LSTM, hard": keras.layers.LSTM(1, recurrent_activation="hard_sigmoid", return_sequences=True),
    "GRU, after": keras.layers.GRU(1, return_sequences=True),
    "GRU, before": keras.layers.GRU(1, reset_after=False, return_sequences=True),
    "SimpleRNN": keras.layers.SimpleRNN(1, return_sequences=True),
    "SimpleRNN, linear": keras.layers.SimpleRNN(1, activation="linear", return_sequences=True),
    "no biases": keras.layers.GRU(1, use_bias=False, return_sequences=True),
}
found = {}
for name, own in layers.items():
    for squash in ("linear", "sigmoid"):
        head = keras.layers.Dense(1, activation=squash)
        model = keras.Sequential([keras.Input((5, 3), dtype="float64"), own, head])
        own.set_weights([0.7 * rng.normal(size=w.shape) if "bias" not in v.path or own.use_bias else w
                         for v, w in zip(own.weights, own.get_weights())])
        head.set_weights([rng.normal(size=w.shape) for w in head.get_weights()])
        out = model(torch.tensor(x))[..., 0]
        loss = ((out - torch.tensor(y)) ** 2 / 2).sum()
        model.zero_grad()
        loss.backward()
        theirs = [v.value.grad.numpy() for v in own.trainable_weights]
        p = cellcalc.from_keras(model, x, y, update="epoch")
        alone = cellcalc.from_keras(own, x[0], y[0], readout=head)
        trace, sums = p.run(), None
        for k in (1, 2):
            part = trace.only(1, k).gradients_as("keras")
            sums = part if sums is None else {n: sums[n] + part[n] for n in part}
        ours = [sums[n] for n in ("kernel", "recurrent_kernel", "bias") if n in sums][:len(theirs)]
        found[name + " " + squash] = {
            "cell": p.specification.cell.name,
            "output": float(np.abs(trace.only(1, 2)["y"] - out[1].detach().numpy()).max()),
            "hidden": float(np.abs(
                alone.run()["h"] - own(torch.tensor(x))[0, :, 0].detach().numpy()).max()),
            "alone": float(np.abs(alone.run()["y"] - out[0].detach().numpy()).max()),
            "gradients": max(float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True)),
            "head": abs(sum(trace.only(1, k).gradients["dV"] for k in (1, 2))
                        - float(head.kernel.value.grad)),
        }
last = keras.layers.LSTM(1)
model = keras.Sequential([keras.Input((5, 3), dtype="float64"), last])
p = cellcalc.from_keras(model, x, y[:, -1], learning_rate=0.0)
found["last step"] = {"output": float(np.abs(
    [p.run().only(1, k)["y"][-1] for k in (1, 2)] - model(torch.tensor(x)).detach().numpy()[:, 0]
).max()), "targets": [sum(s.has_target) for s in p.specification.sequences]}
both = keras.layers.Bidirectional(keras.layers.GRU(1, return_sequences=True))
out = both(torch.tensor(x)).detach().numpy()
found["both"] = {"output": float(max(
    np.abs(cellcalc.from_keras(both, x[0]).run()["h"] - out[0, :, 0]).max(),
    np.abs(cellcalc.from_keras(both, x[0, ::-1], direction="reverse").run()["h"][::-1]
           - out[0, :, 1]).max()))}
back = keras.layers.LSTM(1, return_sequences=True, go_backwards=True)
out = back(torch.tensor(x)).detach().numpy()[0, :, 0]
own = cellcalc.from_keras(back, x[0, ::-1], direction="reverse").run()["h"]
found["LSTM, backwards"] = {"output": float(np.abs(own - out).max())}
wrong = {}
for name, make in {
    "backwards": lambda: cellcalc.from_keras(back, x[0]),
    "units": lambda: cellcalc.from_keras(keras.Sequential([keras.Input((5, 3), dtype="float64"), keras.layers.LSTM(2)]), x),
    "none": lambda: cellcalc.from_keras(keras.Sequential([keras.Input((5, 3), dtype="float64"), keras.layers.Dense(2)]), x),
    "unbuilt": lambda: cellcalc.from_keras(keras.layers.LSTM(1), x),
    "activation": lambda: cellcalc.from_keras(
        keras.Sequential([keras.Input((5, 3), dtype="float64"), keras.layers.LSTM(1, activation="relu")]), x),
    "layer": lambda: cellcalc.from_keras(model, x, layer=1),
    "dense": lambda: cellcalc.from_keras(keras.layers.Dense(1), x),
}.items():
    try:
        make()
    except cellcalc.OptionError as error:
        wrong[name] = str(error)
print("RESULT " + json.dumps([found, wrong]))
"""


@pytest.mark.cases(0)
def test_layers_of_keras_are_the_same_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    module("torch")
    module("keras")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        capture_output=True, text=True, check=False, cwd=ROOT, env=dict(os.environ),
    )  # fmt: skip
    assert "RESULT" in done.stdout, done.stderr
    found, wrong = json.loads(done.stdout.partition("RESULT ")[2])
    cells = {name: one.pop("cell") for name, one in found.items() if "cell" in one}
    assert set(cells.values()) == {
        "lstm", "lstm-hard-keras3", "gru", "gru-reset-before", "rnn", "rnn-linear",
    }  # fmt: skip
    assert found["last step"].pop("targets") == [1, 1]
    for name, one in found.items():
        # Of Keras, Dense and GRU compute in single precision on the way; LSTM does not.
        assert max(one.values()) < (1e-12 if name == "last step" else 2e-5), (name, one)
        assert one.get("hidden", 0.0) < (1e-12 if "LSTM" in name else 2e-5), (name, one)
    assert "direction: expected reverse, and x in the order" in wrong["backwards"]
    assert "units = 2" in wrong["units"] and "has more" not in wrong["units"]
    assert "a model with an LSTM, a GRU or a SimpleRNN, found Dense" in wrong["none"]
    assert "a layer that is built" in wrong["unbuilt"]
    assert "the activation tanh, found relu" in wrong["activation"]
    assert "layer: expected a whole number from 0 to 0" in wrong["layer"]
    assert "keras.layers.LSTM, GRU or SimpleRNN" in wrong["dense"]
