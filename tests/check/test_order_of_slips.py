"""The slips that are tried come in one order, so that the same work is told the same."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

CODE = """
import cellcalc
from cellcalc.check.slips import Edits
model = cellcalc.load("gomez").run().model
edits = Edits(model)
for row in model.quantities.values():
    if row.formula is not None:
        print(*((edit.row, str(edit.formula), edit.kind) for edit in edits.of(row)))
"""


@pytest.mark.cases(0)
def test_it_does_not_depend_on_the_seed_of_hashes() -> None:
    def tried(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-c", CODE],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            check=True,
        ).stdout

    first = tried("1")
    assert "sibling_gate" in first
    assert tried("2") == tried("3") == first
