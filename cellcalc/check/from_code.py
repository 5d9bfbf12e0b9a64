"""Arrays of somebody's own code as answers: numpy's, torch's, lists, a table of pandas.

A key is a symbol (``dc``, ``dW_f``), or the name of an array in a framework's layout
(``weight_ih_l0``), which then holds gradients. What an array's numbers are for follows from its
shape: one a step, one a step and t = 0 before them, one for each window and step, one a feature, or
a single number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

import numpy

from cellcalc.check.answers import Entry, entries_of_text
from cellcalc.check.reading.lists import blocks_named
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, did_you_mean
from cellcalc.language.keys import derivative_key, element_keys

DIGITS = {2: 5, 4: 9, 8: 17}  # significant figures that a float of so many bytes has
TOTAL, LOSSES = "L", ("loss", "L")  # what the loss of the window may be called
NEAR = 1e-3  # relative: what tells which of two layouts an array is in
AGREED = 1e-6  # relative: numbers of the problem, perhaps in single precision


def entries_of_arrays(mine: Any, trace: Trace) -> list[Entry]:
    """The answers in a mapping of names to numbers, or in a table or a column of pandas.

    A text in place of a number is read as the right side of a line of answers; a name may say its
    step, as in ``"dc[2]"``.

    Raises :class:`~cellcalc.errors.OptionError` for a name that the problem has no meaning for,
    and for an array whose shape tells of nothing that the problem has.
    """
    if not isinstance(mine, Mapping) and hasattr(mine, "to_frame") and hasattr(mine, "name"):
        named = str(mine.name) in {*trace.symbols, *_vectors(trace)}
        mine = {mine.name: mine} if named else dict(mine.items())  # a column, or a list by name
    if not hasattr(mine, "items"):
        expected = "a mapping of names to arrays, a table of pandas, a text or a path"
        raise OptionError("mine", expected, type(mine).__name__)
    found: list[Entry] = []
    for key, value in _columns(mine):
        if isinstance(value, str):
            found += [replace(one, line=key) for one in entries_of_text(f"{key} = {value}")]
        elif key.endswith("]"):
            number = _array(key, value).reshape(-1)
            if number.size != 1:
                raise OptionError(key, "one number, since the name says its step", f"{number.size}")
            found.append(_entry(key, (), key, number[0]))
        else:
            found += _entries(key, _array(key, value), trace)
    return found


def _columns(mine: Any) -> Iterator[tuple[str, Any]]:
    """Names with their arrays; the windows of a table with two levels of names are put together."""
    windows: dict[str, list[Any]] = {}
    for key, value in mine.items():
        if not isinstance(key, tuple):
            yield str(key), value
        elif key[1:] in ((), ("",)):
            yield str(key[0]), value
        else:
            windows.setdefault(str(key[0]), []).append(numpy.asarray(value))
    for name, rows in windows.items():
        yield name, numpy.array(rows)


def _array(key: str, value: Any) -> Any:
    if hasattr(value, "detach"):  # a tensor that is part of a graph
        value = value.detach().cpu().numpy()
    try:
        array = numpy.asarray(value)
    except ValueError:
        array = numpy.asarray(None)
    if array.dtype.kind not in "fiu":
        raise OptionError(key, "numbers", f"{type(value).__name__}")
    return array


def _entries(key: str, array: Any, trace: Trace) -> Iterator[Entry]:
    symbol = key.replace("\N{PARTIAL DIFFERENTIAL}L/\N{PARTIAL DIFFERENTIAL}", "d")
    known = [*trace.symbols, *_vectors(trace)]
    if symbol in LOSSES and symbol not in known:
        yield from _of_symbol(key, TOTAL, array, trace)
    elif symbol in known:
        yield from _of_symbol(key, symbol, array, trace)
    else:
        places = _of_layout(symbol, array, trace)
        if not places:
            found = f"an unknown name{did_you_mean(symbol, known)}"
            raise OptionError(key, "a symbol of the problem, or an array of a framework", found)
        for index, place in places:
            yield replace(_entry(key, index, place, array[index]), array=key)


def _entry(
    key: str,
    index: tuple[int, ...],
    symbol: str,
    value: Any,
    t: int | None = None,
    window: int | None = None,
) -> Entry:
    place = f"{key}[{', '.join(map(str, index))}]" if index else key
    size = value.dtype.itemsize if value.dtype.kind == "f" else 8
    text = f"{float(value):.{DIGITS.get(size, 17) - 1}e}"
    return Entry(place, symbol, text, t, window, form="own")


def _vectors(trace: Trace) -> dict[str, tuple[str, ...]]:
    """Names that stand for one quantity a feature: ``x``, ``W_f`` and their derivatives."""
    model, found = trace.model, {}
    names = ["x", *(n for part in (model.cell, model.readout)
                    for n, kind in part.parameters.items() if kind == "input")]  # fmt: skip
    for name in names if model.features > 1 else ():
        found[name] = element_keys(name, model.features)
        found[derivative_key(name)] = element_keys(derivative_key(name), model.features)
    return found


def _of_symbol(key: str, symbol: str, array: Any, trace: Trace) -> Iterator[Entry]:
    n, windows = trace.steps, len(trace.passes[-1].windows)
    elements = _vectors(trace).get(symbol, ())
    if elements and array.shape[-1:] == (len(elements),):
        for k, element in enumerate(elements):
            yield from _of_symbol(key, element, array[..., k], trace)
        return
    shape = tuple(length for length in array.shape if length != 1)
    numbers = array.reshape(shape)
    total = symbol in {row.symbol for row in trace.model.gradients}
    entering = symbol in trace.symbols and symbol not in trace.model.quantities
    if (total or entering) and shape == (windows,) and windows > 1:
        for w, value in enumerate(numbers):
            yield _entry(key, (w,), symbol, value, None, w + 1)
    elif shape == () and n > 1:
        yield _entry(key, (), symbol, numbers)
    elif shape in ((n,), (n + 1,)) or (shape == () and n == 1):
        if not _is_given(symbol, numbers, trace):
            yield from _over_time(key, symbol, numbers.reshape(-1), trace, total)
    elif shape == (windows, n):
        true = _values(symbol, trace)
        for (w, k), value in numpy.ndenumerate(numbers):
            if not numpy.isnan(value) or (true is not None and not numpy.isnan(true[w, k])):
                name = f"{symbol}[{k + 1}]" if total else symbol  # what the step adds to the total
                yield _entry(key, (w, k), name, numbers[w, k], k + 1, w + 1)
    elif shape == (windows,):
        for w, value in enumerate(numbers):
            yield _entry(key, (w,), symbol, value, None, w + 1)
    else:
        shapes = f"({n},), ({n + 1},)" + (f", ({windows}, {n})" if windows > 1 else "")
        raise OptionError(key, f"an array of shape {shapes} or a number", f"{array.shape}")


def _over_time(key: str, symbol: str, numbers: Any, trace: Trace, total: bool) -> Iterator[Entry]:
    """A number a step, or one more: for the step before the first, or after the last."""
    n, true = trace.steps, _values(symbol, trace)
    first = 1 if len(numbers) == n else 0
    if first == 0 and true is not None and _ends_in_zero(symbol, numbers, true, trace):
        numbers, first = numbers[:-1], 1
    for k, value in enumerate(numbers):
        t = first + k
        is_swept = true is None or (t > 0 and not numpy.isnan(true[..., t - 1]).all())
        if numpy.isnan(value) and not is_swept:
            continue
        yield _entry(key, (k,), f"{symbol}[{t}]" if total and t else symbol, value, t)


def _values(symbol: str, trace: Trace) -> Any:
    """What the trace has for a symbol; None where it is none of its own."""
    return trace[symbol] if symbol in trace.model.quantities else None


def _ends_in_zero(symbol: str, numbers: Any, true: Any, trace: Trace) -> bool:
    """Whether an array of n + 1 numbers is for t = 1 … n+1, with the 0 that comes after the last.

    So a loop keeps it that runs backward from ``dh[n] = 0``. Told by where more of it is right.
    """
    if symbol not in trace.model.derivatives or true.ndim != 1 or numbers[-1] != 0:
        return False
    after = numpy.isclose(numbers[:-1], true, rtol=NEAR, atol=0)
    before = numpy.isclose(numbers[1:], true, rtol=NEAR, atol=0)
    return bool(after.sum() >= before.sum())


def _is_given(symbol: str, numbers: Any, trace: Trace) -> bool:
    """Whether it is a parameter as each step was computed with it, which is no answer."""
    fixed = symbol in trace.initial or symbol in trace.passes[-1].coefficients
    if not fixed or numbers.shape != (trace.steps,):
        return False
    return bool(numpy.allclose(numbers, trace[symbol], rtol=AGREED, atol=AGREED))


def _of_layout(name: str, array: Any, trace: Trace) -> Sequence[tuple[tuple[int, ...], str]]:
    """The gradients that the numbers of a framework's array are, by index; none if it is none."""
    own, features = set(trace.initial), trace.model.features
    for layout, block in blocks_named(name):
        shape = block.lengths(features)
        if array.size != prod(shape):
            raise OptionError(name, f"an array of shape {shape}", f"{array.shape}")
        places = [layout.place(letter, rest, own) for letter, rest in block.elements(features)]
        indices = product(*map(range, array.shape))
        pairs = zip(indices, places, strict=True)
        return [(index, derivative_key(place)) for index, place in pairs if place]
    return []
