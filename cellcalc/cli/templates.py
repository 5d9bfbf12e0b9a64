"""``cellcalc templates``."""

from __future__ import annotations

from pathlib import Path

import click

from cellcalc.cli.common import command, emit, in_ascii, terminal_width, text_options
from cellcalc.cli.formats import format_option


@command("The cells, readouts, losses, … and examples.")
@click.argument("name", metavar="[KIND|NAME]", required=False)
@text_options
@format_option("text", "markdown", "html", "json")
def templates(name: str | None, format: str, output: Path | None, force: bool) -> None:
    """List everything that ships, or all of a KIND, or describe what has a NAME.

    KIND is cells, readouts, losses, optimizers, schemes or examples. NAME may also be the path of
    a cell template of your own: it is checked, and described.

    \b
    Examples:
      cellcalc templates
      cellcalc templates cells
      cellcalc templates lstm-peephole
      cellcalc templates my_cell.toml
    """
    from cellcalc.views import catalogue

    width = terminal_width()
    if name is None or name in catalogue.KINDS:
        kinds = catalogue.KINDS if name is None else (name,)
        text = catalogue.listing(kinds, format, width)
    else:
        text = catalogue.description(catalogue.find(name), format, width, in_ascii())
    emit(text, output, force)
