"""The command line: options in, calls, messages out. Whatever computes is elsewhere.

Each command imports what it needs when it runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import atexit
import gc

import click

from cellcalc import __version__
from cellcalc.cli.outermost import Outermost

# Modules and classes are no garbage: looking for it while they are loaded takes a tenth longer.
gc.set_threshold(50_000, 20, 100)
atexit.register(gc.freeze)  # nor when the process ends, and all of its memory with it

# Each command: its module, whose function is called so too, and what the list says of it.
COMMANDS = {
    "check": ("check", "Mark work done by hand, and name the slip."),
    "class": ("class_", "Make a variant for each student, and mark them all."),
    "compare": ("compare", "Schemes side by side: their windows, gradients and errors."),
    "completion": ("completion", "Completion of every name in your shell; a man page."),
    "derive": ("derive", "The equations of forward and backward pass, and why."),
    "draw": ("draw", "A picture for a slide or a paper: SVG, PDF or PNG."),
    "experiment": ("experiment", "Train under many k1, k2, schemes and rates, and compare."),
    "explain": ("explain", "What BPTT, truncation and the LSTM are, with numbers."),
    "export": ("export", "A script that computes the same in PyTorch, Keras or numpy."),
    "flow": ("flow", "How far gradients reach, and what truncation cuts off."),
    "new": ("new", "A commented problem file, ready to run."),
    "practice": ("practice", "An exercise in the terminal: a quantity at a time, marked at once."),
    "schedule": ("schedule", "Which window sweeps which steps, and what it costs."),
    "table": ("table", "Every value as a table, or worked out line by line."),
    "templates": ("templates", "The cells, readouts, losses, … and examples."),
    "workbook": ("workbook", "A live Excel workbook, every cell a formula."),
}


@click.group("cellcalc", cls=Outermost, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
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


main.shipped = COMMANDS
