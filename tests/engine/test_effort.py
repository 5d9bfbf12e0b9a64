"""What a run will cost, known before it starts."""

from __future__ import annotations

import pytest

from cellcalc.engine.effort import extent
from cellcalc.engine.schedule import plan
from cellcalc.problems.schemes import Scheme


@pytest.mark.parametrize("k1", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("k2", [1, 2, 5, 7, 9])
@pytest.mark.parametrize("tail", ["flush", "discard"])
@pytest.mark.parametrize("state", ["carry", "reset"])
def test_the_effort_is_known_without_a_plan(k1: int, k2: int, tail: str, state: str) -> None:
    scheme = Scheme("x", k1, k2, tail=tail, state=state)
    planned = plan(scheme, 7, [True] * 7)
    windows, swept = extent(scheme, 7, True)
    assert windows == len(planned.windows)
    # Without the state being carried a window ends at the last firing; the estimate may be larger.
    assert swept >= planned.backward_cells
    if state == "carry":
        assert swept == planned.backward_cells
