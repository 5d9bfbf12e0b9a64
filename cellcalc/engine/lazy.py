"""Rows that are worked out when somebody reads them: what a long trace need not keep.

Of a long window only those derivatives are kept that another step reads. All else (each path, each
step's part of a gradient, what lies between h and the gates within a step) follows from these by
its equation; keeping it, too, would take three times the memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import overload

from cellcalc.engine.codegen import Code, compile_source, reads
from cellcalc.language.tree import spelled_out, symbols
from cellcalc.model.model import TARGET, Model, Quantity
from cellcalc.problems.sequences import or_zero
from cellcalc.records import record

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
    source: str
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


class LazyRow(Sequence[float]):
    """The values of one row over the steps of a window, computed on reading."""

    def __init__(self, symbol: str, columns: Columns) -> None:
        self.name, self.columns = f"row_{symbol}", columns

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
        function = compile_source(columns.source, self.name)
        values: list[float] = function(columns, columns.first + start, columns.first + stop)
        return values


def lazy_source(model: Model, rows: list[Quantity], decimals: int | None, guarded: bool) -> str:
    """A function for each row: of the kept columns, the first step, and the one after the last.

    Another, ``entering``, gives those of the rows of the state's derivatives at the step before a
    window: of its columns, the parameters and that step.
    """
    key = ("lazy", decimals, guarded)
    if key not in model.generated:
        model.generated[key] = "\n".join(_functions(model, rows, decimals, guarded)) + "\n"
    text: str = model.generated[key]
    return text


def _functions(
    model: Model, rows: list[Quantity], decimals: int | None, guarded: bool
) -> Iterator[str]:
    code = Code(model.features, guarded, decimals)
    if decimals is None:
        rows = [
            replace(row, formula=model.computed(row.formula)) if row.formula else row
            for row in rows
        ]

    def value_of(row: Quantity) -> str:
        assert row.formula is not None
        return code.value(row.formula)

    for row in rows:
        numbers, read = _reads([row], model)
        value = value_of(row)
        yield f"def row_{row.symbol}(columns, start, stop):"
        yield from reads("columns.parameters", numbers)
        yield from (f'    {name} = columns.part("{name}", start - 1, stop + 1)' for name in read)
        yield f"    return [{value} for t in range(1, stop - start + 1)]"
    lazy = {row.symbol for row in rows}
    entering = [row for row in model.entering if row.symbol in lazy]
    numbers, read = _reads(entering, model)
    yield "def entering(columns, parameters, t):"
    yield from reads("parameters", numbers)
    yield from reads("columns", read)
    yield "    return {"
    yield from (f'        "{row.symbol}": {value_of(row)},' for row in entering)
    yield "    }"


def _reads(rows: list[Quantity], model: Model) -> tuple[list[str], list[str]]:
    """The names of the parameters, and of the columns, that the rows' equations read."""
    used = [
        s for row in rows if row.formula for s in symbols(spelled_out(row.formula, model.features))
    ]
    numbers = dict.fromkeys(s.name for s in used if s.shift is None)
    return list(numbers), list(dict.fromkeys(s.name for s in used if s.shift is not None))
