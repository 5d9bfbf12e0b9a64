"""Sequence prediction problems, generated with a seed: those of ``templates/tasks.toml``.

What a task is called, what it asks and what it starts from is in the file; here is how its
sequences are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, NamedTuple

from cellcalc.errors import OptionError, check_choice, check_whole
from cellcalc.problems.sequences import Sequence
from cellcalc.resources import read_toml

Rows = tuple[list[list[float]], list[float]]  # one list for each input, and the targets
MOST = 10_000  # steps, sequences, inputs of a generated problem
PERIOD, NOISE = 12, 0.1  # of the sine


@dataclass(frozen=True)
class Task:
    """One row of the file. ``lag`` 0 is for a task that has none; ``given`` and ``initial`` are
    the parameters and states that are not drawn."""

    name: str
    title: str
    says: str
    chance: str
    inputs: int
    readout: str
    loss: str
    steps: int
    sequences: int
    lag: int
    rate: float
    given: Mapping[str, float]
    initial: Mapping[str, float]


@dataclass(frozen=True)
class Drawn:
    """A task's sequences, and the words of its title and comment with the numbers put in."""

    task: Task
    lag: int
    title: str
    says: str
    sequences: tuple[Sequence, ...]


@cache
def tasks() -> dict[str, Task]:
    """Every task by its name."""
    return {row["name"]: Task(**row) for row in read_toml("templates/tasks.toml")["task"]}


@cache
def sunspots() -> Mapping[str, Any]:
    """The series that is shipped: its values, first year, scale, source and licence."""
    return read_toml("templates/series/sunspots.toml")


def draw(
    name: str,
    seed: int = 1,
    steps: int | None = None,
    sequences: int | None = None,
    lag: int | None = None,
) -> Drawn:
    """The sequences of a task; the same arguments give the same ones.

    Parameters
    ----------
    name : str
        One of :func:`tasks`.
    seed : int
        What is drawn follows from it.
    steps, sequences, lag : int, optional
        What is None is as the task has it, a sequence being long enough for the lag.

    Returns
    -------
    Drawn

    Raises
    ------
    OptionError
        There is no such task, or a number is out of bounds, is a lag that the task has not or the
        sequence has no room for, or is more than the series has.
    """
    check_choice("name", name, tasks())
    check_whole("seed", seed, 0)
    for argument, count in (("steps", steps), ("sequences", sequences), ("lag", lag)):
        check_whole(argument, count, 1, MOST)
    task = tasks()[name]
    if lag is not None and not task.lag:
        raise OptionError("lag", "a task that has a lag (echo, sine, series)", name)
    lag = task.lag if lag is None else lag
    steps = max(task.steps, 2 * lag) if steps is None else steps
    least = lag + 1 if name == "echo" else 2
    if steps < least:
        why = f" with a lag of {lag}" if name == "echo" else ""
        raise OptionError("steps", f"at least {least} for {name}{why}", str(steps))
    words = {"lag": lag, "steps": steps, "reach": lag + 1}
    if name == "series":
        rows = _series(steps, sequences, lag)
        first = sunspots()["first"]
        words |= {"first": first, "last": first + len(rows) * steps + lag - 1}
    else:
        random = Random(f"{name} {seed}")
        count = task.sequences if sequences is None else sequences
        rows = [_GENERATORS[name](_Call(random, steps, lag, k)) for k in range(count)]
    drawn = tuple(Sequence(tuple(map(tuple, x)), tuple(target)) for x, target in rows)
    says = f"{task.says}\n{task.chance}".format(**words)
    return Drawn(task, lag, task.title.format(**words), says, drawn)


class _Call(NamedTuple):
    """What a generator is given: ``number`` is the sequence's place, from 0."""

    random: Random
    steps: int
    lag: int
    number: int


def _echo(call: _Call) -> Rows:
    """Impulses of both signs take turns, so that no bias can learn their mean."""
    x, target = [0.0] * call.steps, [math.nan] * call.steps
    place = call.random.randrange(call.steps - call.lag)
    size = call.random.uniform(0.5, 1.0)
    x[place] = target[place + call.lag] = round(-size if call.number % 2 else size, 2)
    return [x], target


def _adding(call: _Call) -> Rows:
    numbers = [round(call.random.uniform(-1, 1), 2) for _ in range(call.steps)]
    marked = (
        call.random.randrange(call.steps // 2),
        call.random.randrange(call.steps // 2, call.steps),
    )
    marks = [1.0 if t in marked else 0.0 for t in range(call.steps)]
    asked = round(sum(numbers[t] for t in marked) / 2, 3)
    return [numbers, marks], _at_the_end(call.steps, asked)


def _order(call: _Call) -> Rows:
    distractors = [round(call.random.uniform(-1, 1), 2) for _ in range(call.steps)]
    first, second = sorted(call.random.sample(range(call.steps), 2))
    symbols = [0.0] * call.steps
    symbols[first], symbols[second] = (-1.0, 1.0) if call.number % 2 else (1.0, -1.0)
    return [distractors, symbols], _at_the_end(call.steps, 1.0 - call.number % 2)


def _sine(call: _Call) -> Rows:
    phase = call.random.uniform(0, 2 * math.pi)
    clean = [math.sin(2 * math.pi * t / PERIOD + phase) for t in range(call.steps + call.lag)]
    x = [round(clean[t] + call.random.gauss(0, NOISE), 3) for t in range(call.steps)]
    return [x], [round(value, 3) for value in clean[call.lag :]]


def _parity(call: _Call) -> Rows:
    bits = [float(call.random.randrange(2)) for _ in range(call.steps)]
    odd = [sum(bits[: t + 1]) % 2 == 1 for t in range(call.steps)]
    return [bits], [1.0 if is_odd else -1.0 for is_odd in odd]


def _series(steps: int, sequences: int | None, lag: int) -> list[Rows]:
    data = sunspots()
    values = [value / data["scale"] for value in data["values"]]
    most = (len(values) - lag) // steps
    count = min(most, tasks()["series"].sequences) if sequences is None else sequences
    if not 1 <= count <= most:
        given = f"{count} of {steps} steps, {lag} ahead"
        raise OptionError("sequences", f"no more than {len(values)} years hold", given)
    starts = range(0, count * steps, steps)
    return [([values[s : s + steps]], values[s + lag : s + steps + lag]) for s in starts]


def _at_the_end(steps: int, value: float) -> list[float]:
    return [math.nan] * (steps - 1) + [value]


_GENERATORS: dict[str, Callable[[_Call], Rows]] = {
    "echo": _echo,
    "adding": _adding,
    "order": _order,
    "sine": _sine,
    "parity": _parity,
}
