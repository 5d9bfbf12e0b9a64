"""What a problem may ask for, and what is said of one that asks for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.extremes import EXTREMES, as_expected
from tests.reliability.inputs import inside, invoke

QUICK = [
    "9**9**9", "h to the power of 1e308", "exp of exp", "a million characters",
    "a thousand brackets", "a thousand divisions", "a product of 1400", "many equations",
    "many inputs", "an endless training", "a long training kept", "a window back to the start",
    "an integer of 4000 digits", "an integer of a million digits", "lists within lists",
    "a key of many names", "a key of a million letters", "a CSV line of 10 GB",
    "a CSV line of 10 MB", "zeros",
]  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_more_than_there_may_be_is_refused_in_words(name: str, tmp_path: Path) -> None:
    make, expected = EXTREMES[name]
    make(tmp_path)
    with inside(tmp_path):
        result = invoke("table", "p.toml")
    assert as_expected(result.exit_code, result.stderr, expected), result.stderr[:500]
