"""Work by several processes: one that dies or takes too long is told, and the rest is done."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

import cellcalc
from cellcalc import resources
from cellcalc.classroom.making import make_class
from cellcalc.classroom.parallel import Done, each
from cellcalc.classroom.roster import numbered


def half(number: int) -> int:
    """A job: the half of a number; 7 takes too long, 13 kills its process."""
    if number == 7:
        time.sleep(30)
    if number == 13:
        os._exit(1)
    return number // 2


def by_number(results: list[Done[int]]) -> dict[int, tuple[int | None, str]]:
    return {one.number: (one.result, one.failed) for one in results}


def test_every_job_is_done_once() -> None:
    jobs = [2 * k + 100 for k in range(9)]
    found = list(each(half, jobs, workers=2))
    assert len(found) == 9
    assert by_number(found) == {k: (k + 50, "") for k in range(9)}


@pytest.mark.cases(0)
def test_a_job_that_kills_its_process_takes_no_other_with_it() -> None:
    jobs = [2, 4, 13, 8, 10, 12]
    found = by_number(list(each(half, jobs, workers=2)))
    assert found == {0: (1, ""), 1: (2, ""), 2: (None, "died"), 3: (4, ""), 4: (5, ""), 5: (6, "")}


def test_a_job_that_takes_too_long_is_stopped() -> None:
    begin = time.monotonic()
    found = by_number(list(each(half, [2, 7, 6], workers=1, seconds=0.5)))
    assert found == {0: (1, ""), 1: (None, "slow"), 2: (3, "")}
    assert time.monotonic() - begin < 20


def test_a_single_job_needs_no_other_process() -> None:
    assert by_number(list(each(half, [8], workers=4))) == {0: (4, "")}


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.cases(0)
def test_an_executor_of_ones_own_makes_the_same_files(kind: type) -> None:
    specification = cellcalc.load("two_step").specification
    alone = make_class(specification, numbered(3), seed=5)
    with kind(2) as pool:
        assert make_class(specification, numbered(3), seed=5, workers=pool).files == alone.files


def spoken(name: str) -> str:
    return resources.sentence("class", name)


def test_a_job_speaks_the_language_of_whoever_asks_for_it() -> None:
    resources.use("zh")
    try:
        found = by_number(list(each(spoken, ["late", "missing"], workers=2)))  # type: ignore[arg-type]
        own = [spoken("late"), spoken("missing")]
    finally:
        resources.use(resources.FIRST)
    assert [found[0][0], found[1][0]] == own != [spoken("late"), spoken("missing")]
