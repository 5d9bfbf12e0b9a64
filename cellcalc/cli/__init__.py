"""The command line: options in, calls, messages out. Whatever computes is elsewhere.

Each command imports what it needs when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import click

from cellcalc import __version__
from cellcalc.cli.check import check
from cellcalc.cli.class_ import class_
from cellcalc.cli.compare import compare
from cellcalc.cli.completion import completion
from cellcalc.cli.derive import derive
from cellcalc.cli.draw import draw
from cellcalc.cli.experiment import experiment
from cellcalc.cli.explain import explain
from cellcalc.cli.export import export
from cellcalc.cli.flow import flow
from cellcalc.cli.new import new
from cellcalc.cli.outermost import Outermost
from cellcalc.cli.practice import practice
from cellcalc.cli.schedule import schedule
from cellcalc.cli.table import table
from cellcalc.cli.templates import templates
from cellcalc.cli.workbook import workbook


@click.group(cls=Outermost, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, expose_value=False, help="Show where a mistake comes from.")
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
      cellcalc class make two_step roster.csv -o monday
                                            a variant for each student
      cellcalc templates                    the cells and examples there are
    """


for command in (
    check, class_, compare, completion, derive, draw, experiment, explain, export, flow, new,
    practice, schedule, table, templates, workbook,
):  # fmt: skip
    main.add_command(command)
