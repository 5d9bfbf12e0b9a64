"""The workbooks that are looked at: every command, cell, scheme and optimizer, and odd ones."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cellcalc
from cellcalc import resources
from cellcalc.api import Problem
from cellcalc.problems.specification import read_specification
from cellcalc.workbook import build_workbook
from cellcalc.workbook.layout import lay_out
from tests.reliability.numbers import SCHEMES
from tests.support.cells import CELLS, random_cell
from tests.support.command import run

QUICK = ("BPTT", "Checks")


@dataclass(frozen=True)
class Wanted:
    """A workbook: of a problem as text or by name, or what a command writes.

    ``edits`` says that it is recalculated with a weight and an input changed as well.
    """

    name: str
    source: str = ""
    sheets: tuple[str, ...] = QUICK
    options: dict[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    cell: str = ""
    edits: bool = False

    def problem(self) -> Problem:
        """The problem that it is of."""
        if "\n" not in self.source:
            return cellcalc.load(self.source)
        with TemporaryDirectory() as folder:
            (Path(folder) / "cell.toml").write_text(self.cell)
            return Problem.of(read_specification(self.source, "p.toml", Path(folder)))

    def make(self) -> bytes:
        """Its bytes."""
        if not self.command:
            return workbook(self.problem(), self.sheets, self.options)
        with TemporaryDirectory() as folder:
            path = str(Path(folder) / "book.xlsx")
            result = run(*[path if word == "FILE" else word for word in self.command])
            assert result.exit_code == 0, result.stderr
            return Path(path).read_bytes()


def workbook(
    problem: Problem, sheets: tuple[str, ...] = (), options: dict[str, Any] | None = None
) -> bytes:
    file = io.BytesIO()
    build_workbook(problem.run(), file, sheets, **(options or {}))
    return file.getvalue()


def drawn(
    cell: str, inputs: int, steps: int, more: str = "", seed: int = 1, scale: float = 1.0
) -> str:
    """A problem with numbers at random, as text."""
    source = random.Random(seed)

    def numbers(count: int) -> str:
        return ", ".join(f"{scale * source.uniform(-1, 1):.4g}" for _ in range(count))

    rows = ", ".join(f"[{numbers(inputs)}]" if inputs > 1 else numbers(1) for _ in range(steps))
    return (
        f'cell = "{cell}"\n[parameters]\nrandom = {{seed = {seed}}}\n[[sequence]]\nx = [{rows}]\n'
        f"target = [{numbers(steps)}]\n{more}"
    )


TITLES = [
    "=1+1", "_x0041_ and _x005F_", "<&>'\" ]]>", "Δφ 🧮 ú", "x" * 300, "+SUM(A1)", "@x", "-2",
]  # fmt: skip
OWN = """
output = "h"
[parameters]
W = "input"
w = "scalar"
sum = "scalar"
Print_Area = "scalar"
[state]
h = 0.0
H = 0.0
[[equation]]
symbol = "H"
formula = "tanh(W @ x + w*h[t-1])"
[[equation]]
symbol = "h"
formula = "H*sum + H[t-1]*Print_Area"
"""
SEVERAL = "[[sequence]]\nx = [[1, 2], [0.5, -1]]\ntarget = [nan, 0.2]\n"
EPOCHS = '[bptt]\nupdate = "epoch"\nclip_norm = 0.5\n[update]\nepochs = 2\n'
RESET = '[bptt]\nk1 = 2\nk2 = 2\nstate = "reset"\n'
GROWING = drawn("rnn", 1, 40).replace("random = {seed = 1}", "W = 0.4\nU = 3.0\nb = 0.1")


def books() -> Iterator[Wanted]:
    """All of them; they are made when they are asked for."""
    for name in ("gomez", "ten_steps", "two_step"):
        yield Wanted(f"example {name}", name, (), edits=True)
    for k, cell in enumerate(CELLS):
        text = random_cell(cell, k, 2, 3, "linear", "half-squared").toml()
        yield Wanted(f"cell {cell}", text, edits=k % 4 == 0)
    for scheme in SCHEMES:
        yield Wanted(f"scheme {scheme!r}", drawn("lstm", 1, 5, f"[bptt]\n{scheme}\n"), edits=True)
    for optimizer in resources.names("templates/optimizers"):
        more = f'[bptt]\nk1 = 2\nk2 = 3\n[update]\noptimizer = "{optimizer}"\nepochs = 2\n'
        yield Wanted(f"optimizer {optimizer}", drawn("rnn", 1, 4, more), (*QUICK, "Train"))
    yield Wanted("sequences and epochs", drawn("gru", 2, 3) + SEVERAL + EPOCHS, ())
    for practice in ("all", "c,dc"):
        for key in (True, False):
            options = {"practice": practice, "key": key}
            yield Wanted(f"exercise {practice}, key {key}", "two_step", (), options)
    yield Wanted("exercise on paper", "gomez", (), {"practice": "backward", "blank": True})
    for k, title in enumerate(TITLES):
        text = f"title = {_quoted(title)}\n" + drawn("rnn", 1, 2, seed=k)
        yield Wanted(f"title {title[:12]!r}", text, () if k < 2 else ("Start", "BPTT"))
    yield Wanted("names", drawn("./cell.toml", 1, 3), (), cell=OWN)
    yield Wanted("100 inputs", drawn("rnn", 100, 2))
    yield Wanted("500 inputs", drawn("rnn", 500, 2), ("BPTT",))
    yield Wanted("1,100 windows", drawn("rnn", 1, 1100, "[bptt]\nk1 = 1\nk2 = 2\n"), ("BPTT",))
    for scale in (1e8, 1e-8, 1e-160):
        yield Wanted(f"numbers of {scale:g}", drawn("rnn", 1, 4, scale=scale))
    yield Wanted("saturated and vanishing", GROWING)
    yield Wanted("reset", drawn("lstm", 1, 4, RESET), (), edits=True)
    yield Wanted("forward only", drawn("lstm", 1, 3).partition("target")[0], ("BPTT",))
    yield Wanted("flow", command=("flow", "gomez", "-o", "FILE"))
    command = ("experiment", "ten_steps", "--epochs", "1", "--workbook", "FILE")
    yield Wanted("experiment", command=command)
    # Last, for CI takes one in five and has no time for the one of 1,100 windows.
    yield Wanted("own cell, drawn", drawn("./cell.toml", 1, 3), ("Step", "Checks"), cell=OWN)


def edited(problem: Problem) -> tuple[dict[str, float | None], bytes]:
    """A weight and an input changed: the cells to be edited, and the workbook of that problem."""
    layout = lay_out(problem.run())[0]
    specification = problem.specification
    weight, symbol = next(iter(specification.parameters)), layout.model.inputs[0].symbol
    sequence = specification.sequences[0]
    column = (0.625, *sequence.inputs[0][1:])
    sequence = replace(sequence, inputs=(column, *sequence.inputs[1:]))
    other = replace(
        specification,
        parameters={**specification.parameters, weight: -0.375},
        sequences=(sequence, *specification.sequences[1:]),
    )
    edits: dict[str, float | None] = {layout.cell(weight, 0): -0.375, layout.cell(symbol, 1): 0.625}
    return edits, workbook(Problem.of(other, problem.author), ("BPTT",))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
