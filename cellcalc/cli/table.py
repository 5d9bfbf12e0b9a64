"""``cellcalc table``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    command,
    emit,
    in_colours,
    load,
    notation_option,
    problem_argument,
    refuse,
    run,
    scheme_options,
    terminal_width,
    text_options,
)
from cellcalc.cli.formats import ENDINGS, by_ending, refuse_ending
from cellcalc.errors import OptionError, check_choice

if TYPE_CHECKING:
    from cellcalc.api import Trace
    from cellcalc.problems.schemes import Override
    from cellcalc.views.table import Selection

PASSES = ("forward", "backward", "gradients", "update")
EXPORTS = ("csv", "json")
FORMATS = ("text", "markdown", "html", "latex", *EXPORTS)


@command("Every value as a table, or worked out line by line.")
@problem_argument
@click.option(
    "-f",
    "--format",
    metavar="FORMAT",
    help="text, markdown, html, latex, csv, json, or one of tabulate's: grid, rst, tsv, …  "
    "[default: text, or what FILE's ending says]",
)
@click.option(
    "--layout",
    type=click.Choice(["time", "steps"]),
    default="time",
    show_default=True,
    help="Time across, or one row per step.",
)
@click.option(
    "--pass",
    "passes",
    type=click.Choice(PASSES),
    multiple=True,
    help="Only this part; may be repeated.",
)
@click.option("--symbols", metavar="A,B,…", help="Only these symbols, as in c,dc,dW_f1.")
@click.option("--steps", metavar="FROM:TO", help="Only these steps, as in 2:5.")
@click.option("--epoch", metavar="N", type=int, help="Only this epoch.")
@click.option("--sequence", metavar="N", type=int, help="Only this sequence.")
@click.option(
    "--precision",
    metavar="N",
    type=int,
    help="Decimals shown.  [default: 5, or those of --hand-rounding]",
)
@click.option("--all", "everything", is_flag=True, help="Show every row and pass.")
@click.option("--explain", is_flag=True, help="Work each value out, with the numbers put in.")
@click.option("--step", metavar="T", type=int, help="With --explain: only this step.")
@click.option(
    "--width",
    metavar="N",
    type=int,
    help="Columns of the page; 0: no limit.  [default: the terminal's]",
)
@click.option(
    "--hand-rounding",
    metavar="N",
    type=int,
    help="Compute as by hand: round each value to N decimals before it is used.",
)
@notation_option
@scheme_options
@text_options
@by_ending(*FORMATS, also=("tsv",))
def table(
    problem: str,
    format: str,
    layout: str,
    passes: tuple[str, ...],
    symbols: str | None,
    steps: str | None,
    epoch: int | None,
    sequence: int | None,
    precision: int | None,
    everything: bool,
    explain: bool,
    step: int | None,
    width: int | None,
    hand_rounding: int | None,
    notation: str | None,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Print every value of the forward pass, backward pass, gradients and update.

    Some rows are left out at first: the paths of sums, derivatives of inputs,
    parameters that nothing changes; of a long training there is a summary, and its last epoch.
    --all shows them, and so does --symbols by name.

    \b
    Examples:
      cellcalc table gomez --pass backward --symbols dh,dc
      cellcalc table gomez --explain --step 2
      cellcalc table gomez --hand-rounding 5
      cellcalc table gomez --notation gomez
      cellcalc table statquest --pass update --epoch 300
      cellcalc table gomez --explain -o solution.tex
      cellcalc table gomez --format json
    """
    from cellcalc.views.table import check_layout, first_look, select

    columns = terminal_width() if width is None else width
    _check_combination(format, explain, step, output)
    check_layout(format, layout, precision, columns, EXPORTS)
    detail = passes != ("update",)  # a long run keeps only what is asked for
    trace = run(load(problem, override, notation), hand_rounding, detail)
    steps = steps or ("" if step is None else str(step))
    chosen = select(trace, passes, symbols or "", steps, epoch, sequence)
    if not (everything or explain or format in EXPORTS):
        chosen = first_look(trace, chosen)
    paint = in_colours(output)
    text = _rendered(trace, format, layout, chosen, precision, explain, columns, paint)
    emit(text, output, force)


def _check_combination(format: str, explain: bool, step: int | None, output: Path | None) -> None:
    """Refuse what would be taken and ignored."""
    from cellcalc.views.table import MARKUP

    if explain:
        from cellcalc.views.worked import FORMATS as EXPLAINED

        if output and ENDINGS.get(output.suffix.lower()) == format not in EXPLAINED:
            refuse_ending(output, EXPLAINED)
        check_choice("format", format, EXPLAINED)
    if step is not None and not explain:
        raise OptionError("step", "`explain` with it (or use `steps`)", "`step` alone")
    if step is not None:
        refuse("`step`", "steps")
    if explain:
        refuse("`explain`", "layout", "everything")
    if format in EXPORTS:
        refuse(f"`format` {format}, which has everything", "everything")
    if format in MARKUP:
        refuse(f"`format` {format}, which is for files", "width")
    if format in EXPORTS:
        refuse(f"`format` {format}", "layout", "precision", "width")


def _rendered(
    trace: Trace,
    format: str,
    layout: str,
    chosen: Selection,
    precision: int | None,
    explain: bool,
    width: int,
    paint: bool,
) -> str | Iterator[str]:
    if explain:
        from cellcalc.views.worked import explain as work_out

        return work_out(trace, chosen, precision, width, format)
    if format in EXPORTS:
        from cellcalc.views import export

        return export.to_json(trace, chosen) if format == "json" else export.to_csv(trace, chosen)
    from cellcalc.views.table import render

    return render(trace, format, chosen, layout, precision, width, paint)
