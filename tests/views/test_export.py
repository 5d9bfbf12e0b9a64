"""Traces written in pieces: the same text, and never all of it at once."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cellcalc.api import Trace
from cellcalc.engine import run
from cellcalc.views import export
from tests.support.problems import random_data

SCHEMES = {"full": "", "overlapping": 'scheme = "tbptt(7,19)"'}


def traces(monkeypatch: pytest.MonkeyPatch, scheme: str) -> tuple[Trace, Trace]:
    """One problem's trace as that of a short sequence, and as that of a long one."""
    data = random_data(5, 2, 40, "linear", "half-squared", missing=True)
    data.bptt = SCHEMES[scheme]
    short = data.problem().run()
    monkeypatch.setattr(run, "LONG", 4)
    return short, data.problem().run()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("block", [3, 4096])
def test_exports_in_pieces_say_what_the_trace_says(
    scheme: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BLOCK", block)
    short, long = traces(monkeypatch, scheme)
    pieces = list(export.to_json(long))
    assert pieces == list(export.to_json(long)) and "".join(pieces) == "".join(
        export.to_json(short)
    )
    (one,) = json.loads("".join(pieces))["passes"]
    window = short.passes[0].windows[-1]
    assert one["windows"][-1]["backward"]["dU_f"] == list(window.backward["dU_f"])
    assert one["windows"][-1]["losses"] == list(window.window.losses)
    lines = "".join(export.to_csv(long))
    assert lines == "".join(export.to_csv(short))
    rows = list(csv.DictReader(io.StringIO(lines)))
    found = [float(r["value"]) for r in rows if r["symbol"] == "dU_f" and r["pass"] == "backward"]
    assert found == [v for w in short.passes[0].windows for v in w.backward["dU_f"]]


def test_a_piece_of_an_export_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BLOCK", 5)
    _, trace = traces(monkeypatch, "full")
    for made in (export.to_csv(trace), export.to_json(trace)):
        assert max(map(len, made)) < 500
