"""What the optimizer keeps and the total loss can be asked for by name."""

from __future__ import annotations

import csv
import io

import pytest

import cellcalc
from cellcalc.errors import OptionError
from cellcalc.views.export import to_csv
from cellcalc.views.table import render, select
from tests.support.problems import random_data


def trained(optimizer: str, bptt: str = "") -> cellcalc.Trace:
    data = random_data(71, features=1, steps=4, readout="identity")
    data.update, data.bptt = f'optimizer = "{optimizer}"\nepochs = 2', bptt
    return data.problem().run()


@pytest.mark.parametrize("symbol", ["m_U_f", "v_hat_U_f"])
def test_a_row_of_the_optimizer_shows_its_parameters_update(symbol: str) -> None:
    trace = trained("adam")
    text = render(trace, selection=select(trace, ("update",), symbol), width=0)
    rows = [line.split()[0] for line in text.splitlines() if line.startswith(("U_", "W_", "b_"))]
    assert rows == ["U_f", "U_f"]
    (_, first), (_, second) = (
        (line["symbol"], float(line["value"]))
        for line in csv.DictReader(io.StringIO("".join(to_csv(trace, select(trace, (), symbol)))))
    )
    kept = [window.memory_after[symbol] for one in trace.passes for window in one.windows]
    assert [first, second] == kept


@pytest.mark.parametrize("bptt", ["", 'reduction = "mean"'])
def test_the_total_loss_is_a_row_where_it_is_asked_for(bptt: str) -> None:
    trace = trained("sgd", bptt)
    text = render(trace, selection=select(trace, (), "L"), decimals=6)
    shown = [line.split()[1] for line in text.splitlines() if line.startswith("L ")]
    assert shown == [f"{one.loss:.6f}" for one in trace.passes]


def test_what_this_optimizer_does_not_keep_is_no_symbol() -> None:
    trace = trained("sgd")
    with pytest.raises(OptionError, match="m_U_f"):
        select(trace, (), "m_U_f")
