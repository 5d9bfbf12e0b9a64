"""What a heading ends: a window of the sequence before it, and not one that stands around it."""

from __future__ import annotations

import pytest

from cellcalc.check.reading.lines import entries_of_lines

INNER = ["sequence = 1", "window = 1", "c[1] = 1", "window = 2", "c[3] = 1", "sequence = 2"]
OUTER = ["window = 2", "epoch = 1", "dU_f = 1", "epoch = 2"]
THREE = ["epoch = 1", "sequence = 1", "window = 2", "epoch = 2"]
ONE_LINE = ["epoch = 1, window = 2", "c[3] = 1", "epoch = 2"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (INNER, (None, 2, None)),
        ([*INNER, "window = 1"], (None, 2, 1)),
        (OUTER, (2, None, 2)),
        (THREE, (2, None, None)),
        (ONE_LINE, (2, None, None)),
        (["window = 2", "sequence = 2"], (None, 2, 2)),
        (["## Epoch 1", "### Window 2", "## Epoch 2"], (2, None, None)),
    ],
)
def test_a_heading_ends_those_within_the_one_before_it(
    lines: list[str], expected: tuple[int | None, ...]
) -> None:
    entry = entries_of_lines("\n".join([*lines, "c[1] = 0.5"]))[-1]
    assert (entry.epoch, entry.sequence, entry.window) == expected
