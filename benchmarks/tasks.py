"""What is measured: a table of tasks, each with what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from benchmarks.problems import SET_EPOCHS, SET_STEPS, MissingError


@dataclass(frozen=True)
class Task:
    """One row of the table. ``work`` names a function of a module here, that takes ``size``.

    The time is divided by ``per`` and shown in ``unit``; it is compared with that of the task
    ``against``. ``rounds`` is how often a process is started for it, ``repeats`` how often it is
    timed within one.
    """

    group: str
    who: str
    what: str
    work: str
    size: int
    options: tuple[Any, ...] = ()
    per: int = 1
    unit: str = "s"
    against: str = ""
    rounds: int = 3
    repeats: int = 1

    def prepare(self) -> Callable[[], object]:
        module, name = self.work.split(".")
        try:
            function = getattr(import_module(f"benchmarks.{module}"), name)
        except ImportError as error:
            raise MissingError(f"there is no {error.name}") from None
        return partial(function, self.size, *self.options)()  # type: ignore[no-any-return]


def _engine(who: str, work: str, steps: int, repeats: int, against: str = "engine") -> Task:
    what = f"one trace, n = {steps:,}"
    return Task(
        "Engine", who, what, f"engines.{work}", steps, (), steps, "µs a step", against, 3, repeats
    )


def _batches(who: str, work: str, sets: int) -> Task:
    what = "tbptt(5,10), many parameter sets"
    per, unit = sets * SET_STEPS * SET_EPOCHS, "µs a set and step"
    return Task("Batches", who, what, f"batches.{work}", sets, (), per, unit, "batches", 5, 3)


def _workbook(who: str, work: str, steps: int, *options: Any) -> Task:
    what, key = f"BPTT and Equations, n = {steps:,}", f"workbook {steps}"
    rounds = 5 if steps <= 1_000 else 2
    return Task("Workbook", who, what, f"workbooks.{work}", steps, options, 1, "s", key, rounds)


def _start(who: str, work: str) -> Task:
    return Task("Start", who, "", f"commands.{work}", 0, (), 1, "ms", "click", 15, 1)


TASKS: dict[str, Task] = {
    "engine": _engine("cellcalc, Python", "python", 1_000, 15),
    "engine 10000": _engine("cellcalc, Python", "python", 10_000, 5),
    "engine 100000": _engine("cellcalc, Python", "python", 100_000, 3),
    "engine 1000000": _engine("cellcalc, Python", "python", 1_000_000, 2),
    "LSTM": _engine("torch.nn.LSTM, hidden size 1", "torch_lstm", 1_000, 3),
    "LSTMCell": _engine("torch.nn.LSTMCell in a loop", "torch_cell", 1_000, 3),
    "numba": _engine("cellcalc[fast], numba", "numba", 1_000_000, 5, "C"),
    "C": _engine("the equations in C, -O2", "c", 1_000_000, 5, "C"),
    "training": Task(
        "Training", "cellcalc, Python", "5,000 epochs of statquest", "engines.training", 5000
    ),
    "marking": Task(
        "Marking", "cellcalc check", "120 sheets of 100 answers, a slip each", "marking.sheets", 120
    ),
    "marking worst": Task(
        "Marking", "cellcalc check", "final gradients, all wrong", "marking.all_wrong", 1
    ),
    "batches": _batches("cellcalc.engine.batch, all at once", "together", 1_000),
    "batches single": _batches("cellcalc, one at a time", "one_by_one", 20),
}
for _steps in (1_000, 16_000):
    TASKS |= {
        f"workbook {_steps}": _workbook("cellcalc", "ours", _steps),
        f"xlsxwriter {_steps}": _workbook("XlsxWriter", "xlsxwriter", _steps),
        f"xlsxwriter constant {_steps}": _workbook(
            "XlsxWriter, constant_memory", "xlsxwriter", _steps, True
        ),
        f"xlsxwriter unchecked {_steps}": _workbook(
            "XlsxWriter, formula check off", "xlsxwriter", _steps, False, False
        ),
        f"xlsxwriter unchecked constant {_steps}": _workbook(
            "XlsxWriter, check off, constant_memory", "xlsxwriter", _steps, True, False
        ),
        f"openpyxl {_steps}": _workbook("openpyxl write-only, no values", "openpyxl", _steps),
        f"rust {_steps}": _workbook("rust_xlsxwriter, formulas as text", "rust", _steps),
    }
TASKS |= {
    "click": _start('python -c "import click"', "importing_click"),
    "help": _start("cellcalc --help", "help_text"),
    "table": _start("cellcalc table gomez", "table"),
}
for _steps in (500, 1_000, 2_000, 4_000):
    TASKS[f"recalculation {_steps}"] = Task(
        "Recalculation", "LibreOffice, all sheets", f"n = {_steps:,}", "workbooks.recalculated",
        _steps, against="recalculation 1000", rounds=2,
    )  # fmt: skip
for _format in ("csv", "json"):
    TASKS[f"export {_format}"] = Task(
        "Export", f"cellcalc table --format {_format}", "n = 1,000,000, from a CSV file",
        "commands.exported", 1_000_000, (_format,), rounds=1,
    )  # fmt: skip
