"""Aidan Gomez's published example: every number that he printed, in his own letters.

Each number has a verdict: ``ok_round`` is the exact value rounded, ``ok_trunc`` cut off, and
``ok_chain`` what comes out when every intermediate value is rounded to five decimals first.
"""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import pytest

import cellcalc
from tests.support.paths import PUBLISHED

SAID = json.loads((PUBLISHED / "gomez_2016.json").read_text(encoding="utf-8"))
PRINTED = [tuple(row) for row in SAID["printed"]]
EXACT = cellcalc.load("gomez").run()
BY_HAND = cellcalc.load("gomez").run(hand_rounding=5)

GATES = {"a": "g", "i": "i", "f": "f", "o": "o"}  # his letter: ours
ROWS = {
    "state": "c",
    "out": "h",
    "Delta (dE/dout)": "dy",
    "delta_out": "dh",
    "delta_state": "dc",
    "delta_x[0]": "dx1",
    "delta_x[1]": "dx2",
    **GATES,
    **{f"delta_{his}": f"dz_{ours}" for his, ours in GATES.items()},
}


def value(trace: cellcalc.Trace, symbol: str, t: int | None) -> float:
    """The value of one of his symbols; his steps are 0 and 1."""
    window = trace.passes[0].windows[0]
    parameter = re.fullmatch(r"(?:delta_)?([WUb])_([aifo])(?:\[([01])\])?(?: new)?", symbol)
    if parameter:
        kind, gate, feature = parameter.groups()
        name = f"{kind}_{GATES[gate]}" + (str(int(feature) + 1) if feature else "")
        return window.after[name] if symbol.endswith("new") else window.gradients[f"d{name}"]
    assert t is not None
    if symbol == "Delta_out passed to t-1":
        if t == 0:
            return window.gradients["dh0"]
        return sum(float(trace[f"dh_via_z_{gate}"][t - 1]) for gate in "figo")
    return float(trace[ROWS[symbol]][t])


@pytest.mark.parametrize(("symbol", "t", "printed", "verdict"), PRINTED)
def test_printed_number(symbol: str, t: int | None, printed: str, verdict: str) -> None:
    trace = BY_HAND if verdict == "ok_chain" else EXACT
    rounding = ROUND_DOWN if verdict == "ok_trunc" else ROUND_HALF_UP
    got = Decimal(value(trace, symbol, t)).quantize(Decimal(printed), rounding)
    assert got == Decimal(printed)


def test_every_verdict_occurs_and_says_that_the_source_is_right() -> None:
    assert {verdict for *_, verdict in PRINTED} == {"ok_round", "ok_trunc", "ok_chain"}
    assert len(PRINTED) == 64


def test_by_hand_every_value_has_five_decimals() -> None:
    window = BY_HAND.passes[0].windows[0]
    columns = [*BY_HAND.passes[0].forward.values(), *window.backward.values()]
    columns += [window.gradients.values(), window.after.values()]
    for number in (number for column in columns for number in column):
        assert math.isnan(number) or number == round(number, 5)
