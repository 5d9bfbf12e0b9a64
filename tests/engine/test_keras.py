"""Truncation as real Keras trains: fit, one batch a piece, stateful and not."""

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
from tests.support.oracles import module, sample
from tests.support.problems import random_data

# Run apart, since the backend is chosen when Keras is first imported. It prints the weights.
MADE = """
cell = keras.layers.LSTM(1, return_sequences=True, return_state=True)
inputs = keras.Input((None, m), dtype="float64")
before = [keras.Input((1,), dtype="float64") for _ in range(2)]
out, *after = cell(inputs, initial_state=before)
head = keras.layers.Dense(1)
model = keras.Model([inputs, *before], head(out))
states = keras.Model([inputs, *before], after)
"""
TRAINED = """
start0 = [np.full((job["batch"], 1), v) for v in job["initial"]]
once = dict(epochs=1, shuffle=False, verbose=0)
for _ in range(job["epochs"]):
    if job["batch"] > 1:
        pieces = x.reshape(-1, k, m), y.reshape(-1, k, 1)
        model.fit([pieces[0], *start0], pieces[1], batch_size=job["batch"], **once)
        continue
    state = start0
    for start in range(0, len(x), k):
        piece = [x[None, start : start + k], *state]
        # test_keras_stateful.py leaves this to the layer itself.
        reached = [np.asarray(s) for s in states.predict(piece, verbose=0)]
        model.fit(piece, y[None, start : start + k, None], batch_size=1, **once)
        state = reached if job["stateful"] else start0
"""
SCRIPT = START + MADE + WEIGHTS_IN + TRAINED + WEIGHTS_OUT

JOBS = {
    "stateful": ("keras-stateful(4)", "", 12, 1),
    "stateful with a remainder": ("keras-stateful(4)", "", 10, 1),
    "stateless": ("keras-stateless(4)", "", 12, 1),
    "stateless with a remainder": ("keras-stateless(4)", "", 11, 1),
    "pieces of one batch": ("keras-stateless(4)", 'update = "sequence"', 12, 3),
}


# Each takes Keras ten seconds to start.
CASES = [(name, "sgd") for name in sample(list(JOBS)[1:4:2] + list(JOBS)[4:], 2)]
CASES += sample([(name, "adam") for name in JOBS], 5)
CASES += sample([("stateful", "sgd"), ("stateless", "sgd")], 3)


@pytest.mark.parametrize(("name", "optimizer"), CASES)
@pytest.mark.cases(1, thorough=6)
def test_keras_trains_to_the_same_weights(
    name: str, optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    module("torch")
    module("keras")
    scheme, options, n, batch = JOBS[name]
    data = random_data(21, 2, n)
    data = replace(data, loss="squared", bptt=f'scheme = "{scheme}"\n{options}')
    data.update = f'optimizer = "{optimizer}"\nepochs = 2'
    if optimizer == "adam":
        data.update += "\nepsilon = 1e-12"
    job = {
        "initial": [data.initial["h"], data.initial["c"]],
        "x": data.x, "target": data.target, "parameters": lstm.parameters(data), "k": 4,
        "stateful": scheme.startswith("keras-stateful"), "batch": batch, "epochs": 2,
        "optimizer": optimizer,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(job), capture_output=True, text=True,
        env=dict(os.environ), cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [row for row in done.stdout.splitlines() if row.startswith("RESULT ")]
    assert data.problem().run().final == pytest.approx(json.loads(line[7:]), rel=1e-5, abs=1e-8)
