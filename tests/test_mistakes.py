"""Mistakes gathered: the first are shown, and too many end the reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellcalc.errors import MOST_SHOWN, InputError, Mistake
from cellcalc.problems.specification import read_specification


def test_of_many_mistakes_the_first_are_shown() -> None:
    mistakes = [Mistake("p.toml", f"k{k}", "nothing", "k" * 1_000) for k in range(250)]
    lines = InputError(mistakes).lines
    assert len(lines) == MOST_SHOWN + 1
    assert lines[-1] == "p.toml: and 150 more mistakes"
    assert len(lines[0]) < 500
    assert len(InputError(mistakes).mistakes) == 250


def test_so_many_mistakes_end_the_reading() -> None:
    with pytest.raises(InputError) as caught:
        read_specification(f"[[sequence]]\nx = {['a'] * 20_000}\n", "p.toml", Path())
    assert caught.value.lines[-1] == "p.toml: and at least 9,900 more mistakes"
