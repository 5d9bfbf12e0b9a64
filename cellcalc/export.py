"""A trace for other programs: JSON (a contract, see the README) and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cellcalc.grids import EVERYTHING, Selection
from cellcalc.trace import PassTrace, Trace, WindowTrace

CSV_HEADER = ("epoch", "sequence", "window", "update", "pass", "symbol", "t", "value")


def to_json(trace: Trace, selection: Selection = EVERYTHING) -> str:
    """The trace as one JSON object on one line; numbers are full float64.

    A value that is not there, or not finite, is null.
    """
    s = trace.specification
    data: dict[str, Any] = {
        "title": s.title,
        "cell": s.cell.name,
        "scheme": asdict(trace.scheme),
        "passes": [_pass_data(one, selection) for one in filter(selection.takes, trace.passes)],
        "parameters": {"initial": _numbers(trace.initial), "final": _numbers(trace.final)},
    }
    if s.coefficients:
        data["coefficients"] = _numbers(s.coefficients)
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


def _pass_data(one: PassTrace, selection: Selection) -> dict[str, Any]:
    steps = [t for t in range(1, one.steps + 1) if selection.within(t)]
    data: dict[str, Any] = {"epoch": one.epoch, "sequence": one.sequence, "t": steps}
    if "forward" in selection.passes:
        data["forward"] = {
            symbol: [_number(values[t]) for t in steps]
            for symbol, values in one.forward.items()
            if selection.shows(symbol)
        }
    data["loss"] = _number(one.loss)
    data["windows"] = [_window_data(window, selection) for window in one.windows]
    return data


def _window_data(window: WindowTrace, selection: Selection) -> dict[str, Any]:
    steps = [t for t in window.steps if selection.within(t)]
    data: dict[str, Any] = {
        "update": window.update,
        "fires_at": window.last,
        "t": steps,
        "losses": list(window.window.losses),
        "dropped": list(window.window.dropped),
    }
    if "backward" in selection.passes:
        data["backward"] = {
            symbol: [_number(values[t - window.first]) for t in steps]
            for symbol, values in window.backward.items()
            if selection.shows(symbol)
        }
    if "gradients" in selection.passes or "update" in selection.passes:
        data["gradients"] = _numbers(
            {s: v for s, v in window.gradients.items() if selection.shows(s)}
        )
    if window.used and window.used != window.summed:
        data["clipped"] = _numbers(window.used)
    data["before"], data["after"] = _numbers(window.before), _numbers(window.after)
    return data


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {symbol: _number(value) for symbol, value in values.items()}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def to_csv(trace: Trace, selection: Selection = EVERYTHING) -> str:
    """One line for each value: ``epoch,sequence,window,update,pass,symbol,t,value``.

    Totals, such as gradients and parameters, have no ``t``; a value that is not there is left out.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for one in filter(selection.takes, trace.passes):
        place = (one.epoch, one.sequence)
        if "forward" in selection.passes:
            for name, values in one.forward.items():
                lines = _lines("forward", name, enumerate(values), selection)
                writer.writerows((*place, "", "", *line) for line in lines)
        for number, window in enumerate(one.windows, 1):
            lines = _window_lines(window, selection)
            writer.writerows((*place, number, window.update, *line) for line in lines)
    return text.getvalue()


Line = Sequence[object]


def _window_lines(window: WindowTrace, selection: Selection) -> Iterator[Line]:
    if "backward" in selection.passes:
        for symbol, values in window.backward.items():
            steps = enumerate(values, window.first)
            yield from _lines("backward", symbol, steps, selection)
    totals = {"gradients": window.gradients, "before": window.before, "after": window.after}
    for part, values_by_symbol in totals.items():
        if ("gradients" if part == "gradients" else "update") in selection.passes:
            for symbol, value in values_by_symbol.items():
                if selection.shows(symbol) or selection.shows(f"d{symbol}"):
                    yield part, symbol, "", repr(value)


def _lines(
    part: str,
    symbol: str,
    values: Iterator[tuple[int, float]] | enumerate[float],
    selection: Selection,
) -> Iterator[Line]:
    if selection.shows(symbol):
        for t, value in values:
            if selection.within(t) and not math.isnan(value):
                yield part, symbol, t, repr(value)
