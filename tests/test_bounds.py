"""What is out of bounds is refused by the library, in words that name the argument."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cellcalc
from cellcalc import load
from cellcalc.api import cell_alone
from cellcalc.errors import OptionError
from cellcalc.language import authors
from cellcalc.scripts import frameworks
from cellcalc.studies import compare, flow, tasks
from cellcalc.studies.experiment import design
from cellcalc.views import (
    catalogue,
    derivation,
    problem_file,
    schedule,
    table,
    topics,
    worked,
)
from cellcalc.views import compare as compared
from cellcalc.views import flow as shaded
from tests.support.command import Run

GOMEZ = load("gomez")
TRACE = GOMEZ.run()
PARTS = (GOMEZ.specification, GOMEZ.model)
TEN = load("ten_steps")


def own_problem(steps: int = 3, inputs: int = 2, seed: int = 1) -> str:
    names = ("lstm", "identity", "half-squared")
    return problem_file.own_problem(steps, inputs, *names, seed, Path())


def several(name: str) -> Callable[[Any], object]:
    return lambda value: design(*PARTS, **{name: [1, value]})  # type: ignore[arg-type]


# By what takes them: whole numbers, with the least and the greatest that there may be.
WHOLE: dict[str, tuple[Callable[[Any], object], str, int, int | None]] = {
    "load k1": (lambda v: load("ten_steps", k1=v), "k1", 1, None),
    "load k2": (lambda v: load("ten_steps", k2=v), "k2", 1, None),
    "run": (lambda v: GOMEZ.run(hand_rounding=v), "hand_rounding", 0, 15),
    "bare": (lambda v: cell_alone("rnn", features=v), "features", 1, None),
    "render decimals": (lambda v: table.render(TRACE, decimals=v), "decimals", 0, 30),
    "render width": (lambda v: table.render(TRACE, width=v), "width", 0, None),
    "explain decimals": (lambda v: worked.explain(TRACE, decimals=v), "decimals", 0, 30),
    "explain width": (lambda v: worked.explain(TRACE, width=v), "width", 0, None),
    "select epoch": (lambda v: table.select(TRACE, epoch=v), "epoch", 1, 1),
    "select sequence": (lambda v: table.select(TRACE, sequence=v), "sequence", 1, 1),
    "derive": (lambda v: derivation.derive(*PARTS, width=v), "width", 0, None),
    "schedule": (lambda v: schedule.to_text(*PARTS, width=v), "width", 0, None),
    "flow": (lambda v: flow.flow(*PARTS, v), "sequence", 1, 1),
    "flow width": (lambda v: shaded.to_text(flow.flow(*PARTS), "", v), "width", 0, None),
    "compare k1": (lambda v: compare.compare(*PARTS, k1=v), "k1", 1, None),
    "compare k2": (lambda v: compare.compare(*PARTS, k2=v), "k2", 1, None),
    "compare width": (
        lambda v: compared.to_text(compare.compare(*PARTS), width=v), "width", 0, None),
    "compare decimals": (
        lambda v: compared.to_text(compare.compare(*PARTS), v), "decimals", 0, 30),
    "listing": (lambda v: catalogue.listing(("cells",), "text", v), "width", 0, None),
    "description": (
        lambda v: catalogue.description(catalogue.find("rnn"), "text", v), "width", 0, None),
    "contents": (lambda v: topics.contents("text", v), "width", 0, None),
    "experiment k1": (several("k1"), "k1", 1, None),
    "experiment k2": (several("k2"), "k2", 1, None),
    "experiment epochs": (several("epochs"), "epochs", 1, None),
    "experiment seeds": (lambda v: design(*PARTS, seeds=v), "seeds", 1, 10_000),
    "experiment held out": (lambda v: design(*PARTS, held_out=v), "held_out", 0, None),
    "draw seed": (lambda v: tasks.draw("echo", seed=v), "seed", 0, None),
    "draw steps": (lambda v: tasks.draw("adding", steps=v), "steps", 1, 10_000),
    "draw sequences": (lambda v: tasks.draw("echo", sequences=v), "sequences", 1, 10_000),
    "draw lag": (lambda v: tasks.draw("echo", lag=v), "lag", 1, 10_000),
    "new steps": (lambda v: own_problem(steps=v), "steps", 1, 10_000),
    "new inputs": (lambda v: own_problem(inputs=v), "inputs", 1, 10_000),
    "new seed": (lambda v: own_problem(seed=v), "seed", 0, None),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_within_bounds(name: str) -> None:
    call, argument, least, most = WHOLE[name]
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    values: list[Any] = [least - 1, -3, least + 0.5, f"{least}", True]
    for value in [*values, *([] if most is None else [most + 1, 10**400])]:
        with pytest.raises(OptionError) as caught:
            call(value)
        assert str(caught.value).startswith(f"{argument}: expected a whole number {bounds}, found ")
        assert caught.value.argument == argument


def test_numbers_of_numpy_are_whole_numbers_too() -> None:
    of_numpy = load("ten_steps", k1=np.int64(2), k2=np.int32(5)).specification.scheme  # type: ignore[arg-type]
    assert of_numpy == load("ten_steps", k1=2, k2=5).specification.scheme
    with pytest.raises(OptionError, match="k1: expected a whole number of at least 1, found -3"):
        load("ten_steps", k1=np.int64(-3))  # type: ignore[arg-type]


WORDS: dict[str, tuple[Callable[[Any], object], str]] = {
    "load scheme": (lambda v: load("ten_steps", scheme=v), "scheme"),
    "load notation": (lambda v: load("gomez", notation=v), "notation"),
    "an author": (authors.load, "notation"),
    "bare readout": (lambda v: cell_alone("rnn", readout=v), "readout"),
    "bare loss": (lambda v: cell_alone("rnn", loss=v), "loss"),
    "bare notation": (lambda v: cell_alone("rnn", notation=v), "notation"),
    "render format": (lambda v: table.render(TRACE, v), "format"),
    "render layout": (lambda v: table.render(TRACE, layout=v), "layout"),
    "select passes": (lambda v: table.select(TRACE, [v]), "passes"),
    "select symbols": (lambda v: table.select(TRACE, symbols=v or " x9 "), "symbols"),
    "derive": (lambda v: derivation.derive(*PARTS, v), "format"),
    "page": (lambda v: topics.page(topics.topic("bptt"), v), "format"),
    "contents": (lambda v: topics.contents(v), "format"),
    "topic": (topics.topic, "topic"),
    "listing": (lambda v: catalogue.listing(("cells",), v, 80), "format"),
    "description": (lambda v: catalogue.description(catalogue.find("rnn"), v, 80), "format"),
    "draw": (tasks.draw, "name"),
    "script": (lambda v: frameworks.script(*PARTS, v), "to"),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_are_those_that_there_are(name: str) -> None:
    call, argument = WORDS[name]
    for value in ("nonsense", ""):
        with pytest.raises(OptionError) as caught:
            call(value)
        assert str(caught.value).startswith(f"{argument}: expected ")
        assert caught.value.argument == argument


@pytest.mark.parametrize("rate", [0, -1.0, float("nan"), float("inf"), "0.1", True])
def test_rates_are_above_0(rate: Any) -> None:
    with pytest.raises(OptionError, match="rates: expected a number above 0, found "):
        design(*PARTS, rates=[0.1, rate])


def test_a_k1_of_0_is_not_the_files() -> None:
    with pytest.raises(OptionError, match="k1: expected a whole number of at least 1, found 0"):
        load("ten_steps", k1=0)
    assert TEN.specification.scheme.k1 != 0


def test_what_is_within_bounds_is_taken() -> None:
    assert cellcalc.load("ten_steps", k1=1, k2=10**30).run().loss is not None
    assert GOMEZ.run(hand_rounding=15).decimals == 15
    assert GOMEZ.run(hand_rounding=0).decimals == 0
    assert len(table.render(TRACE, decimals=30, width=0)) > 1000


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["table", "gomez", "--k1", 0], "--k1: expected a whole number of at least 1, found 0"),
        (["table", "gomez", "--k2", -2], "--k2: expected a whole number of at least 1, found -2"),
        (["derive", "rnn", "--inputs", 0], "--inputs: expected a whole number of at least 1, found 0"),
        (["table", "gomez", "--precision", 31], "--precision: expected a whole number from 0 to 30, found 31"),
        (["table", "gomez", "--width", -1], "--width: expected a whole number of at least 0, found -1"),
        (["table", "gomez", "--explain", "--width", -1], "--width: expected a whole number of at least 0, found -1"),
        (["check", "gomez", "--width", -1, "-e", "c[1] = 1"], "--width: expected a whole number of at least 0, found -1"),
        (["table", "gomez", "--hand-rounding", 400], "--hand-rounding: expected a whole number from 0 to 15, found 400"),
        (["flow", "gomez", "--sequence", 0], "--sequence: expected a whole number from 1 to 1, found 0"),
        (["schedule", "gomez", "--compare", "--k1", 0], "--k1: expected a whole number of at least 1, found 0"),
        (["experiment", "echo", "--seeds", 0], "--seeds: expected a whole number from 1 to 10000, found 0"),
        (["experiment", "echo", "--hold-out", -1], "--hold-out: expected a whole number of at least 0, found -1"),
        (["new", "--steps", 0], "--steps: expected a whole number from 1 to 10000, found 0"),
        (["new", "--task", "sine", "--lag", 0], "--lag: expected a whole number from 1 to 10000, found 0"),
        (["new", "--seed", -1], "--seed: expected a whole number of at least 0, found -1"),
    ],
)  # fmt: skip
def test_the_command_line_calls_it_by_its_option(
    arguments: list[object], line: str, run: Run
) -> None:
    result = run(*map(str, arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {line}") and result.stderr.count("\n") == 1
