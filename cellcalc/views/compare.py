"""Schemes compared, in a terminal and as JSON.

Apart from ``studies.compare``, which works the comparison out and knows nothing of how it is shown.
"""

from __future__ import annotations

import json
import math

from cellcalc.resources import sentence
from cellcalc.studies.compare import Compared
from cellcalc.views.table import DECIMALS, Grid, banded


def to_text(compared: list[Compared], decimals: int = DECIMALS, width: int = 80) -> str:
    """The gradients and their errors as two tables, a column for each scheme."""
    names = tuple(one.scheme.name for one in compared)
    symbols = list(compared[0].gradients)
    gradients = [(s, tuple(one.gradients[s] for one in compared)) for s in symbols]
    errors = [(s, tuple(one.errors[s] for one in compared)) for s in symbols]
    errors.append((sentence("compare", "all"), tuple(one.error for one in compared)))
    grids = (
        Grid(sentence("compare", "title"), names, tuple(gradients), over_time=False),
        Grid(sentence("compare", "error_title"), names, tuple(errors), over_time=False),
    )
    tables = [(grid.title, *banded(grid, decimals, width, repeated=1)) for grid in grids]
    blocks = [block for table in tables for block in table]
    return "\n\n".join(blocks) + "\n"


def to_json(compared: list[Compared]) -> str:
    """One JSON object on one line; an error against 0 is null, and so is what is not finite."""
    data = {
        "schemes": [
            {
                "name": one.scheme.name,
                "gradients": {s: _finite(g) for s, g in one.gradients.items()},
                "relative_errors": {s: _finite(e) for s, e in one.errors.items()},
                "relative_error": _finite(one.error),
            }
            for one in compared
        ]
    }
    return json.dumps(data, allow_nan=False) + "\n"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
