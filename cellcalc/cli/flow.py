"""``cellcalc flow``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    command,
    emit,
    in_ascii,
    in_colours,
    load,
    problem_argument,
    refuse,
    run,
    scheme_options,
    terminal_width,
    text_options,
)
from cellcalc.cli.formats import format_option

if TYPE_CHECKING:
    from cellcalc.api import Problem
    from cellcalc.problems.schemes import Override


@command("How far gradients reach, and what truncation cuts off.")
@problem_argument
@click.option("--sequence", metavar="N", type=int, default=1, help="Which sequence.")
@scheme_options
@text_options
@format_option("text", "markdown", "html", "json", also=("xlsx",))
def flow(
    problem: str,
    format: str,
    sequence: int,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Show how much each loss depends on each earlier state.

    The grid holds the total derivative of each loss with respect to each state before it, in
    shades. Below it: what is left of it lag by lag, beside the product of the forget gates, and
    what a truncated scheme cuts off. The parameters are those of the problem, before training.
    With -o FILE.xlsx the matrix is a live heat map in a workbook, with k1 and k2 to change.

    \b
    Examples:
      cellcalc flow ten_steps
      cellcalc flow ten_steps --k1 1 --k2 3
      cellcalc flow echo --sequence 3 --format json
      cellcalc flow ten_steps -o flow.xlsx
    """
    loaded = load(problem, override)
    specification = loaded.specification
    count = len(specification.sequences)
    from cellcalc.studies import flow as computing
    from cellcalc.views.document import written
    from cellcalc.views.flow import page

    computing.chosen_sequence(specification, sequence)
    if output and format == "xlsx":
        refuse("a workbook", "ascii")
        _write_workbook(loaded, sequence, output, force)
        return
    found = computing.flow(specification, loaded.model, sequence)
    title = specification.title + (f", sequence {sequence}" if count > 1 else "")
    text: str | Iterable[str]
    if format == "json":
        text = computing.to_json(found, specification.title, sequence)
    else:
        text = written(page(found, title, terminal_width(), in_ascii(), in_colours(output)), format)
    emit(text, output, force)


def _write_workbook(problem: Problem, place: int, path: Path, force: bool) -> None:
    """A workbook of one run over the sequence, nothing being updated on the way."""
    from dataclasses import replace

    from cellcalc.files import write_file
    from cellcalc.workbook import build_workbook

    s = problem.specification
    alone = replace(
        s,
        sequences=(s.sequences[place - 1],),
        scheme=replace(s.scheme, state="carry", update="sequence"),
        update=replace(s.update, epochs=1),
    )
    trace = run(type(problem).of(alone, problem.author, problem.ascii))
    write_file(path, lambda file: build_workbook(trace, file, ["Windows"]), force)
    click.echo(f"wrote {path}", err=True)
