"""Random problems as numbers, and as the file that cellcalc reads."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from typing import Any

from tests.marking.equations import Shape


@dataclass(frozen=True)
class Plan:
    """How a sequence is gone through: windows, losses, updates."""

    k1: int | None = None  # None: the whole sequence
    k2: int | None = None
    inject: str = "new"
    tail: str = "flush"
    state: str = "carry"
    weights: str = "current"
    update: str = "window"
    reduction: str = "sum"
    optimizer: str = "sgd"
    rate: float = 0.1
    epochs: int = 1
    slips: frozenset[str] = frozenset()  # what is done wrongly, by name

    def with_slip(self, name: str) -> Plan:
        return replace(self, slips=self.slips | {name})

    def toml(self) -> str:
        options = ("k1", "k2", "inject", "tail", "state", "weights", "update", "reduction")
        default = Plan()
        lines = [
            f"{key} = {value!r}".replace("'", '"')
            for key in options
            if (value := getattr(self, key)) != getattr(default, key)
        ]
        if self.k1 is None:  # one window, perhaps over the last steps only
            lines = [line for line in lines if not line.startswith("k2")]
            lines.insert(0, f'scheme = "{f"tail({self.k2})" if self.k2 else "full"}"')
        return (
            "\n".join(["[bptt]", *lines])
            + f'\n[update]\noptimizer = "{self.optimizer}"\nlearning_rate = {self.rate!r}\n'
            + f"epochs = {self.epochs}\n"
        )


@dataclass(frozen=True)
class Sequence:
    x: list[list[float]]
    target: list[float]

    @property
    def steps(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Problem:
    shape: Shape
    parameters: dict[str, float]
    initial: dict[str, float]
    sequences: list[Sequence]
    plan: Plan = field(default_factory=Plan)

    def toml(self) -> str:
        grouped: dict[str, Any] = {}
        for name, value in self.parameters.items():
            if name.startswith("W") and self.shape.features > 1:
                grouped.setdefault(name.rstrip("123456789"), []).append(value)
            else:
                grouped[name] = value
        shape = self.shape
        lines = [
            'title = "measured"',
            f'cell = "{shape.cell}"',
            f'readout = "{shape.readout}"',
            f'loss = "{shape.loss}"',
            "[parameters]",
            *(f"{name} = {value!r}" for name, value in grouped.items()),
            "[initial]",
            *(f"{name} = {value!r}" for name, value in self.initial.items()),
        ]
        for one in self.sequences:
            x = one.x if shape.features > 1 else [row[0] for row in one.x]
            lines += ["[[sequence]]", f"x = {x!r}", f"target = {one.target!r}"]
        return "\n".join(lines) + "\n" + self.plan.toml()

    @property
    def windowed(self) -> bool:
        """Whether answers must say which window they are of."""
        steps = max(one.steps for one in self.sequences)
        k1 = self.plan.k1
        return (k1 is not None and k1 < steps) or len(self.sequences) > 1 or self.plan.epochs > 1


def random_problem(
    seed: int | str,
    shape: Shape | None = None,
    plan: Plan | None = None,
    steps: int | tuple[int, ...] = 4,
    awkward: str = "",
) -> Problem:
    """A problem with two-decimal numbers, none of them 0, no two equal or opposite.

    ``awkward`` may be ``missing`` (a target), ``zero start`` or ``equal`` (weights).
    """
    shape = shape or Shape()
    draw = random.Random(f"problem {seed}")
    seen: set[float] = set()

    def number(low: float = 0.03, high: float = 1.0) -> float:
        while True:
            value = round(draw.uniform(low, high) * draw.choice([-1, 1]), 2)
            if value and abs(value) not in seen:  # opposites, too, could hide a slip
                seen.add(abs(value))
                return value

    parameters = {name: number() for name in shape.parameters}
    if awkward == "equal":
        for name in parameters:
            if name[:2] == "U_":
                parameters[name] = parameters[next(iter(parameters))]
    initial = {name: 0.0 if awkward == "zero start" else number() for name in shape.state}
    sequences = []
    for n in (steps,) if isinstance(steps, int) else steps:
        seen.clear()
        x = [[number(0.1, 1.5) for _ in shape.inputs] for _ in range(n)]
        seen.clear()
        probability = shape.readout == "logistic"
        target = [abs(number(0.05, 0.95)) if probability else number() for _ in range(n)]
        if awkward == "missing":
            target[draw.randrange(n - 1)] = math.nan
        sequences.append(Sequence(x, target))
    return Problem(shape, parameters, initial, sequences, plan or Plan())


SHAPES = [
    Shape(1, "linear"),
    Shape(2, "identity"),
    Shape(2, "linear"),
    Shape(1, "logistic", "cross-entropy"),
    Shape(1, "identity"),
    Shape(3, "linear", "squared"),
    Shape(2, "logistic"),
    Shape(1, "linear", "squared"),
]
AWKWARD = ["", "", "missing", "", "zero start", "", "", "equal", "", ""]


def varied(number: int, seed: int, plan: Plan | None = None, steps: int | None = None) -> Problem:
    """The problem of a number: shapes, lengths and awkwardness in turn."""
    shape = SHAPES[number % len(SHAPES)]
    length = steps or (4, 3, 5)[number % 3]
    awkward = AWKWARD[(number + number // 10) % len(AWKWARD)]
    return random_problem(f"{seed} {number}", shape, plan, length, awkward)
