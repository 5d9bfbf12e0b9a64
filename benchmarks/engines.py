"""Forward and backward pass, by cellcalc and by others."""

from __future__ import annotations

import math
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cellcalc
from benchmarks.c import CSweep
from benchmarks.problems import MissingError, numbers, problem
from cellcalc.api import Problem
from cellcalc.engine.kernel import Keep, fast_sweep, kernel_of
from cellcalc.engine.run import Sweeper

Work = Callable[[], object]


def python(steps: int) -> Work:
    """The whole trace, from the data to the object that holds every value."""
    given = problem(steps)
    given.run()
    return given.run


def _sweeper(steps: int) -> tuple[Problem, Sweeper, dict[str, array[float]]]:
    given = problem(steps)
    sweeper = Sweeper(given.model, None, False, True, 10**9, 0)
    columns = {name: array("d", bytes(8 * (steps + 2))) for name in sweeper.names}
    for name, values in zip(("x1", "x2", "target"), numbers(steps), strict=True):
        columns[name][1:-1] = array("d", values)
    columns["dE"][1:-1] = array("d", [1.0]) * steps
    for name, value in given.specification.initial.items():
        columns[name][0] = value
    return given, sweeper, columns


def numba(steps: int) -> Work:
    """The same generated source as machine code, without the time of compiling it."""
    given, sweeper, columns = _sweeper(steps)
    sweeper.fast = fast_sweep(kernel_of(given.model, keep=Keep.ENOUGH, arrays=True))
    if sweeper.fast is None:
        raise MissingError("numba is not installed")
    return lambda: sweeper.sweep(columns, given.specification.parameters, 1, 1, steps)


def c(steps: int) -> Work:
    """The equations in C, with the same columns kept; checked against Python."""
    given, _, columns = _sweeper(steps)
    made = kernel_of(given.model, keep=Keep.ENOUGH, arrays=True)
    sweep = CSweep(made, Path(tempfile.mkdtemp()))
    parameters = [given.specification.parameters[name] for name in made.parameters]
    arrays: list[object] = [columns[name] for name in made.columns]
    found = sweep(steps, parameters, arrays)
    expected = list(given.run().gradients.values())
    for a, b in zip(found, expected, strict=False):
        assert math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9), (a, b)
    return lambda: sweep(steps, parameters, arrays)


def _torch() -> object:
    try:
        import torch
    except ImportError:
        raise MissingError("PyTorch is not installed") from None
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    return torch


def torch_lstm(steps: int) -> Work:
    """torch.nn.LSTM of hidden size 1: gradients only, no intermediate value."""
    torch = _torch()
    first, second, target = (torch.tensor(list(v)) for v in numbers(steps))  # type: ignore
    x, layer = torch.stack([first, second], 1), torch.nn.LSTM(2, 1)  # type: ignore

    def work() -> None:
        layer.zero_grad()
        y, _ = layer(x)
        ((y[:, 0] - target) ** 2 / 2).sum().backward()

    return work


def torch_cell(steps: int) -> Work:
    """A loop over torch.nn.LSTMCell."""
    torch = _torch()
    first, second, target = (torch.tensor(list(v)) for v in numbers(steps))  # type: ignore
    x, layer = torch.stack([first, second], 1), torch.nn.LSTMCell(2, 1)  # type: ignore

    def work() -> None:
        layer.zero_grad()
        loss, state = torch.zeros(()), None  # type: ignore
        for t in range(steps):
            state = layer(x[t : t + 1], state)
            loss = loss + (state[0][0, 0] - target[t]) ** 2 / 2
        loss.backward()

    return work


def training(epochs: int) -> Work:
    """StatQuest's example: two sequences of four steps, Adam; losses and last parameters kept."""
    loaded = cellcalc.load("statquest").specification
    given = Problem.of(replace(loaded, update=replace(loaded.update, epochs=epochs)))
    return lambda: given.run(detail=False)
