"""``keras-stateful(k)`` does what ``keras.layers.LSTM(stateful=True)`` does, fitted in blocks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import lstm
from tests.support.keras_layers import START, WEIGHTS_IN, WEIGHTS_OUT
from tests.support.oracles import module
from tests.support.problems import random_data

# Run apart, since the backend is chosen when Keras is first imported. It prints the weights.
MADE = """
class Stateful(keras.layers.LSTM):
    # The state is Keras's own. With PyTorch the layer writes over what the gradient still needs,
    # and ends in an error: there it is given a copy.
    def call(self, sequences, initial_state=None, mask=None, training=False):
        if keras.backend.backend() == "torch":
            initial_state = [s.value.detach().clone() for s in self.states]
        return super().call(sequences, initial_state=initial_state, mask=mask, training=training)

inputs = keras.Input(batch_shape=(1, None, m), dtype="float64")
cell, head = Stateful(1, return_sequences=True, stateful=True), keras.layers.Dense(1)
model = keras.Model(inputs, head(cell(inputs)))
"""
TRAINED = """
for _ in range(job["epochs"]):
    for state, value in zip(cell.states, job["initial"]):
        state.assign(np.full((1, 1), value))
    for start in range(0, len(x), k):
        block = x[None, start : start + k], y[None, start : start + k, None]
        model.fit(*block, batch_size=1, epochs=1, shuffle=False, verbose=0)
"""
SCRIPT = START + MADE + WEIGHTS_IN + TRAINED + WEIGHTS_OUT


@pytest.mark.parametrize("steps", [12, 10])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.cases(0)
def test_a_stateful_layer_is_trained_to_the_same_weights(
    optimizer: str, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    module("torch")
    module("keras")
    data = random_data(83, features=2, steps=steps, loss="squared")
    settings = "epsilon = 1e-12\n" if optimizer == "adam" else ""
    data = replace(
        data,
        bptt='scheme = "keras-stateful(4)"',
        update=f'optimizer = "{optimizer}"\n{settings}epochs = 2',
    )
    job = {
        "x": data.x, "target": data.target, "k": 4, "optimizer": optimizer, "epochs": 2,
        "parameters": lstm.parameters(data), "initial": [data.initial[s] for s in "hc"],
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.partition("RESULT ")[2])
    assert found == pytest.approx(data.problem().run().final, rel=1e-6, abs=1e-7)
