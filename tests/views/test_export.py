"""Traces written in pieces: the same text, and never all of it at once."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from cellcalc.api import Trace
from cellcalc.engine.effort import Sizes
from cellcalc.views import export
from tests.support.problems import computed, random_data

SCHEMES = {"full": "", "overlapping": 'scheme = "tbptt(7,19)"'}


def traces(scheme: str) -> tuple[Trace, Trace]:
    """One problem's trace as that of a short sequence, and as that of a long one."""
    data = random_data(5, 2, 40, "linear", "half-squared", missing=True)
    data.bptt = SCHEMES[scheme]
    problem = data.problem()
    return problem.run(), computed(problem, Sizes(long=4, arrays=0))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("block", [3, 4096])
def test_exports_in_pieces_say_what_the_trace_says(scheme: str, block: int) -> None:
    short, long = traces(scheme)
    pieces = list(export.to_json(long, block=block))
    assert pieces == list(export.to_json(long, block=block)) and "".join(pieces) == "".join(
        export.to_json(short)
    )
    (one,) = json.loads("".join(pieces))["passes"]
    window = short.passes[0].windows[-1]
    assert one["windows"][-1]["backward"]["dU_f"] == list(window.backward["dU_f"])
    assert one["windows"][-1]["losses"] == list(window.window.losses)
    lines = "".join(export.to_csv(long, block=block))
    assert lines == "".join(export.to_csv(short))
    rows = list(csv.DictReader(io.StringIO(lines)))
    found = [float(r["value"]) for r in rows if r["symbol"] == "dU_f" and r["pass"] == "backward"]
    assert found == [v for w in short.passes[0].windows for v in w.backward["dU_f"]]


def test_a_piece_of_an_export_is_small() -> None:
    _, trace = traces("full")
    for made in (export.to_csv(trace, block=5), export.to_json(trace, block=5)):
        assert max(map(len, made)) < 500


@pytest.mark.cases(1)
@pytest.mark.parametrize("bptt", ["", 'scheme = "tbptt(1100,1500)"\nweights = "stored"'])
def test_many_steps_are_written_in_the_same_bytes(bptt: str, monkeypatch: Any) -> None:
    data = random_data(3, 2, 2500, "linear", "half-squared", missing=True)
    data.bptt = bptt
    trace = data.problem().run()
    made = ["".join(f(trace, block=2000)) for f in (export.to_csv, export.to_json)]
    monkeypatch.setattr(export, "FEW", 10**9)  # one by one
    assert made == ["".join(f(trace)) for f in (export.to_csv, export.to_json)]
