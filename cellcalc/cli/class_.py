"""``cellcalc class``: make a class's sheets, mark what is handed in, export question banks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellcalc.cli.common import (
    Commands,
    SectionedCommand,
    bar,
    emit,
    language_option,
    load,
    output_options,
    problem_argument,
    refuse,
    scheme_options,
)
from cellcalc.errors import OptionError, printable

if TYPE_CHECKING:
    from cellcalc.problems.schemes import Override

DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
FOLDER = click.Path(path_type=Path)


@click.group(
    "class",
    cls=Commands,
    short_help="Make a variant for each student, and mark them all.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def class_() -> None:
    """A class of students: make a variant for each, mark what they hand in, export questions.

    \b
    Examples:
      cellcalc class make two_step roster.csv -o monday
      cellcalc class mark monday submissions.zip -o monday/report
      cellcalc class export monday --to moodle -o questions.xml
    """


@class_.command("make", cls=SectionedCommand, short_help="A sheet for each student.")
@problem_argument
@click.argument("roster", metavar="[ROSTER.csv]", required=False, type=FOLDER)
@click.option("-o", "--output", metavar="DIR", type=FOLDER, required=True, help="The folder.")
@click.option("--count", metavar="N", type=click.IntRange(1, 10_000),
              help="Number of students, called s001, s002, …, instead of a roster.")  # fmt: skip
@click.option("--practice", metavar="WHAT", default="",
              help="What to work out: backward, forward, all, or symbols such as c,dc.  "
              "[default: backward]")  # fmt: skip
@click.option("--figures", metavar="N", type=click.IntRange(1, 15), default=3, show_default=True,
              help="Significant figures asked for.")  # fmt: skip
@click.option("--seed", metavar="S", type=click.IntRange(0), default=1, show_default=True,
              help="Seed of the numbers drawn.")  # fmt: skip
@click.option("--vary", metavar="A,B,…", default="parameters,inputs,targets,initial",
              show_default=True, help="Which numbers differ from student to student.")  # fmt: skip
@click.option("--text", "texts", multiple=True, type=click.Choice(["md", "tex"]),
              help="Also write the task as text; may be repeated.")  # fmt: skip
@click.option("--without-equations", is_flag=True,
              help="Sheets without the equations of what is to be worked out.")  # fmt: skip
@click.option("--solutions", is_flag=True, help="Also write a workbook with each solution.")
@click.option("--jobs", metavar="N", type=click.IntRange(1), help="Number of processes.")
@click.option("--force", is_flag=True, help="Overwrite files that hold something else.")
@scheme_options
@language_option
def make(
    problem: str,
    roster: Path | None,
    output: Path,
    count: int | None,
    practice: str,
    figures: int,
    seed: int,
    vary: str,
    texts: tuple[str, ...],
    without_equations: bool,
    solutions: bool,
    jobs: int | None,
    force: bool,
    override: Override,
) -> None:
    """Make a variant of PROBLEM for each student: the same task, other numbers.

    \b
    ROSTER.csv has a column id, and any others: name, e-mail, group, …
    DIR gets
      students/ID.xlsx   a sheet to fill in; it holds no answers
      key/ID.toml        the problem with the student's numbers
      class.toml, roster.csv

    Numbers have few digits, differ from one another and are not 0; no gate
    saturates, and every known slip changes a result. The same seed makes the
    same files, to the byte.

    \b
    Examples:
      cellcalc class make two_step roster.csv -o monday
      cellcalc class make gomez --count 30 --practice dc,dW_f1 -o gomez30
      cellcalc class make my_problem.toml roster.csv --figures 4 --text md -o hw2
    """
    from cellcalc.classroom.making import make_class, write_class
    from cellcalc.classroom.parallel import processors
    from cellcalc.classroom.roster import numbered, read_roster
    from cellcalc.classroom.variants import check_parts
    from cellcalc.resources import sentence
    from cellcalc.toml import read_bytes

    if roster is not None and count is not None:
        raise OptionError("count", "no roster with it", str(roster))
    if roster is None and count is None:
        raise OptionError("roster", "a list of students, or `count` with their number", "neither")
    parts = check_parts(vary)
    loaded = load(problem, override)
    if roster is not None:
        students = read_roster(read_bytes(roster, str(roster)), str(roster))
    else:
        students = numbered(count or 0)
    total = len(students.students)
    with bar(total, sentence("class", "making")) as progress:
        made = make_class(
            loaded.specification, students, practice, figures, seed, parts, texts, solutions,
            not without_equations, jobs or processors(), progress,
        )  # fmt: skip
    written = write_class(made, output, force)
    for note in made.notes:
        click.echo(f"Note: {note}", err=True)
    place = printable(str(output))
    kept = sentence("class", "unchanged") if not written else ""
    click.echo(sentence("class", "made", count=total, folder=place) + kept, err=True)
    click.echo(sentence("class", "next", folder=place), err=True)


@class_.command("mark", cls=SectionedCommand, short_help="Mark all that was handed in.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("submissions", metavar="SUBMISSIONS", type=FOLDER)
@click.option("-o", "--output", metavar="REPORT", type=FOLDER, required=True,
              help="The folder of the report.")  # fmt: skip
@click.option("--rubric", metavar="FILE", type=FOLDER,
              help="How answers become points.  [default: cellcalc's own]")  # fmt: skip
@click.option("--solutions", is_flag=True, help="Put the right values into the feedback.")
@click.option("--due", metavar="WHEN", type=click.DateTime(DATES),
              help="Files changed later are late, as in 2026-11-30T09:00.")  # fmt: skip
@click.option("--jobs", metavar="N", type=click.IntRange(1), help="Number of processes.")
@click.option("--force", is_flag=True, help="Overwrite what was changed in REPORT since.")
@language_option
def mark(
    folder: Path,
    submissions: Path,
    output: Path,
    rubric: Path | None,
    solutions: bool,
    due: datetime | None,
    jobs: int | None,
    force: bool,
) -> None:
    """Mark what a class handed in, each file against its student's own variant.

    \b
    DIR is what cellcalc class make wrote. SUBMISSIONS is a folder or a zip, as
    Moodle and Canvas give them out, or any other. Whose a file is, the workbook
    itself says, else the name of the file or of its folder. REPORT gets
      gradebook.csv      a row for each student, and gradebook.xlsx
      feedback/ID.html   what each is told, and ID.md
      class.md           the class at a glance, and class.html

    Files may have any form that cellcalc check reads. A file that cannot be read is
    a row with its reason. What is marked is not marked again unless it, or its
    key, changed. Exit status: 0 when all were marked, however well.

    \b
    Examples:
      cellcalc class mark monday submissions.zip -o monday/report
      cellcalc class mark monday handed_in/ -o report --rubric rubric.toml
    """
    from cellcalc.classroom.grading import mark_class
    from cellcalc.classroom.parallel import processors
    from cellcalc.resources import sentence

    with _steps() as progress:
        marked = mark_class(
            folder, submissions, output, rubric, solutions, due, jobs or processors(), force,
            progress,
        )  # fmt: skip
    click.echo(
        sentence(
            "class", "done", marked=marked.marked, of=marked.students, noted=marked.noted,
            report=printable(str(output / "class.md")),
        ),
        err=True,
    )  # fmt: skip


@class_.command("export", cls=SectionedCommand, short_help="Question banks for platforms.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--to", "to", type=click.Choice(["moodle", "gift", "csv"]), required=True,
              help="Moodle XML, GIFT, or a table.")  # fmt: skip
@click.option(
    "--symbols",
    metavar="A,B,…",
    default="",
    help="Quantities that get a question each.  [default: the gradients]",
)
@click.option(
    "--questions",
    type=click.Choice(["all", "cloze", "numerical"]),
    default="all",
    show_default=True,
    help="For moodle: both, whole sheets, or single values.",
)
@output_options
def export(
    folder: Path, to: str, symbols: str, questions: str, output: Path | None, force: bool
) -> None:
    """Export the variants of a class as a question bank.

    Every value asked for has the tolerance of its figures, and feedback for the
    values that known slips would give. In Moodle's question bank each quantity
    is a category with a question for each variant, of which a quiz draws one;
    whole sheets are a category of their own.

    \b
    Examples:
      cellcalc class export monday --to moodle -o questions.xml
      cellcalc class export monday --to gift --symbols dc,dU_f -o questions.gift
      cellcalc class export monday --to csv
    """
    from cellcalc.classroom.assignment import read_class
    from cellcalc.classroom.banks import export_class

    if to != "moodle":
        refuse(f"`to` {to}", "questions")
    if to == "csv":
        refuse("`to` csv", "symbols")
    emit(export_class(read_class(folder), to, symbols, questions), output, force)


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error for one step of the work after another, if somebody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:
        told: dict[str, Callable[[int], None] | None] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in told:
                stack.close()
                told[what] = stack.enter_context(bar(of, what))
            if progress := told[what]:
                progress(done)

        yield tell
