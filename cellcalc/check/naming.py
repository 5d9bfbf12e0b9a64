"""What is told of a slip: the likeliest explanation in a sentence, and the others that fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cellcalc.check.report import Slip
from cellcalc.check.search import Candidate, Search
from cellcalc.resources import sentence

ALTERNATIVES = 4  # explanations told at most
FARTHER = 1.0  # how much more far-fetched than the best one they may be


def slip_of(search: Search, row: str, candidates: Sequence[Candidate], total: bool) -> Slip:
    """The slip that the best candidate is, with the others that fit as well."""
    best = candidates[0]
    close = [c for c in candidates[1:ALTERNATIVES] if c.cost <= best.cost + FARTHER]
    others = tuple(said(candidate, row) for candidate in close)
    quantity = search.rows.get(best.edit.row)
    whole = total and best.edit.row == row
    true = search.equations.totals[row] if whole else quantity.formula if quantity else None
    return Slip(best.edit.row, best.edit.formula, said(best, row), true, whole, others)


def spread(values: Sequence[float]) -> float:
    """How far apart values are, relative to the largest."""
    size = max(map(abs, values))
    return (max(values) - min(values)) / size if size and math.isfinite(size) else 0.0


def said(candidate: Candidate, row: str) -> str:
    """The sentence for a candidate; the row is named where it is another than the answer's."""
    sayings = [edit.says for edit in candidate.edits]
    text = sentence("check", "and").join(sayings)
    own = candidate.edit.row
    return text if own == row else sentence("check", "in_row", row=own, says=text)
