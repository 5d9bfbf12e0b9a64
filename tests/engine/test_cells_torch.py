"""Every cell against PyTorch: its own cells where it has them, else cells written by hand in it.

The cells below are written from the papers, not from the templates. ``detach`` stands where a
truncated gradient is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.cells import CELLS, CellData, random_cell
from tests.support.oracles import REQUIRED

Tensors = dict[str, Any]

try:
    import torch
except ImportError:
    if REQUIRED:
        raise
    pytest.skip("PyTorch is not installed", allow_module_level=True)

sigmoid, tanh = torch.sigmoid, torch.tanh


def net(p: Tensors, k: str, x: Any, h: Any, *more: Any) -> Any:
    """W·x + U·h + b, and what else the gate sees: (parameter, value), …"""
    seen = sum(p[name] * value for name, value in more)
    return (p[f"W_{k}"] * x).sum() + p[f"U_{k}"] * h + p[f"b_{k}"] + seen


def lstm(
    p: Tensors,
    x: Any,
    s: Tensors,
    k: Tensors,
    *,
    peepholes: bool = False,
    gates: str = "fio",
    squash: Callable[[Any], Any] = sigmoid,
    input_squash: Callable[[Any], Any] = tanh,
    output_squash: Callable[[Any], Any] = tanh,
    seen: Callable[[Any], Any] = lambda value: value,
    coupled: bool = False,
    recurrent_gates: bool = False,
) -> Tensors:
    """One step of an LSTM with parts left out; ``seen`` is how gates see the cell."""
    h, c, one = s["h"], s["c"], torch.tensor(1.0, dtype=torch.float64)

    def gate(name: str, cell: Any) -> Any:
        if name not in gates:
            return one
        more = [(f"p_{name}", seen(cell))] if peepholes else []
        more += [(f"R_{old}{name}", s[old]) for old in "fio"] if recurrent_gates else []
        return squash(net(p, name, x, h, *more) + (k.get("forget_bias", 0.0) if name == "f" else 0))

    i = gate("i", c)
    f = 1 - i if coupled else gate("f", c)
    c = f * c + i * input_squash(net(p, "g", x, h))
    if "cell_clip" in k:
        c = c.clamp(-k["cell_clip"], k["cell_clip"])
    o = gate("o", c)
    return {"h": o * output_squash(c), "c": c, "f": f, "i": i, "o": o}


def original(p: Tensors, x: Any, s: Tensors, k: Tensors) -> Tensors:
    """Hochreiter & Schmidhuber 1997, in their own squashing functions."""

    def g(z: Any) -> Any:
        return 4 * sigmoid(z) - 2

    def show(c: Any) -> Any:
        return 2 * sigmoid(c) - 1

    return lstm(p, x, s, k, gates="io", input_squash=g, output_squash=show)


def truncated(p: Tensors, x: Any, s: Tensors, k: Tensors) -> Tensors:
    return original(p, x, {**s, "h": s["h"].detach()}, k)


def two_biases(p: Tensors, x: Any, s: Tensors, k: Tensors) -> Tensors:
    return lstm({**p, **{f"b_{n}": p[f"b_{n}"] + p[f"r_{n}"] for n in "figo"}}, x, s, k)


def hard(z: Any) -> Any:
    return (0.2 * z + 0.5).clamp(0, 1)


def keras_hard(z: Any) -> Any:
    """torch.nn.functional.hardsigmoid, whose own backward pass multiplies by a float32 1/6."""
    return (z / 6 + 0.5).clamp(0, 1)


def as_is(value: Any) -> Any:
    return value


def reset_before(p: Tensors, x: Any, s: Tensors, _: Tensors) -> Tensors:
    h = s["h"]
    r, u = sigmoid(net(p, "r", x, h)), sigmoid(net(p, "u", x, h))
    return {"h": u * h + (1 - u) * tanh(net(p, "g", x, r * h))}


def chung(p: Tensors, x: Any, s: Tensors, _: Tensors) -> Tensors:
    """With the other convention of the update gate."""
    h = s["h"]
    r, u = sigmoid(net(p, "r", x, h)), sigmoid(net(p, "u", x, h))
    return {"h": (1 - u) * h + u * tanh(net(p, "g", x, r * h))}


def gers(p: Tensors, x: Any, s: Tensors, k: Tensors) -> Tensors:
    """Peepholes as Gers & Schmidhuber trained them: cut at the cell and at the output before."""
    seen = {**s, "h": s["h"].detach()}
    return lstm(p, x, seen, k, peepholes=True, seen=lambda c: c.detach())


def reset_after(p: Tensors, x: Any, s: Tensors, _: Tensors) -> Tensors:
    h = s["h"]
    r, u = sigmoid(net(p, "r", x, h)), sigmoid(net(p, "u", x, h))
    g = tanh((p["W_g"] * x).sum() + p["b_g"] + r * (p["U_g"] * h + p["b_gh"]))
    return {"h": u * h + (1 - u) * g}


def linear(p: Tensors, x: Any, s: Tensors, _: Tensors) -> Tensors:
    return {"h": (p["W"] * x).sum() + p["U"] * s["h"] + p["b"]}


def parts(**options: Any) -> Callable[[Tensors, Any, Tensors, Tensors], Tensors]:
    return lambda p, x, s, k: lstm(p, x, s, k, **options)


BY_HAND: dict[str, Callable[[Tensors, Any, Tensors, Tensors], Tensors]] = {
    "lstm": lstm,
    "np": lstm,
    "lstm-two-biases": two_biases,
    "lstm-forget-bias": lstm,
    "lstm-clip": lstm,
    "lstm-peephole": parts(peepholes=True),
    "lstm-peephole-half": parts(peepholes=True, seen=lambda c: c.detach()),
    "lstm-peephole-stop": gers,
    "lstm-1997": truncated,
    "lstm-1997-full": original,
    "lstm-no-output-squash": parts(output_squash=as_is),
    "lstm-no-squash": parts(input_squash=as_is, output_squash=as_is),
    "lstm-hard": parts(squash=hard),
    "lstm-hard-keras3": parts(squash=keras_hard),
    "nig": parts(peepholes=True, gates="fo"),
    "nfg": parts(peepholes=True, gates="io"),
    "nog": parts(peepholes=True, gates="fi"),
    "niaf": parts(peepholes=True, input_squash=as_is),
    "noaf": parts(peepholes=True, output_squash=as_is),
    "cifg": parts(peepholes=True, gates="io", coupled=True),
    "fgr": parts(peepholes=True, recurrent_gates=True),
    "cec": lambda p, x, s, _: {"c": s["c"] + (p["W"] * x).sum()},
    "gru": reset_after,
    "gru-reset-before": reset_before,
    "gru-chung": chung,
    "rnn": lambda p, x, s, k: {"h": tanh(linear(p, x, s, k)["h"])},
    "rnn-linear": linear,
}


def leaves(data: CellData) -> Tensors:
    """Parameters and initial state as tensors that gather gradients."""
    values = {**data.parameters, **{f"{name}0": value for name, value in data.initial.items()}}
    return {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in values.items()
    }


def outputs(data: CellData, p: Tensors) -> Iterator[Any]:
    """The cell's output at each step, from the cell written by hand."""
    state = {name: p[f"{name}0"] for name in data.initial}
    for x in data.x:
        row = torch.tensor(x, dtype=torch.float64)
        state = BY_HAND[data.cell](p, row, state, dict(data.coefficients))
        yield state.get("h", state.get("c"))


# PyTorch's own cells: the class, our gates in its order, and its hidden side's biases.
OWN = {
    "lstm": (torch.nn.LSTMCell, "ifgo", {}),
    "np": (torch.nn.LSTMCell, "ifgo", {}),
    "lstm-two-biases": (torch.nn.LSTMCell, "ifgo", {k: f"r_{k}" for k in "ifgo"}),
    "gru": (torch.nn.GRUCell, "rug", {"g": "b_gh"}),
    "rnn": (torch.nn.RNNCell, "", {}),
}


def own_outputs(data: CellData, p: Tensors) -> Iterator[Any]:
    """The cell's output at each step, from PyTorch's own cell with our weights put in."""
    make, gates, hidden = OWN[data.cell]
    cell = make(len(data.x[0]), 1, dtype=torch.float64)
    names = [f"_{k}" for k in gates] or [""]
    zero = torch.zeros((), dtype=torch.float64)
    weights = {
        "weight_ih": torch.stack([p[f"W{n}"] for n in names]),
        "weight_hh": torch.stack([p[f"U{n}"] for n in names]).reshape(-1, 1),
        "bias_ih": torch.stack([p[f"b{n}"] for n in names]),
        "bias_hh": torch.stack([p[hidden[n[1:]]] if n[1:] in hidden else zero for n in names]),
    }
    h = p["h0"].reshape(1, 1)
    state = (h, p["c0"].reshape(1, 1)) if "c0" in p else h
    for x in data.x:
        row = torch.tensor([x], dtype=torch.float64)
        state = torch.func.functional_call(cell, weights, (row, state))
        yield (state[0] if "c0" in p else state).reshape(())


def gradients(data: CellData, p: Tensors, hidden: Iterator[Any]) -> tuple[float, dict[str, float]]:
    """The loss and its gradients by autograd, with a linear readout and half the squares."""
    total = sum(
        (p["V"] * h + p["b_y"] - target) ** 2 / 2
        for h, target in zip(hidden, data.target, strict=True)
    )
    total.backward()
    found = {}
    for name, leaf in p.items():
        slopes = [0.0] if leaf.grad is None else leaf.grad.reshape(-1).tolist()
        for k, slope in enumerate(slopes, 1):
            found[f"d{name}{k if len(slopes) > 1 else ''}"] = slope
    return total.item(), found


CASES = [*((cell, outputs) for cell in CELLS), *((cell, own_outputs) for cell in OWN)]


@pytest.mark.parametrize(("cell", "hidden"), CASES, ids=[f"{c}-{f.__name__}" for c, f in CASES])
def test_gradients_equal_autograd(cell: str, hidden: Callable[..., Iterator[Any]]) -> None:
    data = random_cell(cell, 2, features=3, steps=5)
    trace, p = data.problem().run(), leaves(data)
    loss, slopes = gradients(data, p, hidden(data, p))
    assert trace.loss == pytest.approx(loss, rel=1e-12)
    assert trace.gradients.keys() == slopes.keys()
    for symbol, slope in slopes.items():
        assert trace.gradients[symbol] == pytest.approx(slope, rel=1e-11, abs=1e-14), symbol


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("lstm-1997", "lstm-1997-full"),
        ("lstm-peephole-half", "lstm-peephole"),
        ("lstm-peephole-stop", "lstm-peephole"),
    ],
)
def test_a_truncated_gradient_is_not_that_of_the_loss(cut: str, whole: str) -> None:
    """The values are the same; autograd without the cut gives another gradient."""
    data = random_cell(cut, 2, features=3, steps=5)
    full = CellData(**{**vars(data), "cell": whole})
    trace, p = data.problem().run(), leaves(data)
    loss, slopes = gradients(full, p, outputs(full, p))
    assert trace.loss == pytest.approx(loss, rel=1e-12)
    names = [f"dU_{gate}" for gate in "igo"]
    apart = [abs(trace.gradients[n] / slopes[n] - 1) for n in names]
    assert max(apart) > 0.01
    assert full.problem().run().gradients == pytest.approx(slopes, rel=1e-11, abs=1e-14)


def test_the_straight_line_gate_of_pytorch_is_that_of_the_template() -> None:
    trace = random_cell("lstm-hard-keras3", 2, features=3, steps=5).problem().run()
    for gate in "fio":
        z = torch.tensor(trace[f"z_{gate}"], requires_grad=True)
        value = torch.nn.functional.hardsigmoid(z)
        value.sum().backward()
        assert trace[gate].tolist() == pytest.approx(value.tolist(), rel=1e-14)
        slopes = [dz / d for dz, d in zip(trace[f"dz_{gate}"], trace[f"d{gate}"], strict=True)]
        assert slopes == pytest.approx(z.grad.tolist(), rel=1e-7)  # float32's 1/6


@pytest.mark.parametrize("cell", CELLS)
def test_training_in_blocks_equals_pytorchs_loop(cell: str) -> None:
    """Two epochs in blocks of two steps: the state is detached, and an optimizer steps."""
    more = "[bptt]\nscheme = 'block(2)'\n[update]\noptimizer = 'momentum'\nepochs = 2"
    data = random_cell(cell, 5, features=2, steps=4, more=more)
    trace, p = data.problem().run(), leaves(data)
    weights = {name: leaf for name, leaf in p.items() if name in data.parameters}
    optimizer = torch.optim.SGD(weights.values(), lr=0.1, momentum=0.9)
    step, coefficients = BY_HAND[cell], dict(data.coefficients)
    for _ in range(2):
        state = {name: p[f"{name}0"] for name in data.initial}
        for start in (0, 2):
            state = {name: value.detach() for name, value in state.items()}
            total = 0.0
            for x, target in zip(data.x[start : start + 2], data.target[start:], strict=False):
                state = step(weights, torch.tensor(x, dtype=torch.float64), state, coefficients)
                y = p["V"] * state.get("h", state.get("c")) + p["b_y"]
                total = total + (y - target) ** 2 / 2
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
    for name, leaf in weights.items():
        several = leaf.ndim and len(leaf) > 1
        names = [f"{name}{k + 1}" for k in range(len(leaf))] if several else [name]
        ours = [trace.final[n] for n in names]
        assert ours == pytest.approx(leaf.detach().reshape(-1).tolist(), rel=1e-10), name
