"""Random problems for tests: distinct non-zero parameters, a non-zero start, a loss everywhere."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellcalc.api import Problem, Trace
from cellcalc.engine.effort import Sizes
from cellcalc.engine.run import run_model
from cellcalc.problems.specification import read_specification

GATES = "figo"


@dataclass
class Data:
    """The numbers of a problem, from which its TOML is written."""

    features: int
    steps: int
    readout: str
    loss: str
    parameters: dict[str, Any]
    initial: dict[str, float]
    x: list[list[float]]
    target: list[float]
    learning_rate: float = 0.1
    frozen: list[str] = field(default_factory=list)
    bptt: str = ""  # lines of the table [bptt]
    update: str = ""  # further lines of the table [update]
    more: list[tuple[list[list[float]], list[float]]] = field(default_factory=list)

    def toml(self) -> str:
        sequences = "".join(
            f"[[sequence]]\nx = {self.rows(x)!r}\ntarget = {target!r}\n"
            for x, target in [(self.x, self.target), *self.more]
        )
        parameters = "\n".join(f"{name} = {value!r}" for name, value in self.parameters.items())
        initial = "\n".join(f"{name} = {value!r}" for name, value in self.initial.items())
        return f"""\
title = "random"
cell = "lstm"
readout = "{self.readout}"
loss = "{self.loss}"
[parameters]
{parameters}
[initial]
{initial}
{sequences}[update]
learning_rate = {self.learning_rate!r}
frozen = {self.frozen!r}
{self.update}
[bptt]
{self.bptt}
"""

    def rows(self, x: list[list[float]]) -> list[list[float]] | list[float]:
        return x if self.features > 1 else [row[0] for row in x]

    def problem(self) -> Problem:
        return Problem.of(read_specification(self.toml(), "random.toml", Path()))


def random_data(
    seed: int,
    features: int = 2,
    steps: int = 4,
    readout: str = "linear",
    loss: str = "half-squared",
    missing: bool = False,
) -> Data:
    """The same problem for the same arguments; every number is distinct and not zero."""
    generator = random.Random(f"{seed} {features} {steps} {readout} {loss}")

    def draw() -> float:
        return round(generator.uniform(0.05, 1.0) * generator.choice([-1, 1]), 6)

    parameters: dict[str, Any] = {}
    for gate in GATES:
        weights = [draw() for _ in range(features)]
        parameters[f"W_{gate}"] = weights if features > 1 else weights[0]
        parameters[f"U_{gate}"] = draw()
        parameters[f"b_{gate}"] = draw()
    if readout != "identity":
        parameters |= {"V": draw(), "b_y": draw()}
    target = [abs(draw()) if loss == "cross-entropy" else draw() for _ in range(steps)]
    if missing:
        target[generator.randrange(steps)] = math.nan
    return Data(
        features=features,
        steps=steps,
        readout=readout,
        loss=loss,
        parameters=parameters,
        initial={"h": draw(), "c": draw()},
        x=[[draw() for _ in range(features)] for _ in range(steps)],
        target=target,
    )


def computed(given: Problem, sizes: Sizes, detail: bool = True) -> Trace:
    """A run in which other ways of computing are taken at other sizes than usual."""
    return run_model(given.specification, given.model, detail=detail, sizes=sizes)


# Gomez's published example: tests/published/gomez_2016.json has what he printed of it.
GOMEZ = Data(
    features=2,
    steps=2,
    readout="identity",
    loss="half-squared",
    parameters={
        "W_f": [0.7, 0.45], "U_f": 0.1, "b_f": 0.15, "W_i": [0.95, 0.8], "U_i": 0.8, "b_i": 0.65,
        "W_g": [0.45, 0.25], "U_g": 0.15, "b_g": 0.2, "W_o": [0.6, 0.4], "U_o": 0.25, "b_o": 0.1,
    },
    initial={"h": 0.0, "c": 0.0},
    x=[[1.0, 2.0], [0.5, 3.0]],
    target=[0.5, 1.25],
)  # fmt: skip

# A problem to learn from: three sequences, some steps without a target, parameters drawn at random.
TRAINING = """\
readout = "linear"
[parameters]
random = {seed = 1, scale = 0.6}
b_f = 1.0
[initial]
h = 0.1
c = -0.2
[[sequence]]
x = [1, -0.5, 0.3, 0.8]
target = [0.5, nan, -0.3, 0.2]
[[sequence]]
x = [0.2, 0.7, -0.9]
target = [nan, 0.4, 0.1]
[[sequence]]
x = [-1, 0.5, 0.6, 0.9, 0.1]
target = [0.3, 0.1, nan, nan, 0.6]
[update]
optimizer = "momentum"
learning_rate = 0.2
"""

# A homework of one input and three steps, with numbers of few digits and a start that is not 0.
HOMEWORK = Data(
    features=1,
    steps=3,
    readout="identity",
    loss="half-squared",
    parameters={
        "W_f": 0.7, "U_f": 0.1, "b_f": 0.15, "W_i": 0.95, "U_i": 0.8, "b_i": 0.65,
        "W_g": 0.45, "U_g": 0.15, "b_g": 0.2, "W_o": 0.6, "U_o": 0.25, "b_o": 0.1,
    },
    initial={"h": 0.2, "c": -0.3},
    x=[[1.0], [0.5], [-0.4]],
    target=[0.5, 1.25, 0.3],
)  # fmt: skip

FOUR_STEPS = """
cell = "lstm"
readout = "identity"
loss = "half-squared"
[parameters]
W_f = 0.5
U_f = -0.35
b_f = 0.8
W_i = 0.9
U_i = 0.25
b_i = -0.15
W_g = 1.1
U_g = 0.65
b_g = 0.12
W_o = -0.4
U_o = 0.55
b_o = 0.3
[initial]
h = 0.15
c = 0.4
[[sequence]]
x = [0.7, -1.2, 0.45, 1.6]
target = [0.3, -0.2, 0.6, 0.1]
"""
