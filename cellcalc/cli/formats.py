"""Formats: one set of names for every command, and the endings of files that say them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from cellcalc import resources
from cellcalc.errors import CellcalcError, OptionError, OutputError

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("text", "markdown", "html", "latex", "json", "csv", "python")
ENDINGS = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".tex": "latex",
    ".json": "json",
    ".csv": "csv",
    ".py": "python",
    ".tsv": "tsv",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".xlsx": "xlsx",
    ".toml": "toml",
}
# What is for programs, or for LaTeX, whose usual fonts have no other letters: in English.
DATA = ("json", "csv", "python", "latex", "tsv")
# Names of tabulate's for what has a name here too.
SAME = {"simple": "text", "github": "markdown", "pipe": "markdown", "unsafehtml": "html"}


def format_option(
    *written: str, help: str = "How to write it.", also: Collection[str] = ()
) -> Callable[[Command], Command]:
    """``--format``, one of ``written``; the ending of ``--output`` says it where it is not given.

    ``also`` are formats that an ending alone can say; the first of ``written`` is the default.
    """
    option = click.option(
        "-f",
        "--format",
        type=click.Choice(written),
        help=f"{help}  [default: {written[0]}, or what FILE's ending says]",
    )
    return lambda command: option(by_ending(*written, also=also)(command))


def by_ending(*written: str, also: Collection[str] = ()) -> Callable[[Command], Command]:
    """The command, with its ``format`` decided before it is called."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def decided(*arguments: Any, **options: Any) -> Any:
            output = options.get("output")
            try:
                chosen = chosen_format(options.get("format"), output, written, also)
            except CellcalcError:
                _complain_of_the_problem(options)
                raise
            if chosen in DATA:
                resources.use(resources.FIRST)
            options["format"] = chosen
            click.get_current_context().params["format"] = chosen
            return command(*arguments, **options)

        return cast(Command, decided)

    return decorate


def chosen_format(
    given: str | None, output: Path | None, written: Collection[str], also: Collection[str] = ()
) -> str:
    """The format that ``--format`` or the file's ending says; without either the first there is.

    Raises :class:`~cellcalc.errors.OutputError` for an ending that the command does not write, and
    :class:`~cellcalc.errors.OptionError` where the two disagree.
    """
    default = next(iter(written))
    ending = output.suffix.lower() if output is not None else ""
    if output is None or not ending:
        return given or default
    said = ENDINGS.get(ending)
    if given is not None:
        kind = SAME.get(given, "latex" if given.startswith("latex") else given)
        if said is None or said in ("text", kind) or (said == given):
            return given
        raise OptionError("format", f"{said}, as the ending {ending} says", given)
    if said is None or said not in (*written, *also):
        refuse_ending(output, (*written, *also))
    return str(said)


def written_as(*formats: str) -> Callable[[Command], Command]:
    """The command, whose ``output`` must end as one of ``formats`` does, or have no ending."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def checked(*arguments: Any, **options: Any) -> Any:
            if set(formats) & {"python", "toml"}:  # files stay in English
                resources.use(resources.FIRST)
            output = options.get("output")
            ending = output.suffix.lower() if output is not None else ""
            if output is not None and ending and ENDINGS.get(ending) not in formats:
                _complain_of_the_problem(options)
                refuse_ending(output, formats)
            return command(*arguments, **options)

        return cast(Command, checked)

    return decorate


def _complain_of_the_problem(options: dict[str, Any]) -> None:
    """What is wrong in the input comes before what is wrong with the output."""
    problem = options.get("problem")
    if problem is not None and problem != "-":
        from cellcalc import api

        api.load(problem)


def refuse_ending(output: Path, written: Collection[str]) -> None:
    """Raise for an ending that is none of those of the formats ``written``."""
    known = dict.fromkeys(written)
    first = {said: ending for ending, said in reversed(ENDINGS.items())}
    endings = " ".join(first[name] for name in known if name in first)
    raise OutputError(f"{output}: expected an ending that says a format ({endings}), "
                      f'found "{output.suffix}"')  # fmt: skip
