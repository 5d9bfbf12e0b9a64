"""The command line: options in, calls, messages out. Whatever computes is elsewhere.

Each command imports what it needs when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from cellcalc import __version__
from cellcalc.cli.check import check
from cellcalc.cli.common import said
from cellcalc.cli.compare import compare
from cellcalc.cli.derive import derive
from cellcalc.cli.draw import draw
from cellcalc.cli.experiment import experiment
from cellcalc.cli.explain import explain
from cellcalc.cli.export import export
from cellcalc.cli.flow import flow
from cellcalc.cli.new import new
from cellcalc.cli.schedule import schedule
from cellcalc.cli.table import table
from cellcalc.cli.templates import templates
from cellcalc.cli.workbook import workbook
from cellcalc.errors import CellcalcError, printable, unknown


class _Group(click.Group):
    """A group of commands that turns trouble into messages and exit status 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except CellcalcError as error:
            command = self.get_command(context, context.invoked_subcommand or "")
            for line in said(error, command):
                click.echo(f"Error: {line}", err=True)
            context.exit(2)
        except KeyboardInterrupt:
            click.echo("\nInterrupted", err=True)
            context.exit(130)  # as shells have it: 128 and the number of the signal
        except click.UsageError as error:
            message = printable(error.format_message())  # which repeats what was typed
            raise click.UsageError(message, error.ctx) from None

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(context, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(context)
            found = unknown(args[0], known)
            context.fail(f"expected a command ({', '.join(known)}), found {found}")
        return super().resolve_command(context, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cellcalc")
def main() -> None:
    """Backpropagation through time in one LSTM memory cell, step by step.

    \b
    PROBLEM is the path of a problem file, - for standard input, or the name
    of a bundled example (gomez, statquest, …: cellcalc templates examples).

    \b
    Examples:
      cellcalc explain bptt                 what it is all about
      cellcalc table gomez                  every value, step by step
      cellcalc table gomez --explain        with the numbers put in
      cellcalc derive gomez                 the equations and why
      cellcalc schedule ten_steps           which window sweeps which steps
      cellcalc compare ten_steps            the gradient of each scheme
      cellcalc export gomez --to pytorch    a script that checks it
      cellcalc workbook gomez               a live Excel workbook
      cellcalc draw gomez -o gomez.svg      a picture for a slide or a paper
      cellcalc templates                    the cells and examples there are
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character


for command in (
    check, compare, derive, draw, experiment, explain, export, flow, new, schedule, table,
    templates, workbook,
):  # fmt: skip
    main.add_command(command)
