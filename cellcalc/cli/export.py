"""``cellcalc export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    command,
    emit,
    load,
    output_options,
    problem_argument,
    run,
    scheme_options,
)
from cellcalc.cli.formats import written_as

FRAMEWORKS = ("pytorch", "keras", "numpy")

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override


@command("A script that computes the same in PyTorch, Keras or numpy.")
@problem_argument
@click.option(
    "--to",
    type=click.Choice(FRAMEWORKS),
    required=True,
    help="The framework that the script is for.",
)
@scheme_options
@output_options
@written_as("python", "text")
def export(
    problem: str,
    to: str,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Write a script that checks cellcalc in PyTorch, Keras or numpy.

    It has the problem's forward equations and numbers, and runs by itself: every window of
    truncated BPTT, every update. The derivatives are the framework's own: PyTorch's autograd,
    that of Keras's backend, or, for numpy, complex-step derivatives. It prints the values by
    quantity and step (with --json as cellcalc table --format json does), and ends with the
    largest difference from cellcalc's numbers; its exit status is 1 if that is more than rounding.
    "python check.py --against run.json" compares every number of a table in JSON.

    \b
    Examples:
      cellcalc export gomez --to pytorch | python
      cellcalc export ten_steps --to numpy -o check.py
      cellcalc export gomez --to keras -o check.py
    """
    from cellcalc.scripts.frameworks import script

    loaded = load(problem, override)
    file = output.name if output else "check.py"
    trace = run(loaded, detail=False)
    emit(script(loaded.specification, loaded.model, to, file, trace), output, force)
