"""Published examples beside Gomez's: every number that their authors printed.

Each number has a verdict. ``ok_round`` is the exact value rounded, ``ok_trunc`` cut off,
``ok_chain`` what comes out when every value is rounded to two decimals on the way, ``ok_f64`` equal
to the last digits of a float, ``ok_tol`` equal within the author's own tolerance; ``wrong`` is a
mistake of the source, which is held against the right value here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import pytest

import cellcalc
from tests.support.paths import PUBLISHED

SOURCES = [
    "elattar", "hungyi_lee", "cell_clip", "pybrain", "stackexchange_25077", "zubii",
    "statquest_walkthrough",
]  # fmt: skip
SAID = {name: json.loads((PUBLISHED / f"{name}.json").read_text()) for name in SOURCES}
CASES = [(name, *row) for name in SOURCES for row in SAID[name]["printed"]]


@cache
def run(example: str, decimals: int | None = None) -> cellcalc.Trace:
    return cellcalc.load(example).run(hand_rounding=decimals)


def at(example: str, symbol: str, t: int, decimals: int | None = None, sequence: int = 1) -> float:
    """A value by our symbol; ``a*b`` is a product of two."""
    one = run(example, decimals).passes[sequence - 1]
    value = 1.0
    for factor in symbol.split("*"):
        name, _, before = factor.partition("@")
        value *= one.forward[name][t - 1 if before else t]
    return value


def elattar(symbol: str, t: Any, decimals: int | None) -> float:
    ours = {"C~": "g", "C": "c", "y_hat": "y", "y_hat in README": "y"}
    return at("elattar", ours.get(symbol, symbol), t, decimals)


def hungyi_lee(symbol: str, t: Any, decimals: int | None) -> float:
    ours = {"z": "z_g", "f(z_i)": "i", "g(z)f(z_i)": "g*i", "f(z_f)": "f", "c'": "c", "f(z_o)": "o",
            "a": "h"}  # fmt: skip
    return at("hungyi_lee", ours.get(symbol, symbol), t, decimals)


def cell_clip(symbol: str, t: Any, decimals: int | None) -> float:
    ours = {"c clipped": "c"}
    name = "c_free" if symbol.startswith("c ") and symbol != "c clipped" else symbol
    return at("cell_clip", ours.get(symbol, name), t, decimals)


def pybrain(symbol: str, t: Any, decimals: int | None) -> float:
    return at("pybrain", "c" if symbol == "state" else "h", t, decimals)


def stackexchange_25077(symbol: str, t: Any, decimals: int | None) -> float:
    return at("stackexchange_25077", symbol, 1, decimals, int(t.removeprefix("cell")))


def zubii(symbol: str, t: Any, decimals: int | None) -> float:
    ours = {"f*c_prev": "f*c@before", "z_C": "z_g", "C~": "g", "i*C~": "i*g", "C": "c",
            "tanh C": "tanh_c"}  # fmt: skip
    return at(f"zubii_{t.removeprefix('cell')}", ours.get(symbol, symbol), 1, decimals)


def statquest_walkthrough(symbol: str, _t: Any, decimals: int | None) -> float:
    company = re.fullmatch(r"([AB]): (.)_([0-9])", symbol)
    if company:
        name, step = company[2].lower(), int(company[3])
        return at("statquest_walkthrough", name, step, decimals, " AB".index(company[1]))
    ours = {"c new": "c", "tanh(c)": "tanh_c", "h new": "h"}
    return at("statquest_step", ours.get(symbol, symbol), 1, decimals)


VALUE: dict[str, Callable[[str, Any, int | None], float]] = {
    "elattar": elattar,
    "hungyi_lee": hungyi_lee,
    "cell_clip": cell_clip,
    "pybrain": pybrain,
    "stackexchange_25077": stackexchange_25077,
    "zubii": zubii,
    "statquest_walkthrough": statquest_walkthrough,
}


def rounded(value: float, printed: str, rounding: str = ROUND_HALF_UP) -> Decimal:
    """The value with as many decimals as the printed one."""
    return Decimal(value).quantize(Decimal(printed), rounding)


@pytest.mark.parametrize(("source", "symbol", "t", "printed", "verdict", "exact", "_"), CASES)
def test_printed_number(
    source: str, symbol: str, t: Any, printed: str, verdict: str, exact: float, _: str
) -> None:
    value = VALUE[source](symbol, t, None)
    assert value == pytest.approx(exact, rel=1e-11, abs=1e-15)
    if verdict == "ok_f64":
        assert value == pytest.approx(float(printed), rel=4e-16)
    elif verdict == "ok_tol":
        assert value == pytest.approx(float(printed), rel=1e-14, abs=1e-14)
    elif verdict == "ok_chain":
        assert rounded(VALUE[source](symbol, t, 2), printed) == Decimal(printed)
        assert rounded(value, printed) != Decimal(printed)
    elif verdict == "wrong":
        assert rounded(value, printed) != Decimal(printed)
        assert symbol in [error.get("symbol") for error in SAID[source]["source_errors"]]
    else:
        how = ROUND_DOWN if verdict == "ok_trunc" else ROUND_HALF_UP
        assert rounded(value, printed, how) == Decimal(printed)


def test_how_many_numbers_there_are_and_how_many_of_them_are_wrong() -> None:
    verdicts = [verdict for *_, verdict, _, _ in CASES]
    assert len(verdicts) == 26 + 19 + 12 + 12 + 5 + 39 + 14
    assert verdicts.count("wrong") == 1 and verdicts.count("ok_chain") == 1


def test_the_slips_of_the_sources_that_can_be_retraced() -> None:
    # Ayman: the text has three inputs, the numbers are those of four steps.
    assert round(at("elattar", "y", 3), 4) == 3.4827 and round(at("elattar", "y", 4), 4) == 3.8262
    # Rajesh: c = 2.96 and h = 0.98 come from rounding to two decimals on the way.
    by_hand = [at("statquest_step", symbol, 1, decimals=2) for symbol in ("c", "h")]
    assert by_hand == [2.96, 0.98]
    # The compiler's test: 0.6899745·tanh(0.5) is 0.3188 and not 0.315.
    assert round(at("cell_clip", "o*tanh_c", 1), 4) == 0.3188
    # Lee's lecture retold: "1*100-10 ≈ 1" leaves the logistic out.
    assert at("hungyi_lee", "z_i", 1) == 90.0 and at("hungyi_lee", "i", 1) == pytest.approx(1.0)
