"""Steps counted from 0: the same entries read so, and whether they all fit then.

It stands apart from the reader, since it is about what has been marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cellcalc.check.answers import Entry
from cellcalc.check.report import Report, Verdict

FEWEST = 2  # answers at certain steps that must fit, for it to be no accident
MOST = 2_000  # entries that are marked once more for it


def counted_from(first_step: int, entries: Iterable[Entry]) -> list[Entry]:
    """The entries of somebody who calls the first step so."""
    return [replace(entry, first_step=first_step) for entry in entries]


def may_be_from_0(entries: Sequence[Entry], report: Report) -> bool:
    """Whether it is worth trying: numbers at certain steps are wrong, and none is at the last."""
    if report.all_right or len(entries) > MOST or any(entry.first_step != 1 for entry in entries):
        return False
    placed = [m for m in report.marked if m.answer.number is not None and m.answer.t is not None]
    wrong = [m for m in placed if m.verdict is not Verdict.CORRECT]
    return len(placed) >= FEWEST and len(wrong) * 2 >= len(placed)


def fits_from_0(again: Report) -> bool:
    """Whether every number at a step is correct when the first step is called 0."""
    placed = [m for m in again.marked if m.answer.number is not None and m.answer.t is not None]
    return len(placed) >= FEWEST and all(m.verdict is Verdict.CORRECT for m in placed)
