"""The problem that is measured: two inputs, a target at each step, full BPTT."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cellcalc.api import Problem
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import read_specification

_TEXT = """\
[parameters]
random = {seed = 1}
[initial]
h = 0.1
c = -0.2
[[sequence]]
x = [[0.5, 1.0]]
target = [0.5]
"""


SET_STEPS, SET_EPOCHS = 100, 2  # what a set of parameters is trained for in a batch


class MissingError(Exception):
    """Something that a measurement needs is not installed; the message says what."""


def numbers(steps: int) -> tuple[Iterable[float], Iterable[float], Iterable[float]]:
    """Two inputs and a target, of doubles with all their digits."""
    first = (((k * 7919) % 10_007) / 10_007 - 0.4 for k in range(steps))
    second = (((k * 6007) % 9_973) / 9_973 - 0.3 for k in range(steps))
    return first, second, (((k * 31) % 997) / 997 for k in range(steps))


def problem(steps: int) -> Problem:
    first, second, target = (array("d", values) for values in numbers(steps))
    specification = read_specification(_TEXT, "benchmark.toml", Path())
    sequence = Sequence((first, second), target)
    return Problem.of(replace(specification, title="benchmark", sequences=(sequence,)))


def write_csv_problem(folder: Path, steps: int) -> Path:
    """The same as files; the path of the problem."""
    with (folder / "series.csv").open("w") as file:
        file.write("x1,x2,target\n")
        file.writelines(f"{a!r},{b!r},{c!r}\n" for a, b, c in zip(*numbers(steps), strict=True))
    path = folder / "problem.toml"
    rows = "x = [[0.5, 1.0]]\ntarget = [0.5]\n"
    path.write_text(_TEXT.replace(rows, 'csv = "series.csv"\n'))
    return path
