"""``cellcalc compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    as_scheme,
    command,
    emit,
    load,
    problem_argument,
    refining_options,
    terminal_width,
    text_options,
    windows_option,
)
from cellcalc.cli.formats import format_option

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override


@command("Schemes side by side: their windows, gradients and errors.")
@problem_argument
@click.argument("schemes", metavar="[SCHEME]…", nargs=-1)
@click.option("--sequence", metavar="N", type=int, default=1, help="Which sequence.")
@click.option("--precision", metavar="N", type=int, help="Decimals shown.")
@click.option("--scheme", "named", metavar="NAME", multiple=True, help="A SCHEME; repeatable.")
@click.option(
    "--k1", metavar="N", type=int, help="With SCHEME: tbptt(k1,k2) too; without: k1 of each name."
)
@click.option("--k2", metavar="N", type=int, help="The same for k2.")
@windows_option("Blocks of A, then B, … steps as a SCHEME.")
@refining_options
@click.option(
    "--epochs", metavar="N", type=int, help="Train with each scheme, N times over the sequences."
)
@text_options
@format_option("text", "markdown", "html", "json")
def compare(
    problem: str,
    schemes: tuple[str, ...],
    format: str,
    sequence: int,
    precision: int | None,
    k1: int | None,
    k2: int | None,
    named: tuple[str, ...],
    windows: tuple[int, ...] | None,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Compare schemes of truncation on one sequence, beside full BPTT.

    All use the parameters of the problem, with no update in between: what differs is the
    truncation alone. Shown are the sum of each scheme's gradients, its distance from the full
    gradient of the same loss L, the angle between the two, and the windows. The problem's own
    scheme is always among them; schemes that amount to the same are shown as one. Without a
    SCHEME, every named scheme is shown.

    With more than one epoch (--epochs, or the problem's) it is trained with each scheme
    besides, from the same parameters: shown are the losses on the way, and where each ends.

    \b
    Examples:
      cellcalc compare ten_steps full "tbptt(2,5)" "block(4)"
      cellcalc compare ten_steps "windows(3,5,2)" --state reset
      cellcalc compare ten_steps --k1 2 --k2 5 --reduction mean
      cellcalc compare ten_steps full "block(4)" --epochs 20
    """
    from cellcalc.views.table import DECIMALS

    decimals = DECIMALS if precision is None else precision
    names = (*schemes, *named, *as_scheme(windows))
    emit(compared(problem, names, override, format, k1, k2, sequence, decimals), output, force)


def compared(
    problem: str,
    schemes: tuple[str, ...],
    override: Override,
    format: str,
    k1: int | None,
    k2: int | None,
    sequence: int,
    decimals: int,
) -> str:
    """The comparison, written."""
    from cellcalc.engine.effort import check_listing
    from cellcalc.studies.compare import compare
    from cellcalc.views.compare import page, to_json
    from cellcalc.views.document import written

    loaded = load(problem, override)
    check_listing(loaded.specification)
    found = compare(loaded.specification, loaded.model, schemes, k1, k2, sequence)
    if format == "json":
        return to_json(found)
    return written(page(found, decimals, terminal_width()), format)
