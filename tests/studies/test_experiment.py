"""Experiments: the lag effect, and every figure against single runs of the engine."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellcalc.api import Problem, load
from cellcalc.engine import batch
from cellcalc.engine.run import run_model
from cellcalc.errors import OptionError
from cellcalc.problems.schemes import Scheme, named_scheme
from cellcalc.problems.specification import read_specification, redrawn
from cellcalc.resources import folder
from cellcalc.studies import experiment
from cellcalc.studies.experiment import Result, design
from tests.support.problems import TRAINING, random_data

TUNING = (folder("examples") / "tuning_k1_k2.md").read_text(encoding="utf-8")


def problem(text: str = TRAINING) -> Problem:
    return Problem.of(read_specification(text, "test.toml", Path()))


def results(p: Problem, **options: object) -> list[Result]:
    planned = design(p.specification, p.model, **options)  # type: ignore[arg-type]
    return list(experiment.run(planned))


@pytest.fixture(scope="module")
def echo() -> dict[int, Result]:
    """An echo after 6 steps, learned with one window a sequence of 12 steps, by its depth."""
    p = load("echo")
    found = results(p, k1=(12,), k2=(3, 6, 12), epochs=(100,), seeds=5)
    return {r.k2: r for r in found}


@pytest.mark.parametrize("k2", [3, 6])
def test_windows_that_do_not_reach_back_to_the_impulse_do_not_learn_the_echo(
    k2: int, echo: dict[int, Result]
) -> None:
    """k2 of the lag or less: no better than a guess of 0, which is 0.232 on what is held out."""
    held_out = echo[k2].held_out
    assert held_out is not None and held_out.median > 0.22


def test_windows_that_reach_back_to_it_learn_the_echo(echo: dict[int, Result]) -> None:
    held_out = echo[12].held_out
    assert held_out is not None and held_out.high < 0.05


def test_the_gradient_is_nearly_true_all_the_same(echo: dict[int, Result]) -> None:
    """What is cut off is a few per cent of the gradient, and it is what learning needs."""
    assert echo[6].error < 0.1 and echo[6].angle < 5
    assert echo[12].error == pytest.approx(0, abs=1e-12)


def test_the_written_experiment_shows_these_results(echo: dict[int, Result]) -> None:
    """To a tenth only: training multiplies the last digits, in which processors differ."""
    for k2, result in echo.items():
        (line,) = re.findall(rf"^tbptt\(12,{k2}\) .*–$", TUNING.split("## Is it")[0], re.M)
        _, final, _, best, held_out, *_ = line.split()
        assert result.held_out is not None
        expected = [result.final.median, result.best.median, result.held_out.median]
        assert [float(final), float(best), float(held_out)] == pytest.approx(expected, rel=0.1)


def test_windows_at_every_step_and_back_to_the_start_give_full_gradients() -> None:
    """(1,n), nothing being updated on the way, added up: full BPTT."""
    p = problem()
    (result,) = results(p, schemes=[Scheme("realtime", 1, None)], epochs=(1,), held_out=0)
    assert result.error < 1e-14 and result.angle < 1e-12
    every_step = results(p, k1=(1,), k2=(2,), epochs=(1,), held_out=0)[0]
    assert every_step.error > 0.001 and every_step.angle > 0.01


@pytest.mark.parametrize("options", ["k1 = 2\nk2 = 3", 'scheme = "per-error(2)"\nclip_norm = 0.1'])
def test_a_batch_of_seeds_equals_the_seeds_one_by_one(options: str) -> None:
    """Each figure worked out from single runs of the engine."""
    p = problem(f"{TRAINING}[bptt]\n{options}\n")
    s = p.specification
    found = results(p, schemes=[s.scheme], rates=(0.1, 0.3), epochs=(3, 5), seeds=3, held_out=1)
    assert [(r.learning_rate, r.epochs) for r in found] == [(0.1, 3), (0.1, 5), (0.3, 3), (0.3, 5)]
    for result in found:
        final, best, rest = [], [], []
        for seed in (1, 2, 3):
            trace = run_model(
                replace(
                    s,
                    parameters={**s.parameters, **redrawn(s, seed)},
                    sequences=s.sequences[:2],
                    update=replace(
                        s.update,
                        epochs=result.epochs,
                        settings={**s.update.settings, "learning_rate": result.learning_rate},
                    ),
                ),
                p.model,
                detail=False,
            )
            losses = [one.loss or 0.0 for one in trace.passes]
            by_epoch = [(a + b) / 5 for a, b in zip(losses[::2], losses[1::2], strict=True)]
            final.append(by_epoch[-1])
            best.append(min(by_epoch))
            whole = Scheme("full", None, None)
            last = replace(s, parameters=dict(trace.final), sequences=s.sequences[2:], scheme=whole)
            rest.append((run_model(last, p.model).loss or 0.0) / 3)
        for spread, values in ((result.final, final), (result.best, best), (result.held_out, rest)):
            assert spread is not None
            expected = [sorted(values)[1], min(values), max(values)]
            assert [spread.median, spread.low, spread.high] == pytest.approx(expected, rel=1e-12)
        assert result.curve[-1] == (result.epochs, pytest.approx(sorted(final)[1]))
        assert [epoch for epoch, _ in result.curve] == list(range(1, result.epochs + 1))


def test_the_gradient_error_is_that_of_vectors() -> None:
    """Relative distance and angle worked out from the gradients of each seed."""
    p = problem()
    s = p.specification
    (result,) = results(p, k1=(2,), k2=(2,), epochs=(1,), seeds=3, held_out=0)
    errors, angles = [], []
    for seed in (1, 2, 3):
        own = redrawn(s, seed)
        vectors = [
            np.array([
                float(v[0]) for v in batch.gradients(replace(s, scheme=scheme), p.model,
                                                     {n: [v] for n, v in own.items()}).values()
            ])
            for scheme in (Scheme("a", 2, 2), Scheme("full", None, None))
        ]  # fmt: skip
        ours, full = vectors
        errors.append(np.linalg.norm(ours - full) / np.linalg.norm(full))
        cosine = ours @ full / np.linalg.norm(ours) / np.linalg.norm(full)
        angles.append(math.degrees(math.acos(cosine)))
    assert result.error == pytest.approx(sorted(errors)[1])
    assert result.angle == pytest.approx(sorted(angles)[1])


def test_the_cost_is_counted_over_all_epochs() -> None:
    (result,) = results(problem(), k1=(2,), k2=(3,), epochs=(10,), held_out=0)
    # windows of 4, 3 and 5 steps: 2 + 2 + 3; cells: (2 + 3) + (2 + 3) + (2 + 3 + 3)
    assert (result.updates, result.backward_cells, result.dropped) == (70, 180, 0)
    (result,) = results(problem(), k1=(4,), k2=(1,), epochs=(10,), held_out=0)
    assert (result.updates, result.backward_cells, result.dropped) == (40, 40, 5)


def test_a_rate_that_diverges_is_flagged_and_the_others_are_not() -> None:
    found = results(problem(), k1=(2,), k2=(3,), rates=(0.1, 50.0), epochs=(20,), seeds=3)
    assert [r.diverged for r in found] == [0, 3]
    assert found[1].final.median > 100 * found[0].final.median
    text = "[parameters]\nrandom = {seed = 1}\n[[sequence]]\nx = [1, 2]\ntarget = [1e200, 0]\n"
    (result,) = results(problem(f'readout = "linear"\n{text}'), k1=(1,), k2=(2,), epochs=(4,))
    assert (result.final.median, result.diverged) == (math.inf, 5)


def test_without_a_choice_the_grid_follows_the_sequence() -> None:
    p = load("ten_steps")
    planned = design(p.specification, p.model)
    pairs = [(scheme.k1, scheme.k2) for scheme in planned.schemes]
    assert pairs == [(a, b) for a in (1, 3, 10) for b in (2, 5, 10)]
    assert (planned.seeds, planned.epochs, planned.rates) == ((1,), (100,), (0.1,))
    assert planned.held_out is None and planned.rows == 9
    p = load("echo")
    planned = design(p.specification, p.model)
    assert planned.seeds == (1, 2, 3, 4, 5)
    assert len(planned.trained.sequences) == 12
    assert planned.held_out is not None
    assert planned.held_out.sequences == p.specification.sequences[12:]


def test_sequences_without_targets_cannot_be_trained_on() -> None:
    data = random_data(1, steps=3)
    data.target = [math.nan] * 3
    p = data.problem()
    with pytest.raises(OptionError, match="a sequence with targets to train on"):
        design(p.specification, p.model)
    assert named_scheme("full") is not None
