"""Any cell's equations worked out with Python's complex numbers, apart from cellcalc.

The template files are read here with tomllib, and each formula is evaluated by Python itself. A
complex step then gives derivatives without any backward pass; ``stop`` lets no imaginary part
through.
"""

from __future__ import annotations

import cmath
import math
import random
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from tests.support.paths import TEMPLATES

CELLS = sorted(path.stem for path in (TEMPLATES / "cells").glob("*.toml"))
# Coefficients at which something happens: a bound that the cell meets, a bias that is not the
# usual one.
COEFFICIENTS = {"cell_clip": 0.35, "forget_bias": 0.75}
STEP = 1e-100j


def _by_size(choose: Callable[..., Any], *numbers: Any) -> Any:
    return choose(numbers, key=lambda number: complex(number).real)


FUNCTIONS = {
    "sigmoid": lambda u: 1 / (1 + cmath.exp(-u)),
    "tanh": cmath.tanh,
    "log": cmath.log,
    "abs": lambda u: u if u.real > 0 else -u,
    "hard_sigmoid": lambda u: _by_size(min, 1, _by_size(max, 0, 0.2 * u + 0.5)),
    "hardsigmoid": lambda u: _by_size(min, 1, _by_size(max, 0, u / 6 + 0.5)),
    "softplus": lambda u: cmath.log(1 + cmath.exp(u)),
    "clip": lambda u, a, b: _by_size(min, b, _by_size(max, a, u)),
    "max": lambda u, a: _by_size(max, u, a),
    "stop": lambda u: complex(u.real),
}


@cache
def template(kind: str, name: str) -> dict[str, Any]:
    """A template file as TOML has it."""
    return tomllib.loads((TEMPLATES / kind / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class CellData:
    """A problem for one cell, from which its TOML is written."""

    cell: str
    readout: str
    loss: str
    parameters: Mapping[str, Any]
    coefficients: Mapping[str, float]
    initial: Mapping[str, float]
    x: list[list[float]]
    target: list[float]
    more: str = ""  # further lines: [bptt], [update]

    def toml(self) -> str:
        def table(values: Mapping[str, Any]) -> str:
            return "\n".join(f"{name} = {value!r}" for name, value in values.items())

        x = self.x if len(self.x[0]) > 1 else [row[0] for row in self.x]
        return f"""\
cell = "{self.cell}"
readout = "{self.readout}"
loss = "{self.loss}"
[parameters]
{table(self.parameters)}
[coefficients]
{table(self.coefficients)}
[initial]
{table(self.initial)}
[[sequence]]
x = {x!r}
target = {self.target!r}
{self.more}
"""

    def problem(self) -> Problem:
        return Problem.of(read_specification(self.toml(), "random.toml", Path()))

    def moved(self, name: str, place: int, step: complex) -> CellData:
        """The same with one initial value, or one element of a parameter, moved."""
        if name in self.initial:
            return replace(self, initial={**self.initial, name: self.initial[name] + step})
        value = self.parameters[name]
        if isinstance(value, list):
            moved: Any = [v + step * (k == place) for k, v in enumerate(value)]
        else:
            moved = value + step
        return replace(self, parameters={**self.parameters, name: moved})


def random_cell(
    cell: str,
    seed: int = 1,
    features: int = 2,
    steps: int = 4,
    readout: str = "linear",
    loss: str = "half-squared",
    more: str = "",
) -> CellData:
    """The same problem for the same arguments; every number is distinct and not zero."""
    generator = random.Random(f"{seed} {cell} {features} {steps} {readout} {loss}")

    largest = 2.0 if "hard" in cell else 1.0  # so that some gates are quite shut, or open

    def draw() -> float:
        # Not halfway between two numbers of fewer digits, which programs round either way.
        return round(
            round(generator.uniform(0.1, largest), 5) * generator.choice([-1, 1]) + 2e-6, 6
        )

    parts = [template("cells", cell), template("readouts", readout)]
    parameters: dict[str, Any] = {}
    for part in parts:
        for name, kind in part.get("parameters", {}).items():
            parameters[name] = [draw() for _ in range(features)] if kind == "input" else draw()
    return CellData(
        cell=cell,
        readout=readout,
        loss=loss,
        parameters=parameters,
        coefficients={n: COEFFICIENTS[n] for n in parts[0].get("coefficients", {})},
        initial={name: draw() for name in parts[0]["state"]},
        x=[[draw() for _ in range(features)] for _ in range(steps)],
        target=[
            generator.uniform(0.1, 0.9) if loss == "cross-entropy" else draw() for _ in range(steps)
        ],
        more=more,
    )


@cache
def _code(formula: str, output: str) -> CodeType:
    """The formula as Python; what a readout calls h is the cell's ``output``."""
    text = re.sub(r"(\w+)\[t-1\]", r"before['\1']", formula)
    return compile(re.sub(r"\bh\b", output, text) if output else text, "formula", "eval")


def evaluated(data: CellData) -> tuple[complex, dict[str, list[Any]]]:
    """The total loss, and every value over t = 1 … n by its symbol."""
    cell = template("cells", data.cell)
    equations = [("", e) for e in cell["equation"]]
    for kind, name in (("readouts", data.readout), ("losses", data.loss)):
        equations += [(cell["output"], e) for e in template(kind, name)["equation"]]
    before: dict[str, Any] = {name: complex(value) for name, value in data.initial.items()}
    fixed = {n: np.array(v) if isinstance(v, list) else v for n, v in data.parameters.items()}
    seen: dict[str, list[Any]] = {}
    total: complex = 0.0
    for x, target in zip(data.x, data.target, strict=True):
        now: dict[str, Any] = {**FUNCTIONS, **fixed, **data.coefficients, "target": target}
        now |= {"x": np.array(x), "before": before, "__builtins__": {}}
        for output, equation in equations:
            value = eval(_code(equation["formula"], output), now)
            now[equation["symbol"]] = value
            seen.setdefault(equation["symbol"], []).append(value)
        before = {name: now[name] for name in cell["state"]}
        if not math.isnan(target):
            total += now["E"]
    return total, seen


def complex_step(data: CellData) -> dict[str, float]:
    """Every gradient, dW_f1 to dc0, by a step so small that it is exact."""
    places = {f"d{name}0": (name, 0) for name in data.initial}
    for name, value in data.parameters.items():
        count = len(value) if isinstance(value, list) else 1
        for k in range(count):
            places[f"d{name}{k + 1 if count > 1 else ''}"] = (name, k)
    return {
        symbol: evaluated(data.moved(*place, STEP))[0].imag / STEP.imag
        for symbol, place in places.items()
    }
