"""The man page, made of the help."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from cellcalc import __version__


def page(main: click.Group) -> str:
    """The manual of all commands in roff."""
    return "\n".join(_lines(main)) + "\n"


def _lines(main: click.Group) -> Iterator[str]:
    context = click.Context(main, info_name="cellcalc", **main.context_settings)
    yield f'.TH CELLCALC 1 "" "cellcalc {__version__}" "User Commands"'
    yield from (".SH NAME", r"cellcalc \- backpropagation through time in one LSTM memory cell")
    yield from (".SH SYNOPSIS", ".B cellcalc", r"[\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGS\fR]")
    yield ".SH DESCRIPTION"
    yield from _text(main.help or "")
    yield from _options(main, context)
    yield ".SH COMMANDS"
    for name, command in sorted(main.commands.items()):
        yield from _command(name, command, context)


def _command(name: str, command: click.Command, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f".SS {_escaped(f'{context.command_path} {usage}')}"
    yield from _text(command.help or "")
    yield from _options(command, context)
    if isinstance(command, click.Group):
        for inner, one in sorted(command.commands.items()):
            yield from _command(inner, one, context)


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (
                ".TP",
                f"\\fB{_escaped(record[0])}\\fR",
                _escaped(" ".join(record[1].split())),
            )


def _text(text: str) -> Iterator[str]:
    """Paragraphs; those that begin with \\b keep their lines."""
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip("\n") for line in part.split("\n")]
        yield ".PP"
        if lines and lines[0].strip() == "\b":
            yield from (".nf", *map(_escaped, lines[1:]), ".fi")
        else:
            yield _escaped(" ".join(line.strip() for line in lines))


def _escaped(text: str) -> str:
    shown = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{shown}" if shown[:1] in (".", "'") else shown
