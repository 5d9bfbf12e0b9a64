"""An LSTM written by hand in numpy, with its backward pass: nothing here comes from cellcalc.

It takes complex numbers too, so that a complex step gives derivatives without its backward pass.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support.problems import GATES, Data

Numbers = dict[str, Any]


def parameters(data: Data) -> Numbers:
    """The parameters one number each, as cellcalc names them: W_f1, W_f2, or W_f."""
    flat: Numbers = {}
    for name, value in data.parameters.items():
        if isinstance(value, list):
            flat |= {f"{name}{k}": number for k, number in enumerate(value, 1)}
        else:
            flat[name] = value
    return flat


def _weights(p: Numbers, gate: str, m: int) -> np.ndarray:
    names = [f"W_{gate}{k}" for k in range(1, m + 1)] if m > 1 else [f"W_{gate}"]
    return np.array([p[name] for name in names])


def _sigma(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _loss(data: Data, y: Any, target: float) -> Any:
    if data.loss == "half-squared":
        return (y - target) ** 2 / 2
    if data.loss == "squared":
        return (y - target) ** 2
    return -target * np.log(y) - (1 - target) * np.log(1 - y)


def forward(data: Data, p: Numbers, h: Any, c: Any) -> tuple[Any, dict[str, list[Any]]]:
    """The total loss, and every intermediate value by cellcalc's symbol."""
    seen: dict[str, list[Any]] = {}
    total: Any = 0.0

    def keep(**values: Any) -> None:
        for name, value in values.items():
            seen.setdefault(name, []).append(value)

    for x, target in zip(data.x, data.target, strict=True):
        z = {k: _weights(p, k, data.features) @ np.array(x) + p[f"U_{k}"] * h + p[f"b_{k}"]
             for k in GATES}  # fmt: skip
        f, i, o, g = _sigma(z["f"]), _sigma(z["i"]), _sigma(z["o"]), np.tanh(z["g"])
        c = f * c + i * g
        h = o * np.tanh(c)
        y = h if data.readout == "identity" else p["V"] * h + p["b_y"]
        if data.readout == "logistic":
            y = _sigma(y)
        keep(
            **{f"z_{k}": z[k] for k in GATES}, f=f, i=i, g=g, o=o, c=c, tanh_c=np.tanh(c), h=h, y=y
        )
        if not np.isnan(target):
            error = _loss(data, y, target)
            keep(E=error)
            total = total + error
        else:
            keep(E=np.nan)
    return total, seen


def backward(data: Data, p: Numbers, seen: dict[str, list[Any]]) -> dict[str, Any]:
    """The textbook backward pass: each derivative as a list over t, each gradient as a number."""
    n, m = data.steps, data.features
    h = [data.initial["h"], *seen["h"]]
    c = [data.initial["c"], *seen["c"]]
    rows: dict[str, Any] = {name: [0.0] * n for name in ("dy", "dh", "dc", "do", "df", "di", "dg")}
    rows |= {f"dz_{k}": [0.0] * (n + 1) for k in GATES}
    rows |= {f"dx{k}" if m > 1 else "dx": [0.0] * n for k in range(1, m + 1)}
    gradients = {f"d{name}": 0.0 for name in p}
    dc_later = 0.0  # dc[t+1]*f[t+1]
    for t in reversed(range(n)):
        y, target = seen["y"][t], data.target[t]
        if np.isnan(target):
            dy = 0.0
        elif data.loss == "half-squared":
            dy = y - target
        elif data.loss == "squared":
            dy = 2 * (y - target)
        else:
            dy = (y - target) / (y * (1 - y))
        dpre = dy * y * (1 - y) if data.readout == "logistic" else dy
        own = dy
        if data.readout != "identity":
            gradients["dV"] += dpre * seen["h"][t]
            gradients["db_y"] += dpre
            own = dpre * p["V"]
        dh = own + sum(p[f"U_{k}"] * rows[f"dz_{k}"][t + 1] for k in GATES)
        f, i, g, o = (seen[k][t] for k in GATES)
        squashed = np.tanh(seen["c"][t])
        dc = dh * o * (1 - squashed**2) + dc_later
        deltas = {
            "f": dc * c[t] * f * (1 - f),
            "i": dc * g * i * (1 - i),
            "g": dc * i * (1 - g * g),
            "o": dh * squashed * o * (1 - o),
        }
        dc_later = dc * f
        for name, value in {"dy": dy, "dh": dh, "dc": dc, "do": dh * squashed, "df": dc * c[t],
                            "di": dc * g, "dg": dc * i}.items():  # fmt: skip
            rows[name][t] = value
        for k in GATES:
            rows[f"dz_{k}"][t] = deltas[k]
            gradients[f"dU_{k}"] += deltas[k] * h[t]
            gradients[f"db_{k}"] += deltas[k]
            for feature in range(m):
                suffix = str(feature + 1) if m > 1 else ""
                gradients[f"dW_{k}{suffix}"] += deltas[k] * data.x[t][feature]
                rows[f"dx{suffix}"][t] += deltas[k] * _weights(p, k, m)[feature]
    gradients["dh0"] = sum(p[f"U_{k}"] * rows[f"dz_{k}"][0] for k in GATES)
    gradients["dc0"] = dc_later
    return {**{name: values[:n] for name, values in rows.items()}, **gradients}


def complex_step(data: Data) -> dict[str, float]:
    """Every gradient as the imaginary part of the loss after an imaginary step, exact to 1e-16."""
    p, step = parameters(data), 1e-100j
    start = data.initial
    slopes = {}
    for name in p:
        total, _ = forward(data, {**p, name: p[name] + step}, start["h"], start["c"])
        slopes[f"d{name}"] = total.imag / step.imag
    slopes["dh0"] = forward(data, p, start["h"] + step, start["c"])[0].imag / step.imag
    slopes["dc0"] = forward(data, p, start["h"], start["c"] + step)[0].imag / step.imag
    return slopes
