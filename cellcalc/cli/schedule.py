"""``cellcalc schedule``."""

from __future__ import annotations

from pathlib import Path

import click

from cellcalc.cli.common import (
    command,
    emit,
    load,
    problem_argument,
    scheme_options,
    terminal_width,
    text_options,
)


@command("Which window sweeps which steps, and what it costs.")
@problem_argument
@click.option(
    "-f",
    "--format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A picture, or data for scripts.",
)
@click.option(
    "--compare",
    is_flag=True,
    help="Each named scheme's gradient, and its error against full BPTT.",
)
@scheme_options
@text_options
def schedule(
    problem: str,
    format: str,
    compare: bool,
    scheme: str | None,
    k1: int | None,
    k2: int | None,
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
        emit(_compared(problem, format, scheme, k1, k2), output, force)
        return
    from cellcalc.views import schedule

    loaded = load(problem, scheme, k1, k2)
    if format == "json":
        text = schedule.to_json(loaded.specification, loaded.model)
    else:
        text = schedule.to_text(loaded.specification, loaded.model, terminal_width())
    emit(text, output, force)


def _compared(problem: str, format: str, scheme: str | None, k1: int | None, k2: int | None) -> str:
    from cellcalc.studies.compare import compare
    from cellcalc.views.compare import to_json, to_text

    loaded = load(problem, scheme, None, None)
    compared = compare(loaded.specification, loaded.model, k1, k2)
    return to_json(compared) if format == "json" else to_text(compared, width=terminal_width())
