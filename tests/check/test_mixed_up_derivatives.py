"""Derivatives by net inputs and by gates mixed up, the readout's among them or not."""

from __future__ import annotations

import pytest

from cellcalc.check.slips import Edits
from cellcalc.language.notation import LANGUAGE
from tests.support.problems import random_data

GATES = " + ".join(f"d{k}[t+1]*U_{k}" for k in "figo")


@pytest.mark.parametrize("own", ["dz_y[t]*V", "dy[t]*V"])
def test_behind_a_logistic_readout_either_may_be_mixed_up(own: str) -> None:
    data = random_data(3, features=1, steps=3, readout="logistic", loss="cross-entropy")
    model = data.problem().run().model
    made = {LANGUAGE(edit.formula) for edit in Edits(model).of(model.quantities["dh"])}
    assert f"{own} + {GATES}" in made, [text for text in made if "df[" in text]
