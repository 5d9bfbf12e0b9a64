"""``cellcalc practice``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from cellcalc.cli.common import (
    command,
    in_ascii,
    language_option,
    load,
    notation_option,
    plain_option,
    problem_argument,
    run,
    scheme_options,
    something_said,
    terminal_width,
)
from cellcalc.resources import sentence

if TYPE_CHECKING:
    from cellcalc.check.practising import Practice, Question
    from cellcalc.problems.schemes import Override

HANGING = 6 * " "
HINT, SKIP, QUIT = ("?", "？"), ("", "skip"), ("q", "quit", "exit")


@command("An exercise in the terminal: a quantity at a time, marked at once.")
@problem_argument
@click.option(
    "--practice",
    "asked",
    metavar="WHAT",
    default="backward",
    show_default=True,
    help="What to work out: backward, forward, all, or symbols such as c,dc.",
)
@click.option(
    "--figures",
    metavar="N",
    type=click.IntRange(1, 15),
    default=3,
    show_default=True,
    help="Significant figures asked for.",
)
@click.option(
    "--record",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to keep what was given, to go on from.  [default: PROBLEM-practice.json]",
)
@click.option("--again", is_flag=True, help="Begin anew, whatever the record says.")
@notation_option
@scheme_options
@plain_option
@language_option
@click.pass_context
def practice(
    context: click.Context,
    problem: str,
    asked: str,
    figures: int,
    record: Path | None,
    again: bool,
    notation: str | None,
    override: Override,
) -> None:
    """Ask for one quantity after the other, and mark each answer at once.

    \b
    Type a number, or
      ?      a hint: the equation, then its numbers, then the value
      skip   (or nothing) the next question; this one comes again later
      quit   stop; what was given is kept, and the next time goes on from there

    An answer that follows from an earlier mistake is carried, not wrong. Exit status: 0 when
    everything is right, 1 while something is left.

    \b
    Examples:
      cellcalc practice gomez
      cellcalc practice gomez --practice dc,dh --figures 4
      cellcalc practice my_problem.toml --again
    """
    from cellcalc.check.practising import Practice
    from cellcalc.files import write_file

    stem = "problem" if problem == "-" else Path(problem).stem
    path = record or Path(f"{stem}-practice.json")
    one = Practice(run(load(problem, override, notation)), asked, figures)
    count = len(one.questions)
    if path.exists() and not again:
        one.go_on(path.read_text(encoding="utf-8"), str(path))
        if one.has_begun:
            _say("going_on", right=one.counts["right"], asked=count)
    _say("how", count=count, figures=figures)
    for question in list(one.next()):
        goes_on = _ask(one, question)
        if one.has_begun:
            write_file(path, partial(_write, one), force=True)
        if not goes_on:
            break
    counts = one.counts
    ended = "done" if not counts["left"] else "kept" if one.has_begun else "nothing"
    _say(ended, **counts, file=path)
    context.exit(1 if counts["left"] else 0)


def _write(one: Practice, file: BinaryIO) -> None:
    file.write(one.record().encode())


def _say(name: str, **words: object) -> None:
    _show(sentence("practise", name, **words))


def _show(text: str, indent: str = "") -> None:
    """Print lines, folded to the terminal; ``indent`` stands before all but the first of each."""
    from cellcalc.views.text import ascii_text, columns, filled, wrap

    something_said()  # from now on it is the person who takes the time
    width = terminal_width()
    for line in text.split("\n"):
        rows = filled(line, width)
        if indent and width and columns(line) > width:
            lead = line[: len(line) - len(line.lstrip())]
            rows = wrap(line.strip(), width, initial_indent=lead, subsequent_indent=indent)
        for row in rows:
            click.echo(ascii_text(row) if in_ascii() else row)


def _ask(one: Practice, question: Question) -> bool:
    """Ask until the answer is right or the question is skipped; False to stop."""
    from cellcalc.check.practising import DONE
    from cellcalc.check.words import MARKS, word

    number = one.questions.index(question) + 1
    _show(f"\n{number}/{len(one.questions)}  {question.label}   {question.says}")
    given, asked = one.of(question), f"{question.label} ="
    while True:
        try:
            text = str(
                click.prompt(asked, default="", show_default=False, prompt_suffix=" ")
            ).strip()
        except click.Abort:  # the end of the input, or Ctrl-C
            click.echo()
            return False
        if text.lower() in QUIT:
            return False
        if text.lower() in SKIP:
            return True
        if text in HINT:
            hint = question.hints[min(given.hints, len(question.hints) - 1)]
            given.hints += 1
            _show(f"  {hint}", HANGING)
            continue
        judged = one.judge(question, text)
        mark = MARKS.get(judged.verdict, "!")
        says = f": {judged.says}" if judged.says else ""
        _show(f"  {mark} {word(judged.verdict)}{says}")
        if judged.verdict in DONE:
            return True
