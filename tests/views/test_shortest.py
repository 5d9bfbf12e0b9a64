"""The text of many floats at once is that of ``repr``, whichever floats they are."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cellcalc.views import shortest


def texts(values: NDArray[numpy.float64]) -> list[str]:
    return shortest.lines(values, "", None, "\n").split("\n")[:-1]


def written(values: NDArray[numpy.float64]) -> list[str]:
    return [repr(value) for value in values.tolist()]


def random_floats(least: int, most: int, seed: int) -> NDArray[numpy.float64]:
    """With exponents from ``least`` to before ``most``, some of them beside a power of two."""
    rng = numpy.random.default_rng(seed)
    exponents = rng.integers(least, most, 3000, dtype=numpy.uint64)
    fractions = rng.integers(0, 2**52, 3000, dtype=numpy.uint64)
    fractions[::7], fractions[1::7] = 0, 2**52 - 1
    fractions[2::7] &= numpy.uint64(0xFFFFF00000000)
    signs = rng.integers(0, 2, 3000, dtype=numpy.uint64)
    bits = signs << numpy.uint64(63) | exponents << numpy.uint64(52) | fractions
    return bits.view(numpy.float64)


# Near 1; small and large beside it; whole numbers; all there are, nan and subnormal ones too.
@pytest.mark.parametrize("least, most", [(1015, 1030), (990, 1090), (1023, 1080), (0, 2048)])
def test_random_floats(least: int, most: int) -> None:
    values = random_floats(least, most, seed=least)
    assert texts(values) == written(values)


def test_powers_of_two_and_of_ten_and_their_neighbours() -> None:
    twos = 2.0 ** numpy.arange(-1074, 1024)
    tens = numpy.array([float(f"1e{k}") for k in range(-323, 309)])
    for values in (twos, tens, numpy.nextafter(tens, 0), numpy.nextafter(tens, numpy.inf)):
        assert texts(-values) == written(-values)


def test_decimals_as_people_write_them() -> None:
    values = numpy.arange(-2000, 2000) / numpy.repeat([1, 4, 100, 1e5], 1000)
    assert texts(values) == written(values)


@given(st.lists(st.floats(), min_size=1))
def test_any_floats(values: list[float]) -> None:
    given = numpy.array(values)
    assert texts(given) == written(given)


def test_words_around_numbers_and_another_text_for_those_that_are_none() -> None:
    values = numpy.array([0.5, numpy.nan, -1e-7])
    found = shortest.lines(values, "c,", shortest.numbered(9, 3), ";", lambda _: "null")
    assert found == "c,9,0.5;c,10,null;c,11,-1e-07;"
