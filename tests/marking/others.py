"""Right work that is not done by hand: single precision, and numerical gradients."""

from __future__ import annotations

from typing import Any

from tests.marking.arithmetic import plain
from tests.marking.equations import GATES
from tests.marking.problems import Problem
from tests.marking.working import Where, values_of


def torch_values(problem: Problem, double: bool = False) -> dict[Where, float]:
    """An LSTM in torch, differentiated by autograd, in single precision or double."""
    import torch

    torch.set_num_threads(1)
    kind = torch.float64 if double else torch.float32

    def tensor(value: float) -> Any:
        return torch.tensor(value, dtype=kind, requires_grad=True)

    shape, sequence = problem.shape, problem.sequences[0]
    p = {name: tensor(value) for name, value in problem.parameters.items()}
    h, c = tensor(problem.initial["h"]), tensor(problem.initial["c"])
    start = (h, c)
    kept: dict[tuple[str, int], Any] = {}
    loss = torch.zeros((), dtype=kind)
    peephole = shape.cell == "lstm-peephole"
    for t, (row, target) in enumerate(zip(sequence.x, sequence.target, strict=True), 1):
        z: dict[str, Any] = {}
        gates: dict[str, Any] = {}
        for k in "figo":
            z[k] = p[f"U_{k}"] * h + p[f"b_{k}"]
            for name, x in zip(shape.inputs, row, strict=True):
                z[k] = z[k] + p[f"W_{k}{name[1:]}"] * x
            if k == "o":
                c = gates["f"] * c + gates["i"] * gates["g"]
            if peephole and k != "g":
                z[k] = z[k] + p[f"p_{k}"] * c
            gates[k] = torch.tanh(z[k]) if k == "g" else torch.sigmoid(z[k])
        h = gates["o"] * torch.tanh(c)
        y = h * 1
        if shape.readout != "identity":
            y = p["V"] * h + p["b_y"]
        if shape.readout == "logistic":
            y = torch.sigmoid(y)
        found = {**{f"z_{k}": z[k] for k in GATES}, **gates, "c": c, "h": h, "y": y}
        if target == target:
            error = {
                "half-squared": lambda y=y, d=target: (y - d) ** 2 / 2,
                "squared": lambda y=y, d=target: (y - d) ** 2,
                "cross-entropy": lambda y=y, d=target: (
                    -(d * torch.log(y) + (1 - d) * torch.log(1 - y))
                ),
            }[shape.loss]()
            loss = loss + error
            found["E"] = error
        for name, value in found.items():
            if value.requires_grad:
                value.retain_grad()
            kept[name, t] = value
    loss.backward()  # type: ignore[no-untyped-call]
    values: dict[Where, float] = {}
    for (name, t), value in kept.items():
        values[Where(name, t, "forward")] = value.item()
    for (name, t), value in kept.items():
        if name != "E":
            gradient = value.grad.item() if value.grad is not None else 0.0
            values[Where(f"d{name}", t, "backward")] = gradient
    for name, value in p.items():
        values[Where(f"d{name}", None, "gradient")] = value.grad.item()
    for name, value in zip(("h", "c"), start, strict=True):
        values[Where(f"d{name}0", None, "entering")] = value.grad.item()
    return values


def central_differences(problem: Problem, step: float) -> dict[Where, float]:
    """Each gradient from the loss a little to either side."""

    def loss(parameters: dict[str, float]) -> float:
        other = Problem(problem.shape, parameters, problem.initial, problem.sequences, problem.plan)
        return sum(plain(v) for w, v in values_of(other).items() if w.symbol == "E")

    found = {}
    for name, value in problem.parameters.items():
        up = loss({**problem.parameters, name: value + step})
        down = loss({**problem.parameters, name: value - step})
        found[Where(f"d{name}", None, "gradient")] = (up - down) / (2 * step)
    return found
