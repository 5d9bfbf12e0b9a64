"""What commands share: their options, and what they do before and after the work."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

if TYPE_CHECKING:
    from cellcalc.api import Problem, Trace

Command = TypeVar("Command", bound=Callable[..., Any])
LONG_RUN = 300_000  # steps of all passes together, above which a bar shows how far it is


def problem_argument(command: Command) -> Command:
    return click.argument("problem", metavar="PROBLEM")(command)


def scheme_options(command: Command) -> Command:
    """The options that go before what the problem says of its scheme."""
    count = click.IntRange(1)
    for option in (
        click.option("--k2", metavar="N", type=count, help="Sweep the last N steps."),
        click.option("--k1", metavar="N", type=count, help="Fire a window every N steps."),
        click.option("--scheme", metavar="NAME", help="A named scheme, as in tbptt(2,5)."),
    ):
        command = option(command)
    return command


def notation_option(command: Command) -> Command:
    """The option that says in whose symbols a problem is shown."""
    return click.option(
        "--notation",
        metavar="AUTHOR",
        help="The symbols of gomez, greff, graves, cs231n, olah, keras, pytorch, goodfellow, "
        "ng or hochreiter.",
    )(command)


def output_options(command: Command) -> Command:
    """The options of every command that can write a file."""
    force = click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
    path = click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Write to FILE (whole or not at all).",
    )
    return path(force(command))


def terminal_width() -> int:
    return shutil.get_terminal_size((80, 24)).columns


def load(
    problem: str,
    scheme: str | None,
    k1: int | None,
    k2: int | None,
    notation: str | None = None,
) -> Problem:
    from cellcalc import api

    return api.load(problem, scheme, k1, k2, notation)


def run(problem: Problem, hand_rounding: int | None = None, detail: bool = True) -> Trace:
    """Run a problem, with a bar on standard error if it takes long and somebody looks."""
    s = problem.specification
    steps = sum(sequence.steps for sequence in s.sequences)
    passes = s.update.epochs * len(s.sequences)
    with _progress(passes, steps * s.update.epochs) as progress:
        trace = problem.run(hand_rounding, detail, progress)
    found = trace.first_not_finite()
    if found:
        symbol, t = found
        message = f"Warning: {symbol} is not a finite number at t = {t}; what follows from it is"
        click.echo(f"{message} not to be trusted", err=True)
    return trace


@contextmanager
def _progress(passes: int, steps: int) -> Iterator[Callable[[int], None] | None]:
    if steps < LONG_RUN or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=passes, label="computing", file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)


def emit(text: str, output: Path | None, force: bool) -> None:
    """Print a result, or write it to a file."""
    if output is None:
        click.echo(text, nl=False)
        return
    from cellcalc.files import write_file

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_file(output, write, force)
