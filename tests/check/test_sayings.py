"""Every way of truncating otherwise has a sentence that says so."""

from __future__ import annotations

import pytest

from cellcalc.check.slips import sayings
from cellcalc.problems.schemes import CHOICES


@pytest.mark.parametrize("name", [f"{key}_{value}" for key in CHOICES for value in CHOICES[key]])
def test_every_option_of_a_scheme_is_told(name: str) -> None:
    assert sayings("whole", name)
