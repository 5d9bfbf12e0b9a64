"""An LSTM worked out in plain Python, with the slips that people make in it; not by cellcalc.

Each slip is written as somebody would make it, so that marking is tested against work that
cellcalc had no part in.
"""

from __future__ import annotations

import math

from tests.support.problems import Data

SLIPS = {
    # slip: (the row in which it shows first, words that the explanation has)
    "carousel left out": ("dc", "the carousel path"),
    "carousel overwrites": ("dc", "the path through tanh_c of the same step is missing"),
    "wrong step's forget gate": ("dc", "a wrong step: fₜ for fₜ₊₁"),
    "tanh' left out": ("dc", "the derivative of tanh is missing"),
    "tanh' twice": ("dc", "at the function's value instead of its argument"),
    "c for tanh c": ("do", "cₜ was used where its function's value tanh_c,ₜ belongs"),
    "recurrent path left out": ("dh", "everything that flows back from the next step is missing"),
    "c[t] for c[t-1]": ("df", "a wrong step: cₜ for cₜ₋₁"),
    "σ' on the activation": ("dz_i", "at the function's value instead of its argument"),
    "σ' left out": ("dz_f", "the derivative of σ is missing"),
    "h[t] for h[t-1]": ("dU_f", "a wrong step: hₜ for hₜ₋₁"),
    "W for U": ("dh", "the wrong weights: W_… for U_…"),
    "= for +=": ("dU_o", "only the contribution of the last step was kept"),
    "another gate's delta": ("db_i", "the value of db_f stands here"),
    "factor 2": ("dy", "a factor 2 too many"),
    "mean for sum": ("dW_g", "the mean over the steps"),
    "only the last loss": ("dy", "only the loss of the last step was counted"),
    "sign": ("dy", "the sign of the whole is wrong"),
}


def sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z))


def worked(data: Data, slip: str = "") -> dict[str, float]:
    """Every value, as ``{"dc[2]": …, "dU_f": …}``, of a problem with one feature; in the order
    in which a person writes them down."""
    p, n = data.parameters, data.steps
    x = [0.0, *(row[0] for row in data.x), 0.0]
    h, c = [data.initial["h"]], [data.initial["c"]]
    gates: dict[str, list[float]] = {k: [0.0] for k in "figo"}
    y, out = [0.0], {}
    for t in range(1, n + 1):
        for k in "figo":
            z = p[f"W_{k}"] * x[t] + p[f"U_{k}"] * h[t - 1] + p[f"b_{k}"]
            gates[k].append(math.tanh(z) if k == "g" else sigmoid(z))
            out[f"{k}[{t}]"] = gates[k][t]
        c.append(gates["f"][t] * c[t - 1] + gates["i"][t] * gates["g"][t])
        h.append(gates["o"][t] * math.tanh(c[t]))
        y.append(p["V"] * h[t] + p["b_y"])
        out |= {f"c[{t}]": c[t], f"h[{t}]": h[t], f"y[{t}]": y[t]}
    dz = {k: [0.0] * (n + 2) for k in "figo"}
    dc = [0.0] * (n + 2)
    f, i, g, o = (gates[k] + [0.0] for k in "figo")
    for t in range(n, 0, -1):
        dy = y[t] - data.target[t - 1]
        dy *= {"factor 2": 2.0, "sign": -1.0}.get(slip, 1.0)
        if slip == "only the last loss" and t < n:
            dy = 0.0
        weights = "W" if slip == "W for U" else "U"
        back = sum(p[f"{weights}_{k}"] * dz[k][t + 1] for k in "figo")
        dh = dy * p["V"] + (0.0 if slip == "recurrent path left out" else back)
        do = dh * (c[t] if slip == "c for tanh c" else math.tanh(c[t]))
        slope = 1.0 - math.tanh(c[t]) ** 2
        if slip == "tanh' left out":
            slope = 1.0
        if slip == "tanh' twice":
            slope = 1.0 - math.tanh(math.tanh(c[t])) ** 2
        here = dh * o[t] * slope
        carried = dc[t + 1] * (f[t] if slip == "wrong step's forget gate" else f[t + 1])
        dc[t] = here + carried
        if slip == "carousel left out":
            dc[t] = here
        if slip == "carousel overwrites" and t < n:
            dc[t] = carried
        df = dc[t] * (c[t] if slip == "c[t] for c[t-1]" else c[t - 1])
        di, dg = dc[t] * g[t], dc[t] * i[t]
        dz["f"][t] = df * (1.0 if slip == "σ' left out" else f[t] * (1.0 - f[t]))
        own = sigmoid(i[t]) if slip == "σ' on the activation" else i[t]
        dz["i"][t] = di * own * (1.0 - own)
        dz["g"][t] = dg * (1.0 - g[t] ** 2)
        dz["o"][t] = do * o[t] * (1.0 - o[t])
        out |= {f"dy[{t}]": dy, f"dh[{t}]": dh, f"do[{t}]": do, f"dc[{t}]": dc[t]}
        out |= {f"df[{t}]": df, f"di[{t}]": di, f"dg[{t}]": dg}
        out |= {f"dz_{k}[{t}]": dz[k][t] for k in "figo"}
    for k in "figo":
        steps = range(1, n + 1)
        before = 0 if slip == "h[t] for h[t-1]" and k == "f" else 1
        of_w = sum(dz[k][t] * x[t] for t in steps)
        if slip == "mean for sum" and k == "g":
            of_w /= n
        of_u = [dz[k][t] * h[t - before] for t in steps]
        delta = "f" if slip == "another gate's delta" and k == "i" else k
        out |= {
            f"dW_{k}": of_w,
            f"dU_{k}": of_u[-1] if slip == "= for +=" and k == "o" else sum(of_u),
            f"db_{k}": sum(dz[delta][t] for t in steps),
        }
    return out


def answers(values: dict[str, float], figures: int = 5) -> str:
    """The values as an answers file."""
    return "".join(f"{name} = {value:.{figures}g}\n" for name, value in values.items())
