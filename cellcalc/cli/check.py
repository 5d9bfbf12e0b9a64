"""``cellcalc check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    command,
    emit,
    load,
    notation_option,
    problem_argument,
    run,
    scheme_options,
    terminal_width,
    text_options,
)
from cellcalc.errors import OptionError

if TYPE_CHECKING:
    from cellcalc.check.answers import Entry


@command("Mark work done by hand, and name the slip.")
@problem_argument
@click.argument("answers", metavar="[ANSWERS]", required=False)
@click.option(
    "-e",
    "inline",
    metavar="ANSWER",
    multiple=True,
    help='An answer, as in -e "dc[2] = -0.0711"; may be repeated.',
)
@click.option(
    "-f", "--format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--hints", is_flag=True, help="Tell where a mistake is, but not what.")
@click.option(
    "--tolerance",
    metavar="X",
    type=click.FloatRange(0),
    help="Relative; instead of judging by the digits written.",
)
@click.option(
    "--first-step",
    type=click.Choice(["0", "1"]),
    default="1",
    show_default=True,
    help="What the answers call the first step.",
)
@click.option("--suggest", is_flag=True, help="Tell which slips this problem would hide.")
@click.option("--width", metavar="N", type=click.IntRange(0), help="Columns of the page.")
@notation_option
@scheme_options
@text_options
@click.pass_context
def check(
    context: click.Context,
    problem: str,
    answers: str | None,
    inline: tuple[str, ...],
    format: str,
    hints: bool,
    tolerance: float | None,
    first_step: str,
    suggest: bool,
    width: int | None,
    notation: str | None,
    scheme: str | None,
    k1: int | None,
    k2: int | None,
    output: Path | None,
    force: bool,
) -> None:
    """Mark answers worked out by hand: numbers, formulas, or both.

    \b
    ANSWERS is what was handed in, in any usual form: notes in plain text,
    Markdown or LaTeX (dc[2] = -0.0711, or
    dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]), a notebook,
    Python code (read, never run), a table (.csv, .xlsx, .ods), JSON, .npz, a
    filled-in practice workbook, or - for standard input.

    \b
    Numbers are judged by the digits written. An answer that follows from an
    earlier mistake is carried, not wrong. Exit status: 0 all right, 1
    something is not, 2 trouble.

    \b
    Examples:
      cellcalc check gomez answers.txt
      cellcalc check gomez -e "dc[2] = -0.0711" -e "dU_f = sum(dz_f[t]*h[t])"
      cellcalc check gomez answers.txt --hints
      cellcalc check gomez --suggest
    """
    columns = terminal_width() if width is None else width
    loaded = load(problem, scheme, k1, k2, notation)
    if suggest:
        from cellcalc.check.suggest import suggestion

        if answers or inline:
            raise OptionError("--suggest", "no answers with it", answers or inline[0])
        emit(suggestion(loaded.run(), format, columns), output, force)
        return
    from cellcalc.check.marking import mark
    from cellcalc.check.reading.first_step import counted_from, fits_from_0, may_be_from_0
    from cellcalc.check.words import to_json, to_text
    from cellcalc.resources import sentence

    entries = counted_from(int(first_step), _entries(answers, inline, problem))
    trace = run(loaded)
    report = mark(trace, entries, tolerance=tolerance)
    if may_be_from_0(entries, report) and fits_from_0(
        mark(trace, counted_from(0, entries), tolerance=tolerance)
    ):
        click.echo(sentence("check", "counted_from_0"), err=True)
    text = (
        to_json(report, hints) if format == "json" else to_text(report, trace.model, columns, hints)
    )
    emit(text, output, force)
    context.exit(0 if report.all_right else 1)


def _entries(answers: str | None, inline: tuple[str, ...], problem: str) -> list[Entry]:
    """What was handed in, in a file and on the command line."""
    from cellcalc.check.answers import PROSE, entries_of_text
    from cellcalc.check.handed_in import read_answers, read_answers_file

    entries: list[Entry] = []
    if answers == "-":
        if problem == "-":
            raise OptionError("ANSWERS", "a file, since PROBLEM is -", "-")
        entries += read_answers(sys.stdin.buffer.read(), "-")
    elif answers is not None:
        entries += read_answers_file(Path(answers))
    for text in inline:
        entries += entries_of_text(text)
    if all(entry.form == PROSE for entry in entries):
        found = f"{len(entries)} lines of text without one" if entries else "none"
        raise OptionError("ANSWERS", "answers in a file or with -e", found)
    return entries
