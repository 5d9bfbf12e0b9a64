"""The flow where the state is reset: that forward pass, and nothing from before a reset."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellcalc.studies.flow import flow
from tests.support.problems import random_data


def test_a_reset_state_has_the_flow_of_its_own_pieces() -> None:
    data = random_data(12, 2, 7)
    whole = replace(data, bptt='scheme = "naive-split(4)"').problem()
    found = flow(whole.specification, whole.model)
    first, second = (replace(data, x=data.x[a:b], target=data.target[a:b], steps=b - a)
                     for a, b in ((0, 4), (4, 7)))  # fmt: skip
    parts = [flow(d.problem().specification, d.problem().model) for d in (first, second)]
    for state, matrix in found.matrix.items():
        assert np.array_equal(matrix[:4, :4], parts[0].matrix[state])
        assert np.array_equal(matrix[4:, 4:], parts[1].matrix[state])
        assert not matrix[4:, :4].any() and not matrix[:4, 4:].any()
