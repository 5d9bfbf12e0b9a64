"""Whether a workbook would fit, and what would."""

from __future__ import annotations

from cellcalc.engine.trace import PassTrace, Trace
from cellcalc.errors import OutputError
from cellcalc.workbook.layout import FIRST, derived_rows
from cellcalc.xlsx.cells import MAX_COLUMNS, MAX_ROWS

MAX_SHEETS = 50  # more is no workbook that a person reads
MAX_CELLS = 5_000_000  # more takes minutes to open
MAX_STEPS = MAX_COLUMNS - FIRST - 1


def check_size(trace: Trace) -> None:
    """Raise :class:`~cellcalc.errors.OutputError` for a trace that makes no workbook.

    Either it is too large, or an input is not a finite number, which no cell can hold.
    """
    longest = max(one.steps for one in trace.passes)
    if longest > MAX_STEPS:
        raise _too_large("steps", MAX_STEPS, longest)
    sequences = len(trace.specification.sequences)
    if len(trace.passes) > MAX_SHEETS:
        epochs = MAX_SHEETS // sequences
        fit = f"epochs = {epochs}" if epochs else f"{MAX_SHEETS} sequences"
        raise _too_large("passes, a sheet each", MAX_SHEETS, len(trace.passes), fit)
    rows = max(_rows(one, trace) for one in trace.passes)
    if rows > MAX_ROWS:
        raise _too_large("rows", MAX_ROWS, rows, "fewer windows (a larger k1)")
    cells = sum(_cells(one, trace) for one in trace.passes)
    if cells > MAX_CELLS:
        raise _too_large("cells", MAX_CELLS, cells, "fewer steps, epochs or windows (a larger k1)")
    found = trace.first_not_finite()
    if found and found[0] in {row.symbol for row in trace.model.inputs}:
        place = f"{found[0]} at t = {found[1]}"
        raise OutputError(f"workbook: expected finite inputs, found another value in {place}")


def _too_large(what: str, most: int, found: int, fit: str = "") -> OutputError:
    would = f"; {fit} would fit" if fit else ""
    return OutputError(f"workbook: expected at most {most:,} {what}, found {found:,}{would}")


def _rows(one: PassTrace, trace: Trace) -> int:
    """About how many rows the sheet of a pass has."""
    model = trace.model
    top = len(model.inputs) + len(model.parameters) * 3 + len(model.forward) + 20
    return top + len(one.windows) * (len(derived_rows(model)) + 2)


def _cells(one: PassTrace, trace: Trace) -> int:
    """About how many cells the sheet of a pass has."""
    model = trace.model
    top = (len(model.inputs) + len(model.parameters) + len(model.forward)) * (one.steps + 2)
    return top + one.schedule.backward_cells * len(derived_rows(model))
