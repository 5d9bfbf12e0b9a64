"""Work that was gone on with to fewer figures than are written: gates from a table, say."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from cellcalc.api import Marks
from tests.support.problems import random_data
from tests.support.slipped import sigmoid


def sheet(seed: int, gate: Callable[[float], float], slip: bool, all_rows: bool) -> Marks:
    """Somebody who rounds the gates, goes on with those, and writes five figures."""
    data = random_data(seed, 1, 3)
    p, x = data.parameters, [row[0] for row in data.x]
    h, c, gates, y = [data.initial["h"]], [data.initial["c"]], [], []
    lines: list[str] = []

    def write(name: str, value: float, t: int | None = None, digits: str = ".5g") -> None:
        lines.append(f"{name}{'' if t is None else f'[{t + 1}]'} = {value:{digits}}")

    for t, at in enumerate(x):
        a = {}
        for k in "figo":
            z = p[f"W_{k}"] * at + p[f"U_{k}"] * h[t] + p[f"b_{k}"]
            a[k] = gate(math.tanh(z) if k == "g" else sigmoid(z))
            write(k, a[k], t, ".3f")
        gates.append(a)
        c.append(a["f"] * c[t] + a["i"] * a["g"])
        h.append(a["o"] * math.tanh(c[-1]))
        y.append(p["V"] * h[-1] + p["b_y"])
        for name, value in (("c", c[-1]), ("h", h[-1]), ("y", y[-1])):
            write(name, value, t)
    lines = lines if all_rows else []
    total: defaultdict[str, float] = defaultdict(float)
    later, carried = dict.fromkeys("figo", 0.0), 0.0
    for t in reversed(range(len(x))):
        a = gates[t]
        dh = (y[t] - data.target[t]) * p["V"] + sum(p[f"U_{k}"] * later[k] for k in "figo")
        dc = dh * a["o"] * (1 if slip else 1 - math.tanh(c[t + 1]) ** 2) + carried
        carried = dc * a["f"]
        later = {"f": dc * c[t] * a["f"] * (1 - a["f"]), "i": dc * a["g"] * a["i"] * (1 - a["i"]),
                 "g": dc * a["i"] * (1 - a["g"] ** 2),
                 "o": dh * math.tanh(c[t + 1]) * a["o"] * (1 - a["o"])}  # fmt: skip
        for k, dz in later.items():
            total[f"dW_{k}"] += dz * x[t]
            total[f"dU_{k}"] += dz * h[t]
            total[f"db_{k}"] += dz
        if all_rows:
            write("dh", dh, t)
            write("dc", dc, t)
    for name, value in total.items():
        write(name, value)
    return data.problem().check("\n".join(lines))


def three(value: float) -> float:
    return round(value, 3)


@pytest.mark.cases(3)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("all_rows", [True, False])
def test_gates_of_three_decimals_make_no_right_gradient_wrong(seed: int, all_rows: bool) -> None:
    report = sheet(seed, three, slip=False, all_rows=all_rows)
    assert {a["verdict"] for a in report.answers} <= {"correct", "coarse"}
    assert not report.slips


@pytest.mark.cases(2)
@pytest.mark.parametrize("seed", range(8))
def test_a_slip_is_seen_besides(seed: int) -> None:
    report = sheet(seed, three, slip=True, all_rows=True)
    (slip,) = report.slips
    assert slip["symbol"] == "dc"


@pytest.mark.parametrize("more", [0.003, -0.003])
def test_a_single_number_that_is_off_is_wrong(more: float) -> None:
    """Where all others are right to five figures, nobody went on with three."""
    data = random_data(3, 1, 3)
    gradients = {name: float(value) for name, value in data.problem().run().gradients.items()}
    name = max(gradients, key=lambda k: abs(gradients[k]))
    gradients[name] *= 1 + more
    text = "\n".join(f"{k} = {v:.5g}" for k, v in gradients.items())
    found = Counter(a["verdict"] for a in data.problem().check(text).answers)
    assert found["wrong"] == 1
