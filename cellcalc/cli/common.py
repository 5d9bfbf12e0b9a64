"""What commands share: their options, and what they do before and after the work."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import wraps
from inspect import signature
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypeVar, cast

import click
from click.core import ParameterSource

from cellcalc import resources
from cellcalc.cli.console import encoding, lacks_signs
from cellcalc.cli.group import Commands as Commands
from cellcalc.cli.group import nowhere
from cellcalc.cli.group import said as said
from cellcalc.errors import (
    OptionError,
    OutputError,
    describe,
)
from cellcalc.files import same_file
from cellcalc.problems.schemes import Override
from cellcalc.resources import sentence

if TYPE_CHECKING:
    from cellcalc.api import Problem, Trace

Command = TypeVar("Command", bound=Callable[..., Any])
CONFINED = "cellcalc.confined"  # that nothing is read outside of the problem's own folder
ASCII = "cellcalc.ascii"  # where a command notes that its output is to be plain
CHUNK = 65_536  # characters written at once
QUIET = "CELLCALC_QUIET"  # the variable that keeps progress out of files and pipes
LONG_RUN = 300_000  # steps of all passes together, above which a bar shows how far it is


# The options of a scheme besides its name and periods, and what each decides.
OPTIONS = {
    "--inject": "Losses that a window injects: new ones, those of all its steps, or its last.",
    "--tail": "A shorter period at the end: sweep k2 steps, only its own steps, or leave it out.",
    "--state": "After a window the state is carried on, or reset to the initial one.",
    "--weights": "Weights in the chain rule: the current ones, or those stored with each step.",
    "--update": "Update after each window, or once per sequence or epoch.",
    "--empty": "Where a window injects no loss: update all the same, or skip the update.",
    "--reduction": "L is the sum of the losses, or their mean.",
    "--clip-norm": "Scale the gradient down to a norm of at most X.",
    "--clip-value": "Clip each number of the gradient to between -X and X.",
}


# The sections of a command's help, and the options that belong to each; the others come first.
SECTIONS = {
    "What to show": (
        "--pass", "--what", "--symbols", "--steps", "--step", "--window", "--epoch", "--epochs",
        "--sequence", "--of", "--span", "--sheets", "--all", "--explain", "--hints", "--compare",
    ),
    "The cell": ("--cell", "--readout", "--loss", "--inputs"),
    "Overrides the problem's scheme": (
        "--scheme", "--k1", "--k2", "--windows", *OPTIONS, "--epochs",
    ),
    "Output": (
        "--format", "--layout", "--precision", "--width", "--notation", "--ascii", "--color",
        "--no-pager", "--output", "--force", "--open", "--lang", "--lang",
    ),
}  # fmt: skip


# Options that are none of a section's in one command.
FIRST = {
    "new": ("--steps", "--inputs", "--sequences"),
}
# What options were called before, and are still taken for.
FORMER = {"--rate": "--learning-rate", "--features": "--inputs"}


class SectionedCommand(click.Command):
    """A command whose help has its options in sections, and that ignores none of them."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Refuse an option without a value, or given twice, where one would be forgotten.

        Former names of options are taken for those of now, with a note. Whatever else is wrong
        with them is said as any other mistake is.
        """
        args = [self._of_now(argument) for argument in args]
        called = context.command_path
        try:
            values, beyond, order = self.make_parser(context).parse_args(list(args))
        except click.UsageError as error:
            from cellcalc.cli.usage import of_parser

            raise of_parser(error, self, called) from None
        for parameter in order:
            if not isinstance(parameter, click.Option):
                if values.get(parameter.name or "") == "":
                    place = parameter.human_readable_name.strip("[]")
                    raise OptionError(place, "a value", "an empty text")
                continue
            if parameter.is_flag:
                continue
            name, found = parameter.name or "", values.get(parameter.name or "")
            if order.count(parameter) > 1 and not parameter.multiple:
                raise OptionError(name, "one value", f"{order.count(parameter)} of them")
            if found == "" or (isinstance(found, list) and "" in found):
                raise OptionError(name, "a value", "an empty text")
        if beyond and not context.resilient_parsing:
            places = [p.human_readable_name for p in self.params if isinstance(p, click.Argument)]
            expected = f"no more than {' '.join(places)}" if places else "options only"
            raise OptionError(called, expected, describe(beyond[0]))
        try:
            return super().parse_args(context, args)
        except click.BadParameter as error:
            from cellcalc.cli.usage import of_value

            raise of_value(error, values, context) from None

    def invoke(self, context: click.Context) -> Any:
        with patience():
            return super().invoke(context)

    def _of_now(self, argument: str) -> str:
        name, equals, value = argument.partition("=")
        now = FORMER.get(name, name)
        mine = {option for parameter in self.params for option in parameter.opts}
        if now == name or name in mine or now not in mine:
            return argument
        click.echo(f"Note: {name} is called {now} now", err=True)
        return now + equals + value

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
        rows["Output"] += [row for row in rows["Options"] if row[0].endswith("--help")]
        rows["Options"] = [row for row in rows["Options"] if not row[0].endswith("--help")]
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records, col_max=26)


def command(short_help: str) -> Callable[[Callable[..., Any]], SectionedCommand]:
    """Make a function a command of cellcalc; ``short_help`` stands in the list of commands."""
    return click.command(cls=SectionedCommand, short_help=short_help)


def problem_argument(command: Command) -> Command:
    """PROBLEM, and whether what it names must lie beside it."""
    return click.argument("problem", metavar="PROBLEM")(confined_option(command))


def confined_option(command: Command) -> Command:
    """Whether the files that a problem names must lie beside it."""
    confined = click.option(
        "--confined",
        is_flag=True,
        expose_value=False,
        callback=_note_confined,
        help="Read files that PROBLEM names from its own folder only.",
    )
    return confined(command)


def _note_confined(context: click.Context, _option: click.Parameter, chosen: bool) -> None:
    context.meta[CONFINED] = chosen


def scheme_options(command: Command) -> Command:
    """The options that go before what the problem says of its scheme, as one ``override``."""
    wrapped = _one_override(command)
    for option in (
        click.option("--epochs", metavar="N", type=int, help="Go N times over the sequences."),
        *reversed(option_options()),
        windows_option("Blocks of A, then B, … steps."),
        click.option("--k2", metavar="N", type=int, help="Sweep the last N steps."),
        click.option("--k1", metavar="N", type=int, help="Fire a window every N steps."),
        click.option("--scheme", metavar="NAME", help="A named scheme, as in tbptt(2,5)."),
    ):
        wrapped = option(wrapped)
    return wrapped


def windows_option(says: str) -> Callable[[Command], Command]:
    """The option for the lengths of consecutive blocks."""
    return click.option("--windows", metavar="A,B,…", callback=_lengths, help=says)


def as_scheme(lengths: Sequence[int] | None) -> tuple[str, ...]:
    """The name of the scheme with blocks of these lengths, where there are some."""
    return (f"windows({','.join(map(str, lengths))})",) if lengths else ()


def refining_options(command: Command) -> Command:
    """Those of them that say neither which scheme it is nor how many epochs."""
    wrapped = _one_override(command)
    for option in reversed(option_options()):
        wrapped = option(wrapped)
    return wrapped


def option_options() -> list[Callable[[Command], Command]]:
    """An option for each option of a scheme."""
    from cellcalc.problems.schemes import CHOICES

    found = []
    for name, says in OPTIONS.items():
        values = CHOICES.get(name.removeprefix("--"))
        kind = click.Choice(values) if values else float
        metavar = None if values else "X"
        found.append(click.option(name, type=kind, metavar=metavar, help=says))
    return found


SCHEME_KEYS = tuple(field.name for field in fields(Override))


def _one_override(command: Command) -> Command:
    """The command with the options of a scheme as one argument."""

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:
        taken = [key for key in SCHEME_KEYS if key in options and key not in own]
        given = {key: options.pop(key) for key in taken}
        return command(*arguments, override=Override(**given), **options)

    own = signature(command).parameters
    return cast(Command, gathered)


def _lengths(
    _context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[int, ...] | None:
    """A list such as 3,5,2."""
    if value is None:
        return None
    lengths = [item.strip() for item in value.split(",")]
    if not all(item.isascii() and item.isdigit() and int(item[:10]) > 0 for item in lengths):
        expected = "lengths, whole numbers of at least 1, as in 3,5,2"
        raise OptionError(parameter.name or "", expected, describe(value))
    return tuple(int(item[:10]) for item in lengths)


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
    shown = click.option(
        "--open",
        is_flag=True,
        expose_value=False,
        callback=_note(OPENED),
        help="Open what was written.",
    )
    path = click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Write to FILE (whole or not at all).",
    )
    return language_option(path(force(shown(_sparing_inputs(_opening(command))))))


def _opening(command: Command) -> Command:
    """The command, after which what it wrote is opened if that is asked for."""

    @wraps(command)
    def opening(*arguments: Any, **options: Any) -> Any:
        context = click.get_current_context()
        asked, output = context.meta.get(OPENED), options.get("output")
        if asked and output is None and context.info_name != "workbook":
            raise OptionError("open", "`output` with it", "`open` alone")
        try:
            return command(*arguments, **options)
        finally:
            written = context.meta.get(WRITTEN) or output
            if asked and written is not None and Path(written).exists():
                click.launch(str(written))

    return cast(Command, opening)


def language_option(command: Command) -> Command:
    """The option that says in which language results are told."""
    return click.option(
        "--lang",
        type=click.Choice(["en", "zh"]),
        expose_value=False,
        is_eager=True,
        callback=_use,
        help="The language of results: English, or Simplified Chinese.  [default: that of "
        "CELLCALC_LANG, else the system's]",
    )(command)


def _use(_context: click.Context, _option: click.Parameter, language: str | None) -> None:
    if language is not None:
        resources.use(language)


def _sparing_inputs(command: Command) -> Command:
    """The command, but not for an output that is one of the files that it reads."""

    @wraps(command)
    def sparing(*arguments: Any, **options: Any) -> Any:
        outputs = [options[name] for name in OUTPUTS if isinstance(options.get(name), Path)]
        given = [value for name, value in options.items() if name not in OUTPUTS]
        inputs = [Path(value) for value in given if isinstance(value, str | Path)]
        if outputs:
            places = [place for place in inputs if os.path.isdir(place)]  # noqa: PTH112 - never raises
            inputs += [file for place in places for file in _of_a_class(place)]
        for k, output in enumerate(outputs):
            if same_file(output, inputs):
                raise _over_the_input(output)
            if output in outputs[:k] or same_file(output, outputs[:k]):
                raise OutputError(f"{output}: expected a file for each result, found it twice")
        return command(*arguments, **options)

    return cast(Command, sparing)


def _of_a_class(folder: Path) -> list[Path]:
    """The files of a class that cellcalc made, without which nothing handed in is marked."""
    from cellcalc.classroom.assignment import KEYS, ROSTER, SETTINGS, STUDENTS

    if not (folder / SETTINGS).is_file():
        return []
    below = [file for name in (KEYS, STUDENTS) for file in (folder / name).glob("*")]
    return [folder / SETTINGS, folder / ROSTER, *below]


OUTPUTS = ("output", "rows", "workbook")  # options that name a file to write


def _over_the_input(output: Path) -> OutputError:
    return OutputError(f"{output}: expected another file than the input, found the input itself")


OPENED = "cellcalc.open"  # whether --open is given
WRITTEN = "cellcalc.written"  # what a command has written that names the file itself
COLOR = "cellcalc.color"  # where a command notes what --color says
PAGED = "cellcalc.paged"  # and whether --no-pager does not


def text_options(command: Command) -> Command:
    """The options of every command that prints text, to the terminal or to a file."""
    color = click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        expose_value=False,
        callback=_note(COLOR),
        help="Colours in a terminal; not where NO_COLOR is set.",
    )
    pager = click.option(
        "--no-pager",
        is_flag=True,
        expose_value=False,
        callback=_note(PAGED),
        help="Don't show a long output page by page (PAGER).",
    )
    return output_options(plain_option(color(pager(command))))


def plain_option(command: Command) -> Command:
    """The option that does without Unicode."""
    return click.option(
        "--ascii",
        is_flag=True,
        expose_value=False,
        callback=_note_ascii,
        help="Without Unicode: dc[t+1]*f[t+1].",
    )(command)


def _note(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def note(context: click.Context, _option: click.Parameter, value: Any) -> None:
        context.meta[key] = value

    return note


def in_colours(output: Path | None) -> bool:
    """Whether to print in colours: never into a file, nor a pipe unless that is asked for."""
    context = click.get_current_context()
    chosen = context.meta.get(COLOR, "auto")
    if (
        output is not None
        or chosen == "never"
        or context.params.get("format") not in (None, "text")
    ):
        return False
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return chosen == "always" or (is_terminal(sys.stdout) and not plain)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at a stream, which may be closed."""
    return stream is not None and not stream.closed and stream.isatty()


def is_seen(stream: TextIO | None) -> bool:
    """Whether what is written is seen at once, as in a terminal, or through a pipe: not in a file.

    A stream that is none of the system's is taken to be seen.
    """
    try:
        mode = os.fstat(stream.fileno()).st_mode if stream is not None else 0
    except (OSError, ValueError):
        return True
    return is_terminal(stream) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _note_ascii(context: click.Context, _option: click.Parameter, chosen: bool) -> None:
    context.meta[ASCII] = chosen or context.meta.get(ASCII, False)


def in_ascii() -> bool:
    """Whether the command at hand is to print without Unicode.

    It is where ``--ascii`` says so, or the console has no signs for anything else.
    """
    context = click.get_current_context(silent=True)
    if context is None or ASCII not in context.meta:
        return False
    return bool(context.meta[ASCII]) or _for_a_plain_console(context)


def _for_a_plain_console(context: click.Context) -> bool:
    """Whether what is printed goes to a console that lacks our signs."""
    return context.params.get("output") is None and lacks_signs()


def refuse(with_what: str, *names: str) -> None:
    """Refuse options that are given, and would be ignored with something else that is given."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            found = context.params.get(name)
            shown = f"`{name}`" if found is None or isinstance(found, bool) else str(found)
            raise OptionError(name, f"nothing of the kind with {with_what}", shown)


def terminal_width() -> int:
    return _terminal_size("COLUMNS", 80)


def _terminal_size(variable: str, usual: int) -> int:
    """Columns or lines: as the variable says, else the terminal.

    As ``shutil`` has it, which is a tenth of what starting a command takes.
    """
    given = os.environ.get(variable, "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        size = os.get_terminal_size(sys.__stdout__.fileno()) if sys.__stdout__ else None
    except (OSError, ValueError):
        return usual
    return (size and size[variable == "LINES"]) or usual


def load(problem: str, override: Override, notation: str | None = None) -> Problem:
    """The problem that a command is about; refused where its output would go over an input."""
    from cellcalc import api

    context = click.get_current_context()
    confined = bool(context.meta.get(CONFINED))
    loaded = api.load(
        problem, notation=notation, ascii=in_ascii(), confined=confined, **asdict(override)
    )
    for name in OUTPUTS:
        output = context.params.get(name)
        if isinstance(output, Path) and same_file(output, loaded.specification.files):
            raise _over_the_input(output)
    return loaded


def run(problem: Problem, hand_rounding: int | None = None, detail: bool = True) -> Trace:
    """Run a problem, with a bar on standard error if it takes long and somebody looks."""
    s = problem.specification
    steps = sum(sequence.steps for sequence in s.sequences)
    passes = s.update.epochs * len(s.sequences)
    with _progress(passes, steps * s.update.epochs) as progress:
        trace = problem.run(hand_rounding, detail, progress)
    for what in sorted(trace.standing_in):
        click.echo(f"Warning: {sentence('standing_in', what)}", err=True)
    found = trace.first_not_finite()
    if found:
        symbol, t = found
        message = f"Warning: {symbol} is not a finite number at t = {t}; what follows from it is"
        click.echo(f"{message} not to be trusted", err=True)
    return trace


SILENT = 2.0  # seconds, after which somebody who looks is told that it goes on
RARELY = 10.0  # between the lines of a file or a pipe that standard error is sent to


class _Waiting:
    """What somebody before a terminal has been told, and when."""

    def __init__(self) -> None:
        self.over = True  # whether results or questions have taken over
        self.bar: tuple[str, Any] | None = None  # one that moves meanwhile, and its label
        self.last = 0.0


_WAITING = _Waiting()


@contextmanager
def patience() -> Iterator[None]:
    """Tell somebody who waits that something is being done, again and again.

    Before a terminal that is one line, over which the next is written; where standard error goes
    into a file or a pipe, a line at first and then every ten seconds, but none where the variable
    ``CELLCALC_QUIET`` is set.
    """
    watched = is_terminal(sys.stderr)
    if sys.stderr is None or sys.stderr.closed or (not watched and os.environ.get(QUIET)):
        yield
        return
    command = click.get_current_context().command_path
    began = _WAITING.last = time.monotonic()
    _WAITING.over, ended = False, threading.Event()

    def pause(again: bool) -> float:
        return RARELY if again and not watched else SILENT

    def tell() -> None:
        again = False
        while not ended.wait(max(0.01, _WAITING.last + pause(again) - time.monotonic())):
            now = time.monotonic()
            if _WAITING.over:
                return
            if now < _WAITING.last + pause(again):
                continue
            seconds = sentence("trouble", "still", seconds=round(now - began))
            if not watched:
                click.echo(f"{command}: {sentence('trouble', 'working')} {seconds}", err=True)
            elif _WAITING.bar:
                label, shown = _WAITING.bar
                shown.label = f"{label} {seconds}"
                shown.render_progress()
            elif again:  # in one line, over which whatever follows is written
                click.echo(f"{seconds}\r", err=True, nl=False)
            else:
                click.echo(sentence("trouble", "patience"), err=True)
            again, _WAITING.last = True, now

    ticker = threading.Thread(target=tell, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        ended.set()
        ticker.join(1.0)


def something_said() -> None:
    """Note that who waits has been told something, and is told more: a result, a question."""
    _WAITING.over = True


@contextmanager
def bar(length: int, label: str) -> Iterator[Callable[[int], None] | None]:
    """What to tell how much is done, shown as a bar on standard error, if somebody looks."""
    if not is_terminal(sys.stderr):
        yield None
        return
    try:
        with click.progressbar(length=length, label=label, file=sys.stderr) as shown:
            _WAITING.bar = label, shown

            def tell(done: int) -> None:
                _WAITING.last = time.monotonic()
                shown.update(done - shown.pos)

            yield tell
    finally:
        _WAITING.bar, _WAITING.last = None, time.monotonic()


@contextmanager
def _progress(passes: int, steps: int) -> Iterator[Callable[[int], None] | None]:
    if steps < LONG_RUN:
        yield None
        return
    with bar(passes, "computing") as progress:
        yield progress


def emit(result: str | Iterable[str], output: Path | None, force: bool) -> None:
    """Print a result, whole or in pieces, or write it to a file."""
    pieces = [result] if isinstance(result, str) else _chunks(result)
    context = click.get_current_context()
    if in_ascii() or _for_a_plain_console(context):
        asked = bool(context.meta.get(ASCII)) or output is not None
        own = "ascii" if asked else encoding()
        pieces = map(_ascii_for(context.params.get("format"), own), pieces)
    if output is None:
        show(pieces)
        return
    from cellcalc.files import write_file

    def write(file: BinaryIO) -> None:
        for piece in pieces:
            file.write(piece.encode())

    write_file(output, write, force)


def show(pieces: Iterable[str]) -> None:
    """Print on standard output; in a terminal, what is longer than a page with the pager."""
    remaining = iter(pieces)
    paged = not click.get_current_context().meta.get(PAGED) and is_terminal(sys.stdout)
    if paged:
        rows, held, count = _terminal_size("LINES", 24), [], 0
        for piece in remaining:
            held.append(piece)
            count += piece.count("\n")
            if count >= rows:
                break
        remaining = chain(held, remaining)
        if count >= rows:
            something_said()
            if _through_pager(remaining):
                return
    for piece in remaining:
        _print(piece)


def _through_pager(pieces: Iterator[str]) -> bool:
    """Whether there was a pager to show them: PAGER, or less; none where PAGER is empty or cat."""
    import shlex  # and the others, which most commands do without
    import shutil
    import subprocess

    words = shlex.split(os.environ.get("PAGER", "less"))
    program = shutil.which(words[0]) if words and words[0] != "cat" else None
    if program is None:
        return False
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    try:
        pager = subprocess.Popen(
            [program, *words[1:]], stdin=subprocess.PIPE, encoding="utf-8", env=environment
        )
    except OSError:
        return False
    assert pager.stdin is not None
    try:
        with pager.stdin:
            for piece in pieces:
                pager.stdin.write(piece)
    except BrokenPipeError:  # who looks has seen enough
        pass
    while True:
        try:
            pager.wait()
            return True
        except KeyboardInterrupt:  # which is the pager's own matter
            continue


def _ascii_for(format: str | None, encoding: str) -> Callable[[str], str]:
    """What makes a text ASCII: in data and web pages other characters have codes, and stay.

    In other texts letters that ``encoding`` has stay as they are.
    """
    if format == "json":
        import json

        return lambda text: re.sub(r"[^\x00-\x7f]", lambda c: json.dumps(c[0])[1:-1], text)
    if format in ("html", "unsafehtml"):
        return lambda text: text.encode("ascii", "xmlcharrefreplace").decode()
    from cellcalc.views.text import ascii_text

    return lambda text: ascii_text(text, encoding)


def _print(text: str) -> None:
    if sys.stdout is None:
        raise OutputError("standard output: expected an open one, found it closed")
    if is_seen(sys.stdout):
        something_said()
    try:
        click.echo(text, nl=False, color=_keeps_colours())
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader has seen enough; click ends quietly
            raise
        nowhere(sys.stdout)
        message = f'standard output: expected room to write to, found "{error.strerror}"'
        raise OutputError(message) from None


def _keeps_colours() -> bool | None:
    """True where colours were asked for whatever the output is."""
    context = click.get_current_context(silent=True)
    return True if context is not None and context.meta.get(COLOR) == "always" else None


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
