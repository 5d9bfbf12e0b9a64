"""Rows that are worked out when somebody reads them: what a long trace need not keep.

Of a long window only those derivatives are kept that another step reads. All else (each path, each
step's part of a gradient, what lies between h and the gates within a step) follows from these by
its equation; keeping it, too, would take three times the memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from struct import pack
from typing import TYPE_CHECKING, Any, overload

from cellcalc.engine.codegen import Code, compile_source, reads
from cellcalc.language.notation import Binding, Text
from cellcalc.language.tree import (
    Add,
    Div,
    Mul,
    Neg,
    Number,
    Symbol,
    spelled_out,
    symbols,
    walk,
)
from cellcalc.model.model import TARGET, Model, Quantity
from cellcalc.problems.sequences import or_zero
from cellcalc.records import record

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

BLOCK = 2048  # steps that are worked out at once


@record
class Columns:
    """The kept rows of a window: for each symbol its values, and the step of the first of them.

    Beyond them everything is 0. The other rows, over the steps ``first`` … ``last``, are made by
    the functions of ``source``; they are not held here, so that no trace refers to itself and
    its memory is free as soon as nobody has it.
    """

    values: Mapping[str, tuple[Sequence[float], int]]
    parameters: Mapping[str, float]
    source: Source
    first: int
    last: int

    def part(self, symbol: str, start: int, stop: int) -> list[float]:
        """The values from step ``start`` to before step ``stop``."""
        lazy = symbol not in self.values
        values, offset = (LazyRow(symbol, self), self.first) if lazy else self.values[symbol]
        low, high = max(start, offset), min(stop, offset + len(values))
        within = list(values[low - offset : max(low, high) - offset])
        if symbol == TARGET:
            within = list(map(or_zero, within))
        return [0.0] * (low - start) + within + [0.0] * (stop - max(low, high))

    def array(self, symbol: str, start: int, stop: int) -> NDArray[numpy.float64]:
        """The same as an array."""
        import numpy

        lazy = symbol not in self.values
        values, offset = (LazyRow(symbol, self), self.first) if lazy else self.values[symbol]
        low, high = max(start, offset), min(stop, offset + len(values))
        found = numpy.zeros(stop - start)
        if low < high:
            within = numbers(values, low - offset, high - offset)
            if symbol == TARGET:
                within = numpy.where(numpy.isnan(within), 0.0, within)
            found[low - start : high - start] = within
        return found


@record
class Source:
    """What computes lazy rows: functions that return lists, and those that return arrays.

    ``arrays`` has one for each of the ``exact`` rows: those with nothing but sums and products in
    their equations, which numpy computes to the same bits.
    """

    lists: str
    arrays: str
    exact: frozenset[str]


def numbers(values: Sequence[float], low: int, high: int) -> NDArray[numpy.float64]:
    """A part of a row as an array, without going through its numbers one by one if it can be.

    Parameters
    ----------
    values : sequence of float
        A list, an array, or a row that is worked out on reading.
    low, high : int
        The places of the first number, and of the one after the last.

    Returns
    -------
    numpy.ndarray
        Not to be written to: it may be the row's own memory.
    """
    import numpy  # here, as above: a table is printed without it

    if isinstance(values, LazyRow):
        return values.as_array(low, high)
    if isinstance(values, array):
        return numpy.frombuffer(values, dtype=float)[low:high]
    found = values[low:high]  # packing them is three times as quick as numpy.array
    return numpy.frombuffer(pack(f"{len(found)}d", *found), dtype=float)


class LazyRow(Sequence[float]):
    """The values of one row over the steps of a window, computed on reading."""

    def __init__(self, symbol: str, columns: Columns) -> None:
        self.symbol, self.columns = symbol, columns

    def __len__(self) -> int:
        return self.columns.last - self.columns.first + 1

    @overload
    def __getitem__(self, place: int) -> float: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[float]: ...

    def __getitem__(self, place: int | slice) -> float | Sequence[float]:
        chosen = range(len(self))[place]
        if isinstance(chosen, int):
            return self._block(chosen, chosen + 1)[0]
        low, high = min(chosen, default=0), max(chosen, default=-1) + 1
        values = self._block(low, high)
        return [values[k - low] for k in chosen]

    def __iter__(self) -> Iterator[float]:
        for start in range(0, len(self), BLOCK):
            yield from self._block(start, min(start + BLOCK, len(self)))

    def _block(self, start: int, stop: int) -> list[float]:
        columns = self.columns
        function = compile_source(columns.source.lists, f"row_{self.symbol}")
        values: list[float] = function(columns, columns.first + start, columns.first + stop)
        return values

    def as_array(self, start: int, stop: int) -> NDArray[numpy.float64]:
        """The numbers from one place to before another, as an array."""
        import numpy

        columns = self.columns
        if self.symbol not in columns.source.exact:
            return numpy.array(self._block(start, stop), dtype=float)
        function = compile_source(columns.source.arrays, f"row_{self.symbol}")
        found: NDArray[numpy.float64] = function(
            columns, columns.first + start, columns.first + stop
        )
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """What numpy makes of the row: at once, not number by number."""
        found = self.as_array(0, len(self))
        return found if dtype is None else found.astype(dtype, copy=bool(copy))


def lazy_source(model: Model, rows: list[Quantity], decimals: int | None, guarded: bool) -> Source:
    """A function for each row: of the kept columns, the first step, and the one after the last.

    Another, ``entering``, gives those of the rows of the state's derivatives at the step before a
    window: of its columns, the parameters and that step.
    """
    key = ("lazy", decimals, guarded)
    if key not in model.generated:
        if decimals is None:
            rows = [
                replace(row, formula=model.computed(row.formula)) if row.formula else row
                for row in rows
            ]
        exact = [row for row in rows if decimals is None and _is_exact(row, model)]
        model.generated[key] = Source(
            "\n".join(_functions(model, rows, decimals, guarded)) + "\n",
            "\n".join(_of_arrays(model, exact)) + "\n",
            frozenset(row.symbol for row in exact),
        )
    found: Source = model.generated[key]
    return found


def _is_exact(row: Quantity, model: Model) -> bool:
    """Whether numpy computes the row to the same bits: each sum and product is rounded alike.

    Powers and functions are not: a library may have its own for arrays.
    """
    if row.formula is None:
        return False
    nodes = list(walk(spelled_out(row.formula, model.features)))
    over_time = any(isinstance(node, Symbol) and node.shift is not None for node in nodes)
    return over_time and all(
        isinstance(node, Number | Symbol | Neg | Add | Mul)
        or (
            isinstance(node, Div)
            and isinstance(node.denominator, Number)
            and node.denominator.value
        )
        for node in nodes
    )


@record
class _Slices(Code):
    """Code over arrays of the steps from the one before the first to the one after the last."""

    def symbol(self, symbol: Symbol) -> Text:
        if symbol.shift is None:
            return super().symbol(symbol)
        part = {-1: "[:-2]", 0: "[1:-1]", 1: "[2:]"}[symbol.shift]
        return symbol.name + part, Binding.ATOM


def _of_arrays(model: Model, rows: list[Quantity]) -> Iterator[str]:
    code = _Slices(model.features)
    for row in rows:
        scalars, read = _reads([row], model)
        yield f"def row_{row.symbol}(columns, start, stop):"
        yield from reads("columns.parameters", scalars)
        yield from (f'    {name} = columns.array("{name}", start - 1, stop + 1)' for name in read)
        assert row.formula is not None
        yield f"    return {code.value(row.formula)}"


def _functions(
    model: Model, rows: list[Quantity], decimals: int | None, guarded: bool
) -> Iterator[str]:
    code = Code(model.features, guarded, decimals)

    def value_of(row: Quantity) -> str:
        assert row.formula is not None
        return code.value(row.formula)

    for row in rows:
        scalars, read = _reads([row], model)
        value = value_of(row)
        yield f"def row_{row.symbol}(columns, start, stop):"
        yield from reads("columns.parameters", scalars)
        yield from (f'    {name} = columns.part("{name}", start - 1, stop + 1)' for name in read)
        yield f"    return [{value} for t in range(1, stop - start + 1)]"
    lazy = {row.symbol for row in rows}
    entering = [row for row in model.entering if row.symbol in lazy]
    scalars, read = _reads(entering, model)
    yield "def entering(columns, parameters, t):"
    yield from reads("parameters", scalars)
    yield from reads("columns", read)
    yield "    return {"
    yield from (f'        "{row.symbol}": {value_of(row)},' for row in entering)
    yield "    }"


def _reads(rows: list[Quantity], model: Model) -> tuple[list[str], list[str]]:
    """The names of the parameters, and of the columns, that the rows' equations read."""
    used = [
        s for row in rows if row.formula for s in symbols(spelled_out(row.formula, model.features))
    ]
    scalars = dict.fromkeys(s.name for s in used if s.shift is None)
    return list(scalars), list(dict.fromkeys(s.name for s in used if s.shift is not None))
