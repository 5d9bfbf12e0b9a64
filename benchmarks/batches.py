"""Many parameter sets trained at once, against the same sets one at a time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.problems import SET_EPOCHS, SET_STEPS
from cellcalc.api import Problem
from cellcalc.engine.run import run_model
from cellcalc.problems.specification import read_specification

Work = Callable[[], object]


def together(sets: int) -> Work:
    """All the sets in one vectorised run."""
    problem = _problem()
    varied = _varied(problem, sets)
    return lambda: problem.train_batch(varied)


def one_by_one(sets: int) -> Work:
    """One run for each set, which keeps no more than the batch does."""
    problem = _problem()
    s, model, varied = problem.specification, problem.model, _varied(problem, sets)

    def work() -> None:
        for k in range(sets):
            own = {name: float(values[k]) for name, values in varied.items()}
            run_model(replace(s, parameters=own), model, detail=False)

    return work


def _varied(problem: Problem, sets: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {name: generator.uniform(-0.5, 0.5, sets) for name in problem.specification.parameters}


def _problem() -> Problem:
    generator = random.Random(3)
    x = [generator.uniform(-1, 1) for _ in range(SET_STEPS)]
    target = [generator.uniform(-1, 1) for _ in range(SET_STEPS)]
    text = (
        'readout = "linear"\n[parameters]\nrandom = {seed = 1}\n'
        f"[[sequence]]\nx = {x}\ntarget = {target}\n"
        f'[bptt]\nscheme = "tbptt(5,10)"\n[update]\nepochs = {SET_EPOCHS}\n'
    )
    return Problem.of(read_specification(text, "benchmark.toml", Path()))
