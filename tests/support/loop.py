"""Training by truncated BPTT, written plainly from the loop that contains every scheme.

One feature or several, a linear readout, half-squared loss. Nothing here comes from cellcalc.

    state = initial; last = 0
    for t in 1..n:
        record[t] = forward(parameters, x[t], state)
        if t % k1 == 0 or (t == n and tail is not discard):
            a = max(start_of_segment, t - k2), or last for a remainder where tail == short
            injected = those of a+1..t that are new (or all, or only t)
            gradient = backward(record[a+1..t], injected)
            parameters = update(parameters, gradient)
            last = t
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tests.support.problems import GATES, Data

Numbers = dict[str, float]


@dataclass
class Options:
    k1: int
    k2: int
    inject: str = "new"
    tail: str = "flush"
    state: str = "carry"
    weights: str = "current"
    update: str = "window"
    reduction: str = "sum"


@dataclass
class Step:
    """What is kept of one step: inputs, the state before, the parameters, the activations."""

    x: list[float]
    h_before: float
    c_before: float
    parameters: Numbers
    f: float = 0.0
    i: float = 0.0
    g: float = 0.0
    o: float = 0.0
    c: float = 0.0
    h: float = 0.0
    y: float = 0.0


@dataclass
class Result:
    gradients: list[Numbers] = field(default_factory=list)
    parameters: list[Numbers] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def weight(p: Numbers, gate: str, feature: int, features: int) -> float:
    return p[f"W_{gate}{feature + 1}"] if features > 1 else p[f"W_{gate}"]


def forward(p: Numbers, x: list[float], h: float, c: float) -> Step:
    step = Step(x, h, c, dict(p))
    m = len(x)
    z = {
        k: sum(weight(p, k, j, m) * x[j] for j in range(m)) + p[f"U_{k}"] * h + p[f"b_{k}"]
        for k in GATES
    }
    step.f, step.i, step.o, step.g = sigma(z["f"]), sigma(z["i"]), sigma(z["o"]), math.tanh(z["g"])
    step.c = step.f * c + step.i * step.g
    step.h = step.o * math.tanh(step.c)
    step.y = p["V"] * step.h + p["b_y"]
    return step


def backward(
    steps: list[Step], targets: list[float], counts: list[float], weights: list[Numbers]
) -> Numbers:
    """Gradients over consecutive steps; ``weights`` are those of the chain rule at each step."""
    m = len(steps[0].x)
    gradients = dict.fromkeys((f"d{name}" for name in steps[0].parameters), 0.0)
    dh_later = dc_later = 0.0
    for s, target, count, p in zip(
        reversed(steps), reversed(targets), reversed(counts), reversed(weights), strict=True
    ):
        dy = count * (s.y - target) if count else 0.0
        gradients["dV"] += dy * s.h
        gradients["db_y"] += dy
        dh = dy * p["V"] + dh_later
        squashed = math.tanh(s.c)
        dc = dh * s.o * (1 - squashed**2) + dc_later
        delta = {
            "f": dc * s.c_before * s.f * (1 - s.f),
            "i": dc * s.g * s.i * (1 - s.i),
            "g": dc * s.i * (1 - s.g**2),
            "o": dh * squashed * s.o * (1 - s.o),
        }
        for k in GATES:
            gradients[f"dU_{k}"] += delta[k] * s.h_before
            gradients[f"db_{k}"] += delta[k]
            for j in range(m):
                name = f"dW_{k}{j + 1}" if m > 1 else f"dW_{k}"
                gradients[name] += delta[k] * s.x[j]
        dh_later = sum(p[f"U_{k}"] * delta[k] for k in GATES)
        dc_later = dc * s.f
    return {**gradients, "dh0": dh_later, "dc0": dc_later}


def counted(data: Data, options: Options) -> list[int]:
    """The steps whose losses all windows together inject, each as often as it is."""
    found, last, start = [], 0, 0
    for t in range(1, data.steps + 1):
        if t % options.k1 == 0 or (t == data.steps and options.tail != "discard"):
            first = max(start, t - options.k2) + 1
            if t % options.k1 and options.tail == "short":
                first = max(first, last + 1)
            chosen = {"new": max(first, last + 1), "all": first, "last": t}[options.inject]
            found += [s for s in range(chosen, t + 1) if not math.isnan(data.target[s - 1])]
            last = t
            start = t if options.state == "reset" else start
    return found


def train(data: Data, parameters: Numbers, options: Options, rate: float) -> Result:
    """One pass over the sequence with plain gradient descent."""
    p, result = dict(parameters), Result()
    n = data.steps
    steps: dict[int, Step] = {}
    h, c = data.initial["h"], data.initial["c"]
    last = start = 0
    waiting: Numbers = {}
    for t in range(1, n + 1):
        steps[t] = forward(p, data.x[t - 1], h, c)
        h, c = steps[t].h, steps[t].c
        target = data.target[t - 1]
        result.losses.append((steps[t].y - target) ** 2 / 2)
        if t % options.k1 == 0 or (t == n and options.tail != "discard"):
            a = max(start, t - options.k2)
            if t % options.k1 and options.tail == "short":
                a = max(a, last)
            swept = list(range(a + 1, t + 1))
            injected = {
                "new": [s for s in swept if s > last],
                "all": swept,
                "last": [t],
            }[options.inject]
            injected = [s for s in injected if not math.isnan(data.target[s - 1])]
            over = injected if options.update == "window" else counted(data, options)
            share = 1 / len(over) if options.reduction == "mean" and over else 1.0
            gradient = backward(
                [steps[s] for s in swept],
                [data.target[s - 1] for s in swept],
                [share if s in injected else 0.0 for s in swept],
                [steps[s].parameters if options.weights == "stored" else p for s in swept],
            )
            result.gradients.append(gradient)
            if options.update == "window":
                p = {name: value - rate * gradient[f"d{name}"] for name, value in p.items()}
            else:
                waiting = {s: waiting.get(s, 0.0) + g for s, g in gradient.items()}
            result.parameters.append(dict(p))
            last = t
            if options.state == "reset":
                h, c, start = data.initial["h"], data.initial["c"], t
    if waiting:
        p = {name: value - rate * waiting[f"d{name}"] for name, value in p.items()}
        result.parameters[-1] = dict(p)
    return result
