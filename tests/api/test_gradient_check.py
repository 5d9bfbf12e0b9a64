"""A backward pass in numpy that fails its gradient check: the wrong line is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.api.test_problem import PARAMETERS, X, Y, problem

GATES = "figo"


def backward(
    bug: str = "",
    dtype: Any = np.float64,
    parameters: Mapping[str, Any] = PARAMETERS,
    x: Any = X,
    y: Any = Y,
) -> dict[str, Any]:
    """An LSTM as people write it, forward and backward, with at most one bug."""
    p = {name: np.asarray(value, dtype) for name, value in parameters.items()}
    n, zero = len(x), np.zeros(len(x), dtype)
    f, i, g, o, c, h = (zero.copy() for _ in range(6))
    h_prev, c_prev = dtype(0.2), dtype(-0.3)
    h_in, c_in = zero.copy(), zero.copy()

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    for t in range(n):
        h_in[t], c_in[t] = h_prev, c_prev
        z = {
            k: p[f"W_{k}"] @ x[t].astype(dtype) + p[f"U_{k}"] * h_prev + p[f"b_{k}"] for k in GATES
        }
        f[t], i[t], o[t] = sigmoid(z["f"]), sigmoid(z["i"]), sigmoid(z["o"])
        g[t] = np.tanh(z["g"])
        c[t] = f[t] * c_prev + i[t] * g[t]
        h[t] = o[t] * np.tanh(c[t])
        h_prev, c_prev = h[t], c[t]
    grads: dict[str, Any] = {f"dW_{k}": np.zeros(2, dtype) for k in GATES}
    grads |= {f"d{w}_{k}": dtype(0) for w in "Ub" for k in GATES}
    rows: dict[str, Any] = {name: zero.copy() for name in ("dh", "dc", *(f"dz_{k}" for k in GATES))}
    dh_next = dc_next = dtype(0)
    for t in reversed(range(n)):
        dh = h[t] - dtype(y[t]) + (0 if bug == "dh_next" else dh_next)
        slope = 1 - np.tanh(np.tanh(c[t]) if bug == "tanh twice" else c[t]) ** 2
        dc = dh * o[t] * slope + dc_next
        dz = {
            "f": dc * c_in[t] * f[t] * (1 - f[t]),
            "i": dc * g[t] * i[t] * (1 - i[t]),
            "g": dc * i[t] * (1 - g[t] ** 2),
            "o": dh * np.tanh(c[t]) * o[t] * (1 - o[t]),
        }
        dh_next, dc_next = sum(p[f"U_{k}"] * dz[k] for k in GATES), dc * f[t]
        if bug == "dc_next":
            dc_next = dtype(0)
        rows["dh"][t], rows["dc"][t] = dh, dc
        for k in GATES:
            rows[f"dz_{k}"][t] = dz[k]
            grads[f"dW_{k}"] = grads[f"dW_{k}"] + dz[k] * x[t].astype(dtype)
            grads[f"dU_{k}"] = grads[f"dU_{k}"] + dz[k] * (h[t] if bug == "h[t]" else h_in[t])
            grads[f"db_{k}"] = grads[f"db_{k}"] + dz[k]
    return {"c": c, "h": h, **rows, **grads}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_right_loop_is_right_in_double_and_in_single_precision(dtype: Any) -> None:
    marks = problem().check(backward(dtype=dtype))
    assert marks.ok, marks
    if dtype is np.float32:
        assert any("single precision" in answer["note"] for answer in marks.answers)


@pytest.mark.parametrize("only_gradients", [False, True])
@pytest.mark.parametrize(
    ("bug", "symbol", "formula"),
    [
        ("dc_next", "dc", "dtanh_c[t]*(1 - tanh_c[t]**2)"),
        ("tanh twice", "dc", ""),
        ("h[t]", "dU_f", "sum(dz_f[t]*h[t])"),
        ("dh_next", "dh", "dy[t]"),
    ],
)
@pytest.mark.cases(3)
def test_the_bug_is_named(bug: str, symbol: str, formula: str, only_gradients: bool) -> None:
    mine = backward(bug)
    if only_gradients:
        mine = {name: value for name, value in mine.items() if name[1:2] in "WUb"}
    marks = problem().check(mine)
    assert not marks.ok and marks.summary["slips"] == 1, marks
    (slip,) = marks.slips
    assert slip["symbol"] in (symbol, "dtanh_c") and slip["kind"] == "formula", slip
    if formula:
        assert slip["formula"] == formula


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bug", ["dc_next", "tanh twice", "h[t]"])
@pytest.mark.cases(2)
def test_nothing_else_is_said_of_drawn_numbers(bug: str, seed: int, dtype: Any) -> None:
    """In single precision too, where each operation is off by what the digits do not show."""
    rng = np.random.default_rng(seed)
    drawn: dict[str, Any] = {f"W_{k}": rng.normal(size=2).astype(dtype) for k in GATES}
    drawn |= {f"{w}_{k}": dtype(rng.normal()) for w in "Ub" for k in GATES}
    x, y = rng.normal(size=(5, 2)).astype(dtype), rng.normal(size=5).astype(dtype)
    start = {"h": dtype(0.2), "c": dtype(-0.3)}
    p = problem(parameters=drawn, x=x, target=y, initial=start)
    for wrong, slips in (("", 0), (bug, 1)):
        mine = backward(wrong, dtype, drawn, x, y)
        mine = {name: value for name, value in mine.items() if name[1:2] in "WUb"}
        marks = p.check(mine)
        assert marks.summary["slips"] == slips and marks.ok == (not slips), marks
