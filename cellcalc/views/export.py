"""A trace for other programs: JSON (a contract, see the README) and CSV.

Both are made piece by piece, so that a long trace is written without being held as text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from operator import add
from typing import TYPE_CHECKING, Any

from cellcalc.engine.lazy import numbers
from cellcalc.engine.trace import PassTrace, Trace, Values, WindowTrace
from cellcalc.language.keys import derivative_key
from cellcalc.model.model import TOTAL_LOSS
from cellcalc.records import record
from cellcalc.views.table import EVERYTHING, Selection

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

CSV_HEADER = ("epoch", "sequence", "window", "update", "pass", "symbol", "t", "value")
BLOCK = 8192  # values that are made into text at once
FEW = 1000  # of which so many are not worth loading numpy


def to_json(trace: Trace, selection: Selection = EVERYTHING, block: int = BLOCK) -> Iterator[str]:
    """The trace as one JSON object on one line, in pieces; numbers are full float64.

    A value that is not there, or not finite, is null.
    """
    s = trace.specification
    data: dict[str, Any] = {
        "title": s.title,
        "cell": s.cell.name,
        "scheme": asdict(trace.scheme),
        "passes": (
            _pass_data(pass_trace, selection)
            for pass_trace in filter(selection.takes, trace.passes)
        ),
        "parameters": {"initial": _numbers(trace.initial), "final": _numbers(trace.final)},
        "coefficients": _numbers(s.coefficients),
        "optimizer": {
            "name": s.update.optimizer.name,
            "settings": _numbers(s.update.settings),
            "updates": trace.updates,
            "epochs": s.update.done + s.update.epochs,
            "state": {own: _numbers(held) for own, held in trace.optimizer_state.items()},
        },
    }
    yield from _json(data, block)
    yield "\n"


def _pass_data(pass_trace: PassTrace, selection: Selection) -> dict[str, Any]:
    low, high = _bounds(1, pass_trace.steps, selection)
    data: dict[str, Any] = {
        "epoch": pass_trace.epoch,
        "sequence": pass_trace.sequence,
        "t": range(low, high),
    }
    if "forward" in selection.passes:
        data["forward"] = {
            symbol: _part(values, low, high, 0)
            for symbol, values in pass_trace.forward.items()
            if selection.shows(symbol)
        }
    data["loss"] = _number(pass_trace.loss)
    data["windows"] = (_window_data(window, selection) for window in pass_trace.windows)
    return data


def _window_data(window: WindowTrace, selection: Selection) -> dict[str, Any]:
    low, high = _bounds(window.first, window.last, selection)
    data: dict[str, Any] = {
        "update": window.update,
        "fires_at": window.last,
        "t": range(low, high),
        "losses": window.window.losses,
        "dropped": window.window.dropped,
        "updates": window.window.updates,
    }
    if "backward" in selection.passes:
        data["backward"] = {
            symbol: _part(values, low, high, window.first)
            for symbol, values in window.backward.items()
            if selection.shows(symbol)
        }
    if "gradients" in selection.passes or "update" in selection.passes:
        data["gradients"] = _numbers(
            {s: v for s, v in window.gradients.items() if selection.shows(s)}
        )
    data["clipped"] = _numbers(window.used)
    data["before"], data["after"] = _numbers(window.before), _numbers(window.after)
    data["optimizer"] = _numbers(window.memory_after)
    return data


def _bounds(first: int, last: int, selection: Selection) -> tuple[int, int]:
    """Those of the steps from ``first`` to ``last`` that are selected: from, and to before."""
    low, high = selection.steps or (first, last)
    low = max(low, first)
    return low, max(low, min(high, last) + 1)


@record
class _Part:
    """The values from one place to before another."""

    values: Values
    low: int
    high: int

    def blocks(self, block: int) -> Iterator[list[float] | NDArray[numpy.float64]]:
        """So many at once, or less: few as a list, many as an array."""
        for start in range(self.low, self.high, block):
            stop = min(start + block, self.high)
            if stop - start > FEW:
                yield numbers(self.values, start, stop)
            else:
                yield list(self.values[start:stop])


def _part(values: Values, low: int, high: int, first: int) -> _Part:
    """The values from step ``low`` to before ``high``, the first of all being of step ``first``."""
    return _Part(values, low - first, high - first)


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {symbol: _number(value) for symbol, value in values.items()}


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _json(value: object, block: int) -> Iterator[str]:
    """JSON of nested dicts and lists; what is iterated over, not held, becomes a list."""
    if isinstance(value, dict):
        mark = "{"
        for key, item in value.items():
            yield f"{mark}{json.dumps(key, ensure_ascii=False)}: "
            yield from _json(item, block)
            mark = ", "
        yield "}" if value else "{}"
    elif isinstance(value, _Part):
        mark = "["
        for part in value.blocks(block):
            yield mark + _json_numbers(part)
            mark = ", "
        yield "]" if mark != "[" else "[]"
    elif isinstance(value, Iterable) and not isinstance(value, str):
        mark, items = "[", iter(value)
        while part := list(islice(items, block)):
            if isinstance(part[0], int):
                yield mark + ", ".join(map(str, part))
            else:
                for item in part:
                    yield mark
                    yield from _json(item, block)
                    mark = ", "
            mark = ", "
        yield "]" if mark != "[" else "[]"
    else:
        yield json.dumps(value, ensure_ascii=False, allow_nan=False)


def _json_numbers(part: list[float] | NDArray[numpy.float64]) -> str:
    if not isinstance(part, list):
        from cellcalc.views import shortest  # here, since a short trace needs no numpy

        return shortest.lines(part, "", None, ", ", _json_number)[:-2]
    if math.isfinite(sum(part)):  # and so is each of them
        return ", ".join(map(repr, part))
    return ", ".join(map(_json_number, part))


def _json_number(value: float) -> str:
    return repr(value) if math.isfinite(value) else "null"


def to_csv(trace: Trace, selection: Selection = EVERYTHING, block: int = BLOCK) -> Iterator[str]:
    """One line for each value: ``epoch,sequence,window,update,pass,symbol,t,value``; in pieces.

    Totals, such as gradients and parameters, have no ``t``; a value that is not there is left out.
    """
    yield ",".join(CSV_HEADER) + "\n"
    for pass_trace in filter(selection.takes, trace.passes):
        place = f"{pass_trace.epoch},{pass_trace.sequence}"
        if "forward" in selection.passes:
            for symbol, values in pass_trace.forward.items():
                yield from _lines(f"{place},,,forward", symbol, values, 0, selection, block)
            if TOTAL_LOSS in selection.symbols and pass_trace.loss is not None:
                yield f"{place},,,forward,{TOTAL_LOSS},,{pass_trace.loss!r}\n"
        for number, window in enumerate(pass_trace.windows, 1):
            yield from _window_lines(f"{place},{number},{window.update}", window, selection, block)


def _window_lines(
    place: str, window: WindowTrace, selection: Selection, block: int
) -> Iterator[str]:
    if "backward" in selection.passes:
        for symbol, values in window.backward.items():
            yield from _lines(f"{place},backward", symbol, values, window.first, selection, block)
    totals = {"gradients": window.gradients, "before": window.before, "after": window.after}
    if window.used:
        totals["optimizer"] = window.memory_after
    for part, values_by_symbol in totals.items():
        if ("gradients" if part == "gradients" else "update") in selection.passes:
            for symbol, value in values_by_symbol.items():
                if selection.shows(symbol) or selection.shows(derivative_key(symbol)):
                    yield f"{place},{part},{symbol},,{value!r}\n"


def _lines(
    place: str, symbol: str, values: Sequence[float], first: int, selection: Selection, block: int
) -> Iterator[str]:
    """The lines of a row, whose first value is of step ``first``; symbols need no quotes."""
    if not selection.shows(symbol):
        return
    low, high = _bounds(first, first + len(values) - 1, selection)
    start = f"{place},{symbol},"
    t = low
    for part in _part(values, low, high, first).blocks(block):
        if not isinstance(part, list):
            yield _many_lines(start, t, part)
        elif math.isfinite(sum(part)):  # the usual case: none is nan
            steps = _steps(t, len(part))
            yield start + f"\n{start}".join(map(add, steps, map(repr, part))) + "\n"
        else:
            numbered = enumerate(part, t)
            yield "".join([f"{start}{t},{value!r}\n" for t, value in numbered if value == value])
        t += len(part)


def _many_lines(start: str, first: int, part: NDArray[numpy.float64]) -> str:
    """The lines of so many steps from ``first`` on."""
    from cellcalc.views import shortest  # here, since a short trace needs no numpy

    steps, there = shortest.numbered(first, len(part)), part == part
    if not there.all():
        steps, part = steps[there], part[there]
    return shortest.lines(part, start, steps, "\n")


@lru_cache(maxsize=256)
def _steps(first: int, count: int) -> list[str]:
    """So many steps as they begin a line; the same for each symbol."""
    return [f"{t}," for t in range(first, first + count)]
