"""``cellcalc derive``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cellcalc.cli.common import (
    command,
    confined_option,
    emit,
    in_ascii,
    load,
    notation_option,
    scheme_options,
    terminal_width,
    text_options,
)
from cellcalc.cli.formats import format_option
from cellcalc.errors import OptionError

FORMATS = ("text", "markdown", "html", "latex", "json", "python")

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override


@command("The equations of forward and backward pass, and why.")
@click.argument("source", metavar="PROBLEM|CELL")
@confined_option
@notation_option
@click.option("--readout", metavar="NAME", help="With a CELL: its readout.  [default: identity]")
@click.option("--loss", metavar="NAME", help="With a CELL: its loss.  [default: half-squared]")
@click.option("--inputs", "features", metavar="N", type=int, help="With a CELL: inputs per step.")
@scheme_options
@text_options
@format_option(*FORMATS, help="How to write it; python: a script, or of a CELL its function.")
def derive(
    source: str,
    format: str,
    notation: str | None,
    readout: str | None,
    loss: str | None,
    features: int | None,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Derive the backward pass: every equation, with the chain-rule reason for each term.

    CELL is the path of a cell template, or the name of a bundled one (cellcalc templates cells).

    \b
    Examples:
      cellcalc derive gomez
      cellcalc derive gru --readout logistic --loss cross-entropy
      cellcalc derive my_cell.toml
      cellcalc derive gomez --format latex -o gomez.tex
      cellcalc derive gomez --notation greff
      cellcalc derive gomez --format python | python
    """
    from cellcalc.api import cell_alone, names_a_cell
    from cellcalc.views.derivation import derive as write

    of_cell = {"readout": readout, "loss": loss, "features": features}
    of_problem = dict(vars(override))
    is_cell = names_a_cell(source)
    for option, given in (of_problem if is_cell else of_cell).items():
        if given is not None:
            raise OptionError(option, "a problem" if is_cell else "a cell", f"{source}")
    if is_cell:
        names: dict[str, Any] = {"readout": readout, "loss": loss, "features": features}
        chosen = {name: value for name, value in names.items() if value is not None}
        derived = cell_alone(source, **chosen, notation=notation, ascii=in_ascii())
    else:
        loaded = load(source, override, notation)
        derived = loaded.specification, loaded.model
    emit(write(*derived, format, terminal_width()), output, force)
