"""``cellcalc draw``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from cellcalc.errors import OptionError

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override

WHAT = ("unrolled", "cell", "schedule", "flow", "gradients", "training", "sweep")


@command("A picture for a slide or a paper: SVG, PDF or PNG.")
@problem_argument
@click.option(
    "--what",
    type=click.Choice(WHAT),
    default=WHAT[0],
    show_default=True,
    help="Which picture.",
)
@click.option("--step", metavar="N", type=int, help="For cell: which step.")
@click.option("--steps", metavar="FROM:TO", help="For unrolled: which steps.")
@click.option("--window", metavar="N", type=int, help="Which window's gradients.")
@click.option("--epoch", metavar="N", type=int, help="Which epoch.")
@click.option("--sequence", metavar="N", type=int, help="Which sequence.")
@click.option("--of", metavar="A,B", help="For sweep: one or two parameters; for flow: states.")
@click.option("--span", metavar="X", type=float, help="For sweep: how far to either side.")
@scheme_options
@notation_option
@output_options
def draw(
    problem: str,
    what: str,
    step: int | None,
    steps: str | None,
    window: int | None,
    epoch: int | None,
    sequence: int | None,
    of: str | None,
    span: float | None,
    override: Override,
    notation: str | None,
    output: Path | None,
    force: bool,
) -> None:
    """Draw a picture, and write it to FILE.svg, FILE.pdf or FILE.png.

    \b
    unrolled   the network over the steps of a window: values, gradients
    cell       the cell at one step
    schedule   the windows of the scheme: steps swept, losses injected
    flow       how much each loss depends on each earlier state
    gradients  what each step adds to the gradient of each parameter
    training   the loss over the epochs
    sweep      the loss over one parameter, or over two as a map

    It needs matplotlib: pip install 'cellcalc[plot]'.

    \b
    Examples:
      cellcalc draw gomez -o gomez.svg
      cellcalc draw gomez --what cell --step 2 --notation gomez -o cell.pdf
      cellcalc draw ten_steps --what schedule --k1 2 --k2 5 -o windows.svg
      cellcalc draw statquest --what sweep --of W_i,b_i -o loss.png
    """
    from cellcalc.views.drawing import Wanted, format_of
    from cellcalc.views.drawing import draw as drawn

    if output is None:
        raise OptionError("output", "a file ending in .svg, .pdf or .png", "none")
    format_of(output)
    loaded = load(problem, override, notation)
    wanted = Wanted(step, steps, window, epoch, sequence, of, span)
    picture = drawn(loaded.specification, loaded.model, lambda: run(loaded), what, wanted)
    picture.save(output, force)
    click.echo(f"wrote {output}", err=True)
