"""Running the kernel over the columns of a sequence, short or long."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, MutableSequence

from cellcalc.compiled import compile_source
from cellcalc.fast import PAYS, fast_sweep
from cellcalc.kernel import Keep, kernel
from cellcalc.model.model.model import Model

LONG = 256  # steps above which a sequence is kept compactly

Column = MutableSequence[float]
Columns = dict[str, Column]


class Sweeper:
    """Fills columns for t = 0 … n+1.

    A column of a short sequence is a list; of a long one an array, which takes a quarter of the
    memory, and only those are kept from which the others follow. ``longest`` is the longest
    sequence of the run, ``total`` how many steps there are in all.
    """

    def __init__(
        self,
        model: Model,
        decimals: int | None,
        guarded: bool,
        detail: bool,
        longest: int,
        total: int,
    ) -> None:
        self.long = longest > LONG
        keep = Keep.LEAST if not detail else Keep.ENOUGH if self.long else Keep.ALL
        self.kernel = kernel(model, decimals, guarded, keep)
        self.function = compile_source(self.kernel.text, "bptt")
        self.fast = None
        if self.long and decimals is None and not guarded and total > PAYS:
            self.fast = fast_sweep(kernel(model, keep=keep, arrays=True))
        given = [row.symbol for row in model.inputs]
        self.names = list(dict.fromkeys([*given, *self.kernel.columns]))
        derived = {row.symbol for row in self.kernel.swept}
        self.flowing = [name for name in self.names if name in derived]

    def columns(self, steps: int) -> Columns:
        """Empty columns for a sequence of so many steps."""
        if self.long:
            return {name: array("d", bytes(8 * (steps + 2))) for name in self.names}
        return {name: [0.0] * (steps + 2) for name in self.names}

    def sweep(
        self, columns: Columns, parameters: Mapping[str, float], new: int, first: int, last: int
    ) -> dict[str, float]:
        """Run the steps ``new`` … ``last`` forward, and sweep back from ``last`` to ``first``.

        Returns the gradients, of the state that enters the window as well.
        """
        for name in self.flowing:
            columns[name][last + 1] = 0.0  # beyond the last step nothing flows back
        gradients: dict[str, float]
        if self.fast:
            gradients = self.fast(columns, parameters, new, first, last)
        else:
            gradients = self.function(columns, parameters, new, first, last)
        return gradients


def put(column: Column, start: int, values: Iterable[float]) -> None:
    """Write values into a column from step ``start`` on; an array takes nothing but arrays."""
    part: Column = array("d", values) if isinstance(column, array) else list(values)
    column[start : start + len(part)] = part
