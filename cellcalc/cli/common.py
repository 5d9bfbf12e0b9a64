"""What commands share: their options, and what they do before and after the work."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import click

from cellcalc.errors import OutputError

if TYPE_CHECKING:
    from cellcalc.api import Problem, Trace

Command = TypeVar("Command", bound=Callable[..., Any])
ASCII = "cellcalc.ascii"  # where a command notes that its output is to be plain
CHUNK = 65_536  # characters written at once
LONG_RUN = 300_000  # steps of all passes together, above which a bar shows how far it is


# The sections of a command's help, and the options that belong to each; the others come first.
SECTIONS = {
    "What to show": (
        "--pass", "--symbols", "--steps", "--step", "--epoch", "--sequence", "--sheets",
        "--explain", "--hints", "--compare",
    ),
    "The cell": ("--cell", "--readout", "--loss", "--features"),
    "The scheme, before what the problem says": ("--scheme", "--k1", "--k2"),
    "How to write it": (
        "--format", "--layout", "--precision", "--width", "--notation", "--ascii", "--output",
        "--force",
    ),
}  # fmt: skip


FIRST = {"new": ("--steps",)}  # options that are none of a section's in one command


class SectionedCommand(click.Command):
    """A command whose help has its options in sections."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        section_of = {option: title for title, names in SECTIONS.items() for option in names}
        rows: dict[str, list[tuple[str, str]]] = {"Options": [], **{t: [] for t in SECTIONS}}
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None and isinstance(parameter, click.Option):
                names = [
                    name for name in parameter.opts if name not in FIRST.get(self.name or "", ())
                ]
                titles = [section_of[name] for name in names if name in section_of]
                rows[titles[0] if titles else "Options"].append(record)
        rows["How to write it"] += [row for row in rows["Options"] if row[0].endswith("--help")]
        rows["Options"] = [row for row in rows["Options"] if not row[0].endswith("--help")]
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records, col_max=26)


def command(short_help: str) -> Callable[[Callable[..., Any]], SectionedCommand]:
    """Make a function a command of cellcalc; ``short_help`` stands in the list of commands."""
    return click.command(cls=SectionedCommand, short_help=short_help)


def problem_argument(command: Command) -> Command:
    return click.argument("problem", metavar="PROBLEM")(command)


def scheme_options(command: Command) -> Command:
    """The options that go before what the problem says of its scheme."""
    count = click.IntRange(1)
    for option in (
        click.option("--k2", metavar="N", type=count, help="Sweep the last N steps."),
        click.option("--k1", metavar="N", type=count, help="Fire a window every N steps."),
        click.option("--scheme", metavar="NAME", help="A named scheme, as in tbptt(2,5)."),
    ):
        command = option(command)
    return command


def notation_option(command: Command) -> Command:
    """The option that says in whose symbols a problem is shown."""
    return click.option(
        "--notation",
        metavar="AUTHOR",
        help="The symbols of gomez, greff, graves, cs231n, olah, keras, pytorch, goodfellow, "
        "ng or hochreiter, or of a FILE of your own.",
    )(command)


def output_options(command: Command) -> Command:
    """The options of every command that can write a file."""
    force = click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
    path = click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Write to FILE (whole or not at all).",
    )
    return path(force(_sparing_inputs(command)))


def _sparing_inputs(command: Command) -> Command:
    """The command, but not for an output that is one of the files that it reads."""

    @wraps(command)
    def sparing(*arguments: Any, **options: Any) -> Any:
        output = options.get("output")
        for value in options.values():
            if output is not None and value is not output and _same_file(value, output):
                expected = "expected another file than the input"
                raise OutputError(f"{output}: {expected}, found the input itself")
        return command(*arguments, **options)

    return cast(Command, sparing)


def _same_file(value: object, output: Path) -> bool:
    try:
        return isinstance(value, str | Path) and output.samefile(value)
    except (OSError, ValueError):  # one of them is no file
        return False


def text_options(command: Command) -> Command:
    """The options of every command that prints text, to the terminal or to a file."""
    plain = click.option(
        "--ascii",
        is_flag=True,
        expose_value=False,
        callback=_note_ascii,
        help="Without Unicode: dc[t+1]*f[t+1].",
    )
    return output_options(plain(command))


def _note_ascii(context: click.Context, _option: click.Parameter, chosen: bool) -> None:
    context.meta[ASCII] = chosen or context.meta.get(ASCII, False)


def terminal_width() -> int:
    return shutil.get_terminal_size((80, 24)).columns


def load(
    problem: str,
    scheme: str | None,
    k1: int | None,
    k2: int | None,
    notation: str | None = None,
) -> Problem:
    from cellcalc import api

    return api.load(problem, scheme, k1, k2, notation)


def run(problem: Problem, hand_rounding: int | None = None, detail: bool = True) -> Trace:
    """Run a problem, with a bar on standard error if it takes long and somebody looks."""
    s = problem.specification
    steps = sum(sequence.steps for sequence in s.sequences)
    passes = s.update.epochs * len(s.sequences)
    with _progress(passes, steps * s.update.epochs) as progress:
        trace = problem.run(hand_rounding, detail, progress)
    found = trace.first_not_finite()
    if found:
        symbol, t = found
        message = f"Warning: {symbol} is not a finite number at t = {t}; what follows from it is"
        click.echo(f"{message} not to be trusted", err=True)
    return trace


@contextmanager
def _progress(passes: int, steps: int) -> Iterator[Callable[[int], None] | None]:
    if steps < LONG_RUN or not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=passes, label="computing", file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)


def emit(result: str | Iterable[str], output: Path | None, force: bool) -> None:
    """Print a result, whole or in pieces, or write it to a file."""
    pieces = [result] if isinstance(result, str) else _chunks(result)
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(ASCII):
        from cellcalc.views.text import ascii_text

        pieces = map(ascii_text, pieces)
    if output is None:
        for piece in pieces:
            _print(piece)
        return
    from cellcalc.files import write_file

    def write(file: BinaryIO) -> None:
        for piece in pieces:
            file.write(piece.encode())

    write_file(output, write, force)


def _print(text: str) -> None:
    try:
        click.echo(text, nl=False)
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader has seen enough; click ends quietly
            raise
        with suppress(OSError):  # what is left in the buffer has nowhere to go either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        message = f'standard output: expected room to write to, found "{error.strerror}"'
        raise OutputError(message) from None


def _chunks(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in fewer pieces, each worth a call."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > CHUNK:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)
