"""Slips between windows: old weights gone on with, and derivatives let through a cut.

The work is done by a small LSTM of its own: blocks of two steps, an update after each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from cellcalc.api import Problem, loads

P = {"W_f": 0.44, "U_f": 0.28, "b_f": 0.95, "W_i": 0.73, "U_i": -0.36, "b_i": 0.17,
     "W_g": 0.84, "U_g": 0.53, "b_g": -0.13, "W_o": 0.61, "U_o": 0.26, "b_o": 0.22}  # fmt: skip
X, TARGET = [0.9, 0.4, -0.6, 0.7, -0.8, 0.3], [0.3, 0.5, -0.2, 0.25, -0.35, 0.15]
H, C, RATE = 0.12, -0.18, 0.8


def problem(target: Sequence[float] = TARGET) -> Problem:
    numbers = "\n".join(f"{name} = {value}" for name, value in P.items())
    return loads(f"""
cell = "lstm"
readout = "identity"
loss = "half-squared"
[parameters]
{numbers}
[initial]
h = {H}
c = {C}
[[sequence]]
x = {X}
target = {list(target)}
[bptt]
scheme = "block(2)"
[update]
learning_rate = {RATE}
""")


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def worked(
    old_forward: bool = False, old_backward: bool = False, through: str = "", reset: str = ""
) -> str:
    """The sheet of somebody who works so; ``through`` is let through the cut after window 1."""
    p, lines, sent = dict(P), list[str](), {"dh": 0.0, "dc": 0.0}
    if through:  # what window 2 sends back, from right work
        sent = {k: v for k, v in sent_back().items() if k in through}
    h, c = H, C
    for w, start in enumerate((0, 2, 4), 1):
        f = P if old_forward else p
        b = P if old_backward else p
        kept = []
        lines.append(f"window = {w}")
        h, c = (H if "h" in reset else h), (C if "c" in reset else c)
        for t in (start, start + 1):
            z = {k: f[f"W_{k}"] * X[t] + f[f"U_{k}"] * h + f[f"b_{k}"] for k in "fiog"}
            a = {k: math.tanh(v) if k == "g" else sigma(v) for k, v in z.items()}
            before = h, c
            c = a["f"] * c + a["i"] * a["g"]
            h = a["o"] * math.tanh(c)
            kept.append((t, a, before, c, h))
            lines += [f"{k}[{t + 1}] = {v:.5g}" for k, v in {**a, "c": c, "h": h}.items()]
        later = dict(sent) if w == 1 and through else {}
        back, carried = later.get("dh", 0.0), later.get("dc", 0.0)
        total = dict.fromkeys(P, 0.0)
        for t, a, (h0, c0), now, out in reversed(kept):
            dh = out - TARGET[t] + back
            dc = dh * a["o"] * (1 - math.tanh(now) ** 2) + carried
            dz = {"o": dh * math.tanh(now) * a["o"] * (1 - a["o"]),
                  "f": dc * c0 * a["f"] * (1 - a["f"]), "i": dc * a["g"] * a["i"] * (1 - a["i"]),
                  "g": dc * a["i"] * (1 - a["g"] ** 2)}  # fmt: skip
            back, carried = sum(b[f"U_{k}"] * v for k, v in dz.items()), dc * a["f"]
            lines += [f"dh[{t + 1}] = {dh:.5g}", f"dc[{t + 1}] = {dc:.5g}"]
            for k, v in dz.items():
                total[f"W_{k}"] += v * X[t]
                total[f"U_{k}"] += v * h0
                total[f"b_{k}"] += v
        p = {name: p[name] - RATE * value for name, value in total.items()}
        lines += [f"d{name} = {value:.5g}" for name, value in total.items()]
        lines += [f"{name} = {value:.6g}" for name, value in p.items()]
    return "\n".join(lines)


def sent_back() -> dict[str, float]:
    """What the second window of right work sends back to step 2."""
    run = problem().run()
    window = run.passes[0].windows[1]
    after = problem().run().passes[0].windows[0].after
    first = {k: float(window.backward[f"dz_{k}"][0]) for k in "fiog"}
    f3 = float(run.passes[0].forward["f"][3])
    dh = sum(after[f"U_{k}"] * v for k, v in first.items())
    return {"dh": dh, "dc": float(window.backward["dc"][0]) * f3}


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("old_forward", "old_backward", "says"),
    [
        (True, False, "the forward pass went on with the weights of its start"),
        (True, True, "forward and backward pass went on with the weights of the start"),
    ],
)
def test_weights_of_before_the_update_are_one_cause(
    old_forward: bool, old_backward: bool, says: str
) -> None:
    report = problem().check(worked(old_forward, old_backward))
    (slip,) = report.slips
    assert says in slip["says"]


@pytest.mark.cases(1)
@pytest.mark.parametrize("through", ["dc", "dh dc"])
def test_what_comes_through_a_cut_is_named(through: str) -> None:
    report = problem().check(worked(through=through))
    (slip,) = report.slips
    assert "let through the cut" in slip["says"]


def test_the_same_sheet_without_a_slip_is_right() -> None:
    assert problem().check(worked()).ok


@pytest.mark.cases(1)
@pytest.mark.parametrize("state", ["c", "h"])
def test_a_state_that_is_not_carried_on_is_named(state: str) -> None:
    report = problem().check(worked(reset=state))
    (slip,) = report.slips
    assert f"{state} was not carried over the edge" in slip["says"]


def test_a_missing_target_taken_as_0_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "TARGET", [0.3, 0.5, 0.0, 0.25, -0.35, 0.15])
    report = problem([0.3, 0.5, math.nan, 0.25, -0.35, 0.15]).check(worked())
    (slip,) = report.slips
    assert "a missing target was taken as 0 (t = 3)" in slip["says"]
