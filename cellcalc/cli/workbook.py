"""``cellcalc workbook``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from cellcalc.cli.common import (
    WRITTEN,
    command,
    load,
    notation_option,
    output_options,
    problem_argument,
    run,
    scheme_options,
)
from cellcalc.cli.formats import written_as
from cellcalc.errors import printable
from cellcalc.resources import sentence

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override


@command("A live Excel workbook, every cell a formula.")
@problem_argument
@click.option("--sheets", metavar="A,B,…", help="Only these sheets, as in Unrolled,Step.")
@click.option(
    "--practice",
    metavar="WHAT",
    default="",
    help="An exercise: backward, forward, all, or symbols such as c,dc; paths: those too; "
    "last: of the last window alone; first: of the first.",
)
@click.option(
    "--level",
    type=click.IntRange(1, 4),
    help="Of an exercise. 1: equations shown; 2: hidden; 3: to choose among typical slips; "
    "4: find the mistake.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0),
    help="Another mistake, other slips (levels 3, 4).",
)
@click.option("--blank", is_flag=True, help="The exercise on paper: no key, for printing.")
@click.option("--key", is_flag=True, help="For a teacher: the exercise with its answers, hidden.")
@notation_option
@scheme_options
@output_options
@written_as("xlsx")
def workbook(
    problem: str,
    sheets: str | None,
    practice: str,
    level: int | None,
    seed: int | None,
    blank: bool,
    key: bool,
    notation: str | None,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Write the computation as an Excel workbook of live formulas, with their values stored.

    Change a weight, an input, a target, the initial state or the rate, and everything
    recalculates. Sheets: Start, Unrolled (the picture of it all), BPTT, Step, Windows, Gradients,
    Train, Checks, Equations. With --practice a grid to fill in: it judges whether each answer
    follows from those before it, and holds none of them; with --key it holds them and judges by
    them. Levels 3 and 4 are judged with --key, or by check when handed in. Without -o the file is
    named after PROBLEM, in this folder.

    \b
    Examples:
      cellcalc workbook gomez
      cellcalc workbook gomez --scheme "tbptt(1,2)" -o truncated.xlsx
      cellcalc workbook statquest --epochs 300 -o training.xlsx
      cellcalc workbook gomez --notation graves -o graves.xlsx
      cellcalc workbook gomez --practice backward -o exercise.xlsx
      cellcalc workbook gomez --practice backward --level 4 -o find.xlsx
      cellcalc workbook my_problem.toml -o lesson.xlsx --force
    """

    from cellcalc.check.assignments import exercise_of
    from cellcalc.files import write_file
    from cellcalc.workbook import build_workbook
    from cellcalc.workbook.build import moved
    from cellcalc.workbook.large_numbers import has_large

    trace = run(load(problem, override, notation))
    task = exercise_of(trace, practice, level, seed, key, blank)
    stem = "workbook" if problem == "-" else Path(problem).stem
    path = output or Path(f"{stem}.xlsx")
    names = [name.strip() for name in (sheets or "").split(",") if name.strip()]
    left_out: list[str] = []

    def write(file: BinaryIO) -> None:
        left_out.extend(build_workbook(trace, file, names, practice, blank, key, assignment=task))

    write_file(path, write, force)
    for kind in left_out:
        click.echo(f"Warning: {sentence('sheet', 'left_out', kind=kind)}", err=True)
    for former, now in moved(names).items():
        click.echo(f"Note: {sentence('sheet', 'moved', former=former, now=now)}", err=True)
    if has_large(trace):
        click.echo(f"Warning: {sentence('sheet', 'large_warning')}", err=True)
    click.get_current_context().meta[WRITTEN] = path
    name = printable(str(path))
    then = f"; {sentence('practice', 'next', file=name)}" if practice and not blank else ""
    click.echo(f"wrote {name}{then}", err=True)
