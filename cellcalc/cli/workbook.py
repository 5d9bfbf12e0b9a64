"""``cellcalc workbook``."""

from __future__ import annotations

from pathlib import Path

import click

from cellcalc.cli.common import (
    command,
    load,
    notation_option,
    output_options,
    problem_argument,
    run,
    scheme_options,
)
from cellcalc.errors import printable
from cellcalc.resources import sentence


@command("A live Excel workbook, every cell a formula.")
@problem_argument
@click.option("--sheets", metavar="A,B,…", help="Only these sheets, as in Unrolled,Step.")
@click.option(
    "--practice",
    metavar="WHAT",
    default="",
    help="An exercise: backward, forward, all, or symbols such as c,dc.",
)
@click.option(
    "--epochs",
    metavar="N",
    type=click.IntRange(1),
    help="Train for N epochs, whatever the problem says; the sheet Train has a pass a row.",
)
@click.option("--blank", is_flag=True, help="The exercise on paper: no key, for printing.")
@notation_option
@scheme_options
@output_options
def workbook(
    problem: str,
    sheets: str | None,
    practice: str,
    blank: bool,
    epochs: int | None,
    notation: str | None,
    scheme: str | None,
    k1: int | None,
    k2: int | None,
    output: Path | None,
    force: bool,
) -> None:
    """Write the computation as an Excel workbook of live formulas, with their values stored.

    Change a weight, an input, a target, the initial state or the rate, and everything
    recalculates. Sheets: Start, Unrolled (the picture of it all), BPTT, Step, Windows, Gradients,
    Train, Checks, Equations; with --practice a grid to fill in that judges each answer. Without
    -o the file is named after PROBLEM, in this folder.

    \b
    Examples:
      cellcalc workbook gomez
      cellcalc workbook gomez --scheme "tbptt(1,2)" -o truncated.xlsx
      cellcalc workbook statquest --epochs 300 -o training.xlsx
      cellcalc workbook gomez --notation graves -o graves.xlsx
      cellcalc workbook gomez --practice backward -o exercise.xlsx
      cellcalc workbook my_problem.toml -o lesson.xlsx --force
    """
    from dataclasses import replace

    from cellcalc.files import write_file
    from cellcalc.workbook import build_workbook
    from cellcalc.workbook.build import moved
    from cellcalc.workbook.large_numbers import has_large

    loaded = load(problem, scheme, k1, k2, notation)
    if epochs is not None:
        s = loaded.specification
        longer = replace(s, update=replace(s.update, epochs=epochs))
        loaded = replace(loaded, specification=longer)
    trace = run(loaded)
    stem = "workbook" if problem == "-" else Path(problem).stem
    path = output or Path(f"{stem}.xlsx")
    names = [name.strip() for name in (sheets or "").split(",") if name.strip()]
    write_file(path, lambda file: build_workbook(trace, file, names, practice, blank), force)
    for former, now in moved(names).items():
        click.echo(f"Note: {sentence('sheet', 'moved', former=former, now=now)}", err=True)
    if has_large(trace):
        click.echo(f"Warning: {sentence('sheet', 'large_warning')}", err=True)
    click.echo(f"wrote {printable(str(path))}", err=True)
