"""The command line: options in, calls, messages out. Whatever computes is elsewhere.

Each command imports what it needs when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from cellcalc import __version__
from cellcalc.errors import CellcalcError, OptionError, did_you_mean

if TYPE_CHECKING:
    from cellcalc.api import Problem
    from cellcalc.table import Selection
    from cellcalc.trace import Trace

Command = TypeVar("Command", bound=Callable[..., Any])
_PASSES = ("forward", "backward", "gradients", "update")
_EXPORTS = ("csv", "json")
_DERIVATIONS = ("text", "markdown", "latex", "python")


class _Group(click.Group):
    """A group of commands that turns trouble into messages and exit status 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except CellcalcError as error:
            for line in error.lines:
                click.echo(f"Error: {line}", err=True)
            context.exit(2)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(context, args[0]) is None and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self.list_commands(context))
            commands = ", ".join(self.list_commands(context))
            context.fail(f"expected a command ({commands}), found {args[0]!r}{hint}")
        return super().resolve_command(context, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cellcalc")
def main() -> None:
    """Backpropagation through time in one LSTM memory cell, step by step.

    \b
    PROBLEM is the path of a problem file, - for standard input, or the name
    of a bundled example (gomez).

    \b
    Examples:
      cellcalc table gomez                  every value, step by step
      cellcalc table gomez --explain        with the numbers put in
      cellcalc derive gomez                 the equations and why
      cellcalc workbook gomez               a live Excel workbook
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character


def _problem(command: Command) -> Command:
    return click.argument("problem", metavar="PROBLEM")(command)


def _output(command: Command) -> Command:
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


def _hand_rounding(command: Command) -> Command:
    return click.option(
        "--hand-rounding",
        metavar="N",
        type=click.IntRange(0, 15),
        help="Compute as by hand: round each value to N decimals before it is used.",
    )(command)


@main.command(short_help="Every value as a table, or worked out line by line.")
@_problem
@click.option(
    "-f",
    "--format",
    metavar="FORMAT",
    default="simple",
    show_default=True,
    help="csv, json, or a format of tabulate: simple, grid, github, latex, html, …",
)
@click.option(
    "--layout",
    type=click.Choice(["time", "steps"]),
    default="time",
    show_default=True,
    help="Time across, or one row a step.",
)
@click.option(
    "--pass",
    "passes",
    type=click.Choice(_PASSES),
    multiple=True,
    help="Only this part; may be repeated.",
)
@click.option("--symbols", metavar="A,B,…", help="Only these symbols, as in c,dc,dW_f1.")
@click.option("--steps", metavar="FROM:TO", help="Only these steps, as in 2:5.")
@click.option(
    "--precision",
    metavar="N",
    type=click.IntRange(0, 17),
    help="Decimals shown.  [default: 5, or those of --hand-rounding]",
)
@click.option("--explain", is_flag=True, help="Work each value out, with the numbers put in.")
@click.option("--step", metavar="T", type=int, help="With --explain: only this step.")
@click.option(
    "--width",
    metavar="N",
    type=click.IntRange(0),
    help="Columns of the page; 0: no limit.  [default: the terminal's]",
)
@_hand_rounding
@_output
def table(
    problem: str,
    format: str,
    layout: str,
    passes: tuple[str, ...],
    symbols: str | None,
    steps: str | None,
    precision: int | None,
    explain: bool,
    step: int | None,
    width: int | None,
    hand_rounding: int | None,
    output: Path | None,
    force: bool,
) -> None:
    """Print every value of the forward pass, backward pass, gradients and update.

    \b
    Examples:
      cellcalc table gomez --pass backward --symbols dh,dc
      cellcalc table gomez --explain --step 2
      cellcalc table gomez --hand-rounding 5
      cellcalc table gomez --format json
    """
    from cellcalc.table import select

    _check_format(format, explain, step)
    trace = _load(problem).run(hand_rounding)
    _warn(trace)
    chosen = select(trace, passes, symbols or "", steps or ("" if step is None else str(step)))
    columns = _terminal_width() if width is None else width
    _emit(_rendered(trace, format, layout, chosen, precision, explain, columns), output, force)


@main.command(short_help="The equations of forward and backward pass, and why.")
@_problem
@click.option(
    "-f",
    "--format",
    type=click.Choice(_DERIVATIONS),
    default="text",
    show_default=True,
    help="How to write it; python is the function that cellcalc runs.",
)
@_output
def derive(problem: str, format: str, output: Path | None, force: bool) -> None:
    """Derive the backward pass: every equation, with the chain-rule reason for each term.

    \b
    Examples:
      cellcalc derive gomez
      cellcalc derive gomez --format latex -o gomez.tex
      cellcalc derive gomez --format python | python
    """
    from cellcalc.derive import derive as write

    loaded = _load(problem)
    text = write(loaded.specification, loaded.model, format, _terminal_width())
    _emit(text, output, force)


@main.command(short_help="A live Excel workbook, every cell a formula.")
@_problem
@_output
def workbook(problem: str, output: Path | None, force: bool) -> None:
    """Write the computation as an Excel workbook of live formulas, with their values stored.

    Change a weight, an input, a target, the initial state or the rate, and everything
    recalculates. Without -o the file is named after PROBLEM, in this folder.

    \b
    Examples:
      cellcalc workbook gomez
      cellcalc workbook my_problem.toml -o lesson.xlsx --force
    """
    from cellcalc.files import write_file
    from cellcalc.workbook import build_workbook

    trace = _load(problem).run()
    _warn(trace)
    stem = "workbook" if problem == "-" else Path(problem).stem
    path = output or Path(f"{stem}.xlsx")
    write_file(path, lambda file: build_workbook(trace, file), force)
    click.echo(f"wrote {path}", err=True)


def _terminal_width() -> int:
    return shutil.get_terminal_size((80, 24)).columns


def _load(problem: str) -> Problem:
    from cellcalc.api import load

    return load(problem)


def _check_format(format: str, explain: bool, step: int | None) -> None:
    if explain and format != "simple":
        raise OptionError("--explain", "no --format with it", f'"{format}"')
    if step is not None and not explain:
        raise OptionError("--step", "--explain with it (or use --steps)", "--step alone")
    if format not in (*_EXPORTS, "simple"):
        from cellcalc.table import check_format

        check_format(format, _EXPORTS)


def _rendered(
    trace: Trace,
    format: str,
    layout: str,
    chosen: Selection,
    precision: int | None,
    explain: bool,
    width: int,
) -> str:
    if explain:
        from cellcalc.explain import explain as work_out

        return work_out(trace, chosen, precision, width)
    if format in _EXPORTS:
        from cellcalc import export

        return export.to_json(trace, chosen) if format == "json" else export.to_csv(trace, chosen)
    from cellcalc.table import render

    return render(trace, format, chosen, layout, precision, width)


def _warn(trace: Trace) -> None:
    found = trace.first_not_finite()
    if found:
        symbol, t = found
        message = f"Warning: {symbol} is not a finite number at t = {t}; what follows from it is"
        click.echo(f"{message} not to be trusted", err=True)


def _emit(text: str, output: Path | None, force: bool) -> None:
    """Print a result, or write it to a file."""
    if output is None:
        click.echo(text, nl=False)
        return
    from cellcalc.files import write_file

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_file(output, write, force)
