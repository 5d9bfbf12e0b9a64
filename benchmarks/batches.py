"""Many parameter sets trained at once, against the same sets one at a time."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from cellcalc import engine
from cellcalc.api import Problem
from cellcalc.problem import read_specification

STEPS, EPOCHS = 100, 2
SETS = (1, 10, 100, 1_000)
ONE_BY_ONE = 10  # sets run one at a time in each round, for their mean
ROUNDS = 7
HEADINGS = (
    "sets", "µs a set and step, batch", "one at a time", "times faster (median)", "least–most",
)  # fmt: skip


def rows() -> Iterator[tuple[str, ...]]:
    """A row for each number of sets: 100 steps, tbptt(5,10), gradient descent, two epochs.

    Batch and single runs take turns, so that a busy machine slows both.
    """
    problem = _problem()
    s, model = problem.specification, problem.model
    generator = np.random.default_rng(0)
    for sets in SETS:
        varied = {name: generator.uniform(-0.5, 0.5, sets) for name in s.parameters}

        def batch(varied: dict[str, np.ndarray] = varied) -> None:
            problem.train_batch(varied)

        def single(varied: dict[str, np.ndarray] = varied, sets: int = sets) -> None:
            for k in range(ONE_BY_ONE):
                own = {name: float(values[k % sets]) for name, values in varied.items()}
                engine.run(replace(s, parameters=own), model, detail=False)

        times = [(_seconds(batch) / sets, _seconds(single) / ONE_BY_ONE) for _ in range(ROUNDS)]
        ratios = [one / many for many, one in times]
        many, one = (statistics.median(column) for column in zip(*times, strict=True))
        steps = STEPS * EPOCHS
        yield (
            f"{sets:,}",
            f"{many / steps * 1e6:.3f}",
            f"{one / steps * 1e6:.2f}",
            f"{statistics.median(ratios):.1f}",
            f"{min(ratios):.1f}–{max(ratios):.1f}",
        )


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _problem() -> Problem:
    generator = random.Random(3)
    x = [generator.uniform(-1, 1) for _ in range(STEPS)]
    target = [generator.uniform(-1, 1) for _ in range(STEPS)]
    text = (
        'readout = "linear"\n[parameters]\nrandom = {seed = 1}\n'
        f"[[sequence]]\nx = {x}\ntarget = {target}\n"
        f'[bptt]\nscheme = "tbptt(5,10)"\n[update]\nepochs = {EPOCHS}\n'
    )
    return Problem(read_specification(text, "benchmark.toml", Path()))
