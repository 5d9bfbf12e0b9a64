"""All of the library as somebody with types uses it: `mypy --strict` has nothing to say of it."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import cellcalc

Array = NDArray[np.float64]


def problems(folder: Path) -> list[cellcalc.Problem]:
    x: Array = np.array([[1.0, 2.0], [0.5, 3.0], [-1.0, 0.2]])
    target: Array = np.array([0.5, 1.25, np.nan])
    made = cellcalc.Problem(
        cell="lstm",
        readout="linear",
        loss="half-squared",
        parameters={"random": {"seed": 3, "scale": 0.5}},
        x=x,
        target=target,
        initial={"h": 0.1, "c": np.float64(-0.2)},
        scheme="tbptt(1,2)",
        optimizer="adam",
        learning_rate=0.05,
        epochs=2,
        frozen=["b_f"],
    )
    text: str = made.to_toml(folder / "made.toml")
    again = cellcalc.loads(text, k1=2, k2=2, inject="all", notation="gomez")
    from_file = cellcalc.load(folder / "made.toml", scheme="full", reduction="mean")
    return [made, again, from_file, cellcalc.load("gomez"), cellcalc.Problem.of(made.specification)]


def read(p: cellcalc.Problem) -> float:
    trace: cellcalc.Trace = p.run(hand_rounding=None, detail=True)
    dc: Array = trace["dc"]
    whole: dict[str, Array] = trace.to_dict()
    layouts: dict[str, Array] = trace.gradients_as("pytorch")
    one: cellcalc.Trace = trace.only(epoch=1, sequence=1)
    names: list[str] = [name for name in trace if "d" + name in trace]
    gradient: float | Array = trace.gradients["dU_f"]
    loss: float | None = one.loss
    assert len(whole) == len(trace) and layouts and names and dc.size
    return float(np.sum(gradient)) + (loss or 0.0)


def marked(p: cellcalc.Problem) -> list[str]:
    trace = p.run().only()
    report: cellcalc.Marks = p.check({"dc": trace["dc"], "dU_f": trace.gradients["dU_f"]})
    texts: cellcalc.Marks = p.check("c[1] = 0.5\n", tolerance=0.1)
    wrong: list[str] = [str(slip["says"]) for slip in (*report.slips, *texts.slips)]
    assert report.ok
    return wrong


def shown(p: cellcalc.Problem, folder: Path) -> list[str]:
    flow: cellcalc.Flow = p.flow(sequence=1)
    comparison: cellcalc.Comparison = p.compare("full", "tbptt(1,2)", k1=1)
    p.workbook(folder / "a.xlsx", sheets=["BPTT"], practice="dc", key=True, force=True)
    pieces: list[str] = [p.explain("dc", t=1), p.derive("latex"), p.schedule()]
    errors: list[float] = [one.error for one in comparison.schemes]
    matrix: Array = flow.matrix["c"]
    assert matrix.shape == (len(flow.losses), flow.steps) and errors[0] == 0.0
    return pieces


def drawn(p: cellcalc.Problem, folder: Path) -> cellcalc.Drawing:
    picture: cellcalc.Drawing = p.draw("cell", folder / "a.svg", step=1, notation="gomez")
    picture.axes.set_title("mine")
    picture.save(folder / "b.pdf")
    return picture


def tried(p: cellcalc.Problem, executor: Executor | None) -> list[cellcalc.Result]:
    kept: list[cellcalc.Result] = []
    rows = p.experiment(["full"], executor, epochs=[1, 2], rates=0.1, each=kept.append)
    again: list[cellcalc.Result] = p.experiment("full", epochs=[1, 2], rates=0.1, done=kept)
    losses: Array = p.train_batch({"U_f": [0.1, 0.2]}).losses
    assert rows == again and losses.shape[-1] == 2
    return rows


def refused() -> list[str]:
    said: list[str] = []
    try:
        cellcalc.load("gomes")
    except cellcalc.InputError as error:
        said += [mistake.found for mistake in error.mistakes]
    try:
        cellcalc.load("gomez").run()["dcc"]
    except (cellcalc.SymbolError, cellcalc.LimitError, cellcalc.OutputError) as error:
        said += error.lines
    try:
        cellcalc.load("gomez", k1=-1)
    except cellcalc.OptionError as error:
        said.append(error.argument)
    except (cellcalc.ExpressionError, cellcalc.PackageError, cellcalc.CellcalcError):
        raise
    return said
