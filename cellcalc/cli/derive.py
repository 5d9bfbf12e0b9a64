"""``cellcalc derive``."""

from __future__ import annotations

from pathlib import Path

import click

from cellcalc.cli.common import (
    emit,
    load,
    notation_option,
    output_options,
    problem_argument,
    scheme_options,
    terminal_width,
)

FORMATS = ("text", "markdown", "latex", "python")


@click.command(short_help="The equations of forward and backward pass, and why.")
@problem_argument
@click.option(
    "-f",
    "--format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write it; python is the function that cellcalc runs.",
)
@notation_option
@scheme_options
@output_options
def derive(
    problem: str,
    format: str,
    notation: str | None,
    scheme: str | None,
    k1: int | None,
    k2: int | None,
    output: Path | None,
    force: bool,
) -> None:
    """Derive the backward pass: every equation, with the chain-rule reason for each term.

    \b
    Examples:
      cellcalc derive gomez
      cellcalc derive gomez --format latex -o gomez.tex
      cellcalc derive gomez --notation greff
      cellcalc derive gomez --format python | python
    """
    from cellcalc.derive import derive as write

    loaded = load(problem, scheme, k1, k2, notation)
    text = write(loaded.specification, loaded.model, format, terminal_width())
    emit(text, output, force)
