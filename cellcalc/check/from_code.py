"""Arrays of somebody's own code as answers: numpy's, torch's, lists, a table of pandas.

A key is a symbol (``dc``, ``dW_f``), or the name of an array in a framework's layout
(``weight_ih_l0``), which then holds gradients. What an array's numbers are for follows from its
shape: one a step, one a step and t = 0 before them, one for each window and step, one a feature, or
a single number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy

from cellcalc.check.answers import Entry
from cellcalc.engine.trace import Trace
from cellcalc.errors import OptionError, did_you_mean
from cellcalc.language.keys import derivative_key, element_keys
from cellcalc.problems import weights

DIGITS = {2: 5, 4: 9, 8: 17}  # significant figures that a float of so many bytes has


def entries_of_arrays(mine: Mapping[str, Any], trace: Trace) -> list[Entry]:
    """The answers in a mapping of names to numbers.

    Raises :class:`~cellcalc.errors.OptionError` for a name that the problem has no meaning for,
    and for an array whose shape tells of nothing that the problem has.
    """
    found: list[Entry] = []
    for key, value in mine.items():
        found += _entries(str(key), _array(str(key), value), trace)
    return found


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
    known = [*trace.symbols, *_vectors(trace), "L"]
    if symbol not in known:
        places = _of_layout(symbol, array, trace)
        if not places:
            found = f"an unknown name{did_you_mean(symbol, known)}"
            raise OptionError(key, "a symbol of the problem, or an array of a framework", found)
        for index, place in places:
            yield _entry(key, index, place, array[index])
        return
    yield from _of_symbol(key, symbol, array, trace)


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
    return Entry(place, symbol, text, t, window)


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
    if shape == () and n > 1:
        yield _entry(key, (), symbol, numbers)
    elif shape in ((n,), (n + 1,)) or (shape == () and n == 1):
        flat = numbers.reshape(-1)
        first = 1 if len(flat) == n else 0
        for k, value in enumerate(flat):
            if not numpy.isnan(value):
                yield _entry(key, (k,), symbol, value, first + k)
    elif shape == (windows, n):
        for (w, k), value in numpy.ndenumerate(numbers):
            if not numpy.isnan(value):
                yield _entry(key, (w, k), symbol, numbers[w, k], k + 1, w + 1)
    elif shape == (windows,):
        for w, value in enumerate(numbers):
            yield _entry(key, (w,), symbol, value, None, w + 1)
    else:
        shapes = f"({n},), ({n + 1},)" + (f", ({windows}, {n})" if windows > 1 else "")
        raise OptionError(key, f"an array of shape {shapes} or a number", f"{array.shape}")


def _of_layout(name: str, array: Any, trace: Trace) -> Sequence[tuple[tuple[int, ...], str]]:
    """The gradients that the numbers of a framework's array are, by index; none if it is none."""
    own, features = set(trace.initial), trace.model.features
    stem = name.rpartition(".")[2] if "." in name else name
    for layout in map(weights.load_layout, weights.layout_names()):
        for block in layout.blocks:
            shape = block.lengths(features)
            if stem not in block.names and name not in block.names:
                continue
            if array.size != prod(shape):
                raise OptionError(name, f"an array of shape {shape}", f"{array.shape}")
            places = [layout.place(letter, rest, own) for letter, rest in block.elements(features)]
            indices = product(*map(range, array.shape))
            pairs = zip(indices, places, strict=True)
            return [(index, derivative_key(place)) for index, place in pairs if place]
    return []
