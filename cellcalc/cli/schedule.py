"""``cellcalc schedule``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    command,
    emit,
    load,
    problem_argument,
    refuse,
    scheme_options,
    terminal_width,
    text_options,
)
from cellcalc.cli.formats import format_option

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override


@command("Which window sweeps which steps, and what it costs.")
@problem_argument
@click.option(
    "--compare",
    is_flag=True,
    help="Every named scheme's gradient and error, as cellcalc compare has it.",
)
@scheme_options
@text_options
@format_option("text", "markdown", "html", "json")
def schedule(
    problem: str,
    format: str,
    compare: bool,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Draw the windows of a scheme: the steps each sweeps, and the losses it injects.

    Below the picture: how many cells are swept backward, losses injected, dropped and counted
    twice, and activations kept at once, next to the figures of full BPTT. With --compare, k1
    and k2 are what the numbers of the named schemes stand for.

    \b
    Examples:
      cellcalc schedule ten_steps
      cellcalc schedule ten_steps --scheme "naive-split(3)"
      cellcalc schedule ten_steps --compare --k1 2 --k2 5
    """
    if compare:
        refuse("`compare`, which has every scheme", "scheme", "windows")
        from cellcalc.cli.compare import compared
        from cellcalc.views.table import DECIMALS

        own = replace(override, k1=None, k2=None)  # they are what the names' numbers stand for
        emit(
            compared(problem, (), own, format, override.k1, override.k2, 1, DECIMALS), output, force
        )
        return
    from cellcalc.views import schedule

    loaded = load(problem, override)
    text: str | Iterable[str]
    if format == "json":
        text = schedule.to_json(loaded.specification, loaded.model)
    else:
        from cellcalc.views.document import written

        page = schedule.page(loaded.specification, loaded.model, terminal_width())
        text = written(page, format)
    emit(text, output, force)
