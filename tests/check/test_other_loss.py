"""A loop that has another loss than the problem: PyTorch's gradients, and what is said of them."""

from __future__ import annotations

import pytest

import cellcalc
from tests.support.oracles import module


@pytest.mark.cases(1)
@pytest.mark.parametrize("scheme", ["full", "block(5)"])
def test_mse_loss_against_half_the_sum_is_one_cause(scheme: str) -> None:
    """Each gradient is 2/n of the one asked for: neither the 2 nor the mean explains it alone."""
    torch = module("torch")
    torch.manual_seed(3)
    steps = 5
    lstm = torch.nn.LSTM(2, 1)
    x, y = torch.randn(2 * steps, 1, 2), torch.randn(2 * steps, 1, 1)
    used = slice(0, steps if scheme != "full" else None)
    out, _ = lstm(x[used])
    torch.nn.MSELoss()(out, y[used]).backward()
    mine = {name: p.grad for name, p in lstm.named_parameters()}
    report = cellcalc.from_torch(lstm, x, y, scheme=scheme).check(mine)  # block(5): two windows
    assert not report.ok
    assert [one["says"].partition(",")[0] for one in report.slips] == [
        "the loss was the mean of the squared errors"
    ]
    same = cellcalc.from_torch(lstm, x, y, scheme=scheme, loss="squared", reduction="mean")
    assert same.check(mine).ok
