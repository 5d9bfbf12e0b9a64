"""Many sets at once give what each gives alone."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellcalc.api import Problem
from cellcalc.engine import batch
from cellcalc.engine.run import run_model
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError
from cellcalc.problems.schemes import named_scheme
from cellcalc.problems.specification import read_specification
from cellcalc.resources import names
from cellcalc.studies import compare
from tests.support.problems import Data, random_data

SETS = 4

SCHEMES = [
    'scheme = "full"',
    'scheme = "tbptt(2,5)"',
    'scheme = "tbptt(3,2)"\ntail = "discard"',
    'scheme = "keras-stateless(3)"',
    'scheme = "per-error(4)"\nreduction = "mean"',
    'scheme = "forum-last(2,4)"\nclip_norm = 0.05',
    'scheme = "tbptt(2,6)"\nweights = "stored"\nclip_value = 0.02',
    'scheme = "block(3)"\ninject = "all"\nreduction = "mean"\nclip_norm = 0.1\nclip_value = 0.05',
]
OPTIMIZERS = [
    'optimizer = "sgd"',
    'optimizer = "momentum"\nmomentum = 0.7',
    'optimizer = "adam"\nbeta2 = 0.9',
]


def training(bptt: str, update: str, readout: str = "linear") -> Data:
    """Seven steps and then five, targets missing, one parameter frozen, three epochs."""
    data = random_data(5, features=2, steps=7, readout=readout, missing=True)
    other = random_data(6, features=2, steps=5)
    data.more = [(other.x, other.target)]
    data.bptt, data.update = bptt, f"{update}\nepochs = 3"
    data.frozen = ["W_g", "U_o"]
    return data


def varied(problem: Problem, sets: int = SETS) -> dict[str, Any]:
    """Other parameters, states and rates for each set."""
    generator = np.random.default_rng(11)
    s = problem.specification
    keys = [*s.parameters, *s.initial]
    values: dict[str, Any] = {key: generator.uniform(-0.9, 0.9, sets) for key in keys}
    return values | {"learning_rate": generator.uniform(0.05, 0.4, sets)}


def alone(problem: Problem, values: dict[str, Any], k: int) -> Trace:
    """The k-th set by the engine that runs one at a time."""
    s = problem.specification
    own = {name: float(numbers[k]) for name, numbers in values.items()}
    one = replace(
        s,
        parameters={name: own[name] for name in s.parameters},
        initial={name: own[name] for name in s.initial},
        update=replace(
            s.update, settings={**s.update.settings, "learning_rate": own["learning_rate"]}
        ),
    )
    return run_model(one, problem.model, detail=False)


@pytest.mark.parametrize("update", OPTIMIZERS)
@pytest.mark.parametrize("bptt", SCHEMES)
def test_a_batch_equals_its_sets_one_by_one(bptt: str, update: str) -> None:
    problem = training(bptt, update).problem()
    values = varied(problem)
    trained = batch.train(problem.specification, problem.model, values)
    assert trained.losses.shape == (3, 2, SETS)
    for k in range(SETS):
        trace = alone(problem, values, k)
        losses = [one.loss for one in trace.passes]
        assert trained.losses[:, :, k].ravel() == pytest.approx(losses, rel=1e-12, abs=1e-13)
        for name, value in trace.final.items():
            assert trained.parameters[name][k] == pytest.approx(value, rel=1e-12, abs=1e-13), name


@pytest.mark.parametrize(
    ("cell", "readout", "loss"),
    [
        ("lstm", "identity", "squared"),
        ("lstm", "logistic", "cross-entropy"),
        ("lstm-two-biases", "linear", "half-squared"),
    ],
)
def test_other_cells_readouts_and_losses(cell: str, readout: str, loss: str) -> None:
    data = random_data(9, features=1, steps=6, readout=readout, loss=loss)
    if cell == "lstm-two-biases":
        data.parameters |= {f"r_{gate}": 0.1 + k / 7 for k, gate in enumerate("figo")}
    text = data.toml().replace('cell = "lstm"', f'cell = "{cell}"')
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    values = varied(problem)
    trained = batch.train(problem.specification, problem.model, values)
    for k in range(SETS):
        trace = alone(problem, values, k)
        assert trained.losses[0, 0, k] == pytest.approx(trace.loss, rel=1e-12)
        for name, value in trace.final.items():
            assert trained.parameters[name][k] == pytest.approx(value, rel=1e-12, abs=1e-13), name


@pytest.mark.parametrize(
    "cell", [c for c in names("templates/cells") if not c.startswith("lstm-two")]
)
def test_every_cell_of_the_library(cell: str) -> None:
    """Coefficients included, at steps that are windows' edges and at others."""
    data = random_data(4, features=2, steps=7)
    text = (
        f'cell = "{cell}"\nreadout = "linear"\n[parameters]\nrandom = {{seed = 5, scale = 0.9}}\n'
        f"[[sequence]]\nx = {data.x}\ntarget = {data.target}\n[bptt]\nk1 = 2\nk2 = 3\n"
        '[update]\noptimizer = "adam"\nlearning_rate = 0.05\nepochs = 2\n'
    )
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    values = varied(problem)
    trained = batch.train(problem.specification, problem.model, values)
    for k in range(SETS):
        trace = alone(problem, values, k)
        assert trained.losses[:, 0, k] == pytest.approx([p.loss for p in trace.passes], rel=1e-11)
        for name, value in trace.final.items():
            assert trained.parameters[name][k] == pytest.approx(value, rel=1e-10, abs=1e-12), name


def test_coefficients_can_vary() -> None:
    text = (
        'cell = "lstm-clip"\nreadout = "linear"\n[parameters]\nrandom = {seed = 5, scale = 2}\n'
        "[[sequence]]\nx = [3, 2, -4]\ntarget = [1, 0, 1]\n"
    )
    problem = Problem.of(read_specification(text, "test.toml", Path()))
    (name,) = problem.specification.coefficients
    trained = problem.train_batch({name: [0.1, 5.0]})
    for k, bound in enumerate((0.1, 5.0)):
        own = replace(problem.specification, coefficients={name: bound})
        loss = run_model(own, problem.model).loss
        assert trained.losses[0, 0, k] == pytest.approx(loss, rel=1e-13)


def test_what_is_not_varied_is_as_in_the_problem() -> None:
    problem = training(SCHEMES[1], OPTIMIZERS[0]).problem()
    trace = problem.run(detail=False)
    trained = problem.train_batch({"U_f": [0.3, problem.specification.parameters["U_f"]]})
    for name, value in trace.final.items():
        assert trained.parameters[name][1] == pytest.approx(value, rel=1e-12)
    assert abs(trained.parameters["V"][0] - trace.final["V"]) > 1e-6


def test_gradients_without_updates_are_those_of_the_comparison_of_schemes() -> None:
    data = random_data(3, steps=8)
    problem = data.problem()
    s = problem.specification
    schemes = compare.compare(s, problem.model, k1=2, k2=4).schemes
    by_name = {name: one for one in schemes for name in (one.scheme.name, *one.others)}
    for name in ("full", "realtime", "tbptt(2,4)", "tail(2)"):
        scheme = named_scheme(name)
        assert scheme is not None
        found = batch.gradients(replace(s, scheme=scheme), problem.model, {})
        for symbol, value in by_name[name].gradients.items():
            assert found[symbol] == pytest.approx(value, rel=1e-12, abs=1e-14)


def test_losses_of_held_out_sequences_are_those_of_a_forward_pass() -> None:
    data = training('scheme = "full"', 'optimizer = "sgd"\nlearning_rate = 0.1')
    data.update = data.update.replace("learning_rate = 0.1", "")
    third = random_data(8, features=2, steps=7)
    data.more.append((third.x, third.target))
    problem = data.problem()
    values = {name: v for name, v in varied(problem).items() if name != "learning_rate"}
    found = batch.losses(problem.specification, problem.model, values)
    assert found.shape == (3, SETS)
    s = problem.specification
    for k in range(SETS):
        own = {name: float(numbers[k]) for name, numbers in values.items()}
        for place, sequence in enumerate(s.sequences):
            one = replace(
                s,
                sequences=(sequence,),
                parameters={name: own[name] for name in s.parameters},
                initial={name: own[name] for name in s.initial},
            )
            loss = run_model(one, problem.model).passes[0].loss
            assert found[place, k] == pytest.approx(loss, rel=1e-12)


def test_a_set_that_diverges_leaves_the_others_alone() -> None:
    data = training('scheme = "tbptt(2,4)"', 'optimizer = "sgd"')
    problem = data.problem()
    rates = [0.1, 1e300, 0.2]
    trained = problem.train_batch({"learning_rate": rates})
    good = problem.train_batch({"learning_rate": [0.1, 0.2]})
    assert not math.isfinite(trained.losses[-1].sum(axis=0)[1])
    for name, values in good.parameters.items():
        assert trained.parameters[name][[0, 2]] == pytest.approx(values, rel=1e-13)


def test_progress_counts_passes() -> None:
    seen: list[int] = []
    training(SCHEMES[0], OPTIMIZERS[0]).problem().train_batch({"b_f": [1, 2]}, seen.append)
    assert seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"nothing": [1.0]}, OptionError),
        ({"U_f": [1.0, 2.0], "b_f": [1.0]}, OptionError),
        ({"U_f": [[1.0]]}, OptionError),
        ({"U_f": ["one"]}, OptionError),
    ],
)
def test_what_a_batch_does_not_take(values: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        training(SCHEMES[0], OPTIMIZERS[0]).problem().train_batch(values)
