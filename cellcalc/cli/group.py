"""The group of commands: loaded when they are asked for, and what is said of their errors."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from importlib import import_module
from typing import Any, TextIO, cast

import click

from cellcalc import resources
from cellcalc.cli.console import prepare
from cellcalc.errors import CellcalcError, LimitError, OptionError, unknown

COMPLETING = "_CELLCALC_COMPLETE"  # the variable by which a shell asks
# The commands in the order in which people need them.
GROUPS = {
    "Start": ("new", "explain", "templates", "completion"),
    "Look": ("table", "derive", "workbook", "draw"),
    "Check": ("check", "practice", "class"),
    "Measure": ("schedule", "compare", "flow", "experiment", "export"),
}


class Commands(click.Group):
    """A group of commands that turns trouble into messages and exit status 2.

    ``shipped`` names the commands that are loaded when they are asked for: the module of each,
    whose function has the command's name, and what stands in the list of commands.
    """

    shipped: Mapping[str, tuple[str, str]] = {}

    @property
    def commands(self) -> MutableMapping[str, click.Command]:
        """All commands, for those who look at each of them."""
        for name in self.shipped:
            self._load(name)
        return self._loaded

    @commands.setter
    def commands(self, commands: MutableMapping[str, click.Command]) -> None:
        self._loaded = commands

    def _load(self, name: str) -> click.Command | None:
        if name not in self._loaded and name in self.shipped:
            module = self.shipped[name][0]
            found: click.Command = getattr(import_module(f"cellcalc.cli.{module}"), module)
            self._loaded[name] = found
        return self._loaded.get(name)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        return self._load(name)

    def list_commands(self, context: click.Context) -> list[str]:  # noqa: ARG002
        return sorted({*self._loaded, *self.shipped})

    def main(self, *arguments: Any, **options: Any) -> Any:
        prepare()  # before anything is printed, --help among it
        before = resources.language()
        resources.use(usual_language())
        if COMPLETING in os.environ:
            from cellcalc.cli import completing

            completing.prepare(self)
        try:
            return super().main(*arguments, **options)
        finally:  # whoever calls this from a program has a language of their own
            resources.use(before)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except CellcalcError as error:
            command = self.get_command(context, context.invoked_subcommand or "")
            for line in said(error, command):
                click.echo(f"Error: {line}", err=True)
            context.exit(2)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in the groups of ``GROUPS``, as people need them."""
        if not self.shipped:
            super().format_commands(context, formatter)
            return
        for title, names in GROUPS.items():
            rows = [(name, self.shipped[name][1]) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows, col_spacing=2)

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(context, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(context)
            found = unknown(args[0], known)
            raise OptionError(context.command_path, f"a command ({', '.join(known)})", found)
        return super().resolve_command(context, args)


# What the library calls otherwise than the command line; other arguments have their option's name.
RENAMED = {
    "decimals": "precision", "held_out": "hold_out", "schemes": "scheme", "name": "task",
    "framework": "to", "source": "problem", "place": "sequence",
}  # fmt: skip


def said(error: CellcalcError, command: click.Command | None) -> list[str]:
    """The lines of a message, with the command's options in place of the library's arguments.

    An argument stands at the beginning, before what was expected of it, or in backticks.
    """
    options = {}
    for parameter in command.params if command else ():
        name = max(parameter.opts, key=len)
        if isinstance(parameter, click.Argument):
            name = parameter.human_readable_name.strip("[]")
        options[(parameter.name or "").lower()] = options[name.strip("-").replace("-", "_")] = name
    options |= {name: options[o] for name, o in RENAMED.items() if o in options}
    lines = []
    for line in error.lines:
        argument, expected, rest = line.partition(": expected ")
        if isinstance(error, OptionError | LimitError):
            line = options.get(argument, argument) + expected + rest
        lines.append(re.sub("`(\\w+)`", lambda match: options.get(match[1], match[0]), line))
    return lines


def usual_language() -> str:
    """What CELLCALC_LANG says, else the system's locale, as far as there is such a language."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    wanted = [os.environ.get("CELLCALC_LANG", ""), next(filter(None, names), "")]
    if sys.platform == "win32" and not any(names):
        import locale

        wanted.append(locale.getlocale()[0] or "")
    found = (resources.known_language(name) for name in wanted if name)
    return next((name for name in found if name), resources.FIRST)


def nowhere(stream: TextIO | None) -> None:
    """Send what is left in the buffer of a stream nowhere, since it has nowhere to go."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), cast(TextIO, stream).fileno())
