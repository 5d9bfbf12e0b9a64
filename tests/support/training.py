"""Any cell trained through windows, worked out with complex numbers, apart from cellcalc.

The equations are evaluated by Python from the template files; every derivative is a complex step
in the one value that it is taken by. Windows must not reach back over an update.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.support.cells import FUNCTIONS, STEP, _code, template

Numbers = dict[str, float]


@dataclass(frozen=True)
class Training:
    """What a problem file says, in plain Python."""

    cell: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, float]
    sequences: list[tuple[list[Any], list[float]]]
    readout: str = "identity"
    loss: str = "half-squared"
    windows: list[tuple[int, int, int]] = field(default_factory=list)  # first, last, first loss
    update: str = "window"
    optimizer: str = "sgd"
    rate: float = 0.1
    epochs: int = 1

    def numbers(self) -> Numbers:
        """Every number of the run by its name and place: ``dc@2/w1/s1/e1``, ``dW_f/w1/s1/e1``."""
        return dict(_run(self))


def of_problem(spec: Mapping[str, Any]) -> Training:
    """The training of a problem file, as tomllib reads it; ``windows`` are given beside it."""
    update = spec.get("update", {})
    return Training(
        cell=spec["cell"],
        parameters=spec["parameters"],
        initial=spec["initial"],
        sequences=[(one["x"], one["target"]) for one in spec["sequence"]],
        readout=spec.get("readout", "identity"),
        loss=spec.get("loss", "half-squared"),
        windows=[tuple(one) for one in spec.get("windows", [])],
        update=spec.get("bptt", {}).get("update", "window"),
        optimizer=update.get("optimizer", "sgd"),
        rate=update.get("learning_rate", 0.1),
        epochs=update.get("epochs", 1),
    )


def _run(of: Training) -> Iterator[tuple[str, float]]:
    p: dict[str, Any] = {
        n: np.array(v, dtype=complex) if isinstance(v, list) else complex(v)
        for n, v in of.parameters.items()
    }
    memory: dict[str, Any] = {}
    count = 0
    for epoch in range(1, of.epochs + 1):
        for number, (x, target) in enumerate(of.sequences, 1):
            n = len(x)
            state: dict[str, Any] = {s: complex(v) for s, v in of.initial.items()}
            states = [state]
            summed: dict[str, Any] = {}
            updated = False
            for window, (first, last, first_loss) in enumerate(of.windows or [(1, n, 1)], 1):
                place = f"/w{window}/s{number}/e{epoch}"
                sweep = _Sweep(of, p, states[first - 1], x, target, first, last, first_loss)
                loss, seen = sweep.forward()
                for t in range(len(states), last + 1):
                    states.append({s: seen[t][s] for s in of.initial})
                for t, values in seen.items():
                    for symbol, value in values.items():
                        yield f"{symbol}@{t}{place}", value.real
                        back = sweep.moved((symbol, t))
                        yield f"d{symbol}@{t}{place}", back
                yield f"L{place}", loss.real
                for t in range(first, last + 1):
                    features = len(x[t - 1]) if isinstance(x[t - 1], list) else 1
                    for k in range(features):
                        name = f"dx{k + 1}" if features > 1 else "dx"
                        yield f"{name}@{t}{place}", sweep.moved((f"x@{t}", k))
                gradient = {}
                for name, value in p.items():
                    if isinstance(value, np.ndarray):
                        each = [sweep.moved((name, k)) for k in range(len(value))]
                        gradient[name] = np.array(each)
                        yield from ((f"d{name}{k}{place}", g) for k, g in enumerate(each, 1))
                    else:
                        gradient[name] = sweep.moved((name, None))
                        yield f"d{name}{place}", gradient[name]
                for s in of.initial:
                    yield f"d{s}0{place}", sweep.moved((s, 0))
                summed = {k: summed.get(k, 0) + g for k, g in gradient.items()}
                updated = of.update == "window" or window == len(of.windows or [1])
                if not updated:
                    continue
                count += 1
                for name, g in summed.items():
                    p[name] = p[name] - _step(of, memory, name, g, count)
                    for key in ("m", "v"):
                        if (key, name) in memory:
                            yield from _named(f"{key}_{name}", memory[key, name], place)
                    yield from _named(f"new_{name}", p[name], place)
                summed = {}


def _named(name: str, value: Any, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, np.ndarray):
        yield from ((f"{name}{k}{place}", float(v.real)) for k, v in enumerate(value, 1))
    else:
        yield f"{name}{place}", float(value.real)


def _step(of: Training, memory: dict[Any, Any], name: str, g: Any, count: int) -> Any:
    """What is taken off a parameter, by PyTorch's definitions with their defaults."""
    if of.optimizer == "momentum":
        memory["v", name] = 0.9 * memory.get(("v", name), 0) + g
        return of.rate * memory["v", name]
    if of.optimizer == "adam":
        m = memory["m", name] = 0.9 * memory.get(("m", name), 0) + 0.1 * g
        v = memory["v", name] = 0.999 * memory.get(("v", name), 0) + 0.001 * g * g
        return of.rate * (m / (1 - 0.9**count)) / ((v / (1 - 0.999**count)) ** 0.5 + 1e-8)
    assert of.optimizer == "sgd"
    return of.rate * g


class _Sweep:
    """One window's loss as a function of everything in it."""

    def __init__(self, of: Training, p: Mapping[str, Any], state: Mapping[str, Any], x: list[Any],
                 target: list[float], first: int, last: int, first_loss: int) -> None:  # fmt: skip
        self.of, self.p, self.state, self.x, self.target = of, p, state, x, target
        self.first, self.last, self.first_loss = first, last, first_loss
        cell = template("cells", of.cell)
        self.equations = [("", e) for e in cell["equation"]]
        for kind, name in (("readouts", of.readout), ("losses", of.loss)):
            self.equations += [(cell["output"], e) for e in template(kind, name)["equation"]]

    def moved(self, place: tuple[str, int | None]) -> float:
        loss, _ = self.forward(place)
        return float(loss.imag / STEP.imag)

    def forward(self, place: Any = None) -> tuple[complex, dict[int, dict[str, Any]]]:
        p, state = dict(self.p), dict(self.state)
        if place is not None:
            name, k = place
            if name in p:
                step = p[name] * 0
                if k is None:
                    step = STEP
                else:
                    step[k] = STEP
                p[name] = p[name] + step
            elif k == 0 and name in state:
                state[name] = state[name] + STEP
        total, seen = 0j, {}
        for t in range(self.first, self.last + 1):
            row, target = self.x[t - 1], self.target[t - 1]
            x = np.array(row if isinstance(row, list) else [row], dtype=complex)
            if place is not None and place[0] == f"x@{t}":
                x[place[1]] += STEP
            now: dict[str, Any] = {**FUNCTIONS, **p, "target": target, "before": state}
            now |= {"x": x if isinstance(row, list) else complex(x[0]), "__builtins__": {}}
            values = {}
            for output, equation in self.equations:
                symbol = equation["symbol"]
                formula = equation["formula"]
                if not isinstance(row, list):
                    formula = formula.replace("@", "*")
                value = complex(eval(_code(formula, output), now))
                if place == (symbol, t):
                    value += STEP
                now[symbol] = values[symbol] = value
            state = {s: now[s] for s in state}
            seen[t] = values
            if t >= self.first_loss and not math.isnan(target):
                total += now["E"]
        return total, seen
