"""The tasks that a problem can be: what each asks for, and what chance is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cellcalc.api import Problem
from cellcalc.problems.sequences import Sequence
from cellcalc.problems.specification import read_specification
from cellcalc.studies import tasks
from tests.support.command import Run


def problem(text: str) -> Problem:
    return Problem.of(read_specification(text, "new.toml", Path()))


def asked_at(sequence: Sequence) -> list[int]:
    """The places, from 0, at which a sequence has a target."""
    return [t for t, has in enumerate(sequence.has_target) if has]


@pytest.mark.parametrize("name", tasks.tasks())
def test_every_task_runs_and_is_the_same_for_the_same_seed(name: str, run: Run) -> None:
    arguments = ["new", "--task", name, "--seed", 3, "--sequences", 3]
    text = run(*arguments).stdout
    s = problem(text).specification
    drawn = tasks.draw(name, 3, sequences=3)
    for read, made in zip(s.sequences, drawn.sequences, strict=True):
        assert read.inputs == made.inputs
        assert read.targets == pytest.approx(made.targets, nan_ok=True)
    assert run(*arguments).stdout == text
    if name != "series":
        assert run(*arguments[:-3], 4, "--sequences", 3).stdout != text
    trace = problem(text).run(detail=False)
    assert len(trace.passes) == 3


@pytest.mark.parametrize("name", tasks.tasks())
def test_a_task_says_what_chance_is(name: str) -> None:
    """The figure in the comment is what the guess that it names costs, over many sequences."""
    count = None if name == "series" else 4000
    sequences = tasks.draw(name, 2, sequences=count).sequences
    guess = {"order": 0.5, "series": 0.486}.get(name, 0.0)
    costs = []
    for sequence in sequences:
        for target in (v for v in sequence.targets or () if not math.isnan(v)):
            gap = math.log(2) if name == "order" else (target - guess) ** 2 / 2
            costs.append(gap)
    expected = {"echo": 0.29, "adding": 0.083, "order": 0.69, "sine": 0.25, "parity": 0.5,
                "series": 0.078}[name]  # fmt: skip
    assert sum(costs) / len(costs) == pytest.approx(expected, rel=0.03)
    assert f"{expected:g}" in tasks.tasks()[name].chance


def test_echo_asks_for_the_impulse_after_the_lag() -> None:
    for sequence in tasks.draw("echo", 5, steps=9, sequences=40, lag=4).sequences:
        (x,) = sequence.inputs
        (asked,) = asked_at(sequence)
        assert sequence.targets is not None
        assert [t for t, value in enumerate(x) if value] == [asked - 4]
        assert x[asked - 4] == sequence.targets[asked]
        assert 0.5 <= abs(x[asked - 4]) <= 1


def test_adding_marks_one_number_in_each_half() -> None:
    for sequence in tasks.draw("adding", 5, steps=7, sequences=40).sequences:
        numbers, marks = sequence.inputs
        assert sequence.targets is not None
        assert sum(marks[:3]) == sum(marks[3:]) == 1
        assert asked_at(sequence) == [6]
        total = sum(a * b for a, b in zip(numbers, marks, strict=True))
        assert sequence.targets[6] == pytest.approx(total / 2)


def test_order_asks_which_came_first() -> None:
    seen = set()
    for sequence in tasks.draw("order", 5, sequences=40).sequences:
        _, symbols = sequence.inputs
        first = next(value for value in symbols if value)
        assert sorted(value for value in symbols if value) == [-1, 1]
        assert sequence.targets is not None
        assert sequence.targets[-1] == (1 if first == 1 else 0)
        seen.add(first)
    assert seen == {-1, 1}


def test_sine_asks_for_the_sine_ahead_without_noise() -> None:
    for sequence in tasks.draw("sine", 5, steps=30, sequences=5, lag=3).sequences:
        (x,), target = sequence.inputs, sequence.targets
        assert target is not None
        for t in range(24):  # a sine is opposite to itself half a period on
            assert target[t] == pytest.approx(-target[t + 6], abs=0.0011)
        noise = [a - b for a, b in zip(x[3:], target[:-3], strict=True)]
        assert 0.03 < math.sqrt(sum(e * e for e in noise) / len(noise)) < 0.2


def test_parity_counts_the_ones_so_far() -> None:
    for sequence in tasks.draw("parity", 5, sequences=20).sequences:
        (bits,), target = sequence.inputs, sequence.targets
        assert target is not None
        for t in range(8):
            assert target[t] == (1 if bits[: t + 1].count(1) % 2 else -1)


def test_the_series_is_that_of_the_source() -> None:
    """Known years: the largest number is 190.2, of 1957; 1816 had 45.8, 1988 had 100.2."""
    data = tasks.sunspots()
    by_year = dict(enumerate(data["values"], data["first"]))
    assert list(by_year) == list(range(1700, 1989))
    assert max(by_year, key=by_year.__getitem__) == 1957 and by_year[1957] == 190.2
    assert (by_year[1700], by_year[1816], by_year[1988]) == (5, 45.8, 100.2)
    assert data["licence"] == "public domain" and data["source"]
    drawn = tasks.draw("series", lag=2, steps=20).sequences
    joined = [value for sequence in drawn for value in sequence.inputs[0]]
    assert joined == pytest.approx([v / 100 for v in data["values"][: len(joined)]])
    for place, sequence in enumerate(drawn):
        start = 20 * place + 2
        assert sequence.targets == pytest.approx(
            [v / 100 for v in data["values"][start : start + 20]]
        )
