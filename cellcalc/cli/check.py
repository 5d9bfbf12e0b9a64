"""``cellcalc check``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cellcalc.cli.common import (
    SectionedCommand,
    emit,
    in_ascii,
    in_colours,
    load,
    notation_option,
    problem_argument,
    refuse,
    run,
    scheme_options,
    terminal_width,
    text_options,
)
from cellcalc.cli.formats import format_option
from cellcalc.errors import OptionError

if TYPE_CHECKING:
    from cellcalc.api import Problem
    from cellcalc.check.answers import Entry
    from cellcalc.check.practice_book import PracticeBook
    from cellcalc.language.authors import Author
    from cellcalc.problems.schemes import Override

LEVELS = ("where", "quantity", "term", "all")
WORKBOOKS = (".xlsx", ".xlsm", ".ods")


class _Check(SectionedCommand):
    """The command, whose ``--hints`` may stand without a level."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        for place, argument in enumerate(given):
            following = given[place + 1 : place + 2]
            if argument == "--hints" and not (following and following[0] in LEVELS):
                given[place] = f"--hints={LEVELS[0]}"
        return super().parse_args(ctx, given)


@click.command(cls=_Check, short_help="Mark work done by hand, and name the slip.")
@problem_argument
@click.argument("answers", metavar="[ANSWERS]", required=False)
@click.option(
    "-e",
    "inline",
    metavar="ANSWER",
    multiple=True,
    help='An answer, as in -e "dc[2] = -0.0711"; may be repeated.',
)
@click.option("--all", "everything", is_flag=True, help="Show the right answers as well.")
@click.option(
    "--hints",
    metavar="LEVEL",
    type=click.Choice(LEVELS),
    help="A hint instead of the correction: where the first mistake is (default), its quantity, "
    "its term, or all.",
)
@click.option(
    "--figures",
    metavar="N",
    type=click.IntRange(1, 15),
    help="Significant figures asked for: 3, or what a practice workbook says.",
)
@click.option(
    "--hand-rounding",
    metavar="N",
    type=click.IntRange(0, 15),
    help="Every value rounded to N decimals before it is used, where the task says so.",
)
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
    help="Number of the first step in the answers.",
)
@click.option("--suggest", is_flag=True, help="Tell which slips would not show in this problem.")
@click.option("--width", metavar="N", type=int, help="Columns of the page.")
@notation_option
@scheme_options
@text_options
@format_option("text", "markdown", "html", "json")
@click.pass_context
def check(
    context: click.Context,
    problem: str,
    answers: str | None,
    inline: tuple[str, ...],
    format: str,
    everything: bool,
    hints: str | None,
    figures: int | None,
    hand_rounding: int | None,
    tolerance: float | None,
    first_step: str,
    suggest: bool,
    width: int | None,
    notation: str | None,
    override: Override,
    output: Path | None,
    force: bool,
) -> None:
    """Mark answers worked out by hand: numbers, formulas, or both.

    \b
    ANSWERS is what was handed in, in any usual form: notes in plain text,
    Markdown or LaTeX (dc[2] = -0.0711, or
    dc[t] = dh[t]*o[t]*(1 - tanh(c[t])^2) + dc[t+1]*f[t+1]), a notebook,
    Python code (read, never run), a table (.csv, .xlsx, .ods), JSON, .npz, a
    filled-in practice workbook, or - for standard input. A practice workbook
    needs no PROBLEM: it holds its own.

    \b
    Numbers are judged by the digits written. An answer that follows from an
    earlier mistake is carried, not wrong. Exit status: 0 all right, 1
    something is not, 2 bad usage or input.

    \b
    Examples:
      cellcalc check gomez answers.txt
      cellcalc check gomez -e "dc[2] = -0.0711" -e "dU_f = sum(dz_f[t]*h[t])"
      cellcalc check gomez answers.txt --hints quantity
      cellcalc check exercise.xlsx
      cellcalc check gomez --suggest
    """
    from cellcalc.views.text import check_page

    columns = terminal_width() if width is None else width
    check_page(columns)
    if format == "json":
        refuse("`format` json", "width", "everything")
    chosen: dict[str, Any] = {"override": override, "notation": notation}
    if suggest:
        from cellcalc.check.suggest import suggestion

        if answers or inline:
            raise OptionError("suggest", "no answers with it", answers or inline[0])
        refuse("`suggest`", "hints", "everything", "figures", "hand_rounding", "tolerance")
        refuse("`suggest`", "notation")
        emit(suggestion(load(problem, **chosen).run(), format, columns), output, force)
        return
    from cellcalc.check.marking import mark
    from cellcalc.check.reading.first_step import counted_from, fits_from_0, may_be_from_0
    from cellcalc.check.words import Hint, page, to_json
    from cellcalc.resources import sentence
    from cellcalc.studies.exercise import FIGURES

    loaded, book = _loaded(problem, answers, chosen)
    trace = run(loaded, hand_rounding)
    if book is None:
        entries = _entries(answers, inline, problem, numbers=format == "json")
        entries = counted_from(int(first_step), entries)
        report = mark(trace, entries, tolerance, figures or FIGURES)
        if may_be_from_0(entries, report) and fits_from_0(
            mark(trace, counted_from(0, entries), tolerance, figures or FIGURES, causes=False)
        ):
            click.echo(sentence("check", "counted_from_0"), err=True)
    else:
        if answers is not None:
            book.refuse_another(trace)
        entries = [*book.entries(trace), *_inline(inline, numbers=False)]
        asked = book.figures or figures or FIGURES
        report = book.judged(mark(trace, entries, tolerance, asked), trace)
    level = Hint(hints or "all")
    if format == "json":
        text = to_json(report, trace.model, level)
    else:
        from cellcalc.views.document import written

        text = written(
            page(report, trace.model, columns, level, everything, in_colours(output)), format
        )
    emit(text, output, force)
    context.exit(0 if report.all_right else 1)


def _loaded(
    problem: str, answers: str | None, chosen: dict[str, Any]
) -> tuple[Problem, PracticeBook | None]:
    """The problem, and the practice workbook if the answers are in one."""
    from cellcalc.api import Problem
    from cellcalc.check.practice_book import is_practice, read_practice
    from cellcalc.toml import read_bytes

    if answers is None and problem.lower().endswith(WORKBOOKS):
        book = read_practice(read_bytes(Path(problem), problem), problem)
        for name, value in asdict(chosen["override"]).items():
            if value is not None:
                expected = "none with a workbook, which holds its own"
                raise OptionError(name, expected, str(value))
        author = _author(chosen["notation"] or book.notation)
        return Problem.of(book.specification(), author, in_ascii()), book
    if answers is None or answers == "-":
        return load(problem, **chosen), None
    contents = read_bytes(Path(answers), answers)
    if not is_practice(contents):
        return load(problem, **chosen), None
    book = read_practice(contents, answers)
    notation = chosen["notation"] or book.notation
    return load(problem, **{**chosen, "notation": notation}), book


def _author(notation: str | None) -> Author | None:
    from cellcalc.language import authors

    return authors.load(notation) if notation else None


def _entries(
    answers: str | None, inline: tuple[str, ...], problem: str, numbers: bool
) -> list[Entry]:
    """What was handed in, in a file and on the command line."""
    from cellcalc.check.answers import PROSE
    from cellcalc.check.handed_in import read_answers, read_answers_file
    from cellcalc.files import read_standard_input

    entries: list[Entry] = []
    if answers == "-":
        if problem == "-":
            raise OptionError("answers", "a file, since `problem` is -", "-")
        entries += read_answers(read_standard_input(), "-")
    elif answers is not None:
        entries += read_answers_file(Path(answers))
    entries += _inline(inline, numbers and answers is None)
    if all(entry.form == PROSE for entry in entries):
        lines = "1 line" if len(entries) == 1 else f"{len(entries)} lines"
        found = f"{lines} of text without one" if entries else "none"
        raise OptionError("answers", "answers in a file or with -e", found)
    return entries


def _inline(inline: tuple[str, ...], numbers: bool) -> list[Entry]:
    """The answers of the command line, each as -e and its number.

    For scripts each is the line of its number where there is no file besides (``numbers``).
    """
    from dataclasses import replace

    from cellcalc.check.answers import entries_of_text

    starts: list[int] = []
    for number, text in enumerate(inline, 1):
        starts += [number] * len(text.splitlines() or [""])

    def numbered(line: int | str) -> int | str:
        number = starts[line - 1] if isinstance(line, int) and 0 < line <= len(starts) else line
        return number if numbers else f"-e {number}"

    entries = entries_of_text("\n".join(inline))
    return [replace(entry, line=numbered(entry.line)) for entry in entries]
