"""``cellcalc new``."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import click

from cellcalc import resources
from cellcalc.cli.common import command, emit, output_options, something_said
from cellcalc.cli.formats import written_as
from cellcalc.errors import OptionError, OutputError, unknown

TASKS = ("echo", "adding", "order", "sine", "parity", "series")
STEPS, INPUTS, CELL, READOUT, LOSS = 3, 2, "lstm", "identity", "half-squared"


@command("A commented problem file, ready to run.")
@click.option("--steps", metavar="N", type=int, help=f"Time steps.  [default: {STEPS}]")
@click.option("--inputs", metavar="N", type=int, help=f"Inputs a step.  [default: {INPUTS}]")
@click.option("--cell", metavar="NAME", help=f"A cell template, or its path.  [default: {CELL}]")
@click.option("--readout", metavar="NAME", help=f"A readout template.  [default: {READOUT}]")
@click.option("--loss", metavar="NAME", help=f"A loss template.  [default: {LOSS}]")
@click.option("--task", type=click.Choice(TASKS), help="A sequence prediction problem.")
@click.option("--lag", metavar="N", type=int, help="With echo, sine, series: steps from x to y.")
@click.option("--sequences", metavar="N", type=int, help="With a task: how many sequences.")
@click.option("--example", metavar="NAME", help="A copy of a bundled example.")
@click.option("--seed", metavar="N", type=int, help="What numbers are drawn.  [default: 1]")
@output_options
@written_as("toml", "text")
def new(output: Path | None, force: bool, **given: Any) -> None:
    """Write a problem file to start from: a small one, a task, or a copy of an example.

    In a terminal and without options it asks. Otherwise the file goes to standard output, or to
    the FILE of -o.

    \b
    Tasks:
      echo      an impulse, asked for some steps later (--lag)
      adding    the sum of the two numbers that are marked
      order     which of two symbols came first
      sine      a noisy sine, some steps ahead (--lag)
      parity    whether the number of ones so far is odd
      series    yearly sunspot numbers, some years ahead (--lag)

    \b
    Examples:
      cellcalc new
      cellcalc new --steps 4 --inputs 1 -o mine.toml
      cellcalc new --task echo --lag 6 --seed 7 -o echo.toml
      cellcalc new --example gomez -o mine.toml
    """
    asked = {key: value for key, value in given.items() if value is not None}
    if not asked and output is None and is_terminal():
        asked, output = _ask()
    text = _text(asked, output)
    emit(text, output, force)
    if output:
        click.echo(f"wrote {output}; next: cellcalc table {output}", err=True)


def is_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _text(given: dict[str, Any], output: Path | None) -> str:
    _check_combination(given)
    if "example" in given:
        return _example(given["example"])
    from cellcalc.studies import tasks
    from cellcalc.views import problem_file

    cell, seed = given.get("cell", CELL), given.get("seed", 1)
    place = (output.parent, str(output)) if output else (Path(), "FILE")
    _check_names(given)
    if "task" in given:
        counts = {key: given.get(key) for key in ("steps", "sequences", "lag")}
        drawn = tasks.draw(given["task"], seed, **counts)
        return problem_file.task_problem(drawn, cell, seed, *place)
    sizes = given.get("steps", STEPS), given.get("inputs", INPUTS)
    names = cell, given.get("readout", READOUT), given.get("loss", LOSS)
    return problem_file.own_problem(*sizes, *names, seed, *place)


def _check_combination(given: dict[str, Any]) -> None:
    if "example" in given:
        taken, what = {"example"}, "`example`"
    elif "task" in given:
        taken = {"task", "steps", "sequences", "lag", "cell", "seed"}
        what = f"`task` {given['task']}"
    else:
        taken, what = {"steps", "inputs", "cell", "readout", "loss", "seed"}, ""
    for key in given:
        if key not in taken:
            expected = f"nothing of the kind with {what}" if what else "`task` with it"
            raise OptionError(key, expected, str(given[key]))


def _check_names(given: dict[str, Any]) -> None:
    from cellcalc.problems.templates import is_path

    for key, folder in (("cell", "cells"), ("readout", "readouts"), ("loss", "losses")):
        known = resources.names(f"templates/{folder}")
        name = given.get(key)
        if name is not None and name not in known and not (key == "cell" and is_path(name)):
            path = ", or a path" if key == "cell" else ""
            expected = f"the name of a {key} (cellcalc templates {folder} lists them){path}"
            raise OptionError(key, expected, unknown(name, known))


def _example(name: str) -> str:
    known = resources.names("examples")
    if name not in known:
        expected = "the name of an example (cellcalc templates examples lists them)"
        raise OptionError("example", expected, unknown(name, known))
    return resources.text(f"examples/{name}.toml")


def _ask() -> tuple[dict[str, Any], Path]:
    """What to write and where, asked in the terminal."""
    something_said()
    examples = resources.names("examples")
    cells = resources.names("templates/cells")
    click.echo("A new problem file. Return takes what is in brackets.\n", err=True)
    for kind, names in (
        ("own", "numbers at random, for you to change"),
        ("task", ", ".join(TASKS)),
        ("example", ", ".join(examples)),
    ):
        hanging = " " * 11
        line = f"  {kind:<9}{names}"
        click.echo(textwrap.fill(line, 79, subsequent_indent=hanging), err=True)
    click.echo(err=True)
    start = _choice("Start from (own, or a task or an example of these)", "own",
                    ("own", *TASKS, *examples))  # fmt: skip
    given: dict[str, Any] = {}
    if start in TASKS:
        given["task"] = start
    elif start in examples and start != "own":
        given["example"] = start
    else:
        from cellcalc.studies.tasks import MOST

        count = click.IntRange(1, MOST)
        given["steps"] = click.prompt("Steps", default=STEPS, type=count, err=True)
        given["inputs"] = click.prompt("Inputs a step", default=INPUTS, type=count, err=True)
    if "example" not in given:
        given["cell"] = _choice("Cell (cellcalc templates cells lists them)", CELL, cells)
    return given, _free_path()


def _choice(question: str, default: str, known: tuple[str, ...]) -> str:
    while True:
        answer = str(click.prompt(question, default=default, err=True)).strip()
        if answer in known:
            return answer
        click.echo(f"expected one of these, found {unknown(answer, known)}", err=True)


def _free_path() -> Path:
    """A name that no file has yet."""
    from cellcalc.files import refuse_to_overwrite

    while True:
        path = Path(click.prompt("File", default="problem.toml", err=True))
        try:
            refuse_to_overwrite(path)
        except OutputError as error:
            click.echo(str(error), err=True)
        else:
            return path
