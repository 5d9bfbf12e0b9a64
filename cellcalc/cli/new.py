"""``cellcalc new``."""

from __future__ import annotations

import math
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cellcalc import resources
from cellcalc.cli.common import command, emit, output_options, something_said
from cellcalc.cli.formats import written_as
from cellcalc.errors import OptionError, OutputError, check_whole, printable, unknown

if TYPE_CHECKING:
    from cellcalc.views.problem_file import Own

TASKS = ("echo", "adding", "order", "sine", "parity", "series")
OWN = ("x", "target", "initial", "title", "k1", "k2", "parameters")
STEPS, INPUTS, CELL, READOUT, LOSS = 3, 2, "lstm", "identity", "half-squared"


@command("A commented problem file, ready to run.")
@click.option(
    "--x",
    "x",
    metavar="NUMBERS",
    help='Your own inputs, as in "1, 0.5"; of several per step "1 2; 0.5 3".',
)
@click.option("--target", metavar="NUMBERS", help='Your own targets, as in "0.5, nan, 1.25".')
@click.option("--initial", metavar="NUMBERS", help='Your own start, as in "h = 0.1, c = 0.5".')
@click.option("--title", metavar="TEXT", help="What the problem is called.")
@click.option("--steps", metavar="N", type=int, help=f"Time steps.  [default: {STEPS}]")
@click.option("--inputs", metavar="N", type=int, help=f"Inputs per step.  [default: {INPUTS}]")
@click.option("--k1", metavar="N", type=int, help="Fire a window every N steps; with --k2.")
@click.option("--k2", metavar="N", type=int, help="Sweep the last N steps; with --k1.")
@click.option("--cell", metavar="NAME", help=f"A cell template, or its path.  [default: {CELL}]")
@click.option("--readout", metavar="NAME", help=f"A readout template.  [default: {READOUT}]")
@click.option("--loss", metavar="NAME", help=f"A loss template.  [default: {LOSS}]")
@click.option("--task", type=click.Choice(TASKS), help="A sequence prediction problem.")
@click.option("--lag", metavar="N", type=int, help="With echo, sine, series: steps from x to y.")
@click.option("--sequences", metavar="N", type=int, help="With a task: how many sequences.")
@click.option("--example", metavar="NAME", help="A copy of a bundled example.")
@click.option("--seed", metavar="N", type=int, help="Seed of the numbers drawn.  [default: 1]")
@output_options
@written_as("toml", "text")
def new(output: Path | None, force: bool, **given: Any) -> None:
    """Write a problem file to start from: a small one, a task, or a copy of an example.

    In a terminal and without options it asks, for your own numbers too. Otherwise the file goes
    to standard output, or to the FILE of -o. Numbers that are not given are drawn, those of the
    start among them.

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
      cellcalc new --x "1, 0.5, 2" --target "0.5, 1.25, 0" -o mine.toml
      cellcalc new --x "1 2; 0.5 3" --target "0.5, 1.25" --k1 1 --k2 2
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
    own, sizes = _own(given)
    names = cell, given.get("readout", READOUT), given.get("loss", LOSS)
    return problem_file.own_problem(*sizes, *names, seed, *place, own)


def _own(given: dict[str, Any]) -> tuple[Own, tuple[int, int]]:
    """The numbers that are given, and the steps and inputs that they come to."""
    from cellcalc.views.problem_file import Own

    k1, k2 = given.get("k1"), given.get("k2")
    for name, other in (("k1", k2), ("k2", k1)):
        check_whole(name, given.get(name), 1)
        if given.get(name) is not None and other is None:
            raise OptionError(name, f"`{'k2' if name == 'k1' else 'k1'}` with it", str(given[name]))
    rows = _rows(given["x"]) if "x" in given else ()
    targets = _numbers(given["target"], "target", nan=True) if "target" in given else ()
    steps = given.get("steps", len(rows) or len(targets) or STEPS)
    inputs = given.get("inputs", len(rows[0]) if rows else INPUTS)
    for name, found, expected in (
        ("steps", len(rows) or steps, steps),
        ("inputs", len(rows[0]) if rows else inputs, inputs),
    ):
        if found != expected:
            raise OptionError(name, f"{found}, as `x` has them, or nothing", str(expected))
    if targets and len(targets) != steps:
        raise OptionError("target", f"{steps} numbers, one per step", str(len(targets)))
    own = Own(
        title=given.get("title", ""),
        inputs=tuple(zip(*rows, strict=True)),
        targets=targets,
        initial=_named(given.get("initial", "")),
        parameters=given.get("parameters", {}),
        k1=k1,
        k2=k2,
    )
    return own, (steps, inputs)


def _rows(text: str) -> tuple[tuple[float, ...], ...]:
    """A row for each step: of one input "1, 0.5", of several "1 2; 0.5 3"."""
    parts = [part for part in text.split(";") if part.strip()]
    if len(parts) < 2 and ";" not in text:
        return tuple((number,) for number in _numbers(text, "x"))
    rows = tuple(_numbers(part, "x") for part in parts)
    if len(set(map(len, rows))) > 1:
        raise OptionError("x", "as many numbers in each step", f'"{printable(text)}"')
    return rows


def _numbers(text: str, name: str, nan: bool = False) -> tuple[float, ...]:
    """Numbers between commas or blanks."""
    words = text.strip().strip("[]").replace(",", " ").split()
    try:
        numbers = tuple(map(float, words))
    except ValueError:
        numbers = ()
    fine = all(math.isfinite(n) or (nan and math.isnan(n)) for n in numbers)
    if not numbers or not fine:
        raise OptionError(name, 'finite numbers, as in "1, 0.5"', f'"{printable(text)}"')
    return numbers


def _named(text: str) -> dict[str, float]:
    """Numbers by name: "h = 0.1, c = 0.5"."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise OptionError("initial", 'states, as in "h = 0.1, c = 0.5"', f'"{part}"')
        found[name] = _numbers(value, "initial")[0]
    return found


def _check_combination(given: dict[str, Any]) -> None:
    if "example" in given:
        taken, what = {"example"}, "`example`"
    elif "task" in given:
        taken = {"task", "steps", "sequences", "lag", "cell", "seed"}
        what = f"`task` {given['task']}"
    else:
        taken, what = {"steps", "inputs", "cell", "readout", "loss", "seed", *OWN}, ""
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
        given["inputs"] = click.prompt("Inputs per step", default=INPUTS, type=count, err=True)
    if "example" not in given:
        given["cell"] = _choice("Cell (cellcalc templates cells lists them)", CELL, cells)
    if start == "own":
        _ask_numbers(given)
    return given, _free_path()


def _ask_numbers(given: dict[str, Any]) -> None:
    """One's own numbers, asked for one by one; what is drawn is in brackets."""
    ways = ("drawn", "mine")
    if _choice("Numbers (drawn, or mine: asked for one by one)", "drawn", ways) == "drawn":
        return
    from cellcalc.problems.specification import read_specification

    drawn = read_specification(_text(given, None), "", Path())
    sequence, rows = drawn.sequences[0], []
    features = range(1, drawn.features + 1)
    for t, values in enumerate(zip(*sequence.inputs, strict=True), 1):
        names = [f"x{k}[{t}]" if drawn.features > 1 else f"x[{t}]" for k in features]
        rows.append(" ".join(_number(n, v) for n, v in zip(names, values, strict=True)))
    given["x"] = "; ".join(rows) + ";"
    targets = enumerate(sequence.targets or (), 1)
    given["target"] = ", ".join(_number(f"target[{t}]", v) for t, v in targets)
    initial = (f"{name} = {_number(f'{name}[0]', v)}" for name, v in drawn.initial.items())
    given["initial"] = ", ".join(initial)
    parameters: dict[str, list[float]] = {}
    kinds = {**drawn.cell.parameters, **drawn.readout.parameters}
    for name, kind in kinds.items():
        several = kind == "input" and drawn.features > 1
        keys = [f"{name}{k}" for k in features] if several else [name]
        numbers = [float(_number(key, drawn.parameters[key])) for key in keys]
        parameters[name] = numbers
    given["parameters"] = parameters
    del given["steps"], given["inputs"]


def _number(name: str, drawn: float) -> str:
    """A number from the terminal, as it was typed."""
    while True:
        text = str(click.prompt(name, default=f"{drawn:g}", err=True)).strip()
        try:
            return str(_numbers(text, name, nan=name.startswith("target"))[0])
        except OptionError as error:
            click.echo(str(error), err=True)


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
