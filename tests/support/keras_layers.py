"""Pieces of the programs that train with Keras in a process of their own.

Each program reads its job as JSON, sets the weights of its ``cell`` (an LSTM) and ``head`` (one
linear unit), trains, and prints the weights that it ends with.
"""

from __future__ import annotations

START = """
import json, sys
import numpy as np
import keras
keras.backend.set_floatx("float64")
job = json.load(sys.stdin)
x, y, p = np.array(job["x"]), np.array(job["target"]), job["parameters"]
k, m, gates = job["k"], x.shape[1], "ifgo"
"""

WEIGHTS_IN = """
cell.set_weights([
    np.array([[p[f"W_{g}{j + 1}"] for g in gates] for j in range(m)]),
    np.array([[p[f"U_{g}"] for g in gates]]),
    np.array([p[f"b_{g}"] for g in gates]),
])
head.set_weights([np.array([[p["V"]]]), np.array([p["b_y"]])])
make = {"sgd": lambda: keras.optimizers.SGD(0.1),
        "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
        "adam": lambda: keras.optimizers.Adam(0.1, epsilon=1e-12)}[job["optimizer"]]
model.compile(optimizer=make(), loss="mean_squared_error")
"""

WEIGHTS_OUT = """
W, U, b = (np.asarray(v) for v in cell.get_weights())
V, b_y = (np.asarray(v) for v in head.get_weights())
found = {f"W_{g}{j + 1}": W[j, n] for n, g in enumerate(gates) for j in range(m)}
found |= {f"U_{g}": U[0, n] for n, g in enumerate(gates)}
found |= {f"b_{g}": b[n] for n, g in enumerate(gates)}
found |= {"V": V[0, 0], "b_y": b_y[0]}
print("RESULT " + json.dumps({name: float(v) for name, v in found.items()}))
"""
